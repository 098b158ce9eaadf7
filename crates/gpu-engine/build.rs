//! Keeps the engine's static constructors out of every call into it.
//!
//! A dependency of burn registers things in static constructors. Where nothing in a wasm module calls
//! them, the linker runs them at the entry of every exported function, and wasm-bindgen calls an exported
//! function for every JavaScript value. So they are exported, and `www/engine.js` calls them once.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        println!("cargo:rustc-link-arg-bin=gpu_engine=--export=__wasm_call_ctors");
    }
}
