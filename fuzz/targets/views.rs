//! Views of any shape, strides and offset, and chains of operations on them.

use std::collections::HashSet;

use stridekern::view::{Layout, LayoutError, Slice, StridedViewMut};

use crate::{
    common::Random,
    driver::Corpus,
    mutate::Numbers,
    view_any::{Any, Op, each},
};

/// Views of more indices are not walked.
const MOST: usize = 3000;

pub(crate) fn corpus() -> Corpus {
    let mut random = Random(0x51de);
    let input = |_| (0..120).map(|_| random.next() as u8).collect();
    Corpus {
        inputs: (0..64).map(input).collect(),
        words: Vec::new(),
        mend: |_, _| {},
    }
}

/// A view is made if all that it reaches lies in the buffer, and no operation
/// ever leads out of what its parent reaches.
pub(crate) fn target(data: &[u8]) -> String {
    let mut numbers = Numbers(data);
    let axes = numbers.below(5);
    let len = numbers.below(300);
    let buffer: Vec<i64> = (0..len as i64).collect();
    let shape: Vec<usize> = (0..axes).map(|_| length(&mut numbers)).collect();
    let strides: Vec<isize> = (0..axes).map(|_| numbers.any() as isize).collect();
    let offset = match numbers.below(4) {
        0 => numbers.any() as usize,
        _ => numbers.below(len + 2),
    };
    let made = Any::new(&buffer, &shape, &strides, offset);
    let wanted = is_inside(&shape, &strides, offset, len);
    assert_eq!(
        made.is_ok(),
        wanted,
        "{shape:?} {strides:?} {offset} {len}: {:?}",
        made.err()
    );
    let mut view = match made {
        Ok(view) => {
            check(&view, None, &buffer);
            view
        }
        Err(error) => {
            let _ = error.to_string();
            Any::dense(&buffer, &[len / 6, 2, 3], numbers.below(2) == 1)
        }
    };
    let mut outcome = String::new();
    while !numbers.is_empty() {
        let Some(op) = op(&mut numbers, &view.shape()) else {
            continue;
        };
        let name = format!("{op:?}");
        let name = name.split(['(', ' ']).next().unwrap_or_default();
        match view.apply(&op) {
            Ok(next) => {
                check(&next, Some(&view), &buffer);
                view = next;
                outcome += name;
            }
            Err(error) => {
                let _ = error.to_string();
                let kind = format!("{error:?}");
                outcome += name;
                outcome += kind.split([' ', '(']).next().unwrap_or_default();
            }
        }
        if outcome.len() > 20 {
            break;
        }
    }
    outcome
}

/// Mostly a few, at times a number that no buffer has.
fn length(numbers: &mut Numbers<'_>) -> usize {
    match numbers.below(12) {
        0 => numbers.any() as usize,
        _ => numbers.below(7),
    }
}

/// The conditions of a layout in numbers that cannot overflow.
fn is_inside(shape: &[usize], strides: &[isize], offset: usize, len: usize) -> bool {
    // Indices, empty axes left out, and positions must be countable.
    let count = (shape.iter()).try_fold(1_usize, |count, &n| count.checked_mul(n.max(1)));
    if count.is_none() {
        return false;
    }
    if shape.contains(&0) {
        return offset <= len;
    }
    let reach = |sign: i128| -> i128 {
        (shape.iter().zip(strides))
            .map(|(&n, &stride)| (n as i128 - 1) * stride as i128)
            .filter(|reach| reach * sign > 0)
            .sum()
    };
    // Nothing with an axis that long fits, but a stride of zero repeats.
    let long = shape.iter().any(|&n| n - 1 > isize::MAX as usize);
    !long && offset as i128 + reach(-1) >= 0 && offset as i128 + reach(1) < len as i128
}

/// The positions that a view reaches, if they are not too many.
fn positions(view: &Any<'_>) -> Option<Vec<i64>> {
    let count = (view.shape().iter()).try_fold(1_usize, |count, &n| count.checked_mul(n))?;
    (count <= MOST).then(|| view.to_vec())
}

/// A view reads inside the buffer what its parent reads, as its layout says;
/// and may be written to if no element is reached twice.
fn check(view: &Any<'_>, parent: Option<&Any<'_>>, buffer: &[i64]) {
    let shape = view.shape();
    let strides = view.strides();
    let Some(read) = positions(view) else {
        // Only its facts are looked at.
        each!(*view, view => {
            let _ = (view.layout().ends(), view.layout().span(), view.overlaps());
            let _ = (view.is_c_contiguous(), view.is_f_contiguous(), view.layout_report());
            let _ = format!("{view:?}");
        });
        return;
    };
    if read.is_empty() {
        return;
    }
    // Elements are their own positions.
    let offset = each!(*view, view => view.offset()) as i128;
    let mut walked = vec![offset];
    for (&n, &stride) in shape.iter().zip(&strides) {
        walked = (walked.iter())
            .flat_map(|at| (0..n).map(move |i| at + i as i128 * stride as i128))
            .collect();
    }
    assert!(
        read.iter().map(|&at| i128::from(at)).eq(walked),
        "{shape:?} {strides:?}"
    );
    let seen: HashSet<i64> = read.iter().copied().collect();
    if let Some(parents) = parent.and_then(positions) {
        let parents: HashSet<i64> = parents.into_iter().collect();
        assert!(seen.is_subset(&parents), "{shape:?} {strides:?}");
    }
    let twice = seen.len() < read.len();
    each!(*view, view => {
        let layout = *view.layout();
        let mut copy = buffer.to_vec();
        match StridedViewMut::with_layout(&mut copy, layout) {
            Ok(mut written) => {
                assert!(!twice, "{layout:?}");
                written.for_each(|element| *element = -1);
                let changed = copy.iter().filter(|&&element| element == -1).count();
                assert_eq!(changed, read.len());
            }
            // A long search may give up and say so.
            Err(LayoutError::Overlap { .. }) => assert!(twice || is_hard(&layout), "{layout:?}"),
            Err(error) => panic!("{layout:?}: {error}"),
        }
        let _ = (view.layout_report(), format!("{view:?}"));
    });
}

/// Strides without any order among them: no one divides the next.
fn is_hard<const N: usize>(layout: &Layout<N>) -> bool {
    let mut strides: Vec<_> = layout.strides().map(isize::unsigned_abs).into();
    strides.retain(|&stride| stride > 1);
    strides.sort_unstable();
    strides.windows(2).any(|pair| pair[1] % pair[0] != 0)
}

/// Any operation, whether or not it suits the shape, but for the numbers of
/// axes that these tests have.
fn op(numbers: &mut Numbers<'_>, shape: &[usize]) -> Option<Op> {
    let axes = shape.len();
    let index = |numbers: &mut Numbers<'_>| match numbers.below(10) {
        0 => numbers.any() as usize,
        _ => numbers.below(axes + 1),
    };
    let signed = |numbers: &mut Numbers<'_>| match numbers.below(3) {
        0 => None,
        _ => Some(numbers.any() as isize),
    };
    let axis = index(numbers);
    let two = numbers.below(2) == 1;
    Some(match numbers.below(13) {
        0 => Op::Slice(
            axis,
            Slice {
                start: signed(numbers),
                stop: signed(numbers),
                step: match numbers.below(3) {
                    0 => numbers.any() as isize,
                    _ => numbers.between(-3, 3),
                },
            },
        ),
        1 => Op::Flip(axis),
        2 => Op::Permute((0..axes).map(|_| index(numbers)).collect()),
        3 => Op::Transpose,
        4 if axes > 0 => Op::Index(axis, length(numbers)),
        5 if axes < 6 => Op::InsertAxis(axis),
        6 if axes < 6 => Op::Repeat(axis, length(numbers)),
        7 => {
            let axes = numbers.below(7);
            let mut to: Vec<_> = (0..axes).map(|_| length(numbers)).collect();
            // At times of the right size.
            let product = |shape: &[usize]| {
                (shape.iter()).fold(1_usize, |product, &n| product.saturating_mul(n))
            };
            if two && let Some(last) = to.pop() {
                to.push(product(shape).checked_div(product(&to)).unwrap_or(last));
            }
            Op::Reshape(to)
        }
        8 => {
            let mut to = shape.to_vec();
            for n in &mut to {
                if *n == 1 || numbers.below(8) == 0 {
                    *n = length(numbers);
                }
            }
            if two && axes < 6 {
                to.insert(0, length(numbers));
            }
            Op::BroadcastTo(to)
        }
        9 if axes > 0 => Op::Diagonal(numbers.any() as isize, [axis, index(numbers)]),
        10 if axes > 0 => Op::AntiDiagonal(numbers.any() as isize, [axis, index(numbers)]),
        kind @ (11 | 12) => {
            let count = 1 + usize::from(two);
            if axes < count || axes + count > 6 {
                return None;
            }
            let mut each = |low: usize| -> Vec<usize> {
                let some = (0..count).map(|_| match numbers.below(8) {
                    0 => numbers.any() as usize,
                    _ => low + numbers.below(3),
                });
                some.collect()
            };
            let over = each(0);
            if kind == 11 {
                Op::Windows([over, each(1), each(1), each(1)])
            } else {
                Op::Blocks([over, each(1)])
            }
        }
        _ => return None,
    })
}
