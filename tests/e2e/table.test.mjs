// All fields at once: the table of results, the count of each label, the plate, two fields side by side, a long gallery, and
// numbers in the visitor's language.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {tiffOfChannels} from './archives.mjs';
import {CHANNELS, drawnField, passedOver, settled, textNamed} from './fields.mjs';
import {chromiumForTests, PATIENCE, ready, until} from './harness.mjs';

const timeout = 3 * PATIENCE.cpu;
const patience = {timeout: PATIENCE.cpu};
const {open, visit} = chromiumForTests();

const LABELS = ['Nucleoplasm', 'Cytosol', 'Mitochondria'];

/** Answered fields as the store of an earlier visit holds them; `probabilities` gives those of a field's labels. */
const withFields = async (page, fields) => {
  await page.evaluate(([fields, labels]) => new Promise((resolve, reject) => {
    const model = {name: 'three', limits: '', labels, thresholds: [0.5, 0.5, 0.5], size: 64, composition: 'rgb', architecture: 'DenseNet-121', licence: '', weights_sha256: ''};
    const opening = indexedDB.open('cytolens');
    opening.onerror = reject;
    opening.onsuccess = () => {
      const transaction = opening.result.transaction('fields', 'readwrite');
      fields.forEach(({id, probabilities, remarks = [], refused}, field) => {
        const present = probabilities?.flatMap((probability, label) => (probability >= 0.5 ? [label] : []));
        const outcome = refused ? {refused: {reason: refused}}
          : {done: {model, device: 'CPU (drawn)', probabilities, present, remarks, decode_ms: 1, network_ms: 1, map_ms: 1}};
        transaction.objectStore('fields').put({id, source: 'red, green, blue', thumbnail: null, outcome}, field);
      });
      transaction.oncomplete = resolve;
      transaction.onabort = reject;
    };
  }), [fields, LABELS]);
  await page.reload();
  await ready(page);
};

const PLATE = [
  {id: 'p_B02_s1', probabilities: [0.9, 0.1, 0.2]},
  {id: 'p_B02_s2', probabilities: [0.1, 0.7, 0.2], remarks: ['the green channel is empty']},
  {id: 'p_B10_s1', probabilities: [0.6, 0.8, 0.2]},
  {id: 'p_C03_s1', probabilities: [0.1, 0.2, 0.3]},
  {id: 'p_H12_s1', refused: 'the file is empty'},
];

const rows = (page) => page.locator('#results tbody tr').evaluateAll((rows) => rows.map((row) => row.dataset.id));
const cells = (page, column) => page.locator(`#results tbody .${column}`).allTextContents();
const selected = (page) => page.getAttribute('#detail', 'data-id');
const view = (page, name) => page.click(`#views [data-view="${name}"]`);
const focused = (page) => page.evaluate(() => document.activeElement.closest('[data-id]')?.dataset.id ?? document.activeElement.id);
const it = (name, use, how) => test(name, {timeout}, () => open(use, how));

it('the table has a row a field, and sorts by each column', async (page) => {
  await withFields(page, PLATE);
  await view(page, 'table');
  assert.ok(await page.isHidden('#fields'));
  const ids = PLATE.map(({id}) => id);
  assert.deepEqual(await rows(page), ids);
  assert.deepEqual(await cells(page, 'well'), ['B02, 1', 'B02, 2', 'B10, 1', 'C03, 1', 'H12, 1']);
  assert.deepEqual(await cells(page, 'labels'), ['Nucleoplasm', 'Cytosol', 'Cytosol, Nucleoplasm', 'No location', '']);
  assert.deepEqual(await cells(page, 'top'), ['90%', '70%', '80%', '30% Mitochondria', '']);
  assert.deepEqual(await cells(page, 'told'), ['', 'the green channel is empty', '', '', 'the file is empty']);
  assert.equal(await page.getAttribute('#results table', 'aria-rowcount'), '6');
  const sort = (column) => page.click(`#results [data-sort="${column}"] button`);
  const order = async () => (await rows(page)).map((id) => ids.indexOf(id)).join('');
  await sort('probability');
  assert.equal(await order(), '02134', 'the surest first');
  assert.equal(await page.getAttribute('#results [data-sort="probability"]', 'aria-sort'), 'descending');
  assert.equal(await page.inputValue('#sort'), 'confident');
  await sort('probability');
  assert.equal(await order(), '31204', 'what has no answer comes last whichever way');
  await sort('name');
  await sort('name');
  assert.equal(await order(), '43210');
  await sort('label');
  assert.equal(await order(), '12034');
  await sort('remarks');
  assert.equal((await order())[0], '1');
  await sort('state');
  await sort('state');
  assert.equal((await order())[0], '4');
  assert.equal(await page.locator('#results [aria-sort]').count(), 1);
  // The pictures stand in the same order.
  await view(page, 'gallery');
  assert.equal(await page.getAttribute('#fields > li', 'data-id'), ids[4]);
});

it('keys go from row to row, and the field beside the table follows', async (page) => {
  await withFields(page, PLATE);
  await view(page, 'table');
  await page.click('#results tr[data-id="p_B10_s1"] td.labels');
  assert.equal(await selected(page), 'p_B10_s1');
  assert.equal(await page.getAttribute('#results tr[data-id="p_B10_s1"] button', 'aria-current'), 'true');
  await page.focus('#results tr[data-id="p_B10_s1"] button');
  await page.keyboard.press('ArrowDown');
  assert.deepEqual([await selected(page), await focused(page)], ['p_C03_s1', 'p_C03_s1']);
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowDown');
  assert.equal(await selected(page), 'p_H12_s1');
  await page.keyboard.press('PageUp');
  assert.deepEqual([await selected(page), await focused(page)], ['p_B02_s1', 'p_B02_s1']);
  assert.equal(await page.locator('#results .open[tabindex="0"]').count(), 1, 'the rows are one stop of the tabulator');
  await page.click('#next');
  assert.equal(await page.getAttribute('#results tr[data-id="p_B02_s2"] button', 'aria-current'), 'true');
});

it('labels are counted and filter by a click; a text finds names, labels and remarks', async (page) => {
  await withFields(page, PLATE);
  await view(page, 'table');
  const counts = () => page.locator('#counts button').evaluateAll((buttons) => buttons.map((button) => button.textContent.trim()));
  assert.deepEqual(await counts(), ['Cytosol 2', 'Nucleoplasm 2', 'No location 1', 'Not classified 1']);
  await page.click('#counts button:has-text("Cytosol")');
  assert.deepEqual(await rows(page), ['p_B02_s2', 'p_B10_s1']);
  assert.equal(await page.inputValue('#filter'), 'label:Cytosol');
  assert.deepEqual(await counts(), ['Cytosol 2', 'Nucleoplasm 2', 'No location 1', 'Not classified 1'], 'they are of all fields');
  assert.equal(await page.textContent('#announcer'), '2 of 5 fields shown.');
  await page.fill('#filter-text', 'EMPTY');
  assert.deepEqual(await rows(page), ['p_B02_s2']);
  await page.click('#counts button:has-text("Cytosol")');
  assert.deepEqual(await rows(page), ['p_B02_s2', 'p_H12_s1']);
  await page.fill('#filter-text', 'nothing has this');
  assert.deepEqual(await rows(page), []);
  await page.click('#show-all');
  assert.equal((await rows(page)).length, 5);
  assert.equal(await page.textContent('#filter-text'), '');
});

it('a plate shows its wells by label, and a well shows its fields', async (page) => {
  await withFields(page, PLATE);
  await view(page, 'plate');
  const wells = () => page.locator('#plate-wells [data-well]').evaluateAll((wells) =>
    Object.fromEntries(wells.map((well) => [well.dataset.well, well.textContent])));
  assert.equal(await page.inputValue('#plate-label'), 'Cytosol', 'the most frequent');
  assert.deepEqual(await wells(), {B02: '50%', B10: '100%', C03: '0%', H12: ''});
  assert.equal(await page.getAttribute('#plate-wells', 'data-wells'), '96');
  assert.equal(await page.locator('#plate-wells tr').count(), 9);
  assert.equal(await page.getAttribute('[data-well="B02"]', 'aria-label'), 'B02: 2 fields, Cytosol in 1 of 2');
  await page.selectOption('#plate-measure', 'probability');
  await page.selectOption('#plate-label', 'Mitochondria');
  assert.deepEqual(await wells(), {B02: '20%', B10: '20%', C03: '30%', H12: ''});
  await page.focus('[data-well="B02"]');
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.evaluate(() => document.activeElement.dataset.well), 'B10');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  assert.equal(await page.getAttribute('[data-well="B02"]', 'aria-pressed'), 'true');
  await view(page, 'table');
  assert.deepEqual(await rows(page), ['p_B02_s1', 'p_B02_s2']);
  assert.equal(await page.textContent('#sifted'), 'Only well B02 of p.');
  await page.click('#sifted-all');
  assert.equal((await rows(page)).length, 5);
});

it('names without wells have no plate', async (page) => {
  await withFields(page, [{id: 'alpha', probabilities: [0.9, 0, 0]}, {id: 'beta', probabilities: [0.9, 0, 0]}]);
  await view(page, 'table');
  assert.ok(await page.isHidden('#views [data-view="plate"]'));
  assert.ok(await page.locator('#results th.well').isHidden());
});

const MANY = Array.from({length: 1200}, (_, at) => ({id: `field-${at}`, probabilities: [((at * 7) % 97) / 97, 0.1, 0.2]}));

it('of many fields only those near the visible part are in the document, and keys, marks and positions are of all', async (page) => {
  await withFields(page, MANY);
  const first = page.locator('#fields > li').first();
  await until(async () => (await first.getAttribute('aria-setsize')) === '1200');
  const there = () => page.locator('#fields > li').evaluateAll((tiles) => tiles.map((tile) => tile.dataset.id));
  assert.ok((await there()).length < 150, `${(await there()).length} tiles`);
  assert.equal(await first.getAttribute('aria-posinset'), '1');
  const height = () => page.evaluate(() => document.querySelector('#fields').scrollHeight);
  const whole = await height();
  // To the middle, and to the end.
  await page.evaluate(() => { document.querySelector('#fields').scrollTop = document.querySelector('#fields').scrollHeight / 2; });
  await until(async () => !(await there()).includes('field-0'));
  assert.ok((await there()).some((id) => /field-(5[5-9]|6[0-4])\d/.test(id)), (await there()).join());
  assert.ok(Math.abs((await height()) - whole) < 4, 'the scroll bar stays as it is');
  const seen = await page.evaluate(() => {
    const frame = document.querySelector('#fields').getBoundingClientRect();
    return document.elementFromPoint(frame.left + frame.width / 3, frame.top + frame.height / 2).closest('li')?.dataset.id;
  });
  assert.ok(seen, 'there is a tile in the middle of what is seen');
  // The selected field is out of sight: keys go on from it all the same.
  await page.evaluate(() => document.querySelector('#fields').focus());
  await page.keyboard.press('ArrowRight');
  assert.deepEqual([await selected(page), await focused(page)], ['field-1', 'field-1']);
  await page.keyboard.press('End');
  assert.deepEqual([await selected(page), await focused(page)], ['field-1199', 'field-1199']);
  assert.equal(await page.getAttribute('#fields li[data-id="field-1199"]', 'aria-posinset'), '1200');
  assert.equal(await page.locator('.tile[tabindex="0"]').count(), 1);
  await page.click('#previous');
  assert.equal(await page.getAttribute('#fields li[data-id="field-1198"] button', 'aria-current'), 'true');

  await view(page, 'table');
  await until(async () => (await rows(page)).includes('field-1198'));
  assert.ok((await rows(page)).length < 150);
  assert.equal(await page.getAttribute('#results table', 'aria-rowcount'), '1201');
  assert.equal(await page.getAttribute('#results tr[data-id="field-1198"]', 'aria-rowindex'), '1200');
  await page.fill('#filter-text', 'field-119');
  assert.equal((await rows(page)).length, 11);
  assert.equal(await page.getAttribute('#results tbody tr', 'aria-rowindex'), null, 'all are in the document');
});

it('a second field stays beside the first, in the same view', async (page) => {
  await page.setInputFiles('#files', [...drawnField('one', {side: 128}), ...drawnField('two', {side: 160})]);
  await settled(page, 'two');
  await settled(page, 'one');
  await page.waitForSelector('#viewer[data-state="shown"]', patience);
  await page.click('#pin');
  assert.match(await page.textContent('.second .line-below'), /Choose the field to compare/);
  await page.locator('.field[data-id="two"] button').click();
  await page.waitForSelector('#viewer[data-state="shown"]', patience);
  assert.match(await page.textContent('.second .line-below'), /^one/);
  assert.equal(await selected(page), 'two');
  const lit = (selector) => page.evaluate((selector) => {
    const canvas = document.querySelector(selector);
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return [0, 1, 2].map((part) => data.filter((_, at) => at % 4 === part).reduce((sum, level) => sum + level, 0) / (data.length / 4));
  }, selector);
  await until(async () => (await lit('.second canvas'))[1] > 10);
  const sizes = await page.locator('.stage canvas, .second canvas').evaluateAll((all) => all.map(({width, height}) => `${width}x${height}`));
  assert.equal(sizes[0], sizes[1]);
  // Channels are those of the first.
  await page.click('.channel-set [data-channel="green"]');
  await page.click('.channel-set [data-channel="red"]');
  await page.click('.channel-set [data-channel="yellow"]');
  await until(async () => { const [red, green, blue] = await lit('.second canvas'); return red < 1 && green < 1 && blue > 5; });
  await page.click('#pin');
  assert.ok(await page.isHidden('.second'));
});

it('each channel has a histogram and a black point', async (page) => {
  await page.setInputFiles('#files', drawnField('one', {side: 128}));
  await settled(page, 'one');
  await page.waitForSelector('#viewer[data-state="shown"]', patience);
  await page.click('.light summary');
  const row = page.locator('#viewer .row[data-channel="green"]');
  await until(async () => ((await row.locator('.histogram path').getAttribute('d')) ?? '').startsWith('M0 32V'));
  const dark = () => page.evaluate(() => {
    const canvas = document.querySelector('.stage canvas');
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((level, at) => at % 4 === 1 && level === 0).length;
  });
  await row.locator('[data-do="solo"]').click();
  await until(async () => (await dark()) > 0);
  const before = await dark();
  await row.locator('[data-do="black"]').fill('0.3');
  await until(async () => (await dark()) > before);
  assert.match(await row.locator('.white').textContent(), /^[67]\d to 2\d\d of 255$/);
  await page.click('#viewer [data-do="reset"]');
  assert.match(await row.locator('.white').textContent(), /^0 to /);
});

it('green first and the rest later is one field; the same field twice is noticed', async (page) => {
  await page.setInputFiles('#files', drawnField('x', {side: 64, channels: ['green']}));
  await settled(page, 'x');
  await page.setInputFiles('#files', drawnField('x', {side: 64, channels: ['red', 'blue', 'yellow']}));
  await until(async () => (await settled(page, 'x')).state === 'done');
  assert.equal(await page.locator('.field').count(), 1);
  assert.match(await page.textContent('#detail .source'), /red green blue yellow/);
  assert.ok(await page.isHidden('#notice'));
  await page.setInputFiles('#files', drawnField('x', {side: 64}));
  await page.waitForSelector('#notice:not([hidden])', patience);
  assert.match(await page.textContent('#notice'), /^x is here already/);
  assert.equal(await page.locator('.field').count(), 1);
  // Other files of the same name are another field.
  await page.setInputFiles('#files', drawnField('x', {side: 96}));
  await until(async () => (await page.locator('.field').count()) === 2);
});

it('channels can be exchanged afterwards, of one field or of all alike', async (page) => {
  const ids = ['a', 'b'];
  const [red, green, blue] = ['red', 'green', 'blue'];
  await page.setInputFiles('#files', ids.flatMap((id) => drawnField(id, {side: 64, channels: [red, green, blue]})));
  const before = {};
  for (const id of ids) before[id] = (await settled(page, id)).bars;
  await page.click('#rechannel-open');
  await page.locator('#rechannel').waitFor();
  const selects = page.locator('#rechannel select');
  assert.deepEqual(await page.locator('#rechannel .file').allTextContents(), ['b_red.png', 'b_green.png', 'b_blue.png']);
  await selects.nth(0).selectOption('green');
  assert.deepEqual(await selects.evaluateAll((all) => all.map(({value}) => value)), [green, red, blue], 'the other takes its place');
  await page.check('#rechannel-all');
  await page.click('#rechannel-keep');
  await until(async () => {
    const now = await page.locator('.field').evaluateAll((tiles) => tiles.map(({dataset}) => [Number(dataset.field), dataset.state]));
    return now.length === 2 && now.every(([field, state]) => field >= 2 && state === 'done');
  });
  for (const id of ids) assert.notDeepEqual((await settled(page, id)).bars, before[id], id);
  assert.equal(await page.locator('.field').count(), 2);
});

/** An RGB picture of three discs of these colours, the smallest first. */
const colourPicture = async (page, name, colours) => {
  const address = await page.evaluate((colours) => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 64;
    const context = canvas.getContext('2d');
    context.fillRect(0, 0, 64, 64);
    context.globalCompositeOperation = 'lighter';
    for (const [at, colour] of colours.entries()) {
      context.fillStyle = {red: '#c00', green: '#0c0', blue: '#00c'}[colour];
      context.beginPath();
      context.arc(32, 32, 10 + 8 * at, 0, 7);
      context.fill();
    }
    return canvas.toDataURL('image/png');
  }, colours);
  return {name, mimeType: 'image/png', buffer: Buffer.from(address.split(',')[1], 'base64')};
};

it('the colours of a picture and the images of a stack can be other channels afterwards', async (page) => {
  const again = async (id, wished) => {
    const tile = page.locator(`.field[data-id="${id}"]`);
    const before = await tile.getAttribute('data-field');
    const {bars} = await settled(page, id);
    await page.click('#rechannel-open');
    const selects = page.locator('#rechannel select');
    await selects.first().waitFor();
    for (const [at, channel] of wished.entries()) await selects.nth(at).selectOption(channel);
    const values = await selects.evaluateAll((all) => all.map(({value}) => value));
    await page.click('#rechannel-keep');
    await until(async () => (await tile.getAttribute('data-field')) !== before && (await tile.getAttribute('data-state')) === 'done');
    return {before: bars, after: (await settled(page, id)).bars, values};
  };
  const [red, green, blue] = CHANNELS;
  await page.setInputFiles('#files', [await colourPicture(page, 'right.png', [red, green, blue]), await colourPicture(page, 'turned.png', [green, blue, red])]);
  const right = (await settled(page, 'right')).bars;
  const picture = await again('turned', [blue, red]);
  assert.deepEqual(picture.values, [blue, red, green], 'each colour is one channel');
  assert.notDeepEqual(picture.before, right);
  assert.deepEqual(picture.after, right);

  const backwards = [...CHANNELS].reverse();
  await page.setInputFiles('#files', [tiffOfChannels('whole.tif', 64, CHANNELS), tiffOfChannels('stack.tif', 64, backwards)]);
  const whole = (await settled(page, 'whole')).bars;
  const stack = await again('stack', backwards);
  assert.deepEqual(stack.values, [...backwards, '', '']);
  assert.deepEqual(stack.after, whole);
  // A gap is told, and the dialog stays.
  await page.click('#rechannel-open');
  await page.locator('#rechannel select').first().selectOption('');
  await page.click('#rechannel-keep');
  assert.match(await page.textContent('#rechannel-fault'), /skip/);
  await page.keyboard.press('Escape');
});

it('the question about channels shows a picture of each', async (page) => {
  const files = drawnField('A1', {side: 64}).map((file, at) => ({...file, name: `A1_w${at + 1}.png`}));
  await page.setInputFiles('#files', files);
  await page.locator('#mapper').waitFor();
  await until(async () => (await page.locator('#mapper .look canvas').count()) === 4);
  await page.keyboard.press('Escape');
});

it('packed files of other names are asked about and read', async (page) => {
  const {gzipSync} = await import('node:zlib');
  const files = drawnField('A1', {side: 64}).map(({buffer}, at) => ({name: `A1_w${at + 1}.png.gz`, mimeType: 'application/gzip', buffer: gzipSync(buffer)}));
  await page.setInputFiles('#files', files);
  await page.locator('#mapper').waitFor();
  for (const [at, channel] of ['red', 'green', 'blue', 'yellow'].entries()) await page.locator('#mapper select').nth(at).selectOption(channel);
  await page.click('#mapper [value="channels"]');
  assert.equal((await settled(page, 'A1')).state, 'done');
  assert.deepEqual(await passedOver(page), {});
});

it('tiles tell their whole name and reason to who points at them, and the field says it, too', async (page) => {
  const name = `${'long_'.repeat(12)}name`;
  await page.setInputFiles('#files', [textNamed(`${name}.png`), ...drawnField('one', {side: 64})]);
  const {reason} = await settled(page, name);
  assert.match(await page.getAttribute(`.field[data-id="${name}"] button`, 'title'), new RegExp(`^${name}.*no PNG, JPEG or TIFF`));
  assert.match(reason, /no PNG, JPEG or TIFF/);
  const title = page.locator('#detail-title');
  assert.equal(await title.textContent(), name);
  assert.ok(await title.evaluate((it) => it.scrollWidth <= it.clientWidth), 'nothing of it is cut off');
});

/** Saves a table and gives its text. */
const saved = async (page, what) => {
  await page.click('#export');
  const download = page.waitForEvent('download');
  await page.click(`[data-export="${what}"]`);
  return readFileSync(await (await download).path(), 'utf8');
};

const chosen = (page) => page.locator('#results tbody tr:has(.chooser :checked)').evaluateAll((rows) => rows.map((row) => row.dataset.id));

it('several rows are chosen by box, click and key, and saved, given a class and removed together', async (page) => {
  await withFields(page, PLATE);
  await view(page, 'table');
  const ids = PLATE.map(({id}) => id);
  const row = (at) => `#results tr[data-id="${ids[at]}"]`;
  assert.ok(await page.isHidden('#chosen'));
  await page.check(`${row(1)} .chooser input`);
  assert.deepEqual(await chosen(page), [ids[1]]);
  assert.equal(await page.textContent('#chosen-count'), '1 field chosen');
  assert.equal(await selected(page), ids[0], 'the field beside the table stays');
  await page.click(`${row(3)} td.labels`, {modifiers: ['Shift']});
  assert.deepEqual(await chosen(page), ids.slice(1, 4));
  await page.click(`${row(2)} td.labels`, {modifiers: ['Control']});
  assert.deepEqual(await chosen(page), [ids[1], ids[3]]);
  const lines = (await saved(page, 'table')).trim().split('\n').slice(1);
  assert.deepEqual(lines.map((line) => line.split(',')[0]), [ids[1], ids[3]]);
  assert.equal(await page.textContent('#export-chosen'), 'Tables and JSON are of the 2 fields chosen.');
  await page.click('#teach > summary');
  await page.fill('#teach-name', 'odd');
  await page.click('#teach-form [type="submit"]');
  await until(async () => (await page.textContent('#teach-selected')) === '2 fields chosen');
  await page.click('#teach [data-teach="give"]');
  await until(async () => (await page.textContent('#teach-classes .count')) === '2 examples');
  await page.click('#teach > summary');

  await page.click('#chosen-none');
  assert.equal(await focused(page), ids[0]);
  assert.deepEqual(await chosen(page), []);
  await page.keyboard.press('Space');
  await page.keyboard.press('Shift+ArrowDown');
  assert.deepEqual([await chosen(page), await selected(page)], [ids.slice(0, 2), ids[1]]);
  await page.keyboard.press('Control+a');
  assert.ok(await page.isChecked('#choose-all'));
  // What a filter hides takes no part.
  await page.fill('#filter-text', 'B02');
  assert.equal(await page.textContent('#chosen-count'), '2 fields chosen');
  await page.click('#chosen-remove');
  await page.click('#show-all');
  assert.deepEqual(await rows(page), ids.slice(2));
  await page.click('#choose-all');
  assert.ok(await page.isHidden('#chosen'), 'all were chosen already');
  await page.click('#undo-take-back');
  assert.deepEqual(await rows(page), ids);
});

it('tiles are chosen, too, and say so', async (page) => {
  await withFields(page, PLATE);
  await page.click('.field[data-id="p_C03_s1"] button', {modifiers: ['Control']});
  const pressed = () => page.locator('.tile[aria-pressed="true"]').evaluateAll((tiles) => tiles.map((tile) => tile.closest('li').dataset.id));
  assert.deepEqual(await pressed(), ['p_B02_s1', 'p_C03_s1'], 'beside the one that is looked at');
  await view(page, 'table');
  assert.deepEqual(await chosen(page), ['p_B02_s1', 'p_C03_s1']);
});

test('numbers are the language\'s on the page and never in files; tables for Excel are a choice', {timeout}, async () => {
  await visit(async (page) => {
    await page.addInitScript(() => Object.defineProperty(navigator, 'languages', {value: ['de-DE']}));
    await page.reload();
    await ready(page);
    await withFields(page, [...MANY.slice(0, 3), {id: 'b', probabilities: [0.75, 0.25, 0.125]}]);
    await page.locator('.field[data-id="b"] button').click();
    const bar = page.locator('.bar[data-class="0"]');
    assert.equal(await bar.locator('.probability').textContent(), '0,75');
    assert.equal(await bar.getAttribute('data-probability'), '0.75');
    assert.match(await page.locator('.chip .probability').textContent(), /^75\s%$/);
    const plain = await saved(page, 'table');
    assert.match(plain, /^Id,Predicted,Nucleoplasm/);
    assert.match(plain, /\nb,0,0\.75,0\.25,0\.125\n/);
    await page.click('#export');
    await page.check('#export-excel');
    await page.keyboard.press('Escape');
    const forExcel = await saved(page, 'table');
    assert.match(forExcel, /^\ufeffId;Predicted;Nucleoplasm/);
    assert.match(forExcel, /\nb;0;0\.75;0\.25;0\.125\n/);
    await page.reload();
    await ready(page);
    await page.click('#export');
    assert.ok(await page.isChecked('#export-excel'), 'it is remembered');
  });
});
