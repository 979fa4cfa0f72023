//! Waves in a Gaussian.

use super::{finite, positive, sides, sin_cos};
use crate::kernel::{Kernel, KernelError};

/// Which part of a complex wave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The cosine.
    #[default]
    Real,
    /// The sine.
    Imaginary,
}

/// A Gabor kernel, as OpenCV's `getGaborKernel`, with angles in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Gabor {
    /// The wavelength in pixels.
    pub wavelength: f64,
    /// The direction of the wave in degrees.
    pub angle: f64,
    /// The standard deviation along the wave.
    pub sigma: f64,
    /// The deviation along the wave over that across.
    pub aspect: f64,
    /// The phase in degrees.
    pub phase: f64,
    /// Which part.
    pub part: Part,
}

impl Gabor {
    /// Of this wavelength, along rows; sigma is 0.56 of it.
    pub const fn new(wavelength: f64) -> Self {
        Self {
            wavelength,
            angle: 0.0,
            sigma: 0.56 * wavelength,
            aspect: 1.0,
            phase: 0.0,
            part: Part::Real,
        }
    }

    /// The kernel.
    ///
    /// # Errors
    ///
    /// If a parameter is out of range or the kernel has too many weights.
    pub fn kernel(&self) -> Result<Kernel, KernelError> {
        let wavelength = positive("gabor", "wavelength", self.wavelength)?;
        let along = positive("gabor", "sigma", self.sigma)?;
        let across = along / positive("gabor", "aspect", self.aspect)?;
        let (sin, cos) = sin_cos(finite("gabor", "angle", self.angle)?);
        let phase = finite("gabor", "phase", self.phase)?.to_radians();
        let reach = |a: f64, b: f64| (3.0 * a).abs().max((3.0 * b).abs()).round_ties_even();
        let radii = [
            reach(along * sin, across * cos),
            reach(along * cos, across * sin),
        ];
        let [rows, columns] = sides("gabor", radii)?;
        let scales = [along, across].map(|sigma| -0.5 / (sigma * sigma));
        let wave = std::f64::consts::TAU / wavelength;
        let weight = |at: usize| {
            let y = radii[0] - (at / columns) as f64;
            let x = radii[1] - (at % columns) as f64;
            let u = x * cos + y * sin;
            let v = y * cos - x * sin;
            // A square of 0 counts for nothing, however small sigma is.
            let term = |scale: f64, place: f64| {
                if place == 0.0 {
                    0.0
                } else {
                    scale * place * place
                }
            };
            let bell = libm::exp(term(scales[0], u) + term(scales[1], v));
            let turn = wave * u + phase;
            bell * match self.part {
                Part::Real => libm::cos(turn),
                Part::Imaginary => libm::sin(turn),
            }
        };
        Kernel::new(rows, columns, (0..rows * columns).map(weight).collect())
    }
}
