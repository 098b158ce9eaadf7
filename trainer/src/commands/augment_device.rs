//! The speed of augmentation on the host and, by burn, on a device.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use burn::tensor::Device;
use cytolens_field::Composition;

use crate::device::augmentation::warp;
use crate::device::batch::DeviceBatch;
use crate::output::say;
use cytolens_data::augmentation::{AugmentationChoice, Draw};
use cytolens_data::batches::HostBatch;

/// The number of timings, of which the best counts.
const ROUNDS: usize = 10;

/// Prints the time of augmenting a field: on one thread of the host, and on the device, from bytes on
/// the host to the result's sum on the host, which waits for all.
///
/// # Errors
/// If the device fails.
pub fn compare(
    channels: &[Vec<u8>],
    composition: Composition,
    size: usize,
    batch: usize,
    augmentation: &AugmentationChoice,
    device: &Device,
) -> Result<()> {
    let draws: Vec<Draw> = (0..batch)
        .map(|sample| augmentation.draw(1, 1, sample, 0))
        .collect();
    let host = best(|| {
        for draw in &draws {
            std::hint::black_box(draw.apply(channels, composition.channels(), size, size));
        }
        Ok(())
    })?;
    let levels = channels.concat().repeat(batch);
    let shape = [batch, channels.len(), size, size];
    let on_device = best(|| {
        let sum = warp(levels.clone(), shape, &draws, device).sum();
        sum.try_into_scalar::<f32>()
            .map(drop)
            .map_err(|error| anyhow!("{error:?}"))
    })?;
    let a_field = |time: Duration| time.as_secs_f64() * 1000.0 / batch as f64;
    say!(
        "augmentation of {} channels of {size} px in batches of {batch}, ms a field:\n\
         {:>8.2} on one thread of the host: geometry (Catmull-Rom) and light\n\
         {:>8.2} on the device: geometry alone (bilinear), with the way there",
        channels.len(),
        a_field(host),
        a_field(on_device)
    )?;
    Ok(())
}

/// Measures the time of a batch from bytes on the host to fractions on the device, and of their sum back.
///
/// # Errors
/// If the device fails.
pub fn transfer(batch: &HostBatch, device: &Device) -> Result<Duration> {
    best(|| {
        let DeviceBatch { planes, targets } = DeviceBatch::new(batch.clone(), device);
        (planes.mean() + targets.mean())
            .try_into_scalar::<f32>()
            .map(drop)
            .map_err(|error| anyhow!("{error:?}"))
    })
}

fn best(mut round: impl FnMut() -> Result<()>) -> Result<Duration> {
    let mut best = Duration::MAX;
    // The first round compiles kernels and does not count.
    round()?;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        round()?;
        best = best.min(start.elapsed());
    }
    Ok(best)
}
