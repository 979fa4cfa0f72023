//! The planes of an input: where each lies in its samples, and where its result lies among
//! those of all planes.
//!
//! An image is one plane. Of an array with further axes every plane is filtered by itself, and
//! the results are written in the order of the array's axes. The axes before the first one of
//! a picture, `Y` or `X`, count pages, which follow one another in the result. All axes after
//! it are in each line of a page, so that planes counted by those are computed together, some
//! lines at a time. Where `X` comes before `Y`, lines are columns, and the filter is transposed.
//!
//! ```text
//! TCYX  pages T, C; lines Y       YXC  lines Y, of all channels
//! TYZX  pages T; lines Y of planes Z       XY  lines X, through the transposed filter
//! ```

use std::borrow::Cow;

use crate::{
    axes::{Axes, Stack},
    codec::Format,
    error::{OutputError, RequestError, Result},
    filter::{Alpha, Filter},
    image::{Channels, Depth, ImageSpec, ImageView, Sample, SampleSlice, SampleSliceMut},
    orientation::Orientation,
    plan::{Plan, Tuning},
    view::{Layout, StridedView, StridedViewMut},
};

/// The fewest pages per thread in a chunk that are computed at the same time: with fewer,
/// threads would wait for the last one.
const MIN_PAGES_PER_THREAD: usize = 4;

/// What an axis of an array is for one result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The lines of planes: the first axis of a picture.
    Lines,
    /// The pixels of a line: the second one.
    Pixels,
    /// The channels of a pixel.
    Channels,
    /// It counts planes.
    Planes,
}

/// An axis of the input.
#[derive(Debug, Clone, Copy)]
struct Axis {
    letter: char,
    role: Role,
    len: usize,
    stride: isize,
}

/// The planes that one result is made of.
#[derive(Debug, Clone)]
pub(super) struct Planes {
    /// Those of the result, in its order; channels are missing if they become one.
    axes: Vec<Axis>,
    /// Lines, pixels and channels of a plane, and their strides in the input.
    shape: [usize; 3],
    strides: [isize; 3],
    /// The first sample of the first plane.
    offset: usize,
    /// How the pixels of an image are turned, by the shape and the strides.
    turn: Orientation,
    /// Whether the result is an array of several axes, whose shape is that of `axes`.
    is_array: bool,
    is_transposed: bool,
    /// Whether the last channel of a plane is alpha.
    has_alpha: bool,
    /// Whether the alpha beside luma is dropped, since nobody asked for it and its place would be
    /// among the planes.
    drops_alpha: bool,
    /// The place among `axes` of channels that are filtered as planes and the last of which is
    /// alpha.
    alpha_axis: Option<usize>,
}

impl Planes {
    /// The only plane: an image whose samples are contiguous, with its pixels turned.
    fn of_image(spec: ImageSpec, turn: Orientation, has_alpha: bool) -> Result<Self> {
        let stored = Layout::c_order(spec.shape(), spec.sample_count()?)?;
        let layout = turn.turned(&stored)?;
        Ok(Self {
            axes: Vec::new(),
            shape: layout.shape(),
            strides: layout.strides(),
            offset: layout.offset(),
            turn,
            is_array: false,
            is_transposed: false,
            has_alpha,
            drops_alpha: false,
            alpha_axis: None,
        })
    }

    /// The planes of an image of these channels for a result of this filter in this format, with
    /// the pixels of an image turned.
    ///
    /// # Errors
    ///
    /// If the format cannot hold them, or there are no such channels.
    pub(super) fn new(
        stack: Option<&Stack>,
        (spec, channels): (ImageSpec, Channels),
        turn: Orientation,
        filter: &Filter,
        format: Format,
    ) -> Result<Self> {
        let has_alpha = channels.has_alpha;
        let Some(stack) = stack else {
            return Self::of_image(spec, turn, has_alpha);
        };
        if format != Format::Npy && stack.planes() > 1 {
            return Err(OutputError::Planes {
                format: format.name(),
                planes: stack.planes(),
            }
            .into());
        }
        if format != Format::Npy || stack.is_picture() {
            return Ok(Self {
                shape: stack.picture(),
                strides: stack.picture_strides(),
                ..Self::of_image(spec, Orientation::Normal, has_alpha)?
            });
        }
        Self::of_array(stack, channels, filter)
    }

    /// The planes of an array for a result that is an array.
    fn of_array(stack: &Stack, channels: Channels, filter: &Filter) -> Result<Self> {
        let letters = stack.axes();
        let (y, x) = (letters.position('Y'), letters.position('X'));
        let is_transposed = x < y;
        let [lines, pixels] = if is_transposed {
            ['X', 'Y']
        } else {
            ['Y', 'X']
        };
        let before_lines = letters.position('C') < letters.position(lines);
        let mut selection = filter.selection(channels)?;
        let is_luma = selection.stored.is_none();
        let drops_alpha =
            before_lines && is_luma && filter.alpha().is_none() && selection.alpha.is_some();
        if drops_alpha {
            selection = filter.clone().with_alpha(Alpha::Drop).selection(channels)?;
        }
        let becomes_one = selection.count == 1 && channels.count > 1;
        let are_planes = !becomes_one && before_lines;
        // Each plane is filtered by itself.
        let mixes_planes = is_luma || selection.alpha == Some(Alpha::Weight);
        if are_planes && mixes_planes {
            let axes = letters.to_string();
            return Err(RequestError::AlphaOrder { axes }.into());
        }
        let mut alpha_axis = None;
        let mut axes = Vec::new();
        for (letter, len, stride) in stack.each_axis() {
            let role = match letter {
                'C' if becomes_one => continue,
                'C' if are_planes => {
                    alpha_axis = selection.copies_alpha().then_some(axes.len());
                    Role::Planes
                }
                'C' => Role::Channels,
                _ if letter == lines => Role::Lines,
                _ if letter == pixels => Role::Pixels,
                _ => Role::Planes,
            };
            let is_planes_of_channels = letter == 'C' && are_planes;
            axes.push(Axis {
                letter,
                role,
                // Without the last one, if alpha is dropped.
                len: if is_planes_of_channels {
                    selection.count
                } else {
                    len
                },
                stride,
            });
        }
        let sizes = [lines, pixels, 'C'].map(|letter| match letter {
            'C' if are_planes => (1, 1),
            _ => stack.axis(letter),
        });
        Ok(Self {
            axes,
            shape: sizes.map(|(len, _)| len),
            strides: sizes.map(|(_, stride)| stride),
            offset: 0,
            turn: Orientation::Normal,
            is_array: true,
            is_transposed,
            has_alpha: channels.has_alpha && !are_planes,
            drops_alpha,
            alpha_axis,
        })
    }

    /// The filter as it is applied to each plane.
    fn filter<'f>(&self, filter: &'f Filter) -> Cow<'f, Filter> {
        match self.is_transposed {
            true => Cow::Owned(filter.transposed()),
            false => Cow::Borrowed(filter),
        }
    }

    /// The plan of `filter` for every plane, of `samples` samples in all.
    ///
    /// # Errors
    ///
    /// As [`Filter::plan`]'s.
    pub(super) fn plan(
        &self,
        filter: &Filter,
        (samples, depth): (usize, Depth),
        tuning: &Tuning,
    ) -> Result<Plan> {
        let layout = Layout::new(self.shape, self.strides, self.offset, samples)?;
        let plan = self
            .filter(filter)
            .plan_for_layout(layout, self.has_alpha, depth, tuning)?;
        Ok(plan.of_turned_pixels(self.turn))
    }

    /// The plan for planes that are alpha, if there are any beside those of `plan`.
    pub(super) fn alpha_plan(&self, plan: &Plan, tuning: &Tuning) -> Result<Option<Plan>> {
        let filter = || plan.filter().copying();
        let layout = *plan.image_layout();
        (self.alpha_axis)
            .map(|_| filter().plan_for_layout(layout, self.has_alpha, plan.image().depth, tuning))
            .transpose()
    }

    /// The result of `plan`, if it is an array of several axes.
    pub(super) fn array(&self, plan: &Plan) -> Option<Stack> {
        let [lines, pixels, channels] = plan.output_shape();
        let len = |axis: &Axis| match axis.role {
            Role::Lines => lines,
            Role::Pixels => pixels,
            Role::Channels => channels,
            Role::Planes => axis.len,
        };
        let shape: Vec<_> = self.axes.iter().map(len).collect();
        let axes = Axes::of_letters(self.axes.iter().map(|axis| axis.letter));
        self.is_array.then(|| Stack::in_c_order(axes, shape))
    }

    /// Whether alpha is dropped that nobody asked for.
    pub(super) const fn drops_alpha(&self) -> bool {
        self.drops_alpha
    }

    /// Whether the result is an array of several axes.
    pub(super) const fn is_array(&self) -> bool {
        self.is_array
    }

    /// The axes before that of the lines, and after it.
    fn parts(&self) -> (&[Axis], &[Axis]) {
        let lines = self.axes.iter().position(|axis| axis.role == Role::Lines);
        match lines {
            Some(at) => (&self.axes[..at], &self.axes[at + 1..]),
            None => (&[], &[]),
        }
    }

    /// The number of pages, which follow one another in the result.
    pub(super) fn pages(&self) -> usize {
        count(self.parts().0)
    }

    /// The number of planes of a page, whose results are in the same lines.
    pub(super) fn planes_in_page(&self) -> usize {
        count(self.parts().1)
    }

    /// The number of all planes.
    pub(super) fn count(&self) -> usize {
        self.pages().saturating_mul(self.planes_in_page())
    }

    /// The result of `plan` as it is written: of an array, a single image of all lines.
    pub(super) fn output(&self, plan: &Plan) -> ImageSpec {
        match self.array(plan) {
            Some(array) => ImageSpec::new(array.folded(), plan.output_depth()),
            None => plan.output(),
        }
    }

    /// Whether lines of the result of `plan` are just those of a plane.
    pub(super) fn has_plain_lines(&self, plan: &Plan) -> bool {
        let result = plan.output();
        let (_, strides) = self.in_line(result, 0);
        let [_, pixels, channels] = result.shape();
        let (pixel, channel) = (strides[1] as usize, strides[2] as usize);
        self.planes_in_page() == 1
            && (pixels == 1 || pixel == channels)
            && (channels == 1 || channel == 1)
    }

    /// The number of pages that are computed at the same time, each on one thread, if a chunk has
    /// so many lines; 1 if threads share the work on each.
    pub(super) fn pages_at_once(&self, plan: &Plan, lines: usize) -> usize {
        let pages = lines / plan.output_shape()[0];
        let enough = pages >= MIN_PAGES_PER_THREAD * plan.threads();
        match enough && self.pages() > 1 && self.has_plain_lines(plan) {
            true if self.alpha_axis.is_none() => pages,
            _ => 1,
        }
    }

    /// The plane of this number in a page.
    pub(super) fn view<'s>(
        &self,
        samples: SampleSlice<'s>,
        page: usize,
        plane: usize,
    ) -> ImageView<'s> {
        let (outer, inner) = self.parts();
        let offset = self.offset + offset(outer, page) + offset(inner, plane);
        ImageView::strided(samples, self.shape, self.strides, offset)
            .expect("a plane lies in its array")
    }

    /// Whether the planes of this page are alpha.
    pub(super) fn is_alpha(&self, page: usize) -> bool {
        self.alpha_axis.is_some_and(|at| {
            let (outer, _) = self.parts();
            let behind = count(&outer[at + 1..]);
            page / behind % outer[at].len == outer[at].len - 1
        })
    }

    /// Copies lines of the result of a plane, `computed`, to lines of the page.
    pub(super) fn place(
        &self,
        result: ImageSpec,
        plane: usize,
        computed: SampleSlice<'_>,
        page: SampleSliceMut<'_>,
    ) -> Result<()> {
        let (offset, strides) = self.in_line(result, plane);
        let shape = result.shape();
        each_sample!(SampleSliceMut(page), page => {
            let computed = Sample::of_slice(computed).expect("both are of the result's type");
            let computed = StridedView::from_slice(computed, shape)?;
            StridedViewMut::new(page, shape, strides, offset)?.assign(&computed)?;
        });
        Ok(())
    }

    /// The first sample of a plane in a line of the page, and the strides of its lines, pixels
    /// and channels; `result` is what its plan gives.
    fn in_line(&self, result: ImageSpec, plane: usize) -> (usize, [isize; 3]) {
        let (_, axes) = self.parts();
        let [_, pixels, channels] = result.shape();
        if axes.is_empty() {
            let strides = [result.row_len(), channels, 1];
            return (0, strides.map(|stride| stride as isize));
        }
        let mut strides = [0, 1, 1];
        let (mut stride, mut offset, mut left) = (1, 0, plane);
        for axis in axes.iter().rev() {
            stride *= match axis.role {
                Role::Planes => {
                    offset += left % axis.len * stride;
                    left /= axis.len;
                    axis.len
                }
                Role::Channels => {
                    strides[2] = stride as isize;
                    channels
                }
                Role::Pixels | Role::Lines => {
                    strides[1] = stride as isize;
                    pixels
                }
            };
        }
        strides[0] = stride as isize;
        (offset, strides)
    }
}

/// The number of planes that these axes count.
fn count(axes: &[Axis]) -> usize {
    let planes = axes.iter().filter(|axis| axis.role == Role::Planes);
    planes.fold(1, |count, axis| count.saturating_mul(axis.len))
}

/// The first sample of the plane of this number among those that these axes count, the last
/// axis fastest.
fn offset(axes: &[Axis], number: usize) -> usize {
    let planes = axes.iter().rev().filter(|axis| axis.role == Role::Planes);
    let (_, offset) = planes.fold((number, 0), |(number, offset), axis| {
        let at = number % axis.len * axis.stride.unsigned_abs();
        (number / axis.len, offset + at)
    });
    offset
}
