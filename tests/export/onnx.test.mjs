// What `trainer export` writes, in ONNX Runtime: its answers to a package's golden inputs must be the
// package's own, which are those of Cytolens.
//
// TRAINER           the trainer's program
// FORMULA_PACKAGES  the packages that the example formula_packages makes
import assert from 'node:assert/strict';
import {execFile, execFileSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, readdirSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {describe, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import * as ort from 'onnxruntime-web';
import {maxAbsolute} from '../e2e/closeness.mjs';
import {goldenPlanes} from '../e2e/golden.mjs';

// Relative to the largest logit where that is over 1. Measured: see docs/exchange.md.
const TOLERANCE = 1e-4;

const {TRAINER, FORMULA_PACKAGES} = process.env;
assert.ok(existsSync(TRAINER ?? ''), `TRAINER is not the trainer's program: ${TRAINER}`);
assert.ok(existsSync(FORMULA_PACKAGES ?? ''), `FORMULA_PACKAGES is not a folder: ${FORMULA_PACKAGES}`);
const shipped = fileURLToPath(new URL('../../www/model', import.meta.url));
const cells = fileURLToPath(new URL('../../www/cells', import.meta.url));
const made = readdirSync(FORMULA_PACKAGES).sort().map((name) => path.join(FORMULA_PACKAGES, name));

/** What `use` makes of the folder that a package's export fills. */
async function exported(folder, use) {
  const out = mkdtempSync(path.join(os.tmpdir(), 'cytolens-export-'));
  try {
    await promisify(execFile)(TRAINER, ['export', '--model', folder, '--out', out]);
    return await use(out);
  } finally {
    rmSync(out, {recursive: true});
  }
}

const rows = ({data, dims: [batch, classes]}) =>
  Array.from({length: batch}, (_, row) => Array.from(data.subarray(row * classes, (row + 1) * classes)));

test('there is a package of every architecture and head, and a small one', () => assert.equal(made.length, 11));

// While ONNX Runtime computes, on one core, the trainer exports the next.
describe('every network', {concurrency: 2}, () => {
  for (const folder of [shipped, ...made]) {
    test(`ONNX Runtime answers as Cytolens does: ${path.basename(folder)}`, async (t) => {
      const manifest = JSON.parse(readFileSync(path.join(folder, 'manifest.json')));
      const {planes, classes, head, size: ownSize} = manifest.network;
      await exported(folder, async (out) => {
        const session = await ort.InferenceSession.create(path.join(out, 'model.onnx'));
        try {
          assert.deepEqual(session.inputNames, ['planes']);
          assert.deepEqual(session.outputNames, ['logits', 'probabilities']);
          for (const {size, logits: golden} of manifest.goldens) {
            // Between two other images: the batch's size is free, and its images do not mix.
            const image = goldenPlanes(planes, size);
            const input = new Float32Array(3 * image.length);
            input.set(image, image.length);
            input.fill(1, 2 * image.length);
            const answer = await session.run({planes: new ort.Tensor('float32', input, [3, planes, size, size])});
            assert.deepEqual([...answer.logits.dims], [3, classes]);
            const [dark, logits, bright] = rows(answer.logits);
            const scale = Math.max(1, ...golden.map(Math.abs));
            const deviation = maxAbsolute(logits, golden) / scale;
            t.diagnostic(`${path.basename(folder)}, ${size} px: logits up to ${scale.toFixed(1)} are off by ${deviation.toExponential(1)} of that`);
            assert.ok(deviation <= TOLERANCE, `off by ${deviation}`);
            // The neighbours are other images, so their answers must be others.
            for (const other of [dark, bright]) assert.ok(maxAbsolute(other, logits) > 10 * TOLERANCE * scale);
            const sigmoid = logits.map((logit) => 1 / (1 + Math.exp(-logit)));
            assert.ok(maxAbsolute(rows(answer.probabilities)[1], sigmoid) <= 1e-6);
          }
          if (head === 'described') {
            const other = ownSize + 32;
            const input = new ort.Tensor('float32', goldenPlanes(planes, other), [1, planes, other, other]);
            await assert.rejects(session.run({planes: input}), 'another size than its own is refused');
          }
        } finally {
          await session.release();
        }
      });
    });
  }
});

const noCells = existsSync(path.join(cells, 'manifest.json')) ? false : 'there is no www/cells';
test('ONNX Runtime finds cells as Cytolens does', {skip: noCells}, async (t) => {
  const manifest = JSON.parse(readFileSync(path.join(cells, 'manifest.json')));
  const {planes, outputs} = manifest.network;
  await exported(cells, async (out) => {
    const session = await ort.InferenceSession.create(path.join(out, 'model.onnx'));
    try {
      for (const {size, logits: golden} of manifest.goldens) {
        const input = new ort.Tensor('float32', goldenPlanes(planes, size), [1, planes, size, size]);
        const answer = await session.run({planes: input});
        assert.deepEqual([...answer.logits.dims], [1, outputs, size, size]);
        // At the centres of sixteen squares of each map.
        const centre = (place) => Math.floor(((2 * place + 1) * size) / 8);
        const places = Array.from({length: 16 * outputs}, (_, at) =>
          (Math.floor(at / 16) * size + centre(Math.floor((at % 16) / 4))) * size + centre(at % 4));
        const found = places.map((place) => answer.logits.data[place]);
        const scale = Math.max(1, ...golden.map(Math.abs));
        const deviation = maxAbsolute(found, golden) / scale;
        t.diagnostic(`cells, ${size} px: logits up to ${scale.toFixed(1)} are off by ${deviation.toExponential(1)} of that`);
        assert.ok(deviation <= TOLERANCE, `off by ${deviation}`);
        const sigmoid = found.map((logit) => 1 / (1 + Math.exp(-logit)));
        const probabilities = places.map((place) => answer.probabilities.data[place]);
        assert.ok(maxAbsolute(probabilities, sigmoid) <= 1e-6);
      }
    } finally {
      await session.release();
    }
  });
});

test('nothing is overwritten', () =>
  exported(shipped, (out) => {
    const files = () => ['model.onnx', 'weights.safetensors'].map((name) => readFileSync(path.join(out, name)));
    const before = files();
    assert.throws(
      () => execFileSync(TRAINER, ['export', '--model', made[0], '--out', out], {stdio: 'pipe'}),
      /exists already; nothing was written/,
    );
    assert.deepEqual(files(), before);
  }));
