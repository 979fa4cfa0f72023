//! What failed, counted by kind, and the smallest inputs that show it.

use std::{collections::BTreeMap, fmt::Write};

use stridekern::{Depth, LaneKind, Map, simd::Level};

use super::{
    cases::WeightKind,
    compare::{Difference, Outcome, Promise, run},
    response::{Case, Exact, Weights},
    samples::{image, samples},
};

/// What results are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) promise: Promise,
    pub(super) from: Depth,
    pub(super) to: Depth,
    pub(super) engine: &'static str,
    pub(super) lane: LaneKind,
    pub(super) level: Level,
    pub(super) weights: WeightKind,
    pub(super) map: &'static str,
}

impl Key {
    /// Whether samples depend on the smallest and the largest response of the image.
    pub(super) fn is_ranged(&self) -> bool {
        ["stretch", "symmetric"].contains(&self.map)
    }

    /// What a table is about.
    fn section(&self) -> Section {
        match self.is_ranged() {
            true => Section::Ranged,
            false => Section::Promised(self.promise),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Promised(Promise),
    Ranged,
}

const SECTIONS: [(Section, &str); 5] = [
    (
        Section::Promised(Promise::Rounded),
        "INTEGERS TO INTEGERS: the exact response, correctly rounded; errors in samples",
    ),
    (
        Section::Promised(Promise::Nearest),
        "INTEGERS TO FLOATS: the nearest float; errors as a share of the bound of floats",
    ),
    (
        Section::Promised(Promise::Bounded),
        "FLOATS TO FLOATS: error as a share of (L + 3) u M sum|w| / |divisor|",
    ),
    (
        Section::Promised(Promise::Reached),
        "FLOATS TO INTEGERS: samples beyond what a response within the bound rounds to",
    ),
    (
        Section::Ranged,
        "STRETCH AND SYMMETRIC OF INTEGERS: the exact response in the exact range, rounded",
    ),
];

#[derive(Debug, Clone, Default)]
struct Count {
    runs: usize,
    samples: usize,
    wrong_runs: usize,
    wrong: usize,
    worst: f64,
}

impl Count {
    fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.samples += other.samples;
        self.wrong_runs += other.wrong_runs;
        self.wrong += other.wrong;
        self.worst = self.worst.max(other.worst);
    }
}

/// A failure that was made small.
#[derive(Debug, Clone)]
struct Example {
    key: Key,
    taps: usize,
    error: f64,
    text: String,
}

#[derive(Debug, Default)]
pub(super) struct Report {
    counts: BTreeMap<Key, Count>,
    examples: Vec<Example>,
    pub(super) cases: usize,
    refused: usize,
}

impl Report {
    pub(super) fn refuse(&mut self) {
        self.refused += 1;
    }

    pub(super) fn key(case: &Case, weights: WeightKind, outcome: &Outcome) -> Key {
        let (from, to) = (case.image.depth(), case.output_depth());
        Key {
            promise: Promise::of(case),
            from,
            to,
            engine: outcome.engine,
            lane: outcome.lane,
            level: outcome.level,
            weights,
            map: map_name(case),
        }
    }

    pub(super) fn add(&mut self, number: u64, case: &Case, weights: WeightKind, outcome: &Outcome) {
        let key = Self::key(case, weights, outcome);
        self.counts.entry(key).or_default().add(&Count {
            runs: 1,
            samples: outcome.checked,
            wrong_runs: usize::from(!outcome.wrong.is_empty()),
            wrong: outcome.wrong.len(),
            worst: outcome.worst,
        });
        let worst = outcome
            .wrong
            .iter()
            .max_by(|a, b| a.error.total_cmp(&b.error));
        // One example of each kind: small, and about as wrong as the worst.
        let Some(worst) = worst else { return };
        let same = |e: &&mut Example| {
            let kind = |key: &Key| (key.section(), key.from, key.weights);
            kind(&e.key) == kind(&key)
        };
        let known = self.examples.iter_mut().find(same);
        let taps = case.kernels.iter().map(|k| k.weights.len()).sum();
        let better = known.as_ref().is_none_or(|e| {
            worst.error > e.error * 3.0 || worst.error > e.error / 2.0 && taps < e.taps
        });
        if !better {
            return;
        }
        let example = Example {
            key,
            taps,
            error: worst.error,
            text: example(number, case, outcome, worst),
        };
        match known {
            Some(known) => *known = example,
            None => self.examples.push(example),
        }
    }

    /// A table of the counts, joined by `name`.
    fn table(&self, title: &str, section: Section, name: impl Fn(&Key) -> String) -> String {
        let mut rows: BTreeMap<String, Count> = BTreeMap::new();
        for (key, count) in self.counts.iter().filter(|(k, _)| k.section() == section) {
            rows.entry(name(key)).or_default().add(count);
        }
        let mut text = format!(
            "\n{title:44} {:>7} {:>9} {:>10} {:>9}  worst\n",
            "runs", "failing", "samples", "wrong"
        );
        for (name, c) in rows {
            let _ = writeln!(
                text,
                "{name:44} {:7} {:9} {:10} {:9}  {:.4}",
                c.runs, c.wrong_runs, c.samples, c.wrong, c.worst
            );
        }
        text
    }

    /// All that was found.
    pub(super) fn text(&self) -> String {
        let sum = |of: fn(&Count) -> usize| self.counts.values().map(of).sum::<usize>();
        let mut text = format!(
            "{} cases, {} runs ({} more were refused by plans), {} samples; {} runs failed, {} samples\n",
            self.cases,
            sum(|c| c.runs),
            self.refused,
            sum(|c| c.samples),
            sum(|c| c.wrong_runs),
            sum(|c| c.wrong),
        );
        for (section, title) in SECTIONS {
            let _ = writeln!(text, "\n=== {title}");
            text += &self.table("by sample type and kind of weights", section, |k| {
                format!("{} {:?}", k.from.name(), k.weights)
            });
            text += &self.table("by engine and lane", section, |k| {
                format!("{} {} {}", k.from.name(), k.engine, k.lane)
            });
            text += &self.table("by map and depth", section, |k| {
                format!("{} -> {} {}", k.from.name(), k.to.name(), k.map)
            });
            text += &self.table("by SIMD level", section, |k| k.level.to_string());
        }
        let mut examples = self.examples.clone();
        examples.sort_by(|a, b| b.error.total_cmp(&a.error));
        text += "\n=== EXAMPLES, of each sample type and kind of weights at most one, the worst first\n";
        for (section, _) in SECTIONS {
            let of = examples.iter().filter(|e| e.key.section() == section);
            of.take(10).for_each(|example| text += &example.text);
        }
        text
    }
}

fn map_name(case: &Case) -> &'static str {
    match case.map {
        Map::Clamp if case.combine.is_some() => "combined, clamp",
        Map::Float if case.combine.is_some() => "combined, float",
        Map::Abs if case.combine.is_some() => "combined, abs",
        Map::Offset if case.combine.is_some() => "combined, offset",
        map => map.name(),
    }
}

/// The case as text; of one kernel, only the window at fault, if it fails alone.
fn example(number: u64, case: &Case, outcome: &Outcome, worst: &Difference) -> String {
    let small = small(case, worst.at)
        .map(shrunk(outcome))
        .filter(|(_, wrong)| wrong.is_some());
    let (case, difference) = match small {
        Some((small, Some(difference))) => (small, difference),
        _ => (case.clone(), worst.clone()),
    };
    let mut text = format!(
        "\n{} -> {} {} {} {:?}: {:?} where {:?} is right (error {:.3}; case {number})\n",
        case.image.depth().name(),
        case.output_depth().name(),
        outcome.engine,
        outcome.lane,
        outcome.level,
        difference.got,
        difference.exact,
        difference.error,
    );
    for kernel in &case.kernels {
        let rows = kernel
            .weights
            .chunks(kernel.shape[1])
            .map(|row| format!("{row:?}"));
        let rows: Vec<_> = rows.collect();
        let _ = writeln!(
            text,
            "  weights [{}] divisor {:?} bias {:?} anchor {:?} flip {}",
            match kernel.weights.len() {
                0..=40 => rows.join(", "),
                taps => format!("{taps} weights"),
            },
            kernel.divisor,
            kernel.bias,
            kernel.anchor,
            kernel.flip
        );
    }
    let values: Vec<f64> = samples(&case.image)
        .iter()
        .map(|s| s.approximate())
        .collect();
    let [_, columns, channels] = case.image.shape();
    let rows: Vec<_> = values
        .chunks(columns * channels)
        .map(|row| format!("{row:?}"))
        .collect();
    let rows = match values.len() {
        0..=40 => format!("[{}]", rows.join(", ")),
        _ => format!("{} samples", values.len()),
    };
    let _ = writeln!(
        text,
        "  image {:?} {rows}; sample {} of the result\n  {} {:?} step {:?} dilation {:?} combine {:?} times {:?}",
        case.image.shape(),
        difference.at,
        map_name(&case),
        case.extent,
        case.step,
        case.dilation,
        case.combine,
        case.factor
    );
    text
}

/// Of one kernel: the window at fault as an image of its own.
fn small(case: &Case, at: usize) -> Option<Case> {
    let [kernel] = &case.kernels[..] else {
        return None;
    };
    let exact = Exact::new(case);
    let window = exact.window(case, at)?;
    let mut kernel = kernel.clone();
    if kernel.flip {
        kernel.weights.reverse();
        kernel.flip = false;
    }
    kernel.anchor = kernel.shape.map(|n| n / 2);
    let [rows, columns] = kernel.shape;
    let image = image(case.image.depth(), [rows, columns, 1], &window);
    Some(Case {
        map: case.map,
        to: case.to,
        rounding: case.rounding,
        overflow: case.overflow,
        ..Case::new(image, kernel)
    })
}

/// With rows and columns left out as long as it fails in the same way.
fn shrunk(outcome: &Outcome) -> impl Fn(Case) -> (Case, Option<Difference>) + '_ {
    move |mut case| {
        let fails = |case: &Case| {
            let outcome = run(case, &Exact::new(case), &outcome.tuning)?;
            outcome.wrong.into_iter().next()
        };
        let mut wrong = fails(&case);
        while wrong.is_some() {
            let smaller = without_lines(&case).find_map(|c| fails(&c).map(|wrong| (c, wrong)));
            let Some((smaller, difference)) = smaller else {
                break;
            };
            case = smaller;
            wrong = Some(difference);
        }
        (case, wrong)
    }
}

/// The case without one row or column.
fn without_lines(case: &Case) -> impl Iterator<Item = Case> + '_ {
    let kernel = &case.kernels[0];
    let lines = (0..2).flat_map(|axis| (0..kernel.shape[axis]).map(move |line| (axis, line)));
    lines
        .filter(|&(axis, _)| kernel.shape[axis] > 1)
        .map(|(axis, line)| {
            let columns = kernel.shape[1];
            let stays = |at: usize| [at / columns, at % columns][axis] != line;
            let values = samples(&case.image);
            let mut shape = kernel.shape;
            shape[axis] -= 1;
            let kept = || (0..kernel.weights.len()).filter(|&at| stays(at));
            let smaller = Weights {
                divisor: kernel.divisor,
                bias: kernel.bias,
                ..Weights::new(shape, kept().map(|at| kernel.weights[at]).collect())
            };
            let values: Vec<f64> = kept().map(|at| values[at].approximate()).collect();
            let image = image(case.image.depth(), [shape[0], shape[1], 1], &values);
            Case {
                map: case.map,
                to: case.to,
                rounding: case.rounding,
                overflow: case.overflow,
                ..Case::new(image, smaller)
            }
        })
}
