//! What is said of kernels in words: sums, symmetry, rank, gains, and what a plan makes of them.

use super::{
    numbers::{exact, short},
    peak::Peak,
    response::Response,
    symmetry,
};
use crate::{
    border::Border,
    filter::{Extent, Filter},
    image::Depth,
    kernel::{Factor, Kernel, KernelBank},
    plan::{Plan, Tuning},
    simd::Simd,
};

/// The most terms that are looked for.
const MAX_RANK: usize = 8;

/// The longest vector that is written out.
const MAX_NUMBERS: usize = 9;

/// The most terms that are written out.
const MAX_TERMS: usize = 2;

/// Lines about one kernel.
pub(super) fn of_kernel(kernel: &Kernel, response: &Response) -> Vec<String> {
    let number = |value: f64| short(value, 4);
    // Not the rounding error of weights that cancel.
    let sum = if kernel.gain() == 0.0 {
        0.0
    } else {
        kernel.sum()
    };
    let mut sums = format!(
        "sum {}, absolute sum {}, divisor {}: gain {}",
        number(sum),
        number(kernel.abs_sum()),
        number(kernel.divisor()),
        number(kernel.gain())
    );
    if kernel.bias() != 0.0 {
        sums += &format!("; bias {} of full scale", number(kernel.bias()));
    }
    if kernel.offset() != 0.0 {
        sums += &format!("; offset {}", number(kernel.offset()));
    }
    vec![
        sums,
        format!("{}; {}", symmetry::words(kernel), rank(kernel)),
        frequencies(response),
    ]
}

/// Where waves are weakened or strongest.
fn frequencies(response: &Response) -> String {
    let [x, y, ..] = &response.lines;
    let halves = [(x.half_gain(), "x"), (y.half_gain(), "y")];
    let halves = halves
        .into_iter()
        .filter_map(|(frequency, axis)| Some(format!("{axis} {}", short(frequency?, 3))));
    let halves = Vec::from_iter(halves).join(", ");
    let Peak { gain, at: [fx, fy] } = response.largest;
    let mut line = format!("largest gain {}", short(gain * response.unit, 3));
    if [fx, fy] != [0.0; 2] {
        line += &format!(" at x {}, y {}", short(fx, 3), short(fy, 3));
    } else if gain > 0.0 {
        line += " at frequency 0";
    }
    if !halves.is_empty() {
        line += &format!("; half of that of frequency 0 at {halves} cycles per pixel");
    }
    line
}

/// The rank, and the columns and rows that the kernel is the sum of products of.
fn rank(kernel: &Kernel) -> String {
    let side = kernel.rows().min(kernel.columns());
    let factors = (kernel.integer_factors()).or_else(|| kernel.factors(side.min(MAX_RANK)));
    let Some(factors) = factors else {
        return match side > MAX_RANK {
            _ if kernel.abs_sum() == 0.0 => "rank 0".to_owned(),
            true => format!("rank above {MAX_RANK} of {side}"),
            // The sum of the weights is beyond what 64-bit floats hold.
            false => "rank not found".to_owned(),
        };
    };
    let terms = &factors.terms;
    let digits = match terms.len() == 1 && !kernel.is_separable() {
        true => " to seven digits",
        false => "",
    };
    let rank = format!("rank {} of {side}{digits}", terms.len());
    if terms.len() > MAX_TERMS || terms.len() == side && side > 1 {
        return rank;
    }
    let written = terms.iter().map(|Factor { column, row }| {
        format!("column {} times row {}", vector(column), vector(row))
    });
    format!("{rank}: {}", Vec::from_iter(written).join(", plus "))
}

/// `[1 2 1]`, or its ends.
fn vector(numbers: &[f64]) -> String {
    let text = |number: &f64| exact(*number).unwrap_or_else(|| short(*number, 3));
    let join = |numbers: &[f64]| Vec::from_iter(numbers.iter().map(text)).join(" ");
    match numbers.len() <= MAX_NUMBERS {
        true => format!("[{}]", join(numbers)),
        false => {
            let [first, last] = [&numbers[..3], &numbers[numbers.len() - 3..]];
            format!("[{} … {}] ({})", join(first), join(last), numbers.len())
        }
    }
}

/// The image that a plan is asked about: its rows and columns.
pub(super) const IMAGE: [usize; 2] = [1080, 1920];

/// How a bank is computed on samples of one type.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) samples: &'static str,
    /// The responses of its kernels at worst.
    pub(super) responses: String,
    /// The number type of sums.
    pub(super) lane: &'static str,
    /// The engines that would take it, cheapest first, or why none does.
    pub(super) engines: String,
}

/// How a bank is computed on samples of every type, on a processor without SIMD, so that it is the
/// same on every machine.
pub(super) fn of_bank(bank: &KernelBank) -> Vec<Row> {
    let filter = Filter::new(bank.clone()).with_extent(Extent::Same(Border::Edge));
    let tuning = (Tuning::default().with_simd(Simd::PORTABLE)).with_threads(1);
    let row = |depth| {
        let [rows, columns] = IMAGE;
        let plan = filter.plan_for([rows, columns, 1], depth, &tuning);
        let (lane, engines) = match plan {
            Ok(plan) => (plan.lane().name(), engines(&plan)),
            Err(error) => ("-", format!("none: {error}")),
        };
        Row {
            samples: samples(depth),
            responses: responses(bank, depth),
            lane,
            engines,
        }
    };
    Depth::ALL.into_iter().map(row).collect()
}

/// A type of samples and its range.
const fn samples(depth: Depth) -> &'static str {
    match depth {
        Depth::U8 => "8-bit, 0 to 255",
        Depth::U16 => "16-bit, 0 to 65535",
        Depth::U32 => "32-bit, 0 to 2^32 - 1",
        Depth::U64 => "64-bit, 0 to 2^64 - 1",
        Depth::I8 => "8-bit signed, -128 to 127",
        Depth::I16 => "16-bit signed, -32768 to 32767",
        Depth::I32 => "32-bit signed, -2^31 to 2^31 - 1",
        Depth::I64 => "64-bit signed, -2^63 to 2^63 - 1",
        Depth::Bool => "boolean, 0 or 1",
        Depth::F16 => "16-bit float, 0 to 1",
        Depth::F32 => "32-bit float, 0 to 1",
        Depth::F64 => "64-bit float, 0 to 1",
    }
}

fn engines(plan: &Plan) -> String {
    let answers = plan.answers();
    let able = answers.iter().filter(|answer| answer.refusal().is_none());
    let mut names = Vec::from_iter(able.map(|answer| answer.engine().to_owned()));
    let others = answers.iter().filter(|answer| answer.lacks_instructions());
    names.extend(others.map(|answer| format!("{} (with VNNI)", answer.engine())));
    names.join(", ")
}

/// The lowest and the highest response of any kernel to samples of this type.
fn responses(bank: &KernelBank, depth: Depth) -> String {
    let mut range = [f64::INFINITY, f64::NEG_INFINITY];
    for kernel in bank.kernels() {
        let sums = kernel.sums_of_samples(depth.range());
        for sum in sums {
            let response = sum / kernel.divisor() + kernel.bias_in_samples(depth);
            range = [range[0].min(response), range[1].max(response)];
        }
    }
    let [low, high] = range.map(|end| short(end, 4));
    format!("{low} to {high}")
}
