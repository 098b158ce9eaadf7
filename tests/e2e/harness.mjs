// What every browser test stands on: where things are, a server over dist/, a browser, and a page
// whose every request is watched.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {chromium} from 'playwright-core';
import {answer} from '../../scripts/serve.mjs';

export const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.resolve(HERE, '../..');

export const DIST = path.resolve(process.env.DIST ?? path.join(ROOT, 'dist'));
export const DATA = path.resolve(process.env.CYTOLENS_DATA ?? path.join(ROOT, '../shared/data'));
export const ARTEFACTS = path.resolve(process.env.ARTEFACTS ?? path.join(ROOT, 'test-artifacts'));

/** The packages that the example formula_packages makes, where tests have them. */
export const {FORMULA_PACKAGES} = process.env;
/** What `serve` mounts to put a small network in the place of the shipped one, where there is one: it answers sooner. */
export const SMALL_MODEL = FORMULA_PACKAGES ? {'/model/': path.join(FORMULA_PACKAGES, 'densenet-121-pooling')} : {};

/** How long an engine may take to open a package, or to classify one field. */
export const PATIENCE = {cpu: 120_000, gpu: 300_000};

/** A reason to skip, where one of these paths is not there; else false. */
export function missing(paths) {
  for (const [what, where] of Object.entries(paths)) {
    if (!where) return `${what} is not set`;
    if (!existsSync(where)) return `${what} is not there: ${where}`;
  }
  return false;
}

/**
 * Serves `folder` on 127.0.0.1.
 *
 * `changes` maps an address, such as '/model/manifest.json', to a status (404) or to a function from
 * the file's bytes to what is served in their place; `mounts` maps an address's beginning to another
 * folder. Both may be changed while the server runs.
 */
export async function serve({folder = DIST, changes = {}, mounts = {}} = {}) {
  const site = {changes, mounts, requests: []};
  const server = http.createServer(async (request, response) => {
    const {pathname} = new URL(request.url, 'http://x');
    site.requests.push(pathname);
    const change = site.changes[pathname];
    if (typeof change === 'number') {
      response.writeHead(change, {'content-type': 'text/plain'}).end('not here\n');
      return;
    }
    if (change) {
      const bytes = Buffer.from(change(await readFile(path.join(folder, pathname))));
      const type = {'.js': 'text/javascript', '.json': 'application/json', '.wasm': 'application/wasm'};
      const headers = {'content-length': bytes.length, 'content-type': type[path.extname(pathname)] ?? 'application/octet-stream'};
      response.writeHead(200, headers).end(bytes);
      return;
    }
    const mount = Object.keys(site.mounts).find((start) => pathname.startsWith(start));
    if (mount) request.url = pathname.slice(mount.length - 1);
    await answer(mount ? site.mounts[mount] : folder, request, response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  site.origin = `http://127.0.0.1:${server.address().port}`;
  site.close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return site;
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

/** Starts Chromium, with a software WebGPU adapter or with none. */
export function launch({adapter = false, flags = []} = {}) {
  const executablePath = process.env.CHROMIUM || execFileSync('sh', ['-c', 'command -v chromium'], {encoding: 'utf8'}).trim();
  return chromium.launch({executablePath, args: [...QUIET, ...(adapter ? SOFTWARE_ADAPTER : []), ...flags]});
}

/**
 * Opens `address` of the site, hands the page and its context to `use`, and then asserts that nothing was asked of
 * any other origin. A proxy takes every request that leaves this machine's loopback, from page and
 * workers alike, so that none is overlooked. Service workers are for the tests of the offline copy: elsewhere
 * every test meets the server. `breaksPolicy` is for the tests that try to.
 */
export async function visit(browser, site, address, use, {viewport = {width: 1280, height: 900}, colorScheme = 'light', serviceWorkers = 'block', breaksPolicy = false} = {}) {
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
    serviceWorkers,
    proxy: {server: `http://127.0.0.1:${proxy.address().port}`, bypass: '127.0.0.1'},
  });
  context.on('request', (request) => {
    // The browser tells of requests that the policy then stops; those that it lets go meet the proxy.
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
  } finally {
    await context.close();
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  }
  assert.deepEqual(foreign, [], 'every request stays on the origin of the page');
  assert.deepEqual(problems, [], 'the page runs without an uncaught error and within its own policy');
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

/** Waits until the engine is given up; gives the reason that the page shows. */
export async function failed(page, timeout = PATIENCE.cpu) {
  await page.waitForSelector('body:not([data-engine="loading"])', {timeout});
  assert.equal(await page.getAttribute('body', 'data-engine'), 'failed');
  await page.locator('#engine-fault').waitFor({state: 'visible'});
  return page.textContent('#engine-fault-text');
}
