//! A plan described in words.

use std::{fmt, iter};

use super::{Alphas, Plan, Premultiply, choice::Choice, convolution::Convolution};
use crate::{
    border::Border,
    combine::{Combine, CombineScale},
    engine::{Method, Offer, Refusal},
    filter::{Alpha, Channel, Mask, MissingValue, Overflow, Rounding},
    image::Depth,
    kernel::Kernel,
    number::LaneKind,
    text,
};

/// What the error of a transform, in f32 or f64, was measured to stay below, as roundings of a
/// sum in its type: 11 in f32, 7 in f64.
const TRANSFORM_ROUNDINGS: usize = 16;

impl Plan {
    /// The method and what it does here: one line.
    pub fn method_reason(&self) -> String {
        let (method, how) = (self.method(), &self.offer().recipe);
        let asked = match (self.tuning.method, self.tuning.engine) {
            (None, None) => "",
            _ => ", as asked for",
        };
        format!("{method}: {how}{asked}")
    }

    /// What every engine answered: the chosen one, then the others that could run,
    /// fastest first, then those that cannot.
    pub fn answers(&self) -> Vec<Answer<'_>> {
        let Choice {
            engine,
            offer,
            others,
        } = &self.convolution.choice;
        let taken = Answer {
            engine: engine.name(),
            answer: Ok(offer),
            is_taken: true,
        };
        let others = others.iter().map(|(engine, answer)| Answer {
            engine: engine.name(),
            answer: answer.as_ref(),
            is_taken: false,
        });
        let mut answers: Vec<Answer<'_>> = iter::once(taken).chain(others).collect();
        let cost = |answer: &Answer<'_>| answer.answer.map_or(f64::INFINITY, |offer| offer.cost);
        answers[1..].sort_by(|a, b| cost(a).total_cmp(&cost(b)));
        answers
    }

    /// Why the sums have this number type: one line.
    pub fn lane_reason(&self) -> String {
        self.offer().lane_reason.to_string()
    }

    /// By how much a response in a float result may differ from exact arithmetic, as a share of
    /// the largest sample nearby: `(L + 3) u sum|w| / |divisor|`, for the most roundings L of a
    /// sum, and u of 2^-24, or 2^-53 of 64-bit floats. `None` of integer results, of indices and of
    /// angles in degrees or radians, and where samples are missing.
    pub fn error_bound(&self) -> Option<f64> {
        let Convolution {
            kernels,
            normalisation,
            ..
        } = &*self.convolution;
        let image = self.image();
        let combination = self.filter.bank.combination();
        if combination.rule.is_some_and(Combine::has_own_unit) {
            return None;
        }
        if !self.output_depth().is_float() || normalisation.is_some() {
            return None;
        }
        let lane = match image.depth {
            Depth::F64 => LaneKind::F64,
            _ => LaneKind::F32,
        };
        let of_sum = |kernel: &Kernel| match lane {
            LaneKind::F64 => kernel.area() + 1,
            // Of all weights: those of 0 are taps of float samples.
            _ => lane.roundings(&vec![kernel.rows(); kernel.columns()]),
        };
        let sums = kernels.iter().map(of_sum).max().unwrap_or(0) + kernels.len() - 1;
        // Three products and two sums of luma, and its rounding.
        let is_luma = self.selection().stored.is_none();
        let sums = sums + if is_luma { 6 } else { 0 };
        let roundings = match self.method() {
            Method::Fft => sums.max(TRANSFORM_ROUNDINGS),
            _ => sums,
        };
        let written = self.filter.bank.kernels().iter();
        let gain: f64 = written.map(|k| k.abs_sum() / k.divisor().abs()).sum();
        let factor = combination.factor(self.filter.map.spans_range(), kernels.len());
        // Two more, of the factor.
        let roundings = roundings + if factor == CombineScale::ONE { 3 } else { 5 };
        Some(roundings as f64 * lane.unit_roundoff() * gain * factor.value())
    }

    /// The SIMD level and why: one line.
    pub fn simd_reason(&self) -> String {
        let level = self.simd();
        match (self.method(), self.offer().simd == self.tuning.best) {
            (Method::Naive, _) => {
                format!("{level}: the naive loop is compiled once for all processors")
            }
            (_, true) => format!("{level}: the best that this processor has"),
            (_, false) => format!("{level}: asked for"),
        }
    }

    /// What a band holds and why: one line.
    pub fn band_reason(&self) -> String {
        let geometry = &self.convolution.geometry;
        let [rows, columns] = [
            geometry.rows.padded_len(self.band_rows()),
            geometry.columns.padded_len(self.convolution.tile_width()),
        ];
        let element = self.offer().element;
        let tiles = match self.convolution.tile_columns(self.reads_in_place).count() {
            1 => "in one tile".to_owned(),
            tiles => format!("in {tiles} tiles side by side"),
        };
        if self.zero_copy() {
            format!("{tiles} whose windows look at the image itself, with no copy")
        } else if self.reads_in_place {
            format!("{tiles} whose windows look at the image itself but where they leave it")
        } else {
            format!(
                "{tiles} of {rows} x {columns} source samples, framed once in {element} and kept in the cache"
            )
        }
    }

    /// Which samples are missing, and what is made of windows: one line; `None` if the filter
    /// ignores none.
    pub fn missing_reason(&self) -> Option<String> {
        let missing = self.filter.missing()?;
        if let Some(void) = self.void_missing() {
            return Some(void);
        }
        let normalisation = self.convolution.normalisation.as_ref()?;
        let gone = match missing.min_share > 0.0 {
            true => format!("less than a share of {} of the weight", missing.min_share),
            false => "no weight".to_owned(),
        };
        Some(format!(
            "{missing}: each counts as the mean of the present samples in its window, weighted by the absolute weights; windows with {gone} on present samples give {}",
            text::number(normalisation.fill)
        ))
    }

    /// That results are made in the way of another program, or rounded otherwise than to nearest:
    /// a clause; `None` of others.
    pub fn way(&self) -> Option<String> {
        let filter = &self.filter;
        let mut parts = Vec::new();
        parts.extend(filter.program().map(|program| format!("as {program} does")));
        if !self.output_depth().is_float() {
            let rounding = filter.rounding().of_depth(self.output_depth());
            parts.extend((rounding != Rounding::NearestEven).then(|| rounding.to_string()));
            let wraps = filter.overflow() == Overflow::Wrap;
            parts.extend(wraps.then(|| "wrapped around beyond the type".to_owned()));
        }
        parts.extend(
            filter
                .keeps_frame()
                .then(|| "the frame left as it is".to_owned()),
        );
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// The same with what is called and how kernels are laid: one line.
    pub fn way_reason(&self) -> Option<String> {
        let way = self.way()?;
        let Some(program) = self.filter.program() else {
            return Some(way);
        };
        let sums = match &self.convolution.program_sums {
            Some(_) if self.output_depth().is_float() => "; every sample is summed in its order",
            Some(sums) if sums.error() > 0.0 => {
                "; where its sums decide how a sample is rounded, it is summed in its order"
            }
            _ => "; its sums are exact",
        };
        let (call, laying) = (program.call(), program.laying());
        Some(format!("{way}: {call}, the kernel laid {laying}{sums}"))
    }

    /// What becomes of alpha: one line; `None` if the image has none.
    pub fn alpha_reason(&self) -> Option<String> {
        if !self.image_channels().has_alpha {
            return None;
        }
        let Some(weighing) = &self.convolution.weighing else {
            return Some(match self.alpha() {
                Some(Alpha::Filter) if self.association().after == Some(Premultiply::Clip) => {
                    "weight: colours are multiplied by alpha in image and result, so that every channel is filtered; none exceeds its alpha".to_owned()
                }
                None => "drop: the result has none".to_owned(),
                Some(Alpha::Filter) => "filter: like the other channels".to_owned(),
                Some(_) => "copy: from the pixel under the anchor; colours are filtered as if there were none".to_owned(),
            });
        };
        let alphas = match &weighing.rule.alphas {
            Alphas::None => {
                "the weights sum to 0, so that the alpha of the pixel under the anchor is copied"
            }
            Alphas::One => {
                "the sum of weights x alpha is the new alpha, and that of weights x alpha x colour is divided by it"
            }
            Alphas::Own(_) => {
                "each kernel whose weights do not sum to 0 has its own alpha, and these are combined as the colours are"
            }
        };
        let opaque = match weighing.opaque {
            Some(_) => "; bands of opaque pixels are filtered as they are, which gives the same",
            None => "",
        };
        Some(format!("weight: {alphas}{opaque}"))
    }

    /// Whether colours of transparent pixels reach others, and nobody asked for that.
    pub(crate) fn shows_transparent(&self) -> bool {
        let has_taps = |kernel: &Kernel| kernel.taps() > 1;
        self.filter.alpha().is_none()
            && self.selection().copies_alpha()
            && self.convolution.kernels.iter().any(has_taps)
    }

    /// Whether alpha is dropped, which shows the colours of transparent pixels.
    pub(crate) fn drops_alpha(&self) -> bool {
        let is_of_colors = matches!(self.filter.channel(), Channel::Luma | Channel::Each);
        is_of_colors && self.image_channels().has_alpha && self.selection().alpha.is_none()
    }

    /// That the filter ignores samples which the type of the image cannot have: one line.
    pub(crate) fn void_missing(&self) -> Option<String> {
        let depth = self.image().depth;
        let is_void = (self.filter.missing()).is_some_and(|missing| missing.is_void_for(depth));
        is_void.then(|| format!("{depth} samples are never nan: none is missing"))
    }

    /// That so many samples of the result are missing, if any is: one line.
    pub(crate) fn missing_note(&self, count: u64) -> Option<String> {
        let normalisation = self.convolution.normalisation.as_ref()?;
        let why = match normalisation.min_share > 0.0 {
            true => format!(
                "less than a share of {} of the weight lies on present samples",
                normalisation.min_share
            ),
            false => "no weight lies on a present sample".to_owned(),
        };
        let [samples, are] = match count {
            1 => ["sample", "is"],
            _ => ["samples", "are"],
        };
        let fill = text::number(normalisation.fill);
        (count > 0).then(|| format!("{count} {samples} of the result {are} {fill}: {why}"))
    }

    /// What samples of the result are where a window is missing; `None` if the filter ignores no
    /// samples.
    pub fn missing_value(&self) -> Option<f64> {
        (self.convolution.normalisation.as_ref()).map(|normalisation| normalisation.fill)
    }

    /// What missing samples of the result are, if nothing else is so, as GDAL writes it.
    pub(crate) fn no_data(&self) -> Option<String> {
        let normalisation = self.convolution.normalisation.as_ref()?;
        let is_value = matches!(normalisation.value, Some(MissingValue::Value(_)));
        let fill = normalisation.fill;
        (is_value || fill.is_nan()).then(|| text::number(fill))
    }

    /// The bytes of the mask, if there is one.
    pub(crate) fn mask_bytes(&self) -> usize {
        let mask = self
            .filter
            .missing()
            .and_then(|missing| missing.mask.as_ref());
        mask.map_or(0, Mask::bytes)
    }

    /// Why the result cannot be computed from a few neighbouring rows of the image,
    /// if so: one line.
    pub fn needs_whole_image(&self) -> Option<String> {
        let map = self.filter.map();
        if self.convolution.finish.needs_range() {
            Some(format!("the map {map} needs the range of all responses"))
        } else if self.convolution.geometry.rows.border == Some(Border::Wrap)
            && self.window()[0] > 1
        {
            Some("the border wrap needs its far end".to_owned())
        } else {
            None
        }
    }
}

/// `direct in i16, avx512, 42 rows at a time`.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (method, lane) = (self.method(), self.lane());
        let band_rows = self.band_rows();
        write!(
            f,
            "{method} in {lane}, {}, {band_rows} rows at a time",
            self.simd()
        )?;
        match (self.filter.missing(), self.void_missing()) {
            (Some(missing), None) => write!(f, ", ignoring {missing}"),
            _ => Ok(()),
        }
    }
}

/// An engine's answer when a plan was made: its estimated time, or why it cannot run.
#[derive(Debug, Clone)]
pub struct Answer<'a> {
    engine: &'static str,
    answer: Result<&'a Offer, &'a Refusal>,
    is_taken: bool,
}

impl Answer<'_> {
    /// `direct`, `dots`, `running-sum`, ...
    pub const fn engine(&self) -> &'static str {
        self.engine
    }

    /// Whether it is the engine that runs.
    pub const fn is_taken(&self) -> bool {
        self.is_taken
    }

    /// The estimated milliseconds of multiply-adds on one thread, or `None` if the
    /// engine cannot run, or was never measured.
    pub fn milliseconds(&self) -> Option<f64> {
        let cost = self.answer.ok()?.cost;
        cost.is_finite().then_some(cost / 1e6)
    }

    /// Whether it cannot run only since the SIMD level has no instructions for it.
    pub fn lacks_instructions(&self) -> bool {
        self.answer.is_err_and(Refusal::is_of_level)
    }

    /// Why it cannot run: a clause.
    pub fn refusal(&self) -> Option<String> {
        self.answer.err().map(Refusal::to_string)
    }
}

/// `dots: about 12 ms on one thread, taken`.
impl fmt::Display for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let engine = self.engine;
        let cost = match (self.answer, self.milliseconds()) {
            (Err(refusal), _) => return write!(f, "{engine}: cannot run: {refusal}"),
            (_, None) => "not measured".to_owned(),
            (_, Some(ms)) if ms < 0.01 => format!("about {:.3} us on one thread", ms * 1e3),
            (_, Some(ms)) if ms < 10.0 => format!("about {ms:.3} ms on one thread"),
            (_, Some(ms)) => format!("about {ms:.0} ms on one thread"),
        };
        let taken = if self.is_taken { ", taken" } else { "" };
        write!(f, "{engine}: {cost}{taken}")
    }
}
