// You against the model: rounds over samples and over labelled fields, as a visitor plays them.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {drawnField, settled} from './fields.mjs';
import {choose, chromiumForTests, DIST, PATIENCE} from './harness.mjs';

const timeout = 4 * PATIENCE.cpu;

const {open} = chromiumForTests();

const revealed = (page) => page.waitForSelector('#quiz-reveal:not([hidden])', {timeout: PATIENCE.cpu});

/** Answers the field whose turn it is with these locations; none for 'none of these'. */
async function answer(page, classes) {
  for (const class_ of classes.length ? classes : ['none']) await page.check(`#quiz [name="location"][value="${class_}"]`);
  await page.click('#quiz-form [type="submit"]');
  await revealed(page);
}

/** What the table of one field says: who said which location. */
const verdict = (page) =>
  page.locator('#quiz-verdict tbody tr').evaluateAll((rows) =>
    rows.map((row) => ({
      location: row.querySelector('th').textContent,
      truth: row.querySelector('.truth').textContent,
      own: row.querySelector('.own').dataset.mark,
      model: row.querySelector('.model').dataset.mark,
      words: row.querySelector('.own').textContent,
    })),
  );

async function saved(page, kind) {
  const coming = page.waitForEvent('download');
  await page.click(`[data-quiz="${kind}"]`);
  const download = await coming;
  return {name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8')};
}

/** F1 over lists of locations, by its definition. */
function f1(pairs) {
  let [hits, wrong, missed] = [0, 0, 0];
  for (const [truth, said] of pairs) {
    hits += said.filter((location) => truth.includes(location)).length;
    wrong += said.filter((location) => !truth.includes(location)).length;
    missed += truth.filter((location) => !said.includes(location)).length;
  }
  return (2 * hits) / Math.max(1, 2 * hits + wrong + missed);
}

test('a round over samples is played, scored and saved', {timeout}, async () => {
  await open(async (page, {engine: {model}}) => {
    await choose(page, '#open-quiz');
    assert.match(await page.textContent('#quiz-simulated'), /simulated/);
    await page.selectOption('#quiz-length', '5');
    await page.click('[data-quiz="begin"]');
    const seen = [];
    for (let turn = 1; turn <= 5; turn++) {
      await page.waitForSelector('#quiz-form:not([hidden])');
      assert.equal(await page.textContent('#quiz-place'), `Field ${turn} of 5`);
      await page.waitForSelector('#quiz-layers canvas', {timeout: PATIENCE.cpu});
      assert.equal(await page.locator('#quiz-layers canvas').count(), 4);
      // Nothing on the screen gives the answer away.
      assert.equal(await page.isVisible('#quiz-reveal'), false);
      assert.ok(!(await page.innerText('#quiz')).includes('sample-'));
      assert.equal(await page.locator('[name="location"]:checked').count(), 0);
      await answer(page, turn % 2 ? [0, 25] : []);
      const rows = await verdict(page);
      for (const {truth, own, model: said, words} of rows) {
        const isThere = truth === 'there';
        assert.ok((isThere ? ['right', 'missed'] : ['wrong', 'unsaid']).includes(own));
        assert.ok((isThere ? ['right', 'missed'] : ['wrong', 'unsaid']).includes(said));
        assert.ok(words.length > 2, 'a mark has words');
      }
      const list = (marks, part) => rows.filter((row) => marks.includes(row[part])).map(({location}) => location);
      seen.push({
        truth: rows.filter(({truth}) => truth === 'there').map(({location}) => location),
        person: list(['right', 'wrong'], 'own'),
        model: list(['right', 'wrong'], 'model'),
      });
      assert.ok((await page.textContent('#quiz-reveal-title')).includes(seen.at(-1).truth.join(', ')));
      await page.click('[data-quiz="next"]');
    }
    await page.waitForSelector('#quiz-end:not([hidden])');
    const file = await saved(page, 'json');
    assert.equal(file.name, 'cytolens-quiz.json');
    const record = JSON.parse(file.text);
    const sorted = (field) => ['truth', 'person', 'model'].map((who) => [...field[who]].sort());
    assert.deepEqual(record.fields.map(sorted), seen.map(sorted));
    assert.deepEqual(record.models, [model]);
    assert.match(record.fields_are, /simulated/);
    const locations = [...new Set(seen.flatMap(({truth}) => truth))];
    for (const [who, column] of [['person', 2], ['model', 3]]) {
      const pairs = seen.map((field) => [field.truth, field[who]]);
      const only = (location) => pairs.map((pair) => pair.map((list) => list.filter((other) => other === location)));
      const macro = locations.reduce((sum, location) => sum + f1(only(location)), 0) / locations.length;
      assert.ok(Math.abs(record[who].macro_f1 - macro) < 1e-9, who);
      assert.ok(Math.abs(record[who].micro_f1 - f1(pairs)) < 1e-9, who);
      const shown = await page.locator(`#quiz-scores tr td:nth-child(${column})`).allTextContents();
      assert.equal(shown[0], macro.toFixed(2));
      assert.equal(shown[2], `${record[who].exact} of 5`);
    }
    const table = await saved(page, 'csv');
    assert.equal(table.name, 'cytolens-quiz.csv');
    const [head, ...lines] = table.text.trim().split('\n');
    assert.equal(head, 'Id,Target,Person,Model');
    assert.deepEqual(lines.map((line) => line.split(',')[0]), record.fields.map(({id}) => id));
    assert.match(await page.textContent('#quiz-caution'), /rough[^]*simulated/);
    // The desk has nothing to do with it.
    assert.equal(await page.locator('li.field').count(), 0);
  });
});

test('a round is left, and goes on after a reload', {timeout}, async () => {
  await open(async (page) => {
    await page.focus('#menu-open');
    await page.keyboard.press('Enter');
    await page.focus('#open-quiz');
    await page.keyboard.press('Enter');
    await page.click('[data-quiz="begin"]');
    await answer(page, [7]);
    await page.click('[data-quiz="next"]');
    await page.waitForSelector('#quiz-form:not([hidden])');
    await page.keyboard.press('Escape');
    assert.equal(await page.isVisible('#quiz'), false);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'menu-open');
    // Left and opened again, it stands where it stood.
    await choose(page, '#open-quiz');
    assert.equal(await page.textContent('#quiz-place'), 'Field 2 of 10');
    await page.reload();
    await choose(page, '#open-quiz');
    await page.click('[data-quiz="resume"]');
    assert.equal(await page.textContent('#quiz-place'), 'Field 2 of 10');
    await answer(page, [7]);
  });
});

test('labelled fields of the desk are asked, and a faulty table is refused in words', {timeout}, async () => {
  const table = (name, text) => ({name, mimeType: 'text/csv', buffer: Buffer.from(text)});
  await open(async (page) => {
    await page.setInputFiles('#files', ['alpha', 'beta', 'gamma'].flatMap((id) => drawnField(id)));
    await settled(page, 'gamma', timeout);
    await choose(page, '#open-quiz');
    await page.check('[name="kind"][value="desk"]');
    assert.equal(await page.getAttribute('[data-quiz="begin"]', 'aria-disabled'), 'true');
    await page.setInputFiles('#quiz [name="table"]', table('notes.csv', 'name;labels\nalpha;1\n'));
    await page.getByText(/notes\.csv: a table of labels must have the columns/).waitFor();
    assert.equal(await page.getAttribute('[data-quiz="begin"]', 'aria-disabled'), 'true');
    await page.setInputFiles('#quiz [name="table"]', table('train.csv', 'Id,Target\nalpha,2 25\nbeta,99\ngamma,\nother,3\n'));
    await page.getByText(/train\.csv has labels for 2 of the 3 fields/).waitFor();
    assert.match(await page.textContent('#quiz-about'), /line 3/);
    await page.click('[data-quiz="begin"]');
    const scores = {};
    for (let turn = 0; turn < 2; turn++) {
      await page.waitForSelector('#quiz-form:not([hidden])');
      await answer(page, [2, 25]);
      const id = await page.textContent('#quiz-field');
      scores[id] = await page.textContent('#quiz-field-scores');
      await page.click('[data-quiz="next"]');
    }
    assert.match(scores.alpha, /you 1\.00/);
    assert.match(scores.gamma, /you 0\.00/);
    await page.waitForSelector('#quiz-end:not([hidden])');
    assert.doesNotMatch(await page.textContent('#quiz-caution'), /simulated/);
  });
});

test('the keyboard plays, and channels are switched', {timeout}, async () => {
  await open(async (page) => {
    await choose(page, '#open-quiz');
    await page.click('[data-quiz="begin"]');
    await page.waitForSelector('#quiz-layers canvas', {timeout: PATIENCE.cpu});
    // The question has the focus, so that it is read; the first box comes next.
    const focused = () => page.evaluate(() => document.activeElement.dataset.heads ?? document.activeElement.value);
    assert.equal(await focused(), 'ask');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), '0');
    // Nothing chosen is no answer.
    await page.keyboard.press('Enter');
    await page.getByText('Tick at least one location').waitFor();
    await page.keyboard.press('Space');
    assert.equal(await page.isChecked('[name="location"][value="0"]'), true);
    // 'None of these' takes the others back, and any other takes it back.
    await page.check('[name="location"][value="none"]');
    assert.equal(await page.isChecked('[name="location"][value="0"]'), false);
    await page.check('[name="location"][value="7"]');
    assert.equal(await page.isChecked('[name="location"][value="none"]'), false);
    await page.uncheck('[name="channel"][value="red"]');
    assert.equal(await page.isVisible('#quiz-layers [data-channel="red"]'), false);
    assert.equal(await page.isVisible('#quiz-layers [data-channel="green"]'), true);
    await page.focus('[name="location"][value="7"]');
    await page.keyboard.press('Enter');
    await revealed(page);
    assert.equal(await focused(), 'reveal');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.textContent('#quiz-place'), 'Field 2 of 10');
  });
});

test('a sample that cannot be read is left out, and the round goes on', {timeout}, async () => {
  const {samples} = JSON.parse(readFileSync(path.join(DIST, 'samples/samples.json'), 'utf8'));
  const [whole, broken] = samples;
  const two = (bytes) => JSON.stringify({samples: JSON.parse(bytes).samples.slice(0, 2)});
  const green = broken.files.find((file) => file.includes('_green'));
  await open(async (page) => {
    // The last one is asked first.
    await page.evaluate(() => (Math.random = () => 0));
    await choose(page, '#open-quiz');
    await page.click('[data-quiz="begin"]');
    await page.waitForSelector('#quiz-notice:not([hidden])', {timeout: PATIENCE.cpu});
    assert.match(await page.textContent('#quiz-notice'), new RegExp(`${broken.id}.*left out`));
    await answer(page, [0]);
    assert.equal(await page.textContent('#quiz-field'), whole.id);
    await page.click('[data-quiz="next"]');
    await page.waitForSelector('#quiz-end:not([hidden])');
    assert.match(await page.textContent('#quiz-scores'), /of 1/);
  }, {changes: {'/samples/samples.json': two, [`/samples/${green}`]: () => 'no picture'}});
});
