//! The engine on the CPU: small, for every browser.

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

fn main() {
    cytolens_worker::run::<CpuEngine>();
}
