//! Views against NumPy: every chain of operations in `testdata/views/views.json`
//! gives the shape, strides, offset, flags and elements that NumPy gives, and
//! what NumPy refuses or copies is refused.
//!
//! NumPy gives axes of length 1 and arrays without elements whatever strides are
//! at hand. Strides are therefore compared where an axis is longer than 1 and
//! the view has elements, the offset where it has elements.

use serde_json::Value;
use stridekern::view::{LayoutError, Slice};

use crate::view_any::{Any, Op, each};

/// Cases with a result, and cases refused.
const GIVEN: usize = 580;
const REFUSED: usize = 66;
const PRINTED: usize = 29;

fn table() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/views/views.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn number<T: TryFrom<i64>>(value: &Value) -> T {
    T::try_from(value.as_i64().unwrap())
        .ok()
        .expect("a number of the right sign")
}

fn numbers<T: TryFrom<i64>>(value: &Value) -> Vec<T> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn pair(value: &Value) -> [usize; 2] {
    numbers(value).try_into().unwrap()
}

fn op(op: &Value) -> Op {
    let end = |at: usize| op[at].as_i64().map(|end| end as isize);
    match op[0].as_str().unwrap() {
        "slice" => Op::Slice(
            number(&op[1]),
            Slice {
                start: end(2),
                stop: end(3),
                step: number(&op[4]),
            },
        ),
        "flip" => Op::Flip(number(&op[1])),
        "permute" => Op::Permute(numbers(&op[1])),
        "transpose" => Op::Transpose,
        "index" => Op::Index(number(&op[1]), number(&op[2])),
        "insert_axis" => Op::InsertAxis(number(&op[1])),
        "repeat" => Op::Repeat(number(&op[1]), number(&op[2])),
        "reshape" => Op::Reshape(numbers(&op[1])),
        "diagonal" => Op::Diagonal(number(&op[1]), pair(&op[2])),
        "anti_diagonal" => Op::AntiDiagonal(number(&op[1]), pair(&op[2])),
        "broadcast_to" => Op::BroadcastTo(numbers(&op[1])),
        "windows" => Op::Windows([1, 2, 3, 4].map(|at| numbers(&op[at]))),
        "blocks" => Op::Blocks([1, 2].map(|at| numbers(&op[at]))),
        other => panic!("{other} is no operation"),
    }
}

/// The first array of a case, and what each operation makes of the one before.
fn run<'a>(case: &Value, buffer: &'a [i64]) -> (Result<Any<'a>, LayoutError>, usize) {
    let shape = numbers(&case["shape"]);
    let first = match case["order"].as_str() {
        Some(order) => Ok(Any::dense(buffer, &shape, order == "F")),
        None => Any::new(
            buffer,
            &shape,
            &numbers(&case["strides"]),
            number(&case["offset"]),
        ),
    };
    let mut done = 0;
    let mut view = first;
    for next in case["ops"].as_array().unwrap() {
        let Ok(before) = view else { break };
        view = before.apply(&op(next));
        done += 1;
    }
    (view, done)
}

fn buffer(case: &Value) -> Vec<i64> {
    (0..number(&case["len"])).collect()
}

#[test]
fn every_view_is_what_numpy_gives() {
    let table = table();
    let mut given = 0;
    for case in table["cases"].as_array().unwrap() {
        let Some(wanted) = case.get("gives") else {
            continue;
        };
        let buffer = buffer(case);
        let view = run(case, &buffer)
            .0
            .unwrap_or_else(|error| panic!("{case}: {error}"));
        let shape: Vec<usize> = numbers(&wanted["shape"]);
        assert_eq!(view.shape(), shape, "{case}");
        let elements: Vec<i64> = numbers(&wanted["elements"]);
        assert_eq!(view.to_vec(), elements, "{case}");
        let mut facts =
            each!(view, view => [view.is_c_contiguous(), view.is_f_contiguous(), view.overlaps()]);
        if elements.is_empty() {
            // NumPy's test for overlap says the same of empty arrays.
            assert!(!facts[2], "{case}");
        } else {
            let strides: Vec<isize> = numbers(&wanted["strides"]);
            for (axis, &n) in shape.iter().enumerate() {
                assert!(
                    n == 1 || view.strides()[axis] == strides[axis],
                    "axis {axis} of {case}"
                );
            }
            let offset = each!(view, view => view.offset());
            assert_eq!(offset, number::<usize>(&wanted["offset"]), "{case}");
        }
        for (name, fact) in ["c", "f", "overlap"].into_iter().zip(&mut facts) {
            assert_eq!(*fact, wanted[name].as_bool().unwrap(), "{name} of {case}");
        }
        given += 1;
    }
    assert_eq!(given, GIVEN);
    assert_eq!(table["given"], GIVEN);
}

#[test]
fn what_numpy_refuses_or_copies_is_refused() {
    let table = table();
    let mut refused = 0;
    for case in table["cases"].as_array().unwrap() {
        let Some(wanted) = case["refused"].as_str() else {
            continue;
        };
        let buffer = buffer(case);
        let (view, done) = run(case, &buffer);
        let error = view.err().unwrap_or_else(|| panic!("{case} is accepted"));
        let name = format!("{error:?}");
        assert!(name.starts_with(wanted), "{case}: {name}");
        assert_eq!(done, case["ops"].as_array().unwrap().len(), "{case}");
        refused += 1;
    }
    assert_eq!(refused, REFUSED);
    assert_eq!(table["refused"], REFUSED);
}

#[test]
fn arrays_are_printed_as_numpy_prints_them() {
    let table = table();
    let printed = table["printed"].as_array().unwrap();
    for case in printed {
        let shape: Vec<usize> = numbers(&case["shape"]);
        let start: i64 = number(&case["start"]);
        let buffer: Vec<i64> = (start..).take(shape.iter().product()).collect();
        let view = Any::dense(&buffer, &shape, false);
        let text = each!(view, view => format!("{view:?}"));
        assert_eq!(text, case["text"].as_str().unwrap(), "{shape:?}");
    }
    assert_eq!(printed.len(), PRINTED);
}
