//! Initial networks: ImageNet's weights, a trained network's or random ones.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use burn::module::Module;
use burn::tensor::Device;
use cytolens::model::{Architecture, Backbone, Names, Network, weights};
use cytolens::package::sha256;
use cytolens_core::labels::COUNT;

use super::folder::load_network;
use super::recipe::{Recipe, StartWeights, imagenet_epsilon};

/// The planes of ImageNet's photographs: red, green and blue.
const PHOTOGRAPH_PLANES: usize = 3;
/// The folder beside a data set's in which initial weights are looked for.
const WEIGHTS_FOLDER: &str = "imagenet";

/// Finds the file of an architecture's ImageNet weights: the one given, or `<name>.safetensors` in the
/// data folder or in `imagenet` beside it; beside a link to a data folder, that is where the link is.
///
/// # Errors
/// If there is none, naming the places looked at.
pub fn find_weights(
    given: Option<&Path>,
    data: &Path,
    architecture: Architecture,
) -> Result<PathBuf> {
    if let Some(file) = given {
        return Ok(file.to_owned());
    }
    let title = architecture.title().replace('-', "").to_lowercase();
    let beside = match data.file_name() {
        Some(_) => data.with_file_name(WEIGHTS_FOLDER),
        // Such as `.` and `..`.
        None => data.join("..").join(WEIGHTS_FOLDER),
    };
    let places = [data, &beside].map(|place| place.join(format!("{title}.safetensors")));
    let found = places.iter().find(|path| path.is_file()).cloned();
    found.with_context(|| {
        let looked = places.each_ref().map(|path| path.display().to_string());
        format!(
            "no ImageNet weights of {}: name them with --init FILE; looked for {}",
            architecture.title(),
            looked.join(" and ")
        )
    })
}

/// Makes a backbone with a file's weights, its stem fitted to this many planes. Also gives the file's
/// name and SHA-256.
///
/// # Errors
/// If the file cannot be read or is another network's.
pub fn pretrained(
    architecture: Architecture,
    planes: usize,
    file: &Path,
    device: &Device,
) -> Result<(Backbone, String)> {
    let names = Names::backbone(architecture);
    let mut tensors = weights::read_file(file)?;
    // The last layer is of ImageNet's thousand classes.
    let classifier = format!("{}.", names.classifier());
    tensors.retain(|name, _| !name.starts_with(&classifier));
    let mut backbone = Backbone::new(
        architecture,
        PHOTOGRAPH_PLANES,
        imagenet_epsilon(architecture),
        device,
    );
    weights::apply_exactly(&mut backbone, names, &tensors)
        .with_context(|| format!("in {}", file.display()))?;
    Ok((backbone.with_stem_for(planes), checksum(file)?))
}

/// A file's name and SHA-256, for people.
fn checksum(file: &Path) -> Result<String> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("{name}, SHA-256 {}", sha256(&bytes)))
}

/// Makes the recipe's network before its first step, on a device with gradients. Also gives the name of
/// its initial weights. `file` has ImageNet's or a network's weights; a recipe with random ones needs none. `prior` are the
/// log-odds that the head may at first answer with.
///
/// # Errors
/// If the file cannot be read or is another network's.
pub fn network(
    recipe: &Recipe,
    file: Option<&Path>,
    prior: &[f32; COUNT],
    device: &Device,
) -> Result<(Network, String)> {
    // Made without gradients: weights computed from others, such as a stem's for more planes, would
    // otherwise carry the graph of that computation.
    let plain = &device.clone().without_autodiff();
    device.seed(recipe.training.seed);
    let config = recipe.network();
    let Network { backbone, head } = Network::new(&config, plain);
    let ((backbone, name), head) = match (recipe.start.weights, file) {
        (StartWeights::Imagenet, Some(file)) => (
            pretrained(config.architecture, config.planes, file, plain)?,
            head,
        ),
        (StartWeights::Network, Some(file)) => {
            let Network { backbone, head } = load_network(&config, file, plain)?;
            ((backbone, checksum(file)?), head)
        }
        _ => ((backbone, "random".to_owned()), head),
    };
    let head = if recipe.start.prior {
        head.with_prior(prior)
    } else {
        head
    };
    // Random weights are drawn when first read: this reads all of them, in order.
    let network = Network { backbone, head }.train();
    Ok((network.set_require_grad(true), name))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn weights_lie_beside_the_link_to_a_set() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for name in ["elsewhere/set", "work/imagenet"] {
            std::fs::create_dir_all(path(name)).expect("a folder");
        }
        std::os::unix::fs::symlink(path("elsewhere/set"), path("work/set")).expect("a link");
        let find = |set: &str| find_weights(None, &path(set), Architecture::ResNet50);
        assert!(find("work/set").is_err());
        let weights = path("work/imagenet/resnet50.safetensors");
        std::fs::write(&weights, []).expect("written");
        assert_eq!(find("work/set").expect("found"), weights);
        assert!(find("work/imagenet/.").is_ok());
        assert!(find("work/imagenet/..").is_err());
        let error = find("elsewhere/set")
            .expect_err("none beside it")
            .to_string();
        assert!(error.contains("resnet50.safetensors"), "{error}");
    }
}
