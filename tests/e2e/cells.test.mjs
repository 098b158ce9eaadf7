// The cells of a field: found by the network or without it, shown with an answer each, corrected and saved.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import zlib from 'node:zlib';
import {CHANNELS, greyPng, settled} from './fields.mjs';
import {chromiumForTests, DIST, halfPresent, missing, PATIENCE, ready, smallModel, until, withManifest} from './harness.mjs';

const timeout = 2 * PATIENCE.cpu;

const {open} = chromiumForTests();

/** The middles of four cells in a field of 256 px, and their radius; the last lies on the border. */
const CELLS = [[60, 60], [180, 70], [110, 170], [240, 200]];
const RADIUS = 30;

/** Files of a field with cells: a nucleus in blue, the whole cell in red and yellow, the protein in one cell more than in the others. */
function fieldOfCells(id, {channels = CHANNELS, cells = CELLS, side = 256} = {}) {
  return channels.map((channel) => {
    const buffer = greyPng({width: side}, (x, y) => {
      const distances = cells.map(([cx, cy]) => Math.hypot(x - cx, y - cy));
      const nearest = Math.min(...distances);
      const noise = (x * 7 + y * 13) % 5;
      if (nearest > RADIUS || (channel === 'blue' && nearest > RADIUS / 2)) return noise;
      const level = {red: 120, green: distances[0] === nearest ? 200 : 40, blue: 200, yellow: 90}[channel];
      return level + noise;
    });
    return {name: `${id}_${channel}.png`, mimeType: 'image/png', buffer};
  });
}

const WITHOUT = {'/cells/manifest.json': 404};
const site = (changes = WITHOUT) => ({model: smallModel(), changes: {...withManifest(halfPresent), ...changes}});

async function show(page, files, id) {
  await page.setInputFiles('#files', files);
  await settled(page, id, timeout);
}

/** Switches cells on and waits until they are there. */
async function find(page) {
  await page.click('#cells-switch');
  await page.waitForSelector('#cells .found:not([hidden])', {timeout: PATIENCE.cpu});
}

const status = (page) => page.textContent('#cells .status');
const numbers = (page) => page.locator('#cells tbody tr').evaluateAll((rows) => rows.map((row) => Number(row.dataset.cell)));
const column = (page, at) => page.locator(`#cells tbody tr td:nth-of-type(${at})`).allTextContents();

/** The place in the window of a place of the picture, both sides from 0 to 1. */
async function place(page, x, y) {
  const box = await page.locator('#viewer .stage canvas').boundingBox();
  const side = Math.min(box.width, box.height);
  return [box.x + (box.width - side) / 2 + x * side, box.y + (box.height - side) / 2 + y * side];
}

async function save(page, what) {
  await page.click('#export');
  const coming = page.waitForEvent('download');
  await page.click(`[data-export="${what}"]`);
  const download = await coming;
  return {name: download.suggestedFilename(), bytes: readFileSync(await download.path())};
}

test('without the network cells are found by brightness, and the page says so', {timeout}, async () => {
  await open(async (page) => {
    await show(page, fieldOfCells('four'), 'four');
    assert.equal(await page.locator('#cells').isVisible(), false);
    await find(page);
    assert.match(await page.textContent('#cells .without-network'), /not available \(.*404.*\)/);
    assert.match(await status(page), /^4 cells, coloured by /);
    assert.equal((await numbers(page)).length, 4);
    assert.equal(await page.locator('#cells tbody .at-border', {hasText: 'on the border'}).count(), 1);
    const chips = await page.locator('#answer .chip .in-cells').allTextContents();
    assert.ok(chips.length > 0);
    for (const chip of chips) assert.match(chip, /^in \d of 4 cells$/);
    await page.click('#cells-switch');
    assert.equal(await page.locator('#cells').isVisible(), false);
    assert.equal(await page.locator('#answer .chip .in-cells:visible').count(), 0);
  }, site());
});

test('the table sorts, filters and leaves out, and cells are pointed at by pointer and by keys', {timeout}, async () => {
  await open(async (page) => {
    await show(page, fieldOfCells('four'), 'four');
    await find(page);
    await page.click('#cells [data-column="number"]');
    assert.deepEqual(await numbers(page), [1, 2, 3, 4]);
    assert.equal(await page.locator('#cells th[aria-sort="ascending"]').textContent(), 'Cell');
    await page.click('#cells [data-column="number"]');
    assert.deepEqual(await numbers(page), [4, 3, 2, 1]);
    await page.click('#cells [data-column="area"]');
    const areas = (await column(page, 1)).map(Number);
    assert.deepEqual(areas, areas.toSorted((a, b) => b - a));
    await page.check('#cells .whole-only');
    await page.waitForFunction(() => document.querySelectorAll('#cells tbody tr').length === 3);
    await page.uncheck('#cells .whole-only');
    await page.waitForFunction(() => document.querySelectorAll('#cells tbody tr').length === 4);
    await page.selectOption('#cells .filter', 'with');
    const shown = await numbers(page);
    await page.selectOption('#cells .filter', 'without');
    assert.equal(shown.length + (await numbers(page)).length, 4);
    await page.selectOption('#cells .filter', 'all');
    await page.fill('#cells .smallest', '100000');
    await page.locator('#cells .smallest').blur();
    await page.waitForFunction(() => document.querySelector('#cells .status').textContent.startsWith('No cell is left'));
    await page.fill('#cells .smallest', '0');
    await page.locator('#cells .smallest').blur();
    await page.waitForFunction(() => document.querySelectorAll('#cells tbody tr').length === 4);

    await page.locator('#viewer .stage').scrollIntoViewIfNeeded();
    await page.mouse.move(...await place(page, CELLS[0][0] / 256, CELLS[0][1] / 256));
    await page.waitForFunction(() => /^Cell \d, \d+ px.*: .*%/.test(document.querySelector('#cells .pointed').textContent));
    assert.equal(await page.locator('#cells tr[data-pointed]').count(), 1);
    await page.mouse.move(...await place(page, 0.02, 0.9));
    await page.waitForFunction(() => document.querySelector('#cells .pointed').textContent.startsWith('Point at'));
    const crop = page.locator('#cells .crops button').first();
    await crop.focus();
    const first = await page.textContent('#cells .pointed');
    assert.match(first, /^Cell \d/);
    await page.keyboard.press('ArrowRight');
    assert.notEqual(await page.textContent('#cells .pointed'), first);
    const drawn = await page.locator('#cells .crops canvas').first().evaluate((canvas) => {
      const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return data.some((value, at) => at % 4 < 3 && value > 60);
    });
    assert.ok(drawn, 'a crop shows its cell');
  }, site());
});

test('cells are deleted, merged and brought back', {timeout}, async () => {
  await open(async (page) => {
    await show(page, fieldOfCells('four'), 'four');
    await find(page);
    const tool = (name) => page.locator(`#cells [data-tool="${name}"]`);
    const count = (expected) => page.waitForFunction((expected) => document.querySelectorAll('#cells tbody tr').length === expected, expected);
    for (const name of ['delete', 'merge', 'undo']) assert.ok(await tool(name).isDisabled(), name);
    await page.locator('#viewer .stage').scrollIntoViewIfNeeded();
    await page.mouse.click(...await place(page, CELLS[0][0] / 256, CELLS[0][1] / 256));
    assert.ok(await tool('delete').isEnabled());
    assert.ok(await tool('merge').isDisabled());
    await tool('delete').click();
    await count(3);
    assert.match(await status(page), /one correction by hand/);
    const left = await numbers(page);
    for (const number of left.slice(0, 2)) await page.click(`#cells tbody tr[data-cell="${number}"] button`);
    await tool('merge').click();
    await count(2);
    // What was corrected stays so when another field was looked at meanwhile.
    await show(page, fieldOfCells('other', {cells: CELLS.slice(0, 2)}), 'other');
    await count(2);
    await page.click('#previous');
    await page.waitForFunction(() => document.querySelector('#cells .status').textContent.includes('2 corrections'));
    await tool('undo').click();
    await count(3);
    await tool('undo').click();
    await count(4);
    assert.ok(await tool('undo').isDisabled());
  }, site());
});

/** Waits until the browser keeps so many corrections of a field: writing goes on in the background. */
const correctionsKept = (page, count) => until(() => page.evaluate((count) => new Promise((resolve) => {
  const opening = indexedDB.open('cytolens');
  opening.onsuccess = () => {
    const records = opening.result.transaction('cells').objectStore('cells').getAll();
    records.onsuccess = () => {
      opening.result.close();
      resolve(records.result.some((record) => (record ? record.lengths.length - 1 : 0) === count));
    };
  };
}), count));

test('corrections outlive a reload, and are taken back after it', {timeout}, async () => {
  await open(async (page) => {
    const count = (expected) => page.waitForFunction((expected) => document.querySelectorAll('#cells tbody tr').length === expected, expected);
    await show(page, fieldOfCells('four'), 'four');
    await find(page);
    const [first, second, third] = await numbers(page);
    await page.click(`#cells tbody tr[data-cell="${first}"] button`);
    await page.click('#cells [data-tool="delete"]');
    await count(3);
    for (const number of [second, third]) await page.click(`#cells tbody tr[data-cell="${number}"] button`);
    await page.click('#cells [data-tool="merge"]');
    await count(2);
    await correctionsKept(page, 2);
    await page.reload();
    await ready(page);
    await settled(page, 'four', timeout);
    await find(page);
    assert.match(await status(page), /^2 cells.*2 corrections by hand/);
    await page.click('#cells [data-tool="undo"]');
    await count(3);
    await page.click('#cells [data-tool="undo"]');
    await count(4);
    // Taken back, they stay away.
    await correctionsKept(page, 0);
    await page.reload();
    await ready(page);
    await settled(page, 'four', timeout);
    await find(page);
    await count(4);
    assert.doesNotMatch(await status(page), /by hand/);
  }, site());
});

test('fields without nuclei have a clear outcome', {timeout}, async () => {
  await open(async (page) => {
    await show(page, fieldOfCells('empty', {cells: []}), 'empty');
    await page.click('#cells-switch');
    await page.waitForFunction(() => document.querySelector('#cells .status').textContent.startsWith('No cell was found'));
    await show(page, fieldOfCells('tiny', {cells: [], side: 16}), 'tiny');
    await page.waitForFunction(() => document.querySelector('#detail').dataset.id === 'tiny'
      && document.querySelector('#cells .status').textContent.includes('cells are found from 64 px on'));
  }, site());
});

test('the network that comes with the page finds the cells of a drawn field', {timeout, skip: missing(path.join(DIST, 'cells/manifest.json'))}, async () => {
  const id = 'sample-nucleoli';
  const files = CHANNELS.map((channel) => {
    const name = `${id}_${channel}.png`;
    return {name, mimeType: 'image/png', buffer: readFileSync(path.join(DIST, 'samples', name))};
  });
  await open(async (page) => {
    await show(page, files, id);
    await find(page);
    assert.equal(await page.locator('#cells .without-network').isVisible(), false, 'the network opens');
    assert.ok((await numbers(page)).length >= 3, await status(page));
  }, site({}));
});

test('a package that is not of cells is named', {timeout}, async () => {
  await open(async (page) => {
    await show(page, fieldOfCells('four'), 'four');
    await find(page);
    await page.waitForFunction(() => /a classifier/.test(document.querySelector('#cells .without-network').textContent));
    assert.match(await status(page), /^4 cells/);
  }, {...site({}), mounts: {'/cells/': smallModel()}});
});

test('cells are saved for tables, QuPath, other programs and the challenge', {timeout}, async () => {
  await open(async (page) => {
    await show(page, fieldOfCells('four'), 'four');
    await show(page, fieldOfCells('two', {cells: CELLS.slice(0, 2)}), 'two');
    const table = await save(page, 'cells-table');
    assert.equal(table.name, 'cytolens-cells.csv');
    const lines = table.bytes.toString('utf8').trim().split('\n');
    assert.match(lines[0], /^field,cell,x,y,area,nucleus area,on the border,/);
    assert.deepEqual(lines.slice(1).map((line) => line.split(',')[0]), ['four', 'four', 'four', 'four', 'two', 'two']);
    const [, , x, y] = lines[1].split(',').map(Number);
    assert.ok(Math.hypot(x - CELLS[0][0], y - CELLS[0][1]) < 6, lines[1]);

    const outlines = await save(page, 'cells-outlines');
    assert.equal(outlines.name, 'cytolens-two-cells.geojson');
    const {type, features} = JSON.parse(outlines.bytes);
    assert.equal(type, 'FeatureCollection');
    assert.equal(features.length, 2);
    for (const feature of features) {
      assert.equal(feature.properties.objectType, 'cell');
      assert.ok(feature.nucleusGeometry.coordinates[0].length >= 4);
    }

    const image = await save(page, 'cells-image');
    assert.equal(image.name, 'cytolens-two-cells.png');
    assert.deepEqual([...image.bytes.subarray(16, 26)], [0, 0, 1, 0, 0, 0, 1, 0, 16, 0], '256 px a side, 16 bit, grey');

    const submission = await save(page, 'cells-submission');
    const rows = submission.bytes.toString('utf8').trim().split('\n');
    assert.equal(rows[0], 'ID,ImageWidth,ImageHeight,PredictionString');
    assert.equal(rows.length, 3);
    const words = rows[1].split(',')[3].split(' ');
    assert.equal(words.length % 3, 0);
    const encoded = zlib.inflateSync(Buffer.from(words[2], 'base64'));
    assert.ok(encoded.length > 10 && encoded.every((byte) => byte >= 48 && byte < 112), 'COCO run lengths');
  }, site());
});
