// What the page says of a field: chips, the drawn cell, meanings and bars.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {drawnField, drop, greyPng, kept, settled} from './fields.mjs';
import {chromiumForTests, DIST, halfPresent, PATIENCE, ready, SHIPPED_MODEL, withManifest} from './harness.mjs';

const timeout = 2 * PATIENCE.cpu;
const atlas = JSON.parse(readFileSync(path.join(DIST, 'locations.json'))).locations;
/** What some hosts answer for a file that they lack. */
const startPage = readFileSync(path.join(DIST, 'index.html'));
const meaningOf = (label) => atlas.find(({name}) => name === label).meaning;

const {open} = chromiumForTests();

/** Drops a drawn field on a page with a small network, its manifest as `edit` makes it, and hands page and answer to `use`. */
const answered = (use, {edit = halfPresent, changes, ...look} = {}) => open(async (page) => {
  await drop(page, drawnField('drawn'));
  await use(page, await settled(page, 'drawn'));
}, {changes: {...changes, ...withManifest(edit)}, ...look});

/** The names that a selector finds, in the page's order. */
const names = (page, selector) => page.locator(selector).allTextContents();
const falling = (bars) => bars.every((bar, at) => at === 0 || bars[at - 1].probability >= bar.probability);
const ascending = (classes) => [...classes].sort((a, b) => a - b);

test('chips, bars and the drawn cell tell the same', {timeout}, async () => {
  await open(async (page) => {
    await page.click('[data-sample="sample-nucleoli-and-cytosol"]');
    const {chips, bars} = await settled(page, 'sample-nucleoli-and-cytosol');
    assert.equal(bars.length, 28);
    assert.ok(falling(bars), 'bars stand by falling probability');
    const present = bars.filter((bar) => bar.present).map((bar) => bar.class);
    assert.ok(present.length > 0, 'the shipped model finds a location in this sample');
    assert.deepEqual(chips, present, 'chips are the bars over threshold, in their order');
    assert.deepEqual(await names(page, '.remarks li'), [], 'nothing speaks against a sample');

    await page.waitForSelector('.drawing [data-location]');
    const lit = await page.locator('.drawing [data-lit="true"]').evaluateAll((parts) =>
      parts.map((part) => ({class: Number(part.dataset.class), name: part.dataset.location})));
    assert.deepEqual(ascending(lit.map((part) => part.class)), ascending(present), 'the cell lights up what is present');
    const litNames = lit.map((part) => part.name).sort();
    assert.deepEqual((await names(page, '.chip .name')).sort(), litNames, 'under the same names');
    assert.deepEqual((await names(page, '.callouts li')).sort(), litNames, 'and writes them beside it');
    const alternative = await page.getAttribute('.drawing svg', 'aria-label');
    for (const name of litNames) assert.ok(alternative.includes(name), `the text alternative names ${name}: ${alternative}`);

    const took = await page.textContent('#answer .took');
    assert.ok(took.includes(await page.textContent('#model-name')), `the last line names the model: ${took}`);
    assert.match(took, /Read in .+, classified in .+ on CPU/);
  }, {model: SHIPPED_MODEL});
});

test('what speaks against a field is said before its labels, and kept', {timeout}, async () => {
  await open(async (page) => {
    const [red, , blue, yellow] = drawnField('blank');
    const green = {name: 'blank_green.png', mimeType: 'image/png', buffer: greyPng({width: 256}, () => 0)};
    await drop(page, [red, green, blue, yellow]);
    await settled(page, 'blank');
    assert.match((await names(page, '.remarks li')).join('\n'), /green channel is empty/);
    await kept(page, 1);
    await page.reload();
    await ready(page);
    await settled(page, 'blank');
    assert.match((await names(page, '.remarks li')).join('\n'), /green channel is empty/);
  });
});

test('the drawing has one part for each of the 28 locations', async () => {
  const drawing = readFileSync(path.join(DIST, 'cell.svg'), 'utf8');
  const drawn = [...drawing.matchAll(/data-location="([^"]+)"/g)].map(([, name]) => name.replace('&amp;', '&'));
  assert.deepEqual(drawn.sort(), atlas.map(({name}) => name).sort());
  assert.doesNotMatch(drawing, /style=/, 'the policy forbids inline styles');
});

test('bars stand in anatomical groups where asked, also after a reload', {timeout}, async () => {
  await answered(async (page) => {
    const groups = () => names(page, '.bar-list h5:visible');
    assert.deepEqual(await groups(), []);
    await page.getByLabel('By anatomy').check();
    const expected = ['Nucleus', 'Cytoplasm', 'Endomembrane system'];
    const inOrder = atlas.map(({name}) => name);
    assert.deepEqual(await groups(), expected);
    assert.deepEqual(await names(page, '.bar .name'), inOrder);

    await kept(page, 1);
    await page.reload();
    await ready(page);
    await settled(page, 'drawn');
    await page.waitForSelector('.bar-list h5:visible');
    assert.deepEqual(await groups(), expected);
    assert.deepEqual(await names(page, '.bar .name'), inOrder);
    await page.getByLabel('By probability').check();
    assert.ok(falling((await settled(page, 'drawn')).bars));
  });
});

test('the keyboard chooses a label by chip, bar and part of the cell', {timeout}, async () => {
  await answered(async (page, {chips}) => {
    await page.waitForSelector('.drawing [data-class]');
    await page.waitForSelector('.meaning:visible');
    const pressed = () => page.locator('#answer [aria-pressed="true"]').evaluateAll((buttons) =>
      [...new Set(buttons.map((button) => Number(button.dataset.class)))]);
    const label = (at) => page.textContent(`.bar[data-class="${at}"] .name`);
    const meaning = () => page.textContent('.meaning .sentence');
    assert.deepEqual(await pressed(), []);
    assert.equal(await meaning(), meaningOf(await label(chips[0])), 'at first the likeliest is explained');
    assert.match(await page.getAttribute('.meaning a', 'href'), /^https:\/\/www\.proteinatlas\.org\/humanproteome\/subcellular\/[a-z+]+$/);

    await page.locator('.chip').nth(1).focus();
    await page.keyboard.press('Enter');
    assert.deepEqual(await pressed(), [chips[1]]);
    assert.equal(await meaning(), meaningOf(await label(chips[1])));
    assert.equal(await page.locator(`[aria-pressed="true"][data-class="${chips[1]}"]`).count(), 3, 'chip, bar and part agree');
    await page.keyboard.press('Enter');
    assert.deepEqual(await pressed(), [], 'a second press takes it back');

    const absent = page.locator('.bar[data-present="false"]').first();
    const absentClass = Number(await absent.getAttribute('data-class'));
    await absent.focus();
    await page.keyboard.press('Space');
    assert.deepEqual(await pressed(), [absentClass]);
    assert.ok((await names(page, '.callouts li')).includes(await label(absentClass)), 'the cell names what is chosen');

    // All bars are one stop of the tabulator; arrows lead from one to the next.
    assert.equal(await page.locator('.bar[tabindex="0"]').count(), 1);
    await page.keyboard.press('Home');
    assert.equal(await page.locator('.bar').first().evaluate((bar) => bar === document.activeElement), true);
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.locator('.bar').nth(1).evaluate((bar) => bar === document.activeElement && bar.tabIndex === 0), true);
    assert.equal(await page.locator('.bar[tabindex="0"]').count(), 1);

    const stops = page.locator('.drawing [tabindex="0"]');
    assert.equal(await stops.count(), 1, 'the drawing is one stop of the tabulator');
    await stops.focus();
    await page.keyboard.press('ArrowRight');
    const part = page.locator('.drawing [data-location]:focus');
    const partClass = Number(await part.getAttribute('data-class'));
    assert.match(await page.textContent('#answer .pointed'), new RegExp(`^${await label(partClass)}: \\d\\.\\d\\d`));
    await page.keyboard.press('Enter');
    assert.deepEqual(await pressed(), [partClass]);
    assert.equal(await stops.count(), 1);
  });
});

test('a chosen label lays its map over the picture, from one field to the next', {timeout}, async () => {
  await answered(async (page) => {
    await drop(page, drawnField('second', {side: 128}));
    await settled(page, 'drawn');
    const map = page.locator('#viewer .map');
    assert.equal(await map.isVisible(), false, 'nothing is chosen at first');
    const label = 'Golgi apparatus';
    const bar = page.locator('.bar', {hasText: label});
    await bar.click();
    await map.waitFor();
    assert.match(await map.locator('.title').textContent(), new RegExp(label));

    await settled(page, 'second');
    assert.match(await page.textContent('.bar[aria-pressed="true"]'), new RegExp(label));
    assert.equal(await page.textContent('.meaning .name'), label);
    await map.waitFor();
    assert.match(await map.locator('.title').textContent(), new RegExp(label));

    await bar.click();
    await map.waitFor({state: 'hidden'});
  });
});

test('the pointer names a part and chooses it', {timeout}, async () => {
  await answered(async (page) => {
    await page.waitForSelector('.drawing [data-class]');
    const part = page.locator('.drawing [data-location="Mitochondria"] .area').first();
    await part.hover();
    assert.match(await page.textContent('#answer .pointed'), /^Mitochondria: \d\.\d\d, (present|does not reach)/);
    await part.click();
    assert.equal(await page.getAttribute('.drawing [data-location="Mitochondria"]', 'aria-pressed'), 'true');
    assert.equal(await page.textContent('.meaning .name'), 'Mitochondria');
    await page.locator('#answer .took').hover();
    assert.equal(await page.textContent('#answer .pointed'), '');
  });
});

test('where no label is present the page says so and shows the best guess', {timeout}, async () => {
  const edit = (manifest) => ({...manifest, thresholds: manifest.thresholds.map(() => 1)});
  await answered(async (page, {chips, bars}) => {
    assert.deepEqual(chips, []);
    assert.match(await page.textContent('.none-present'), /No location reaches its threshold/);
    const guess = page.locator('.guess');
    assert.equal(Number(await guess.getAttribute('data-class')), bars[0].class);
    await guess.click();
    assert.equal(await guess.getAttribute('aria-pressed'), 'true');
    assert.equal(await page.locator('.drawing [data-lit="true"]').count(), 0);
    assert.match(await page.getAttribute('.drawing svg', 'aria-label'), /nothing is highlighted/);
  }, {edit});
});

test('labels that nobody described have bars and chips all the same', {timeout}, async () => {
  const edit = (manifest) => halfPresent({...manifest, labels: manifest.labels.map((_, label) => `Kind ${label}`)});
  await answered(async (page, {chips, bars}) => {
    assert.equal(bars.length, 28);
    assert.deepEqual(ascending(chips), bars.filter((bar) => bar.present).map((bar) => bar.class).sort((a, b) => a - b));
    assert.match((await names(page, '.chip .name'))[0], /^Kind \d+$/);
    for (const part of ['.cell', '.bar-order', '.meaning']) assert.equal(await page.locator(part).isVisible(), false, part);
    await page.locator('.bar').first().click();
    assert.equal(await page.locator('.bar[aria-pressed="true"]').count(), 1);
  }, {edit});
});

test('labels that the file lacks stand under Other', {timeout}, async () => {
  const edit = (manifest) => halfPresent({...manifest, labels: manifest.labels.map((label, at) => (at < 2 ? `Kind ${at}` : label))});
  await answered(async (page) => {
    await page.getByLabel('By anatomy').check();
    assert.equal((await names(page, '.bar-list h5')).at(-1), 'Other');
    assert.deepEqual((await names(page, '.bar .name')).slice(-2), ['Kind 0', 'Kind 1']);
    assert.equal(await page.locator('.drawing [data-class]').count(), 26);
  }, {edit});
});

for (const [what, changes] of [
  ['are missing', {'/locations.json': 404, '/cell.svg': 404}],
  ['are broken', {'/locations.json': () => '{"locations": [{', '/cell.svg': () => 'no drawing'}],
  ['are the start page', {'/locations.json': () => startPage, '/cell.svg': () => startPage}],
]) {
  test(`the page has names alone where meanings and drawing ${what}`, {timeout}, async () => {
    await answered(async (page, {chips, bars}) => {
      assert.equal(bars.length, 28);
      assert.ok(chips.length > 0);
      for (const part of ['.cell', '.bar-order', '.meaning']) assert.equal(await page.locator(part).isVisible(), false, part);
      await page.locator('.chip').first().click();
      assert.equal(await page.locator('.chip').first().getAttribute('aria-pressed'), 'true');
      assert.equal(await page.locator('#answer').count(), 1);
    }, {changes});
  });
}

test('a phone shows all of a row, in rows high enough for a finger', {timeout}, async () => {
  await answered(async (page) => {
    const width = await page.locator('#answer').evaluate((panel) => [panel.scrollWidth, panel.clientWidth]);
    assert.ok(width[0] <= width[1], `the panel is ${width[1]} px wide and its content ${width[0]} px`);
    const heights = await page.locator('#answer :is(button, input, label)').evaluateAll((targets) =>
      targets.filter((target) => target.matches('button, label')).map((target) => target.getBoundingClientRect().height));
    assert.ok(Math.min(...heights) >= 24, `the lowest target is ${Math.min(...heights)} px high`);
  }, {viewport: {width: 320, height: 700}});
});
