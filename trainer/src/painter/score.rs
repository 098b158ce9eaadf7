//! Scores of a painter on fields that have the true channel, beside those of two plain guesses.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Result, ensure};
use cytolens_cells::painter::Painter;
use cytolens_data::fault::Fault;
use cytolens_data::files::FieldOnDisk;
use cytolens_data::whole_file::fill_whole;
use cytolens_report::evaluation::{Estimate, EvaluationChoice, resampled_mean};
use serde::Serialize;

use super::likeness::Likeness;
use super::survey::KnownField;
use crate::unet::fields::each;

/// The ways to guess a channel: the painter, and what it has to beat.
const METHODS: [&str; 3] = ["painter", "linear mix", "mean"];

/// How like the guesses of each method are to a field's true channel.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldScores {
    /// The field's id.
    pub id: String,
    /// One a method of [`METHODS`].
    methods: [Likeness; 3],
}

/// Scores fields that have the true channel. Also gives the faults of those that cannot be scored.
///
/// # Errors
/// If no field can be scored.
pub fn field_scores(
    painter: &Painter,
    fields: &[FieldOnDisk],
    workers: usize,
    done: impl Fn() + Sync,
) -> Result<(Vec<FieldScores>, Vec<Fault>)> {
    let manifest = painter.manifest();
    let (painting, baselines) = (&manifest.channels, &manifest.baselines);
    let score = |field: &FieldOnDisk| -> Result<FieldScores, Fault> {
        let KnownField { planes, truth, .. } =
            KnownField::read(field, painting, manifest.network.size)?;
        let mean = vec![baselines.mean as f32; truth.len()];
        let guesses = [
            painter.levels(&planes),
            baselines.mix(painting, &planes),
            mean,
        ];
        Ok(FieldScores {
            id: field.id.clone(),
            methods: guesses.map(|levels| Likeness::of(&levels, &truth, planes.width)),
        })
    };
    let (scores, faults) = each(fields, workers, score, done);
    ensure!(
        !scores.is_empty(),
        "no field has all of the channels of {painting}"
    );
    Ok((scores, faults))
}

/// Three scores, or differences of them, as means over fields with their intervals.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimates {
    /// Pearson's correlation; none where it is not defined for every field, as for a single level.
    pub pearson: Option<Estimate>,
    /// The structural similarity.
    pub ssim: Estimate,
    /// The peak signal to noise ratio in dB.
    pub psnr: Estimate,
}

impl Estimates {
    /// The means of `of` over fields.
    fn of(
        scores: &[FieldScores],
        choice: EvaluationChoice,
        of: impl Fn(&FieldScores) -> Likeness,
    ) -> Self {
        let all: Vec<Likeness> = scores.iter().map(of).collect();
        let mean = |values: Vec<f64>| resampled_mean(&values, choice);
        let pearson: Option<Vec<f64>> = all.iter().map(|one| one.pearson).collect();
        Self {
            pearson: pearson.map(mean),
            ssim: mean(all.iter().map(|one| one.ssim).collect()),
            psnr: mean(all.iter().map(|one| one.psnr).collect()),
        }
    }

    /// Whether the intervals of all three lie above 0; what is not defined does not count.
    fn are_above_0(&self) -> bool {
        let others = [self.ssim, self.psnr].into_iter();
        others.chain(self.pearson).all(|one| one.low > 0.0)
    }

    /// The cells of a table's row.
    fn cells(&self) -> String {
        let cell = |Estimate { value, low, high }: Estimate, digits: usize| {
            format!("{value:.digits$} [{low:.digits$}, {high:.digits$}]")
        };
        let pearson = self.pearson.map_or("–".to_owned(), |one| cell(one, 3));
        format!(
            "{pearson} | {} | {}",
            cell(self.ssim, 3),
            cell(self.psnr, 2)
        )
    }
}

/// A row of [`Scores`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The method, or the one that the painter is compared with.
    pub method: &'static str,
    /// Its scores, or the painter's gains over it.
    #[serde(flatten)]
    pub estimates: Estimates,
}

/// The scores of a painter over fields.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// The number of fields.
    pub fields: usize,
    /// The scores of each method.
    pub methods: Vec<Row>,
    /// The painter's scores less those of each other method, field by field.
    pub gains: Vec<Row>,
    /// Whether the gains over the linear mix are above 0, with their whole intervals and in all three scores.
    pub beats_linear_mix: bool,
}

impl Scores {
    /// The scores over fields; intervals are of the percentile bootstrap over fields, the same draws for all.
    pub fn of(scores: &[FieldScores], choice: EvaluationChoice) -> Self {
        let methods = METHODS.iter().enumerate().map(|(at, &method)| Row {
            method,
            estimates: Estimates::of(scores, choice, |field| field.methods[at]),
        });
        let others = METHODS.iter().enumerate().skip(1);
        let gains: Vec<Row> = others
            .map(|(at, &method)| Row {
                method,
                estimates: Estimates::of(scores, choice, |field| {
                    let (painter, other) = (field.methods[0], field.methods[at]);
                    Likeness {
                        pearson: painter.pearson.zip(other.pearson).map(|(a, b)| a - b),
                        ssim: painter.ssim - other.ssim,
                        psnr: painter.psnr - other.psnr,
                    }
                }),
            })
            .collect();
        Self {
            fields: scores.len(),
            methods: methods.collect(),
            beats_linear_mix: gains[0].estimates.are_above_0(),
            gains,
        }
    }

    /// The scores as Markdown, and the verdict.
    pub fn table(&self) -> String {
        let mut text = format!(
            "fields: {}; means with their 95 % intervals\n\n",
            self.fields
        );
        text += "| | correlation | SSIM | PSNR in dB |\n|---|---|---|---|\n";
        for Row { method, estimates } in &self.methods {
            _ = writeln!(text, "| {method} | {} |", estimates.cells());
        }
        for Row { method, estimates } in &self.gains {
            _ = writeln!(text, "| painter less {method} | {} |", estimates.cells());
        }
        text += match self.beats_linear_mix {
            true => {
                "\nThe painter is better than the best linear mix of the channels in all three."
            }
            false => {
                "\nThe painter is not better than the best linear mix of the channels in all three: an interval reaches 0, and \
                 painting should stay off."
            }
        };
        text
    }
}

/// Writes a row for each field and method: `Id`, `Method`, `Pearson` (empty where it is not defined), `SSIM`, `PSNR`.
///
/// # Errors
/// If the file cannot be written.
pub fn write_table(path: &Path, scores: &[FieldScores]) -> Result<()> {
    fill_whole(path, |file| {
        let mut table = csv::Writer::from_writer(file);
        table.write_record(["Id", "Method", "Pearson", "SSIM", "PSNR"])?;
        for field in scores {
            for (method, likeness) in METHODS.iter().zip(&field.methods) {
                let pearson = likeness.pearson.map(|value| value.to_string());
                let pearson = pearson.unwrap_or_default();
                let [ssim, psnr] = [likeness.ssim, likeness.psnr].map(|value| value.to_string());
                table.write_record([&*field.id, *method, &*pearson, &*ssim, &*psnr])?;
            }
        }
        Ok(table.flush()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fields on which the painter is better by `gains` of the linear mix.
    fn scores(gains: &[f64]) -> Vec<FieldScores> {
        let fields = gains.iter().enumerate();
        fields
            .map(|(at, gain)| {
                let likeness = |better: f64, pearson: bool| Likeness {
                    pearson: pearson.then_some(0.5 + better),
                    ssim: 0.25 + better,
                    psnr: 20.0 + 10.0 * better,
                };
                FieldScores {
                    id: format!("field {at}"),
                    methods: [
                        likeness(*gain, true),
                        likeness(0.0, true),
                        likeness(-0.125, false),
                    ],
                }
            })
            .collect()
    }

    #[test]
    fn means_and_paired_gains_have_intervals_and_decide() {
        let better = Scores::of(&scores(&[0.25, 0.5, 0.375]), EvaluationChoice::default());
        assert!(better.beats_linear_mix);
        let [over_mix, over_mean] = &better.gains[..] else {
            panic!("two gains");
        };
        let pearson = over_mix.estimates.pearson.expect("a correlation");
        assert!((pearson.value - 0.375).abs() < 1e-12);
        assert!(0.25 <= pearson.low && pearson.high <= 0.5);
        assert_eq!(over_mean.estimates.pearson, None);
        assert!((over_mean.estimates.ssim.value - 0.5).abs() < 1e-12);
        let table = better.table();
        for part in [
            "| painter | 0.875 [",
            "| linear mix | 0.500 [0.500, 0.500] | 0.250 [0.250, 0.250] | 20.00 [20.00, 20.00] |",
            "| mean | – | 0.125 [",
            "| painter less linear mix | 0.375 [",
            "better than the best linear mix",
        ] {
            assert!(table.contains(part), "{part} in:\n{table}");
        }
        // Better on the whole, and worse on a third of the fields.
        let uneven = Scores::of(&scores(&[0.25, 0.25, -0.25]), EvaluationChoice::default());
        assert!(!uneven.beats_linear_mix);
        assert!(uneven.table().contains("stay off"));
        let json = serde_json::to_value(&uneven).expect("JSON");
        assert_eq!(json["beats_linear_mix"], false);
        assert_eq!(json["methods"][2]["method"], "mean");
        assert!(json["methods"][2]["pearson"].is_null());
    }

    #[test]
    fn the_table_has_a_row_for_each_field_and_method() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("scores.csv");
        write_table(&path, &scores(&[0.25])).expect("written");
        let text = std::fs::read_to_string(&path).expect("a table");
        assert_eq!(
            text,
            "Id,Method,Pearson,SSIM,PSNR\nfield 0,painter,0.75,0.5,22.5\nfield 0,linear mix,0.5,0.25,20\nfield 0,mean,,0.125,18.75\n"
        );
    }
}
