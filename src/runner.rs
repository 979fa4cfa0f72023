//! `Runner`: a plan with its compiled kernels and buffers, run on images in memory.

use std::{ops::Range, sync::Arc};

use crate::{
    error::{RequestError, Result},
    filter::Filter,
    image::{Image, ImageView, ImageViewMut, Samples},
    number::Output,
    plan::{Plan, Tuning},
    stage::{Chain, Part, Progress, Rows, RowsMut, Scratch},
    stop::Stop,
    view::StridedViewMut,
};

/// The bytes of a chunk of the result, if it is computed in a buffer and copied to the
/// output.
const CHUNK_BYTES: usize = 1 << 20;

impl Filter {
    /// The filtered image.
    ///
    /// Work is split over the threads of the current rayon pool.
    ///
    /// # Errors
    ///
    /// As [`plan`](Self::plan), and if the memory cannot be allocated.
    pub fn apply<'a>(&self, image: impl Into<ImageView<'a>>) -> Result<Image> {
        let image = image.into();
        let plan = self.plan(image, &Tuning::default())?;
        let mut output = plan.allocate()?;
        plan.run(image, &mut output)?;
        Ok(output)
    }
}

impl Plan {
    /// Filters `image` and writes the result to `output`.
    ///
    /// `image` has the shape and the sample type that this plan was made for, and `output`
    /// those of the [result](Self::output_shape); both may have any layout. To run a plan
    /// repeatedly without allocations, use a [`Runner`].
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::{Depth, Filter, Image, ImageViewMut, KernelBank, Tuning};
    ///
    /// let image = Image::zeroed(480, 640, 3, Depth::F32)?;
    /// let filter = Filter::new(KernelBank::resolve("gaussian3")?);
    /// let plan = filter.plan(&image, &Tuning::default())?;
    ///
    /// let mut output = vec![1.0_f32; 478 * 638];
    /// let shape = plan.output_shape();
    /// plan.run(&image, ImageViewMut::from_samples(output.as_mut_slice(), shape)?)?;
    /// assert_eq!(output, [0.0; 478 * 638]);
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Request`](crate::Error::Request) if the image or the output has another
    /// shape or sample type; [`Error::Limit`](crate::Error::Limit) if memory cannot be allocated.
    pub fn run<'i, 'o>(
        &self,
        image: impl Into<ImageView<'i>>,
        output: impl Into<ImageViewMut<'o>>,
    ) -> Result<()> {
        self.runner()?.run(image, output)
    }

    /// Compiles the kernels for repeated runs of this plan, which share their buffers.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`](crate::Error::Limit) if memory cannot be allocated.
    pub fn runner(&self) -> Result<Runner> {
        Ok(Runner {
            chain: Arc::new(Chain::new(self)?),
            plan: self.clone(),
            scratch: Scratch::default(),
            chunk: Samples::empty(self.output_depth()),
            stop: None,
        })
    }
}

/// A plan with its kernels compiled, and the buffers that its runs need.
///
/// Work is split over the threads of the current rayon pool, unless the plan was made
/// for [one thread](crate::Tuning::threads): then the caller's thread does all of it, and
/// runs after the first allocate nothing.
///
/// # Examples
///
/// ```
/// use stridekern::{Depth, Filter, Image, KernelBank, Samples, Tuning};
///
/// let filter = Filter::new(KernelBank::resolve("sobel_x")?);
/// let tuning = Tuning::default().with_threads(1);
/// let plan = filter.plan_for([720, 1280, 1], Depth::U8, &tuning)?;
/// let mut runner = plan.runner()?;
/// let mut output = plan.allocate()?;
/// for value in 0..10 {
///     let frame = Image::new(720, 1280, 1, Samples::U8(vec![value; 720 * 1280].into()))?;
///     runner.run(&frame, &mut output)?;
/// }
/// # Ok::<(), stridekern::Error>(())
/// ```
#[derive(Debug)]
pub struct Runner {
    plan: Plan,
    chain: Arc<Chain>,
    scratch: Scratch,
    /// Rows of the result that are then copied to an output whose rows are not contiguous.
    chunk: Samples,
    stop: Option<Stop>,
}

/// Compiled kernels are shared; buffers are not.
impl Clone for Runner {
    fn clone(&self) -> Self {
        Self {
            plan: self.plan.clone(),
            chain: Arc::clone(&self.chain),
            scratch: self.scratch.fork(),
            chunk: Samples::empty(self.plan.output_depth()),
            stop: self.stop.clone(),
        }
    }
}

impl Runner {
    /// The plan that it runs.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// With a token that ends its runs early, by [`Error::Stopped`](crate::Error::Stopped).
    #[must_use]
    pub fn with_stop(mut self, stop: Stop) -> Self {
        self.stop = Some(stop);
        self
    }

    /// With notes of what results hold less of than their responses, which may take a part of the
    /// time again if responses can lie beyond the type of the result.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::{Filter, Image, KernelBank, Samples, Tuning};
    ///
    /// let ramp = Image::new(3, 4, 1, Samples::U8(vec![9, 6, 3, 0].repeat(3).into()))?;
    /// let filter = Filter::new(KernelBank::resolve("sobel_x")?);
    /// let plan = filter.plan(&ramp, &Tuning::default())?;
    /// let mut runner = plan.runner()?.with_notes();
    /// runner.run(&ramp, &mut plan.allocate()?)?;
    /// let notes = runner.notes();
    /// assert_eq!((notes.clipped().below, notes.clipped().of), (2, 2));
    /// assert!(notes.warnings(&plan)[0].starts_with("100 % of the samples were clipped to 0"));
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    #[cfg(feature = "codecs")]
    #[must_use]
    pub fn with_notes(mut self) -> Self {
        if self.plan.convolution.finish.may_saturate() {
            self.scratch = Scratch::tallying();
        }
        self
    }

    /// What was noted of the last run: see [`with_notes`](Self::with_notes).
    #[cfg(feature = "codecs")]
    pub fn notes(&self) -> crate::stage::Notes {
        self.scratch.notes()
    }

    /// Filters `image` and writes the result to `output`; see [`Plan::run`].
    ///
    /// # Errors
    ///
    /// As [`Plan::run`], and [`Error::Stopped`](crate::Error::Stopped) if it was stopped; then
    /// `output` is only partly written.
    pub fn run<'i, 'o>(
        &mut self,
        image: impl Into<ImageView<'i>>,
        output: impl Into<ImageViewMut<'o>>,
    ) -> Result<()> {
        self.run_with_progress(image, output, &|_| ())
    }

    /// As [`run`](Self::run); `progress` is called from any thread with a number of newly
    /// finished output rows.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn run_with_progress<'i, 'o>(
        &mut self,
        image: impl Into<ImageView<'i>>,
        output: impl Into<ImageViewMut<'o>>,
        progress: &Progress<'_>,
    ) -> Result<()> {
        let [rows, columns, _] = self.plan.output_shape();
        self.fill(image.into(), [0..rows, 0..columns], output.into(), progress)
    }

    /// Writes only these rows and columns of the result to `output`, which has as many rows
    /// and columns as they are, and the channels of the result. They are the same as in
    /// the whole result: windows at their edge read the image beyond.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run), and [`Error::Request`](crate::Error::Request) if they are
    /// not within the result.
    pub fn run_region<'i, 'o>(
        &mut self,
        image: impl Into<ImageView<'i>>,
        rows: Range<usize>,
        columns: Range<usize>,
        output: impl Into<ImageViewMut<'o>>,
    ) -> Result<()> {
        self.fill(image.into(), [rows, columns], output.into(), &|_| ())
    }

    fn fill(
        &mut self,
        image: ImageView<'_>,
        region: [Range<usize>; 2],
        output: ImageViewMut<'_>,
        progress: &Progress<'_>,
    ) -> Result<()> {
        let expected = self.plan.image();
        if image.spec() != expected {
            return Err(RequestError::OtherImage {
                expected: expected.shape(),
                expected_depth: expected.depth,
                shape: image.shape(),
                depth: image.depth(),
            }
            .into());
        }
        let [rows, columns, channels] = self.plan.output_shape();
        let [within_rows, within_columns] = &region;
        let is_within = |part: &Range<usize>, len| part.start <= part.end && part.end <= len;
        if !(is_within(within_rows, rows) && is_within(within_columns, columns)) {
            return Err(RequestError::Region {
                region: region.clone(),
                result: [rows, columns],
            }
            .into());
        }
        let shape = [within_rows.len(), within_columns.len(), channels];
        let depth = self.plan.output_depth();
        if (output.shape(), output.depth()) != (shape, depth) {
            return Err(RequestError::OtherOutput {
                expected: shape,
                expected_depth: depth,
                shape: output.shape(),
                depth: output.depth(),
            }
            .into());
        }
        if shape.contains(&0) {
            return Ok(());
        }
        let source = Rows {
            view: image,
            first: 0,
        };
        self.chain
            .begin([source], &mut self.scratch, self.stop.as_ref())?;
        each_sample!(ImageViewMut(output), output => {
            self.fill_view(source, region, output, progress)
        })
    }

    fn fill_view<O: Output>(
        &mut self,
        source: Rows<'_>,
        [rows, columns]: [Range<usize>; 2],
        mut output: StridedViewMut<'_, O, 3>,
        progress: &Progress<'_>,
    ) -> Result<()> {
        let stop = self.stop.clone();
        let [all_rows, all_columns, channels] = self.plan.output_shape();
        let at_once = self.plan.rows_at_once();
        // The rounding of a transform depends on all rows of its tile.
        let end = match self.plan.offer().on_grid {
            true => rows.end.next_multiple_of(at_once).min(all_rows),
            false => rows.end,
        };
        let whole_rows = columns == (0..all_columns);
        if whole_rows && rows.start.is_multiple_of(at_once) && rows.end == end {
            output = match contiguous_rows(output) {
                Ok((samples, stride)) => {
                    let samples = O::slice_mut(samples);
                    let part = Part { rows, columns };
                    let out = RowsMut { samples, stride };
                    let scratch = &mut self.scratch;
                    return (self.chain).run(source, part, out, scratch, progress, stop.as_ref());
                }
                Err(output) => output,
            };
        }
        let row_len = all_columns * channels;
        let chunk_rows = (CHUNK_BYTES / (row_len * size_of::<O>()).max(1)).max(1);
        let chunk_rows = (chunk_rows.saturating_mul(self.plan.threads()))
            .min(rows.len())
            .next_multiple_of(at_once);
        let mut next = rows.start / at_once * at_once;
        while next < rows.end {
            let chunk = next..(next + chunk_rows).min(end);
            self.chunk.resize(chunk.len() * row_len)?;
            let out = RowsMut {
                samples: self.chunk.as_mut_slice(),
                stride: row_len,
            };
            let part = Part {
                rows: chunk.clone(),
                columns: columns.clone(),
            };
            let scratch = &mut self.scratch;
            (self.chain).run(source, part, out, scratch, progress, stop.as_ref())?;
            let shape = [chunk.len(), all_columns, channels];
            let computed = ImageView::from_samples(self.chunk.as_slice(), shape)?;
            let computed = O::of_view(&computed).expect("chunks have the depth of the result");
            let wanted = chunk.start.max(rows.start)..chunk.end.min(rows.end);
            let of_chunk = wanted.start - chunk.start..wanted.end - chunk.start;
            let computed = computed.slice(0, of_chunk)?;
            let computed = computed.slice(1, columns.clone())?;
            let at = wanted.start - rows.start..wanted.end - rows.start;
            output.reborrow().slice(0, at)?.assign(&computed)?;
            next = chunk.end;
        }
        Ok(())
    }
}

/// The samples of a view whose rows are contiguous, from its first to its last, and the
/// distance in samples from row to row; or the view itself.
fn contiguous_rows<T>(
    view: StridedViewMut<'_, T, 3>,
) -> Result<(&mut [T], usize), StridedViewMut<'_, T, 3>> {
    let [rows, columns, channels] = view.shape();
    let [row_stride, column_stride, channel_stride] = view.strides();
    let row_len = columns * channels;
    let is_contiguous = (channels == 1 || channel_stride == 1)
        && (columns == 1 || column_stride == channels as isize)
        && (rows == 1 || row_stride >= row_len as isize);
    if !is_contiguous {
        return Err(view);
    }
    let stride = if rows == 1 {
        row_len
    } else {
        row_stride as usize
    };
    let start = view.layout().offset();
    let end = start + (rows - 1) * stride + row_len;
    Ok((&mut view.into_buffer()[start..end], stride))
}
