//! The page of the report.

use cytolens_core::labels::{COUNT, LOCATIONS, LabelSet};
use maud::{Markup, html};

use super::comparison::{ClassCorrelation, SetComparison};
use super::figures::{InspectionPlots, stain};
use super::inspected::InspectedSet;
use super::levels::PERCENTILES;
use super::notes::{fields_of, imbalance, notes};
use super::pictures::{Example, FOLDER, REDUCED, Resolutions};
use super::set::{FieldStatistics, MOST_SPECTRA, SPECTRUM_SEED};
use super::spectrum::{LARGEST_SIDE, TABLE_FREQUENCIES};
use crate::page::{Page, Section, figure, table};
use crate::plots::{Plot, count, hundredths, number, percent};

/// The most faults on the page; all are in the table beside it.
const MOST_FAULTS: usize = 200;

/// Renders the page on one set or on two.
pub fn document(
    sets: &[InspectedSet],
    figures: &InspectionPlots,
    comparison: Option<&SetComparison>,
) -> String {
    let mut sections = vec![Section {
        id: "overview",
        title: "Overview",
        body: overview(sets),
    }];
    sections.push(Section {
        id: "labels",
        title: "Labels",
        body: labels(sets, figures),
    });
    if sets.iter().any(|set| set.fields.is_some()) {
        sections.push(Section {
            id: "brightness",
            title: "Brightness",
            body: brightness(sets, figures),
        });
        sections.push(Section {
            id: "structure",
            title: "Structure",
            body: structure(sets, figures),
        });
        sections.push(Section {
            id: "green",
            title: "Green and its neighbours",
            body: correlations(figures),
        });
    }
    if let Some(comparison) = comparison {
        sections.push(Section {
            id: "comparison",
            title: "Both sets in numbers",
            body: both(sets, comparison),
        });
    }
    if sets.iter().any(|set| set.resolutions.is_some()) {
        sections.push(Section {
            id: "resolution",
            title: "What a smaller size loses",
            body: html! { @for set in sets { @if let Some(shown) = &set.resolutions { (resolution(shown)) } } },
        });
    }
    if sets.iter().any(|set| !set.gallery.is_empty()) {
        sections.push(Section {
            id: "gallery",
            title: "One field for each location",
            body: gallery(sets),
        });
    }
    if sets.iter().any(InspectedSet::has_faults) {
        sections.push(Section {
            id: "faults",
            title: "Faults",
            body: faults(sets),
        });
    }
    let names: Vec<&str> = sets.iter().map(|set| set.name.as_str()).collect();
    Page {
        title: format!("What is in {}", names.join(" and ")),
        lead: lead(sets),
        sections,
    }
    .document()
}

fn lead(sets: &[InspectedSet]) -> Markup {
    html! {
        p {
            @match sets {
                [first, second] => {
                    "The set " code { (first.source) } ", drawn whole, beside " code { (second.source) } ", drawn dashed or hollow."
                }
                _ => { @for set in sets { code { (set.source) } } }
            }
        }
    }
}

fn overview(sets: &[InspectedSet]) -> Markup {
    html! {
        @for set in sets {
            @if sets.len() > 1 { h3 style="margin-block-start:1.2rem" { (set.name) } }
            dl.facts {
                (fact("fields", &count(set.labels.fields as u64)))
                @let present = set.labels.counts.iter().filter(|count| **count > 0).count();
                (fact("locations shown", &format!("{present} of {COUNT}")))
                (fact("labels a field", &format!("{:.2}", set.labels.labels_per_field())))
                @if let Some(fields) = &set.fields {
                    (fact("channels", &fields.brightness.len().to_string()))
                }
                div.fault[set.has_faults()] {
                    dt { "faults" }
                    dd { @if set.has_faults() { a href="#faults" { (count(set.faults.len() as u64)) } } @else { "0" } }
                }
            }
            @let notes = notes(set);
            @if !notes.is_empty() {
                ul.notes { @for note in notes { li { (capitalised(&note)) "." } } }
            }
        }
        @if sets.iter().any(|set| set.fields.is_some()) { (sizes(sets)) }
    }
}

fn fact(name: &str, value: &str) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn sizes(sets: &[InspectedSet]) -> Markup {
    let mut columns = ["size", "bits a sample", "fields"]
        .map(str::to_owned)
        .to_vec();
    if sets.len() > 1 {
        columns.push("set".to_owned());
    }
    let mut rows = Vec::new();
    for set in sets {
        for size in set.fields.iter().flat_map(|fields| &fields.sizes) {
            let mut row = vec![
                format!("{} × {} px", size.width, size.height),
                size.bits.to_string(),
                count(size.fields as u64),
            ];
            if sets.len() > 1 {
                row.push(set.name.clone());
            }
            rows.push(row);
        }
    }
    table(
        "Sizes and depths of the fields, as their files store them.",
        &columns,
        &rows,
    )
}

fn labels(sets: &[InspectedSet], figures: &InspectionPlots) -> Markup {
    html! {
        @for set in sets {
            @if let Some(sentence) = imbalance(&set.labels) {
                p { @if sets.len() > 1 { b { (set.name) ": " } } (sentence) }
            }
        }
        (figure(&[&figures.frequencies], &html! {
            "How many fields show each location, and what share of all fields that is. The axis is logarithmic: each step to the \
             left is a tenth. A field may show several locations, so shares add up to more than 100 %."
        }))
        (figure(&[&figures.labels_per_field], &html! { "How many locations a field shows: number and share of fields." }))
        @for (set, plot) in sets.iter().zip(&figures.together) {
            (figure(&[plot], &html! {
                @if sets.len() > 1 { b { (set.name) ". " } }
                "Locations that come together: of the fields that show the row's location, the share in percent that show the \
                 column's too. Shares under 5 % are tinted only; a dot stands where no field shows the row's location. The counts \
                 appear when the pointer rests on a cell."
            }))
        }
    }
}

fn references(plots: &[Plot]) -> Vec<&Plot> {
    plots.iter().collect()
}

fn brightness(sets: &[InspectedSet], figures: &InspectionPlots) -> Markup {
    let columns: Vec<String> = ["channel", "fields", "mean", "standard deviation"]
        .into_iter()
        .map(str::to_owned)
        .chain(PERCENTILES.map(|(name, _)| format!("{name} percentile")))
        .chain(["black pixels".to_owned()])
        .collect();
    html! {
        p {
            "Brightness goes from 0, black, to 1, the highest level that the samples' depth can hold: what a network sees before \
             it normalises. All pixels of all fields are counted."
        }
        @for set in sets {
            @if let Some(fields) = &set.fields {
                (table(&format!("Brightness of the channels of {}.", set.name), &columns, &brightness_rows(fields)))
            }
        }
        (figure(&references(&figures.histograms), &html! {
            "How often each brightness comes: share of pixels in each of 256 bins, on a logarithmic axis. Bins without any pixel \
             lie on the axis. A rise at the right end is saturation."
        }))
        (figure(&references(&figures.field_means), &html! {
            "How differently bright the fields are: share of fields by their mean brightness."
        }))
    }
}

fn brightness_rows(fields: &FieldStatistics) -> Vec<Vec<String>> {
    fields
        .brightness
        .iter()
        .map(|(channel, one)| {
            let mut row = vec![
                format!("{channel}, {}", stain(*channel)),
                count(one.fields as u64),
                number(one.mean),
                number(one.std),
            ];
            row.extend(one.percentiles.map(number));
            row.push(percent(one.black));
            row
        })
        .collect()
}

fn structure(sets: &[InspectedSet], figures: &InspectionPlots) -> Markup {
    html! {
        @for set in sets {
            @if let Some(fields) = &set.fields && let Some(main) = fields.spectra.first() {
                @let of = main.channels.values().map(|spectrum| spectrum.fields).max().unwrap_or_default();
                p {
                    b { (set.name) } ": " (fields_of(of)) " of " (main.width) " × " (main.height) " px"
                    @if fields.spectrum_fields < set.labels.fields {
                        ", among " (MOST_SPECTRA) " fields drawn from the set with seed " (SPECTRUM_SEED)
                    }
                    @if fields.spectra.len() > 1 {
                        "; the other sizes are in summary.json, not mixed in here"
                    }
                    @if main.width.min(main.height) > LARGEST_SIDE { "; the middle " (LARGEST_SIDE) " px a side are measured" }
                    "."
                }
            }
        }
        @if let Some(note) = scale_note(sets) { p { (note) } }
        (figure(&references(&figures.spectra), &html! {
            "Power spectra: how much coarse structure (left) and fine structure (right) a channel has. Frequency in cycles a pixel of \
             the field's own resolution (0.1 is structure of 10 px, 0.5 the finest that pixels can hold); power in squared shares of \
             the highest level, averaged over directions and, as geometric mean, over fields. Both axes are logarithmic. Edges are \
             faded by a Hann window. A flat right end is noise, a steep one blur."
        }))
    }
}

/// A note for spectra of fields of different sizes.
fn scale_note(sets: &[InspectedSet]) -> Option<&'static str> {
    let [first, second] = sets else {
        return None;
    };
    let first = first.fields.as_ref()?.spectra.first()?;
    let second = second.fields.as_ref()?.spectra.first()?;
    ((first.width, first.height) != (second.width, second.height)).then_some(
        "The two sets' fields differ in size: the same frequency means structures of different size in the cell.",
    )
}

fn correlations(figures: &InspectionPlots) -> Markup {
    let caption = |other: &str| {
        html! {
            "Pearson's correlation of green and " (other) " over all pixels of a field, background included: mean of the fields that show \
             the location, and one standard deviation to both sides (the number of fields in brackets). 1 is the same picture, 0 no relation."
        }
    };
    html! {
        p {
            "Where the protein lies shows in what it goes along with: a protein of the nucleus with blue, one along microtubules with red."
        }
        @if let Some(plot) = &figures.green_blue { (figure(&[plot], &caption("blue, the nucleus,"))) }
        @if let Some(plot) = &figures.green_red { (figure(&[plot], &caption("red, the microtubules,"))) }
    }
}

fn both(sets: &[InspectedSet], comparison: &SetComparison) -> Markup {
    let name = |index: usize| sets.get(index).map_or("", |set| set.name.as_str());
    let heads =
        |first: &str, last: &str| [first, name(0), name(1), last].map(str::to_owned).to_vec();
    html! {
        div.tables {
            @for (channel, rows) in &comparison.brightness {
            @let rows: Vec<Vec<String>> = rows.iter().map(|row| vec![
                row.quantity.to_owned(), number(row.first), number(row.second), row.ratio.map_or_else(|| "–".to_owned(), number),
            ]).collect();
            (table(&format!("Brightness of {channel}, from 0 to 1."), &heads("quantity", "first : second"), &rows))
            }
        }
        (spectra_table(comparison))
        div.tables {
            (correlation_table("blue", &heads("location (fields)", "difference"), &comparison.green_blue))
            (correlation_table("red", &heads("location (fields)", "difference"), &comparison.green_red))
        }
    }
}

fn spectra_table(comparison: &SetComparison) -> Markup {
    let signed = |value: f64| {
        let text = format!("{value:+.1}");
        text.replace('-', "−")
    };
    let columns: Vec<String> = ["channel".to_owned()]
        .into_iter()
        .chain(TABLE_FREQUENCIES.map(|frequency| format!("at {frequency}")))
        .chain(["level", "shape", "log-spectral distance"].map(str::to_owned))
        .collect();
    let rows: Vec<Vec<String>> = comparison
        .spectra
        .iter()
        .map(|(channel, one)| {
            let mut row = vec![channel.to_string()];
            let or_dash = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
            row.extend(one.decibels.map(|value| or_dash(value.map(signed))));
            let distance = one.distance.as_ref();
            row.push(or_dash(distance.map(|one| signed(one.level))));
            row.push(or_dash(distance.map(|one| format!("{:.1}", one.shape))));
            row.push(or_dash(distance.map(|one| format!("{:.1}", one.total))));
            row
        })
        .collect();
    table(
        "Power of the first set over that of the second, in decibels (10 is tenfold), at frequencies in cycles a pixel. Level is the \
         mean over all frequencies, on a logarithmic axis; shape is the standard deviation around it; the log-spectral distance is \
         the root mean square, both together.",
        &columns,
        &rows,
    )
}

fn correlation_table(other: &str, columns: &[String], rows: &[ClassCorrelation]) -> Markup {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                format!("{} ({}, {})", row.class, row.first.count, row.second.count),
                format!(
                    "{} ± {}",
                    hundredths(row.first.mean),
                    hundredths(row.first.std)
                ),
                format!(
                    "{} ± {}",
                    hundredths(row.second.mean),
                    hundredths(row.second.std)
                ),
                hundredths(row.difference),
            ]
        })
        .collect();
    table(
        &format!(
            "Correlation of green and {other}: mean and standard deviation over the fields of each location that both sets show."
        ),
        columns,
        &rows,
    )
}

fn resolution(shown: &Resolutions) -> Markup {
    html! {
        p {
            "The same part of field " code { (shown.id) } ": " (shown.part) " px a side at its own " (shown.side) " px, and after the whole field \
             was reduced to " (REDUCED) " px as a network's input is. What the second lacks, a network of that size never sees."
        }
        @for (what, own, reduced) in &shown.pictures {
            figure {
                div.pairs {
                    @for (file, how, side) in [(own, "own resolution", shown.side), (reduced, "reduced", REDUCED)] {
                        div {
                            img src=(format!("{FOLDER}/{file}")) width="480" height="480" loading="lazy" alt=(format!("{what}, {how}"));
                            span { (capitalised(how)) ": the field has " (side) " px a side" }
                        }
                    }
                }
                figcaption { (capitalised(what)) ". Every pixel is drawn as a square; both pictures are brightened alike." }
            }
        }
    }
}

fn gallery(sets: &[InspectedSet]) -> Markup {
    html! {
        p {
            "For each location the field with the fewest labels, the first of those in the set's order: each channel in its colour, then each \
             composition that a network can be given. " code { "rgby" } " is drawn as red, green and blue with yellow at half strength. Each channel is \
             brightened on its own until 0.2 % of its pixels are white, at most sixteenfold: brightness cannot be compared between pictures. \
             Fields that are not square show their central square."
        }
        @for (class, name) in LOCATIONS.iter().enumerate() {
            article.class {
                h3 {
                    (name) " "
                    span.count {
                        @for (index, set) in sets.iter().enumerate() {
                            @if index > 0 { " · " }
                            (fields_of(set.labels.counts[class]))
                            @if sets.len() > 1 { " in " (set.name) }
                        }
                    }
                }
                @for set in sets {
                    @match set.gallery.get(class).and_then(Option::as_ref) {
                        Some(example) => (pictures(example, name, (sets.len() > 1).then_some(&set.name))),
                        None => p.of { @if sets.len() > 1 { b { (set.name) } ": " } "no field shows this location" }
                    }
                }
            }
        }
    }
}

fn pictures(example: &Example, class: &str, set: Option<&String>) -> Markup {
    html! {
        p.of {
            @if let Some(set) = set { b { (set) } ": " }
            code { (example.id) } " · " (names(example.labels))
        }
        ul.pictures {
            @for (what, file) in &example.pictures {
                li {
                    @if let Some(file) = file {
                        img src=(format!("{FOLDER}/{file}")) width="160" height="160" loading="lazy" alt=(format!("{class}: {what} of {}", example.id));
                    }
                    span { (what) @if file.is_none() { ": this field lacks a channel for it" } }
                }
            }
        }
    }
}

fn names(labels: LabelSet) -> String {
    let names: Vec<&str> = labels.classes().map(|class| LOCATIONS[class]).collect();
    names.join(", ")
}

fn faults(sets: &[InspectedSet]) -> Markup {
    html! {
        p { "What is listed here was left out of everything above. The whole list is in " a href="faults.csv" { "faults.csv" } "." }
        @for set in sets {
            @if set.has_faults() {
                @let rows: Vec<Vec<String>> = set.faults.iter().take(MOST_FAULTS)
                    .map(|fault| vec![fault.subject.clone(), fault.reason.clone()]).collect();
                @let more = set.faults.len() - rows.len();
                div.words {
                    (table(&set.name, &["subject", "reason"].map(str::to_owned), &rows))
                }
                @if more > 0 { p { (count(more as u64)) " more are in faults.csv." } }
            }
        }
    }
}
