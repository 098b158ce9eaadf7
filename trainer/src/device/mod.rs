//! Devices to compute on: those of this machine, and those that other machines serve.

pub mod augmentation;
pub mod batch;
mod remote;

use std::fmt;
use std::panic::{set_hook, take_hook};
use std::str::FromStr;

use anyhow::{Context, Result, anyhow};
use burn::tensor::wgpu::WgpuBackend;
use burn::tensor::{Device, DeviceKind};
use thiserror::Error;

use crate::panics::caught;

pub use remote::RemoteDevice;

/// A device, as `--device` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The CPU, on all its cores.
    Flex,
    /// A GPU over a graphics interface.
    Graphics {
        /// The interface.
        interface: Interface,
        /// The number of a discrete GPU, from 0; without it the best GPU is taken.
        number: Option<usize>,
    },
    /// An NVIDIA GPU over NVIDIA's own interface.
    Cuda {
        /// The number of the GPU, from 0.
        number: usize,
    },
    /// A device of another machine.
    Remote(RemoteDevice),
}

/// A graphics interface of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interface {
    /// The system's own.
    Wgpu,
    /// Vulkan.
    Vulkan,
    /// Metal, on macOS.
    Metal,
}

/// A text that names no device.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnknownDevice {
    /// The kind is unknown.
    #[error(
        "there is no device `{0}`: choose wgpu, vulkan, metal, cuda (each with :0, :1 and so on for one of several GPUs), flex (the CPU), or what `trainer serve` prints on another machine (iroh:...)"
    )]
    Kind(String),
    /// The text after the colon is not a number.
    #[error("`{0}` names no device: a number from 0 follows the colon")]
    Number(String),
    /// The CPU has a number.
    #[error("`{0}` names no device: flex is the CPU, on all its cores, and takes no number")]
    OneCpu(String),
    /// The text after `iroh:` is malformed.
    #[error(
        "`{0}` names no device of another machine: take the text that `trainer serve` prints there, iroh:ID:TOKEN@HOST:PORT/NUMBER; {1}"
    )]
    Remote(String, &'static str),
    /// A list names a device twice.
    #[error("the device {0} is named twice")]
    Twice(String),
}

impl FromStr for DeviceChoice {
    type Err = UnknownDevice;

    fn from_str(text: &str) -> Result<Self, UnknownDevice> {
        let (kind, rest) = match text.split_once(':') {
            Some((kind, rest)) => (kind, Some(rest)),
            None => (text, None),
        };
        let number = || {
            rest.map(|rest| {
                rest.parse()
                    .map_err(|_| UnknownDevice::Number(text.to_owned()))
            })
            .transpose()
        };
        let graphics = |interface| -> Result<Self, UnknownDevice> {
            Ok(Self::Graphics {
                interface,
                number: number()?,
            })
        };
        match kind {
            "wgpu" => graphics(Interface::Wgpu),
            "vulkan" => graphics(Interface::Vulkan),
            "metal" => graphics(Interface::Metal),
            "cuda" => Ok(Self::Cuda {
                number: number()?.unwrap_or(0),
            }),
            "flex" if rest.is_none() => Ok(Self::Flex),
            "flex" => Err(UnknownDevice::OneCpu(text.to_owned())),
            "iroh" => rest
                .ok_or("it ends after iroh")
                .and_then(RemoteDevice::parse)
                .map(Self::Remote)
                .map_err(|reason| UnknownDevice::Remote(text.to_owned(), reason)),
            _ => Err(UnknownDevice::Kind(text.to_owned())),
        }
    }
}

/// Writes the device as on the command line, but without the token of another machine: this text goes into records.
impl fmt::Display for DeviceChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flex => formatter.write_str("flex"),
            Self::Graphics {
                interface,
                number: None,
            } => write!(formatter, "{interface}"),
            Self::Graphics {
                interface,
                number: Some(number),
            } => write!(formatter, "{interface}:{number}"),
            Self::Cuda { number } => write!(formatter, "cuda:{number}"),
            Self::Remote(remote) => write!(formatter, "{remote}"),
        }
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Wgpu => "wgpu",
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
        })
    }
}

impl DeviceChoice {
    /// Opens the device.
    ///
    /// # Errors
    /// If there is no such device, it does not start, this build cannot use it, or the other machine cannot be reached or refuses.
    pub fn open(&self) -> Result<Device> {
        let open = || match self {
            Self::Flex => Ok(Device::flex()),
            Self::Graphics { interface, number } => interface.open(*number),
            Self::Cuda { number } => open_cuda(*number),
            Self::Remote(remote) => remote.open(),
        };
        // The runtimes panic where a driver or a GPU is missing.
        caught_silently(open).with_context(|| match self {
            Self::Remote(_) => format!("cannot use {self}"),
            _ => format!("cannot use the device {self}; flex, the CPU, is always there"),
        })
    }
}

impl Interface {
    fn open(self, number: Option<usize>) -> Result<Device> {
        let api = match self {
            Self::Wgpu => WgpuBackend::Auto,
            Self::Vulkan => WgpuBackend::Vulkan,
            Self::Metal if cfg!(target_os = "macos") => WgpuBackend::Metal,
            Self::Metal => return Err(anyhow!("Metal is there on macOS alone")),
        };
        let kind = number.map_or(DeviceKind::DefaultDevice, DeviceKind::DiscreteGpu);
        Ok(Device::wgpu_options()
            .device_kind(kind)
            .graphics_api(api)
            .init()?)
    }
}

#[cfg(feature = "cuda")]
fn open_cuda(number: usize) -> Result<Device> {
    let device = Device::cuda(number);
    // A device starts with its first work: this way, failures are reported here.
    burn::tensor::Tensor::<1>::zeros([1], &device)
        .try_into_data()
        .map_err(|error| anyhow!("{error:?}"))?;
    Ok(device)
}

#[cfg(not(feature = "cuda"))]
fn open_cuda(_number: usize) -> Result<Device> {
    Err(anyhow!(
        "this trainer was built without CUDA: build one with `cargo build --release -p trainer --features cuda`"
    ))
}

/// Runs a function whose panic becomes an error. The panic is not reported on standard error.
fn caught_silently<T>(open: impl FnOnce() -> Result<T>) -> Result<T> {
    let usual = take_hook();
    set_hook(Box::new(|_| {}));
    let outcome = caught(open);
    set_hook(usual);
    outcome
}

/// One device or several, separated by commas: `vulkan:0,vulkan:1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevicesChoice(Vec<DeviceChoice>);

impl FromStr for DevicesChoice {
    type Err = UnknownDevice;

    fn from_str(text: &str) -> Result<Self, UnknownDevice> {
        let mut devices: Vec<DeviceChoice> = Vec::new();
        for text in text.split(',') {
            let device: DeviceChoice = text.trim().parse()?;
            if devices.contains(&device) {
                return Err(UnknownDevice::Twice(device.to_string()));
            }
            devices.push(device);
        }
        Ok(Self(devices))
    }
}

/// Writes the devices as on the command line, but without the tokens of other machines.
impl fmt::Display for DevicesChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, device) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str(",")?;
            }
            write!(formatter, "{device}")?;
        }
        Ok(())
    }
}

impl DevicesChoice {
    /// The number of devices.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Opens all of them, in their order.
    ///
    /// # Errors
    /// If one cannot be opened.
    pub fn open_all(&self) -> Result<Vec<Device>> {
        self.0.iter().map(DeviceChoice::open).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_device_has_one_text() {
        for text in [
            "flex", "wgpu", "wgpu:0", "vulkan", "vulkan:1", "metal", "cuda:0", "cuda:3",
        ] {
            let device: DeviceChoice = text.parse().expect(text);
            assert_eq!(device.to_string(), text);
        }
        assert_eq!("cuda".parse(), "cuda:0".parse::<DeviceChoice>());
    }

    #[test]
    fn what_is_no_device_is_explained() {
        let refusal = |text: &str| -> String {
            let error = text.parse::<DeviceChoice>().expect_err(text);
            error.to_string()
        };
        for text in ["gpu", "", "Vulkan", "gpu:0"] {
            let refusal = refusal(text);
            for kind in ["wgpu", "vulkan", "metal", "cuda", "flex", "iroh"] {
                assert!(refusal.contains(kind), "{refusal}");
            }
        }
        assert!(refusal("vulkan:first").contains("number"));
        assert!(refusal("cuda:-1").contains("number"));
        assert!(refusal("flex:1").contains("CPU"));
        assert!(refusal("iroh:here").contains("trainer serve"));
    }

    #[test]
    fn a_list_keeps_its_order_and_holds_each_device_once() {
        let devices: DevicesChoice = "vulkan:1, vulkan:0,flex".parse().expect("three devices");
        assert_eq!(devices.to_string(), "vulkan:1,vulkan:0,flex");
        assert_eq!(devices.count(), 3);
        for (text, twice) in [("flex,flex", "flex"), ("cuda,cuda:0", "cuda:0")] {
            let error = text.parse::<DevicesChoice>().expect_err("twice");
            assert_eq!(error, UnknownDevice::Twice(twice.to_owned()));
        }
        assert!("flex,".parse::<DevicesChoice>().is_err());
        let cpu: DevicesChoice = "flex".parse().expect("the CPU");
        assert_eq!(cpu.open_all().expect("the CPU is always there").len(), 1);
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn without_cuda_the_error_says_how_to_build_it() {
        let cuda: DeviceChoice = "cuda".parse().expect("a device");
        let error = format!("{:#}", cuda.open().expect_err("not built"));
        assert!(error.contains("--features cuda"), "{error}");
    }
}
