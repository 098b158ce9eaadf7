// Which device computes, and that each computes the same.
import assert from 'node:assert/strict';
import {existsSync} from 'node:fs';
import path from 'node:path';
import {after, before, describe, test} from 'node:test';
import {differences, drawnField, IMAGES, readReference, realField, settled} from './fields.mjs';
import {launch, missing, PATIENCE, ready, serve, visit} from './harness.mjs';

const REFERENCE = process.env.REFERENCE_CSV;
const noReference = missing({'the folder of real fields': IMAGES, REFERENCE_CSV: REFERENCE});
const timeout = 3 * PATIENCE.gpu;

let site;
before(async () => {
  site = await serve();
});
after(() => site?.close());

describe('without any adapter', () => {
  let browser;
  before(async () => {
    browser = await launch({adapter: false});
  });
  after(() => browser?.close());

  for (const query of ['', '?device=gpu']) {
    test(`the CPU classifies, and the page says why (${query || 'automatic'})`, {timeout}, async () => {
      await visit(browser, site, query, async (page) => {
        const {kind, report} = await ready(page);
        assert.equal(kind, 'cpu');
        assert.match(report, /CPU/);
        assert.match(report, /GPU|adapter/);
        await page.setInputFiles('#files', drawnField('drawn'));
        assert.equal((await settled(page, 'drawn')).state, 'done');
      });
    });
  }
});

describe('with a software adapter', () => {
  let browser;
  before(async () => {
    browser = await launch({adapter: true});
  });
  after(() => browser?.close());

  test('the automatic choice is the CPU, and the page says why', {timeout}, async () => {
    await visit(browser, site, '', async (page) => {
      const {kind, report} = await ready(page);
      assert.equal(kind, 'cpu');
      assert.match(report, /software/i);
    });
  });

  // Tolerance: other kernels of the same network, in float32.
  test('WebGPU classifies a real field as the trainer does', {skip: noReference, timeout}, async () => {
    const reference = readReference(REFERENCE).find(({id}) => existsSync(path.join(IMAGES, `${id}_green.png`)));
    assert.ok(reference, 'the reference names a field that is there');
    await visit(browser, site, '?device=gpu', async (page) => {
      const {kind, report} = await ready(page, PATIENCE.gpu);
      assert.equal(kind, 'gpu', report);
      await page.setInputFiles('#files', realField(reference.id));
      const card = await settled(page, reference.id, PATIENCE.gpu);
      assert.equal(card.state, 'done', card.reason);
      assert.deepEqual(differences(card, reference, 1e-3), []);
      assert.equal(await page.getAttribute('#device-report', 'data-kind'), 'gpu', 'it is still the GPU');
    });
  });
});
