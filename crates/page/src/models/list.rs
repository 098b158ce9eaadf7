//! The list of models: the one that is chosen, the one given to the engine and the one opened.

use web_sys::Blob;

use super::kept::KeptPackage;
use super::manifest::Manifest;
use crate::download::PackageBytes;
use crate::storage_error::StorageError;
use crate::text::models as text;

/// A choice of model: a package of the visitor's by its id, or none for the page's own.
pub(super) type ModelChoice = Option<String>;

/// A package that a visitor brought.
pub(super) struct OwnPackage {
    pub(super) id: String,
    pub(super) manifest: Manifest,
    /// The manifest as it was written.
    pub(super) text: String,
    pub(super) weights: Blob,
    /// Whether the engine has opened it, on this visit or before.
    pub(super) is_tried: bool,
    /// Whether a reload brings it back.
    pub(super) is_kept: bool,
    /// The tried package that it replaces, for as long as it is untried itself.
    pub(super) former: Option<Box<OwnPackage>>,
}

impl OwnPackage {
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
pub(super) struct ModelList {
    /// The page's model, once downloaded.
    pub(super) shipped: Option<PackageBytes>,
    /// The manifest of the page's model, where it can be read.
    pub(super) shipped_manifest: Option<Manifest>,
    /// The packages of the visitor.
    pub(super) own: Vec<OwnPackage>,
    /// Whether the kept packages are in the list, or about to be.
    pub(super) is_restored: bool,
    /// The model that the visitor chose.
    pub(super) chosen: ModelChoice,
    /// The model that the engine was given last.
    pub(super) given: ModelChoice,
    /// The model that the engine opened last.
    pub(super) opened: Option<ModelChoice>,
}

impl ModelList {
    pub(super) fn find(&self, choice: &ModelChoice) -> Option<&OwnPackage> {
        let id = choice.as_ref()?;
        self.own.iter().find(|own| own.id == *id)
    }

    pub(super) fn manifest(&self, choice: &ModelChoice) -> Option<&Manifest> {
        match choice {
            None => self.shipped_manifest.as_ref(),
            Some(_) => self.find(choice).map(|own| &own.manifest),
        }
    }

    pub(super) fn name(&self, choice: &ModelChoice) -> String {
        let manifest = self.manifest(choice);
        manifest.map_or_else(
            || text::SHIPPED.to_owned(),
            |manifest| manifest.name.clone(),
        )
    }

    /// Puts a package into the list, in place of the one of its id.
    pub(super) fn insert(&mut self, mut package: OwnPackage) {
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

    /// Adds the kept packages that are not in the list already.
    pub(super) fn restore(&mut self, kept: Vec<KeptPackage>) {
        for KeptPackage { manifest, weights } in kept {
            if let Ok(mut own) = OwnPackage::new(manifest, weights)
                && !self.own.iter().any(|known| known.id == own.id)
            {
                own.is_tried = true;
                own.is_kept = true;
                self.own.push(own);
            }
        }
    }

    /// Chooses the page's model if the chosen one is not in the list: it may have been removed in another
    /// window, or by the browser.
    pub(super) fn choose_what_is_there(&mut self) {
        if self.find(&self.chosen).is_none() {
            self.chosen = None;
        }
    }

    /// Notes that a package is kept as these weights, or that the browser refused, and returns the line to
    /// say; none where the package is not in the list any more.
    pub(super) fn kept(
        &mut self,
        id: &str,
        manifest: &str,
        weights: Result<Blob, StorageError>,
    ) -> Option<String> {
        let own = self.own.iter_mut().find(|own| own.id == id)?;
        let name = &own.manifest.name;
        let said = match &weights {
            Ok(_) => text::kept(name),
            Err(error) => text::not_kept(name, own.manifest.bytes, error),
        };
        // Another of its name may be in its place, and be kept in its turn.
        if own.text == manifest
            && let Ok(weights) = weights
        {
            own.weights = weights;
            own.is_kept = true;
        }
        Some(said)
    }

    /// Removes a package that never opened from the list, and puts back the one that it replaced.
    pub(super) fn drop_untried(&mut self, choice: &ModelChoice) {
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
