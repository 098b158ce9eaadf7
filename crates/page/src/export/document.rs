//! All fields of the desk as one JSON document. `docs/export.md` describes its shape.

use super::Row;
use super::json::{list, numbers, object, text, texts};
use crate::answer::Answer;
use cytolens_protocol::ModelSummary;

/// The version of the document's shape.
const VERSION: u32 = 1;

/// The document of these rows. `created` is a date as ISO 8601 writes it, `note` a sentence on the
/// document's use.
pub(super) fn document(rows: &[Row], created: &str, note: &str) -> String {
    let mut models: Vec<&ModelSummary> = Vec::new();
    let (mut fields, mut refused) = (Vec::new(), Vec::new());
    for Row { id, files, outcome } in rows {
        let mut members = vec![("id", text(id)), ("files", text(files))];
        match outcome {
            Ok(answer) => {
                let known = models.iter().position(|model| **model == *answer.model);
                let place = known.unwrap_or(models.len());
                if known.is_none() {
                    models.push(&answer.model);
                }
                members.push(("model", place.to_string()));
                members.extend(answered(answer));
                members.extend(match answer.painted() {
                    "" => None,
                    channel => Some(("painted", text(channel))),
                });
                fields.push(object(&members));
            }
            Err(reason) => {
                members.push(("reason", text(reason)));
                refused.push(object(&members));
            }
        }
    }
    let models = models.into_iter().map(model);
    object(&[
        ("format", text("cytolens-predictions")),
        ("version", VERSION.to_string()),
        ("cytolens", text(env!("CARGO_PKG_VERSION"))),
        ("created", text(created)),
        ("note", text(note)),
        ("models", list(models)),
        ("fields", list(fields.into_iter())),
        ("refused", list(refused.into_iter())),
    ])
}

fn model(model: &ModelSummary) -> String {
    let members = [
        ("name", text(&model.name)),
        ("architecture", text(&model.architecture)),
        ("composition", text(&model.composition)),
        ("size", model.size.to_string()),
        ("labels", texts(model.labels.iter().map(String::as_str))),
        ("thresholds", numbers(&model.thresholds)),
        ("limits", text(&model.limits)),
        ("licence", text(&model.licence)),
        ("weights_sha256", text(&model.weights_sha256)),
        ("members", texts(model.members.iter().map(|it| &*it.name))),
    ];
    object(&members)
}

fn answered(answer: &Answer) -> [(&'static str, String); 9] {
    let present = answer.present().iter().map(|class| answer.label(*class));
    [
        ("device", text(&answer.device)),
        ("present", texts(present)),
        (
            "remarks",
            texts(answer.prediction.remarks.iter().map(String::as_str)),
        ),
        ("probabilities", numbers(&answer.prediction.probabilities)),
        (
            "pixel_size_um",
            answer
                .prediction
                .pixel_size
                .map_or_else(|| "null".to_owned(), |side| side.to_string()),
        ),
        ("decode_ms", answer.prediction.decode_ms.to_string()),
        ("network_ms", answer.prediction.network_ms.to_string()),
        ("map_ms", answer.prediction.map_ms.to_string()),
        (
            "member_ms",
            list(answer.prediction.member_ms.iter().map(f64::to_string)),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::tests::{answered, model, refused};
    use super::*;
    use cytolens_core::Channel;
    use cytolens_protocol::MemberSummary;

    #[test]
    fn a_document_holds_models_fields_and_refusals() {
        let (mut first, second) = (model("first", &["x", "y"]), model("second", &["z"]));
        let rows = [
            answered("a", &first, &[1], &[0.25, 0.1]),
            refused("b", "b_green.png", "no image"),
            answered("c", &second, &[], &[0.0]),
            answered("d", &first, &[0, 1], &[0.5, 0.75]),
        ];
        let mut rows = rows;
        if let Ok(answer) = &mut rows[0].outcome {
            std::rc::Rc::make_mut(answer).prediction.pixel_size = Some(0.08);
        }
        let several = std::rc::Rc::make_mut(&mut first);
        several.members = ["one", "other"]
            .map(|name| MemberSummary {
                name: name.to_owned(),
                weights_sha256: String::new(),
            })
            .to_vec();
        if let Ok(answer) = &mut rows[0].outcome {
            let answer = std::rc::Rc::make_mut(answer);
            answer.model = first.clone();
            answer.prediction.member_ms = vec![900.5, 500.0];
        }
        if let Ok(answer) = &mut rows[3].outcome {
            let answer = std::rc::Rc::make_mut(answer);
            answer.model = first;
            answer.prediction.painted = Some(Channel::Yellow);
        }
        let text = document(&rows, "2026-01-02T03:04:05Z", "Estimates.");
        let read: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(read["format"], "cytolens-predictions");
        assert_eq!(read["version"], VERSION);
        assert_eq!(read["cytolens"], env!("CARGO_PKG_VERSION"));
        assert_eq!(read["created"], "2026-01-02T03:04:05Z");
        assert_eq!(read["models"].as_array().map(Vec::len), Some(2));
        assert_eq!(read["models"][0]["labels"][1], "y");
        assert_eq!(read["models"][0]["weights_sha256"], "of first");
        assert_eq!(
            read["models"][0]["members"],
            serde_json::json!(["one", "other"])
        );
        assert_eq!(read["models"][1]["members"], serde_json::json!([]));
        assert_eq!(read["models"][1]["licence"], "CC0-1.0");
        let field = |at: usize| &read["fields"][at];
        assert_eq!(field(0)["id"], "a");
        assert_eq!(field(0)["present"], serde_json::json!(["y"]));
        assert_eq!(field(0)["pixel_size_um"], 0.08);
        assert_eq!(field(0)["member_ms"], serde_json::json!([900.5, 500]));
        assert_eq!(field(1)["member_ms"], serde_json::json!([]));
        assert!(field(1)["pixel_size_um"].is_null());
        assert!(field(1).get("painted").is_none());
        assert_eq!(field(2)["painted"], "yellow");
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
