//! What several test files share: an oracle that has nothing in common with
//! the engines, and images that are never constant or symmetric.

#![allow(dead_code, reason = "every test file uses its own part")]

use std::{fs, path::Path};

use stridekern::{
    Border, Depth, Extent, Filter, Image, Kernel, Plan, Samples, Tuning,
    codec::{self, Format, Overwrite},
};

/// A small generator (xorshift), so that every run sees the same images.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 11) % n
    }

    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64) as i64
    }
}

/// Random samples over the whole range; floats from -0.25 to 1.25.
pub(crate) fn random_image(random: &mut Random, shape: [usize; 3], depth: Depth) -> Image {
    let [rows, columns, channels] = shape;
    let len = rows * columns * channels;
    let samples = match depth {
        Depth::U8 => Samples::U8((0..len).map(|_| random.next() as u8).collect()),
        Depth::U16 => Samples::U16((0..len).map(|_| random.next() as u16).collect()),
        Depth::F32 => Samples::F32(
            (0..len)
                .map(|_| (random.below(1 << 20) as f32 / (1 << 20) as f32) * 1.5 - 0.25)
                .collect(),
        ),
        _ => panic!("the tests know no other"),
    };
    Image::new(rows, columns, channels, samples).unwrap()
}

/// A kernel of random integer weights.
pub(crate) fn random_kernel(
    random: &mut Random,
    rows: usize,
    columns: usize,
    largest: i64,
) -> Kernel {
    let weights = (0..rows * columns)
        .map(|_| random.between(-largest, largest) as f64)
        .collect();
    Kernel::new(rows, columns, weights).unwrap()
}

/// The sample at row, column, channel, as an integer or a float.
pub(crate) fn sample(image: &Image, at: [usize; 3]) -> f64 {
    let [_, columns, channels] = image.shape();
    let i = (at[0] * columns + at[1]) * channels + at[2];
    match image.samples() {
        Samples::U8(s) => f64::from(s[i]),
        Samples::U16(s) => f64::from(s[i]),
        Samples::F32(s) => f64::from(s[i]),
        _ => panic!("the tests know no other"),
    }
}

/// Every sample of any type; of 64-bit integers the nearest float.
pub(crate) fn numbers(image: &Image) -> Vec<f64> {
    match image.samples() {
        Samples::U8(s) => s.iter().map(|&s| s.into()).collect(),
        Samples::U16(s) => s.iter().map(|&s| s.into()).collect(),
        Samples::U32(s) => s.iter().map(|&s| s.into()).collect(),
        Samples::U64(s) => s.iter().map(|&s| s as f64).collect(),
        Samples::I8(s) => s.iter().map(|&s| s.into()).collect(),
        Samples::I16(s) => s.iter().map(|&s| s.into()).collect(),
        Samples::I32(s) => s.iter().map(|&s| s.into()).collect(),
        Samples::I64(s) => s.iter().map(|&s| s as f64).collect(),
        Samples::Bool(s) => s.iter().map(|s| s.get().into()).collect(),
        Samples::F16(s) => s.iter().map(|s| s.to_f64()).collect(),
        Samples::F32(s) => s.iter().map(|&s| s.into()).collect(),
        Samples::F64(s) => s.to_vec(),
        _ => panic!("the tests know no other"),
    }
}

/// By how much a response of float32 may differ from the exact one, for `taps` products:
/// `(L + 3) u M sum|w|`, where `largest` is M and `weights` the sum of absolute weights over the
/// divisor. A transform has 16 roundings, a sum at most 150.
pub(crate) fn float_bound(taps: usize, largest: f64, weights: f64) -> f64 {
    let roundings = (taps + 1).clamp(16, 150);
    (roundings + 3) as f64 * 2_f64.powi(-24) * largest * weights
}

/// Which sample of `len` stands at `index`, or none where the constant stands: the samples
/// of one period are drawn as in `numpy.pad`'s documentation, and the period repeats.
pub(crate) fn border_source(border: Border, index: i64, len: usize) -> Option<usize> {
    let inside = usize::try_from(index).ok().filter(|&at| at < len);
    let period: Vec<usize> = match border {
        Border::Constant(_) => return inside,
        Border::Edge => return inside.or(Some(if index < 0 { 0 } else { len - 1 })),
        // abcdcb
        Border::Reflect => (0..len).chain((1..len.max(2) - 1).rev()).collect(),
        // abcddcba
        Border::Symmetric => (0..len).chain((0..len).rev()).collect(),
        // abcd
        Border::Wrap => (0..len).collect(),
        _ => panic!("the tests know no other"),
    };
    Some(period[index.rem_euclid(period.len() as i64) as usize])
}

/// How the oracle is to walk over the image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk {
    pub(crate) extent: Extent,
    pub(crate) step: [usize; 2],
    pub(crate) dilation: [usize; 2],
}

/// The sums of every output sample, window by window and tap by tap, in exact
/// integers or in `f64`: shape, and sums in C order.
pub(crate) fn sums<N>(
    image: &Image,
    kernel: &Kernel,
    walk: Walk,
    number: impl Fn(f64) -> N,
) -> ([usize; 3], Vec<N>)
where
    N: Copy + std::ops::Mul<Output = N> + std::iter::Sum,
{
    let [rows, columns, channels] = image.shape();
    let size = [kernel.rows(), kernel.columns()];
    let reach = [0, 1].map(|a| (size[a] - 1) * walk.dilation[a] + 1);
    let image_size = [rows, columns];
    let borders = match walk.extent {
        Extent::Valid => None,
        Extent::Same(border) => Some([border, border]),
        Extent::PerAxis { rows, columns } => Some([rows, columns]),
        _ => panic!("the tests know no other"),
    };
    let output: [usize; 2] = [0, 1].map(|a| match borders {
        None => (image_size[a] + 1 - reach[a]).div_ceil(walk.step[a]),
        Some(_) => image_size[a].div_ceil(walk.step[a]),
    });
    // Of every axis, output and tap: the sample that is seen, or none for the constant.
    let sources = [0, 1].map(|axis| {
        let source = |out: usize, tap: usize| {
            let valid = out * walk.step[axis] + tap * walk.dilation[axis];
            match borders {
                None => Some(valid),
                Some(borders) => {
                    let before = kernel.anchor()[axis] * walk.dilation[axis];
                    border_source(
                        borders[axis],
                        valid as i64 - before as i64,
                        image_size[axis],
                    )
                }
            }
        };
        let of_output = |out| (0..size[axis]).map(|tap| source(out, tap)).collect();
        (0..output[axis])
            .map(of_output)
            .collect::<Vec<Vec<Option<usize>>>>()
    });
    let [above, beside] = [0, 1].map(|axis| match borders.map(|borders| borders[axis]) {
        Some(Border::Constant(value)) => value,
        _ => 0.0,
    });
    let mut all = Vec::with_capacity(output[0] * output[1] * channels);
    for y in 0..output[0] {
        for x in 0..output[1] {
            for c in 0..channels {
                let taps = (0..size[0]).flat_map(|i| (0..size[1]).map(move |j| [i, j]));
                all.push(
                    taps.map(|[i, j]| {
                        let value = match (sources[0][y][i], sources[1][x][j]) {
                            (Some(y), Some(x)) => sample(image, [y, x, c]),
                            // Rows are added first, then columns, which go over all rows.
                            (_, None) => beside,
                            (None, Some(_)) => above,
                        };
                        number(kernel.weights()[[i, j]]) * number(value)
                    })
                    .sum(),
                );
            }
        }
    }
    ([output[0], output[1], channels], all)
}

/// `numerator / denominator` to the nearest integer, ties to even, saturated.
pub(crate) fn round_exactly(numerator: i128, denominator: i128, white: i128) -> i128 {
    let (n, d) = if denominator < 0 {
        (-numerator, -denominator)
    } else {
        (numerator, denominator)
    };
    let floor = n.div_euclid(d);
    let twice = 2 * n.rem_euclid(d);
    let up = twice > d || (twice == d && floor % 2 != 0);
    (floor + i128::from(up)).clamp(0, white)
}

/// What is added to a response: for integer samples a whole number of them, halves up. Biases
/// in these tests are multiples of 1/8, so that the sums here are exact.
pub(crate) fn bias_in_samples(kernel: &Kernel, depth: Depth) -> f64 {
    match depth {
        Depth::F32 => kernel.bias() + kernel.offset(),
        _ => (kernel.bias() * depth.full_scale() + kernel.offset() + 0.5).floor(),
    }
}

/// What the filter must give for integer weights on 8- and 16-bit samples.
pub(crate) fn exact_samples(image: &Image, kernel: &Kernel, walk: Walk) -> ([usize; 3], Samples) {
    let (shape, sums) = sums(image, kernel, walk, |v| v as i128);
    let white = image.depth().full_scale() as i128;
    // Divisors in these tests are multiples of 1/4.
    let divisor = (kernel.divisor() * 4.0) as i128;
    let bias = bias_in_samples(kernel, image.depth()) as i128;
    let samples = sums
        .into_iter()
        .map(|sum| round_exactly(4 * sum + bias * divisor, divisor, white));
    let samples = match image.depth() {
        Depth::U8 => Samples::U8(samples.map(|s| s as u8).collect()),
        Depth::U16 => Samples::U16(samples.map(|s| s as u16).collect()),
        Depth::F32 => panic!("floats are not integers"),
        _ => panic!("the tests know no other"),
    };
    (shape, samples)
}

/// The SHA-256 of `bytes`, in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What the filter makes of `image` when it is run like this.
pub(crate) fn apply(filter: &Filter, image: &Image, tuning: &Tuning) -> Image {
    run_plan(&filter.plan(image, tuning).unwrap(), image)
}

/// What the plan makes of `image`.
pub(crate) fn run_plan(plan: &Plan, image: &Image) -> Image {
    let mut output = plan.allocate().unwrap();
    plan.run(image, &mut output).unwrap();
    output
}

/// Writes `image` in the format of the name, whatever is there.
pub(crate) fn write(path: &Path, image: &Image) {
    let format = Format::from_path(path).unwrap();
    let (metadata, options) = Default::default();
    let overwrite = Overwrite::Replace;
    codec::write(path, image, format, &metadata, &options, overwrite).unwrap();
}

/// Every name in the folder, sorted.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// A chunk of a PNG file: its length, its name and its data, their checksum.
pub(crate) fn png_chunk(name_and_data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(name_and_data);
    let length = name_and_data.len() as u32 - 4;
    [
        &length.to_be_bytes(),
        name_and_data,
        &crc.sum().to_be_bytes(),
    ]
    .concat()
}
