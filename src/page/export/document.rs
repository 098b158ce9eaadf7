//! All that is on the desk as one JSON document. `docs/export.md` tells its shape.

use serde::Serialize;

use super::{Provenance, Row};
use crate::page::answer::Answer;
use crate::protocol::ModelSummary;

/// The shape's number; another shape gets another.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u32,
    cytolens: &'static str,
    created: &'a str,
    note: &'static str,
    models: Vec<Model<'a>>,
    fields: Vec<Field<'a>>,
    refused: Vec<Refused<'a>>,
}

#[derive(Serialize)]
struct Model<'a> {
    name: &'a str,
    architecture: &'a str,
    composition: &'a str,
    size: u32,
    labels: &'a [String],
    thresholds: &'a [f32],
    limits: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    licence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weights_sha256: Option<String>,
}

#[derive(Serialize)]
struct Field<'a> {
    id: &'a str,
    files: &'a str,
    model: usize,
    device: &'a str,
    present: Vec<&'a str>,
    probabilities: &'a [f32],
    decode_ms: f64,
    network_ms: f64,
    map_ms: f64,
}

#[derive(Serialize)]
struct Refused<'a> {
    id: &'a str,
    files: &'a str,
    reason: &'a str,
}

/// The document of these rows. `created` is a date as ISO 8601 writes it; `provenance` tells what
/// is known of a model beside its summary.
///
/// # Errors
/// None that can be foreseen.
pub(super) fn document(
    rows: &[Row],
    created: &str,
    note: &'static str,
    provenance: impl Fn(&ModelSummary) -> Provenance,
) -> Result<String, String> {
    let mut models: Vec<&ModelSummary> = Vec::new();
    let (mut fields, mut refused) = (Vec::new(), Vec::new());
    for Row { id, files, outcome } in rows {
        match outcome {
            Ok(answer) => {
                let known = models.iter().position(|model| **model == *answer.model);
                let model = known.unwrap_or(models.len());
                if known.is_none() {
                    models.push(&answer.model);
                }
                fields.push(field(id, files, model, answer));
            }
            Err(reason) => refused.push(Refused { id, files, reason }),
        }
    }
    let models = models.into_iter().map(|model| {
        let Provenance {
            licence,
            weights_sha256,
        } = provenance(model);
        Model {
            name: &model.name,
            architecture: &model.architecture,
            composition: &model.composition,
            size: model.size,
            labels: &model.labels,
            thresholds: &model.thresholds,
            limits: &model.limits,
            licence,
            weights_sha256,
        }
    });
    let document = Document {
        format: "cytolens-predictions",
        version: VERSION,
        cytolens: env!("CARGO_PKG_VERSION"),
        created,
        note,
        models: models.collect(),
        fields,
        refused,
    };
    serde_json::to_string(&document).map_err(|error| error.to_string())
}

fn field<'a>(id: &'a str, files: &'a str, model: usize, answer: &'a Answer) -> Field<'a> {
    Field {
        id,
        files,
        model,
        device: &answer.device,
        present: answer
            .present
            .iter()
            .map(|class| answer.label(*class))
            .collect(),
        probabilities: &answer.probabilities,
        decode_ms: answer.decode_ms,
        network_ms: answer.network_ms,
        map_ms: answer.map_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{answered, model, refused};
    use super::*;

    #[test]
    fn a_document_tells_models_fields_and_what_was_refused() {
        let (first, second) = (model("first", &["x", "y"]), model("second", &["z"]));
        let rows = [
            answered("a", &first, &[1], &[0.25, 0.1]),
            refused("b", "b_green.png", "no image"),
            answered("c", &second, &[], &[0.0]),
            answered("d", &first, &[0, 1], &[0.5, 0.75]),
        ];
        let weights = |model: &ModelSummary| Provenance {
            licence: None,
            weights_sha256: (model.name == "first").then(|| "abc".to_owned()),
        };
        let text = document(&rows, "2026-01-02T03:04:05Z", "Estimates.", weights).expect("written");
        let read: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(read["format"], "cytolens-predictions");
        assert_eq!(read["version"], VERSION);
        assert_eq!(read["cytolens"], env!("CARGO_PKG_VERSION"));
        assert_eq!(read["created"], "2026-01-02T03:04:05Z");
        assert_eq!(read["models"].as_array().map(Vec::len), Some(2));
        assert_eq!(read["models"][0]["labels"][1], "y");
        assert_eq!(read["models"][0]["weights_sha256"], "abc");
        assert!(read["models"][1].get("weights_sha256").is_none());
        let field = |at: usize| &read["fields"][at];
        assert_eq!(field(0)["id"], "a");
        assert_eq!(field(0)["present"], serde_json::json!(["y"]));
        assert_eq!(field(1)["model"], 1);
        assert_eq!(field(2)["model"], 0);
        assert_eq!(field(2)["present"], serde_json::json!(["x", "y"]));
        // The same digits as in the table.
        assert!(text.contains(r#""probabilities":[0.25,0.1]"#), "{text}");
        assert_eq!(
            read["refused"],
            serde_json::json!([{"id": "b", "files": "b_green.png", "reason": "no image"}])
        );
    }
}
