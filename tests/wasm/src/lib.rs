//! Filters of small images, each given as a checksum of its result.

use stridekern::{
    Border, Channel, Depth, Extent, Filter, Image, Kernel, KernelBank, Map, Method, Result,
    Samples, Tuning, simd::Simd,
};

const METHODS: [Option<Method>; 5] = [
    None,
    Some(Method::Direct),
    Some(Method::Separable),
    Some(Method::Fft),
    Some(Method::Naive),
];
const DEPTHS: [Depth; 3] = [Depth::U8, Depth::U16, Depth::F32];
const EXTENTS: [Extent; 6] = [
    Extent::Valid,
    Extent::Same(Border::Constant(7.0)),
    Extent::Same(Border::Edge),
    Extent::Same(Border::Reflect),
    Extent::Same(Border::Symmetric),
    Extent::Same(Border::Wrap),
];
const KERNELS: usize = 4;

/// The number of filters.
#[unsafe(no_mangle)]
pub extern "C" fn count() -> u32 {
    (METHODS.len() * DEPTHS.len() * EXTENTS.len() * KERNELS) as u32
}

/// The checksum of the result of a filter, or 0 if it is refused, as a method that a kernel
/// does not allow is.
#[unsafe(no_mangle)]
pub extern "C" fn sum(case: u32) -> u64 {
    run(case as usize).map_or(0, |image| checksum(&image))
}

fn run(case: usize) -> Result<Image> {
    let (case, method) = (case / METHODS.len(), METHODS[case % METHODS.len()]);
    let (case, depth) = (case / DEPTHS.len(), DEPTHS[case % DEPTHS.len()]);
    let (kernel, extent) = (case / EXTENTS.len(), EXTENTS[case % EXTENTS.len()]);
    let image = image([37, 43, 3], depth)?;
    let bank = KernelBank::from_kernel("case", weights(kernel)?).with_map(Map::Abs);
    let filter = Filter::new(bank)
        .with_extent(extent)
        .with_channel(Channel::Each);
    // Without fused multiply-add on both sides, so that floats are rounded alike.
    let tuning = Tuning::default()
        .with_method(method)
        .with_simd(Simd::PORTABLE);
    let plan = filter.plan(&image, &tuning)?;
    let mut output = plan.allocate()?;
    plan.run(&image, &mut output)?;
    Ok(output)
}

/// Integers and fractions, of low rank and not, one of them larger than 3x3.
fn weights(kernel: usize) -> Result<Kernel> {
    let (rows, columns) = [(3, 3), (3, 3), (5, 5), (11, 9)][kernel];
    let weight = |i: usize, j: usize| match kernel {
        0 => [-1.0, 0.0, 1.0][j] * [1.0, 2.0, 1.0][i],
        1 => 0.1 * (i + 2 * j) as f64 - 0.3,
        2 => (i * 7 % 5) as f64 - (j * 3 % 4) as f64,
        _ => ((i * 31 + j * 17) % 13) as f64 - 5.0,
    };
    let all = (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j)));
    let weights = all.map(|(i, j)| weight(i, j)).collect();
    Ok(Kernel::new(rows, columns, weights)?)
}

fn image(shape: [usize; 3], depth: Depth) -> Result<Image> {
    let [rows, columns, channels] = shape;
    // A linear congruential generator: the upper bits are random enough.
    let mut state = 1_u32;
    let numbers = (0..rows * columns * channels).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as u16
    });
    let samples = match depth {
        Depth::U8 => Samples::U8(numbers.map(|n| (n >> 8) as u8).collect()),
        Depth::U16 => Samples::U16(numbers.collect()),
        Depth::F32 => Samples::F32(numbers.map(|n| f32::from(n) / 50_000.0 - 0.2).collect()),
        _ => unreachable!("DEPTHS are the three above"),
    };
    Image::new(rows, columns, channels, samples)
}

/// FNV-1a over the shape and the bits of the samples.
fn checksum(image: &Image) -> u64 {
    let shape = image.shape().map(|side| side as u64);
    let samples: Vec<u64> = match image.samples() {
        Samples::U8(s) => s.iter().map(|&s| s.into()).collect(),
        Samples::U16(s) => s.iter().map(|&s| s.into()).collect(),
        Samples::F32(s) => s.iter().map(|s| s.to_bits().into()).collect(),
        _ => unreachable!("results are of DEPTHS"),
    };
    let bytes = shape.into_iter().chain(samples).flat_map(u64::to_le_bytes);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
