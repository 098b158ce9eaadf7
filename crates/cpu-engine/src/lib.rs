//! The engine on the CPU: small, for every browser. Two programs are made of it, with and without relaxed SIMD.

use cytolens_kernels::Processor;
use cytolens_package::CpuNetwork;
use cytolens_protocol::DeviceKind;
use cytolens_worker::Engine;

struct CpuEngine;

impl Engine for CpuEngine {
    const KIND: DeviceKind = DeviceKind::Cpu;
    type Network = CpuNetwork;

    async fn device() -> Result<Processor, String> {
        Ok(Processor::best())
    }
}

/// Listens to the page.
pub fn run() {
    cytolens_worker::run::<CpuEngine>();
}
