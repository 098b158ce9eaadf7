// Every architecture with every head, in the browser: the engine's answers to a package's golden inputs
// must be those of the native trainer that made it.
import assert from 'node:assert/strict';
import {readdirSync} from 'node:fs';
import {describe, test} from 'node:test';
import {maxAbsolute} from './closeness.mjs';
import {chromiumForTests, given, HERE, PATIENCE} from './harness.mjs';

const packages = given('FORMULA_PACKAGES');
const made = readdirSync(packages).sort();
const timeout = 2 * PATIENCE.gpu;
// Relative to the largest logit where that is over 1.
const TOLERANCE = 1e-4;

test('there is a package of every architecture and head, and a small one', () => assert.equal(made.length, 11));

for (const device of ['cpu', 'plain', 'gpu']) {
  describe(`on the device "${device}"`, () => {
    const {visit} = chromiumForTests({adapter: device === 'gpu'});
    // The heads are the same two on each device; a software adapter takes long for each network.
    const names = made.filter((name) => device === 'cpu' || name.endsWith('-pooling'));

    // On one page, so that the engine's program is compiled once; each network has a worker of its own.
    test('every network answers as natively', {timeout: names.length * timeout}, async (t) => {
      await visit(async (page) => {
        await page.waitForFunction(() => window.probePackage);
        for (const name of names) {
          await t.test(name, {timeout}, async (t) => {
            const run = ([device, folder]) => window.probePackage(device, folder);
            const {report, answers} = await page.evaluate(run, [device, `packages/${name}`]);
            assert.equal(report.kind, device === 'gpu' ? 'gpu' : 'cpu', report.reason);
            assert.ok(answers.length > 0);
            for (const {size, golden, logits} of answers) {
              const off = maxAbsolute(logits, golden) / Math.max(1, ...golden.map(Math.abs));
              t.diagnostic(`${device} ${name}, ${size} px: ${off.toExponential(1)} of the largest logit`);
              assert.ok(off <= TOLERANCE, `${size} px: off by ${off} of the largest logit`);
            }
          });
        }
      }, {address: 'e2e/probe.html', mounts: {'/e2e/': HERE, '/packages/': packages}});
    });
  });
}
