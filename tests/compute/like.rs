//! Filters in the way of other programs, against these programs themselves (see
//! testdata/README.md), and `docs/peers.md`, which says what equals.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use serde::Deserialize;
use stridekern::{
    Border, Channel, Depth, Extent, Filter, Image, Kernel, Map, Orientation, Samples, Tuning,
    error::{Error, RequestError},
    filter::Program,
};

use crate::{
    common::{apply, numbers, run_plan},
    engines::allowed,
    scipy_types::numbers as of_text,
    turned::seen,
};

#[derive(Deserialize)]
struct Goldens {
    versions: BTreeMap<String, String>,
    images: Vec<Picture>,
    kernels: Vec<Weights>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Picture {
    name: String,
    r#type: String,
    shape: [usize; 3],
    samples: String,
}

#[derive(Deserialize)]
struct Weights {
    name: String,
    rows: usize,
    columns: usize,
    weights: String,
    divisor: f64,
    offset: f64,
}

#[derive(Deserialize)]
struct Case {
    program: String,
    image: String,
    kernel: String,
    border: String,
    map: Option<String>,
    result: String,
}

/// The samples of a text of hexadecimal bytes, little-endian.
fn samples(depth: Depth, text: &str) -> Samples {
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    let bytes: Vec<u8> = (0..text.len()).step_by(2).map(digits).collect();
    fn all<T, const N: usize>(bytes: &[u8], from: fn([u8; N]) -> T) -> Vec<T> {
        bytes.as_chunks::<N>().0.iter().map(|&b| from(b)).collect()
    }
    match depth {
        Depth::U8 => Samples::U8(bytes.into()),
        Depth::U16 => Samples::U16(all(&bytes, u16::from_le_bytes).into()),
        Depth::I16 => Samples::I16(all(&bytes, i16::from_le_bytes).into()),
        Depth::I32 => Samples::I32(all(&bytes, i32::from_le_bytes).into()),
        Depth::F32 => Samples::F32(all(&bytes, f32::from_le_bytes).into()),
        Depth::F64 => Samples::F64(all(&bytes, f64::from_le_bytes).into()),
        _ => panic!("the goldens have no {depth}"),
    }
}

impl Goldens {
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/like/like.json");
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    fn image(&self, name: &str) -> Image {
        let picture = self.images.iter().find(|image| image.name == name).unwrap();
        let [rows, columns, channels] = picture.shape;
        let depth = picture.r#type.parse().unwrap();
        Image::new(rows, columns, channels, samples(depth, &picture.samples)).unwrap()
    }

    fn kernel(&self, name: &str) -> Kernel {
        let kernel = self.kernels.iter().find(|k| k.name == name).unwrap();
        Kernel::builder(kernel.rows, kernel.columns, of_text(&kernel.weights))
            .divisor(kernel.divisor)
            .offset(kernel.offset)
            .build()
            .unwrap()
    }

    /// The filter and image of a case.
    fn subject(&self, case: &Case) -> (Filter, Image) {
        let program: Program = case.program.parse().unwrap();
        let filter = Filter::new(self.kernel(&case.kernel)).like(program);
        let filter = match case.map.as_deref() {
            Some(map) => filter.with_map(map.parse().unwrap()),
            None => filter,
        };
        let extent: Extent = case.border.parse().unwrap();
        (filter.with_extent(extent), self.image(&case.image))
    }
}

/// How many cases of a program there are, and how many samples of those that differ do so.
#[derive(Default)]
struct Count {
    cases: usize,
    equal: usize,
    samples: usize,
    differ: usize,
    largest: f64,
}

/// What cannot equal: a sum by a transform in 32-bit floats, which is no sum tap by tap.
fn is_transform(case: &Case) -> bool {
    case.program == "opencv" && case.kernel.contains("13 x 13")
}

/// The text of `docs/peers.md` but for its table of counts.
const HEAD: &str = include_str!("like/head.md");

#[test]
fn results_equal_those_of_the_programs_themselves() {
    let goldens = Goldens::read();
    let mut counts: BTreeMap<(usize, Depth, &str), Count> = BTreeMap::new();
    for case in &goldens.cases {
        let (filter, image) = goldens.subject(case);
        let program = filter.program().unwrap();
        let to = filter.output_depth(image.depth());
        let expected = samples(to, &case.result);
        let about = format!(
            "{program}: {}, {}, {}",
            case.image, case.kernel, case.border
        );
        let kind = if is_transform(case) {
            "transform"
        } else {
            "taps"
        };
        let count = counts
            .entry((order(program), image.depth(), kind))
            .or_default();
        let mut is_equal = true;
        for tuning in allowed(&filter, &image) {
            let plan = filter
                .plan(&image, &tuning)
                .unwrap_or_else(|e| panic!("{about}: {e}"));
            let result = run_plan(&plan, &image);
            let [rows, columns, channels] = result.shape();
            let wanted = Image::new(rows, columns, channels, expected.clone()).unwrap();
            let pairs = numbers(&result).into_iter().zip(numbers(&wanted));
            let differences: Vec<f64> = pairs
                .filter(|(a, b)| a != b)
                .map(|(a, b)| (a - b).abs())
                .collect();
            if differences.is_empty() {
                continue;
            }
            assert!(
                kind == "transform",
                "{about}: {plan}: {} differ: {:?} {:?}",
                differences.len(),
                numbers(&result),
                numbers(&wanted)
            );
            if is_equal {
                count.differ += differences.len();
                count.largest = differences.into_iter().fold(count.largest, f64::max);
            }
            is_equal = false;
        }
        count.cases += 1;
        count.equal += usize::from(is_equal);
        count.samples += expected.len();
    }
    let mut page = HEAD.to_owned();
    for (name, version) in &goldens.versions {
        page = page.replace(&format!("{{{name}}}"), version);
    }
    for ((program, depth, kind), count) in &counts {
        let Count {
            cases,
            equal,
            samples,
            differ,
            largest,
        } = count;
        let program = Program::ALL[*program];
        let sums = match *kind {
            "transform" => "13 x 13, by its transform",
            _ => "tap by tap",
        };
        let differs = match differ {
            0 => "none".to_owned(),
            _ => format!("{differ} of {samples}, by up to {largest:.1e}"),
        };
        let depth = depth.name();
        writeln!(
            page,
            "| {program} | {depth} | {sums} | {cases} | {equal} | {differs} |"
        )
        .unwrap();
    }
    let total: usize = counts.values().map(|count| count.cases).sum();
    assert_eq!(total, goldens.cases.len());
    let of = |program: Program| -> usize {
        let counts = counts.iter().filter(|((p, _, _), _)| *p == order(program));
        counts.map(|(_, count)| count.cases).sum()
    };
    for program in Program::ALL {
        assert!(of(program) >= 50, "{program}: {}", of(program));
    }
    let path = "docs/peers.md";
    if std::env::var_os("STRIDEKERN_UPDATE_DOCS").is_some() {
        fs::write(path, &page).unwrap();
    }
    assert!(
        fs::read_to_string(path).unwrap_or_default() == page,
        "{path} is not what the programs do: run this test with STRIDEKERN_UPDATE_DOCS=1"
    );
}

/// The number of a program.
fn order(program: Program) -> usize {
    Program::ALL.iter().position(|&p| p == program).unwrap()
}

/// Of a picture that is seen turned, the program has the turned one, and sums that in its order.
#[test]
fn turned_pictures_are_filtered_as_the_program_filters_them_turned() {
    let goldens = Goldens::read();
    let mut compared = 0;
    for case in goldens
        .cases
        .iter()
        .filter(|case| !is_transform(case))
        .step_by(5)
    {
        let (filter, image) = goldens.subject(case);
        if matches!(image.depth(), Depth::I32 | Depth::F64) || case.map.is_some() {
            continue;
        }
        let result = apply(&filter, &image, &Tuning::default());
        for orientation in Orientation::ALL {
            let stored = seen(&image, orientation.inverse());
            let turned = apply(&filter.turned(orientation), &stored, &Tuning::default());
            let about = format!("{} {} {orientation}", case.program, case.kernel);
            assert_eq!(seen(&turned, orientation), result, "{about}");
            compared += 1;
        }
    }
    assert!(compared > 800, "{compared}");
}

fn refused(filter: &Filter, image: &Image) -> String {
    let error = filter.plan(image, &Tuning::default()).unwrap_err();
    assert!(
        matches!(&error, Error::Request(RequestError::Program { .. })),
        "{error}"
    );
    error.to_string()
}

#[test]
fn what_a_program_does_not_do_is_refused() {
    let gray = Image::new(4, 4, 1, Samples::U8(vec![9; 16].into())).unwrap();
    let kernel = Kernel::new(3, 3, vec![1.0; 9]).unwrap();
    let like = |program| Filter::new(kernel.clone()).like(program);
    for program in Program::ALL {
        let abs = refused(&like(program).with_map(Map::Abs), &gray);
        assert_eq!(
            abs,
            format!("{program} maps responses in no other way than to clamp them")
        );
        let scaled = refused(&like(program).with_depth(Depth::U16), &gray);
        assert!(
            scaled.starts_with(&format!("{program} does not")),
            "{scaled}"
        );
        like(program)
            .with_channel(Channel::Luma)
            .plan(&gray, &Tuning::default())
            .unwrap();
    }
    let biased = Filter::new(kernel.clone().with_offset(3.0).unwrap());
    assert_eq!(
        refused(&biased.like(Program::SciPy), &gray),
        "SciPy has neither bias nor offset"
    );
    let wrap = like(Program::OpenCv).with_extent(Border::Wrap);
    assert_eq!(
        refused(&wrap, &gray),
        "OpenCV has no border `wrap` for filters"
    );
    let row = Filter::new(Kernel::new(1, 3, vec![1.0; 3]).unwrap());
    assert_eq!(
        refused(&row.like(Program::Pillow), &gray),
        "Pillow has kernels of 3 x 3 and 5 x 5 only"
    );
    let alpha = Image::new(2, 2, 4, Samples::U8(vec![9; 16].into())).unwrap();
    assert_eq!(
        refused(&like(Program::ImageMagick), &alpha),
        "ImageMagick weights colours by alpha in a way of its own, unless alpha is copied or dropped"
    );
    let large = Filter::new(Kernel::new(1, 1, vec![1e5]).unwrap());
    let wide = Image::new(2, 2, 1, Samples::U16(vec![9; 4].into())).unwrap();
    assert_eq!(
        refused(&large.like(Program::Vips), &wide),
        "libvips sums in 32 bits, which 16-bit samples by these weights exceed"
    );
    let floats = Image::new(2, 2, 1, Samples::F32(vec![0.5; 4].into())).unwrap();
    assert_eq!(
        refused(&like(Program::Pillow), &floats),
        "Pillow does not filter 32-bit float samples"
    );
    let two = stridekern::KernelBank::resolve("sobel").unwrap();
    assert_eq!(
        refused(&Filter::new(two).like(Program::Vips), &gray),
        "libvips filters by one kernel, and has no rule that combines several"
    );
}
