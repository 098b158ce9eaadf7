// What visitors do most, in any browser that gives a window of this form (`firefox.mjs`, `webkit.mjs`):
//
//   version                     the browser's name and version
//   goto(url), reload()         both end when the page is there
//   evaluate(use, ...values)    what the function gives in the page; values and what it gives are JSON
//   click(selector)             a click of the mouse
//   choose(selector, paths)     chooses files for a file input
//   downloads                   the folder in which it saves files
//   close()
//
// WebDriver cannot drag files from outside into a page: files go through the page's input, and a folder is dropped by
// an event of the page's own, whose entries are as browsers hand them out.
import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {entriesOf, omeTiff, zipFile} from '../archives.mjs';
import {build, removeBuilds} from '../builds.mjs';
import {CHANNELS, drawnField, readPanel, textNamed} from '../fields.mjs';
import {halfPresent, manifestOf, PATIENCE, serve, smallModel, until, withManifest} from '../harness.mjs';

const timeout = 2 * PATIENCE.cpu;
const SIDE = 96;
const field = (id) => drawnField(id, {side: SIDE});

/** The page's script, which notes errors that nobody catches and what the policy stops, also over a reload. */
const watched = (script) => `
  for (const kind of ['error', 'unhandledrejection', 'securitypolicyviolation']) addEventListener(kind, (event) => {
    sessionStorage.problems = (sessionStorage.problems ?? '') + (event.message ?? event.reason ?? event.violatedDirective) + '. ';
  });
  ${script}`;
/** Here the page keeps no copy for offline use: it would be downloaded anew by every test. */
const WITHOUT_COPY = {'/service-worker.js': 404, '/start.js': watched};

/**
 * The tests of a browser. `launch` starts it; `skip` says why it cannot be had, if so. Every flow has a server of its
 * own, which is another origin for the browser: no flow meets what another has kept. Its steps are of one visit.
 */
export function testFlows(name, launch, skip) {
  let window;
  let scratch;
  before(async () => {
    if (skip) return;
    scratch = mkdtempSync(path.join(os.tmpdir(), 'cytolens-flows-'));
    window = await launch();
    console.log(window.version);
  });
  after(async () => {
    await window?.close();
    if (scratch) rmSync(scratch, {recursive: true});
    removeBuilds();
  });

  const flow = (what, use, {folder, model = folder ? undefined : smallModel(), changes = WITHOUT_COPY} = {}) =>
    test(`${name}: ${what}`, {timeout: 5 * timeout, skip}, async (t) => {
      const site = await serve({folder: folder?.(), model, changes});
      const step = (what, use) => t.test(what, {timeout}, use);
      try {
        await window.goto(`${site.origin}/`);
        await isReady(window);
        await use({site, step});
        assert.equal(await window.evaluate(() => sessionStorage.problems ?? ''), '', 'the page runs without an uncaught error');
      } finally {
        await site.close();
      }
    });

  /** Chooses files as a visitor does. */
  const choose = async (files) => {
    const folder = mkdtempSync(path.join(scratch, 'files-'));
    await window.choose('#files', files.map(({name, buffer}) => {
      const file = path.join(folder, name);
      writeFileSync(file, buffer);
      return file;
    }));
  };
  const answerOf = async (id) => {
    const found = await settled(window, id);
    assert.equal(found.state, 'done', found.reason);
    assert.equal(found.bars.length, 28);
    return found;
  };
  const probabilities = ({bars}) => [...bars].sort((a, b) => a.class - b.class).map((bar) => bar.probability);
  const assertSameAnswer = async (one, other) => assert.deepEqual(probabilities(await answerOf(one)), probabilities(await answerOf(other)));
  const countOfFields = () => window.evaluate(() => document.querySelectorAll('.field').length);

  flow('what visitors bring is answered or refused', async ({step}) => {
    await step('a first visit finds an engine on the CPU, the reason for it, and samples', async () => {
      const {kind, report, samples} = await window.evaluate(() => ({
        kind: document.querySelector('#device-report').dataset.kind,
        report: document.querySelector('#device-report').textContent,
        samples: document.querySelectorAll('[data-sample]').length,
      }));
      assert.equal(kind, 'cpu');
      assert.match(report, /GPU|adapter/);
      assert.ok(samples > 0);
      await window.click('[data-sample]');
      await until(() => window.evaluate(() => Boolean(document.querySelector('.field[data-state="done"]'))));
    });

    await step('four files are a field, and more are several', async () => {
      const before = await countOfFields();
      await choose([...field('four'), ...drawnField('two', {side: 2 * SIDE})]);
      const [four, two] = [await answerOf('four'), await answerOf('two')];
      assert.ok(four.hasPreview && two.hasPreview);
      assert.notDeepEqual(four.bars, two.bars);
      assert.equal(await countOfFields(), before + 2);
    });

    await step('a folder gives its fields', async () => {
      await dropFolder(window, 'plate', {deep: field('inside'), '.': [textNamed('notes.txt')]});
      await assertSameAnswer('inside', 'four');
    });

    await step('a zip archive gives its fields', async () => {
      await choose([zipFile('fields.zip', entriesOf(field('packed'), {folder: 'set/', deflate: true}))]);
      await assertSameAnswer('packed', 'four');
    });

    await step('the channels of an OME-TIFF are taken by their names', async () => {
      // Only the hue of a disc tells its channel: the same discs in both files, in another order in one.
      const backwards = [...CHANNELS].reverse();
      await choose([omeTiff('straight.ome.tif', SIDE, CHANNELS), omeTiff('turned.ome.tif', SIDE, backwards)]);
      await assertSameAnswer('turned', 'straight');
    });

    await step('a bad file is refused by name, and the rest is classified', async () => {
      await choose([textNamed('list.png'), ...field('whole')]);
      const {state, reason} = await settled(window, 'list');
      assert.equal(state, 'error');
      assert.match(reason, /list\.png/);
      await answerOf('whole');
    });
  });

  flow('an answer is looked at, saved and kept', async ({step}) => {
    await step('a map of the evidence lies over the picture, and goes', async () => {
      await choose(field('kept'));
      await answerOf('kept');
      await until(() => window.evaluate(() => document.querySelector('#viewer').dataset.state === 'shown'));
      const look = () => window.evaluate(() => document.querySelector('#viewer .stage canvas').toDataURL());
      const label = await window.evaluate(() => document.querySelector('.bar .name').textContent);
      // A busy machine may show an empty canvas first, and then some rows at a time.
      await until(() => window.evaluate(() => {
        const canvas = document.querySelector('#viewer .stage canvas');
        const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return data.some((value, at) => at % 4 < 3 && value > 0);
      }));
      // Shown at first as fast as can be, then as it stays.
      let plain;
      let times = 0;
      await until(async () => {
        const now = await look();
        times = now === plain ? times + 1 : 0;
        plain = now;
        return times === 10;
      });
      await window.click('.bar');
      await until(() => window.evaluate((label) => document.querySelector('#viewer .map .title').textContent.includes(label), label));
      await until(async () => (await look()) !== plain);
      await window.click('#viewer [data-do="map"]');
      await until(async () => (await look()) === plain);
    });

    await step('predictions are saved as CSV and as JSON', async () => {
      const {bars, chips} = await answerOf('kept');
      assert.ok(chips.length > 0);
      const save = async (what, file) => {
        await window.click('#export');
        await window.click(`[data-export="${what}"]`);
        const saved = path.join(window.downloads, file);
        let text = '';
        await until(() => {
          try {
            text = readFileSync(saved, 'utf8');
          } catch {
            // Not yet.
          }
          return text.length > 0;
        });
        rmSync(saved);
        return text;
      };
      const {labels} = manifestOf(smallModel());
      const [head, row] = (await save('table', 'cytolens-predictions.csv')).trim().split(/\r?\n/).map((line) => line.split(','));
      assert.equal(row[head.indexOf('Id')], 'kept');
      for (const bar of bars) assert.ok(Math.abs(Number(row[head.indexOf(labels[bar.class])]) - bar.probability) < 1e-6, labels[bar.class]);
      const document = JSON.parse(await save('document', 'cytolens-predictions.json'));
      assert.deepEqual(document.fields.map(({id}) => id), ['kept']);
      assert.deepEqual(document.fields[0].present.toSorted(), chips.map((chip) => labels[chip]).toSorted());
    });

    await step('a reload keeps results', async () => {
      const before = await answerOf('kept');
      await until(() => window.evaluate(recordIsDone));
      await window.reload();
      await isReady(window);
      assert.deepEqual(await answerOf('kept'), before);
    });
  }, {changes: {...WITHOUT_COPY, ...withManifest(halfPresent)}});

  flow('after a visit the page works without the server', async ({site}) => {
    await until(() => window.evaluate(() => document.querySelector('#offline').dataset.state === 'ready'));
    await site.close();
    await window.reload();
    await isReady(window);
    await choose(field('unplugged'));
    await answerOf('unplugged');
  }, {folder: () => build({'start.js': watched}), changes: {}});
}

async function isReady(window) {
  await until(() => window.evaluate(() => document.body?.dataset.engine === 'ready' || document.body?.dataset.engine === 'failed'));
  const fault = await window.evaluate(() => document.querySelector('#engine-fault-text').textContent);
  assert.equal(fault, '', 'the engine opened');
}

/** Waits until a field is done or refused, selects it, and reads its panel. */
async function settled(window, id) {
  await until(() => window.evaluate((id) =>
    Boolean(document.querySelector(`.field[data-id="${id}"]:is([data-state="done"], [data-state="error"])`)), id));
  const shown = () => window.evaluate((id) => document.querySelector('#detail').dataset.id === id, id);
  if (!(await shown())) {
    // The row of tiles scrolls, which a driver's click does not see to.
    const tile = `.field[data-id="${id}"] button`;
    await window.evaluate((tile) => document.querySelector(tile).scrollIntoView({block: 'nearest', inline: 'center'}), tile);
    await window.click(tile);
  }
  await until(shown);
  return window.evaluate(readPanel);
}

/** Whether the one field that is kept has its answer in the store. */
const recordIsDone = () => new Promise((resolve) => {
  const opening = indexedDB.open('cytolens');
  opening.onsuccess = () => {
    const records = opening.result.transaction('fields').objectStore('fields').getAll();
    records.onsuccess = () => {
      opening.result.close();
      resolve(Boolean(records.result[0]?.outcome.done));
    };
  };
});

/** Drops a folder on the page; `content` maps the names of folders in it to their files, `.` is itself. */
async function dropFolder(window, name, content) {
  const folders = Object.entries(content).map(([folder, files]) =>
    [folder, files.map(({name, mimeType, buffer}) => ({name, type: mimeType, text: buffer.toString('base64')}))]);
  await window.evaluate((root, folders) => {
    const fileEntry = (folder, {name, type, text}) => ({
      isDirectory: false,
      name,
      fullPath: `${folder}/${name}`,
      file: (done) => done(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], name, {type})),
    });
    const folderEntry = (fullPath, entries) => ({
      isDirectory: true,
      name: fullPath.split('/').pop(),
      fullPath,
      createReader: () => {
        const batches = [entries];
        return {readEntries: (done) => done(batches.pop() ?? [])};
      },
    });
    const top = `/${root}`;
    const entry = folderEntry(top, folders.flatMap(([name, files]) =>
      (name === '.' ? files.map((file) => fileEntry(top, file)) : [folderEntry(`${top}/${name}`, files.map((file) => fileEntry(`${top}/${name}`, file)))])));
    // No browser lets a script make a folder's item: this one has a file's, which hands out the folder.
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([], root));
    const {webkitGetAsEntry} = DataTransferItem.prototype;
    DataTransferItem.prototype.webkitGetAsEntry = () => entry;
    for (const event of ['dragenter', 'dragover', 'drop']) {
      document.querySelector('#drop').dispatchEvent(new DragEvent(event, {dataTransfer, bubbles: true, cancelable: true}));
    }
    DataTransferItem.prototype.webkitGetAsEntry = webkitGetAsEntry;
  }, name, folders);
}
