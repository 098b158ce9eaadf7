// The golden input of a package, as `golden_planes` in crates/package/src/golden.rs makes it.

function triangle(position, period) {
  const phase = position % period;
  return Math.floor((Math.min(phase, period - phase) * 255) / (period / 2));
}

/** `planes` planes of `size` pixels a side, from 0 to 1, one after the other. */
export function goldenPlanes(planes, size) {
  const values = new Float32Array(planes * size * size);
  let at = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const wave = Math.floor(triangle(x + 3 * y, 22 + 10 * plane) / 2)
          + Math.floor(triangle(2 * x + y, 64 + 6 * plane) / 4);
        const place = (plane * 131 + y) * 8191 + x;
        const hash = Math.imul(place, 2654435761) >>> 26;
        values[at++] = (wave + hash) / 255;
      }
    }
  }
  return values;
}
