//! Decodes the files of one field, named as in a folder, and prints what was read and how long it took:
//! `cargo run --release -p cytolens-field --example decode -- x_red.png x_green.png x_blue.png`, under `/usr/bin/time -v` with the
//! peak of memory.

use std::process::ExitCode;
use std::time::Instant;

use cytolens_core::{ChannelOrder, group};
use cytolens_field::{FieldDecoder, Source};

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let grouping = group(&names);
    for fault in &grouping.faults {
        println!("{fault}");
    }
    let mut status = ExitCode::SUCCESS;
    for files in grouping.fields {
        let order = ChannelOrder::default();
        let start = Instant::now();
        let mut decoder = FieldDecoder::new(&files.id, &order);
        let mut result = Ok(());
        for file in &files.files {
            let bytes = match std::fs::read(&file.name) {
                Ok(bytes) => bytes,
                Err(error) => {
                    println!("{error}: {}", file.name);
                    return ExitCode::FAILURE;
                }
            };
            result = result.and_then(|()| {
                decoder.add(Source {
                    name: &file.name,
                    channel: file.channel,
                    bytes: &bytes,
                })
            });
        }
        match result.and_then(|()| decoder.finish()) {
            Ok(field) => {
                println!("{}: {}", files.id, field.describe());
                println!("  {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
                println!("  pixel size: {:?} µm", field.pixel_size());
                for notice in field.notices() {
                    println!("  {notice}");
                }
            }
            Err(error) => {
                println!("{error}");
                status = ExitCode::FAILURE;
            }
        }
    }
    status
}
