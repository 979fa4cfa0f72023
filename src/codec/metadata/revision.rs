//! What copied metadata must agree with, and what became of them.

use super::{ResultGrid, exif, icc, iptc, photoshop, xmp};
use crate::image::{Depth, ImageSpec};

/// What is known of a result that metadata copied from its input must agree with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResultFacts {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// 1 or 2 are gray, 3 or 4 colour; even numbers include alpha.
    pub(crate) channels: usize,
    pub(crate) depth: Depth,
    /// The orientation to write, 1 to 8; `None` keeps what is there.
    pub(crate) orientation: Option<u16>,
    /// Whether places in the input are others in the result.
    pub(crate) is_moved: bool,
    /// Whether the sides of its pixels are others.
    pub(crate) is_rescaled: bool,
}

impl ResultFacts {
    /// A result of this spec, whose pixels have this orientation if it is another than that of the
    /// input.
    pub(crate) const fn new(spec: ImageSpec, orientation: Option<u16>) -> Self {
        let ImageSpec {
            rows,
            columns,
            channels,
            depth,
        } = spec;
        Self {
            rows,
            columns,
            channels,
            depth,
            orientation,
            is_moved: false,
            is_rescaled: false,
        }
    }

    /// The same of a result whose pixels lie so on its input.
    pub(crate) fn on(self, grid: &ResultGrid) -> Self {
        Self {
            is_moved: grid.is_moved(),
            is_rescaled: grid.is_rescaled(),
            ..self
        }
    }

    pub(super) const fn spec(&self) -> ImageSpec {
        ImageSpec::new([self.rows, self.columns, self.channels], self.depth)
    }

    pub(super) const fn is_gray(&self) -> bool {
        self.channels < 3
    }

    pub(super) const fn has_alpha(&self) -> bool {
        self.channels.is_multiple_of(2)
    }

    /// The bits of a sample.
    pub(super) const fn bits(&self) -> u64 {
        8 * self.depth.bytes() as u64
    }
}

/// What became of a block of metadata.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Revised {
    /// All of it is true of the result.
    Unchanged,
    /// What was false is changed or gone.
    Changed {
        bytes: Vec<u8>,
        /// What was changed, each once: `size`, `thumbnail dropped`, ...
        what: Vec<&'static str>,
    },
    /// It is damaged, or of a kind that cannot be edited: it must not be copied, since it
    /// may be false.
    Unreadable,
}

/// Adds a word that is not there yet.
pub(super) fn note(what: &mut Vec<&'static str>, word: &'static str) {
    if !what.contains(&word) {
        what.push(word);
    }
}

/// The block of metadata as it is true of a result, and what was changed; `None` if it cannot be
/// read. Kinds are `exif`, `xmp`, `photoshop`, `iptc`, and `icc` for gray profiles. For tests.
#[doc(hidden)]
pub fn revised_metadata(
    kind: &str,
    bytes: &[u8],
    result: &ImageSpec,
    orientation: Option<u16>,
) -> Option<(Vec<u8>, Vec<&'static str>)> {
    let facts = ResultFacts::new(*result, orientation);
    let revised = match kind {
        "exif" => exif::revised(bytes, &facts),
        "xmp" => xmp::revised(bytes, &facts),
        "photoshop" => photoshop::revised(bytes, &facts),
        "iptc" => iptc::revised(bytes),
        "icc" => return Some((icc::gray_of(bytes)?, vec!["gray"])),
        _ => return None,
    };
    match revised {
        Revised::Unchanged => Some((bytes.to_vec(), Vec::new())),
        Revised::Changed { bytes, what } => Some((bytes, what)),
        Revised::Unreadable => None,
    }
}

#[cfg(test)]
mod tests;
