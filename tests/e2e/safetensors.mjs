// Reads safetensors, in the browser and in Node.

const ARRAYS = {U8: Uint8Array, F32: Float32Array, F64: Float64Array};

/** The tensors of a file's bytes, by name: `{shape, values}`. */
export function readTensors(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const tensors = {};
  for (const [name, {dtype, shape, data_offsets: [start, end]}] of Object.entries(head)) {
    if (name === '__metadata__') continue;
    if (!ARRAYS[dtype]) throw new Error(`${name} is of the type ${dtype}, which these tests do not read`);
    // A copy: in the file, numbers need not be aligned.
    tensors[name] = {shape, values: new ARRAYS[dtype](buffer.slice(8 + length + start, 8 + length + end))};
  }
  return tensors;
}

/** The names of the golden inputs. */
export function goldenNames(tensors) {
  return Object.keys(tensors).filter((name) => name.endsWith('.input_u8')).map((name) => name.slice(0, -'.input_u8'.length));
}
