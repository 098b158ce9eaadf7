// Measures both programs of Cytolens' engine on its CPU device, with and without relaxed SIMD, beside ONNX Runtime Web's
// WebAssembly on one and on two threads: the same weights and the same input, in one Chromium, in turns, so that all meet the
// same machine.
//
// usage: node browser.mjs MODEL.onnx PACKAGE_FOLDER [SIZE ...]      bench/browser.sh prepares both
// Prints one JSON line a contender and size, and a line for each pair of ours and theirs with the ratios of the two: of the
// network alone, as the workers time it, and of the answer, as the page waits for it. Exits with 1 where their logits disagree:
// then the work was not the same and the times mean nothing.
//
// DIST      the built application (../dist)
// CHROMIUM  the browser
// RUNS      measured runs a contender and size (9), after 2 that are not measured
import http from 'node:http';
import path from 'node:path';
import {createRequire} from 'node:module';
import {fileURLToPath} from 'node:url';
import {chromium} from 'playwright-core';
import {answer, listen} from '../scripts/serve.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const [model, packageFolder, ...sizes] = process.argv.slice(2);
if (!packageFolder) {
  console.error('usage: node browser.mjs MODEL.onnx PACKAGE_FOLDER [SIZE ...]');
  process.exit(2);
}
const runs = Number(process.env.RUNS ?? 9);
// Two implementations in 32-bit floating point add in different orders; DenseNet-121's logits, up to
// some 20, then differ in the fifth digit. A wrong layer shows in the first.
const TOLERANCE = 1e-3;

const folders = {
  '/bench/': here,
  '/dist/': process.env.DIST ?? path.join(here, '..', 'dist'),
  '/model/': path.dirname(path.resolve(model)),
  '/ort/': path.dirname(createRequire(import.meta.url).resolve('onnxruntime-web')),
  '/package/': packageFolder,
};
// Cross-origin isolation gives fine timers, and ONNX Runtime its threads.
const headers = {'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp'};
const server = http.createServer((request, response) => {
  if (request.url === '/') {
    response.writeHead(200, {...headers, 'content-type': 'text/html'}).end('<!doctype html><link rel=icon href="data:,"><title>bench</title>');
    return;
  }
  if (request.url === '/model.onnx') request.url = `/model/${path.basename(model)}`;
  const prefix = Object.keys(folders).find((name) => request.url.startsWith(name));
  if (!prefix) {
    response.writeHead(404, headers).end();
    return;
  }
  request.url = request.url.slice(prefix.length - 1);
  answer(folders[prefix], request, response, headers);
});
const port = await listen(server, 0);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? 'chromium',
  args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});

/** In the page: all contenders in turns at one size, every other turn in the other order. */
async function measure([size, runs]) {
  const {cytolens, onnxRuntime} = await import('/bench/engine.mjs');
  window.contenders ??= [
    await cytolens('cpu_engine_relaxed'), await cytolens('cpu_engine'), await onnxRuntime(1), await onnxRuntime(2),
  ];
  // Smooth and deterministic, from 0 to 1, unlike in every plane.
  const planes = Float32Array.from({length: 3 * size * size}, (_, index) => {
    const plane = Math.floor(index / (size * size));
    const row = Math.floor(index / size) % size;
    const column = index % size;
    return 0.5 + 0.25 * Math.sin(row * (0.03 + 0.02 * plane)) + 0.25 * Math.cos(column * 0.05 + plane);
  });
  const results = window.contenders.map(({name, threads}) => ({name, threads, cold: undefined, network_ms: [], answer_ms: []}));
  for (let run = -2; run < runs; run++) {
    const order = [...window.contenders.keys()];
    for (const index of run % 2 === 0 ? order : order.toReversed()) {
      const {logits, network_ms, answer_ms} = await window.contenders[index].run(planes, size);
      const result = results[index];
      result.cold ??= network_ms;
      result.logits = logits;
      if (run >= 0) {
        result.network_ms.push(network_ms);
        result.answer_ms.push(answer_ms);
      }
    }
  }
  return results;
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const tenth = (value) => Math.round(value * 10) / 10;

let agreed = true;
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  page.on('console', (message) => message.type() === 'error' && console.error(message.text()));
  await page.goto(`http://127.0.0.1:${port}/`);
  for (const size of sizes.length ? sizes.map(Number) : [224, 512]) {
    const results = await page.evaluate(measure, [size, runs]);
    for (const {name, threads, cold, network_ms, answer_ms, logits} of results) {
      const top = logits.indexOf(Math.max(...logits));
      console.log(JSON.stringify({
        contender: name, device: 'cpu', threads, size, runs, cold_ms: tenth(cold),
        network_ms: tenth(median(network_ms)), fastest_ms: tenth(Math.min(...network_ms)),
        slowest_ms: tenth(Math.max(...network_ms)), answer_ms: tenth(median(answer_ms)), top, logit: logits[top],
      }));
    }
    const [relaxed, plain, ...peers] = results;
    for (const ours of [relaxed, plain]) {
      for (const peer of peers) {
        const largest = Math.max(...peer.logits.map(Math.abs));
        const difference = Math.max(...ours.logits.map((logit, index) => Math.abs(logit - peer.logits[index]))) / largest;
        const same = ours.logits.length === peer.logits.length && difference <= TOLERANCE;
        agreed &&= same;
        const ratio = (of) => Number((median(ours[of]) / median(peer[of])).toFixed(3));
        console.log(JSON.stringify({
          size, ours: ours.name, peer: `${peer.name}, threads: ${peer.threads}`, ours_over_peer: ratio('network_ms'),
          ours_over_peer_answer: ratio('answer_ms'), largest_difference: difference, agree: same,
        }));
      }
    }
  }
} finally {
  await browser.close();
  server.close();
}
if (!agreed) {
  console.error('the logits disagree: the contenders did not compute the same');
  process.exit(1);
}
