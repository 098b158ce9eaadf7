//! JSON as the page reads it: in the order of the text, and never deeper than it can be shown.

use js_sys::{Array, JSON, Object};
use wasm_bindgen::{JsCast, JsValue};

use crate::dom::error_text;

/// The depth to which sections and lists are followed. A text may nest a million of them, to break whoever
/// reads it by recursion.
const DEEPEST: usize = 24;

/// A value of JSON.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// `null`, or a list or section deeper than is followed.
    Nothing,
    /// `true` or `false`.
    Truth(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Node>),
    /// An object's members, in their order.
    Section(Vec<(String, Node)>),
}

impl Node {
    /// Reads the value of a text.
    ///
    /// # Errors
    /// The browser's reason where the text is no JSON.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match JSON::parse(text) {
            Ok(value) => Ok(Self::read(&value, DEEPEST)),
            Err(error) => Err(error_text(&error)),
        }
    }

    fn read(value: &JsValue, depth: usize) -> Self {
        if let Some(number) = value.as_f64() {
            Self::Number(number)
        } else if let Some(text) = value.as_string() {
            Self::Text(text)
        } else if let Some(truth) = value.as_bool() {
            Self::Truth(truth)
        } else if value.is_null() || depth == 0 {
            Self::Nothing
        } else if let Some(list) = value.dyn_ref::<Array>() {
            Self::List(
                list.iter()
                    .map(|item| Self::read(&item, depth - 1))
                    .collect(),
            )
        } else {
            let members = Object::entries(value.unchecked_ref());
            let members = members.iter().map(|member| {
                let member: Array = member.unchecked_into();
                let name = member.get(0).as_string().unwrap_or_default();
                (name, Self::read(&member.get(1), depth - 1))
            });
            Self::Section(members.collect())
        }
    }

    /// The members of a section; none of anything else.
    pub(super) fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Section(members) => members,
            _ => &[],
        }
    }

    /// A section's member.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let found = self.members().iter().find(|(found, _)| found == name);
        found.map(|(_, node)| node)
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// A number.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// A string.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is neither list nor section.
    pub(super) fn is_single(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Section(_))
    }
}

#[cfg(test)]
impl From<serde_json::Value> for Node {
    fn from(value: serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Nothing,
            Value::Bool(truth) => Self::Truth(truth),
            Value::Number(number) => Self::Number(number.as_f64().expect("a finite number")),
            Value::String(text) => Self::Text(text),
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(members) => {
                let members = members.into_iter();
                Self::Section(members.map(|(name, value)| (name, value.into())).collect())
            }
        }
    }
}
