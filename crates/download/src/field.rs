//! One field, until it is whole.

use anyhow::Result;
use cytolens_core::Channel;

use crate::base::Base;
use crate::client::{Client, Trouble};
use crate::folder::Folder;
use crate::halt::Halt;
use crate::id::AtlasId;
use crate::pace::{Pace, wait_before};
use crate::settings::Settings;
use crate::verify::Image;

/// What became of a field.
#[derive(Debug)]
pub enum Outcome {
    /// All its images are there; so many bytes were fetched.
    Whole(u64),
    /// It lacks an image.
    Failed(Failure),
    /// The host wants to be left alone for longer than anybody waits.
    Closed(String),
    /// Somebody wants to stop.
    Halted,
}

/// The reason for which a field is not whole.
#[derive(Debug)]
pub struct Failure {
    /// The image's address, or what does not fit.
    pub place: String,
    /// The reason.
    pub reason: String,
    /// Whether it is the host that fails, and not the one image.
    pub is_the_hosts: bool,
}

/// Everything that one connection needs to fetch fields.
#[derive(Debug, Clone, Copy)]
pub struct Fetcher<'a> {
    pub settings: &'a Settings,
    pub base: &'a Base,
    pub folder: &'a Folder,
    pub client: &'a Client,
    pub pace: &'a Pace,
    pub halt: &'a Halt<'a>,
}

impl Fetcher<'_> {
    /// Fetches what a field lacks. At its first image that is not to be had the rest is not asked for.
    ///
    /// # Errors
    /// If the folder cannot be read or written.
    pub fn field(&self, id: AtlasId<'_>) -> Result<Outcome> {
        let mut fetched = 0;
        let mut shapes: Vec<String> = Vec::new();
        let mut resized = Vec::new();
        for &channel in &self.settings.channels {
            let image = match self.kept(id, channel)? {
                Some(image) => image,
                None => match self.image(id, channel) {
                    Ok((bytes, image)) => {
                        self.folder.keep_original(id.text(), channel, &bytes)?;
                        fetched += bytes.len() as u64;
                        image
                    }
                    Err(trouble) => return Ok(self.outcome(id, channel, trouble)),
                },
            };
            shapes.push(image.shape());
            if let Some(size) = self.folder.size() {
                resized.push((channel, image.resized(size)?));
            }
        }
        if shapes.windows(2).any(|pair| pair[0] != pair[1]) {
            // Nobody knows which of them is wrong.
            self.folder.discard(id.text())?;
            let named = self.settings.channels.iter().zip(&shapes);
            let named: Vec<String> = named
                .map(|(channel, of)| format!("{channel} {of}"))
                .collect();
            return Ok(Outcome::Failed(Failure {
                place: named.join("; "),
                reason: "all channels of a field must have the same size and depth".to_owned(),
                is_the_hosts: false,
            }));
        }
        if self.folder.size().is_some() {
            self.folder.complete_resized(id.text(), &resized)?;
        } else {
            self.folder.complete(id.text())?;
        }
        Ok(Outcome::Whole(fetched))
    }

    /// The image that an earlier run has kept, unless something has damaged it since.
    fn kept(&self, id: AtlasId<'_>, channel: Channel) -> Result<Option<Image>> {
        let bytes = self.folder.original(id.text(), channel)?;
        Ok(bytes.and_then(|bytes| Image::decode(&bytes, channel).ok()))
    }

    /// Fetches an image; tries again what may get better.
    fn image(&self, id: AtlasId<'_>, channel: Channel) -> Result<(Vec<u8>, Image), Trouble> {
        let address = self.base.address_of(id, channel);
        let patience = &self.settings.patience;
        let mut attempt = 1;
        loop {
            let trouble = match self.attempt(&address, channel) {
                Ok(done) => return Ok(done),
                Err(trouble) => trouble,
            };
            let is_last = attempt >= patience.attempts;
            attempt += 1;
            let wait = wait_before(attempt, patience.first_wait).min(patience.longest_wait);
            match trouble {
                Trouble::Wait(_, asked) => {
                    let wait = asked.map_or(wait, |asked| asked.max(wait));
                    if wait > patience.longest_wait {
                        return Err(trouble);
                    }
                    // All connections wait, even if this image is given up.
                    self.pace.hold(wait);
                }
                Trouble::Broken(_) | Trouble::Passing(_) if !is_last => self.halt.sleep(wait)?,
                _ => {}
            }
            let may_pass = matches!(
                trouble,
                Trouble::Broken(_) | Trouble::Passing(_) | Trouble::Wait(..)
            );
            if is_last || !may_pass {
                return Err(trouble);
            }
        }
    }

    fn attempt(&self, address: &str, channel: Channel) -> Result<(Vec<u8>, Image), Trouble> {
        self.pace.turn(self.halt)?;
        let bytes = self.client.get(address, self.halt)?;
        match Image::decode(&bytes, channel) {
            Ok(image) => Ok((bytes, image)),
            Err(unfit) if unfit.is_broken => Err(Trouble::Broken(unfit.reason)),
            Err(unfit) => Err(Trouble::Image(unfit.reason)),
        }
    }

    fn outcome(&self, id: AtlasId<'_>, channel: Channel, trouble: Trouble) -> Outcome {
        let (reason, is_the_hosts) = match trouble {
            Trouble::Halted => return Outcome::Halted,
            Trouble::Wait(reason, Some(asked)) if asked > self.settings.patience.longest_wait => {
                return Outcome::Closed(format!("{reason} and asks to wait for {asked:?}"));
            }
            Trouble::Image(reason) | Trouble::Broken(reason) => (reason, false),
            Trouble::Refusal(reason) | Trouble::Passing(reason) | Trouble::Wait(reason, _) => {
                (reason, true)
            }
        };
        Outcome::Failed(Failure {
            place: self.base.address_of(id, channel),
            reason,
            is_the_hosts,
        })
    }
}
