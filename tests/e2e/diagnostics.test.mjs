// The dialog with the device that computes, the versions, times and memory.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';
import {drawnField, settled} from './fields.mjs';
import {choose, chromiumForTests, PATIENCE} from './harness.mjs';

const timeout = 2 * PATIENCE.gpu;

/** The dialog's lines, a heading's in one object. */
const report = (page) => page.evaluate(() => Object.fromEntries(
  [...document.querySelectorAll('#diagnostics-report h3')].map((title) => {
    const list = title.nextElementSibling;
    const names = [...list.querySelectorAll('dt')].map((name) => [name.textContent, name.nextElementSibling.textContent]);
    return [title.textContent, Object.fromEntries(names)];
  }),
));

/** Waits until the report has the engine's memory, which the engine is asked for. */
const complete = (page) => page.waitForFunction(() => /Engine[\d.]+ MB/.test(document.querySelector('#diagnostics-report').textContent));

describe('on the CPU', () => {
  const {visit, open} = chromiumForTests();

  test('the dialog shows device, versions, times and memory, by keyboard alone', {timeout}, async () => {
    await open(async (page, {engine: {kind, model}}) => {
      assert.equal(kind, 'cpu');
      await page.setInputFiles('#files', drawnField('drawn', {side: 64}));
      assert.equal((await settled(page, 'drawn')).state, 'done');

      await page.focus('#menu-open');
      await page.keyboard.press('Enter');
      await page.focus('#open-diagnostics');
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', {name: 'Diagnostics'});
      await dialog.waitFor();
      await complete(page);
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
      assert.equal(await page.evaluate(() => document.activeElement.id), 'menu-open');
    }, {address: ''});
  });

  test('the report is copied as text, and the dialog says so', {timeout}, async () => {
    await open(async (page, {context}) => {
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      await choose(page, '#open-diagnostics');
      await complete(page);
      await page.click('#copy-diagnostics');
      await page.waitForFunction(() => document.querySelector('#diagnostics-said').textContent);
      assert.equal(await page.textContent('#diagnostics-said'), 'Copied.');
      const text = await page.evaluate(() => navigator.clipboard.readText());
      const {Device, Versions} = await report(page);
      assert.ok(text.includes(`Computes on: ${Device['Computes on']}`), text);
      assert.ok(text.includes(Versions.Browser), text);
      await page.click('#close-diagnostics');
      assert.equal(await page.locator('#diagnostics').isVisible(), false);
    }, {address: ''});
  });

  test('a browser that does not let it copy is named', {timeout}, async () => {
    await open(async (page) => {
      await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', {value: undefined}));
      await choose(page, '#open-diagnostics');
      await page.click('#copy-diagnostics');
      await page.waitForFunction(() => document.querySelector('#diagnostics-said').textContent);
      assert.match(await page.textContent('#diagnostics-said'), /does not let the page copy/);
    }, {address: ''});
  });

  test('an engine that failed has a report too', {timeout}, async () => {
    await visit(async (page) => {
      await page.waitForSelector('body[data-engine="failed"]');
      await choose(page, '#open-diagnostics');
      await page.waitForFunction(() => document.querySelector('#diagnostics-report').textContent);
      const {Device, Memory, Times} = await report(page);
      assert.equal(Device['Computes on'], 'nothing yet');
      assert.equal(Memory.Engine, 'not known yet');
      assert.match(Times['A field'], /none/);
    }, {address: '', changes: {'/model/manifest.json': 404}});
  });
});

describe('on WebGPU', () => {
  const {open} = chromiumForTests({adapter: true});

  test('it names the adapter and its limits', {timeout}, async () => {
    await open(async (page, {engine}) => {
      assert.equal(engine.kind, 'gpu', engine.report);
      await choose(page, '#open-diagnostics');
      await complete(page);
      const {Device} = await report(page);
      const adapter = await page.evaluate(async () => {
        const {info, limits} = await navigator.gpu.requestAdapter();
        return {architecture: info.architecture, largest: limits.maxBufferSize};
      });
      assert.equal(Device['Computes on'], 'GPU');
      assert.equal(Device["Adapter's architecture"], adapter.architecture);
      assert.ok(Device['Largest buffer'].includes(`${adapter.largest} bytes`), Device['Largest buffer']);
      assert.match(Device["Adapter's features"], /timestamp-query/);
    }, {address: '?device=gpu', patience: PATIENCE.gpu});
  });
});
