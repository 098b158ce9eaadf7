//! What the examples compute with: the shapes of DenseNet-121, and weights and planes by formulas. What they time is the same for
//! any numbers.

use cytolens_kernels::Tensor;

/// The weight at a place of a tensor.
pub fn weight(place: usize) -> f32 {
    ((place * 7919 % 1013) as f32 / 1013.0 - 0.5) * 0.2
}

/// A tensor of this name and shape. Variances are 1.
pub fn tensor(name: &str, shape: Vec<usize>) -> Tensor {
    let count: usize = shape.iter().product();
    let is_variance = name.ends_with("running_var");
    let values = (0..count)
        .map(|place| if is_variance { 1.0 } else { weight(place) })
        .collect();
    Tensor { shape, values }
}

/// Planes, or a batch of them, of this many pixels in all.
pub fn planes(pixels: usize) -> Vec<f32> {
    (0..pixels)
        .map(|place| (place % 251) as f32 / 251.0)
        .collect()
}

/// The shape of a tensor of DenseNet-121's backbone, for this many planes; `None` where it has no tensor of that name.
pub fn densenet(name: &str, planes: usize) -> Option<Vec<usize>> {
    const BLOCKS: [(usize, usize); 4] = [(6, 64), (12, 128), (24, 256), (16, 512)];
    let numbers: Vec<usize> = name
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect();
    let weights = name.ends_with("weight");
    if name.contains("denselayer") {
        let (layers, first) = *BLOCKS.get(numbers[0].checked_sub(1)?)?;
        let inputs = first + 32 * numbers[1].checked_sub(1)?;
        return match numbers[2] {
            _ if numbers[1] > layers => None,
            _ if name.contains("norm1") => Some(vec![inputs]),
            _ if name.contains("norm2") => Some(vec![128]),
            1 if weights => Some(vec![128, inputs, 1, 1]),
            2 if weights => Some(vec![32, 128, 3, 3]),
            _ => None,
        };
    }
    if name.contains("transition") {
        let (layers, first) = *BLOCKS.get(numbers[0].checked_sub(1)?)?;
        let inputs = first + 32 * layers;
        return match name.contains("norm") {
            _ if numbers[0] > 3 => None,
            true => Some(vec![inputs]),
            false if weights => Some(vec![inputs / 2, inputs, 1, 1]),
            false => None,
        };
    }
    match name {
        _ if name.contains("norm0") => Some(vec![64]),
        _ if name.contains("norm5") => Some(vec![1024]),
        _ if name.contains("conv0") && weights => Some(vec![64, planes, 7, 7]),
        _ => None,
    }
}
