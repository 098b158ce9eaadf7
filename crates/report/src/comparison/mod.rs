//! Comparison of runs with each other and with published scores: as text for the terminal, as Markdown, as JSON and as a page.

mod document;
mod published;
mod runs;
mod tables;

use std::path::Path;

use anyhow::{Context, Result};
use cytolens_data::whole_file::write_whole;

use published::CAUTION;
pub use runs::{ComparedRun, Comparison};

impl Comparison {
    /// Renders the comparison as text for the terminal.
    pub fn text(&self) -> String {
        format!(
            "On {}:\n\n{}\n{}\nBeside published figures, macro-F1 in percent:\n\n{}\n{CAUTION}\n",
            self.data,
            self.scores().text(),
            self.cost().text(),
            self.beside_published().text()
        )
    }

    /// Renders the comparison as Markdown.
    fn markdown(&self) -> String {
        format!(
            "Scores in percent on {}, with intervals of 95 %:\n\n{}\n{}\nBeside published figures, macro-F1 in percent:\n\n{}\n{CAUTION}\n",
            self.data,
            self.scores().markdown(),
            self.cost().markdown(),
            self.beside_published().markdown()
        )
    }

    /// Writes `index.html`, `comparison.json`, `comparison.md` and the folder `plots`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, out: &Path) -> Result<()> {
        let plots = out.join("plots");
        std::fs::create_dir_all(&plots)
            .with_context(|| format!("cannot make the folder {}", plots.display()))?;
        let figures = document::ComparisonPlots::of(self);
        for plot in figures.all() {
            write_whole(&plots.join(format!("{}.svg", plot.name)), plot.file())?;
        }
        let json = serde_json::to_string_pretty(self)? + "\n";
        write_whole(&out.join("comparison.json"), json)?;
        write_whole(&out.join("comparison.md"), self.markdown())?;
        write_whole(&out.join("index.html"), document::document(self, &figures))
    }
}

#[cfg(test)]
mod tests;
