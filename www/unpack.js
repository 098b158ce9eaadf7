// Programs come packed (gzip), so that they are small on every host's line. A host that says so itself has the browser
// unpack them, and the copy for offline use holds them unpacked: what comes is looked at first.

/** The byte that every packed file begins with, and no program. */
const PACKED = 0x1f;

/** A response with the program that another one brings, to be compiled while it comes. */
export async function unpacked(response) {
  if (!response.ok) throw new Error(`${new URL(response.url).pathname}: the server answered ${response.status}`);
  const [looked, body] = response.body.tee();
  const reader = looked.getReader();
  const {value} = await reader.read();
  reader.cancel();
  const program = value?.[0] === PACKED ? body.pipeThrough(new DecompressionStream('gzip')) : body;
  return new Response(program, {headers: {'content-type': 'application/wasm'}});
}
