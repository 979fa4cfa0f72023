//! Every type of samples against SciPy (see testdata/README.md).

use std::{collections::BTreeSet, fmt::Debug, fs, path::Path, str::FromStr};

use serde::{Deserialize, de::DeserializeOwned};
use stridekern::{
    Border, Depth, Extent, Filter, Image, Kernel, Map, Method, Plan, Samples, image::f16,
};

use crate::{
    common::{self, run_plan},
    engines::{allowed, unasked},
};

/// The entries of a file of goldens that differ from program to program.
#[derive(Deserialize)]
pub(crate) struct Goldens<C> {
    kernels: Vec<Weights>,
    images: Vec<Picture>,
    pub(crate) cases: Vec<C>,
}

#[derive(Deserialize)]
struct Weights {
    name: String,
    rows: usize,
    columns: usize,
    weights: String,
    divisor: f64,
}

#[derive(Deserialize)]
struct Picture {
    r#type: String,
    range: String,
    rows: usize,
    columns: usize,
    constant: String,
    samples: String,
}

/// An image, a kernel and a border, by number and name.
#[derive(Deserialize)]
pub(crate) struct Input {
    image: usize,
    kernel: usize,
    border: String,
}

#[derive(Deserialize)]
struct Case {
    #[serde(flatten)]
    input: Input,
    responses: String,
    rounded: Option<String>,
}

pub(crate) fn goldens<C: DeserializeOwned>(file: &str) -> Goldens<C> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/golden");
    serde_json::from_slice(&fs::read(folder.join(file)).unwrap()).unwrap()
}

/// The numbers of a text.
pub(crate) fn numbers<T: FromStr<Err: Debug>>(text: &str) -> Vec<T> {
    text.split(' ')
        .map(|number| number.parse().unwrap())
        .collect()
}

fn samples(depth: Depth, text: &str) -> Samples {
    match depth {
        Depth::U8 => Samples::U8(numbers(text).into()),
        Depth::U16 => Samples::U16(numbers(text).into()),
        Depth::U32 => Samples::U32(numbers(text).into()),
        Depth::U64 => Samples::U64(numbers(text).into()),
        Depth::I8 => Samples::I8(numbers(text).into()),
        Depth::I16 => Samples::I16(numbers(text).into()),
        Depth::I32 => Samples::I32(numbers(text).into()),
        Depth::I64 => Samples::I64(numbers(text).into()),
        Depth::Bool => {
            let bits = numbers::<u8>(text);
            Samples::Bool(bits.iter().map(|&bit| (bit == 1).into()).collect())
        }
        Depth::F16 => {
            let floats = numbers(text);
            Samples::F16(floats.into_iter().map(f16::from_f64).collect())
        }
        Depth::F32 => Samples::F32(numbers(text).into()),
        Depth::F64 => Samples::F64(numbers(text).into()),
        _ => panic!("the tests know no {depth}"),
    }
}

/// Exact numbers of samples of integers.
pub(crate) fn integers(image: &Image) -> Vec<i128> {
    match image.samples() {
        Samples::U8(s) => s.iter().map(|&s| s.into()).collect(),
        Samples::U16(s) => s.iter().map(|&s| s.into()).collect(),
        Samples::U32(s) => s.iter().map(|&s| s.into()).collect(),
        Samples::U64(s) => s.iter().map(|&s| s.into()).collect(),
        Samples::I8(s) => s.iter().map(|&s| s.into()).collect(),
        Samples::I16(s) => s.iter().map(|&s| s.into()).collect(),
        Samples::I32(s) => s.iter().map(|&s| s.into()).collect(),
        Samples::I64(s) => s.iter().map(|&s| s.into()).collect(),
        Samples::Bool(s) => s.iter().map(|s| s.get().into()).collect(),
        _ => panic!("{} is no type of integers", image.depth()),
    }
}

/// The float of a type that is nearest.
fn nearest(depth: Depth, value: f64) -> f64 {
    match depth {
        Depth::F16 => f16::from_f64(value).to_f64(),
        Depth::F32 => f64::from(value as f32),
        Depth::F64 => value,
        _ => panic!("{depth} is no type of floats"),
    }
}

/// A filter and an image of a golden.
pub(crate) struct Subject {
    pub(crate) filter: Filter,
    pub(crate) image: Image,
    pub(crate) name: String,
    taps: usize,
    /// The largest |sample| x the sum of |weights| / divisor.
    largest: f64,
    pub(crate) has_integer_weights: bool,
}

impl<C> Goldens<C> {
    pub(crate) fn subject(&self, input: &Input) -> Subject {
        let picture = &self.images[input.image];
        let weights = &self.kernels[input.kernel];
        let depth: Depth = picture.r#type.parse().unwrap();
        let samples = samples(depth, &picture.samples);
        let image = Image::new(picture.rows, picture.columns, 1, samples).unwrap();
        let kernel = Kernel::new(weights.rows, weights.columns, numbers(&weights.weights)).unwrap();
        let kernel = kernel.with_divisor(weights.divisor).unwrap();
        let constant: f64 = picture.constant.parse().unwrap();
        let border = match input.border.as_str() {
            "constant" => Border::Constant(constant),
            name => match name.parse().unwrap() {
                Extent::Same(border) => border,
                other => panic!("{other} is no border"),
            },
        };
        let magnitudes = numbers::<f64>(&picture.samples).into_iter().map(f64::abs);
        let magnitude = magnitudes.fold(constant.abs(), f64::max);
        Subject {
            name: format!("{depth}, {}, {}, {border}", picture.range, weights.name),
            taps: weights.rows * weights.columns,
            largest: magnitude * (kernel.abs_sum() / weights.divisor),
            has_integer_weights: kernel.is_integer(),
            filter: Filter::new(kernel).with_extent(border),
            image,
        }
    }
}

impl Subject {
    /// Runs the filter in every way that the plan allows.
    pub(crate) fn run(&self, filter: &Filter, mut check: impl FnMut(&Plan, Image)) {
        for tuning in allowed(filter, &self.image).into_iter().chain(unasked()) {
            let plan = filter.plan(&self.image, &tuning).unwrap();
            let output = run_plan(&plan, &self.image);
            check(&plan, output);
        }
    }

    /// How far a float may be from the exact response: `(L + 3) u M sum|w| / divisor`, and what
    /// the golden itself is off, whose sums are in floats of this unit.
    pub(crate) fn bound(&self, plan: &Plan, golden_unit: f64) -> f64 {
        let unit = match self.image.depth() {
            Depth::F64 => 2_f64.powi(-53),
            _ => 2_f64.powi(-24),
        };
        let longest = match plan.method() {
            Method::Fft => 16.max(self.taps + 1),
            _ => self.taps + 1,
        };
        let golden = (self.taps + 3) as f64 * golden_unit;
        ((longest + 3) as f64 * unit + golden) * self.largest
    }

    /// The samples are what responses within the bound of these are rounded to.
    pub(crate) fn check_floats(
        &self,
        plan: &Plan,
        output: &Image,
        responses: &[f64],
        golden_unit: f64,
    ) {
        let bound = self.bound(plan, golden_unit);
        let depth = output.depth();
        let made = common::numbers(output);
        assert_eq!(made.len(), responses.len());
        for (&made, &response) in made.iter().zip(responses) {
            let [low, high] = [-bound, bound].map(|off| nearest(depth, response + off));
            assert!(
                (low..=high).contains(&made),
                "{}: {made} is not within {bound:e} of {response}: {plan}",
                self.name
            );
        }
    }
}

#[test]
fn every_type_and_border_gives_the_response_of_scipy() {
    let goldens = goldens::<Case>("scipy_types.json");
    assert_eq!(goldens.cases.len(), 420);
    let (mut exact, mut bounded) = (0, 0);
    let (mut types, mut engines) = (BTreeSet::new(), BTreeSet::new());
    for case in &goldens.cases {
        let subject = goldens.subject(&case.input);
        let depth = subject.image.depth();
        let responses: Vec<f64> = numbers(&case.responses);
        types.insert(depth);
        // Of integers and of float64 SciPy's sums are those of float64, which the script proves.
        let unit = 2_f64.powi(-53);
        subject.run(&subject.filter, |plan, output| {
            assert_eq!(output.depth(), depth);
            engines.insert(plan.engine());
            match &case.rounded {
                Some(rounded) => {
                    let rounded: Vec<i128> = numbers(rounded);
                    assert_eq!(integers(&output), rounded, "{}: {plan}", subject.name);
                    exact += rounded.len();
                }
                None => {
                    subject.check_floats(plan, &output, &responses, unit);
                    bounded += responses.len();
                }
            }
        });
        let floats = subject.filter.clone().with_map(Map::Float);
        subject.run(&floats, |plan, output| {
            subject.check_floats(plan, &output, &responses, unit);
            // Integers through integers are the nearest floats, and so are SciPy's: its sums are exact.
            if !depth.is_float() && subject.has_integer_weights {
                let wanted: Vec<f64> = (responses.iter())
                    .map(|&response| nearest(output.depth(), response))
                    .collect();
                assert_eq!(common::numbers(&output), wanted, "{}: {plan}", subject.name);
            }
            bounded += responses.len();
        });
    }
    assert_eq!(types, Depth::ALL.into());
    for engine in ["direct", "fft", "naive", "separable"] {
        assert!(
            engines.contains(engine),
            "{engine} did not run: {engines:?}"
        );
    }
    // In at least two ways each.
    assert!(
        exact > 2 * 8000 && bounded > 2 * 10_000,
        "{exact} {bounded}"
    );
}
