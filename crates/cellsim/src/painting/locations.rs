//! The locations that follow a reference's own channels; all others are drawn as in simulated cells.

use crate::canvas::Canvas;
use crate::geometry::{bell, smooth_step};
use crate::locations;
use crate::reference::{Channels, quantile};
use crate::scene::Scene;
use crate::staining::Staining;
use crate::texture::Grain;

/// Draws a location, by its class number, on the cells of a reference with these channels.
pub(super) fn draw(class: usize, staining: &mut Staining, channels: &Channels) {
    match (class, &channels.yellow) {
        (6, Some(yellow)) => reticulum(staining, &channels.light(yellow)),
        (14, _) => microtubules(staining, &channels.light(&channels.red)),
        // The cytosol fills the cell, so it is as bright as the cell is thick.
        (25, _) => drawn(class, staining, |thickness| thickness),
        // The membrane's sheet covers thick and thin parts, but lies in focus where the cell is thick.
        (21, _) => drawn(class, staining, |thickness| 0.45 + 0.55 * thickness),
        _ => locations::draw(class, staining),
    }
}

/// Draws a location as in simulated cells, and multiplies its light by the weight of the cell's thickness at each place.
fn drawn(class: usize, staining: &mut Staining, weight: impl Fn(f32) -> f32) {
    let mut canvas = staining.scene.canvas();
    let mut alone = Staining {
        scene: staining.scene,
        microtubules: staining.microtubules,
        canvas: &mut canvas,
        stream: staining.stream.clone(),
        brightness: staining.brightness.clone(),
        veiled: staining.veiled,
    };
    locations::draw(class, &mut alone);
    for (index, site) in staining.scene.territory.sites() {
        let light = canvas.values[index] * weight(staining.scene.thickness(&site));
        staining.canvas.values[index] += light;
    }
}

/// A channel's light in the cytoplasm, about 1 where it is bright: smoothed a little, since noise is each channel's own.
fn stain(scene: &Scene, light: &Canvas, smoothing: f32) -> Canvas {
    let mut stain = light.blurred(smoothing);
    let cytoplasm = scene
        .territory
        .sites()
        .filter(|(_, site)| site.nucleus > 0.0);
    let bright = quantile(cytoplasm.map(|(index, _)| stain.values[index]), 0.97).max(0.03);
    for value in &mut stain.values {
        *value = (*value / bright).min(1.4);
    }
    stain
}

/// Endoplasmic reticulum: as its stain shows it, more or less drawn together around the nucleus.
fn reticulum(staining: &mut Staining, yellow: &Canvas) {
    let smoothing = staining.stream.between(0.05, 0.2);
    let stain = stain(staining.scene, yellow, smoothing);
    let contrast = staining.stream.between(0.9, 1.5);
    let reach = staining.stream.between(8.0, 30.0);
    let gathered = staining.stream.between(0.0, 0.6);
    let nucleus = staining.stream.between(0.1, 0.6);
    let envelope = staining.stream.between(-0.15, 0.25).max(0.0);
    let uneven = staining.stream.between(0.0, 0.25);
    let size = staining.stream.between(0.5, 1.2);
    let grain = Grain::new(&mut staining.stream, size);
    let clouds = Grain::new(&mut staining.stream, 5.0);
    staining.shade(|_, site, index| {
        let texture = 1.0 + uneven * (grain.at(site.place) + 0.5 * clouds.at(site.place));
        let near = 1.0 - gathered + gathered * (-site.nucleus.max(0.0) / reach).exp();
        let within = smooth_step(0.3, -0.3, site.nucleus);
        let body = stain.values[index].powf(contrast) * texture.max(0.0) * near;
        body * (1.0 - (1.0 - nucleus) * within) + envelope * bell(site.nucleus, 0.3)
    });
}

/// Microtubules: as their stain shows them, with the haze that an antibody leaves.
fn microtubules(staining: &mut Staining, red: &Canvas) {
    let smoothing = staining.stream.between(0.0, 0.12);
    let stain = stain(staining.scene, red, smoothing);
    let contrast = staining.stream.between(0.8, 1.3);
    let uneven = staining.stream.between(0.05, 0.3);
    let haze = 0.25 * staining.stream.unit().powi(2);
    let size = staining.stream.between(0.4, 0.9);
    let beads = Grain::new(&mut staining.stream, size);
    staining.shade(|scene, site, index| {
        let texture = (1.0 + uneven * beads.at(site.place)).max(0.0);
        stain.values[index].powf(contrast) * texture + haze * scene.thickness(site)
    });
}
