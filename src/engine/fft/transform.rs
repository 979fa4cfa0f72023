//! One-dimensional transforms of many lines at once, one line per SIMD lane.
//!
//! Forward transforms decimate in frequency and leave their result in digit-reversed
//! order; inverse transforms decimate in time and take that order. The product with a
//! spectrum is elementwise, so no digit reversal is needed. Neither direction is
//! scaled.

use std::{
    f64::consts::FRAC_PI_4,
    ops::{Add, Mul, Neg, Sub},
};

use crate::{number::Lane, simd::Isa};

/// A number type of transforms.
pub(crate) trait Float:
    Lane + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Neg<Output = Self>
{
}

impl Float for f32 {}
impl Float for f64 {}

/// One complex number of each of `W` lines: real parts, imaginary parts.
///
/// Loops over the lanes of a cell are vectorised if they are long; short ones
/// are unrolled first, and then are not. So work is fused rather than split.
pub(super) type Cell<T, const W: usize> = [[T; W]; 2];

type Complex<T> = [T; 2];

/// One value of the spectrum of each of `W` lines.
pub(super) trait Frequency<T, const W: usize> {
    fn of_lane(&self, lane: usize) -> Complex<T>;
}

impl<T: Float, const W: usize> Frequency<T, W> for Cell<T, W> {
    #[inline(always)]
    fn of_lane(&self, lane: usize) -> Complex<T> {
        get(self, lane)
    }
}

/// The same value for all lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shared<T>(pub(super) Complex<T>);

impl<T: Float, const W: usize> Frequency<T, W> for Shared<T> {
    #[inline(always)]
    fn of_lane(&self, _: usize) -> Complex<T> {
        self.0
    }
}

/// `samples` as cells.
pub(super) fn cells<T, const W: usize>(samples: &[T]) -> &[Cell<T, W>] {
    samples.as_chunks::<W>().0.as_chunks::<2>().0
}

/// `samples` as cells to write to.
pub(super) fn cells_mut<T, const W: usize>(samples: &mut [T]) -> &mut [Cell<T, W>] {
    samples.as_chunks_mut::<W>().0.as_chunks_mut::<2>().0
}

/// The transform of one length: a multiple of 4 whose only odd factor is 3.
#[derive(Debug)]
pub(super) struct Transform<T> {
    pub(super) len: usize,
    /// In the order of a forward transform. The last is of radix 4.
    stages: Vec<Stage<T>>,
}

/// Butterflies of one radix on every group of `len` cells.
#[derive(Debug)]
struct Stage<T> {
    radix: usize,
    len: usize,
    /// The twiddle factors of butterfly k: `exp(-2 pi i k m / len)`, m = 1, 2, 3.
    twiddles: Vec<[Complex<T>; 3]>,
}

impl<T: Lane> Transform<T> {
    pub(super) fn new(len: usize) -> Self {
        let mut stages = Vec::new();
        let mut rest = len;
        while rest > 1 {
            let radix = match rest {
                _ if rest.is_multiple_of(3) => 3,
                // An odd power of two: the stage of radix 2 comes before those of radix 4.
                _ if rest.ilog2() % 2 == 1 => 2,
                _ => 4,
            };
            stages.push(Stage::new(radix, rest));
            rest /= radix;
        }
        Self { len, stages }
    }
}

impl<T: Float> Transform<T> {
    #[inline(always)]
    pub(super) fn forward<I: Isa, const W: usize>(&self, line: &mut [Cell<T, W>]) {
        for stage in &self.stages {
            stage.run::<I, W, false>(line);
        }
    }

    #[inline(always)]
    pub(super) fn inverse<I: Isa, const W: usize>(&self, line: &mut [Cell<T, W>]) {
        for stage in self.stages.iter().rev() {
            stage.run::<I, W, true>(line);
        }
    }

    /// Forward, times `spectrum`, inverse. The product is fused with the
    /// stages beside it.
    #[inline(always)]
    pub(super) fn convolve<I: Isa, const W: usize>(
        &self,
        line: &mut [Cell<T, W>],
        spectrum: &[impl Frequency<T, W>],
    ) {
        let Some((_, stages)) = self.stages.split_last() else {
            return;
        };
        // The groups of the inner stages are independent: each is done with while it is in L1.
        let fits = |stage: &Stage<T>| stage.len * size_of::<Cell<T, W>>() <= GROUP_BYTES;
        let (outer, inner) = stages.split_at(stages.partition_point(|stage| !fits(stage)));
        for stage in outer {
            stage.run::<I, W, false>(line);
        }
        let len = inner.first().map_or(4, |stage| stage.len);
        let groups = line.chunks_exact_mut(len);
        for (group, spectrum) in groups.zip(spectrum.chunks_exact(len)) {
            for stage in inner {
                stage.run::<I, W, false>(group);
            }
            let quads = group.as_chunks_mut::<4>().0;
            for ([a, b, c, d], h) in quads.iter_mut().zip(spectrum.as_chunks::<4>().0) {
                if I::FMA {
                    multiply_spectrum::<true, T, W>(a, b, c, d, h);
                } else {
                    multiply_spectrum::<false, T, W>(a, b, c, d, h);
                }
            }
            for stage in inner.iter().rev() {
                stage.run::<I, W, true>(group);
            }
        }
        for stage in outer.iter().rev() {
            stage.run::<I, W, true>(line);
        }
    }
}

/// The bytes of a group of lines that stays in L1.
const GROUP_BYTES: usize = 32 << 10;

impl<T: Lane> Stage<T> {
    fn new(radix: usize, len: usize) -> Self {
        let factor = |k: usize| {
            let [cos, sin] = cos_sin(k % len, len);
            [T::from_weight(cos), T::from_weight(-sin)]
        };
        let twiddles = (0..len / radix)
            .map(|k| [1, 2, 3].map(|m| factor(k * m)))
            .collect();
        Self {
            radix,
            len,
            twiddles,
        }
    }
}

impl<T: Float> Stage<T> {
    #[inline(always)]
    fn run<I: Isa, const W: usize, const INVERSE: bool>(&self, line: &mut [Cell<T, W>]) {
        if I::FMA {
            self.groups::<true, INVERSE, W>(line);
        } else {
            self.groups::<false, INVERSE, W>(line);
        }
    }

    #[inline(always)]
    fn groups<const FMA: bool, const INVERSE: bool, const W: usize>(
        &self,
        line: &mut [Cell<T, W>],
    ) {
        for group in line.chunks_exact_mut(self.len) {
            let (a, rest) = group.split_at_mut(self.len / self.radix);
            let (b, rest) = rest.split_at_mut(self.len / self.radix);
            match self.radix {
                4 => {
                    let (c, d) = rest.split_at_mut(self.len / 4);
                    let quarters = a.iter_mut().zip(b).zip(c).zip(d).zip(&self.twiddles);
                    for ((((a, b), c), d), w) in quarters {
                        radix4::<FMA, INVERSE, T, W>(a, b, c, d, w);
                    }
                }
                3 => {
                    for (((a, b), c), w) in a.iter_mut().zip(b).zip(rest).zip(&self.twiddles) {
                        radix3::<FMA, INVERSE, T, W>(a, b, c, w);
                    }
                }
                _ => {
                    for ((a, b), w) in a.iter_mut().zip(b).zip(&self.twiddles) {
                        radix2::<FMA, INVERSE, T, W>(a, b, w);
                    }
                }
            }
        }
    }
}

/// Cosine and sine of k / n of a full turn, reduced to an angle of at most an eighth,
/// where both are accurate to about one unit in the last place.
fn cos_sin(k: usize, n: usize) -> [f64; 2] {
    let (octant, rest) = (8 * k / n, 8 * k % n);
    let rest = if octant % 2 == 1 { n - rest } else { rest };
    let (sin, cos) = libm::sincos(rest as f64 / n as f64 * FRAC_PI_4);
    match octant {
        0 => [cos, sin],
        1 => [sin, cos],
        2 => [-sin, cos],
        3 => [-cos, sin],
        4 => [-cos, -sin],
        5 => [-sin, -cos],
        6 => [sin, -cos],
        _ => [cos, -sin],
    }
}

#[inline(always)]
fn get<T: Float, const W: usize>(cell: &Cell<T, W>, lane: usize) -> Complex<T> {
    [cell[0][lane], cell[1][lane]]
}

#[inline(always)]
fn put<T: Float, const W: usize>(cell: &mut Cell<T, W>, lane: usize, [re, im]: Complex<T>) {
    cell[0][lane] = re;
    cell[1][lane] = im;
}

#[inline(always)]
fn add<T: Float>(a: Complex<T>, b: Complex<T>) -> Complex<T> {
    [a[0] + b[0], a[1] + b[1]]
}

#[inline(always)]
fn sub<T: Float>(a: Complex<T>, b: Complex<T>) -> Complex<T> {
    [a[0] - b[0], a[1] - b[1]]
}

/// `a * w`, or `a` times the conjugate of `w`.
#[inline(always)]
fn mul<const FMA: bool, const CONJUGATE: bool, T: Float>(
    [re, im]: Complex<T>,
    [cos, sin]: Complex<T>,
) -> Complex<T> {
    let sin = if CONJUGATE { -sin } else { sin };
    [
        re.mul_add::<FMA>(cos, -(im * sin)),
        im.mul_add::<FMA>(cos, re * sin),
    ]
}

/// A rotation by a quarter of a turn: `-i a`, inverse `i a`.
#[inline(always)]
fn rotate_quarter<const INVERSE: bool, T: Float>([re, im]: Complex<T>) -> Complex<T> {
    if INVERSE { [-im, re] } else { [im, -re] }
}

/// The discrete Fourier transform of four numbers.
#[inline(always)]
fn dft4<const INVERSE: bool, T: Float>([a, b, c, d]: [Complex<T>; 4]) -> [Complex<T>; 4] {
    let (even, odd) = (add(a, c), sub(a, c));
    let (sum, difference) = (add(b, d), rotate_quarter::<INVERSE, T>(sub(b, d)));
    [
        add(even, sum),
        add(odd, difference),
        sub(even, sum),
        sub(odd, difference),
    ]
}

// Separate references tell the compiler that the cells do not alias.

#[inline(always)]
fn radix4<const FMA: bool, const INVERSE: bool, T: Float, const W: usize>(
    xa: &mut Cell<T, W>,
    xb: &mut Cell<T, W>,
    xc: &mut Cell<T, W>,
    xd: &mut Cell<T, W>,
    w: &[Complex<T>; 3],
) {
    let w = *w;
    for lane in 0..W {
        let (a, mut b, mut c, mut d) = (get(xa, lane), get(xb, lane), get(xc, lane), get(xd, lane));
        if INVERSE {
            b = mul::<FMA, true, T>(b, w[0]);
            c = mul::<FMA, true, T>(c, w[1]);
            d = mul::<FMA, true, T>(d, w[2]);
        }
        let [a, mut b, mut c, mut d] = dft4::<INVERSE, T>([a, b, c, d]);
        if !INVERSE {
            b = mul::<FMA, false, T>(b, w[0]);
            c = mul::<FMA, false, T>(c, w[1]);
            d = mul::<FMA, false, T>(d, w[2]);
        }
        put(xa, lane, a);
        put(xb, lane, b);
        put(xc, lane, c);
        put(xd, lane, d);
    }
}

/// The last stage, the product with the spectrum, the first inverse stage.
#[inline(always)]
fn multiply_spectrum<const FMA: bool, T: Float, const W: usize>(
    xa: &mut Cell<T, W>,
    xb: &mut Cell<T, W>,
    xc: &mut Cell<T, W>,
    xd: &mut Cell<T, W>,
    h: &[impl Frequency<T, W>; 4],
) {
    for lane in 0..W {
        let quad = [get(xa, lane), get(xb, lane), get(xc, lane), get(xd, lane)];
        let [a, b, c, d] = dft4::<false, T>(quad);
        let a = mul::<FMA, false, T>(a, h[0].of_lane(lane));
        let b = mul::<FMA, false, T>(b, h[1].of_lane(lane));
        let c = mul::<FMA, false, T>(c, h[2].of_lane(lane));
        let d = mul::<FMA, false, T>(d, h[3].of_lane(lane));
        let [a, b, c, d] = dft4::<true, T>([a, b, c, d]);
        put(xa, lane, a);
        put(xb, lane, b);
        put(xc, lane, c);
        put(xd, lane, d);
    }
}

#[inline(always)]
fn radix3<const FMA: bool, const INVERSE: bool, T: Float, const W: usize>(
    xa: &mut Cell<T, W>,
    xb: &mut Cell<T, W>,
    xc: &mut Cell<T, W>,
    w: &[Complex<T>; 3],
) {
    let w = *w;
    let (half, root) = (T::from_weight(-0.5), T::from_weight(0.75_f64.sqrt()));
    for lane in 0..W {
        let (a, mut b, mut c) = (get(xa, lane), get(xb, lane), get(xc, lane));
        if INVERSE {
            b = mul::<FMA, true, T>(b, w[0]);
            c = mul::<FMA, true, T>(c, w[1]);
        }
        let sum = add(b, c);
        let difference = rotate_quarter::<INVERSE, T>(sub(b, c));
        let middle = [0, 1].map(|i| sum[i].mul_add::<FMA>(half, a[i]));
        let a = add(a, sum);
        let mut b = [0, 1].map(|i| difference[i].mul_add::<FMA>(root, middle[i]));
        let mut c = [0, 1].map(|i| difference[i].mul_add::<FMA>(-root, middle[i]));
        if !INVERSE {
            b = mul::<FMA, false, T>(b, w[0]);
            c = mul::<FMA, false, T>(c, w[1]);
        }
        put(xa, lane, a);
        put(xb, lane, b);
        put(xc, lane, c);
    }
}

#[inline(always)]
fn radix2<const FMA: bool, const INVERSE: bool, T: Float, const W: usize>(
    xa: &mut Cell<T, W>,
    xb: &mut Cell<T, W>,
    w: &[Complex<T>; 3],
) {
    let w = w[0];
    for lane in 0..W {
        let (a, mut b) = (get(xa, lane), get(xb, lane));
        if INVERSE {
            b = mul::<FMA, true, T>(b, w);
        }
        let (a, mut b) = (add(a, b), sub(a, b));
        if !INVERSE {
            b = mul::<FMA, false, T>(b, w);
        }
        put(xa, lane, a);
        put(xb, lane, b);
    }
}
