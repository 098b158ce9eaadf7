//! Painters that make a whole field of its green, one after the other.

use anyhow::{Result, ensure};
use cytolens_cells::painter::{Painter, PainterManifest, Painting};
use cytolens_core::Channel;
use cytolens_field::{Field, FieldError};

/// The painters of a field's channels, in the order in which they paint.
#[derive(Debug)]
pub struct Painters(Vec<Painter>);

impl Painters {
    /// Takes painters in this order.
    ///
    /// # Errors
    /// If one reads what is neither green nor painted before it, or paints what is.
    pub fn new(painters: Vec<Painter>) -> Result<Self> {
        let mut channels = vec![Channel::Green];
        for painter in &painters {
            add(&mut channels, &painter.manifest().channels)?;
        }
        Ok(Self(painters))
    }

    /// The manifests of the painters.
    pub fn manifests(&self) -> impl Iterator<Item = &PainterManifest> {
        self.0.iter().map(Painter::manifest)
    }

    /// The field of a green with every channel that there is a painter of.
    ///
    /// # Errors
    /// None for a field of green alone.
    pub fn painted(&self, green: Field) -> Result<Field, FieldError> {
        self.0.iter().try_fold(green, |field, painter| {
            let painted = painter.painted(&field)?;
            Ok(painted.unwrap_or(field))
        })
    }
}

/// Adds the channel that a painter paints to those that are there before it.
fn add(channels: &mut Vec<Channel>, painting: &Painting) -> Result<()> {
    for channel in &painting.from {
        ensure!(
            channels.contains(channel),
            "a painter of {painting} needs {channel}, which is neither green nor painted by one before it"
        );
    }
    ensure!(
        !channels.contains(&painting.paint),
        "a painter of {painting} paints what is there before it"
    );
    channels.push(painting.paint);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painting(paint: Channel, from: &[Channel]) -> Painting {
        Painting {
            from: from.to_vec(),
            paint,
        }
    }

    #[test]
    fn each_painter_reads_green_and_what_is_painted_before_it() {
        let mut channels = vec![Channel::Green];
        let blue = painting(Channel::Blue, &[Channel::Green]);
        let red = painting(Channel::Red, &[Channel::Green, Channel::Blue]);
        let early = add(&mut channels, &red).expect_err("a refusal").to_string();
        assert!(
            early.contains("red from green, blue") && early.contains("needs blue"),
            "{early}"
        );
        add(&mut channels, &blue).expect("a first painter");
        add(&mut channels, &red).expect("a second painter");
        assert_eq!(channels, [Channel::Green, Channel::Blue, Channel::Red]);
        for again in [blue, painting(Channel::Green, &[Channel::Red])] {
            let twice = add(&mut channels, &again).expect_err("a refusal");
            assert!(
                twice.to_string().contains("paints what is there"),
                "{twice}"
            );
        }
    }
}
