//! Panics of the device runtimes, as errors.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Result, anyhow};

/// Runs a function, and makes an error of its panic: the first line of the message.
///
/// # Errors
/// Those of the function, and its panic.
pub fn caught<T>(function: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(function))
        .unwrap_or_else(|panic| Err(anyhow!("{}", reason(&*panic))))
}

/// The first line of a panic's message.
fn reason(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .and_then(|text| text.lines().next())
        .unwrap_or("no reason given")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_first_line() {
        let number = 7;
        let formatted = caught(|| -> Result<()> { panic!("no adapter {number}\nbacktrace") });
        assert_eq!(
            formatted.expect_err("it panicked").to_string(),
            "no adapter 7"
        );
        let fixed = caught(|| -> Result<()> { panic!("no adapter") });
        assert_eq!(fixed.expect_err("it panicked").to_string(), "no adapter");
        let other = caught(|| -> Result<()> { std::panic::panic_any(number) });
        assert_eq!(
            other.expect_err("it panicked").to_string(),
            "no reason given"
        );
    }
}
