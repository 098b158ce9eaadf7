//! The cells of a field, and a classifier's answer for each of them.

use std::collections::BTreeMap;

use cytolens::package::{Classifier, ClassifierError, CpuNetwork};
use cytolens_cells::{
    Answers, Calibration, Cells, CellsError, CellsNetwork, Evidence, LEAST_SIDE, Options,
};
use cytolens_data::fault::Fault;
use cytolens_field::Field;

use super::crop::crop;

/// Finds the cells of a field.
///
/// # Errors
/// A [`Fault`] for a field in which no cells can be looked for.
pub fn cells_of(network: &CellsNetwork, field: &Field, options: &Options) -> Result<Cells, Fault> {
    network.cells(field, options).map_err(|error| match error {
        CellsError::NoNuclei { id } => {
            Fault::new(id, "no blue channel, and cells are found by their nuclei")
        }
        CellsError::TooSmall { id, side } => Fault::new(
            id,
            format!("{side} px on its longer side, and cells are found from {LEAST_SIDE} px on"),
        ),
        other => Fault::new(field.id(), other.to_string()),
    })
}

/// A classifier's probabilities for a field, and for each of its cells.
///
/// # Errors
/// A [`Fault`] for a field that lacks a channel, and where the processor computes no numbers.
pub fn answers_of(
    classifier: &Classifier<CpuNetwork>,
    field: &Field,
    cells: &Cells,
    calibration: &Calibration,
) -> Result<(Vec<f32>, Answers), Fault> {
    let planes = classifier.compose(field)?;
    let features = classifier.features(&planes);
    let answer = pollster::block_on(async {
        let prediction = classifier.predict(&features).await?;
        Ok::<_, ClassifierError>((prediction, classifier.maps(&features).await?))
    });
    let (prediction, maps) = answer.map_err(|error| Fault::new(field.id(), error.to_string()))?;
    let evidence = Evidence {
        probabilities: &prediction.probabilities,
        side: maps.side,
        maps: &maps.values,
    };
    let answers = Answers::calibrated(cells, &evidence, calibration);
    Ok((prediction.probabilities, answers))
}

/// A classifier's probabilities for each cell that is wanted, shown to it alone: one classification a cell. Cells so small that they
/// have no pixel at the field's own size are left out.
///
/// # Errors
/// A [`Fault`] for a field that lacks a channel, and where the processor computes no numbers.
pub fn answers_of_crops(
    classifier: &Classifier<CpuNetwork>,
    field: &Field,
    cells: &Cells,
    is_wanted: impl Fn(u16) -> bool,
) -> Result<BTreeMap<u16, Vec<f32>>, Fault> {
    let fault = |error: String| Fault::new(field.id(), error);
    let (width, height) = (field.width() as usize, field.height() as usize);
    let [mask, nuclei] = cells.scaled(width, height);
    let cells = Cells::of_masks(width, height, mask, nuclei);
    let cells = cells.map_err(|error| fault(error.to_string()))?;
    let mut answers = BTreeMap::new();
    for cell in cells.list().iter().filter(|cell| is_wanted(cell.number)) {
        let planes = classifier.compose(&crop(field, &cells, cell)?)?;
        let prediction = pollster::block_on(classifier.classify_planes(&planes));
        let prediction = prediction.map_err(|error| fault(error.to_string()))?;
        answers.insert(cell.number, prediction.probabilities);
    }
    Ok(answers)
}
