//! The planes that decoded rows are written to, reduced as they come where an image is large.

use std::fmt;

use super::error::ImageFault;
use super::field::Samples;
use super::limits::{check_memory, check_size, reduction};

/// A part of a row of an image, the samples of each pixel one after the other.
#[derive(Clone, Copy)]
pub(super) enum Row<'a> {
    Eight(&'a [u8]),
    Sixteen(&'a [u16]),
}

/// The planes of an image that comes by rows, or by rows of tiles.
///
/// A large image is reduced by a whole factor: each sample is the mean of a square of the image's, rounded to the nearest. Pixels
/// at the right and the lower edge that fill no square are left out.
pub(super) struct Canvas {
    /// The size of the image in pixels.
    width: usize,
    height: usize,
    /// The factor, and the size after reduction.
    factor: usize,
    columns: usize,
    rows: usize,
    planes: Vec<Samples>,
    /// The sums of the squares whose rows are not complete, row by row, in each plane by plane.
    sums: Vec<u32>,
}

impl Canvas {
    /// A canvas for an image of `width` × `height` px, of so many samples a pixel, each of 8 or 16 bit.
    ///
    /// # Errors
    /// If the size is beyond the limits, or the planes need too much memory.
    pub(super) fn new(
        width: u64,
        height: u64,
        count: usize,
        bits: u32,
    ) -> Result<Self, ImageFault> {
        check_size(width, height)?;
        let (width, height) = (width as u32, height as u32);
        let factor = reduction(width, height);
        let (columns, rows) = ((width / factor) as usize, (height / factor) as usize);
        let area = columns * rows;
        check_memory(area as u64 * count as u64 * u64::from(bits / 8))?;
        // Without reduction rows are written where they belong, in any order.
        let is_filled = factor == 1;
        let plane = || match (bits, is_filled) {
            (8, true) => Samples::Eight(vec![0; area]),
            (8, false) => Samples::Eight(Vec::with_capacity(area)),
            (_, true) => Samples::Sixteen(vec![0; area]),
            (_, false) => Samples::Sixteen(Vec::with_capacity(area)),
        };
        Ok(Self {
            width: width as usize,
            height: height as usize,
            factor: factor as usize,
            columns,
            rows,
            planes: (0..count).map(|_| plane()).collect(),
            sums: Vec::new(),
        })
    }

    /// Writes a part of a row that begins at a pixel of the image; what lies beyond its right edge is left out.
    pub(super) fn write(&mut self, left: usize, top: usize, row: Row<'_>) {
        match row {
            Row::Eight(samples) if self.factor == 1 => {
                self.copy(left, top, samples, |plane| match plane {
                    Samples::Eight(plane) => plane,
                    Samples::Sixteen(_) => &mut [],
                })
            }
            Row::Sixteen(samples) if self.factor == 1 => {
                self.copy(left, top, samples, |plane| match plane {
                    Samples::Sixteen(plane) => plane,
                    Samples::Eight(_) => &mut [],
                })
            }
            Row::Eight(samples) => self.add(left, top, samples),
            Row::Sixteen(samples) => self.add(left, top, samples),
        }
    }

    fn copy<T: Copy>(
        &mut self,
        left: usize,
        top: usize,
        row: &[T],
        values: impl Fn(&mut Samples) -> &mut [T],
    ) {
        let start = top * self.width + left;
        let end = top * self.width + self.width;
        let count = self.planes.len();
        for (position, plane) in self.planes.iter_mut().enumerate() {
            let target = &mut values(plane)[start..end];
            if count == 1 {
                let length = row.len().min(target.len());
                target[..length].copy_from_slice(&row[..length]);
            } else {
                let samples = row.iter().skip(position).step_by(count);
                for (target, &sample) in target.iter_mut().zip(samples) {
                    *target = sample;
                }
            }
        }
    }

    fn add<T: Copy + Into<u32>>(&mut self, left: usize, top: usize, row: &[T]) {
        let done = self.done();
        let (count, line) = (self.planes.len(), top / self.factor);
        if line >= self.rows {
            return;
        }
        let row_length = count * self.columns;
        let start = (line - done) * row_length;
        if self.sums.len() < start + row_length {
            self.sums.resize(start + row_length, 0);
        }
        let sums = &mut self.sums[start..start + row_length];
        let (mut column, mut phase) = (left / self.factor, left % self.factor);
        for pixel in row.chunks_exact(count) {
            if column >= self.columns {
                break;
            }
            for (plane, &sample) in pixel.iter().enumerate() {
                sums[plane * self.columns + column] += sample.into();
            }
            phase += 1;
            if phase == self.factor {
                (column, phase) = (column + 1, 0);
            }
        }
    }

    /// The number of rows that are complete after reduction.
    fn done(&self) -> usize {
        self.planes
            .first()
            .map_or(0, |plane| plane.count() / self.columns)
    }

    /// Says that all rows of the image above this one are written.
    pub(super) fn complete(&mut self, rows: usize) {
        if self.factor == 1 {
            return;
        }
        let finished = (rows.min(self.height) / self.factor).min(self.rows) - self.done();
        let area = (self.factor * self.factor) as u32;
        let row_length = self.planes.len() * self.columns;
        let length = finished * row_length;
        for row in self.sums[..length].chunks_exact(row_length) {
            for (plane, sums) in self.planes.iter_mut().zip(row.chunks_exact(self.columns)) {
                let means = sums.iter().map(|sum| (sum + area / 2) / area);
                match plane {
                    Samples::Eight(plane) => plane.extend(means.map(|mean| mean as u8)),
                    Samples::Sixteen(plane) => plane.extend(means.map(|mean| mean as u16)),
                }
            }
        }
        self.sums.drain(..length);
    }

    /// The planes, after every row of the image is written.
    pub(super) fn finished(mut self) -> Picture {
        self.complete(self.height);
        Picture {
            width: self.columns as u32,
            height: self.rows as u32,
            full_size: (self.width as u32, self.height as u32),
            reduction: self.factor as u32,
            planes: self.planes,
            pixel_size: None,
        }
    }
}

/// The planes of a decoded image, in the order of a pixel's samples.
pub(super) struct Picture {
    /// The size after reduction, in pixels.
    pub(super) width: u32,
    pub(super) height: u32,
    /// The size in the file.
    pub(super) full_size: (u32, u32),
    /// The factor of the reduction.
    pub(super) reduction: u32,
    pub(super) planes: Vec<Samples>,
    /// The side of a pixel in the file, in micrometres, where the file says it.
    pub(super) pixel_size: Option<f64>,
}

impl fmt::Debug for Picture {
    /// Writes size and depth without the samples, which are millions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits: Vec<u32> = self.planes.iter().map(Samples::bits).collect();
        write!(
            f,
            "Picture({} × {} px, {bits:?} bit)",
            self.width, self.height
        )
    }
}
