//! Kernels of ImageMagick: `3x3+1+1: 0,-1,0 -1,5,-1 0,-1,0`, and the names of those that are
//! constant. They are convolved, so each is turned by 180 degrees.

use std::ops::Range;

use super::{KernelError, MAX_WEIGHTS, SourceText, rows};
use crate::{
    combine::Combine,
    kernel::{Kernel, KernelBank, KernelSource},
    orientation::Orientation,
};

const HELP: &str = "write 3x3: 0,-1,0 -1,5,-1 0,-1,0, or a name such as Sobel or Disk:3";
/// More than any bank in use has.
const MAX_KERNELS: usize = 1024;
const MAX_RADIUS: f64 = 511.0;

/// Named kernels of fixed weights.
const FIXED: [(&str, &str); 6] = [
    ("sobel", "3: 1,0,-1 2,0,-2 1,0,-1"),
    ("roberts", "3: 0,0,0 1,-1,0 0,0,0"),
    ("prewitt", "3: 1,0,-1 1,0,-1 1,0,-1"),
    ("compass", "3: 1,1,-1 1,-2,-1 1,1,-1"),
    ("kirsch", "3: 5,-3,-3 5,0,-3 5,-3,-3"),
    ("unity", "1: 1"),
];
/// Named kernels whose weights are 1 within a shape.
const SHAPES: [&str; 6] = ["square", "diamond", "octagon", "disk", "plus", "cross"];
/// Named kernels that are not made here.
const OTHERS: [&str; 18] = [
    "gaussian",
    "dog",
    "log",
    "blur",
    "comet",
    "binomial",
    "laplacian",
    "freichen",
    "rectangle",
    "ring",
    "peaks",
    "edges",
    "corners",
    "diagonals",
    "lineends",
    "linejunctions",
    "ridges",
    "convexhull",
];

impl KernelBank {
    /// The bank `name` that a kernel string of ImageMagick describes, as `-morphology Convolve`
    /// applies it. Holes (`-` and `nan`) are no taps. Several kernels, separated by semicolons
    /// or made by the flags `@`, `>` and `<`, are combined by their maximum, as with
    /// `-define morphology:compose=Lighten`. In a size, `!` divides by the sum, or by the
    /// positive sum where that is zero, as `-define convolve:scale=!` does.
    ///
    /// # Errors
    ///
    /// [`KernelError::File`] with the place of the fault, of the file `origin`.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::KernelBank;
    ///
    /// let bank = KernelBank::parse_imagemagick("sobel", "text", "Sobel")?;
    /// assert_eq!(bank.kernels()[0].as_slice()[..3], [-1.0, 0.0, 1.0]);
    /// # Ok::<(), stridekern::kernel::KernelError>(())
    /// ```
    pub fn parse_imagemagick(name: &str, origin: &str, text: &str) -> Result<Self, KernelError> {
        let source = SourceText { origin, text };
        let mut kernels = Vec::new();
        let mut weights = 0;
        for span in rows::pieces(text, 0, |c| c == ';') {
            if text[span.clone()].trim().is_empty() {
                continue;
            }
            let one = kernel(source, span.clone())?;
            weights += one
                .iter()
                .map(|kernel| kernel.as_slice().len())
                .sum::<usize>();
            kernels.extend(one);
            if weights > MAX_WEIGHTS || kernels.len() > MAX_KERNELS {
                let message =
                    format!("there are more than {MAX_KERNELS} kernels or {MAX_WEIGHTS} weights");
                return Err(source.error(span, &message, "use a smaller kernel, or fewer"));
            }
        }
        if kernels.is_empty() {
            return Err(source.error(0..0, "there is no kernel", HELP));
        }
        let combine = (kernels.len() > 1).then_some(Combine::Max);
        Self::new(name, kernels, combine).map_err(|error| source.locate(0..0, &error))
    }
}

/// A name or `im:` string that becomes the name of results: letters and digits, and `-` between.
pub(in crate::kernel) fn resolve(text: &str) -> Result<KernelBank, KernelError> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    let words = Vec::from_iter(words.filter(|word| !word.is_empty()));
    let mut bank = KernelBank::parse_imagemagick("", "im", text)?;
    let [rows, columns] = bank.size();
    let named = text
        .trim_start()
        .starts_with(|c: char| c.is_ascii_alphabetic());
    bank = bank.with_name(match named && text.len() <= 40 {
        true => words.join("-").to_ascii_lowercase(),
        false => format!("kernel{rows}x{columns}"),
    });
    Ok(bank.with_source(KernelSource::InLine))
}

/// Whether a text begins as a kernel of ImageMagick with a size does.
pub(super) fn is_sized(start: &str) -> bool {
    let Some((size, _)) = start.split_once(':') else {
        return false;
    };
    size.starts_with(|c: char| c.is_ascii_digit())
        && size
            .chars()
            .all(|c| c.is_ascii_digit() || "xX+-@<>!^ ".contains(c))
}

/// The kernels of one definition.
fn kernel(source: SourceText<'_>, span: Range<usize>) -> Result<Vec<Kernel>, KernelError> {
    let text = &source.text[span.clone()];
    let blank = text.len() - text.trim_start().len();
    let span = span.start + blank..span.end;
    let text = &source.text[span.clone()];
    let colon = text.find(':');
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) && !text.starts_with("nan") {
        let end = colon.unwrap_or(text.len());
        let arguments = (span.start + (end + 1).min(text.len()))..span.end;
        return named(source, span.start..span.start + end, arguments);
    }
    let body = span.start + colon.map_or(0, |at| at + 1)..span.end;
    let (weights, body) = (weights(source, body.clone())?, body);
    let Some(colon) = colon else {
        let side = weights.len().isqrt();
        if side * side != weights.len() || side % 2 == 0 {
            let message = "weights without a size must be an odd square of them";
            return Err(source.error(body, message, HELP));
        }
        return finish(source, body, Size::square(side), weights);
    };
    let size = Size::parse(source, span.start..span.start + colon)?;
    if size.columns.saturating_mul(size.rows) != weights.len() {
        let message = format!(
            "a size of {}x{} needs {} weights, there are {}",
            size.columns,
            size.rows,
            size.columns.saturating_mul(size.rows),
            weights.len()
        );
        return Err(source.error(body, &message, HELP));
    }
    finish(source, span, size, weights)
}

fn weights(source: SourceText<'_>, span: Range<usize>) -> Result<Vec<f64>, KernelError> {
    let separates = |c: char| c.is_whitespace() || c == ',';
    let mut weights = Vec::new();
    for number in rows::pieces(&source.text[span.clone()], span.start, separates) {
        if weights.len() >= MAX_WEIGHTS {
            let message = format!("the kernel has more than {MAX_WEIGHTS} weights");
            return Err(source.error(number, &message, "use a smaller kernel"));
        }
        let text = &source.text[number.clone()];
        weights.push(match text == "-" || text.eq_ignore_ascii_case("nan") {
            true => 0.0,
            false => rows::number(source, number)?,
        });
    }
    Ok(weights)
}

/// What stands before the colon.
struct Size {
    columns: usize,
    rows: usize,
    /// Column and row of the origin.
    origin: Option<[usize; 2]>,
    flags: String,
}

impl Size {
    fn square(side: usize) -> Self {
        Self {
            columns: side,
            rows: side,
            origin: None,
            flags: String::new(),
        }
    }

    fn parse(source: SourceText<'_>, span: Range<usize>) -> Result<Self, KernelError> {
        let wrong = |message| Err(source.error(span.clone(), message, HELP));
        let text = source.text[span.clone()].trim();
        let is_flag = |c: char| "@<>!^".contains(c);
        let flags = String::from_iter(text.chars().filter(|&c| is_flag(c)));
        if flags.contains('^') {
            return wrong("the flag ^ is not known here");
        }
        let bare = text.replace(is_flag, "");
        let mut parts = bare.trim().split('+');
        let size = parts.next().unwrap_or_default();
        let (width, height) = size.split_once(['x', 'X']).unwrap_or((size, size));
        let height = if height.is_empty() { width } else { height };
        let (Ok(columns), Ok(rows)) = (width.parse::<usize>(), height.parse::<usize>()) else {
            return wrong("not a size");
        };
        let origin = match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => None,
            (Some(x), Some(y), None) => match (x.parse(), y.parse()) {
                (Ok(x), Ok(y)) if x < columns && y < rows => Some([x, y]),
                _ => return wrong("the origin lies outside the kernel"),
            },
            _ => return wrong("not a size and an origin"),
        };
        Ok(Self {
            columns,
            rows,
            origin,
            flags,
        })
    }
}

/// The kernels of weights as written: scaled, turned to all sides, and convolved.
fn finish(
    source: SourceText<'_>,
    span: Range<usize>,
    size: Size,
    weights: Vec<f64>,
) -> Result<Vec<Kernel>, KernelError> {
    let located = |error: KernelError| source.locate(span.clone(), &error);
    let (rows, columns) = (size.rows, size.columns);
    let kernel = Kernel::new(rows, columns, weights).map_err(located)?;
    let [x, y] = size.origin.unwrap_or([(columns - 1) / 2, (rows - 1) / 2]);
    let mut kernel = kernel.with_anchor([y, x]).map_err(located)?;
    if size.flags.contains('!') {
        let positive = kernel.as_slice().iter().filter(|w| **w > 0.0).sum();
        let sum = if kernel.gain() == 0.0 {
            positive
        } else {
            kernel.sum().abs()
        };
        kernel = kernel.with_divisor(sum).map_err(located)?;
    }
    let turns = |kernel: &Kernel, turns: &[Orientation]| {
        let turned = turns.iter().map(|&turn| kernel.turned(turn));
        Vec::from_iter(turned)
    };
    let (quarter, half, three) = (
        Orientation::Rotate90,
        Orientation::Rotate180,
        Orientation::Rotate270,
    );
    let mut all = match () {
        () if size.flags.contains('@') => kernel.rotations(8).map_err(located)?,
        () if size.flags.contains(['<', '>']) && rows != columns && rows != 1 && columns != 1 => {
            let message =
                "a kernel that is neither square nor one line is not turned by 90 degrees";
            return Err(source.error(span, message, "leave out the flag"));
        }
        () if size.flags.contains(['<', '>']) => {
            let mut all = vec![kernel.clone()];
            all.extend(turns(&kernel, &[quarter, half, three]));
            all
        }
        () => vec![kernel],
    };
    let mut distinct: Vec<Kernel> = Vec::new();
    all.retain(|kernel| {
        let new = !distinct.contains(kernel);
        if new {
            distinct.push(kernel.clone());
        }
        new
    });
    Ok(all.iter().map(Kernel::convolving).collect())
}

/// The kernels of a name and its arguments.
fn named(
    source: SourceText<'_>,
    name: Range<usize>,
    arguments: Range<usize>,
) -> Result<Vec<Kernel>, KernelError> {
    let lower = source.text[name.clone()].trim().to_ascii_lowercase();
    let given = source.text[arguments.clone()].trim();
    let span = name.start..arguments.end;
    let flags = String::from_iter(given.chars().filter(|c| "@<>".contains(*c)));
    let bare = given.replace(['@', '<', '>'], "");
    let mut numbers = Vec::new();
    for number in bare
        .split([',', 'x'])
        .map(str::trim)
        .filter(|n| !n.is_empty())
    {
        match number.parse::<f64>() {
            Ok(number) if number.is_finite() => numbers.push(number),
            _ => return Err(source.error(arguments, "not a number", HELP)),
        }
    }
    if let Some((_, text)) = FIXED.iter().find(|(known, _)| *known == lower) {
        if !numbers.is_empty() {
            let help = "turn it by a flag, as in Sobel:@ or Sobel:>";
            return Err(source.error(arguments, "this name takes no numbers here", help));
        }
        let (size, body) = text.split_once(':').unwrap_or(("1", text));
        let side: usize = size.parse().unwrap_or(1);
        let origin = source.origin;
        let weights = weights(SourceText { origin, text: body }, 0..body.len())?;
        let size = Size {
            flags,
            ..Size::square(side)
        };
        return finish(source, span, size, weights);
    }
    if !SHAPES.contains(&&*lower) {
        let (message, help) = match OTHERS.contains(&&*lower) {
            true => (
                "this kernel of ImageMagick is not made here",
                "write its weights",
            ),
            false => ("there is no such kernel of ImageMagick", HELP),
        };
        return Err(source.error(name, message, help));
    }
    let default = match &*lower {
        "plus" | "cross" | "octagon" => 2.0,
        "disk" => 4.3,
        _ => 1.0,
    };
    let radius = numbers.first().copied().filter(|&r| r >= 1.0);
    let whole = radius.unwrap_or(1.0).fract() == 0.0;
    let radius = radius.unwrap_or(default);
    if !whole || radius > MAX_RADIUS || numbers.len() > 2 {
        let message = format!("a radius must be a whole number up to {MAX_RADIUS}");
        return Err(source.error(arguments, &message, HELP));
    }
    let scale = numbers.get(1).copied().unwrap_or(1.0);
    let reach = radius.trunc() as i64;
    let limit = if radius == 4.3 { 18 } else { reach * reach };
    let within = |y: i64, x: i64| match &*lower {
        "diamond" => x.abs() + y.abs() <= reach,
        "octagon" => x.abs() + y.abs() <= reach + reach / 2,
        "disk" => x * x + y * y <= limit,
        "plus" => x == 0 || y == 0,
        "cross" => x.abs() == y.abs(),
        _ => true,
    };
    let places = (-reach..=reach).flat_map(|y| (-reach..=reach).map(move |x| (y, x)));
    let weights = places
        .map(|(y, x)| if within(y, x) { scale } else { 0.0 })
        .collect();
    let size = Size {
        flags,
        ..Size::square(2 * reach as usize + 1)
    };
    finish(source, span, size, weights)
}
