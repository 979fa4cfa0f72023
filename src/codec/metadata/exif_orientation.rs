//! The orientation in EXIF data, read and set in place: nothing else moves, so that offsets
//! stay true.

use crate::orientation::Orientation;

/// The tag of the orientation in TIFF and EXIF.
const TAG: u16 = 0x112;
/// The types that its value may have: 16 bits by the specification, 32 as some write it.
const SHORT: u16 = 3;
const LONG: u16 = 4;

/// EXIF data from their TIFF header on, and their byte order.
#[derive(Clone, Copy)]
pub(super) struct Exif<'a> {
    bytes: &'a [u8],
    pub(super) is_big_endian: bool,
}

/// A value of the orientation: where it is, and of which type.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    value_type: u16,
}

impl<'a> Exif<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let is_big_endian = match bytes.get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        Some(Self {
            bytes,
            is_big_endian,
        })
    }

    fn array<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..)?.first_chunk().copied()
    }

    fn u16(self, at: usize) -> Option<u16> {
        let bytes = self.array(at)?;
        Some(match self.is_big_endian {
            true => u16::from_be_bytes(bytes),
            false => u16::from_le_bytes(bytes),
        })
    }

    pub(super) fn u32(self, at: usize) -> Option<u32> {
        let bytes = self.array(at)?;
        Some(match self.is_big_endian {
            true => u32::from_be_bytes(bytes),
            false => u32::from_le_bytes(bytes),
        })
    }

    /// The entries of the first directory, that of the picture: tag, type, number of values, and
    /// where they are, or their offset is. A directory that ends early has those before its
    /// end.
    pub(super) fn entries(self) -> impl Iterator<Item = (u16, u16, u32, usize)> + use<'a> {
        let first = self.u32(4).and_then(|at| usize::try_from(at).ok());
        let count = first.and_then(|at| self.u16(at)).unwrap_or(0);
        (0..usize::from(count)).map_while(move |entry| {
            // A count of entries and some bytes each, from a 32-bit offset on.
            let at = first?.checked_add(2 + 12 * entry)?;
            let value = self.array::<4>(at.checked_add(8)?).map(|_| at + 8)?;
            Some((self.u16(at)?, self.u16(at + 2)?, self.u32(at + 4)?, value))
        })
    }

    /// The values of the orientation.
    fn places(self) -> impl Iterator<Item = Place> + use<'a> {
        self.entries().filter_map(|(tag, value_type, count, at)| {
            let is_it = tag == TAG && count == 1 && matches!(value_type, SHORT | LONG);
            is_it.then_some(Place { at, value_type })
        })
    }

    fn value(self, Place { at, value_type }: Place) -> Option<u16> {
        match value_type {
            LONG => self.u32(at)?.try_into().ok(),
            _ => self.u16(at),
        }
    }
}

/// What some programs write in front of the TIFF header, as in JPEG.
const PREFIX: &[u8] = b"Exif\0\0";

/// The orientation that EXIF data name; `None` if they name none, or no valid one.
pub(super) fn orientation(exif: &[u8]) -> Option<Orientation> {
    let exif = Exif::new(exif.strip_prefix(PREFIX).unwrap_or(exif))?;
    let place = exif.places().next()?;
    Orientation::from_exif(exif.value(place)?)
}

/// Sets the orientation that EXIF data name, if they name one, valid or not.
pub(super) fn set_orientation(exif: &mut [u8], orientation: Orientation) {
    let header = if exif.starts_with(PREFIX) {
        PREFIX.len()
    } else {
        0
    };
    let exif = &mut exif[header..];
    let Some(parsed) = Exif::new(exif) else {
        return;
    };
    let is_big_endian = parsed.is_big_endian;
    let number = orientation.exif();
    // Of several, programs differ in which they read.
    let places = Vec::from_iter(parsed.places());
    for Place { at, value_type } in places {
        let (short, long) = match is_big_endian {
            true => (number.to_be_bytes(), u32::from(number).to_be_bytes()),
            false => (number.to_le_bytes(), u32::from(number).to_le_bytes()),
        };
        let value = match value_type {
            LONG => &long[..],
            _ => &short[..],
        };
        if let Some(bytes) = exif.get_mut(at..at + value.len()) {
            bytes.copy_from_slice(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three entries, the orientation in the middle, and a second directory with one of its own.
    fn exif(is_big_endian: bool, value_type: u16, number: u32) -> Vec<u8> {
        let short = |n: u16| match is_big_endian {
            true => n.to_be_bytes(),
            false => n.to_le_bytes(),
        };
        let long = |n: u32| match is_big_endian {
            true => n.to_be_bytes(),
            false => n.to_le_bytes(),
        };
        let mut bytes = if is_big_endian { b"MM\0*" } else { b"II*\0" }.to_vec();
        let entry = |tag: u16, value_type: u16, value: u32| {
            let mut entry = [short(tag), short(value_type)].concat();
            entry.extend(long(1));
            match value_type {
                SHORT => entry.extend([short(value as u16), [0xee; 2]].concat()),
                _ => entry.extend(long(value)),
            }
            entry
        };
        bytes.extend(long(8));
        bytes.extend(short(3));
        bytes.extend(entry(0x10f, SHORT, 7));
        bytes.extend(entry(TAG, value_type, number));
        bytes.extend(entry(0x11a, LONG, 9));
        bytes.extend(long(50));
        bytes.extend(short(1));
        bytes.extend(entry(TAG, SHORT, 5));
        bytes.extend(long(0));
        bytes
    }

    #[test]
    fn it_is_read_and_set_in_both_byte_orders_and_types() {
        for is_big_endian in [false, true] {
            for value_type in [SHORT, LONG] {
                for from in 0..=9 {
                    for to in Orientation::ALL {
                        let mut bytes = exif(is_big_endian, value_type, from);
                        let known = Orientation::from_exif(from as u16);
                        assert_eq!(orientation(&bytes), known);
                        set_orientation(&mut bytes, to);
                        let wanted = exif(is_big_endian, value_type, to.exif().into());
                        assert_eq!(bytes, wanted);
                    }
                }
            }
        }
        let prefixed = |to| [PREFIX, &exif(true, SHORT, to)].concat();
        let mut bytes = prefixed(6);
        assert_eq!(orientation(&bytes), Some(Orientation::Rotate90));
        set_orientation(&mut bytes, Orientation::Normal);
        assert_eq!(bytes, prefixed(1));
        let huge = exif(true, LONG, 0x0001_0006);
        assert_eq!(orientation(&huge), None);
    }

    /// Every beginning of the data, every first offset and every count.
    #[test]
    fn damaged_data_are_left_as_they_are_or_set_where_they_are_whole() {
        let whole = exif(false, SHORT, 6);
        for len in 0..=whole.len() {
            let mut cut = whole[..len].to_vec();
            // The second entry ends at 34.
            let is_there = len >= 34;
            assert_eq!(orientation(&cut).is_some(), is_there, "{len}");
            set_orientation(&mut cut, Orientation::Normal);
            assert_eq!(cut != whole[..len], is_there, "{len}");
        }
        for offset in (0..100).chain([u32::MAX - 12, u32::MAX]) {
            for count in [0, 1, 3, 0xffff_u16] {
                let mut bytes = whole.clone();
                bytes[4..8].copy_from_slice(&offset.to_le_bytes());
                bytes[8..10].copy_from_slice(&count.to_le_bytes());
                let before = bytes.clone();
                let known = orientation(&bytes);
                set_orientation(&mut bytes, Orientation::Rotate90);
                assert_eq!(bytes.len(), before.len());
                if known.is_some() {
                    assert_eq!(orientation(&bytes), Some(Orientation::Rotate90));
                }
            }
        }
        for bytes in [&b""[..], b"Exif\0\0II*\0", b"Exif\0\0", b"II+\0\x08\0\0\0"] {
            let mut set = bytes.to_vec();
            set_orientation(&mut set, Orientation::Normal);
            assert_eq!((set.as_slice(), orientation(bytes)), (bytes, None));
        }
    }
}
