// Engines as tests need them: with a script before www/engine.js's own, which runs in the engine's worker.

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

/** Keeps the GPU's device that the engine gets last, as `kept`. */
export const KEPT = `
  const {requestDevice} = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...options) {
    return globalThis.kept = await requestDevice.apply(this, options);
  };`;
