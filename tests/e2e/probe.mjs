// Drives the engine's worker without the page: opens a package and runs the network on given planes.
import {unpacked} from '../unpack.js';
import {goldenPlanes} from './golden.mjs';
import {goldenNames, readTensors} from './safetensors.mjs';

const bytes = async (url) => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.arrayBuffer();
};

/** The worker's program for a device; `plain` is the CPU without relaxed SIMD. */
const PROGRAMS = {cpu: 'cpu_engine_relaxed', plain: 'cpu_engine', gpu: 'gpu_engine'};

/** The compiled programs by their names: all workers of a page share them. */
const compiled = {};
const compile = async (name) => WebAssembly.compileStreaming(unpacked(await fetch(`../${name}_bg.wasm.gz`)));

/**
 * Starts a worker for a device. `ask` posts a request, if one is given, and gives the next reply, which must be of
 * the type `expected`; `hear` gives the next reply whatever it is, with its `type`.
 */
async function start(device = 'cpu') {
  const name = PROGRAMS[device];
  const worker = new Worker('../engine.js', {type: 'module', name});
  const waiting = [];
  const arrived = [];
  const broken = [];
  const hear = () => new Promise((resolve, reject) => {
    if (arrived.length) resolve(arrived.shift());
    else if (broken.length) reject(broken[0]);
    else waiting.push({resolve, reject});
  });
  worker.onmessage = ({data}) => {
    // A message is an object with one property, or where it has no content that property's name.
    const [[type, content]] = typeof data === 'string' ? [[data, {}]] : Object.entries(data);
    if (type === 'opening') return;
    if (waiting.length) waiting.shift().resolve({type, ...content});
    else arrived.push({type, ...content});
  };
  worker.onerror = (event) => {
    broken.push(new Error(`the engine broke: ${event.message}`));
    for (const {reject} of waiting.splice(0)) reject(broken[0]);
  };
  const ask = async (request, expected) => {
    if (request) worker.postMessage(request);
    const reply = await hear();
    if (reply.type !== expected) throw new Error(`${expected} was expected, not ${reply.type}: ${reply.reason}`);
    return reply;
  };
  worker.postMessage(await (compiled[name] ??= compile(name)));
  await ask(undefined, 'started');
  return {worker, ask, hear, device};
}

/** Has a worker open the package of a folder of the server. */
async function openPackage({ask, device: name}, folder = 'package') {
  const manifest = new TextDecoder().decode(await bytes(`../${folder}/manifest.json`));
  const weights = await bytes(`../${folder}/weights.safetensors`);
  const device = {name, reason: 'chosen by the test', details: [], is_fast: false};
  const {device: report} = await ask({open: {manifest, weights, device}}, 'opened');
  return {report, manifest: JSON.parse(manifest)};
}

/** Starts a worker and opens the package of a folder. */
async function open(device, folder) {
  const engine = await start(device);
  return {...engine, ...await openPackage(engine, folder)};
}

// For tests that speak with the worker themselves.
window.engineProbe = {start, openPackage};

/** `[height, width, 3]` bytes as `[3, height, width]` numbers from 0 to 1. */
function planes({values, shape: [height, width, channels]}) {
  const result = new Float32Array(values.length);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let channel = 0; channel < channels; channel++) {
      result[channel * height * width + pixel] = values[pixel * channels + channel] / 255;
    }
  }
  return result;
}

/** What the engine answers to every golden input, and the device that did. */
window.probeGoldens = async (device, goldens) => {
  const {worker, ask, report} = await open(device);
  const tensors = readTensors(await bytes(goldens));
  const answers = {};
  for (const [field, name] of goldenNames(tensors).entries()) {
    const input = tensors[`${name}.input_u8`];
    const reply = await ask({probe: {field, planes: planes(input), size: input.shape[0]}}, 'probed');
    if (reply.field !== field) throw new Error(`the answer is for input ${reply.field}, not ${field}`);
    answers[name] = {logits: [...reply.logits], pooled: [...reply.pooled], milliseconds: reply.network_ms};
  }
  worker.terminate();
  return {report, answers};
};

/** What the engine answers to a package's own golden inputs, and the device that did. */
window.probePackage = async (device, folder) => {
  const {worker, ask, report, manifest} = await open(device, folder);
  const answers = [];
  for (const [field, {size, logits: golden}] of manifest.goldens.entries()) {
    const input = goldenPlanes(manifest.network.planes, size);
    const {logits} = await ask({probe: {field, planes: input, size}}, 'probed');
    answers.push({size, golden, logits: [...logits]});
  }
  worker.terminate();
  return {report, answers};
};
