//! Kernels of ImageMagick: `3x3+1+1: 0,-1,0 -1,5,-1 0,-1,0`, and its names, as `Gaussian:0x2`.
//! They are convolved, so each is turned by 180 degrees.
//!
//! What each part means was read from the program's documentation and tried on it; see
//! `testdata/golden/make_imagemagick.py`.

mod geometry;
mod grid;
mod named;
mod sequence;
mod smooth;

use std::ops::Range;

use self::{
    geometry::Geometry,
    grid::{Grid, Scale},
    named::Fault,
};
use super::{
    KernelError, MAX_WEIGHTS, SourceText,
    rows::{self, trimmed},
    write::{self, Writer},
};
use crate::{
    combine::Combine,
    kernel::{Kernel, KernelBank, KernelSource},
};

const HELP: &str = "write 3x3: 0,-1,0 -1,5,-1 0,-1,0, or a name such as Sobel or Disk:3";
/// More than any bank in use has.
const MAX_KERNELS: usize = 1024;

impl KernelBank {
    /// The bank `name` that a kernel string of ImageMagick describes, as `-morphology Convolve`
    /// applies it.
    ///
    /// - A kernel is `WxH+X+Y: weights` or `name:arguments`. Holes (`-` and `nan`) become zeros,
    ///   which differ from no taps only over samples that are infinite or not a number.
    ///   Gaussians have the radius that the program takes for 16 bits.
    /// - Several kernels, separated by semicolons or made by the flags `@`, `>` and `<`, are
    ///   applied one after the other, as there: they become one kernel, their convolution. That
    ///   is the same but near borders, which are extended once here and for each kernel there,
    ///   and but for what clips between them there.
    /// - `morphology:compose=Lighten;` before them, as its `-define` has it, combines them by
    ///   their maximum instead, and `Plus` by their sum.
    /// - `convolve:scale=50%!;` before them scales all. The flags `!` and `^` in a size or in
    ///   arguments do the same as `convolve:scale=!` and `^`: there they are without effect.
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
    /// let blur = KernelBank::parse_imagemagick("blur", "text", "3x1: 1 2 1; 1x3: 1 2 1")?;
    /// assert_eq!(blur.kernels()[0].as_slice()[..3], [1.0, 2.0, 1.0]);
    /// # Ok::<(), stridekern::kernel::KernelError>(())
    /// ```
    pub fn parse_imagemagick(name: &str, origin: &str, text: &str) -> Result<Self, KernelError> {
        let source = SourceText { origin, text };
        let mut grids = Vec::new();
        let mut settings = Settings::default();
        let mut weights = 0;
        let separates = |c: char| c == ';' || c == '\u{feff}';
        for span in rows::pieces(text, 0, separates) {
            let span = trimmed(text, span);
            if span.is_empty() || settings.read(source, span.clone())? {
                continue;
            }
            let some = definition(source, span.clone())?;
            weights += some.iter().map(|grid| grid.values.len()).sum::<usize>();
            grids.extend(some);
            if weights > MAX_WEIGHTS || grids.len() > MAX_KERNELS {
                let message =
                    format!("there are more than {MAX_KERNELS} kernels or {MAX_WEIGHTS} weights");
                return Err(source.error(span, &message, "use a smaller kernel, or fewer"));
            }
        }
        if grids.is_empty() {
            return Err(source.error(0..0, "there is no kernel", HELP));
        }
        if let Some(scale) = &settings.scale {
            grids.iter_mut().for_each(|grid| grid.scale(scale));
        }
        if settings.compose.is_none() {
            let composed = sequence::composed(grids);
            let help = "morphology:compose=Lighten; before them takes their maximum instead";
            grids = vec![composed.map_err(|message| source.error(0..0, &message, help))?];
        }
        let located = |error: KernelError| source.locate(0..0, &error);
        let kernels = grids
            .iter()
            .map(Grid::kernel)
            .collect::<Result<Vec<_>, _>>();
        let kernels = kernels.map_err(located)?;
        let combine = settings.compose.filter(|_| kernels.len() > 1);
        Self::new(name, kernels, combine).map_err(located)
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

/// Whether it is the name of a kernel, as results have it.
pub(in crate::kernel) fn is_word(word: &str) -> bool {
    word.bytes().all(|c| c.is_ascii_lowercase()) && named::is_name(word)
}

/// Whether a text begins as a kernel of ImageMagick does: by a size, a name or a setting.
pub(super) fn is_kernel(start: &str) -> bool {
    let (head, colon) = match start.split_once([':', ';']) {
        Some((head, _)) => (head, start[head.len()..].starts_with(':')),
        None => (start, false),
    };
    let sized = head.starts_with(|c: char| c.is_ascii_digit())
        && head
            .chars()
            .all(|c| c.is_ascii_digit() || "xX+-@<>!^ ".contains(c));
    let key = head.trim().to_ascii_lowercase();
    let word = head.trim_end_matches(['@', '<', '>']).trim();
    colon && (sized || key == "convolve" || key == "morphology") || named::is_name(word)
}

/// What stands before kernels, as the program's `-define`.
#[derive(Default)]
struct Settings {
    compose: Option<Combine>,
    scale: Option<Scale>,
}

impl Settings {
    /// Reads a piece of the text, if it is a setting.
    fn read(&mut self, source: SourceText<'_>, span: Range<usize>) -> Result<bool, KernelError> {
        let text = &source.text[span.clone()];
        let Some((key, value)) = text.split_once('=') else {
            return Ok(false);
        };
        let value_at = trimmed(source.text, span.end - value.len()..span.end);
        match &*key.trim().to_ascii_lowercase() {
            "compose" | "morphology:compose" => {
                self.compose = match &*source.text[value_at.clone()].to_ascii_lowercase() {
                    "lighten" => Some(Combine::Max),
                    "plus" => Some(Combine::Sum),
                    "none" | "undefined" => None,
                    _ => {
                        let message = "kernels are not combined this way";
                        let help = "give Lighten for the maximum, Plus for the sum, or None";
                        return Err(source.error(value_at, message, help));
                    }
                };
            }
            "scale" | "convolve:scale" => {
                let given = Geometry::parse(source, value_at)?;
                let percent = if given.has('%') { 0.01 } else { 1.0 };
                self.scale = Some(Scale {
                    factor: given.rho.map_or(1.0, |rho| rho * percent),
                    normalises: given.has('!'),
                    balances: given.has('^'),
                    unity: given.sigma.map(|sigma| sigma * percent),
                });
            }
            "bias" | "convolve:bias" => {
                let message = "a bias stands beside these kernels, not before them";
                let percent = source.text[value_at].strip_suffix('%');
                let share = percent.and_then(|percent| percent.trim().parse::<f64>().ok());
                let help = match share.filter(|share| share.is_finite()) {
                    Some(percent) => {
                        let share = percent / 100.0;
                        format!("leave it out, and give the kernel a bias of {share}")
                    }
                    None => "leave it out, and give the kernel a bias in units of full scale, \
                             0.2 for 20%"
                        .to_owned(),
                };
                return Err(source.error(span, message, &help));
            }
            _ => {
                let help = "there are convolve:scale and morphology:compose";
                return Err(source.error(span, "there is no such setting of kernels", help));
            }
        }
        Ok(true)
    }
}

/// The kernels of one definition, turned to all sides that its flags name.
fn definition(source: SourceText<'_>, span: Range<usize>) -> Result<Vec<Grid>, KernelError> {
    let text = &source.text[span.clone()];
    let letter = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let (grids, geometry) = match letter && !text.to_ascii_lowercase().starts_with("nan") {
        true => by_name(source, span.clone())?,
        false => by_weights(source, span.clone())?,
    };
    let refused = |why: &str| source.error(span.clone(), why, "leave out the flag, or the angle");
    let mut all = match <[Grid; 1]>::try_from(grids) {
        Ok([grid]) => match () {
            () if geometry.has('@') => grid.rotations(45.0).map_err(refused)?,
            () if geometry.has('>') => grid.rotations(90.0).map_err(refused)?,
            () if geometry.has('<') => grid.mirrored().map_err(refused)?,
            () => vec![grid],
        },
        // The flags are for single kernels.
        Err(several) => several,
    };
    let scale = Scale {
        factor: 1.0,
        normalises: geometry.has('!'),
        balances: geometry.has('^'),
        unity: None,
    };
    all.iter_mut().for_each(|grid| grid.scale(&scale));
    if geometry.has('%') {
        let help = "write convolve:scale=50%; before the kernels";
        return Err(source.error(span, "% is no flag of a kernel", help));
    }
    Ok(all)
}

fn by_name(
    source: SourceText<'_>,
    span: Range<usize>,
) -> Result<(Vec<Grid>, Geometry), KernelError> {
    let text = &source.text[span.clone()];
    let ends = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_');
    let length = text.find(ends).unwrap_or(text.len());
    let name = span.start..span.start + length;
    let separates = |c: char| c.is_whitespace() || matches!(c, ':' | ',');
    let rest = text[length..].trim_start_matches(separates);
    let arguments = span.end - rest.len()..span.end;
    if !named::is_name(&text[..length]) {
        let help = named::meant(&text[..length]).map(|meant| format!("did you mean `{meant}`?"));
        let help = help.as_deref().unwrap_or(HELP);
        return Err(source.error(name, "there is no such kernel of ImageMagick", help));
    }
    let geometry = Geometry::parse(source, arguments.clone())?;
    let made = named::make(&text[..length], &geometry);
    let grids = made.map_err(|fault| match fault {
        Fault::Name(message, help) => source.error(name, message, help),
        Fault::Arguments(message, help) => source.error(arguments, &message, help),
    })?;
    Ok((grids, geometry))
}

fn by_weights(
    source: SourceText<'_>,
    span: Range<usize>,
) -> Result<(Vec<Grid>, Geometry), KernelError> {
    let colon = source.text[span.clone()].find(':');
    let body = span.start + colon.map_or(0, |at| at + 1)..span.end;
    let values = weights(source, body.clone())?;
    let Some(colon) = colon else {
        let side = values.len().isqrt();
        if side * side != values.len() {
            let message = "weights without a size must be a square of them";
            return Err(source.error(body, message, HELP));
        }
        return Ok((vec![Grid::new(side, side, values)], Geometry::default()));
    };
    let head = span.start..span.start + colon;
    let geometry = Geometry::parse(source, head.clone())?;
    let [columns, rows] = size(source, head.clone(), &geometry)?;
    if columns.saturating_mul(rows) != values.len() {
        let message = format!(
            "a size of {columns}x{rows} needs {} weights, there are {}",
            columns.saturating_mul(rows),
            values.len()
        );
        return Err(source.error(body, &message, HELP));
    }
    if values.iter().all(|value| value.is_nan()) {
        return Err(source.error(body, "the kernel has holes only", HELP));
    }
    let mut grid = Grid::new(columns, rows, values);
    for (axis, given) in [geometry.xi, geometry.psi].into_iter().enumerate() {
        let Some(at) = given else { continue };
        let inside = (0.0..[columns, rows][axis] as f64).contains(&at);
        if !inside || at.fract() != 0.0 {
            return Err(source.error(head, "the origin lies outside the kernel", HELP));
        }
        grid.origin[axis] = at as usize;
    }
    Ok((vec![grid], geometry))
}

/// Columns and rows.
fn size(
    source: SourceText<'_>,
    span: Range<usize>,
    geometry: &Geometry,
) -> Result<[usize; 2], KernelError> {
    let width = geometry.rho.unwrap_or(0.0);
    let sides = [width, geometry.sigma.unwrap_or(width)];
    if sides.iter().any(|side| *side < 1.0 || side.fract() != 0.0) {
        return Err(source.error(span, "not a size", HELP));
    }
    Ok(sides.map(|side| side as usize))
}

/// The numbers there; NaN for a hole.
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
            true => f64::NAN,
            false => rows::number(source, number)?,
        });
    }
    Ok(weights)
}

/// The string of kernels, turned as convolution has them. Divisors that are the sums of the
/// weights are `convolve:scale=!`.
pub(super) fn write(writer: &Writer, bank: &KernelBank) -> Result<Vec<u8>, KernelError> {
    let mut text = match bank.combine() {
        None => String::new(),
        Some(Combine::Max) => "morphology:compose=Lighten;\n".to_owned(),
        Some(Combine::Sum) => "morphology:compose=Plus;\n".to_owned(),
        Some(_) => return writer.rule(bank),
    };
    let sums = |kernel: &Kernel| {
        // Weight by weight, as they are read again.
        let sum = kernel.as_slice().iter().sum::<f64>().abs();
        kernel.divisor() == if sum >= grid::EPSILON { sum } else { f64::NAN }
    };
    let normalised = bank.kernels().iter().all(sums);
    if normalised {
        text += "convolve:scale=!;\n";
    }
    for kernel in bank.kernels() {
        writer.no_bias(kernel)?;
        writer.no_offset(kernel)?;
        let kernel = kernel.flipped();
        let weights = match normalised {
            true => kernel.as_slice().to_vec(),
            false => writer.divided(&kernel)?,
        };
        let [y, x] = kernel.anchor();
        text += &format!("{}x{}+{x}+{y}:", kernel.columns(), kernel.rows());
        for row in write::rows(&weights, kernel.columns(), ",") {
            text += &format!(" {row}");
        }
        text += ";\n";
    }
    Ok(text.into_bytes())
}

#[cfg(test)]
mod tests;
