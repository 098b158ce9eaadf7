// Runs the browser tests, several files at once; tells each file's results when it is through, and at the end the sums.
//
// usage: node scripts/browser-tests.mjs [NAME...]      all files of tests/e2e, or these: desk viewer
//
// Each file is a process with a browser of its own. One that computes on the software GPU takes every core there is, and
// Chromium gives up a GPU that does not answer for long: of these, one runs at a time. What must be set is in
// tests/e2e/harness.mjs; scripts/test.sh sets it.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readdirSync, readFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const FOLDER = fileURLToPath(new URL('../tests/e2e', import.meta.url));
const END = '.test.mjs';
const AT_ONCE = Math.max(2, os.availableParallelism());
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
// What takes longest begins first.
const waiting = [...names.filter((name) => onGpu.has(name)), ...names.filter((name) => !onGpu.has(name))];
const sums = {};
const failed = [];
let isGpuBusy = false;

async function run(name) {
  const begun = performance.now();
  const test = spawn(process.execPath, ['--test', '--test-reporter=spec', fileOf(name)], {stdio: ['ignore', 'pipe', 'inherit']});
  let output = '';
  test.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const [code, signal] = await once(test, 'close');
  for (const [, what, count] of output.matchAll(SUM)) {
    if (what !== 'duration_ms') sums[what] = (sums[what] ?? 0) + Number(count);
  }
  console.log(`${name}: ${((performance.now() - begun) / 1000).toFixed(1)} s\n${output.replace(SUM, '')}`);
  if (code !== 0) process.exitCode = 1;
  // Once more at the end, which is what is read of a long log.
  for (const [line] of output.matchAll(/^ *✖ .*\(.*ms\)$/gm)) if (!failed.includes(`${name}: ${line.trim()}`)) failed.push(`${name}: ${line.trim()}`);
  // Its reporter could not say so.
  if (signal) {
    failed.push(`✖ ${name} was ended by ${signal}`);
    sums.fail = (sums.fail ?? 0) + 1;
  }
}

/** Runs one file after the other for as long as there are any that may begin. */
async function lane() {
  for (;;) {
    const next = waiting.findIndex((name) => !(isGpuBusy && onGpu.has(name)));
    if (next < 0) return;
    const [name] = waiting.splice(next, 1);
    if (onGpu.has(name)) isGpuBusy = true;
    await run(name);
    if (onGpu.has(name)) isGpuBusy = false;
  }
}

await Promise.all(Array.from({length: AT_ONCE}, lane));
for (const line of failed) console.log(`  ${line}`);
for (const [what, count] of Object.entries(sums)) console.log(`ℹ ${what} ${count}`);
