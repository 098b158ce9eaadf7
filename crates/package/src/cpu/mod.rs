//! A package's network on the CPU, computed by our own engine.

mod head;

use cytolens_kernels::{Backbone, Engine, Features, Kind, Processor};

use self::head::Head;
use crate::activation_maps::ActivationMaps;
use crate::architecture::Architecture;
use crate::classifier::Inference;
use crate::network::NetworkConfig;
use crate::package::{Package, PackageError};
use crate::report::{TensorsReport, WeightsError};
use crate::weights::Weights;

/// A network on the CPU, made from a package's weights as they lie in its file.
#[derive(Debug)]
pub struct CpuNetwork {
    backbone: Backbone,
    head: Head,
}

impl CpuNetwork {
    fn new(
        config: &NetworkConfig,
        weights: &Weights<'_>,
        processor: Processor,
    ) -> Result<Self, WeightsError> {
        let kind = match config.architecture {
            Architecture::DenseNet121 | Architecture::DenseNet201 => Kind::DenseNet,
            Architecture::ResNet50 => Kind::ResNet,
            Architecture::AllCnn => Kind::AllCnn,
            Architecture::InceptionResNetV2 => Kind::InceptionResNet,
        };
        let engine = Engine::new(processor);
        let backbone = Backbone::new(engine, kind, config.batch_norm_epsilon, weights)
            .map_err(|error| weights.unfit(error))?;
        // The engine takes networks of any depth.
        let (found, expected) = (
            [backbone.planes(), backbone.features()],
            [config.planes, config.architecture.features()],
        );
        if found != expected {
            let reason = format!("planes and features {found:?}, not {expected:?}");
            return Err(WeightsError::DoNotFit(TensorsReport {
                unfit: vec![("the backbone".to_owned(), reason)],
                ..TensorsReport::default()
            }));
        }
        let head = Head::new(config, weights)?;
        weights.all_taken()?;
        Ok(Self { backbone, head })
    }
}

impl Inference for CpuNetwork {
    type Device = Processor;
    type Features = Vec<Features>;

    fn of_package(package: &Package, processor: Processor) -> Result<Self, PackageError> {
        let weights = Weights::read(package.weights())?;
        Ok(Self::new(&package.manifest().network, &weights, processor)?)
    }

    fn features(&self, planes: Vec<f32>, [_, count, height, width]: [usize; 4]) -> Vec<Features> {
        let shape = [count, height, width];
        let fields = planes.chunks_exact(shape.iter().product());
        fields
            .map(|planes| self.backbone.forward(planes, shape))
            .collect()
    }

    async fn logits(&self, features: &Vec<Features>) -> Result<Vec<f32>, String> {
        let fields = features.iter().map(|field| self.head.logits(field));
        Ok(fields.collect::<Vec<_>>().concat())
    }

    async fn pooled(&self, features: &Vec<Features>) -> Result<Vec<f32>, String> {
        Ok(features.iter().flat_map(head::pool).collect())
    }

    async fn maps(&self, features: &Vec<Features>) -> Result<ActivationMaps, String> {
        let [field] = features.as_slice() else {
            unreachable!("activation maps are of one field");
        };
        let [_, side, _] = field.shape;
        let values = self.head.maps(field);
        Ok(ActivationMaps { side, values })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::classifier::{Classifier, ClassifierError};
    use crate::golden::Golden;

    fn shipped() -> Package {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www/model");
        Package::read(&folder).expect("the shipped package")
    }

    #[test]
    fn the_shipped_package_passes_its_own_check() {
        let package = shipped();
        for processor in Processor::all() {
            let classifier =
                Classifier::<CpuNetwork>::new(&package, processor).expect("a classifier");
            let mut goldens = package.manifest().goldens.as_slice();
            if matches!(processor, Processor::Scalar) {
                // A second for the larger one.
                goldens = &goldens[..1];
            }
            for golden in goldens {
                pollster::block_on(classifier.check(golden)).expect("the golden output");
            }
        }
    }

    #[test]
    fn a_wrong_answer_fails_the_check() {
        let package = shipped();
        let classifier =
            Classifier::<CpuNetwork>::new(&package, Processor::best()).expect("a classifier");
        let mut golden: Golden = package.manifest().goldens[0].clone();
        golden.logits[5] += 0.05;
        let error = pollster::block_on(classifier.check(&golden)).expect_err("a refusal");
        assert!(
            matches!(error, ClassifierError::Wrong { size: 64, .. }),
            "{error}"
        );
    }

    #[test]
    fn another_networks_weights_are_refused() {
        let package = shipped();
        let refusal = |change: &dyn Fn(&mut NetworkConfig)| {
            let mut config = package.manifest().network.clone();
            change(&mut config);
            let weights = Weights::read(package.weights()).expect("tensors");
            CpuNetwork::new(&config, &weights, Processor::best())
                .expect_err("a refusal")
                .to_string()
        };
        for (change, expected) in [
            (
                (&|config: &mut NetworkConfig| config.architecture = Architecture::ResNet50)
                    as &dyn Fn(&mut NetworkConfig),
                "missing: conv1.weight",
            ),
            (
                &|config| config.architecture = Architecture::DenseNet201,
                "1024], not [",
            ),
            (&|config| config.planes += 1, "not [5, 1024]"),
            (&|config| config.classes = 3, "not [3, 1024]"),
            (
                &|config| config.head = crate::HeadKind::Described,
                "head.reduce.weight",
            ),
        ] {
            let error = refusal(change);
            assert!(error.contains(expected), "{expected} in: {error}");
        }
    }
}
