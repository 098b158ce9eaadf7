// Measures the page as a visitor meets it and prints each figure beside its target: bench/page.sh prepares
// it and says what may be set.
//
// usable       the page's program has started and the drop zone reacts, since the navigation began
// first        the first field has its answer on the CPU device, since the navigation began; its four
//              files are given as soon as the page is usable
// line         on a slow line, from an empty cache: when the page is usable, when a field given then is seen, and when the
//              engine is ready; nothing that is served is packed by the server
// responsive   while 20 fields are classified: the longest task of the page's main thread, with and
//              without its waiting for a processor, and the longest wait of a timer of 5 ms, each the median of RUNS visits
// maps         the activation maps of a field beside its prediction, as the engine times both
// memory       after so many fields: of the renderer's processes (PSS, from /proc), of the page's JavaScript
//              and of the engine's WebAssembly
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {DIST, launch, processMemory, serve} from '../tests/e2e/harness.mjs';
import {givenFields} from './fields.mjs';

const throttle = Number(process.env.THROTTLE || 2);
const runs = Number(process.env.RUNS || 5);
const counts = (process.env.FIELDS || '50 1000').split(/[ ,]+/).map(Number);
const only = (process.env.ONLY || 'usable first line responsive maps memory').split(/[ ,]+/);
const MODEL = process.env.MODEL;
const ADDRESS = '?device=cpu';
const SIDE = 512;
/** Lines as Chromium's developer tools have them: Mbit/s down and up, ms until an answer begins; and the wanted s until ready. */
const LINES = {
  'fast 3G': {down: 1.44, up: 0.675, latency: 562.5, wanted: 90},
  'slow 4G': {down: 8.1, up: 1.35, latency: 165, wanted: 18},
};

/** Runs in the page before anything else: notes when things happen, in milliseconds since the navigation. */
function watch() {
  const seen = {done: {}, tasks: [], gaps: [], times: [], memory: []};
  window.seen = seen;
  const states = new MutationObserver((changes) => {
    // The program says what the engine does once everything listens.
    if (!seen.usable && !/Loading the page/.test(document.getElementById('status')?.textContent ?? 'Loading the page')) {
      seen.usable = performance.now();
    }
    for (const {target} of changes) {
      if (target.dataset?.state === 'done' && target.dataset.id) seen.done[target.dataset.id] ??= performance.now();
    }
  });
  states.observe(document, {subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ['data-state']});
  // A task counts from when the page hears of files: what comes before is the browser's and the driver's, who make a list of them.
  let heard = 0;
  document.addEventListener('change', () => (heard = performance.now()), {capture: true});
  const ofPage = ({startTime, duration}) => (startTime < heard && heard < startTime + duration ? startTime + duration - heard : duration);
  new PerformanceObserver((list) => seen.tasks.push(...list.getEntries().map(ofPage))).observe({type: 'longtask', buffered: true});
  seen.watchGaps = () => {
    let last = performance.now();
    seen.gaps = [];
    seen.tasks = [];
    seen.timer = setInterval(() => {
      const now = performance.now();
      seen.gaps.push(now - last);
      last = now;
    }, 5);
  };
  window.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      seen.worker = this;
      this.addEventListener('message', ({data}) => {
        if (data.classified) seen.times.push([data.classified.prediction.network_ms, data.classified.prediction.map_ms]);
        if (data.diagnosed) seen.memory.push(data.diagnosed.memory_bytes);
      });
    }
  };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const milliseconds = (value) => `${Math.round(value)} ms`;
const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;
const megabytes = (value) => `${(value / 1e6).toFixed(1)} MB`;

console.log(`${'figure'.padEnd(66)} ${'measured'.padStart(12)} ${'target'.padStart(12)}`);
function print(figure, measured, target = '', isMet = true) {
  console.log(`${figure.padEnd(66)} ${measured.padStart(12)} ${target.padStart(12)} ${target && (isMet ? 'met' : 'MISSED')}`);
}

if (!/name="version" content="\w/.test(readFileSync(path.join(DIST, 'index.html'), 'utf8'))) {
  console.error(`${DIST}: not a whole build, for it has no list of its files (scripts/list-files.mjs)`);
  process.exit(1);
}
const work = mkdtempSync(path.join(os.tmpdir(), 'cytolens-bench-'));
const fields = givenFields(work, SIDE);
const site = await serve({folder: DIST});
const browser = await launch();

/** A fresh browser profile with a page that is watched. */
async function newPage({serviceWorkers = 'block'} = {}) {
  const context = await browser.newContext({serviceWorkers, viewport: {width: 1280, height: 900}});
  const page = await context.newPage();
  page.setDefaultTimeout(0);
  page.on('pageerror', (error) => console.error(`the page: ${error.message}`));
  await page.addInitScript(watch);
  return {context, page};
}

async function slowDown(page, rate) {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', {rate});
}

async function usable(page) {
  await page.waitForFunction(() => window.seen?.usable, null, {polling: 20});
  return page.evaluate(() => window.seen.usable);
}

/** Whether the drop zone shows that something is over it. */
const reacts = (page) => page.evaluate(() => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(['x'], 'x_green.png', {type: 'image/png'}));
  const zone = document.getElementById('drop');
  zone.dispatchEvent(new DragEvent('dragenter', {bubbles: true, cancelable: true, dataTransfer}));
  const has = zone.classList.contains('over');
  zone.dispatchEvent(new DragEvent('dragleave', {bubbles: true, cancelable: true, dataTransfer}));
  return has;
});

async function finished(page, id) {
  await page.waitForFunction((id) => window.seen.done[id], id, {polling: 50});
  return page.evaluate((id) => window.seen.done[id], id);
}

/** Waits until so many fields are there and none is open. Of many the gallery has only a part in the document. */
const settled = (page, count) => page.waitForFunction((count) => {
  const tiles = document.querySelectorAll('#fields > li');
  const there = Number(tiles[0]?.getAttribute('aria-setsize') ?? tiles.length);
  return there === count && document.querySelector('#queue').hidden;
}, count, {polling: 50});

const ready = (page) => page.waitForSelector('body[data-engine="ready"]');

async function measureUsable(rate) {
  const times = [];
  for (let run = 0; run < runs; run++) {
    const {context, page} = await newPage();
    await slowDown(page, rate);
    await page.goto(`${site.origin}/${ADDRESS}`, {waitUntil: 'commit'});
    times.push(await usable(page));
    if (!(await reacts(page))) throw new Error('the drop zone does not react: the page is not usable yet');
    await context.close();
  }
  const how = rate === 1 ? 'as this machine is' : `main thread ${rate} times slower`;
  print(`page usable, empty cache, ${how}`, milliseconds(median(times)), '< 1000 ms', median(times) < 1000);
}

async function firstResult(page, go, id) {
  await go();
  await usable(page);
  await page.setInputFiles('#files', fields.files(id));
  return finished(page, id);
}

async function measureFirst() {
  const empty = [];
  for (let run = 0; run < runs; run++) {
    const {context, page} = await newPage();
    empty.push(await firstResult(page, () => page.goto(`${site.origin}/${ADDRESS}`, {waitUntil: 'commit'}), 'first-0'));
    await context.close();
  }
  print(`first result, CPU device, ${SIDE} px, empty cache, loopback`, milliseconds(median(empty)), '< 3000 ms', median(empty) < 3000);

  const filled = [];
  const {context, page} = await newPage({serviceWorkers: 'allow'});
  await page.goto(`${site.origin}/${ADDRESS}`);
  await page.waitForSelector('#offline[data-state="ready"]');
  for (let run = 0; run < runs; run++) {
    filled.push(await firstResult(page, () => page.reload({waitUntil: 'commit'}), `first-${run}`));
    await page.click('#remove');
  }
  await context.close();
  print(`first result, CPU device, ${SIDE} px, from the offline copy`, milliseconds(median(filled)), '< 2000 ms', median(filled) < 2000);
}

async function measureLine(name, {down, up, latency, wanted}) {
  const {context, page} = await newPage();
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  const bytes = (megabits) => (megabits * 1e6) / 8;
  await session.send('Network.emulateNetworkConditions', {
    offline: false, latency, downloadThroughput: bytes(down), uploadThroughput: bytes(up),
  });
  await page.goto(`${site.origin}/${ADDRESS}`, {waitUntil: 'commit'});
  const line = `${name} (${down} Mbit/s, ${latency} ms), empty cache`;
  print(`page usable on ${line}`, seconds(await usable(page)));
  await page.setInputFiles('#files', fields.files('early'));
  const since = () => page.evaluate(() => performance.now());
  await page.waitForSelector('#viewer[data-state="shown"]');
  print(`a field given then is seen on ${line}`, seconds(await since()));
  await ready(page);
  const took = await since();
  print(`engine ready on ${line}`, seconds(took), `< ${wanted} s`, took < wanted * 1000);
  await context.close();
}

/**
 * Has the browser note its threads' tasks. The function that is given ends that, and gives the longest time in milliseconds for which
 * a task of a page's main thread was on a processor: a task also waits for one, where the engine and the browser leave none free.
 */
async function tracedTasks() {
  const session = await browser.newBrowserCDPSession();
  const events = [];
  session.on('Tracing.dataCollected', ({value}) => events.push(...value));
  await session.send('Tracing.start', {traceConfig: {includedCategories: ['toplevel']}, transferMode: 'ReportEvents'});
  return async () => {
    const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
    await session.send('Tracing.end');
    await complete;
    await session.detach();
    const thread = ({pid, tid}) => `${pid} ${tid}`;
    const mains = new Set(events.filter(({name, args}) => name === 'thread_name' && args.name === 'CrRendererMain').map(thread));
    const tasks = events.filter((event) => /RunTask/.test(event.name) && event.tdur && mains.has(thread(event)));
    return Math.max(...tasks.map(({tdur}) => tdur / 1000));
  };
}

async function measureResponsive(rate) {
  const {context, page} = await newPage();
  await page.goto(`${site.origin}/${ADDRESS}`);
  await ready(page);
  // The driver's own scripts come with its first files, and are no work of the page.
  await page.setInputFiles('#files', []);
  await slowDown(page, rate);
  await page.evaluate(() => window.seen.watchGaps());
  const names = Array.from({length: 20}, (_, index) => `responsive-${index}`);
  const traced = await tracedTasks();
  await page.setInputFiles('#files', names.flatMap((id) => fields.files(id)));
  await finished(page, names.at(-1));
  const processor = await traced();
  const {tasks, gaps, times} = await page.evaluate(() => window.seen);
  await context.close();
  // The browser reports tasks over 50 ms only.
  return {task: Math.max(0, ...tasks.filter((task) => task > 50)), processor, gap: Math.max(...gaps), times};
}

async function printResponsive(rate) {
  const visits = [];
  for (let run = 0; run < runs; run++) visits.push(await measureResponsive(rate));
  const how = rate === 1 ? 'as this machine is' : `main thread ${rate} times slower`;
  const tasks = visits.map(({task}) => task).toSorted((a, b) => a - b);
  const named = (task) => (task ? milliseconds(task) : 'none');
  print(`longest task over 50 ms while 20 fields come, ${how}`, named(median(tasks)), '<= 50 ms', median(tasks) <= 50);
  print(`of ${runs} visits from ${named(tasks[0])} to`, named(tasks.at(-1)));
  const processor = median(visits.map(({processor}) => processor));
  print(`longest time of a task on a processor, ${how}`, milliseconds(processor), '<= 50 ms', processor <= 50);
  print(`longest wait of a 5 ms timer meanwhile, ${how}`, milliseconds(median(visits.map(({gap}) => gap))));
}

function printMaps(times) {
  const share = 100 * median(times.map(([network, map]) => map / network));
  print(`maps of a field over its prediction (${milliseconds(median(times.map(([network]) => network)))})`, `${share.toFixed(1)} %`, '< 15 %', share < 15);
}

async function readMemory(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const {usedSize} = await session.send('Runtime.getHeapUsage');
  await session.detach();
  await page.evaluate(() => window.seen.worker.postMessage('diagnose'));
  await page.waitForFunction(() => window.seen.memory.length > 0);
  const engine = await page.evaluate(() => window.seen.memory.splice(0).at(-1));
  return {
    renderer: os.platform() === 'linux' ? await processMemory(browser, 'renderer') : undefined,
    heap: usedSize,
    engine,
  };
}

async function measureMemory() {
  if (MODEL) site.mounts['/model/'] = path.resolve(MODEL);
  const {context, page} = await newPage();
  await page.goto(`${site.origin}/${ADDRESS}`);
  await ready(page);
  let first;
  let given = 0;
  for (const count of counts) {
    const names = Array.from({length: count - given}, (_, index) => `memory-${given + index}`);
    given = count;
    await page.setInputFiles('#files', names.flatMap((id) => fields.files(id)));
    await settled(page, count);
    const now = await readMemory(page);
    first ??= now;
    const target = (what) => (now === first ? '' : `<= ${megabytes(1.2 * first[what])}`);
    for (const [what, name] of [['renderer', 'renderer processes'], ['heap', 'JavaScript of the page'], ['engine', 'WebAssembly of the engine']]) {
      if (now[what] === undefined) continue;
      print(`memory after ${count} fields: ${name}`, megabytes(now[what]), target(what), now[what] <= 1.2 * first[what]);
    }
  }
  await context.close();
}

try {
  console.log(`CPU: ${os.cpus()[0].model}, ${os.cpus().length} cores; only the page's main thread is ever slowed down, never its workers`);
  if (only.includes('usable')) for (const rate of [1, throttle]) await measureUsable(rate);
  if (only.includes('first')) await measureFirst();
  if (only.includes('line')) for (const [name, line] of Object.entries(LINES)) await measureLine(name, line);
  if (only.includes('responsive')) for (const rate of [1, throttle]) await printResponsive(rate);
  if (only.includes('maps')) printMaps((await measureResponsive(1)).times);
  if (only.includes('memory')) await measureMemory();
} finally {
  await browser.close();
  await site.close();
  rmSync(work, {recursive: true, force: true});
}
