//! Where networks are computed: the visitor's choice, what the browser offers, and so the engine's program.

use cytolens_protocol::{ChosenDevice, DeviceKind};

use super::adapter::Adapter;
use super::dom::window;
use super::text::devices as text;

/// The device that the visitor asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum DeviceChoice {
    /// A real GPU that passes the golden check, else the CPU.
    #[default]
    Automatic,
    /// The GPU, even a software adapter; the CPU only where there is no GPU or it computes wrongly.
    Gpu,
    /// The CPU.
    Cpu,
}

/// The device to compute on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placement {
    /// Its kind, which decides the program.
    pub(super) kind: DeviceKind,
    /// What the engine is told of it.
    pub(super) device: ChosenDevice,
}

impl Placement {
    /// Finds the device for the visitor's choice.
    pub(super) async fn find(choice: DeviceChoice) -> Self {
        let mut details = logical_cores();
        let adapter = match choice {
            DeviceChoice::Cpu => Err(text::CHOSEN.to_owned()),
            DeviceChoice::Automatic | DeviceChoice::Gpu => Adapter::ask().await,
        };
        if let Ok(adapter) = &adapter {
            details.extend(adapter.details.iter().cloned());
        }
        match adapter.and_then(|adapter| suitable(adapter, choice)) {
            Ok(adapter) => Self::on_gpu(adapter, choice, details),
            Err(reason) => Self::on_cpu(reason, details),
        }
    }

    fn on_gpu(adapter: Adapter, choice: DeviceChoice, details: Vec<(String, String)>) -> Self {
        let reason = match choice {
            DeviceChoice::Gpu => text::CHOSEN_GPU,
            _ => text::GPU_PASSED,
        };
        Self {
            kind: DeviceKind::Gpu,
            device: ChosenDevice {
                name: adapter.name,
                reason: reason.to_owned(),
                details,
                // A software adapter takes a minute for an input of full size.
                is_fast: !adapter.is_software,
            },
        }
    }

    fn on_cpu(reason: String, details: Vec<(String, String)>) -> Self {
        Self {
            kind: DeviceKind::Cpu,
            device: ChosenDevice {
                name: text::CPU_NAME.to_owned(),
                reason,
                details,
                is_fast: false,
            },
        }
    }

    /// The CPU in the place of this device, for this reason.
    pub(super) fn given_up(&self, reason: String) -> Self {
        Self::on_cpu(reason, self.device.details.clone())
    }
}

/// The adapter, if it can be used.
///
/// # Errors
/// The reason why the CPU is used instead.
fn suitable(adapter: Adapter, choice: DeviceChoice) -> Result<Adapter, String> {
    if adapter.is_software && choice == DeviceChoice::Automatic {
        return Err(text::software(&adapter.name));
    }
    if !adapter.has_timestamps {
        return Err(text::no_timestamps(&adapter.name));
    }
    Ok(adapter)
}

/// The machine's number of logical cores as a detail, where the browser reports it.
fn logical_cores() -> Vec<(String, String)> {
    let cores = window().navigator().hardware_concurrency();
    let known = (cores.is_finite() && cores > 0.0).then(|| cores.to_string());
    known
        .map(|cores| ("hardwareConcurrency".to_owned(), cores))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(is_software: bool, has_timestamps: bool) -> Adapter {
        Adapter {
            name: "acme quick".to_owned(),
            is_software,
            has_timestamps,
            details: Vec::new(),
        }
    }

    #[test]
    fn a_software_adapter_is_used_only_where_it_is_asked_for() {
        let reason = suitable(adapter(true, true), DeviceChoice::Automatic).err();
        assert!(reason.is_some_and(|reason| reason.contains("software")));
        for (is_software, choice) in [
            (true, DeviceChoice::Gpu),
            (false, DeviceChoice::Gpu),
            (false, DeviceChoice::Automatic),
        ] {
            assert!(suitable(adapter(is_software, true), choice).is_ok());
        }
    }

    #[test]
    fn a_gpu_without_timestamps_is_not_used() {
        for choice in [DeviceChoice::Automatic, DeviceChoice::Gpu] {
            let reason = suitable(adapter(false, false), choice).err();
            assert!(reason.is_some_and(|reason| reason.contains("timestamp")));
        }
    }

    #[test]
    fn a_real_gpu_is_checked_by_every_known_result() {
        for is_software in [false, true] {
            let placed =
                Placement::on_gpu(adapter(is_software, true), DeviceChoice::Gpu, Vec::new());
            assert_eq!(placed.kind, DeviceKind::Gpu);
            assert_eq!(placed.device.is_fast, !is_software);
            assert!(placed.device.reason.contains("chosen by you"));
        }
    }

    #[test]
    fn a_gpu_that_is_given_up_leaves_its_details() {
        let details = vec![("vendor".to_owned(), "acme".to_owned())];
        let gpu = Placement::on_gpu(
            adapter(false, true),
            DeviceChoice::Automatic,
            details.clone(),
        );
        let cpu = gpu.given_up("it computes wrongly".to_owned());
        assert_eq!(cpu.kind, DeviceKind::Cpu);
        assert_eq!(cpu.device.reason, "it computes wrongly");
        assert_eq!(cpu.device.details, details);
    }
}
