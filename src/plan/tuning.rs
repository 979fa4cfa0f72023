//! Options of how a filter runs (method, number type, SIMD level, threads, band rows), and
//! the same resolved for this machine.

use crate::{engine::Method, number::LaneKind, simd::Simd};

/// Options of how a filter runs. They change the speed, never the promised exactness; by
/// default all are chosen automatically.
///
/// ```
/// use stridekern::{Method, Tuning};
///
/// let tuning = Tuning::default().with_method(Method::Direct).with_threads(1);
/// assert_eq!((tuning.method, tuning.threads), (Some(Method::Direct), Some(1)));
/// assert_eq!(tuning.with_threads(None).threads, None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Tuning {
    /// The method, or `None` for the fastest.
    pub method: Option<Method>,
    /// One engine by name, of those that [`Plan::answers`](crate::Plan::answers) lists, so that engines
    /// can be compared; `None` for the cheapest of the method. Names are no promise: they change
    /// as engines do.
    pub engine: Option<&'static str>,
    /// The lane: the accumulator type, in which sums are computed; `None` for the fastest
    /// that is exact or accurate enough.
    pub lane: Option<LaneKind>,
    /// The SIMD level, or `None` for the processor's best.
    pub simd: Option<Simd>,
    /// Threads that share the work; `None` for as many as the current rayon pool has.
    pub threads: Option<usize>,
    /// Output rows in a band, or `None` for as many as fit the cache.
    pub band_rows: Option<usize>,
}

impl Tuning {
    /// Sets the [method](Self::method); `None` chooses automatically.
    #[must_use]
    pub fn with_method(mut self, method: impl Into<Option<Method>>) -> Self {
        self.method = method.into();
        self
    }

    /// Sets the [engine](Self::engine); `None` chooses automatically.
    #[must_use]
    pub fn with_engine(mut self, engine: impl Into<Option<&'static str>>) -> Self {
        self.engine = engine.into();
        self
    }

    /// Sets the [lane](Self::lane); `None` chooses automatically.
    #[must_use]
    pub fn with_lane(mut self, lane: impl Into<Option<LaneKind>>) -> Self {
        self.lane = lane.into();
        self
    }

    /// Sets the [SIMD level](Self::simd); `None` chooses automatically.
    #[must_use]
    pub fn with_simd(mut self, simd: impl Into<Option<Simd>>) -> Self {
        self.simd = simd.into();
        self
    }

    /// Sets the number of [threads](Self::threads); `None` chooses automatically.
    #[must_use]
    pub fn with_threads(mut self, threads: impl Into<Option<usize>>) -> Self {
        self.threads = threads.into();
        self
    }

    /// Sets the [output rows in a band](Self::band_rows); `None` chooses automatically.
    #[must_use]
    pub fn with_band_rows(mut self, band_rows: impl Into<Option<usize>>) -> Self {
        self.band_rows = band_rows.into();
        self
    }

    /// Chooses for this machine what was left open. This is the only place where a plan
    /// depends on the processor and the threads.
    pub(crate) fn resolve(&self) -> ResolvedTuning {
        let best = Simd::best();
        ResolvedTuning {
            method: self.method,
            engine: self.engine,
            lane: self.lane,
            simd: self.simd.unwrap_or(best),
            best,
            threads: (self.threads.unwrap_or_else(rayon::current_num_threads))
                .clamp(1, rayon::max_num_threads()),
            band_rows: self.band_rows,
        }
    }
}

/// A tuning in which everything that depends on the machine is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ResolvedTuning {
    pub(super) method: Option<Method>,
    pub(super) engine: Option<&'static str>,
    pub(super) lane: Option<LaneKind>,
    pub(super) simd: Simd,
    /// The processor's best level.
    pub(super) best: Simd,
    pub(super) threads: usize,
    pub(super) band_rows: Option<usize>,
}
