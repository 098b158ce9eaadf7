// Which device computes, and that each computes the same.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';
import {differences, drawnField, realField, references, settled} from './fields.mjs';
import {chromiumForTests, IMAGES, missing, PATIENCE, SHIPPED_MODEL} from './harness.mjs';

const timeout = 3 * PATIENCE.gpu;

describe('without any adapter', () => {
  const {open} = chromiumForTests();

  for (const address of ['', '?device=gpu']) {
    test(`the CPU classifies, and the page says why (${address || 'automatic'})`, {timeout}, async () => {
      await open(async (page, {engine: {kind, report}}) => {
        assert.equal(kind, 'cpu');
        assert.match(report, /CPU/);
        assert.match(report, /GPU|adapter/);
        await page.setInputFiles('#files', drawnField('drawn'));
        assert.equal((await settled(page, 'drawn')).state, 'done');
      }, {address});
    });
  }
});

describe('with a software adapter', () => {
  const {open} = chromiumForTests({adapter: true});

  test('the automatic choice is the CPU, and the page says why', {timeout}, async () => {
    await open(async (page, {engine: {kind, report}}) => {
      assert.equal(kind, 'cpu');
      assert.match(report, /software/i);
    }, {address: ''});
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
