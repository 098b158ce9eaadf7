//! A field of the desk as the tools see it that compare fields.

use std::rc::Rc;

use web_sys::Blob;

use crate::answer::Answer;
use cytolens_similar::from_halves;

/// A field of the desk.
#[derive(Debug, Clone)]
pub(crate) struct ToolField {
    /// The page's number for it.
    pub(crate) field: u32,
    /// Its id.
    pub(crate) id: String,
    /// The model's answer, once there is one.
    pub(crate) answer: Option<Rc<Answer>>,
    /// Its picture in the gallery, once known.
    pub(crate) thumbnail: Option<Blob>,
}

impl ToolField {
    /// Its feature vector, where its answer has one.
    pub(crate) fn features(&self) -> Option<Vec<f32>> {
        features(self.answer.as_ref()?)
    }
}

/// The feature vector of an answer. Those of earlier versions of the page have none.
pub(crate) fn features(answer: &Answer) -> Option<Vec<f32>> {
    let bytes = &answer.prediction.features;
    if bytes.is_empty() {
        return None;
    }
    from_halves(bytes)
}

/// The calls by which the tools ask the page.
pub(crate) struct ToolHost {
    /// The fields of the desk.
    pub(crate) fields: Box<dyn Fn() -> Vec<ToolField>>,
    /// The number of the selected field.
    pub(crate) selected: Box<dyn Fn() -> Option<u32>>,
    /// The numbers of the chosen fields, with all of which something is to be done.
    pub(crate) chosen: Box<dyn Fn() -> Vec<u32>>,
    /// Selects a field.
    pub(crate) select: Box<dyn Fn(u32)>,
    /// Announces something to screen readers.
    pub(crate) say: Box<dyn Fn(&str)>,
}
