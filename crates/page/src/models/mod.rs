//! The models of the page: the package that comes with it and those that visitors bring.
//!
//! A package is used before it is kept: only one that the engine has opened comes back after a reload, and
//! one that it refuses is dropped, while the model before goes on.

mod blocks;
mod card;
mod draw;
mod kept;
mod list;
mod manifest;
mod node;
mod painter;
mod panel;

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Blob;

pub(super) use self::painter::PainterFacts;

use self::kept::KeptPackage;
use self::list::{ModelChoice, ModelList, OwnPackage};
use self::manifest::Manifest;
use self::panel::{ModelPanel, Tone};
use super::dom::error_text;
use super::download::{self, DownloadError, PackageBytes, Progress};
use super::input::{Content, PackageFiles};
use super::text::models as text;
use cytolens_core::package::{MANIFEST, WEIGHTS};

/// The longest manifest that is read, in bytes: one of a thousand classes, scored in every way, has a
/// tenth of it.
const LONGEST_MANIFEST: f64 = 4e6;

/// The models and the choice among them.
pub(crate) struct Models {
    panel: ModelPanel,
    state: RefCell<ModelList>,
    on_switch: Box<dyn Fn()>,
}

impl Models {
    /// The models, the one chosen on the last visit first. `on_switch` is to have the engine start
    /// anew with what [`Models::fetch`] then gives.
    pub(crate) fn new(on_switch: impl Fn() + 'static) -> Rc<Self> {
        let models = Rc::new(Self {
            panel: ModelPanel::new(),
            state: RefCell::new(ModelList {
                chosen: kept::choice(),
                ..ModelList::default()
            }),
            on_switch: Box::new(on_switch),
        });
        models.panel.listen(&models);
        models
    }

    /// The chosen package. `progress` is called with the state of its download.
    ///
    /// If it cannot be read, the one used before is given instead, and the visitor reads why.
    ///
    /// # Errors
    /// [`DownloadError`] where there is none to give.
    pub(crate) async fn fetch(
        self: &Rc<Self>,
        progress: impl Fn(Progress),
    ) -> Result<PackageBytes, DownloadError> {
        self.restore().await;
        loop {
            let choice = self.state.borrow().chosen.clone();
            let found = match self.stored(&choice) {
                Some((manifest, weights)) => read(manifest, weights).await,
                None => self.shipped(&progress).await,
            };
            if self.state.borrow().chosen != choice {
                continue;
            }
            self.state.borrow_mut().given = choice;
            match found {
                Ok(package) => {
                    let length = f64::from(package.weights.byte_length());
                    progress(Progress {
                        done: length,
                        total: Some(length),
                    });
                    self.refresh();
                    return Ok(package);
                }
                Err(error) if !self.refused(&error.to_string()) => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// Notes that the engine has opened the package that it was given.
    pub(crate) fn opened(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        let given = state.given.clone();
        state.opened = Some(given.clone());
        kept::choose(given.as_deref());
        let own = state.own.iter_mut();
        let fresh = own
            .filter(|own| Some(&own.id) == given.as_ref())
            .find_map(|own| {
                own.is_tried = true;
                own.former = None;
                (!own.is_kept).then(|| KeptPackage {
                    manifest: own.text.clone(),
                    weights: own.weights.clone(),
                })
            });
        drop(state);
        if let Some((id, package)) = given.zip(fresh) {
            spawn_local(self.clone().keep(id, package));
        }
    }

    /// Notes that the engine has refused the package that it was given, goes back to the one before it and
    /// says so; the engine is then to be started with that. False where there is none to go back to.
    pub(crate) fn refused(&self, reason: &str) -> bool {
        let mut state = self.state.borrow_mut();
        let given = state.given.clone();
        let has_former = state.find(&given).is_some_and(|own| own.former.is_some());
        let other = match state.opened.clone() {
            _ if has_former => given.clone(),
            // It was fine before: the fault lies elsewhere, and another model would not mend it.
            Some(opened) if opened == given => return false,
            Some(opened) => opened,
            None if given.is_none() => return false,
            None => None,
        };
        let name = state.name(&given);
        let said = if has_former {
            text::former_goes_on(&name, reason)
        } else {
            text::fell_back(&name, reason, &state.name(&other))
        };
        state.drop_untried(&given);
        if state.chosen == given {
            state.chosen = other;
        }
        drop(state);
        self.panel.say(Tone::Fault, &said);
        self.refresh();
        true
    }

    /// Takes a package that the visitor brings, if it can be one, and switches to it.
    pub(crate) fn add(self: &Rc<Self>, files: PackageFiles) {
        let models = self.clone();
        spawn_local(async move {
            match inspect(&files).await {
                Ok(package) => models.take(package),
                Err(reason) => {
                    let said = text::refused(&files.name, &reason);
                    models.panel.say(Tone::Fault, &said);
                }
            }
        });
    }

    fn take(&self, package: OwnPackage) {
        let mut state = self.state.borrow_mut();
        let name = package.manifest.name.clone();
        let id = package.id.clone();
        let shipped = state.shipped.as_ref();
        let choice = if shipped.is_some_and(|shipped| shipped.manifest == package.text) {
            None
        } else {
            Some(id)
        };
        let is_known = choice.is_none()
            || state
                .find(&choice)
                .is_some_and(|known| known.text == package.text);
        if !is_known {
            state.insert(package);
        }
        drop(state);
        let said = if is_known {
            text::known(&name)
        } else {
            String::new()
        };
        self.panel.say(Tone::Note, &said);
        self.choose(choice);
    }

    /// Switches to a model, unless it is in use already.
    fn choose(&self, choice: ModelChoice) {
        let mut state = self.state.borrow_mut();
        let is_in_use = choice == state.chosen && state.opened.as_ref() == Some(&choice);
        let is_new = state.find(&choice).is_some_and(|own| !own.is_tried);
        state.chosen = choice;
        drop(state);
        self.refresh();
        if !is_in_use || is_new {
            (self.on_switch)();
        }
    }

    /// Removes the chosen package and goes back to the page's own.
    fn remove(&self) {
        let mut state = self.state.borrow_mut();
        let Some(id) = state.chosen.clone() else {
            return;
        };
        let said = text::removed(&state.name(&Some(id.clone())));
        state.own.retain(|own| own.id != id);
        state.opened = None;
        drop(state);
        kept::choose(None);
        spawn_local(async move { kept::forget(&id).await });
        self.panel.say(Tone::Note, &said);
        self.choose(None);
    }

    async fn keep(self: Rc<Self>, id: String, package: KeptPackage) {
        let weights = kept::keep(&id, &package).await;
        let is_kept = weights.is_ok();
        let said = self
            .state
            .borrow_mut()
            .kept(&id, &package.manifest, weights);
        match said {
            Some(said) if is_kept => self.panel.say(Tone::Note, &said),
            Some(said) => self.panel.say(Tone::Fault, &said),
            // It was removed meanwhile.
            None => kept::forget(&id).await,
        }
    }

    /// Adds the kept packages to the list: at once where one of them was chosen, else when there is time.
    async fn restore(self: &Rc<Self>) {
        if std::mem::replace(&mut self.state.borrow_mut().is_restored, true) {
            return;
        }
        let is_awaited = self.state.borrow().chosen.is_some();
        let models = self.clone();
        let list = async move {
            let kept = kept::all().await;
            models.state.borrow_mut().restore(kept);
            models.refresh();
        };
        if is_awaited {
            list.await;
            self.state.borrow_mut().choose_what_is_there();
        } else {
            spawn_local(list);
        }
    }

    fn stored(&self, choice: &ModelChoice) -> Option<(String, Blob)> {
        let state = self.state.borrow();
        let own = state.find(choice)?;
        Some((own.text.clone(), own.weights.clone()))
    }

    /// The page's own package, downloaded once.
    async fn shipped(&self, progress: impl Fn(Progress)) -> Result<PackageBytes, DownloadError> {
        if let Some(shipped) = self.state.borrow().shipped.clone() {
            return Ok(shipped);
        }
        let package = download::package(progress).await?;
        let mut state = self.state.borrow_mut();
        state.shipped_manifest = Manifest::parse(&package.manifest).ok();
        state.shipped = Some(package.clone());
        Ok(package)
    }

    /// Shows the list and the choice.
    fn refresh(&self) {
        self.panel.show(&self.state.borrow());
    }

    /// Shows the card of the chosen model.
    fn show_card(&self) {
        let state = self.state.borrow();
        if let Some(manifest) = state.manifest(&state.chosen) {
            card::show(manifest, state.chosen.is_some());
        }
    }
}

/// Makes a package of a visitor's files, checked as far as is possible without the engine.
async fn inspect(files: &PackageFiles) -> Result<OwnPackage, String> {
    if length(&files.manifest) > LONGEST_MANIFEST {
        return Err(text::LONG_MANIFEST.to_owned());
    }
    let manifest = files.manifest.unpacked(MANIFEST).await?;
    let manifest = JsFuture::from(manifest.text()).await;
    let manifest = manifest.map_err(|error| text::unreadable(MANIFEST, &error_text(&error)))?;
    let manifest = manifest.as_string().unwrap_or_default();
    // Before they are unpacked.
    Manifest::parse(&manifest)?.check_weights(length(&files.weights))?;
    OwnPackage::new(manifest, files.weights.unpacked(WEIGHTS).await?)
}

/// The length of a file in bytes, once unpacked.
fn length(content: &Content) -> f64 {
    let unpacked = content.inflated_bytes;
    unpacked.unwrap_or_else(|| content.blob.size())
}

/// Reads the weights of an own package.
async fn read(manifest: String, weights: Blob) -> Result<PackageBytes, DownloadError> {
    let weights = JsFuture::from(weights.array_buffer()).await;
    let weights = weights.map_err(|error| DownloadError::Unreadable(error_text(&error)))?;
    Ok(PackageBytes {
        manifest,
        weights: weights.unchecked_into(),
    })
}
