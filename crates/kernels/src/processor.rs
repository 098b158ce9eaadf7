//! The processor's vector instructions, chosen when the program runs.

use std::fmt;

use pulp::{Scalar, Simd, WithSimd};

/// The numbers of a cache line.
pub(crate) const LINE: usize = 16;

/// The vector instructions that kernels run with.
#[derive(Clone, Copy)]
pub enum Processor {
    /// No vectors: any processor.
    Scalar,
    /// AVX2 and FMA: 8 numbers at a time.
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    /// NEON: 4 numbers at a time.
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
    /// WebAssembly's 128-bit vectors: 4 numbers at a time.
    #[cfg(all(target_arch = "wasm32", not(feature = "relaxed-simd")))]
    Simd128(pulp::wasm::Simd128),
    /// The same with a fused multiply-add, which a program cannot ask for: a browser without it refuses the whole program.
    #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
    RelaxedSimd(pulp::wasm::RelaxedSimd),
}

impl Processor {
    /// The instructions that this processor has, slowest first.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Scalar];
        #[cfg(target_arch = "x86_64")]
        all.extend(pulp::x86::V3::try_new().map(Self::Avx2));
        #[cfg(target_arch = "aarch64")]
        all.extend(pulp::aarch64::Neon::try_new().map(Self::Neon));
        #[cfg(all(target_arch = "wasm32", not(feature = "relaxed-simd")))]
        all.extend(pulp::wasm::Simd128::try_new().map(Self::Simd128));
        #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
        {
            // A browser without it would not have taken this program.
            pulp_wasm_simd_flag::enable_relaxed_simd();
            all.extend(pulp::wasm::RelaxedSimd::try_new().map(Self::RelaxedSimd));
        }
        all
    }

    /// The fastest instructions that this processor has.
    pub fn best() -> Self {
        Self::all().pop().unwrap_or(Self::Scalar)
    }

    /// Runs a kernel, compiled for these instructions.
    pub(crate) fn run<K: WithSimd>(self, kernel: K) -> K::Output {
        match self {
            Self::Scalar => Simd::vectorize(Scalar, kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(simd) => Simd::vectorize(simd, kernel),
            #[cfg(all(target_arch = "wasm32", not(feature = "relaxed-simd")))]
            Self::Simd128(simd) => Simd::vectorize(simd, kernel),
            #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
            Self::RelaxedSimd(simd) => Simd::vectorize(simd, kernel),
        }
    }

    /// Calls a function of plain loops, compiled for these instructions.
    pub(crate) fn call<A, F: Function<A>>(self, function: F, arguments: A) -> F::Output {
        struct Call<F, A>(F, A);
        impl<A, F: Function<A>> WithSimd for Call<F, A> {
            type Output = F::Output;

            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> F::Output {
                self.0.call(self.1)
            }
        }
        self.run(Call(function, arguments))
    }

    /// The numbers in a vector.
    pub(crate) fn lanes(self) -> usize {
        struct Lanes;
        impl WithSimd for Lanes {
            type Output = usize;

            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> usize {
                S::F32_LANES
            }
        }
        self.run(Lanes)
    }
}

impl fmt::Debug for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "no vectors",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "AVX2",
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => "NEON",
            #[cfg(all(target_arch = "wasm32", not(feature = "relaxed-simd")))]
            Self::Simd128(_) => "SIMD128",
            #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
            Self::RelaxedSimd(_) => "relaxed SIMD",
        })
    }
}

/// A function that is compiled into what calls it, and so for the instructions of [`Processor::call`]. Neither a closure nor
/// a function given as a value is.
pub(crate) trait Function<A> {
    type Output;

    fn call(self, arguments: A) -> Self::Output;
}

/// Names the [`Function`] that calls an `#[inline(always)]` one.
macro_rules! function {
    ($name:ident = $function:path: $arguments:ty => $output:ty) => {
        pub(super) struct $name;

        impl<'a> crate::processor::Function<$arguments> for $name {
            type Output = $output;

            #[inline(always)]
            fn call(self, arguments: $arguments) -> $output {
                $function(arguments)
            }
        }
    };
}
pub(crate) use function;

/// The vector at a place of `values`.
#[inline(always)]
pub(crate) fn load<S: Simd>(values: &[f32], at: usize) -> S::f32s {
    S::as_simd_f32s(&values[at..at + S::F32_LANES]).0[0]
}

/// Puts a vector at a place of `values`.
#[inline(always)]
pub(crate) fn store<S: Simd>(values: &mut [f32], at: usize, vector: S::f32s) {
    S::as_mut_simd_f32s(&mut values[at..at + S::F32_LANES]).0[0] = vector;
}

/// Asks for the cache line at a place of `values`, which need not exist, before it is read: on x86, and nowhere else.
#[inline(always)]
pub(crate) fn prefetch(values: &[f32], at: usize) {
    let place = values.as_ptr().wrapping_add(at);
    #[cfg(target_arch = "x86_64")]
    if let Some(sse) = pulp::core_arch::x86::Sse::try_new() {
        sse._mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(place.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}
