//! Boxes, disks and lines.

use super::{finite, positive, product, product_sides, refuse, sides, sin_cos};
use crate::kernel::{Kernel, KernelError};

/// A mean over a square; a fraction of a radius weighs its outermost ring, as Pillow's `BoxBlur`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum BoxBlur {
    /// Of this radius, which may be a fraction.
    Radius(f64),
    /// Of this length of the side, which may be even.
    Size(u32),
}

impl BoxBlur {
    /// The kernel: ones, divided by their number.
    ///
    /// # Errors
    ///
    /// If a parameter is out of range or the kernel has too many weights.
    pub fn kernel(&self) -> Result<Kernel, KernelError> {
        let (weights, size) = match *self {
            Self::Size(0) => return Err(refuse("box", "size", 0, "a whole number above 0")),
            Self::Size(size) => {
                product_sides("box", [(f64::from(size) - 1.0) / 2.0; 2])?;
                (vec![1.0; size as usize], f64::from(size))
            }
            Self::Radius(radius) => {
                if !(radius >= 0.0 && radius.is_finite()) {
                    return Err(refuse("box", "radius", radius, "a number of at least 0"));
                }
                let [side, _] = product_sides("box", [radius.ceil(); 2])?;
                let mut weights = vec![1.0; side];
                if radius.fract() > 0.0 {
                    weights[0] = radius.fract();
                    weights[side - 1] = radius.fract();
                }
                (weights, 2.0 * radius + 1.0)
            }
        };
        product(weights.clone(), weights)?.with_divisor(size * size)
    }
}

/// A disk: each weight is the area of its pixel that lies in the circle.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Disk {
    /// The radius.
    pub radius: f64,
}

impl Disk {
    /// Of this radius.
    pub const fn new(radius: f64) -> Self {
        Self { radius }
    }

    /// The kernel, which sums to 1.
    ///
    /// # Errors
    ///
    /// If a parameter is out of range or the kernel has too many weights.
    pub fn kernel(&self) -> Result<Kernel, KernelError> {
        let radius = positive("disk", "radius", self.radius)?;
        let half = (radius - 0.5).ceil().max(0.0);
        let [side, _] = sides("disk", [half; 2])?;
        let middle = half as usize;
        let total = std::f64::consts::PI * radius * radius;
        let quadrant = middle + 1;
        let areas: Vec<f64> = (0..quadrant * quadrant)
            .map(|at| area([at / quadrant, at % quadrant], radius) / total)
            .collect();
        let weight = |at: usize| {
            let [y, x] = [at / side, at % side].map(|place| place.abs_diff(middle));
            areas[y * quadrant + x]
        };
        Kernel::new(side, side, (0..side * side).map(weight).collect())
    }
}

/// The area of the pixel at `place` that lies within `radius` of pixel `[0, 0]`.
fn area(place: [usize; 2], radius: f64) -> f64 {
    // A pixel on an axis is two halves.
    let [(y0, y1), (x0, x1)] = place.map(|place| match place {
        0 => (0.0, 0.5),
        _ => (place as f64 - 0.5, place as f64 + 0.5),
    });
    let halves = place.iter().filter(|&&place| place == 0).count();
    let scale = f64::from(1 << halves);
    let square = radius * radius;
    if x1 * x1 + y1 * y1 <= square {
        return scale * (x1 - x0) * (y1 - y0);
    }
    if x0 * x0 + y0 * y0 >= square {
        return 0.0;
    }
    let reach = |y: f64| (square - y * y).max(0.0).sqrt();
    // The circle lies above the pixel up to `full`, and below it from `end`.
    let full = if y1 < radius {
        reach(y1).clamp(x0, x1)
    } else {
        x0
    };
    let end = reach(y0).clamp(full, x1);
    let integral = |x: f64| (x * reach(x) + square * libm::asin((x / radius).min(1.0))) / 2.0;
    let curved = integral(end) - integral(full) - y0 * (end - full);
    scale * ((full - x0) * (y1 - y0) + curved.max(0.0))
}

/// A line through the middle, as MATLAB's `fspecial('motion')` draws it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Motion {
    /// The length in pixels.
    pub length: f64,
    /// The angle in degrees, counterclockwise from the horizontal.
    pub angle: f64,
}

impl Motion {
    /// Of this length and angle in degrees.
    pub const fn new(length: f64, angle: f64) -> Self {
        Self { length, angle }
    }

    /// The kernel, which sums to 1.
    ///
    /// # Errors
    ///
    /// If a parameter is out of range or the kernel has too many weights.
    pub fn kernel(&self) -> Result<Kernel, KernelError> {
        let length = positive("motion", "length", self.length)?.max(1.0);
        let angle = finite("motion", "angle", self.angle)?;
        let half = (length - 1.0) / 2.0;
        let (sin, cos) = sin_cos(angle.rem_euclid(180.0));
        let reach = |share: f64| match share == 0.0 {
            true => 0.0,
            false => (half * share.abs() + 1.0 - length * f64::EPSILON)
                .trunc()
                .max(0.0),
        };
        let radii = [reach(sin), reach(cos)];
        let [rows, columns] = sides("motion", radii)?;
        let weight = |at: usize| {
            let y = radii[0] - (at / columns) as f64;
            let x = (at % columns) as f64 - radii[1];
            let mut distance = (y * cos - x * sin).abs();
            if (x * x + y * y).sqrt() >= half && distance <= 1.0 {
                let beyond = half - (x * cos + y * sin).abs();
                distance = (distance * distance + beyond * beyond).sqrt();
            }
            let weight = (1.0 + f64::EPSILON - distance).max(0.0);
            // Not the rounding error of a distance of 1: sums of many digits take long to round.
            if weight < 8.0 * f64::EPSILON {
                0.0
            } else {
                weight
            }
        };
        let mut weights: Vec<f64> = (0..rows * columns).map(weight).collect();
        let sum = weights.iter().sum::<f64>();
        for weight in &mut weights {
            *weight /= sum;
        }
        Kernel::new(rows, columns, weights)
    }
}
