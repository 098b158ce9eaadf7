// Opens the page with FIELDS classified fields in its store (10000), scrolls its gallery from end to end and measures
// the time between frames.
//
// usage: scripts/endurance.sh gallery, which says what must be there
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {CPU, DIST, launchForTests, ready, smallModel, until, visitSite, withSite} from '../../tests/e2e/harness.mjs';

const count = Number(process.env.FIELDS || 10_000);
const thumbnail = readFileSync(path.join(DIST, 'samples/sample-nucleoli_preview.png')).toString('base64');
const milliseconds = (value) => `${value.toFixed(1)} ms`;
const quantile = (values, share) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];

/** Writes the records of classified fields, each with a picture and an answer of its own. */
const fill = ([count, thumbnail]) => new Promise((resolve, reject) => {
  const bytes = Uint8Array.from(atob(thumbnail), (letter) => letter.charCodeAt(0));
  const labels = ['Nucleoplasm', 'Cytosol', 'Mitochondria'];
  const model = {name: 'three', limits: '', labels, thresholds: [0.5, 0.5, 0.5], size: 64, composition: 'rgb', architecture: 'DenseNet-121', licence: '', weights_sha256: ''};
  const opening = indexedDB.open('cytolens');
  opening.onerror = reject;
  opening.onsuccess = () => {
    const transaction = opening.result.transaction('fields', 'readwrite');
    const fields = transaction.objectStore('fields');
    for (let field = 0; field < count; field++) {
      const probabilities = labels.map((_, label) => ((field * (label + 3)) % 97) / 97);
      const present = [0, 1, 2].filter((label) => probabilities[label] >= 0.5);
      const done = {model, device: 'CPU (drawn)', probabilities, present, decode_ms: 1, network_ms: 1, map_ms: 1};
      fields.put({id: `field-${field}`, source: 'red, green, blue', thumbnail: new Blob([bytes], {type: 'image/png'}), outcome: {done}}, field);
    }
    transaction.oncomplete = resolve;
    transaction.onabort = reject;
  };
});

/** Scrolls the gallery by so many pixels a frame to its end; the times between frames. */
const scroll = (step) => new Promise((resolve) => {
  const list = document.querySelector('#fields');
  list.scrollTop = 0;
  const times = [];
  let last;
  const frame = (now) => {
    if (last !== undefined) times.push(now - last);
    last = now;
    const before = list.scrollTop;
    list.scrollTop += step;
    if (list.scrollTop === before || times.length === 200) resolve({times, height: list.scrollHeight});
    else requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
});

const browser = await launchForTests();
try {
  await withSite({model: smallModel()}, (site) => visitSite(browser, site, CPU, async (page, context) => {
    const session = await context.newCDPSession(page);
    // The main thread's own time, which other programs on the machine do not lengthen.
    await session.send('Performance.enable', {timeDomain: 'threadTicks'});
    const worked = async () => 1000 * (await session.send('Performance.getMetrics')).metrics.find(({name}) => name === 'TaskDuration').value;
    await ready(page);
    await page.evaluate(fill, [count, thumbnail]);
    const begun = performance.now();
    await page.reload();
    await ready(page);
    console.log(`engine ready after ${milliseconds(performance.now() - begun)}`);
    // All tiles, or a part of so many.
    const shown = () => page.evaluate(() => {
      const tiles = document.querySelectorAll('#fields > li');
      return Number(tiles[0]?.getAttribute('aria-setsize') ?? tiles.length);
    });
    await until(async () => (await shown()) === count, 600_000);
    console.log(`${count} fields after ${milliseconds(performance.now() - begun)}, main thread ${milliseconds(await worked())}`);
    for (const step of [40, 400, 4000]) {
      const before = await worked();
      const {times, height} = await page.evaluate(scroll, step);
      const work = (await worked()) - before;
      console.log(`scrolled ${step} px a frame, ${times.length} frames of ${height} px: median ${milliseconds(quantile(times, 0.5))}, ` +
        `95 % under ${milliseconds(quantile(times, 0.95))}, longest ${milliseconds(Math.max(...times))}; main thread ${milliseconds(work / times.length)} a frame`);
    }
    for (const [what, select, value] of [
      ['sorting', '#sort', 'confident'], ['filtering', '#filter', 'label:Cytosol'], ['showing all again', '#filter', 'all'],
    ]) {
      const before = await worked();
      const took = await page.evaluate(async ([selector, value]) => {
        const select = document.querySelector(selector);
        const begun = performance.now();
        select.value = value;
        select.dispatchEvent(new Event('change', {bubbles: true}));
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        return performance.now() - begun;
      }, [select, value]);
      console.log(`${what}: ${milliseconds(took)}, main thread ${milliseconds((await worked()) - before)}`);
    }
    const before = await worked();
    const turns = await page.evaluate(async () => {
      const times = [];
      for (let turn = 0; turn < 20; turn++) {
        const begun = performance.now();
        document.querySelector('#next').click();
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        times.push(performance.now() - begun);
      }
      return times;
    });
    console.log(`to the next field: median ${milliseconds(quantile(turns, 0.5))}, longest ${milliseconds(Math.max(...turns))}; main thread ${milliseconds(((await worked()) - before) / turns.length)} each`);
  }));
} finally {
  await browser.close();
}
