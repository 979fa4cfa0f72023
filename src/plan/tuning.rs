//! What may be chosen about how a filter runs, and what the machine decides.

use crate::{engine::Method, number::LaneKind, simd::Simd};

/// What may be chosen about how a filter runs. It changes the speed, never the
/// exactness that is promised; the default chooses all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tuning {
    /// The method, or the fastest.
    pub method: Option<Method>,
    /// The lane, or the fastest that keeps the promise.
    pub lane: Option<LaneKind>,
    /// The SIMD level, or the processor's best.
    pub simd: Option<Simd>,
    /// Threads that share the work, which bands are cut for; or as many as the
    /// current rayon pool has.
    pub threads: Option<usize>,
    /// Output rows in a band, or as many as suit the cache.
    pub band_rows: Option<usize>,
}

impl Tuning {
    /// With what the machine decides where nothing was asked for. This is the one
    /// place where a plan looks at the processor and the threads.
    pub(crate) fn resolve(&self) -> Resolved {
        let best = Simd::best();
        Resolved {
            method: self.method,
            lane: self.lane,
            simd: self.simd.unwrap_or(best),
            best,
            threads: (self.threads.unwrap_or_else(rayon::current_num_threads))
                .clamp(1, rayon::max_num_threads()),
            band_rows: self.band_rows,
        }
    }
}

/// A tuning that leaves nothing about the machine open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(super) method: Option<Method>,
    pub(super) lane: Option<LaneKind>,
    pub(super) simd: Simd,
    /// The processor's best level.
    pub(super) best: Simd,
    pub(super) threads: usize,
    pub(super) band_rows: Option<usize>,
}
