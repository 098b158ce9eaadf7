// The page with its real engine on the CPU device, as a visitor uses it.
import assert from 'node:assert/strict';
import {mkdirSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {beforeEngine, giveWeights, HELD, letThrough, weightsAreAsked, WITHOUT_WEIGHTS} from './engines.mjs';
import {differences, drawnField, drop, passedOver, realField, references, settled, textNamed} from './fields.mjs';
import {
  ARTEFACTS, chromiumForTests, IMAGES, manifestOf, missing, PATIENCE, ready, resize, select, SHIPPED_MODEL, withManifest,
} from './harness.mjs';

const timeout = 2 * PATIENCE.cpu;

const {visit, open} = chromiumForTests({whole: true});

// Tolerance: the same network on other kernels; float32 rounding stays well under it.
test('real fields, picked and dropped, are classified as the trainer does', {skip: missing(IMAGES), timeout}, async () => {
  const [picked, dropped] = references();
  await open(async (page, {engine}) => {
    assert.equal(engine.kind, 'cpu');
    await page.setInputFiles('#files', realField(picked.id));
    await settled(page, picked.id);
    await drop(page, realField(dropped.id));
    for (const reference of [picked, dropped]) {
      const card = await settled(page, reference.id);
      assert.equal(card.reason, '');
      assert.equal(card.state, 'done');
      assert.ok(card.hasPreview);
      assert.deepEqual(differences(card, reference, 1e-3), []);
    }
  }, {model: SHIPPED_MODEL});
});

test('a faulty file is refused by name, and its neighbours are classified', {timeout}, async () => {
  await visit(async (page) => {
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
    assert.match((await passedOver(page))['list.txt'], /list\.txt/);
    assert.equal(await page.textContent('#passed-over summary'), '1 file passed over');
  });
});

test('fields that are no input are refused with the reason', {timeout}, async () => {
  await open(async (page) => {
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
    assert.match((await passedOver(page))['twice_red.jpg'], /twice_red\.jpg/);
    assert.equal((await settled(page, 'twice')).state, 'done');
  });
});

test('a sample is classified by one click', {timeout}, async () => {
  await open(async (page) => {
    await page.locator('[data-sample]').first().click();
    await page.waitForSelector('.field[data-state="done"]', {timeout: PATIENCE.cpu, state: 'attached'});
    assert.equal(await page.locator('.bar').count(), 28);
  });
});

test('a field is seen while the model is still on its way', {timeout}, async () => {
  await visit(async (page) => {
    await weightsAreAsked(page);
    await page.setInputFiles('#files', drawnField('early'));
    await page.waitForSelector('#viewer[data-state="shown"]');
    assert.equal(await page.getAttribute('body', 'data-engine'), 'loading');
    assert.equal(await page.getAttribute('.field[data-id="early"]', 'data-state'), 'waiting');
    assert.equal(await page.locator('#sample-list img').first().isVisible(), false, 'previews come later');
    await giveWeights(page);
    await ready(page);
    assert.equal((await settled(page, 'early')).state, 'done');
  }, {changes: WITHOUT_WEIGHTS});
});

test('without samples there is no strip', {timeout}, async () => {
  await open(async (page) => {
    assert.equal(await page.locator('#samples').isVisible(), false);
  }, {changes: {'/samples/samples.json': 404}});
});

test('clearing removes all cards, also of fields in work, and later fields are classified', {timeout}, async () => {
  await open(async (page) => {
    await page.setInputFiles('#files', ['a', 'b', 'c'].flatMap((id) => drawnField(id)));
    await page.waitForSelector('li.field[data-id="c"]');
    await page.click('#clear');
    assert.equal(await page.locator('li.field').count(), 0);
    await page.click('#undo-close');
    await letThrough(page);
    await page.setInputFiles('#files', drawnField('later'));
    assert.equal((await settled(page, 'later')).state, 'done');
    assert.equal(await page.locator('li.field').count(), 1);
  }, {changes: beforeEngine(HELD)});
});

test('another device takes over the waiting fields, without any download', {timeout}, async () => {
  await open(async (page, {site}) => {
    await page.setInputFiles('#files', ['a', 'b'].flatMap((id) => drawnField(id)));
    await page.waitForSelector('.field[data-state="working"]', {state: 'attached'});
    const asked = site.requests.length;
    await select(page, '#device', 'automatic');
    await page.waitForSelector('body[data-engine="loading"]');
    await ready(page);
    await letThrough(page);
    for (const id of ['a', 'b']) assert.equal((await settled(page, id)).state, 'done');
    const downloads = site.requests.slice(asked).filter((address) => /\.wasm\.gz$|^\/model\//.test(address));
    assert.deepEqual(downloads, []);
  }, {changes: beforeEngine(HELD)});
});

test('a field that breaks the engine twice is refused, and the others are classified', {timeout: 2 * timeout}, async () => {
  const breaking = `
    addEventListener('message', ({data}) => {
      if (JSON.stringify(data).includes('breaks_')) setTimeout(() => { throw new Error('broken on purpose'); });
    });`;
  const changes = beforeEngine(breaking);
  // Alone it is selected, too, and breaks the engine with its picture.
  await visit(async (page) => {
    await page.setInputFiles('#files', drawnField('breaks'));
    const broken = await settled(page, 'breaks', timeout);
    assert.equal(broken.state, 'error');
    await ready(page);
    await page.setInputFiles('#files', drawnField('later'));
    assert.equal((await settled(page, 'later', timeout)).state, 'done');
  }, {changes});
  await open(async (page) => {
    await page.setInputFiles('#files', ['before', 'breaks', 'later'].flatMap((id) => drawnField(id)));
    const broken = await settled(page, 'breaks', timeout);
    assert.equal(broken.state, 'error');
    assert.match(broken.reason, /breaks_green\.png/);
    for (const id of ['before', 'later']) assert.equal((await settled(page, id, timeout)).state, 'done');
    await ready(page);
  }, {changes});
});

/** What the page says whatever the screen and the theme, with the shipped model's words. */
async function assertSaysWhatItIs(page, {model, report}) {
  assert.ok(model.trim() && report.trim());
  const text = await page.innerText('body');
  assert.match(text, /Nothing is uploaded/);
  assert.match(text, /Human Protein Atlas/);
  assert.match(text, /BSD-3-Clause/);
  assert.equal(await page.textContent('#limits-text'), manifestOf(SHIPPED_MODEL).limits);
}

test('the page says what it is, names the limits of its model and where it comes from', {timeout}, async (t) => {
  // The shipped model's words on a smaller network.
  const {name, limits, attribution} = manifestOf(SHIPPED_MODEL);
  // People look at the pictures: of a real field, where there is one.
  const [id, files] = missing(IMAGES) ? ['drawn', drawnField('drawn')] : [references()[0].id, realField(references()[0].id)];
  mkdirSync(ARTEFACTS, {recursive: true});
  await open(async (page, {engine}) => {
    await page.setInputFiles('#files', files);
    await settled(page, id);
    const line = await page.locator('#limits').boundingBox();
    assert.ok(line.height < 40, 'limits take one line');
    await page.click('#limits-more');
    assert.equal(await page.textContent('#card-limits'), limits);
    await page.keyboard.press('Escape');
    await page.setInputFiles('#files', [...drawnField('other'), textNamed('list.png')]);
    await settled(page, 'list');
    await settled(page, 'other');
    for (const width of [390, 768, 1280]) {
      for (const colorScheme of ['light', 'dark']) {
        await t.test(`at ${width} px in the ${colorScheme} theme`, async () => {
          await resize(page, width, width > 600 ? 900 : 844);
          await page.emulateMedia({colorScheme});
          await assertSaysWhatItIs(page, engine);
          const {scrollWidth, clientWidth} = await page.evaluate(() => document.documentElement);
          assert.equal(scrollWidth, clientWidth, 'nothing is wider than the screen');
          await page.screenshot({path: path.join(ARTEFACTS, `page-${width}-${colorScheme}.png`), fullPage: true, animations: 'disabled'});
        });
      }
    }
  }, {changes: withManifest((manifest) => ({...manifest, name, limits, attribution}))});
});
