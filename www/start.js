// Starts the page's program, or says why it cannot.
try {
  const {default: init} = await import('./page.js');
  await init({module_or_path: './page_bg.wasm'});
} catch (error) {
  console.error(error);
  const reason = typeof WebAssembly === 'object'
    ? `The page could not be started: ${error?.message ?? error}`
    : 'This browser cannot run WebAssembly, or has it switched off.';
  document.body.dataset.engine = 'failed';
  document.getElementById('status').textContent = 'The page is not available';
  document.getElementById('progress').hidden = true;
  document.getElementById('engine-fault-text').textContent = reason;
  document.getElementById('engine-fault').hidden = false;
  // The program that would listen to this button does not run.
  document.getElementById('retry').addEventListener('click', () => location.reload());
}
