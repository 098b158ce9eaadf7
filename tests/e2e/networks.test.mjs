// Every architecture with every head, in the browser: the engine's answers to a package's golden inputs
// must be those of the native trainer that made it.
//
// FORMULA_PACKAGES  the packages that the example formula_packages makes
import assert from 'node:assert/strict';
import {existsSync, readdirSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {maxAbsolute} from './closeness.mjs';
import {HERE, launch, missing, PATIENCE, serve, visit} from './harness.mjs';

const {FORMULA_PACKAGES} = process.env;
const skip = missing({FORMULA_PACKAGES});
const made = FORMULA_PACKAGES && existsSync(FORMULA_PACKAGES) ? readdirSync(FORMULA_PACKAGES).sort() : [];
// Relative to the largest logit where that is over 1.
const TOLERANCE = 1e-4;

test('there is a package of every architecture and head', {skip}, () => assert.equal(made.length, 10));

for (const device of ['cpu', 'gpu']) {
  // The heads are the same two on each device; a software adapter takes long for each network.
  for (const name of made.filter((name) => device === 'cpu' || name.endsWith('-pooling'))) {
    test(`${name} answers on the ${device.toUpperCase()} as natively`, {skip, timeout: 2 * PATIENCE.gpu}, async (t) => {
      const mounts = {'/e2e/': HERE, '/package/': path.join(FORMULA_PACKAGES, name)};
      const site = await serve({mounts});
      const browser = await launch({adapter: device === 'gpu'});
      try {
        await visit(browser, site, 'e2e/probe.html', async (page) => {
          await page.waitForFunction(() => window.probePackage);
          const {report, answers} = await page.evaluate((device) => window.probePackage(device), device);
          assert.equal(report.kind, device, report.reason);
          assert.ok(answers.length > 0);
          for (const {size, golden, logits} of answers) {
            const off = maxAbsolute(logits, golden) / Math.max(1, ...golden.map(Math.abs));
            t.diagnostic(`${device} ${name}, ${size} px: ${off.toExponential(1)} of the largest logit`);
            assert.ok(off <= TOLERANCE, `${size} px: off by ${off} of the largest logit`);
          }
        });
      } finally {
        await browser.close();
        await site.close();
      }
    });
  }
}
