//! The engine on a GPU, by burn: for browsers that have one.

use burn::tensor::Device;
use cytolens::model::InferenceNetwork;
use cytolens_protocol::DeviceKind;
use cytolens_worker::Engine;

/// The number of GPU tasks that are collected before they are submitted.
const TASKS: usize = 32;

struct GpuEngine;

impl Engine for GpuEngine {
    const KIND: DeviceKind = DeviceKind::Gpu;
    type Network = InferenceNetwork;

    async fn device() -> Result<Device, String> {
        let device = Device::wgpu_options().tasks_max(TASKS).init_async().await;
        device.map_err(|error| error.to_string())
    }
}

fn main() {
    cytolens_worker::run::<GpuEngine>();
}
