//! What a filter must give, in exact arithmetic: windows, sums, divisors, biases, combinations,
//! maps and depths. Nothing here is the library's but the names of the options.

use num_bigint::BigInt;
use stridekern::{
    Alpha, Border, Channel, Combine, CombineScale, Depth, Extent, Image, Kernel, KernelBank, Map,
    Overflow, Rounding,
};

use super::{
    BIAS_WHOLE, LUMA_UNROUNDED,
    exact::{Aligned, Dyadic, Numerator, Ratio, Scale, decimal},
    rules::Rules,
    samples::{Kind, Sample, image, is_picture, kind, samples},
};
use crate::common::border_source;

/// A kernel as it would be written, which is flipped by its own rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weights {
    pub(super) shape: [usize; 2],
    pub(super) weights: Vec<f64>,
    pub(super) divisor: f64,
    pub(super) bias: f64,
    pub(super) anchor: [usize; 2],
    pub(super) flip: bool,
}

impl Weights {
    pub(super) fn new(shape: [usize; 2], weights: Vec<f64>) -> Self {
        assert_eq!(weights.len(), shape[0] * shape[1]);
        Self {
            shape,
            weights,
            divisor: 1.0,
            bias: 0.0,
            anchor: shape.map(|n| n / 2),
            flip: false,
        }
    }

    /// Those of a kernel that is not flipped.
    pub(super) fn of(kernel: &Kernel) -> Self {
        let shape = [kernel.rows(), kernel.columns()];
        Self {
            divisor: kernel.divisor(),
            bias: kernel.bias(),
            anchor: kernel.anchor(),
            ..Self::new(shape, kernel.as_slice().to_vec())
        }
    }

    pub(super) fn kernel(&self) -> Kernel {
        let [rows, columns] = self.shape;
        let kernel = Kernel::builder(rows, columns, self.weights.clone())
            .divisor(self.divisor)
            .bias(self.bias)
            .anchor(self.anchor)
            .build()
            .unwrap();
        if self.flip {
            kernel.convolving()
        } else {
            kernel
        }
    }

    /// As they lie on a window.
    fn laid(&self) -> Self {
        let mut laid = self.clone();
        if self.flip {
            laid.weights.reverse();
            laid.anchor = [0, 1].map(|axis| self.shape[axis] - 1 - self.anchor[axis]);
        }
        laid
    }

    /// Whether weights and divisor are decimals of up to six places, and so are meant as such.
    fn is_decimal(&self) -> bool {
        let mut numbers = self.weights.iter().chain([&self.divisor]);
        numbers.all(|&number| decimal(number).is_some())
    }

    /// The weights as integers, and what one of these is.
    fn exact(&self) -> (Aligned, Ratio) {
        let dyadic: Vec<Dyadic> = match self.is_decimal() {
            true => (self.weights.iter())
                .map(|&w| decimal(w).expect("it was looked at"))
                .map(|(digits, places)| Dyadic::new(digits * 10_i128.pow(6 - places), 0))
                .collect(),
            false => self.weights.iter().map(|&w| Dyadic::of(w)).collect(),
        };
        let aligned = Aligned::new(&dyadic);
        let power = Ratio::scale(aligned.exponent);
        let unit = match self.is_decimal() {
            true => power.times(&Ratio::new(1, 1_000_000)),
            false => power,
        };
        (aligned, unit)
    }

    fn exact_divisor(&self) -> Ratio {
        match self.is_decimal() {
            true => Ratio::written(self.divisor),
            false => Ratio::dyadic(Dyadic::of(self.divisor)),
        }
    }

    /// Bias in samples.
    pub(super) fn exact_bias(&self, kind: Kind) -> Ratio {
        let bias = Ratio::written(self.bias).times(&Ratio::new(kind.full_scale(), 1));
        match kind.is_integer() && BIAS_WHOLE {
            true => Ratio::new(bias.plus(&Ratio::new(1, 2)).floor(), 1),
            false => bias,
        }
    }
}

/// A ratio, or the root of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Factor {
    pub(super) ratio: [u64; 2],
    pub(super) is_root: bool,
}

impl Factor {
    pub(super) const ONE: Self = Self {
        ratio: [1, 1],
        is_root: false,
    };

    fn scale(self) -> CombineScale {
        let [above, below] = self.ratio;
        match self.is_root {
            true => CombineScale::root(above, below).unwrap(),
            false => CombineScale::ratio(above, below).unwrap(),
        }
    }

    /// Nearly.
    fn value(self) -> f64 {
        let ratio = self.ratio[0] as f64 / self.ratio[1] as f64;
        if self.is_root { ratio.sqrt() } else { ratio }
    }
}

/// A filter and an image.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) image: Image,
    pub(super) kernels: Vec<Weights>,
    pub(super) combine: Option<Combine>,
    /// A factor of what is combined.
    pub(super) factor: Factor,
    pub(super) extent: Extent,
    pub(super) channel: Channel,
    pub(super) step: [usize; 2],
    pub(super) dilation: [usize; 2],
    pub(super) map: Map,
    pub(super) to: Option<Depth>,
    pub(super) rounding: Rounding,
    pub(super) overflow: Overflow,
}

impl Case {
    /// What a combined response is multiplied by, nearly.
    pub(super) fn gain(&self) -> f64 {
        let kernels = match self.combine {
            Some(Combine::Mean) => self.kernels.len() as f64,
            _ => 1.0,
        };
        self.factor.value() / kernels
    }

    /// Whether there is luma to be computed.
    pub(super) fn is_luma_of_colours(&self) -> bool {
        self.channel == Channel::Luma && self.image.shape()[2] > 2
    }

    pub(super) fn new(image: Image, kernel: Weights) -> Self {
        Self {
            image,
            kernels: vec![kernel],
            combine: None,
            factor: Factor::ONE,
            extent: Extent::Valid,
            channel: Channel::Each,
            step: [1, 1],
            dilation: [1, 1],
            map: Map::Clamp,
            to: None,
            rounding: Rounding::NearestEven,
            overflow: Overflow::Saturate,
        }
    }

    pub(super) fn filter(&self) -> stridekern::Filter {
        let kernels = self.kernels.iter().map(Weights::kernel).collect();
        let bank = KernelBank::new("oracle", kernels, self.combine).unwrap();
        let bank = match self.factor {
            Factor::ONE => bank,
            factor => bank.with_scale(factor.scale()).unwrap(),
        };
        stridekern::Filter::new(bank)
            .with_extent(self.extent)
            .with_step(self.step)
            .with_dilation(self.dilation)
            .with_channel(self.channel)
            // The oracle's luma is gray.
            .with_alpha((self.channel == Channel::Luma).then_some(Alpha::Drop))
            .with_map(self.map)
            .with_depth(self.to)
            .with_rounding(self.rounding)
            .with_overflow(self.overflow)
    }

    /// The sample type of the result, which the filter says.
    pub(super) fn output_depth(&self) -> Depth {
        self.filter().output_depth(self.image.depth())
    }
}

/// What must stand at one place of the result.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    /// A response, and the largest error that is promised of float samples, for one
    /// [rounding](Exact::unit) in `largest` and in the whole image.
    Response {
        numerator: Numerator,
        size: [f64; 2],
        right: Right,
    },
    /// The angle of two responses in radians, and how much longer than their gradient they can be.
    Angle { angle: f64, steep: f64 },
    /// A sample of alpha.
    Alpha { numerator: Numerator, right: Right },
    /// The response to a window with samples that are no numbers.
    Other(f64),
}

/// A response as a sample: computed once, compared with every way to run.
#[derive(Debug, Clone, Copy)]
pub(super) enum Right {
    /// Rounded and saturated, from integers.
    Integer(i128),
    /// The sum of these two, to a hundred bits; the nearest float is known of integers.
    Float {
        value: [f64; 2],
        nearest: Option<f64>,
    },
    /// Whatever is within a bound.
    Bounded,
}

impl Right {
    fn new(
        scale: &Scale,
        numerator: &Numerator,
        [from, to]: [Kind; 2],
        rules: Option<&Rules>,
    ) -> Self {
        match to {
            Kind::Integer { low, high } if from.is_integer() => {
                if let Some(rules) = rules {
                    return Self::Integer(rules.sample(scale, numerator, [low, high]));
                }
                let rounded = scale.nearest(numerator).clamp(low.into(), high.into());
                Self::Integer(i128::try_from(rounded).expect("a sample"))
            }
            Kind::Integer { .. } => Self::Bounded,
            Kind::Float(format) => {
                let exact = scale.ratio(numerator);
                let first = exact.approximate();
                let rest = match first.is_finite() {
                    true => exact.minus(&Ratio::dyadic(Dyadic::of(first))).approximate(),
                    false => 0.0,
                };
                Self::Float {
                    value: [first, rest],
                    nearest: from
                        .is_integer()
                        .then(|| scale.nearest_float(numerator, format)),
                }
            }
        }
    }
}

/// What a case must give.
#[derive(Debug, Clone)]
pub(super) struct Exact {
    pub(super) shape: [usize; 3],
    pub(super) wanted: Vec<Wanted>,
    pub(super) scale: Scale,
    /// Of alpha, which is not filtered and not mapped.
    pub(super) alpha_scale: Scale,
    pub(super) to: Kind,
}

/// The windows of a bank along one axis.
struct Axis {
    /// Of every kernel, output and tap: the sample that is seen; none is the constant.
    taps: Vec<Vec<Vec<Option<usize>>>>,
    /// Of every output: the sample under the anchor.
    anchors: Vec<usize>,
}

impl Axis {
    fn new(case: &Case, kernels: &[Weights], axis: usize) -> Self {
        let len = case.image.shape()[axis];
        let (step, dilation) = (case.step[axis], case.dilation[axis]);
        let before = kernels.iter().map(|k| k.anchor[axis]).max().unwrap() * dilation;
        let after = kernels.iter().map(|k| k.shape[axis] - 1 - k.anchor[axis]);
        let after = after.max().unwrap() * dilation;
        // Anchors lie on every step-th sample from the first on whose windows are computed.
        let (first, count) = match case.extent {
            Extent::Valid => (before, len - before - after),
            _ => (0, len),
        };
        let anchors: Vec<usize> = (first..first + count).step_by(step).collect();
        let source = |at: i64| match case.extent {
            Extent::Same(border) => border_source(border, at, len),
            _ => Some(at as usize),
        };
        let taps = kernels.iter().map(|kernel| {
            let window = |&anchor: &usize| {
                let start = anchor as i64 - (kernel.anchor[axis] * dilation) as i64;
                let taps = 0..kernel.shape[axis];
                taps.map(|tap| source(start + (tap * dilation) as i64))
                    .collect()
            };
            anchors.iter().map(window).collect()
        });
        Self {
            taps: taps.collect(),
            anchors,
        }
    }
}

/// One kernel with its exact weights.
struct ExactKernel {
    weights: Aligned,
    approximate: Vec<f64>,
    /// `response x denominator = sum x factor + bias`.
    factor: BigInt,
    bias: BigInt,
    /// Whether sums fit `i128`.
    small: bool,
    divisor: f64,
    bias_size: f64,
}

impl Exact {
    pub(super) fn new(case: &Case) -> Self {
        let from = kind(case.image.depth());
        let laid: Vec<Weights> = case.kernels.iter().map(Weights::laid).collect();
        let constant = match case.extent {
            Extent::Same(Border::Constant(value)) => value,
            _ => 0.0,
        };
        // The constant is the sample behind the last.
        let Seen {
            samples: mut all,
            magnitudes,
            unit,
            channels,
        } = Seen::of(case);
        let constant = samples(&image(case.image.depth(), [1, 1, 1], &[constant]))[0];
        all.push(match constant {
            Sample::Finite(constant) => Sample::Finite(constant.over(&unit)),
            other => other,
        });
        let finite: Vec<Dyadic> = (all.iter())
            .map(|sample| match sample {
                Sample::Finite(number) => *number,
                Sample::Other(_) => Dyadic::new(0, 0),
            })
            .collect();
        let aligned = Aligned::new(&finite);
        let (kernels, denominator) = exact_kernels(&laid, &aligned, &unit, from);
        let [rows, columns] = [0, 1].map(|axis| Axis::new(case, &laid, axis));
        let shape = [rows.anchors.len(), columns.anchors.len(), channels];
        let to = kind(case.output_depth());
        let mut exact = Self {
            shape,
            wanted: Vec::with_capacity(shape.iter().product()),
            scale: scale(case, &denominator),
            alpha_scale: scale(
                &Case {
                    map: match case.map {
                        Map::Float => Map::Float,
                        _ => Map::Clamp,
                    },
                    // Any rule of responses.
                    combine: case.combine.map(|_| Combine::Sum),
                    factor: Factor::ONE,
                    ..case.clone()
                },
                &BigInt::from(1),
            ),
            to,
        };
        let unit = Ratio::scale(aligned.exponent);
        exact.alpha_scale.mul *= &unit.num;
        exact.alpha_scale.div *= &unit.den;
        let mut magnitudes = magnitudes;
        magnitudes.push(constant.approximate().abs());
        let largest = (magnitudes.iter().copied())
            .filter(|m| m.is_finite())
            .fold(0.0, f64::max);
        let seen = Samples {
            all: &all,
            aligned: &aligned,
            magnitudes: &magnitudes,
            largest,
            columns: case.image.shape()[1],
            channels,
        };
        let has_alpha = case.channel == Channel::Each && matches!(channels, 2 | 4);
        for y in 0..shape[0] {
            for x in 0..shape[1] {
                for c in 0..channels {
                    if has_alpha && c == channels - 1 {
                        let at = seen.place(Some(rows.anchors[y]), Some(columns.anchors[x]), c);
                        exact.wanted.push(match all[at] {
                            Sample::Finite(_) => Wanted::Alpha {
                                numerator: Numerator::Whole(aligned.get(at)),
                                right: Right::Bounded,
                            },
                            Sample::Other(value) => Wanted::Other(value),
                        });
                        continue;
                    }
                    let responses: Vec<_> = (kernels.iter().enumerate())
                        .map(|(k, kernel)| {
                            seen.response(kernel, &rows.taps[k][y], &columns.taps[k][x], c)
                        })
                        .collect();
                    exact.wanted.push(combine(&responses, case, &denominator));
                }
            }
        }
        if matches!(case.map, Map::Stretch | Map::Symmetric) {
            exact.scale = ranged_scale(case.map, &exact.wanted, to);
        }
        let is_plain =
            (case.rounding, case.overflow) == (Rounding::NearestEven, Overflow::Saturate);
        let rules = (!is_plain).then(|| Rules::of(case));
        for wanted in &mut exact.wanted {
            match wanted {
                Wanted::Response {
                    numerator, right, ..
                } => *right = Right::new(&exact.scale, numerator, [from, to], rules.as_ref()),
                Wanted::Alpha { numerator, right } => {
                    *right = Right::new(&exact.alpha_scale, numerator, [from, to], None);
                }
                Wanted::Other(_) | Wanted::Angle { .. } => {}
            }
        }
        exact
    }
}

impl Exact {
    /// What must stand there, nearly, before it is rounded.
    pub(super) fn approximate(&self, wanted: &Wanted) -> f64 {
        match wanted {
            Wanted::Response { numerator, .. } => self.scale.ratio(numerator).approximate(),
            Wanted::Alpha { numerator, .. } => self.alpha_scale.ratio(numerator).approximate(),
            Wanted::Other(value) => *value,
            Wanted::Angle { angle, .. } => *angle,
        }
    }

    /// The samples that a kernel sees at this place of the result; none of alpha.
    pub(super) fn window(&self, case: &Case, at: usize) -> Option<Vec<f64>> {
        let [_, columns, channels] = self.shape;
        let [y, x, c] = [
            at / channels / columns,
            at / channels % columns,
            at % channels,
        ];
        if case.channel != Channel::Each || matches!(channels, 2 | 4) && c == channels - 1 {
            return None;
        }
        let laid: Vec<Weights> = case.kernels.iter().map(Weights::laid).collect();
        let [rows, columns] = [0, 1].map(|axis| Axis::new(case, &laid, axis));
        let all = samples(&case.image);
        let constant = match case.extent {
            Extent::Same(Border::Constant(value)) => value,
            _ => 0.0,
        };
        let width = case.image.shape()[1];
        let sample = |row: &Option<usize>, column: &Option<usize>| match (row, column) {
            (Some(row), Some(column)) => all[(row * width + column) * channels + c].approximate(),
            _ => constant,
        };
        let (rows, columns) = (&rows.taps[0][y], &columns.taps[0][x]);
        let window = rows
            .iter()
            .flat_map(|r| columns.iter().map(move |c| sample(r, c)));
        Some(window.collect())
    }
}

/// The kernels over one denominator.
fn exact_kernels(
    laid: &[Weights],
    samples: &Aligned,
    unit: &Ratio,
    from: Kind,
) -> (Vec<ExactKernel>, BigInt) {
    let sample = Ratio::scale(samples.exponent).times(unit);
    let mut denominator = BigInt::from(1);
    let mut multiply = |den: &BigInt| {
        if &denominator % den != BigInt::ZERO {
            denominator *= den;
        }
    };
    let parts: Vec<_> = (laid.iter())
        .map(|kernel| {
            let (weights, unit) = kernel.exact();
            let factor = unit.times(&sample).over(&kernel.exact_divisor());
            let bias = kernel.exact_bias(from);
            multiply(&factor.den);
            multiply(&bias.den);
            (kernel, weights, factor, bias)
        })
        .collect();
    let kernels = parts.into_iter().map(|(kernel, weights, factor, bias)| {
        let taps = kernel.weights.len() as u64;
        let bits = weights.bits + samples.bits + u64::from(64 - taps.leading_zeros());
        ExactKernel {
            small: bits < 127 && weights.small.is_some() && samples.small.is_some(),
            weights,
            approximate: kernel.weights.clone(),
            factor: factor.num * (&denominator / factor.den),
            bias_size: bias.approximate().abs(),
            bias: bias.num * (&denominator / bias.den),
            divisor: kernel.divisor,
        }
    });
    (kernels.collect(), denominator)
}

/// Whether full scale becomes full scale: between the types of pictures, but not of responses.
pub(super) fn is_scaled(case: &Case) -> bool {
    // An index and an angle have no full scale.
    let is_response = !matches!(
        case.combine,
        Some(Combine::ArgMax | Combine::DirectionDegrees | Combine::DirectionRadians)
    );
    let are_pictures = is_picture(case.image.depth()) && is_picture(case.output_depth());
    case.map != Map::Float && are_pictures && is_response
}

/// From numerators over `denominator` to samples: the map and the change of depth.
fn scale(case: &Case, denominator: &BigInt) -> Scale {
    let (from, to) = (kind(case.image.depth()), kind(case.output_depth()));
    let ratio = match is_scaled(case) {
        true => Ratio::new(to.full_scale(), from.full_scale()),
        false => Ratio::new(1, 1),
    };
    let middle = match case.map {
        Map::Offset => from.twice_middle(),
        _ => 0,
    };
    let [above, below] = case.factor.ratio.map(BigInt::from);
    // Of a root, what is under it is in the numerator.
    let (above, below) = match (case.combine, case.factor.is_root) {
        // The numerators of indices are these; angles have none.
        (Some(Combine::ArgMax), _) => (denominator.clone(), BigInt::from(1)),
        (Some(Combine::Mean), _) => (above, below * case.kernels.len()),
        (_, true) => (BigInt::from(1), below),
        _ => (above, below),
    };
    Scale {
        mul: &ratio.num * above * 2,
        add: &ratio.num * middle * denominator * &below,
        div: ratio.den * 2 * denominator * below,
    }
}

/// From the numerators of a whole image to samples: the smallest is the least sample and the
/// largest the greatest, or 0 stays in the middle.
fn ranged_scale(map: Map, wanted: &[Wanted], to: Kind) -> Scale {
    let numerators = || {
        wanted.iter().filter_map(|wanted| match wanted {
            Wanted::Response {
                numerator: Numerator::Whole(n),
                ..
            } => Some(n.clone()),
            _ => None,
        })
    };
    let (least, greatest) = match to {
        Kind::Integer { low, high } => (low, high),
        Kind::Float(_) => (0, 1),
    };
    let low = numerators().min().unwrap_or_default();
    let high = numerators().max().unwrap_or_default();
    let largest = low.magnitude().max(high.magnitude()).clone();
    match map {
        Map::Stretch if high > low => Scale {
            mul: (greatest - least).into(),
            add: &high * least - &low * greatest,
            div: high - low,
        },
        Map::Symmetric if largest != BigInt::ZERO.magnitude().clone() => Scale {
            mul: (greatest - least.max(-greatest)).into(),
            add: BigInt::from(largest.clone()) * (greatest + least.max(-greatest)),
            div: BigInt::from(largest) * 2,
        },
        _ => Scale {
            mul: 0.into(),
            add: match map {
                Map::Symmetric => (greatest + least.max(-greatest)).into(),
                _ => least.max(0).into(),
            },
            div: 2.into(),
        },
    }
}

/// The samples that windows see.
struct Seen {
    samples: Vec<Sample>,
    /// Their absolute values, of luma the largest of its colours.
    magnitudes: Vec<f64>,
    /// What a sample of 1 stands for.
    unit: Ratio,
    channels: usize,
}

impl Seen {
    fn of(case: &Case) -> Self {
        let samples = samples(&case.image);
        let channels = case.image.shape()[2];
        let magnitude = |sample: &Sample| sample.approximate().abs();
        if case.channel == Channel::Each {
            return Self {
                magnitudes: samples.iter().map(magnitude).collect(),
                samples,
                unit: Ratio::new(1, 1),
                channels,
            };
        }
        assert_eq!(case.channel, Channel::Luma);
        let pixels = samples.chunks(channels);
        if channels < 3 {
            let samples: Vec<Sample> = pixels.map(|pixel| pixel[0]).collect();
            return Self {
                magnitudes: samples.iter().map(magnitude).collect(),
                samples,
                unit: Ratio::new(1, 1),
                channels: 1,
            };
        }
        let magnitudes = pixels.clone().map(|pixel| {
            let colours = pixel[..3].iter().map(magnitude);
            colours.fold(0.0, f64::max)
        });
        let to = kind(case.output_depth());
        let is_rounded =
            kind(case.image.depth()).is_integer() && (to.is_integer() || !LUMA_UNROUNDED);
        let luma = pixels.clone().map(|pixel| {
            let weighted = pixel[..3].iter().zip([2126, 7152, 722]);
            let all = weighted.map(|(sample, weight)| match sample {
                Sample::Finite(number) => Some(number.times(weight)),
                Sample::Other(_) => None,
            });
            match all.collect::<Option<Vec<Dyadic>>>() {
                Some(all) => {
                    let sum = all.into_iter().fold(Dyadic::new(0, 0), Dyadic::plus);
                    Sample::Finite(match is_rounded {
                        true => {
                            let nearest = Ratio::dyadic(sum).over(&Ratio::new(10_000, 1)).nearest();
                            Dyadic::new(i128::try_from(nearest).expect("a sample"), 0)
                        }
                        false => sum,
                    })
                }
                None => Sample::Other(
                    [0.2126, 0.7152, 0.0722]
                        .iter()
                        .zip(pixel)
                        .map(|(w, s)| w * s.approximate())
                        .sum(),
                ),
            }
        });
        Self {
            samples: luma.collect(),
            magnitudes: magnitudes.collect(),
            unit: match is_rounded {
                true => Ratio::new(1, 1),
                false => Ratio::new(1, 10_000),
            },
            channels: 1,
        }
    }
}

/// The image that is looked at, and the constant of the border behind its last sample.
struct Samples<'a> {
    all: &'a [Sample],
    aligned: &'a Aligned,
    magnitudes: &'a [f64],
    largest: f64,
    columns: usize,
    channels: usize,
}

/// The response of one kernel over the common denominator, or what is no number.
enum Response {
    /// And the size that roundings are relative to: of the window, and of the image.
    Numerator(BigInt, [f64; 2]),
    Other(f64),
}

impl Samples<'_> {
    fn place(&self, row: Option<usize>, column: Option<usize>, channel: usize) -> usize {
        match (row, column) {
            (Some(row), Some(column)) => (row * self.columns + column) * self.channels + channel,
            _ => self.all.len() - 1,
        }
    }

    fn response(
        &self,
        kernel: &ExactKernel,
        rows: &[Option<usize>],
        columns: &[Option<usize>],
        channel: usize,
    ) -> Response {
        let taps = || {
            let places = rows.iter().flat_map(|&row| {
                columns
                    .iter()
                    .map(move |&column| self.place(row, column, channel))
            });
            places.enumerate()
        };
        if taps().any(|(_, at)| matches!(self.all[at], Sample::Other(_))) {
            // A weight of zero, too, makes NaN of an infinite sample. What is finite beside these
            // changes nothing, but its products might overflow here.
            let products = taps().filter_map(|(tap, at)| match self.all[at] {
                Sample::Other(value) => Some(kernel.approximate[tap] * value),
                Sample::Finite(_) => None,
            });
            let sum: f64 = products.sum();
            return Response::Other(sum / kernel.divisor);
        }
        let sum = match (&kernel.weights.small, &self.aligned.small) {
            (Some(weights), Some(samples)) if kernel.small => {
                let products = taps().map(|(tap, at)| weights[tap] * samples[at]);
                BigInt::from(products.sum::<i128>())
            }
            _ => taps()
                .map(|(tap, at)| kernel.weights.get(tap) * self.aligned.get(at))
                .sum(),
        };
        let window = taps()
            .map(|(_, at)| self.magnitudes[at])
            .fold(0.0, f64::max);
        let weight = |w: &f64| (w / kernel.divisor).abs();
        let weights: f64 = kernel.approximate.iter().map(weight).sum();
        let size = [window, self.largest].map(|m| m * weights + kernel.bias_size);
        Response::Numerator(sum * &kernel.factor + &kernel.bias, size)
    }
}

fn combine(responses: &[Response], case: &Case, denominator: &BigInt) -> Wanted {
    let mut numerators = Vec::new();
    let mut others = Vec::new();
    let mut sizes = Vec::new();
    for response in responses {
        match response {
            Response::Numerator(numerator, size) => {
                numerators.push(numerator);
                sizes.push(*size);
            }
            Response::Other(value) => others.push(*value),
        }
    }
    let factor = case.gain();
    if !others.is_empty() {
        // What becomes of finite responses beside these does not matter.
        if case.combine == Some(Combine::AbsSum) {
            return Wanted::Other(others.iter().map(|other| other.abs()).sum());
        }
        return Wanted::Other(match (case.combine, case.map) {
            (None | Some(Combine::Sum), Map::Abs) => others.iter().sum::<f64>().abs(),
            (None | Some(Combine::Sum), _) => others.iter().sum(),
            _ => f64::NAN,
        });
    }
    if case.combine.is_some_and(Combine::is_direction) {
        let [x, y] = &*numerators else {
            panic!("an angle is of two kernels");
        };
        // Nearly: over the larger of them, and their size over the same.
        let larger = x.magnitude().max(y.magnitude()).clone();
        let over = |n: &BigInt| match larger.bits() {
            0 => 0.0,
            _ => Ratio {
                num: n.clone(),
                den: larger.clone().into(),
            }
            .approximate(),
        };
        let [x, y] = [over(x), over(y)];
        let largest = Ratio {
            num: larger.clone().into(),
            den: denominator.clone(),
        };
        let size: f64 = sizes.iter().map(|size| size[1]).sum();
        return Wanted::Angle {
            angle: y.atan2(x),
            steep: match larger.bits() {
                0 => f64::INFINITY,
                _ => size / largest.approximate(),
            },
        };
    }
    let sized = |with: fn(f64, f64) -> f64| {
        [0, 1].map(|of| sizes.iter().map(|size| size[of] * factor).fold(0.0, with))
    };
    let absolute = |n: &BigInt| BigInt::from(n.magnitude().clone());
    let (numerator, size) = match case.combine {
        None | Some(Combine::Sum | Combine::Mean) => {
            let sum = numerators.into_iter().sum();
            (Numerator::Whole(sum), sized(|a, b| a + b))
        }
        Some(Combine::Max) => {
            let max = numerators.into_iter().max().unwrap().clone();
            (Numerator::Whole(max), sized(f64::max))
        }
        Some(Combine::Magnitude) => {
            let squares: BigInt = numerators.into_iter().map(|n| n * n).sum();
            let [above, below] = case.factor.ratio;
            let under_root = match case.factor.is_root {
                true => squares * above * below,
                false => squares,
            };
            (Numerator::Root(under_root), sized(f64::hypot))
        }
        Some(Combine::AbsSum) => {
            let sum = numerators.into_iter().map(absolute).sum();
            (Numerator::Whole(sum), sized(|a, b| a + b))
        }
        Some(Combine::AbsMax) => {
            let max = numerators.into_iter().map(absolute).max().unwrap();
            (Numerator::Whole(max), sized(f64::max))
        }
        Some(Combine::ArgMax) => {
            let max = numerators.iter().max().unwrap();
            let index = numerators.iter().position(|n| n == max).unwrap();
            (Numerator::Whole(index.into()), [0.0; 2])
        }
        other => panic!("the oracle knows no {other:?}"),
    };
    let numerator = match (numerator, case.map) {
        (Numerator::Whole(n), Map::Abs) => Numerator::Whole(n.magnitude().clone().into()),
        (numerator, _) => numerator,
    };
    Wanted::Response {
        numerator,
        size,
        right: Right::Bounded,
    }
}
