// How far vectors are from each other.

/** The largest difference; infinite where lengths differ or a number is none. */
export function maxAbsolute(a, b) {
  if (a.length !== b.length || a.length === 0) return Infinity;
  let largest = 0;
  for (let at = 0; at < a.length; at++) {
    const difference = Math.abs(a[at] - b[at]);
    if (Number.isNaN(difference)) return Infinity;
    largest = Math.max(largest, difference);
  }
  return largest;
}

/** The largest difference, relative to the largest number of the reference `b`. */
export function maxRelative(a, b) {
  return maxAbsolute(a, b) / b.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}

export function softmax(logits) {
  const largest = logits.reduce((most, value) => Math.max(most, value), -Infinity);
  const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / sum);
}
