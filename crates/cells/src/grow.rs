//! The seeded watershed (Beucher and Meyer, 1993): seeds grow over a relief, its valleys first.

use std::collections::VecDeque;

use crate::region::beside;

/// The levels into which the relief from 0 to 1 is divided.
const LEVELS: usize = 256;

/// Grows seeds over the pixels that `allowed` has, from 4-connected pixel to pixel, low relief first. Pixels that are equally
/// high go to the seed that is nearest by steps.
pub(crate) fn grow(numbers: &mut [u16], width: usize, allowed: &[bool], relief: &[f32]) {
    let length = numbers.len();
    let level = |at: usize| (relief[at].clamp(0.0, 1.0) * (LEVELS - 1) as f32) as usize;
    let mut waiting: Vec<VecDeque<usize>> = vec![VecDeque::new(); LEVELS];
    let seeds = (0..length).filter(|&at| numbers[at] > 0);
    waiting[0].extend(seeds);
    let mut current = 0;
    while current < LEVELS {
        let Some(at) = waiting[current].pop_front() else {
            current += 1;
            continue;
        };
        for next in beside(at, width, length) {
            if numbers[next] == 0 && allowed[next] {
                numbers[next] = numbers[at];
                waiting[level(next).max(current)].push_back(next);
            }
        }
    }
}

/// Grows numbers by so many steps into the pixels that `allowed` has.
pub(crate) fn grow_by(numbers: &mut [u16], width: usize, allowed: &[bool], steps: usize) {
    let length = numbers.len();
    let mut rim: Vec<usize> = (0..length).filter(|&at| numbers[at] > 0).collect();
    for _ in 0..steps {
        let mut next_rim = Vec::new();
        for &at in &rim {
            for next in beside(at, width, length) {
                if numbers[next] == 0 && allowed[next] {
                    numbers[next] = numbers[at];
                    next_rim.push(next);
                }
            }
        }
        rim = next_rim;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ridge_parts_two_seeds() {
        // The ridge is nearer to the left seed; without it the line would be in the middle.
        let mut relief = [0.0; 12];
        relief[3] = 0.9;
        let allowed = [true; 12];
        let mut numbers = [0_u16; 12];
        (numbers[1], numbers[10]) = (1, 2);
        grow(&mut numbers, 12, &allowed, &relief);
        assert_eq!(numbers[..3], [1; 3]);
        assert_eq!(numbers[4..], [2; 8]);
        let mut flat = [0_u16; 12];
        (flat[1], flat[10]) = (1, 2);
        grow(&mut flat, 12, &allowed, &[0.0; 12]);
        assert_eq!(flat, [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
    }

    #[test]
    fn what_is_not_allowed_stays_empty() {
        let mut numbers = [1, 0, 0, 0, 0, 0];
        let allowed = [true, true, false, true, true, true];
        grow(&mut numbers, 6, &allowed, &[0.0; 6]);
        assert_eq!(numbers, [1, 1, 0, 0, 0, 0]);
        let mut numbers = [1, 0, 0, 0, 0, 0];
        grow_by(&mut numbers, 6, &[true; 6], 2);
        assert_eq!(numbers, [1, 1, 1, 0, 0, 0]);
    }
}
