//! Specs against the filters and kernels of other programs that they stand for: every row of
//! docs/kernels_of_others.md (see testdata/README.md).

use std::path::Path;

use serde::Deserialize;
use stridekern::{Channel, Filter, Image, KernelBank, LaneKind, Map, Samples, Tuning};

use crate::common::{apply, numbers};

#[derive(Deserialize)]
struct Specs {
    image: Vec<Vec<f64>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    program: String,
    name: String,
    spec: String,
    expected: Vec<Vec<f64>>,
}

fn specs() -> Specs {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/golden/specs.json");
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// The bank of what stands after `-k`, with a divisor if there is one.
fn bank(spec: &str) -> KernelBank {
    let (kernel, divisor) = spec.split_once(" --divisor ").unwrap_or((spec, ""));
    let bank = KernelBank::resolve(kernel).unwrap_or_else(|error| panic!("{spec}: {error}"));
    match divisor {
        "" => bank,
        divisor => bank.with_divisor(divisor.parse().unwrap()).unwrap(),
    }
}

#[test]
fn specs_give_what_the_programs_give() {
    let Specs { image, cases } = specs();
    let [rows, columns] = [image.len(), image[0].len()];
    let image = Image::new(rows, columns, 1, Samples::F64(image.concat().into())).unwrap();
    assert_eq!(cases.len(), 58);
    for case in cases {
        let what = format!("{} {}: {}", case.program, case.name, case.spec);
        let bank = bank(&case.spec);
        let filter = Filter::new(bank)
            .with_map(Map::Float)
            .with_channel(Channel::Each);
        let in_f64 = Tuning::default().with_lane(LaneKind::F64);
        let result = apply(&filter, &image, &in_f64);
        let inner = [case.expected.len(), case.expected[0].len(), 1];
        assert_eq!(result.shape(), inner, "{what}");
        for (ours, theirs) in numbers(&result).iter().zip(case.expected.concat()) {
            // Theirs has seven digits behind the point; those of ImageMagick are of 12 digits.
            let close = (ours - theirs).abs() <= 1e-7 + 1e-9 * theirs.abs();
            assert!(close, "{what}: {ours}, not {theirs}");
        }
    }
}

#[test]
fn every_row_of_the_table_is_tested() {
    let table = include_str!("../../docs/kernels_of_others.md");
    let rows = table
        .lines()
        .filter(|line| line.starts_with("| ") && line.ends_with("` |"));
    let rows: Vec<&str> = rows.collect();
    let cases = specs().cases.into_iter().map(|case| {
        let spec = match case.spec.contains(" x ") {
            true => format!("'{}'", case.spec),
            false => case.spec,
        };
        format!("| {} | {} | `{spec}` |", case.program, case.name)
    });
    assert_eq!(rows, cases.collect::<Vec<_>>());
}
