// Zip archives and TIFF files as tests need them: whole, and wrong in one way each.
import zlib from 'node:zlib';
import {CHANNELS, crc32} from './fields.mjs';

/**
 * A zip archive (APPNOTE 6.3.10, 4.3). An entry is `{name, bytes}`; `deflate` packs it, `encrypted`
 * sets that flag, and `says` is the size that the archive claims for it.
 */
export function zip(entries) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const {name, bytes, deflate = false, encrypted = false, says = bytes.length} of entries) {
    const path = Buffer.from(name);
    const packed = deflate ? zlib.deflateRawSync(bytes) : bytes;
    const header = Buffer.alloc(26);
    header.writeUInt16LE(20, 0);
    header.writeUInt16LE(encrypted ? 0x801 : 0x800, 2);
    header.writeUInt16LE(deflate ? 8 : 0, 4);
    header.writeUInt32LE(crc32(bytes), 10);
    header.writeUInt32LE(packed.length, 14);
    header.writeUInt32LE(says, 18);
    header.writeUInt16LE(path.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), header, place, path);
    const local = [Buffer.from('PK\x03\x04', 'latin1'), header, path, packed];
    parts.push(...local);
    offset += local.reduce((sum, part) => sum + part.length, 0);
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, list, end]);
}

/** The archive as a file to be dropped or picked. */
export function zipFile(name, entries) {
  return {name, mimeType: 'application/zip', buffer: zip(entries)};
}

/** Files as an archive's entries, in a folder. */
export function entriesOf(files, {folder = '', ...how} = {}) {
  return files.map(({name, buffer}) => ({name: folder + name, bytes: buffer, ...how}));
}

/**
 * A TIFF file of grey pages of 16 bit, one for each of `shades`, which give a pixel's value; `words`
 * is the first page's description.
 */
export function tiff(side, shades, words = '') {
  const text = Buffer.from(`${words}\0`);
  const chunks = [Buffer.from([0x49, 0x49, 42, 0, 0, 0, 0, 0])];
  let offset = 8;
  const add = (chunk) => {
    const even = chunk.length % 2 ? Buffer.concat([chunk, Buffer.alloc(1)]) : chunk;
    chunks.push(even);
    offset += even.length;
    return offset - even.length;
  };
  let link = {chunk: chunks[0], at: 4};
  for (const [page, shade] of shades.entries()) {
    const samples = Buffer.alloc(side * side * 2);
    for (let pixel = 0; pixel < side * side; pixel++) samples.writeUInt16LE(shade(pixel % side, Math.floor(pixel / side)), 2 * pixel);
    const strip = add(samples);
    const tags = [[256, 4, 1, side], [257, 4, 1, side], [258, 3, 1, 16], [259, 3, 1, 1], [262, 3, 1, 1]];
    if (page === 0 && words) tags.push([270, 2, text.length, add(text)]);
    tags.push([273, 4, 1, strip], [277, 3, 1, 1], [278, 4, 1, side], [279, 4, 1, samples.length]);
    const directory = Buffer.alloc(2 + 12 * tags.length + 4);
    directory.writeUInt16LE(tags.length, 0);
    for (const [position, [tag, type, count, value]] of tags.entries()) {
      const at = 2 + 12 * position;
      directory.writeUInt16LE(tag, at);
      directory.writeUInt16LE(type, at + 2);
      directory.writeUInt32LE(count, at + 4);
      directory.writeUInt32LE(value, at + 8);
    }
    link.chunk.writeUInt32LE(add(directory), link.at);
    link = {chunk: directory, at: directory.length - 4};
  }
  return Buffer.concat(chunks);
}

/** The brightness of a channel's disc, from 0 to 65535; the channel is told by its size. */
export const disc = (channel, side) => {
  const radius = side * (0.15 + 0.07 * CHANNELS.indexOf(channel));
  return (x, y) => (Math.hypot(x - side / 2, y - side / 2) < radius ? 50_000 : 300);
};

/** A TIFF file of one image a channel, 16 bit: a disc in each. */
export function tiffOfChannels(name, side, channels, words) {
  return {name, mimeType: 'image/tiff', buffer: tiff(side, channels.map((channel) => disc(channel, side)), words)};
}

/** The same as an OME-TIFF, which names its channels. */
export function omeTiff(name, side, channels, axis = 'C', pixel) {
  const count = (of) => (of === axis ? channels.length : 1);
  const named = channels.map((channel, at) => `<Channel ID="Channel:0:${at}" Name="${channel}" SamplesPerPixel="1"/>`);
  const pixels = `<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="${side}" SizeY="${side}" SizeC="${count('C')}" SizeZ="${count('Z')}" SizeT="1"${pixel ? ` PhysicalSizeX="${pixel}"` : ''}>`;
  const words = `<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">${pixels}${named.join('')}<TiffData/></Pixels></Image></OME>`;
  return tiffOfChannels(name, side, channels, words);
}
