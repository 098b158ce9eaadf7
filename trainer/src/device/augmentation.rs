//! The geometry of augmentation on a device, for comparison: training augments on the host.

use burn::tensor::grid::affine_grid_2d;
use burn::tensor::ops::{GridSampleOptions, GridSamplePaddingMode, InterpolateMode};
use burn::tensor::{Device, Tensor, TensorData};

use super::batch::fractions;
use cytolens_data::augmentation::Draw;

/// Rotates, scales, mirrors and crops a batch, one draw a sample, by burn's `affine_grid_2d` and `grid_sample_2d`: bilinear,
/// mirrored beyond the border's pixels.
///
/// `levels` are `[batch, planes, height, width]` from 0 to 255; the result is from 0 to 1.
///
/// # Panics
/// If the draws are not one a sample.
pub fn warp(levels: Vec<u8>, shape: [usize; 4], draws: &[Draw], device: &Device) -> Tensor<4> {
    let [batch, _, _, size] = shape;
    assert_eq!(draws.len(), batch, "a draw a sample");
    let matrices: Vec<f32> = draws.iter().flat_map(|draw| matrix(draw, size)).collect();
    let matrices = Tensor::<3>::from_data(TensorData::new(matrices, [batch, 2, 3]), device);
    let options = GridSampleOptions::new(InterpolateMode::Bilinear)
        .with_padding_mode(GridSamplePaddingMode::Reflection)
        .with_align_corners(true);
    fractions(levels, shape, device).grid_sample_2d(affine_grid_2d(matrices, shape), options)
}

/// The inverse map in burn's coordinates: -1 and 1 are the centres of the border's pixels.
fn matrix(draw: &Draw, size: usize) -> [f32; 6] {
    let inverse = draw.inverse();
    let side = size as f64;
    let row = |axis: usize| {
        let [across, down] = inverse.matrix[axis];
        let shift = (inverse.centre[axis] - 0.5) * side / ((side - 1.0) / 2.0);
        [across as f32, down as f32, shift as f32]
    };
    let ([a, b, c], [d, e, f]) = (row(0), row(1));
    [a, b, c, d, e, f]
}

#[cfg(test)]
mod tests {
    use cytolens_core::Channel;

    use super::*;
    use cytolens_data::augmentation::AugmentationChoice;

    /// A smooth picture, in which bilinear and Catmull-Rom sampling agree.
    fn picture(size: usize) -> Vec<u8> {
        (0..size * size)
            .map(|index| {
                let (x, y) = ((index % size) as f64, (index / size) as f64);
                (128.0 + 60.0 * (x / 9.0).sin() + 60.0 * (y / 13.0 + 1.0).cos()).round() as u8
            })
            .collect()
    }

    #[test]
    fn the_device_agrees_with_the_host_inside() {
        const SIZE: usize = 64;
        let choice = AugmentationChoice {
            crop: [0.6, 1.0],
            scale: [1.0, 1.3],
            gain: [1.0; 2],
            offset: [0.0; 2],
            gamma: [1.0; 2],
            channel_gain: [1.0; 2],
            ..AugmentationChoice::default()
        };
        let draws: Vec<Draw> = (0..6).map(|sample| choice.draw(1, 1, sample, 0)).collect();
        let shape = [draws.len(), 1, SIZE, SIZE];
        let levels = picture(SIZE).repeat(draws.len());
        let device = warp(levels, shape, &draws, &Device::flex())
            .into_data()
            .try_into_vec::<f32>()
            .expect("numbers");
        for (draw, device) in draws.iter().zip(device.chunks_exact(SIZE * SIZE)) {
            let host = draw
                .apply(&[picture(SIZE)], &[Channel::Green], SIZE, SIZE)
                .remove(0);
            // The middle, which comes from inside the picture at every angle and cut.
            for y in SIZE / 2 - 8..SIZE / 2 + 8 {
                for x in SIZE / 2 - 8..SIZE / 2 + 8 {
                    let (host, device) = (host[y * SIZE + x], device[y * SIZE + x] * 255.0);
                    assert!(
                        (f32::from(host) - device).abs() < 3.0,
                        "{draw} at {x} {y}: {host} and {device}"
                    );
                }
            }
        }
    }
}
