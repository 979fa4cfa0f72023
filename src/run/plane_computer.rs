//! Computes the lines of a result from the planes of an input that is in memory.

use std::{
    mem,
    ops::Range,
    sync::{Mutex, PoisonError},
};

use super::planes::Planes;
use crate::{
    error::Result,
    image::{ImageSpec, SampleSlice, SampleSliceMut, Samples},
    plan::Plan,
    stage::{Chain, Part, Progress, Rows, RowsMut, Scratch, for_each_chunk},
    stop::Stop,
};

/// The planes of an input that is in memory.
pub(super) struct PlaneSource<'a> {
    pub(super) planes: &'a Planes,
    /// The samples of all planes.
    pub(super) samples: SampleSlice<'a>,
    /// The plan for planes that are alpha.
    pub(super) alpha: Option<&'a Plan>,
}

/// Pages that are too small for the work on one to be shared by threads.
struct SmallPages {
    chain: Chain,
    /// Free buffers, one for every thread that has run.
    scratches: Mutex<Vec<Scratch>>,
}

/// The samples of a task of small pages, at least: a task takes some microseconds to begin.
const MIN_TASK_SAMPLES: usize = 1 << 15;

/// Computes lines of pages.
pub(super) struct PlaneComputer<'a> {
    source: &'a PlaneSource<'a>,
    plan: &'a Plan,
    chain: &'a Chain,
    scratch: &'a mut Scratch,
    /// For planes that are alpha.
    alpha: Option<(Chain, Scratch)>,
    /// Whether lines of a page are those of its only plane.
    plain: bool,
    /// For pages that are computed at the same time, each on one thread.
    small: SmallPages,
    /// The page and the plane in it whose rows `scratch` may hold.
    current: Option<[usize; 2]>,
    /// Lines of a plane, to be placed between those of others.
    computed: Samples,
    stop: &'a Stop,
    progress: &'a Progress<'a>,
}

impl<'a> PlaneComputer<'a> {
    /// With the chain of `plan` and its buffers.
    pub(super) fn new(
        plan: &'a Plan,
        source: &'a PlaneSource<'a>,
        (chain, scratch): (&'a Chain, &'a mut Scratch),
        stop: &'a Stop,
        progress: &'a Progress<'a>,
    ) -> Result<Self> {
        let alpha = source.alpha.map(Chain::new).transpose()?;
        Ok(Self {
            source,
            plan,
            chain,
            scratch,
            alpha: alpha.map(|chain| (chain, Scratch::default())),
            plain: source.planes.has_plain_lines(plan),
            small: SmallPages {
                chain: chain.clone().on_one_thread(),
                scratches: Mutex::default(),
            },
            current: None,
            computed: Samples::empty(plan.output_depth()),
            stop,
            progress,
        })
    }

    /// Finds the range of the responses of all planes, if samples depend on it.
    pub(super) fn begin(&mut self) -> Result<()> {
        let PlaneSource {
            planes, samples, ..
        } = *self.source;
        let pages = (0..planes.pages()).filter(|&page| !planes.is_alpha(page));
        let each = pages.flat_map(|page| {
            (0..planes.planes_in_page()).map(move |plane| planes.view(samples, page, plane))
        });
        let views = each.map(|view| Rows { view, first: 0 });
        self.chain.begin(views, self.scratch, Some(self.stop))?;
        match &mut self.alpha {
            Some((chain, scratch)) => chain.begin([], scratch, Some(self.stop)),
            None => Ok(()),
        }
    }

    /// Computes whole pages from the `first` on, as many as `out` holds, at the same time.
    pub(super) fn compute_pages(&self, first: usize, out: SampleSliceMut<'_>) -> Result<()> {
        let small = &self.small;
        let result = self.plan.output();
        let page_len = result.rows * result.row_len();
        let lock = || {
            small
                .scratches
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let (planes, source) = (self.source.planes, self.source.samples);
        let each = |page: usize, samples: SampleSliceMut<'_>| {
            let free = lock().pop();
            let mut scratch = free.unwrap_or_else(|| self.scratch.fork());
            scratch.begin_image();
            let view = planes.view(source, first + page, 0);
            let part = Part {
                rows: 0..result.rows,
                columns: 0..result.columns,
            };
            let out = RowsMut {
                samples,
                stride: result.row_len(),
            };
            let source = Rows { view, first: 0 };
            let (progress, stop) = (self.progress, Some(self.stop));
            (small.chain).run(source, part, out, &mut scratch, progress, stop)?;
            lock().push(scratch);
            Ok(())
        };
        let min_pages = (MIN_TASK_SAMPLES / page_len).max(1);
        for_each_chunk(out, page_len, min_pages, self.plan.threads(), &each)
    }

    /// Takes over what the threads of small pages noted, after the last one.
    pub(super) fn finish(self) {
        let scratches = self.small.scratches.into_inner();
        for fork in scratches.unwrap_or_else(PoisonError::into_inner) {
            self.scratch.join(&fork);
        }
    }

    /// Computes these lines of a page.
    pub(super) fn compute(
        &mut self,
        page: usize,
        rows: Range<usize>,
        mut out: SampleSliceMut<'_>,
    ) -> Result<()> {
        let planes = self.source.planes;
        if self.plain {
            return self.compute_plane([page, 0], rows, out);
        }
        let result = ImageSpec {
            rows: rows.len(),
            ..self.plan.output()
        };
        for plane in 0..planes.planes_in_page() {
            let mut computed =
                mem::replace(&mut self.computed, Samples::empty(self.plan.output_depth()));
            computed.resize(result.rows * result.row_len())?;
            self.compute_plane([page, plane], rows.clone(), computed.as_mut_slice())?;
            planes.place(result, plane, computed.as_slice(), out.reborrow())?;
            self.computed = computed;
        }
        Ok(())
    }

    /// Computes these rows of a plane of a page.
    fn compute_plane(
        &mut self,
        [page, plane]: [usize; 2],
        rows: Range<usize>,
        samples: SampleSliceMut<'_>,
    ) -> Result<()> {
        let PlaneSource {
            planes,
            samples: source,
            ..
        } = *self.source;
        let (chain, scratch) = match &mut self.alpha {
            Some((chain, scratch)) if planes.is_alpha(page) => (&*chain, scratch),
            _ => (self.chain, &mut *self.scratch),
        };
        if self.current.replace([page, plane]) != Some([page, plane]) {
            scratch.begin_image();
        }
        let source = Rows {
            view: planes.view(source, page, plane),
            first: 0,
        };
        let result = self.plan.output();
        let part = Part {
            rows,
            columns: 0..result.columns,
        };
        let out = RowsMut {
            samples,
            stride: result.row_len(),
        };
        chain.run(source, part, out, scratch, self.progress, Some(self.stop))
    }
}
