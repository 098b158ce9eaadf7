//! The messages between the page and the engine's worker.
//!
//! The page starts the worker, sends one [`Request::Open`] once the worker has said
//! [`Reply::Started`], and then one [`Request::Classify`] a field. The worker answers in order.
//! Files travel as handles (`File`, `Blob`), so the page never holds an image's bytes.
//!
//! In JavaScript a message is an object with one property, the variant's name, or for a variant
//! without content that name: `{probe: {field, planes, size}}`, `"started"`. (Any other of serde's
//! forms reads through a buffer that cannot hold JavaScript values.)

use js_sys::{ArrayBuffer, Float32Array};
use serde::{Deserialize, Serialize};
use serde_wasm_bindgen::preserve;
use wasm_bindgen::JsValue;
use web_sys::Blob;

use crate::field::Channel;

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// What computes.
    pub kind: DeviceKind,
    /// What the device calls itself, for example the GPU's vendor and architecture.
    pub name: String,
    /// One sentence for visitors: why this device.
    pub reason: String,
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
        /// One file a channel, or one composite.
        files: Vec<InputFile>,
    },
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
    /// A field's colour preview, as soon as it is decoded.
    Preview {
        /// The page's number for the field.
        field: u32,
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// `width * height * 4` bytes, red, green, blue, opaque: a `Uint8ClampedArray`.
        #[serde(with = "preserve")]
        rgba: JsValue,
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
