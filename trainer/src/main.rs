//! The Cytolens trainer, which trains, packages and runs models on the desktop.
//!
//! From low to high: `output`, `panics`, `device`, `run` and `predict` and `export` and `similar` and `unet`, `cells` and `painter` and `repaint`,
//! `commands`.

mod cells;
mod commands;
mod device;
mod export;
mod output;
mod painter;
mod panics;
mod predict;
mod repaint;
mod run;
mod similar;
mod unet;

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
    TrainCells(commands::train_cells::TrainCells),
    TrainPainter(commands::train_painter::TrainPainter),
    Probe(commands::probe::Probe),
    Evaluate(commands::evaluate::Evaluate),
    Compare(commands::compare::Compare),
    Adapt(commands::adapt::Adapt),
    Package(commands::package::MakePackage),
    Ensemble(commands::ensemble::MakeEnsemble),
    Stack(commands::stack::MakeStack),
    Export(commands::export::Export),
    Predict(commands::predict::Predict),
    Cells(commands::cells::FindCells),
    ScoreCells(commands::score_cells::ScoreCells),
    ScorePainter(commands::score_painter::ScorePainter),
    CalibrateCells(commands::calibrate_cells::CalibrateCells),
    Merge(commands::merge::Merge),
    Embed(commands::embed::Embed),
    Index(commands::index::MakeIndex),
    Neighbours(commands::neighbours::ScoreNeighbours),
    Familiar(commands::familiar::MakeFamiliar),
    Simulate(commands::simulate::Simulate),
    Download(commands::download::Download),
    Split(commands::split::Split),
    Augment(commands::augment::Augment),
    Repaint(commands::repaint::Repaint),
    Serve(commands::serve::Serve),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Inspect(command) => command.run(),
        Command::Train(command) => command.run(),
        Command::TrainCells(command) => command.run(),
        Command::TrainPainter(command) => command.run(),
        Command::Probe(command) => command.run(),
        Command::Evaluate(command) => command.run(),
        Command::Compare(command) => command.run(),
        Command::Adapt(command) => command.run(),
        Command::Package(command) => command.run(),
        Command::Ensemble(command) => command.run(),
        Command::Stack(command) => command.run(),
        Command::Export(command) => command.run(),
        Command::Predict(command) => command.run(),
        Command::Cells(command) => command.run(),
        Command::ScoreCells(command) => command.run(),
        Command::ScorePainter(command) => command.run(),
        Command::CalibrateCells(command) => command.run(),
        Command::Merge(command) => command.run(),
        Command::Embed(command) => command.run(),
        Command::Index(command) => command.run(),
        Command::Neighbours(command) => command.run(),
        Command::Familiar(command) => command.run(),
        Command::Simulate(command) => command.run(),
        Command::Download(command) => command.run(),
        Command::Split(command) => command.run(),
        Command::Augment(command) => command.run(),
        Command::Repaint(command) => command.run(),
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
