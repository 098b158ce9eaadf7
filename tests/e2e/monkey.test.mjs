// A short walk of the monkey, always the same; `scripts/endurance.sh monkey` is the long one.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {PATIENCE} from './harness.mjs';
import {monkey} from './monkey.mjs';

test('a monkey loses no field and gets no wrong answer', {timeout: 3 * PATIENCE.gpu}, async () => {
  const {counts} = await monkey({seed: 1, adapter: true, isEnough: ({actions}) => actions >= 60});
  assert.ok(counts.answers > 50, JSON.stringify(counts));
});
