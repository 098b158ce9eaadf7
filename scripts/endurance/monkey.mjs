// Lets a seeded monkey loose on the page in Chromium for as long as MINUTES say (60), and says how it went.
//
// usage: scripts/endurance.sh monkey, which says what must be there
import {monkey} from '../../tests/e2e/monkey.mjs';

const minutes = Number(process.env.MINUTES || 60);
const seed = Number(process.env.SEED || 1);
const begun = performance.now();
const {counts, memory} = await monkey({
  seed,
  adapter: true,
  tools: true,
  isEnough: ({milliseconds}) => milliseconds > minutes * 60_000,
  say: (line) => console.log(`${((performance.now() - begun) / 60_000).toFixed(1)} min: ${line}`),
});
console.log(JSON.stringify(counts));
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const quarter = Math.ceil(memory.length / 4);
for (const what of ['renderer', 'heap']) {
  const of = (some) => megabytes(median(some.map((at) => at[what])));
  console.log(`${what}, empty desk, medians of the first and the last quarter: ${of(memory.slice(0, quarter))}, ${of(memory.slice(-quarter))}`);
}
