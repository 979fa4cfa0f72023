//! EXIF data as the values of directories, read from a block and made into one.
//!
//! A block is a TIFF file without a picture: a header, a directory, and those of EXIF, GPS and
//! interoperability that it refers to. Maker notes are values like others here, whose offsets
//! may count from the beginning of the block: only some of them may be moved.

use std::ops::Range;

use super::tag::{
    EXIF_DIRECTORY, GPS_DIRECTORY, INTEROPERABILITY_DIRECTORY, MAKER_NOTE, kinds, swapped,
    value_bytes,
};

/// A value of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::codec) struct Value {
    pub(in crate::codec) code: u16,
    pub(in crate::codec) kind: u16,
    /// In the byte order of the block.
    pub(in crate::codec) data: Vec<u8>,
}

/// The values of the directories, in ascending order of their codes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::codec) struct ExifBlock {
    pub(in crate::codec) big_endian: bool,
    /// Those of the first directory, without references to others.
    pub(in crate::codec) picture: Vec<Value>,
    pub(in crate::codec) exif: Vec<Value>,
    pub(in crate::codec) gps: Vec<Value>,
    pub(in crate::codec) interoperability: Vec<Value>,
    /// Whether there is a second directory, which is a thumbnail's.
    pub(in crate::codec) has_thumbnail: bool,
}

/// The most values of a directory. Real ones have some tens.
pub(in crate::codec) const MAX_VALUES: usize = 1000;

/// The bytes of an entry of a directory.
const ENTRY: usize = 12;

/// Tags of the size in pixels.
const SIZE: [u16; 2] = [0xa002, 0xa003];

impl ExifBlock {
    /// Reads a block; `None` if it is damaged.
    pub(in crate::codec) fn of(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.strip_prefix(b"Exif\0\0").unwrap_or(bytes);
        let big_endian = match bytes.first_chunk()? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        // Values may share their bytes, but not so many that they would not fit a block.
        let mut source = Source {
            bytes,
            big_endian,
            room: bytes.len(),
        };
        let first = source.number(4..8)?;
        let (mut picture, next) = source.directory(first)?;
        let mut exif = source.referred(&mut picture, EXIF_DIRECTORY)?;
        let gps = source.referred(&mut picture, GPS_DIRECTORY)?;
        let interoperability = source.referred(&mut exif, INTEROPERABILITY_DIRECTORY)?;
        Some(Self {
            big_endian,
            picture,
            exif,
            gps,
            interoperability,
            has_thumbnail: next.is_some_and(|next| next != 0),
        })
    }

    /// As a block, without a thumbnail.
    pub(in crate::codec) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = match self.big_endian {
            false => b"II*\0\x08\0\0\0".to_vec(),
            true => b"MM\0*\0\0\0\x08".to_vec(),
        };
        let [mut picture, mut exif] = [self.picture.clone(), self.exif.clone()];
        // References are of the same size whatever they are.
        let refer = |to: &[Value], from: &mut Vec<Value>, code, at: usize| {
            if !to.is_empty() {
                self.set(from, code, kinds::LONG, at as u32);
            }
        };
        refer(
            &self.interoperability,
            &mut exif,
            INTEROPERABILITY_DIRECTORY,
            0,
        );
        refer(&exif, &mut picture, EXIF_DIRECTORY, 0);
        refer(&self.gps, &mut picture, GPS_DIRECTORY, 0);
        let at_exif = bytes.len() + directory_bytes(&picture);
        let at_gps = at_exif + directory_bytes(&exif);
        let at_interoperability = at_gps + directory_bytes(&self.gps);
        refer(
            &self.interoperability,
            &mut exif,
            INTEROPERABILITY_DIRECTORY,
            at_interoperability,
        );
        refer(&exif, &mut picture, EXIF_DIRECTORY, at_exif);
        refer(&self.gps, &mut picture, GPS_DIRECTORY, at_gps);
        self.write(&picture, &mut bytes);
        for directory in [&exif, &self.gps, &self.interoperability] {
            if !directory.is_empty() {
                self.write(directory, &mut bytes);
            }
        }
        bytes
    }

    /// Whether nothing is in it.
    pub(in crate::codec) fn is_empty(&self) -> bool {
        [&self.picture, &self.exif, &self.gps]
            .iter()
            .all(|directory| directory.is_empty())
    }

    /// The same in this byte order, but for [values](is_opaque) whose numbers are not known.
    pub(in crate::codec) fn in_order(mut self, big_endian: bool) -> Self {
        if self.big_endian != big_endian {
            self.big_endian = big_endian;
            let all = [
                &mut self.picture,
                &mut self.exif,
                &mut self.gps,
                &mut self.interoperability,
            ];
            for value in all.into_iter().flatten() {
                value.data = swapped(value.kind, &value.data);
            }
            for value in &mut self.exif {
                swap_undefined(value);
            }
        }
        self
    }

    /// Sets the orientation, 1 to 8.
    pub(in crate::codec) fn set_orientation(&mut self, orientation: u16) {
        let mut picture = std::mem::take(&mut self.picture);
        self.set(&mut picture, 0x112, kinds::SHORT, orientation.into());
        self.picture = picture;
    }

    /// Adds a value in little-endian order to the first directory, unless it has one of this
    /// code.
    pub(in crate::codec) fn add(&mut self, code: u16, kind: u16, data: &[u8]) {
        let Err(at) = self.picture.binary_search_by_key(&code, |value| value.code) else {
            return;
        };
        let data = match self.big_endian {
            true => swapped(kind, data),
            false => data.to_vec(),
        };
        self.picture.insert(at, Value { code, kind, data });
    }

    /// Sets the size in pixels, if one is told; returns whether it was another.
    pub(in crate::codec) fn set_size(&mut self, [rows, columns]: [usize; 2]) -> bool {
        let mut exif = std::mem::take(&mut self.exif);
        let before = exif.clone();
        for (code, size) in SIZE.into_iter().zip([columns, rows]) {
            let told = exif.iter().find(|value| value.code == code);
            if told.is_some_and(|value| self.number(&value.data) != size as u64) {
                self.set(&mut exif, code, kinds::LONG, size as u32);
            }
        }
        self.exif = exif;
        self.exif != before
    }

    /// A whole number.
    fn number(&self, data: &[u8]) -> u64 {
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        match self.big_endian {
            true => data.iter().fold(0, join),
            false => data.iter().rev().fold(0, join),
        }
    }

    /// The maker note, if there is one.
    pub(in crate::codec) fn maker_note(&self) -> Option<&Value> {
        self.exif.iter().find(|value| value.code == MAKER_NOTE)
    }

    /// Sets a number in a directory.
    fn set(&self, directory: &mut Vec<Value>, code: u16, kind: u16, number: u32) {
        let width = value_bytes(kind).unwrap_or(4);
        let mut data = number.to_le_bytes()[..width].to_vec();
        if self.big_endian {
            data.reverse();
        }
        let value = Value { code, kind, data };
        match directory.binary_search_by_key(&code, |value| value.code) {
            Ok(at) => directory[at] = value,
            Err(at) => directory.insert(at, value),
        }
    }

    /// Appends a directory and its values.
    fn write(&self, directory: &[Value], bytes: &mut Vec<u8>) {
        let ordered = |number: &[u8]| match self.big_endian {
            true => number.iter().rev().copied().collect(),
            false => number.to_vec(),
        };
        let mut at = bytes.len() + 2 + directory.len() * ENTRY + 4;
        let mut values: Vec<u8> = Vec::new();
        bytes.extend(ordered(&(directory.len() as u16).to_le_bytes()));
        for Value { code, kind, data } in directory {
            let count = data.len() / value_bytes(*kind).unwrap_or(1);
            bytes.extend(ordered(&code.to_le_bytes()));
            bytes.extend(ordered(&kind.to_le_bytes()));
            bytes.extend(ordered(&(count as u32).to_le_bytes()));
            if data.len() <= 4 {
                bytes.extend(data);
                bytes.extend(&[0; 4][data.len()..]);
            } else {
                bytes.extend(ordered(&(at as u32).to_le_bytes()));
                values.extend(data);
                values.extend(&[0; 1][..data.len() % 2]);
                at += data.len().next_multiple_of(2);
            }
        }
        bytes.extend([0; 4]);
        bytes.extend(values);
    }
}

/// The bytes of a directory with its values; 0 if it is empty.
fn directory_bytes(directory: &[Value]) -> usize {
    if directory.is_empty() {
        return 0;
    }
    let elsewhere = directory.iter().map(|value| match value.data.len() {
        0..=4 => 0,
        len => len.next_multiple_of(2),
    });
    2 + directory.len() * ENTRY + 4 + elsewhere.sum::<usize>()
}

/// Swaps the numbers of 16 bits in a value whose type does not tell of them.
fn swap_undefined(value: &mut Value) {
    const UNICODE: &[u8] = b"UNICODE\0";
    let numbers = match value.code {
        // UserComment.
        0x9286 if value.data.starts_with(UNICODE) => UNICODE.len()..value.data.len(),
        // CFAPattern begins with rows and columns.
        0xa302 => 0..value.data.len().min(4),
        _ => 0..0,
    };
    for pair in value.data[numbers].as_chunks_mut::<2>().0 {
        pair.reverse();
    }
}

/// Whether the numbers in a value of EXIF data are of sizes that its type does not tell, so
/// that they cannot be brought into another byte order.
pub(in crate::codec) const fn is_opaque(code: u16) -> bool {
    // OECF, SpatialFrequencyResponse, DeviceSettingDescription.
    matches!(code, 0x8828 | 0xa20c | 0xa40b)
}

/// Whether a maker note's offsets count from its own beginning, so that it may be moved. These
/// are as `ExifTool` knows them; each has a byte order of its own.
pub(in crate::codec) fn is_movable(maker_note: &[u8]) -> bool {
    let known: [&[u8]; 6] = [
        b"Apple iOS\0",
        b"FUJIFILM",
        b"Nikon\0\x02",
        b"OLYMPUS\0",
        b"OM SYSTEM\0",
        b"PENTAX \0",
    ];
    known.iter().any(|name| maker_note.starts_with(name))
}

/// A block that is being read.
struct Source<'a> {
    bytes: &'a [u8],
    big_endian: bool,
    /// The bytes of values that may still be read.
    room: usize,
}

impl Source<'_> {
    /// A number of up to 32 bits.
    fn number(&self, range: Range<usize>) -> Option<u32> {
        let join = |number: u32, byte: &u8| number << 8 | u32::from(*byte);
        let bytes = self.bytes.get(range)?.iter();
        Some(match self.big_endian {
            true => bytes.fold(0, join),
            false => bytes.rev().fold(0, join),
        })
    }

    /// The values of the directory at an offset, and the offset of the next, which may be missing.
    fn directory(&mut self, start: u32) -> Option<(Vec<Value>, Option<u32>)> {
        let start = start as usize;
        let first = start.checked_add(2)?;
        let count = self.number(start..first)? as usize;
        if count > MAX_VALUES {
            return None;
        }
        let mut values = Vec::new();
        for number in 0..count {
            let at = first + number * ENTRY;
            let code = self.number(at..at + 2)? as u16;
            let kind = self.number(at + 2..at + 4)? as u16;
            let count = self.number(at + 4..at + 8)? as usize;
            let len = count.checked_mul(value_bytes(kind)?)?;
            let place = match len {
                0..=4 => at + 8,
                _ => self.number(at + 8..at + 12)? as usize,
            };
            let data = self.bytes.get(place..place.checked_add(len)?)?.to_vec();
            self.room = self.room.checked_sub(len)?;
            values.push(Value { code, kind, data });
        }
        values.sort_by_key(|value| value.code);
        values.dedup_by_key(|value| value.code);
        let end = first + count * ENTRY;
        Some((values, self.number(end..end + 4)))
    }

    /// The values of the directory that a value of this code refers to, which is removed.
    fn referred(&mut self, values: &mut Vec<Value>, code: u16) -> Option<Vec<Value>> {
        let Some(at) = values.iter().position(|value| value.code == code) else {
            return Some(Vec::new());
        };
        let place = values.remove(at).data;
        let place = Source {
            bytes: &place,
            ..*self
        };
        let start = place.number(0..4)?;
        Some(self.directory(start)?.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(code: u16, kind: u16, data: &[u8]) -> Value {
        let data = data.to_vec();
        Value { code, kind, data }
    }

    fn block() -> ExifBlock {
        ExifBlock {
            big_endian: false,
            picture: vec![
                value(0x112, kinds::SHORT, &[6, 0]),
                value(0x13b, kinds::ASCII, b"somebody\0"),
            ],
            exif: vec![
                value(0x829a, kinds::RATIONAL, &[1, 0, 0, 0, 60, 0, 0, 0]),
                value(0x9286, kinds::UNDEFINED, b"UNICODE\0a\0b\0"),
                value(0xa002, kinds::SHORT, &[9, 0]),
                value(0xa003, kinds::LONG, &[9, 0, 0, 0]),
            ],
            gps: vec![value(0, kinds::BYTE, &[2, 3, 0, 0])],
            interoperability: vec![value(1, kinds::ASCII, b"R98\0")],
            has_thumbnail: false,
        }
    }

    /// The bytes of all values.
    fn bytes(block: &ExifBlock) -> usize {
        let all = [
            &block.picture,
            &block.exif,
            &block.gps,
            &block.interoperability,
        ];
        all.iter()
            .flat_map(|values| values.iter())
            .map(|value| value.data.len())
            .sum()
    }

    #[test]
    fn blocks_are_read_as_they_were_written() {
        let all = block();
        let mut cases = vec![ExifBlock::default(), all.clone()];
        for without in 0..4 {
            let mut block = all.clone();
            match without {
                0 => block.picture.clear(),
                1 => block.gps.clear(),
                2 => block.interoperability.clear(),
                _ => block.exif.clear(),
            }
            cases.push(block);
        }
        for block in cases {
            for big_endian in [false, true] {
                let block = block.clone().in_order(big_endian);
                assert_eq!(ExifBlock::of(&block.to_bytes()), Some(block));
            }
        }
        let swapped = all.clone().in_order(true);
        assert_eq!(swapped.exif[0].data, [0, 0, 0, 1, 0, 0, 0, 60]);
        assert_eq!(swapped.exif[1].data, b"UNICODE\0\0a\0b");
        assert_eq!(swapped.picture[1].data, b"somebody\0");
        assert_eq!(swapped.in_order(false), all);
    }

    #[test]
    fn sizes_become_those_of_the_result() {
        for big_endian in [false, true] {
            let mut changed = block().in_order(big_endian);
            assert!(!changed.set_size([9, 9]));
            assert!(changed.set_size([300, 9]));
            assert!(!changed.set_size([300, 9]));
            let changed = changed.in_order(false);
            assert_eq!(changed.exif[..3], block().exif[..3]);
            assert_eq!(changed.exif[3], value(0xa003, kinds::LONG, &[44, 1, 0, 0]));
        }
        assert!(!ExifBlock::default().set_size([300, 9]));
    }

    #[test]
    fn damaged_blocks_are_none_or_smaller() {
        let whole = block().to_bytes();
        for len in 0..whole.len() {
            assert!(ExifBlock::of(&whole[..len]).is_none_or(|cut| bytes(&cut) <= len));
        }
        for at in 0..whole.len() {
            for byte in [0, 1, 8, 0x7f, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = byte;
                if let Some(block) = ExifBlock::of(&damaged) {
                    assert!(bytes(&block) <= whole.len());
                    let again = ExifBlock::of(&block.to_bytes()).unwrap();
                    assert_eq!(
                        again,
                        ExifBlock {
                            has_thumbnail: false,
                            ..block
                        }
                    );
                }
            }
        }
        for data in [
            &b""[..],
            b"II*\0",
            b"XX*\0\x08\0\0\0\0\0\0\0\0\0",
            b"II*\0\x08\0\0\0\xff\xff\0\0",
            b"II*\0\xff\xff\xff\xff\0\0",
        ] {
            assert_eq!(ExifBlock::of(data), None);
        }
    }

    #[test]
    fn the_same_bytes_cannot_be_read_again_and_again() {
        // A thousand values, each of which is nearly all of the block.
        let len = 2 + 1000 * ENTRY as u32;
        let mut bytes = b"II*\0\x08\0\0\0\xe8\x03".to_vec();
        for code in 0..1000_u16 {
            bytes.extend(code.to_le_bytes());
            bytes.extend([7, 0]);
            bytes.extend(len.to_le_bytes());
            bytes.extend(8_u32.to_le_bytes());
        }
        bytes.extend([0; 4]);
        assert_eq!(ExifBlock::of(&bytes), None);
    }
}
