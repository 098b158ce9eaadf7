//! The list of models, and which of them is wanted, given and opened.

use web_sys::Blob;

use super::kept::Kept;
use super::manifest::Manifest;
use crate::download::PackageBytes;
use crate::text::models as text;

/// Which model: an own one by its id, or the page's.
pub(super) type Choice = Option<String>;

/// A package that a visitor brought.
pub(super) struct Own {
    pub(super) id: String,
    pub(super) manifest: Manifest,
    /// The manifest as it was written.
    pub(super) text: String,
    pub(super) weights: Blob,
    /// Whether the engine has opened it, on this visit or before.
    pub(super) is_tried: bool,
    /// Whether a reload brings it back.
    pub(super) is_kept: bool,
    /// The tried one that it is in place of, for as long as it is untried itself.
    pub(super) former: Option<Box<Own>>,
}

impl Own {
    pub(super) fn new(text: String, weights: Blob) -> Result<Self, String> {
        let manifest = Manifest::parse(&text)?;
        manifest.check_weights(weights.size())?;
        Ok(Self {
            id: manifest.id(),
            manifest,
            text,
            weights,
            is_tried: false,
            is_kept: false,
            former: None,
        })
    }
}

#[derive(Default)]
pub(super) struct State {
    /// The page's model, once downloaded.
    pub(super) shipped: Option<PackageBytes>,
    /// What its manifest says, where it can be read.
    pub(super) shipped_manifest: Option<Manifest>,
    pub(super) own: Vec<Own>,
    /// Whether the kept ones are in the list, or about to be.
    pub(super) is_restored: bool,
    /// The one that the visitor wants.
    pub(super) chosen: Choice,
    /// The one that the engine was given last.
    pub(super) given: Choice,
    /// The one that the engine opened last.
    pub(super) opened: Option<Choice>,
}

impl State {
    pub(super) fn find(&self, choice: &Choice) -> Option<&Own> {
        let id = choice.as_ref()?;
        self.own.iter().find(|own| own.id == *id)
    }

    pub(super) fn manifest(&self, choice: &Choice) -> Option<&Manifest> {
        match choice {
            None => self.shipped_manifest.as_ref(),
            Some(_) => self.find(choice).map(|own| &own.manifest),
        }
    }

    pub(super) fn name(&self, choice: &Choice) -> String {
        let manifest = self.manifest(choice);
        manifest.map_or_else(
            || text::SHIPPED.to_owned(),
            |manifest| manifest.name.clone(),
        )
    }

    /// Puts a package into the list, in place of the one of its id.
    pub(super) fn insert(&mut self, mut package: Own) {
        match self.own.iter_mut().find(|own| own.id == package.id) {
            Some(place) => {
                std::mem::swap(place, &mut package);
                place.former = if package.is_tried {
                    Some(Box::new(package))
                } else {
                    package.former
                };
            }
            None => self.own.push(package),
        }
    }

    /// Adds what was kept, but for what is there already.
    pub(super) fn restore(&mut self, kept: Vec<Kept>) {
        for Kept { manifest, weights } in kept {
            if let Ok(mut own) = Own::new(manifest, weights)
                && !self.own.iter().any(|known| known.id == own.id)
            {
                own.is_tried = true;
                own.is_kept = true;
                self.own.push(own);
            }
        }
    }

    /// What was chosen may have been removed in another window, or by the browser.
    pub(super) fn choose_what_is_there(&mut self) {
        if self.find(&self.chosen).is_none() {
            self.chosen = None;
        }
    }

    /// Notes that a package is kept as these weights, or that the browser refused, and gives what is
    /// to be said of it. None where it is not in the list any more.
    pub(super) fn kept(
        &mut self,
        id: &str,
        manifest: &str,
        weights: Option<Blob>,
    ) -> Option<String> {
        let own = self.own.iter_mut().find(|own| own.id == id)?;
        let name = &own.manifest.name;
        let said = match &weights {
            Some(_) => text::kept(name),
            None => text::not_kept(name, own.manifest.bytes),
        };
        // Another of its name may be in its place, and be kept in its turn.
        if own.text == manifest
            && let Some(weights) = weights
        {
            own.weights = weights;
            own.is_kept = true;
        }
        Some(said)
    }

    /// Takes a package that never opened out of the list.
    pub(super) fn drop_untried(&mut self, choice: &Choice) {
        let Some(at) = self
            .own
            .iter()
            .position(|own| Some(&own.id) == choice.as_ref())
        else {
            return;
        };
        if self.own[at].is_tried {
            return;
        }
        match self.own[at].former.take() {
            Some(former) => self.own[at] = *former,
            None => drop(self.own.remove(at)),
        }
    }
}
