//! libFuzzer over the target that `FUZZ_TARGET` names, whose seeds are written into the folder `FUZZ_SEEDS` first.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use cytolens_fuzzing::{TARGETS, Target};
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let target = TARGETS.iter().find(|target| target.name == name);
    target.unwrap_or_else(|| panic!("FUZZ_TARGET names no target: {name:?}"))
});

fn write_seeds() {
    let Some(folder) = std::env::var_os("FUZZ_SEEDS").map(PathBuf::from) else {
        return;
    };
    for (number, seed) in (TARGET.seeds)().iter().enumerate() {
        let path = folder.join(format!("seed-{number:02}"));
        std::fs::write(&path, seed).expect("seeds are written where FUZZ_SEEDS says");
    }
}

fuzz_target!(init: write_seeds(), |bytes: &[u8]| (TARGET.read)(bytes));
