//! The browser's GPU adapter: its abilities, its name and its limits.
//!
//! They are read by property names, because browsers move these between versions.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::dom::{property, window};
use super::text::devices as text;

/// The properties of an adapter's `info`, by WebGPU's names.
const INFO: [&str; 4] = ["vendor", "architecture", "device", "description"];

/// The adapter's limits on which networks and fields fit, by WebGPU's names.
const LIMITS: [&str; 4] = [
    "maxBufferSize",
    "maxStorageBufferBindingSize",
    "maxComputeWorkgroupStorageSize",
    "maxComputeInvocationsPerWorkgroup",
];

/// A GPU adapter.
pub(super) struct Adapter {
    pub(super) name: String,
    pub(super) is_software: bool,
    pub(super) has_timestamps: bool,
    /// Properties for diagnostics, each a name and a value.
    pub(super) details: Vec<(String, String)>,
}

impl Adapter {
    /// The browser's fastest GPU.
    ///
    /// # Errors
    /// The reason why there is none.
    pub(super) async fn ask() -> Result<Self, String> {
        let gpu = property(&window().navigator(), "gpu");
        if !gpu.is_object() {
            return Err(text::NO_WEBGPU.to_owned());
        }
        let none = || text::NO_ADAPTER.to_owned();
        let options = Object::new();
        let request = Reflect::set(
            &options,
            &"powerPreference".into(),
            &"high-performance".into(),
        )
        .and_then(|_| Reflect::get(&gpu, &"requestAdapter".into()))
        .and_then(|function| function.dyn_into::<Function>())
        .and_then(|function| function.call1(&gpu, &options))
        .and_then(|promise| promise.dyn_into::<Promise>())
        .map_err(|_| none())?;
        let adapter = JsFuture::from(request).await.map_err(|_| none())?;
        if !adapter.is_object() {
            return Err(none());
        }
        Ok(Self::read(&adapter))
    }

    fn read(adapter: &JsValue) -> Self {
        let info = property(adapter, "info");
        let limits = property(adapter, "limits");
        // A set; its order is the browser's.
        let features: Vec<String> = Array::from(&property(adapter, "features"))
            .iter()
            .filter_map(|feature| feature.as_string())
            .collect();
        let text = |name: &str| {
            property(&info, name)
                .as_string()
                .filter(|text| !text.is_empty())
        };
        let vendor = text("vendor").map(|vendor| match text("architecture") {
            Some(architecture) => format!("{vendor} {architecture}"),
            None => vendor,
        });
        let names = INFO
            .iter()
            .filter_map(|&name| Some((name.to_owned(), text(name)?)));
        let numbers = LIMITS.iter().filter_map(|&name| {
            let number = property(&limits, name).as_f64()?;
            Some((name.to_owned(), number.to_string()))
        });
        Self {
            name: text("description")
                .or(vendor)
                .unwrap_or_else(|| text::UNNAMED_GPU.to_owned()),
            is_software: property(&info, "isFallbackAdapter").is_truthy()
                || property(adapter, "isFallbackAdapter").is_truthy(),
            has_timestamps: features.iter().any(|feature| feature == "timestamp-query"),
            details: names
                .chain(numbers)
                .chain([("features".to_owned(), features.join(" "))])
                .collect(),
        }
    }
}
