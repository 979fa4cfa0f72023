//! The generators of kernels by name, and their parameters: one table, by which specs are read and
//! lists are made.

use super::{
    Axis, Binomial, BoxBlur, Derivative, DifferenceOfGaussians, Disk, Emboss, Gabor, Gaussian,
    LaplacianOfGaussian, Like, Motion, Operator, Parameter, Part, Unsharp, gaussian::opencv_sigma,
    parameters::Values, positive,
};
use crate::kernel::{Kernel, KernelBank, KernelError};

/// A generator of kernels, with its parameters.
#[derive(Debug, Clone, Copy)]
pub struct Generator {
    name: &'static str,
    parameters: &'static [Parameter],
    description: &'static str,
    make: fn(&Values<'_>) -> Result<Made, KernelError>,
}

/// What a generator makes.
enum Made {
    Kernel(Kernel),
    Bank(KernelBank),
}

impl Generator {
    /// The name, before the colon.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The parameters.
    pub const fn parameters(&self) -> &'static [Parameter] {
        self.parameters
    }

    /// What it makes.
    pub const fn description(&self) -> &'static str {
        self.description
    }

    /// The bank with these values.
    pub(super) fn make(&self, values: &Values<'_>) -> Result<KernelBank, KernelError> {
        Ok(match (self.make)(values)? {
            Made::Kernel(kernel) => KernelBank::from_kernel(self.name, kernel),
            Made::Bank(bank) => bank,
        })
    }
}

/// The generators, as they are listed.
pub const fn generators() -> &'static [Generator] {
    GENERATORS
}

const SIGMA: Parameter = Parameter::number("sigma", "");
const RADIUS: Parameter = Parameter::whole("radius", "truncate x sigma");
const TRUNCATE: Parameter = Parameter::number("truncate", "4");
/// OpenCV calls a size so.
const SIZE: Parameter = Parameter::whole("size", "3").or(&["aperture"]);
const AXIS: Parameter = Parameter::choice("axis", "magnitude", &["x", "y", "magnitude"]);
const EDGE_LIKE: Parameter = Parameter::choice("like", "opencv", &["opencv", "skimage"]);

const GENERATORS: &[Generator] = &[
    Generator {
        name: "gaussian",
        parameters: &[
            SIGMA,
            Parameter::number("sigma_y", "sigma"),
            Parameter::number("sigma_x", "sigma"),
            RADIUS,
            Parameter::number("truncate", "4; opencv 3"),
            Parameter::whole("order", "0"),
            Parameter::whole("order_y", "order"),
            Parameter::whole("order_x", "order"),
            Parameter::choice("like", "scipy", &["scipy", "opencv"]),
        ],
        description: "Gaussian or its derivatives, as SciPy's; like = opencv for OpenCV's",
        make: |v| Ok(Made::Kernel(gaussian(v)?.kernel()?)),
    },
    Generator {
        name: "box",
        parameters: &[
            Parameter::number("radius", "1"),
            Parameter::whole("size", "2 x radius + 1").or(SIZE.other_names()),
        ],
        description: "Mean over a square; fractions as Pillow's BoxBlur",
        make: |v| {
            let shape = match v.whole("size") {
                Some(size) => BoxBlur::Size(size),
                None => BoxBlur::Radius(v.needed("radius")?),
            };
            Ok(Made::Kernel(shape.kernel()?))
        },
    },
    Generator {
        name: "disk",
        parameters: &[Parameter::number("radius", "")],
        description: "Mean over a disk, its edge weighted by area",
        make: |v| Ok(Made::Kernel(Disk::new(v.needed("radius")?).kernel()?)),
    },
    Generator {
        name: "motion",
        parameters: &[
            Parameter::number("length", "9"),
            Parameter::number("angle", "0"),
        ],
        description: "Line at an angle in degrees, as MATLAB's fspecial",
        make: |v| {
            let motion = Motion::new(v.needed("length")?, v.needed("angle")?);
            Ok(Made::Kernel(motion.kernel()?))
        },
    },
    Generator {
        name: "log",
        parameters: &[
            SIGMA,
            RADIUS,
            TRUNCATE,
            Parameter::choice("like", "scipy", &["scipy", "matlab"]),
        ],
        description: "Laplacian of a Gaussian, as SciPy's; like = matlab for fspecial's",
        make: |v| {
            let like = match v.choice("like") {
                "matlab" => Like::Matlab,
                _ => Like::Scipy,
            };
            let gaussian = Gaussian {
                like,
                ..round_gaussian(v)?
            };
            Ok(Made::Kernel(LaplacianOfGaussian { gaussian }.kernel()?))
        },
    },
    Generator {
        name: "dog",
        parameters: &[
            SIGMA,
            Parameter::number("sigma2", "ratio x sigma"),
            Parameter::number("ratio", "1.6"),
            RADIUS,
            TRUNCATE,
        ],
        description: "Gaussian less a wider one",
        make: |v| {
            let gaussian = round_gaussian(v)?;
            let ratio = positive("dog", "ratio", v.needed("ratio")?)?;
            let sigma2 = v.number("sigma2").unwrap_or(gaussian.sigma[0] * ratio);
            Ok(Made::Kernel(
                DifferenceOfGaussians { gaussian, sigma2 }.kernel()?,
            ))
        },
    },
    Generator {
        name: "gabor",
        parameters: &[
            Parameter::number("wavelength", ""),
            Parameter::number("angle", "0"),
            Parameter::number("sigma", "0.56 x wavelength"),
            Parameter::number("aspect", "1"),
            Parameter::number("phase", "0"),
            Parameter::choice("part", "real", &["real", "imaginary"]),
        ],
        description: "Wave in a Gaussian, as OpenCV's getGaborKernel, angles in degrees",
        make: |v| {
            let usual = Gabor::new(v.needed("wavelength")?);
            let gabor = Gabor {
                angle: v.needed("angle")?,
                sigma: v.number("sigma").unwrap_or(usual.sigma),
                aspect: v.needed("aspect")?,
                phase: v.needed("phase")?,
                part: match v.choice("part") {
                    "imaginary" => Part::Imaginary,
                    _ => Part::Real,
                },
                ..usual
            };
            Ok(Made::Kernel(gabor.kernel()?))
        },
    },
    Generator {
        name: "unsharp",
        parameters: &[SIGMA, Parameter::number("amount", "1"), RADIUS, TRUNCATE],
        description: "Sharpens by what a Gaussian takes away",
        make: |v| {
            let (gaussian, amount) = (round_gaussian(v)?, v.needed("amount")?);
            Ok(Made::Kernel(Unsharp { gaussian, amount }.kernel()?))
        },
    },
    Generator {
        name: "sobel",
        parameters: &[SIZE, Parameter::whole("order", "1"), AXIS, EDGE_LIKE],
        description: "Derivative of any order and odd size up to 31, as OpenCV's; like = skimage for scikit-image's scale",
        make: |v| {
            edge(Derivative {
                size: v.whole("size").map(|size| size as usize),
                order: v.whole("order").map_or(1, |order| order as usize),
                ..derivative(v, Operator::Sobel)
            })
        },
    },
    Generator {
        name: "scharr",
        parameters: &[AXIS, EDGE_LIKE],
        description: "Derivative smoothed by 3, 10, 3; like = skimage for scikit-image's scale",
        make: |v| edge(derivative(v, Operator::Scharr)),
    },
    Generator {
        name: "prewitt",
        parameters: &[AXIS, EDGE_LIKE],
        description: "Derivative smoothed by 1, 1, 1; like = skimage for scikit-image's scale",
        make: |v| edge(derivative(v, Operator::Prewitt)),
    },
    Generator {
        name: "farid",
        parameters: &[AXIS, EDGE_LIKE],
        description: "Derivative of 5 taps, as scikit-image's; like = skimage for its magnitude",
        make: |v| edge(derivative(v, Operator::Farid)),
    },
    Generator {
        name: "laplacian",
        parameters: &[Parameter::whole("size", "1").or(SIZE.other_names())],
        description: "Sum of second derivatives of an odd size, as OpenCV's Laplacian",
        make: |v| {
            edge(Derivative {
                size: v.whole("size").map(|size| size as usize),
                ..Derivative::new(Operator::Laplacian, Axis::Magnitude)
            })
        },
    },
    Generator {
        name: "binomial",
        parameters: &[SIZE],
        description: "Blur by binomials, such as 1, 2, 1",
        make: |v| {
            let size = v.whole("size").unwrap_or(3);
            Ok(Made::Kernel(Binomial::new(size as usize).kernel()?))
        },
    },
    Generator {
        name: "emboss",
        parameters: &[
            Parameter::number("angle", "135"),
            Parameter::number("strength", "1"),
        ],
        description: "Relief lit from an angle in degrees",
        make: |v| {
            let emboss = Emboss::new(v.needed("angle")?, v.needed("strength")?);
            Ok(Made::Kernel(emboss.kernel()?))
        },
    },
];

fn edge(derivative: Derivative) -> Result<Made, KernelError> {
    derivative.bank().map(Made::Bank)
}

/// The derivative along the axes that the parameters name.
fn derivative(values: &Values<'_>, operator: Operator) -> Derivative {
    let axis = match values.choice("axis") {
        "x" => Axis::X,
        "y" => Axis::Y,
        _ => Axis::Magnitude,
    };
    Derivative {
        normalized: values.choice("like") == "skimage",
        ..Derivative::new(operator, axis)
    }
}

/// The Gaussian that the parameters of `gaussian` describe.
fn gaussian(values: &Values<'_>) -> Result<Gaussian, KernelError> {
    let like = match values.choice("like") {
        "opencv" => Like::Opencv,
        _ => Like::Scipy,
    };
    let radius = values.whole("radius");
    let axes = [values.number("sigma_y"), values.number("sigma_x")];
    let sigma = match (values.number("sigma"), axes, radius) {
        (Some(sigma), _, _) => {
            positive(values.generator(), "sigma", sigma)?;
            axes.map(|axis| axis.unwrap_or(sigma))
        }
        (None, [Some(y), Some(x)], _) => [y, x],
        (None, [None, None], Some(radius)) if like == Like::Opencv => [opencv_sigma(radius); 2],
        _ => return Err(values.missing("sigma")),
    };
    let order = values.whole("order").unwrap_or(0);
    Ok(Gaussian {
        sigma,
        radius,
        truncate: values.given_number("truncate"),
        order: [
            values.whole("order_y").unwrap_or(order),
            values.whole("order_x").unwrap_or(order),
        ],
        like,
    })
}

/// The Gaussian of one sigma that others are made of.
fn round_gaussian(values: &Values<'_>) -> Result<Gaussian, KernelError> {
    let sigma = positive(values.generator(), "sigma", values.needed("sigma")?)?;
    Ok(Gaussian {
        radius: values.whole("radius"),
        truncate: values.given_number("truncate"),
        ..Gaussian::new(sigma)
    })
}
