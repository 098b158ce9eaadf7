//! The frozen backbone's features of each sample, kept on disk, so that a resumed run does not compute
//! them again.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use burn::tensor::{Device, Tensor, TensorData};
use cytolens::model::{HeadKind, InferenceBackbone, head};
use cytolens_field::{Planes, normalise};
use indicatif::ProgressBar;

use cytolens_data::dataset::Sample;
use cytolens_data::views::{VIEWS, view};
use cytolens_data::whole_file::write_whole;

/// The features of one sample's eight views: `[view, map, height, width]`.
#[derive(Debug, Clone)]
pub struct Features {
    /// The maps, height and width of one view.
    pub shape: [usize; 3],
    /// The features, as many as [`VIEWS`] times the product of the shape.
    pub values: Vec<f32>,
}

impl Features {
    /// The features of one view.
    pub fn view(&self, index: usize) -> &[f32] {
        let length = self.values.len() / VIEWS;
        &self.values[index * length..(index + 1) * length]
    }
}

/// Computes features of planes.
#[derive(Debug)]
pub struct Extractor<'a> {
    /// The frozen backbone.
    pub backbone: &'a InferenceBackbone,
    /// The kind of head: of the pooling head's maps, only the means are kept.
    pub head: HeadKind,
    /// The mean of each plane, which is subtracted.
    pub mean: &'a [f32],
    /// The standard deviation of each plane, by which it is divided.
    pub std: &'a [f32],
    /// The device.
    pub device: &'a Device,
}

impl Extractor<'_> {
    /// Computes the features of every sample, in order, or reads those that `folder` has already.
    ///
    /// # Errors
    /// If a field cannot be read or the folder not written.
    pub fn all(
        &self,
        samples: &[Sample],
        planes: impl Fn(&Sample) -> Result<Planes>,
        folder: &Path,
        progress: &ProgressBar,
    ) -> Result<Vec<Features>> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        samples
            .iter()
            .map(|sample| {
                let path = folder.join(format!("{}.safetensors", sample.field.id));
                let features = if path.exists() {
                    load(&path)?
                } else {
                    let features = self.one(&planes(sample)?)?;
                    save(&path, &features)?;
                    features
                };
                progress.inc(1);
                Ok(features)
            })
            .collect()
    }

    fn one(&self, planes: &Planes) -> Result<Features> {
        let size = planes.size as usize;
        let mut shape = [0; 3];
        let mut values = Vec::new();
        for index in 0..VIEWS {
            let mut view = view(planes, index).values;
            normalise(&mut view, self.mean, self.std);
            let input = Tensor::<4>::from_data(
                TensorData::new(view, [1, planes.planes, size, size]),
                self.device,
            );
            let mut maps = self.backbone.forward(input);
            if self.head == HeadKind::Pooling {
                let pooled = head::pool(maps);
                let [batch, count] = pooled.dims();
                maps = pooled.reshape([batch, count, 1, 1]);
            }
            let [_, count, height, width] = maps.dims();
            shape = [count, height, width];
            values.extend(
                maps.into_data()
                    .try_into_vec::<f32>()
                    .map_err(|error| anyhow::anyhow!("{error:?}"))?,
            );
        }
        Ok(Features { shape, values })
    }
}

fn save(path: &Path, features: &Features) -> Result<()> {
    let [maps, height, width] = features.shape;
    let bytes: Vec<u8> = features
        .values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let view = safetensors::tensor::TensorView::new(
        safetensors::Dtype::F32,
        vec![VIEWS, maps, height, width],
        &bytes,
    )?;
    let file = safetensors::serialize([("features", view)], None)?;
    write_whole(path, file)
}

fn load(path: &Path) -> Result<Features> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let file = safetensors::SafeTensors::deserialize(&bytes)
        .with_context(|| format!("damaged: {}", path.display()))?;
    let tensor = file
        .tensor("features")
        .with_context(|| format!("damaged: {}", path.display()))?;
    let &[VIEWS, maps, height, width] = tensor.shape() else {
        anyhow::bail!("features of another shape: {}", path.display());
    };
    ensure!(
        tensor.dtype() == safetensors::Dtype::F32,
        "features of another kind: {}",
        path.display()
    );
    let values = tensor
        .data()
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect();
    Ok(Features {
        shape: [maps, height, width],
        values,
    })
}
