//! Keeps the engine's constructors out of every call.
//!
//! A dependency of burn's registers things in static constructors. A wasm module of which nobody is
//! seen to call them has them run by the linker at the entry of each exported function, and
//! wasm-bindgen goes through exported functions for every JavaScript value. Exported, they are ours
//! to call, which `www/engine.js` does once.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        println!("cargo:rustc-link-arg-bin=worker=--export=__wasm_call_ctors");
    }
}
