// A channel that a field lacks, painted by choice alone: marked wherever it goes, kept, and taken away again.
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {CHANNELS, drawnField, settled} from './fields.mjs';
import {chromiumForTests, formulaPackage, manifestOf, PATIENCE, ready, until, withManifest} from './harness.mjs';

const timeout = 2 * PATIENCE.cpu;
const MANIFEST = '/painter/manifest.json';
const WEIGHTS = '/painter/weights.safetensors';

const {open} = chromiumForTests();

/** A network that looks at yellow, small enough to answer soon. */
const model = () => formulaPackage('all-cnn-described');

/** The bytes of a safetensors file of these tensors: their names, shapes and the value of all their numbers. */
function safetensors(tensors) {
  const head = {};
  const values = [];
  for (const [name, shape, value] of tensors) {
    const start = 4 * values.length;
    values.push(...Array(shape.reduce((count, side) => count * side, 1)).fill(value));
    head[name] = {dtype: 'F32', shape, data_offsets: [start, 4 * values.length]};
  }
  const text = JSON.stringify(head);
  const header = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.from(new Float32Array(values).buffer)]);
}

/** A painter's package whose logit is the same everywhere, whatever it reads. */
function writePainter(folder) {
  const LOGIT = 0.5;
  const width = 4;
  const norm = (name) => [['weight', 1], ['bias', 0], ['running_mean', 0], ['running_var', 1]].map(([part, value]) => [`${name}.${part}`, [width], value]);
  const weights = safetensors([
    ['down.0.conv1.weight', [width, 3, 3, 3], 0],
    ...norm('down.0.norm1'),
    ['down.0.conv2.weight', [width, width, 3, 3], 0],
    ...norm('down.0.norm2'),
    ['out.weight', [1, width, 1, 1], 0],
    ['out.bias', [1], LOGIT],
  ]);
  const manifest = {
    kind: 'painter',
    format: manifestOf(model()).format,
    name: 'An even yellow',
    limits: 'Knows nothing: for checks only.',
    licence: 'CC0-1.0',
    attribution: [],
    channels: {from: ['red', 'green', 'blue'], paint: 'yellow'},
    network: {planes: 3, outputs: 1, levels: 1, width, size: 64, batch_norm_epsilon: 1e-5},
    levels: [0.125, 0.625],
    baselines: {mean: 0.25, weights: [0, 0, 0], intercept: 0.25},
    weights: {sha256: createHash('sha256').update(weights).digest('hex'), bytes: weights.length},
    goldens: [{size: 16, logits: Array(16).fill(LOGIT)}],
    provenance: {},
    metrics: {'a formula': {beats_linear_mix: true}},
  };
  writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
  writeFileSync(path.join(folder, 'weights.safetensors'), weights);
}

let painter;
before(() => {
  painter = mkdtempSync(path.join(tmpdir(), 'painter-'));
  writePainter(painter);
});
after(() => rmSync(painter, {recursive: true}));

const blackWhereMissing = withManifest((manifest) => ({...manifest, missing: 'black'}));
const site = (changes = {}) => ({model: model(), mounts: {'/painter/': painter}, changes: {...blackWhereMissing, ...changes}});

const withoutYellow = (id) => drawnField(id, {channels: CHANNELS.slice(0, 3), side: 96});

async function show(page, files, id) {
  await page.setInputFiles('#files', files);
  return settled(page, id, timeout);
}

async function save(page, what) {
  await page.click('#export');
  const coming = page.waitForEvent('download');
  await page.click(`[data-export="${what}"]`);
  return readFileSync(await (await coming).path(), 'utf8');
}

const remarks = (page) => page.locator('#answer .remarks').textContent();
const MARK = /yellow channel was painted by a network/;

/** Waits until the answer is by a painted channel, or by none. */
const isPainted = (page, painted) => page.waitForFunction((painted) => document.querySelector('#detail').dataset.state === 'done'
  && document.querySelector('#answer .remarks').textContent.includes('was painted') === painted, painted, {timeout: PATIENCE.cpu});

/** Whether a field's tile says that a channel is painted. */
const tileSays = (page, id) => page.locator(`.field[data-id="${id}"] .painted`).evaluate((mark) => !mark.hidden);

/** Waits until the browser keeps a field whose channel is painted: writing goes on in the background. */
const paintKept = (page) => until(() => page.evaluate(() => new Promise((resolve) => {
  const opening = indexedDB.open('cytolens');
  opening.onsuccess = () => {
    const records = opening.result.transaction('fields').objectStore('fields').getAll();
    records.onsuccess = () => {
      opening.result.close();
      resolve(records.result.some(({paint, outcome}) => paint && outcome.done?.painted === 'yellow'));
    };
  };
})));

test('a field that has the channel is offered nothing, and nobody asks for the painter', {timeout}, async () => {
  await open(async (page, {site}) => {
    await show(page, drawnField('whole', {side: 96}), 'whole');
    assert.equal(await page.locator('#paint').isVisible(), false);
    assert.ok(!site.requests.some((asked) => asked.startsWith('/painter/')));
  }, site());
});

test('paint is off until it is asked for, marked everywhere, kept, and taken away to the bit', {timeout: 2 * timeout}, async () => {
  await open(async (page, {site}) => {
    await show(page, drawnField('whole', {side: 96}), 'whole');
    const {bars: plain} = await show(page, withoutYellow('three'), 'three');
    const button = page.locator('#paint-switch');
    await button.waitFor();
    assert.equal(await button.textContent(), 'Paint yellow');
    assert.match(await page.textContent('#paint .about'), /missing.*a guess that looks like a measurement/);
    assert.doesNotMatch(await remarks(page), MARK);
    assert.ok(!site.requests.some((asked) => asked.startsWith(WEIGHTS)), 'the painter comes when it is asked for');
    const yellow = page.locator('#viewer .channel-set [data-channel="yellow"]');
    await page.waitForSelector('#viewer[data-state="shown"]');
    assert.equal(await yellow.isVisible(), false);
    const table = await save(page, 'table');
    assert.doesNotMatch(table, /Painted/);
    assert.doesNotMatch(await save(page, 'document'), /"painted"/);

    await button.click();
    await isPainted(page, true);
    const marked = async () => {
      assert.match(await remarks(page), MARK);
      assert.deepEqual([await tileSays(page, 'three'), await tileSays(page, 'whole')], [true, false]);
      assert.match(await page.getAttribute('.field[data-id="three"] button', 'title'), /\(yellow painted\)$/);
      await yellow.locator('.painted').waitFor();
      await page.waitForFunction(() => document.querySelector('#viewer .stage canvas').ariaLabel.includes('yellow (painted)'));
      assert.equal(await button.textContent(), 'Take the paint away');
      const lines = (await save(page, 'table')).trim().split('\n').map((line) => line.split(','));
      assert.deepEqual(lines.map((line) => [line[0], line.at(-1)]), [['Id', 'Painted'], ['whole', ''], ['three', 'yellow']]);
      const {fields} = JSON.parse(await save(page, 'document'));
      assert.deepEqual(fields.map(({painted}) => painted), [undefined, 'yellow']);
    };
    await marked();
    const {bars: painted} = await settled(page, 'three');
    assert.equal(painted.length, plain.length);
    assert.notDeepEqual(painted, plain, 'the network looks at what was painted');
    assert.doesNotMatch(await save(page, 'submission'), /three/, 'it has no place for a mark');

    await paintKept(page);
    await page.reload();
    await ready(page);
    assert.deepEqual((await settled(page, 'three', timeout)).bars, painted);
    await marked();

    await button.click();
    await isPainted(page, false);
    assert.equal(await save(page, 'table'), table);
    assert.equal(await tileSays(page, 'three'), false);
    await yellow.waitFor({state: 'hidden'});
    assert.equal(await button.textContent(), 'Paint yellow');
  }, site());
});

test('a field that the network refuses without the channel is answered with it painted', {timeout}, async () => {
  await open(async (page) => {
    const {state, reason} = await show(page, withoutYellow('three'), 'three');
    assert.equal(state, 'error');
    assert.match(reason, /yellow/);
    await page.click('#paint-switch');
    await isPainted(page, true);
    await page.click('#paint-switch');
    await page.waitForSelector('#detail[data-state="error"]', {timeout: PATIENCE.cpu});
  }, {...site(), changes: {}});
});

test('without a painter nothing is offered', {timeout}, async () => {
  await open(async (page) => {
    const asked = page.waitForResponse((response) => response.url().endsWith(MANIFEST));
    const {state} = await show(page, withoutYellow('three'), 'three');
    assert.equal(state, 'done');
    assert.equal((await asked).status(), 404);
    // Shown again, it would be offered by what has come meanwhile.
    await show(page, withoutYellow('other'), 'other');
    assert.equal(await page.locator('#paint').isVisible(), false);
  }, site({[MANIFEST]: 404}));
});

test('a painter that is not better than a linear mix stays off, and the page says so', {timeout}, async () => {
  const noBetter = (bytes) => JSON.stringify({...JSON.parse(bytes), metrics: {real: {beats_linear_mix: false}}});
  await open(async (page) => {
    await show(page, withoutYellow('three'), 'three');
    await page.locator('#paint').waitFor();
    assert.match(await page.textContent('#paint .about'), /It is not painted/);
    assert.equal(await page.locator('#paint-switch').isVisible(), false);
  }, site({[MANIFEST]: noBetter}));
});

test('a field is not answered as if it were painted where the painter does not open', {timeout}, async () => {
  const damaged = (bytes) => {
    bytes[bytes.length - 1] ^= 1;
    return bytes;
  };
  await open(async (page) => {
    const {bars} = await show(page, withoutYellow('three'), 'three');
    await page.click('#paint-switch');
    await page.waitForSelector('#detail[data-state="error"]', {timeout: PATIENCE.cpu});
    assert.match(await page.textContent('#detail .reason'), /no channel can be painted/);
    assert.equal(await page.textContent('#paint-switch'), 'Take the paint away');
    await page.click('#paint-switch');
    await page.waitForSelector('#detail[data-state="done"]', {timeout: PATIENCE.cpu});
    assert.deepEqual((await settled(page, 'three')).bars, bars);
  }, site({[WEIGHTS]: damaged}));
});
