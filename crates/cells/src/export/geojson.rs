//! GeoJSON as QuPath reads and writes it: a collection of features, each a cell with its outline, that of its nucleus, its class
//! and its measurements (<https://qupath.readthedocs.io/en/stable/docs/advanced/exporting_annotations.html>).

use std::fmt::Write;

use super::FieldCells;
use crate::cells::Cells;
use crate::outline::{Ring, simplified};

/// The cells of a field as a GeoJSON document. A cell's class is its most probable label over its threshold, if any.
pub fn geojson(field: &FieldCells<'_>) -> String {
    let nuclei = Cells::of_numbers(
        field.cells.width(),
        field.cells.height(),
        field.cells.nuclei().to_vec(),
        field.cells.nuclei().to_vec(),
    );
    let mut text = String::from("{\"type\":\"FeatureCollection\",\"features\":[");
    for (place, cell) in field.cells.list().iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str("\n{\"type\":\"Feature\",\"geometry\":");
        geometry(&mut text, field, &field.cells.outlines(cell.number));
        let nucleus = nuclei.outlines(cell.number);
        if !nucleus.is_empty() {
            text.push_str(",\"nucleusGeometry\":");
            geometry(&mut text, field, &nucleus);
        }
        let name = format!("{} {}", field.id, cell.number);
        text.push_str(",\"properties\":{\"objectType\":\"cell\",\"name\":");
        quoted(&mut text, &name);
        let answer = field.answer(cell.number).unwrap_or_default();
        if let Some(label) = surest(field, answer) {
            text.push_str(",\"classification\":{\"name\":");
            quoted(&mut text, label);
            text.push('}');
        }
        text.push_str(",\"measurements\":{");
        let [across, down] = field.scale();
        let area = |pixels: usize| pixels as f32 * across * down;
        _ = write!(
            text,
            "\"Cell: Area px^2\":{:.0},\"Nucleus: Area px^2\":{:.0},\"On the border\":{}",
            area(cell.area),
            area(cell.nucleus_area),
            u8::from(cell.on_border)
        );
        for (label, probability) in field.labels.iter().zip(answer) {
            text.push(',');
            quoted(&mut text, label);
            _ = write!(text, ":{probability:.4}");
        }
        text.push_str("}}}");
    }
    text.push_str("\n]}\n");
    text
}

/// The most probable label of those over their thresholds.
fn surest<'a>(field: &FieldCells<'a>, answer: &[f32]) -> Option<&'a str> {
    let labels = field.labels.iter().zip(answer).zip(field.thresholds);
    let present = labels.filter(|((_, probability), threshold)| probability >= threshold);
    let best = present.max_by(|((_, a), _), ((_, b), _)| a.total_cmp(b));
    best.map(|((label, _), _)| label.as_str())
}

/// A polygon, or several.
fn geometry(text: &mut String, field: &FieldCells<'_>, rings: &[Ring]) {
    let [across, down] = field.scale();
    let polygon = |text: &mut String, ring: &Ring| {
        text.push_str("[[");
        let smooth = simplified(ring);
        for [x, y] in smooth.iter().chain(smooth.first()) {
            if !text.ends_with('[') {
                text.push(',');
            }
            _ = write!(text, "[{:.2},{:.2}]", x * across, y * down);
        }
        text.push_str("]]");
    };
    if let [ring] = rings {
        text.push_str("{\"type\":\"Polygon\",\"coordinates\":");
        polygon(text, ring);
    } else {
        text.push_str("{\"type\":\"MultiPolygon\",\"coordinates\":[");
        for (place, ring) in rings.iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            polygon(text, ring);
        }
        text.push(']');
    }
    text.push('}');
}

/// A string of JSON.
fn quoted(text: &mut String, value: &str) {
    text.push('"');
    for letter in value.chars() {
        match letter {
            '"' | '\\' => text.extend(['\\', letter]),
            letter if letter < ' ' => _ = write!(text, "\\u{:04x}", u32::from(letter)),
            letter => text.push(letter),
        }
    }
    text.push('"');
}
