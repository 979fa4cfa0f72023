//! The highest peak of a frequency response, which may lie between samples.
//!
//! A Fourier transform samples the response so finely that every peak has a sample near to it. From
//! those that may belong to the highest, Newton's method climbs. Sines and cosines come from `libm`,
//! and sums have one order, so that the peak is the same on every machine.

use super::response::{magnitude, turns};

/// A matrix of weights, none of them above 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weights<'a> {
    pub(super) columns: usize,
    /// Row by row.
    pub(super) weights: &'a [f64],
}

/// A gain, and where it is: in cycles per pixel along x and y.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Peak {
    pub(super) gain: f64,
    pub(super) at: [f64; 2],
}

/// Gains that differ by less are equal.
const EQUAL: f64 = 1e-9;

/// The most weights whose response is sampled four times as finely as they are many along an axis;
/// of more, twice as finely.
const FEW_WEIGHTS: usize = 1 << 16;

/// The most samples that are climbed from, of few weights and of more.
const MAX_STARTS: [usize; 2] = [32, 8];

/// The share of the largest power that a sample has near to the highest peak.
const LEAST_POWER: f64 = 0.5;

/// The most steps to a peak, and how often one is halved.
const MAX_STEPS: usize = 30;
const MAX_HALVES: usize = 8;

/// A step that promises less of the power ends the climb.
const LEAST_GAIN: f64 = 1e-14;

/// A frequency is 0 or half a cycle, if it is so near to that.
const NEAR: f64 = 1e-6;

impl Peak {
    /// The higher of both: of equal ones `self`.
    pub(super) fn or_higher(self, other: Self) -> Self {
        match other.gain > self.gain * (1.0 + EQUAL) {
            true => other,
            false => self,
        }
    }

    /// The higher of both: of equal ones that on an axis, and at the lower frequency.
    fn or_plainer(self, other: Self) -> Self {
        let is_as_high = other.gain >= self.gain * (1.0 - EQUAL);
        let is_oblique = |peak: Self| peak.at[0] != 0.0 && peak.at[1] != 0.0;
        let is_plainer = match (is_oblique(self), is_oblique(other)) {
            (true, false) => true,
            (false, true) => false,
            _ => magnitude(other.at) < magnitude(self.at) - NEAR,
        };
        match is_as_high && is_plainer {
            true => other,
            false => self.or_higher(other),
        }
    }

    /// The same wave with its frequencies from -0.5 to 0.5, that along x not below 0, nor that along
    /// y if the wave may as well be said to run the other way.
    pub(super) fn folded(self) -> Self {
        let fold = |part: f64| part - part.round();
        let [x, y] = self.at.map(fold);
        let turned = x < 0.0 || y < 0.0 && (x == 0.0 || x == 0.5);
        let at = if turned { [-x, -y] } else { [x, y] };
        // Half a cycle has no direction, and zero no sign.
        let at = at.map(|part| if part == -0.5 { 0.5 } else { part + 0.0 });
        Self { at, ..self }
    }
}

impl Weights<'_> {
    /// The highest peak of the response, or `sampled`, if that is as high.
    pub(super) fn highest(self, sampled: Peak) -> Peak {
        let grid = Grid::new(self);
        let mut highest = sampled.folded();
        for start in grid.starts() {
            highest = highest.or_plainer(self.climbed(start, grid.len));
        }
        highest
    }

    /// Samples along x and y that tell peaks apart.
    fn samples(self) -> [usize; 2] {
        let times = if self.are_few() { 4 } else { 2 };
        [self.columns, self.weights.len() / self.columns].map(|len| match len {
            1 => 1,
            len => (times * len).next_power_of_two(),
        })
    }

    const fn are_few(self) -> bool {
        self.weights.len() <= FEW_WEIGHTS
    }

    /// The peak above this place, in steps of at most a sample of so many.
    fn climbed(self, mut at: [f64; 2], samples: [usize; 2]) -> Peak {
        let longest = samples.map(|len| 1.0 / len as f64);
        let mut slope = self.slope(at);
        'steps: for _ in 0..MAX_STEPS {
            let Some(mut step) = slope.step(longest) else {
                break;
            };
            for _ in 0..MAX_HALVES {
                let next = [0, 1].map(|axis| at[axis] + step[axis]);
                let there = self.slope(next);
                if there.power > slope.power {
                    (at, slope) = (next, there);
                    continue 'steps;
                }
                step = step.map(|part| part / 2.0);
            }
            break;
        }
        let peak = |slope: &Slope, at| Peak {
            gain: slope.power.sqrt(),
            at,
        };
        let found = peak(&slope, at).folded();
        let snapped = found.at.map(|part| match part {
            part if part.abs() < NEAR => 0.0,
            part if 0.5 - part.abs() < NEAR => 0.5,
            part => part,
        });
        let snapped = peak(&self.slope(snapped), snapped).folded();
        snapped.or_higher(found)
    }

    /// The power of a wave, and how it changes around it.
    fn slope(self, at: [f64; 2]) -> Slope {
        let rows = self.weights.len() / self.columns;
        // Places from the middle, so that phases change little from one wave to the next.
        let places = |len: usize| (0..len).map(move |at| at as f64 - (len - 1) as f64 / 2.0);
        let wave = |frequency: f64, place: f64| {
            let angle = std::f64::consts::TAU * (frequency * place).fract();
            [libm::cos(angle), -libm::sin(angle)]
        };
        let along = Vec::from_iter(places(self.columns).map(|place| {
            let [re, im] = wave(at[0], place);
            [1.0, place, place * place].map(|power| [re * power, im * power])
        }));
        // Times 1, x, x^2, y, x y, y^2.
        let mut sums = [[0.0; 2]; 6];
        let weights = self.weights.chunks_exact(self.columns);
        for (weights, place) in weights.zip(places(rows)) {
            let mut row = [[0.0; 2]; 3];
            for (weight, along) in weights.iter().zip(&along) {
                for (sum, part) in row.iter_mut().zip(along) {
                    sum[0] += weight * part[0];
                    sum[1] += weight * part[1];
                }
            }
            let [cos, sin] = wave(at[1], place);
            let [one, x, xx] = row.map(|[re, im]| [re * cos - im * sin, re * sin + im * cos]);
            let times = |[re, im]: [f64; 2], by: f64| [re * by, im * by];
            let all = [
                one,
                x,
                xx,
                times(one, place),
                times(x, place),
                times(one, place * place),
            ];
            for (sum, part) in sums.iter_mut().zip(all) {
                sum[0] += part[0];
                sum[1] += part[1];
            }
        }
        Slope::new(sums)
    }
}

/// The squared gain of a wave, and its derivatives by the angles per pixel along x and y.
#[derive(Debug)]
struct Slope {
    power: f64,
    first: [f64; 2],
    /// By x twice, by x and y, by y twice.
    second: [f64; 3],
}

impl Slope {
    /// From sums of weights times a wave, and times x, x^2, y, x y and y^2 as well.
    fn new([one, x, xx, y, xy, yy]: [[f64; 2]; 6]) -> Self {
        // The real part of the product with a conjugate. Each derivative of a sum brings -i.
        let dot = |a: [f64; 2], b: [f64; 2]| a[0] * b[0] + a[1] * b[1];
        let turned = |[re, im]: [f64; 2]| [im, -re];
        Self {
            power: dot(one, one),
            first: [x, y].map(|sum| 2.0 * dot(one, turned(sum))),
            second: [(x, x, xx), (x, y, xy), (y, y, yy)]
                .map(|(a, b, both)| 2.0 * (dot(a, b) - dot(one, both))),
        }
    }

    /// The step upwards in cycles per pixel, Newton's where the power is curved downwards, or `None`
    /// on a peak.
    fn step(&self, longest: [f64; 2]) -> Option<[f64; 2]> {
        let [xx, xy, yy] = self.second;
        let (mean, half) = ((xx + yy) / 2.0, (xx - yy) / 2.0);
        let radius = magnitude([half, xy]);
        let first = match half >= 0.0 {
            true => [half + radius, xy],
            false => [xy, radius - half],
        };
        let first = match magnitude(first) {
            0.0 => [1.0, 0.0],
            len => first.map(|part| part / len),
        };
        let second = [-first[1], first[0]];
        let curvatures = [mean + radius, mean - radius].map(f64::abs);
        let least = 1e-9 * curvatures[0].max(curvatures[1]);
        let mut step = [0.0; 2];
        for (direction, curvature) in [first, second].into_iter().zip(curvatures) {
            let slope = direction[0] * self.first[0] + direction[1] * self.first[1];
            if slope != 0.0 {
                let len = slope / curvature.max(least);
                step = [0, 1].map(|axis| step[axis] + len * direction[axis]);
            }
        }
        let gain = step[0] * self.first[0] + step[1] * self.first[1];
        // Nor where anything is not a number.
        if gain.is_nan() || gain <= LEAST_GAIN * self.power {
            return None;
        }
        let step = step.map(|part| part / std::f64::consts::TAU);
        let over = [0, 1].map(|axis| step[axis].abs() / longest[axis]);
        let over = over[0].max(over[1]).max(1.0);
        Some(step.map(|part| part / over))
    }
}

/// Samples of the power.
struct Grid {
    /// How many there are along x, of which half are kept, and along y.
    len: [usize; 2],
    /// Rows of frequencies along x from 0 to half a cycle.
    powers: Vec<f64>,
    max_starts: usize,
}

impl Grid {
    fn new(weights: Weights<'_>) -> Self {
        let len = weights.samples();
        let turns = len.map(turns);
        let half = len[0] / 2 + 1;
        let mut line = vec![[0.0; 2]; len[0]];
        let mut rows = Vec::new();
        for row in weights.weights.chunks_exact(weights.columns) {
            line.fill([0.0; 2]);
            for (to, weight) in line.iter_mut().zip(row) {
                to[0] = *weight;
            }
            transform(&mut line, &turns[0]);
            rows.extend_from_slice(&line[..half]);
        }
        let mut powers = vec![0.0; half * len[1]];
        let mut line = vec![[0.0; 2]; len[1]];
        for x in 0..half {
            line.fill([0.0; 2]);
            for (to, row) in line.iter_mut().zip(rows.chunks_exact(half)) {
                *to = row[x];
            }
            transform(&mut line, &turns[1]);
            for (y, [re, im]) in line.iter().enumerate() {
                powers[y * half + x] = re * re + im * im;
            }
        }
        Self {
            len,
            powers,
            max_starts: MAX_STARTS[usize::from(!weights.are_few())],
        }
    }

    /// The power at any place, counted from frequency 0.
    fn power(&self, [x, y]: [isize; 2]) -> f64 {
        let wrapped = |at: isize, axis: usize| at.rem_euclid(self.len[axis] as isize) as usize;
        let half = self.len[0] / 2 + 1;
        let x = wrapped(x, 0);
        // A wave that runs the other way is the same.
        let (x, y) = match x < half {
            true => (x, wrapped(y, 1)),
            false => (self.len[0] - x, wrapped(-y, 1)),
        };
        self.powers[y * half + x]
    }

    /// Samples that no neighbour exceeds and that are not far below the largest, by their
    /// frequencies.
    fn starts(&self) -> Vec<[f64; 2]> {
        let half = self.len[0] / 2 + 1;
        let largest = self.powers.iter().copied().fold(0.0, f64::max);
        let mut starts = Vec::new();
        let length = |[x, y]: [f64; 2]| x * x + y * y;
        // Half of those that may be climbed from are the highest, the others of low frequencies: of
        // many equal peaks only the first is wanted.
        let keep = |starts: &mut Vec<([f64; 2], f64)>| {
            starts.sort_by(|(_, a), (_, b)| b.total_cmp(a));
            let highest = starts.len().min(self.max_starts / 2);
            starts[highest..].sort_by(|(a, _), (b, _)| length(*a).total_cmp(&length(*b)));
            starts.truncate(self.max_starts);
        };
        let frequency = |place: [usize; 2]| {
            [0, 1].map(|axis| {
                let share = place[axis] as f64 / self.len[axis] as f64;
                if share > 0.5 { share - 1.0 } else { share }
            })
        };
        for (at, &power) in self.powers.iter().enumerate() {
            if power == 0.0 || power < LEAST_POWER * largest {
                continue;
            }
            let place = [at % half, at / half];
            let [x, y] = place.map(|part| part as isize);
            let mut around = (-1..=1).flat_map(|down| (-1..=1).map(move |across| [across, down]));
            if around.all(|[across, down]| self.power([x + across, y + down]) <= power) {
                starts.push((frequency(place), power));
                // A flat response has very many.
                if starts.len() == 1 << 12 {
                    keep(&mut starts);
                }
            }
        }
        keep(&mut starts);
        let mut starts = Vec::from_iter(starts.into_iter().map(|(place, _)| place));
        // Of two that mirror each other, first the one below on the plane.
        starts.sort_by(|a, b| (length(*a).total_cmp(&length(*b))).then(b[1].total_cmp(&a[1])));
        starts
    }
}

/// The Fourier transform, in place, of a power of two of numbers, with as many turns.
fn transform(values: &mut [[f64; 2]], turns: &[[f64; 2]]) {
    let len = values.len();
    if len == 1 {
        return;
    }
    let unused = usize::BITS - len.trailing_zeros();
    for at in 0..len {
        let other = at.reverse_bits() >> unused;
        if at < other {
            values.swap(at, other);
        }
    }
    let mut half = 1;
    while half < len {
        for block in values.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            let turns = turns.iter().step_by(len / (2 * half));
            for ((a, b), [cos, sin]) in low.iter_mut().zip(high).zip(turns) {
                let turned = [b[0] * cos + b[1] * sin, b[1] * cos - b[0] * sin];
                *b = [a[0] - turned[0], a[1] - turned[1]];
                *a = [a[0] + turned[0], a[1] + turned[1]];
            }
        }
        half *= 2;
    }
}

#[cfg(test)]
mod tests;
