//! Every pair of types of OpenCV's `filter2D` (see testdata/README.md).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use stridekern::{Depth, Map};

use crate::scipy_types::{Input, goldens, integers, numbers};

#[derive(Deserialize)]
struct Case {
    #[serde(flatten)]
    input: Input,
    result: String,
    samples: String,
    /// What the exact response rounds to where OpenCV's sum of 32-bit floats does not.
    #[serde(default)]
    otherwise: BTreeMap<usize, i128>,
}

#[test]
fn every_pair_of_types_gives_the_samples_of_opencv() {
    let goldens = goldens::<Case>("opencv_types.json");
    assert_eq!(goldens.cases.len(), 392);
    let mut pairs = BTreeSet::new();
    let (mut exact, mut bounded, mut otherwise) = (0, 0, 0);
    for case in &goldens.cases {
        let subject = goldens.subject(&case.input);
        let to: Depth = case.result.parse().unwrap();
        pairs.insert((subject.image.depth(), to));
        let filter = subject.filter.clone().with_sample_type(to);
        if !to.is_float() {
            assert!(case.otherwise.is_empty() || !subject.has_integer_weights);
            let mut wanted: Vec<i128> = numbers(&case.samples);
            for (&at, &sample) in &case.otherwise {
                assert_eq!((wanted[at] - sample).abs(), 1, "{}", subject.name);
                wanted[at] = sample;
                otherwise += 1;
            }
            subject.run(&filter, |plan, output| {
                assert_eq!(output.depth(), to);
                assert_eq!(
                    integers(&output),
                    wanted,
                    "{} to {to}: {plan}",
                    subject.name
                );
                exact += wanted.len();
            });
            continue;
        }
        let wanted: Vec<f64> = numbers(&case.samples);
        // Sums of OpenCV are in 32-bit floats unless one of the types has 64.
        let unit = match to {
            Depth::F64 => 2_f64.powi(-53),
            _ => 2_f64.powi(-24),
        };
        subject.run(&filter, |plan, output| {
            assert_eq!(output.depth(), to);
            subject.check_floats(plan, &output, &wanted, unit);
            bounded += wanted.len();
        });
        // The map says the type, where it is the one that it gives by itself.
        let mapped = subject.filter.clone().with_map(Map::Float);
        if mapped.output_depth(subject.image.depth()) == to {
            subject.run(&mapped, |plan, output| {
                subject.check_floats(plan, &output, &wanted, unit);
            });
        }
    }
    assert_eq!(pairs.len(), 13, "{pairs:?}");
    assert_eq!(otherwise, 28);
    // In at least two ways each.
    assert!(exact > 2 * 3500 && bounded > 2 * 5500, "{exact} {bounded}");
}
