// Several programs at once, as the scripts run tests.
import {spawn} from 'node:child_process';
import {once} from 'node:events';

/**
 * Does `work` with every item, so many at once, and begins in their order; one that `mayBegin` refuses for now is passed over
 * until it does not.
 */
export async function inLanes(items, count, work, mayBegin = () => true) {
  const waiting = [...items];
  const lane = async () => {
    for (;;) {
      const next = waiting.findIndex(mayBegin);
      // What may not begin yet is for the lane that it waits for.
      if (next < 0) return;
      await work(...waiting.splice(next, 1));
    }
  };
  await Promise.all(Array.from({length: count}, lane));
}

/** Runs a program without input; gives all that it printed, how it ended, and the seconds that it took. */
export async function finished(program, options, {cwd} = {}) {
  const begun = performance.now();
  const child = spawn(program, options, {cwd, stdio: ['ignore', 'pipe', 'pipe']});
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const [code, signal] = await once(child, 'close');
  return {output, code, signal, seconds: (performance.now() - begun) / 1000};
}
