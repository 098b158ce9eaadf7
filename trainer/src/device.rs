//! The devices a command can run on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Result, anyhow};
use burn::tensor::{Device, DeviceKind};
use clap::ValueEnum;

/// What computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeviceChoice {
    /// The CPU, on all its cores.
    Flex,
    /// The GPU, over the system's own graphics interface.
    Wgpu,
    /// The GPU, over Vulkan and no other interface.
    Vulkan,
}

impl DeviceChoice {
    /// The device.
    ///
    /// # Errors
    /// Where there is no such GPU.
    pub fn open(self) -> Result<Device> {
        let open = || match self {
            Self::Flex => Ok(Device::flex()),
            Self::Wgpu => Device::wgpu_options().init(),
            Self::Vulkan => Device::wgpu_options()
                .device_kind(DeviceKind::DefaultDevice)
                .graphics_api(burn::tensor::wgpu::WgpuBackend::Vulkan)
                .init(),
        };
        // The runtime panics where no adapter is found; a user is owed a sentence.
        match catch_unwind(AssertUnwindSafe(open)) {
            Ok(Ok(device)) => Ok(device),
            Ok(Err(error)) => Err(anyhow!(
                "the GPU cannot be started: {error}; --device flex runs on the CPU"
            )),
            Err(_) => Err(anyhow!("no GPU was found; --device flex runs on the CPU")),
        }
    }
}
