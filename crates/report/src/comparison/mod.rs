//! Comparison of runs with each other and with published scores: as text for the terminal, as Markdown, as JSON and as a page.

mod document;
mod published;
mod runs;
mod scores;
mod tables;

use std::path::Path;

use anyhow::{Context, Result};
use cytolens_data::whole_file::write_whole;

use published::CAUTION;
pub use runs::{ComparedRun, Comparison};
pub use scores::{Difference, FurtherTest, TestScores};
use tables::Grid;

impl Comparison {
    /// Renders the comparison as text for the terminal.
    pub fn text(&self) -> String {
        format!(
            "On {}:\n\n{}{}{}\n{}\nBeside published figures, macro-F1 in percent:\n\n{}\n{CAUTION}\n",
            self.data,
            self.scores().text(),
            self.differences_as(&self.differences, Grid::text),
            self.further_as(Grid::text),
            self.cost().text(),
            self.beside_published().text()
        )
    }

    /// Renders the comparison as Markdown.
    fn markdown(&self) -> String {
        format!(
            "Scores in percent on {}, with intervals of 95 %:\n\n{}{}{}\n{}\nBeside published figures, macro-F1 in percent:\n\n{}\n{CAUTION}\n",
            self.data,
            self.scores().markdown(),
            self.differences_as(&self.differences, Grid::markdown),
            self.further_as(Grid::markdown),
            self.cost().markdown(),
            self.beside_published().markdown()
        )
    }

    /// Renders the differences from the first run; nothing where there are none.
    fn differences_as(&self, differences: &[Difference], form: fn(&Grid) -> String) -> String {
        let Some((heading, grid)) = self.difference_table(differences) else {
            return String::new();
        };
        format!("\n{heading}:\n\n{}", form(&grid))
    }

    /// Renders the scores on further sets.
    fn further_as(&self, form: fn(&Grid) -> String) -> String {
        let of_set = |test: &FurtherTest| {
            format!(
                "\nScores in percent on {}, with intervals of 95 %:\n\n{}{}",
                test.data,
                form(&self.further_scores(test)),
                self.differences_as(&test.differences, form)
            )
        };
        self.further.iter().map(of_set).collect()
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
