//! Reasons for the choice of a device.

/// The CPU's name.
pub(crate) const CPU_NAME: &str = "WebAssembly, one thread";
/// The name of a GPU that tells none.
pub(crate) const UNNAMED_GPU: &str = "unnamed GPU";
/// The reason for the CPU where the visitor asks for it.
pub(crate) const CHOSEN: &str = "chosen by you";
/// The reason for the GPU where the visitor asks for it.
pub(crate) const CHOSEN_GPU: &str = "chosen by you; its results were checked and are right";
/// The reason for a GPU that was found.
pub(crate) const GPU_PASSED: &str = "the results of this GPU were checked and are right";
/// A reason for the CPU.
pub(crate) const NO_WEBGPU: &str = "this browser has no WebGPU";
/// A reason for the CPU.
pub(crate) const NO_ADAPTER: &str = "the browser offers no GPU adapter";
/// The reason for the CPU after the engine broke on the GPU.
pub(crate) const GPU_CRASHED: &str = "the engine broke on the GPU and was started again on the CPU";

/// The reason for the CPU beside a software adapter.
pub(crate) fn software(name: &str) -> String {
    format!("the only GPU adapter, {name}, is software and slower than the CPU")
}

/// The reason for the CPU beside an adapter that cannot be used.
pub(crate) fn no_timestamps(name: &str) -> String {
    format!("the GPU adapter {name} lacks timestamp queries, which the engine needs")
}

/// The reason for the CPU after a GPU did not start, or computed wrongly.
pub(crate) fn unfit(name: &str, reason: &str) -> String {
    format!("on the GPU {name}, {reason}")
}
