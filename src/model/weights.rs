//! Weights in files: safetensors, and PyTorch's `.pth`.

use std::collections::BTreeMap;
use std::fmt;
#[cfg(not(target_family = "wasm"))]
use std::path::Path;
use std::sync::Arc;

use burn::module::Module;
#[cfg(not(target_family = "wasm"))]
use burn::store::ModuleStore;
use burn::store::{
    ApplyError, BurnToPyTorchAdapter, FloatCastAdapter, HalfPrecisionAdapter, ModuleAdapter,
    ModuleSnapshot, PyTorchToBurnAdapter, burn_pack,
};
use burn::tensor::{Bytes, DType};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::package::{Names, TensorsReport, WeightsError, current_name};

/// Tensors by their names in a file.
pub type Tensors = BTreeMap<String, burn_pack::Tensor>;

/// Reads the tensors of a `.safetensors` file or, from PyTorch, a `.pth`, `.pt` or `.bin` one, under
/// the current names of torchvision and timm. Keras' DenseNets are translated.
///
/// # Errors
/// [`WeightsError::UnknownFormat`] and [`WeightsError::Unreadable`].
#[cfg(not(target_family = "wasm"))]
pub fn read_file(path: &Path) -> Result<Tensors, WeightsError> {
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    let tensors = match extension.to_ascii_lowercase().as_str() {
        "safetensors" => {
            let bytes = std::fs::read(path).map_err(|error| {
                WeightsError::Unreadable(format!("{error}: {}", path.display()))
            })?;
            read_safetensors(bytes)?
        }
        // Without this, the store renumbers `norm.1` as if it were a gap in a list.
        "pth" | "pt" | "bin" => of_checkpoint(all_tensors(
            &mut burn::store::PytorchStore::from_file(path).map_indices_contiguous(false),
        )?),
        _ => return Err(WeightsError::UnknownFormat(path.display().to_string())),
    };
    super::keras::translated(tensors)
}

/// Keeps the network's tensors of a checkpoint that holds the optimiser's too, as timm and PyTorch's
/// examples write it; keeps all of any other file.
#[cfg(not(target_family = "wasm"))]
fn of_checkpoint(tensors: Tensors) -> Tensors {
    const NETWORK: &str = "state_dict.";
    if !tensors.keys().any(|name| name.starts_with(NETWORK)) {
        return tensors;
    }
    tensors
        .into_iter()
        .filter_map(|(name, tensor)| Some((current_name(name.strip_prefix(NETWORK)?), tensor)))
        .collect()
}

/// Reads the tensors of a safetensors file from its bytes.
///
/// # Errors
/// [`WeightsError::Unreadable`].
pub fn read_safetensors(bytes: Vec<u8>) -> Result<Tensors, WeightsError> {
    let unreadable = |error: &dyn fmt::Display| WeightsError::Unreadable(error.to_string());
    // Not by burn's store, which reads the whole header again for each tensor.
    SafeTensors::deserialize(&bytes).map_err(|error| unreadable(&error))?;
    let (header, metadata) =
        SafeTensors::read_metadata(&bytes).map_err(|error| unreadable(&error))?;
    let start = size_of::<u64>() + header;
    let bytes = Arc::new(bytes);
    let mut tensors = Tensors::new();
    for (name, about) in metadata.tensors() {
        if name.ends_with(UNUSED) {
            continue;
        }
        let (from, to) = about.data_offsets;
        let (range, bytes) = (start + from..start + to, bytes.clone());
        let kind = kind_of(about.dtype)
            .ok_or_else(|| unreadable(&format_args!("{name} holds {:?}", about.dtype)))?;
        let numbers = move || Ok(Bytes::from_bytes_vec(bytes[range.clone()].to_vec()));
        let shape = about.shape.clone();
        let name = current_name(&name);
        let tensor =
            burn_pack::Tensor::deferred(name.clone(), kind, shape, None, to - from, numbers);
        tensors.insert(name, tensor);
    }
    Ok(tensors)
}

/// The numbers of a safetensors file as burn names them.
fn kind_of(kind: Dtype) -> Option<DType> {
    Some(match kind {
        Dtype::F64 => DType::F64,
        Dtype::F32 => DType::F32,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::I64 => DType::I64,
        Dtype::I32 => DType::I32,
        Dtype::I16 => DType::I16,
        Dtype::I8 => DType::I8,
        Dtype::U64 => DType::U64,
        Dtype::U32 => DType::U32,
        Dtype::U8 => DType::U8,
        _ => return None,
    })
}

/// PyTorch counts batches; nothing uses the count.
const UNUSED: &str = ".num_batches_tracked";

#[cfg(not(target_family = "wasm"))]
fn all_tensors<S: ModuleStore>(store: &mut S) -> Result<Tensors, WeightsError> {
    let tensors = store
        .get_all_tensors()
        .map_err(|error| WeightsError::Unreadable(error.to_string()))?;
    Ok(tensors
        .values()
        .cloned()
        .map(|tensor| (current_name(&tensor.name), tensor))
        .filter(|(name, _)| !name.ends_with(UNUSED))
        .collect())
}

/// Puts tensors into a module under their names in files, converted to f32, and reports which fit.
pub fn apply<M: Module>(module: &mut M, names: Names, tensors: &Tensors) -> TensorsReport {
    let paths: BTreeMap<String, String> = module
        .collect(None, Some(Box::new(BurnToPyTorchAdapter)), true)
        .into_iter()
        .map(|tensor| (names.in_files(&tensor.name), tensor.name))
        .collect();
    let (known, unexpected): (Vec<_>, Vec<_>) = tensors
        .iter()
        .partition(|(name, _)| paths.contains_key(*name));
    let renamed = known
        .into_iter()
        .map(|(name, tensor)| {
            let mut tensor = tensor.clone();
            tensor.name.clone_from(&paths[name]);
            tensor
        })
        .collect();
    let adapter = PyTorchToBurnAdapter.chain(FloatCastAdapter::to(DType::F32));
    let result = module.apply(renamed, None, Some(Box::new(adapter)), true);
    let named = |path: &str| names.in_files(path);
    TensorsReport {
        applied: result.applied.iter().map(|path| named(path)).collect(),
        missing: result.missing.iter().map(|(path, _)| named(path)).collect(),
        unexpected: unexpected
            .into_iter()
            .map(|(name, _)| name.clone())
            .collect(),
        unfit: result
            .errors
            .iter()
            .map(|error| match error {
                ApplyError::ShapeMismatch {
                    path,
                    expected,
                    found,
                } => (named(path), format!("shape {found}, not {expected}")),
                ApplyError::DTypeMismatch {
                    path,
                    expected,
                    found,
                } => (named(path), format!("numbers {found:?}, not {expected:?}")),
                ApplyError::AdapterError { path, message }
                | ApplyError::LoadError { path, message } => (named(path), message.clone()),
            })
            .collect(),
    }
}

/// Puts tensors into a module as [`apply`] does, and fails unless they are exactly the module's.
///
/// # Errors
/// [`WeightsError::DoNotFit`] with the report.
pub fn apply_exactly<M: Module>(
    module: &mut M,
    names: Names,
    tensors: &Tensors,
) -> Result<(), WeightsError> {
    let report = apply(module, names, tensors);
    if report.is_complete() {
        Ok(())
    } else {
        Err(WeightsError::DoNotFit(report))
    }
}

/// The width of the numbers in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits.
    Single,
    /// 16 bits, but 32 for batch normalisation, whose variances would vanish.
    Half,
}

/// Writes a module's tensors as the bytes of a safetensors file, under the names that [`apply`] reads.
///
/// # Errors
/// [`WeightsError::Unwritable`].
pub fn to_safetensors<M: Module>(
    module: &M,
    names: Names,
    precision: Precision,
) -> Result<Vec<u8>, WeightsError> {
    let adapter: Box<dyn ModuleAdapter> = match precision {
        Precision::Single => Box::new(BurnToPyTorchAdapter),
        Precision::Half => Box::new(HalfPrecisionAdapter::new().chain(BurnToPyTorchAdapter)),
    };
    let unwritable = |error: &dyn fmt::Display| WeightsError::Unwritable(error.to_string());
    let mut parts = Vec::new();
    for tensor in module.collect(None, Some(adapter), true) {
        let name = names.in_files(&tensor.name);
        let kind = match tensor.dtype {
            DType::F32 => Dtype::F32,
            DType::F16 => Dtype::F16,
            other => return Err(WeightsError::Unwritable(format!("{name} holds {other:?}"))),
        };
        let shape = tensor.shape.to_vec();
        parts.push((
            name,
            kind,
            shape,
            tensor.to_bytes().map_err(|error| unwritable(&error))?,
        ));
    }
    let views = parts
        .iter()
        .map(|(name, kind, shape, bytes)| {
            TensorView::new(*kind, shape.clone(), bytes).map(|view| (name.as_str(), view))
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unwritable(&error))?;
    safetensors::serialize(views, None).map_err(|error| unwritable(&error))
}
