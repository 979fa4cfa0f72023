//! Methods: families of engines that users can ask for by name.

use std::fmt;

/// A family of engines that users can ask for by name. Of its engines, the cheapest that
/// can run is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Four loops over the window view: the oracle and the baseline.
    Naive,
    /// Every tap of the kernel on a block of output rows and columns at once.
    Direct,
    /// The kernel as a few columns of weights, each times a row of weights.
    Separable,
    /// Tiles of the image through a fast Fourier transform and back.
    Fft,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 4] = [Self::Naive, Self::Direct, Self::Separable, Self::Fft];

    /// `naive`, `direct`, `separable` or `fft`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Direct => "direct",
            Self::Separable => "separable",
            Self::Fft => "fft",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
