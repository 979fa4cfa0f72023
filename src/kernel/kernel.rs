//! One kernel: validated weights, with divisor, bias and anchor.

use std::borrow::Cow;

use super::{
    Factor, KernelBuilder, KernelError, factors::KnownTerms, greatest_common_divisor,
    weights::Weights, written::Written,
};
use crate::{depth::Depth, orientation::Orientation, view::StridedView};

/// Integers up to this are exact in `f64`.
pub(crate) const EXACT: f64 = (1_u64 << 53) as f64;

/// Weights of shape `(rows, columns)` with divisor, bias or offset, and anchor.
///
/// The response at a pixel is the sum over the window of weight x sample,
/// `/ divisor`, `+ bias x full scale` or `+ offset`, which integer samples take as
/// [whole samples](Self::bias_in_samples); the window is placed with the anchor on the pixel.
/// The weights are not flipped (correlation); see [`convolving`](Self::convolving) for true
/// convolution.
#[derive(Debug, Clone, PartialEq)]
pub struct Kernel {
    rows: usize,
    columns: usize,
    weights: Weights,
    divisor: f64,
    /// 0 if there is an offset.
    bias: f64,
    /// 0 if there is a bias.
    offset: f64,
    anchor: [usize; 2],
    /// Whether [`convolving`](Self::convolving) flipped it already.
    convolving: bool,
    /// The columns and rows that its weights were made of, if they were.
    known: KnownTerms,
    written: Written,
}

impl Kernel {
    /// A kernel of `rows x columns` weights in row-major order, with divisor 1,
    /// bias 0 and the anchor at `(rows / 2, columns / 2)` rounded down.
    ///
    /// # Errors
    ///
    /// If there are no weights, another number than `rows * columns`, or one
    /// that is not finite.
    pub fn new(rows: usize, columns: usize, weights: Vec<f64>) -> Result<Self, KernelError> {
        if rows == 0 || columns == 0 {
            return Err(KernelError::Empty);
        }
        if rows.checked_mul(columns) != Some(weights.len()) {
            return Err(KernelError::Shape {
                rows,
                columns,
                len: weights.len(),
            });
        }
        if let Some(at) = weights.iter().position(|w| !w.is_finite()) {
            return Err(KernelError::Weight {
                row: at / columns,
                column: at % columns,
                value: weights[at],
            });
        }
        Ok(Self::of_weights(rows, columns, weights.into()))
    }

    /// The kernel whose weights are the products of this column and row, each rounded once. They
    /// are not made before they are needed.
    ///
    /// # Errors
    ///
    /// If there are none, or one is not finite.
    pub(super) fn product(factor: Factor) -> Result<Self, KernelError> {
        let Factor { column, row } = &factor;
        let (rows, columns) = (column.len(), row.len());
        let [largest_of_column, largest_of_row] = [column, row].map(|v| largest(v));
        // The largest passes over what is not a number.
        let is_number = column.iter().chain(row).all(|weight| weight.is_finite());
        let are_finite = is_number && (largest_of_column * largest_of_row).is_finite();
        if rows == 0 || columns == 0 || !are_finite {
            // It tells which.
            return Self::new(rows, columns, Weights::product(factor).to_vec());
        }
        Ok(Self::of_weights(rows, columns, Weights::product(factor)))
    }

    fn of_weights(rows: usize, columns: usize, weights: Weights) -> Self {
        Self {
            rows,
            columns,
            weights,
            divisor: 1.0,
            bias: 0.0,
            offset: 0.0,
            anchor: [rows / 2, columns / 2],
            convolving: false,
            known: KnownTerms::default(),
            written: Written::default(),
        }
    }

    /// Begins a kernel with a divisor, bias or anchor of its own. For its weights see
    /// [`new`](Self::new).
    pub const fn builder(rows: usize, columns: usize, weights: Vec<f64>) -> KernelBuilder {
        KernelBuilder::new(rows, columns, weights)
    }

    /// The same kernel with another divisor of its weights as they were written: if they became
    /// whole numbers since, as [from vectors](Self::from_vectors) of decimals, it is as many
    /// times as large as these.
    ///
    /// # Errors
    ///
    /// If it is zero or not finite.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::Kernel;
    ///
    /// let half = Kernel::from_vectors(&[0.5], &[0.5, 0.1], 1.0)?.with_divisor(2.0)?;
    /// assert_eq!((half.as_slice(), half.divisor()), (&[5.0, 1.0][..], 40.0));
    /// # Ok::<(), stridekern::kernel::KernelError>(())
    /// ```
    pub fn with_divisor(self, divisor: f64) -> Result<Self, KernelError> {
        let scale = self.scale();
        // A decimal by its digits: their product with the scale is rounded once.
        let by_digits = (0..=6).map(|digits| 10_f64.powi(digits)).find_map(|power| {
            times_power_of_ten(divisor, power).map(|whole| whole * scale / power)
        });
        self.over(by_digits.unwrap_or(divisor * scale))
    }

    /// How many times as large its weights and divisor are as those it was made of: not 1 where
    /// decimals became whole numbers, as [from vectors](Self::from_vectors).
    pub const fn scale(&self) -> f64 {
        self.written.scale
    }

    /// The same kernel with another divisor of its weights as they are.
    pub(super) fn over(mut self, divisor: f64) -> Result<Self, KernelError> {
        if divisor == 0.0 || !divisor.is_finite() {
            return Err(KernelError::Divisor(divisor));
        }
        self.divisor = divisor;
        Ok(self)
    }

    /// The same kernel with another bias, in units of full scale, instead of its bias or
    /// offset.
    ///
    /// # Errors
    ///
    /// If it is not finite.
    pub fn with_bias(mut self, bias: f64) -> Result<Self, KernelError> {
        if !bias.is_finite() {
            return Err(KernelError::Bias(bias));
        }
        self.bias = bias;
        self.offset = 0.0;
        Ok(self)
    }

    /// The same kernel with another offset, in units of samples, instead of its bias or
    /// offset.
    ///
    /// # Errors
    ///
    /// If it is not finite.
    pub fn with_offset(mut self, offset: f64) -> Result<Self, KernelError> {
        if !offset.is_finite() {
            return Err(KernelError::Offset(offset));
        }
        self.bias = 0.0;
        self.offset = offset;
        Ok(self)
    }

    /// The same kernel with its anchor at `[row, column]`, counted from 0.
    ///
    /// # Errors
    ///
    /// If that lies outside the kernel.
    pub fn with_anchor(mut self, anchor: [usize; 2]) -> Result<Self, KernelError> {
        let [row, column] = anchor;
        if row >= self.rows || column >= self.columns {
            return Err(KernelError::Anchor {
                row,
                column,
                rows: self.rows,
                columns: self.columns,
            });
        }
        self.anchor = anchor;
        self.written.anchored = true;
        Ok(self)
    }

    /// How it was written.
    pub(crate) const fn written(&self) -> Written {
        self.written
    }

    /// The same kernel, written so.
    pub(super) const fn with_written(mut self, written: Written) -> Self {
        self.written = written;
        self
    }

    /// The kernel whose correlation is the true convolution with this one:
    /// [`flipped`](Self::flipped) once, however often this is called.
    #[must_use]
    pub fn convolving(&self) -> Self {
        if self.convolving {
            return self.clone();
        }
        Self {
            convolving: true,
            ..self.flipped()
        }
    }

    /// Whether [`convolving`](Self::convolving) flipped it already.
    pub(crate) const fn is_convolving(&self) -> bool {
        self.convolving
    }

    /// The same kernel, whose weights are known to be the sum of these terms.
    pub(super) fn with_terms(mut self, terms: Vec<Factor>) -> Self {
        self.known = KnownTerms(terms);
        self
    }

    /// The terms that its weights were made of; they need not be those of weights that were
    /// scaled or turned since.
    pub(super) fn known_terms(&self) -> &[Factor] {
        match self.weights.factor() {
            Some(factor) => std::slice::from_ref(factor),
            None => &self.known.0,
        }
    }

    /// The column and the row that its weights are the products of, if it was made so.
    pub(crate) fn factor(&self) -> Option<&Factor> {
        self.weights.factor()
    }

    /// Each weight, of which those of a product need not have been made.
    pub(crate) fn each_weight(&self) -> impl Iterator<Item = f64> + '_ {
        self.weights.each()
    }

    /// Whether something is added to its responses.
    pub(super) fn has_bias(&self) -> bool {
        self.bias != 0.0 || self.offset != 0.0
    }

    /// The kernel rotated by 180 degrees; the anchor stays on its weight.
    #[must_use]
    pub fn flipped(&self) -> Self {
        let mut flipped = self.clone();
        flipped.weights = self.weights.reversed();
        flipped.known.reverse();
        flipped.anchor = [
            self.rows - 1 - self.anchor[0],
            self.columns - 1 - self.anchor[1],
        ];
        flipped
    }

    /// The kernel with rows and columns exchanged; the anchor stays on its weight.
    #[must_use]
    pub fn transposed(&self) -> Self {
        self.turned(Orientation::Transpose)
    }

    /// The kernel turned as a picture of this orientation is; the anchor stays on its weight.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::{Kernel, Orientation};
    ///
    /// let kernel = Kernel::new(1, 4, vec![1.0, 2.0, 3.0, 4.0])?;
    /// assert_eq!(kernel.anchor(), [0, 2]);
    /// let turned = kernel.turned(Orientation::Rotate270);
    /// assert_eq!((turned.rows(), turned.columns()), (4, 1));
    /// assert_eq!(turned.as_slice(), [4.0, 3.0, 2.0, 1.0]);
    /// assert_eq!(turned.anchor(), [1, 0]);
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    #[must_use]
    pub fn turned(&self, orientation: Orientation) -> Self {
        let shape = orientation.of_axes([self.rows, self.columns]);
        let of_view = || {
            let layout = orientation.turned(self.weights().layout());
            let layout = layout.expect("a kernel has rows and columns");
            let (shape, strides, offset) = (layout.shape(), layout.strides(), layout.offset());
            let weights = StridedView::new(&self.weights, shape, strides, offset);
            weights.expect("its weights are the same").to_vec().into()
        };
        let anchor = orientation.of_axes(self.anchor);
        let flips = orientation.flips();
        Self {
            weights: self.weights.turned(orientation).unwrap_or_else(of_view),
            rows: shape[0],
            columns: shape[1],
            anchor: [0, 1].map(|axis| match flips[axis] {
                true => shape[axis] - 1 - anchor[axis],
                false => anchor[axis],
            }),
            ..self.clone()
        }
    }

    /// The number of rows, kh.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns, kw.
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// The weights in row-major order, as [`new`](Self::new) takes them.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::Kernel;
    ///
    /// let kernel = Kernel::new(1, 3, vec![1.0, 2.0, 4.0])?;
    /// assert_eq!(kernel.as_slice(), [1.0, 2.0, 4.0]);
    /// assert_eq!(kernel.flipped().as_slice(), [4.0, 2.0, 1.0]);
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn as_slice(&self) -> &[f64] {
        &self.weights
    }

    /// The weights as a view of shape `(rows, columns)`.
    pub fn weights(&self) -> StridedView<'_, f64, 2> {
        StridedView::from_slice(&self.weights, [self.rows, self.columns])
            .expect("a kernel's shape fits its weights")
    }

    /// The number that the weighted sum is divided by.
    pub const fn divisor(&self) -> f64 {
        self.divisor
    }

    /// The number that is added to the quotient, in units of full scale; 0 for a kernel with
    /// an [`offset`](Self::offset).
    pub const fn bias(&self) -> f64 {
        self.bias
    }

    /// The number that is added to the quotient, in units of samples, whatever their type; 0
    /// for a kernel with a [`bias`](Self::bias).
    pub const fn offset(&self) -> f64 {
        self.offset
    }

    /// What is added to the quotient on samples of type `depth`: bias x full scale, or the
    /// offset. On integer samples it is rounded to a whole number, halves up.
    ///
    /// A half that stayed a half would make every response of integer weights a tie.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::{Depth, Kernel};
    ///
    /// let kernel = Kernel::new(1, 1, vec![1.0])?;
    /// let gray = kernel.clone().with_bias(0.5)?;
    /// assert_eq!(gray.bias_in_samples(Depth::U8), 128.0);
    /// assert_eq!(gray.bias_in_samples(Depth::U16), 32768.0);
    /// assert_eq!(gray.bias_in_samples(Depth::F32), 0.5);
    /// assert_eq!(kernel.with_offset(3.0)?.bias_in_samples(Depth::F32), 3.0);
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn bias_in_samples(&self, depth: Depth) -> f64 {
        let exact = self.bias * depth.full_scale() + self.offset;
        if depth.is_float() {
            return exact;
        }
        // Not floor(x + 0.5): that sum may round up, as just below 0.5 and beyond 2^52.
        let below = exact.floor();
        if exact - below >= 0.5 {
            below + 1.0
        } else {
            below
        }
    }

    /// `[row, column]` of the weight that lies on the output pixel.
    pub const fn anchor(&self) -> [usize; 2] {
        self.anchor
    }

    /// The sum of the weights.
    pub fn sum(&self) -> f64 {
        match self.factor() {
            Some(Factor { column, row }) => column.iter().sum::<f64>() * row.iter().sum::<f64>(),
            None => self.weights.iter().sum(),
        }
    }

    /// The sum of the absolute weights.
    pub fn abs_sum(&self) -> f64 {
        let abs_sum = |weights: &[f64]| weights.iter().map(|w| w.abs()).sum::<f64>();
        match self.factor() {
            Some(Factor { column, row }) => abs_sum(column) * abs_sum(row),
            None => abs_sum(&self.weights),
        }
    }

    /// The sum of the absolute weights, in percent of the absolute divisor, rounded up: the most
    /// that a response can be, as a share of the largest sample.
    pub fn strength(&self) -> u32 {
        (self.abs_sum() / self.divisor.abs() * 100.0).ceil() as u32
    }

    /// The largest absolute weight.
    pub(crate) fn largest_weight(&self) -> f64 {
        match self.factor() {
            Some(Factor { column, row }) => largest(column) * largest(row),
            None => largest(&self.weights),
        }
    }

    /// The smallest absolute weight that is not 0; infinity if all are.
    pub(crate) fn smallest_weight(&self) -> f64 {
        let smallest = |weights: &[f64]| {
            let sizes = weights.iter().map(|w| w.abs());
            sizes.filter(|&w| w > 0.0).fold(f64::INFINITY, f64::min)
        };
        match self.factor() {
            Some(Factor { column, row }) => smallest(column) * smallest(row),
            None => smallest(&self.weights),
        }
    }

    /// The number of weights that are not 0.
    pub(crate) fn taps(&self) -> usize {
        let taps = |weights: &[f64]| weights.iter().filter(|&&w| w != 0.0).count();
        match self.factor() {
            Some(Factor { column, row }) => taps(column) * taps(row),
            None => taps(&self.weights),
        }
    }

    /// One weight, of one column times one row without making the others.
    pub(crate) fn weight_at(&self, [row, column]: [usize; 2]) -> f64 {
        match self.factor() {
            Some(factor) => factor.column[row] * factor.row[column],
            None => self.weights[row * self.columns + column],
        }
    }

    /// A row of weights, of one column times one row without making the others.
    pub(crate) fn weights_of_row(&self, row: usize) -> Cow<'_, [f64]> {
        match self.factor() {
            Some(Factor { column, row: all }) => {
                all.iter().map(|weight| column[row] * weight).collect()
            }
            None => self.weights[row * self.columns..][..self.columns].into(),
        }
    }

    /// The number of weights of each column that are not 0.
    pub(crate) fn column_taps(&self) -> Vec<usize> {
        match self.factor() {
            Some(Factor { column, row }) => {
                let of_column = column.iter().filter(|&&w| w != 0.0).count();
                let of_weight = |&weight: &f64| if weight == 0.0 { 0 } else { of_column };
                row.iter().map(of_weight).collect()
            }
            None => count_column_taps(&self.weights, self.columns),
        }
    }

    /// The number of its weights.
    pub(crate) const fn area(&self) -> usize {
        self.rows * self.columns
    }

    /// The lowest and the highest weighted sum of samples from 0 to `white`.
    pub fn sum_range(&self, white: f64) -> [f64; 2] {
        self.sums_of_samples([0.0, white])
    }

    /// The lowest and the highest weighted sum of samples from `low` to `high`.
    pub(crate) fn sums_of_samples(&self, [low, high]: [f64; 2]) -> [f64; 2] {
        let parts = |weights: &[f64]| {
            [|w| w < 0.0, |w| w > 0.0].map(|keep: fn(f64) -> bool| -> f64 {
                weights.iter().copied().filter(|&w| keep(w)).sum()
            })
        };
        let [negative, positive] = match self.factor() {
            Some(Factor { column, row }) => {
                let ([a, b], [c, d]) = (parts(column), parts(row));
                [a * d + b * c, a * c + b * d]
            }
            None => parts(&self.weights),
        };
        // Not infinity times 0.
        let times = |sum: f64, sample: f64| if sample == 0.0 { 0.0 } else { sum * sample };
        [
            times(negative, high) + times(positive, low),
            times(negative, low) + times(positive, high),
        ]
    }

    /// The same kernel in integers, if its weights can be: if all numbers are decimals of up to
    /// six digits, times a power of ten, else times a power of two up to 2^53, both divided by
    /// their common divisor. For example, 0.1 and 0.9 become 1 and 9 over 10, and 0.25 and 0.75
    /// become 1 and 3 over 4. Of a kernel that has no such digits, the divisor need not become
    /// an integer.
    ///
    /// A decimal such as 0.1 is not a binary number, and sums of it that should be zero are
    /// not; one tenth of an integer sum is exact. A fraction n / 2^k is the very number that
    /// was written, whatever its decimal digits. A third is neither.
    pub(crate) fn in_integers(&self) -> Option<Self> {
        let numbers = self.weights.each().chain([self.divisor]);
        // Larger weights gain nothing by a divisor that is an integer.
        let is_small = |k: &Self| k.abs_sum() < f64::from(1 << 24);
        let of_decimals = self.times_power_of_ten();
        of_decimals
            .map(|k| if k == *self { k } else { k.reduced() })
            .or_else(|| self.times(power_of_two(numbers)).filter(is_small))
            .or_else(|| self.times(power_of_two(self.weights.each())))
    }

    /// The kernel in the units that it was written in: weights that became whole numbers are
    /// decimals again, each rounded once.
    pub(crate) fn in_written_units(&self) -> Self {
        let scale = self.scale();
        Self {
            weights: self.weights.iter().map(|weight| weight / scale).collect(),
            divisor: self.divisor / scale,
            written: self.written.times(1.0 / scale),
            ..self.clone()
        }
    }

    /// A kernel of integers, divided by their greatest common divisor.
    fn reduced(self) -> Self {
        let integers = self.weights.iter().chain([&self.divisor]);
        let divisor = integers.fold(0, |d, n| greatest_common_divisor(d, n.abs() as u64));
        let divisor = divisor.max(1) as f64;
        Self {
            weights: self.weights.iter().map(|w| w / divisor).collect(),
            divisor: self.divisor / divisor,
            written: Written {
                scale: self.written.scale / divisor,
                ..self.written
            },
            ..self
        }
    }

    /// Weights and divisor times the smallest power of ten, up to 10^6, that makes both
    /// integers, if there is one.
    fn times_power_of_ten(&self) -> Option<Self> {
        (0..=6).map(|digits| 10_f64.powi(digits)).find_map(|power| {
            let weights = self.weights.each().map(|w| times_power_of_ten(w, power));
            Some(Self {
                weights: weights.collect::<Option<_>>()?,
                divisor: times_power_of_ten(self.divisor, power)?,
                written: self.written.times(power),
                ..self.clone()
            })
        })
    }

    /// Weights and divisor times this power of two, if that makes the weights integers.
    fn times(&self, power: Option<f64>) -> Option<Self> {
        let power = power?;
        let scaled = Self {
            weights: self.weights.iter().map(|weight| weight * power).collect(),
            divisor: self.divisor * power,
            written: self.written.times(power),
            ..self.clone()
        };
        (scaled.is_integer() && scaled.divisor.is_finite()).then_some(scaled)
    }

    /// The same kernel with weights whose products with floats stay in the range
    /// of `f64`: weights and divisor times a power of two, if that is exact.
    pub(crate) fn in_range(&self) -> Self {
        let largest = self.largest_weight();
        let moderate = 2_f64.powi(-300)..2_f64.powi(300);
        if largest == 0.0 || moderate.contains(&largest) {
            return self.clone();
        }
        // Scaled in two steps: the whole power of two may overflow.
        let half = 2_f64.powi(-(largest.log2() as i32) / 2);
        let scaled = |number: f64| {
            let result = number * half * half;
            (result / half / half == number).then_some(result)
        };
        let weights = self.weights.iter().map(|&w| scaled(w)).collect();
        match (weights, scaled(self.divisor)) {
            (Some(weights), Some(divisor)) => Self {
                weights,
                divisor,
                ..self.clone()
            },
            _ => self.clone(),
        }
    }

    /// The kernel whose response to samples times `divisor / weight` is this one's to
    /// samples. `weight` is a power of two; weights that would overflow stay as they are, and
    /// the divisor is divided by it.
    pub(crate) fn for_scaled_samples(&self, weight: f64, divisor: f64) -> Self {
        let weights = self.weights.times(weight);
        let divisor = self.divisor * divisor;
        let are_finite = weights.each().all(f64::is_finite);
        match are_finite {
            true => Self {
                weights,
                divisor,
                ..self.clone()
            },
            false => Self {
                divisor: divisor / weight,
                ..self.clone()
            },
        }
    }

    /// Whether every weight is an integer that `f64` holds exactly.
    pub fn is_integer(&self) -> bool {
        (self.weights.each()).all(|w| w.fract() == 0.0 && w.abs() <= EXACT)
    }

    /// The sum of the weights over the divisor: the factor by which a constant image is
    /// multiplied. A sum below 1e-12 of [`abs_sum`](Self::abs_sum) is rounding error and
    /// counts as 0.
    pub fn gain(&self) -> f64 {
        let sum = self.sum();
        if sum.abs() <= TOLERANCE * self.abs_sum() {
            0.0
        } else {
            sum / self.divisor
        }
    }

    /// Whether the weights are one column times one row (rank 1, or all zero).
    ///
    /// For [integer](Self::is_integer) weights this is exact. Others count as
    /// separable if no weight differs from that product by more than 1e-12 of
    /// the largest absolute weight: decimal files hold rounded products.
    pub fn is_separable(&self) -> bool {
        if self.factor().is_some() {
            return true;
        }
        let Some(pivot) = (0..self.weights.len())
            .max_by(|&a, &b| self.weights[a].abs().total_cmp(&self.weights[b].abs()))
        else {
            return true;
        };
        let peak = self.weights[pivot];
        if peak == 0.0 {
            return true;
        }
        let row = pivot / self.columns * self.columns;
        let column = pivot % self.columns;
        let exact = self.is_integer();
        self.weights.iter().enumerate().all(|(at, &weight)| {
            let left = self.weights[at / self.columns * self.columns + column];
            let top = self.weights[row + at % self.columns];
            if exact {
                // At most 2^53 each: casts and products are exact.
                weight as i128 * peak as i128 == left as i128 * top as i128
            } else {
                // Divided by the peak first, so that no product overflows.
                (weight / peak - (left / peak) * (top / peak)).abs() <= TOLERANCE
            }
        })
    }

    /// A 3x3 kernel in `count` directions, each rotated clockwise from the one before: 4 by
    /// 90 degrees, 8 by 45 degrees. The anchor stays on its weight.
    ///
    /// A rotation by 45 degrees shifts the outer ring by one weight:
    ///
    /// ```text
    /// a b c     d a b
    /// d e f  →  g e c
    /// g h i     h i f
    /// ```
    ///
    /// # Errors
    ///
    /// If the kernel is not 3x3 or `count` is neither 4 nor 8.
    pub fn rotations(&self, count: usize) -> Result<Vec<Self>, KernelError> {
        if (self.rows, self.columns) != (3, 3) || !matches!(count, 4 | 8) {
            return Err(KernelError::Rotations {
                count,
                rows: self.rows,
                columns: self.columns,
            });
        }
        let places = RING.len();
        let turns = (0..count).map(|turn| {
            let shift = turn * places / count;
            let mut turned = self.clone();
            let mut weights = self.weights.to_vec();
            for (at, &to) in RING.iter().enumerate() {
                weights[to] = self.weights[RING[(at + places - shift) % places]];
            }
            turned.weights = weights.into();
            let anchor = self.anchor[0] * 3 + self.anchor[1];
            if let Some(at) = RING.iter().position(|&place| place == anchor) {
                let to = RING[(at + shift) % places];
                turned.anchor = [to / 3, to % 3];
            }
            turned
        });
        Ok(turns.collect())
    }
}

/// A number times a power of ten, if that is whole by its decimal digits.
fn times_power_of_ten(number: f64, power: f64) -> Option<f64> {
    let whole = (number * power).round();
    // Division is correctly rounded, so the quotient equals `number` only if its decimal digits are
    // those of `whole`: 25 / 100 == 0.25.
    let same = whole / power == number && whole.abs() <= EXACT;
    same.then_some(whole)
}

/// The smallest power of two, up to 2^53, that makes all these numbers integers.
fn power_of_two(mut numbers: impl Iterator<Item = f64>) -> Option<f64> {
    numbers.try_fold(1.0, |power: f64, number| {
        let larger = std::iter::successors(Some(power), |power| Some(power * 2.0));
        (larger.take_while(|&power| power <= EXACT)).find(|power| (number * power).fract() == 0.0)
    })
}

/// The number of weights of each column of a row-major matrix that are not 0.
pub(crate) fn count_column_taps(weights: &[f64], columns: usize) -> Vec<usize> {
    let mut taps = vec![0; columns];
    for row in weights.chunks_exact(columns) {
        for (taps, &weight) in taps.iter_mut().zip(row) {
            *taps += usize::from(weight != 0.0);
        }
    }
    taps
}

/// The largest absolute weight; 0 if there are none.
fn largest(weights: &[f64]) -> f64 {
    weights.iter().fold(0.0, |m: f64, w| m.max(w.abs()))
}

/// Relative tolerance: smaller differences are rounding errors.
const TOLERANCE: f64 = 1e-12;

/// The outer weights of a 3x3 kernel in row-major order, clockwise.
const RING: [usize; 8] = [0, 1, 2, 5, 8, 7, 6, 3];

#[cfg(test)]
mod tests;
