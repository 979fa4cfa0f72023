//! What a plan says of itself.

use std::fmt;

use super::Plan;
use crate::{border::Border, engine::Method};

impl Plan {
    /// The method and why: one line.
    pub fn method_reason(&self) -> String {
        let (method, how) = (self.method(), &self.offer().recipe);
        let beside = self.beside_two_passes().unwrap_or_default();
        format!("{method}: {how}{beside}")
    }

    /// Why every tap is summed by itself, where columns and then rows could be.
    fn beside_two_passes(&self) -> Option<String> {
        match self.tuning.method {
            Some(Method::Naive | Method::Direct) => return Some(", as asked for".to_owned()),
            // A copy sums no taps.
            None if self.method() == Method::Direct && self.engine() != "copy" => {}
            _ => return None,
        }
        let passes = self.choice.others_of(Method::Separable);
        if passes.iter().any(|answer| answer.is_ok()) {
            return Some(", which is faster here than two passes".to_owned());
        }
        let why = passes.iter().find_map(|answer| answer.as_ref().err());
        why.map(|why| format!(": {why}"))
    }

    /// Why this lane: one line.
    pub fn lane_reason(&self) -> String {
        self.offer().lane_reason.to_string()
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
        let [rows, columns] = [
            self.geometry.padded_len(0, self.band_rows),
            self.geometry.padded_len(1, self.tile_width()),
        ];
        let element = self.offer().element;
        let tiles = match self.tile_columns().count() {
            1 => "in one tile".to_owned(),
            tiles => format!("in {tiles} tiles side by side"),
        };
        if self.zero_copy() {
            format!("{tiles} whose windows look at the image itself, with no copy")
        } else if self.direct {
            format!("{tiles} whose windows look at the image itself but where they leave it")
        } else {
            format!(
                "{tiles} of {rows} x {columns} source samples, framed once in {element} and kept in the cache"
            )
        }
    }

    /// Why rows near by do not suffice to compute rows of the result, if so:
    /// one line.
    pub fn needs_whole_image(&self) -> Option<String> {
        let map = self.filter.map();
        if self.tone.needs_range() {
            Some(format!("the map {map} needs the range of all responses"))
        } else if self.geometry.border == Some(Border::Wrap) && self.window()[0] > 1 {
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
        let band_rows = self.band_rows;
        write!(
            f,
            "{method} in {lane}, {}, {band_rows} rows at a time",
            self.simd()
        )
    }
}
