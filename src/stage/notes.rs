//! What is noted while results are computed.

use std::ops::AddAssign;

use super::{Scratch, clipping};
use crate::{
    finish::{Clipped, Tally},
    plan::Plan,
    warning::Warning,
};

/// What results hold less of than their responses: samples that were clipped, wrapped around or
/// became infinite, and windows without present samples.
///
/// Notes of several results of one plan are added up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Notes {
    tally: Tally,
    missing: u64,
}

impl Notes {
    /// The samples that their responses do not fit into.
    pub const fn clipped(&self) -> Clipped {
        self.tally.clipped
    }

    /// The samples whose windows have too few present samples: see [`Missing`](crate::Missing).
    pub const fn missing(&self) -> u64 {
        self.missing
    }

    /// What the user should know of the results of this plan. That a tenth of the samples or less
    /// was clipped is not said where images and results have one type.
    pub fn warnings(&self, plan: &Plan) -> Vec<Warning> {
        let mut warnings = clipping::warnings(plan, &self.tally);
        warnings.extend(plan.missing_note(self.missing).map(Warning::missing));
        warnings
    }
}

/// Of no results.
impl Default for Notes {
    fn default() -> Self {
        Self {
            tally: Tally::EMPTY,
            missing: 0,
        }
    }
}

impl AddAssign for Notes {
    fn add_assign(&mut self, other: Self) {
        self.tally.join(other.tally);
        self.missing += other.missing;
    }
}

impl Scratch {
    /// What was noted of all rows so far.
    pub(crate) fn notes(&self) -> Notes {
        Notes {
            tally: self.tally(),
            missing: self.missing(),
        }
    }
}
