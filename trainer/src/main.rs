//! The Cytolens trainer, which trains, packages and runs models on the desktop.
//!
//! From low to high: `output`, `panics`, `device`, `run` and `predict` and `export`, `commands`.

mod commands;
mod device;
mod export;
mod output;
mod panics;
mod predict;
mod run;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Trains, packages and runs models that tell where in a human cell a protein sits.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Inspect(commands::inspect::Inspect),
    Train(commands::train::Train),
    Probe(commands::probe::Probe),
    Evaluate(commands::evaluate::Evaluate),
    Compare(commands::compare::Compare),
    Adapt(commands::adapt::Adapt),
    Package(commands::package::MakePackage),
    Export(commands::export::Export),
    Predict(commands::predict::Predict),
    Merge(commands::merge::Merge),
    Simulate(commands::simulate::Simulate),
    Download(commands::download::Download),
    Split(commands::split::Split),
    Augment(commands::augment::Augment),
    Serve(commands::serve::Serve),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Inspect(command) => command.run(),
        Command::Train(command) => command.run(),
        Command::Probe(command) => command.run(),
        Command::Evaluate(command) => command.run(),
        Command::Compare(command) => command.run(),
        Command::Adapt(command) => command.run(),
        Command::Package(command) => command.run(),
        Command::Export(command) => command.run(),
        Command::Predict(command) => command.run(),
        Command::Merge(command) => command.run(),
        Command::Simulate(command) => command.run(),
        Command::Download(command) => command.run(),
        Command::Split(command) => command.run(),
        Command::Augment(command) => command.run(),
        Command::Serve(command) => command.run(),
    };
    match done {
        Ok(code) => code,
        // As in `trainer evaluate ... | head`: nobody reads the rest.
        Err(error) if output::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::note!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
