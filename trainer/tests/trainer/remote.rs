//! Devices that another process serves, over this machine's loopback: their results, and their access
//! control.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{ToSocketAddrs, UdpSocket};
use std::path::Path;
use std::process::{Child, Output, Stdio};

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::optim::{AdamWConfig, GradientsParams};
use burn::remote::{IrohHost, IrohRelays, RemoteHost};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use tempfile::TempDir;

use crate::ensemble::member;
use crate::support::{MODEL, at, command, folder, simulate, text, trainer};

/// A `trainer serve` that ends with the test.
struct Server {
    process: Child,
    /// The text that it prints for `--device` on this machine.
    device: String,
}

impl Server {
    /// Serves the CPU at a free port.
    fn start(more: &[&str]) -> Self {
        let port = UdpSocket::bind("127.0.0.1:0")
            .and_then(|socket| socket.local_addr())
            .expect("a free port")
            .port()
            .to_string();
        let mut process = command(&["serve", "--device", "flex", "--port", &port])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the trainer runs");
        let mut lines = BufReader::new(process.stdout.take().expect("its output"));
        let mut device = None;
        let mut line = String::new();
        while device.is_none() && lines.read_line(&mut line).expect("text") > 0 {
            device = line
                .trim_end()
                .strip_prefix("--device ")
                .filter(|text| text.contains("@127.0.0.1:"))
                .map(str::to_owned);
            line.clear();
        }
        // Its further output must not fill the pipe.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Self {
            process,
            device: device.expect("the server says how it is reached"),
        }
    }

    /// The same device for somebody who knows another token.
    fn with_token(&self, token: &str) -> String {
        let (before, rest) = self.device.rsplit_once(':').expect("a port");
        let (who, host) = before.split_once('@').expect("a host");
        let id = who
            .strip_prefix("iroh:")
            .and_then(|who| who.split(':').next());
        format!("iroh:{}:{token}@{host}:{rest}", id.expect("an ID"))
    }

    /// The device in this process, as `--device` opens it.
    fn open(&self) -> Device {
        let text = self.device.strip_prefix("iroh:").expect("the kind");
        let (who, place) = text.split_once('@').expect("a place");
        let (id, token) = who.split_once(':').expect("a token");
        let address = place.split('/').next().expect("an address");
        let address = address
            .to_socket_addrs()
            .ok()
            .and_then(|mut all| all.next())
            .expect("an address");
        let host = IrohHost::new(id.parse::<burn::remote::EndpointId>().expect("an ID"))
            .with_relays(IrohRelays::Disabled)
            .with_address(address);
        Device::remote_options(&RemoteHost::iroh(host).with_credential(token))
            .init()
            .expect("a connection")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn simulated(folder: &TempDir) -> String {
    let set = simulate(folder, 2, 128);
    fs::remove_file(Path::new(&set).join("train.csv")).expect("labels");
    set
}

fn predict(model: &str, set: &str, out: &str, device: &str) -> Output {
    trainer(&[
        "predict", "--model", model, "--data", set, "--out", out, "--device", device,
    ])
}

/// The probabilities of a table, row by row, and the labels over threshold.
fn predictions(path: &str) -> (Vec<String>, Vec<f64>) {
    let mut reader = csv::Reader::from_path(path).expect("a table");
    let (mut labels, mut probabilities) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record.expect("a row");
        labels.push(format!("{}: {}", &record[0], &record[1]));
        probabilities.extend(
            record
                .iter()
                .skip(2)
                .map(|value| value.parse::<f64>().expect("a number")),
        );
    }
    (labels, probabilities)
}

#[test]
fn another_machines_device_predicts_what_this_ones_does() {
    let out = folder();
    let set = simulated(&out);
    // It takes small pictures: each operation goes over the network all the same.
    let model = member(&out, "model", 128, |_| ());
    let (here, there) = (at(&out, "here.csv"), at(&out, "there.csv"));
    let output = predict(&model, &set, &here, "flex");
    assert!(output.status.success(), "{}", text(&output.stderr));

    let server = Server::start(&[]);
    let output = predict(&model, &set, &there, &server.device);
    assert!(output.status.success(), "{}", text(&output.stderr));

    let (labels, expected) = predictions(&here);
    let (found_labels, found) = predictions(&there);
    assert_eq!(found_labels, labels);
    assert_eq!(found.len(), 2 * 28);
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-5, "{found} for {expected}");
    }
}

#[test]
fn who_does_not_know_the_token_is_refused() {
    let out = folder();
    let set = simulated(&out);
    let table = at(&out, "table.csv");
    let server = Server::start(&["--token", "the-right-one"]);
    assert!(server.device.contains(":the-right-one@"));
    let output = predict(MODEL, &set, &table, &server.with_token("a-wrong-one"));
    let printed = text(&output.stderr);
    assert!(!output.status.success());
    assert!(
        printed.contains("credential") && printed.contains("cannot use"),
        "{printed}"
    );
    assert!(
        !printed.contains("wrong-one") && !printed.contains("panicked"),
        "{printed}"
    );
    assert!(!Path::new(&table).exists());
}

#[test]
fn a_server_keeps_its_text_with_its_key_and_its_port_to_itself() {
    let out = folder();
    let key = at(&out, "server.key");
    let who = |server: &Server| {
        let (who, _) = server.device.split_once('@').expect("a place");
        who.to_owned()
    };
    let first = who(&Server::start(&["--key", &key]));
    let server = Server::start(&["--key", &key]);
    assert_eq!(who(&server), first);
    assert_ne!(who(&Server::start(&[])), first);

    // Connected, so it listens by now.
    server.open();
    let address = server.device.rsplit_once(':').expect("a port").1;
    let port = address.split('/').next().expect("a port");
    let output = trainer(&["serve", "--device", "flex", "--port", port]);
    let printed = text(&output.stderr);
    assert!(
        !output.status.success() && printed.contains(port),
        "{printed}"
    );
}

#[test]
fn nobody_there_is_an_error_that_says_so() {
    let out = folder();
    let set = simulated(&out);
    let table = at(&out, "table.csv");
    let server = Server::start(&[]);
    let device = server.device.clone();
    drop(server);
    let output = predict(MODEL, &set, &table, &device);
    let printed = text(&output.stderr);
    assert!(!output.status.success());
    assert!(
        printed.contains("cannot be reached") && !printed.contains("panicked"),
        "{printed}"
    );
    let unknown = trainer(&[
        "predict", "--model", MODEL, "--data", &set, "--out", &table, "--device", "gpu",
    ]);
    assert!(text(&unknown.stderr).contains("there is no device `gpu`"));
}

/// A network with all that trains differently: convolution, batch norm and a linear layer.
#[derive(Module, Debug)]
struct Small {
    convolution: Conv2d,
    norm: BatchNorm,
    linear: Linear,
}

impl Small {
    fn new(device: &Device) -> Self {
        Self {
            convolution: Conv2dConfig::new([3, 4], [3, 3]).init(device),
            norm: BatchNormConfig::new(4).init(device),
            linear: LinearConfig::new(4, 2).init(device),
        }
    }

    fn forward(&self, input: Tensor<4>) -> Tensor<2> {
        let maps = relu(self.norm.forward(self.convolution.forward(input)));
        let [batch, channels, height, width] = maps.dims();
        let means = maps.reshape([batch, channels, height * width]).mean_dim(2);
        self.linear.forward(means.reshape([batch, channels]))
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("numbers")
}

/// Three steps: each one's loss and gradients, and in the end the parameters, the norm's running
/// mean and an answer of the trained network.
fn train(mut network: Small, device: &Device) -> Vec<(String, Vec<f32>)> {
    let batch = |seed: usize| -> Tensor<4> {
        let values: Vec<f32> = (0..2 * 3 * 8 * 8)
            .map(|index| ((index * 37 + seed * 11) % 101) as f32 / 101.0)
            .collect();
        Tensor::from_data(TensorData::new(values, [2, 3, 8, 8]), device)
    };
    let target = Tensor::<2>::from_data([[1.0, 0.0], [0.0, 1.0]], device);
    let mut optimiser = AdamWConfig::new().init();
    let mut found = Vec::new();
    for step in 0..3 {
        let difference = network.forward(batch(step)) - target.clone();
        let loss = difference.clone().mul(difference).mean();
        found.push((format!("loss of step {step}"), values(loss.clone())));
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        let of = |name: &str, gradient: Option<Vec<f32>>| {
            let gradient = gradient.unwrap_or_else(|| panic!("{name} has no gradient"));
            (format!("{name} of step {step}"), gradient)
        };
        fn gradient<const D: usize>(
            gradients: &GradientsParams,
            parameter: &Param<Tensor<D>>,
        ) -> Option<Vec<f32>> {
            gradients.get::<D>(parameter.id).map(values)
        }
        found.push(of(
            "convolution",
            gradient(&gradients, &network.convolution.weight),
        ));
        found.push(of("norm", gradient(&gradients, &network.norm.gamma)));
        found.push(of("linear", gradient(&gradients, &network.linear.weight)));
        network = optimiser.step(0.01, network, gradients);
    }
    found.push((
        "the convolution".to_owned(),
        values(network.convolution.weight.val()),
    ));
    found.push((
        "the running mean".to_owned(),
        values(network.norm.running_mean.value_sync()),
    ));
    let answer = network.valid().forward(batch(9).without_autodiff());
    found.push(("the answer".to_owned(), values(answer)));
    found
}

#[test]
fn training_over_the_network_is_training_here() {
    let here = Device::flex().autodiff();
    let network = Small::new(&here);
    let server = Server::start(&[]);
    let there = server.open().autodiff();
    // Clones and forks of a batch norm share their running mean; this way there and back they do not.
    let copy = network.valid().train().fork(&there);
    let expected = train(network, &here);
    let found = train(copy, &there);
    for ((name, expected), (_, found)) in expected.iter().zip(found) {
        assert_eq!(expected.len(), found.len(), "{name}");
        for (expected, found) in expected.iter().zip(found) {
            // The same sums in the same order on the same kind of device; fusion may reorder a few.
            assert!(
                (expected - found).abs() <= 1e-5 * expected.abs().max(1e-2),
                "{name}: {found} for {expected}"
            );
        }
    }
}

/// Two other processes share each step of a training, and it learns what one device learns.
#[test]
fn a_training_is_shared_by_two_other_processes() {
    let folder = folder();
    let set = simulate(&folder, 24, 64);
    let servers = [Server::start(&[]), Server::start(&[])];
    let shared = servers.each_ref().map(|server| server.device.clone());
    let losses = |out: &str, device: &str| -> Vec<f64> {
        let out = at(&folder, out);
        let mut arguments = vec![
            "train", "--plain", "--data", &set, "--out", &out, "--device", device,
        ];
        for key in [
            "start.weights=random",
            "start.frozen_epochs=0",
            "input.size=32",
            "training.epochs=2",
            // Of 17 samples: a step of a batch on each, and one of a single sample. What is asked of a device over the network takes
            // its time, however small.
            "training.batch=8",
            "training.accumulation=2",
            "evaluation.views=2",
        ] {
            arguments.extend(["--set", key]);
        }
        let output = trainer(&arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let path = Path::new(&out).join("metrics.csv");
        let mut reader = csv::Reader::from_path(path).expect("metrics");
        reader
            .records()
            .map(|row| row.expect("a row")[2].parse().expect("a training loss"))
            .collect()
    };
    let here = losses("here", "flex");
    let there = losses("there", &shared.join(","));
    println!("here {here:?}, there {there:?}");
    assert_eq!(here.len(), 2);
    for (here, there) in here.iter().zip(&there) {
        assert!((here - there).abs() < 1e-3 * here, "{here} and {there}");
    }
}
