//! The filter against what SciPy and OpenCV computed (see testdata/README.md).

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use serde::Deserialize;
use stridekern::{
    Channel, Combine, Depth, Extent, Filter, Image, Kernel, KernelBank, LaneKind, Map, Method,
    Samples, Tuning,
    codec::{self, Limits},
};

use crate::common::{apply, numbers, sha256};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/golden")
}

#[derive(Deserialize)]
struct FilterSpec {
    combine: Option<String>,
    integer: bool,
    kernels: Vec<KernelSpec>,
}

#[derive(Deserialize)]
struct KernelSpec {
    weights: Vec<Vec<f64>>,
    divisor: f64,
    bias: f64,
    anchor: Option<[usize; 2]>,
    flip: bool,
}

impl FilterSpec {
    fn bank(&self, name: &str) -> KernelBank {
        let combine = self
            .combine
            .as_deref()
            .map(|c| c.parse::<Combine>().unwrap());
        let kernels = self.kernels.iter().map(KernelSpec::kernel).collect();
        let bank = KernelBank::new(name, kernels, combine).unwrap();
        assert_eq!(
            bank.kernels().iter().all(Kernel::is_integer),
            self.integer,
            "{name}"
        );
        bank
    }
}

impl KernelSpec {
    fn kernel(&self) -> Kernel {
        let (rows, columns) = (self.weights.len(), self.weights[0].len());
        let mut kernel = Kernel::builder(rows, columns, self.weights.concat())
            .divisor(self.divisor)
            .bias(self.bias);
        if let Some(anchor) = self.anchor {
            kernel = kernel.anchor(anchor);
        }
        let kernel = kernel.build().unwrap();
        if self.flip {
            kernel.convolving()
        } else {
            kernel
        }
    }
}

/// The naive loop in `f64`, and what a normal run takes.
fn ways() -> [Tuning; 2] {
    let naive = Tuning::default()
        .with_method(Method::Naive)
        .with_lane(LaneKind::F64);
    [naive, Tuning::default()]
}

fn read(file: &str) -> Image {
    codec::read(&folder().join(file), &Limits::default())
        .unwrap()
        .image
}

/// Little-endian bytes, with no negative zeros: the goldens have none.
fn bytes(samples: &Samples) -> Vec<u8> {
    match samples {
        Samples::U8(s) => s.to_vec(),
        Samples::U16(s) => s.iter().flat_map(|s| s.to_le_bytes()).collect(),
        Samples::F32(s) => s.iter().flat_map(|s| (s + 0.0).to_le_bytes()).collect(),
        _ => panic!("the tests know no other"),
    }
}

mod photographs {
    use super::*;

    #[derive(Deserialize)]
    struct Responses {
        filters: BTreeMap<String, FilterSpec>,
        count: usize,
        photographs: Vec<Photograph>,
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Photograph {
        file: String,
        rows: usize,
        columns: usize,
        channels: usize,
        samples_sha256: String,
        luma_sha256: String,
    }

    #[derive(Deserialize)]
    struct Case {
        id: String,
        input: String,
        filter: String,
        border: String,
        rows: usize,
        columns: usize,
        response_sha256: String,
        samples_sha256: String,
    }

    fn responses() -> Responses {
        serde_json::from_slice(&std::fs::read(folder().join("responses.json")).unwrap()).unwrap()
    }

    #[test]
    fn decode_and_become_luma_as_elsewhere() {
        let photographs = responses().photographs;
        assert_eq!(photographs.len(), 6);
        let identity = KernelBank::resolve("identity").unwrap();
        for photograph in photographs {
            let image = read(&photograph.file);
            assert_eq!(
                image.shape(),
                [photograph.rows, photograph.columns, photograph.channels]
            );
            assert_eq!(
                sha256(&bytes(image.samples())),
                photograph.samples_sha256,
                "{}",
                photograph.file
            );
            let luma = Filter::new(identity.clone())
                .with_extent(stridekern::Border::Edge)
                .apply(&image)
                .unwrap();
            assert_eq!(
                sha256(&bytes(luma.samples())),
                photograph.luma_sha256,
                "{}",
                photograph.file
            );
        }
    }

    /// Whole photographs: the bytes of every response and every sample.
    #[test]
    fn have_the_responses_and_samples_of_scipy() {
        let Responses {
            filters,
            count,
            cases,
            photographs,
        } = responses();
        assert_eq!((count, cases.len()), (336, 336));
        let images: BTreeMap<_, _> = photographs
            .iter()
            .map(|p| (&p.file, read(&p.file)))
            .collect();
        let check = |case: &Case| {
            let image = &images[&case.input];
            let bank = filters[&case.filter].bank(&case.filter);
            let filter = Filter::new(bank).with_extent(case.border.parse::<Extent>().unwrap());
            let floats = filter.clone().with_map(Map::Float);
            let [naive, usual] = ways();
            if image.channels() == 3 {
                // Luma that is not rounded has more digits than sums in f32 keep.
                let [exact, near] = [&naive, &usual].map(|way| apply(&floats, image, way));
                let (Samples::F32(exact), Samples::F32(near)) = (exact.samples(), near.samples())
                else {
                    panic!("the map float makes floats")
                };
                let kernels = floats.bank().kernels().iter();
                let gain: f64 = kernels.map(|k| k.abs_sum() / k.divisor()).sum();
                for (exact, near) in exact.iter().zip(near.iter()) {
                    let apart = f64::from((exact - near).abs());
                    assert!(apart <= 1e-6 * 255.0 * gain, "{}: {apart}", case.id);
                }
            }
            for tuning in [naive, usual] {
                let of_luma = image.channels() == 3 && tuning == Tuning::default();
                let responses = apply(&floats, image, &tuning);
                assert_eq!(
                    responses.shape(),
                    [case.rows, case.columns, 1],
                    "{}",
                    case.id
                );
                assert!(
                    of_luma || sha256(&bytes(responses.samples())) == case.response_sha256,
                    "{} {tuning:?}",
                    case.id
                );
                let samples = apply(&filter, image, &tuning);
                assert_eq!(
                    sha256(&bytes(samples.samples())),
                    case.samples_sha256,
                    "{} {tuning:?}",
                    case.id
                );
            }
        };
        cases.par_iter().for_each(check);
    }
}

mod crops {
    use super::*;

    #[derive(Deserialize)]
    struct Manifest {
        counts: BTreeMap<String, usize>,
        filters: BTreeMap<String, FilterSpec>,
        cases: Vec<Case>,
        refused: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        id: String,
        input: String,
        filter: String,
        border: String,
        step: [usize; 2],
        dilation: [usize; 2],
        channel: String,
        map: String,
        depth: String,
        #[serde(default)]
        rows: usize,
        #[serde(default)]
        columns: usize,
        #[serde(default)]
        channels: usize,
        response: Option<Expected>,
        samples: Option<Expected>,
    }

    /// A run of numbers in a file of them.
    #[derive(Deserialize)]
    struct Expected {
        file: String,
        offset: usize,
        exact: bool,
        tolerance: f64,
    }

    impl Case {
        fn filter(&self, filters: &BTreeMap<String, FilterSpec>) -> Filter {
            let depth = match self.depth.as_str() {
                "u8" => Depth::U8,
                "u16" => Depth::U16,
                "f32" => Depth::F32,
                other => panic!("depth {other}"),
            };
            Filter::new(filters[&self.filter].bank(&self.filter))
                .with_extent(self.border.parse::<Extent>().unwrap())
                .with_step(self.step)
                .with_dilation(self.dilation)
                .with_channel(self.channel.parse::<Channel>().unwrap())
                .with_map(self.map.parse().unwrap())
                .with_depth(Some(depth))
        }

        fn check(
            &self,
            files: &BTreeMap<String, Image>,
            expected: &Expected,
            output: &Image,
            tuning: &Tuning,
        ) {
            let Self {
                id,
                rows,
                columns,
                channels,
                ..
            } = self;
            assert_eq!(output.shape(), [*rows, *columns, *channels], "{id}");
            let all = numbers(&files[&expected.file]);
            let numbers = numbers(output);
            for (i, (got, want)) in numbers
                .iter()
                .zip(&all[expected.offset..][..numbers.len()])
                .enumerate()
            {
                let close = if expected.exact {
                    got == want
                } else {
                    (got - want).abs() <= expected.tolerance
                };
                assert!(close, "{id}: sample {i} is {got}, not {want} ({tuning:?})");
            }
        }
    }

    fn manifest() -> Manifest {
        serde_json::from_slice(&std::fs::read(folder().join("manifest.json")).unwrap()).unwrap()
    }

    /// A vector of numbers as a file: one row of them.
    fn expected_file(file: &str) -> Image {
        let bytes = std::fs::read(folder().join(file)).unwrap();
        // The readers take pictures, so the one axis gets another before it.
        let text = String::from_utf8_lossy(&bytes[10..128]).into_owned();
        let at = 10 + text.find("(").unwrap();
        let end = 10 + text.find(",)").unwrap();
        let mut bytes = bytes.clone();
        let shape = format!("(1, {})", String::from_utf8_lossy(&bytes[at + 1..end]));
        let rest = String::from_utf8_lossy(&bytes[end + 2..127])
            .trim_end()
            .to_owned();
        let header = format!("{shape}{rest}");
        bytes[at..127].fill(b' ');
        bytes[at..at + header.len()].copy_from_slice(header.as_bytes());
        codec::read_bytes(&bytes, None, &Limits::default())
            .unwrap()
            .image
    }

    #[test]
    fn agree_in_every_kernel_border_depth_and_map() {
        let Manifest {
            counts,
            filters,
            cases,
            ..
        } = manifest();
        assert_eq!((counts["cases"], cases.len()), (2272, 2272));
        let inputs: BTreeMap<_, _> = cases
            .iter()
            .map(|c| (c.input.clone(), read(&c.input)))
            .collect();
        let files = cases
            .iter()
            .flat_map(|c| [&c.response, &c.samples])
            .flatten();
        let files: BTreeMap<_, _> = files
            .map(|e| (e.file.clone(), expected_file(&e.file)))
            .collect();
        let check = |case: &Case| -> [usize; 2] {
            let image = &inputs[&case.input];
            let filter = case.filter(&filters);
            for tuning in ways() {
                if let Some(expected) = &case.response {
                    let filter = filter.clone().with_map(Map::Float).with_depth(None);
                    case.check(&files, expected, &apply(&filter, image, &tuning), &tuning);
                }
                if let Some(expected) = &case.samples {
                    case.check(&files, expected, &apply(&filter, image, &tuning), &tuning);
                }
            }
            [
                case.response.is_some().into(),
                case.samples.is_some().into(),
            ]
        };
        let checked = cases
            .par_iter()
            .map(check)
            .reduce(|| [0, 0], |a, b| [a[0] + b[0], a[1] + b[1]]);
        assert_eq!(checked, [1960, 1705]);
        assert_eq!(checked, [counts["responses"], counts["samples"]]);
    }

    #[test]
    fn too_small_for_the_window_are_refused() {
        let Manifest {
            filters, refused, ..
        } = manifest();
        assert_eq!(refused.len(), 60);
        for case in refused {
            let error = case
                .filter(&filters)
                .apply(&read(&case.input))
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("is larger than the image of"),
                "{}: {error}",
                case.id
            );
        }
    }
}
