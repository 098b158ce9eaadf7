// What it costs a page to keep fields in IndexedDB as files and as bytes: time of its main thread, and memory.
//
// usage: node bench/store.mjs [FIELDS [BYTES]]     40 fields of four files of 8,000,000 bytes each
//
// Prints, for each of the two ways, the time of a put on the main thread, its longest task, the time until a field is kept and
// until it is read back, and by how much the page's process grew at its peak.
import {execFileSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import {launch} from '../tests/e2e/harness.mjs';

const [fields = 40, bytes = 8_000_000] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(path.join(os.tmpdir(), 'cytolens-store-'));
const files = [0, 1, 2, 3].map((number) => path.join(folder, `${number}.bin`));
for (const file of files) writeFileSync(file, randomBytes(bytes));
const server = http.createServer((_, response) => response.writeHead(200, {'content-type': 'text/html'}).end('<input type="file" multiple>'));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

/** Keeps and reads back the fields in the page. */
async function keep({way, fields}) {
  const opening = indexedDB.open('bench', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('inputs');
  const database = await new Promise((resolve) => { opening.onsuccess = () => resolve(opening.result); });
  const files = [...document.querySelector('input').files];
  const tasks = [0];
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map((task) => task.duration))).observe({type: 'longtask'});
  let puts = 0;
  const begun = performance.now();
  for (let field = 0; field < fields; field++) {
    const record = [];
    for (const file of files) record.push(way === 'files' ? file : await file.arrayBuffer());
    const transaction = database.transaction('inputs', 'readwrite');
    const before = performance.now();
    transaction.objectStore('inputs').put(record, field);
    puts += performance.now() - before;
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
  }
  const kept = performance.now();
  for (let field = 0; field < fields; field++) {
    const request = database.transaction('inputs').objectStore('inputs').get(field);
    await new Promise((resolve) => { request.onsuccess = resolve; });
    request.result.map((part) => (part instanceof Blob ? part : new Blob([part])));
  }
  const read = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 500));
  return {put: puts / fields, longest: Math.max(...tasks), kept: (kept - begun) / fields, read: (read - kept) / fields};
}

try {
  for (const way of ['files', 'bytes']) {
    const browser = await launch();
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${server.address().port}/`);
      await page.setInputFiles('input', files);
      const {processInfo} = await (await browser.newBrowserCDPSession()).send('SystemInfo.getProcessInfo');
      const renderers = processInfo.filter(({type}) => type === 'renderer').map(({id}) => id);
      const resident = () => execFileSync('ps', ['-o', 'rss=', '-p', renderers.join()], {encoding: 'utf8'}).trim().split('\n')
        .reduce((sum, size) => sum + Number(size), 0) / 1000;
      const before = resident();
      let peak = before;
      const timer = setInterval(() => { peak = Math.max(peak, resident()); }, 50);
      const took = await page.evaluate(keep, {way, fields});
      clearInterval(timer);
      const [put, longest, kept, read] = [took.put, took.longest, took.kept, took.read].map((time) => `${time.toFixed(0)} ms`);
      console.log(`${way}: put ${put}, longest task ${longest}, kept in ${kept}, read in ${read}; ${(peak - before).toFixed(0)} MB more at the peak`);
    } finally {
      await browser.close();
    }
  }
} finally {
  server.close();
  rmSync(folder, {recursive: true});
}
