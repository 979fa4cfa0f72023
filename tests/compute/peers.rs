//! Built-in kernels against the programs whose filters they are (see testdata/README.md).

use std::{collections::BTreeSet, path::Path};

use serde::Deserialize;
use stridekern::{Filter, Image, KernelBank, LaneKind, Map, Samples, Tuning};

use crate::{
    common::{apply, numbers},
    engines::run,
};

#[derive(Deserialize)]
struct Peers {
    image: Vec<Vec<u8>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    kernel: String,
    peer: String,
    filter: String,
    kind: Kind,
    expected: Vec<Vec<f64>>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// 8-bit samples.
    Samples,
    /// Responses in float64, to nine digits behind the point.
    Responses,
}

fn peers() -> Peers {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/golden/peers.json");
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// The responses, in f32 from sums in f64.
fn responses(bank: &KernelBank, image: &Image) -> Vec<f64> {
    let filter = Filter::new(bank.clone()).with_map(Map::Float);
    let in_f64 = Tuning::default().with_lane(LaneKind::F64);
    numbers(&apply(&filter, image, &in_f64))
}

#[test]
fn kernels_give_what_the_programs_that_they_are_named_after_give() {
    let Peers { image, cases } = peers();
    let [rows, columns] = [image.len(), image[0].len()];
    let image = Image::new(rows, columns, 1, Samples::U8(image.concat().into())).unwrap();
    assert_eq!(cases.len(), 34);
    let (mut samples, mut ties) = (0, 0);
    for Case {
        kernel,
        peer,
        filter,
        kind,
        expected,
    } in cases
    {
        let case = format!("{kernel}, {peer} {filter}");
        let bank = KernelBank::builtin(&kernel).unwrap();
        let expected = expected.concat();
        let responses = responses(&bank, &image);
        assert_eq!(responses.len(), expected.len(), "{case}");
        if kind == Kind::Responses {
            for (response, expected) in responses.iter().zip(&expected) {
                // Ours is rounded to f32, OpenCV's magnitude computed in it.
                let close = (response - expected).abs() <= 2e-7 * expected.abs() + 1e-6;
                assert!(close, "{case}: {response}, not {expected}");
            }
            continue;
        }
        for output in run(&image, bank, |filter| filter) {
            for ((ours, theirs), response) in output.iter().zip(&expected).zip(&responses) {
                // Ties to even here, upward or by chance there.
                let tie = response.fract().abs() == 0.5;
                let allowed = if tie { 1.0 } else { 0.0 };
                assert!(
                    (ours - theirs).abs() <= allowed,
                    "{case}: {ours}, not {theirs}, of {response}"
                );
                samples += 1;
                ties += usize::from(ours != theirs);
            }
        }
    }
    assert!(samples > 2000 && ties * 20 < samples, "{ties} of {samples}");
}

/// Whoever is named in a description is asked.
#[test]
fn every_kernel_that_names_a_program_is_compared_with_it() {
    let cases = peers().cases;
    let compared: BTreeSet<_> = (cases.iter())
        .map(|case| (case.kernel.as_str(), case.peer.as_str()))
        .collect();
    let mut named = 0;
    for builtin in KernelBank::builtins() {
        let bank = builtin.bank();
        for program in [
            "Pillow",
            "OpenCV",
            "SciPy",
            "scikit-image",
            "libvips",
            "ImageMagick",
        ] {
            if bank.description().contains(program) {
                assert!(
                    compared.contains(&(builtin.name(), program)),
                    "{}",
                    builtin.name()
                );
                named += 1;
            }
        }
    }
    assert_eq!(named, 10);
}
