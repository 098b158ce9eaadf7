//! The messages between the page and the engine's worker.
//!
//! The page starts the worker, sends one [`Request::Open`] once the worker has said
//! [`Reply::Started`], and then one [`Request::Classify`] a field. The worker answers in order, but
//! for [`Request::View`], whose answer somebody waits to see: it goes before the others that wait.
//! Files travel as handles (`File`, `Blob`), so the page never holds an image's bytes.
//!
//! In JavaScript a message is an object with one property, the variant's name, or for a variant
//! without content that name: `{probe: {field, planes, size}}`, `"started"`. (Any other of serde's
//! forms reads through a buffer that cannot hold JavaScript values.)

use js_sys::{ArrayBuffer, Float32Array, Uint8Array};
use serde::{Deserialize, Serialize};
use serde_wasm_bindgen::preserve;
use web_sys::Blob;

use cytolens_core::Channel;

/// Which device the visitor asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// A real GPU that passes the golden check, else the CPU.
    #[default]
    Automatic,
    /// The GPU, even a software adapter; the CPU only where there is none or it computes wrongly.
    Gpu,
    /// The CPU.
    Cpu,
}

/// The kind of device that computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// WebGPU.
    Gpu,
    /// WebAssembly on one thread.
    Cpu,
}

/// The device in use, and why it was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// What computes.
    pub kind: DeviceKind,
    /// What the device calls itself, for example the GPU's vendor and architecture.
    pub name: String,
    /// One sentence for visitors: why this device.
    pub reason: String,
    /// For diagnostics: what the device says of itself, a name and a value each, for example
    /// `maxBufferSize`, `268435456`.
    pub details: Vec<(String, String)>,
    /// Loading the package and preparing the network, in milliseconds.
    pub open_ms: f64,
    /// Checking known results, in milliseconds.
    pub check_ms: f64,
}

/// One channel of a field as an eye wants it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plate {
    /// Which one.
    pub channel: Channel,
    /// The level shown as white, from 1 to 65535, the brightest that 16 bit hold (of 8-bit files, 255
    /// becomes 65535): the brightest pixel but for a few.
    pub white: u16,
    /// `[height, width]`: from 0 for black to 255 for [`Plate::white`] and over.
    #[serde(with = "preserve")]
    pub samples: Uint8Array,
}

/// Where a network finds evidence, for every class.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Maps {
    /// The side of one map in pixels; it lies over the field's central square.
    pub side: u32,
    /// `[classes, side, side]`, in logits: the mean of a class's map and a number that comes from no
    /// place in the field make its logit.
    #[serde(with = "preserve")]
    pub values: Float32Array,
}

/// What the page tells about the opened model package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelSummary {
    /// The package's name.
    pub name: String,
    /// One or two sentences: what it was trained on and what not to expect of it.
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
    /// The SHA-256 of the weights, in hexadecimal: what tells two models apart.
    pub weights_sha256: String,
}

/// One file of a field.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InputFile {
    /// The file's name, as errors show it.
    pub name: String,
    /// The channel it holds; none for an RGB composite.
    pub channel: Option<Channel>,
    /// The file itself.
    #[serde(with = "preserve")]
    pub blob: Blob,
}

/// From the page to the worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Choose a device and load a model package. Once a worker: to change either, restart it.
    Open {
        /// The text of `manifest.json`.
        manifest: String,
        /// The bytes of `weights.safetensors`.
        #[serde(with = "preserve")]
        weights: ArrayBuffer,
        /// What to run it on.
        device: DeviceChoice,
    },
    /// Classify one field. Answered by [`Reply::Preview`] and [`Reply::Classified`], or by
    /// [`Reply::Refused`].
    Classify {
        /// The page's number for this field; replies repeat it.
        field: u32,
        /// The field's id, as errors show it.
        id: String,
        /// One file a channel, or one of several.
        files: Vec<InputFile>,
        /// The channels inside a TIFF of several, as [`ChannelOrder`](cytolens_core::ChannelOrder)
        /// writes them: `auto`, or for example `blue,red,-,green`.
        order: String,
    },
    /// Decode one field for the viewer, at up to `side` px a side. Needs no open package. Answered
    /// by [`Reply::Viewed`] or [`Reply::NotViewed`].
    View {
        /// The page's number for this field; the reply repeats it.
        field: u32,
        /// The field's id, as errors show it.
        id: String,
        /// One file a channel, or one of several.
        files: Vec<InputFile>,
        /// As in [`Request::Classify`].
        order: String,
        /// The longest side of what comes back, in pixels; smaller fields come as they are.
        side: u32,
    },
    /// Tell how the engine fares. Answered by [`Reply::Diagnosed`].
    Diagnose,
    /// Run the network on given planes: for parity tests and benchmarks.
    Probe {
        /// The caller's number; the reply repeats it.
        field: u32,
        /// `[planes, size, size]`, values from 0 to 1, before normalisation.
        #[serde(with = "preserve")]
        planes: Float32Array,
        /// The side in pixels.
        size: u32,
    },
}

/// From the worker to the page.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The worker runs and awaits [`Request::Open`].
    Started,
    /// What the worker is doing while it opens a package, for the progress line.
    Opening {
        /// For example `Checking the GPU`.
        step: String,
    },
    /// The package is loaded; fields can be classified.
    Opened {
        /// The model.
        model: ModelSummary,
        /// The device.
        device: DeviceReport,
    },
    /// The package was refused, or no device could run it.
    OpenFailed {
        /// The reason, for visitors.
        reason: String,
    },
    /// A field's picture for the gallery, as soon as it is decoded.
    Preview {
        /// The page's number for the field.
        field: u32,
        /// An encoded image of the field in colour, a few hundred pixels a side.
        #[serde(with = "preserve")]
        thumbnail: Blob,
        /// For example `2048 × 2048 px, 16 bit, 4 channels`.
        description: String,
    },
    /// A field's prediction.
    Classified {
        /// The page's number for the field.
        field: u32,
        /// One probability a class.
        probabilities: Vec<f32>,
        /// The classes at or over their threshold, rising.
        present: Vec<usize>,
        /// Reading, decoding and resizing, in milliseconds.
        decode_ms: f64,
        /// The network alone, in milliseconds.
        network_ms: f64,
        /// Where the evidence lies.
        maps: Maps,
        /// The maps alone, in milliseconds.
        map_ms: f64,
    },
    /// A field for the viewer.
    Viewed {
        /// The page's number for the field.
        field: u32,
        /// Of every plate, in pixels.
        width: u32,
        /// Of every plate, in pixels.
        height: u32,
        /// The width of the field itself, in pixels.
        full_width: u32,
        /// The height of the field itself, in pixels.
        full_height: u32,
        /// The bits of the files' samples: 8 or 16.
        bits: u32,
        /// The channels that the field has, in the order of [`Channel::ALL`].
        plates: Vec<Plate>,
    },
    /// A field that could not be decoded for the viewer.
    NotViewed {
        /// The page's number for the field.
        field: u32,
        /// The reason, naming the file, for visitors.
        reason: String,
    },
    /// How the engine fares.
    Diagnosed {
        /// The WebAssembly memory of the engine, in bytes. It never shrinks.
        memory_bytes: f64,
    },
    /// The device is lost; this worker will not answer again, and the fields that it holds are to be
    /// given to another.
    DeviceLost {
        /// What the device says.
        reason: String,
    },
    /// A field that could not be classified.
    Refused {
        /// The page's number for the field.
        field: u32,
        /// The reason, naming the file, for visitors.
        reason: String,
    },
    /// The answer to [`Request::Probe`].
    Probed {
        /// The caller's number.
        field: u32,
        /// Before the sigmoid, one a class.
        logits: Vec<f32>,
        /// The globally averaged features of the backbone.
        pooled: Vec<f32>,
        /// The network alone, in milliseconds.
        network_ms: f64,
    },
}
