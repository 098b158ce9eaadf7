//! Downloads with progress in bytes: the engine's WebAssembly and the model package.

use js_sys::{ArrayBuffer, JSON, Promise, Uint8Array, WebAssembly};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableStreamDefaultReader, Response};

use super::dom::{error_text, property, window};
use super::engine::program;
use super::offline;
use cytolens_core::package::{MANIFEST, WEIGHTS};
use cytolens_protocol::DeviceKind;

/// The folder of the package that comes with the page.
const MODEL: &str = "model";
/// The folder of the package that finds cells.
pub(super) const CELLS: &str = "cells";
/// The folder of the package that paints a channel, where the page comes with one.
pub(super) const PAINTER: &str = "painter";

#[wasm_bindgen(raw_module = "./unpack.js")]
extern "C" {
    /// A response with what another one brings, unpacked (`www/unpack.js`).
    fn unpacked(response: &Response) -> Promise;
}

/// The reason why a file could not be downloaded.
#[derive(Debug, thiserror::Error)]
pub(super) enum DownloadError {
    /// The server was not reached or the transfer broke off.
    #[error("{file} could not be downloaded: {cause}")]
    Broken {
        /// The file.
        file: String,
        /// The browser's message.
        cause: String,
    },
    /// The server answered with a fault.
    #[error("{file} could not be downloaded: the server answered {status}")]
    Status {
        /// The file.
        file: String,
        /// The HTTP status, for example 404.
        status: u16,
    },
    /// The engine's bytes are no WebAssembly that this browser can run.
    #[error("this browser cannot run the engine ({file}): {cause}")]
    Engine {
        /// The file.
        file: String,
        /// The browser's message.
        cause: String,
    },
    /// The weights of a visitor's package cannot be read any more.
    #[error("weights.safetensors could not be read: {0}")]
    Unreadable(String),
}

/// The progress of one download.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Progress {
    /// Bytes received.
    pub(super) done: f64,
    /// Bytes in all, where known.
    pub(super) total: Option<f64>,
}

impl Progress {
    /// The progress of a file that is there already.
    pub(super) const ALL_OF_NOTHING: Self = Self {
        done: 0.0,
        total: Some(0.0),
    };
}

/// A model package as the engine takes it.
#[derive(Debug, Clone)]
pub(crate) struct PackageBytes {
    /// The text of its manifest.
    pub(crate) manifest: String,
    /// The bytes of its weights.
    pub(crate) weights: ArrayBuffer,
}

/// Downloads and compiles the engine's program for a kind of device.
pub(super) async fn engine(
    kind: DeviceKind,
    progress: impl Fn(Progress),
) -> Result<WebAssembly::Module, DownloadError> {
    let file = format!("{}_bg.wasm.gz", program(kind));
    let response = fetch_kept(&file).await?;
    let copy = response.clone().map_err(|error| broken(&file, &error))?;
    // Unpacked and compiled while it comes.
    let compiled = JsFuture::from(WebAssembly::compile_streaming(&unpacked(&copy)));
    receive(&file, &response, None, progress, |_| {}).await?;
    let module = compiled.await.map_err(|error| DownloadError::Engine {
        cause: error_text(&error),
        file,
    })?;
    Ok(module.unchecked_into())
}

/// Downloads the package that comes with the page.
pub(super) async fn package(progress: impl Fn(Progress)) -> Result<PackageBytes, DownloadError> {
    package_in(MODEL, progress).await
}

/// Downloads a package of this site that is small beside the model: [`CELLS`] or [`PAINTER`].
pub(super) async fn small_package(folder: &str) -> Result<PackageBytes, DownloadError> {
    package_in(folder, |_| {}).await
}

/// Downloads the manifest of the package in a folder of this site.
pub(super) async fn manifest(folder: &str) -> Result<String, DownloadError> {
    text(&format!("{folder}/{MANIFEST}")).await
}

async fn package_in(
    folder: &str,
    progress: impl Fn(Progress),
) -> Result<PackageBytes, DownloadError> {
    let manifest = manifest(folder).await?;
    let weights = format!("{folder}/{WEIGHTS}.gz");
    let response = fetch_kept(&weights).await?;
    let unpacked = JsFuture::from(unpacked(&response)).await;
    let response: Response = unpacked
        .map_err(|error| broken(&weights, &error))?
        .unchecked_into();
    let mut chunks = Vec::new();
    let expected = weights_bytes(&manifest);
    receive(&weights, &response, expected, progress, |chunk| {
        chunks.push(chunk);
    })
    .await?;
    let bytes = chunks.iter().map(Uint8Array::length).sum();
    let weights = Uint8Array::new_with_length(bytes);
    let mut at = 0;
    for chunk in chunks {
        weights.set(&chunk, at);
        at += chunk.length();
    }
    Ok(PackageBytes {
        manifest,
        weights: weights.buffer(),
    })
}

/// Downloads a file of this site as text.
pub(super) async fn text(url: &str) -> Result<String, DownloadError> {
    let response = fetch(url).await?;
    let text = settle(url, response.text()).await?;
    Ok(text.as_string().unwrap_or_default())
}

/// Downloads a file of this site as a blob.
pub(super) async fn blob(url: &str) -> Result<Blob, DownloadError> {
    let response = fetch(url).await?;
    Ok(settle(url, response.blob()).await?.unchecked_into())
}

/// Receives a file, chunk by chunk. The total is `expected`, or the length that the server promises.
async fn receive(
    url: &str,
    response: &Response,
    expected: Option<f64>,
    progress: impl Fn(Progress),
    mut take: impl FnMut(Uint8Array),
) -> Result<(), DownloadError> {
    let total = expected.or_else(|| content_length(response));
    let mut done = 0.0;
    progress(Progress { done, total });
    if let Some(stream) = response.body() {
        let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
        loop {
            let part = JsFuture::from(reader.read())
                .await
                .map_err(|error| broken(url, &error))?;
            // The end has no value.
            let Ok(chunk) = property(&part, "value").dyn_into::<Uint8Array>() else {
                break;
            };
            done += f64::from(chunk.length());
            take(chunk);
            progress(Progress { done, total });
        }
    }
    progress(Progress {
        done,
        total: Some(done),
    });
    Ok(())
}

/// Fetches a file of this site, for the page and for the copy for offline use.
async fn fetch_kept(url: &str) -> Result<Response, DownloadError> {
    let response = fetch(url).await?;
    offline::arrived(&response);
    Ok(response)
}

async fn fetch(url: &str) -> Result<Response, DownloadError> {
    let response = JsFuture::from(window().fetch_with_str(url))
        .await
        .map_err(|error| broken(url, &error))?;
    let response: Response = response.unchecked_into();
    if response.ok() {
        Ok(response)
    } else {
        Err(DownloadError::Status {
            file: file_name(url),
            status: response.status(),
        })
    }
}

/// Awaits a promise of a response's method.
async fn settle(url: &str, promise: Result<Promise, JsValue>) -> Result<JsValue, DownloadError> {
    let promise = promise.map_err(|error| broken(url, &error))?;
    JsFuture::from(promise)
        .await
        .map_err(|error| broken(url, &error))
}

/// The length that the server promises. A compressed transfer has another length than its file.
fn content_length(response: &Response) -> Option<f64> {
    let headers = response.headers();
    let encoding = headers
        .get("content-encoding")
        .ok()
        .flatten()
        .unwrap_or_default();
    if !encoding.is_empty() && encoding != "identity" {
        return None;
    }
    headers.get("content-length").ok().flatten()?.parse().ok()
}

/// The number `weights.bytes` of a manifest. The engine checks the manifest.
fn weights_bytes(manifest: &str) -> Option<f64> {
    let manifest = JSON::parse(manifest).ok()?;
    property(&property(&manifest, "weights"), "bytes")
        .as_f64()
        .filter(|bytes| *bytes > 0.0)
}

fn broken(url: &str, error: &JsValue) -> DownloadError {
    DownloadError::Broken {
        file: file_name(url),
        cause: error_text(error),
    }
}

fn file_name(url: &str) -> String {
    url.rsplit('/').next().unwrap_or(url).to_owned()
}

/// Runs two futures at once and returns both results, or the first error.
pub(super) async fn both<A, B, E>(
    first: impl Future<Output = Result<A, E>>,
    second: impl Future<Output = Result<B, E>>,
) -> Result<(A, B), E> {
    let (mut first, mut second) = (std::pin::pin!(first), std::pin::pin!(second));
    let (mut one, mut two) = (None, None);
    std::future::poll_fn(move |context| {
        use std::task::Poll;
        if one.is_none()
            && let Poll::Ready(result) = first.as_mut().poll(context)
        {
            match result {
                Ok(value) => one = Some(value),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        if two.is_none()
            && let Poll::Ready(result) = second.as_mut().poll(context)
        {
            match result {
                Ok(value) => two = Some(value),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        match (one.take(), two.take()) {
            (Some(a), Some(b)) => Poll::Ready(Ok((a, b))),
            (a, b) => {
                one = a;
                two = b;
                Poll::Pending
            }
        }
    })
    .await
}
