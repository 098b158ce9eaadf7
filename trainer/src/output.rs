//! What a command tells: its exit code, and lines on standard output and standard error, in place of `println!` and `eprintln!`, which
//! panic where nobody reads them.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use cytolens_core::plain::plain;

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

/// The text with U+FFFD for what a terminal would obey or what would turn the direction of writing: names of files and words in them
/// are foreign. Line breaks and tabs are our own.
fn shown(text: &str) -> String {
    let parts = text.split_inclusive(['\n', '\t']);
    parts
        .map(|part| match part.strip_suffix(['\n', '\t']) {
            Some(words) => plain(words) + &part[words.len()..],
            None => plain(part),
        })
        .collect()
}

/// The function behind [`say!`].
pub fn say_line(line: fmt::Arguments<'_>) -> Result<(), OutputError> {
    writeln!(io::stdout().lock(), "{}", shown(&line.to_string())).map_err(OutputError)
}

/// The function behind [`note!`].
pub fn note_line(line: fmt::Arguments<'_>) {
    // A failure could only be reported here.
    writeln!(io::stderr().lock(), "{}", shown(&line.to_string())).ok();
}

/// Notes what is left out and why, a line for each fault.
pub fn note_left_out<'a, F: fmt::Display + 'a>(faults: impl IntoIterator<Item = &'a F>) {
    for fault in faults {
        note!("left out: {fault}");
    }
}

/// The exit code of a command that has left out so many files or fields: success where there are none.
pub fn exit_code(left_out: usize) -> ExitCode {
    match left_out {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_words_give_a_terminal_no_orders() {
        for (text, expected) in [
            ("plain, \u{e4}, 細胞", "plain, \u{e4}, 細胞"),
            ("two\nlines\tand a tab\n", "two\nlines\tand a tab\n"),
            ("a\u{1b}[2Jb", "a\u{fffd}[2Jb"),
            ("a\rb\u{9b}c\u{202e}d", "a\u{fffd}b\u{fffd}c\u{fffd}d"),
            ("", ""),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }
}
