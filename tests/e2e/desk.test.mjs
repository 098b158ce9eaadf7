// Many fields: the gallery, the queue, and what outlives a reload.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {beforeEngine, HELD, letThrough} from './engines.mjs';
import {drawnField, kept, settled, textNamed} from './fields.mjs';
import {choose, chromiumForTests, PATIENCE, ready, withManifest} from './harness.mjs';

const timeout = 3 * PATIENCE.cpu;
const patience = {timeout: PATIENCE.cpu};

const {open} = chromiumForTests();
const it = (name, use, how) => test(name, {timeout}, () => open(use, how));
/** A test that says when the engine gets a field, so that some wait for as long as it wants. */
const itHolds = (name, use) => it(name, use, {changes: beforeEngine(HELD)});

const fields = (count) => Array.from({length: count}, (_, at) => `f${String(at).padStart(3, '0')}`);
const files = (ids) => ids.flatMap((id) => drawnField(id, {side: 64}));
/** Fields to which a network says different things. */
const different = (ids) => ids.flatMap((id, at) => drawnField(id, {side: 64 + 24 * at}));
const states = (page) => page.$$eval('#fields .field', (tiles) => tiles.map((tile) => tile.dataset.state));
const shown = (page) => page.$$eval('#fields .field', (tiles) => tiles.map((tile) => tile.dataset.id));

/** Waits until so many fields are done. */
const done = (page, count) =>
  page.waitForFunction((count) => document.querySelectorAll('.field[data-state="done"]').length === count, count, patience);

/** Waits until so many fields are there and none is waiting or in work: files come to the desk some at a time. */
const idle = (page, count) =>
  page.waitForFunction(
    (count) => !document.querySelector('.field[data-state="waiting"], .field[data-state="working"]') &&
      document.querySelectorAll('.field').length >= count,
    count,
    patience,
  );

it('a gallery is sorted by probability, and the arrows follow it', async (page) => {
  const ids = fields(6);
  await page.setInputFiles('#files', [...different(ids), textNamed('notes.png')]);
  await idle(page, 7);
  assert.deepEqual((await shown(page)).sort(), [...ids, 'notes'].sort());
  await page.click('.sift summary');

  const best = {};
  for (const id of ids) best[id] = Math.max(...(await settled(page, id)).bars.map((bar) => bar.probability));
  assert.ok(new Set(Object.values(best)).size > 3, `the fields differ: ${JSON.stringify(best)}`);
  const rising = [...ids].sort((a, b) => best[a] - best[b]);
  await page.selectOption('#sort', 'doubtful');
  assert.deepEqual((await shown(page)).slice(0, 6).map((id) => best[id]), rising.map((id) => best[id]));
  await page.selectOption('#sort', 'confident');
  const order = await shown(page);
  assert.deepEqual(order.slice(0, 6).map((id) => best[id]), rising.reverse().map((id) => best[id]));
  assert.equal(order[6], 'notes', 'what has no answer comes last');

  await page.locator('.field button').first().click();
  await page.click('#next');
  assert.equal(await page.getAttribute('#detail', 'data-id'), order[1]);
  assert.equal(await page.getAttribute(`.field[data-id="${order[1]}"] button`, 'aria-current'), 'true');
});

test('a gallery is filtered by label: each shows the fields that have it, and no other', {timeout}, async () => {
  const ids = fields(6);
  const given = [...different(ids), textNamed('notes.png')];
  // What the network says of the fields decides which thresholds part them.
  let labels;
  const probabilities = {};
  await open(async (page) => {
    await page.setInputFiles('#files', given);
    for (const id of ids) {
      const {bars} = await settled(page, id);
      probabilities[id] = [...bars].sort((a, b) => a.class - b.class).map((bar) => bar.probability);
    }
  }, {changes: withManifest((manifest) => ({...manifest, labels: (labels = manifest.labels)}))});
  // The first label is over its threshold in one field, the next in two, and so on; most are over it in none.
  const thresholds = labels.map(() => 1);
  let present = 1;
  for (const label of labels.keys()) {
    const falling = ids.map((id) => probabilities[id][label]).sort((a, b) => b - a);
    if (present > 3 || !(falling[present - 1] > falling[present])) continue;
    thresholds[label] = (falling[present - 1] + falling[present]) / 2;
    present += 1;
  }
  assert.equal(present, 4, `the fields differ: ${JSON.stringify(probabilities)}`);
  const has = (id, label) => probabilities[id][label] >= thresholds[label];
  const found = [...labels.keys()].filter((label) => ids.some((id) => has(id, label)));

  await open(async (page) => {
    await page.setInputFiles('#files', given);
    await idle(page, ids.length + 1);
    for (const id of ids) {
      const {chips} = await settled(page, id);
      assert.deepEqual(chips.sort((a, b) => a - b), found.filter((label) => has(id, label)), id);
    }
    await page.click('.sift summary');
    const offered = await page.$$eval('#filter option', (options) => options.map(({value}) => value));
    assert.deepEqual(offered.filter((value) => value.startsWith('label:')).sort(), found.map((label) => `label:${labels[label]}`).sort());
    for (const label of found) {
      await page.selectOption('#filter', `label:${labels[label]}`);
      assert.deepEqual(await shown(page), ids.filter((id) => has(id, label)), labels[label]);
    }
    await page.selectOption('#filter', 'unlabelled');
    assert.deepEqual(await shown(page), ids.filter((id) => !found.some((label) => has(id, label))));
    await page.selectOption('#filter', 'unanswered');
    assert.deepEqual(await shown(page), ['notes']);
    await page.selectOption('#filter', 'all');
    assert.deepEqual((await shown(page)).sort(), [...ids, 'notes']);
  }, {changes: withManifest((manifest) => ({...manifest, thresholds}))});
});

itHolds('a queue is paused, goes on, and is cancelled; what was cancelled can be classified after all', async (page) => {
  await page.setInputFiles('#files', files(fields(20)));
  await page.locator('#queue').waitFor();
  await page.click('#pause');
  assert.equal(await page.getAttribute('#pause', 'aria-pressed'), 'true');
  // What the engine holds it finishes; after that nothing moves.
  await letThrough(page, 10);
  await page.waitForFunction(() => !document.querySelector('.field[data-state="working"]'), undefined, patience);
  const before = (await states(page)).filter((state) => state === 'done').length;
  assert.ok(before > 0 && before < 10, `${before} are done`);
  assert.match(await page.textContent('#queue-line'), /paused/);
  await page.click('#pause');
  await page.waitForFunction((done) => document.querySelectorAll('.field[data-state="done"]').length > done, before, patience);
  await page.click('#cancel');
  await letThrough(page);
  await idle(page, 1);
  const after = await states(page);
  const cancelled = after.filter((state) => state === 'cancelled').length;
  assert.ok(cancelled > 0);
  assert.equal(after.filter((state) => state === 'done').length, 20 - cancelled);
  await page.click('#rerun');
  await done(page, 20);
});

itHolds('a reload loses nothing: answers, pictures, and fields that waited', async (page) => {
  await page.setInputFiles('#files', files(fields(24)));
  await letThrough(page, 2);
  await done(page, 2);
  const first = await settled(page, 'f000');
  await kept(page, 24);
  await page.reload();
  await ready(page);
  await page.waitForFunction(() => document.querySelectorAll('.field').length === 24);
  assert.deepEqual(await settled(page, 'f000'), first);
  assert.ok((await states(page)).includes('waiting'));
  await letThrough(page);
  await done(page, 24);
  await page.click('#clear');
  await page.waitForFunction(() => !document.querySelector('.field'));
  // Given up for good, it leaves the store, too.
  await page.click('#undo-close');
  await kept(page, 0);
  await page.reload();
  await ready(page);
  assert.equal(await page.locator('.field').count(), 0, 'what was cleared stays away');
});

it('a second tab says that it keeps nothing, and works', async (page, {context}) => {
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

it('where the browser gives no room, the page says so and every field is still classified', async (page, {context, site}) => {
  const session = await context.newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', {origin: site.origin, quotaSize: 2_000});
  await page.setInputFiles('#files', files(fields(6)));
  await idle(page, 6);
  assert.deepEqual(new Set(await states(page)), new Set(['done']));
  await page.locator('#notice').waitFor();
  assert.match(await page.textContent('#notice'), /room/);
});

itHolds('a tab that stands still for a while, page and engine, goes on where it was', async (page, {context}) => {
  // Browsers do that to tabs in the background, and machines when they sleep. Headless, Chromium freezes no tab.
  const {processInfo} = await (await context.browser().newBrowserCDPSession()).send('SystemInfo.getProcessInfo');
  const signal = (name) => processInfo.filter(({type}) => type === 'renderer').forEach(({id}) => process.kill(id, name));
  await page.setInputFiles('#files', files(fields(24)));
  await letThrough(page, 1);
  await page.waitForSelector('.field[data-state="done"]', {...patience, state: 'attached'});
  await letThrough(page);
  signal('SIGSTOP');
  let there;
  try {
    there = states(page);
    const still = new Promise((resolve) => setTimeout(resolve, 1000, 'still'));
    assert.equal(await Promise.race([there, still]), 'still', 'a page that answers does not stand still');
  } finally {
    signal('SIGCONT');
  }
  assert.ok((await there).includes('waiting'), 'it stood still before all was done');
  await done(page, 24);
});

/** Has the browser refuse every Blob and File for its store, as WebKit does in private sessions. */
const refuseBlobs = () => {
  const holdsBlob = (value) => value instanceof Blob
    || (value instanceof Object && !ArrayBuffer.isView(value) && Object.values(value).some(holdsBlob));
  const {put} = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (value, key) {
    if (holdsBlob(value)) throw new DOMException('Error preparing Blob/File data to be stored in object store', 'UnknownError');
    return put.call(this, value, key);
  };
};

it('a browser that keeps no blobs keeps their bytes: a reload loses nothing', async (page) => {
  await page.addInitScript(refuseBlobs);
  await page.reload();
  await ready(page);
  await page.setInputFiles('#files', files(fields(3)));
  await done(page, 3);
  const first = await settled(page, 'f000');
  await kept(page, 3);
  assert.ok(await page.isHidden('#notice'), await page.textContent('#notice'));
  await page.reload();
  await ready(page);
  await done(page, 3);
  assert.ok(first.hasPreview);
  assert.deepEqual(await settled(page, 'f000'), first);
  // The picture comes from the images themselves.
  await page.waitForSelector('#viewer[data-state="shown"]', patience);
  assert.ok(await page.isHidden('#notice'), await page.textContent('#notice'));
});

it('a field whose images the browser does not keep is told of, and all else is kept', async (page) => {
  await page.addInitScript(() => {
    const {put} = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = function (value, key) {
      if (value.files && value.id === 'f001') throw new DOMException('no such file', 'DataError');
      return put.call(this, value, key);
    };
  });
  await page.reload();
  await ready(page);
  await page.setInputFiles('#files', files(fields(3)));
  await done(page, 3);
  await kept(page, 2);
  // The last that is written of an answer.
  await kept(page, 3, 'maps');
  assert.match(await page.textContent('#notice'), /does not keep the images of one field \(.*DataError: no such file\)\. Results are still kept/);
  await page.reload();
  await ready(page);
  await done(page, 3);
  assert.equal((await settled(page, 'f001')).state, 'done');
});

/** The id of what has the focus. */
const focused = (page) => page.evaluate(() => document.activeElement.closest('.field')?.dataset.id ?? document.activeElement.id);

it('removing a field selects the next; it comes back by one click, with its answer, and the focus is never lost', async (page) => {
  await page.setInputFiles('#files', [...files(fields(3)), textNamed('notes.txt')]);
  await idle(page, 3);
  const before = await settled(page, 'f001');
  await page.click('#remove');
  assert.deepEqual(await shown(page), ['f000', 'f002']);
  assert.equal(await page.getAttribute('#detail', 'data-id'), 'f002');
  assert.equal(await focused(page), 'f002');
  assert.match(await page.textContent('#undo'), /Removed: 1 field\./);
  await page.click('#undo-take-back');
  assert.deepEqual(await shown(page), fields(3));
  assert.equal(await focused(page), 'f001');
  assert.deepEqual(await settled(page, 'f001'), before);

  await page.click('#clear');
  assert.equal(await focused(page), 'undo-take-back');
  assert.equal(await page.locator('#desk').isVisible(), false);
  assert.match(await page.textContent('#undo'), /Removed: 3 fields and 1 file passed over\./);
  await page.keyboard.press('Enter');
  assert.deepEqual(await shown(page), fields(3));
  assert.equal(await focused(page), 'f001');
  assert.deepEqual(await settled(page, 'f001'), before);
  assert.equal(await page.locator('#passed-over li').count(), 1);
  // The evidence of a field that came back is there, too.
  await page.locator('.bar').first().click();
  await page.locator('#viewer .map').waitFor();
  await kept(page, 3);
  await page.reload();
  await ready(page);
  await page.waitForFunction(() => document.querySelectorAll('.field').length === 3);
  // Two fields leave one, which has no gallery to take the focus.
  for (const id of ['f000', 'f001']) {
    await settled(page, id);
    await page.click('#remove');
  }
  assert.equal(await focused(page), 'detail-title');
  assert.equal(await page.getAttribute('#detail', 'data-id'), 'f002');
});

it('what is cleared right after another removal comes back, and is there after a reload', async (page) => {
  await page.setInputFiles('#files', files(fields(3)));
  await idle(page, 3);
  await kept(page, 3);
  await settled(page, 'f000');
  await page.click('#remove');
  await page.click('#clear');
  // What can no longer be taken back is gone from the store.
  await kept(page, 2);
  await page.click('#undo-take-back');
  await page.reload();
  await ready(page);
  await page.waitForSelector('.field');
  await page.waitForFunction(() => document.querySelectorAll('.field[data-state="done"]').length === 2);
  assert.deepEqual(await shown(page), ['f001', 'f002']);
  await kept(page, 2);
});

it('what was removed for good stays away, however soon the page is loaded again', async (page) => {
  await page.setInputFiles('#files', files(fields(40)));
  await done(page, 40);
  await kept(page, 40);
  await page.click('#clear');
  await page.setInputFiles('#files', files(['late']));
  await done(page, 1);
  await settled(page, 'late');
  // The store has forty fields to remove.
  await page.evaluate(() => {
    document.querySelector('#remove').click();
    location.reload();
  });
  await page.waitForFunction(() => document.readyState === 'complete');
  await ready(page);
  await kept(page, 0);
  assert.equal(await page.locator('.field').count(), 0);
});

it('a field that comes after a removal is there after a reload', async (page) => {
  await page.setInputFiles('#files', files(['first']));
  await done(page, 1);
  await kept(page, 1);
  await settled(page, 'first');
  await page.click('#remove');
  await page.click('#undo-close');
  await kept(page, 0);
  await page.reload();
  await ready(page);
  await page.setInputFiles('#files', files(['second']));
  await done(page, 1);
  await kept(page, 1);
  await page.reload();
  await ready(page);
  await done(page, 1);
  assert.deepEqual(await shown(page), ['second']);
});

it('a page that is closed before the offer to undo forgets what was removed', async (page) => {
  await page.setInputFiles('#files', files(fields(2)));
  await idle(page, 2);
  await kept(page, 2);
  await page.click('#clear');
  await page.reload();
  await ready(page);
  await kept(page, 0);
  assert.equal(await page.locator('.field').count(), 0);
});

it('keys lead from field to field, in the gallery and at the picture', async (page) => {
  await page.setInputFiles('#files', files(fields(4)));
  await idle(page, 4);
  const selected = () => page.getAttribute('#detail', 'data-id');
  await settled(page, 'f000');
  await page.focus('.field[data-id="f000"] button');
  await page.keyboard.press('ArrowRight');
  assert.deepEqual([await selected(), await focused(page)], ['f001', 'f001']);
  await page.keyboard.press('End');
  assert.deepEqual([await selected(), await focused(page)], ['f003', 'f003']);
  await page.keyboard.press('ArrowRight');
  assert.equal(await selected(), 'f003', 'they stop at the end');
  await page.keyboard.press('Home');
  assert.equal(await page.locator('.tile[tabindex="0"]').count(), 1, 'the gallery is one stop of the tabulator');
  await page.keyboard.press('n');
  assert.equal(await selected(), 'f000', 'single keys are for the field');
  await page.focus('.stage');
  await page.keyboard.press('n');
  assert.equal(await selected(), 'f001');
  await page.keyboard.press('p');
  assert.equal(await selected(), 'f000');
  // On the whole screen a pointer for talks turns on, and picture, labels and the way on are all there.
  await page.keyboard.press('f');
  await page.waitForFunction(() => document.fullscreenElement?.id === 'viewer');
  await page.keyboard.press('PageDown');
  assert.equal(await selected(), 'f001');
  for (const part of ['.stage', '.chip, .guess', '.bar', '#next']) assert.ok(await page.locator(`#viewer ${part}`).first().isVisible(), part);
});

it('the theme is chosen and remembered', async (page) => {
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await choose(page, '#theme');
  await choose(page, '#theme');
  assert.notEqual(await paper(), light);
  await page.reload();
  await page.waitForSelector('html[data-theme="dark"]');
  assert.notEqual(await paper(), light);
});

it('a field that the first version of the page kept is there again', async (page) => {
  await page.evaluate(() => new Promise((resolve, reject) => {
    const model = {name: 'two', limits: '', labels: ['Nucleoli', 'Cytosol'], thresholds: [0.5, 0.5], size: 64, composition: 'rgb', architecture: 'DenseNet-121', licence: '', weights_sha256: ''};
    const done = {model, device: 'CPU (drawn)', probabilities: [0.25, 0.75], present: [1], decode_ms: 12.5, network_ms: 1400, map_ms: 1.5};
    const opening = indexedDB.open('cytolens');
    opening.onerror = reject;
    opening.onsuccess = () => {
      const transaction = opening.result.transaction('fields', 'readwrite');
      transaction.objectStore('fields').put({id: 'kept', source: 'green', thumbnail: null, outcome: {done}}, 7);
      transaction.oncomplete = resolve;
      transaction.onabort = reject;
    };
  }));
  await page.reload();
  await ready(page);
  const {state, chips, bars} = await settled(page, 'kept');
  assert.deepEqual([state, chips], ['done', [1]]);
  assert.deepEqual(bars.map(({class: number, probability, present}) => [number, probability, present]).sort(), [[0, 0.25, false], [1, 0.75, true]]);
  assert.match(await page.textContent('#answer .took'), /1\.4 s on CPU \(drawn\) by two/);
});
