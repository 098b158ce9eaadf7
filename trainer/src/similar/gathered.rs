//! What an index needs of each field.

use anyhow::Result;
use cytolens_core::labels::LabelSet;
use cytolens_data::ahead::{Ahead, Threads};
use cytolens_data::dataset::Sample;
use cytolens_data::fault::Fault;
use cytolens_field::{Field, preview};

/// A field's features and picture.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// Its id.
    pub id: String,
    /// Its labels.
    pub labels: LabelSet,
    /// Its pooled features.
    pub features: Vec<f32>,
    /// Its picture, `[side, side, 3]`.
    pub picture: Vec<u8>,
}

/// Gathers samples on some threads, in their order. Those that cannot be read are left out and given as faults. `done` is called
/// after each.
///
/// # Errors
/// If `features` fails.
pub fn gathered(
    samples: &[Sample],
    workers: usize,
    side: u32,
    features: impl Fn(&Field) -> Result<Result<Vec<f32>, Fault>> + Send + Sync,
    done: impl Fn(),
) -> Result<(Vec<Gathered>, Vec<Fault>)> {
    let threads = Threads {
        workers,
        ahead: workers,
    };
    let one = |at: usize| -> Result<Result<Gathered, Fault>> {
        let sample = &samples[at];
        let field = match sample.field.read() {
            Ok(field) => field,
            Err(error) => return Ok(Err(error.into())),
        };
        let picture = square(&field, side);
        Ok(features(&field)?.map(|features| Gathered {
            id: sample.field.id.clone(),
            labels: sample.labels,
            features,
            picture,
        }))
    };
    let (mut fields, mut faults) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| -> Result<()> {
        for outcome in Ahead::scoped(scope, samples.len(), threads, one) {
            match outcome? {
                Ok(field) => fields.push(field),
                Err(fault) => faults.push(fault),
            }
            done();
        }
        Ok(())
    })?;
    Ok((fields, faults))
}

/// The picture of a field in a square, black beside what is not square.
fn square(field: &Field, side: u32) -> Vec<u8> {
    let side = side as usize;
    let mut square = vec![0; side * side * 3];
    if side == 0 {
        return square;
    }
    let picture = preview(field, side as u32);
    let (width, height) = (picture.width as usize, picture.height as usize);
    let (left, top) = ((side - width) / 2, (side - height) / 2);
    for (row, pixels) in picture.rgb.chunks_exact(width * 3).enumerate().take(height) {
        let from = ((top + row) * side + left) * 3;
        square[from..from + width * 3].copy_from_slice(pixels);
    }
    square
}
