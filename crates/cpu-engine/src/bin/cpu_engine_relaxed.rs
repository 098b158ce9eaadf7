//! The engine on the CPU, for browsers with relaxed SIMD.

fn main() {
    cytolens_cpu_engine::run();
}
