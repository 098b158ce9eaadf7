//! The browser's GPU adapter: its abilities, its name and its limits.
//!
//! They are read by property names, because browsers move these between versions.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::scope::scope;

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
    pub(super) software: bool,
    pub(super) timestamps: bool,
    /// Properties for diagnostics, each a name and a value.
    pub(super) details: Vec<(String, String)>,
}

impl Adapter {
    /// The browser's fastest GPU.
    ///
    /// # Errors
    /// The reason why there is none.
    pub(super) async fn ask() -> Result<Self, String> {
        let gpu = get(&navigator(), "gpu");
        if !gpu.is_object() {
            return Err("this browser has no WebGPU".to_owned());
        }
        let none = || "the browser offers no GPU adapter".to_owned();
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
        let info = get(adapter, "info");
        let limits = get(adapter, "limits");
        // A set; its order is the browser's.
        let features: Vec<String> = Array::from(&get(adapter, "features"))
            .iter()
            .filter_map(|feature| feature.as_string())
            .collect();
        let text = |name: &str| get(&info, name).as_string().filter(|text| !text.is_empty());
        let vendor = text("vendor").map(|vendor| match text("architecture") {
            Some(architecture) => format!("{vendor} {architecture}"),
            None => vendor,
        });
        let names = INFO
            .iter()
            .filter_map(|&name| Some((name.to_owned(), text(name)?)));
        let numbers = LIMITS.iter().filter_map(|&name| {
            let number = get(&limits, name).as_f64()?;
            Some((name.to_owned(), number.to_string()))
        });
        Self {
            name: text("description")
                .or(vendor)
                .unwrap_or_else(|| "unnamed GPU".to_owned()),
            software: get(&info, "isFallbackAdapter").is_truthy()
                || get(adapter, "isFallbackAdapter").is_truthy(),
            timestamps: features.iter().any(|feature| feature == "timestamp-query"),
            details: names
                .chain(numbers)
                .chain([("features".to_owned(), features.join(" "))])
                .collect(),
        }
    }
}

/// The machine's number of logical cores as a detail, where the browser reports it.
pub(super) fn logical_cores() -> Vec<(String, String)> {
    get(&navigator(), "hardwareConcurrency")
        .as_f64()
        .map(|cores| ("hardwareConcurrency".to_owned(), cores.to_string()))
        .into_iter()
        .collect()
}

fn navigator() -> JsValue {
    get(&scope(), "navigator")
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
