//! Weights in files: safetensors and PyTorch's `.pth`, and a complete account of what did not fit.

use std::collections::BTreeMap;
use std::fmt;
#[cfg(not(target_family = "wasm"))]
use std::path::Path;

use burn::module::Module;
use burn::store::{
    ApplyError, BurnToPyTorchAdapter, FloatCastAdapter, HalfPrecisionAdapter, ModuleAdapter,
    ModuleSnapshot, ModuleStore, PyTorchToBurnAdapter, SafetensorsStore, burn_pack,
};
use burn::tensor::DType;
use safetensors::tensor::{Dtype, TensorView};

use super::names::{Names, current_name};

/// How many names an error lists before it only counts.
const LISTED: usize = 8;

/// Tensors by the names they have in a file.
pub type Tensors = BTreeMap<String, burn_pack::Tensor>;

/// What fitted and what did not when tensors were put into a network, by the file's names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// The tensors that were taken.
    pub applied: Vec<String>,
    /// What the network has and the file has not.
    pub missing: Vec<String>,
    /// What the file has and the network has not.
    pub unexpected: Vec<String>,
    /// What both have, in different shapes or unreadable: the name and the reason.
    pub unfit: Vec<(String, String)>,
}

impl Account {
    /// Whether every tensor of the network came from the file and the file held nothing else.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.unfit.is_empty()
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tensors taken", self.applied.len())?;
        list(f, "missing", &self.missing)?;
        list(f, "unexpected", &self.unexpected)?;
        let unfit: Vec<String> = self
            .unfit
            .iter()
            .map(|(name, reason)| format!("{name} ({reason})"))
            .collect();
        list(f, "unfit", &unfit)
    }
}

fn list(f: &mut fmt::Formatter<'_>, what: &str, names: &[String]) -> fmt::Result {
    if names.is_empty() {
        return Ok(());
    }
    write!(
        f,
        "; {} {what}: {}",
        names.len(),
        names[..names.len().min(LISTED)].join(", ")
    )?;
    if names.len() > LISTED {
        write!(f, " and {} more", names.len() - LISTED)
    } else {
        Ok(())
    }
}

/// Why weights could not be read, put into a network, or written.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file's name tells no known format.
    #[error("weights must be a .safetensors, .pth, .pt or .bin file: {0}")]
    UnknownFormat(String),
    /// The file is not what its name says.
    #[error("cannot read the weights: {0}")]
    Unreadable(String),
    /// The tensors are not those of the network.
    #[error("the weights do not fit the network: {0}")]
    DoNotFit(Account),
    /// The tensors could not be written.
    #[error("cannot write the weights: {0}")]
    Unwritable(String),
}

/// The tensors of a `.safetensors` file or, from PyTorch, a `.pth`, `.pt` or `.bin` one, by
/// torchvision's and timm's names of today. Keras' DenseNets are translated.
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

/// The network's tensors of a checkpoint that holds the optimiser's too, as timm and PyTorch's
/// examples write it; else all.
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

/// The tensors of a safetensors file's bytes.
///
/// # Errors
/// [`WeightsError::Unreadable`].
pub fn read_safetensors(bytes: Vec<u8>) -> Result<Tensors, WeightsError> {
    all_tensors(&mut SafetensorsStore::from_bytes(Some(bytes)))
}

fn all_tensors<S: ModuleStore>(store: &mut S) -> Result<Tensors, WeightsError> {
    let tensors = store
        .get_all_tensors()
        .map_err(|error| WeightsError::Unreadable(error.to_string()))?;
    Ok(tensors
        .values()
        .cloned()
        .map(|tensor| (current_name(&tensor.name), tensor))
        // PyTorch counts batches; nothing uses the count.
        .filter(|(name, _)| !name.ends_with(".num_batches_tracked"))
        .collect())
}

/// Puts tensors into a module whose tensors have these names in files. Numbers become f32.
///
/// Nothing is refused here: the account says what fitted.
pub fn apply<M: Module>(module: &mut M, names: Names, tensors: &Tensors) -> Account {
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
    Account {
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

/// As [`apply`], but refuses tensors that are not exactly the module's.
///
/// # Errors
/// [`WeightsError::DoNotFit`] with the account.
pub fn apply_exactly<M: Module>(
    module: &mut M,
    names: Names,
    tensors: &Tensors,
) -> Result<(), WeightsError> {
    let account = apply(module, names, tensors);
    if account.is_complete() {
        Ok(())
    } else {
        Err(WeightsError::DoNotFit(account))
    }
}

/// The width of the numbers in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits.
    Single,
    /// 16 bits, but for batch normalisation, whose variances would vanish.
    Half,
}

/// A module's tensors as the bytes of a safetensors file, under the names that [`apply`] reads.
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
