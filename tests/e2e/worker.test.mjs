// The engine's worker alone, by its messages: views, maps, diagnostics, and what it says when its GPU is
// lost.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';
import {beforeEngine, KEPT} from './engines.mjs';
import {drawnField} from './fields.mjs';
import {chromiumForTests, formulaPackage, HERE, PATIENCE} from './harness.mjs';

const timeout = 2 * PATIENCE.gpu;

/** Two browsers, of which one has a GPU. A worker that loses it, or finds it spoilt, takes it from no other. */
const visits = {cpu: chromiumForTests().visit, gpu: chromiumForTests({adapter: true}).visit};

/** Runs `use` in a page beside a worker that may be `spoilt`: script put before www/engine.js's. */
async function probe({device = 'cpu', name = 'small', spoilt = ''}, use, argument) {
  let found;
  await visits[device](async (page) => {
    await page.waitForFunction(() => window.engineProbe);
    await page.evaluate((fields) => {
      // A field's files as the page names them to the worker.
      window.filesOf = (id) => fields[id].map(({name, text}) => {
        const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        return {name, channel: /_(red|green|blue|yellow)\./.exec(name)[1], blob: new Blob([bytes])};
      });
      window.inputOf = (id) => ({id, files: window.filesOf(id), order: 'auto'});
      window.classify = (field, id = 'drawn') => ({classify: {field, input: window.inputOf(id)}});
      window.view = (field, side, id = 'drawn') => ({view: {field, input: window.inputOf(id), side}});
    }, FIELDS);
    found = await page.evaluate(use, argument);
  }, {address: 'e2e/probe.html', mounts: {'/e2e/': HERE, '/package/': formulaPackage(name)}, changes: beforeEngine(spoilt)});
  return found;
}

const coded = (files) => files.map(({name, buffer}) => ({name, text: buffer.toString('base64')}));
const FIELDS = {
  drawn: coded(drawnField('drawn', {side: 96})),
  // The mapper's other case: nothing but the protein.
  green: coded(drawnField('green', {side: 40, channels: ['green']})),
  text: [{name: 'text_green.png', text: Buffer.from('a shopping list').toString('base64')}],
};

test('a field is viewed before any package is open', {timeout}, async () => {
  const {whole, small, green, refused, memory} = await probe({}, async () => {
    const {worker, ask} = await window.engineProbe.start();
    const seen = async (...request) => {
      const {field, picture: {plates, ...rest}} = await ask(window.view(...request), 'viewed');
      return {field, ...rest, plates: plates.map(({samples, ...plate}) => ({...plate, samples: [...samples]}))};
    };
    const result = {
      whole: await seen(1, 1024),
      small: await seen(2, 48),
      green: await seen(3, 1024, 'green'),
      refused: await ask(window.view(4, 1024, 'text'), 'not_viewed'),
      memory: (await ask('diagnose', 'diagnosed')).memory_bytes,
    };
    worker.terminate();
    return result;
  });
  assert.deepEqual([whole.field, whole.width, whole.height, whole.full_width, whole.full_height, whole.bits], [1, 96, 96, 96, 96, 8]);
  assert.deepEqual(whole.plates.map(({channel}) => channel), ['red', 'green', 'blue', 'yellow']);
  for (const {channel, white, samples} of whole.plates) {
    assert.equal(samples.length, 96 * 96);
    assert.ok(samples[48 * 96 + 48] > 100, `${channel}: the disc is bright`);
    assert.ok(samples[0] < 20, `${channel}: around it is dark`);
    // The brightest but for a few of 120 to 219.
    assert.ok(white >= 200 * 257 && white <= 219 * 257, `${channel}: white is ${white / 257}`);
  }
  assert.deepEqual([small.width, small.height, small.full_width, small.plates[0].samples.length], [48, 48, 96, 48 * 48]);
  assert.deepEqual(green.plates.map(({channel}) => channel), ['green']);
  assert.equal(refused.field, 4);
  assert.match(refused.reason, /text_green\.png/);
  assert.ok(memory > 1e6 && memory < 1e9, `${memory} bytes`);
});

for (const name of ['densenet-121-pooling', 'all-cnn-described']) {
  test(`a prediction comes with a thumbnail and maps (${name})`, {timeout}, async () => {
    const {preview, image, classified, report} = await probe({name}, async () => {
      const engine = await window.engineProbe.start();
      const {worker, ask} = engine;
      const {report} = await window.engineProbe.openPackage(engine);
      const preview = await ask(window.classify(7), 'preview');
      const image = await createImageBitmap(preview.thumbnail);
      const classified = await ask(undefined, 'classified');
      worker.terminate();
      return {
        preview: {...preview, size: preview.thumbnail.size, mime: preview.thumbnail.type},
        image: [image.width, image.height],
        classified: {...classified, maps: {side: classified.maps.side, values: [...classified.maps.values]}},
        report,
      };
    });
    assert.deepEqual(image, [96, 96]);
    assert.equal(preview.field, 7);
    assert.equal(preview.mime, 'image/jpeg');
    assert.match(preview.description, /^96 × 96 px, 8 bit/);
    const {maps, prediction: {probabilities}} = classified;
    assert.equal(classified.field, 7);
    assert.equal(probabilities.length, 28);
    assert.equal(maps.values.length, 28 * maps.side * maps.side);
    assert.ok(maps.values.every(Number.isFinite));
    assert.ok(new Set(maps.values).size > maps.values.length / 4, 'maps are no constant');
    assert.equal(report.kind, 'cpu');
    assert.ok(report.open_ms > 0 && report.check_ms > 0);
  });
}

test('a view goes before the fields that wait', {timeout}, async () => {
  const order = await probe({}, async () => {
    const engine = await window.engineProbe.start();
    const {worker, hear} = engine;
    await window.engineProbe.openPackage(engine);
    for (const field of [1, 2, 3]) worker.postMessage(window.classify(field));
    worker.postMessage(window.view(9, 64));
    const heard = [];
    while (heard.filter((one) => one.startsWith('classified')).length < 3) {
      const {type, field} = await hear();
      if (type !== 'preview') heard.push(`${type} ${field}`);
    }
    worker.terminate();
    return heard;
  });
  const place = order.indexOf('viewed 9');
  assert.ok(place === 0 || place === 1, order.join(', '));
  assert.deepEqual(order.filter((one) => one !== 'viewed 9'), ['classified 1', 'classified 2', 'classified 3']);
});

/** Does `deed` when the second field is asked for. */
const atSecondField = (deed) => `${KEPT}
  let fields = 0;
  addEventListener('message', ({data}) => {
    if ((data.classify || data.probe) && ++fields === 2) { ${deed} }
  });`;

describe('a GPU that fails', () => {
  for (const [what, spoilt] of Object.entries({
    'is destroyed': atSecondField('kept.destroy();'),
    'is destroyed a little later': atSecondField('setTimeout(() => kept.destroy(), 150);'),
    'reports an error': atSecondField('kept.createBuffer({size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE});'),
    'has no memory left': atSecondField(`
      const {createBuffer} = kept;
      kept.createBuffer = (wanted) => createBuffer.call(kept, {...wanted, size: 2 ** 40, mappedAtCreation: false});`),
    'cannot be read': atSecondField('GPUBuffer.prototype.mapAsync = async () => { throw new DOMException("lost", "OperationError"); };'),
    'gives what is no number': atSecondField(`
      const {getMappedRange} = GPUBuffer.prototype;
      GPUBuffer.prototype.getMappedRange = function (...range) {
        const bytes = getMappedRange.apply(this, range);
        new Float32Array(bytes).fill(NaN);
        return bytes;
      };`),
  })) {
    test(`one that ${what} is said to be lost, and gives no wrong answer`, {timeout}, async (t) => {
      const larger = what === 'has no memory left';
      const {kind, heard, first} = await probe({device: 'gpu', spoilt}, async (larger) => {
        const engine = await window.engineProbe.start('gpu');
        const {worker, ask, hear} = engine;
        const {report} = await window.engineProbe.openPackage(engine);
        const begun = performance.now();
        await ask(window.classify(1), 'preview');
        const {prediction: {probabilities}} = await ask(undefined, 'classified');
        const took = performance.now() - begun;
        if (larger) {
          // More than the buffers hold that the engine has already.
          const size = 160;
          worker.postMessage({probe: {field: 2, planes: new Float32Array(3 * size * size).fill(0.3), size}});
        } else {
          for (const field of [2, 3]) worker.postMessage(window.classify(field));
        }
        const heard = [];
        const silence = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
        const enough = silence(60_000);
        // Until it says that it is lost, and then for as long as an answer takes.
        for (;;) {
          const reply = await Promise.race([hear().catch(({message}) => ({type: 'crash', reason: message})), enough]);
          if (!reply) break;
          if (reply.type === 'preview') continue;
          heard.push({type: reply.type, field: reply.field, reason: reply.reason, probabilities: reply.prediction?.probabilities});
          if (reply.type === 'crash') break;
          if (reply.type === 'device_lost') {
            const later = await Promise.race([hear().catch(() => undefined), silence(took)]);
            if (later) heard.push({type: later.type, field: later.field, reason: later.reason});
            break;
          }
        }
        worker.terminate();
        return {kind: report.kind, heard, first: probabilities};
      }, larger);
      assert.equal(kind, 'gpu');
      // The same field each time: an answer that came before the device failed is the first's.
      const answers = heard.filter(({type}) => type === 'classified');
      assert.ok(heard.every(({type}) => type !== 'probed'), 'no answer from buffers that are not there');
      for (const {probabilities} of answers) {
        const off = Math.max(...probabilities.map((probability, index) => Math.abs(probability - first[index])));
        assert.ok(off < 1e-5, `an answer is off by ${off}`);
      }
      const [last] = heard.filter(({type}) => type !== 'classified');
      assert.ok(last, `silence after ${JSON.stringify(heard)}`);
      assert.equal(last.type, 'device_lost', JSON.stringify(last));
      t.diagnostic(last.reason);
      assert.ok(last.reason.length > 0);
      assert.ok(heard.every(({type}) => type !== 'refused'), JSON.stringify(heard));
    });
  }
});
