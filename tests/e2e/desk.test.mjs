// Many fields: the gallery, the queue, and what outlives a reload. On a small network, whose answers
// mean nothing and come fast.
import assert from 'node:assert/strict';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {drawnField, settled, textNamed} from './fields.mjs';
import {launch, missing, PATIENCE, ready, serve, visit} from './harness.mjs';

const PACKAGES = process.env.FORMULA_PACKAGES;
const noPackages = missing({FORMULA_PACKAGES: PACKAGES});
const CPU = '?device=cpu';
const timeout = 3 * PATIENCE.cpu;

let browser;
let site;
before(async () => {
  if (noPackages) return;
  site = await serve({mounts: {'/model/': path.join(PACKAGES, 'densenet-121-pooling')}});
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await site?.close();
});

const fields = (count, prefix = 'f') => Array.from({length: count}, (_, at) => `${prefix}${String(at).padStart(3, '0')}`);
const files = (ids) => ids.flatMap((id) => drawnField(id, {side: 64}));
const states = (page) => page.$$eval('#fields .field', (tiles) => tiles.map((tile) => tile.dataset.state));
const shown = (page) => page.$$eval('#fields .field', (tiles) => tiles.map((tile) => tile.dataset.id));

/** Waits until no field is waiting or in work. */
const idle = (page) =>
  page.waitForFunction(
    () => !document.querySelector('.field[data-state="waiting"], .field[data-state="working"]') && document.querySelector('.field'),
    undefined,
    {timeout: PATIENCE.cpu},
  );

const it = (name, use) =>
  test(name, {skip: noPackages, timeout}, () =>
    visit(browser, site, CPU, async (page, context) => {
      await ready(page);
      await use(page, context);
    }));

it('a gallery is filtered by label and sorted by probability, and the arrows follow it', async (page) => {
  const ids = fields(6);
  await page.setInputFiles('#files', [...files(ids), textNamed('notes.txt')]);
  await idle(page);
  assert.deepEqual((await shown(page)).sort(), [...ids, 'notes.txt'].sort());
  await page.selectOption('#filter', 'unanswered');
  assert.deepEqual(await shown(page), ['notes.txt']);
  await page.selectOption('#filter', 'all');

  const best = [];
  for (const id of ids) best.push([id, Math.max(...(await settled(page, id)).bars.map((bar) => bar.probability))]);
  await page.selectOption('#sort', 'confident');
  const falling = [...best].sort((a, b) => b[1] - a[1]).map(([, probability]) => probability);
  const order = await shown(page);
  assert.deepEqual(order.slice(0, 6).map((id) => Object.fromEntries(best)[id]), falling);
  assert.equal(order[6], 'notes.txt', 'what has no answer comes last');

  await page.locator('.field button').first().click();
  await page.click('#next');
  assert.equal(await page.getAttribute('#detail', 'data-id'), order[1]);
  assert.equal(await page.getAttribute(`.field[data-id="${order[1]}"] button`, 'aria-current'), 'true');

  const label = await page.$eval('#filter', (filter) => [...filter.options].find((option) => option.value.startsWith('label:'))?.value);
  if (label) {
    await page.selectOption('#filter', label);
    for (const id of await shown(page)) {
      const {chips, bars} = await settled(page, id);
      assert.ok(chips.length > 0 && bars.length > 0);
    }
  }
});

it('a queue is paused, goes on, and is cancelled; what was cancelled can be classified after all', async (page) => {
  await page.setInputFiles('#files', files(fields(40)));
  await page.locator('#queue').waitFor();
  await page.click('#pause');
  assert.equal(await page.getAttribute('#pause', 'aria-pressed'), 'true');
  // What the engine holds it finishes; after that nothing moves.
  await page.waitForFunction(() => !document.querySelector('.field[data-state="working"]'), undefined, {timeout: PATIENCE.cpu});
  const before = await states(page);
  assert.ok(before.includes('waiting'));
  assert.match(await page.textContent('#queue-line'), /paused/);
  await page.click('#pause');
  await page.waitForFunction((done) => document.querySelectorAll('.field[data-state="done"]').length > done, before.filter((state) => state === 'done').length, {timeout: PATIENCE.cpu});
  await page.click('#cancel');
  await idle(page);
  const after = await states(page);
  const cancelled = after.filter((state) => state === 'cancelled').length;
  assert.ok(cancelled > 0);
  assert.equal(after.filter((state) => state === 'done').length, 40 - cancelled);
  await page.click('#rerun');
  await page.waitForFunction(() => document.querySelectorAll('.field[data-state="done"]').length === 40, undefined, {timeout: PATIENCE.cpu});
});

it('a reload loses nothing: answers, pictures, and fields that waited', async (page) => {
  await page.setInputFiles('#files', files(fields(24)));
  await page.waitForFunction(() => document.querySelectorAll('.field[data-state="done"]').length >= 2, undefined, {timeout: PATIENCE.cpu});
  await page.click('#pause');
  const first = await settled(page, 'f000');
  // Writing goes on in the background for a moment.
  await page.waitForFunction(() => new Promise((resolve) => {
    const open = indexedDB.open('cytolens');
    open.onsuccess = () => {
      const count = open.result.transaction('inputs').objectStore('inputs').count();
      count.onsuccess = () => { open.result.close(); resolve(count.result === 24); };
    };
  }), undefined, {timeout: PATIENCE.cpu});
  await page.reload();
  await ready(page);
  await page.waitForFunction(() => document.querySelectorAll('.field').length === 24);
  assert.deepEqual(await settled(page, 'f000'), first);
  await page.waitForFunction(() => document.querySelectorAll('.field[data-state="done"]').length === 24, undefined, {timeout: PATIENCE.cpu});
  await page.click('#clear');
  await page.waitForFunction(() => !document.querySelector('.field'));
  await page.waitForTimeout(300);
  await page.reload();
  await ready(page);
  assert.equal(await page.locator('.field').count(), 0, 'what was cleared stays away');
});

it('a second tab says that it keeps nothing, and works', async (page, context) => {
  await page.setInputFiles('#files', files(['first']));
  await settled(page, 'first');
  const second = await context.newPage();
  await second.goto(page.url());
  await ready(second);
  await second.locator('#notice').waitFor();
  assert.match(await second.textContent('#notice'), /another tab/);
  assert.equal(await second.locator('.field').count(), 0);
  await second.setInputFiles('#files', files(['second']));
  await settled(second, 'second');
  await second.close();
  await page.reload();
  await ready(page);
  await page.waitForSelector('.field', {state: 'attached'});
  assert.deepEqual(await shown(page), ['first']);
});

it('where the browser gives no room, the page says so and every field is still classified', async (page, context) => {
  const session = await context.newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', {origin: site.origin, quotaSize: 20_000});
  await page.setInputFiles('#files', files(fields(6)));
  await idle(page);
  assert.deepEqual(new Set(await states(page)), new Set(['done']));
  await page.locator('#notice').waitFor();
  assert.match(await page.textContent('#notice'), /room/);
});

it('a tab that the browser freezes goes on where it was', async (page, context) => {
  const session = await context.newCDPSession(page);
  await page.setInputFiles('#files', files(fields(12)));
  await page.waitForFunction(() => document.querySelector('.field[data-state="done"]'), undefined, {timeout: PATIENCE.cpu});
  await session.send('Page.setWebLifecycleState', {state: 'frozen'});
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await session.send('Page.setWebLifecycleState', {state: 'active'});
  await idle(page);
  assert.deepEqual(new Set(await states(page)), new Set(['done']));
});

it('removing a field selects the next', async (page) => {
  await page.setInputFiles('#files', files(fields(3)));
  await idle(page);
  await page.locator('.field[data-id="f001"] button').click();
  await page.click('#remove');
  assert.deepEqual(await shown(page), ['f000', 'f002']);
  assert.equal(await page.getAttribute('#detail', 'data-id'), 'f002');
});

it('the theme is chosen and remembered', async (page) => {
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.click('#theme');
  await page.click('#theme');
  assert.notEqual(await paper(), light);
  await page.reload();
  await page.waitForSelector('html[data-theme="dark"]');
  assert.notEqual(await paper(), light);
});
