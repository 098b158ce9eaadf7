// Starts the page's program, or says why it cannot.
import {unpacked} from './unpack.js';

try {
  const [{default: init}, program] = await Promise.all([import('./page.js'), fetch('page_bg.wasm.gz').then(unpacked)]);
  await init({module_or_path: program});
} catch (error) {
  console.error(error);
  const reason = typeof WebAssembly === 'object'
    ? `The page could not be started: ${error?.message ?? error}`
    : 'This browser does not support WebAssembly, or it is switched off.';
  document.body.dataset.engine = 'failed';
  document.getElementById('status').textContent = 'The page is not available';
  document.getElementById('progress').hidden = true;
  document.getElementById('engine-fault-text').textContent = reason;
  document.getElementById('engine-fault').hidden = false;
  // The program that would listen to this button does not run.
  document.getElementById('retry').addEventListener('click', () => location.reload());
}
