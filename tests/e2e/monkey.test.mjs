// A short walk of the monkey, always the same; `scripts/endurance/monkey.mjs` is the long one.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {monkey} from './monkey.mjs';
import {PATIENCE} from './harness.mjs';

test('a monkey loses no field and gets no wrong answer', {timeout: 3 * PATIENCE.gpu}, async () => {
  // Its Chromium has a software adapter:
  const {counts} = await monkey({seed: 1, isEnough: ({actions}) => actions >= 60});
  assert.ok(counts.answers > 50, JSON.stringify(counts));
});
