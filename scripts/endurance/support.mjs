// What the endurance scripts share: chance by a seed, and programs that are killed.
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';

/** Numbers from 0 to 1, always the same for a seed (mulberry32). */
export function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The path that a variable names, or the end of the program. */
export function given(variable) {
  const where = process.env[variable];
  if (where && existsSync(where)) return where;
  console.error(`${variable} must name what is there, and is ${where || 'not set'}`);
  process.exit(2);
}

/** Runs a program to its end, without a word. */
export function run(program, args) {
  const {status, stderr} = spawnSync(program, args, {encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'ignore', 'pipe']});
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr.slice(-2000)}`);
}

/**
 * Runs a program to its end, however often it is killed by SIGKILL after `delay()` milliseconds, at most `most` times;
 * gives how often it was. That it fails by itself is an error.
 */
async function runKilled(program, args, {most, delay}) {
  for (let kills = 0; ; kills++) {
    const child = spawn(program, args, {stdio: ['ignore', 'ignore', 'pipe']});
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-2000)));
    const closed = once(child, 'close');
    const end = kills < most ? await Promise.race([closed, sleep(delay(), undefined, {ref: false})]) : await closed;
    if (end) {
      if (end[0] !== 0) throw new Error(`it failed by itself with ${end[0]}: ${said}`);
      return kills;
    }
    child.kill('SIGKILL');
    await closed;
  }
}

/**
 * Kills a program's runs until there were so many kills; `argsOf(round)` begins or goes on with a run, and `check(round)`
 * looks at what it has made.
 */
export async function killAll(program, {kills, delay, argsOf, check}) {
  let killed = 0;
  for (let round = 1; killed < kills; round++) {
    const now = await runKilled(program, argsOf(round), {most: kills - killed, delay});
    check(round);
    killed += now;
    console.log(`run ${round}: killed ${now} times, ${killed} in all; nothing is wrong with what it made`);
  }
}
