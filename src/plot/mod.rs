//! Kernels as pictures: weights, profile, frequency response, and what a plan makes of them.
//!
//! A [`Plot`] is laid out once and drawn as SVG, which follows the reader's light or dark mode, or
//! as an [`Image`]. All numbers are the same on every machine.

mod facts;
mod font;
mod heat_map;
mod ink;
mod numbers;
mod page;
mod panels;
mod peak;
mod raster;
mod response;
mod scene;
mod sheet;
mod svg;
mod symmetry;
#[cfg(test)]
mod tests;

use self::scene::Scene;
use crate::{error::Result, image::Image, kernel::KernelBank};

/// The kernels of a bank that are drawn.
const MAX_KERNELS: usize = 24;

/// A picture of kernels.
///
/// # Examples
///
/// ```
/// use stridekern::{KernelBank, plot::Plot};
///
/// let plot = Plot::of(&KernelBank::builtin("sobel_x")?);
/// assert!(plot.to_svg().starts_with("<svg "));
/// assert_eq!(plot.to_image()?.channels(), 3);
/// # Ok::<(), stridekern::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Plot {
    scene: Scene,
    kernels: [usize; 2],
}

impl Plot {
    /// The kernels of a bank: of each its weights, the middle row and column, the magnitude of
    /// its frequency response over the plane and along lines through its middle, and facts; then
    /// how a plan computes the bank on every type of samples. Of more than 24 kernels,
    /// the first 24.
    pub fn of(bank: &KernelBank) -> Self {
        let kernels = bank.kernels().len();
        Self {
            scene: page::draw(bank, MAX_KERNELS),
            kernels: [kernels.min(MAX_KERNELS), kernels],
        }
    }

    /// A sheet of several banks, each small: its weights and, of a single kernel, its
    /// frequency response.
    pub fn sheet(banks: &[KernelBank]) -> Self {
        Self {
            scene: sheet::draw(banks),
            kernels: [banks.len(); 2],
        }
    }

    /// How many kernels are drawn, and how many there are.
    pub const fn kernels(&self) -> [usize; 2] {
        self.kernels
    }

    /// The picture as SVG text, in whose style sheet are colours for light and for dark mode.
    pub fn to_svg(&self) -> String {
        svg::write(&self.scene)
    }

    /// The picture in 8-bit RGB, in the colours of light mode: two pixels for each unit of the
    /// SVG text, one of a very large picture.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`](crate::Error::Limit) if its memory cannot be allocated.
    pub fn to_image(&self) -> Result<Image> {
        raster::draw(&self.scene)
    }
}
