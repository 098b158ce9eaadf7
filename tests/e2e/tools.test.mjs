// What compares fields: similar ones, classes of one's own, scores against a table, the map. With the shipped network, whose
// features mean something.
import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {settled} from './fields.mjs';
import {chromiumForTests, CPU, DIST, PATIENCE, ready, until} from './harness.mjs';

const timeout = 8 * PATIENCE.cpu;
const {open} = chromiumForTests();

const SAMPLES = path.join(DIST, 'samples');
const ids = [...new Set(readdirSync(SAMPLES).filter((name) => name.endsWith('_green.png')).map((name) => name.replace('_green.png', '')))].sort();
const files = (ids) => ids.flatMap((id) => ['red', 'green', 'blue', 'yellow'].map((channel) => path.join(SAMPLES, `${id}_${channel}.png`)));

const done = (page, count) =>
  page.waitForFunction((count) => document.querySelectorAll('.field[data-state="done"]').length === count, count, {timeout: 4 * PATIENCE.cpu});
const unfolded = async (page, id) => {
  await page.evaluate((id) => (document.getElementById(id).open = true), id);
};
async function saved(page, selector) {
  const coming = page.waitForEvent('download');
  await page.click(selector);
  const download = await coming;
  return {name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8')};
}
/** Selects a field by its tile and gives it a class by a key. */
async function give(page, id, key) {
  await page.locator(`.field[data-id="${id}"] button`).first().click();
  await page.locator(`#detail[data-id="${id}"]`).waitFor();
  await page.keyboard.press(key);
}

test('fields are compared, taught, scored and mapped, and all of it is there after a reload', {timeout}, async () => {
  await open(
    async (page, {context}) => {
      const ten = ids.slice(0, 10);
      const table = `Id,Target\n${ten.map((id, at) => `${id},${at % 28}`).join('\n')}\nunknown,3\n`;
      await page.setInputFiles('#files', files(ten));
      await done(page, 10);
      await settled(page, ten[0]);

      // Similar fields: of the index with labels and pictures, and of the desk, which lead there.
      await page.locator('#similar').waitFor();
      // Either comes; the note says why where there are no fields.
      await page.waitForFunction(() => document.querySelector('.index-note').textContent !== '');
      assert.match(await page.textContent('.index-note'), /\d+ fields, licence/);
      assert.equal(await page.locator('.from-index li').count(), 6);
      const first = await page.locator('.from-index .likeness').first().evaluate((it) => getComputedStyle(it).backgroundImage);
      assert.match(first, /thumbnails\.jpg/);
      const near = page.locator('.from-desk button');
      assert.equal(await near.count(), 6);
      const other = await near.first().locator('.id').textContent();
      assert.notEqual(other, ten[0]);
      await near.first().click();
      await page.locator(`#detail[data-id="${other}"]`).waitFor();

      // An index of another network is refused with its name, and nothing is lost.
      const description = JSON.parse(readFileSync(path.join(DIST, 'similar/index.json'), 'utf8'));
      const vectors = readFileSync(path.join(DIST, 'similar/vectors.bin'));
      const foreign = {...description, about: {...description.about, name: 'Foreign', model: 'Another model', weights_sha256: '00'}};
      const chosen = (index) => [
        {name: 'index.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(index))},
        {name: 'vectors.bin', mimeType: 'application/octet-stream', buffer: vectors},
      ];
      await page.setInputFiles('#similar-files', chosen({...description, entries: []}));
      await page.waitForFunction(() => /bytes|empty/.test(document.querySelector('#similar-said').textContent));
      // One whose words would turn the writing is refused; words that look like a page's parts are words.
      const named = (words) => chosen({...description, about: {...description.about, ...words}});
      await page.setInputFiles('#similar-files', named({name: 'Known\u202efields'}));
      await page.waitForFunction(() => /direction of writing/.test(document.querySelector('#similar-said').textContent));
      await page.setInputFiles('#similar-files', named({side: 'W'.repeat(100_000)}));
      await page.waitForFunction(() => /WWW/.test(document.querySelector('#similar-said').textContent));
      assert.ok((await page.textContent('#similar-said')).length < 1000, 'a reason is no longer than a few lines');
      const markup = '<img src="x" onerror="document.title = 1">';
      await page.setInputFiles('#similar-files', named({name: markup, labels: description.about.labels.map(() => markup)}));
      await page.waitForFunction((markup) => document.querySelector('.index-note').textContent.startsWith(markup), markup);
      assert.equal(await page.locator('#similar img').count(), 0);
      await page.setInputFiles('#similar-files', chosen(foreign));
      await page.waitForFunction(() => /another network \(Another model\)/.test(document.querySelector('.index-note').textContent));
      await page.setInputFiles('#similar-files', chosen(description));
      await until(async () => (await page.locator('.from-index li').count()) === 6);

      // Two classes with five examples each, by keys; too few with four.
      await unfolded(page, 'teach');
      for (const name of ['even', 'odd']) {
        await page.fill('#teach-name', name);
        await page.click('#teach-form button');
      }
      for (const [at, id] of ten.slice(0, 9).entries()) await give(page, id, at % 2 ? '2' : '1');
      await page.waitForFunction(() => /of 9 right. Too few to tell/.test(document.querySelector('#teach-trials').textContent));
      await give(page, ten[9], '2');
      await page.waitForFunction(() => /of 10 right, so between \d+% and \d+% \(95%\)/.test(document.querySelector('#teach-trials').textContent));
      assert.equal(await page.textContent('#own-answer'), 'Your class: odd');
      const classes = await saved(page, '[data-teach="classes"]');
      assert.match(classes.text, new RegExp(`^Id,Class,Answer,Lead\n${ten[0]},even,`));
      const head = await saved(page, '[data-teach="head"]');
      assert.equal(head.name, 'cytolens-head.json');
      // A field's labels are corrected, for the trainer.
      await page.click('#teach-correct summary');
      const ticks = page.locator('#teach-labels input');
      for (let at = 0; at < (await ticks.count()); at++) await ticks.nth(at).setChecked(at === 7);
      const train = await saved(page, '[data-teach="train"]');
      assert.equal(train.text, `Id,Target\n${ten[9]},7\n`);

      // Scores of a table.
      await unfolded(page, 'score');
      await page.setInputFiles('#score-file', {name: 'labels.csv', mimeType: 'text/csv', buffer: Buffer.from(table)});
      await page.waitForFunction(() => /10 answered fields are scored; rows of fields that are not here: 1/.test(document.querySelector('#score-about').textContent));
      assert.match(await page.textContent('#score-all'), /Macro F1 0\.\d{3} over the 10 locations/);
      assert.ok((await page.locator('#score-classes tr').count()) >= 10);
      await page.locator('#score-worst button').first().click();
      const scores = await saved(page, '[data-score]');
      assert.match(scores.text, /^Location,Labelled,Given,Precision,Recall,F1\n/);

      // The map: every field, a line around all of them, keys, and files.
      await unfolded(page, 'scatter');
      await until(async () => (await page.locator('#scatter-spots circle').count()) === 10);
      await until(async () => !(await page.isVisible('#scatter-progress')));
      await page.locator('#scatter-drawing').scrollIntoViewIfNeeded();
      const frame = await page.locator('#scatter-drawing').boundingBox();
      const corner = (x, y) => [frame.x + x * frame.width, frame.y + y * frame.height];
      await page.mouse.move(...corner(0.01, 0.01));
      await page.mouse.down();
      for (const [x, y] of [[0.5, 0.01], [0.99, 0.01], [0.99, 0.5], [0.99, 0.99], [0.5, 0.99], [0.01, 0.99], [0.01, 0.5]]) await page.mouse.move(...corner(x, y), {steps: 3});
      await page.mouse.up();
      assert.equal(await page.textContent('#scatter-chosen'), '10 fields chosen.');
      assert.equal(await page.locator('#scatter-give button').count(), 2);
      const before = await page.getAttribute('#detail', 'data-id');
      await page.focus('#scatter-drawing');
      for (const key of ['ArrowRight', 'ArrowLeft', 'ArrowDown', 'ArrowUp']) await page.keyboard.press(key);
      await until(async () => (await page.locator('circle[data-selected]').count()) === 1);
      assert.ok(before);
      assert.match((await saved(page, '[data-scatter="svg"]')).text, /^<svg [^]*<circle [^]*<\/svg>\n$/);
      assert.equal((await saved(page, '[data-scatter="csv"]')).text.trim().split('\n').length, 11);

      // All is there after a reload, without the network, and is taken back step by step.
      await context.setOffline(false);
      await page.reload();
      await ready(page);
      await done(page, 10);
      await settled(page, ten[8]);
      assert.equal(await page.textContent('#own-answer'), 'Your class: even');
      await until(async () => (await page.locator('.from-desk button').count()) === 6);
      await unfolded(page, 'score');
      await page.waitForFunction(() => /10 answered fields are scored/.test(document.querySelector('#score-about').textContent));
      await unfolded(page, 'teach');
      await page.click('#teach-undo');
      await page.click('#teach-undo');
      for (let at = 0; at < 40 && (await page.isEnabled('#teach-undo')); at++) await page.click('#teach-undo');
      assert.equal(await page.locator('#teach-classes li').count(), 0);
      // The head that was saved answers without any class.
      await page.setInputFiles('#teach-file', {name: head.name, mimeType: 'application/json', buffer: Buffer.from(head.text)});
      await page.waitForFunction(() => /^By what you taught: /.test(document.querySelector('#own-answer').textContent));
      const misleading = JSON.stringify({...JSON.parse(head.text), classes: ['even\u2066', 'odd']});
      await page.setInputFiles('#teach-file', {name: head.name, mimeType: 'application/json', buffer: Buffer.from(misleading)});
      await page.waitForFunction(() => /^Not opened: .*names/.test(document.querySelector('#teach-said').textContent));
      await page.setInputFiles('#teach-file', {name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('{}')});
      await page.waitForFunction(() => /^Not opened: /.test(document.querySelector('#teach-said').textContent));
    },
    {folder: DIST, address: CPU},
  );
});

test('where the page has no index it says so, and the desk is compared all the same', {timeout}, async () => {
  await open(
    async (page) => {
      const two = ids.slice(0, 2);
      await page.setInputFiles('#files', files(two));
      await done(page, 2);
      await settled(page, two[0]);
      await page.waitForFunction(() => /not available: .*404/.test(document.querySelector('.index-note').textContent));
      assert.equal(await page.locator('.from-index li').count(), 0);
      await until(async () => (await page.locator('.from-desk button').count()) === 1);
    },
    {folder: DIST, address: CPU, changes: {'/similar/index.json': 404}},
  );
});
