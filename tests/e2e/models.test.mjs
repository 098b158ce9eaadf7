// Visitors' own model packages: brought, used, kept, refused, removed; and the model card.
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {zipFile} from './archives.mjs';
import {drawnField, dropFolder, settled} from './fields.mjs';
import {
  choose, chromiumForTests, formulaPackage, manifestOf, PATIENCE, reach, ready, select, SHIPPED_MODEL, smallModel, withManifest,
} from './harness.mjs';

const timeout = 2 * PATIENCE.cpu;
/** The package that the page comes with here. */
const OURS = smallModel();

let scratch;
before(() => {
  scratch = mkdtempSync(path.join(tmpdir(), 'models-'));
});
after(() => rmSync(scratch, {recursive: true}));

const {visit, open} = chromiumForTests();

const filesOf = (folder) => ['manifest.json', 'weights.safetensors'].map((name) => path.join(folder, name));

/** A folder with a package: that of `from`, with `changes` to its manifest. */
function packageOf(changes = {}, {from = OURS, name = 'own'} = {}) {
  const folder = path.join(mkdtempSync(path.join(scratch, 'package-')), name);
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify({...manifestOf(from), ...changes}));
  copyFileSync(path.join(from, 'weights.safetensors'), path.join(folder, 'weights.safetensors'));
  return folder;
}

/** The same network with other names for its classes. */
const RENAMED = {name: 'Places by letter', labels: Array.from({length: 28}, (_, at) => `Place ${String.fromCharCode(65 + at)}`)};

/** Brings a package. What the panel says from then on is of it. */
async function bring(page, folder) {
  await page.evaluate(() => document.querySelector('#model-notice').replaceChildren());
  await page.setInputFiles('#files', filesOf(folder));
}

/** Waits until the engine has opened the model of this name. */
async function opened(page, name) {
  const isOpen = (name) => document.body.dataset.engine === 'ready' && document.querySelector('#model-name').textContent === name;
  await page.waitForFunction(isOpen, name, {timeout: PATIENCE.cpu});
}

/** Waits until the panel says something like this. */
async function says(page, what) {
  await page.waitForFunction(([source, flags]) => new RegExp(source, flags).test(document.querySelector('#model-notice').textContent),
    [what.source, what.flags], {timeout: PATIENCE.cpu});
  return page.textContent('#model-notice');
}

/** Whether the engine's menu, once open, offers no choice of a model. */
async function isNoChoice(page) {
  await reach(page, '#model-choice');
  await page.locator('#device').waitFor();
  const isHidden = await page.isHidden('#model-choice');
  await page.keyboard.press('Escape');
  return isHidden;
}

/** The names of the models that can be chosen, the chosen one first. */
async function choices(page) {
  return page.$eval('#model-choice', (select) => {
    const names = [...select.options].map((option) => option.textContent);
    const chosen = select.selectedOptions[0]?.textContent;
    return [chosen, ...names.filter((name) => name !== chosen)];
  });
}

/** Classifies a drawn field; gives the names of its bars. */
async function classify(page, id) {
  await page.setInputFiles('#files', drawnField(id));
  const field = await settled(page, id);
  assert.equal(field.state, 'done', field.reason);
  return page.locator('#answer .bar[data-class] .name').allTextContents();
}

test('a dropped folder classifies with its own labels, and models can be switched', {timeout}, async () => {
  await open(async (page) => {
    const shipped = await page.textContent('#model-name');
    assert.ok(await isNoChoice(page), 'one model is no choice');
    await dropFolder(page, packageOf(RENAMED));
    await opened(page, RENAMED.name);
    assert.deepEqual(await choices(page), [RENAMED.name, shipped]);
    assert.deepEqual((await classify(page, 'one')).sort(), [...RENAMED.labels].sort());
    assert.equal(await page.locator('#fields .field').count(), 1, 'a package is no field');
    await select(page, '#model-choice', {label: shipped});
    await opened(page, shipped);
    assert.ok((await classify(page, 'two')).includes('Nucleoplasm'));
  });
});

test('a zip of a package classifies', {timeout}, async () => {
  await open(async (page) => {
    const entries = filesOf(packageOf(RENAMED)).map((file, at) => ({name: `own/${path.basename(file)}`, bytes: readFileSync(file), deflate: at === 0}));
    await page.setInputFiles('#files', zipFile('own.zip', entries));
    await opened(page, RENAMED.name);
    assert.deepEqual((await classify(page, 'one')).sort(), [...RENAMED.labels].sort());
  });
});

test('a package of any network just works', {timeout: 3 * timeout}, async (t) => {
  // The page's own network is one of these, too, and has another name here.
  const changes = withManifest((manifest) => ({...manifest, name: 'The small one'}));
  await open(async (page) => {
    for (const name of ['all-cnn-described', 'densenet-121-described', 'resnet-50-pooling']) {
      await t.test(name, {timeout}, async () => {
        const folder = formulaPackage(name);
        await bring(page, folder);
        await opened(page, manifestOf(folder).name);
        assert.equal((await classify(page, name)).length, 28);
        await choose(page, '#model-about');
        assert.equal(await page.textContent('#card-name'), manifestOf(folder).name);
        const card = await page.textContent('#model-card');
        assert.match(card, name.endsWith('described') ? /endoplasmic reticulum, each in a plane/ : /microtubules, protein and nucleus/);
        await page.keyboard.press('Escape');
      });
    }
  }, {changes});
});

/**
 * A folder with an ensemble of packages, each `[folder, share]`: the weights' file is a safetensors file that holds the members'
 * files whole, each as a tensor of bytes, in their order.
 */
function ensembleOf(members, changes = {}) {
  const folder = path.join(mkdtempSync(path.join(scratch, 'ensemble-')), 'whole');
  mkdirSync(folder);
  const files = members.map(([from]) => readFileSync(path.join(from, 'weights.safetensors')));
  let at = 0;
  const tensors = files.map((bytes, number) => {
    const place = [at, at + bytes.length];
    at += bytes.length;
    return [`member.${String(number + 1).padStart(2, '0')}`, {dtype: 'U8', shape: [bytes.length], data_offsets: place}];
  });
  const head = Buffer.from(JSON.stringify(Object.fromEntries(tensors)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(head.length));
  const weights = Buffer.concat([length, head, ...files]);
  writeFileSync(path.join(folder, 'weights.safetensors'), weights);
  const {labels, licence} = manifestOf(members[0][0]);
  const manifest = {
    kind: 'ensemble', format: 1, name: 'Together', limits: 'Those of both.', licence, attribution: [], labels, thresholds: labels.map(() => 0.5),
    members: members.map(([from, share]) => ({share, manifest: manifestOf(from)})),
    weights: {sha256: createHash('sha256').update(weights).digest('hex'), bytes: weights.length},
    provenance: null, metrics: null, ...changes,
  };
  writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
  return folder;
}

test('an ensemble answers with the weighted mean of its networks, or a stack with their sum, tells the time of each, and comes back after a reload', {timeout: 3 * timeout}, async () => {
  // Of other architectures, compositions and heads.
  const members = [[formulaPackage('all-cnn-pooling'), 0.75], [formulaPackage('resnet-50-described'), 0.25]];
  await open(async (page) => {
    const classified = async (folder, name, id) => {
      await bring(page, folder);
      await opened(page, name);
      await page.setInputFiles('#files', drawnField(id));
      const {state, reason, bars} = await settled(page, id);
      assert.equal(state, 'done', reason);
      return new Map(bars.map((bar) => [bar.class, bar]));
    };
    const names = members.map(([folder]) => manifestOf(folder).name);
    const alone = [];
    for (const [at, [folder]] of members.entries()) alone.push(await classified(folder, names[at], `alone-${at}`));
    const together = await classified(ensembleOf(members), 'Together', 'together');
    assert.equal(together.size, 28);
    for (const [label, {probability, present}] of together) {
      const expected = members.reduce((sum, [, share], at) => sum + share * alone[at].get(label).probability, 0);
      assert.ok(Math.abs(probability - expected) < 1e-5, `class ${label}: ${probability}, not ${expected}`);
      assert.equal(present, probability >= 0.5);
    }
    const took = await page.textContent('#detail .took');
    for (const name of names) assert.match(took, new RegExp(`${name}: [\\d.,]+ m?s\\.`));
    assert.match(await page.textContent('#model-facts'), /^2 networks: All-CNN \+ ResNet-50, rgb \+ rgby, /);
    await says(page, /is kept/);
    await choose(page, '#model-about');
    const card = await page.textContent('#card-network');
    for (const [at, [, share]] of members.entries()) assert.ok(card.includes(names[at]) && card.includes(`counts ${share.toFixed(3)}`), card);
    assert.match(await page.textContent('#card-summary'), /Ensemble of 2 networks, 28 locations/);
    await page.reload();
    await ready(page);
    assert.equal(await page.textContent('#model-name'), 'Together');

    const equal = members.map(([folder]) => [folder, 1 / members.length]);
    const added = await classified(ensembleOf(equal, {name: 'Added up', combination: 'sum-of-logits'}), 'Added up', 'added-up');
    let compared = 0;
    for (const [label, {probability}] of added) {
      const each = alone.map((bars) => bars.get(label).probability);
      const [low, high] = [Math.min(...each), Math.max(...each)];
      // Logits of one sign add up to a surer answer than any of them, and a mean would lie between.
      if (high - low < 1e-3 || (low < 0.5 && high > 0.5)) continue;
      compared += 1;
      assert.ok(low > 0.5 ? probability > high - 1e-6 : probability < low + 1e-6, `class ${label}: ${probability} of ${each}`);
    }
    assert.ok(compared > 0, 'some label is judged alike by both');
    assert.match(await page.textContent('#detail .took'), new RegExp(`${names[1]}: [\\d.,]+ m?s\\.`));
    await choose(page, '#model-about');
    assert.match(await page.textContent('#card-summary'), /Stack of 2 networks, 28 locations/);
    const stack = await page.textContent('#card-network');
    assert.match(stack, /one head reads the features of all/);
    assert.doesNotMatch(stack, /counts/);
  });
});

test('an ensemble that contradicts itself or is damaged is refused', {timeout: 2 * timeout}, async (t) => {
  const [one, other] = [formulaPackage('all-cnn-pooling'), formulaPackage('all-cnn-described')];
  await open(async (page) => {
    const shipped = await page.textContent('#model-name');
    for (const [what, make, reason] of [
      ['a member is given twice', () => ensembleOf([[one, 0.5], [one, 0.5]]), /member 2.*twice/],
      ['shares do not add up to 1', () => ensembleOf([[one, 0.5], [other, 0.25]]), /add up to 0\.75/],
      ['shares of a stack differ', () => ensembleOf([[one, 0.75], [other, 0.25]], {combination: 'sum-of-logits'}), /every share is 0\.5/],
      ['it has no members', () => ensembleOf([[one, 0.5], [other, 0.5]], {members: []}), /network/],
      ['members are for other labels', () => ensembleOf([[one, 0.5], [other, 0.5]], {labels: RENAMED.labels}), /member 1.*other labels/],
      ['a bit of one member is flipped', () => flipped(ensembleOf([[one, 0.5], [other, 0.5]])), /member 2.*damaged/],
    ]) {
      await t.test(what, {timeout}, async () => {
        await bring(page, make());
        assert.match(await says(page, /Together|whole|The package/), reason);
        await opened(page, shipped);
      });
    }
  });
});

/** The folder, with a bit of its weights flipped. */
function flipped(folder) {
  const file = path.join(folder, 'weights.safetensors');
  const bytes = readFileSync(file);
  bytes[bytes.length - 1] ^= 1;
  writeFileSync(file, bytes);
  return folder;
}

test('a package that the engine refuses is given up, and the model before goes on', {timeout: 2 * timeout}, async (t) => {
  await open(async (page) => {
    const shipped = await page.textContent('#model-name');
    for (const [what, changes, damage, reason] of [
      ['a bit of its weights is flipped', {}, flipped, /damaged|SHA-256/],
      ['it contradicts itself', {thresholds: [0.5]}, () => {}, /28 thresholds/],
      ['its weights are another network\'s', {network: {...manifestOf(OURS).network, architecture: 'resnet-50'}}, () => {}, /weights\.safetensors/],
    ]) {
      await t.test(what, {timeout}, async () => {
        const folder = packageOf({...changes, name: 'Broken'});
        damage(folder);
        await bring(page, folder);
        const said = await says(page, /Broken/);
        assert.match(said, reason);
        assert.ok(said.includes(shipped), said);
        await opened(page, shipped);
        assert.ok((await classify(page, what)).includes('Nucleoplasm'));
        assert.ok(await isNoChoice(page), 'nothing else is offered');
        await page.reload();
        await ready(page);
        assert.deepEqual(await choices(page), [shipped], 'nor after a reload');
      });
    }
  });
});

test('what cannot be a package is not taken', {timeout: 2 * timeout}, async (t) => {
  await open(async (page, {site}) => {
    const shipped = await page.textContent('#model-name');
    for (const [what, spoil, reason] of [
      ['its weights are cut short', (folder) => truncateSync(path.join(folder, 'weights.safetensors'), 1000), /1,000 bytes/],
      ['it is of another format', (folder) => change(folder, {format: 9999}), /9999/],
      ['its manifest is no JSON', (folder) => writeFileSync(path.join(folder, 'manifest.json'), '<!doctype html>'), /not JSON/],
      ['its manifest is another JSON', (folder) => writeFileSync(path.join(folder, 'manifest.json'), '{"samples": []}'), /not the manifest/],
      ['its manifest nests without end', (folder) => writeFileSync(path.join(folder, 'manifest.json'), '['.repeat(200_000) + ']'.repeat(200_000)), /manifest/],
      ['its name turns the direction of writing', (folder) => change(folder, {name: 'Cytosol \u202e25.0'}), /direction of writing/],
      ['a label has no end', (folder) => change(folder, {labels: RENAMED.labels.map((label) => label.repeat(1000))}), /4,096 letters/],
      ['its name is 10 MB long', (folder) => change(folder, {name: 'W'.repeat(10_000_000)}), /larger than 4 MB/],
      ['it has no labels', (folder) => change(folder, {labels: undefined}), /labels/],
      ['it is too large', (folder) => {
        change(folder, {weights: {sha256: '0'.repeat(64), bytes: 600_000_000}});
        truncateSync(path.join(folder, 'weights.safetensors'), 600_000_000);
      }, /600 MB.*512 MB/],
    ]) {
      await t.test(what, {timeout}, async () => {
        const folder = packageOf();
        spoil(folder);
        await bring(page, folder);
        assert.match(await says(page, /is not used/), reason);
        assert.equal(await page.getAttribute('body', 'data-engine'), 'ready', 'the engine goes on untouched');
        assert.equal(await page.textContent('#model-name'), shipped);
        assert.ok(await isNoChoice(page));
        assert.equal(site.requests.filter((address) => address.endsWith('weights.safetensors.gz')).length, 1);
      });
    }
  });
});

function change(folder, changes) {
  writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify({...manifestOf(folder), ...changes}));
}

test('a reload keeps the packages and the choice, the same one is kept once, and each can be removed', {timeout}, async () => {
  await open(async (page, {site}) => {
    const shipped = await page.textContent('#model-name');
    const folder = packageOf(RENAMED);
    await bring(page, folder);
    await opened(page, RENAMED.name);
    await says(page, /is kept/);
    await bring(page, folder);
    await says(page, /here already/);
    assert.deepEqual(await choices(page), [RENAMED.name, shipped]);
    // The kept copy is the browser's own.
    rmSync(folder, {recursive: true});

    site.requests.length = 0;
    await page.reload();
    await ready(page);
    assert.equal(await page.textContent('#model-name'), RENAMED.name);
    assert.ok(!site.requests.some((address) => address.startsWith('/model/')), 'what is not used is not downloaded');
    assert.equal((await choices(page)).length, 2);
    assert.deepEqual((await classify(page, 'one')).sort(), [...RENAMED.labels].sort());

    await choose(page, '#model-about');
    await page.click('#card-remove');
    assert.match(await page.textContent('#card-sure'), /Places by letter/);
    await page.click('#card-leave');
    assert.ok(await page.isHidden('#card-sure'));
    await page.click('#card-remove');
    await page.click('#card-sure .danger');
    await opened(page, shipped);
    assert.match(await says(page, /was removed/), /Places by letter/);
    assert.ok(await isNoChoice(page));
    await page.reload();
    await ready(page);
    assert.equal(await page.textContent('#model-name'), shipped);
    assert.deepEqual(await choices(page), [shipped]);
    await choose(page, '#model-about');
    assert.ok(await page.isHidden('#card-remove'), 'the model of the page stays');
  });
});

test('the model of the page, brought again, is not listed twice', {timeout}, async () => {
  await open(async (page) => {
    await page.setInputFiles('#files', filesOf(OURS));
    await says(page, /here already/);
    assert.ok(await isNoChoice(page));
    assert.equal(await page.getAttribute('body', 'data-engine'), 'ready');
  });
});

test('a changed manifest takes the place of the one before, once it opens', {timeout}, async () => {
  await open(async (page) => {
    await bring(page, packageOf(RENAMED));
    await says(page, /is kept/);
    await bring(page, packageOf({...RENAMED, thresholds: [1]}));
    await says(page, /28 thresholds/);
    await opened(page, RENAMED.name);
    const labels = RENAMED.labels.map((label) => label.replace('Place', 'Spot'));
    await bring(page, packageOf({...RENAMED, labels}));
    await says(page, /is kept/);
    assert.equal((await choices(page)).length, 2);
    assert.deepEqual((await classify(page, 'one')).sort(), [...labels].sort());
  });
});

test('a browser without room says so, and the package works for this visit', {timeout}, async () => {
  await open(async (page, {site}) => {
    const shipped = await page.textContent('#model-name');
    const session = await page.context().newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', {origin: site.origin, quotaSize: 1_000_000});
    await bring(page, packageOf(RENAMED));
    await opened(page, RENAMED.name);
    await says(page, /no room/);
    assert.deepEqual((await classify(page, 'one')).sort(), [...RENAMED.labels].sort());
    await page.reload();
    await ready(page);
    assert.equal(await page.textContent('#model-name'), shipped);
  });
});

test('the shipped model has a card and credits', {timeout}, async (t) => {
  await open(async (page) => {
    await t.test('the card shows limits, scores, data, licence and checksum', async () => {
      const manifest = manifestOf(SHIPPED_MODEL);
      await choose(page, '#model-about');
      const card = page.locator('#model-card');
      await card.waitFor({state: 'visible'});
      assert.equal(await page.textContent('#card-name'), manifest.name);
      assert.equal(await page.textContent('#card-limits'), manifest.limits);
      const scores = await page.textContent('#card-scores');
      const found = Object.values(manifest.metrics).map((part) => part.macro_f1_present?.value ?? part.macro_f1_present);
      const written = found.filter((score) => score !== undefined);
      assert.ok(written.length > 1);
      // Two digits, cut and not rounded: cells write three, without noughts at the end.
      for (const score of written) assert.ok(scores.includes((Math.floor(score * 100) / 100).toString()), scores);
      assert.ok((await page.textContent('#card-origin')).includes(manifest.provenance.initial_weights));
      const recipe = page.locator('#card-origin dd', {hasText: String(manifest.provenance.recipe.optimiser.learning_rate)});
      assert.ok(await recipe.isHidden(), 'the recipe is folded');
      await page.locator('#card-origin summary', {hasText: 'Recipe'}).click();
      await page.locator('#card-origin summary', {hasText: 'Optimiser'}).click();
      assert.ok(await recipe.isVisible());
      await page.click('#card-classes-title');
      assert.equal(await page.locator('#card-classes tbody tr').count(), 28);
      assert.equal(await page.textContent('#card-licence'), manifest.licence);
      assert.deepEqual(await page.locator('#card-attribution li').allTextContents(), manifest.attribution);
      assert.ok((await page.textContent('#card-files')).includes(manifest.weights.sha256));
      for (const line of manifest.attribution) assert.ok((await page.textContent('#credits')).includes(line));
      await page.keyboard.press('Escape');
      assert.ok(await card.isHidden());
      const focused = await page.evaluate(() => document.activeElement.id);
      assert.equal(focused, 'engine-open', 'the focus comes back');
    });

    await t.test('the card prints whole, by itself, with its parts open', async () => {
      await choose(page, '#model-about');
      await page.evaluate(() => { window.print = () => { window.printed = document.querySelectorAll('#model-card details:not([open])').length; }; });
      await page.click('#model-card [data-act="print"]');
      assert.equal(await page.evaluate(() => window.printed), 0, 'no part is folded');
      await page.emulateMedia({media: 'print'});
      assert.ok(await page.isHidden('#drop'));
      assert.ok(await page.isVisible('#card-attribution'));
      const [inner, outer] = await page.$eval('#model-card', (card) => [card.scrollHeight, card.clientHeight]);
      assert.ok(inner <= outer, 'nothing is cut');
      await page.emulateMedia({media: null});
      await page.keyboard.press('Escape');
    });

    await t.test('the footer credits whoever made the model in use', async () => {
      assert.match(await page.textContent('#credits'), /ImageNet/);
      await bring(page, packageOf({...RENAMED, attribution: ['Images by a laboratory'], licence: 'CC0-1.0'}));
      await opened(page, RENAMED.name);
      const credits = await page.textContent('#credits');
      assert.match(credits, /Images by a laboratory\. Licence: CC0-1\.0\./);
      assert.ok(!credits.includes('ImageNet'), credits);
    });
  }, {model: SHIPPED_MODEL});
});

/** Opens the card of the page's model with a changed manifest; the engine may refuse it. */
const card = (changes, use) => visit(async (page) => {
  await choose(page, '#model-about');
  await use(page);
}, {changes: withManifest((manifest) => ({...manifest, ...changes}))});

test('the card of a package that says little says that', {timeout}, async () => {
  await card({provenance: null, metrics: null, limits: '', attribution: []}, async (page) => {
    assert.match(await page.textContent('#card-scores'), /does not say/);
    assert.match(await page.textContent('#card-origin'), /does not say/);
    assert.match(await page.textContent('#card-limits'), /does not name its limits/);
    assert.equal(await page.locator('#card-attribution li').count(), 0);
  });
});

test('the card shows whatever shape, a thousand classes and endless words', {timeout}, async () => {
  const count = 1000;
  const endless = 'W'.repeat(3000);
  const each = (of) => Array.from({length: count}, (_, at) => of(at));
  const changes = {
    name: `<img src=x> ${endless}`,
    limits: endless,
    labels: each((at) => `Label ${at} ${at === 7 ? endless : ''}`),
    thresholds: each(() => 0.5),
    metrics: {test: {f1: each((at) => at / count), note: endless}, per_class: [{name: 'Label 1', recall: 0.25}, {name: 'Label 2', recall: null}], odd: [[1, [2]], 'x']},
    provenance: {[endless]: {deep: {deeper: {deepest: [1, 2, 3]}}}, truth: true, nothing: null},
  };
  await card(changes, async (page) => {
    assert.ok((await page.textContent('#card-name')).startsWith('<img src=x>'), 'what looks like a page is words');
    assert.match(await page.textContent('#card-scores'), /Label 1\s*0\.250/);
    await page.click('#card-classes-title');
    assert.equal(await page.locator('#card-classes tbody tr').count(), count);
    assert.match(await page.locator('#card-classes tbody tr').nth(500).innerText(), /Label 500\s+0\.500\s+0\.500/);
    for (const width of [390, 1280]) {
      await page.setViewportSize({width, height: 800});
      const [inner, outer] = await page.$eval('#model-card', (card) => [card.scrollWidth, card.clientWidth]);
      assert.ok(inner <= outer, `at ${width} px the card is ${inner} px wide inside of ${outer}`);
      assert.ok(outer <= width);
    }
  });
});

/** Words that would run, load or hide something where they were taken for a page. */
const HOSTILE = [
  '<script>window.taken = 1</script>',
  '<svg onload="window.taken = 1"><a href="http://elsewhere.test">here</a></svg>',
  '"><img src="x" onerror="window.taken = 1">',
  '</textarea></select><style>* { display: none }</style>',
  'javascript:window.taken = 1',
  '${window.taken = 1} {{window.taken = 1}}',
  'url(http://elsewhere.test/x)',
];

test('hostile words in every part of a package, and in a file\'s name, are words', {timeout}, async () => {
  const labels = Array.from({length: 28}, (_, at) => `${HOSTILE[at % HOSTILE.length]} ${at}`);
  const nested = Object.fromEntries(HOSTILE.map((words) => [words, {[words]: HOSTILE}]));
  const changes = {
    name: HOSTILE[1], limits: HOSTILE.join('\u202e'), licence: HOSTILE[0], attribution: HOSTILE, labels, provenance: nested,
    metrics: {...nested, per_class: labels.map((name) => ({name, recall: 0.5}))},
  };
  await open(async (page) => {
    await bring(page, packageOf(changes));
    await opened(page, HOSTILE[1]);
    const id = '<img src=x onerror=taken=1>';
    await page.setInputFiles('#files', drawnField(id));
    const {state, bars} = await settled(page, id);
    assert.deepEqual([state, bars.length], ['done', 28]);
    await choose(page, '#model-about');
    await page.locator('#model-card').waitFor({state: 'visible'});
    assert.equal(await page.textContent('#card-name'), HOSTILE[1]);
    assert.match(await page.textContent('#card-attribution'), /<script>window\.taken/);
    const made = await page.evaluate(() => ({
      taken: typeof window.taken,
      elements: document.querySelectorAll('script:not([src]), svg[onload], img[onerror], style, a[href*="elsewhere"], a[href^="javascript"]').length,
    }));
    assert.deepEqual(made, {taken: 'undefined', elements: 0});
  });
});
