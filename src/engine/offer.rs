//! What an engine answers to a task.

use std::{error::Error, fmt, sync::Arc};

use super::{
    Bank, Program,
    lane::{LaneReason, LaneRefusal},
    task::Task,
};
use crate::{
    error::Result,
    number::{ElementKind, LaneKind},
    simd::Simd,
};

/// How an engine would do a task.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    /// About how many nanoseconds one thread takes to multiply and add. What all
    /// engines do alike, such as loading and storing samples, is left out.
    pub(crate) cost: f64,
    /// The arithmetic of its sums.
    pub(crate) lane: LaneKind,
    pub(crate) lane_reason: LaneReason,
    /// What bands are framed in.
    pub(crate) element: ElementKind,
    pub(crate) simd: Simd,
    /// Output rows that are computed together; bands hold a multiple of them.
    pub(crate) rows_at_once: usize,
    /// Columns of the result in a tile; the last of a band may have fewer.
    pub(crate) tile_width: usize,
    /// Whether tiles are counted from the first column, so that none may begin
    /// elsewhere: results depend on where a transform begins.
    pub(crate) on_grid: bool,
    /// The most bytes that it keeps in each thread.
    pub(crate) scratch: usize,
    /// The most bytes of the compiled bank beside its taps.
    pub(crate) tables: usize,
    pub(crate) recipe: Arc<dyn Recipe>,
}

impl Offer {
    /// Of bands that are framed in the lane of the sums, in blocks of so many rows and
    /// tiles that may begin anywhere, without memory of its own.
    pub(super) fn in_lane(
        task: &Task<'_>,
        (lane, lane_reason): (LaneKind, LaneReason),
        cost: f64,
        rows_at_once: usize,
        recipe: impl Recipe + 'static,
    ) -> Self {
        Self {
            cost,
            lane,
            lane_reason,
            element: ElementKind::Lane(lane),
            simd: task.simd,
            rows_at_once,
            tile_width: task.tile_width(),
            on_grid: false,
            scratch: 0,
            tables: 0,
            recipe: Arc::new(recipe),
        }
    }
}

/// What an engine found out about a task, enough to compile kernels. It displays
/// as what is done, and why that is possible.
pub(crate) trait Recipe: fmt::Debug + fmt::Display + Send + Sync {
    /// An error is that memory cannot be had.
    fn compile(&self, bank: &Bank<'_>) -> Result<Program>;
}

/// Why an engine does not do a task.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// No lane that was asked for, or none at all, keeps the promise of exactness.
    Lane(LaneRefusal),
    /// What an engine knows of itself.
    Engine(Arc<dyn Error + Send + Sync>),
}

impl Refusal {
    /// A reason that only one engine has.
    pub(super) fn of(why: impl Error + Send + Sync + 'static) -> Self {
        Self::Engine(Arc::new(why))
    }
}

impl From<LaneRefusal> for Refusal {
    fn from(refusal: LaneRefusal) -> Self {
        Self::Lane(refusal)
    }
}

/// A clause: `the weights are not equal`.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lane(refusal) => refusal.fmt(f),
            Self::Engine(why) => why.fmt(f),
        }
    }
}
