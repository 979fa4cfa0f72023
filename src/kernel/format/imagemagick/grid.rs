//! A kernel of ImageMagick before it is one of ours: turned and scaled as that program does.

use crate::kernel::{EXACT, Kernel, KernelError, Written};

/// What that program counts as zero.
pub(super) const EPSILON: f64 = 1e-12;

/// Which turns change a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turns {
    Any,
    /// Kernels that look the same from every side.
    None,
    /// A line that is symmetrical: by a quarter turn only.
    Line,
}

/// Values row by row, NaN where there is no tap; their sum is divided by `divisor`.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// Column and row.
    pub(super) origin: [usize; 2],
    pub(super) values: Vec<f64>,
    pub(super) divisor: f64,
    pub(super) turns: Turns,
    /// Whether it stands for several that are applied one after the other.
    pub(super) sequence: bool,
}

/// Why a kernel cannot be turned.
pub(super) const NOT_BY_45: &str = "only a kernel of 3x3 is turned by 45 degrees";
pub(super) const NOT_BY_90: &str = "only a square or a line is turned by 90 degrees";

impl Grid {
    pub(super) fn new(columns: usize, rows: usize, values: Vec<f64>) -> Self {
        Self {
            columns,
            rows,
            origin: [columns.saturating_sub(1) / 2, rows.saturating_sub(1) / 2],
            values,
            divisor: 1.0,
            turns: Turns::Any,
            sequence: false,
        }
    }

    /// Turns it clockwise, by the nearest angle that is possible.
    pub(super) fn turn(&mut self, angle: f64) -> Result<(), &'static str> {
        let mut angle = angle.rem_euclid(360.0);
        if angle > 337.5 || angle <= 22.5 {
            return Ok(());
        }
        match self.turns {
            Turns::None => return Ok(()),
            Turns::Line if 135.0 < angle && angle <= 225.0 => return Ok(()),
            Turns::Line if 225.0 < angle && angle <= 315.0 => angle -= 180.0,
            _ => {}
        }
        if 22.5 < angle % 90.0 && angle % 90.0 <= 67.5 {
            if (self.columns, self.rows) != (3, 3) {
                return Err(NOT_BY_45);
            }
            self.turn_ring();
            angle = (angle + 315.0) % 360.0;
        }
        if 45.0 < angle % 180.0 && angle % 180.0 <= 135.0 {
            if self.columns == 1 || self.rows == 1 {
                (self.columns, self.rows) = (self.rows, self.columns);
                self.origin.reverse();
                let left = if self.columns == 1 { 270.0 } else { 90.0 };
                angle = (angle + left) % 360.0;
            } else if self.columns == self.rows {
                let side = self.rows;
                let places = (0..side * side).map(|at| (at / side, at % side));
                let turned = places.map(|(r, c)| self.values[(side - 1 - c) * side + r]);
                self.values = turned.collect();
                let [x, y] = self.origin;
                self.origin = [side - 1 - y, x];
                angle = (angle + 270.0) % 360.0;
            } else {
                return Err(NOT_BY_90);
            }
        }
        if 135.0 < angle && angle <= 225.0 {
            self.values.reverse();
            let [x, y] = self.origin;
            self.origin = [self.columns - 1 - x, self.rows - 1 - y];
        }
        Ok(())
    }

    /// Moves the outer values of 3x3 one place clockwise, and the origin with them.
    fn turn_ring(&mut self) {
        const RING: [usize; 8] = [0, 1, 2, 5, 8, 7, 6, 3];
        let old = self.values.clone();
        for (at, &to) in RING.iter().enumerate() {
            self.values[to] = old[RING[(at + 7) % 8]];
        }
        let origin = self.origin[1] * 3 + self.origin[0];
        if let Some(at) = RING.iter().position(|&place| place == origin) {
            let to = RING[(at + 1) % 8];
            self.origin = [to % 3, to / 3];
        }
    }

    /// It and its turns by this angle, until the first comes again.
    pub(super) fn rotations(self, angle: f64) -> Result<Vec<Self>, &'static str> {
        let mut all = vec![self];
        // Eight turns by 45 degrees are a full one.
        for _ in 0..8 {
            let mut next = all[all.len() - 1].clone();
            next.turn(angle)?;
            if next.is_same(&all[0]) {
                break;
            }
            all.push(next);
        }
        Ok(all)
    }

    /// It, turned by 180 degrees, by 270 and by 90.
    pub(super) fn mirrored(self) -> Result<Vec<Self>, &'static str> {
        let mut all = vec![self];
        for angle in [180.0, 90.0, 180.0] {
            let mut next = all[all.len() - 1].clone();
            next.turn(angle)?;
            all.push(next);
        }
        Ok(all)
    }

    fn is_same(&self, other: &Self) -> bool {
        let mut values = self.values.iter().zip(&other.values);
        [self.columns, self.rows] == [other.columns, other.rows]
            && self.origin == other.origin
            && values.all(|(a, b)| a.is_nan() && b.is_nan() || (a - b).abs() < EPSILON)
    }

    /// The sum of the positive values, and of the negative ones.
    pub(super) fn sums(&self) -> [f64; 2] {
        let values = self.values.iter().filter(|value| !value.is_nan());
        values.fold([0.0; 2], |[positive, negative], &value| match value < 0.0 {
            true => [positive, negative + value],
            false => [positive + value, negative],
        })
    }

    /// Multiplies the positive and the negative values.
    pub(super) fn scale_by(&mut self, positive: f64, negative: f64) {
        for value in self.values.iter_mut().filter(|value| !value.is_nan()) {
            *value *= if *value >= 0.0 { positive } else { negative };
        }
    }

    /// Divides positive and negative values by their own sums, as generated kernels are made.
    pub(super) fn balance(&mut self) {
        let [positive, negative] = self.sums().map(|sum| match sum.abs() >= EPSILON {
            true => sum.abs(),
            false => 1.0,
        });
        self.scale_by(1.0 / positive, 1.0 / negative);
    }

    /// Scales it as `-define convolve:scale` does. Whole weights stay whole: their divisor
    /// takes what can be divided.
    pub(super) fn scale(&mut self, scale: &Scale) {
        let [positive, negative] = self.sums();
        let sum = (positive + negative).abs();
        if scale.balances {
            let positive = if positive.abs() >= EPSILON {
                positive
            } else {
                1.0
            };
            let negative = if negative.abs() >= EPSILON {
                -negative
            } else {
                1.0
            };
            let whole = self.values.iter().all(|v| v.is_nan() || v.fract() == 0.0);
            if positive == negative {
                self.divisor *= positive / scale.factor;
            } else if whole && positive * negative <= EXACT {
                self.scale_by(negative, positive);
                self.divisor *= positive * negative / scale.factor;
            } else {
                self.scale_by(scale.factor / positive, scale.factor / negative);
            }
        } else if scale.normalises {
            self.divisor *= if sum >= EPSILON { sum } else { positive } / scale.factor;
        } else if scale.factor != 1.0 {
            self.scale_by(scale.factor, scale.factor);
        }
        if let Some(unity) = scale.unity {
            let [x, y] = self.origin;
            self.values[y * self.columns + x] += unity * self.divisor;
        }
    }

    /// The kernel whose correlation is the convolution with this one.
    pub(super) fn kernel(&self) -> Result<Kernel, KernelError> {
        let holes = self
            .values
            .iter()
            .map(|v| if v.is_nan() { 0.0 } else { *v });
        let kernel = Kernel::new(self.rows, self.columns, holes.collect())?;
        let [x, y] = self.origin;
        let kernel = kernel.with_anchor([y, x])?.with_divisor(self.divisor)?;
        let written = Written {
            anchored: true,
            sequence: self.sequence,
            broken_column: self.is_broken_column(),
            ..kernel.written()
        };
        Ok(kernel.with_written(written).convolving())
    }

    /// Whether it is one column with weights above a hole: the program goes up such a column, and
    /// does not come past the first hole.
    fn is_broken_column(&self) -> bool {
        let hole = self.values.iter().rposition(|value| value.is_nan());
        let above = |hole: usize| &self.values[..hole];
        let is_weight = |value: &f64| !value.is_nan() && *value != 0.0;
        self.columns == 1 && hole.is_some_and(|hole| above(hole).iter().any(is_weight))
    }
}

/// What `-define convolve:scale` says: a factor, `!` to divide by the sum first, `^` to divide
/// positive and negative weights by their own sums, and a share of the image itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) factor: f64,
    pub(super) normalises: bool,
    pub(super) balances: bool,
    pub(super) unity: Option<f64>,
}
