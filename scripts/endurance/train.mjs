// Trains a small network and kills the trainer by SIGKILL at KILLS random moments (50): in the end there are the same
// bytes as without a kill.
//
// usage: scripts/endurance.sh train, which says what must be there
import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {given, killAll, randomNumbers, run} from './support.mjs';

const kills = Number(process.env.KILLS || 50);
const epochs = Number(process.env.EPOCHS || 6);
const random = randomNumbers(Number(process.env.SEED || 1));
const trainer = given('TRAINER');

// All that has a state: dropout, averaged weights, momentum, warm-up, augmented repeats, steps of two batches.
const KEYS = {
  'start.weights': 'random',
  'start.frozen_epochs': 0,
  'input.size': 32,
  'training.epochs': epochs,
  'training.batch': 4,
  'training.accumulation': 2,
  'average.decay': 0.9,
  'optimiser.warm_up': 0.5,
  'optimiser.learning_rate': 0.001,
  'optimiser.clip': 1.0,
  'repeats.threshold': 0.2,
};

/** The longest life, of the time of a run without a kill. */
const LONGEST = 0.3;

const work = mkdtempSync(path.join(os.tmpdir(), 'cytolens-train-'));
try {
  const set = path.join(work, 'set');
  run(trainer, ['simulate', '--out', set, '--count', '40', '--size', '64', '--seed', '1']);
  const train = (out) => ['train', '--plain', '--device', 'flex', '--recipe', 'described', '--data', set, '--out', out,
    ...Object.entries(KEYS).flatMap(([key, value]) => ['--set', `${key}=${value}`])];
  const whole = path.join(work, 'whole');
  const begun = performance.now();
  run(trainer, train(whole));
  const took = performance.now() - begun;
  console.log(`${epochs} epochs without a kill: ${(took / 1000).toFixed(1)} s`);

  const broken = (round) => path.join(work, `broken-${round}`);
  const bytes = (run, file) => readFileSync(path.join(run, file));
  await killAll(trainer, {
    kills,
    delay: () => took * LONGEST * random(),
    argsOf: (round) => [...train(broken(round)), '--checkpoint-every', '0', '--resume'],
    check: (round) => {
      assert.ok(bytes(broken(round), 'network.safetensors').equals(bytes(whole, 'network.safetensors')), 'the same weights');
      for (const column of ['epoch', 'training_loss', 'validation_loss', 'macro_f1']) {
        assert.deepEqual(values(broken(round), column), values(whole, column), column);
      }
    },
  });
  console.log(`the same bytes of weights, the same losses and scores in all ${epochs} epochs`);
} finally {
  rmSync(work, {recursive: true, force: true});
}

/** A column of a run's epochs. */
function values(run, column) {
  const [head, ...rows] = readFileSync(path.join(run, 'metrics.csv'), 'utf8').trim().split('\n').map((line) => line.split(','));
  const at = head.indexOf(column);
  assert.ok(at >= 0, `metrics.csv has a column ${column}`);
  return rows.map((row) => row[at]);
}
