// What visitors see when their GPU is lost: every field is classified in the end, and rightly.
//
// FORMULA_PACKAGES  the packages that the example formula_packages makes; one of them stands in for the
//                   shipped model, because it is quicker
import assert from 'node:assert/strict';
import path from 'node:path';
import {test} from 'node:test';
import {drawnField, settled} from './fields.mjs';
import {DIST, launch, missing, PATIENCE, ready, serve, visit} from './harness.mjs';

const {FORMULA_PACKAGES} = process.env;
const skip = missing({FORMULA_PACKAGES});
const timeout = 3 * PATIENCE.gpu;

/** Destroys the engine's device when it hears `destroy` on a channel that the test speaks on. */
const ON_COMMAND = `
  new BroadcastChannel('device').onmessage = () => globalThis.kept?.destroy();`;
/** Destroys every device of every worker when a field is to be classified. */
const ALWAYS = `
  addEventListener('message', ({data}) => { if (data.classify) globalThis.kept?.destroy(); });`;
/** Destroys every device before its model is ready. */
const WHILE_OPENING = `
  setInterval(() => globalThis.kept?.destroy(), 20);`;
const KEPT = `
  const {requestDevice} = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...options) {
    return globalThis.kept = await requestDevice.apply(this, options);
  };`;

const IDS = ['first', 'second', 'third', 'fourth'];

/** Fields that differ, so that an answer given to the wrong one shows. */
const fields = () => IDS.flatMap((id, place) => drawnField(id, {side: 64 + 32 * place, channels: ['red', 'green', 'blue']}));

/** Opens the page with a spoilt GPU, hands it the fields, and gives what it answers. */
async function answers(query, spoilt, meanwhile = async () => {}) {
  const mounts = {'/model/': path.join(FORMULA_PACKAGES ?? DIST, 'densenet-121-pooling')};
  const changes = {'/engine.js': (bytes) => `${spoilt}\n${bytes}`};
  const site = await serve({mounts, changes});
  const browser = await launch({adapter: query.includes('gpu')});
  try {
    const found = {};
    await visit(browser, site, query, async (page) => {
      found.first = await ready(page, PATIENCE.gpu);
      await page.setInputFiles('#files', fields());
      await meanwhile(page);
      found.fields = {};
      for (const id of IDS) found.fields[id] = await settled(page, id, PATIENCE.gpu);
      found.last = await ready(page, PATIENCE.gpu);
      found.workers = site.requests.filter((address) => address === '/engine.js').length;
    });
    return found;
  } finally {
    await browser.close();
    await site.close();
  }
}

let expected;
/** What the CPU says of the fields. */
async function undisturbed() {
  expected ??= (await answers('?device=cpu', '')).fields;
  return expected;
}

async function assertRight(found) {
  const right = await undisturbed();
  for (const id of IDS) {
    assert.equal(found.fields[id].state, 'done', `${id}: ${found.fields[id].reason}`);
    const of = (bars) => new Map(bars.map((bar) => [bar.class, bar.probability]));
    const [a, b] = [of(found.fields[id].bars), of(right[id].bars)];
    assert.equal(a.size, 28);
    for (const [name, probability] of a) {
      assert.ok(Math.abs(probability - b.get(name)) <= 2e-3, `${id}, class ${name}: ${probability}, not ${b.get(name)}`);
    }
  }
}

test('a GPU that is lost once goes on where it was', {skip, timeout}, async () => {
  const found = await answers('?device=gpu', KEPT + ON_COMMAND, async (page) => {
    await page.waitForSelector('.field[data-id="first"][data-state="done"]', {timeout: PATIENCE.gpu, state: 'attached'});
    await page.evaluate(() => new BroadcastChannel('device').postMessage('destroy'));
  });
  assert.equal(found.first.kind, 'gpu', found.first.report);
  assert.equal(found.workers, 2, 'one worker was lost');
  assert.equal(found.last.kind, 'gpu', found.last.report);
  await assertRight(found);
});

test('a GPU that is lost again and again gives way to the CPU', {skip, timeout}, async () => {
  const found = await answers('?device=gpu', KEPT + ALWAYS);
  assert.equal(found.first.kind, 'gpu', found.first.report);
  assert.equal(found.last.kind, 'cpu', found.last.report);
  assert.match(found.last.report, /GPU/, 'the page says why it is the CPU');
  await assertRight(found);
});

test('a GPU that is lost while it opens gives way to the CPU', {skip, timeout}, async () => {
  const found = await answers('?device=gpu', KEPT + WHILE_OPENING);
  assert.equal(found.last.kind, 'cpu', found.last.report);
  assert.match(found.last.report, /GPU/);
  await assertRight(found);
});
