// Which device computes, and that each computes the same.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';
import {beforeEngine} from './engines.mjs';
import {differences, drawnField, realField, references, settled} from './fields.mjs';
import {chromiumForTests, CPU, IMAGES, missing, PATIENCE, ready, select, SHIPPED_MODEL} from './harness.mjs';

const timeout = 3 * PATIENCE.gpu;

/** The engines' programs that were asked for, in their order. */
const programs = (site) => site.requests.map((address) => /(\w+_engine\w*)_bg\.wasm\.gz$/.exec(address)?.[1]).filter(Boolean);

/** Takes relaxed SIMD from the browser. */
const WITHOUT_RELAXED_SIMD = {'/start.js': (bytes) => `WebAssembly.validate = () => false;\n${bytes}`};

describe('without any adapter', () => {
  const {open} = chromiumForTests();

  for (const address of ['', '?device=gpu']) {
    test(`the CPU classifies, and the page says why (${address || 'automatic'})`, {timeout}, async () => {
      await open(async (page, {site, engine: {kind, report}}) => {
        assert.equal(kind, 'cpu');
        assert.match(report, /CPU/);
        assert.match(report, /GPU|adapter/);
        assert.deepEqual(programs(site), ['cpu_engine_relaxed'], 'the program for GPUs is not downloaded');
        await page.setInputFiles('#files', drawnField('drawn'));
        assert.equal((await settled(page, 'drawn')).state, 'done');
      }, {address});
    });
  }

  test('a browser without relaxed SIMD fetches the program that needs none', {timeout}, async () => {
    await open(async (page, {site}) => {
      assert.deepEqual(programs(site), ['cpu_engine']);
      await page.setInputFiles('#files', drawnField('drawn'));
      assert.equal((await settled(page, 'drawn')).state, 'done');
    }, {address: CPU, changes: WITHOUT_RELAXED_SIMD});
  });
});

describe('with a software adapter', () => {
  const {open} = chromiumForTests({adapter: true});

  test('the automatic choice is the CPU, and the page says why', {timeout}, async () => {
    await open(async (page, {site, engine: {kind, report}}) => {
      assert.equal(kind, 'cpu');
      assert.match(report, /software/i);
      assert.deepEqual(programs(site), ['cpu_engine_relaxed']);
    }, {address: ''});
  });

  test('another device fetches its own program, once', {timeout}, async () => {
    await open(async (page, {site, engine: {kind}}) => {
      assert.equal(kind, 'cpu');
      for (const [turn, device] of ['gpu', 'cpu', 'gpu'].entries()) {
        await select(page, '#device', device);
        await page.waitForSelector(`#device-report[data-kind="${device}"]`, {state: 'attached', timeout: PATIENCE.gpu});
        await page.setInputFiles('#files', drawnField(`turn-${turn}`));
        assert.equal((await settled(page, `turn-${turn}`, PATIENCE.gpu)).state, 'done');
      }
      assert.deepEqual(programs(site), ['cpu_engine_relaxed', 'gpu_engine']);
    }, {address: CPU});
  });

  test('a GPU that computes wrongly gives way to the CPU, and the page says why', {timeout}, async () => {
    const wrong = `
      const {getMappedRange} = GPUBuffer.prototype;
      GPUBuffer.prototype.getMappedRange = function (...range) {
        const bytes = getMappedRange.apply(this, range);
        const numbers = new Float32Array(bytes);
        numbers.forEach((number, index) => { numbers[index] = number * 1.5 + 1; });
        return bytes;
      };`;
    await open(async (page, {site, engine: {kind, report}}) => {
      assert.equal(kind, 'cpu', report);
      assert.match(report, /computes wrongly/);
      assert.deepEqual(programs(site), ['cpu_engine_relaxed', 'gpu_engine']);
      await page.setInputFiles('#files', drawnField('drawn'));
      assert.equal((await settled(page, 'drawn')).state, 'done');
      assert.equal((await ready(page)).kind, 'cpu');
    }, {address: '?device=gpu', changes: beforeEngine(wrong), patience: PATIENCE.gpu});
  });

  // Tolerance: other kernels of the same network, in float32.
  test('WebGPU classifies a real field as the trainer does', {skip: missing(IMAGES), timeout}, async () => {
    const [reference] = references();
    await open(async (page, {engine: {kind, report}}) => {
      assert.equal(kind, 'gpu', report);
      await page.setInputFiles('#files', realField(reference.id));
      const card = await settled(page, reference.id, PATIENCE.gpu);
      assert.equal(card.state, 'done', card.reason);
      assert.deepEqual(differences(card, reference, 1e-3), []);
      assert.equal(await page.getAttribute('#device-report', 'data-kind'), 'gpu', 'it is still the GPU');
    }, {address: '?device=gpu', model: SHIPPED_MODEL, patience: PATIENCE.gpu});
  });
});
