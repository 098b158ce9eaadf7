// ONNX Runtime Web in a worker of its own, with the messages of Cytolens' engine, so that both are
// asked and timed in the same way.
import * as ort from '/ort/ort.wasm.min.mjs';

// More than one only on a page that is isolated from other origins.
ort.env.wasm.numThreads = Number(new URL(import.meta.url).searchParams.get('threads'));
ort.env.wasm.wasmPaths = '/ort/';

try {
  const session = await ort.InferenceSession.create('/model.onnx', {executionProviders: ['wasm']});
  self.onmessage = async ({data: {probe: {field, planes, size}}}) => {
    try {
      const begun = performance.now();
      const {y} = await session.run({x: new ort.Tensor('float32', planes, [1, 3, size, size])});
      const logits = await y.getData();
      self.postMessage({probed: {field, logits, network_ms: performance.now() - begun}});
    } catch (error) {
      self.postMessage({failed: {reason: `ONNX Runtime Web: ${error}`}});
    }
  };
  self.postMessage('opened');
} catch (error) {
  self.postMessage({failed: {reason: `ONNX Runtime Web: ${error}`}});
}
