// What visitors see when their GPU is lost: every field is classified in the end, and rightly.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {maxAbsolute} from './closeness.mjs';
import {beforeEngine, KEPT} from './engines.mjs';
import {drawnField, settled} from './fields.mjs';
import {chromiumForTests, CPU, PATIENCE, ready} from './harness.mjs';

const timeout = 3 * PATIENCE.gpu;

const {visit} = chromiumForTests({adapter: true});

/** Destroys the engine's device when it hears `destroy` on a channel that the test speaks on. */
const ON_COMMAND = `
  new BroadcastChannel('device').onmessage = () => globalThis.kept?.destroy();`;
/** Destroys every device of every worker when a field is to be classified. */
const ALWAYS = `
  addEventListener('message', ({data}) => { if (data.classify) globalThis.kept?.destroy(); });`;
/** Destroys every device before its model is ready. */
const WHILE_OPENING = `
  setInterval(() => globalThis.kept?.destroy(), 20);`;

// Two devices' kernels of one network, in float32.
const TOLERANCE = 2e-3;

const IDS = ['first', 'second', 'third', 'fourth'];

/** Fields that differ, so that an answer given to the wrong one shows. */
const fields = () => IDS.flatMap((id, place) => drawnField(id, {side: 64 + 32 * place, channels: ['red', 'green', 'blue']}));

/** Opens the page with a spoilt GPU, hands it the fields, and gives what it answers. */
async function answers(address, spoilt, meanwhile = async () => {}) {
  const found = {fields: {}};
  await visit(async (page, {site}) => {
    found.first = await ready(page, PATIENCE.gpu);
    await page.setInputFiles('#files', fields());
    await meanwhile(page);
    for (const id of IDS) found.fields[id] = await settled(page, id, PATIENCE.gpu);
    found.last = await ready(page, PATIENCE.gpu);
    found.workers = site.requests.filter((address) => address === '/engine.js').length;
  }, {address, changes: beforeEngine(spoilt)});
  return found;
}

/** How far two fields' probabilities are from each other at most. */
function off(bars, others) {
  const inOrder = (bars) => [...bars].sort((a, b) => a.class - b.class).map((bar) => bar.probability);
  return maxAbsolute(inOrder(bars), inOrder(others));
}

let expected;
/** What the CPU says of the fields. */
async function undisturbed() {
  expected ??= (await answers(CPU, '')).fields;
  const [first, ...others] = IDS.map((id) => expected[id].bars);
  for (const bars of others) assert.ok(off(bars, first) > 10 * TOLERANCE, 'the fields differ');
  return expected;
}

async function assertRight(found) {
  const right = await undisturbed();
  for (const id of IDS) {
    assert.equal(found.fields[id].state, 'done', `${id}: ${found.fields[id].reason}`);
    assert.equal(found.fields[id].bars.length, 28);
    const difference = off(found.fields[id].bars, right[id].bars);
    assert.ok(difference <= TOLERANCE, `${id}: off by ${difference}`);
  }
}

test('a GPU that is lost once goes on where it was', {timeout}, async () => {
  const found = await answers('?device=gpu', KEPT + ON_COMMAND, async (page) => {
    await page.waitForSelector('.field[data-id="first"][data-state="done"]', {timeout: PATIENCE.gpu, state: 'attached'});
    await page.evaluate(() => new BroadcastChannel('device').postMessage('destroy'));
  });
  assert.equal(found.first.kind, 'gpu', found.first.report);
  assert.equal(found.workers, 3, 'one showed fields while the program for the GPU came, and one was lost');
  assert.equal(found.last.kind, 'gpu', found.last.report);
  await assertRight(found);
});

test('a GPU that is lost again and again gives way to the CPU', {timeout}, async () => {
  const found = await answers('?device=gpu', KEPT + ALWAYS);
  assert.equal(found.first.kind, 'gpu', found.first.report);
  assert.equal(found.last.kind, 'cpu', found.last.report);
  assert.match(found.last.report, /GPU/, 'the page says why it is the CPU');
  await assertRight(found);
});

test('a GPU that is lost while it opens gives way to the CPU', {timeout}, async () => {
  const found = await answers('?device=gpu', KEPT + WHILE_OPENING);
  assert.equal(found.last.kind, 'cpu', found.last.report);
  assert.match(found.last.report, /GPU/);
  await assertRight(found);
});
