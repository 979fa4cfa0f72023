//! An engine's answer to a problem: an offer or a refusal.

use std::{error::Error, fmt, sync::Arc};

use super::{
    Bank, CompiledBank, dots,
    lane::{LaneChoice, LaneReason, LaneRefusal},
    problem::{Problem, SumDivisor},
};
use crate::{
    error::Result,
    number::{ElementKind, LaneKind},
    simd::Simd,
};

/// How an engine would compute a problem.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    /// Estimated nanoseconds of multiply-adds on one thread. Work common to all
    /// engines, such as loading and storing samples, is not included.
    pub(crate) cost: f64,
    /// The number type of its sums.
    pub(crate) lane: LaneKind,
    pub(crate) lane_reason: LaneReason,
    /// For each kernel, a bound of the error of its sums of samples up to full scale.
    pub(crate) sum_errors: Arc<[f64]>,
    /// The number type of the samples in bands.
    pub(crate) element: ElementKind,
    pub(crate) simd: Simd,
    /// Output rows that are computed together; bands hold a multiple of them.
    pub(crate) rows_at_once: usize,
    /// Columns of the result in a tile; the last of a band may have fewer.
    pub(crate) tile_width: usize,
    /// Whether tiles must begin at multiples of the tile width: the rounding of a
    /// transform depends on where its tile begins.
    pub(crate) on_grid: bool,
    /// Whether the rows of a band go on from the sums of the row above: bands are many times as
    /// high as windows then.
    pub(crate) carries_sums: bool,
    /// The maximum bytes of scratch in each thread.
    pub(crate) scratch: usize,
    /// The maximum bytes of the compiled bank apart from its taps.
    pub(crate) tables: usize,
    pub(crate) recipe: Arc<dyn Recipe>,
}

impl Offer {
    /// An offer with bands in the lane of the sums, blocks of `rows_at_once` rows,
    /// tiles that may begin anywhere, and no scratch.
    pub(super) fn in_lane(
        problem: &Problem<'_>,
        LaneChoice {
            lane,
            reason: lane_reason,
            sum_errors,
        }: LaneChoice,
        cost: f64,
        rows_at_once: usize,
        recipe: impl Recipe + 'static,
    ) -> Self {
        Self {
            cost,
            lane,
            lane_reason,
            sum_errors,
            element: ElementKind::Lane(lane),
            simd: problem.simd,
            rows_at_once,
            tile_width: problem.tile_width(),
            on_grid: false,
            carries_sums: false,
            scratch: 0,
            tables: 0,
            recipe: Arc::new(recipe),
        }
    }
}

/// What an engine needs to compile the kernels of a problem. Its `Display` says what the
/// engine does, and why that is possible.
pub(crate) trait Recipe: fmt::Debug + fmt::Display + Send + Sync {
    /// Fails only if an allocation does.
    fn compile(&self, bank: &Bank<'_>) -> Result<CompiledBank>;
}

/// Why an engine cannot compute a problem.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// The requested lane, or every lane, is too inaccurate.
    Lane(LaneRefusal),
    /// Its sums [may not be divided](super::Engine::divides_sums_by).
    Divided(SumDivisor),
    /// A limit of the engine itself.
    Engine(Arc<dyn Error + Send + Sync>),
}

impl Refusal {
    /// A refusal for a limit of the engine itself.
    pub(super) fn of(why: impl Error + Send + Sync + 'static) -> Self {
        Self::Engine(Arc::new(why))
    }

    /// Whether all that is missing are instructions of the SIMD level.
    pub(crate) fn is_of_level(&self) -> bool {
        match self {
            Self::Engine(why) => matches!(why.downcast_ref(), Some(dots::Why::Level)),
            _ => false,
        }
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
            Self::Divided(SumDivisor::Presence) => write!(
                f,
                "{}, which only direct, separable and fft leave out",
                SumDivisor::Presence
            ),
            Self::Divided(by) => write!(f, "{by}, which only direct and separable do"),
            Self::Engine(why) => why.fmt(f),
        }
    }
}
