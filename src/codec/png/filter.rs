//! PNG's filters: a row as differences to its neighbours.
//!
//! Source: PNG specification, section 9.

use crate::simd::{Body, Isa, Simd};

/// Filters every row of `lines` the way that leaves the smallest differences.
///
/// `lines` are rows of `line` bytes, `above` the row before the first of them,
/// or zeros; `pixel` the bytes of a pixel. The result has a byte more in a row:
/// the number of its filter.
pub(super) fn adaptive(
    simd: Simd,
    lines: &[u8],
    above: &[u8],
    line: usize,
    pixel: usize,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(lines.len() / line * (line + 1));
    let mut tries = [(); 4].map(|()| vec![0; line]);
    let mut up = above;
    for row in lines.chunks_exact(line) {
        simd.run(Filtered {
            row,
            up,
            pixel,
            tries: &mut tries,
            out: &mut out,
        });
        up = row;
    }
    out
}

/// The rows as they are, with the number of no filter before each.
pub(super) fn none(lines: &[u8], line: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(lines.len() / line * (line + 1));
    for row in lines.chunks_exact(line) {
        out.push(0);
        out.extend_from_slice(row);
    }
    out
}

struct Filtered<'a> {
    row: &'a [u8],
    up: &'a [u8],
    pixel: usize,
    tries: &'a mut [Vec<u8>; 4],
    out: &'a mut Vec<u8>,
}

impl Body for Filtered<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let Self {
            row,
            up,
            pixel,
            tries: [sub, above, average, paeth],
            out,
        } = self;
        // In the order of the filters' numbers, so that the first of equals
        // is the simplest.
        let sums = [
            sum(row),
            differences(row, up, pixel, sub, |x, left, _, _| x.wrapping_sub(left)),
            differences(row, up, pixel, above, |x, _, up, _| x.wrapping_sub(up)),
            differences(row, up, pixel, average, |x, left, up, _| {
                x.wrapping_sub((left & up) + ((left ^ up) >> 1))
            }),
            differences(row, up, pixel, paeth, |x, left, up, corner| {
                x.wrapping_sub(nearest(left, up, corner))
            }),
        ];
        let mut best = 0;
        for (number, sum) in sums.iter().enumerate() {
            if *sum < sums[best] {
                best = number;
            }
        }
        out.push(best as u8);
        out.extend_from_slice([row, sub, above, average, paeth][best]);
    }
}

/// Writes the differences of a row and gives the sum of their sizes.
#[inline(always)]
fn differences(
    row: &[u8],
    up: &[u8],
    pixel: usize,
    out: &mut [u8],
    difference: impl Fn(u8, u8, u8, u8) -> u8,
) -> u64 {
    // Left of the row are zeros.
    let first = pixel.min(row.len());
    for ((out, x), up) in out[..first].iter_mut().zip(row).zip(up) {
        *out = difference(*x, 0, *up, 0);
    }
    let rest = out[first..].iter_mut().zip(&row[first..]).zip(&up[first..]);
    for (((out, x), up), (left, corner)) in rest.zip(row.iter().zip(up)) {
        *out = difference(*x, *left, *up, *corner);
    }
    sum(out)
}

/// The sum of the sizes of differences, which run from -128 to 127.
#[inline(always)]
fn sum(differences: &[u8]) -> u64 {
    // In 16 bits as long as they last, which is twice as many at once.
    let chunks = differences.chunks(256);
    chunks
        .map(|chunk| {
            let sizes = chunk.iter().map(|d| u16::from((*d as i8).unsigned_abs()));
            u64::from(sizes.sum::<u16>())
        })
        .sum()
}

/// Paeth's predictor: of left, up and corner, the nearest to left + up - corner.
#[inline(always)]
const fn nearest(left: u8, up: u8, corner: u8) -> u8 {
    let to_left = (up as i16 - corner as i16).abs();
    let to_up = (left as i16 - corner as i16).abs();
    let to_corner = (left as i16 + up as i16 - 2 * corner as i16).abs();
    let other = if to_up <= to_corner { up } else { corner };
    if to_left <= to_up && to_left <= to_corner {
        left
    } else {
        other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of the filters, undone byte by byte.
    fn undone(filtered: &[u8], line: usize, pixel: usize) -> Vec<u8> {
        let mut rows: Vec<u8> = Vec::new();
        for (y, row) in filtered.chunks(line + 1).enumerate() {
            for x in 0..line {
                let at = |dy: usize, dx: usize| match (y.checked_sub(dy), x.checked_sub(dx)) {
                    (Some(y), Some(x)) => i32::from(rows[y * line + x]),
                    _ => 0,
                };
                let (left, up, corner) = (at(0, pixel), at(1, 0), at(1, pixel));
                let prediction = match row[0] {
                    0 => 0,
                    1 => left,
                    2 => up,
                    3 => (left + up) / 2,
                    _ => {
                        let far = |v: i32| (left + up - corner - v).abs();
                        // The first of the nearest.
                        [left, up, corner]
                            .into_iter()
                            .min_by_key(|v| far(*v))
                            .unwrap()
                    }
                };
                rows.push(row[x + 1].wrapping_add(prediction as u8));
            }
        }
        rows
    }

    #[test]
    fn filters_can_be_undone_at_every_level_and_size() {
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        for pixel in [1, 2, 3, 4, 6, 8] {
            for columns in [1, 2, 5, 33, 300] {
                let line = pixel * columns;
                let mut lines = Vec::<u8>::new();
                // Rows that each suit another filter.
                for (row, x) in (0..12).flat_map(|row| (0..line).map(move |x| (row, x))) {
                    let before = |n: usize| match lines.len().checked_sub(n) {
                        Some(at) if x >= pixel || n == line => i32::from(lines[at]),
                        _ => 0,
                    };
                    let (left, up) = (before(pixel), before(line));
                    let noise = noise();
                    let grain = i32::from(noise & 1);
                    lines.push(match row % 6 {
                        0 => noise,
                        1 => (x / pixel * 3) as u8,
                        2 => (left / 2 + i32::from(noise / 3)) as u8,
                        3 => (up + grain) as u8,
                        4 => ((left + up) / 2 + grain) as u8,
                        _ => (left + up - before(line + pixel) + grain) as u8,
                    });
                }
                let first = adaptive(Simd::PORTABLE, &lines, &vec![0; line], line, pixel);
                assert_eq!(undone(&first, line, pixel), lines, "{pixel} {columns}");
                let used: std::collections::BTreeSet<_> = first.iter().step_by(line + 1).collect();
                assert!(columns < 33 || used.len() >= 4, "{used:?}");
                for simd in Simd::available() {
                    // In two stretches.
                    let (top, bottom) = lines.split_at(5 * line);
                    let mut both = adaptive(simd, top, &vec![0; line], line, pixel);
                    both.extend(adaptive(simd, bottom, &top[4 * line..], line, pixel));
                    assert_eq!(both, first, "{simd:?} {pixel} {columns}");
                }
                assert_eq!(undone(&none(&lines, line), line, pixel), lines);
            }
        }
    }
}
