//! The page of every report: a title, contents, and sections of text, figures and tables.
//!
//! A page is one HTML file with style and plots inside; only a report's pictures are files beside it. It follows the reader's choice
//! of light or dark, and prints.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::plots::{self, Plot};

const STYLE: &str = include_str!("page.css");

/// A report.
#[derive(Debug)]
pub struct Page {
    /// The heading of the page.
    pub title: String,
    /// The text under the heading.
    pub lead: Markup,
    /// The sections, in the order of the contents.
    pub sections: Vec<Section>,
}

/// A section of a report.
#[derive(Debug)]
pub struct Section {
    /// The target of links: letters and dashes.
    pub id: &'static str,
    /// The heading of the section.
    pub title: &'static str,
    /// The content of the section.
    pub body: Markup,
}

impl Page {
    /// Renders the page as an HTML document.
    pub fn document(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="generator" content="Cytolens trainer";
                    title { (self.title) }
                    style { (PreEscaped(plots::STYLE)) (PreEscaped(STYLE)) }
                }
                body {
                    header { h1 { (self.title) } div.lead { (self.lead) } }
                    nav aria-label="Contents" {
                        ol { @for section in &self.sections { li { a href=(format!("#{}", section.id)) { (section.title) } } } }
                    }
                    main {
                        @for section in &self.sections {
                            section id=(section.id) aria-labelledby=(format!("{}-title", section.id)) {
                                h2 id=(format!("{}-title", section.id)) { (section.title) }
                                (section.body)
                            }
                        }
                    }
                }
            }
        };
        page.into_string() + "\n"
    }
}

/// A figure of plots side by side; `caption` says what they show and in what unit.
pub fn figure(plots: &[&Plot], caption: &Markup) -> Markup {
    let kind = if plots.len() > 1 { "panels" } else { "whole" };
    html! {
        figure {
            // Content wider than the screen scrolls, and so must take the keyboard's focus.
            div.(kind) tabindex=[(kind == "whole").then_some("0")] { @for plot in plots { (plot.svg) } }
            figcaption { (caption) }
        }
    }
}

/// A table whose first column names the rows and whose others are numbers.
pub fn table(caption: &str, columns: &[String], rows: &[Vec<String>]) -> Markup {
    html! {
        div.scroll tabindex="0" {
            table {
                caption { (caption) }
                thead { tr { @for column in columns { th scope="col" { (column) } } } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (index, cell) in row.iter().enumerate() {
                                @if index == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_lead_to_every_section_and_texts_are_escaped() {
        let page = Page {
            title: "A <b>set</b>".to_owned(),
            lead: html! { p { "First" } },
            sections: vec![Section {
                id: "labels",
                title: "Labels",
                body: table(
                    "Counts",
                    &["Class".to_owned()],
                    &[vec!["<script>".to_owned()]],
                ),
            }],
        }
        .document();
        assert!(page.contains("href=\"#labels\"") && page.contains("id=\"labels\""));
        assert!(page.contains("<title>A &lt;b&gt;set"), "{page}");
        assert!(!page.contains("<script>"));
    }
}
