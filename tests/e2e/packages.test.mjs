// What the page says when the server gives it something wrong.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {chromiumForTests, failed, PATIENCE, ready} from './harness.mjs';

const MANIFEST = '/model/manifest.json';
const WEIGHTS = '/model/weights.safetensors';
const timeout = 2 * PATIENCE.cpu;

const {visit} = chromiumForTests();

const flipped = (bytes) => {
  bytes[bytes.length - 1] ^= 1;
  return bytes;
};
const ofAnotherFormat = (bytes) => JSON.stringify({...JSON.parse(bytes), format: 9999});

for (const [what, changes, reason] of [
  ['one bit of the weights is flipped', {[WEIGHTS]: flipped}, /weights/i],
  ['the weights are cut short', {[WEIGHTS]: (bytes) => bytes.subarray(0, bytes.length / 2)}, /weights/i],
  ['the package is of another format', {[MANIFEST]: ofAnotherFormat}, /9999/],
  ['the manifest is no JSON', {[MANIFEST]: () => '<!doctype html>'}, /manifest/i],
  ['there are no weights', {[WEIGHTS]: 404}, /weights\.safetensors.*404/],
  ['there is no manifest', {[MANIFEST]: 404}, /manifest\.json.*404/],
  ['there is no engine', {'/cpu_engine_relaxed_bg.wasm.gz': 404}, /cpu_engine_relaxed_bg\.wasm\.gz.*404/],
  ['the engine is no WebAssembly', {'/cpu_engine_relaxed_bg.wasm.gz': () => 'not a program'}, /engine/i],
  ['the script of the engine is missing', {'/cpu_engine_relaxed.js': 404}, /engine/i],
  ['the program of the page is missing', {'/page_bg.wasm.gz': 404}, /page/i],
]) {
  test(`the page says so where ${what}`, {timeout}, async () => {
    await visit(async (page) => assert.match(await failed(page), reason), {changes});
  });
}

test('trying again succeeds once the server does', {timeout}, async () => {
  await visit(async (page, {site}) => {
    assert.match(await failed(page), /503/);
    delete site.changes[WEIGHTS];
    await page.click('#retry');
    await page.waitForSelector('body[data-engine="loading"], body[data-engine="ready"]');
    await ready(page);
  }, {changes: {[WEIGHTS]: 503}});
});
