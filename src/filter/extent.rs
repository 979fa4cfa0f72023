//! The extent: the size of the result, and what lies outside the image.

use std::{borrow::Cow, fmt, str::FromStr};

use crate::{
    border::Border,
    error::{Error, RequestError, Result},
};

/// The size of the result, and what lies outside the image (`mode` and `boundary` in
/// SciPy's `convolve2d`).
///
/// # Examples
///
/// ```
/// use stridekern::{Border, Extent};
///
/// // A panorama: its left and right ends meet, its top and bottom do not.
/// let panorama = Extent::from([Border::Reflect, Border::Wrap]);
/// assert_eq!(panorama.to_string(), "y=reflect,x=wrap");
/// assert_eq!("x=wrap,y=reflect".parse::<Extent>()?, panorama);
/// # Ok::<(), stridekern::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Extent {
    /// Only windows inside the image: `(H - kh + 1) x (W - kw + 1)` for a kernel of
    /// `kh x kw`, which a dilation `d` makes `(kh - 1) d + 1` high. With a step `s`, every
    /// `s`-th of them: `ceil((H - kh + 1) / s)` rows.
    #[default]
    Valid,
    /// A window on every pixel, `H x W`, or with a step on every `s`-th, `ceil(H / s)` rows;
    /// the border says what lies outside.
    Same(Border),
    /// As `Same`, with a border for each axis, like a sequence of modes in `scipy.ndimage`.
    /// Rows are added above and below first, then columns left and right. The order matters
    /// only for two constants: the corners have that of `columns`, as in `numpy.pad`.
    PerAxis {
        /// The border above the first row and below the last: along y.
        rows: Border,
        /// The border left of the first column and right of the last: along x.
        columns: Border,
    },
}

impl Extent {
    /// The borders along y and x, `[rows, columns]`, if windows extend beyond the image.
    pub const fn borders(self) -> Option<[Border; 2]> {
        match self {
            Self::Valid => None,
            Self::Same(border) => Some([border, border]),
            Self::PerAxis { rows, columns } => Some([rows, columns]),
        }
    }

    /// `valid`, or the border's name; of one for each axis `y-reflect_x-wrap`. Safe in
    /// file names; constants are without their value.
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Self::Valid => "valid".into(),
            Self::Same(border) => border.name().into(),
            Self::PerAxis { rows, columns } => {
                format!("y-{}_x-{}", rows.name(), columns.name()).into()
            }
        }
    }
}

/// A window on every pixel.
impl From<Border> for Extent {
    fn from(border: Border) -> Self {
        Self::Same(border)
    }
}

/// A window on every pixel, and the borders `[rows, columns]`: `Same` if they are equal.
impl From<[Border; 2]> for Extent {
    fn from([rows, columns]: [Border; 2]) -> Self {
        match rows == columns {
            true => Self::Same(rows),
            false => Self::PerAxis { rows, columns },
        }
    }
}

/// `valid`, or the border with its value; one for each axis is `y=reflect,x=wrap`.
impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid => f.write_str("valid"),
            Self::Same(border) => border.fmt(f),
            Self::PerAxis { rows, columns } => write!(f, "y={rows},x={columns}"),
        }
    }
}

/// `valid`, what [`Border`] reads, or that for each axis: `y=reflect,x=wrap`, in any order.
impl FromStr for Extent {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "valid" => Ok(Self::Valid),
            _ if text.contains('=') => per_axis(text),
            _ => text.parse().map(Self::Same),
        }
    }
}

/// `y=BORDER,x=BORDER`, in any order.
fn per_axis(text: &str) -> Result<Extent> {
    let (mut rows, mut columns) = (None, None);
    for part in text.split(',') {
        let axis = match part.split_once('=') {
            Some(("y", border)) => (&mut rows, border),
            Some(("x", border)) => (&mut columns, border),
            _ => return Err(axes(text, "is no border for each axis, y and x")),
        };
        match axis {
            (None, "valid" | "all") => return Err(axes(text, "needs one border for each axis")),
            (known @ None, border) => *known = Some(border.parse::<Border>()?),
            (Some(_), _) => return Err(axes(text, "names one axis twice")),
        }
    }
    match (rows, columns) {
        (Some(rows), Some(columns)) => Ok([rows, columns].into()),
        (_, None) => Err(axes(text, "does not say what lies outside along x")),
        (None, _) => Err(axes(text, "does not say what lies outside along y")),
    }
}

fn axes(text: &str, problem: &'static str) -> Error {
    let text = text.to_owned();
    RequestError::BorderAxes { text, problem }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BORDERS: [Border; 6] = [
        Border::Constant(0.0),
        Border::Constant(-2.5),
        Border::Edge,
        Border::Reflect,
        Border::Symmetric,
        Border::Wrap,
    ];

    #[test]
    fn every_pair_is_read_as_it_is_written_in_both_orders() {
        for rows in BORDERS {
            for columns in BORDERS {
                let extent = Extent::from([rows, columns]);
                assert_eq!(extent.borders(), Some([rows, columns]));
                let orders = [
                    format!("y={rows},x={columns}"),
                    format!("x={columns},y={rows}"),
                ];
                for text in orders.iter().chain([&extent.to_string()]) {
                    assert_eq!(text.parse::<Extent>().unwrap(), extent, "{text}");
                }
                if rows == columns {
                    assert_eq!(extent, Extent::Same(rows));
                    assert_eq!(extent.name(), rows.name());
                } else {
                    assert_eq!(extent.to_string(), orders[0]);
                    let name = format!("y-{}_x-{}", rows.name(), columns.name());
                    assert_eq!(extent.name(), name);
                }
            }
        }
    }

    #[test]
    fn what_is_no_pair_is_refused_with_what_to_write() {
        let example = "write for instance y=reflect,x=wrap";
        for (text, problem) in [
            ("y=edge", "does not say what lies outside along x"),
            ("x=edge", "does not say what lies outside along y"),
            ("y=edge,y=wrap", "names one axis twice"),
            ("x=edge,y=edge,x=edge", "names one axis twice"),
            ("z=edge,x=edge", "is no border for each axis, y and x"),
            ("y=edge,wrap", "is no border for each axis, y and x"),
            ("=", "is no border for each axis, y and x"),
            ("y=edge,x=edge,", "is no border for each axis, y and x"),
            ("y=valid,x=edge", "needs one border for each axis"),
            ("x=edge,y=all", "needs one border for each axis"),
        ] {
            let error = text.parse::<Extent>().unwrap_err().to_string();
            assert_eq!(error, format!("`{text}` {problem}; {example}"));
        }
        for (text, border) in [("y=mirror,x=edge", "mirror"), ("y=edge,x=", "")] {
            let error = text.parse::<Extent>().unwrap_err().to_string();
            assert_eq!(
                error,
                border.parse::<Border>().unwrap_err().to_string(),
                "{text}"
            );
        }
    }
}
