//! Fields: reading, decoding, display and classification.

use cytolens_core::ChannelOrder;
use cytolens_field::{Doubt, Field, FieldDecoder, Notice, Plates, Source, doubts, plates, preview};
use cytolens_package::ActivationMaps;
use cytolens_protocol::{InputField, Maps, Picture, Plate, Reply, TimedPrediction};
use cytolens_similar::to_halves;
use js_sys::{Array, Float32Array, Uint8Array};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag};

use super::model::{Answer, Model};
use super::painting::{self, painted};
use super::scope::{now, post};
use super::{Engine, Failure};

/// The thumbnail's longest side in pixels: a tile of the gallery on a sharp screen.
const THUMBNAIL_SIDE: u32 = 288;

/// Decodes a field, posts its thumbnail and classifies it, with a channel painted where that is asked for. The thumbnail and what
/// speaks against the field are of what was measured.
pub(super) async fn classify<E: Engine>(
    model: &Model<E>,
    painter: &painting::Handed,
    field: u32,
    input: &InputField,
) -> Result<Reply, Failure> {
    let start = now();
    let decoded = decode(input).await.map_err(Failure::Refused)?;
    post(&Reply::Preview {
        field,
        thumbnail: thumbnail(&decoded).map_err(Failure::Refused)?,
        description: decoded.describe(),
        camera_bits: decoded.notices().iter().find_map(|notice| match notice {
            Notice::CameraBits { bits, .. } => Some(*bits),
            _ => None,
        }),
        is_of_other_scale: decoded.is_of_other_scale(),
        missing: model.missing(&decoded),
    });
    let doubts = doubts(&decoded);
    let decoded = painted(painter, input, decoded).map_err(Failure::Refused)?;
    let planes = model
        .compose(&decoded)
        .map_err(|error| Failure::Refused(error.to_string()))?;
    let mut remarks = remarks(&decoded, &doubts);
    let pixel_size = decoded.pixel_size();
    let painted = decoded.painted().next();
    drop(decoded);
    let decode_ms = now() - start;

    let Answer {
        prediction,
        pooled,
        unlike,
        maps: ActivationMaps { side, values },
        network_ms,
        map_ms,
        member_ms,
    } = model.answer(planes).await?;
    remarks.extend(unlike);
    Ok(Reply::Classified {
        field,
        maps: Maps {
            side: side as u32,
            values: Float32Array::from(values.as_slice()),
        },
        prediction: TimedPrediction {
            probabilities: prediction.probabilities,
            present: prediction.present,
            remarks,
            pixel_size,
            painted,
            features: to_halves(&pooled),
            decode_ms,
            network_ms,
            map_ms,
            member_ms,
        },
    })
}

/// What was decided in reading a field, and what speaks against it; but for the bits of its camera, which the page asks about.
fn remarks(field: &Field, doubts: &[Doubt]) -> Vec<String> {
    let notices = field.notices().iter();
    let notices = notices.filter(|notice| !matches!(notice, Notice::CameraBits { .. }));
    notices
        .map(ToString::to_string)
        .chain(doubts.iter().map(ToString::to_string))
        .collect()
}

/// Decodes a field for the viewer, at most `side` px a side, with a channel painted where that is asked for.
///
/// # Errors
/// The reason, naming the file, for visitors.
pub(super) async fn view(
    painter: &painting::Handed,
    input: &InputField,
    side: u32,
) -> Result<Picture, String> {
    let decoded = painted(painter, input, decode(input).await?)?;
    let Plates {
        width,
        height,
        plates,
    } = plates(&decoded, side);
    Ok(Picture {
        width,
        height,
        full_width: decoded.width(),
        full_height: decoded.height(),
        bits: decoded.bits(),
        pixel_size: decoded.pixel_size(),
        painted: decoded.painted().next(),
        plates: plates
            .into_iter()
            .map(|plate| Plate {
                channel: plate.channel,
                white: plate.white,
                samples: Uint8Array::from(plate.samples.as_slice()),
            })
            .collect(),
    })
}

/// Reads a field's files and decodes them. Nothing is painted.
pub(super) async fn decode(input: &InputField) -> Result<Field, String> {
    let InputField {
        id,
        files,
        order,
        orders_colours,
        bits,
        to_scale,
        paint: _,
    } = input;
    let order: ChannelOrder = order.parse().map_err(|error| format!("{id}: {error}"))?;
    let mut decoder = FieldDecoder::new(id, &order);
    if *orders_colours {
        decoder = decoder.ordering_colours();
    }
    for file in files {
        let buffer = JsFuture::from(file.blob.array_buffer())
            .await
            .map_err(|_| format!("{}: the browser cannot read this file any more", file.name))?;
        let source = Source {
            name: &file.name,
            channel: file.channel,
            bytes: &Uint8Array::new(&buffer).to_vec(),
        };
        decoder.add(source).map_err(|error| error.to_string())?;
    }
    let mut field = decoder.finish().map_err(|error| error.to_string())?;
    if let Some(bits) = *bits {
        field = field.stretched(bits).map_err(|error| {
            format!("{error}; choose other bits under Channels and add it again")
        })?;
    }
    if *to_scale {
        field = field.at_atlas_scale().map_err(|error| error.to_string())?;
    }
    Ok(field)
}

/// A small picture of a field as a JPEG file.
fn thumbnail(field: &Field) -> Result<Blob, String> {
    let file = preview(field, THUMBNAIL_SIDE)
        .to_jpeg()
        .map_err(|error| error.to_string())?;
    let options = BlobPropertyBag::new();
    options.set_type("image/jpeg");
    let parts = Array::of1(&Uint8Array::from(file.as_slice()));
    Blob::new_with_u8_array_sequence_and_options(&parts, &options)
        .map_err(|_| format!("{}: the browser cannot hold a picture of it", field.id()))
}
