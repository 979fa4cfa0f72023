//! Borders: where samples outside the image come from.

use std::{fmt, str::FromStr};

use crate::{
    error::{Error, RequestError},
    unknown_name::{NameOf, UnknownName},
};

/// The rule for samples outside the image, by NumPy's names (`numpy.pad`).
///
/// | border | drawn | index map, for an axis of `n` samples `a b c d` |
/// |---|---|---|
/// | `constant:v` | <code>vvv\|abcd\|vvv</code> | outside: `v` |
/// | `edge` | <code>aaa\|abcd\|ddd</code> | `clamp(i, 0, n - 1)` |
/// | `reflect` | <code>dcb\|abcd\|cba</code> | `p = i mod (2n - 2)`; `p < n ? p : 2n - 2 - p` |
/// | `symmetric` | <code>cba\|abcd\|dcb</code> | `p = i mod 2n`; `p < n ? p : 2n - 1 - p` |
/// | `wrap` | <code>bcd\|abcd\|abc</code> | `i mod n` |
///
/// `mod` is the floor modulus, so the pattern repeats for ever: a kernel may
/// be larger than the image. `reflect` of a single sample is that sample.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Border {
    /// One value everywhere outside, in units of a sample (0 to 255 for 8 bits). NaN and
    /// infinities are for float samples: they reach the windows that leave the image.
    Constant(f64),
    /// The nearest sample of the image.
    Edge,
    /// Mirrored about the outermost sample, which is not repeated.
    Reflect,
    /// Mirrored about the image's edge: the outermost sample is repeated.
    Symmetric,
    /// The image is tiled.
    Wrap,
}

/// Constants are equal if they are the same sample: NaN is NaN.
impl PartialEq for Border {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Constant(a), Self::Constant(b)) => a.to_bits() == b.to_bits(),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl Eq for Border {}

impl Border {
    /// NumPy's name: `constant`, `edge`, `reflect`, `symmetric` or `wrap`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Constant(_) => "constant",
            Self::Edge => "edge",
            Self::Reflect => "reflect",
            Self::Symmetric => "symmetric",
            Self::Wrap => "wrap",
        }
    }

    /// The source index of `index` on an axis of `len` samples, or `None` for the border's
    /// constant.
    ///
    /// # Panics
    ///
    /// If `len` is zero or above `isize::MAX / 2`.
    pub fn source(self, index: isize, len: usize) -> Option<usize> {
        assert!(len > 0, "an axis of no samples has no border");
        assert!(
            len <= isize::MAX as usize / 2,
            "an axis this long cannot exist"
        );
        let n = len as isize;
        let source = match self {
            Self::Constant(_) => return (0..n).contains(&index).then_some(index as usize),
            Self::Edge => index.clamp(0, n - 1),
            Self::Reflect if n == 1 => 0,
            Self::Reflect => {
                let p = index.rem_euclid(2 * n - 2);
                if p < n { p } else { 2 * n - 2 - p }
            }
            Self::Symmetric => {
                let p = index.rem_euclid(2 * n);
                if p < n { p } else { 2 * n - 1 - p }
            }
            Self::Wrap => index.rem_euclid(n),
        };
        Some(source as usize)
    }
}

/// The name, with the value for `constant`: `constant:128`, `constant:nan`.
impl fmt::Display for Border {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(value) if value.is_nan() => f.write_str("constant:nan"),
            Self::Constant(value) => write!(f, "constant:{value}"),
            _ => f.write_str(self.name()),
        }
    }
}

/// A border's name or alias, `constant` with or without `:VALUE`.
impl FromStr for Border {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, value) = match text.split_once(':') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let border = match name {
            "constant" => match value {
                None => Self::Constant(0.0),
                Some(value) => match value.parse::<f64>() {
                    // One NaN, whatever its sign; -0 is 0.
                    Ok(number) if number.is_nan() => return Ok(Self::Constant(f64::NAN)),
                    Ok(number) if number.is_infinite() || number.abs() <= f64::from(f32::MAX) => {
                        return Ok(Self::Constant(number + 0.0));
                    }
                    _ => {
                        let [text, value] = [text, value].map(str::to_owned);
                        return Err(RequestError::BorderValue { text, value }.into());
                    }
                },
            },
            "zero" => Self::Constant(0.0),
            "edge" | "nearest" | "replicate" | "clamp" => Self::Edge,
            "reflect" | "reflect101" => Self::Reflect,
            "symmetric" => Self::Symmetric,
            "wrap" | "tile" => Self::Wrap,
            "mirror" => {
                return Err(RequestError::BorderMirror.into());
            }
            _ => {
                let choices = "valid, constant[:VALUE], edge, reflect, symmetric, wrap or all";
                return Err(UnknownName::new(NameOf::Border, text, choices).into());
            }
        };
        match value {
            None => Ok(border),
            Some(_) => {
                let [text, name] = [text, name].map(str::to_owned);
                Err(RequestError::BorderTakesNone { text, name }.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTERS: [char; 4] = ['a', 'b', 'c', 'd'];

    fn drawn(border: Border, len: usize) -> String {
        (-9..len as isize + 9)
            .map(|i| border.source(i, len).map_or('v', |s| LETTERS[s]))
            .collect()
    }

    #[test]
    fn borders_repeat_for_ever() {
        assert_eq!(drawn(Border::Constant(7.0), 4), "vvvvvvvvvabcdvvvvvvvvv");
        assert_eq!(drawn(Border::Edge, 4), "aaaaaaaaaabcdddddddddd");
        assert_eq!(drawn(Border::Reflect, 4), "dcbabcdcbabcdcbabcdcba");
        assert_eq!(drawn(Border::Symmetric, 4), "aabcddcbaabcddcbaabcdd");
        assert_eq!(drawn(Border::Wrap, 4), "dabcdabcdabcdabcdabcda");
    }

    #[test]
    fn a_single_sample_fills_every_border_but_constant() {
        for border in [
            Border::Edge,
            Border::Reflect,
            Border::Symmetric,
            Border::Wrap,
        ] {
            assert_eq!(drawn(border, 1), "a".repeat(19), "{border}");
        }
        assert_eq!(drawn(Border::Constant(0.0), 1), "vvvvvvvvvavvvvvvvvv");
    }

    #[test]
    fn names_and_aliases() {
        for (text, border) in [
            ("constant", Border::Constant(0.0)),
            ("constant:12.5", Border::Constant(12.5)),
            ("constant:-0", Border::Constant(0.0)),
            ("constant:nan", Border::Constant(f64::NAN)),
            ("constant:NaN", Border::Constant(f64::NAN)),
            ("constant:-nan", Border::Constant(f64::NAN)),
            ("constant:inf", Border::Constant(f64::INFINITY)),
            ("constant:+Infinity", Border::Constant(f64::INFINITY)),
            ("constant:-inf", Border::Constant(f64::NEG_INFINITY)),
            ("zero", Border::Constant(0.0)),
            ("edge", Border::Edge),
            ("nearest", Border::Edge),
            ("replicate", Border::Edge),
            ("clamp", Border::Edge),
            ("reflect", Border::Reflect),
            ("reflect101", Border::Reflect),
            ("symmetric", Border::Symmetric),
            ("wrap", Border::Wrap),
            ("tile", Border::Wrap),
        ] {
            let parsed = text.parse::<Border>().unwrap();
            assert_eq!(parsed, border, "{text}");
            assert_eq!(parsed.to_string().parse::<Border>().unwrap(), border);
        }
        let shown = ["nan", "inf", "-inf", "-0.5"].map(|value| {
            let border: Border = format!("constant:{value}").parse().unwrap();
            border.to_string()
        });
        assert_eq!(
            shown,
            [
                "constant:nan",
                "constant:inf",
                "constant:-inf",
                "constant:-0.5"
            ]
        );
        for (text, message) in [
            (
                "mirror",
                "`mirror` means `reflect` (dcb|abcd|cba) in SciPy and `symmetric` (cba|abcd|dcb) in libvips and ImageMagick; name one of those two",
            ),
            (
                "constant:none",
                "`constant:none`: `none` is no number that a sample can be; write for instance constant:128",
            ),
            (
                "constant:1e39",
                "`constant:1e39`: `1e39` is no number that a sample can be; write for instance constant:128",
            ),
            (
                "edge:3",
                "`edge:3`: only constant takes a value; write `edge`",
            ),
            (
                "loop",
                "unknown border `loop`: choose valid, constant[:VALUE], edge, reflect, symmetric, wrap or all",
            ),
        ] {
            assert_eq!(text.parse::<Border>().unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn every_border_is_equal_to_itself_alone() {
        let all = [
            Border::Constant(0.0),
            Border::Constant(-0.0),
            Border::Constant(1.0),
            Border::Constant(f64::NAN),
            Border::Constant(f64::INFINITY),
            Border::Constant(f64::NEG_INFINITY),
            Border::Edge,
            Border::Reflect,
            Border::Symmetric,
            Border::Wrap,
        ];
        for (i, a) in all.iter().enumerate() {
            for (j, b) in all.iter().enumerate() {
                assert_eq!(a == b, i == j, "{a:?} {b:?}");
            }
        }
    }
}
