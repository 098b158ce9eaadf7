//! The size of a pixel, where a file says one that can be a microscope's.

/// Micrometres a pixel that a light microscope may have. The densities of screens and prints, 72 or 300 pixels an inch, are far
/// outside.
const PLAUSIBLE: std::ops::RangeInclusive<f64> = 0.01..=10.0;

/// A size in micrometres, where it is one that a microscope may have.
pub(super) fn plausible(micrometres: f64) -> Option<f64> {
    PLAUSIBLE.contains(&micrometres).then_some(micrometres)
}

/// The micrometres in a unit by its name, as programs write it; none where it is unknown, or no length.
pub(super) fn unit(name: &str) -> Option<f64> {
    // ImageJ writes letters outside ASCII by their numbers.
    let name = name.trim().replace("\\u00B5", "µ").replace("\\u03BC", "µ");
    match name.replace('\u{3bc}', "µ").to_lowercase().as_str() {
        "µm" | "um" | "micron" | "microns" | "micrometer" | "micrometre" => Some(1.0),
        "nm" | "nanometer" | "nanometre" => Some(1e-3),
        "mm" | "millimeter" | "millimetre" => Some(1e3),
        "cm" | "centimeter" | "centimetre" => Some(1e4),
        "m" | "meter" | "metre" => Some(1e6),
        "pm" => Some(1e-6),
        "å" => Some(1e-4),
        "in" | "inch" | "inches" => Some(25_400.0),
        _ => None,
    }
}
