// The engine's worker, which has its program's name. Its first message is the compiled program, which then listens itself.

// A fault in asynchronous code is a crash like any other: the page hears of it and restarts.
addEventListener('unhandledrejection', (event) => {
  event.preventDefault();
  reportError(event.reason);
});

// The page's policy ends where a worker begins, and an engine needs no network.
for (const way of ['fetch', 'XMLHttpRequest', 'WebSocket', 'WebSocketStream', 'WebTransport', 'EventSource', 'importScripts', 'Worker']) {
  Object.defineProperty(globalThis, way, {value: undefined});
}

onmessage = async ({data: module}) => {
  onmessage = null;
  try {
    const {default: init} = await import(`./${name}.js`);
    const engine = await init({module_or_path: module});
    // Once, and here: otherwise the linker has every call into burn's engine run them (see build.rs).
    engine.__wasm_call_ctors?.();
  } catch (error) {
    postMessage({open_failed: {reason: `The engine could not be started: ${error?.message ?? error}`}});
  }
};
