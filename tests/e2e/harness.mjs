// The base of every browser test: where things are, a server over dist/, a browser, and a page
// whose every request is watched.
//
// DIST              the built application (dist/)
// FORMULA_PACKAGES  the packages that the example formula_packages makes
// CYTOLENS_DATA     the folder of real fields and ImageNet weights (../shared/data)
// REFERENCE_CSV     the trainer's prediction of the real fields, by the shipped model
// ARTEFACTS         where pictures and files for people to look at are put (test-artifacts/)
// CHROMIUM          the browser (chromium on PATH)
// CHROMIUM_SHELL    the same without windows, which starts and opens pages sooner (CHROMIUM)
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {readFile, stat} from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import {after, before} from 'node:test';
import {fileURLToPath} from 'node:url';
import {chromium} from 'playwright-core';
import {answer} from '../../scripts/serve.mjs';

export const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.resolve(HERE, '../..');

export const DIST = path.resolve(process.env.DIST || path.join(ROOT, 'dist'));
export const DATA = path.resolve(process.env.CYTOLENS_DATA || path.join(ROOT, '../shared/data'));
export const ARTEFACTS = path.resolve(process.env.ARTEFACTS || path.join(ROOT, 'test-artifacts'));
/** The folder of real fields. */
export const IMAGES = path.join(DATA, 'hpa/images');
/** The package that the page comes with: over a second a field on the CPU, a minute on a software GPU. */
export const SHIPPED_MODEL = path.join(ROOT, 'www/model');

/** The page's address with the CPU as its device. */
export const CPU = '?device=cpu';

/** How long an engine may take to open a package, or to classify one field. */
export const PATIENCE = {cpu: 120_000, gpu: 300_000};

/** A reason to skip, where data that the project may not bring along are not there; else false. */
export function missing(...paths) {
  const absent = paths.find((where) => !existsSync(where));
  return absent ? `${absent} is not there` : false;
}

/** A path that a variable must name: scripts/test.sh sets it, so a missing one is a fault and no reason to skip. */
export function given(variable) {
  const where = process.env[variable];
  assert.ok(where && existsSync(where), `${variable} must name what scripts/test.sh has made before, and is ${where || 'not set'}`);
  return where;
}

/** The folder of a package that the example formula_packages made. */
export const formulaPackage = (name) => path.join(given('FORMULA_PACKAGES'), name);

/** A network whose answers mean nothing, and which opens and answers soonest: for all tests that are not about the shipped one. */
export const smallModel = () => formulaPackage('small');

/** The manifest of a package. */
export const manifestOf = (folder) => JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));

/** A change of a site: the package's manifest as `edit` makes it from the one that is there. */
export const withManifest = (edit) => ({'/model/manifest.json': (bytes) => JSON.stringify(edit(JSON.parse(bytes)))});

/** A manifest with half of the labels over their threshold and half under it, whatever the network says of a field. */
export const halfPresent = (manifest) => ({
  ...manifest,
  thresholds: manifest.thresholds.map((_, label) => (label % 2 ? 0.001 : 0.999)),
});

/**
 * Serves `folder` on 127.0.0.1, with the package of the folder `model` in the place of its own.
 *
 * `changes` maps an address, such as '/model/manifest.json', to a status (404) or to a function from
 * the file's bytes to what is served in their place; `mounts` maps an address's beginning to another
 * folder. Both may be changed while the server runs. What is asked for packed, `/model/weights.safetensors.gz`, is
 * served unpacked where it is changed, or lies unpacked in its folder.
 */
export async function serve({folder = DIST, model, changes = {}, mounts = {}} = {}) {
  const site = {changes, mounts: model ? {...mounts, '/model/': model} : mounts, requests: []};
  const server = http.createServer(async (request, response) => {
    const {pathname: asked} = new URL(request.url, 'http://x');
    site.requests.push(asked);
    const pathname = await foundAs(site, folder, asked);
    const change = site.changes[asked] ?? site.changes[pathname];
    if (typeof change === 'number') {
      response.writeHead(change, {'content-type': 'text/plain'}).end('not here\n');
      return;
    }
    const [root, inside] = lies(site, folder, pathname);
    if (change) {
      const bytes = Buffer.from(change(await readFile(path.join(root, inside))));
      const type = {'.js': 'text/javascript', '.json': 'application/json', '.wasm': 'application/wasm'};
      const headers = {'content-length': bytes.length, 'content-type': type[path.extname(pathname)] ?? 'application/octet-stream'};
      response.writeHead(200, headers).end(bytes);
      return;
    }
    request.url = inside;
    await answer(root, request, response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  site.origin = `http://127.0.0.1:${server.address().port}`;
  site.close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return site;
}

/** The folder in which an address lies, and its address there. */
function lies(site, folder, pathname) {
  const mount = Object.keys(site.mounts).find((start) => pathname.startsWith(start));
  return mount ? [site.mounts[mount], pathname.slice(mount.length - 1)] : [folder, pathname];
}

/** The address itself, or that of the unpacked file where there is no other. */
async function foundAs(site, folder, asked) {
  const unpacked = asked.replace(/\.gz$/, '');
  const isThere = await stat(path.join(...lies(site, folder, asked))).catch(() => false);
  return isThere && !(unpacked in site.changes) ? asked : unpacked;
}

/** Serves what `how` says for as long as `use` lasts. */
export async function withSite(how, use) {
  const site = await serve(how);
  try {
    return await use(site);
  } finally {
    await site.close();
  }
}

const QUIET = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** The flags without which headless Chromium has no WebGPU adapter; with them, a software one. */
const SOFTWARE_ADAPTER = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/** The browser that a visitor has. */
const wholeChromium = () => process.env.CHROMIUM || execFileSync('sh', ['-c', 'command -v chromium'], {encoding: 'utf8'}).trim();

/** Starts Chromium, with a software WebGPU adapter or with none. */
export function launch({adapter = false, flags = [], executablePath = wholeChromium()} = {}) {
  return chromium.launch({executablePath, args: [...QUIET, ...(adapter ? SOFTWARE_ADAPTER : []), ...flags]});
}

/**
 * The features that Chromium goes without in tests. The first two make its address bar two pages more in every window,
 * a third of the work of a visit, although none is seen; the others are those of Playwright's own list, which this one
 * replaces, that matter here.
 */
const OFF = [
  'WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'HttpsUpgrades', 'HttpsFirstBalancedModeAutoEnable', 'MediaRouter', 'OptimizationHints',
  // Its own questions about a page's fields for text, which a visitor's browser asks or not.
  'AutofillServerCommunication',
  'PaintHolding', 'ThirdPartyStoragePartitioning', 'DestroyProfileOnBrowserClose', 'AvoidUnnecessaryBeforeUnloadCheckSync',
];

/**
 * Starts Chromium for tests, with a software WebGPU adapter or with none; without one the page is not drawn on an emulated
 * GPU either, which would only take longer. It has no windows, unless the test is of something that only a `whole` browser does.
 */
export function launchForTests({adapter = false, whole = false, flags = []} = {}) {
  const executablePath = (!whole && process.env.CHROMIUM_SHELL) || wholeChromium();
  return launch({adapter, executablePath, flags: [`--disable-features=${OFF.join()}`, ...(adapter ? [] : ['--disable-gpu']), ...flags]});
}

/**
 * Opens `address` of the site, hands the page and its context to `use`, and then asserts that nothing was asked of
 * any other origin. A proxy takes every request that leaves this machine's loopback, from page and
 * workers alike, so that none is overlooked. Service workers are for the tests of the offline copy: elsewhere
 * every test meets the server. `breaksPolicy` is for the tests that try to.
 */
export async function visitSite(browser, site, address, use, {viewport = {width: 1280, height: 900}, colorScheme = 'light', hasTouch = false, serviceWorkers = 'block', breaksPolicy = false} = {}) {
  const foreign = [];
  const record = (request, response) => {
    foreign.push(request.url);
    response.destroy();
  };
  const proxy = http.createServer(record).on('connect', record);
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const context = await browser.newContext({
    viewport,
    colorScheme,
    // A finger is coarse where the browser is a phone's.
    hasTouch,
    isMobile: hasTouch,
    serviceWorkers,
    proxy: {server: `http://127.0.0.1:${proxy.address().port}`, bypass: '127.0.0.1'},
  });
  // A click or a word may take long where an engine computes on every core beside it.
  context.setDefaultTimeout(PATIENCE.cpu);
  context.on('request', (request) => {
    // The browser names requests that the policy then stops, too; those that it lets go meet the proxy.
    if (breaksPolicy) return;
    const url = new URL(request.url());
    if (['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol) && url.origin !== site.origin) foreign.push(url.href);
  });
  const problems = [];
  try {
    const page = await context.newPage();
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (!breaksPolicy && message.text().includes('Content Security Policy')) problems.push(message.text());
    });
    await page.goto(`${site.origin}/${address}`);
    await use(page, context);
  } catch (error) {
    // What went wrong in the page comes before what was waited for in vain.
    if (problems.length > 0) error.message += `\nin the page: ${problems.join('\n')}`;
    throw error;
  } finally {
    await context.close();
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  }
  assert.deepEqual(foreign, [], 'every request stays on the origin of the page');
  assert.deepEqual(problems, [], 'the page runs without an uncaught error and within its own policy');
}

/** Waits until `condition` holds, which may be asked of a page: `waitForFunction` takes any promise for a yes. */
export async function until(condition, timeout = PATIENCE.cpu) {
  const end = performance.now() + timeout;
  while (!(await condition())) {
    assert.ok(performance.now() < end, `waited in vain for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Gives a page's window another size, and two frames in which the page follows it. */
export async function resize(page, width, height) {
  await page.setViewportSize({width, height});
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** Waits until the engine is open; gives its model's name and the report of its device. */
export async function ready(page, timeout = PATIENCE.cpu) {
  await page.waitForSelector('body:not([data-engine="loading"])', {timeout});
  if ((await page.getAttribute('body', 'data-engine')) !== 'ready') {
    assert.fail(`the engine did not open: ${await page.textContent('#engine-fault-text')}`);
  }
  const report = page.locator('#device-report');
  return {
    model: await page.textContent('#model-name'),
    kind: await report.getAttribute('data-kind'),
    report: await report.textContent(),
  };
}

/** Opens the menu of the bar in which a control lies, if it lies in one; gives what the focus goes back to. */
export async function reach(page, selector) {
  const menu = await page.locator(selector).evaluate((control) => control.closest('[popover]')?.id ?? '');
  if (!menu) return selector;
  const opener = `[popovertarget="${menu}"]`;
  if (!(await page.locator(`#${menu}`).isVisible())) await page.click(opener);
  return `#${await page.getAttribute(opener, 'id')}`;
}

/** Clicks a control of the bar, in its menu if it has one. */
export async function choose(page, selector) {
  await reach(page, selector);
  await page.click(selector);
}

/** Chooses an option of a select in a menu of the bar, and closes the menu. */
export async function select(page, selector, option) {
  await reach(page, selector);
  await page.selectOption(selector, option);
  await page.keyboard.press('Escape');
}

/** Waits until the engine is given up; gives the reason that the page shows. */
export async function failed(page, timeout = PATIENCE.cpu) {
  await page.waitForSelector('body:not([data-engine="loading"])', {timeout});
  assert.equal(await page.getAttribute('body', 'data-engine'), 'failed');
  await page.locator('#engine-fault').waitFor({state: 'visible'});
  return page.textContent('#engine-fault-text');
}

/**
 * A Chromium for the tests of a file or of a `describe`: started before them, closed after them. Every visit has a
 * server and a context (storage, caches, permissions) of its own, so that no test meets what another has left.
 *
 * `visit` opens the page and hands it to `use`, with its `context` and its `site`; `open` waits for the engine first, and
 * hands over what `ready` gives, too. Both take what `serve` and `visitSite` take, and the page's `address`; the network
 * is the small one unless `model` names another. `visitAt` is for a site that another program serves.
 */
export function chromiumForTests(how) {
  let browser;
  before(async () => {
    browser = await launchForTests(how);
  });
  after(() => browser?.close());

  const visitAt = (site, address, use, look) =>
    visitSite(browser, site, address, (page, context) => use(page, {context, site}), look);
  const visit = (use, {address = CPU, folder, model = folder ? undefined : smallModel(), changes, mounts, ...look} = {}) =>
    withSite({folder, model, changes, mounts}, (site) => visitAt(site, address, use, look));
  const open = (use, {patience, ...options} = {}) =>
    visit(async (page, {context, site}) => use(page, {context, site, engine: await ready(page, patience)}), options);
  return {visitAt, visit, open};
}

/** Bytes of memory of the browser's processes of a type: shared pages by their share. Linux alone tells. */
export async function processMemory(browser, type) {
  const session = await browser.newBrowserCDPSession();
  const {processInfo} = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  let sum = 0;
  for (const {id} of processInfo.filter((info) => info.type === type)) {
    const text = readFileSync(`/proc/${id}/smaps_rollup`, 'utf8');
    sum += Number(/^Pss:\s+(\d+) kB/m.exec(text)[1]) * 1024;
  }
  return sum;
}
