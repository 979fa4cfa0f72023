//! Random cases, each known by its number.

use stridekern::{Border, Channel, Combine, Depth, Extent, Image, Map, Overflow, Rounding};

use super::{
    response::{Case, Factor, Weights},
    rules,
    samples::{DEPTHS, Kind, image, is_picture, kind},
};
use crate::common::Random;

/// Kinds of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum WeightKind {
    Integers,
    /// Up to six places.
    Decimals,
    /// Integers over a power of two, with too many places to be decimals.
    Dyadic,
    /// Integers over a small integer, as floats.
    Fractions,
    Normal,
    /// Normal, of the sum 0.5 or 0 but for the last bit.
    NearTies,
    /// Normal, each beside its opposite, nearly.
    Cancelling,
    /// Products of normal columns and rows, rounded to floats.
    Separable,
    /// Of very different magnitudes, or all of them huge or tiny.
    Extreme,
}

const WEIGHT_KINDS: [WeightKind; 9] = [
    WeightKind::Integers,
    WeightKind::Decimals,
    WeightKind::Dyadic,
    WeightKind::Fractions,
    WeightKind::Normal,
    WeightKind::NearTies,
    WeightKind::Cancelling,
    WeightKind::Separable,
    WeightKind::Extreme,
];

/// The magnitudes of float samples.
const MAGNITUDES: [f64; 7] = [1e-30, 1.0, 255.0, 8848.86, 1e8, 1e30, 1.0];

pub(super) fn pick<T: Copy>(random: &mut Random, from: &[T]) -> T {
    from[random.below(from.len() as u64) as usize]
}

fn size(random: &mut Random, largest: u64) -> usize {
    1 + random.below(largest) as usize
}

/// In 0..1.
pub(super) fn uniform(random: &mut Random) -> f64 {
    random.below(1 << 53) as f64 / (1_u64 << 53) as f64
}

pub(super) fn normal(random: &mut Random) -> f64 {
    let radius = (-2.0 * (1.0 - uniform(random)).ln()).sqrt();
    radius * (std::f64::consts::TAU * uniform(random)).cos()
}

/// The case of this number, and the kind of its weights.
pub(super) fn case(number: u64) -> (Case, WeightKind) {
    let mut random = Random((number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    for _ in 0..3 {
        random.next();
    }
    let random = &mut random;
    let depth = DEPTHS[number as usize % DEPTHS.len()];
    let wide = random.below(25) == 0;
    let shape = match wide {
        true => [size(random, 4), size(random, 300), size(random, 4)],
        false => [size(random, 12), size(random, 12), size(random, 4)],
    };
    let weight_kind = pick(random, &WEIGHT_KINDS);
    let kernels = if random.below(4) == 0 {
        size(random, 2) + 1
    } else {
        1
    };
    let largest = if wide { 5 } else { pick(random, &[3, 5, 13]) };
    let kernels: Vec<Weights> = (0..kernels)
        .map(|_| weights(random, weight_kind, largest))
        .collect();
    let combine = (kernels.len() > 1)
        .then(|| pick(random, &[Combine::Sum, Combine::Max, Combine::Magnitude]));
    let some = |random: &mut Random| match random.below(4) {
        0 => [size(random, 3), size(random, 3)],
        _ => [1, 1],
    };
    let (step, dilation) = (some(random), some(random));
    let map = pick(
        random,
        &[Map::Clamp, Map::Clamp, Map::Abs, Map::Offset, Map::Float],
    );
    // Exact ranges are ratios, and those of floats have no bound of their own.
    let is_whole = kind(depth).is_integer() && combine != Some(Combine::Magnitude);
    let map = match random.below(10) {
        0 if is_whole => pick(random, &[Map::Stretch, Map::Symmetric]),
        _ => map,
    };
    // Exact sums of colours in doubles may need more bits than the oracle's samples have.
    let is_double = matches!(kind(depth), Kind::Float(format) if format.precision > 24);
    let channel = match random.below(5) {
        0 if !is_double => Channel::Luma,
        _ => Channel::Each,
    };
    let to = match (map, random.below(4)) {
        _ if !is_picture(depth) => None,
        (Map::Float, _) | (_, 1..) => None,
        _ => Some(pick(random, &[Depth::U8, Depth::U16, Depth::F32])),
    };
    let image = picture(random, depth, shape);
    let mut case = Case {
        image,
        kernels,
        combine,
        factor: Factor::ONE,
        extent: Extent::Valid,
        channel,
        step,
        dilation,
        map,
        to,
        rounding: Rounding::NearestEven,
        overflow: Overflow::Saturate,
    };
    let constant = match kind(depth) {
        Kind::Integer { high, .. } => pick(
            random,
            &[0, 1, 3].map(|n| high.min(1 << 40) / n.max(1) * n.min(1)),
        ) as f64,
        Kind::Float(_) => pick(random, &[0.0, 1.0, 77.25]),
    };
    let extent = pick(
        random,
        &[
            Extent::Valid,
            Extent::Same(Border::Constant(constant)),
            Extent::Same(Border::Edge),
            Extent::Same(Border::Reflect),
            Extent::Same(Border::Symmetric),
            Extent::Same(Border::Wrap),
        ],
    );
    case.extent = match extent {
        Extent::Valid if !fits(&case) => Extent::Same(Border::Reflect),
        extent => extent,
    };
    rules::choose(random, &mut case, weight_kind);
    vary_combination(&mut case, number);
    (case, weight_kind)
}

/// Half of the banks are combined by a rule of a few kernels' own, or times a factor. These are
/// random numbers of their own, so that all else of a case stays what it is.
fn vary_combination(case: &mut Case, number: u64) {
    let Some(combine) = case.combine else {
        return;
    };
    let random = &mut Random((number + 1).wrapping_mul(0xd134_2543_de82_ef95) | 1);
    for _ in 0..3 {
        random.next();
    }
    let kinds = [case.image.depth(), case.output_depth()].map(kind);
    let are_integers = kinds.iter().all(|kind| kind.is_integer());
    let others = [
        Combine::Mean,
        Combine::AbsSum,
        Combine::AbsMax,
        Combine::ArgMax,
    ];
    let angles = [
        Combine::Direction,
        Combine::DirectionDegrees,
        Combine::DirectionRadians,
    ];
    // Angles are f64, with fewer digits than integers of 64 bits.
    let is_long = matches!(case.output_depth(), Depth::U64 | Depth::I64);
    let is_pair =
        case.kernels.len() == 2 && matches!(case.map, Map::Clamp | Map::Float) && !is_long;
    let combine = match random.below(8) {
        0 if is_pair => pick(random, &angles),
        0..4 => combine,
        // Magnitudes have no exact range.
        _ => match pick(random, &others) {
            Combine::ArgMax if !are_integers || case.map != Map::Clamp => Combine::AbsMax,
            other => other,
        },
    };
    case.combine = Some(combine);
    if combine.is_direction() {
        // A bias would turn it, and is refused.
        case.kernels.iter_mut().for_each(|kernel| kernel.bias = 0.0);
    }
    let ratios = [
        [1, 2],
        [1, 3],
        [3, 1],
        [7, 10],
        [255, 7],
        [123_456_789, 1_000_000_000],
    ];
    case.factor = match random.below(2) {
        _ if combine == Combine::ArgMax || combine.is_direction() => Factor::ONE,
        0 => Factor::ONE,
        _ => Factor {
            ratio: pick(random, &ratios),
            is_root: combine == Combine::Magnitude && random.below(2) == 0,
        },
    };
}

/// Whether windows lie within the image.
fn fits(case: &Case) -> bool {
    (0..2).all(|axis| {
        let laid = || {
            case.kernels.iter().map(|k| match k.flip {
                true => k.shape[axis] - 1 - k.anchor[axis],
                false => k.anchor[axis],
            })
        };
        let before = laid().max().unwrap();
        let after = case.kernels.iter().zip(laid());
        let after = after.map(|(k, anchor)| k.shape[axis] - 1 - anchor).max();
        (before + after.unwrap()) * case.dilation[axis] < case.image.shape()[axis]
    })
}

fn weights(random: &mut Random, kind: WeightKind, largest: u64) -> Weights {
    let [rows, columns] = [size(random, largest), size(random, largest)];
    let len = rows * columns;
    let mut some = |mut weight: Box<dyn FnMut(&mut Random) -> f64>| -> Vec<f64> {
        (0..len).map(|_| weight(random)).collect()
    };
    let mut all = match kind {
        WeightKind::Integers => {
            let largest = pick(&mut Random(len as u64 * 7 + 1), &[1, 9, 100]);
            some(Box::new(move |r| r.between(-largest, largest) as f64))
        }
        WeightKind::Decimals => some(Box::new(|r| {
            let places = r.below(7) as i32;
            r.between(-2000, 2000) as f64 / 10_f64.powi(places)
        })),
        WeightKind::Dyadic => some(Box::new(|r| {
            r.between(-4000, 4000) as f64 / 2_f64.powi(7 + r.below(14) as i32)
        })),
        WeightKind::Fractions => {
            let over = [3.0, 6.0, 7.0, 9.0, 49.0, 255.0][len % 6];
            some(Box::new(move |r| r.between(-9, 9) as f64 / over))
        }
        WeightKind::Normal | WeightKind::NearTies | WeightKind::Separable => some(Box::new(normal)),
        WeightKind::Cancelling => {
            let mut last = None;
            some(Box::new(move |r| match last.take() {
                Some(weight) => {
                    let weight: f64 = weight;
                    -weight * (1.0 + pick(r, &[0.0, 0.0, 1e-7, -1e-9, 1e-15]))
                }
                None => {
                    let weight = normal(r) * pick(r, &[1.0, 1000.0]);
                    last = Some(weight);
                    weight
                }
            }))
        }
        WeightKind::Extreme => {
            let power = [1e20, 1e-20, 1e200, 1e-200, 1.0][len % 5];
            some(Box::new(move |r| {
                normal(r) * power * pick(r, &[1.0, 1e-3, 1e3, 1e-8])
            }))
        }
    };
    if kind == WeightKind::Separable {
        let row: Vec<f64> = (0..columns).map(|_| normal(random)).collect();
        let column: Vec<f64> = (0..rows).map(|_| normal(random)).collect();
        all = column
            .iter()
            .flat_map(|c| row.iter().map(move |r| c * r))
            .collect();
    }
    if kind == WeightKind::NearTies {
        let target = pick(random, &[0.5, 0.5, 1.5, 0.25, 0.0]);
        let others: f64 = all[1..].iter().sum();
        all[0] = target - others;
        match random.below(3) {
            // A number next to zero would be nothing but a denormal one.
            _ if all[0] == 0.0 => {}
            0 => {}
            1 => all[0] = all[0].next_up(),
            _ => all[0] = all[0].next_down(),
        }
    }
    let size_of: f64 = all.iter().map(|w| w.abs()).sum();
    let mut weights = Weights::new([rows, columns], all);
    weights.divisor = match kind {
        WeightKind::NearTies => 1.0,
        // Responses of the size of samples.
        WeightKind::Extreme if size_of > 0.0 => size_of,
        WeightKind::Integers | WeightKind::Decimals => {
            let half = (size_of / 2.0).ceil().max(1.0);
            pick(random, &[1.0, half, half, 3.0, 16.0, -7.0, 2.25, 0.4])
        }
        _ => pick(random, &[1.0, 1.0, 3.0, 0.7, -2.5, size_of.max(1e-3)]),
    };
    weights.bias = pick(random, &[0.0, 0.0, 0.0, 0.0, 0.5, 1.0, -0.125, 0.3]);
    if random.below(4) == 0 {
        weights.anchor = [rows, columns].map(|n| random.below(n as u64) as usize);
    }
    weights.flip = random.below(4) == 0;
    weights
}

fn picture(random: &mut Random, depth: Depth, shape: [usize; 3]) -> Image {
    let len: usize = shape.iter().product();
    let style = random.below(6);
    let values: Vec<f64> = match kind(depth) {
        Kind::Integer { low, high } => {
            // Sums of the largest integers of 64 bits are refused.
            let span = match high >> 33 {
                0 => high,
                _ => 1 << pick(random, &[12, 30, 40]),
            };
            let (low, high) = (low.max(-span), high.min(span));
            let any = |r: &mut Random| {
                let share = uniform(r);
                low as f64 + (share * (high - low + 1) as f64).floor()
            };
            let flat = pick(random, &[high as f64, high as f64, 1.0, 101.0]);
            let near = any(random).min(high as f64 - 1.0);
            let value = |r: &mut Random| match style {
                0 => flat,
                // Ramps and edges of small differences.
                1 => near + r.below(2) as f64,
                2 => pick(r, &[low as f64, high as f64]),
                _ => any(r),
            };
            (0..len).map(|_| value(random)).collect()
        }
        Kind::Float(format) => {
            let magnitude = pick(random, &MAGNITUDES).min(format.largest / 100.0);
            let value = |r: &mut Random| match style {
                0 => magnitude,
                1 => magnitude * (1.0 + uniform(r) / 1000.0),
                2 => 1e-3 * uniform(r),
                3 => magnitude * uniform(r),
                _ => magnitude * (2.0 * uniform(r) - 1.0),
            };
            let mut all: Vec<f64> = (0..len).map(|_| value(random)).collect();
            if style == 2 {
                all[random.below(len as u64) as usize] = 1e6_f64.min(format.largest);
            }
            if random.below(8) == 0 {
                let bad = pick(random, &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
                all[random.below(len as u64) as usize] = bad;
            }
            all
        }
    };
    image(depth, shape, &values)
}
