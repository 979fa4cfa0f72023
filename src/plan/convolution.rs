//! How one bank of kernels is convolved with an image: the engine, and the sizes of
//! bands and tiles.

use std::ops::Range;

use super::{
    association::Association,
    choice::Choice,
    normalisation::{self, Normalisation},
    tuning::ResolvedTuning,
    weighing::{Weighing, WeighingRule},
};
use crate::{
    border::Border,
    engine::{self, Engine, Offer, Problem, SumDivisor},
    error::{RequestError, Result},
    filter::{Alpha, Extent, Filter, ProgramSums, Selection, UnroundedLuma},
    finish::{self, Finish},
    geometry::{self, Geometry},
    image::{Depth, ImageSpec},
    kernel::Kernel,
    map::Map,
    number::LaneKind,
    orientation::Orientation,
};

/// Results of more bytes than this are larger than the last-level cache, and are
/// written by non-temporal stores (24 megapixels by 3x3 in f32: 9.0 and 7.6 ms for
/// floats, 7.9 and 7.3 for bytes; sums in i16 gained nothing).
const NON_TEMPORAL_MIN_BYTES: usize = 8 << 20;

/// The fewest bytes in a row of a tile for non-temporal stores: a cache line that
/// is stored in part costs more (11x11 by tiles of 172 bytes: 31 and 39 ms).
const NON_TEMPORAL_MIN_ROW_BYTES: usize = 4 << 10;

/// A bank of kernels on images of one shape and depth, ready to be compiled.
#[derive(Debug)]
pub(crate) struct Convolution {
    /// The kernels as they are computed, with integer weights where possible.
    pub(crate) kernels: Vec<Kernel>,
    /// The same as they are written: decimals as integers over a larger divisor. Only where
    /// windows are summed again: samples may be near to a tie, or extrema are needed exactly.
    pub(crate) exact_kernels: Option<Vec<Kernel>>,
    pub(crate) geometry: Geometry,
    pub(crate) finish: Finish,
    pub(super) choice: Choice,
    /// Channels of the convolved rows and of the result.
    pub(crate) channels: usize,
    /// Whether the last channel is alpha, which is copied.
    pub(crate) copies_alpha: bool,
    /// The samples of luma that is not rounded, if that is convolved; alpha is scaled as it is.
    pub(crate) unrounded_luma: Option<UnroundedLuma>,
    /// Full scale of alpha, in the samples that are convolved.
    pub(crate) alpha_full_scale: f64,
    /// The sample types that are convolved (those of the image, or floats of luma that is
    /// not rounded) and of the result.
    pub(crate) depths: [Depth; 2],
    /// The largest absolute sample for which sums are exact; larger ones are refused when they
    /// are read.
    pub(crate) sample_limit: Option<f64>,
    /// How windows with missing samples are computed, if there may be any.
    pub(crate) normalisation: Option<Normalisation>,
    /// How colours count by their alpha, if they do.
    pub(crate) weighing: Option<Weighing>,
    /// The sums of another program, if these decide how samples are rounded.
    pub(crate) program_sums: Option<ProgramSums>,
    /// How images are turned to those that the filter's options were given for.
    pub(crate) orientation: Orientation,
    /// Whether pixels whose windows extend beyond the image stay as they are.
    pub(crate) keeps_frame: bool,
    pub(super) sizes: Sizes,
    /// Threads that share the work.
    pub(crate) threads: usize,
}

/// The sizes of its bands.
#[derive(Debug)]
pub(super) struct Sizes {
    /// Whether windows inside the image can read it in place, if its rows are
    /// contiguous.
    can_read_in_place: bool,
    /// Bytes of a padded source row.
    pub(super) row_bytes: usize,
    /// Output rows in a band: if it is padded, and if it is read in place.
    band_rows: [usize; 2],
}

impl Sizes {
    /// Of bands of samples of this depth.
    fn new(
        geometry: &Geometry,
        channels: usize,
        depth: Depth,
        offer: &Offer,
        tuning: &ResolvedTuning,
    ) -> Result<Self> {
        let &Offer {
            element,
            rows_at_once,
            tile_width,
            carries_sums,
            ..
        } = offer;
        let row_bytes = geometry::padded_row_bytes(geometry, tile_width, channels, element);
        geometry::check_size(geometry, row_bytes, rows_at_once)?;
        let band_rows = [false, true].map(|in_place| {
            let how = [in_place, carries_sums];
            let chosen = || geometry::band_rows(geometry, row_bytes, how, tuning.threads);
            (tuning.band_rows.unwrap_or_else(chosen))
                .clamp(1, geometry.rows.output)
                .next_multiple_of(rows_at_once)
                .min(geometry.rows.output)
        });
        Ok(Self {
            can_read_in_place: geometry::can_read_in_place(geometry, channels, depth, element),
            row_bytes,
            band_rows,
        })
    }
}

impl Convolution {
    /// With the cheapest of these engines, on such an image.
    pub(super) fn new(
        engines: &[&'static dyn Engine],
        filter: &Filter,
        image: ImageSpec,
        (selection, association): (&Selection, Association),
        tuning: &ResolvedTuning,
    ) -> Result<Self> {
        // Responses are in units of the image, whatever is convolved.
        let units @ [_, output_depth] = [image.depth, filter.output_depth(image.depth)];
        let luma = unrounded_luma(filter, image, selection);
        let depth = luma.map_or(image.depth, |luma| luma.depth);
        let written = filter.kernels_for(image.depth);
        let mut kernels = engine::in_integers(&written, [depth, output_depth]);
        let mut borders = filter.extent.borders();
        if let Some(luma) = luma {
            for kernel in &mut kernels {
                *kernel = kernel.for_scaled_samples(luma.weight, luma.divisor);
            }
            for border in borders.iter_mut().flatten() {
                if let Border::Constant(value) = border {
                    *value = luma.sample(*value);
                }
            }
        }
        let channels = selection.count;
        let geometry = Geometry::new(
            &kernels,
            borders,
            [filter.step, filter.dilation],
            [image.rows, image.columns],
            filter.orientation,
        )?;
        let copies_alpha = selection.copies_alpha();
        let missing = (filter.missing.as_ref()).filter(|missing| !missing.is_void_for(image.depth));
        // Windows with missing samples also take sums of absolute weights.
        let summed = missing.map(|_| normalisation::summed_kernels(&kernels));
        let rule = match selection.alpha == Some(Alpha::Weight) {
            true if missing.is_some() => return Err(RequestError::WeightedMissing.into()),
            true => Some(WeighingRule::new(
                &kernels,
                &engine::as_written(&written),
                filter.bank.combination(),
                depth,
                luma,
            )),
            false => None,
        };
        let problem = Problem {
            kernels: summed.as_deref().unwrap_or(&kernels),
            combine: filter.bank.combine(),
            geometry: &geometry,
            channels,
            depth,
            image_depth: image.depth,
            output_depth,
            scale: finish::scale(
                filter.map,
                filter.bank.combination(),
                kernels.len(),
                units,
                filter.scaled,
            ),
            map: filter.map,
            copies_alpha,
            divided_by: match (missing, &rule) {
                (Some(_), _) => Some(SumDivisor::Presence),
                (None, Some(_)) => Some(SumDivisor::Alpha),
                (None, None) => None,
            },
            method: tuning.method,
            lane: tuning.lane,
            simd: tuning.simd,
        };
        let choice = Choice::new(&problem, engines)?;
        let sizes = Sizes::new(&geometry, channels, depth, &choice.offer, tuning)?;
        let sum_errors = match (missing, &rule) {
            (Some(_), _) => {
                normalisation::response_errors(&kernels, depth, &choice.offer.sum_errors)
            }
            (None, Some(rule)) => rule.response_errors().to_vec(),
            (None, None) => choice.offer.sum_errors.to_vec(),
        };
        let finish = Finish::new(
            &kernels,
            filter.bank.combination(),
            filter.map,
            units,
            filter.scaled,
            choice.offer.lane,
            &sum_errors,
        );
        let program_sums = filter.program_sums(image.depth);
        let rule_of_integers = filter.rule(&written, image.depth, program_sums.as_ref());
        let finish = finish.with_rule(rule_of_integers);
        // Luma that is not rounded has sums of floats.
        let of_integers = !depth.is_float();
        if of_integers && !finish.is_exact(&kernels) {
            return Err(RequestError::Divisors.into());
        }
        let exact_kernels = || engine::as_written(&written);
        let sample_limit = of_integers.then(|| finish.sample_limit(&kernels)).flatten();
        check_constants(filter.extent, image.depth, sample_limit)?;
        let problem = Problem {
            method: Some(choice.engine.method()),
            ..problem
        };
        let plain = || {
            let selection = Selection {
                alpha: Some(Alpha::Copy),
                ..selection.clone()
            };
            Self::new(engines, filter, image, (&selection, association), tuning)
        };
        let weighing = rule
            .map(|rule| {
                let is_premultiplied = association.weighs_premultiplied;
                let how = (rule, is_premultiplied);
                Weighing::new(engines, &problem, filter, how, plain, tuning)
            })
            .transpose()?;
        let normalisation = match missing {
            None => None,
            Some(missing) => {
                let borders = filter.extent.borders();
                Some(Normalisation::new(
                    engines, &problem, &kernels, missing, image, borders, tuning,
                )?)
            }
        };
        Ok(Self {
            exact_kernels: (of_integers && finish.sums_windows_again()).then(exact_kernels),
            finish,
            kernels,
            choice,
            channels,
            copies_alpha,
            unrounded_luma: luma,
            alpha_full_scale: match luma {
                None => image.depth.full_scale(),
                Some(luma) => luma.sample(image.depth.full_scale()),
            },
            depths: [depth, output_depth],
            sample_limit,
            sizes,
            normalisation,
            weighing,
            program_sums,
            orientation: filter.orientation,
            keeps_frame: filter.keeps_frame(),
            threads: tuning.threads,
            geometry,
        })
    }

    /// The sums of a kernel over windows inside of 64-bit floats: one of those that
    /// [`Normalisation`] divides. The first tap of the kernel is at `origin` of the window.
    pub(super) fn of_sums(
        engines: &[&'static dyn Engine],
        problem: &Problem<'_>,
        kernel: &Kernel,
        origin: [usize; 2],
        tuning: &ResolvedTuning,
    ) -> Result<Self> {
        let Geometry { rows, columns, .. } = problem.geometry;
        let geometry = Geometry {
            rows: rows.of_padded(),
            columns: columns.of_padded(),
            origins: vec![origin],
            ..problem.geometry.clone()
        };
        let kernels = vec![Kernel::new(
            kernel.rows(),
            kernel.columns(),
            kernel.as_slice().to_vec(),
        )?];
        let channels = problem.channels;
        let choice = Choice::new(
            &Problem {
                kernels: &kernels,
                combine: None,
                geometry: &geometry,
                copies_alpha: false,
                ..*problem
            },
            engines,
        )?;
        let tuning = ResolvedTuning {
            threads: 1,
            ..*tuning
        };
        let sizes = Sizes::new(&geometry, channels, Depth::F64, &choice.offer, &tuning)?;
        let finish = Finish::new(
            &kernels,
            None,
            Map::Float,
            [Depth::F64; 2],
            false,
            LaneKind::F64,
            &[0.0],
        );
        Ok(Self {
            exact_kernels: None,
            finish,
            kernels,
            choice,
            channels,
            copies_alpha: false,
            unrounded_luma: None,
            alpha_full_scale: 1.0,
            // Of integers, taps of weight zero are dropped.
            depths: [problem.depth, Depth::F64],
            sample_limit: None,
            sizes,
            normalisation: None,
            weighing: None,
            program_sums: None,
            orientation: Orientation::Normal,
            keeps_frame: false,
            threads: 1,
            geometry,
        })
    }

    /// What the engine offered.
    pub(crate) const fn offer(&self) -> &Offer {
        &self.choice.offer
    }

    /// The number type of the sums.
    pub(crate) const fn lane(&self) -> LaneKind {
        self.offer().lane
    }

    /// Columns of the result in a tile; the last of a band may have fewer.
    pub(crate) const fn tile_width(&self) -> usize {
        self.offer().tile_width
    }

    /// What samples of the source are multiplied and divided by that are copied to the result.
    /// Those beside luma that is not rounded are scaled as that is.
    pub(crate) fn rescale_copies(&self) -> [f64; 2] {
        let [mul, div] = self.finish.rescale();
        match self.unrounded_luma {
            None => [mul, div],
            Some(luma) => [mul * luma.weight, div * luma.divisor],
        }
    }

    /// Output rows that are computed together.
    pub(crate) const fn rows_at_once(&self) -> usize {
        self.offer().rows_at_once
    }

    /// Whether windows inside the image read it in place, if its rows are `contiguous` or
    /// not.
    pub(crate) const fn reads_in_place(&self, contiguous: bool) -> bool {
        let reads_samples = self.normalisation.is_none() && self.weighing.is_none();
        reads_samples && self.sizes.can_read_in_place && contiguous
    }

    /// Output rows in a band of a whole result.
    pub(crate) const fn band_rows(&self, in_place: bool) -> usize {
        self.sizes.band_rows[in_place as usize]
    }

    /// Shape and depth of the result.
    pub(crate) const fn output(&self) -> ImageSpec {
        let [rows, columns] = self.geometry.output();
        ImageSpec::new([rows, columns, self.channels], self.depths[1])
    }

    /// The columns of the result that every tile of a band computes. If windows read the
    /// image in place, those that cross its left or right edge get tiles of their own,
    /// unless the engine needs tiles on a fixed grid. They come last: by then their rows are in
    /// cache.
    pub(crate) fn tile_columns(
        &self,
        in_place: bool,
    ) -> impl Iterator<Item = Range<usize>> + use<> {
        let columns = self.geometry.columns.output;
        let inside = match in_place && !self.offer().on_grid {
            true => geometry::columns_inside(&self.geometry, self.channels),
            false => 0..columns,
        };
        let width = self.tile_width();
        let within = inside.end;
        let tiles = inside
            .clone()
            .step_by(width)
            .map(move |first| first..(first + width).min(within));
        let sides = [0..inside.start, inside.end..columns];
        tiles.chain(sides).filter(|tile| !tile.is_empty())
    }

    /// Whether a result of this many bytes is written by non-temporal stores.
    pub(crate) fn uses_non_temporal_stores(&self, bytes: usize) -> bool {
        let row = self.tile_width() * self.channels * self.depths[1].bytes();
        row >= NON_TEMPORAL_MIN_ROW_BYTES && bytes > NON_TEMPORAL_MIN_BYTES
    }
}

/// The samples of luma where it is not rounded to those of the image, since the result is
/// float.
fn unrounded_luma(
    filter: &Filter,
    image: ImageSpec,
    selection: &Selection,
) -> Option<UnroundedLuma> {
    let output = filter.output_depth(image.depth);
    // Other programs have samples of luma, if any.
    let is_computed = selection.stored.is_none() && filter.program().is_none();
    match is_computed && output.is_float() {
        true => UnroundedLuma::of(image.depth, output),
        false => None,
    }
}

/// Checks that the constants of borders are valid sample values of this depth.
fn check_constants(extent: Extent, depth: Depth, limit: Option<f64>) -> Result<()> {
    for border in extent.borders().into_iter().flatten() {
        if let Border::Constant(value) = border {
            check_constant(value, depth, limit)?;
        }
    }
    Ok(())
}

fn check_constant(value: f64, depth: Depth, limit: Option<f64>) -> Result<()> {
    if !value.is_finite() {
        return match depth.is_float() {
            true => Ok(()),
            false => Err(RequestError::ConstantNotFinite { value, depth }.into()),
        };
    }
    if value.abs() > f64::from(f32::MAX) && depth != Depth::F64 {
        return Err(RequestError::ConstantRange { value }.into());
    }
    let [low, high] = depth.range();
    if !depth.is_float() && (value.fract() != 0.0 || !(low..=high).contains(&value)) {
        return Err(RequestError::Constant { value, depth }.into());
    }
    match limit {
        Some(limit) if value.abs() > limit => {
            Err(RequestError::LargeSample { depth, limit }.into())
        }
        _ => Ok(()),
    }
}
