// Predicts FIELDS small fields (100000) and kills the trainer by SIGKILL at KILLS random moments (100): in the end every
// field has one row, with the answer that it gets when it is predicted alone.
//
// usage: scripts/endurance.sh predict, which says what must be there
//
// The fields are links to a few different ones, so that they take little room and each one's answer is known.
import assert from 'node:assert/strict';
import {linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {CHANNELS, greyPng} from '../../tests/e2e/fields.mjs';
import {given, killAll, randomNumbers, run} from './support.mjs';

const count = Number(process.env.FIELDS || 100_000);
const kills = Number(process.env.KILLS || 100);
const random = randomNumbers(Number(process.env.SEED || 1));
const trainer = given('TRAINER');
const model = path.join(given('FORMULA_PACKAGES'), 'small');
/** File systems allow some 65,000 links to a file. */
const CONTENTS = 20;
const SIDE = 32;

const work = mkdtempSync(path.join(os.tmpdir(), 'cytolens-predict-'));
const [contents, fields] = [path.join(work, 'contents'), path.join(work, 'fields')];
const contentOf = (field) => (field * 7) % CONTENTS;
const idOf = (field) => `field-${String(field).padStart(7, '0')}`;

/** The rows of a table by their ids; that an id is there twice is a fault. */
function rows(file) {
  const found = new Map();
  for (const line of readFileSync(file, 'utf8').trim().split('\n').slice(1)) {
    const comma = line.indexOf(',');
    const id = line.slice(0, comma);
    assert.ok(!found.has(id), `${id} has two rows`);
    found.set(id, line.slice(comma));
  }
  return found;
}

try {
  mkdirSync(contents);
  for (let content = 0; content < CONTENTS; content++) {
    for (const channel of CHANNELS) {
      const light = 40 + 200 * random();
      const radius = SIDE * (0.1 + 0.4 * random());
      const png = greyPng({width: SIDE}, (x, y) => (Math.hypot(x - SIDE / 2, y - SIDE / 2) < radius ? light : (x * y) % 16));
      writeFileSync(path.join(contents, `content-${content}_${channel}.png`), png);
    }
  }
  mkdirSync(fields);
  for (let field = 0; field < count; field++) {
    for (const channel of CHANNELS) {
      linkSync(path.join(contents, `content-${contentOf(field)}_${channel}.png`), path.join(fields, `${idOf(field)}_${channel}.png`));
    }
  }
  // Alone: one command a content.
  const answers = [];
  for (let content = 0; content < CONTENTS; content++) {
    const alone = path.join(work, `alone-${content}`);
    mkdirSync(alone);
    for (const channel of CHANNELS) linkSync(path.join(contents, `content-${content}_${channel}.png`), path.join(alone, `x_${channel}.png`));
    run(trainer, ['predict', '--model', model, '--device', 'flex', '--data', alone, '--out', `${alone}.csv`]);
    answers.push(rows(`${alone}.csv`).get('x'));
  }
  assert.equal(new Set(answers).size, CONTENTS, 'contents differ in their answers');

  // How long one life may be is measured, so that the kills are spread over the work.
  const begun = performance.now();
  const whole = path.join(work, 'whole.csv');
  const predict = (out) => ['predict', '--model', model, '--device', 'flex', '--data', fields, '--out', out];
  run(trainer, predict(whole));
  const took = performance.now() - begun;
  console.log(`${count} fields without a kill: ${(took / 1000).toFixed(1)} s`);

  const broken = (round) => path.join(work, `broken-${round}.csv`);
  const mean = (1.5 * took) / kills;
  await killAll(trainer, {
    kills,
    // Now and then a long life, so that the work goes on however long it takes to list the names.
    delay: () => mean * (random() + (random() < 0.1 ? 5 : 0)),
    argsOf: (round) => [...predict(broken(round)), '--resume'],
    check: (round) => {
      const found = rows(broken(round));
      assert.equal(found.size, count, 'every field has its row');
      for (let field = 0; field < count; field++) assert.equal(found.get(idOf(field)), answers[contentOf(field)], idOf(field));
      assert.ok(readFileSync(broken(round)).equals(readFileSync(whole)), 'the same bytes as without a kill');
    },
  });
  console.log(`${count} fields: each has one row, with the answer that it gets alone; the same bytes as without a kill`);
} finally {
  rmSync(work, {recursive: true, force: true});
}
