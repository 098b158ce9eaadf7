//! The messages between the page and the engine's worker.
//!
//! The page starts the worker, sends one [`Request::Open`] once the worker has sent
//! [`Reply::Started`], and then one [`Request::Classify`] per field. The worker answers in order,
//! except that a [`Request::View`], whose picture somebody waits for, overtakes the other waiting
//! requests, as does a [`Request::OpenPainter`], which it may need. Files travel as handles (`File`,
//! `Blob`), so the page never holds an image's bytes.
//!
//! In JavaScript a message is an object with one property named after the variant, or, for a variant
//! without content, that name alone: `{probe: {field, planes, size}}`, `"started"`. (serde's other
//! representations buffer their content, and that buffer cannot hold JavaScript values.)

use js_sys::{ArrayBuffer, Float32Array, Uint8Array, Uint16Array};
use serde::{Deserialize, Serialize};
use serde_wasm_bindgen::preserve;
use web_sys::Blob;

use cytolens_core::Channel;

mod bytes;

/// The kind of a device that runs networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// WebGPU.
    Gpu,
    /// WebAssembly on one thread.
    Cpu,
}

/// The device that the page has chosen, and with it the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChosenDevice {
    /// The device's own name, for example the GPU's vendor and architecture.
    pub name: String,
    /// The reason for the choice once it is open, one sentence for visitors.
    pub reason: String,
    /// Properties for diagnostics, each a name and a value, for example `maxBufferSize`, `268435456`.
    pub details: Vec<(String, String)>,
    /// Whether the device is fast enough to check every known result before it is used, and not the smallest alone.
    pub is_fast: bool,
}

/// The device in use and the reason for its choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// The kind of the device.
    pub kind: DeviceKind,
    /// The device's own name, for example the GPU's vendor and architecture.
    pub name: String,
    /// The reason for the choice, one sentence for visitors.
    pub reason: String,
    /// Properties for diagnostics, each a name and a value, for example `maxBufferSize`, `268435456`.
    pub details: Vec<(String, String)>,
    /// The time to load the package and prepare the network, in milliseconds.
    pub open_ms: f64,
    /// The time to check known results, in milliseconds.
    pub check_ms: f64,
}

/// A model package as the page describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelSummary {
    /// The package's name.
    pub name: String,
    /// The training data and the model's limits, in one or two sentences.
    pub limits: String,
    /// The class names, in the order of every vector of probabilities.
    pub labels: Vec<String>,
    /// The probability, per class, from which a label counts as present.
    pub thresholds: Vec<f32>,
    /// The side of the network's input in pixels.
    pub size: u32,
    /// The composition's name, for example `rgb`.
    pub composition: String,
    /// The network's name, for example `DenseNet-121`.
    pub architecture: String,
    /// The terms under which the package may be used.
    pub licence: String,
    /// The SHA-256 of the weights in hexadecimal, which tells models apart.
    pub weights_sha256: String,
    /// The networks of an ensemble, in its order; none where the model is one network.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberSummary>,
}

/// A network of an ensemble, as the page describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberSummary {
    /// The name of the package that it was.
    pub name: String,
    /// The SHA-256 of its own weights in hexadecimal.
    pub weights_sha256: String,
}

impl ModelSummary {
    /// The SHA-256 of the weights of the network whose features an answer has: an ensemble's are its first network's, so that
    /// what was learnt from these goes on.
    pub fn features_sha256(&self) -> &str {
        let first = self.members.first();
        first.map_or(&self.weights_sha256, |first| &first.weights_sha256)
    }
}

/// One file of a field.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InputFile {
    /// The file's name, for error messages.
    pub name: String,
    /// The channel that the file holds; none for a file of several channels.
    pub channel: Option<Channel>,
    /// The handle of the file.
    #[serde(with = "preserve")]
    pub blob: Blob,
}

/// The files of one field.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InputField {
    /// The field's id, for error messages.
    pub id: String,
    /// One file per channel, or one file of several channels.
    pub files: Vec<InputFile>,
    /// The channels inside a TIFF of several, as [`ChannelOrder`](cytolens_core::ChannelOrder)
    /// writes them: `auto`, or for example `blue,red,-,green`.
    pub order: String,
    /// Whether that order was given for this field, and so holds for the colours of an RGB picture, too.
    #[serde(default)]
    pub orders_colours: bool,
    /// The bits that 16-bit samples use, from 8 to 16; none for all 16.
    pub bits: Option<u32>,
    /// Whether a field of another scale than the atlas's is brought to it.
    #[serde(default)]
    pub to_scale: bool,
    /// Whether the painter paints the channel that the field lacks. Cells are found without it all the same.
    #[serde(default)]
    pub paint: bool,
}

/// The prediction for one field and the time that each step took.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TimedPrediction {
    /// The probability of each class.
    pub probabilities: Vec<f32>,
    /// The classes at or over their threshold, ascending.
    pub present: Vec<usize>,
    /// What was decided in reading the field, and what speaks against it being a fluorescence image of cells, a sentence each.
    #[serde(default)]
    pub remarks: Vec<String>,
    /// The side of the field's pixels in micrometres, where its files say one.
    #[serde(default)]
    pub pixel_size: Option<f64>,
    /// The channel that a network painted, and no microscope measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub painted: Option<Channel>,
    /// The pooled features, 16-bit floating point: what similar fields have alike. Empty in answers of earlier versions.
    #[serde(default, with = "bytes")]
    pub features: Vec<u8>,
    /// The time to read, decode, paint and resize the field, in milliseconds.
    pub decode_ms: f64,
    /// The time of the network alone, in milliseconds; of an ensemble, of all its networks.
    pub network_ms: f64,
    /// The time of the activation maps alone, in milliseconds.
    pub map_ms: f64,
    /// The time of each network of an ensemble, in milliseconds, with its maps and, where memory does not hold all of them, its
    /// loading. Empty where the model is one network.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub member_ms: Vec<f64>,
}

/// The activation maps of one field, one per class.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Maps {
    /// The side of a map in pixels; it covers the field's central square.
    pub side: u32,
    /// `[classes, side, side]`, in logits: the logit of a class is the mean of its map plus a constant.
    #[serde(with = "preserve")]
    pub values: Float32Array,
}

/// The cells of a field.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CellMasks {
    /// The width of the masks in pixels. They cover the whole field.
    pub width: u32,
    /// The height of the masks in pixels.
    pub height: u32,
    /// The width of the field itself in pixels.
    pub full_width: u32,
    /// The height of the field itself in pixels.
    pub full_height: u32,
    /// The number of the cell at each pixel, row by row; 0 outside.
    #[serde(with = "preserve")]
    pub cells: Uint16Array,
    /// The number of the cell in whose nucleus each pixel lies, row by row; 0 outside.
    #[serde(with = "preserve")]
    pub nuclei: Uint16Array,
    /// Whether the cells network found them, and not the classical method.
    pub by_network: bool,
    /// The time to read and decode the field, in milliseconds.
    pub decode_ms: f64,
    /// The time to find the cells, in milliseconds.
    pub find_ms: f64,
}

/// One channel of a field at 8 bit, for display.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plate {
    /// The channel.
    pub channel: Channel,
    /// The level shown as white, from 1 to 65535 (in 8-bit files, 255 counts as 65535): the brightest
    /// pixel but for a few outliers.
    pub white: u16,
    /// `[height, width]`, from 0 for black to 255 for [`Plate::white`] and above.
    #[serde(with = "preserve")]
    pub samples: Uint8Array,
}

/// A field decoded for display.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Picture {
    /// The width of every plate in pixels.
    pub width: u32,
    /// The height of every plate in pixels.
    pub height: u32,
    /// The width of the field itself in pixels.
    pub full_width: u32,
    /// The height of the field itself in pixels.
    pub full_height: u32,
    /// The bit depth of the files: 8 or 16.
    pub bits: u32,
    /// The side of the field's pixels in micrometres, where its files say one.
    pub pixel_size: Option<f64>,
    /// The channel that a network painted, and no microscope measured.
    pub painted: Option<Channel>,
    /// The field's channels, in the order of [`Channel::ALL`].
    pub plates: Vec<Plate>,
}

/// A message from the page to the worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Loads a model package. Sent once per worker: another device or package needs another worker.
    /// Answered by [`Reply::Opened`], [`Reply::OpenFailed`] or [`Reply::DeviceUnfit`].
    Open {
        /// The text of `manifest.json`.
        manifest: String,
        /// The bytes of `weights.safetensors`.
        #[serde(with = "preserve")]
        weights: ArrayBuffer,
        /// The engine's device.
        device: ChosenDevice,
    },
    /// Classifies one field. Answered by [`Reply::Preview`] and [`Reply::Classified`], or by
    /// [`Reply::Refused`].
    Classify {
        /// The page's number for the field, repeated in the replies.
        field: u32,
        /// The field's files.
        input: InputField,
    },
    /// Decodes one field for display. Needs no open package. Answered by [`Reply::Viewed`] or
    /// [`Reply::NotViewed`].
    View {
        /// The page's number for the field, repeated in the reply.
        field: u32,
        /// The field's files.
        input: InputField,
        /// The longest side of the picture in pixels; smaller fields keep their size.
        side: u32,
    },
    /// Loads a cells package; until one is loaded, and where none can be, cells are found by the classical method. Answered by
    /// [`Reply::CellsOpened`] or [`Reply::CellsUnfit`].
    OpenCells {
        /// The text of `manifest.json`.
        manifest: String,
        /// The bytes of `weights.safetensors`.
        #[serde(with = "preserve")]
        weights: ArrayBuffer,
    },
    /// Finds the cells of one field. Needs no open package. Answered by [`Reply::CellsFound`] or [`Reply::CellsNotFound`].
    FindCells {
        /// The page's number for the field, repeated in the reply.
        field: u32,
        /// The field's files.
        input: InputField,
    },
    /// Loads a painter, for the fields that are to be painted. It has no answer: such a field is refused where it does not open.
    OpenPainter {
        /// The text of `manifest.json`.
        manifest: String,
        /// The bytes of `weights.safetensors`.
        #[serde(with = "preserve")]
        weights: ArrayBuffer,
    },
    /// Asks for the engine's use of memory. Answered by [`Reply::Diagnosed`].
    Diagnose,
    /// Runs the network, of an ensemble the first, on given planes, for parity tests and benchmarks. Answered by
    /// [`Reply::Probed`] or [`Reply::Refused`].
    Probe {
        /// The caller's number, repeated in the reply.
        field: u32,
        /// `[planes, size, size]`, values from 0 to 1, before normalisation.
        #[serde(with = "preserve")]
        planes: Float32Array,
        /// The side in pixels.
        size: u32,
    },
}

/// A message from the worker to the page.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The worker runs and awaits [`Request::Open`].
    Started,
    /// A step of opening a package has begun.
    Opening {
        /// The step, for the progress line, for example `Checking the GPU`.
        step: String,
    },
    /// The package is loaded; fields can be classified.
    Opened {
        /// The model.
        model: Box<ModelSummary>,
        /// The device.
        device: DeviceReport,
    },
    /// The package was refused.
    OpenFailed {
        /// The reason, for visitors.
        reason: String,
    },
    /// The device does not start, or computes wrongly: another engine is needed.
    DeviceUnfit {
        /// The reason, for visitors.
        reason: String,
    },
    /// A field's thumbnail, sent as soon as the field is decoded.
    Preview {
        /// The page's number for the field.
        field: u32,
        /// An encoded image of the field in colour, a few hundred pixels a side.
        #[serde(with = "preserve")]
        thumbnail: Blob,
        /// Size, depth and channels, for example `2048 × 2048 px, 16 bit, 4 channels`.
        description: String,
        /// The bits with which the samples seem to have been recorded, where the files have more and the page gave none: the
        /// network sees them dark.
        camera_bits: Option<u32>,
        /// Whether cells look much larger or smaller than in training, as far as the files tell.
        is_of_other_scale: bool,
        /// The channel at which the model looks and that the field's files lack, where they lack that one alone.
        missing: Option<Channel>,
    },
    /// A field's prediction and activation maps.
    Classified {
        /// The page's number for the field.
        field: u32,
        /// The prediction.
        prediction: TimedPrediction,
        /// The activation maps.
        maps: Maps,
    },
    /// A field's picture for the viewer.
    Viewed {
        /// The page's number for the field.
        field: u32,
        /// The picture.
        picture: Picture,
    },
    /// A field could not be decoded for the viewer.
    NotViewed {
        /// The page's number for the field.
        field: u32,
        /// The reason, naming the file, for visitors.
        reason: String,
    },
    /// The cells package is loaded.
    CellsOpened {
        /// The network's limits, in a sentence or two.
        limits: String,
    },
    /// The cells package was refused.
    CellsUnfit {
        /// The reason, for visitors.
        reason: String,
    },
    /// The cells of a field.
    CellsFound {
        /// The page's number for the field.
        field: u32,
        /// The cells.
        masks: CellMasks,
    },
    /// Cells cannot be found in a field.
    CellsNotFound {
        /// The page's number for the field.
        field: u32,
        /// The reason, for visitors.
        reason: String,
    },
    /// The engine's use of memory.
    Diagnosed {
        /// The WebAssembly memory of the engine in bytes. It never shrinks.
        memory_bytes: f64,
    },
    /// The device is lost. This worker answers no more; the fields that it holds need another.
    DeviceLost {
        /// The device's own message.
        reason: String,
    },
    /// A field could not be classified.
    Refused {
        /// The page's number for the field.
        field: u32,
        /// The reason, naming the file, for visitors.
        reason: String,
    },
    /// The output of the network for [`Request::Probe`].
    Probed {
        /// The caller's number.
        field: u32,
        /// The logit of each class, before the sigmoid.
        logits: Vec<f32>,
        /// The globally averaged features of the backbone.
        pooled: Vec<f32>,
        /// The time of the network alone, in milliseconds.
        network_ms: f64,
    },
}
