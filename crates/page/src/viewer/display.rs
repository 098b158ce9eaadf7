//! The choice of channels and their brightness: for the eye alone, never for the network.

use super::colours::{self, Light};
use cytolens_core::Channel;

/// The level that is shown as white.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Range {
    /// Each channel's brightest pixels, but for a few, are white.
    #[default]
    Auto,
    /// White is the brightest that the files can hold.
    Recorded,
}

/// The look of one channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Look {
    /// Its colour.
    pub(super) light: Light,
    /// The factor of its levels.
    pub(super) gain: f32,
    /// The level that is black and below which all is, as a share of the level that samples have as white.
    pub(super) black: f32,
}

/// One channel of the field.
#[derive(Debug, Clone, Copy)]
struct DisplayedChannel {
    channel: Channel,
    /// The level shown as white in [`Range::Auto`], of 65535.
    white: u16,
    is_on: bool,
    brightness: f32,
    /// A share of [`Self::white`].
    black: f32,
}

/// The channels of a field and the way they are shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Display {
    channels: Vec<DisplayedChannel>,
    pub(super) range: Range,
    /// Whether a channel shown alone is grey, in which eyes see most.
    pub(super) is_grey_alone: bool,
}

impl Display {
    /// Takes these channels, each with its level of white. Those of the same field stay as they are shown;
    /// of another, all are shown as bright as they are. Range and grey are the visitor's choice, not the
    /// field's, and stay.
    pub(super) fn take(&mut self, channels: impl Iterator<Item = (Channel, u16)>, is_same: bool) {
        let former = std::mem::take(&mut self.channels);
        let shown = |(channel, white)| {
            let same = former.iter().filter(|_| is_same);
            let same = same.copied().find(|shown| shown.channel == channel);
            let new = DisplayedChannel {
                channel,
                white,
                is_on: true,
                brightness: 1.0,
                black: 0.0,
            };
            same.map_or(new, |same| DisplayedChannel { white, ..same })
        };
        self.channels = channels.map(shown).collect();
    }

    /// The channels that the field has.
    pub(super) fn channels(&self) -> impl Iterator<Item = Channel> {
        self.channels.iter().map(|shown| shown.channel)
    }

    /// The channels that are shown.
    pub(super) fn shown(&self) -> impl Iterator<Item = Channel> {
        let shown = self.channels.iter().filter(|shown| shown.is_on);
        shown.map(|shown| shown.channel)
    }

    /// Whether a channel is shown.
    pub(super) fn is_shown(&self, channel: Channel) -> bool {
        self.shown().any(|shown| shown == channel)
    }

    /// The only channel that is shown, where it is one.
    pub(super) fn alone(&self) -> Option<Channel> {
        let mut shown = self.shown();
        shown.next().filter(|_| shown.next().is_none())
    }

    /// Whether all channels are shown together.
    pub(super) fn is_composite(&self) -> bool {
        self.channels.iter().all(|shown| shown.is_on)
    }

    /// The level of a channel that is white, of 65535.
    pub(super) fn white(&self, channel: Channel) -> u16 {
        let white = self.find(channel).map(|shown| shown.white);
        match self.range {
            Range::Auto => white.unwrap_or(u16::MAX),
            Range::Recorded => u16::MAX,
        }
    }

    /// The brightness of a channel, from 0.25 to 4; 1 is that of the file.
    pub(super) fn brightness(&self, channel: Channel) -> f32 {
        self.find(channel).map_or(1.0, |shown| shown.brightness)
    }

    /// The black point of a channel, as a share of the level that its samples have as white.
    pub(super) fn black(&self, channel: Channel) -> f32 {
        self.find(channel).map_or(0.0, |shown| shown.black)
    }

    /// The level of a channel that is black, of 65535.
    pub(super) fn black_level(&self, channel: Channel) -> u16 {
        let white = self
            .find(channel)
            .map_or(0.0, |shown| f32::from(shown.white));
        // From 0 to 65535.
        (self.black(channel) * white).round() as u16
    }

    /// Shows a channel, or hides it.
    pub(super) fn toggle(&mut self, channel: Channel) {
        for shown in self.with(channel) {
            shown.is_on = !shown.is_on;
        }
    }

    /// Shows one channel alone, or where it is alone already all of them.
    pub(super) fn solo(&mut self, channel: Channel) {
        let all = self.alone() == Some(channel);
        for shown in &mut self.channels {
            shown.is_on = all || shown.channel == channel;
        }
    }

    /// Shows all channels.
    pub(super) fn show_all(&mut self) {
        for shown in &mut self.channels {
            shown.is_on = true;
        }
    }

    /// Sets the brightness of a channel.
    pub(super) fn brighten(&mut self, channel: Channel, brightness: f32) {
        for shown in self.with(channel) {
            shown.brightness = brightness.clamp(0.25, 4.0);
        }
    }

    /// Sets the black point of a channel.
    pub(super) fn set_black(&mut self, channel: Channel, black: f32) {
        for shown in self.with(channel) {
            shown.black = black.clamp(0.0, 0.9);
        }
    }

    /// Shows every channel as bright as it is.
    pub(super) fn reset_brightness(&mut self) {
        for shown in &mut self.channels {
            shown.brightness = 1.0;
            shown.black = 0.0;
        }
    }

    /// The same choices for another field's channels.
    pub(super) fn of(&self, channels: impl Iterator<Item = (Channel, u16)>) -> Self {
        let mut display = self.clone();
        display.take(channels, true);
        display
    }

    /// The look of a channel.
    pub(super) fn look(&self, channel: Channel) -> Look {
        let is_alone = self.alone() == Some(channel);
        let light = match (is_alone, self.is_grey_alone) {
            (true, true) => colours::GREY,
            (true, false) => colours::tint_alone(channel),
            (false, _) => channel.tint(),
        };
        // Samples come with white at the level of `Range::Auto`.
        let recorded = match (self.range, self.find(channel)) {
            (Range::Recorded, Some(shown)) => f32::from(shown.white) / f32::from(u16::MAX),
            _ => 1.0,
        };
        Look {
            light,
            gain: self.brightness(channel) * recorded,
            black: self.black(channel),
        }
    }

    fn find(&self, channel: Channel) -> Option<&DisplayedChannel> {
        self.channels.iter().find(|shown| shown.channel == channel)
    }

    fn with(&mut self, channel: Channel) -> impl Iterator<Item = &mut DisplayedChannel> {
        self.channels
            .iter_mut()
            .filter(move |shown| shown.channel == channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn display() -> Display {
        let mut display = Display::default();
        let channels = [(Channel::Green, 4096), (Channel::Yellow, u16::MAX)];
        display.take(channels.into_iter(), false);
        display
    }

    #[test]
    fn all_channels_are_shown_at_first() {
        let display = display();
        assert!(display.is_composite());
        assert_eq!(display.alone(), None);
        assert_eq!(display.look(Channel::Green).gain, 1.0);
        assert!(!display.is_shown(Channel::Red), "the field has no red");
    }

    #[test]
    fn a_channel_shown_alone_is_at_full_strength_or_grey() {
        let mut display = display();
        let beside = display.look(Channel::Yellow).light;
        display.solo(Channel::Yellow);
        assert_eq!(display.alone(), Some(Channel::Yellow));
        assert!(display.look(Channel::Yellow).light[0] > beside[0]);
        display.is_grey_alone = true;
        assert_eq!(display.look(Channel::Yellow).light, colours::GREY);
        display.solo(Channel::Yellow);
        assert!(display.is_composite());
        assert_eq!(display.look(Channel::Yellow).light, beside);
    }

    #[test]
    fn as_recorded_white_is_the_brightest_that_files_hold() {
        let mut display = display();
        assert_eq!(display.white(Channel::Green), 4096);
        display.range = Range::Recorded;
        assert_eq!(display.white(Channel::Green), u16::MAX);
        let gain = display.look(Channel::Green).gain;
        assert!((gain - 4096.0 / 65535.0).abs() < 1e-6);
        display.brighten(Channel::Green, 2.0);
        assert!((display.look(Channel::Green).gain - 2.0 * gain).abs() < 1e-6);
    }

    #[test]
    fn brightness_stays_within_its_limits_and_goes_back() {
        let mut display = display();
        display.brighten(Channel::Green, 99.0);
        assert_eq!(display.brightness(Channel::Green), 4.0);
        display.reset_brightness();
        assert_eq!(display.brightness(Channel::Green), 1.0);
    }

    #[test]
    fn the_black_point_is_a_share_of_white_and_goes_back() {
        let mut display = display();
        display.set_black(Channel::Green, 0.25);
        assert_eq!(display.black_level(Channel::Green), 1024);
        assert_eq!(display.look(Channel::Green).black, 0.25);
        // Another field's channel keeps the share.
        let other = display.of([(Channel::Green, 400)].into_iter());
        assert_eq!(other.black_level(Channel::Green), 100);
        display.set_black(Channel::Green, 7.0);
        assert_eq!(display.black(Channel::Green), 0.9);
        display.reset_brightness();
        assert_eq!(display.black_level(Channel::Green), 0);
    }

    #[test]
    fn hiding_every_channel_leaves_none() {
        let mut display = display();
        display.toggle(Channel::Green);
        assert_eq!(display.alone(), Some(Channel::Yellow));
        display.toggle(Channel::Yellow);
        assert_eq!(display.shown().count(), 0);
        display.show_all();
        assert!(display.is_composite());
    }

    #[test]
    fn another_field_is_shown_whole_in_the_same_range() {
        let mut display = display();
        display.range = Range::Recorded;
        display.toggle(Channel::Green);
        display.take([(Channel::Green, 300)].into_iter(), true);
        assert!(!display.is_shown(Channel::Green), "the same field");
        display.take([(Channel::Green, 300)].into_iter(), false);
        assert_eq!(display.range, Range::Recorded);
        assert!(display.is_composite());
    }
}
