//! Lines on standard output and standard error, in place of `println!` and `eprintln!`, which panic where nobody reads them.

use std::fmt;
use std::io::{self, ErrorKind, Write};

/// Prints a line on standard output. Gives [`OutputError`] where it cannot be written.
macro_rules! say {
    ($($text:tt)*) => { $crate::output::say_line(format_args!($($text)*)) };
}

/// Prints a line on standard error.
macro_rules! note {
    ($($text:tt)*) => { $crate::output::note_line(format_args!($($text)*)) };
}

pub(crate) use {note, say};

/// A failure to write to standard output.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
pub struct OutputError(#[source] io::Error);

/// Returns whether a command failed only because the program that read its output has ended, as `head` does.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<OutputError>()
        .is_some_and(|OutputError(error)| error.kind() == ErrorKind::BrokenPipe)
}

/// The function behind [`say!`].
pub fn say_line(line: fmt::Arguments<'_>) -> Result<(), OutputError> {
    writeln!(io::stdout().lock(), "{line}").map_err(OutputError)
}

/// The function behind [`note!`].
pub fn note_line(line: fmt::Arguments<'_>) {
    // A failure could only be reported here.
    writeln!(io::stderr().lock(), "{line}").ok();
}
