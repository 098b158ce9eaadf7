//! The files of one field, by handles.

use serde::{Deserialize, Serialize};
use web_sys::Blob;

use crate::stored_blob;
use cytolens_core::Channel;
use cytolens_protocol::InputFile;

/// The files of one field, ready to be sent and to be kept; cloning clones handles.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FieldInput {
    /// The field's id.
    pub(crate) id: String,
    /// One file per channel, or one file of several channels.
    pub(crate) files: Vec<FieldSource>,
    /// The channels inside a TIFF of several: `auto`, or as
    /// [`ChannelOrder`](cytolens_core::ChannelOrder) writes them.
    pub(crate) order: String,
    /// Whether that order was given for this field, and so holds for the colours of an RGB picture, too.
    #[serde(default)]
    pub(crate) orders_colours: bool,
    /// The bits that 16-bit samples use; none for all.
    pub(crate) bits: Option<u32>,
    /// Whether the field is brought to the atlas's scale.
    #[serde(default)]
    pub(crate) to_scale: bool,
}

/// One file of a field.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FieldSource {
    /// The file's name, for error messages.
    pub(crate) name: String,
    /// The channel that the file holds; none for a file of several.
    pub(crate) channel: Option<Channel>,
    /// The file's bytes.
    pub(crate) content: Content,
}

/// A file's bytes, wherever they lie.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The bytes, or their deflated form inside a zip archive.
    #[serde(with = "stored_blob")]
    pub(crate) blob: Blob,
    /// The length of deflated bytes once they are unpacked.
    pub(crate) inflated_bytes: Option<f64>,
}

impl From<Blob> for Content {
    fn from(blob: Blob) -> Self {
        Self {
            blob,
            inflated_bytes: None,
        }
    }
}

impl FieldInput {
    /// The names of the files, for error messages.
    pub(crate) fn names(&self) -> String {
        let names: Vec<&str> = self.files.iter().map(|file| file.name.as_str()).collect();
        names.join(", ")
    }

    /// The files as the engine takes them; entries of archives are unpacked.
    ///
    /// # Errors
    /// The reason why an entry cannot be unpacked, naming it.
    pub(crate) async fn unpacked(&self) -> Result<Vec<InputFile>, String> {
        let mut files = Vec::with_capacity(self.files.len());
        for file in &self.files {
            files.push(InputFile {
                name: file.name.clone(),
                channel: file.channel,
                blob: file.content.unpacked(&file.name).await?,
            });
        }
        Ok(files)
    }
}
