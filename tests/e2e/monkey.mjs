// A monkey at the page in Chromium: it adds fields in every way, looks at them, sorts, pauses, cancels, removes,
// reloads, switches the device, takes the GPU away, breaks the engine and leaves no room for the store, all by a seed.
// Now and then it rests, and then every field must be there with the answer that it gets when it is alone.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import os from 'node:os';
import {randomNumbers} from '../../scripts/endurance/support.mjs';
import {entriesOf, zipFile} from './archives.mjs';
import {maxAbsolute} from './closeness.mjs';
import {beforeEngine, KEPT} from './engines.mjs';
import {CHANNELS, drop, greyPng, textNamed} from './fields.mjs';
import {CPU, launchForTests, PATIENCE, processMemory, ready, smallModel, until, visitSite, withSite} from './harness.mjs';

/** The number of different fields that are brought again and again, each time under another name. */
const CONTENTS = 12;
/** Two devices' kernels of one network, in float32. */
const TOLERANCE = 2e-3;
/** The most fields on the desk. */
const MOST = 120;
/** Actions between two rests. */
const BETWEEN_RESTS = 15;
const BROKEN = 'the monkey broke the engine';

/** The engine takes orders: to lose its GPU, or to break. */
const ON_COMMAND = `${KEPT}
  new BroadcastChannel('monkey').onmessage = ({data: order}) => {
    if (order === 'lose') globalThis.kept?.destroy();
    else throw new Error('${BROKEN}');
  };`;

/** Files of a field with one disc a channel, of this size and in this place. */
function contentOf(random) {
  const side = 64 + 16 * Math.floor(random() * 6);
  const discs = CHANNELS.map(() => ({x: random() * side, y: random() * side, radius: side * (0.1 + 0.4 * random()), light: 60 + 190 * random()}));
  const buffers = discs.map(({x, y, radius, light}) =>
    greyPng({width: side}, (column, row) => (Math.hypot(column - x, row - y) < radius ? light : (column + row) % 9)));
  return (id) => CHANNELS.map((channel, at) => ({name: `${id}_${channel}.png`, mimeType: 'image/png', buffer: buffers[at]}));
}

/** Clicks an element, in its menu or not, if a visitor could; says whether. */
const press = (page, selector) => page.evaluate((selector) => {
  const element = document.querySelector(selector);
  if (!element || element.closest('[hidden]') || element.disabled || element.getAttribute('aria-disabled') === 'true') return false;
  element.click();
  return true;
}, selector);

const choose = (page, selector, value) => page.evaluate(([selector, value]) => {
  const select = document.querySelector(selector);
  select.value = value;
  select.dispatchEvent(new Event('change', {bubbles: true}));
}, [selector, value]);

/** All fields as the page's own document has them: answers and refusals. */
async function documentOf(page) {
  const coming = page.waitForEvent('download');
  assert.ok(await press(page, '#export') && await press(page, '[data-export="document"]'), 'the document can be had');
  return JSON.parse(readFileSync(await (await coming).path()));
}

/** Whether the store has these fields, and the files of all that may still be classified. */
const areKept = (page, ids) => page.evaluate((ids) => new Promise((resolve, reject) => {
  const opening = indexedDB.open('cytolens');
  opening.onerror = reject;
  opening.onsuccess = () => {
    const stores = opening.result.transaction(['fields', 'inputs']);
    const [keys, records, inputs] = [stores.objectStore('fields').getAllKeys(), stores.objectStore('fields').getAll(), stores.objectStore('inputs').getAllKeys()];
    stores.oncomplete = () => {
      opening.result.close();
      const withFiles = new Set(inputs.result);
      const kept = new Set(records.result.filter(({outcome}, at) => outcome.refused || withFiles.has(keys.result[at])).map(({id}) => id));
      resolve(ids.every((id) => kept.has(id)));
    };
  };
}), ids);

/**
 * Lets the monkey loose until `isEnough({actions, milliseconds})`; `say` hears how it goes, a line a rest. Gives the
 * counts of what it did and the memory at each rest with an empty desk. With an `adapter` there is a GPU to be lost; with
 * `tools` it also changes views, teaches, and opens and closes what compares the fields.
 */
export async function monkey({seed, adapter, tools = false, isEnough, say = () => {}}) {
  const browser = await launchForTests({adapter});
  try {
    let found;
    await withSite({model: smallModel(), changes: beforeEngine(ON_COMMAND)}, (site) =>
      visitSite(browser, site, CPU, async (page, context) => {
        found = await run({browser, page, context, site, seed, tools, isEnough, say});
      }));
    return found;
  } finally {
    await browser.close();
  }
}

async function run({browser, page, context, site, seed, tools, isEnough, say}) {
  const random = randomNumbers(seed);
  const below = (limit) => Math.floor(random() * limit);
  const one = (list) => list[below(list.length)];
  const session = await context.newCDPSession(page);
  const errors = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes(BROKEN)) errors.push(message.text());
  });
  page.on('crash', () => errors.push('the page crashed'));

  const idle = () => until(() => page.evaluate(() =>
    document.body.dataset.engine === 'ready' && !document.querySelector('.field:is([data-state="waiting"], [data-state="working"])')), PATIENCE.gpu);
  const showAll = async () => {
    if (tools) await press(page, '#views [data-view="gallery"]');
    await choose(page, '#filter', 'all');
  };
  const tiles = () => page.$$eval('#fields .field', (tiles) => tiles.map(({dataset}) => ({id: dataset.id, state: dataset.state})));

  /** Loads the page anew, until its program listens: what is dropped before that, nobody takes. */
  const reload = async () => {
    await page.reload();
    await page.waitForFunction(() => document.querySelector('#status').textContent !== 'Loading the page');
  };

  await ready(page);
  // What each content gets when it is alone.
  const contents = Array.from({length: CONTENTS}, () => contentOf(random));
  const alone = [];
  for (const [at, content] of contents.entries()) {
    await page.setInputFiles('#files', content(`alone-${at}`));
    await page.waitForSelector('.field[data-state="done"]', {state: 'attached'});
    alone.push((await documentOf(page)).fields[0].probabilities);
    await press(page, '#clear');
  }
  for (const [at, answer] of alone.entries()) {
    for (const other of alone.slice(0, at)) assert.ok(maxAbsolute(answer, other) > 2 * TOLERANCE, 'contents differ');
  }

  /** What must be on the desk: the number of its content by id, or null for what is no image. */
  let expected = new Map();
  /** What was removed last and may be taken back. */
  let removed = new Map();
  let serial = 0;
  const counts = {actions: 0, fields: 0, answers: 0};
  const last = [];
  const memory = [];

  const actions = {
    async add() {
      const files = [];
      for (let count = 1 + below(5); count > 0 && expected.size < MOST; count--) {
        const at = below(CONTENTS);
        const id = `m${serial++}-c${at}`;
        expected.set(id, at);
        files.push(...contents[at](id));
      }
      if (random() < 0.15) {
        const id = `bad${serial++}`;
        expected.set(id, null);
        files.push(textNamed(`${id}.png`));
      }
      if (files.length === 0) return actions.clear();
      counts.fields = serial;
      const way = below(3);
      // The name of an archive stands before an id only where two are the same.
      if (way === 0) await drop(page, [zipFile('set.zip', entriesOf(files, {deflate: true}))]);
      else if (way === 1) await drop(page, files);
      else await page.setInputFiles('#files', files);
    },
    async look() {
      await page.evaluate((at) => {
        const buttons = document.querySelectorAll('.field button');
        buttons[Math.floor(at * buttons.length)]?.click();
      }, random());
      if (random() < 0.5) {
        await page.evaluate((at) => {
          const bars = [...document.querySelectorAll('.bar')].filter((bar) => bar.checkVisibility());
          bars[Math.floor(at * bars.length)]?.click();
        }, random());
      }
      await press(page, one(['#viewer [data-do="in"]', '#viewer [data-do="fit"]', '#viewer [data-do="map"]', '#viewer [data-channel="green"]', '#by-anatomy', '#by-probability']));
    },
    turn: () => press(page, one(['#next', '#previous'])),
    view: () => press(page, one(['gallery', 'table', 'plate'].map((view) => `#views [data-view="${view}"]`))),
    tool: () => page.evaluate((id) => {
      const tool = document.getElementById(id);
      tool.open = !tool.open;
    }, one(['teach', 'score', 'scatter'])),
    async teach() {
      await page.evaluate((name) => {
        document.getElementById('teach-name').value = name;
        document.getElementById('teach-form').requestSubmit();
      }, `class ${below(4)}`);
      await press(page, one(['#teach-classes [data-teach="give"]', '#teach-classes [data-teach="remove"]', '#teach-undo']));
    },
    async sift() {
      await choose(page, '#sort', one(['added', 'confident', 'doubtful', 'name']));
      const filters = await page.$$eval('#filter option', (options) => options.map(({value}) => value));
      await choose(page, '#filter', one(filters));
    },
    pause: () => press(page, '#pause'),
    cancel: () => press(page, '#cancel'),
    again: () => press(page, '#rerun'),
    async remove() {
      const id = await page.evaluate(() => {
        const {id} = document.querySelector('#detail').dataset;
        const button = document.querySelector('#remove');
        if (button.closest('[hidden]')) return undefined;
        button.click();
        return id;
      });
      if (id === undefined) return;
      assert.ok(expected.has(id), `${id} was removed and not there`);
      removed = new Map([[id, expected.get(id)]]);
      expected.delete(id);
    },
    async clear() {
      // What is still read comes no more, and is not taken back.
      await arrived();
      if (!(await press(page, '#clear'))) return;
      removed = expected;
      expected = new Map();
    },
    async undo() {
      if (await press(page, '#undo-take-back')) expected = new Map([...expected, ...removed]);
    },
    async reload() {
      await arrived();
      // What was refused and is tried again has no files any more, until an engine has refused it again.
      await until(() => areKept(page, [...expected.keys()]), PATIENCE.gpu);
      removed = new Map();
      await reload();
      await arrived();
    },
    device: () => choose(page, '#device', one(['cpu', 'gpu', 'automatic'])),
    lose: () => page.evaluate(() => new BroadcastChannel('monkey').postMessage('lose')),
    async break() {
      // A field that is there at two crashes is refused: so all are through before the next.
      await settle();
      await actions.add();
      await page.evaluate(() => new BroadcastChannel('monkey').postMessage('break'));
      await settle();
    },
    async quota() {
      await arrived();
      await session.send('Storage.overrideQuotaForOrigin', {origin: site.origin, quotaSize: 20_000});
      await actions.add();
      await settle();
      await compare();
      await session.send('Storage.overrideQuotaForOrigin', {origin: site.origin});
      // Now a reload loses what had no room, as the page says, and no more comes back than there was.
      await reload();
      await ready(page);
      await until(async () => {
        const count = (await tiles()).length;
        await page.waitForTimeout(300);
        return (await tiles()).length === count;
      });
      for (const {id} of await tiles()) assert.ok(expected.has(id), `${id} came back`);
      await press(page, '#clear');
      [expected, removed] = [new Map(), new Map()];
      await reload();
      await arrived();
    },
  };
  const weights = {add: 12, look: 10, turn: 4, sift: 4, pause: 2, cancel: 1, again: 2, remove: 4, clear: 0.5, undo: 2, reload: 2, device: 0.7, lose: 0.7, break: 0.3, quota: 0.3};
  if (tools) Object.assign(weights, {view: 4, tool: 2, teach: 3});
  const bag = Object.entries(weights);
  const sum = bag.reduce((sum, [, weight]) => sum + weight, 0);
  const next = () => {
    let left = random() * sum;
    return bag.find(([, weight]) => (left -= weight) < 0)[0];
  };

  /** Waits until all that was brought has a tile, and nothing else has. */
  async function arrived() {
    await showAll();
    const there = async () => (await tiles()).map(({id}) => id).sort();
    // In vain: then the next line says which are missing.
    await until(async () => (await tiles()).length === expected.size).catch(() => {});
    assert.deepEqual(await there(), [...expected.keys()].sort());
  }

  /** Waits until nothing is left to do. */
  async function settle() {
    await arrived();
    if (await page.getAttribute('#pause', 'aria-pressed') === 'true') await press(page, '#pause');
    await idle();
  }

  /** Holds the answers against what each field gets alone. */
  async function compare() {
    const found = (await tiles()).filter(({state}) => state === 'done' || state === 'error');
    if (found.length === 0) return;
    const {fields, refused} = await documentOf(page);
    assert.equal(fields.length + refused.length, found.length, 'every field once');
    for (const {id, probabilities, device} of fields) {
      const off = maxAbsolute(probabilities, alone[expected.get(id)]);
      assert.ok(off <= (/CPU/.test(device) ? 0 : TOLERANCE), `${id} on ${device} is off by ${off}`);
    }
    counts.answers += fields.length;
  }

  /** Has everything classified, and holds it against what each field gets alone. */
  async function rest() {
    await settle();
    while (await press(page, '#rerun')) await settle();
    const found = await tiles();
    for (const {id, state} of found) assert.equal(state, expected.get(id) === null ? 'error' : 'done', id);
    await compare();
    assert.deepEqual(errors, [], 'no error in the console');
    if (random() < 0.5 || expected.size > MOST / 2) {
      await actions.clear();
      memory.push(await memoryNow());
    }
    say(`${counts.actions} actions, ${counts.fields} fields brought, ${counts.answers} answers compared${
      memory.length ? `, empty desk ${(memory.at(-1).renderer / 1e6).toFixed(0)} MB, JavaScript ${(memory.at(-1).heap / 1e6).toFixed(1)} MB` : ''}`);
  }

  async function memoryNow() {
    await session.send('HeapProfiler.collectGarbage');
    const {usedSize} = await session.send('Runtime.getHeapUsage');
    return {renderer: os.platform() === 'linux' ? await processMemory(browser, 'renderer') : 0, heap: usedSize};
  }

  const begun = performance.now();
  try {
    while (!isEnough({actions: counts.actions, milliseconds: performance.now() - begun})) {
      const action = next();
      last.push(action);
      counts.actions += 1;
      counts[action] = (counts[action] ?? 0) + 1;
      await actions[action]();
      if (counts.actions % BETWEEN_RESTS === 0) await rest();
    }
    await rest();
  } catch (error) {
    const when = `seed ${seed}, action ${counts.actions} (${last.slice(-20).join(', ')}), console: ${errors.join('; ') || 'nothing'}`;
    throw new Error(`${when}\n${error.message}`, {cause: error});
  }
  return {counts, memory};
}
