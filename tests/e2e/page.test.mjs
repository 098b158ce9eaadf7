// The page with its real engine on the CPU device, as a visitor uses it.
import assert from 'node:assert/strict';
import {existsSync, mkdirSync} from 'node:fs';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {differences, drawnField, drop, IMAGES, readReference, realField, settled, textNamed} from './fields.mjs';
import {ARTEFACTS, DIST, launch, missing, PATIENCE, ready, serve, visit} from './harness.mjs';

const REFERENCE = process.env.REFERENCE_CSV;
const noReference = missing({'the folder of real fields': IMAGES, REFERENCE_CSV: REFERENCE});
const noSamples = missing({'the list of samples': path.join(DIST, 'samples/samples.json')});
const CPU = '?device=cpu';
const timeout = 2 * PATIENCE.cpu;

let browser;
let site;
before(async () => {
  site = await serve();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await site?.close();
});

// Tolerance: the same network on other kernels; float32 rounding stays well under it.
for (const [how, give] of [
  ['picked', (page, files) => page.setInputFiles('#files', files)],
  ['dropped', drop],
]) {
  test(`a real field, ${how}, is classified as the trainer does`, {skip: noReference, timeout}, async () => {
    const reference = readReference(REFERENCE).find(({id}) => existsSync(path.join(IMAGES, `${id}_green.png`)));
    assert.ok(reference, 'the reference names a field that is there');
    await visit(browser, site, CPU, async (page) => {
      const {kind} = await ready(page);
      assert.equal(kind, 'cpu');
      await give(page, realField(reference.id));
      const card = await settled(page, reference.id);
      assert.equal(card.reason, '');
      assert.equal(card.state, 'done');
      assert.ok(card.hasPreview);
      assert.deepEqual(differences(card, reference, 1e-3), []);
    });
  });
}

test('a faulty file is refused by name, and its neighbours are classified', {timeout}, async () => {
  await visit(browser, site, CPU, async (page) => {
    // Not waiting for the engine: fields may come before it.
    await page.setInputFiles('#files', [...drawnField('alpha'), textNamed('list.png'), textNamed('list.txt'), ...drawnField('omega')]);
    for (const id of ['alpha', 'omega']) {
      const card = await settled(page, id, timeout);
      assert.equal(card.state, 'done', card.reason);
      assert.equal(card.bars.length, 28);
    }
    const renamed = await settled(page, 'list');
    assert.equal(renamed.state, 'error');
    assert.match(renamed.reason, /list\.png/);
    const unread = await settled(page, 'list.txt');
    assert.equal(unread.state, 'error');
    assert.match(unread.reason, /list\.txt/);
  });
});

test('fields that are no input are refused with the reason', {timeout}, async () => {
  await visit(browser, site, CPU, async (page) => {
    await ready(page);
    const again = {...drawnField('twice', {channels: ['red']})[0], name: 'twice_red.jpg'};
    await page.setInputFiles('#files', [
      ...drawnField('lacking', {channels: ['red', 'blue', 'yellow']}),
      ...drawnField('uneven', {sides: {green: 128}}),
      ...drawnField('twice'),
      again,
    ]);
    const lacking = await settled(page, 'lacking');
    assert.equal(lacking.state, 'error');
    assert.match(lacking.reason, /green/);
    const uneven = await settled(page, 'uneven');
    assert.equal(uneven.state, 'error');
    assert.match(uneven.reason, /size/);
    assert.match(uneven.reason, /uneven_green\.png/);
    const repeated = await settled(page, 'twice_red.jpg');
    assert.equal(repeated.state, 'error');
    assert.match(repeated.reason, /twice_red\.jpg/);
    assert.equal((await settled(page, 'twice')).state, 'done');
  });
});

test('a sample is classified by one click', {skip: noSamples, timeout}, async () => {
  await visit(browser, site, CPU, async (page) => {
    await ready(page);
    await page.locator('[data-sample]').first().click();
    await page.waitForSelector('.field[data-state="done"]', {timeout: PATIENCE.cpu, state: 'attached'});
    assert.equal(await page.locator('.bar').count(), 28);
  });
});

test('without samples there is no strip', {timeout}, async () => {
  const bare = await serve({changes: {'/samples/samples.json': 404}});
  try {
    await visit(browser, bare, CPU, async (page) => {
      await ready(page);
      assert.equal(await page.locator('#samples').isVisible(), false);
    });
  } finally {
    await bare.close();
  }
});

test('clearing removes all cards, and later fields are classified', {timeout}, async () => {
  await visit(browser, site, CPU, async (page) => {
    await ready(page);
    await page.setInputFiles('#files', ['a', 'b', 'c'].flatMap((id) => drawnField(id)));
    await page.waitForSelector('li.field[data-id="c"]');
    await page.click('#clear');
    assert.equal(await page.locator('li.field').count(), 0);
    await page.setInputFiles('#files', drawnField('later'));
    assert.equal((await settled(page, 'later')).state, 'done');
    assert.equal(await page.locator('li.field').count(), 1);
  });
});

test('another device takes over the waiting fields, without any download', {timeout}, async () => {
  await visit(browser, site, CPU, async (page) => {
    await ready(page);
    await page.setInputFiles('#files', ['a', 'b'].flatMap((id) => drawnField(id)));
    const asked = site.requests.length;
    await page.selectOption('#device', 'automatic');
    for (const id of ['a', 'b']) assert.equal((await settled(page, id)).state, 'done');
    const downloads = site.requests.slice(asked).filter((address) => /\.wasm$|^\/model\//.test(address));
    assert.deepEqual(downloads, []);
  });
});

test('a field that breaks the engine twice is refused, and the others are classified', {timeout: 2 * timeout}, async () => {
  const breaking = (bytes) => `${bytes}
    addEventListener('message', ({data}) => {
      if (JSON.stringify(data).includes('breaks_')) setTimeout(() => { throw new Error('broken on purpose'); });
    });`;
  const fragile = await serve({changes: {'/engine.js': breaking}});
  try {
    // Alone it is selected, too, and breaks the engine with its picture.
    await visit(browser, fragile, CPU, async (page) => {
      await page.setInputFiles('#files', drawnField('breaks'));
      const broken = await settled(page, 'breaks', timeout);
      assert.equal(broken.state, 'error');
      await ready(page);
      await page.setInputFiles('#files', drawnField('later'));
      assert.equal((await settled(page, 'later', timeout)).state, 'done');
    });
    await visit(browser, fragile, CPU, async (page) => {
      await ready(page);
      await page.setInputFiles('#files', ['before', 'breaks', 'later'].flatMap((id) => drawnField(id)));
      const broken = await settled(page, 'breaks', timeout);
      assert.equal(broken.state, 'error');
      assert.match(broken.reason, /breaks_green\.png/);
      for (const id of ['before', 'later']) assert.equal((await settled(page, id, timeout)).state, 'done');
      await ready(page);
    });
  } finally {
    await fragile.close();
  }
});

test('the page says what it is, on every screen', {timeout: 2 * timeout}, async () => {
  mkdirSync(ARTEFACTS, {recursive: true});
  const real = noReference ? undefined : readReference(REFERENCE)[0].id;
  for (const [width, colorScheme] of [390, 768, 1280].flatMap((width) => [[width, 'light'], [width, 'dark']])) {
    const viewport = {width, height: width > 600 ? 900 : 844};
    const look = async (page) => {
      const {model, report} = await ready(page);
      assert.ok(model.trim() && report.trim());
      await page.setInputFiles('#files', [...(real ? realField(real) : drawnField('drawn'))]);
      await settled(page, real ?? 'drawn');
      await page.setInputFiles('#files', [...drawnField('other'), textNamed('list.png')]);
      await settled(page, 'list');
      await settled(page, 'other');
      const text = await page.innerText('body');
      assert.match(text, /Nothing is uploaded/);
      assert.match(text, /Human Protein Atlas/);
      assert.match(text, /BSD-3-Clause/);
      assert.ok((await page.textContent('#limits-text')).trim(), 'the limits of the model are shown');
      const {scrollWidth, clientWidth} = await page.evaluate(() => document.documentElement);
      assert.equal(scrollWidth, clientWidth, 'nothing is wider than the screen');
      await page.screenshot({path: path.join(ARTEFACTS, `page-${width}-${colorScheme}.png`), fullPage: true});
    };
    await visit(browser, site, CPU, look, {viewport, colorScheme});
  }
});
