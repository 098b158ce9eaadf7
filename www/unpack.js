// Programs and weights come packed (gzip), so that they are small on every host's line. A host that says so itself has the browser
// unpack them, and the copy for offline use holds them unpacked: what comes is looked at first.

/** The two bytes that every packed file begins with. */
const PACKED = [0x1f, 0x8b];

/** A response with what another one brings; a program can be compiled while it comes. */
export async function unpacked(response) {
  if (!response.ok) throw new Error(`${new URL(response.url).pathname}: the server answered ${response.status}`);
  const [looked, body] = response.body.tee();
  const reader = looked.getReader();
  const {value} = await reader.read();
  reader.cancel();
  const isPacked = PACKED.every((byte, at) => value?.[at] === byte);
  const unpacked = isPacked ? body.pipeThrough(new DecompressionStream('gzip')) : body;
  return new Response(unpacked, {headers: {'content-type': 'application/wasm'}});
}
