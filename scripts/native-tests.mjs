// Runs the workspace's native tests, two programs of tests at once; tells each program's results when it is through.
//
// usage: node scripts/native-tests.mjs [CARGO OPTION...] [-- TEST OPTION...]
//
// `cargo test` runs one program after the other: where the last test of one computes on one core, or waits for a process that it
// has started, the other cores stand still.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {statSync} from 'node:fs';
import path from 'node:path';
import {finished, inLanes} from './lanes.mjs';

const AT_ONCE = 2;

const all = process.argv.slice(2);
const end = all.includes('--') ? all.indexOf('--') : all.length;
const [cargoOptions, testOptions] = [all.slice(0, end), all.slice(end + 1)];

/** The programs of tests that cargo has built, or builds now. */
function built() {
  const options = ['test', '--no-run', '--message-format=json-render-diagnostics', ...cargoOptions];
  const messages = execFileSync('cargo', options, {encoding: 'utf8', maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'inherit']});
  return messages.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
    .filter(({reason, profile, executable}) => reason === 'compiler-artifact' && profile.test && executable)
    .map(({executable, manifest_path: manifest, target}) => {
      const folder = path.dirname(manifest);
      const kind = target.kind.includes('test') ? '' : 'unittests ';
      return {title: `     Running ${kind}${path.relative(folder, target.src_path)} (${executable})`, program: executable, options: testOptions, folder};
    });
}

let programs;
try {
  programs = built();
} catch (error) {
  if (!error.status) throw error;
  // Cargo has said why.
  process.exit(error.status);
}
assert.ok(programs.length > 0, 'cargo named no program of tests');
// What takes longest begins first: the tests that compute with burn, whose programs are the largest.
programs.sort((a, b) => statSync(b.program).size - statSync(a.program).size);
const examples = {title: '     Running examples in the documentation', program: 'cargo', options: ['test', '--doc', ...cargoOptions, '--', ...testOptions]};

const failed = [];
await inLanes([...programs, examples], AT_ONCE, async ({title, program, options, folder}) => {
  const {output, code, signal, seconds} = await finished(program, options, {cwd: folder});
  console.log(`${title}, ${seconds.toFixed(1)} s\n${output}`);
  if (code !== 0) failed.push(`error: ${title.trim()} ${signal ? `was ended by ${signal}` : 'failed'}`);
});
// Once more at the end, which is what is read of a long log.
for (const line of failed) console.log(line);
if (failed.length > 0) process.exitCode = 1;
