// The two contenders as bench/browser.mjs sees them, in the page: each a worker that takes planes
// and answers with logits and the time the network took.
import {unpacked} from '/dist/unpack.js';

/** The content of the next message of `worker` of the type `wanted`; an error of the worker rejects. */
function next(worker, wanted) {
  return new Promise((resolve, reject) => {
    const stop = new AbortController();
    const {signal} = stop;
    const fail = (reason) => {
      stop.abort();
      reject(new Error(reason));
    };
    worker.addEventListener('error', (event) => fail(event.message ?? 'the worker failed to start'), {signal});
    worker.addEventListener('message', ({data}) => {
      // A message is an object with one property, or where it has no content that property's name.
      const [[type, content]] = typeof data === 'string' ? [[data, {}]] : Object.entries(data);
      if (type === wanted) {
        stop.abort();
        resolve(content);
      } else if (['failed', 'open_failed', 'refused', 'device_lost'].includes(type)) {
        fail(content.reason);
      }
    }, {signal});
  });
}

async function bytes(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.arrayBuffer();
}

/** Sends planes, and gives the logits, the network's own time and the time until the answer was here. */
async function ask(worker, planes, size, field) {
  const begun = performance.now();
  worker.postMessage({probe: {field, planes, size}});
  const {logits, network_ms} = await next(worker, 'probed');
  return {logits: Array.from(logits), network_ms, answer_ms: performance.now() - begun};
}

/** Cytolens' engine on its CPU device, by the program `name`, with the package at /package/. */
export async function cytolens(name) {
  const module = await WebAssembly.compileStreaming(unpacked(await fetch(`/dist/${name}_bg.wasm.gz`)));
  const worker = new Worker('/dist/engine.js', {type: 'module', name});
  const started = next(worker, 'started');
  worker.postMessage(module);
  await started;
  const manifest = new TextDecoder().decode(await bytes('/package/manifest.json'));
  const weights = await bytes('/package/weights.safetensors');
  const opened = next(worker, 'opened');
  worker.postMessage({open: {manifest, weights, device: {name: 'CPU', reason: 'measured', details: [], is_fast: false}}}, [weights]);
  await opened;
  let field = 0;
  return {name: `cytolens, ${name}`, threads: 1, run: (planes, size) => ask(worker, planes, size, field++)};
}

/** ONNX Runtime Web's WebAssembly on so many threads, with /model.onnx. */
export async function onnxRuntime(threads) {
  const worker = new Worker(`/bench/ort-worker.mjs?threads=${threads}`, {type: 'module'});
  await next(worker, 'opened');
  let field = 0;
  return {
    name: 'onnxruntime-web',
    threads,
    // It takes what our network makes of the planes first: normalised by ImageNet's mean and
    // deviation. Done here, outside its time.
    run: (planes, size) => ask(worker, normalised(planes, size), size, field++),
  };
}

function normalised(planes, size) {
  const mean = [0.485, 0.456, 0.406];
  const deviation = [0.229, 0.224, 0.225];
  return planes.map((value, index) => {
    const plane = Math.floor(index / (size * size));
    return (value - mean[plane]) / deviation[plane];
  });
}
