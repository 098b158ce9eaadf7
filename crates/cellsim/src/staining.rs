//! Staining: drawing one structure of all cells on one channel.

use crate::canvas::Canvas;
use crate::microtubules::Filament;
use crate::random::FieldStream;
use crate::scene::Scene;
use crate::territory::Site;
use crate::texture::Grain;

/// One stain being drawn on one channel.
pub(crate) struct Staining<'a> {
    pub(crate) scene: &'a Scene,
    /// The microtubules of the cells.
    pub(crate) microtubules: &'a [Filament],
    /// The channel's light so far.
    pub(crate) canvas: &'a mut Canvas,
    pub(crate) stream: FieldStream,
    /// The brightness that the stain has in each cell.
    pub(crate) brightness: Vec<f32>,
    /// Whether the veils are drawn that most proteins leave beside their location.
    pub(crate) veiled: bool,
}

impl Staining<'_> {
    /// Adds light to every pixel inside cells, twice where cells overlap.
    pub(crate) fn shade(&mut self, mut light: impl FnMut(&Scene, &Site, usize) -> f32) {
        let territory = &self.scene.territory;
        for (index, site) in territory.sites().chain(territory.overlaps()) {
            self.canvas.values[index] +=
                self.brightness[site.cell] * site.share * light(self.scene, &site, index);
        }
    }

    /// The numbers of the cells that show at least in part.
    pub(crate) fn shown_cells(&self) -> Vec<usize> {
        (0..self.scene.cells().len())
            .filter(|cell| self.scene.area(*cell) > 0.0)
            .collect()
    }

    /// The numbers of the shown cells that are not in mitosis.
    pub(crate) fn resting_cells(&self) -> Vec<usize> {
        let cells = self.scene.cells();
        self.shown_cells()
            .into_iter()
            .filter(|cell| !cells[*cell].divides())
            .collect()
    }

    /// Draws a thin even veil over the cytoplasm, as nearly every protein leaves.
    pub(crate) fn haze(&mut self, light: f32) {
        let grain = Grain::new(&mut self.stream, 0.8);
        if !self.veiled {
            return;
        }
        self.shade(|scene, site, _| {
            let within = if site.nucleus < 0.0 { 0.7 } else { 1.0 };
            light * within * scene.thickness(site) * (1.0 + 0.3 * grain.at(site.place)).max(0.0)
        });
    }

    /// Draws round spots, their radii between two bounds, anywhere in a cell's cytoplasm.
    pub(crate) fn sprinkle(
        &mut self,
        cell: usize,
        count: usize,
        (least, greatest): (f32, f32),
        light: f32,
    ) {
        let divides = self.scene.cells()[cell].divides();
        for _ in 0..count {
            let site = self
                .scene
                .pick(cell, &mut self.stream, |site| site.cytoplasm(divides));
            if let Some(site) = site {
                let radius = self.stream.between(least, greatest);
                let height = light * self.brightness[cell] * self.stream.between(0.5, 1.0);
                self.canvas.spot(site.place, radius, height);
            }
        }
    }
}
