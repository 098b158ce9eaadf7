//! The texts of painted channels.

use crate::answer::Answer;
use cytolens_core::Channel;

/// The line about a channel that a field lacks: what it is once it is painted, or whether it can be. A painter that is not better
/// than a linear mix of the other channels is not offered.
pub(crate) fn about(channel: Channel, is_painted: bool, is_better: bool) -> String {
    let said = match (is_painted, is_better) {
        (true, _) => {
            " is painted by a network from the others: a guess that looks like a measurement."
        }
        (false, true) => {
            " is missing. A network can paint it from the others: a guess that looks like a measurement, and is marked wherever it goes."
        }
        (false, false) => {
            " is missing. It is not painted: nothing measured says that the painter is better than a linear mix of the other channels."
        }
    };
    ["The ", channel.name(), " channel", said].concat()
}

/// The button that has a channel painted, or takes the paint away.
pub(crate) fn switch(channel: Channel, is_on: bool) -> String {
    match is_on {
        true => "Take the paint away".to_owned(),
        false => ["Paint ", channel.name()].concat(),
    }
}

/// The mark behind what is said of a field, where a channel of it is painted.
pub(crate) fn mark(answer: &Answer) -> String {
    match answer.painted() {
        "" => String::new(),
        channel => [" (", channel, " painted)"].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::examples;

    #[test]
    fn a_painter_is_offered_by_what_was_measured_of_it() {
        let yellow = |is_painted, is_better| about(Channel::Yellow, is_painted, is_better);
        assert!(yellow(false, true).starts_with("The yellow channel is missing. A network can"));
        assert!(yellow(false, false).contains("It is not painted"));
        for is_better in [false, true] {
            let said = yellow(true, is_better);
            assert!(said.starts_with("The yellow channel is painted"), "{said}");
        }
        assert_eq!(switch(Channel::Blue, false), "Paint blue");
        assert_eq!(switch(Channel::Blue, true), "Take the paint away");
    }

    #[test]
    fn only_painted_answers_have_a_mark() {
        assert_eq!(mark(&examples::answer(&[0.9, 0.1])), "");
        assert_eq!(mark(&examples::painted(&[0.9, 0.1])), " (yellow painted)");
    }
}
