//! The sums of another program, which need not be exact: their order, and their numbers.

use super::{Filter, Program};
use crate::{depth::Depth, kernel::Kernel, orientation::Orientation};

/// The sum of a window as another program computes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ProgramSums {
    pub(crate) kind: SumKind,
    /// What sums begin with.
    pub(crate) start: f64,
    /// What samples are multiplied by.
    pub(crate) scale: f64,
    /// The taps in the order of their sum, row by row: row and column in the kernel, and weight.
    pub(crate) rows: Vec<Vec<([usize; 2], f64)>>,
    /// A bound of the error of sums, in samples; 0 if they are exact.
    error: f64,
}

/// The numbers of a sum, and how it becomes an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SumKind {
    /// SciPy, and libvips and OpenCV of 64-bit floats: these.
    F64,
    /// OpenCV: 32-bit floats; products are not rounded in whole blocks of four samples of a row.
    FusedF32,
    /// Pillow: 32-bit floats, a sum for each row, rounded down as half a sample is added.
    RowsF32,
    /// ImageMagick: 64-bit floats, rounded to 16 bits, and then to `depth`.
    Quantum,
}

impl SumKind {
    /// The bits of its numbers.
    const fn bits(self) -> i32 {
        match self {
            Self::F64 | Self::Quantum => 53,
            Self::FusedF32 | Self::RowsF32 => 24,
        }
    }
}

impl ProgramSums {
    /// Those of a filter on images of this type; `None` if they are integers.
    pub(super) fn new(program: Program, filter: &Filter, depth: Depth) -> Option<Self> {
        let turned = filter.bank().kernels().first()?;
        let to = filter.output_depth(depth);
        let is_f64 = depth == Depth::F64 || to == Depth::F64;
        let kind = match program {
            Program::SciPy => SumKind::F64,
            Program::OpenCv if is_f64 => SumKind::F64,
            Program::OpenCv => SumKind::FusedF32,
            Program::Vips if to.is_float() => SumKind::F64,
            Program::Vips => return None,
            Program::ImageMagick => SumKind::Quantum,
            Program::Pillow => SumKind::RowsF32,
        };
        let scale = match (kind, depth) {
            (SumKind::Quantum, Depth::U8) => 257.0,
            _ => 1.0,
        };
        let bias = turned.bias_in_samples(depth);
        let half = if kind == SumKind::RowsF32 { 0.5 } else { 0.0 };
        let mut sums = Self {
            kind,
            start: bias * scale + half,
            scale,
            rows: rows(program, kind, filter.orientation, turned),
            error: 0.0,
        };
        if !sums.is_exact(depth) {
            sums.error = sums.bound(depth);
        }
        Some(sums)
    }

    /// A bound of the error of sums, in samples; 0 if they are exact.
    pub(crate) const fn error(&self) -> f64 {
        self.error
    }

    fn weights(&self) -> impl Iterator<Item = f64> {
        self.rows.iter().flatten().map(|(_, weight)| *weight)
    }

    /// No sum or part of it is larger.
    fn largest(&self, depth: Depth) -> f64 {
        let of_samples = self.weights().map(f64::abs).sum::<f64>();
        of_samples * depth.largest() * self.scale + self.start.abs()
    }

    /// Whether sums of integers are never rounded.
    fn is_exact(&self, depth: Depth) -> bool {
        let parts = (0..24).map(|power| f64::from(1 << power));
        let is_whole =
            |part: f64| (self.weights().chain([self.start])).all(|w| (w * part).fract() == 0.0);
        let part = parts.into_iter().find(|&part| is_whole(part));
        part.is_some_and(|part| self.largest(depth) * part < 2_f64.powi(self.kind.bits()))
    }

    fn bound(&self, depth: Depth) -> f64 {
        // Of each weight twice, of each product and sum.
        let roundings = self.rows.iter().flatten().count() + self.rows.len() + 8;
        roundings as f64 * 2_f64.powi(-self.kind.bits()) * self.largest(depth) / self.scale
    }
}

/// The taps of a kernel, which is turned as the filter is, in the order in which the program sums
/// them on the picture that is not.
fn rows(
    program: Program,
    kind: SumKind,
    orientation: Orientation,
    turned: &Kernel,
) -> Vec<Vec<([usize; 2], f64)>> {
    let seen = turned.turned(orientation);
    let [height, width] = [seen.rows(), seen.columns()];
    // Each weight is the number of its place.
    let numbers = (0..height * width).map(|at| at as f64).collect();
    let places = Kernel::new(height, width, numbers);
    let mut rows = vec![Vec::new(); height];
    let Ok(places) = places.map(|places| places.turned(orientation.inverse())) else {
        return rows;
    };
    let mut taps = vec![[0, 0]; height * width];
    for (at, place) in places.as_slice().iter().enumerate() {
        taps[*place as usize] = [at / turned.columns(), at % turned.columns()];
    }
    let divisor = seen.divisor();
    for (place, &weight) in seen.as_slice().iter().enumerate() {
        let weight = match program {
            Program::Pillow => f64::from(weight as f32 / divisor as f32),
            _ if kind == SumKind::FusedF32 => f64::from((weight / divisor) as f32),
            _ => weight / divisor,
        };
        let is_left_out = match program {
            Program::SciPy => weight.abs() <= f64::EPSILON,
            _ => weight == 0.0,
        };
        if !is_left_out {
            rows[place / width].push((taps[place], weight));
        }
    }
    if program == Program::Pillow {
        rows.reverse();
    }
    rows
}
