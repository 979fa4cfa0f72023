//! What becomes of alpha, against rational arithmetic written from the definition.

use num_bigint::BigInt;
use num_rational::BigRational;
use stridekern::{
    Alpha, Border, Channel, Combine, CombineScale, Depth, Extent, Filter, Image, ImageViewMut,
    Kernel, KernelBank, Map, Samples, Tuning,
};

use crate::common::{Random, numbers};

type Rational = BigRational;

fn rational(number: f64) -> Rational {
    Rational::from_float(number).unwrap()
}

fn zero() -> Rational {
    rational(0.0)
}

/// To the nearest integer, ties to even.
fn nearest(number: &Rational) -> Rational {
    let below = number.floor();
    let rest = number - &below;
    let half = rational(0.5);
    let odd = &below % rational(2.0) != zero();
    let up = rest > half || rest == half && odd;
    if up { below + rational(1.0) } else { below }
}

/// A weight as it is written: decimals of up to six digits are such.
fn written(weight: f64) -> Rational {
    let digits = (weight * 1e6).round();
    match digits / 1e6 == weight {
        true => rational(digits) / rational(1e6),
        false => rational(weight),
    }
}

/// Whether the sum of weights is 0, but for their own rounding.
fn is_zero(share: &Rational) -> bool {
    *share < rational(1e-12) && *share > rational(-1e-12)
}

#[derive(Debug, Clone)]
struct Case {
    kernels: Vec<Kernel>,
    combined: Combine,
    /// What is combined is multiplied by this ratio.
    factor: [u64; 2],
    border: Option<Border>,
    step: [usize; 2],
    dilation: [usize; 2],
    map: Map,
    from: Depth,
    to: Depth,
}

impl Case {
    fn filter(&self) -> Filter {
        let bank = match &*self.kernels {
            [kernel] => kernel.clone().into(),
            several => {
                let [above, below] = self.factor;
                let scale = CombineScale::ratio(above, below).unwrap();
                let bank = KernelBank::new("bank", several.to_vec(), Some(self.combined)).unwrap();
                match self.factor {
                    [1, 1] => bank,
                    _ => bank.with_scale(scale).unwrap(),
                }
            }
        };
        Filter::new(bank)
            .with_channel(Channel::Each)
            .with_alpha(Alpha::Weight)
            .with_extent(self.border.map_or(Extent::Valid, Extent::Same))
            .with_step(self.step)
            .with_dilation(self.dilation)
            .with_map(self.map)
            .with_depth(self.to)
    }
}

/// The index in an axis of this length that an index repeats, if any.
fn repeated(border: Border, at: isize, len: usize) -> Option<usize> {
    let n = len as isize;
    let period = |p: isize| at.rem_euclid(p);
    Some(match border {
        _ if (0..n).contains(&at) => at as usize,
        Border::Constant(_) => return None,
        Border::Edge => at.clamp(0, n - 1) as usize,
        Border::Wrap => period(n) as usize,
        Border::Symmetric => period(2 * n).min(2 * n - 1 - period(2 * n)) as usize,
        Border::Reflect if n == 1 => 0,
        Border::Reflect => period(2 * n - 2).min(2 * n - 2 - period(2 * n - 2)) as usize,
        _ => unreachable!(),
    })
}

/// The pixel of the result whose window's anchor lies on `[y, x]`, before any rounding: its
/// colours, squared if they are magnitudes, and its alpha; or the source's if it has none.
enum Pixel {
    Gone,
    Is(Vec<Rational>, Option<Rational>),
}

struct Oracle<'a> {
    case: &'a Case,
    samples: Vec<f64>,
    shape: [usize; 3],
    full_scale: f64,
}

impl Oracle<'_> {
    fn source(&self, [y, x]: [isize; 2]) -> Vec<Rational> {
        let [rows, columns, channels] = self.shape;
        let border = self.case.border.unwrap_or(Border::Edge);
        let place = repeated(border, y, rows).zip(repeated(border, x, columns));
        let Some((y, x)) = place else {
            let Border::Constant(value) = border else {
                unreachable!()
            };
            let mut pixel = vec![rational(value); channels];
            pixel[channels - 1] = rational(self.full_scale);
            return pixel;
        };
        let at = (y * columns + x) * channels;
        self.samples[at..at + channels]
            .iter()
            .copied()
            .map(rational)
            .collect()
    }

    /// The sums of alpha and of its products with the colours, over the divisor.
    fn sums(&self, kernel: &Kernel, [y, x]: [usize; 2]) -> Vec<Rational> {
        let [anchor_y, anchor_x] = kernel.anchor();
        let [dilate_y, dilate_x] = self.case.dilation;
        let channels = self.shape[2];
        let mut sums = vec![zero(); channels];
        for (at, &weight) in kernel.as_slice().iter().enumerate() {
            let (i, j) = (at / kernel.columns(), at % kernel.columns());
            let dy = (i as isize - anchor_y as isize) * dilate_y as isize;
            let dx = (j as isize - anchor_x as isize) * dilate_x as isize;
            let pixel = self.source([y as isize + dy, x as isize + dx]);
            let alpha = written(weight) * &pixel[channels - 1] / written(kernel.divisor());
            for (sum, color) in sums.iter_mut().zip(&pixel[..channels - 1]) {
                *sum += &alpha * color;
            }
            sums[channels - 1] += alpha;
        }
        sums
    }

    fn bias(&self, kernel: &Kernel) -> Rational {
        rational((kernel.bias() * self.full_scale + 0.5).floor())
    }

    fn pixel(&self, at: [usize; 2]) -> Pixel {
        let colors = self.shape[2] - 1;
        let kernels = &self.case.kernels;
        let share = |kernel: &Kernel| -> Rational {
            let weights = kernel.as_slice().iter().map(|&w| written(w));
            weights.sum::<Rational>() / written(kernel.divisor())
        };
        let full_scale = rational(self.full_scale);
        let all: Vec<Vec<Rational>> = kernels.iter().map(|k| self.sums(k, at)).collect();
        let biases: Vec<Rational> = kernels.iter().map(|k| self.bias(k)).collect();
        let factor = self.case.factor.map(|n| rational(n as f64));
        let factor = &factor[0] / &factor[1];
        if self.case.combined == Combine::Sum && self.case.factor == [1, 1] {
            let total: Rational = kernels.iter().map(share).sum();
            let bias: Rational = biases.iter().sum();
            let sum = |c: usize| -> Rational { all.iter().map(|sums| &sums[c]).sum() };
            let alpha = sum(colors);
            if is_zero(&total) {
                let color = |c| sum(c) / &full_scale + &bias;
                return Pixel::Is((0..colors).map(color).collect(), None);
            }
            if alpha <= zero() {
                return Pixel::Gone;
            }
            let color = |c| sum(c) / &alpha + &bias;
            return Pixel::Is((0..colors).map(color).collect(), Some(alpha));
        }
        let source = self.source(at.map(|at| at as isize));
        let has_alpha: Vec<bool> = kernels.iter().map(|k| !is_zero(&share(k))).collect();
        let own = |at: usize| {
            if all[at][colors] > zero() {
                all[at][colors].clone()
            } else {
                zero()
            }
        };
        let alphas: Vec<Rational> = (0..kernels.len())
            .filter(|&at| has_alpha[at])
            .map(own)
            .collect();
        if !alphas.is_empty() && alphas.iter().all(|alpha| *alpha == zero()) {
            return Pixel::Gone;
        }
        let response = |k: usize, c: usize| {
            let response = match (has_alpha[k], own(k) > zero()) {
                (false, _) => &all[k][c] / &full_scale,
                (true, true) => &all[k][c] / own(k),
                (true, false) => source[c].clone(),
            };
            response + &biases[k]
        };
        let absolute = |n: Rational| if n < zero() { -n } else { n };
        let combine = |numbers: Vec<Rational>, rule: Combine| {
            let count = rational(numbers.len() as f64);
            let all = numbers.into_iter();
            match rule {
                Combine::Sum => all.sum::<Rational>() * &factor,
                Combine::Mean => all.sum::<Rational>() * &factor / count,
                Combine::Max => all.max().unwrap() * &factor,
                Combine::AbsSum => all.map(absolute).sum::<Rational>() * &factor,
                Combine::AbsMax => all.map(absolute).max().unwrap() * &factor,
                Combine::Magnitude => {
                    let squares: Rational = all.map(|n| &n * &n).sum();
                    squares * &factor * &factor
                }
                Combine::ArgMax => {
                    let all: Vec<Rational> = all.collect();
                    let max = all.iter().max().unwrap();
                    rational(all.iter().position(|n| n == max).unwrap() as f64)
                }
                _ => unreachable!(),
            }
        };
        let rule = self.case.combined;
        let color = |c| combine((0..kernels.len()).map(|k| response(k, c)).collect(), rule);
        let colors = (0..colors).map(color).collect();
        // An index has no alpha of its own.
        let of_alphas = match rule {
            Combine::ArgMax => Combine::Max,
            _ => rule,
        };
        Pixel::Is(
            colors,
            (!alphas.is_empty()).then(|| combine(alphas, of_alphas)),
        )
    }
}

fn scaled(case: &Case, number: Rational) -> Rational {
    match (case.from, case.to) {
        (Depth::U8, Depth::U16) => number * rational(257.0),
        (Depth::U16, Depth::U8) => number / rational(257.0),
        _ => number,
    }
}

fn saturated(case: &Case, number: Rational) -> f64 {
    let [low, high] = case.to.range().map(rational);
    let number = nearest(&number).clamp(low, high);
    let integer = number.to_integer();
    i64::try_from(integer).unwrap() as f64
}

/// Checks every sample of a result.
fn check(case: &Case, image: &Image, result: &Image) {
    let oracle = Oracle {
        case,
        samples: numbers(image),
        shape: image.shape(),
        full_scale: case.from.full_scale(),
    };
    let [rows, columns, channels] = result.shape();
    assert_eq!(channels, image.channels());
    let anchors = case.kernels.iter().map(Kernel::anchor);
    let [above, left] = anchors.fold([0, 0], |[a, b], [c, d]| [a.max(c), b.max(d)]);
    let origin = match case.border {
        None => [above * case.dilation[0], left * case.dilation[1]],
        Some(_) => [0, 0],
    };
    let found = numbers(result);
    for (at, pixel) in found.chunks(channels).enumerate() {
        let place = [at / columns, at % columns];
        let on = [0, 1].map(|axis| origin[axis] + place[axis] * case.step[axis]);
        let source = oracle.source(on.map(|at| at as isize));
        let told = |c: usize| format!("{case:?} at {place:?} channel {c}: {pixel:?}");
        let plain = |number: &Rational| saturated(case, scaled(case, number.clone()));
        match oracle.pixel(on) {
            Pixel::Gone => {
                let mut wanted: Vec<f64> = source.iter().map(plain).collect();
                wanted[channels - 1] = 0.0;
                assert_eq!(pixel, wanted, "{}", told(0));
            }
            Pixel::Is(colors, alpha) => {
                for (c, color) in colors.iter().enumerate() {
                    let found = pixel[c];
                    if case.combined == Combine::Magnitude {
                        assert!(is_root(case, color, found), "{}", told(c));
                        continue;
                    }
                    let middle = rational((case.from.full_scale() + 1.0) / 2.0);
                    let mapped = match case.map {
                        Map::Abs if *color < zero() => -color,
                        Map::Offset if !case.to.is_signed() => color + middle,
                        _ => color.clone(),
                    };
                    assert_eq!(found, plain(&mapped), "{} {color}", told(c));
                }
                let found = pixel[channels - 1];
                match alpha {
                    None => assert_eq!(found, plain(&source[channels - 1]), "{}", told(9)),
                    Some(alpha) if case.combined == Combine::Magnitude => {
                        assert!(is_root(case, &alpha, found), "{}", told(9));
                    }
                    Some(alpha) => assert_eq!(found, plain(&alpha), "{}", told(9)),
                }
            }
        }
    }
    assert_eq!(found.len(), rows * columns * channels);
}

/// Whether the nearest sample of the root of `square` is this one.
fn is_root(case: &Case, square: &Rational, found: f64) -> bool {
    let one = scaled(case, rational(1.0));
    let square = square * &one * &one;
    let [_, high] = case.to.range();
    let halves = |offset: f64| {
        let edge = rational(found + offset);
        if edge < zero() { zero() } else { &edge * &edge }
    };
    halves(-0.5) <= square && (square <= halves(0.5) || found == high)
}

/// Opaque parts, transparent ones and others, in blocks and in single pixels.
fn image(random: &mut Random, [rows, columns, channels]: [usize; 3], depth: Depth) -> Image {
    let full = depth.full_scale();
    let mut numbers = Vec::new();
    for y in 0..rows {
        for x in 0..columns {
            for _ in 1..channels {
                numbers.push((random.below(1 << 20) as f64 / f64::from(1 << 20) * full).round());
            }
            let any = (random.below(1 << 20) as f64 / f64::from(1 << 20) * full).round();
            numbers.push(match (y / 5 % 3, x / 4 % 4, random.below(6)) {
                (0, ..) => full,
                (1, 0 | 1, _) => 0.0,
                (_, _, 0) => 0.0,
                (_, _, 1) => full,
                (_, _, 2) => 1.0,
                _ => any,
            });
        }
    }
    let samples = match depth {
        Depth::U8 => Samples::U8(numbers.iter().map(|&n| n as u8).collect()),
        Depth::U16 => Samples::U16(numbers.iter().map(|&n| n as u16).collect()),
        Depth::U32 => Samples::U32(numbers.iter().map(|&n| n as u32).collect()),
        Depth::I16 => Samples::I16(numbers.iter().map(|&n| n as i16).collect()),
        _ => unreachable!(),
    };
    Image::new(rows, columns, channels, samples).unwrap()
}

fn kernel(rows: usize, columns: usize, weights: &[f64], divisor: f64) -> Kernel {
    let kernel = Kernel::new(rows, columns, weights.to_vec()).unwrap();
    kernel.with_divisor(divisor).unwrap()
}

/// Kernels whose weights sum to their divisor, to more and less, to little, to 0 and below.
fn kernels() -> Vec<Kernel> {
    let third = 1.0 / 3.0;
    vec![
        kernel(3, 3, &[1.0, 2.0, 1.0, 2.0, 4.0, 2.0, 1.0, 2.0, 1.0], 16.0),
        kernel(1, 1, &[1.0], 1.0),
        kernel(1, 4, &[1.0, 3.0, 3.0, 1.0], 5.0),
        kernel(2, 2, &[1.0, 2.0, 3.0, 4.0], 20.0),
        kernel(
            3,
            3,
            &[0.0, -1.0, 0.0, -1.0, 5.0, -1.0, 0.0, -1.0, 0.0],
            1.0,
        ),
        kernel(
            3,
            3,
            &[-1.0, -1.0, -1.0, -1.0, 9.0, -1.0, -1.0, -1.0, -1.0],
            1.0,
        ),
        kernel(1, 3, &[-3.0, 4.0, -2.0], 1.0),
        kernel(1, 3, &[-1.0, -2.0, -1.0], 4.0),
        kernel(1, 3, &[0.1, 0.7, 0.2], 1.0),
        kernel(3, 1, &[third, third, third], 1.0),
        kernel(3, 1, &[-third, 2.0, -2.0 * third], 1.0),
        kernel(3, 3, &[0.0, 1.0, 0.0, 1.0, -4.0, 1.0, 0.0, 1.0, 0.0], 1.0)
            .with_bias(0.5)
            .unwrap(),
        kernel(1, 3, &[-0.3, 0.1, 0.2], 1.0),
        kernel(1, 3, &[-third, 2.0 * third, -third], 2.0),
        kernel(2, 3, &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0], 6.0)
            .with_bias(0.25)
            .unwrap()
            .with_anchor([1, 0])
            .unwrap(),
    ]
}

const BORDERS: [Option<Border>; 6] = [
    None,
    Some(Border::Constant(77.0)),
    Some(Border::Edge),
    Some(Border::Reflect),
    Some(Border::Symmetric),
    Some(Border::Wrap),
];

/// Runs a case in bands of several heights, and by parts; all are the same. Returns the result.
fn run(case: &Case, image: &Image) -> Image {
    let filter = case.filter();
    let mut results = Vec::new();
    for band_rows in [1, 3, 100] {
        let tuning = Tuning::default().with_band_rows(band_rows);
        let plan = filter.plan(image, &tuning).unwrap();
        assert_eq!(plan.alpha(), Some(Alpha::Weight));
        let mut result = plan.allocate().unwrap();
        plan.run(image, &mut result).unwrap();
        results.push(result);
    }
    let whole = results.pop().unwrap();
    results
        .iter()
        .for_each(|other| assert!(*other == whole, "{case:?}"));
    let mut runner = filter
        .plan(image, &Tuning::default())
        .unwrap()
        .runner()
        .unwrap();
    let [rows, columns, channels] = whole.shape();
    let (top, left) = (rows / 3, columns / 4);
    let mut part = Image::zeroed(rows - top, columns - left, channels, case.to).unwrap();
    let output = ImageViewMut::from(&mut part);
    runner
        .run_region(image, top..rows, left..columns, output)
        .unwrap();
    let all = numbers(&whole);
    for (at, found) in numbers(&part).into_iter().enumerate() {
        let (pixel, channel) = (at / channels, at % channels);
        let (y, x) = (
            top + pixel / (columns - left),
            left + pixel % (columns - left),
        );
        assert_eq!(
            found,
            all[(y * columns + x) * channels + channel],
            "{case:?}"
        );
    }
    whole
}

fn case(kernels: Vec<Kernel>, depths: [Depth; 2]) -> Case {
    Case {
        kernels,
        combined: Combine::Sum,
        factor: [1, 1],
        border: Some(Border::Edge),
        step: [1, 1],
        dilation: [1, 1],
        map: Map::Clamp,
        from: depths[0],
        to: depths[1],
    }
}

#[test]
fn weighted_colours_are_exact_for_every_kernel_and_border() {
    let mut random = Random(7);
    for kernel in kernels() {
        for border in BORDERS {
            for depth in [Depth::U8, Depth::U16] {
                let channels = [2, 4][random.below(2) as usize];
                let image = image(&mut random, [13, 17, channels], depth);
                let case = Case {
                    border,
                    ..case(vec![kernel.clone()], [depth, depth])
                };
                check(&case, &image, &run(&case, &image));
            }
        }
    }
}

#[test]
fn weighted_colours_are_exact_with_steps_dilations_maps_and_depths() {
    let mut random = Random(8);
    let depths = [
        [Depth::U8, Depth::U16],
        [Depth::U16, Depth::U8],
        [Depth::U8, Depth::U8],
        [Depth::U32, Depth::U32],
        [Depth::I16, Depth::I16],
    ];
    for kernel in kernels() {
        for map in [Map::Clamp, Map::Abs, Map::Offset] {
            let [from, to] = depths[random.below(5) as usize];
            let image = image(&mut random, [14, 11, 4], from);
            let mut one_or_two = || 1 + random.below(2) as usize;
            let case = Case {
                step: [one_or_two(), one_or_two() + 1],
                dilation: [one_or_two(), one_or_two()],
                map,
                border: BORDERS[one_or_two() + 1],
                ..case(vec![kernel.clone()], [from, to])
            };
            check(&case, &image, &run(&case, &image));
        }
    }
}

#[test]
fn weighted_colours_of_banks_are_exact() {
    let mut random = Random(9);
    let all = kernels();
    let rules = [
        (Combine::Sum, [1, 1]),
        (Combine::Sum, [2, 3]),
        (Combine::Mean, [1, 1]),
        (Combine::Mean, [7, 4]),
        (Combine::Max, [1, 1]),
        (Combine::Max, [1, 3]),
        (Combine::AbsSum, [1, 1]),
        (Combine::AbsSum, [1, 2]),
        (Combine::AbsMax, [1, 1]),
        (Combine::AbsMax, [5, 7]),
        (Combine::Magnitude, [1, 1]),
        (Combine::Magnitude, [3, 4]),
        (Combine::ArgMax, [1, 1]),
    ];
    for (combined, factor) in rules {
        for round in 0..30 {
            let mut one = || all[random.below(all.len() as u64) as usize].clone();
            let count = 2 + round % 2;
            let kernels: Vec<Kernel> = (0..count).map(|_| one()).collect();
            // Divisors without a common multiple, and biases of roots, are not asked for here.
            let is_plain = |k: &Kernel| k.divisor().fract() == 0.0;
            if !kernels.iter().all(is_plain) {
                continue;
            }
            let depth = [Depth::U8, Depth::U16][round % 2];
            let image = image(&mut random, [9, 12, 4], depth);
            let case = Case {
                combined,
                factor,
                border: BORDERS[1 + round % 5],
                ..case(kernels, [depth, depth])
            };
            check(&case, &image, &run(&case, &image));
        }
    }
}

#[test]
fn opaque_pictures_are_filtered_as_if_copied() {
    let mut random = Random(10);
    for name in [
        "gaussian5",
        "sharpen",
        "sobel",
        "emboss",
        "unsharp5",
        "disk3",
        "log9",
    ] {
        let filter = Filter::new(KernelBank::builtin(name).unwrap()).with_channel(Channel::Each);
        for border in BORDERS.into_iter().flatten() {
            let filter = filter.clone().with_extent(border);
            let samples = (0..40 * 30 * 4).map(|at| match at % 4 {
                3 => 255,
                _ => random.next() as u8,
            });
            let image = Image::new(40, 30, 4, Samples::U8(samples.collect())).unwrap();
            let copied = filter
                .clone()
                .with_alpha(Alpha::Copy)
                .apply(&image)
                .unwrap();
            let weighted = filter.with_alpha(Alpha::Weight).apply(&image).unwrap();
            assert!(copied == weighted, "{name} {border}");
        }
    }
}

/// Floats are near the exact responses, relative to the alpha that they are divided by.
#[test]
fn weighted_floats_are_near_exact_responses() {
    let mut random = Random(11);
    for kernel in kernels() {
        let bytes = image(&mut random, [12, 10, 4], Depth::U16);
        let floats: Vec<f32> = numbers(&bytes)
            .iter()
            .map(|n| (n / 65_535.0) as f32)
            .collect();
        let image = Image::new(12, 10, 4, Samples::F32(floats.into())).unwrap();
        let case = Case {
            border: Some(Border::Reflect),
            ..case(vec![kernel], [Depth::F32, Depth::F32])
        };
        let result = case.filter().apply(&image).unwrap();
        let oracle = Oracle {
            case: &case,
            samples: numbers(&image),
            shape: image.shape(),
            full_scale: 1.0,
        };
        for (at, pixel) in numbers(&result).chunks(4).enumerate() {
            let place = [at / 10, at % 10];
            let source = oracle.source(place.map(|at| at as isize));
            match oracle.pixel(place) {
                Pixel::Gone => {
                    let near_zero = oracle.sums(&case.kernels[0], place)[3].clone();
                    assert!(near_zero <= zero());
                    assert_eq!(pixel[3], 0.0, "{case:?} {place:?}");
                }
                Pixel::Is(colors, alpha) => {
                    let alpha = alpha.unwrap_or_else(|| source[3].clone());
                    let near = |found: f64, wanted: &Rational, margin: f64| {
                        let wanted: f64 = float(wanted);
                        assert!(
                            (found - wanted).abs() <= margin * (1.0 + wanted.abs()),
                            "{case:?} {place:?}: {found} {wanted}"
                        );
                    };
                    near(pixel[3], &alpha, 1e-7);
                    // Of a window with hardly any alpha, errors of 2^-53 are multiplied.
                    let margin = 1e-7 + 1e-13 / float(&alpha).abs().max(1e-9);
                    for (found, wanted) in pixel.iter().zip(&colors) {
                        let wanted = match case.kernels[0].bias() {
                            0.0 => wanted.clone(),
                            // The oracle's is a whole number of samples.
                            bias => wanted - oracle.bias(&case.kernels[0]) + rational(bias),
                        };
                        near(*found, &wanted, margin);
                    }
                }
            }
        }
    }
}

fn float(number: &Rational) -> f64 {
    let scale = BigInt::from(1) << 80;
    let scaled = (number * Rational::from(scale)).round().to_integer();
    scaled.to_string().parse::<f64>().unwrap() / 2_f64.powi(80)
}

/// Red on transparent black keeps its colour, however far it is blurred.
#[test]
fn a_blurred_square_keeps_its_colour() {
    for (depth, full) in [(Depth::U8, 255.0), (Depth::U16, 65_535.0)] {
        let inside = |y: usize, x: usize| (8..16).contains(&y) && (8..16).contains(&x);
        let pixels = (0..24 * 24).flat_map(|at| match inside(at / 24, at % 24) {
            true => [full, 0.0, 0.0, full],
            false => [0.0; 4],
        });
        let samples = match depth {
            Depth::U8 => Samples::U8(pixels.map(|n| n as u8).collect()),
            _ => Samples::U16(pixels.map(|n| n as u16).collect()),
        };
        let image = Image::new(24, 24, 4, samples).unwrap();
        let filter = Filter::new(KernelBank::builtin("gaussian5").unwrap())
            .with_extent(Border::Edge)
            .with_channel(Channel::Each)
            .with_alpha(Alpha::Weight);
        let result = filter.apply(&image).unwrap();
        let binomial = [1.0, 4.0, 6.0, 4.0, 1.0];
        let profile = |at: usize| -> f64 {
            let taps = binomial.iter().enumerate();
            taps.filter(|(tap, _)| (8..16).contains(&(at + tap).wrapping_sub(2)))
                .map(|(_, weight)| weight)
                .sum()
        };
        for (at, pixel) in numbers(&result).chunks(4).enumerate() {
            let (y, x) = (at / 24, at % 24);
            let alpha = profile(y) * profile(x) / 256.0 * full;
            assert_eq!(pixel[3], alpha.round_ties_even(), "{y} {x}");
            let color = if alpha > 0.0 {
                [full, 0.0, 0.0]
            } else {
                [0.0; 3]
            };
            assert_eq!(pixel[..3], color, "{y} {x}");
        }
    }
}

/// Luma is that of the colours, and its alpha is treated as that of a gray picture.
#[test]
fn luma_keeps_its_alpha() {
    let mut random = Random(12);
    let identity = Filter::new(KernelBank::builtin("identity").unwrap()).with_extent(Border::Edge);
    for depth in [Depth::U8, Depth::U16] {
        let colors = image(&mut random, [14, 15, 4], depth);
        let gray = identity
            .clone()
            .with_alpha(Alpha::Copy)
            .apply(&colors)
            .unwrap();
        assert_eq!(gray.shape(), [14, 15, 2]);
        let luma = identity
            .clone()
            .with_alpha(Alpha::Drop)
            .apply(&colors)
            .unwrap();
        assert_eq!(luma.shape(), [14, 15, 1]);
        let pixels = numbers(&colors);
        for (at, pixel) in numbers(&gray).chunks(2).enumerate() {
            assert_eq!(pixel, [numbers(&luma)[at], pixels[at * 4 + 3]]);
        }
        for name in ["gaussian5", "sobel", "sharpen"] {
            for alpha in Alpha::ALL {
                for border in BORDERS.into_iter().flatten() {
                    let filter = Filter::new(KernelBank::builtin(name).unwrap());
                    let filter = filter.with_extent(border).with_alpha(alpha);
                    let wanted = filter.apply(&gray).unwrap();
                    let what = format!("{name} {alpha} {border} {depth}");
                    assert!(filter.apply(&colors).unwrap() == wanted, "{what}");
                    // Luma that is not rounded is near that, and alpha is the same.
                    let floats = filter.clone().with_map(Map::Float);
                    let [near, rounded] =
                        [&colors, &gray].map(|image| numbers(&floats.apply(image).unwrap()));
                    let channels = wanted.channels();
                    for (at, (near, rounded)) in near.iter().zip(&rounded).enumerate() {
                        match at % channels {
                            1 => assert!((near - rounded).abs() < 0.5, "{what} {near} {rounded}"),
                            _ if alpha == Alpha::Weight && name != "gaussian5" => {}
                            _ => assert!((near - rounded).abs() < 8.0, "{what} {near} {rounded}"),
                        }
                    }
                }
            }
        }
    }
}

/// What a transparent pixel hides does not change the pixels that are seen.
#[test]
fn hidden_colours_are_not_seen() {
    let mut random = Random(13);
    for depth in [Depth::U8, Depth::U16] {
        let one = image(&mut random, [20, 18, 4], depth);
        let mut changed = numbers(&one);
        for pixel in changed.chunks_exact_mut(4).filter(|pixel| pixel[3] == 0.0) {
            pixel[..3].fill(depth.full_scale());
        }
        let samples = match depth {
            Depth::U8 => Samples::U8(changed.iter().map(|&n| n as u8).collect()),
            _ => Samples::U16(changed.iter().map(|&n| n as u16).collect()),
        };
        let other = Image::new(20, 18, 4, samples).unwrap();
        for name in ["gaussian5", "sharpen", "sobel", "log9"] {
            let filter = Filter::new(KernelBank::builtin(name).unwrap())
                .with_extent(Border::Reflect)
                .with_channel(Channel::Each)
                .with_alpha(Alpha::Weight);
            let [one, other] = [&one, &other].map(|image| numbers(&filter.apply(image).unwrap()));
            let seen = one
                .chunks(4)
                .zip(other.chunks(4))
                .filter(|(pixel, _)| pixel[3] > 0.0);
            assert!(seen.clone().count() > 100);
            for (one, other) in seen {
                assert_eq!(one, other, "{name} {depth}");
            }
        }
    }
}
