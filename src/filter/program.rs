//! Other programs, and how each of them filters.

use std::{borrow::Cow, fmt, str::FromStr};

use super::{Alpha, Channel, Filter, Overflow, Rounding, Rule, program_sums::ProgramSums};
use crate::{
    border::Border,
    error::{Error, RequestError, Result},
    image::{Depth, ImageSpec},
    kernel::{Kernel, KernelBank},
    map::Map,
    orientation::Orientation,
    unknown_name::{NameOf, UnknownName},
};

/// A program whose way of filtering can be [followed](Filter::like).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Program {
    /// `scipy.ndimage.correlate`.
    SciPy,
    /// `cv2.filter2D`.
    OpenCv,
    /// `vips conv`: of integers with the precision `integer`, else with `float`.
    Vips,
    /// `convert -morphology Convolve` of ImageMagick with 16 bits (Q16).
    ImageMagick,
    /// `PIL.ImageFilter.Kernel`.
    Pillow,
}

impl Program {
    /// Every program.
    pub const ALL: [Self; 5] = [
        Self::SciPy,
        Self::OpenCv,
        Self::Vips,
        Self::ImageMagick,
        Self::Pillow,
    ];

    /// `scipy`, `opencv`, `vips`, `imagemagick` or `pillow`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SciPy => "scipy",
            Self::OpenCv => "opencv",
            Self::Vips => "vips",
            Self::ImageMagick => "imagemagick",
            Self::Pillow => "pillow",
        }
    }

    /// Its name as it writes it: `SciPy`, ...
    const fn title(self) -> &'static str {
        match self {
            Self::SciPy => "SciPy",
            Self::OpenCv => "OpenCV",
            Self::Vips => "libvips",
            Self::ImageMagick => "ImageMagick",
            Self::Pillow => "Pillow",
        }
    }

    /// What it does, as one calls it: `scipy.ndimage.correlate`, ...
    pub const fn call(self) -> &'static str {
        match self {
            Self::SciPy => "scipy.ndimage.correlate",
            Self::OpenCv => "cv2.filter2D",
            Self::Vips => "vips conv",
            Self::ImageMagick => "convert -morphology Convolve",
            Self::Pillow => "PIL.ImageFilter.Kernel",
        }
    }

    /// What it takes to lie outside the image, if nothing else is said. Pillow, which leaves out
    /// windows that extend beyond it, reads none of that.
    pub const fn border(self) -> Border {
        match self {
            Self::SciPy => Border::Symmetric,
            Self::OpenCv => Border::Reflect,
            Self::Vips | Self::ImageMagick | Self::Pillow => Border::Edge,
        }
    }

    /// How it rounds to integers.
    pub const fn rounding(self) -> Rounding {
        match self {
            Self::SciPy => Rounding::TowardZero,
            Self::OpenCv => Rounding::NearestEven,
            Self::Vips => Rounding::IntegerDivision,
            Self::ImageMagick => Rounding::SixteenBits,
            Self::Pillow => Rounding::NearestUp,
        }
    }

    /// What it does with integers beyond their type.
    pub const fn overflow(self) -> Overflow {
        match self {
            Self::SciPy => Overflow::Wrap,
            _ => Overflow::Saturate,
        }
    }

    /// Whether pixels whose windows extend beyond the image stay as they are.
    pub const fn keeps_frame(self) -> bool {
        matches!(self, Self::Pillow)
    }

    /// How it lays a kernel on its window: a clause.
    pub const fn laying(self) -> &'static str {
        match self {
            Self::SciPy | Self::OpenCv | Self::Vips => "as written",
            Self::ImageMagick => "turned by 180 degrees",
            Self::Pillow => "its last row on top",
        }
    }

    /// The kernels as correlation has them.
    fn bank(self, bank: &KernelBank) -> KernelBank {
        match self {
            Self::SciPy | Self::OpenCv | Self::Vips => bank.clone(),
            Self::ImageMagick => bank.map_kernels(|kernel| {
                let written = match kernel.is_convolving() {
                    true => kernel.flipped(),
                    false => kernel.clone(),
                };
                let size = [written.rows(), written.columns()];
                let is_usual = !written.written().anchored;
                let anchor = match is_usual && written.anchor() == size.map(|n| n / 2) {
                    true => size.map(|n| (n - 1) / 2),
                    false => written.anchor(),
                };
                let turned = [0, 1].map(|axis| size[axis] - 1 - anchor[axis]);
                let turned = kernel.convolving().with_anchor(turned);
                turned.unwrap_or_else(|_| kernel.convolving())
            }),
            Self::Pillow => bank.turned(Orientation::FlipVertical),
        }
    }

    /// What it does not do, as a clause about it.
    fn problem(self, filter: &Filter, image: ImageSpec, has_alpha: bool) -> Option<String> {
        use Depth::{F32, F64, I8, I16, U8, U16};
        let (from, to) = (image.depth, filter.output_depth(image.depth));
        let [kernel] = filter.bank().kernels() else {
            return Some(ONE_KERNEL.into());
        };
        let types = match self {
            Self::SciPy => {
                !matches!(from, Depth::Bool | Depth::F16) && !matches!(to, Depth::Bool | Depth::F16)
            }
            Self::OpenCv => matches!(
                (from, to),
                (U8, U8 | I16 | F32 | F64)
                    | (U16, U16 | F32 | F64)
                    | (I16, I16 | F32 | F64)
                    | (F32, F32 | F64)
                    | (F64, F64)
            ),
            Self::Vips => match to {
                F32 => matches!(from, U8 | I8 | U16 | I16 | F32),
                _ => from == to && matches!(from, U8 | I8 | U16 | I16 | F64),
            },
            Self::ImageMagick => from == to && matches!(from, U8 | U16),
            Self::Pillow => from == to && (from == U8 || from == U16 && image.channels == 1),
        };
        if !types {
            let channels = match (self, from, image.channels) {
                (Self::Pillow, U16, channels @ 2..) => format!("{channels} channels of "),
                _ => String::new(),
            };
            return Some(match from == to {
                true => format!("does not filter {channels}{from} samples"),
                false => format!("does not make {to} samples of {channels}{from} ones"),
            });
        }
        if filter.scaled
            && from != to
            && from.is_picture()
            && to.is_picture()
            && filter.map() != Map::Float
        {
            return Some(format!(
                "does not scale samples from full scale to full scale, as from {from} to {to}"
            ));
        }
        // That of libvips is rounded there as well.
        let rounds_offset =
            self != Self::Vips && !from.is_float() && kernel.offset().fract() != 0.0;
        match self {
            _ if rounds_offset => {
                let offset = kernel.offset();
                Some(format!(
                    "adds {offset} to {from} samples, of which whole ones are added here; give a whole offset"
                ))
            }
            Self::Vips if !to.is_float() => vips_problem(kernel, from),
            Self::ImageMagick
                if has_alpha && !matches!(filter.alpha(), Some(Alpha::Copy | Alpha::Drop)) =>
            {
                Some("weights colours by alpha in a way of its own, unless alpha is copied or dropped".into())
            }
            _ => None,
        }
    }

    /// What it does not do with any image, as a clause about it.
    fn rule_problem(self, filter: &Filter) -> Option<&'static str> {
        let [kernel] = filter.bank().kernels() else {
            return Some(ONE_KERNEL);
        };
        let size = [kernel.rows(), kernel.columns()];
        // As it lies on the picture that is seen.
        let seen = kernel.turned(filter.orientation);
        let is_off_center = seen.anchor() != [seen.rows() / 2, seen.columns() / 2];
        let has_bias = kernel.bias() != 0.0 || kernel.offset() != 0.0;
        let borders = filter.extent().borders();
        let wraps = borders.is_some_and(|borders| borders.contains(&Border::Wrap));
        let written = kernel.written();
        match filter.map() {
            Map::Clamp | Map::Float if filter.alpha() == Some(Alpha::Weight) => {
                return Some("does not weight colours by alpha as this does");
            }
            Map::Clamp | Map::Float if filter.missing().is_some() => {
                return Some("leaves out no samples as missing");
            }
            Map::Clamp | Map::Float => {}
            _ => return Some("maps responses in no other way than to clamp them"),
        }
        match self {
            Self::Pillow if !matches!(size, [3, 3] | [5, 5]) => {
                Some("has kernels of 3 x 3 and 5 x 5 only")
            }
            Self::Pillow | Self::Vips if is_off_center => {
                Some("has the anchor of a kernel at its center")
            }
            Self::SciPy if has_bias => Some("has neither bias nor offset"),
            Self::OpenCv if wraps => Some("has no border `wrap` for filters"),
            Self::ImageMagick if written.sequence => {
                Some("rounds and clips between kernels that it applies one after the other")
            }
            Self::ImageMagick if written.broken_column => {
                Some("loses the weights beyond a hole in a kernel of one column")
            }
            _ if filter.step() != [1, 1] => Some("has no steps"),
            _ if filter.dilation() != [1, 1] => Some("does not dilate kernels"),
            _ => None,
        }
    }
}

const ONE_KERNEL: &str = "filters by one kernel, and has no rule that combines several";

/// What `vips conv` of integers cannot do.
fn vips_problem(kernel: &Kernel, depth: Depth) -> Option<String> {
    if kernel.divisor().round_ties_even() == 0.0 {
        return Some("rounds the divisor to an integer, which is 0".into());
    }
    let written = vips_integers(kernel);
    let sums = written.abs_sum() * depth.largest() + written.divisor().abs();
    (sums > f64::from(i32::MAX))
        .then(|| format!("sums in 32 bits, which {depth} samples by these weights exceed"))
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

impl FromStr for Program {
    type Err = Error;

    /// The program of that [`name`](Self::name).
    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|program| program.name() == name)
            .ok_or_else(|| {
                let choices = Self::ALL.map(Self::name).join(", ");
                UnknownName::new(NameOf::Program, name, choices).into()
            })
    }
}

impl Filter {
    /// The same filter in the way of another program, so that results equal its own: its kernel's
    /// turn and anchor, border, rounding and overflow; every channel is filtered, and alpha like
    /// the others, unless that is said.
    ///
    /// Where the program sums in floats, and that decides how a sample is rounded, it is summed
    /// as it does, in its order and number type; so are all samples of results of floats. What
    /// the program does not do, such as maps or the combination of kernels, is an error when the
    /// filter is [checked](Self::check) or planned.
    ///
    /// An extent that is set afterwards takes the place of the program's border. A map other than
    /// [`Map::Float`] that the filter had is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::{Filter, Image, Kernel, Samples, filter::Program};
    ///
    /// let image = Image::new(3, 3, 1, Samples::U8(vec![200; 9].into()))?;
    /// let ones = Kernel::new(3, 3, vec![1.0; 9])?;
    /// // 1800 is 7 x 256 + 8.
    /// let scipy = Filter::new(ones.clone()).like(Program::SciPy).apply(&image)?;
    /// assert_eq!(scipy.samples(), &Samples::U8(vec![8; 9].into()));
    /// // The frame stays.
    /// let pillow = Filter::new(ones).like(Program::Pillow).apply(&image)?;
    /// let expected = vec![200, 200, 200, 200, 255, 200, 200, 200, 200];
    /// assert_eq!(pillow.samples(), &Samples::U8(expected.into()));
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    #[must_use]
    pub fn like(self, program: Program) -> Self {
        Self {
            bank: program.bank(&self.bank).into(),
            extent: program.border().into(),
            channel: Channel::Each,
            map: match self.map {
                Map::Float => Map::Float,
                _ => Map::Clamp,
            },
            rounding: program.rounding(),
            overflow: program.overflow(),
            keeps_frame: program.keeps_frame(),
            program: Some(program),
            ..self
        }
    }

    /// How responses between two integers become one of them.
    #[must_use]
    pub const fn with_rounding(mut self, rounding: Rounding) -> Self {
        self.rounding = rounding;
        self
    }

    /// What responses beyond the integers of the result become.
    #[must_use]
    pub const fn with_overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Whether pixels whose windows extend beyond the image keep their samples, in the type of
    /// the result, so that it has a frame that is not filtered.
    #[must_use]
    pub const fn keeping_frame(mut self, keeps_frame: bool) -> Self {
        self.keeps_frame = keeps_frame;
        self
    }

    /// The program whose way it follows.
    pub const fn program(&self) -> Option<Program> {
        self.program
    }

    /// How responses between two integers become one of them.
    pub const fn rounding(&self) -> Rounding {
        self.rounding
    }

    /// What responses beyond the integers of the result become.
    pub const fn overflow(&self) -> Overflow {
        self.overflow
    }

    /// Whether it leaves a frame of pixels as they are.
    pub const fn keeps_frame(&self) -> bool {
        self.keeps_frame && self.extent.borders().is_some()
    }

    /// Checks what it says of rounding, overflow and another program, without an image.
    pub(super) fn check_rules(&self) -> Result<()> {
        let is_plain =
            self.rounding == Rounding::NearestEven && self.overflow == Overflow::Saturate;
        let weighs = self.alpha == Some(Alpha::Weight);
        if let Some(program) = self.program {
            let Some(problem) = program.rule_problem(self) else {
                return Ok(());
            };
            return Err(RequestError::Program {
                program: program.title(),
                problem: problem.into(),
            }
            .into());
        }
        if !is_plain && (self.missing.is_some() || weighs) {
            return Err(RequestError::RoundedQuotients.into());
        }
        let is_scaled = self.depth.is_some() && self.scaled || self.map != Map::Clamp;
        if self.rounding == Rounding::IntegerDivision
            && (self.bank.kernels().len() != 1 || is_scaled)
        {
            return Err(RequestError::DividedSums.into());
        }
        Ok(())
    }

    /// Checks that the program whose way it follows filters such images.
    pub(crate) fn check_program(&self, image: ImageSpec, has_alpha: bool) -> Result<()> {
        let Some(program) = self.program else {
            return Ok(());
        };
        match program.problem(self, image, has_alpha) {
            Some(problem) => Err(RequestError::Program {
                program: program.title(),
                problem,
            }
            .into()),
            None => Ok(()),
        }
    }

    /// The kernels for samples of this type.
    pub(crate) fn kernels_for(&self, depth: Depth) -> Cow<'_, [Kernel]> {
        let kernels = self.bank.kernels();
        match self.program {
            Some(Program::Vips) if !depth.is_float() && self.output_depth(depth) == depth => {
                kernels.iter().map(vips_integers).collect()
            }
            _ => kernels.into(),
        }
    }

    /// How responses become integers, if not by rounding to nearest, ties to even, and
    /// saturation; or if the sums of another program decide.
    pub(crate) fn rule(
        &self,
        kernels: &[Kernel],
        depth: Depth,
        sums: Option<&ProgramSums>,
    ) -> Option<Rule> {
        let is_plain =
            self.rounding == Rounding::NearestEven && self.overflow == Overflow::Saturate;
        if is_plain && sums.is_none() {
            return None;
        }
        let (center, added) = match (self.rounding, kernels) {
            (Rounding::IntegerDivision, [kernel]) => {
                let divisor = kernel.divisor();
                (
                    kernel.bias_in_samples(depth),
                    [(divisor / 2.0).trunc(), divisor],
                )
            }
            _ => (0.0, [0.0, 1.0]),
        };
        Some(Rule {
            rounding: self.rounding.of_depth(self.output_depth(depth)),
            overflow: self.overflow,
            center,
            added,
            error: sums.map_or(0.0, ProgramSums::error),
        })
    }

    /// The sums of the program whose way it follows, for an image of this type: `None` if exact
    /// ones are the same.
    pub(crate) fn program_sums(&self, depth: Depth) -> Option<ProgramSums> {
        ProgramSums::new(self.program?, self, depth)
    }
}

/// The kernel that `vips conv` of integers makes of one: weights, scale and offset
/// rounded to integers.
fn vips_integers(kernel: &Kernel) -> Kernel {
    let weights = kernel.as_slice().iter();
    let weights = weights.map(|w| w.round_ties_even()).collect();
    let integers = Kernel::new(kernel.rows(), kernel.columns(), weights)
        .and_then(|integers| integers.with_divisor(kernel.divisor().round_ties_even()))
        .and_then(|integers| integers.with_anchor(kernel.anchor()))
        .and_then(|integers| match kernel.offset() {
            0.0 => integers.with_bias(kernel.bias()),
            offset => integers.with_offset(offset.round_ties_even()),
        });
    // A divisor of zero is refused.
    integers.unwrap_or_else(|_| kernel.clone())
}
