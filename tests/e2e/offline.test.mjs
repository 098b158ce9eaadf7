// The copy for offline use: that it is whole, that it is right, and that it changes only as a whole.
import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {cpSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {once} from 'node:events';
import os from 'node:os';
import path from 'node:path';
import http from 'node:http';
import {createInterface} from 'node:readline';
import {after, describe, test} from 'node:test';
import {answer} from '../../scripts/serve.mjs';
import {build, newerBuild, removeBuilds, versionOf} from './builds.mjs';
import {HELD} from './engines.mjs';
import {drawnField} from './fields.mjs';
import {choose, chromiumForTests, CPU, launchForTests, manifestOf, PATIENCE, ready, select, smallModel, until, withSite} from './harness.mjs';

const timeout = 3 * PATIENCE.cpu;
const SAMPLE = '/samples/sample-nucleoli_red.png';

const first = build();
const newer = newerBuild();
after(removeBuilds);

const chromium = chromiumForTests();
const visit = (use, options) => chromium.visit(use, {folder: first, serviceWorkers: 'allow', ...options});
/** Puts another build in the place of the one that is served. */
const publish = (site, folder) => (site.mounts = {'/': folder});

/** Waits until the page says how its offline copy is. */
async function copyIs(page, state) {
  await page.waitForSelector(`#offline[data-state="${state}"]`, {timeout: PATIENCE.cpu});
  return page.textContent('#offline');
}

/** Waits until a field, or so many of them, has its answer. */
async function done(page, id) {
  await page.waitForSelector(`.field[data-id="${id}"][data-state="done"]`, {timeout: PATIENCE.cpu, state: 'attached'});
}
async function allDone(page, count) {
  const all = (count) => document.querySelectorAll('.field[data-state="done"]').length === count;
  await page.waitForFunction(all, count, {timeout: PATIENCE.cpu});
}

/** What the page on the screen says of its build, in its text and by its script. */
const shown = (page) => page.evaluate(() => ({
  tagline: document.querySelector('.tagline').textContent,
  script: document.body.dataset.script,
  version: document.querySelector('meta[name="version"]').content,
}));

/** The caches of the browser, and what one of them answers for an address. */
const cacheNames = (page) => page.evaluate(() => caches.keys());
const cached = (page, address) => page.evaluate(async (address) => Boolean(await caches.match(address)), address.slice(1));

/** Has the browser look for a newer version now, as it does by itself at every load. */
const lookForNewer = (page) => page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).update().then(() => {}));

test('the same build is the same version, and another build is another', () => {
  const again = build();
  assert.equal(versionOf(first), versionOf(again));
  assert.notEqual(versionOf(first), versionOf(newer));
  const worker = (folder) => readFileSync(path.join(folder, 'service-worker.js'), 'utf8');
  assert.equal(worker(first), worker(again));
  assert.match(worker(first), /"path":"model\/weights\.safetensors\.gz"/);
});

test('after one visit the page works without network and server', {timeout}, async () => {
  await visit(async (page, {site}) => {
    await ready(page);
    const text = await copyIs(page, 'ready');
    assert.match(text, /Ready for offline use \(\d+ MB\)/);
    await page.context().setOffline(true);
    await site.close();

    // Without a reload: files that were not asked for yet.
    await page.locator('[data-sample]').first().click();
    await allDone(page, 1);

    await page.reload();
    await ready(page);
    assert.match(await copyIs(page, 'ready'), /Ready/);
    await page.setInputFiles('#files', drawnField('unplugged'));
    await done(page, 'unplugged');
    await page.click('#clear');
    await page.locator('[data-sample]').nth(1).click();
    await allDone(page, 1);
  });
});

test("a visitor's own model is there without network and server, and so is the shipped one", {timeout}, async () => {
  await visit(async (page, {site}) => {
    await copyIs(page, 'ready');
    const shipped = await page.textContent('#model-name');
    const isOpen = (name) => page.waitForFunction((name) =>
      document.body.dataset.engine === 'ready' && document.querySelector('#model-name').textContent === name, name, {timeout: PATIENCE.cpu});
    const manifest = manifestOf(smallModel());
    await page.setInputFiles('#files', [
      {name: 'manifest.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify({...manifest, name: 'Our own'}))},
      {name: 'weights.safetensors', mimeType: 'application/octet-stream', buffer: readFileSync(path.join(smallModel(), 'weights.safetensors'))},
    ]);
    await isOpen('Our own');
    await page.waitForFunction(() => /is kept/.test(document.querySelector('#model-notice').textContent));
    await site.close();
    await page.reload();
    await isOpen('Our own');
    await page.setInputFiles('#files', drawnField('unplugged'));
    await done(page, 'unplugged');
    // The only other one.
    await select(page, '#model-choice', await page.locator('#model-choice option:not(:checked)').getAttribute('value'));
    await isOpen(shipped);
  });
});

test('what the page downloaded is not downloaded again for the copy', {timeout}, async () => {
  // This server forbids the browser's own cache.
  await visit(async (page, {site}) => {
    await copyIs(page, 'ready');
    for (const large of ['/cpu_engine_relaxed_bg.wasm.gz', '/gpu_engine_bg.wasm.gz', '/model/weights.safetensors.gz']) {
      assert.equal(site.requests.filter((address) => address === large).length, 1, large);
    }
    assert.deepEqual((await cacheNames(page)).filter((name) => /arrived/.test(name)), [], 'nothing is kept twice');
    const asked = site.requests.length;
    await page.reload();
    await ready(page);
    await copyIs(page, 'ready');
    const again = site.requests.slice(asked).filter((address) => address !== '/service-worker.js');
    assert.deepEqual(again, [], 'a later visit asks only whether there is a newer version');
  });
});

test('a newer version waits until the visitor takes it, and comes whole', {timeout}, async () => {
  await visit(async (page, {site}) => {
    await ready(page);
    await copyIs(page, 'ready');
    await page.setInputFiles('#files', drawnField('kept'));
    await done(page, 'kept');
    const asked = site.requests.length;
    publish(site, newer);
    await lookForNewer(page);
    await page.locator('#newer-reload').waitFor({state: 'visible', timeout: PATIENCE.cpu});
    assert.match(await page.textContent('#newer-text'), /new version is ready/);
    const fetched = site.requests.slice(asked);
    assert.ok(!fetched.includes('/cpu_engine_relaxed_bg.wasm.gz'), 'what is the same is not downloaded again');
    // Whatever this page asks for now is of its own build.
    assert.doesNotMatch(await page.evaluate(async () => (await fetch('start.js')).text()), /newer/);
    assert.deepEqual(await shown(page), {tagline: 'Where in the cell is the protein?', script: undefined, version: versionOf(first)});

    await page.click('#newer-reload');
    await page.waitForSelector('body[data-script="newer"]');
    await ready(page);
    assert.deepEqual(await shown(page), {tagline: 'A newer page.', script: 'newer', version: versionOf(newer)});
    await done(page, 'kept');
    await copyIs(page, 'ready');
    const names = await cacheNames(page);
    assert.equal(names.length, 1, `only the newer copy is kept: ${names.join(', ')}`);
    assert.ok(names[0].endsWith(versionOf(newer)));

    await site.close();
    await page.reload();
    await ready(page);
    assert.deepEqual(await shown(page), {tagline: 'A newer page.', script: 'newer', version: versionOf(newer)});
  });
});

test('a newer version that was not taken is there at the next visit, or at the one after', {timeout}, async () => {
  await visit(async (page, {site}) => {
    await copyIs(page, 'ready');
    await page.setInputFiles('#files', drawnField('kept'));
    await done(page, 'kept');
    publish(site, newer);
    await lookForNewer(page);
    await page.locator('#newer-reload').waitFor({state: 'visible', timeout: PATIENCE.cpu});
    // A busy browser counts the worker before as at work with the page that is being left, and puts the change off.
    const isNewer = (timeout) => page.waitForSelector('body[data-script="newer"]', {timeout}).then(() => true, () => false);
    await page.reload();
    if (!(await isNewer(PATIENCE.cpu / 12))) {
      await page.reload();
      assert.ok(await isNewer(PATIENCE.cpu));
    }
    await done(page, 'kept');
  });
});

test('who builds the application sees the new build at the next load', {timeout}, async () => {
  await visit(async (page, {site}) => {
    await copyIs(page, 'ready');
    publish(site, newer);
    await page.reload();
    await page.waitForSelector('body[data-script="newer"]', {timeout: PATIENCE.cpu});
    assert.equal((await shown(page)).tagline, 'A newer page.');
  });
});

test('a newer version does not take over while another window is open', {timeout}, async () => {
  await visit(async (page, {site}) => {
    await copyIs(page, 'ready');
    const other = await page.context().newPage();
    await other.goto(`${site.origin}/${CPU}`);
    await copyIs(other, 'ready');
    publish(site, newer);
    await lookForNewer(page);
    await page.locator('#newer-reload').waitFor({state: 'visible', timeout: PATIENCE.cpu});
    await page.click('#newer-reload');
    await page.waitForFunction(() => /other windows/.test(document.querySelector('#newer-text').textContent));
    assert.equal((await shown(page)).version, versionOf(first));
    assert.doesNotMatch(await other.evaluate(async () => (await fetch('start.js')).text()), /newer/);
    await other.close();
    await page.click('#newer-reload');
    await page.waitForSelector('body[data-script="newer"]', {timeout: PATIENCE.cpu});
  });
});

test('a newer version while fields wait loses none of them', {timeout}, async () => {
  await visit(async (page, {site}) => {
    await copyIs(page, 'ready');
    const ids = Array.from({length: 8}, (_, index) => `field-${index}`);
    await page.setInputFiles('#files', ids.flatMap((id) => drawnField(id)));
    publish(site, newer);
    await lookForNewer(page);
    await page.locator('#newer-reload').waitFor({state: 'visible', timeout: PATIENCE.cpu});
    assert.equal(await page.locator('.field:is([data-state="waiting"], [data-state="working"])').count(), ids.length, 'all still wait');
    await page.click('#newer-reload');
    await page.waitForSelector('body[data-script="newer"]', {timeout: PATIENCE.cpu});
    for (const id of ids) await done(page, id);
  }, {folder: build({'engine.js': (text) => `${HELD}\n${text}`})});
});

test('a file that is not what was built is refused by name and tried again', {timeout}, async () => {
  const flipped = (bytes) => {
    bytes[bytes.length - 1] ^= 1;
    return bytes;
  };
  await visit(async (page, {site}) => {
    const text = await copyIs(page, 'refused');
    assert.match(text, /sample-nucleoli_red\.png/);
    assert.equal(await cached(page, SAMPLE), false);
    assert.equal(await page.evaluate(() => Boolean(navigator.serviceWorker.controller)), false, 'no part of a copy answers');
    await ready(page);

    delete site.changes[SAMPLE];
    await page.reload();
    await copyIs(page, 'ready');
    assert.equal(await cached(page, SAMPLE), true);

    // A newer version that arrives damaged leaves the whole one in its place.
    site.changes['/start.js'] = flipped;
    publish(site, newer);
    await page.reload();
    await page.waitForFunction(() => /newer version could not be kept.*start\.js/.test(document.querySelector('#offline').textContent), null, {timeout: PATIENCE.cpu});
    await site.close();
    await page.reload();
    await ready(page);
    assert.equal((await shown(page)).version, versionOf(first));
  }, {changes: {[SAMPLE]: flipped}});
});

test('a server that has the application no longer gets its place back', {timeout}, async () => {
  await visit(async (page, {site}) => {
    await copyIs(page, 'ready');
    site.changes['/service-worker.js'] = 404;
    await page.reload();
    await until(() => page.evaluate(async () => !(await navigator.serviceWorker.getRegistration()) && (await caches.keys()).length === 0));
    site.changes['/'] = 404;
    const response = await page.goto(`${site.origin}/`);
    assert.equal(response.status(), 404, 'the server answers, and not a copy');
  });
});

test('a host that calls packed files packed, so that the browser unpacks them, is as good as any', {timeout}, async () => {
  const plain = http.createServer(async (request, response) => {
    const {pathname} = new URL(request.url, 'http://x');
    if (pathname.endsWith('.gz')) response.setHeader('content-encoding', 'gzip');
    await answer(first, request, response);
  });
  await new Promise((resolve) => plain.listen(0, '127.0.0.1', resolve));
  try {
    await chromium.visitAt({origin: `http://127.0.0.1:${plain.address().port}`}, CPU, async (page) => {
      await ready(page);
      await copyIs(page, 'ready');
      plain.closeAllConnections();
      plain.close();
      await page.reload();
      await ready(page);
      await page.setInputFiles('#files', drawnField('unplugged'));
      await done(page, 'unplugged');
    }, {serviceWorkers: 'allow'});
  } finally {
    plain.close();
  }
});

const noPython = spawnSync('python3', ['--version']).error ? 'python3 is not there' : false;
test('a folder of any plain server will do', {skip: noPython, timeout}, async () => {
  const root = mkdtempSync(path.join(os.tmpdir(), 'cytolens-stick-'));
  const folder = path.join(root, 'lecture 3', 'cytolens');
  cpSync(first, folder, {recursive: true});
  const server = spawn('python3', ['-u', '-m', 'http.server', '--bind', '127.0.0.1', '0'], {cwd: root, stdio: ['ignore', 'pipe', 'ignore']});
  try {
    const [line] = await once(createInterface(server.stdout), 'line');
    const site = {origin: `http://127.0.0.1:${/port (\d+)/.exec(line)[1]}`};
    await chromium.visitAt(site, `lecture%203/cytolens/${CPU}`, async (page) => {
      await ready(page);
      await copyIs(page, 'ready');
      server.kill();
      await once(server, 'exit');
      await page.reload();
      await ready(page);
      await page.setInputFiles('#files', drawnField('unplugged'));
      await done(page, 'unplugged');
      // The same page by its other address.
      await page.goto(`${site.origin}/lecture%203/cytolens/index.html`);
      await ready(page);
    }, {serviceWorkers: 'allow'});
  } finally {
    server.kill();
    rmSync(root, {recursive: true, force: true});
  }
});

test('where no copy can be kept the page works and says why', {timeout}, async () => {
  // Plain http from another machine: no secure context, so no service workers.
  const plain = await launchForTests({whole: true, flags: ['--host-resolver-rules=MAP microscope.test 127.0.0.1']});
  try {
    await withSite({folder: first}, async (site) => {
      const page = await plain.newPage();
      await page.goto(`${site.origin.replace('127.0.0.1', 'microscope.test')}/${CPU}`);
      await ready(page);
      assert.match(await copyIs(page, 'impossible'), /https or localhost/);
      await page.setInputFiles('#files', drawnField('plain'));
      await done(page, 'plain');
    });
  } finally {
    await plain.close();
  }
});

describe('in the whole browser, which alone installs pages', () => {
  const {visit} = chromiumForTests({whole: true});

  test('the page can be installed', {timeout}, async () => {
    await visit(async (page) => {
      const session = await page.context().newCDPSession(page);
      const {errors, data} = await session.send('Page.getAppManifest');
      assert.deepEqual(errors, []);
      const manifest = JSON.parse(data);
      for (const {src, sizes, type} of manifest.icons) {
        const found = await page.evaluate(async (src) => {
          const response = await fetch(src);
          const picture = await new Promise((resolve, reject) => {
            const image = new Image();
            image.onload = () => resolve(`${image.naturalWidth}x${image.naturalHeight}`);
            image.onerror = () => reject(new Error(src));
            image.src = src;
          });
          return {status: response.status, picture};
        }, src);
        assert.equal(found.status, 200, src);
        if (type === 'image/png') assert.equal(found.picture, sizes, src);
      }
      const {installabilityErrors} = await session.send('Page.getInstallabilityErrors');
      // Contexts of tests are private windows, in which nothing can be installed.
      assert.deepEqual(installabilityErrors.map(({errorId}) => errorId).filter((id) => id !== 'in-incognito'), []);

      // Headless browsers make no offer, so the test makes one.
      assert.ok(await page.$eval('#install', (button) => button.hidden));
      await page.evaluate(() => {
        const offer = new Event('beforeinstallprompt', {cancelable: true});
        offer.prompt = () => {
          window.prompted = offer.defaultPrevented;
          return Promise.resolve();
        };
        dispatchEvent(offer);
      });
      await choose(page, '#install');
      assert.equal(await page.evaluate(() => window.prompted), true);
      assert.ok(await page.$eval('#install', (button) => button.hidden));
    }, {folder: first, serviceWorkers: 'allow'});
  });
});
