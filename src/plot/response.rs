//! The magnitude of a kernel's frequency response: the gain of waves of each direction and length.
//!
//! Sums of weights times sines and cosines of whole fractions of a turn, first along rows and
//! then down columns; they need no power of two and are the same on every machine.

use super::peak::{Peak, Weights};
use crate::kernel::{Factor, Kernel};

/// Frequencies along each axis of the plane, from -0.5 to 0.5 cycles per pixel.
pub(super) const SIDE: usize = 61;

/// The most weights of a column times a row that are summed one by one.
const MAX_SUMMED: usize = 1 << 16;

/// The place of frequency 0.
const MIDDLE: usize = SIDE / 2;

/// Frequencies of a curve from 0 to 0.5, of short kernels and of longer ones.
const POINTS: [usize; 2] = [129, 513];

/// Gains, in units that neither overflow nor underflow.
#[derive(Debug, Clone)]
pub(super) struct Response {
    /// The gain that 1 stands for; of extreme weights it may be 0 or infinite.
    pub(super) unit: f64,
    /// Rows of frequencies downwards, columns of frequencies to the right.
    pub(super) plane: Vec<f64>,
    /// Along x, along y, and along the two diagonals.
    pub(super) lines: [Line; 4],
    /// The largest of all, between these samples too.
    pub(super) largest: Peak,
    /// Whether a side of the kernel is longer than the frequencies tell apart, in the plane and
    /// along the lines.
    pub(super) is_sampled: [bool; 2],
}

/// The response along a line through frequency 0.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Sums of the weights across the line.
    sums: Vec<f64>,
    /// From 0 to 0.5 cycles per pixel, along x, y, or both.
    pub(super) gains: Vec<f64>,
}

impl Response {
    pub(super) fn new(kernel: &Kernel) -> Self {
        let [rows, columns] = [kernel.rows(), kernel.columns()];
        let peak = kernel.largest_weight();
        let scale = if peak == 0.0 { 1.0 } else { peak };
        // Row by row: those of a large product are never all there.
        let scaled = |row: usize| {
            let mut weights = kernel.weights_of_row(row).into_owned();
            weights.iter_mut().for_each(|weight| *weight /= scale);
            weights
        };
        let factor = kernel.factor().filter(|_| rows * columns > MAX_SUMMED);
        let plane = match factor {
            Some(factor) => plane_of_product(factor, scale),
            None => plane(rows, scaled),
        };
        let sums = |len: usize, place: &dyn Fn(usize, usize) -> usize| {
            let mut sums = vec![0.0; len];
            for row in 0..rows {
                for (column, weight) in scaled(row).iter().enumerate() {
                    sums[place(row, column)] += weight;
                }
            }
            Line::new(sums)
        };
        let lines = [
            sums(columns, &|_, column| column),
            sums(rows, &|row, _| row),
            sums(rows + columns - 1, &|row, column| row + column),
            sums(rows + columns - 1, &|row, column| rows - 1 - row + column),
        ];
        let longest = lines[2].sums.len();
        let sampled = largest_of(&plane, &lines);
        let largest = match factor {
            Some(factor) => sampled.or_higher(highest_of_product(factor, scale)),
            None => {
                let weights = Vec::from_iter((0..rows).flat_map(scaled));
                let weights = Weights {
                    columns,
                    weights: &weights,
                };
                weights.highest(sampled)
            }
        };
        Self {
            unit: scale / kernel.divisor().abs(),
            largest,
            is_sampled: [rows.max(columns) > SIDE - 1, longest > 2 * (POINTS[1] - 1)],
            plane,
            lines,
        }
    }

    /// Whether both diagonals have the same gains.
    pub(super) fn has_equal_diagonals(&self) -> bool {
        let [_, _, first, second] = &self.lines;
        let near = self.largest.gain * 1e-9;
        let mut pairs = first.gains.iter().zip(&second.gains);
        pairs.all(|(a, b)| (a - b).abs() <= near)
    }
}

/// Sines and cosines of the whole fractions of a turn.
pub(super) fn turns(period: usize) -> Vec<[f64; 2]> {
    let turn = |at: usize| {
        // Exact at quarters.
        let (quarters, rest) = (4 * at / period, 4 * at % period);
        let angle = rest as f64 / period as f64 * std::f64::consts::FRAC_PI_2;
        let [cos, sin] = match rest == 0 {
            true => [1.0, 0.0],
            false => [libm::cos(angle), libm::sin(angle)],
        };
        match quarters % 4 {
            0 => [cos, sin],
            1 => [-sin, cos],
            2 => [-cos, -sin],
            _ => [sin, -cos],
        }
    };
    (0..period).map(turn).collect()
}

pub(super) fn magnitude([re, im]: [f64; 2]) -> f64 {
    (re * re + im * im).sqrt()
}

/// The plane of a column times a row: the gain of one times that of the other.
fn plane_of_product(factor: &Factor, scale: f64) -> Vec<f64> {
    let turns = turns(SIDE - 1);
    let gains = |vector: &[f64]| -> Vec<f64> {
        let gain = |frequency: usize| {
            let mut sum = [0.0; 2];
            for (at, weight) in vector.iter().enumerate() {
                let [cos, sin] = turns[frequency * at % (SIDE - 1)];
                sum[0] += weight * cos;
                sum[1] -= weight * sin;
            }
            magnitude(sum)
        };
        (0..=MIDDLE).map(gain).collect()
    };
    // Only the product of their largest weights is known to be `scale`.
    let unit = largest_weight(&factor.column) / scale;
    let [column, row] = [&factor.column, &factor.row].map(|vector| gains(vector));
    let frequencies = || (0..SIDE).map(|at| at.abs_diff(MIDDLE));
    let rows = frequencies().map(|y| column[y] / largest_weight(&factor.column));
    rows.flat_map(|gain| frequencies().map(move |x| (gain, x)))
        .map(|(gain, x)| gain * (row[x] * unit))
        .collect()
}

fn largest_weight(vector: &[f64]) -> f64 {
    vector.iter().fold(0.0, |most: f64, w| most.max(w.abs()))
}

/// The highest peak of a column times a row: that of one times that of the other.
fn highest_of_product(factor: &Factor, scale: f64) -> Peak {
    let largest = largest_weight(&factor.column);
    let column = Vec::from_iter(factor.column.iter().map(|weight| weight / largest));
    let row = Vec::from_iter(factor.row.iter().map(|weight| weight * (largest / scale)));
    let highest = |weights: &[f64], columns: usize| {
        // Frequency 0, if nothing is higher.
        let sum: f64 = weights.iter().sum();
        let none = Peak {
            gain: sum.abs(),
            at: [0.0; 2],
        };
        Weights { columns, weights }.highest(none)
    };
    let [column, row] = [highest(&column, 1), highest(&row, row.len())];
    Peak {
        gain: column.gain * row.gain,
        at: [row.at[0], column.at[1]],
    }
}

/// The plane of so many rows of weights.
fn plane(rows: usize, weights: impl Fn(usize) -> Vec<f64>) -> Vec<f64> {
    let period = SIDE - 1;
    let turns = turns(period);
    // Along rows, at frequencies from 0: those below are their conjugates.
    let half = MIDDLE + 1;
    let mut along = vec![[0.0; 2]; rows * half];
    for (row, sums) in along.chunks_mut(half).enumerate() {
        let row = weights(row);
        for (column, &weight) in row.iter().enumerate().filter(|(_, w)| **w != 0.0) {
            for (frequency, sum) in sums.iter_mut().enumerate() {
                let [cos, sin] = turns[frequency * column % period];
                sum[0] += weight * cos;
                sum[1] -= weight * sin;
            }
        }
    }
    let mut plane = vec![0.0; SIDE * SIDE];
    for y in 0..SIDE {
        let mut sums = vec![[0.0; 2]; half];
        for (row, along) in along.chunks(half).enumerate() {
            // From -0.5: the same as half a turn further.
            let [cos, sin] = turns[(y + MIDDLE) * row % period];
            for (sum, [re, im]) in sums.iter_mut().zip(along) {
                sum[0] += re * cos + im * sin;
                sum[1] += im * cos - re * sin;
            }
        }
        for (x, &sum) in sums.iter().enumerate() {
            let gain = magnitude(sum);
            plane[y * SIDE + MIDDLE + x] = gain;
            plane[(SIDE - 1 - y) * SIDE + MIDDLE - x] = gain;
        }
    }
    plane
}

impl Line {
    fn new(sums: Vec<f64>) -> Self {
        let points = POINTS[usize::from(sums.len() > POINTS[0] - 1)];
        let period = 2 * (points - 1);
        let turns = turns(period);
        let gain = |frequency: usize| {
            let mut total = [0.0; 2];
            for (at, sum) in sums.iter().enumerate() {
                let [cos, sin] = turns[frequency * at % period];
                total[0] += sum * cos;
                total[1] -= sum * sin;
            }
            magnitude(total)
        };
        let gains = (0..points).map(gain).collect();
        Self { sums, gains }
    }

    /// The frequency at this place of the gains.
    fn frequency(&self, at: usize) -> f64 {
        0.5 * at as f64 / (self.gains.len() - 1) as f64
    }

    /// The gain at any frequency.
    fn gain(&self, frequency: f64) -> f64 {
        let mut total = [0.0; 2];
        for (at, sum) in self.sums.iter().enumerate() {
            let angle = std::f64::consts::TAU * (frequency * at as f64).fract();
            total[0] += sum * libm::cos(angle);
            total[1] -= sum * libm::sin(angle);
        }
        magnitude(total)
    }

    /// The frequency above 0 at which the gain falls to half of that at 0, if that is the largest.
    pub(super) fn half_gain(&self) -> Option<f64> {
        let whole = self.gains[0];
        let is_largest = self.gains.iter().all(|&gain| gain <= whole * (1.0 + 1e-9));
        // What is left of sums that cancel is no gain.
        let total: f64 = self.sums.iter().map(|sum| sum.abs()).sum();
        if !is_largest || whole <= 1e-9 * total {
            return None;
        }
        let below = self.gains.iter().position(|&gain| gain < whole / 2.0)?;
        let (mut low, mut high) = (self.frequency(below - 1), self.frequency(below));
        for _ in 0..30 {
            let middle = (low + high) / 2.0;
            match self.gain(middle) < whole / 2.0 {
                true => high = middle,
                false => low = middle,
            }
        }
        Some(high)
    }
}

/// Of equal ones, that on an axis, and at the lowest frequency.
fn largest_of(plane: &[f64], lines: &[Line; 4]) -> Peak {
    let directions = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, -1.0]];
    let on_lines = lines.iter().zip(directions).flat_map(|(line, direction)| {
        let gains = line.gains.iter().enumerate();
        gains.map(move |(at, &gain)| Peak {
            gain,
            at: direction.map(|part: f64| part * line.frequency(at)),
        })
    });
    let frequency = |place: usize| (place as f64 - MIDDLE as f64) / (SIDE - 1) as f64;
    let on_plane = plane.iter().enumerate().map(|(at, &gain)| Peak {
        gain,
        at: [frequency(at % SIDE), frequency(at / SIDE)],
    });
    let none = Peak {
        gain: 0.0,
        at: [0.0; 2],
    };
    on_lines.chain(on_plane).fold(none, Peak::or_higher)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    /// By its definition.
    fn defined(kernel: &Kernel, [x, y]: [f64; 2]) -> f64 {
        let mut total = [0.0; 2];
        for (at, weight) in kernel.as_slice().iter().enumerate() {
            let [row, column] = [at / kernel.columns(), at % kernel.columns()];
            let angle = std::f64::consts::TAU * (x * column as f64 + y * row as f64);
            total[0] += weight * angle.cos();
            total[1] -= weight * angle.sin();
        }
        magnitude(total) / kernel.divisor().abs()
    }

    fn noise(rows: usize, columns: usize) -> Kernel {
        let weights = (0..rows * columns).map(|at| ((at * 7 + at * at * 3) % 19) as f64 - 8.0);
        let kernel = Kernel::new(rows, columns, weights.collect()).unwrap();
        kernel.with_divisor(-3.0).unwrap()
    }

    #[test]
    fn gains_are_those_of_the_definition() {
        for (rows, columns) in [(1, 1), (3, 3), (4, 7), (70, 2), (150, 131)] {
            let kernel = noise(rows, columns);
            let response = Response::new(&kernel);
            let near = |gain: f64, place: [f64; 2]| {
                let defined = defined(&kernel, place);
                let error = (gain * response.unit - defined).abs();
                assert!(error < 1e-7, "{rows} x {columns} at {place:?}: {error}");
            };
            for (at, gain) in response.plane.iter().enumerate() {
                let frequency = |place: usize| place as f64 / 60.0 - 0.5;
                near(*gain, [frequency(at % SIDE), frequency(at / SIDE)]);
            }
            let directions = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, -1.0]];
            for (line, direction) in response.lines.iter().zip(directions) {
                for (at, gain) in line.gains.iter().enumerate() {
                    near(*gain, direction.map(|part: f64| part * line.frequency(at)));
                }
            }
            near(response.largest.gain, response.largest.at);
        }
    }

    #[test]
    fn waves_that_vanish_have_no_gain() {
        let kernel = Kernel::new(1, 3, vec![1.0, 2.0, 1.0]).unwrap();
        let response = Response::new(&kernel.with_divisor(4.0).unwrap());
        let [along_x, along_y, ..] = &response.lines;
        assert_eq!(along_x.gains[128], 0.0);
        assert_eq!(response.largest.at, [0.0, 0.0]);
        // cos^2(pi f) is a half at a quarter.
        assert!((along_x.half_gain().unwrap() - 0.25).abs() < 1e-6);
        assert_eq!(along_y.half_gain(), None);
        let difference = Kernel::new(1, 2, vec![-1.0, 1.0]).unwrap();
        let response = Response::new(&difference);
        assert_eq!(response.lines[0].half_gain(), None);
        assert_eq!(response.lines[0].gains[0], 0.0);
        assert_eq!(
            (response.largest.gain, response.largest.at),
            (2.0, [0.5, 0.0])
        );
    }

    #[test]
    fn extreme_weights_have_finite_gains() {
        for weights in [vec![0.0; 4], vec![f64::MAX; 4], vec![5e-324; 4]] {
            let kernel = Kernel::new(2, 2, weights).unwrap();
            let response = Response::new(&kernel.with_divisor(1e-300).unwrap());
            assert!(response.plane.iter().all(|gain| gain.is_finite()));
            assert!(response.largest.gain <= 4.0 + 1e-9);
        }
    }
}
