//! The taps of a row for outputs in phases, see [`Phases`](crate::simd::Phases).
//!
//! Output `P i + p` of `P` phases reads the sample `P i + s` by the tap `s - p`. So the samples of
//! step `s`, which begin in phase `s % P` at lane `s / P`, are multiplied by up to `P` taps, one
//! for each phase of the output.

use std::ops::Range;

use super::super::packed_taps::inward_row;
use crate::{
    kernel::count_column_taps,
    number::{Lane, LaneKind},
};

/// Rows of weights, one for every term of a kernel.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct TermRows<'a> {
    /// Row-major.
    pub(in crate::engine) weights: &'a [f64],
    pub(in crate::engine) columns: usize,
    /// Samples from one tap to the next.
    pub(in crate::engine) spacing: usize,
    /// Whether taps of weight zero are dropped.
    pub(in crate::engine) drops_zeros: bool,
    /// Whether taps are taken from both ends inwards: each phase then has its own order.
    pub(in crate::engine) is_inward: bool,
}

/// One load: the taps of a sample, by the phase of the output.
#[derive(Debug)]
struct Step {
    term: usize,
    /// The sample, right of that of output 0 and tap 0.
    sample: usize,
    /// The output phases that have a tap, as bits.
    phases: usize,
    /// One weight a phase.
    weights: Vec<f64>,
}

impl TermRows<'_> {
    /// Which columns are summed on their own first.
    fn groups(&self, lane: LaneKind) -> Vec<Range<usize>> {
        lane.column_groups(&count_column_taps(self.weights, self.columns))
    }

    /// The steps of these columns, in order.
    fn steps(self, columns: &Range<usize>, phases: usize) -> impl Iterator<Item = Step> {
        // The samples that some phase has a tap for, however far apart taps are.
        let (spacing, start) = (self.spacing, columns.start);
        let is_dense = spacing < phases;
        let samples = match is_dense {
            true => (columns.len() - 1) * spacing + phases,
            false => columns.len() * phases,
        };
        let sample = move |at: usize| match is_dense {
            true => start * spacing + at,
            false => ((start + at / phases).saturating_mul(spacing)).saturating_add(at % phases),
        };
        let columns = columns.clone();
        let weight = move |term: usize, sample: usize, phase: usize| {
            let offset = sample.checked_sub(phase)?;
            let column = offset / self.spacing;
            let is_tap = offset.is_multiple_of(self.spacing) && columns.contains(&column);
            let weight = is_tap.then(|| self.weights[term * self.columns + column])?;
            (weight != 0.0 || !self.drops_zeros).then_some(weight)
        };
        let terms = self.weights.len() / self.columns;
        let places = (0..samples).flat_map(move |at| (0..terms).map(move |term| (at, term)));
        places.filter_map(move |(at, term)| {
            let sample = sample(match self.is_inward {
                true => inward_row(at, samples),
                false => at,
            });
            let weights: Vec<_> = (0..phases).map(|p| weight(term, sample, p)).collect();
            let has_tap = weights.iter().enumerate().filter(|(_, w)| w.is_some());
            let mask = has_tap.map(|(p, _)| 1 << p).sum();
            (mask != 0).then(|| Step {
                term,
                sample,
                phases: mask,
                weights: weights.into_iter().map(Option::unwrap_or_default).collect(),
            })
        })
    }

    /// The largest sum of all partial sums of an output phase: of absolute weights times the
    /// `gain` of their term.
    pub(in crate::engine) fn partial_sums(
        self,
        lane: LaneKind,
        phases: usize,
        gain: &[f64],
    ) -> f64 {
        let [mut joined, mut total] = [vec![0.0; phases], vec![0.0; phases]];
        for columns in self.groups(lane) {
            let mut sums = vec![0.0; phases];
            for step in self.steps(&columns, phases) {
                for (p, weight) in step.weights.iter().enumerate() {
                    if step.phases >> p & 1 == 1 {
                        sums[p] += gain[step.term] * weight.abs();
                        total[p] += sums[p];
                    }
                }
            }
            for ((joined, total), sum) in joined.iter_mut().zip(&mut total).zip(sums) {
                *joined += sum;
                *total += *joined;
            }
        }
        total.into_iter().fold(0.0, f64::max)
    }
}

/// What the first steps of a dense row serve in four phases, inwards: those at both ends.
pub(super) const EDGE_PHASES: [usize; 6] = [0b0001, 0b1000, 0b0011, 0b1100, 0b0111, 0b1110];

/// What [`StepRun::phases`] is of a run of these steps, which is one without a jump at each.
pub(super) const EDGES: usize = 16;

/// Steps whose loads serve the same output phases.
#[derive(Debug)]
pub(super) struct StepRun<T> {
    /// These phases, as bits, or [`EDGES`].
    pub(super) phases: usize,
    /// Of every step: where it loads the samples of output 0.
    pub(super) loads: Vec<usize>,
    /// Of every step, one weight a phase.
    pub(super) weights: Vec<T>,
}

/// The taps of a row packed for outputs in phases.
#[derive(Debug)]
pub(super) struct PhasedRow<T> {
    /// Steps that are summed on their own first.
    pub(super) groups: Vec<Vec<StepRun<T>>>,
}

impl<T: Lane> PhasedRow<T> {
    /// The first tap is `left` samples right of the output. Phase `p` of term `t` begins at
    /// `place(t, p)`.
    pub(super) fn new(
        rows: TermRows<'_>,
        left: usize,
        phases: usize,
        place: impl Fn(usize, usize) -> usize,
    ) -> Self {
        let group = |columns: &Range<usize>| {
            let mut runs: Vec<StepRun<T>> = Vec::new();
            for step in rows.steps(columns, phases) {
                let sample = left + step.sample;
                let load = place(step.term, sample % phases) + sample / phases;
                let weights = step.weights.into_iter().map(T::from_weight);
                match runs.last_mut() {
                    Some(run) if run.phases == step.phases => {
                        run.loads.push(load);
                        run.weights.extend(weights);
                    }
                    _ => runs.push(StepRun {
                        phases: step.phases,
                        loads: vec![load],
                        weights: weights.collect(),
                    }),
                }
            }
            join_edges(&mut runs);
            runs
        };
        let groups = rows.groups(T::KIND).iter().map(group).collect::<Vec<_>>();
        Self {
            groups: groups.into_iter().filter(|runs| !runs.is_empty()).collect(),
        }
    }
}

/// Joins the runs that a group begins with, if they are [`EDGES`].
fn join_edges<T: Lane>(runs: &mut Vec<StepRun<T>>) {
    let phases = runs.iter().map(|run| (run.phases, run.loads.len()));
    if !phases
        .take(EDGE_PHASES.len())
        .eq(EDGE_PHASES.map(|phases| (phases, 1)))
    {
        return;
    }
    let rest = runs.split_off(EDGE_PHASES.len());
    let edges = StepRun {
        phases: EDGES,
        loads: runs.iter().flat_map(|run| &run.loads).copied().collect(),
        weights: runs.iter().flat_map(|run| &run.weights).copied().collect(),
    };
    *runs = vec![edges];
    runs.extend(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_output_has_each_tap_once() {
        let weights = [3.0, -1.0, 0.0, 2.0, 5.0, 0.5, 0.0, 0.0, 4.0, 1.0];
        for (spacing, phases, is_inward) in [
            (1, 4, false),
            (1, 4, true),
            (3, 4, true),
            (4, 2, false),
            (2, 2, true),
        ] {
            for drops_zeros in [false, true] {
                let rows = TermRows {
                    weights: &weights,
                    columns: 5,
                    spacing,
                    drops_zeros,
                    is_inward,
                };
                let left = 3;
                let row = PhasedRow::<f64>::new(rows, left, phases, |term, phase| {
                    (term * 4 + phase) * 100
                });
                let mut found = Vec::new();
                for run in row.groups.iter().flatten() {
                    for (load, weights) in run.loads.iter().zip(run.weights.chunks(phases)) {
                        let (vector, lane) = (load / 100, load % 100);
                        let sample = lane * phases + vector % 4;
                        let bits = match run.phases {
                            EDGES => EDGE_PHASES[run.loads.iter().position(|l| l == load).unwrap()],
                            bits => bits,
                        };
                        let served = (0..phases).filter(|p| bits >> p & 1 == 1);
                        found.extend(served.map(|p| (p, vector / 4, sample - p, weights[p])));
                    }
                }
                let mut expected = Vec::new();
                for (at, &weight) in weights.iter().enumerate() {
                    if weight != 0.0 || !drops_zeros {
                        let tap = left + at % 5 * spacing;
                        expected.extend((0..phases).map(|p| (p, at / 5, tap, weight)));
                    }
                }
                let key = |&(p, term, tap, _): &(usize, usize, usize, f64)| (p, term, tap);
                found.sort_by_key(key);
                expected.sort_by_key(key);
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn partial_sums_are_of_the_order_of_the_taps() {
        let rows = TermRows {
            weights: &[1.0, 2.0, -4.0],
            columns: 3,
            spacing: 1,
            drops_zeros: true,
            is_inward: false,
        };
        // 1, 1 + 2, 1 + 2 + 4, and one group of that.
        assert_eq!(
            rows.partial_sums(LaneKind::F64, 4, &[2.0]),
            2.0 * (1.0 + 3.0 + 7.0 + 7.0)
        );
        // Output 0 takes taps 0, 1, 2, and output 3 takes 2, 1, 0: of four phases the sixth step
        // is the second, and has tap 2 of output 3.
        let inward = TermRows {
            is_inward: true,
            ..rows
        };
        assert_eq!(
            inward.partial_sums(LaneKind::F64, 4, &[1.0]),
            4.0 + 6.0 + 7.0 + 7.0
        );
    }
}
