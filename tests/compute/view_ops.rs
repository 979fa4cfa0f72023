//! Views under chains of operations: they read what the same chain reads on an
//! array that is copied at every step, by every way of reading; overlap is told
//! as counting tells it; and writing touches exactly the elements.

use std::collections::HashMap;

use proptest::prelude::*;
use rayon::prelude::*;
use stridekern::view::{
    AddAxes, InsertAxis, Layout, LayoutError, Slice, Spacing, StridedView, StridedViewMut,
};

use crate::view_any::{Any, Op, each};

/// An array that owns its elements, in row-major order.
#[derive(Debug, Clone, PartialEq)]
struct Owned {
    shape: Vec<usize>,
    elements: Vec<i64>,
}

/// Every index of a shape in row-major order.
fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().fold(vec![vec![]], |all, &n| {
        all.iter()
            .flat_map(|index| (0..n).map(move |i| [index.as_slice(), &[i]].concat()))
            .collect()
    })
}

impl Owned {
    fn at(&self, index: &[usize]) -> i64 {
        let number = index.iter().zip(&self.shape).fold(0, |number, (&i, &n)| {
            assert!(i < n, "{index:?} is outside {:?}", self.shape);
            number * n + i
        });
        self.elements[number]
    }

    /// A copy of `shape` whose element at an index is that of this array at `from`.
    fn copy(&self, shape: Vec<usize>, from: impl Fn(&[usize]) -> Vec<usize>) -> Self {
        let elements = indices(&shape)
            .iter()
            .map(|index| self.at(&from(index)))
            .collect();
        Self { shape, elements }
    }

    fn without(&self, axis: usize) -> Vec<usize> {
        let mut shape = self.shape.clone();
        shape.remove(axis);
        shape
    }

    fn apply(&self, op: &Op) -> Self {
        let shape = self.shape.clone();
        match op {
            Op::Slice(axis, slice) => {
                let taken = taken(shape[*axis], *slice);
                let mut shape = shape;
                shape[*axis] = taken.len();
                self.copy(shape, |index| {
                    let mut index = index.to_vec();
                    index[*axis] = taken[index[*axis]];
                    index
                })
            }
            Op::Flip(axis) => self.copy(shape.clone(), |index| {
                let mut index = index.to_vec();
                index[*axis] = shape[*axis] - 1 - index[*axis];
                index
            }),
            Op::Permute(order) => {
                self.copy(order.iter().map(|&axis| shape[axis]).collect(), |index| {
                    let mut from = index.to_vec();
                    for (to, &axis) in order.iter().enumerate() {
                        from[axis] = index[to];
                    }
                    from
                })
            }
            Op::Transpose => self.copy(shape.iter().rev().copied().collect(), |index| {
                index.iter().rev().copied().collect()
            }),
            Op::Index(axis, at) => self.copy(self.without(*axis), |index| {
                let mut index = index.to_vec();
                index.insert(*axis, *at);
                index
            }),
            Op::InsertAxis(axis) => self.apply(&Op::Repeat(*axis, 1)),
            Op::Repeat(axis, times) => {
                let mut shape = shape;
                shape.insert(*axis, *times);
                self.copy(shape, |index| {
                    let mut index = index.to_vec();
                    index.remove(*axis);
                    index
                })
            }
            Op::Reshape(shape) => Self {
                shape: shape.clone(),
                elements: self.elements.clone(),
            },
            Op::Diagonal(offset, axes) => {
                let (row, column) = (0.max(-offset) as usize, 0.max(*offset) as usize);
                let count = shape[axes[0]]
                    .saturating_sub(row)
                    .min(shape[axes[1]].saturating_sub(column));
                let mut to: Vec<usize> = (0..shape.len())
                    .filter(|axis| !axes.contains(axis))
                    .map(|axis| shape[axis])
                    .collect();
                to.push(count);
                self.copy(to, |index| {
                    let (&i, others) = index.split_last().unwrap();
                    let mut others = others.iter();
                    (0..shape.len())
                        .map(|axis| match axis {
                            axis if axis == axes[0] => row + i,
                            axis if axis == axes[1] => column + i,
                            _ => *others.next().unwrap(),
                        })
                        .collect()
                })
            }
            Op::AntiDiagonal(offset, axes) => self
                .apply(&Op::Flip(axes[1]))
                .apply(&Op::Diagonal(*offset, *axes)),
            Op::BroadcastTo(to) => self.copy(to.clone(), |index| {
                index[to.len() - shape.len()..]
                    .iter()
                    .zip(&shape)
                    .map(|(&i, &n)| if n == 1 { 0 } else { i })
                    .collect()
            }),
            Op::Windows([axes, window, step, dilation]) => {
                let mut to = shape.clone();
                for (k, &axis) in axes.iter().enumerate() {
                    to[axis] = (0..shape[axis])
                        .step_by(step[k])
                        .filter(|at| at + (window[k] - 1) * dilation[k] < shape[axis])
                        .count();
                }
                to.extend(window);
                self.copy(to, |index| {
                    let (at, taps) = index.split_at(shape.len());
                    let mut from = at.to_vec();
                    for (k, &axis) in axes.iter().enumerate() {
                        from[axis] = at[axis] * step[k] + taps[k] * dilation[k];
                    }
                    from
                })
            }
            Op::Blocks([axes, block]) => self.apply(&Op::Windows([
                axes.clone(),
                block.clone(),
                block.clone(),
                vec![1; axes.len()],
            ])),
        }
    }
}

/// The indices that a slice takes, one after the other.
fn taken(length: usize, slice: Slice) -> Vec<usize> {
    let n = length as isize;
    let end = |end: isize| if end < 0 { end + n } else { end };
    let backwards = slice.step < 0;
    let start = slice.start.map_or(if backwards { n - 1 } else { 0 }, end);
    let stop = slice.stop.map_or(if backwards { -1 } else { n }, end);
    // Python moves ends to the axis before it steps.
    let start = if backwards {
        start.min(n - 1)
    } else {
        start.max(0)
    };
    let mut taken = Vec::new();
    let mut at = start;
    while (0..n).contains(&at) && (if backwards { at > stop } else { at < stop }) {
        taken.push(at as usize);
        at += slice.step;
    }
    taken
}

/// An operation that suits the shape, made of random numbers; `None` where it
/// would be too large for the test.
fn op(random: &mut impl FnMut(usize) -> usize, shape: &[usize]) -> Option<Op> {
    let axes = shape.len();
    let elements: usize = shape.iter().product();
    let grows = axes < 6 && elements <= 200;
    let axis = random(axes.max(1));
    let other = (axis + 1 + random(axes.saturating_sub(1).max(1))) % axes.max(1);
    let signed = |number: usize, most: usize| number as isize - most as isize;
    let two = axes > 1 && random(2) == 0;
    let some = if two { vec![axis, other] } else { vec![axis] };
    Some(match random(if axes == 0 { 4 } else { 14 }) {
        0 if grows => Op::InsertAxis(random(axes + 1)),
        1 if grows => Op::Repeat(random(axes + 1), random(4)),
        2 => {
            // Split into divisors, one at a time.
            let mut rest = elements;
            let mut to = Vec::new();
            while rest > 1 && to.len() < 5 {
                let divisors: Vec<usize> = (2..=rest).filter(|&d| rest.is_multiple_of(d)).collect();
                to.push(divisors[random(divisors.len())]);
                rest /= to[to.len() - 1];
            }
            to.push(rest);
            Op::Reshape(to)
        }
        3 if grows => {
            let mut to: Vec<usize> = (shape.iter())
                .map(|&n| if n == 1 { random(4) } else { n })
                .collect();
            if axes < 6 && random(2) == 0 {
                to.insert(0, 1 + random(2));
            }
            Op::BroadcastTo(to)
        }
        4..=6 => {
            let n = shape[axis];
            let mut end = || (random(3) > 0).then(|| signed(random(2 * n + 4), n + 2));
            let (start, stop) = (end(), end());
            let step = [1, 2, 3, 1, -1, -2, -3][random(7)];
            Op::Slice(axis, Slice { start, stop, step })
        }
        7 => Op::Flip(axis),
        8 => {
            let mut order: Vec<usize> = (0..axes).collect();
            for i in (1..axes).rev() {
                order.swap(i, random(i + 1));
            }
            Op::Permute(order)
        }
        9 => Op::Transpose,
        10 if shape[axis] > 0 => Op::Index(axis, random(shape[axis])),
        11 if axes > 1 => {
            let offset = signed(random(7), 3);
            match random(2) {
                0 => Op::Diagonal(offset, [axis, other]),
                _ => Op::AntiDiagonal(offset, [axis, other]),
            }
        }
        12 if axes + some.len() <= 6 && grows && some.iter().all(|&axis| shape[axis] > 0) => {
            let dilation: Vec<usize> = some.iter().map(|_| 1 + random(2)).collect();
            let window = (some.iter().zip(&dilation))
                .map(|(&axis, &d)| 1 + random((shape[axis] - 1) / d + 1).min(3))
                .collect();
            let step = some.iter().map(|_| 1 + random(3)).collect();
            Op::Windows([some, window, step, dilation])
        }
        13 if axes + some.len() <= 6 && some.iter().all(|&axis| shape[axis] > 0) => {
            let block = (some.iter())
                .map(|&axis| {
                    let n = shape[axis];
                    let divisors: Vec<usize> = (1..=n).filter(|&d| n.is_multiple_of(d)).collect();
                    divisors[random(divisors.len())]
                })
                .collect();
            Op::Blocks([some, block])
        }
        _ => return None,
    })
}

/// Whether steps along axes explain the positions, which are the elements: if
/// not, no view has this shape.
fn is_strided(array: &Owned) -> bool {
    let Some(&first) = array.elements.first() else {
        return true;
    };
    let strides: Vec<i64> = (0..array.shape.len())
        .map(|axis| {
            let mut index = vec![0; array.shape.len()];
            index[axis] = 1.min(array.shape[axis] - 1);
            array.at(&index) - first
        })
        .collect();
    (indices(&array.shape).iter().zip(&array.elements)).all(|(index, &element)| {
        let ahead: i64 = (index.iter().zip(&strides))
            .map(|(&i, s)| i as i64 * s)
            .sum();
        element == first + ahead
    })
}

/// Every way to read the elements reads them.
fn check_reading<const N: usize>(
    view: StridedView<'_, i64, N>,
    wanted: &[i64],
    random: &mut impl FnMut(usize) -> usize,
) {
    assert_eq!(view.to_vec(), wanted);
    let mut looped = Vec::new();
    for element in &view {
        looped.push(*element);
    }
    assert_eq!(looped, wanted);
    let mut backwards: Vec<i64> = view.iter().rev().copied().collect();
    backwards.reverse();
    assert_eq!(backwards, wanted);
    backwards.clear();
    for &element in view.iter().rev() {
        backwards.insert(0, element);
    }
    assert_eq!(backwards, wanted);
    let parallel: Vec<i64> = view.into_par_iter().copied().with_max_len(3).collect();
    assert_eq!(parallel, wanted);
    let parallel: Vec<i64> = view.par_iter().rev().copied().collect();
    assert!(parallel.iter().eq(wanted.iter().rev()));

    // From both ends at once, and the rest at once from either.
    let (mut ours, mut theirs) = (view.iter(), wanted.iter());
    for _ in 0..8 {
        assert_eq!(ours.len(), theirs.len());
        assert_eq!(ours.size_hint(), theirs.size_hint());
        assert!(ours.clone().eq(theirs.clone()));
        assert_eq!(folded(ours.clone()), folded(theirs.clone()));
        assert_eq!(folded(ours.clone().rev()), folded(theirs.clone().rev()));
        let n = random(4);
        match random(4) {
            0 => assert_eq!(ours.next(), theirs.next()),
            1 => assert_eq!(ours.next_back(), theirs.next_back()),
            2 => assert_eq!(ours.nth(n), theirs.nth(n)),
            _ => assert_eq!(ours.nth_back(n), theirs.nth_back(n)),
        }
    }
    // By index, and as slice, lanes and copies.
    for (index, &element) in indices(&view.shape()).iter().zip(wanted) {
        let index: [usize; N] = index.as_slice().try_into().unwrap();
        assert_eq!(view[index], element);
        assert_eq!(view.get(index), Some(&element));
    }
    assert_eq!(view.get(view.shape()).is_some(), N == 0);
    assert_eq!(
        view.as_slice().is_some(),
        view.is_c_contiguous() || view.is_empty()
    );
    assert_eq!(view.as_slice().unwrap_or(wanted), wanted);
    assert_eq!(view.to_vec_f(), view.transpose().to_vec());
    for axis in 0..N {
        let lanes = view.lanes(axis).unwrap();
        let others: Vec<usize> = (0..N)
            .filter(|&other| other != axis)
            .map(|other| view.shape()[other])
            .collect();
        assert_eq!(lanes.len(), others.iter().product::<usize>());
        let moved: Vec<usize> = (0..N)
            .filter(|&other| other != axis)
            .chain([axis])
            .collect();
        let moved = view.permute(moved.try_into().unwrap()).unwrap();
        let elements: Vec<i64> = lanes.flat_map(|lane| lane.to_vec()).collect();
        assert_eq!(elements, moved.to_vec());
    }
}

fn folded<'a>(elements: impl Iterator<Item = &'a i64>) -> Vec<i64> {
    elements.fold(Vec::new(), |mut all, &element| {
        all.push(element);
        all
    })
}

/// Overlap and flags as counting tells them.
fn check_facts<const N: usize>(layout: &Layout<N>) {
    let positions: Vec<usize> = (indices(&layout.shape()).iter())
        .map(|index| {
            layout
                .position(index.as_slice().try_into().unwrap())
                .unwrap()
        })
        .collect();
    let mut seen: HashMap<usize, usize> = HashMap::new();
    for &at in &positions {
        *seen.entry(at).or_default() += 1;
    }
    let meets = seen.values().any(|&times| times > 1);
    assert_eq!(layout.overlaps(), meets, "{layout:?}");
    let dense = |positions: &[usize]| positions.windows(2).all(|pair| pair[1] == pair[0] + 1);
    let mut transposed = Vec::new();
    for index in indices(&layout.transpose().shape()) {
        transposed.push(
            layout
                .transpose()
                .position(index.as_slice().try_into().unwrap())
                .unwrap(),
        );
    }
    assert_eq!(layout.is_c_contiguous(), dense(&positions), "{layout:?}");
    assert_eq!(layout.is_f_contiguous(), dense(&transposed), "{layout:?}");
    assert_eq!(
        layout.ends(),
        positions
            .iter()
            .min()
            .copied()
            .zip(positions.iter().max().copied())
    );
    if let Err(LayoutError::Overlap { axes, strides }) = layout.check_disjoint() {
        assert!(axes.iter().all(|&axis| layout.shape()[axis] > 1));
        assert_eq!(axes.map(|axis| layout.strides()[axis]), strides);
    }
}

/// Numbers below a bound, from a list that never ends.
fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) as usize % below
    }
}

/// A shape, strides and an offset inside a buffer, and its length.
fn strided() -> impl Strategy<Value = (Vec<usize>, Vec<isize>, usize, usize)> {
    let axes = prop::collection::vec((0_usize..5, -8_isize..13), 0..5);
    (axes, 0_usize..4, 0_usize..4).prop_map(|(axes, before, after)| {
        let (shape, strides): (Vec<usize>, Vec<isize>) = axes.into_iter().unzip();
        let reach = |sign: isize| -> usize {
            (shape.iter().zip(&strides))
                .filter(|(_, stride)| stride.signum() == sign)
                .map(|(&n, &stride)| n.saturating_sub(1) * stride.unsigned_abs())
                .sum()
        };
        let (low, high) = (reach(-1), reach(1));
        (
            shape,
            strides,
            before + low,
            before + low + high + 1 + after,
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 3000,
        failure_persistence: None,
        rng_seed: prop::test_runner::RngSeed::Fixed(3),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_chain_of_views_reads_what_a_chain_of_copies_reads(
        (shape, strides, offset, len) in strided(),
        seed in any::<u64>(),
    ) {
        let mut random = numbers(seed);
        let buffer: Vec<i64> = (0..len as i64).collect();
        let mut view = Any::new(&buffer, &shape, &strides, offset).unwrap();
        let mut copy = Owned {
            elements: indices(&shape)
                .iter()
                .map(|index| {
                    let ahead: isize = index.iter().zip(&strides).map(|(&i, s)| i as isize * s).sum();
                    buffer[offset.strict_add_signed(ahead)]
                })
                .collect(),
            shape,
        };
        let mut chain = Vec::new();
        for _ in 0..7 {
            let Some(op) = op(&mut random, &copy.shape) else {
                continue;
            };
            let next = copy.apply(&op);
            chain.push(op);
            match view.apply(&chain[chain.len() - 1]) {
                Ok(changed) => view = changed,
                // A copy is asked for only where no strides would do.
                Err(LayoutError::NeedsCopy { .. }) => {
                    prop_assert!(!is_strided(&next), "{:?}", chain);
                    continue;
                }
                Err(error) => panic!("{chain:?}: {error}"),
            }
            copy = next;
            prop_assert_eq!(&view.shape(), &copy.shape, "{:?}", &chain);
            prop_assert_eq!(&view.to_vec(), &copy.elements, "{:?}", &chain);
        }
        each!(view, view => {
            check_reading(view, &copy.elements, &mut random);
            check_facts(view.layout());
        });
    }

    #[test]
    fn writing_changes_exactly_the_elements((shape, strides, offset, len) in strided()) {
        let positions: Vec<i64> = (0..len as i64).collect();
        let view = Any::new(&positions, &shape, &strides, offset).unwrap();
        each!(view, view => {
            let mut buffer = vec![-1; len];
            let layout = *view.layout();
            let written = StridedViewMut::with_layout(&mut buffer, layout);
            prop_assert_eq!(written.is_err(), layout.overlaps());
            if let Ok(mut written) = written {
                // Each element its own position: assigned, then counted up.
                written.assign(&view).unwrap();
                let mut visited = Vec::new();
                written.for_each(|element| { visited.push(*element); *element += 1000; });
                prop_assert_eq!(&visited, &view.to_vec());
                prop_assert!(written.as_view().iter().copied().eq(visited.iter().map(|at| at + 1000)));
                for (at, &element) in buffer.iter().enumerate() {
                    let at = at as i64;
                    let wanted = if visited.contains(&at) { at + 1000 } else { -1 };
                    prop_assert_eq!(element, wanted);
                }
            }
        });
    }
}

/// Every layout of two axes with few indices, and many of three: the answer is
/// never the careful "yes" of a search that gave up.
#[test]
fn overlap_is_told_as_counting_tells_it() {
    let mut overlapping = 0;
    let mut all = 0;
    for (rows, columns) in (0..36).map(|i| (i / 6, i % 6)) {
        for (down, right) in (0..19 * 19).map(|i| (i / 19 - 9, i % 19 - 9)) {
            let layout = Layout::new([rows, columns], [down, right], 100, 201).unwrap();
            check_facts(&layout);
            all += 1;
            overlapping += usize::from(layout.overlaps());
        }
    }
    let mut random = numbers(5);
    for _ in 0..20_000 {
        let shape = [0; 3].map(|_: usize| 1 + random(5));
        let strides = [0; 3].map(|_: isize| random(41) as isize - 20);
        let layout = Layout::new(shape, strides, 300, 601).unwrap();
        check_facts(&layout);
        all += 1;
        overlapping += usize::from(layout.overlaps());
    }
    assert_eq!(all, 32_996);
    // Both answers are common, so that neither can hide behind the other.
    assert!(
        (all / 4..3 * all / 4).contains(&overlapping),
        "{overlapping}"
    );
}

#[test]
fn repeats_longer_than_any_buffer_do_not_overflow() {
    let buffer = [1_u8, 2, 3, 4];
    let long = StridedView::of(&buffer).repeated(0, 1 << 61).unwrap();
    assert!(!long.is_c_contiguous() && !long.is_f_contiguous() && long.overlaps());
    assert_eq!(long.iter().len(), 1 << 63);
    assert_eq!(long.iter().nth(1 << 62), Some(&1));
    assert_eq!(long.iter().next_back(), Some(&4));
    assert!(format!("{long:?}").ends_with("[1, 2, 3, 4]], shape=(2305843009213693952, 4))"));
    assert!(matches!(
        StridedView::of(&buffer).repeated(0, 1 << 62).unwrap_err(),
        LayoutError::Overflow { .. }
    ));
}

#[test]
fn axes_of_length_zero_are_legal_everywhere() {
    let buffer = [0_u8; 6];
    let none = StridedView::from_slice(&buffer, [3, 0]).unwrap();
    assert_eq!(
        none.lanes(1)
            .unwrap()
            .map(|lane| lane.len())
            .collect::<Vec<_>>(),
        [0, 0, 0]
    );
    assert_eq!(none.lanes(0).unwrap().len(), 0);
    assert_eq!(
        none.rows().unwrap().map(<[u8]>::len).collect::<Vec<_>>(),
        [0, 0, 0]
    );
    assert_eq!(none.blocks([1], [4]).unwrap().shape(), [3, 0, 4]);
    assert!(none.windows([1, 1]).is_err());
    assert_eq!(none.reshape([0, 7, 9]).unwrap().shape(), [0, 7, 9]);
    assert_eq!(none.iter().rev().count(), 0);
    assert_eq!((none.span_bytes(), none.nbytes()), (0, 0));
    // Millions of rows without elements are one line.
    let tall = StridedView::from_slice(&buffer, [4_000_000_000, 0]).unwrap();
    assert_eq!(format!("{tall:?}"), "array([], shape=(4000000000, 0))");
    // Strides that overflow are never taken.
    let wild = StridedView::new(&buffer, [0, 9], [isize::MAX, isize::MIN], 6).unwrap();
    assert_eq!(
        wild.iter().rev().count() + wild.flip(1).unwrap().iter().count(),
        0
    );
}

#[test]
fn messages_say_what_is_wrong() {
    let buffer: Vec<u8> = (0..12).collect();
    let view = StridedView::from_slice(&buffer, [3, 4]).unwrap();
    let message = |error: LayoutError| error.to_string();
    let step = Spacing {
        step: [1, 0],
        ..Default::default()
    };
    assert_eq!(
        message(view.windows_over([0, 1], [2, 2], step).unwrap_err()),
        "a step of 0 along axis 1 goes nowhere; use 1, or -1 for backwards"
    );
    assert_eq!(
        message(view.blocks([0, 1], [3, 3]).unwrap_err()),
        "axis 1 of length 4 is not a multiple of 3; slice it first"
    );
    assert_eq!(
        message(
            view.repeated(0, 2)
                .unwrap()
                .layout()
                .check_disjoint()
                .unwrap_err()
        ),
        "indices along axis 0 (stride 0) reach the same element, so the view cannot be written through; make a copy with to_vec"
    );
    let single = StridedView::from_slice(&buffer, []).unwrap();
    assert_eq!(
        message(single.flip(0).unwrap_err()),
        "there is no axis 0: a single element has none"
    );
    assert_eq!(
        message(view.index_axis(1, 4).unwrap_err()),
        "index 4 is outside axis 1 of length 4"
    );
}

#[test]
fn values_are_broadcast_when_assigned() {
    let mut buffer = [0; 24];
    let mut view = StridedViewMut::from_slice(&mut buffer, [2, 3, 4]).unwrap();
    view.assign(&StridedView::from_slice(&[1, 2, 3], [3, 1]).unwrap())
        .unwrap();
    assert_eq!(
        view.as_view().to_vec(),
        [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3].repeat(2)
    );
    let mut column = view.index_axis_mut(2, 3).unwrap();
    column.assign(&StridedView::of(&[7, 8, 9])).unwrap();
    column.slice_mut(1, ..1).unwrap().fill(5);
    view[[1, 2, 0]] = 6;
    assert_eq!(view.get_mut([1, 3, 0]), None);
    assert_eq!(buffer[..12], [1, 1, 1, 5, 2, 2, 2, 8, 3, 3, 3, 9]);
    assert_eq!(buffer[12..], [1, 1, 1, 5, 2, 2, 2, 8, 6, 3, 3, 9]);
    let mut view = StridedViewMut::from_slice_f(&mut buffer, [4, 6]).unwrap();
    assert!(view.assign(&StridedView::of(&[1, 2, 3])).is_err());
    let mut tiles = view.blocks_mut([0, 1], [2, 2]).unwrap();
    tiles.index_axis_mut(0, 1).unwrap().fill(0);
    assert_eq!(buffer[..8], [1, 1, 0, 0, 2, 2, 0, 0]);
}

/// Of sizes around those of the blocks that transposed copies are made by.
#[test]
fn every_order_of_axes_is_assigned() {
    let orders = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    for shape in [
        [1, 1, 1],
        [16, 64, 1],
        [65, 17, 3],
        [130, 33, 2],
        [3, 70, 40],
        [2, 0, 5],
    ] {
        let len: usize = shape.iter().product();
        let values: Vec<usize> = (0..len).collect();
        let source = StridedView::from_slice(&values, shape).unwrap();
        for order in orders {
            for flipped in 0..3 {
                let mut buffer = vec![usize::MAX; len];
                let in_memory = order.map(|axis| shape[axis]);
                let view = StridedViewMut::from_slice(&mut buffer, in_memory).unwrap();
                let mut places = [0; 3];
                (0..3).for_each(|at| places[order[at]] = at);
                let mut view = view.permute(places).unwrap().flip(flipped).unwrap();
                view.assign(&source).unwrap();
                assert_eq!(
                    view.as_view().to_vec(),
                    values,
                    "{shape:?} {order:?} {flipped}"
                );
            }
        }
    }
}

#[test]
fn types_of_every_size_are_cast() {
    let bytes: Vec<u8> = (0..64).collect();
    // A buffer that is aligned for every type tested.
    let words: Vec<u64> = bytes
        .chunks(8)
        .map(|b| u64::from_le_bytes(b.try_into().unwrap()))
        .collect();
    let words = StridedView::of(&words);
    let halves = words.cast::<u8>().unwrap();
    assert_eq!(halves.to_vec(), bytes);
    let grid = halves.reshape([4, 16]).unwrap();
    let quarters = grid.cast::<u32>().unwrap();
    assert_eq!((quarters.shape(), quarters.strides()), ([4, 4], [4, 1]));
    assert_eq!(quarters[[1, 2]], u32::from_le_bytes([24, 25, 26, 27]));
    // Upside down, and a part that begins inside: whole words from its first byte.
    let part = grid.flip(0).unwrap().slice(1, 4..12).unwrap();
    let wide = part.cast::<u32>().unwrap();
    assert_eq!(wide.strides(), [-4, 1]);
    assert_eq!(
        wide.to_vec()[..2],
        [
            u32::from_le_bytes([52, 53, 54, 55]),
            u32::from_le_bytes([56, 57, 58, 59])
        ]
    );
    assert_eq!(wide.cast::<u8>().unwrap(), part);
    assert_eq!(words.cast::<[u8; 8]>().unwrap().shape(), [8]);
    for refused in [
        grid.slice(1, 1..5).unwrap().cast::<u32>(),
        grid.slice(1, 0..6).unwrap().cast::<u32>(),
        grid.flip(1).unwrap().cast::<u32>(),
        halves
            .reshape([64 / 6 * 6 / 6, 6])
            .map_or(Err(LayoutError::ZeroStep { axis: 0 }), |view| {
                view.cast::<u32>()
            }),
        StridedView::new(halves.buffer(), [2, 4], [6, 1], 0)
            .unwrap()
            .cast::<u32>(),
    ] {
        assert!(refused.is_err());
    }
    assert!(words.cast::<[u8; 3]>().is_err());
}

#[test]
fn images_and_views_share_their_samples() {
    use image::{GrayImage, ImageBuffer, Luma, Rgb, RgbImage};

    let image = RgbImage::from_fn(5, 4, |x, y| Rgb([x as u8, y as u8, (x * y) as u8]));
    let view = StridedView::from_image(&image);
    assert_eq!(
        (view.shape(), view.buffer().as_ptr()),
        ([4, 5, 3], image.as_raw().as_ptr())
    );
    assert_eq!(view[[3, 2, 2]], image.get_pixel(2, 3).0[2]);
    let middle = view.slice(0, 1..3).unwrap();
    let back: ImageBuffer<Rgb<u8>, &[u8]> = middle.to_image().unwrap();
    assert_eq!(
        (back.dimensions(), back.get_pixel(4, 0)),
        ((5, 2), image.get_pixel(4, 1))
    );
    assert!(back.as_raw().as_ptr() == image.as_raw()[15..].as_ptr());
    // A part of every row is not an image, nor are three channels gray.
    assert!(matches!(
        view.slice(1, 1..)
            .unwrap()
            .to_image::<Rgb<u8>>()
            .unwrap_err(),
        LayoutError::NotContiguous { .. }
    ));
    assert!(matches!(
        view.to_image::<Luma<u8>>().unwrap_err(),
        LayoutError::Size { .. }
    ));
    // A buffer longer than its image.
    let long: GrayImage = GrayImage::from_raw(2, 2, vec![9; 7]).unwrap();
    assert_eq!(StridedView::from_image(&long).shape(), [2, 2, 1]);
    let none = StridedView::from_image(&GrayImage::new(0, 3))
        .to_image::<Luma<u8>>()
        .unwrap()
        .dimensions();
    assert_eq!(none, (0, 3));
}

#[test]
fn added_axes_need_no_number_of_axes_from_the_caller() {
    let mut buffer = [0, 1, 2, 3, 4, 5];
    let layout = Layout::c_order([2, 3], 6).unwrap();
    let step = |step| Spacing {
        step,
        dilation: [1],
    };
    assert_eq!(layout.insert_axis(0).unwrap().shape(), [1, 2, 3]);
    assert_eq!(layout.repeated(2, 4).unwrap().shape(), [2, 3, 4]);
    let over_one = layout.windows_over([1], [2], step([1])).unwrap();
    assert_eq!(over_one.shape(), [2, 2, 2]);
    assert_eq!(layout.blocks([0, 1], [2, 1]).unwrap().shape(), [1, 3, 2, 1]);
    let view = StridedView::from_slice(&buffer, [2, 3]).unwrap();
    assert_eq!(
        view.insert_axis(1).unwrap().layout(),
        &layout.insert_axis(1).unwrap()
    );
    assert_eq!(
        view.repeated(0, 2).unwrap().to_vec(),
        [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]
    );
    // A mutable view has no two indices of one element.
    let mut view = StridedViewMut::from_slice(&mut buffer, [2, 3]).unwrap();
    let overlap = |error| matches!(error, LayoutError::Overlap { .. });
    assert!(overlap(
        view.reborrow()
            .insert_repeated(0, 2)
            .map(|_| ())
            .unwrap_err()
    ));
    assert!(overlap(
        (view.reborrow().add_windows([1], [2], step([1])))
            .map(|_| ())
            .unwrap_err()
    ));
    let mut apart = view.reborrow().add_windows([1], [1], step([2])).unwrap();
    apart.fill(7);
    view.reborrow().insert_axis(0).unwrap()[[0, 1, 1]] = 8;
    view.blocks_mut([0], [2]).unwrap()[[0, 2, 0]] = 9;
    assert_eq!(buffer, [7, 1, 9, 7, 8, 7]);
}
