// Fields as tests hand them to the page, and cards as tests read them.
import assert from 'node:assert/strict';
import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import {given, IMAGES, PATIENCE, until} from './harness.mjs';

export const CHANNELS = ['red', 'green', 'blue', 'yellow'];

/** A grey PNG of 8 or 16 bit; `shade` gives a pixel's value. */
export function greyPng({width, height = width, bits = 8}, shade) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const frame = Buffer.alloc(body.length + 8);
    frame.writeUInt32BE(data.length, 0);
    body.copy(frame, 4);
    frame.writeUInt32BE(crc32(body), body.length + 4);
    return frame;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = bits;
  const bytes = bits / 8;
  // Each row begins with a byte for its filter: none.
  const row = width * bytes + 1;
  const rows = Buffer.alloc(row * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows.writeUIntBE(shade(x, y), y * row + 1 + x * bytes, bytes);
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', zlib.deflateSync(rows, {level: 1})), chunk('IEND', Buffer.alloc(0))]);
}

/** What each byte adds to the check sum. */
const CRCS = Uint32Array.from({length: 256}, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = (byte >>> 1) ^ (byte & 1 ? 0xedb88320 : 0);
  return byte;
});

/** The check sum that PNG and zip files have. */
export const crc32 = (bytes) => ~bytes.reduce((crc, byte) => (crc >>> 8) ^ CRCS[(crc ^ byte) & 255], ~0) >>> 0;

/** The images of drawn fields, by channel and size. */
const drawn = new Map();

/** A bright disc in an image of a channel, of another size in each channel. */
function drawnImage(channel, size) {
  const key = `${channel} ${size}`;
  if (!drawn.has(key)) {
    const radius = size * (0.15 + 0.07 * CHANNELS.indexOf(channel));
    const inside = (x, y) => Math.hypot(x - size / 2, y - size / 2) < radius;
    drawn.set(key, greyPng({width: size}, (x, y) => (inside(x, y) ? 120 + ((x * 7 + y * 13) % 100) : (x + y) % 9)));
  }
  return drawn.get(key);
}

/** Files of a drawn field. */
export function drawnField(id, {channels = CHANNELS, side = 256, sides = {}} = {}) {
  const image = (channel) => drawnImage(channel, sides[channel] ?? side);
  return channels.map((channel) => ({name: `${id}_${channel}.png`, mimeType: 'image/png', buffer: image(channel)}));
}

/** Files of a real field. */
export function realField(id, channels = CHANNELS) {
  return channels.map((channel) => {
    const name = `${id}_${channel}.png`;
    return {name, mimeType: 'image/png', buffer: readFileSync(path.join(IMAGES, name))};
  });
}

/** A text with an image's name. */
export function textNamed(name) {
  return {name, mimeType: 'image/png', buffer: Buffer.from('This is a shopping list, not a microscope image.\n')};
}

/** Drops files on the page, as a visitor does from a folder. */
export async function drop(page, files) {
  const data = files.map(({name, mimeType, buffer}) => ({name, mimeType, text: buffer.toString('base64')}));
  const dataTransfer = await page.evaluateHandle((data) => {
    const transfer = new DataTransfer();
    for (const {name, mimeType, text} of data) {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([bytes], name, {type: mimeType}));
    }
    return transfer;
  }, data);
  for (const event of ['dragenter', 'dragover', 'drop']) await page.dispatchEvent('#drop', event, {dataTransfer});
}

/** Drops a folder on the page, as the system's file manager does. */
export async function dropFolder(page, folder) {
  const session = await page.context().newCDPSession(page);
  const data = {items: [], files: [folder], dragOperationsMask: 1};
  for (const type of ['dragEnter', 'dragOver', 'drop']) {
    await session.send('Input.dispatchDragEvent', {type, x: 200, y: 250, data});
  }
}

/** Waits until the browser keeps so many fields: their images, or what else a store of that name holds. Writing goes on in the background. */
export const kept = (page, count, store = 'inputs') => until(() => page.evaluate(([count, store]) => new Promise((resolve) => {
  const open = indexedDB.open('cytolens');
  open.onsuccess = () => {
    const there = open.result.transaction(store).objectStore(store).count();
    there.onsuccess = () => {
      open.result.close();
      resolve(there.result === count);
    };
  };
}), [count, store]));

/** The files that the page passed over: their names, or titles of many, and the reasons. */
export const passedOver = (page) => page.locator('#passed-over li').evaluateAll((lines) =>
  Object.fromEntries(lines.map((line) => [line.dataset.name, line.textContent])));

/** Waits until this field is done or refused, selects it, and reads its panel. */
export async function settled(page, id, timeout = PATIENCE.cpu) {
  const quoted = id.replace(/["\\]/g, '\\$&');
  const tile = `.field[data-id="${quoted}"]`;
  await page.waitForSelector(`${tile}[data-state="done"], ${tile}[data-state="error"]`, {timeout, state: 'attached'});
  if ((await page.getAttribute('#detail', 'data-id')) !== id) await page.locator(`${tile} button`).first().click();
  await page.locator(`#detail[data-id="${quoted}"]`).waitFor();
  return page.evaluate(readPanel);
}

/** What the panel of the selected field says; runs in the page. */
export const readPanel = () => {
  const detail = document.querySelector('#detail');
  return {
    state: detail.dataset.state,
    reason: detail.querySelector('.reason').textContent,
    hasPreview: Boolean(document.querySelector(`.field[data-id="${CSS.escape(detail.dataset.id)}"] img`)?.src),
    chips: [...detail.querySelectorAll('.chip[data-class]')].map((chip) => Number(chip.dataset.class)),
    bars: [...detail.querySelectorAll('.bar[data-class]')].map((bar) => ({
      class: Number(bar.dataset.class),
      probability: Number(bar.dataset.probability),
      present: bar.dataset.present === 'true',
    })),
  };
};

/** The rows of `trainer predict`'s table: id, class numbers over threshold, 28 probabilities. */
export function readReference(file) {
  const [head, ...rows] = readFileSync(file, 'utf8').trim().split(/\r?\n/).map((line) => line.split(','));
  const first = head.indexOf('Predicted') + 1;
  return rows.map((row) => ({
    id: row[head.indexOf('Id')],
    predicted: row[head.indexOf('Predicted')].split(' ').filter(Boolean).map(Number),
    probabilities: row.slice(first).map(Number),
  }));
}

/** The trainer's predictions of the real fields that are there. */
export function references() {
  const found = readReference(given('REFERENCE_CSV')).filter(({id}) => existsSync(path.join(IMAGES, `${id}_green.png`)));
  assert.ok(found.length > 0, 'REFERENCE_CSV names no field that is there');
  return found;
}

/** What a card says otherwise than the reference does, one line a difference. */
export function differences(card, reference, tolerance) {
  const found = [];
  if (card.bars.length !== reference.probabilities.length) {
    found.push(`${card.bars.length} bars, and ${reference.probabilities.length} probabilities in the reference`);
  }
  for (const bar of card.bars) {
    const expected = reference.probabilities[bar.class];
    // Not `>`: that would let a NaN pass.
    if (!(Math.abs(bar.probability - expected) <= tolerance)) {
      found.push(`class ${bar.class}: ${bar.probability}, and ${expected} in the reference`);
    }
  }
  const ascending = (classes) => [...classes].sort((a, b) => a - b).join(' ');
  const present = card.bars.filter((bar) => bar.present).map((bar) => bar.class);
  if (ascending(card.chips) !== ascending(present)) found.push(`chips ${ascending(card.chips)}, and bars ${ascending(present)}`);
  if (ascending(card.chips) !== ascending(reference.predicted)) {
    found.push(`labels ${ascending(card.chips)}, and ${ascending(reference.predicted)} in the reference`);
  }
  return found;
}
