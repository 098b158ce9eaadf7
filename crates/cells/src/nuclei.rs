//! Nuclei: the pieces of a mask, parted at their necks.

use crate::distance::depths;
use crate::region::beside;

/// Two pieces stay apart where the neck between them is narrower than the thinner one by this share.
const NECK: f32 = 0.25;
/// Or by less than this many pixels.
const LEAST: f32 = 1.0;

/// A piece while the mask is flooded from its deepest pixels outwards.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// The piece that it has become part of, or itself.
    parent: usize,
    /// Its greatest depth.
    peak: f32,
    area: usize,
}

/// The number of the nucleus at each pixel of a mask, from 1 by rows; 0 outside, and in pieces of less than `smallest` pixels.
pub(crate) fn parted(inside: &[bool], width: usize, smallest: usize) -> Vec<u16> {
    let longest = (width + inside.len() / width) as f32;
    // Where all is inside, all is of one depth: one piece.
    let depths: Vec<f32> = depths(inside, width)
        .into_iter()
        .map(|depth| depth.min(longest))
        .collect();
    let mut order: Vec<usize> = (0..inside.len()).filter(|&at| inside[at]).collect();
    order.sort_by(|&a, &b| depths[b].total_cmp(&depths[a]).then(a.cmp(&b)));

    const NONE: usize = usize::MAX;
    let mut pieces: Vec<Piece> = Vec::new();
    let mut of = vec![NONE; inside.len()];
    for at in order {
        let depth = depths[at];
        // The deepest piece beside it takes the pixel.
        let mut own: Option<usize> = None;
        for next in beside(at, width, inside.len()) {
            if of[next] == NONE {
                continue;
            }
            let other = root(&mut pieces, of[next]);
            own = Some(match own {
                None => other,
                Some(own) if own == other => own,
                Some(own) => {
                    let (deep, flat) = if pieces[own].peak >= pieces[other].peak {
                        (own, other)
                    } else {
                        (other, own)
                    };
                    let peak = pieces[flat].peak;
                    if peak - depth < LEAST.max(NECK * peak) {
                        pieces[flat].parent = deep;
                        pieces[deep].area += pieces[flat].area;
                    }
                    deep
                }
            });
        }
        let own = own.unwrap_or_else(|| {
            pieces.push(Piece {
                parent: pieces.len(),
                peak: depth,
                area: 0,
            });
            pieces.len() - 1
        });
        pieces[own].area += 1;
        of[at] = own;
    }

    let mut numbers = vec![0_u16; pieces.len()];
    let mut last = 0_u16;
    of.into_iter()
        .map(|piece| {
            if piece == NONE {
                return 0;
            }
            let piece = root(&mut pieces, piece);
            if pieces[piece].area < smallest {
                return 0;
            }
            if numbers[piece] == 0 && last < u16::MAX {
                last += 1;
                numbers[piece] = last;
            }
            numbers[piece]
        })
        .collect()
}

/// The piece that a piece is part of.
fn root(pieces: &mut [Piece], mut piece: usize) -> usize {
    while pieces[piece].parent != piece {
        pieces[piece].parent = pieces[pieces[piece].parent].parent;
        piece = pieces[piece].parent;
    }
    piece
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The discs' union, 100 px wide and 60 high.
    fn discs(discs: &[(f32, f32, f32)]) -> Vec<bool> {
        (0..6000)
            .map(|at| {
                let (x, y) = ((at % 100) as f32, (at / 100) as f32);
                let within = |&(cx, cy, r): &(f32, f32, f32)| (x - cx).hypot(y - cy) < r;
                discs.iter().any(within)
            })
            .collect()
    }

    fn count(discs_at: &[(f32, f32, f32)], smallest: usize) -> u16 {
        let numbers = parted(&discs(discs_at), 100, smallest);
        numbers.into_iter().max().unwrap_or(0)
    }

    #[test]
    fn touching_nuclei_are_parted_at_the_neck() {
        let two = [(30.0, 30.0, 12.0), (50.0, 30.0, 12.0)];
        let numbers = parted(&discs(&two), 100, 10);
        assert_eq!(numbers[30 * 100 + 30], 1);
        assert_eq!(numbers[30 * 100 + 50], 2);
        // The line between them is in the middle.
        assert_eq!([numbers[30 * 100 + 38], numbers[30 * 100 + 42]], [1, 2]);
        assert_eq!(count(&[(30.0, 30.0, 12.0), (36.0, 30.0, 12.0)], 10), 1);
        assert_eq!(count(&[(20.0, 20.0, 8.0), (60.0, 40.0, 8.0)], 10), 2);
    }

    #[test]
    fn small_pieces_count_for_nothing() {
        assert_eq!(count(&[(30.0, 30.0, 12.0), (70.0, 30.0, 2.5)], 40), 1);
        assert_eq!(count(&[], 1), 0);
        let all = parted(&[true; 600], 30, 1);
        assert!(all.iter().all(|&number| number == 1), "one piece fills all");
    }
}
