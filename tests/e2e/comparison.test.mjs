// That these tests can fail: what they compare with, and what they watch, is itself tested.
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {maxAbsolute, maxRelative, softmax} from './closeness.mjs';
import {differences, readReference} from './fields.mjs';
import {chromiumForTests, HERE} from './harness.mjs';

const reference = {id: 'x', predicted: [3], probabilities: Array.from({length: 28}, (_, at) => (at === 3 ? 0.9 : 0.1))};

function card({change = () => {}} = {}) {
  const bars = reference.probabilities.map((probability, at) => ({class: at, probability, present: at === 3}));
  const card = {bars, chips: [3]};
  change(card);
  return card;
}

test('an equal card has no differences, and one within the tolerance neither', () => {
  assert.deepEqual(differences(card(), reference, 1e-3), []);
  const change = (card) => (card.bars[7].probability += 0.9e-3);
  assert.deepEqual(differences(card({change}), reference, 1e-3), []);
});

for (const [what, change] of [
  ['a probability over the tolerance', (card) => (card.bars[7].probability += 1.2e-3)],
  ['a probability that is no number', (card) => (card.bars[7].probability = NaN)],
  ['a bar that is missing', (card) => card.bars.pop()],
  ['a chip too many', (card) => card.chips.push(5)],
  ['a chip that is missing', (card) => (card.chips = [])],
  ['two classes exchanged', (card) => ([card.bars[3].class, card.bars[4].class] = [4, 3])],
  ['another label in chips and bars', (card) => {
    card.chips = [4];
    card.bars[3].present = false;
    card.bars[4].present = true;
  }],
]) {
  test(`the comparison reports ${what}`, () => assert.notDeepEqual(differences(card({change}), reference, 1e-3), []));
}

test('the table of the trainer is read with its columns', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'cytolens-'));
  try {
    const file = path.join(folder, 'reference.csv');
    writeFileSync(file, 'Id,Predicted,A,B,C\nx,0 2,0.9,0.1,0.8\ny,,0.1,0.2,0.3\n');
    assert.deepEqual(readReference(file), [
      {id: 'x', predicted: [0, 2], probabilities: [0.9, 0.1, 0.8]},
      {id: 'y', predicted: [], probabilities: [0.1, 0.2, 0.3]},
    ]);
  } finally {
    rmSync(folder, {recursive: true});
  }
});

test('vectors of other lengths or without numbers are never close', () => {
  assert.equal(maxAbsolute([1, 2], [1, 2, 3]), Infinity);
  assert.equal(maxAbsolute([], []), Infinity);
  assert.equal(maxAbsolute([1, NaN], [1, 2]), Infinity);
  assert.equal(maxRelative([1, 3], [1, -4]), 7 / 4);
  assert.ok(maxAbsolute(softmax([1000, 1000]), [0.5, 0.5]) < 1e-12);
});

const {visit} = chromiumForTests();
test('a request to another origin is noticed, also from a worker', {timeout: 60_000}, async () => {
  const probe = {folder: HERE, address: 'probe.html'};
  for (const ask of [
    () => fetch('http://elsewhere.invalid/').catch(() => {}),
    () => new Promise((resolve) => {
      const script = "fetch('http://elsewhere.invalid/').catch(() => {}).then(() => postMessage(0))";
      const worker = new Worker(URL.createObjectURL(new Blob([script])));
      worker.onmessage = resolve;
    }),
  ]) {
    await assert.rejects(visit((page) => page.evaluate(ask), probe), /every request stays on the origin/);
  }
  await visit(async () => {}, probe);
});
