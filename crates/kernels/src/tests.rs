//! Every kernel against loops, over sizes that no vector and no tile divides.

use crate::convolution::Convolution;
use crate::map::{Map, Pooling, Window, pool_into};
use crate::naive::{Planes, assert_close, largest, mean, random};
use crate::{Engine, Processor, Tensor};

fn engines() -> Vec<Engine> {
    Processor::all().into_iter().map(Engine::new).collect()
}

fn to_planes(map: &Map) -> Planes {
    let pixels = map.height * map.width;
    let values = (0..map.channels * pixels)
        .map(|place| map.values()[place % pixels * map.channels + place / pixels])
        .collect();
    Planes {
        shape: [map.channels, map.height, map.width],
        values,
    }
}

#[test]
fn convolutions_are_those_of_loops() {
    // Inputs, outputs, height, width, kernel, stride, border.
    for (inputs, outputs, height, width, kernel, stride, border) in [
        (3, 64, 21, 18, [7, 7], 2, true),
        (1, 5, 3, 2, [3, 3], 1, true),
        (4, 33, 16, 16, [3, 3], 2, true),
        (48, 80, 9, 13, [1, 1], 1, true),
        (300, 16, 5, 7, [1, 1], 1, true),
        (16, 16, 4, 4, [3, 3], 1, true),
        (32, 48, 11, 6, [3, 3], 1, true),
        (16, 64, 70, 33, [3, 3], 1, true),
        (272, 16, 7, 7, [3, 3], 1, true),
        (16, 32, 1, 1, [3, 3], 1, true),
        (32, 16, 8, 9, [3, 3], 1, false),
        (16, 24, 10, 12, [1, 7], 1, true),
        (16, 24, 10, 12, [7, 1], 1, true),
        (96, 40, 6, 6, [5, 5], 1, true),
        (64, 32, 7, 9, [1, 1], 2, true),
    ] {
        let case = format!("{inputs} to {outputs}, {height}x{width}, {kernel:?}/{stride} {border}");
        let planes = Planes::random([inputs, height, width], 1);
        let weights = Tensor {
            shape: vec![outputs, inputs, kernel[0], kernel[1]],
            values: random(outputs * inputs * kernel[0] * kernel[1], 2),
        };
        let bias = random(outputs, 3);
        let padding = if border {
            kernel.map(|side| side / 2)
        } else {
            [0, 0]
        };
        let linear = planes.convolved(&weights, &bias, stride, padding);
        for engine in engines() {
            let case = format!("{case}, {:?}", engine.processor);
            let map = Map::of_planes(&engine.pool, &planes.values, planes.shape);
            let make = |relu| {
                let window = Window {
                    kernel,
                    stride,
                    padding,
                };
                let channels = [outputs, inputs];
                Convolution::new(
                    &engine,
                    &weights.values,
                    channels,
                    window,
                    bias.clone(),
                    relu,
                )
            };
            let found = to_planes(&make(true).forward(&engine, &map));
            assert_eq!(found.shape, linear.shape, "{case}");
            assert_close(&found.values, &linear.relu().values, 3e-5, &case);

            // Into some channels of a map, and onto what is there.
            let [_, height, width] = linear.shape;
            let before = Planes::random([outputs + 32, height, width], 4);
            let mut out = Map::of_planes(&engine.pool, &before.values, before.shape);
            make(false).forward_into(&engine, &map, &mut out, 16, false);
            let kept = to_planes(&out).values;
            let pixels = height * width;
            let written = 16 * pixels..(16 + outputs) * pixels;
            assert_close(&kept[written.clone()], &linear.values, 3e-5, &case);
            assert_eq!(
                kept[..written.start],
                before.values[..written.start],
                "{case}"
            );
            assert_eq!(kept[written.end..], before.values[written.end..], "{case}");

            let before = Planes::random(linear.shape, 5);
            let mut out = Map::of_planes(&engine.pool, &before.values, before.shape);
            make(true).forward_into(&engine, &map, &mut out, 0, true);
            let sum = linear.plus(&before).relu();
            assert_close(&to_planes(&out).values, &sum.values, 3e-5, &case);
        }
    }
}

#[test]
fn pooling_is_that_of_loops() {
    for (channels, height, width) in [(16, 9, 8), (5, 3, 3), (64, 16, 17)] {
        let planes = Planes::random([channels, height, width], 1);
        for (pooling, stride, padding) in [
            (Pooling::Max, 2, 1),
            (Pooling::Max, 2, 0),
            (Pooling::Mean, 1, 1),
        ] {
            let reduce = match pooling {
                Pooling::Max => largest,
                Pooling::Mean => mean,
            };
            let expected = planes.pooled(3, stride, padding, reduce);
            let window = Window {
                kernel: [3, 3],
                stride,
                padding: [padding; 2],
            };
            for engine in engines() {
                let map = Map::of_planes(&engine.pool, &planes.values, planes.shape);
                let [height, width] = window.output(&map);
                let mut out = Map::new(&engine.pool, height, width, channels + 3);
                pool_into(engine.processor, pooling, window, &map, &mut out, 3);
                let found = to_planes(&out);
                assert_eq!(found.shape[1..], expected.shape[1..]);
                let found = &found.values[3 * height * width..];
                assert_close(
                    found,
                    &expected.values,
                    1e-6,
                    &format!("{pooling:?} {stride}"),
                );
            }
        }
    }
}
