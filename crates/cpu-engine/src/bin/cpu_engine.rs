//! The engine on the CPU, for every browser.

fn main() {
    cytolens_cpu_engine::run();
}
