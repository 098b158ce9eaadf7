//! Prints how long it takes to compare the fields of a full desk: the nearest of 10,000 vectors, as numbers of 8 bit, and a head.
//!
//! usage: timings [VECTORS]

use std::hint::black_box;
use std::time::Instant;

use cytolens_similar::{Example, Head, Rows, direction};

/// The features of a DenseNet-121, and the components of an index.
const FEATURES: usize = 1024;
const COMPONENTS: usize = 32;
/// The neighbours that the page shows.
const SHOWN: usize = 6;

fn main() {
    let given = std::env::args().nth(1);
    let count: usize = given.and_then(|count| count.parse().ok()).unwrap_or(10_000);
    let mut numbers = Numbers(1);
    for (length, what) in [
        (COMPONENTS, "an index's components"),
        (FEATURES, "directions of features"),
    ] {
        let mut rows = Rows::new(length);
        let begun = Instant::now();
        for _ in 0..count {
            rows.push(&numbers.vector(length, -0.5));
        }
        let made = begun.elapsed();
        let asked: Vec<Vec<f32>> = (0..20).map(|_| numbers.vector(length, -0.5)).collect();
        let begun = Instant::now();
        for vector in &asked {
            black_box(rows.nearest(black_box(vector), SHOWN, |_| true));
        }
        println!(
            "{SHOWN} nearest of {count} vectors of {length} ({what}): {:.2} ms, made in {:.0} ms",
            ms(begun) / asked.len() as f64,
            1e3 * made.as_secs_f64()
        );
    }
    let features = numbers.vector(FEATURES, 0.0);
    let begun = Instant::now();
    black_box(direction(black_box(&features)));
    println!("a direction of {FEATURES} features: {:.4} ms", ms(begun));
    let classes = ["one".to_owned(), "other".to_owned()];
    for count in [100, 300, 600] {
        let vectors: Vec<Vec<f32>> = (0..count).map(|_| numbers.vector(FEATURES, 0.0)).collect();
        let examples: Vec<Example<'_>> = vectors
            .iter()
            .enumerate()
            .map(|(at, features)| Example {
                features,
                class: at % 2,
            })
            .collect();
        let begun = Instant::now();
        let is_learnt = Head::learn(&classes, black_box(&examples)).is_ok();
        println!(
            "a head of {count} examples, each left out once: {:.0} ms{}",
            ms(begun),
            if is_learnt { "" } else { " (not learnt)" }
        );
    }
}

fn ms(since: Instant) -> f64 {
    1e3 * since.elapsed().as_secs_f64()
}

/// Numbers without meaning: Marsaglia's xorshift.
struct Numbers(u32);

impl Numbers {
    /// Numbers from `least` to 1 more.
    fn vector(&mut self, length: usize, least: f32) -> Vec<f32> {
        (0..length)
            .map(|_| {
                self.0 ^= self.0 << 13;
                self.0 ^= self.0 >> 17;
                self.0 ^= self.0 << 5;
                self.0 as f32 / u32::MAX as f32 + least
            })
            .collect()
    }
}
