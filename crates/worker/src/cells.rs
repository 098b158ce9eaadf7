//! Cells: opening of their network, and finding them in fields.

use cytolens_cells::{CellsError, CellsNetwork, CellsPackage, Options, classical_cells};
use cytolens_kernels::Processor;
use cytolens_protocol::{CellMasks, InputField, Reply};
use js_sys::{ArrayBuffer, Uint8Array, Uint16Array};

use super::fields::decode;
use super::scope::now;

/// The longer side of the masks that the classical method makes, in pixels.
const CLASSICAL_SIZE: usize = 256;

/// Opens a cells package, on the CPU whatever the engine's device: it is small, and the device may be busy.
///
/// # Errors
/// The reason, for visitors.
pub(super) fn open(manifest: &str, weights: &ArrayBuffer) -> Result<CellsNetwork, String> {
    let open = || -> Result<CellsNetwork, CellsError> {
        let package = CellsPackage::new(manifest, Uint8Array::new(weights).to_vec())?;
        let network = CellsNetwork::new(&package, Processor::best())?;
        // The smallest reveals a broken build and faulty kernels.
        if let Some(golden) = package.manifest().goldens.first() {
            network.check(golden)?;
        }
        Ok(network)
    };
    open().map_err(|error| error.to_string())
}

/// Finds the cells of a field by the network, or without one by the classical method.
pub(super) async fn find(network: Option<&CellsNetwork>, field: u32, input: &InputField) -> Reply {
    match masks(network, input).await {
        Ok(masks) => Reply::CellsFound { field, masks },
        Err(reason) => Reply::CellsNotFound { field, reason },
    }
}

async fn masks(network: Option<&CellsNetwork>, input: &InputField) -> Result<CellMasks, String> {
    let start = now();
    let decoded = decode(input).await?;
    let decode_ms = now() - start;
    let start = now();
    let options = Options::default();
    let cells = match network {
        Some(network) => network.cells(&decoded, &options),
        None => classical_cells(&decoded, CLASSICAL_SIZE, &options),
    };
    let cells = cells.map_err(|error| error.to_string())?;
    Ok(CellMasks {
        width: cells.width() as u32,
        height: cells.height() as u32,
        full_width: decoded.width(),
        full_height: decoded.height(),
        cells: Uint16Array::from(cells.mask()),
        nuclei: Uint16Array::from(cells.nuclei()),
        by_network: network.is_some(),
        decode_ms,
        find_ms: now() - start,
    })
}
