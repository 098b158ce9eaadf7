// What people bring, as they have it: folders, archives, pasted pictures, names of every kind.
import assert from 'node:assert/strict';
import {mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {disc, entriesOf, omeTiff, tiff, tiffOfChannels, zip, zipFile} from './archives.mjs';
import {CHANNELS, drawnField, drop, dropFolder, settled, textNamed} from './fields.mjs';
import {choose, chromiumForTests, PATIENCE, ready} from './harness.mjs';

const timeout = 2 * PATIENCE.cpu;

let scratch;
before(() => {
  scratch = mkdtempSync(path.join(os.tmpdir(), 'cytolens-input-'));
});
after(() => rmSync(scratch, {recursive: true}));

const {visit, open} = chromiumForTests();
/** Opens a page whose engine does not come: fields wait, and refusals show all the same. */
const openWithoutEngine = (use) => visit(async (page) => {
  await page.waitForSelector('body[data-engine="failed"]');
  await use(page);
}, {changes: {'/cpu_engine_relaxed_bg.wasm.gz': 404}});

/** The files of a drawn field under other names. */
const renamed = (id, names) => drawnField('x', {channels: Object.keys(names)}).map((file, at) => ({...file, name: `${id}${Object.values(names)[at]}`}));

/** The ids of all tiles, in the gallery's order. */
const ids = (page) => page.locator('#fields > li').evaluateAll((tiles) => tiles.map((tile) => tile.dataset.id));

const waitForTiles = (page, count) => page.waitForFunction((count) => document.querySelectorAll('#fields > li').length === count, count, {timeout});

/** Both are answered, and by the same numbers: they are the same to the network. */
async function assertSameAnswer(page, one, other) {
  const [first, second] = [await settled(page, one), await settled(page, other)];
  assert.equal(first.state, 'done', first.reason);
  assert.equal(second.state, 'done', second.reason);
  assert.deepEqual(second.bars, first.bars);
}

/** The reason why a field is not classified. */
async function refusal(page, id) {
  const {state, reason} = await settled(page, id);
  assert.equal(state, 'error');
  return reason;
}

/** The reason why a file was passed over: it has a line, and no tile. */
async function passed(page, name) {
  const line = page.locator(`#passed-over li[data-name="${name}"]`);
  await line.waitFor({state: 'attached', timeout});
  assert.equal(await page.locator('#passed-over').isVisible(), true);
  assert.ok(!(await ids(page)).includes(name), 'a file is no field');
  return line.textContent();
}

test('the answer depends on which channel is which', {timeout}, async () => {
  await open(async (page) => {
    await drop(page, [...drawnField('right'), ...renamed('wrong', {red: '_blue.png', green: '_yellow.png', blue: '_red.png', yellow: '_green.png'})]);
    const [right, wrong] = [await settled(page, 'right'), await settled(page, 'wrong')];
    assert.notDeepEqual(wrong.bars, right.bars);
  });
});

for (const [how, deflate] of [['stored', false], ['deflated', true]]) {
  test(`an archive of ${how} files is a set of fields`, {timeout}, async () => {
    await open(async (page) => {
      const litter = [{name: '__MACOSX/set/._packed_red.png', bytes: Buffer.from('x')}, {name: 'set/.DS_Store', bytes: Buffer.from('x')}];
      const packed = drawnField('x').map((file) => ({...file, name: file.name.replace('x_', 'packed_')}));
      await drop(page, [...drawnField('x'), zipFile('fields.zip', [...litter, ...entriesOf(packed, {folder: 'set/deep/', deflate})])]);
      await assertSameAnswer(page, 'x', 'packed');
      assert.deepEqual(await ids(page), ['x', 'packed']);
    });
  });
}

test('wrong archives and entries are refused in words, and the rest is classified', {timeout}, async () => {
  await open(async (page) => {
    const whole = drawnField('whole');
    const lying = entriesOf(drawnField('lying'), {deflate: true});
    lying[1] = {...lying[1], bytes: Buffer.alloc(3_000_000), says: 1000};
    const short = entriesOf(drawnField('short'), {deflate: true});
    short[1] = {...short[1], says: short[1].bytes.length + 1};
    await page.setInputFiles('#files', [
      zipFile('mixed.zip', [
        ...entriesOf(whole, {deflate: true}),
        ...lying,
        ...short,
        {name: 'secret.png', bytes: Buffer.from('x'), encrypted: true},
        {name: 'bomb.tif', bytes: Buffer.alloc(100_000), deflate: true, says: 200_000_000},
        {name: 'inner.zip', bytes: zip([])},
      ]),
      {...zipFile('cut.zip', entriesOf(whole)), buffer: zip(entriesOf(whole)).subarray(0, 3000)},
      zipFile('empty.zip', []),
    ]);
    assert.equal((await settled(page, 'whole')).state, 'done');
    assert.match(await refusal(page, 'lying'), /unpacks to more.*mixed\.zip\/lying_green\.png/);
    assert.match(await refusal(page, 'short'), /unpacks to less.*mixed\.zip\/short_green\.png/);
    assert.match(await passed(page, 'mixed.zip/secret.png'), /encrypted/);
    assert.match(await passed(page, 'mixed.zip/bomb.tif'), /zip bomb/);
    assert.match(await passed(page, 'mixed.zip/inner.zip'), /inside an archive/);
    assert.match(await passed(page, 'cut.zip'), /its end is missing.*cut\.zip/);
  });
});

test('a pasted picture gets a name', {timeout}, async () => {
  await open(async (page) => {
    const paste = () => page.evaluate(async () => {
      const canvas = new OffscreenCanvas(64, 64);
      const pen = canvas.getContext('2d', {alpha: false});
      pen.fillStyle = '#2040a0';
      pen.fillRect(8, 8, 40, 40);
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([await canvas.convertToBlob()], 'image.png', {type: 'image/png'}));
      window.dispatchEvent(new ClipboardEvent('paste', {clipboardData, bubbles: true, cancelable: true}));
    });
    await paste();
    await waitForTiles(page, 1);
    await paste();
    await waitForTiles(page, 2);
    assert.deepEqual(await ids(page), ['pasted 1', 'pasted 2']);
    for (const id of ['pasted 1', 'pasted 2']) {
      const {state, reason} = await settled(page, id);
      assert.equal(state, 'done', reason);
    }
  });
});

test('a name that would turn the writing beside it is shown without the marks that do', {timeout}, async () => {
  await openWithoutEngine(async (page) => {
    await page.setInputFiles('#files', [...drawnField('good\u202e25.0'), textNamed('notes\u2067.png')]);
    await waitForTiles(page, 2);
    assert.deepEqual((await ids(page)).sort(), ['good\ufffd25.0', 'notes\ufffd']);
  });
});

test('a folder gives its fields, and what is no image in one line', {timeout}, async () => {
  const folder = path.join(scratch, 'plate');
  mkdirSync(path.join(folder, 'deep/.hidden'), {recursive: true});
  for (const {name, buffer} of drawnField('inside')) writeFileSync(path.join(folder, 'deep', name), buffer);
  for (let number = 0; number < 40; number++) writeFileSync(path.join(folder, `note${number}.txt`), 'x');
  writeFileSync(path.join(folder, 'deep/read.me.html'), 'x');
  for (const name of ['deep/Thumbs.db', 'deep/.DS_Store', 'deep/.hidden/x_red.png']) writeFileSync(path.join(folder, name), 'x');
  await openWithoutEngine(async (page) => {
    await page.setInputFiles('#folder', folder);
    await waitForTiles(page, 1);
    assert.deepEqual(await ids(page), ['inside']);
    assert.match(await passed(page, '40 files'), /40 files are not images: \.txt/);
    assert.match(await passed(page, 'plate/deep/read.me.html'), /a web page/);
    assert.equal(await page.textContent('#passed-over summary'), '41 files passed over');
    assert.equal(await page.textContent('#reading'), '');
  });
});

test('a dropped folder with names that are no Unicode gives the rest of its fields', {timeout, skip: process.platform !== 'linux'}, async () => {
  const folder = path.join(scratch, 'named');
  mkdirSync(path.join(folder, 'deep'), {recursive: true});
  for (const {name, buffer} of drawnField('inside')) writeFileSync(path.join(folder, 'deep', name), buffer);
  const latin = (name) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]);
  writeFileSync(latin('Zellkörper_red.png'), 'x');
  // Chromium reads it as the folder that it lies in, without end.
  mkdirSync(latin('größer'));
  symlinkSync(path.join(scratch, 'nowhere'), path.join(folder, 'broken_red.png'));
  await openWithoutEngine(async (page) => {
    await dropFolder(page, folder);
    await waitForTiles(page, 1);
    assert.deepEqual(await ids(page), ['inside']);
    const unread = page.locator('#passed-over li[data-name="named/\ufffd"]');
    await page.waitForFunction((name) => document.querySelectorAll(`#passed-over li[data-name="${name}"]`).length === 2, 'named/\ufffd', {timeout});
    assert.match((await unread.allTextContents()).join('\n'), /not in Unicode/);
  });
});

test('entries of a dropped folder that cannot be read are told one by one, and the rest goes on', {timeout}, async () => {
  await visit(async (page) => {
    await page.waitForSelector('body[data-engine="failed"]');
    await page.evaluate((texts) => {
      const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const entry = (fullPath, file) => ({name: fullPath.split('/').at(-1), fullPath, isFile: true, isDirectory: false, file});
      const folder = (fullPath, entries) => ({
        name: fullPath.split('/').at(-1), fullPath, isFile: false, isDirectory: true,
        createReader: () => {
          const lots = [entries, []];
          return {readEntries: (done, failed) => (entries ? done(lots.shift()) : failed(new DOMException('denied', 'NotReadableError')))};
        },
      });
      const good = texts.map(({name, text}) => entry(`/set/${name}`, (done) => setTimeout(() => done(new File([bytes(text)], name)), 50)));
      // Fails before the good ones before it come.
      const bad = ['lost_red.png', 'lost_blue.png'].map((name) => entry(`/set/${name}`, (_, failed) => failed(new DOMException('gone', 'NotFoundError'))));
      DataTransferItem.prototype.webkitGetAsEntry = () => folder('/set', [...good, ...bad, folder('/set/locked', null)]);
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['x'], 'set'));
      window.dispatchEvent(new DragEvent('drop', {dataTransfer, bubbles: true, cancelable: true}));
    }, drawnField('inside').map(({name, buffer}) => ({name, text: buffer.toString('base64')})));
    await waitForTiles(page, 1);
    assert.deepEqual(await ids(page), ['inside']);
    assert.match(await passed(page, 'set/lost_red.png'), /could not read it \(gone\)/);
    assert.match(await passed(page, 'set/lost_blue.png'), /could not read it \(gone\)/);
    assert.match(await passed(page, 'set/locked'), /could not read it \(denied\)/);
  }, {changes: {'/cpu_engine_relaxed_bg.wasm.gz': 404}});
});

test('the size of pixels is told, and a field of another scale is answered at the training\'s', {timeout}, async () => {
  const channels = ['red', 'green', 'blue', 'yellow'];
  await open(async (page) => {
    await drop(page, [omeTiff('near.ome.tif', 64, channels, 'C', 2.5), omeTiff('far.ome.tif', 64, channels, 'C', 0.8)]);
    const near = await settled(page, 'near');
    await page.locator('#viewer .size', {hasText: /64 × 64 px, 16 bit, 2\.5 µm a pixel/}).waitFor();
    assert.doesNotMatch(await page.textContent('#answer'), /µm wide/);
    const far = await settled(page, 'far');
    assert.match(await page.textContent('#answer'), /51 µm wide.*3\.2 times larger/);
    assert.match(await page.textContent('#scale-text'), /1 field/);
    assert.deepEqual(far.bars, near.bars, 'the same pixels');

    await page.click('#scale-read');
    await page.locator('#scale').waitFor({state: 'hidden'});
    const again = await settled(page, 'far');
    assert.notDeepEqual(again.bars, far.bars);
    assert.match(await page.textContent('#answer'), /laid on 164 µm of black/);
    await page.waitForFunction(() => document.querySelector('#viewer .size').textContent.includes('205 × 205 px'));
  });
});

test('an OME-Zarr folder is told as one, with the way out', {timeout}, async () => {
  const folder = path.join(scratch, 'plate.zarr');
  mkdirSync(path.join(folder, '0', 'c'), {recursive: true});
  writeFileSync(path.join(folder, 'zarr.json'), '{}');
  for (let chunk = 0; chunk < 9; chunk++) writeFileSync(path.join(folder, '0', 'c', String(chunk)), 'x');
  await openWithoutEngine(async (page) => {
    await page.setInputFiles('#folder', folder);
    assert.match(await passed(page, 'plate.zarr'), /OME-Zarr: open it in Fiji .*save it as TIFF/);
    assert.equal(await page.locator('#passed-over li').count(), 1);
  });
});

test('a folder of nothing usable is refused in words', {timeout}, async () => {
  const folder = path.join(scratch, 'empty');
  mkdirSync(folder);
  writeFileSync(path.join(folder, '.DS_Store'), 'x');
  await openWithoutEngine(async (page) => {
    await page.setInputFiles('#folder', folder);
    assert.match(await passed(page, 'Nothing to classify'), /no PNG, JPEG or TIFF/);
    assert.equal(await page.textContent('#passed-over summary'), 'Nothing to classify');
  });
});

test('folders are walked to the last file, and what cannot be read is refused by name', {timeout}, async () => {
  await openWithoutEngine(async (page) => {
    // A browser hands out folders only to people's own drops; this is one by the same interface.
    await page.evaluate(() => {
      const file = (fullPath, fails) => ({
        isDirectory: false,
        name: fullPath.split('/').pop(),
        fullPath,
        file: (done, failed) => (fails ? failed(new DOMException('gone', 'NotFoundError')) : done(new File(['x'], fullPath.split('/').pop()))),
      });
      const folder = (fullPath, batches) => ({
        isDirectory: true,
        name: fullPath.split('/').pop(),
        fullPath,
        createReader: () => ({readEntries: (done, failed) => (batches ? done(batches.shift() ?? []) : failed(new Error('locked')))}),
      });
      const channels = ['red', 'green', 'blue', 'yellow'];
      const root = folder('/set', [
        channels.map((channel) => file(`/set/a_${channel}.png`)),
        [file('/set/b_red.png', true), folder('/set/more', [channels.map((channel) => file(`/set/more/c_${channel}.png`))]), folder('/set/shut')],
      ]);
      DataTransferItem.prototype.webkitGetAsEntry = () => root;
    });
    await drop(page, [textNamed('set')]);
    await waitForTiles(page, 2);
    assert.deepEqual((await ids(page)).sort(), ['a', 'c']);
    assert.match(await passed(page, 'set/b_red.png'), /could not read it \(gone\)/);
    assert.match(await passed(page, 'set/shut'), /could not read it \(locked\)/);
  });
});

test('the same id in several folders makes two fields; of doubled files one is refused', {timeout}, async () => {
  await openWithoutEngine(async (page) => {
    const entries = ['one/', 'two/'].flatMap((folder) => entriesOf(drawnField('a'), {folder}));
    const twice = entriesOf([drawnField('b')[0]])[0];
    await drop(page, [zipFile('set.zip', [...entries, twice, {...twice, name: 'b_red.tif'}])]);
    await waitForTiles(page, 3);
    const found = await ids(page);
    assert.ok(found.includes('set.zip/one/a') && found.includes('set.zip/two/a'), found.join());
    assert.match(await passed(page, 'set.zip/b_red.tif'), /set\.zip\/b_red\.png is taken in its place/);
  });
});

test('second downloads are told, and neither taken nor asked about', {timeout}, async () => {
  await openWithoutEngine(async (page) => {
    const [copy] = renamed('x', {green: '_green (1).png'});
    const [alone] = renamed('y', {red: '_red - Copy.png'});
    await drop(page, [...drawnField('x'), copy, alone]);
    await waitForTiles(page, 1);
    assert.match(await passed(page, copy.name), /x_green\.png is taken in its place/);
    assert.match(await passed(page, alone.name), /second download/);
    assert.equal(await page.locator('#mapper').isVisible(), false);
  });
});

test('samples of 12 bit in 16 are noticed, offered to be read as such, and remembered', {timeout}, async () => {
  const side = 128;
  const file = (name, shift) => ({name, mimeType: 'image/tiff', buffer: tiff(side, CHANNELS.map((channel) => (x, y) => disc(channel, side)(x, y) >> shift))});
  await open(async (page) => {
    await drop(page, [file('stored.tif', 4), file('dark.tif', 4), file('later.tif', 0)]);
    await settled(page, 'stored');
    await page.getByText('2 fields of 16 bit use only the lower 12').waitFor();
    const dark = (await settled(page, 'dark')).bars;
    await page.click('#dark-read');
    await page.locator('#dark').waitFor({state: 'hidden'});
    const {bars} = await settled(page, 'dark');
    assert.notDeepEqual(bars, dark);
    await choose(page, '#open-channels');
    assert.equal(await page.inputValue('#bits'), '12');
    await page.click('#channels-keep');
    await drop(page, [file('next.tif', 4), file('deep.tif', 0)]);
    assert.deepEqual((await settled(page, 'next')).bars, bars);
    assert.match(await refusal(page, 'deep'), /brightest.*other bits under Channels/);
    await choose(page, '#open-channels');
    await page.selectOption('#bits', '');
    await page.click('#channels-keep');
    await drop(page, [file('again.tif', 0)]);
    assert.deepEqual((await settled(page, 'again')).bars, (await settled(page, 'later')).bars);
  });
});

const MARKS = {red: '_w3.png', green: '_w2.png', blue: '_w1.png', yellow: '_w4.png'};

test('names that do not tell the channel are asked for once, by keyboard', {timeout}, async () => {
  await open(async (page) => {
    await drop(page, [...drawnField('named'), ...renamed('A1', MARKS)]);
    await page.locator('#mapper').waitFor({state: 'visible'});
    assert.deepEqual(await page.locator('#mapper .value').allTextContents(), ['w1', 'w2', 'w3', 'w4']);
    assert.match(await page.locator('#mapper .example').first().textContent(), /A1_w1, 1 file/);
    await page.locator('#mapper select').first().focus();
    await page.keyboard.type('blue');
    for (const channel of ['green', 'red', 'yellow']) {
      await page.keyboard.press('Tab');
      await page.keyboard.type(channel);
    }
    assert.equal(await page.locator('[data-well="blue"] .holds').textContent(), 'w1');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('#mapper').waitFor({state: 'hidden'});
    await assertSameAnswer(page, 'named', 'A1');

    // Remembered: for other files, and after a reload.
    await drop(page, renamed('B2', MARKS));
    await assertSameAnswer(page, 'named', 'B2');
    await page.reload();
    await ready(page);
    await page.setInputFiles('#files', renamed('C3', MARKS).slice(0, 3));
    await page.waitForSelector('.field[data-id="C3"]');
    assert.equal(await page.locator('#mapper').isVisible(), false);

    // Until it is forgotten.
    await choose(page, '#open-channels');
    assert.match(await page.textContent('#channels-known'), /w1 blue, w2 green, w3 red, w4 yellow/);
    await page.click('#channels-known button');
    assert.equal(await page.locator('#channels-none').isVisible(), true);
    await page.click('#channels-keep');
    await drop(page, renamed('D4', MARKS));
    await page.locator('#mapper').waitFor({state: 'visible'});
  });
});

test('good guesses are chosen already, and a channel goes to one value only', {timeout}, async () => {
  await openWithoutEngine(async (page) => {
    await drop(page, renamed('x', {blue: '_DAPI.png', yellow: '_ER.png', green: '_HSP60.png', red: '_tubulin.png'}));
    await page.locator('#mapper').waitFor({state: 'visible'});
    const chosen = () => page.locator('#mapper select').evaluateAll((selects) => selects.map((select) => select.value));
    assert.deepEqual(await chosen(), ['blue', 'yellow', '', 'red']);
    await page.click('#mapper [value="channels"]');
    assert.equal(await page.locator('#mapper').isVisible(), true, 'one is not chosen yet');
    await page.locator('#mapper select').nth(2).selectOption('blue');
    assert.deepEqual(await chosen(), ['', 'yellow', 'blue', 'red']);
    assert.match(await page.textContent('#mapper-said'), /HSP60 is blue now/);
    await page.locator('#mapper .value').first().dragTo(page.locator('[data-well="blue"]'));
    await page.locator('#mapper .value').nth(2).dragTo(page.locator('[data-well="green"]'));
    assert.deepEqual(await chosen(), ['blue', 'yellow', 'green', 'red']);
    await page.click('#mapper [value="channels"]');
    await waitForTiles(page, 1);
    assert.deepEqual(await ids(page), ['x']);
    assert.match(await page.textContent('#detail .source'), /red, green, blue, yellow/);
  });
});

test('a question may be cancelled, or the files be pictures', {timeout}, async () => {
  await openWithoutEngine(async (page) => {
    await drop(page, [...renamed('A1', MARKS).slice(0, 2), ...drawnField('other')]);
    await page.locator('#mapper').waitFor({state: 'visible'});
    await page.keyboard.press('Escape');
    await waitForTiles(page, 1);
    assert.match(await passed(page, 'A1_w3.png'), /does not say which channel.*A1_w3\.png/);
    await page.click('#remove');
    await drop(page, renamed('A1', MARKS));
    await page.click('#mapper [value="pictures"]');
    await waitForTiles(page, 4);
    assert.deepEqual(await ids(page), ['A1_w1', 'A1_w2', 'A1_w3', 'A1_w4']);
  });
});

test('numbered pictures are not asked about', {timeout}, async () => {
  await openWithoutEngine(async (page) => {
    await drop(page, [1, 2, 3, 4].map((number) => ({...drawnField('x')[0], name: `photo${number}.png`})));
    await waitForTiles(page, 4);
    assert.equal(await page.locator('#mapper').isVisible(), false);
  });
});

test('TIFF files of several images: named by the file, and by an order that is given', {timeout}, async () => {
  const side = 128;
  const plain = (name, channels) => tiffOfChannels(name, side, channels);
  const backwards = [...CHANNELS].reverse();
  await open(async (page) => {
    await drop(page, [plain('plain.tif', CHANNELS), omeTiff('named.ome.tif', side, backwards)]);
    await assertSameAnswer(page, 'plain', 'named');

    await choose(page, '#open-channels');
    await page.locator('#channels-order select').first().selectOption('yellow');
    await page.locator('#channels-order select').nth(2).selectOption('blue');
    await page.click('#channels-keep');
    assert.match(await page.textContent('#channels-fault'), /no channel/);
    for (const [at, channel] of backwards.entries()) await page.locator('#channels-order select').nth(at).selectOption(channel);
    await page.click('#channels-keep');
    await page.locator('#channels').waitFor({state: 'hidden'});
    const slices = omeTiff('slices.ome.tif', side, backwards, 'Z');
    await drop(page, [plain('turned.tif', backwards), slices]);
    await assertSameAnswer(page, 'plain', 'turned');
    await assertSameAnswer(page, 'plain', 'slices');
  });
});

test('dragging files shows where they may be dropped', {timeout}, async () => {
  await openWithoutEngine(async (page) => {
    const dataTransfer = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['x'], 'x.png'));
      return transfer;
    });
    assert.equal(await page.locator('#overlay').isVisible(), false);
    await page.dispatchEvent('footer', 'dragenter', {dataTransfer});
    assert.equal(await page.locator('#overlay').isVisible(), true);
    await page.dispatchEvent('footer', 'dragleave', {dataTransfer});
    assert.equal(await page.locator('#overlay').isVisible(), false);
  });
});

test('four gigabytes at once: what is too large is refused unread, the rest is classified', {timeout}, async () => {
  const folder = path.join(scratch, 'large');
  mkdirSync(folder);
  for (let number = 0; number < 7; number++) {
    const name = path.join(folder, `large${number}.tif`);
    writeFileSync(name, '');
    truncateSync(name, 600e6);
  }
  for (const {name, buffer} of drawnField('usual')) writeFileSync(path.join(folder, name), buffer);
  await open(async (page) => {
    await page.setInputFiles('#folder', folder);
    for (let number = 0; number < 7; number++) {
      const large = await settled(page, `large${number}`);
      assert.equal(large.state, 'error');
      assert.match(large.reason, new RegExp(`larger than.*large${number}\\.tif`));
    }
    assert.equal((await settled(page, 'usual')).state, 'done');
  });
});

test('10,000 files are grouped', {timeout: 3 * timeout}, async (context) => {
  const folder = path.join(scratch, 'many');
  mkdirSync(folder);
  // Most files belong to nothing, so that the figure is of reading and grouping, and not of tiles.
  for (let number = 0; number < 9_800; number++) writeFileSync(path.join(folder, `img_${number}.txt`), 'x');
  for (let number = 0; number < 50; number++) {
    for (const channel of CHANNELS) writeFileSync(path.join(folder, `cell${number}_${channel}.png`), 'x');
  }
  await openWithoutEngine(async (page) => {
    await page.evaluate(() => {
      window.stops = [];
      new PerformanceObserver((list) => window.stops.push(...list.getEntries().map((entry) => Math.round(entry.duration)))).observe({type: 'longtask'});
    });
    await page.setInputFiles('#folder', folder);
    await waitForTiles(page, 50);
    assert.equal((await ids(page)).filter((id) => /^cell\d+$/.test(id)).length, 50);
    assert.match(await passed(page, '9800 files'), /9,800 files are not images/);
    context.diagnostic(`tasks over 50 ms while 10,000 files were read: ${JSON.stringify(await page.evaluate(() => window.stops))}`);
  });
});
