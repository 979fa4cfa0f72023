//! The work of a call: planes that are filtered while the interpreter is free.

#![allow(
    unsafe_code,
    reason = "arrays are lent while the interpreter is free; see `Job::run_at`"
)]

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use stridekern::{Notes, Runner};

use crate::{array::Plane, lying::Places};

/// The planes to filter, and where to.
pub(crate) struct Job {
    pub(crate) image: Plane,
    pub(crate) out: Plane,
    pub(crate) places: Places,
    /// What results hold less of than their responses.
    pub(crate) notes: Mutex<Notes>,
}

impl Job {
    pub(crate) fn run(&self, runner: &mut Runner) -> stridekern::Result<()> {
        (0..self.places.count).try_for_each(|index| self.run_at(index, runner))
    }

    /// The same by threads that each have a runner of their own.
    pub(crate) fn share(&self, runner: &Runner, threads: usize) -> stridekern::Result<()> {
        let indices = (0..self.places.count).into_par_iter();
        let shares = indices.with_min_len(self.places.count.div_ceil(4 * threads));
        shares.try_for_each_init(
            || runner.clone(),
            |runner, index| self.run_at(index, runner),
        )
    }

    /// Filters one plane.
    fn run_at(&self, index: usize, runner: &mut Runner) -> stridekern::Result<()> {
        let [of_image, of_out] = self.places.at(index);
        // SAFETY: the arrays are held by the caller, and their memory does not overlap. That
        // other threads of Python do not write to them meanwhile is what the documentation
        // asks for, as NumPy's own functions do.
        let (image, out) = unsafe {
            (
                self.image.moved(of_image).read()?,
                self.out.moved(of_out).write()?,
            )
        };
        runner.run(image, out)?;
        *self.notes.lock().unwrap_or_else(PoisonError::into_inner) += runner.notes();
        Ok(())
    }
}
