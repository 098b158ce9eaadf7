//! The samples of a run that can be read, and the statistics of their planes.

use std::collections::BTreeMap;

use cytolens_data::ahead::{Ahead, Threads};
use cytolens_data::dataset::Sample;
use cytolens_data::fault::Fault;
use cytolens_data::files::ReadError;
use cytolens_data::moments::Moments;
use indicatif::ProgressBar;

use super::folder::SetStatistics;

/// The number of samples that a thread may measure ahead of the progress bar.
const AHEAD: usize = 16;

/// The samples of a set that can be read.
#[derive(Debug)]
pub struct MeasuredSet {
    /// The samples, in the set's order.
    pub samples: Vec<Sample>,
    /// The faults of the others, by their ids.
    pub left_out: BTreeMap<String, Fault>,
    moments: PlaneMoments,
}

/// The moments of the samples' planes.
#[derive(Debug)]
enum PlaneMoments {
    /// The moments of each sample.
    Measured(Vec<Moments>),
    /// The mean and standard deviation of the training part, from an interrupted run.
    Kept { mean: Vec<f32>, std: Vec<f32> },
}

impl MeasuredSet {
    /// Reads every sample once, by `measure`, unless an interrupted run has `kept` the statistics.
    pub fn new(
        samples: Vec<Sample>,
        kept: Option<SetStatistics>,
        workers: usize,
        measure: impl Fn(&Sample) -> Result<Moments, ReadError> + Sync,
        bar: &ProgressBar,
    ) -> Self {
        if let Some(SetStatistics {
            mean,
            std,
            left_out,
        }) = kept
        {
            let mut samples = samples;
            samples.retain(|sample| !left_out.contains_key(&sample.field.id));
            return Self {
                samples,
                left_out,
                moments: PlaneMoments::Kept { mean, std },
            };
        }
        let threads = Threads {
            workers,
            ahead: AHEAD * workers,
        };
        let measured: Vec<Result<Moments, ReadError>> = std::thread::scope(|scope| {
            let measure = |index: usize| measure(&samples[index]);
            Ahead::scoped(scope, samples.len(), threads, measure)
                .inspect(|_| bar.inc(1))
                .collect()
        });
        let (mut readable, mut moments, mut left_out) = (Vec::new(), Vec::new(), BTreeMap::new());
        for (sample, measured) in samples.into_iter().zip(measured) {
            match measured {
                Ok(measured) => {
                    readable.push(sample);
                    moments.push(measured);
                }
                Err(error) => {
                    left_out.insert(sample.field.id, error.into());
                }
            }
        }
        Self {
            samples: readable,
            left_out,
            moments: PlaneMoments::Measured(moments),
        }
    }

    /// The statistics of the planes, by the samples of the training part.
    pub fn statistics(
        &self,
        planes: usize,
        training: impl Iterator<Item = usize>,
    ) -> SetStatistics {
        let (mean, std) = match &self.moments {
            PlaneMoments::Measured(moments) => training
                .fold(Moments::new(planes), |all, sample| {
                    all.with(&moments[sample])
                })
                .mean_and_std(),
            PlaneMoments::Kept { mean, std } => (mean.clone(), std.clone()),
        };
        SetStatistics {
            mean,
            std,
            left_out: self.left_out.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use cytolens_data::dataset::Dataset;
    use cytolens_data::files::Reading;
    use image::{GrayImage, Luma};

    use super::*;

    /// Fields of one channel, each named after its level. Field 2 is no image.
    fn samples(levels: &[u8]) -> (tempfile::TempDir, Vec<Sample>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut table = "Id,Target\n".to_owned();
        for level in levels {
            let path = folder.path().join(format!("field{level}_green.png"));
            GrayImage::from_pixel(32, 32, Luma([*level]))
                .save(path)
                .expect("a picture");
            table += &format!("field{level},0\n");
        }
        std::fs::write(folder.path().join("train.csv"), table).expect("a table");
        std::fs::write(folder.path().join("field2_green.png"), "no image").expect("a broken file");
        let set = Dataset::open(folder.path(), &Reading::default()).expect("a set");
        (folder, set.samples)
    }

    #[test]
    fn a_set_is_read_once_and_a_resumed_run_reads_none_of_it() {
        let (_folder, samples) = samples(&[1, 2, 3, 9]);
        let reads = AtomicUsize::new(0);
        let measure = |sample: &Sample| -> Result<Moments, ReadError> {
            reads.fetch_add(1, Ordering::SeqCst);
            sample.field.read()?;
            let level = sample.field.id["field".len()..].parse().expect("a level");
            Ok(Moments::new(1).with_image(&[level]))
        };
        let bar = ProgressBar::hidden();
        let first = MeasuredSet::new(samples.clone(), None, 3, measure, &bar);
        assert_eq!(reads.swap(0, Ordering::SeqCst), 4);
        let ids = |set: &MeasuredSet| -> Vec<String> {
            set.samples.iter().map(|one| one.field.id.clone()).collect()
        };
        assert_eq!(ids(&first), ["field1", "field3", "field9"]);
        let fault = &first.left_out["field2"];
        assert!(fault.subject.contains("field2_green.png"), "{fault}");
        // Trained on the first two.
        let statistics = first.statistics(1, 0..2);
        assert_eq!(statistics.mean, [2.0]);

        let resumed = MeasuredSet::new(samples, Some(statistics.clone()), 3, measure, &bar);
        assert_eq!(reads.into_inner(), 0, "nothing is read again");
        assert_eq!(ids(&resumed), ids(&first));
        assert_eq!(resumed.statistics(1, 0..2), statistics);
    }
}
