// Engines as tests need them: with a script before www/engine.js's own, which runs in the engine's worker; and a model that comes late.

/** A change of a site: `script` runs before the engine. */
export const beforeEngine = (script) => ({'/engine.js': (bytes) => `${script}\n${bytes}`});

/**
 * The engine gets no field until the test lets one through (`letThrough`), so that a test can look at fields that wait
 * for as long as it likes. Pictures and all else come as ever.
 */
export const HELD = `
  const held = [];
  let allowed = 0;
  addEventListener('message', (event) => {
    if (!event.data?.classify) return;
    if (allowed > 0) {
      allowed -= 1;
      return;
    }
    event.stopImmediatePropagation();
    held.push(event.data);
  });
  new BroadcastChannel('fields').onmessage = ({data: count}) => {
    allowed += count;
    for (const data of held.splice(0, count)) dispatchEvent(new MessageEvent('message', {data}));
  };`;

/** Lets so many fields through to an engine that is `HELD`, from now on all if no number is given. */
export const letThrough = (page, count = Number.MAX_SAFE_INTEGER) =>
  page.evaluate((count) => new BroadcastChannel('fields').postMessage(count), count);

/** The model is on its way until the test lets its weights come (`giveWeights`), for as long as it likes. */
export const WITHOUT_WEIGHTS = {'/start.js': (bytes) => `
  const {fetch} = window;
  window.fetch = (...asked) => String(asked[0]).includes('model/weights')
    ? new Promise((resolve) => { window.release = () => resolve(fetch(...asked)); })
    : fetch(...asked);
  ${bytes}`};

/** Waits until the page has asked for its model's weights. */
export const weightsAreAsked = (page) => page.waitForFunction(() => window.release);

/** Lets the weights come that were asked for. */
export const giveWeights = (page) => page.evaluate(() => window.release());

/** Keeps the GPU's device that the engine gets last, as `kept`. */
export const KEPT = `
  const {requestDevice} = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...options) {
    return globalThis.kept = await requestDevice.apply(this, options);
  };`;
