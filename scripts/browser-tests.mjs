// Runs the browser tests, several files at once; tells each file's results when it is through, and at the end the sums.
//
// usage: node scripts/browser-tests.mjs [NAME...]      all files of tests/e2e, or these: desk viewer
//
// Each file is a process with a browser of its own. One that computes on the software GPU takes every core there is, and
// Chromium gives up a GPU that does not answer for long: of these, one runs at a time. What must be set is in
// tests/e2e/harness.mjs; scripts/test.sh sets it.
//
// AT_ONCE  how many files run at once (as many as there are cores, two at least)
import {readdirSync, readFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {finished, inLanes} from './lanes.mjs';

const FOLDER = fileURLToPath(new URL('../tests/e2e', import.meta.url));
const END = '.test.mjs';
const AT_ONCE = Number(process.env.AT_ONCE) || Math.max(2, os.availableParallelism());
/** What takes longest of all that needs no GPU. It begins first, so that no core waits for it in the end. */
const LONGEST = ['offline', 'desk', 'accessibility', 'input', 'models', 'webkit', 'page', 'table', 'viewer', 'tools', 'corpus'];
/** The lines with which node's reporter ends: what it counts, and how many there are. */
const SUM = /^ℹ (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)\n/gm;

const all = readdirSync(FOLDER).filter((name) => name.endsWith(END)).map((name) => name.slice(0, -END.length)).sort();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`no such tests: ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(2);
}

const fileOf = (name) => path.join(FOLDER, name + END);
const onGpu = new Set(all.filter((name) => readFileSync(fileOf(name), 'utf8').includes('adapter:')));
const names = wanted.length > 0 ? wanted : all;
/** A file's place: what needs the GPU comes first, for it runs alone; then what takes longest. */
function place(name) {
  if (onGpu.has(name)) return -1;
  return LONGEST.includes(name) ? LONGEST.indexOf(name) : LONGEST.length;
}
const inOrder = [...names].sort((a, b) => place(a) - place(b));
const sums = {};
const failed = [];
let isGpuBusy = false;

async function run(name) {
  if (onGpu.has(name)) isGpuBusy = true;
  const {output, code, signal, seconds} = await finished(process.execPath, ['--test', '--test-reporter=spec', fileOf(name)]);
  if (onGpu.has(name)) isGpuBusy = false;
  for (const [, what, count] of output.matchAll(SUM)) {
    if (what !== 'duration_ms') sums[what] = (sums[what] ?? 0) + Number(count);
  }
  console.log(`${name}: ${seconds.toFixed(1)} s\n${output.replace(SUM, '')}`);
  if (code !== 0) process.exitCode = 1;
  // Once more at the end, which is what is read of a long log.
  for (const [line] of output.matchAll(/^ *✖ .*\(.*ms\)$/gm)) if (!failed.includes(`${name}: ${line.trim()}`)) failed.push(`${name}: ${line.trim()}`);
  // Its reporter could not say so.
  if (signal) {
    failed.push(`✖ ${name} was ended by ${signal}`);
    sums.fail = (sums.fail ?? 0) + 1;
  }
}

await inLanes(inOrder, AT_ONCE, run, (name) => !(isGpuBusy && onGpu.has(name)));
for (const line of failed) console.log(`  ${line}`);
for (const [what, count] of Object.entries(sums)) console.log(`ℹ ${what} ${count}`);
