//! The pixel density in EXIF data, which a step makes another, and a turn exchanges. Only its
//! numbers change, so that offsets stay true.

use super::{ResultGrid, exif_orientation::Exif};

/// `XResolution` and `YResolution`.
const TAGS: [u16; 2] = [0x11a, 0x11b];
/// The type of two numbers of 32 bits, a fraction.
const RATIONAL: u16 = 5;

/// EXIF data of a picture whose pixels lie so on another.
pub(super) fn revised(exif: &[u8], grid: &ResultGrid) -> Vec<u8> {
    match grid.turn.transposes() {
        true => thinned(&exchanged(exif), grid.step),
        false => thinned(exif, grid.step),
    }
}

/// EXIF data with the horizontal density for the vertical one, if they have both.
fn exchanged(exif: &[u8]) -> Vec<u8> {
    let mut exchanged = exif.to_vec();
    if let Some([Some((x, _)), Some((y, _))]) = Exif::new(exif).map(places) {
        for at in 0..4 {
            exchanged.swap(x + at, y + at);
        }
    }
    exchanged
}

/// Where the offset of each density is, and the density.
fn places(of: Exif<'_>) -> [Option<(usize, usize)>; 2] {
    TAGS.map(|tag| {
        let mut entries = of.entries();
        let (_, _, _, at) = entries
            .find(|(found, kind, count, _)| (*found, *kind, *count) == (tag, RATIONAL, 1))?;
        let place = of.u32(at)? as usize;
        // Not the header.
        (place >= 8).then(|| of.u32(place)).flatten()?;
        of.u32(place + 4)?;
        Some((at, place))
    })
}

/// EXIF data of a picture of every so many rows and columns of another.
pub(super) fn thinned(exif: &[u8], [rows, columns]: [usize; 2]) -> Vec<u8> {
    let mut thinned = exif.to_vec();
    if [rows, columns] == [1, 1] {
        return thinned;
    }
    let Some(of) = Exif::new(exif) else {
        return thinned;
    };
    let [horizontal, vertical] = places(of);
    if let Some((_, place)) = horizontal {
        divide(of, place, place, columns, &mut thinned);
    }
    if let Some((at, place)) = vertical {
        let is_shared = horizontal.is_some_and(|(_, other)| other.abs_diff(place) < 8);
        match is_shared {
            false => divide(of, place, place, rows, &mut thinned),
            true if rows == columns => {}
            // A place of its own, at the end.
            true => {
                thinned.resize(thinned.len().next_multiple_of(2), 0);
                let own = thinned.len();
                thinned.resize(own + 8, 0);
                put(of, at, own as u32, &mut thinned);
                divide(of, place, own, rows, &mut thinned);
            }
        }
    }
    thinned
}

/// Divides the fraction at `from` into that at `to`.
fn divide(of: Exif<'_>, from: usize, to: usize, step: usize, bytes: &mut [u8]) {
    let (Some(n), Some(d), Ok(step)) = (of.u32(from), of.u32(from + 4), u32::try_from(step)) else {
        return;
    };
    let fraction = match (n % step, d.checked_mul(step)) {
        (0, _) => [n / step, d],
        (_, Some(d)) => [n, d],
        // Rounded: the numbers are large.
        _ => [n / step, d],
    };
    put(of, to, fraction[0], bytes);
    put(of, to + 4, fraction[1], bytes);
}

fn put(of: Exif<'_>, at: usize, number: u32, bytes: &mut [u8]) {
    let number = match of.is_big_endian {
        true => number.to_be_bytes(),
        false => number.to_le_bytes(),
    };
    bytes[at..at + 4].copy_from_slice(&number);
}

#[cfg(test)]
mod tests {
    use super::{
        super::exif_block::{ExifBlock, Value},
        *,
    };

    /// Data with a horizontal and a vertical density, both of them in the same place.
    fn shared(big_endian: bool) -> Vec<u8> {
        let mut bytes = block([[300, 1]; 2], big_endian).to_bytes();
        // The places follow two entries of 12 bytes.
        let first = 8 + 2;
        let (x, y) = (first + 8, first + 12 + 8);
        bytes.copy_within(x..x + 4, y);
        bytes
    }

    fn block(densities: [[u32; 2]; 2], big_endian: bool) -> ExifBlock {
        let picture = TAGS
            .into_iter()
            .zip(densities)
            .map(|(code, density)| Value {
                code,
                kind: RATIONAL,
                data: density.map(u32::to_le_bytes).concat(),
            });
        let block = ExifBlock {
            picture: picture.collect(),
            ..ExifBlock::default()
        };
        block.in_order(big_endian)
    }

    #[test]
    fn a_step_divides_the_density() {
        for big_endian in [false, true] {
            for (before, step, after) in [
                ([[300, 1], [72, 1]], [1, 1], [[300, 1], [72, 1]]),
                ([[300, 1], [72, 1]], [2, 4], [[75, 1], [36, 1]]),
                ([[75, 2], [75, 2]], [2, 4], [[75, 8], [75, 4]]),
                (
                    [[u32::MAX, u32::MAX], [1, 0]],
                    [1, 2],
                    [[u32::MAX >> 1, u32::MAX], [1, 0]],
                ),
            ] {
                let bytes = block(before, big_endian).to_bytes();
                let expected = block(after, big_endian).to_bytes();
                assert_eq!(thinned(&bytes, step), expected, "{before:?} {step:?}");
            }
            for (step, after) in [
                ([3, 3], [[100, 1], [100, 1]]),
                ([1, 3], [[100, 1], [300, 1]]),
                ([4, 3], [[100, 1], [75, 1]]),
            ] {
                let found = ExifBlock::of(&thinned(&shared(big_endian), step)).unwrap();
                assert_eq!(found.picture, block(after, big_endian).picture, "{step:?}");
            }
        }
    }

    #[test]
    fn a_turn_exchanges_the_densities() {
        for big_endian in [false, true] {
            let found = |bytes: &[u8]| ExifBlock::of(&exchanged(bytes)).unwrap().picture;
            let bytes = block([[300, 1], [72, 1]], big_endian).to_bytes();
            assert_eq!(
                found(&bytes),
                block([[72, 1], [300, 1]], big_endian).picture
            );
            assert_eq!(exchanged(&shared(big_endian)), shared(big_endian));
        }
    }

    #[test]
    fn damaged_data_stay_as_long_as_they_are() {
        let whole = shared(false);
        for len in 0..whole.len() {
            let thin = thinned(&whole[..len], [2, 3]);
            assert!(thin.len() <= len + 10, "{len}");
            assert_eq!(exchanged(&whole[..len]).len(), len);
        }
        for at in 0..whole.len() {
            for byte in [0, 1, 7, 8, 0x7f, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = byte;
                assert!(thinned(&damaged, [2, 3]).len() <= whole.len() + 10);
                assert_eq!(exchanged(&damaged).len(), whole.len());
            }
        }
    }
}
