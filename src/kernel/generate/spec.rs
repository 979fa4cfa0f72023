//! Specs of generated kernels: `gaussian:sigma=2`.

use std::iter;

use super::{
    Axis, Binomial, BoxBlur, Derivative, DifferenceOfGaussians, Disk, Emboss, Gabor, Gaussian,
    LaplacianOfGaussian, Like, Motion, Operator, Part, Unsharp, gaussian::opencv_sigma, positive,
    refuse,
};
use crate::{
    kernel::{
        Kernel, KernelBank, KernelError, KernelSource, nearest::nearest, source_text::shorten,
    },
    text::printable,
};

/// A generator of kernels, with its parameters.
#[derive(Debug, Clone, Copy)]
pub struct Generator {
    name: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    description: &'static str,
    make: fn(&Values<'_>) -> Result<KernelBank, KernelError>,
}

impl Generator {
    /// The name, before the colon.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The parameters, each with its default; empty where it must be given.
    pub const fn parameters(&self) -> &'static [(&'static str, &'static str)] {
        self.parameters
    }

    /// Other names of one of the parameters, as others call it.
    pub fn other_names(&self, parameter: &str) -> impl Iterator<Item = &'static str> {
        other_names(parameter)
    }

    /// What it makes.
    pub const fn description(&self) -> &'static str {
        self.description
    }
}

/// The generators, as they are listed.
pub const fn generators() -> &'static [Generator] {
    GENERATORS
}

const GAUSSIAN: &[(&str, &str)] = &[
    ("sigma", ""),
    ("sigma_y", "sigma"),
    ("sigma_x", "sigma"),
    ("radius", "truncate x sigma"),
    ("truncate", "4; opencv 3"),
    ("order", "0"),
    ("order_y", "order"),
    ("order_x", "order"),
    ("like", "scipy"),
];
const EDGE: &[(&str, &str)] = &[
    ("size", "3"),
    ("order", "1"),
    ("axis", "magnitude"),
    ("like", "opencv"),
];
const AXIS: &[(&str, &str)] = &[("axis", "magnitude"), ("like", "opencv")];

/// Other names of parameters, each with the usual one: OpenCV calls a size so.
const OTHER_NAMES: &[(&str, &str)] = &[("aperture", "size")];

const GENERATORS: &[Generator] = &[
    Generator {
        name: "gaussian",
        parameters: GAUSSIAN,
        description: "Gaussian or its derivatives, as SciPy's; like = opencv for OpenCV's",
        make: |v| one(v, gaussian(v)?.kernel()),
    },
    Generator {
        name: "box",
        parameters: &[("radius", "1"), ("size", "2 x radius + 1")],
        description: "Mean over a square; fractions as Pillow's BoxBlur",
        make: |v| {
            let shape = match (v.number("radius")?, v.whole("size")?) {
                (Some(radius), Some(_)) => {
                    let expected = "radius or size, not both";
                    return Err(refuse("box", "radius", radius, expected));
                }
                (radius, None) => BoxBlur::Radius(radius.unwrap_or(1.0)),
                (None, Some(size)) => BoxBlur::Size(size),
            };
            one(v, shape.kernel())
        },
    },
    Generator {
        name: "disk",
        parameters: &[("radius", "")],
        description: "Mean over a disk, its edge weighted by area",
        make: |v| one(v, Disk::new(v.needed("radius")?).kernel()),
    },
    Generator {
        name: "motion",
        parameters: &[("length", "9"), ("angle", "0")],
        description: "Line at an angle in degrees, as MATLAB's fspecial",
        make: |v| {
            one(
                v,
                Motion::new(v.or("length", 9.0)?, v.or("angle", 0.0)?).kernel(),
            )
        },
    },
    Generator {
        name: "log",
        parameters: &[
            ("sigma", ""),
            ("radius", "truncate x sigma"),
            ("truncate", "4"),
            ("like", "scipy"),
        ],
        description: "Laplacian of a Gaussian, as SciPy's; like = matlab for fspecial's",
        make: |v| {
            one(
                v,
                LaplacianOfGaussian {
                    gaussian: gaussian(v)?,
                }
                .kernel(),
            )
        },
    },
    Generator {
        name: "dog",
        parameters: &[
            ("sigma", ""),
            ("sigma2", "ratio x sigma"),
            ("ratio", "1.6"),
            ("radius", "truncate x sigma"),
            ("truncate", "4"),
        ],
        description: "Gaussian less a wider one",
        make: |v| {
            let gaussian = gaussian(v)?;
            let ratio = positive("dog", "ratio", v.or("ratio", 1.6)?)?;
            let sigma2 = v.or("sigma2", gaussian.sigma[0] * ratio)?;
            one(v, DifferenceOfGaussians { gaussian, sigma2 }.kernel())
        },
    },
    Generator {
        name: "gabor",
        parameters: &[
            ("wavelength", ""),
            ("angle", "0"),
            ("sigma", "0.56 x wavelength"),
            ("aspect", "1"),
            ("phase", "0"),
            ("part", "real"),
        ],
        description: "Wave in a Gaussian, as OpenCV's getGaborKernel, angles in degrees",
        make: |v| {
            let usual = Gabor::new(v.needed("wavelength")?);
            let gabor = Gabor {
                angle: v.or("angle", usual.angle)?,
                sigma: v.or("sigma", usual.sigma)?,
                aspect: v.or("aspect", usual.aspect)?,
                phase: v.or("phase", usual.phase)?,
                part: v.word(
                    "part",
                    "real or imaginary",
                    &[("real", Part::Real), ("imaginary", Part::Imaginary)],
                )?,
                ..usual
            };
            one(v, gabor.kernel())
        },
    },
    Generator {
        name: "unsharp",
        parameters: &[
            ("sigma", ""),
            ("amount", "1"),
            ("radius", "truncate x sigma"),
            ("truncate", "4"),
        ],
        description: "Sharpens by what a Gaussian takes away",
        make: |v| {
            let (gaussian, amount) = (gaussian(v)?, v.or("amount", 1.0)?);
            one(v, Unsharp { gaussian, amount }.kernel())
        },
    },
    Generator {
        name: "sobel",
        parameters: EDGE,
        description: "Derivative of any order and odd size up to 31, as OpenCV's; like = skimage for scikit-image's scale",
        make: |v| edge(v, Operator::Sobel),
    },
    Generator {
        name: "scharr",
        parameters: AXIS,
        description: "Derivative smoothed by 3, 10, 3; like = skimage for scikit-image's scale",
        make: |v| edge(v, Operator::Scharr),
    },
    Generator {
        name: "prewitt",
        parameters: AXIS,
        description: "Derivative smoothed by 1, 1, 1; like = skimage for scikit-image's scale",
        make: |v| edge(v, Operator::Prewitt),
    },
    Generator {
        name: "farid",
        parameters: AXIS,
        description: "Derivative of 5 taps, as scikit-image's; like = skimage for its magnitude",
        make: |v| edge(v, Operator::Farid),
    },
    Generator {
        name: "laplacian",
        parameters: &[("size", "1")],
        description: "Sum of second derivatives of an odd size, as OpenCV's Laplacian",
        make: |v| edge(v, Operator::Laplacian),
    },
    Generator {
        name: "binomial",
        parameters: &[("size", "3")],
        description: "Blur by binomials, such as 1, 2, 1",
        make: |v| {
            one(
                v,
                Binomial::new(v.whole("size")?.unwrap_or(3) as usize).kernel(),
            )
        },
    },
    Generator {
        name: "emboss",
        parameters: &[("angle", "135"), ("strength", "1")],
        description: "Relief lit from an angle in degrees",
        make: |v| {
            one(
                v,
                Emboss::new(v.or("angle", 135.0)?, v.or("strength", 1.0)?).kernel(),
            )
        },
    },
];

fn one(
    values: &Values<'_>,
    kernel: Result<Kernel, KernelError>,
) -> Result<KernelBank, KernelError> {
    Ok(KernelBank::from_kernel(values.generator.name, kernel?))
}

fn edge(values: &Values<'_>, operator: Operator) -> Result<KernelBank, KernelError> {
    let axes = [
        ("magnitude", Axis::Magnitude),
        ("x", Axis::X),
        ("y", Axis::Y),
    ];
    let derivative = Derivative {
        operator,
        size: values.whole("size")?.map(|size| size as usize),
        order: values.whole("order")?.map_or(1, |order| order as usize),
        axis: values.word("axis", "x, y or magnitude", &axes)?,
        normalized: values.word(
            "like",
            "opencv or skimage",
            &[("opencv", false), ("skimage", true)],
        )?,
    };
    derivative.bank()
}

/// The Gaussian that the parameters describe.
fn gaussian(values: &Values<'_>) -> Result<Gaussian, KernelError> {
    let name = values.generator.name;
    let like = match name {
        "log" => values.word(
            "like",
            "scipy or matlab",
            &[("scipy", Like::Scipy), ("matlab", Like::Matlab)],
        )?,
        _ => values.word(
            "like",
            "scipy or opencv",
            &[("scipy", Like::Scipy), ("opencv", Like::Opencv)],
        )?,
    };
    let radius = values.whole("radius")?;
    if let (Some(radius), Some(_)) = (radius, values.number("truncate")?) {
        return Err(refuse(
            name,
            "radius",
            radius,
            "left out where there is truncate",
        ));
    }
    let both = values.number("sigma")?;
    let axes = [values.number("sigma_y")?, values.number("sigma_x")?];
    let sigma = match (both, axes, radius) {
        (Some(sigma), _, _) => {
            positive(name, "sigma", sigma)?;
            axes.map(|axis| axis.unwrap_or(sigma))
        }
        (None, [Some(y), Some(x)], _) => [y, x],
        (None, [None, None], Some(radius)) if like == Like::Opencv => [opencv_sigma(radius); 2],
        _ => return Err(values.missing("sigma")),
    };
    let order = values.whole("order")?.unwrap_or(0);
    Ok(Gaussian {
        sigma,
        radius,
        truncate: values.number("truncate")?,
        order: [
            values.whole("order_y")?.unwrap_or(order),
            values.whole("order_x")?.unwrap_or(order),
        ],
        like,
    })
}

/// The values that a spec gives.
struct Values<'a> {
    generator: &'a Generator,
    given: Vec<(&'static str, &'a str)>,
}

impl Values<'_> {
    fn text(&self, key: &str) -> Option<(&'static str, &str)> {
        self.given.iter().copied().find(|&(name, _)| name == key)
    }

    fn missing(&self, parameter: &'static str) -> KernelError {
        KernelError::ParameterMissing {
            generator: self.generator.name,
            parameter,
        }
    }

    /// A number, finite.
    fn number(&self, key: &str) -> Result<Option<f64>, KernelError> {
        let Some((key, text)) = self.text(key) else {
            return Ok(None);
        };
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(refuse(
                self.generator.name,
                key,
                printable(text),
                "a finite number",
            )),
        }
    }

    fn or(&self, key: &str, usual: f64) -> Result<f64, KernelError> {
        Ok(self.number(key)?.unwrap_or(usual))
    }

    fn needed(&self, key: &'static str) -> Result<f64, KernelError> {
        self.number(key)?.ok_or_else(|| self.missing(key))
    }

    fn whole(&self, key: &str) -> Result<Option<u32>, KernelError> {
        let Some((key, text)) = self.text(key) else {
            return Ok(None);
        };
        let expected = "a whole number of at least 0";
        let wrong = |_| refuse(self.generator.name, key, printable(text), expected);
        text.parse().map(Some).map_err(wrong)
    }

    /// The choice that is named, or else the first.
    fn word<T: Copy>(
        &self,
        key: &str,
        expected: &'static str,
        choices: &[(&str, T)],
    ) -> Result<T, KernelError> {
        let Some((key, text)) = self.text(key) else {
            return Ok(choices[0].1);
        };
        let found = choices.iter().find(|&&(name, _)| name == text);
        let wrong = || refuse(self.generator.name, key, printable(text), expected);
        found.map(|&(_, choice)| choice).ok_or_else(wrong)
    }
}

/// The longest spec: the name of the result holds it.
const MAX_LENGTH: usize = 120;

impl KernelBank {
    /// The bank that a spec describes: a generator's name, a colon, and parameters, such as
    /// `gaussian:sigma=2` or `motion:length=25,angle=30`. See
    /// [`generators`].
    ///
    /// # Errors
    ///
    /// [`KernelError::UnknownGenerator`] and [`KernelError::UnknownParameter`] with those there
    /// are, [`KernelError::Parameter`] of a value that cannot be, [`KernelError::Generated`] of
    /// a kernel with too many weights.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::KernelBank;
    ///
    /// let bank = KernelBank::from_spec("gaussian:sigma=2")?;
    /// assert_eq!((bank.name(), bank.size()), ("gaussian-sigma2", [17, 17]));
    /// assert_eq!(
    ///     KernelBank::from_spec("gaussian:sigma=0").unwrap_err().to_string(),
    ///     "gaussian: sigma is `0`; give a number above 0"
    /// );
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn from_spec(spec: &str) -> Result<Self, KernelError> {
        let (name, rest) = spec.split_once(':').unwrap_or((spec, ""));
        let Some(generator) = GENERATORS.iter().find(|g| g.name == name) else {
            let names = || GENERATORS.iter().map(|generator| generator.name);
            return Err(KernelError::UnknownGenerator {
                name: shorten(name),
                known: names().collect(),
                suggestions: nearest(name, names()),
            });
        };
        if spec.len() > MAX_LENGTH {
            return Err(KernelError::SpecTooLong {
                generator: generator.name,
                limit: MAX_LENGTH,
            });
        }
        let mut values = Values {
            generator,
            given: Vec::new(),
        };
        for part in rest.split(',').filter(|_| !rest.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let known = || {
                let names = generator.parameters.iter();
                names.flat_map(|&(name, _)| iter::once(name).chain(other_names(name)))
            };
            let usual = OTHER_NAMES.iter().find(|&&(other, _)| other == key);
            let key = usual.map_or(key, |&(_, name)| name);
            let mut names = generator.parameters.iter().map(|&(name, _)| name);
            let Some(key) = names.find(|&name| name == key) else {
                return Err(KernelError::UnknownParameter {
                    generator: generator.name,
                    parameter: printable(key),
                    known: known().collect(),
                    suggestions: nearest(key, known()),
                });
            };
            if values.text(key).is_some() {
                return Err(refuse(generator.name, key, printable(value), "it once"));
            }
            values.given.push((key, value));
        }
        let bank = (generator.make)(&values)?;
        let parts = values
            .given
            .iter()
            .map(|(key, value)| format!("-{key}{value}"));
        let name = format!("{name}{}", parts.collect::<String>());
        let description = format!("{} ({spec})", generator.description);
        Ok(bank
            .with_name(name)
            .with_description(description)
            .with_source(KernelSource::Generated(spec.to_owned())))
    }
}

/// The other names of a parameter.
fn other_names(parameter: &str) -> impl Iterator<Item = &'static str> {
    let names = OTHER_NAMES.iter();
    names.filter_map(move |&(other, name)| (name == parameter).then_some(other))
}

/// Whether a user's argument is a spec: a generator's name or something like it before a colon.
pub(in crate::kernel) fn is_spec(argument: &str) -> bool {
    argument.split_once(':').is_some_and(|(name, rest)| {
        let mut names = GENERATORS.iter().map(|generator| generator.name);
        let plain = name.len() > 1 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        names.any(|known| known == name) || (plain && rest.contains('='))
    })
}
