//! Opening of a package on the engine's device.

use cytolens_package::{ClassifierError, Manifest, ModelManifest};
use cytolens_protocol::{
    ChosenDevice, DeviceKind, DeviceReport, MemberSummary, ModelSummary, Reply,
};
use js_sys::ArrayBuffer;

use super::Engine;
use super::model::{Model, NotOpened};
use super::scope::{now, post, step};

/// Opens a package and posts the report to the page.
///
/// # Errors
/// The reply that refuses the package or the device.
pub(super) async fn open<E: Engine>(
    manifest: &str,
    weights: &ArrayBuffer,
    chosen: ChosenDevice,
) -> Result<Model<E>, Reply> {
    opened(manifest, weights, chosen).await.map_err(refusal)
}

async fn opened<E: Engine>(
    manifest: &str,
    weights: &ArrayBuffer,
    chosen: ChosenDevice,
) -> Result<Model<E>, NotOpened> {
    let kind = match E::KIND {
        DeviceKind::Gpu => "GPU",
        DeviceKind::Cpu => "CPU",
    };
    let preparing = format!("Preparing the model on the {kind}");
    step(&preparing);
    let start = now();
    let mut model = Model::<E>::new(manifest, weights).await?;
    let (mut open_ms, mut check_ms) = (now() - start, 0.0);
    let count = model.manifest().members().len();
    for member in 0..count {
        let part = match count {
            1 => String::new(),
            _ => format!(" (network {} of {count})", member + 1),
        };
        if member > 0 {
            step(&(preparing.clone() + &part));
        }
        let start = now();
        let network = model.load(member)?;
        let prepared = now();
        step(&format!("Checking that the {kind} computes rightly{part}"));
        let goldens = &network.manifest().goldens;
        let checked = if chosen.is_fast {
            goldens.len()
        } else {
            // The smallest takes tens of milliseconds, and reveals a broken build and faulty kernels.
            goldens.len().min(1)
        };
        for golden in &goldens[..checked] {
            network.check(golden).await?;
        }
        open_ms += prepared - start;
        check_ms += now() - prepared;
        model.hold(network);
    }
    post(&Reply::Opened {
        model: Box::new(summary(model.manifest())),
        device: DeviceReport {
            kind: E::KIND,
            name: chosen.name,
            reason: chosen.reason,
            details: chosen.details,
            open_ms,
            check_ms,
        },
    });
    Ok(model)
}

fn refusal(error: NotOpened) -> Reply {
    let error = match error {
        NotOpened::Device(error) => {
            return Reply::DeviceUnfit {
                reason: format!("the device could not be started: {error}"),
            };
        }
        NotOpened::Refused(error) => error,
    };
    let reason = error.to_string();
    match error {
        ClassifierError::Device(_) | ClassifierError::Wrong { .. } => Reply::DeviceUnfit { reason },
        ClassifierError::Field(_) | ClassifierError::Package(_) => Reply::OpenFailed { reason },
    }
}

/// The model as the page describes it.
fn summary(model: &ModelManifest) -> ModelSummary {
    let members = model.members();
    let summed = |it: &&Manifest| MemberSummary {
        name: it.name.clone(),
        weights_sha256: it.weights.sha256.clone(),
    };
    let sizes = members.iter().map(|it| it.network.size as u32);
    ModelSummary {
        name: model.name().to_owned(),
        limits: model.limits().to_owned(),
        labels: model.labels().to_vec(),
        thresholds: model.thresholds().to_vec(),
        size: sizes.max().unwrap_or_default(),
        composition: each(&members, |it| it.composition.to_string()),
        architecture: each(&members, |it| it.network.architecture.title().to_owned()),
        licence: model.licence().to_owned(),
        weights_sha256: model.weights().sha256.clone(),
        members: if members.len() > 1 {
            members.iter().map(summed).collect()
        } else {
            Vec::new()
        },
    }
}

/// What is said of each member, each thing once.
fn each(members: &[&Manifest], said: impl Fn(&Manifest) -> String) -> String {
    let mut all: Vec<String> = Vec::new();
    for member in members {
        let one = said(member);
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all.join(" + ")
}
