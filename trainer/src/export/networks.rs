//! The graph of every network: the forward passes of `cytolens::model`, with the names of its files.
//!
//! The depth of a network and the size of its kernels follow from the weights.

use cytolens::model::{Architecture, HeadKind};

use super::graph::{Graph, Value, Window};

const KEEPING: Window = Window::KEEPING;
const HALVING: Window = Window::HALVING;
const SHRINKING: Window = KEEPING.without_border();
const HALVING_WITHOUT_BORDER: Window = HALVING.without_border();

/// Adds a backbone: normalised planes `[batch, planes, height, width]` to features.
pub fn backbone(graph: &mut Graph, architecture: Architecture, planes: &Value) -> Value {
    match architecture {
        Architecture::DenseNet121 | Architecture::DenseNet201 => densenet(graph, planes),
        Architecture::ResNet50 => resnet(graph, planes),
        Architecture::AllCnn => all_cnn(graph, planes),
        Architecture::InceptionResNetV2 => inception_resnet(graph, planes),
    }
}

/// Adds a head: features to logits `[batch, classes]`.
pub fn head(graph: &mut Graph, kind: HeadKind, classifier: &str, features: &Value) -> Value {
    let x = match kind {
        HeadKind::Pooling => {
            let x = graph.global_average_pool(features);
            graph.flatten(&x)
        }
        HeadKind::Described => {
            let x = graph.convolution(features, "head.reduce", KEEPING);
            let x = graph.flatten(&x);
            let x = graph.linear(&x, "head.hidden");
            graph.relu(&x)
        }
    };
    graph.linear(&x, classifier)
}

/// Adds a U-Net of so many levels: planes to logits `[batch, outputs, height, width]`.
pub fn unet(graph: &mut Graph, levels: usize, planes: &Value) -> Value {
    let block = |graph: &mut Graph, x: &Value, name: &str| {
        let x = graph.convolution(x, &format!("{name}.conv1"), KEEPING);
        let x = norm_relu(graph, &x, &format!("{name}.norm1"));
        let x = graph.convolution(&x, &format!("{name}.conv2"), KEEPING);
        norm_relu(graph, &x, &format!("{name}.norm2"))
    };
    let mut skips = Vec::new();
    let mut x = planes.clone();
    for level in 0..levels {
        if level > 0 {
            skips.push(x.clone());
            x = graph.max_pool(&x, 2, HALVING_WITHOUT_BORDER);
        }
        x = block(graph, &x, &format!("down.{level}"));
    }
    for (level, skip) in skips.into_iter().enumerate().rev() {
        let name = format!("up.{level}");
        x = graph.doubling(&x, &format!("{name}.upsample"));
        let joined = graph.concatenate(&[skip, x]);
        x = block(graph, &joined, &name);
    }
    graph.convolution(&x, "out", KEEPING)
}

fn densenet(graph: &mut Graph, planes: &Value) -> Value {
    let x = graph.convolution(planes, "features.conv0", HALVING);
    let x = norm_relu(graph, &x, "features.norm0");
    let mut x = graph.max_pool(&x, 3, HALVING);
    for block in 1.. {
        for layer in 1.. {
            let layer = format!("features.denseblock{block}.denselayer{layer}");
            if !graph.has(&format!("{layer}.norm1")) {
                break;
            }
            let y = norm_relu(graph, &x, &format!("{layer}.norm1"));
            let y = graph.convolution(&y, &format!("{layer}.conv1"), KEEPING);
            let y = norm_relu(graph, &y, &format!("{layer}.norm2"));
            let y = graph.convolution(&y, &format!("{layer}.conv2"), KEEPING);
            x = graph.concatenate(&[x, y]);
        }
        let transition = format!("features.transition{block}");
        if !graph.has(&format!("{transition}.norm")) {
            break;
        }
        x = norm_relu(graph, &x, &format!("{transition}.norm"));
        x = graph.convolution(&x, &format!("{transition}.conv"), KEEPING);
        x = graph.average_pool(&x, 2, HALVING_WITHOUT_BORDER);
    }
    norm_relu(graph, &x, "features.norm5")
}

fn resnet(graph: &mut Graph, planes: &Value) -> Value {
    let x = graph.convolution(planes, "conv1", HALVING);
    let x = norm_relu(graph, &x, "bn1");
    let mut x = graph.max_pool(&x, 3, HALVING);
    for stage in 1..=4 {
        for block in 0.. {
            let block_name = format!("layer{stage}.{block}");
            if !graph.has(&format!("{block_name}.conv1")) {
                break;
            }
            let window = if stage > 1 && block == 0 {
                HALVING
            } else {
                KEEPING
            };
            x = bottleneck(graph, &x, &block_name, window);
        }
    }
    x
}

fn bottleneck(graph: &mut Graph, x: &Value, block: &str, window: Window) -> Value {
    let mut y = x.clone();
    for (number, window) in [(1, KEEPING), (2, window), (3, KEEPING)] {
        y = graph.convolution(&y, &format!("{block}.conv{number}"), window);
        y = graph.batch_norm(&y, &format!("{block}.bn{number}"));
        if number < 3 {
            y = graph.relu(&y);
        }
    }
    let past = if graph.has(&format!("{block}.downsample.0")) {
        let past = graph.convolution(x, &format!("{block}.downsample.0"), window);
        graph.batch_norm(&past, &format!("{block}.downsample.1"))
    } else {
        x.clone()
    };
    let sum = graph.add(&y, &past);
    graph.relu(&sum)
}

fn all_cnn(graph: &mut Graph, planes: &Value) -> Value {
    let mut x = planes.clone();
    for (layer, window) in [
        ("first.0", KEEPING),
        ("first.1", KEEPING),
        ("first.2", HALVING),
        ("second.0", KEEPING),
        ("second.1", KEEPING),
        ("second.2", HALVING),
        ("last.0", SHRINKING),
        ("last.1", KEEPING),
    ] {
        x = graph.convolution(&x, &format!("features.{layer}"), window);
        x = graph.relu(&x);
    }
    x
}

fn inception_resnet(graph: &mut Graph, planes: &Value) -> Value {
    let x = conv_norm_relu(graph, planes, "conv2d_1a", HALVING_WITHOUT_BORDER);
    let x = conv_norm_relu(graph, &x, "conv2d_2a", SHRINKING);
    let x = conv_norm_relu(graph, &x, "conv2d_2b", KEEPING);
    let x = graph.max_pool(&x, 3, HALVING_WITHOUT_BORDER);
    let x = conv_norm_relu(graph, &x, "conv2d_3b", KEEPING);
    let x = conv_norm_relu(graph, &x, "conv2d_4a", SHRINKING);
    let x = graph.max_pool(&x, 3, HALVING_WITHOUT_BORDER);

    let mut parts = branches(graph, &x, "mixed_5b", KEEPING);
    let smoothed = graph.average_pool(&x, 3, KEEPING);
    parts.push(conv_norm_relu(
        graph,
        &smoothed,
        "mixed_5b.branch3.1",
        KEEPING,
    ));
    let x = graph.concatenate(&parts);

    let x = residuals(graph, &x, "repeat", 0.17);
    let x = reduction(graph, &x, "mixed_6a");
    let x = residuals(graph, &x, "repeat_1", 0.10);
    let x = reduction(graph, &x, "mixed_7a");
    let x = residuals(graph, &x, "repeat_2", 0.20);
    let x = residual(graph, &x, "block8", 1.0);
    conv_norm_relu(graph, &x, "conv2d_7b", KEEPING)
}

/// Adds residual blocks, each with the ReLU after it.
fn residuals(graph: &mut Graph, x: &Value, stage: &str, factor: f32) -> Value {
    let mut x = x.clone();
    for block in 0.. {
        let block = format!("{stage}.{block}");
        if !graph.has(&format!("{block}.conv2d")) {
            break;
        }
        x = residual(graph, &x, &block, factor);
        x = graph.relu(&x);
    }
    x
}

/// Adds branches whose features are brought to the input's number, scaled and added to it.
fn residual(graph: &mut Graph, x: &Value, block: &str, factor: f32) -> Value {
    let parts = branches(graph, x, block, KEEPING);
    let joined = graph.concatenate(&parts);
    let y = graph.convolution(&joined, &format!("{block}.conv2d"), KEEPING);
    let y = graph.scale(&y, factor);
    graph.add(&y, x)
}

/// Adds a reduction, which halves the image by convolutions and by pooling side by side.
fn reduction(graph: &mut Graph, x: &Value, layer: &str) -> Value {
    let mut parts = branches(graph, x, layer, HALVING_WITHOUT_BORDER);
    parts.push(graph.max_pool(x, 3, HALVING_WITHOUT_BORDER));
    graph.concatenate(&parts)
}

/// Adds chains of convolutions with the same input; the last of each has the window `last`.
fn branches(graph: &mut Graph, x: &Value, block: &str, last: Window) -> Vec<Value> {
    let mut ends = Vec::new();
    for branch in 0.. {
        let branch = format!("{block}.branch{branch}");
        // A branch of one convolution has no number in it.
        let chain: Vec<String> = if graph.has(&format!("{branch}.conv")) {
            vec![branch]
        } else {
            (0..)
                .map(|step| format!("{branch}.{step}"))
                .take_while(|step| graph.has(&format!("{step}.conv")))
                .collect()
        };
        let Some(end) = chain.len().checked_sub(1) else {
            break;
        };
        let mut y = x.clone();
        for (step, layer) in chain.iter().enumerate() {
            let window = if step == end { last } else { KEEPING };
            y = conv_norm_relu(graph, &y, layer, window);
        }
        ends.push(y);
    }
    ends
}

fn conv_norm_relu(graph: &mut Graph, x: &Value, layer: &str, window: Window) -> Value {
    let x = graph.convolution(x, &format!("{layer}.conv"), window);
    norm_relu(graph, &x, &format!("{layer}.bn"))
}

fn norm_relu(graph: &mut Graph, x: &Value, layer: &str) -> Value {
    let x = graph.batch_norm(x, layer);
    graph.relu(&x)
}
