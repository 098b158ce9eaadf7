// The dialog that tells what computes and how it fares.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {drawnField, settled} from './fields.mjs';
import {launch, PATIENCE, ready, serve, SMALL_MODEL, visit} from './harness.mjs';

const mounts = SMALL_MODEL;
const timeout = 2 * PATIENCE.gpu;

/** The dialog's lines, a heading's in one object. */
const report = (page) => page.evaluate(() => Object.fromEntries(
  [...document.querySelectorAll('#diagnostics-report h3')].map((title) => {
    const list = title.nextElementSibling;
    const names = [...list.querySelectorAll('dt')].map((name) => [name.textContent, name.nextElementSibling.textContent]);
    return [title.textContent, Object.fromEntries(names)];
  }),
));

/** Waits until the engine has told its memory. */
const told = (page) => page.waitForFunction(() => /Engine[\d.]+ MB/.test(document.querySelector('#diagnostics-report').textContent));

let site;
before(async () => {
  site = await serve({mounts});
});
after(() => site?.close());

describe('on the CPU', () => {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  test('the dialog tells device, versions, times and memory, by keyboard alone', {timeout}, async () => {
    await visit(browser, site, '', async (page) => {
      const {kind, model} = await ready(page);
      assert.equal(kind, 'cpu');
      await page.setInputFiles('#files', drawnField('drawn', {side: 64}));
      assert.equal((await settled(page, 'drawn')).state, 'done');

      await page.focus('#open-diagnostics');
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', {name: 'Diagnostics'});
      await dialog.waitFor();
      await told(page);
      const {Versions, Device, Model, Times, Memory} = await report(page);
      assert.match(Versions.Cytolens, /^\d+\.\d+\.\d+$/);
      assert.match(Versions.burn, /^\d+\.\d+\.\d+$/);
      assert.equal(Versions.Browser, await page.evaluate(() => navigator.userAgent));
      assert.equal(Device['Computes on'], 'CPU');
      assert.ok(Device.Why.length > 0);
      assert.equal(Device['Logical cores'], String(await page.evaluate(() => navigator.hardwareConcurrency)));
      assert.equal(Model.Name, model);
      assert.equal(Model.Classes, '28');
      for (const part of ['reading', 'network', 'evidence maps']) assert.match(Times[`A field's ${part}`], /^\d+ ms \(median of 1\)$/);
      assert.match(Times['Opening the model'], /^[1-9]\d* ms$/);
      const page_mb = Number.parseFloat(Memory.Page);
      const engine_mb = Number.parseFloat(Memory.Engine);
      assert.ok(page_mb > 0.5 && engine_mb > page_mb, `${Memory.Page}, ${Memory.Engine}`);
      assert.match(Memory['Kept in this browser'], /^[\d.]+ of [\d.]+ MB$/);

      await page.keyboard.press('Escape');
      await dialog.waitFor({state: 'hidden'});
      assert.equal(await page.evaluate(() => document.activeElement.id), 'open-diagnostics');
    });
  });

  test('the report is copied as text, and the dialog says so', {timeout}, async () => {
    await visit(browser, site, '', async (page) => {
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await ready(page);
      await page.click('#open-diagnostics');
      await told(page);
      await page.click('#copy-diagnostics');
      await page.waitForFunction(() => document.querySelector('#diagnostics-said').textContent);
      assert.equal(await page.textContent('#diagnostics-said'), 'Copied.');
      const text = await page.evaluate(() => navigator.clipboard.readText());
      const {Device, Versions} = await report(page);
      assert.ok(text.includes(`Computes on: ${Device['Computes on']}`), text);
      assert.ok(text.includes(Versions.Browser), text);
      await page.click('#close-diagnostics');
      assert.equal(await page.locator('#diagnostics').isVisible(), false);
    });
  });

  test('a browser that does not let it copy is named', {timeout}, async () => {
    await visit(browser, site, '', async (page) => {
      await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', {value: undefined}));
      await page.click('#open-diagnostics');
      await page.click('#copy-diagnostics');
      await page.waitForFunction(() => document.querySelector('#diagnostics-said').textContent);
      assert.match(await page.textContent('#diagnostics-said'), /does not let this page copy/);
    });
  });

  test('an engine that failed has a report too', {timeout}, async () => {
    site.changes['/model/manifest.json'] = 404;
    try {
      await visit(browser, site, '', async (page) => {
        await page.waitForSelector('body[data-engine="failed"]');
        await page.click('#open-diagnostics');
        await page.waitForFunction(() => document.querySelector('#diagnostics-report').textContent);
        const {Device, Memory, Times} = await report(page);
        assert.equal(Device['Computes on'], 'nothing yet');
        assert.equal(Memory.Engine, 'not known yet');
        assert.match(Times['A field'], /none/);
      });
    } finally {
      delete site.changes['/model/manifest.json'];
    }
  });
});

test('on WebGPU it names the adapter and its limits', {timeout}, async () => {
  const browser = await launch({adapter: true});
  try {
    await visit(browser, site, '?device=gpu', async (page) => {
      const {kind, report: said} = await ready(page, PATIENCE.gpu);
      assert.equal(kind, 'gpu', said);
      await page.click('#open-diagnostics');
      await told(page);
      const {Device} = await report(page);
      const adapter = await page.evaluate(async () => {
        const {info, limits} = await navigator.gpu.requestAdapter();
        return {architecture: info.architecture, largest: limits.maxBufferSize};
      });
      assert.equal(Device['Computes on'], 'GPU');
      assert.equal(Device["Adapter's architecture"], adapter.architecture);
      assert.ok(Device['Largest buffer'].includes(`${adapter.largest} bytes`), Device['Largest buffer']);
      assert.match(Device["Adapter's features"], /timestamp-query/);
    });
  } finally {
    await browser.close();
  }
});
