// What visitors take home: tables as the trainer writes them, one document, a picture, a printed page.
import assert from 'node:assert/strict';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {drawnField, readReference, realField, references, settled, textNamed} from './fields.mjs';
import {
  ARTEFACTS, chromiumForTests, given, halfPresent, IMAGES, manifestOf, missing, PATIENCE, SHIPPED_MODEL, smallModel, withManifest,
} from './harness.mjs';

const timeout = 2 * PATIENCE.cpu;

const {open} = chromiumForTests();

/** Takes one thing from the menu; gives its name and its content. */
async function save(page, what) {
  await page.click('#export');
  const coming = page.waitForEvent('download');
  await page.click(`[data-export="${what}"]`);
  const download = await coming;
  return {name: download.suggestedFilename(), bytes: readFileSync(await download.path())};
}

/** The rows of a table without quotes inside, by column. */
function rows(bytes) {
  const [head, ...lines] = bytes.toString('utf8').trim().split('\n').map((line) => line.split(','));
  return lines.map((line) => Object.fromEntries(head.map((column, at) => [column, line[at]])));
}

test('real fields are saved as the trainer predicts them', {skip: missing(IMAGES), timeout}, async () => {
  const expected = references().slice(0, 2);
  await open(async (page) => {
    await page.setInputFiles('#files', expected.flatMap(({id}) => realField(id)));
    for (const {id} of expected) await settled(page, id, timeout);
    const {name, bytes} = await save(page, 'table');
    assert.equal(name, 'cytolens-predictions.csv');
    const file = path.join(ARTEFACTS, name);
    mkdirSync(ARTEFACTS, {recursive: true});
    writeFileSync(file, bytes);
    const head = (text) => text.toString('utf8').split('\n')[0].trim();
    assert.equal(head(bytes), head(readFileSync(given('REFERENCE_CSV'))));
    const saved = readReference(file);
    assert.deepEqual(saved.map(({id}) => id), expected.map(({id}) => id));
    for (const [at, reference] of expected.entries()) {
      assert.deepEqual(saved[at].predicted, reference.predicted);
      assert.equal(saved[at].probabilities.length, reference.probabilities.length);
      // Tolerance: the same network on other kernels; float32 rounding stays well under it.
      for (const [label, probability] of reference.probabilities.entries()) {
        assert.ok(Math.abs(saved[at].probabilities[label] - probability) <= 1e-3, `${reference.id}, class ${label}`);
      }
    }
  }, {model: SHIPPED_MODEL});
});

test('tables and the document say the same, also of what was refused', {timeout}, async () => {
  await open(async (page) => {
    await page.setInputFiles('#files', [...drawnField('alpha'), textNamed('list.png'), ...drawnField('omega')]);
    for (const id of ['alpha', 'omega', 'list']) await settled(page, id, timeout);
    const table = rows((await save(page, 'table')).bytes);
    assert.deepEqual(table.map((row) => row.Id), ['alpha', 'omega']);
    const submission = await save(page, 'submission');
    assert.equal(submission.name, 'cytolens-submission.csv');
    assert.deepEqual(rows(submission.bytes), table.map(({Id, Predicted}) => ({Id, Predicted})));
    const faults = await save(page, 'faults');
    assert.equal(faults.name, 'cytolens-faults.csv');
    assert.match(faults.bytes.toString('utf8'), /^Id,Subject,Reason\nlist,.*list\.png/);
    const file = await save(page, 'document');
    assert.equal(file.name, 'cytolens-predictions.json');
    const document = JSON.parse(file.bytes);
    assert.equal(document.format, 'cytolens-predictions');
    assert.equal(document.models.length, 1);
    const [{labels, thresholds, weights_sha256: weights}] = document.models;
    const manifest = manifestOf(smallModel());
    assert.deepEqual(labels, manifest.labels);
    assert.deepEqual(thresholds, halfPresent(manifest).thresholds);
    assert.equal(weights, manifest.weights.sha256);
    assert.deepEqual(document.fields.map(({id}) => id), ['alpha', 'omega']);
    for (const [at, field] of document.fields.entries()) {
      assert.deepEqual(field.probabilities, labels.map((label) => Number(table[at][label])));
      const over = labels.filter((label, at) => field.probabilities[at] >= thresholds[at]);
      assert.deepEqual(field.present, over);
      assert.match(field.device, /CPU/);
      assert.ok(field.network_ms > 0);
    }
    assert.deepEqual(document.refused.map(({id}) => id), ['list']);
    assert.match(document.refused[0].reason, /list\.png/);
  }, {changes: withManifest(halfPresent)});
});

test('the picture is saved as PNG, and addresses of saved files are given back', {timeout}, async () => {
  await open(async (page) => {
    await page.setInputFiles('#files', drawnField('alpha'));
    await settled(page, 'alpha');
    await page.waitForSelector('#viewer[data-state="shown"]');
    await page.evaluate(() => {
      // The page waits some seconds before, for browsers that are slow to begin: here a tenth of that.
      const {setTimeout} = window;
      window.setTimeout = (deed, after = 0) => setTimeout(deed, after / 10);
      window.open = new Set();
      const {createObjectURL, revokeObjectURL} = URL;
      URL.createObjectURL = (blob) => {
        const url = createObjectURL.call(URL, blob);
        window.open.add(url);
        return url;
      };
      URL.revokeObjectURL = (url) => {
        window.open.delete(url);
        revokeObjectURL.call(URL, url);
      };
    });
    await save(page, 'document');
    const {name, bytes} = await save(page, 'picture');
    await page.waitForFunction(() => window.open.size === 0);
    assert.match(name, /^cytolens-alpha.*\.png$/);
    const size = await page.evaluate(async (text) => {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes]));
      const {width, height} = image;
      const context = new OffscreenCanvas(width, height).getContext('2d');
      context.drawImage(image, 0, 0);
      // In the middle of the picture, which is square, is the disc of every channel.
      return {width, height, middle: [...context.getImageData(width / 2, width / 2, 1, 1).data]};
    }, bytes.toString('base64'));
    assert.equal(size.width % 256, 0, 'the picture is drawn in whole squares');
    assert.ok(size.height > size.width, 'a caption stands below it');
    assert.ok(Math.min(...size.middle) > 100, JSON.stringify(size));
  });
});

test('the menu says what can be had, and why the rest cannot', {timeout}, async () => {
  await open(async (page) => {
    await page.setInputFiles('#files', textNamed('list.png'));
    await settled(page, 'list');
    await page.focus('#export');
    await page.keyboard.press('Enter');
    const item = (what) => page.locator(`[data-export="${what}"]`);
    for (const [what, reason] of [['table', /classified/], ['submission', /classified/], ['picture', /select/i], ['report', /select/i]]) {
      assert.equal(await item(what).getAttribute('aria-disabled'), 'true', what);
      assert.match(await item(what).textContent(), reason);
    }
    assert.equal(await item('faults').isVisible(), true);
    await page.keyboard.press('Escape');
    assert.equal(await item('table').isVisible(), false);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'export');
    await page.setInputFiles('#files', drawnField('alpha'));
    await settled(page, 'alpha');
    await page.click('#export');
    for (const what of ['table', 'submission', 'picture', 'report']) {
      assert.equal(await item(what).getAttribute('aria-disabled'), null, what);
    }
    assert.match(await item('report').textContent(), /alpha/);
  });
});

/** A model that finds everything has the longest report. */
const talkative = (manifest) => ({
  ...manifest,
  thresholds: manifest.thresholds.map(() => 0),
  limits: 'It was never shown anything, and finds all of it. '.repeat(12),
});

for (const [which, edit, colorScheme, format] of [
  ['usual', halfPresent, 'dark', 'A4'],
  ['usual', halfPresent, 'light', 'Letter'],
  ['longest', talkative, 'dark', 'Letter'],
]) {
  test(`the ${which} report is one page of ${format}, from the ${colorScheme} theme`, {timeout}, async () => {
    mkdirSync(ARTEFACTS, {recursive: true});
    await open(async (page) => {
      const id = 'alpha-0123456789-0123456789-0123456789';
      await page.setInputFiles('#files', drawnField(id));
      await settled(page, id);
      // The browser's own dialog cannot be driven.
      await page.evaluate(() => (window.print = () => {}));
      await page.click('#export');
      await page.click('[data-export="report"]');
      await page.waitForSelector('body[data-print="report"]', {state: 'attached'});
      await page.emulateMedia({media: 'print'});
      const sheet = page.locator('#report');
      const text = await sheet.innerText();
      for (const part of [id, `${id}_green.png`, await page.textContent('#model-name'), 'not for diagnosis', 'CPU', 'Licence', 'UTC']) {
        assert.ok(text.includes(part), `the report says ${part}: ${text}`);
      }
      const chips = await page.locator('#answer .chip .name').allTextContents();
      assert.ok(chips.length > 0);
      for (const chip of chips) assert.ok(text.includes(chip), chip);
      const look = await sheet.evaluate((sheet) => ({
        ink: getComputedStyle(sheet).color,
        paper: getComputedStyle(document.body).backgroundColor,
        picture: sheet.querySelector('img').naturalWidth,
        others: [...document.body.children].filter((part) => part !== sheet && part.checkVisibility()).map((part) => part.tagName),
      }));
      // Each bar is as long as its probability, and each mark stands at its threshold, in ink that is printed.
      const rows = await sheet.locator('tbody tr').evaluateAll((rows) => rows.map((row) => {
        const box = (part) => row.querySelector(part).getBoundingClientRect();
        const ink = (part) => getComputedStyle(row.querySelector(part)).backgroundColor;
        const [track, fill, mark] = ['.track', '.fill', '.mark'].map(box);
        return {
          probability: Number(row.querySelector('.probability').textContent),
          threshold: Number(row.querySelector('.threshold').textContent),
          width: track.width,
          filled: fill.width / track.width,
          marked: (mark.left + mark.width / 2 - track.left) / track.width,
          heights: [fill.height, mark.height],
          inks: [ink('.fill'), ink('.mark')],
          isExact: getComputedStyle(row.querySelector('.fill')).printColorAdjust === 'exact',
        };
      }));
      assert.equal(rows.length, 10);
      for (const row of rows) {
        const said = JSON.stringify(row);
        assert.ok(row.width > 60, said);
        // Two digits are written, and a border has its width.
        assert.ok(Math.abs(row.filled - row.probability) < 0.03, said);
        assert.ok(Math.abs(row.marked - row.threshold) < 0.03, said);
        assert.ok(Math.min(...row.heights) > 3 && row.isExact, said);
        for (const ink of row.inks) assert.notEqual(ink, 'rgba(0, 0, 0, 0)', said);
      }
      assert.equal(look.ink, 'rgb(0, 0, 0)');
      assert.equal(look.paper, 'rgb(255, 255, 255)');
      assert.ok(look.picture > 1, 'the picture is on the report');
      assert.deepEqual(look.others, []);
      await page.setViewportSize({width: 688, height: 950});
      await page.screenshot({path: path.join(ARTEFACTS, `report-${which}-${format}.png`), fullPage: true});
      await page.emulateMedia({media: null});
      const pdf = await page.pdf({format, printBackground: true});
      const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g) ?? [];
      assert.equal(pages.length, 1);
      // After printing, the page is as it was.
      await page.waitForSelector('body:not([data-print])', {state: 'attached'});
      assert.equal(await sheet.isVisible(), false);
    }, {colorScheme, changes: withManifest(edit)});
  });
}
