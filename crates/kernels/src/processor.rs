//! The processor's vector instructions, chosen when the program runs.

use std::fmt;

use pulp::{Scalar, Simd, WithSimd};

/// The vector instructions that kernels run with.
#[derive(Clone, Copy)]
pub enum Processor {
    /// No vectors: any processor.
    Scalar,
    /// AVX2 and FMA: 8 numbers at a time.
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    /// AVX-512: 16 numbers at a time.
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    /// NEON: 4 numbers at a time.
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
    /// WebAssembly's 128-bit vectors: 4 numbers at a time.
    #[cfg(target_arch = "wasm32")]
    Simd128(pulp::wasm::Simd128),
    /// The same with a fused multiply-add.
    #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
    RelaxedSimd(pulp::wasm::RelaxedSimd),
}

impl Processor {
    /// The instructions that this processor has, slowest first.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(pulp::x86::V3::try_new().map(Self::Avx2));
            all.extend(pulp::x86::V4::try_new().map(Self::Avx512));
        }
        #[cfg(target_arch = "aarch64")]
        all.extend(pulp::aarch64::Neon::try_new().map(Self::Neon));
        #[cfg(target_arch = "wasm32")]
        all.extend(pulp::wasm::Simd128::try_new().map(Self::Simd128));
        #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
        all.extend(pulp::wasm::RelaxedSimd::try_new().map(Self::RelaxedSimd));
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
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "wasm32")]
            Self::Simd128(simd) => Simd::vectorize(simd, kernel),
            #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
            Self::RelaxedSimd(simd) => Simd::vectorize(simd, kernel),
        }
    }

    /// Runs loops, compiled for these instructions.
    pub(crate) fn loops<R>(self, work: impl FnOnce() -> R) -> R {
        struct Loops<F>(F);
        impl<R, F: FnOnce() -> R> WithSimd for Loops<F> {
            type Output = R;

            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> R {
                (self.0)()
            }
        }
        self.run(Loops(work))
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
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "AVX-512",
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => "NEON",
            #[cfg(target_arch = "wasm32")]
            Self::Simd128(_) => "SIMD128",
            #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
            Self::RelaxedSimd(_) => "relaxed SIMD",
        })
    }
}

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
