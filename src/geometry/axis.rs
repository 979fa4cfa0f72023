//! The windows along one axis of an image.

use std::ops::Range;

use crate::border::Border;

/// Where windows lie along the rows or the columns of an image.
///
/// The padded image has [`before`](Self::before) elements in front of the image; a window
/// covers [`window`](Self::window) elements of it, dilation included. For an image of 6, a
/// window of 3 whose anchor is 1, and a border, the window of output 0 lies on -1, 0 and 1
/// of the image, which are 0, 1 and 2 of the padded one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Axis {
    /// The length of the image.
    pub(crate) image: usize,
    /// The length of the result.
    pub(crate) output: usize,
    /// How far the padded image begins before the image.
    pub(crate) before: usize,
    /// The length of the window.
    pub(crate) window: usize,
    /// The place in the window that lies on the output pixel.
    pub(crate) anchor: usize,
    /// From one window to the next.
    pub(crate) step: usize,
    /// From one tap to the next.
    pub(crate) dilation: usize,
    /// The border, or `None` where no window leaves the image.
    pub(super) border: Option<Border>,
}

impl Axis {
    /// How many windows `outputs` elements of the result stand for before the step is
    /// taken: from the first to the last of them. The result has no more of them than it
    /// has: a block of four rows of a result of one row is one row.
    pub(crate) fn positions(&self, outputs: usize) -> usize {
        (outputs.clamp(1, self.output) - 1) * self.step + 1
    }

    /// The elements of the padded image that `outputs` consecutive ones of the result see.
    pub(crate) fn padded_len(&self, outputs: usize) -> usize {
        self.positions(outputs) + self.window - 1
    }

    /// The elements of the padded image that these of the result see.
    pub(crate) fn padded(&self, output: &Range<usize>) -> Range<usize> {
        let first = output.start * self.step;
        first..first + self.padded_len(output.len())
    }

    /// Those elements of the padded image that are the image's own.
    pub(crate) fn inside(&self, padded: &Range<usize>) -> Range<usize> {
        let image = self.before..self.before + self.image;
        let start = padded.start.max(image.start).min(padded.end);
        start..padded.end.min(image.end).max(start)
    }

    /// The image's element that stands at a padded one, or `None` where the border's
    /// constant does.
    pub(crate) fn source(&self, padded: usize) -> Option<usize> {
        match self.border {
            None => Some(padded),
            Some(border) => border.source(padded as isize - self.before as isize, self.image),
        }
    }

    /// The image's elements from the first to the last that these of the result see, those
    /// that the border takes from it included.
    pub(crate) fn source_range(&self, output: &Range<usize>) -> Range<usize> {
        let padded = self.padded(output);
        let inside = self.inside(&padded);
        // Within twice the image's length every border has repeated itself.
        let period = 2 * self.image;
        let before = (padded.start..inside.start).take(period);
        let after = (inside.end..padded.end).take(period);
        let ends = [inside.start, inside.end.saturating_sub(1)];
        let ends = ends.into_iter().filter(|_| !inside.is_empty());
        let seen = before.chain(ends).chain(after);
        let seen = seen.filter_map(|padded| self.source(padded));
        let (first, end) = seen.fold((usize::MAX, 0), |(first, end), at| {
            (first.min(at), end.max(at + 1))
        });
        first.min(end)..end
    }

    /// The image's element under an output one.
    pub(crate) fn under(&self, output: usize) -> usize {
        output * self.step + self.anchor - self.before
    }
}
