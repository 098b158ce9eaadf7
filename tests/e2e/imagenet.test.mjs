// The browser's DenseNet-121 against a float64 forward pass of the same ImageNet weights.
//
// IMAGENET_PACKAGE  the package that the example imagenet_package makes
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {describe, test} from 'node:test';
import {maxAbsolute, maxRelative, softmax} from './closeness.mjs';
import {chromiumForTests, DATA, given, HERE, missing, PATIENCE} from './harness.mjs';
import {goldenNames, readTensors} from './safetensors.mjs';

const FOLDER = path.join(DATA, 'imagenet');
const GOLDENS = 'densenet121_golden.safetensors';
const skip = missing(path.join(FOLDER, GOLDENS));

for (const device of ['cpu', 'plain', 'gpu']) {
  describe(`on the device "${device}"`, {skip}, () => {
    const {visit} = chromiumForTests({adapter: device === 'gpu'});

    test('DenseNet-121 of ImageNet is right', {timeout: 4 * PATIENCE.gpu}, async (t) => {
      const golden = readTensors(new Uint8Array(readFileSync(path.join(FOLDER, GOLDENS))).buffer);
      const names = goldenNames(golden);
      assert.ok(names.length > 0);
      await visit(async (page) => {
        await page.waitForFunction(() => window.probeGoldens);
        const run = ([device, goldens]) => window.probeGoldens(device, goldens);
        const {report, answers} = await page.evaluate(run, [device, `../goldens/${GOLDENS}`]);
        assert.equal(report.kind, device === 'gpu' ? 'gpu' : 'cpu', report.reason);
        assert.deepEqual(Object.keys(answers), names);
        for (const name of names) {
          const {logits, pooled, milliseconds} = answers[name];
          const probability = maxAbsolute(softmax(logits), golden[`${name}.softmax1000`].values);
          const feature = maxRelative(pooled, golden[`${name}.pooled1024`].values);
          t.diagnostic(`${device} ${name}: softmax ${probability.toExponential(1)}, pooled ${feature.toExponential(1)}, ${Math.round(milliseconds)} ms`);
          // Float32 through 120 layers of convolution against float64.
          assert.ok(probability <= 1e-4, `${name}: softmax is off by ${probability}`);
          assert.ok(feature <= 1e-3, `${name}: pooled features are off by ${feature}, relative to the largest`);
        }
      }, {address: 'e2e/probe.html', mounts: {'/e2e/': HERE, '/package/': given('IMAGENET_PACKAGE'), '/goldens/': FOLDER}});
    });
  });
}
