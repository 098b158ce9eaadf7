//! A builder of ONNX graphs, operation by operation in the order of a forward pass.
//!
//! Operators are those of ONNX's operator set 17 (`docs/Operators.md` of the specification).

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use cytolens::model::TensorsReport;
use safetensors::tensor::{Dtype, SafeTensors};

use super::protobuf::{
    AttributeProto, AttributeType, Dimension, DimensionProto, FLOAT, GraphProto, NodeProto,
    TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};

/// A value in a graph, by its name.
#[derive(Debug, Clone)]
pub struct Value(String);

/// The stride and padding of a convolution or pooling.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    stride: i64,
    /// Whether the image is padded by half the window.
    bordered: bool,
}

impl Window {
    /// A window that keeps the image's size.
    pub const KEEPING: Self = Self {
        stride: 1,
        bordered: true,
    };
    /// A window that halves the image.
    pub const HALVING: Self = Self {
        stride: 2,
        bordered: true,
    };

    /// The same without padding: the image shrinks by the window too.
    pub const fn without_border(self) -> Self {
        Self {
            bordered: false,
            ..self
        }
    }

    /// `strides` and `pads` for a window of this height and width.
    fn attributes(self, [height, width]: [i64; 2]) -> Vec<AttributeProto> {
        let [vertical, horizontal] = match self.bordered {
            true => [height / 2, width / 2],
            false => [0, 0],
        };
        vec![
            ints("strides", &[self.stride, self.stride]),
            ints("pads", &[vertical, horizontal, vertical, horizontal]),
        ]
    }
}

/// A graph being built, with the weights that its layers take by their names in files.
pub struct Graph {
    /// The weights that no layer has taken yet.
    weights: BTreeMap<String, TensorProto>,
    /// The names of weights that layers lacked.
    missing: Vec<String>,
    /// The constant added to the variance in batch normalisation.
    epsilon: f32,
    made: GraphProto,
}

impl Graph {
    /// Begins a graph with the tensors of a safetensors file.
    ///
    /// # Errors
    /// If it is no such file, or holds other numbers than f32.
    pub fn new(name: &str, weights: &[u8], epsilon: f64) -> Result<Self> {
        let file = SafeTensors::deserialize(weights)?;
        let mut tensors = BTreeMap::new();
        for (name, tensor) in file.iter() {
            if tensor.dtype() != Dtype::F32 {
                bail!("{name} holds {:?}, not f32", tensor.dtype());
            }
            let tensor = TensorProto {
                dims: tensor.shape().iter().map(|&side| side as i64).collect(),
                data_type: FLOAT,
                name: name.to_owned(),
                raw_data: tensor.data().to_vec(),
            };
            tensors.insert(name.to_owned(), tensor);
        }
        Ok(Self {
            weights: tensors,
            missing: Vec::new(),
            epsilon: epsilon as f32,
            made: GraphProto {
                name: name.to_owned(),
                ..GraphProto::default()
            },
        })
    }

    /// Finishes the graph.
    ///
    /// # Errors
    /// If a layer lacked a weight, or a weight was left over: then the graph is not the network's.
    pub fn finish(self) -> Result<GraphProto> {
        let taken = self.made.initializer.iter().map(|t| t.name.clone());
        let report = TensorsReport {
            applied: taken.collect(),
            missing: self.missing,
            unexpected: self.weights.into_keys().collect(),
            unfit: Vec::new(),
        };
        if !report.is_complete() {
            bail!("the weights are not those of the network: {report}");
        }
        Ok(self.made)
    }

    /// Returns whether there is a layer of this name that was not taken yet.
    pub fn has(&self, layer: &str) -> bool {
        self.weights.contains_key(&format!("{layer}.weight"))
    }

    /// The input of the graph.
    pub fn input(&mut self, name: &str, shape: &[Dimension], says: &str) -> Value {
        self.made.input.push(value_info(name, shape, says));
        Value(name.to_owned())
    }

    /// Makes a value an output of the graph under a name.
    pub fn output(&mut self, x: &Value, name: &str, shape: &[Dimension], says: &str) {
        self.made.output.push(value_info(name, shape, says));
        self.push(name, "Identity", &[x], &[], vec![]);
    }

    /// Normalises plane by plane: `(x - mean) / std`.
    pub fn normalise(&mut self, x: &Value, mean: &[f32], std: &[f32]) -> Value {
        let mean = self.constant("mean", &[1, mean.len(), 1, 1], mean);
        let std = self.constant("std", &[1, std.len(), 1, 1], std);
        let centred = self.unnamed("Sub", &[x, &mean], vec![]);
        self.unnamed("Div", &[&centred, &std], vec![])
    }

    /// A convolution, with a bias where the network has one.
    pub fn convolution(&mut self, x: &Value, layer: &str, window: Window) -> Value {
        let attributes = match self.weights.get(&format!("{layer}.weight")) {
            Some(TensorProto { dims, .. }) if dims.len() == 4 => {
                window.attributes([dims[2], dims[3]])
            }
            // `finish` reports the missing weight.
            _ => vec![],
        };
        let weights = match self.weights.contains_key(&format!("{layer}.bias")) {
            true => &["weight", "bias"][..],
            false => &["weight"][..],
        };
        self.push(layer, "Conv", &[x], weights, attributes)
    }

    /// A transposed convolution that doubles the sides, of 2x2 pixels.
    pub fn doubling(&mut self, x: &Value, layer: &str) -> Value {
        let strides = ints("strides", &[2, 2]);
        self.push(
            layer,
            "ConvTranspose",
            &[x],
            &["weight", "bias"],
            vec![strides],
        )
    }

    /// Batch normalisation by the statistics of training.
    pub fn batch_norm(&mut self, x: &Value, layer: &str) -> Value {
        let weights = ["weight", "bias", "running_mean", "running_var"];
        let epsilon = float("epsilon", self.epsilon);
        self.push(layer, "BatchNormalization", &[x], &weights, vec![epsilon])
    }

    /// A fully connected layer: `[batch, inputs]` to `[batch, outputs]`.
    pub fn linear(&mut self, x: &Value, layer: &str) -> Value {
        // Files hold `[outputs, inputs]`.
        let transposed = int("transB", 1);
        self.push(layer, "Gemm", &[x], &["weight", "bias"], vec![transposed])
    }

    /// The ReLU.
    pub fn relu(&mut self, x: &Value) -> Value {
        self.unnamed("Relu", &[x], vec![])
    }

    /// The logistic function.
    pub fn sigmoid(&mut self, x: &Value) -> Value {
        self.unnamed("Sigmoid", &[x], vec![])
    }

    /// Maximum pooling over squares of this many pixels a side.
    pub fn max_pool(&mut self, x: &Value, side: i64, window: Window) -> Value {
        let mut attributes = window.attributes([side, side]);
        attributes.push(ints("kernel_shape", &[side, side]));
        self.unnamed("MaxPool", &[x], attributes)
    }

    /// Average pooling over squares of this many pixels a side; padding does not count.
    pub fn average_pool(&mut self, x: &Value, side: i64, window: Window) -> Value {
        let mut attributes = window.attributes([side, side]);
        attributes.push(ints("kernel_shape", &[side, side]));
        attributes.push(int("count_include_pad", 0));
        self.unnamed("AveragePool", &[x], attributes)
    }

    /// The mean of every feature map: `[batch, features, 1, 1]`.
    pub fn global_average_pool(&mut self, x: &Value) -> Value {
        self.unnamed("GlobalAveragePool", &[x], vec![])
    }

    /// Flattens `[batch, ...]` to `[batch, numbers]`.
    pub fn flatten(&mut self, x: &Value) -> Value {
        self.unnamed("Flatten", &[x], vec![int("axis", 1)])
    }

    /// Concatenates feature maps.
    pub fn concatenate(&mut self, parts: &[Value]) -> Value {
        let parts: Vec<&Value> = parts.iter().collect();
        self.unnamed("Concat", &parts, vec![int("axis", 1)])
    }

    /// Adds two values number by number.
    pub fn add(&mut self, x: &Value, y: &Value) -> Value {
        self.unnamed("Add", &[x, y], vec![])
    }

    /// Multiplies a value by a number.
    pub fn scale(&mut self, x: &Value, factor: f32) -> Value {
        let name = format!("factor_{}", self.made.node.len());
        let factor = self.constant(&name, &[], &[factor]);
        self.unnamed("Mul", &[x, &factor], vec![])
    }

    fn constant(&mut self, name: &str, shape: &[usize], values: &[f32]) -> Value {
        self.made.initializer.push(TensorProto {
            dims: shape.iter().map(|&side| side as i64).collect(),
            data_type: FLOAT,
            name: name.to_owned(),
            raw_data: values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        });
        Value(name.to_owned())
    }

    /// An operation without weights, named by its operator and its number.
    fn unnamed(
        &mut self,
        operator: &str,
        inputs: &[&Value],
        attributes: Vec<AttributeProto>,
    ) -> Value {
        let name = format!("{}_{}", operator.to_lowercase(), self.made.node.len());
        self.push(&name, operator, inputs, &[], attributes)
    }

    /// An operation of a layer, whose weights move into the graph.
    fn push(
        &mut self,
        layer: &str,
        operator: &str,
        inputs: &[&Value],
        weights: &[&str],
        attribute: Vec<AttributeProto>,
    ) -> Value {
        let mut input: Vec<String> = inputs.iter().map(|value| value.0.clone()).collect();
        for weight in weights {
            let name = format!("{layer}.{weight}");
            match self.weights.remove(&name) {
                Some(tensor) => self.made.initializer.push(tensor),
                None => self.missing.push(name.clone()),
            }
            input.push(name);
        }
        self.made.node.push(NodeProto {
            input,
            output: vec![layer.to_owned()],
            name: layer.to_owned(),
            op_type: operator.to_owned(),
            attribute,
        });
        Value(layer.to_owned())
    }
}

fn value_info(name: &str, shape: &[Dimension], says: &str) -> ValueInfoProto {
    let dimension = |value: &Dimension| DimensionProto {
        value: Some(value.clone()),
    };
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto {
            tensor_type: Some(TensorTypeProto {
                elem_type: FLOAT,
                shape: Some(TensorShapeProto {
                    dim: shape.iter().map(dimension).collect(),
                }),
            }),
        }),
        doc_string: says.to_owned(),
    }
}

fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        f: Some(value),
        r#type: AttributeType::Float.into(),
        ..AttributeProto::default()
    }
}

fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        i: Some(value),
        r#type: AttributeType::Int.into(),
        ..AttributeProto::default()
    }
}

fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        ints: values.to_vec(),
        r#type: AttributeType::Ints.into(),
        ..AttributeProto::default()
    }
}
