// Inputs that public reports of other programs led to, dropped on the page: third-party pictures, which are not part of the project.
//
// CYTOLENS_CORPUS   their folder (corpus beside CYTOLENS_DATA)
// CASES             a pattern of names: all that match instead of one of each kind, each told in a line
import assert from 'node:assert/strict';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {dropFolder, passedOver, settled} from './fields.mjs';
import {chromiumForTests, DATA, missing, PATIENCE, SHIPPED_MODEL} from './harness.mjs';

const CORPUS = path.resolve(process.env.CYTOLENS_CORPUS || path.join(DATA, '../corpus'));
const REFERENCE = '000-reference';
const KINDS = new RegExp(process.env.CASES || `^(${[
  '005-tiff-zstd', '010-tiff-big-endian-16-lzw-predictor', '014-tiff-thumbnail-page', '027-ome-names-unusual-order', '032-ome-z-stack-4x5',
  '037-tiff-planar-separate-4', '055-png-palette-grey-ramp', '068-jpeg-truncated-half', '073-webp-named-png', '077-microscope-formats',
  '087-empty-and-cut-files', '088-browser-duplicate-downloads', '093-name-nfd', '142-zip-finder', '145-zip-encrypted', '156-page-same-name-two-plates',
].join('|')})$`);

const {open} = chromiumForTests();

const casesOf = (pattern) => readdirSync(CORPUS)
  .filter((name) => pattern.test(name) && existsSync(path.join(CORPUS, name, 'case.json')))
  .map((name) => ({...JSON.parse(readFileSync(path.join(CORPUS, name, 'case.json'), 'utf8')), name}))
  // Tables are the trainer's and the quiz's; choices beside the files are made in the tests of input.
  .filter(({mode, args, name}) => mode === 'predict' && args.length === 0 && name !== '155-page-unnamed-channels');

const tiles = (page) => page.locator('#fields > li').evaluateAll((all) => all.map(({dataset: {id, state}}) => ({id, state})));

/** Drops a case's folder and waits until the page has answered or refused all of it: its fields, and the words beside them. */
async function outcome(page, {name}) {
  await page.evaluate(() => {
    for (const button of ['clear', 'passed-over-close', 'undo-close']) document.getElementById(button).click();
  });
  await page.waitForFunction(() => !document.querySelector('#fields > li') && !document.querySelector('#passed-over li'));
  await dropFolder(page, path.join(CORPUS, name, 'data'));
  // Passed-over files are listed before the fields beside them have their tiles.
  const isThrough = () => {
    const isOpen = document.querySelector('#fields > li:is([data-state="waiting"], [data-state="working"])') || document.getElementById('reading').textContent;
    const isThere = document.querySelector('#fields > li') || document.querySelector('#passed-over li');
    window.through = isThere && !isOpen ? (window.through ?? performance.now()) : undefined;
    return performance.now() - window.through > 500;
  };
  await page.evaluate(() => delete window.through);
  await page.waitForFunction(isThrough, null, {timeout: PATIENCE.cpu, polling: 50});
  const fields = {};
  const said = Object.values(await passedOver(page));
  for (const {id} of await tiles(page)) {
    const {state, reason, bars} = await settled(page, id);
    said.push(reason, await page.locator('#answer').textContent());
    if (state === 'done') fields[id.normalize('NFC')] = bars.toSorted((a, b) => a.class - b.class).map(({probability}) => probability);
  }
  return {fields, said: said.join('\n')};
}

/** What an outcome lacks of an allowed one; `vec`, an answer of another model, says only that there is to be one. */
function lacks({rows = {}, no_rows: none = [], any_row: any}, {fields}, references) {
  const found = [];
  const field = (key) => {
    const id = key.replace(/^nfkc:/, '').normalize('NFC');
    return fields[id] ?? Object.entries(fields).find(([other]) => other.endsWith(`/${id}`))?.[1];
  };
  for (const [key, {ref, tol}] of Object.entries(rows)) {
    const row = field(key);
    if (row?.length !== 28 || !row.every((value) => value >= 0 && value <= 1)) found.push(`${key} is not answered`);
    else if (ref) {
      const off = Math.max(...row.map((value, at) => Math.abs(value - references[ref][at])));
      if (!(off <= tol)) found.push(`${key} is off by ${off}, of ${tol}`);
    }
  }
  for (const key of none) if (field(key)) found.push(`${key} is answered`);
  if (any && Object.keys(fields).length === 0) found.push('nothing is answered');
  return found;
}

test('what people bring is answered as its reference, or refused in words', {skip: missing(CORPUS), timeout: 60 * PATIENCE.cpu}, async () => {
  await open(async (page) => {
    const [reference] = casesOf(new RegExp(`^${REFERENCE}$`));
    const {fields} = await outcome(page, reference);
    const references = Object.fromEntries(Object.entries(reference.any_of[0].rows).map(([id, {ref}]) => [ref, fields[id]]));
    const wrong = [];
    const cases = casesOf(KINDS).filter(({name}) => name !== REFERENCE);
    assert.ok(cases.length > 0, 'no case has such a name');
    for (const one of cases) {
      const found = await outcome(page, one);
      const judged = one.any_of.map((allowed) => lacks(allowed, found, references));
      const isRight = judged.some((faults) => faults.length === 0);
      if (!isRight) wrong.push(`${one.name}: ${judged.map((faults) => faults.join(', ')).join('; or ')}; ${found.said.slice(0, 300)}`);
      assert.ok(Object.keys(found.fields).length > 0 || found.said.trim(), `${one.name}: nothing is said`);
      const isCompared = one.any_of.some(({rows = {}}) => Object.values(rows).some(({ref}) => ref)) || Object.keys(found.fields).length === 0;
      if (process.env.CASES) console.log([one.name, isRight ? (isCompared ? 'right' : 'answered') : 'WRONG', Object.keys(found.fields).join(' '), found.said.replace(/\s+/g, ' ').slice(0, 160)].join(' | '));
    }
    assert.deepEqual(wrong, []);
  }, {model: SHIPPED_MODEL});
});
