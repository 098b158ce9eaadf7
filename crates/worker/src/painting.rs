//! Painting: opening of the painter that the page hands over, and the channels of fields that are to be painted.

use cytolens_cells::painter::{Painter, PainterError, PainterPackage};
use cytolens_field::Field;
use cytolens_kernels::Processor;
use cytolens_protocol::InputField;
use js_sys::{ArrayBuffer, Uint8Array};

/// The painter, or the reason, for visitors, why there is none.
pub(super) type Handed = Result<Painter, String>;

/// The state before the page has handed over a painter.
pub(super) fn nothing_handed() -> Handed {
    Err("there is no painter".to_owned())
}

/// Opens a painter's package, on the CPU whatever the engine's device: it is small.
///
/// # Errors
/// The reason, for visitors.
pub(super) fn open(manifest: &str, weights: &ArrayBuffer) -> Handed {
    let open = || -> Result<Painter, PainterError> {
        let package = PainterPackage::new(manifest, Uint8Array::new(weights).to_vec())?;
        Painter::new(&package, Processor::best())
    };
    open().map_err(|error| error.to_string())
}

/// The field, with the channel that it lacks painted where the page asks for it.
///
/// # Errors
/// The reason, for visitors: a field that is to be painted is not answered without.
pub(super) fn painted(painter: &Handed, input: &InputField, field: Field) -> Result<Field, String> {
    if !input.paint {
        return Ok(field);
    }
    let unpainted = |reason: &str| format!("{}: no channel can be painted: {reason}", input.id);
    let painter = painter.as_ref().map_err(|reason| unpainted(reason))?;
    let painted = painter.painted(&field);
    let painted = painted.map_err(|error| unpainted(&error.to_string()))?;
    Ok(painted.unwrap_or(field))
}
