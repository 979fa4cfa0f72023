//! The tags of a picture that its results may carry, and its EXIF data.

use std::{
    collections::BTreeSet,
    io::{ErrorKind, Read, Result as IoResult, Seek, SeekFrom},
};

use super::ifd::{Entry, MAX_ENTRIES, NumberFormat};
use crate::codec::{
    Omission, Part, Tag,
    metadata::{
        exif_block::{ExifBlock, MAX_VALUES, Value, is_movable},
        tag::{
            EXIF_DIRECTORY, GPS_DIRECTORY, INTEROPERABILITY_DIRECTORY, IPTC, MAKER_NOTE,
            MAKER_NOTE_WHY, MAX_GPS_CODE, PHOTOSHOP, Role, exif_role, kinds, role, swapped,
            tag_name, value_bytes,
        },
    },
};

/// The tags that are told of one by one. Real files have some tens.
const MAX_TAGS: usize = 1000;

/// What is read of a directory.
#[derive(Debug, Default)]
pub(super) struct CarriedTags {
    pub(super) parts: Vec<Part>,
    /// EXIF data in the byte order of the file, as other formats have them.
    pub(super) exif: Option<Vec<u8>>,
}

impl CarriedTags {
    /// Those of the directory at offset `start` of a file of `length` bytes: at most `room` bytes
    /// of values.
    pub(super) fn read(
        input: &mut (impl Read + Seek),
        numbers: NumberFormat,
        start: u64,
        [length, room]: [u64; 2],
    ) -> IoResult<Self> {
        let mut reader = Reader {
            input,
            numbers,
            length,
            room,
            parts: Vec::new(),
        };
        let mut exif = ExifBlock {
            big_endian: numbers.is_big_endian(),
            ..ExifBlock::default()
        };
        let entries = reader.entries(start, MAX_ENTRIES)?.unwrap_or_default();
        let mut seen = BTreeSet::new();
        let mut told = 0;
        for entry in entries {
            let is_new = seen.insert(entry.tag);
            match (entry.tag, role(entry.tag)) {
                (EXIF_DIRECTORY, _) if is_new => exif.exif = reader.exif(&entry, &mut exif)?,
                (GPS_DIRECTORY, _) if is_new => {
                    exif.gps = reader.values(&entry, "GPS data", |code| match code {
                        0..=MAX_GPS_CODE => Role::Description,
                        _ => UNKNOWN,
                    })?;
                }
                (IPTC | PHOTOSHOP, _) => {}
                (_, Role::Storage) => continue,
                _ => {}
            }
            if matches!(entry.tag, EXIF_DIRECTORY | GPS_DIRECTORY) {
                continue;
            }
            told += 1;
            if told <= MAX_TAGS {
                reader.add(&entry, is_new)?;
            }
        }
        if let Some(more @ 1..) = told.checked_sub(MAX_TAGS) {
            let why = Omission::Unknown("there are more than a file needs");
            reader.omit(format!("{more} further tags"), 0, why);
        }
        Ok(Self {
            exif: (!exif.is_empty()).then(|| exif.to_bytes()),
            parts: reader.parts,
        })
    }
}

const UNKNOWN: Role = Role::Unknown(None, "its meaning is unknown");

impl CarriedTags {
    /// The bytes that it takes.
    pub(super) fn bytes(&self) -> u64 {
        let parts = self
            .parts
            .iter()
            .filter(|part| !matches!(part, Part::Other { .. }));
        let parts = parts.map(Part::bytes).sum::<usize>();
        (parts + self.exif.as_ref().map_or(0, Vec::len)) as u64
    }

    /// Adds what only `other` has: of the same picture, or of another one that the file is
    /// also about.
    pub(super) fn merge(&mut self, other: Self, is_same: bool) {
        self.exif = self.exif.take().or(other.exif);
        for part in other.parts {
            let name = part.to_string();
            let is_known = !is_same && self.parts.iter().any(|known| known.to_string() == name);
            let is_description = match &part {
                Part::Tag(tag) => role(tag.code) == Role::Description,
                _ => true,
            };
            match is_same || is_description {
                _ if is_known => {}
                true => self.parts.push(part),
                false => omit(
                    &mut self.parts,
                    name,
                    part.bytes() as u64,
                    Omission::Unknown("it is about another picture of the file"),
                ),
            }
        }
    }
}

/// Reads the values of directories.
struct Reader<'a, R> {
    input: &'a mut R,
    numbers: NumberFormat,
    length: u64,
    /// The bytes of values that may still be read.
    room: u64,
    parts: Vec<Part>,
}

impl<R: Read + Seek> Reader<'_, R> {
    /// The entries of a directory; `None` if it is damaged.
    fn entries(&mut self, start: u64, max: u64) -> IoResult<Option<Vec<Entry>>> {
        let mut entries = Vec::new();
        let read = self
            .numbers
            .directory(self.input, start, max, |entry| entries.push(entry));
        match read {
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => Err(error),
            Err(_) => Ok(None),
            Ok(_) => Ok(Some(entries)),
        }
    }

    /// Adds the part of an entry.
    fn add(&mut self, entry: &Entry, is_new: bool) -> IoResult<()> {
        let (name, why) = match (entry.tag, role(entry.tag)) {
            (IPTC, _) => ("IPTC data".to_owned(), None),
            (PHOTOSHOP, _) => ("Photoshop and IPTC data".to_owned(), None),
            (_, Role::Outdated(name, why)) => (name.to_owned(), Some(Omission::Outdated(why))),
            (code, Role::Unknown(name, why)) => (
                name.map_or_else(|| tag_name(code), str::to_owned),
                Some(Omission::Unknown(why)),
            ),
            (code, _) => (tag_name(code), None),
        };
        let twice = (!is_new).then_some(Omission::Unknown("it stands there twice"));
        if let Some(why) = why.or(twice) {
            self.omit(name, entry.size(), why);
            return Ok(());
        }
        let data = match self.data(entry)? {
            Ok(data) => data,
            Err(why) => {
                self.omit(name, entry.size(), Omission::Unknown(why));
                return Ok(());
            }
        };
        self.parts.push(match entry.tag {
            // Bytes whatever their type says.
            IPTC => Part::Iptc(data.into()),
            PHOTOSHOP => Part::Photoshop(data.into()),
            code => {
                let data = match self.numbers.is_big_endian() {
                    true => swapped(entry.kind, &data),
                    false => data,
                };
                match in_32_bits(entry.kind, data) {
                    Some((kind, data)) => Part::Tag(Tag::new(code, kind, data)),
                    None => {
                        let why = Omission::Unknown("its numbers have 64 bits");
                        self.omit(name, entry.size(), why);
                        return Ok(());
                    }
                }
            }
        });
        Ok(())
    }

    /// The values of an EXIF directory, and those of interoperability, which it refers to.
    fn exif(&mut self, pointer: &Entry, block: &mut ExifBlock) -> IoResult<Vec<Value>> {
        let mut values = self.values(pointer, "EXIF data", |code| match code {
            // These are looked at below.
            INTEROPERABILITY_DIRECTORY | MAKER_NOTE => Role::Description,
            _ => exif_role(code),
        })?;
        values.retain(|value| {
            let is_kept = value.code != MAKER_NOTE || is_movable(&value.data);
            if !is_kept {
                let why = Omission::Unknown(MAKER_NOTE_WHY);
                omit(&mut self.parts, "maker note", value.data.len() as u64, why);
            }
            is_kept
        });
        if let Some(at) = values
            .iter()
            .position(|value| value.code == INTEROPERABILITY_DIRECTORY)
        {
            let start = values.remove(at).data;
            let pointer = Entry {
                at: 0,
                tag: INTEROPERABILITY_DIRECTORY,
                kind: kinds::LONG,
                count: 1,
                bytes: 4,
                value: self.numbers.number(&start),
                offset: 0,
            };
            block.interoperability =
                self.values(&pointer, "interoperability data", |code| match code {
                    1 | 2 => Role::Description,
                    // The size of a picture beside it.
                    4097 | 4098 => Role::Storage,
                    _ => UNKNOWN,
                })?;
        }
        Ok(values)
    }

    /// The values of the directory that an entry refers to, whose tags have these roles.
    fn values(
        &mut self,
        pointer: &Entry,
        name: &str,
        role: impl Fn(u16) -> Role,
    ) -> IoResult<Vec<Value>> {
        let entries = self.entries(pointer.value, MAX_VALUES as u64)?;
        let Some(entries) = entries.filter(|_| pointer.value != 0) else {
            self.omit(name.to_owned(), 0, Omission::Unknown("they are damaged"));
            return Ok(Vec::new());
        };
        let mut values = Vec::new();
        for entry in entries {
            let code = entry.tag;
            let data = match role(code) {
                Role::Storage => continue,
                Role::Unknown(_, why) => Err(why),
                // EXIF data have the types of TIFF 6.0.
                _ if !matches!(entry.kind, 1..=12 | 129) => Err("its type is unknown"),
                _ => self.data(&entry)?,
            };
            match data {
                Ok(data) => values.push(Value {
                    code,
                    kind: entry.kind,
                    data,
                }),
                Err(why) => {
                    let name = format!("tag {code} of the {name}");
                    self.omit(name, entry.size(), Omission::Unknown(why));
                }
            }
        }
        values.sort_by_key(|value| value.code);
        values.dedup_by_key(|value| value.code);
        Ok(values)
    }

    /// The bytes of an entry's values in the byte order of the file, or why they are not
    /// read.
    fn data(&mut self, entry: &Entry) -> IoResult<Result<Vec<u8>, &'static str>> {
        const DAMAGED: &str = "it is damaged";
        let size = entry.size();
        if value_bytes(entry.kind).is_none() {
            return Ok(Err("its type is unknown"));
        }
        let end = entry.offset.saturating_add(size);
        if size == 0 || end > self.length {
            return Ok(Err(DAMAGED));
        }
        if size > self.room {
            return Ok(Err("it is larger than the limit"));
        }
        self.room -= size;
        self.input.seek(SeekFrom::Start(entry.offset))?;
        let mut data = Vec::new();
        self.input.take(size).read_to_end(&mut data)?;
        Ok(match data.len() as u64 == size {
            true => Ok(data),
            false => Err(DAMAGED),
        })
    }

    fn omit(&mut self, name: String, bytes: u64, why: Omission) {
        omit(&mut self.parts, name, bytes, why);
    }
}

/// Little-endian values without the types of BigTIFF, which other files do not have; `None` if they
/// are no numbers of 32 bits.
fn in_32_bits(kind: u16, data: Vec<u8>) -> Option<(u16, Vec<u8>)> {
    let narrow = match kind {
        kinds::LONG8 => kinds::LONG,
        kinds::SLONG8 => kinds::SLONG,
        kinds::IFD8 => return None,
        _ => return Some((kind, data)),
    };
    let numbers = data.as_chunks().0.iter();
    let narrowed = numbers.map(|number| match kind {
        kinds::LONG8 => u32::try_from(u64::from_le_bytes(*number)).ok(),
        _ => i32::try_from(i64::from_le_bytes(*number))
            .ok()
            .map(i32::cast_unsigned),
    });
    let narrowed: Option<Vec<_>> = narrowed.map(|number| Some(number?.to_le_bytes())).collect();
    Some((narrow, narrowed?.concat()))
}

fn omit(parts: &mut Vec<Part>, name: impl Into<String>, bytes: u64, why: Omission) {
    parts.push(Part::Other {
        name: name.into(),
        bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
        why,
    });
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A file of directories: the values of tags of the first, and of those that it refers to.
    struct File {
        big_endian: bool,
        is_big_tiff: bool,
        bytes: Vec<u8>,
    }

    impl File {
        fn new(big_endian: bool, is_big_tiff: bool) -> Self {
            let mut file = Self {
                big_endian,
                is_big_tiff,
                bytes: Vec::new(),
            };
            file.bytes.extend(if big_endian { b"MM" } else { b"II" });
            file.bytes.extend(match is_big_tiff {
                false => file.number(42, 2),
                true => [43, 8, 0].map(|number| file.number(number, 2)).concat(),
            });
            let first = file.bytes.len();
            file.bytes.extend(file.number(0, file.width()));
            assert_eq!(first, file.width());
            file
        }

        fn width(&self) -> usize {
            if self.is_big_tiff { 8 } else { 4 }
        }

        fn number(&self, number: usize, width: usize) -> Vec<u8> {
            let mut bytes = (number as u64).to_le_bytes()[..width].to_vec();
            if self.big_endian {
                bytes.reverse();
            }
            bytes
        }

        /// Appends a directory of entries (tag, type, count, value); returns its offset.
        fn directory(&mut self, entries: &[(u16, u16, usize, Vec<u8>)]) -> usize {
            let width = self.width();
            let mut directory = self.number(entries.len(), if self.is_big_tiff { 8 } else { 2 });
            for (tag, kind, count, value) in entries {
                directory.extend(self.number((*tag).into(), 2));
                directory.extend(self.number((*kind).into(), 2));
                directory.extend(self.number(*count, width));
                let value = match value.len() > width {
                    true => {
                        let place = self.bytes.len();
                        self.bytes.extend(value);
                        self.number(place, width)
                    }
                    false => value.clone(),
                };
                directory.extend(&value);
                directory.extend(&[0; 8][..width - value.len()]);
            }
            directory.extend(self.number(0, width));
            let place = self.bytes.len();
            self.bytes.extend(directory);
            place
        }

        fn finish(mut self, entries: &[(u16, u16, usize, Vec<u8>)]) -> Vec<u8> {
            let first = self.directory(entries);
            let width = self.width();
            let first = self.number(first, width);
            self.bytes[width..2 * width].copy_from_slice(&first);
            self.bytes
        }
    }

    fn read_within(bytes: &[u8], room: u64) -> CarriedTags {
        let mut input = Cursor::new(bytes);
        let Some((numbers, start)) = NumberFormat::of(&mut input).unwrap_or_default() else {
            return CarriedTags::default();
        };
        let length = bytes.len() as u64;
        CarriedTags::read(&mut input, numbers, start, [length, room]).unwrap()
    }

    fn read(bytes: &[u8]) -> CarriedTags {
        read_within(bytes, 1 << 20)
    }

    /// A file with EXIF, GPS and interoperability data.
    fn full(big_endian: bool, is_big_tiff: bool) -> Vec<u8> {
        let mut file = File::new(big_endian, is_big_tiff);
        let interoperability = file.directory(&[(1, 2, 4, b"R98\0".to_vec())]);
        let width = file.width();
        let pointer = |file: &File, tag, place| {
            let kind = if is_big_tiff { 18 } else { 4 };
            (tag, kind, 1, file.number(place, width))
        };
        let mut exif = vec![
            (
                33434,
                5,
                1,
                [file.number(1, 4), file.number(60, 4)].concat(),
            ),
            (MAKER_NOTE, 7, 4, b"note".to_vec()),
            (0xea1d, 9, 1, file.number(4, 4)),
            (0xea1e, 9, 1, file.number(4, 4)),
        ];
        // Of a type that EXIF data have.
        exif.insert(
            2,
            (
                INTEROPERABILITY_DIRECTORY,
                4,
                1,
                file.number(interoperability, 4),
            ),
        );
        let exif = file.directory(&exif);
        let gps = file.directory(&[(0, 1, 4, vec![2, 3, 0, 0]), (200, 1, 1, vec![1])]);
        let short = file.number(3, 2);
        let tie = 2.5_f64.to_bits();
        let tie = if big_endian {
            tie.to_be_bytes()
        } else {
            tie.to_le_bytes()
        };
        let entries = [
            (256, 3, 1, short.clone()),
            (297, 3, 2, [short.clone(), file.number(7, 2)].concat()),
            (315, 2, 7, b"artist\0".to_vec()),
            (315, 2, 6, b"other\0".to_vec()),
            (IPTC, 4, 2, b"\x1c\x02 as is".to_vec()),
            (33922, 12, 6, tie.repeat(6)),
            pointer(&file, EXIF_DIRECTORY, exif),
            pointer(&file, GPS_DIRECTORY, gps),
            (65000, 7, 5, b"other".to_vec()),
        ];
        file.finish(&entries)
    }

    #[test]
    fn tags_are_the_same_in_every_kind_of_file() {
        for (big_endian, is_big_tiff) in
            [(false, false), (true, false), (false, true), (true, true)]
        {
            let CarriedTags { parts, exif } = read(&full(big_endian, is_big_tiff));
            let tag = |code, kind, data: &[u8]| Part::Tag(Tag::new(code, kind, data));
            let other = |name: &str, bytes, why| Part::Other {
                name: name.to_owned(),
                bytes,
                why: Omission::Unknown(why),
            };
            let unknown = "its meaning is unknown";
            assert_eq!(
                parts,
                [
                    tag(297, 3, &[3, 0, 7, 0]),
                    tag(315, 2, b"artist\0"),
                    other("tag Artist", 6, "it stands there twice"),
                    Part::Iptc((*b"\x1c\x02 as is").into()),
                    tag(33922, 12, &2.5_f64.to_le_bytes().repeat(6)),
                    other("tag 59934 of the EXIF data", 4, unknown),
                    other("maker note", 4, MAKER_NOTE_WHY),
                    other("tag 200 of the GPS data", 1, unknown),
                    other("tag 65000", 5, unknown),
                ],
                "{big_endian} {is_big_tiff}"
            );
            let exif = ExifBlock::of(&exif.unwrap()).unwrap();
            assert_eq!(exif.big_endian, big_endian);
            let exif = exif.in_order(false);
            let value = |code, kind, data: &[u8]| Value {
                code,
                kind,
                data: data.to_vec(),
            };
            let exposure = value(33434, 5, &[1, 0, 0, 0, 60, 0, 0, 0]);
            assert_eq!(exif.exif, [exposure]);
            assert_eq!(exif.gps, [value(0, 1, &[2, 3, 0, 0])]);
            assert_eq!(exif.interoperability, [value(1, 2, b"R98\0")]);
        }
    }

    /// The bytes of values that are kept.
    fn kept(tags: &CarriedTags) -> usize {
        tags.bytes() as usize
    }

    #[test]
    fn a_picture_also_has_the_descriptions_of_the_first_directory() {
        let tag = |code, text: &str| Part::Tag(Tag::new(code, kinds::ASCII, text.as_bytes()));
        let of = |parts: &[Part], exif: Option<u8>| CarriedTags {
            parts: parts.to_vec(),
            exif: exif.map(|byte| vec![byte]),
        };
        let (own, place) = (tag(315, "own"), tag(33550, "place"));
        let first = [tag(315, "other"), tag(305, "more"), place.clone(), place];
        let mut tags = CarriedTags::default();
        tags.merge(of(&[own.clone(), own.clone()], None), true);
        tags.merge(of(&first, Some(1)), false);
        let [one, same, more, lost] = &tags.parts[..] else {
            panic!("{:?}", tags.parts);
        };
        assert_eq!([one, same, more], [&own, &own, &first[1]]);
        assert!(matches!(
            lost,
            Part::Other {
                why: Omission::Unknown(_),
                ..
            }
        ));
        assert_eq!(lost.to_string(), "tag ModelPixelScale");
        assert_eq!(tags.exif, Some(vec![1]));
        tags.merge(of(&[], Some(2)), false);
        assert_eq!(tags.exif, Some(vec![1]));
    }

    #[test]
    fn damaged_directories_give_no_more_than_they_have() {
        let mut read_any = 0;
        for (big_endian, is_big_tiff) in [(false, false), (true, false), (false, true)] {
            let whole = full(big_endian, is_big_tiff);
            for len in 0..whole.len() {
                read_any += kept(&read(&whole[..len]));
            }
            for at in 0..whole.len() {
                for byte in [0, 1, 8, 0x7f, 0xff] {
                    let mut damaged = whole.clone();
                    damaged[at] = byte;
                    // A directory may be read as another as well.
                    let most = 5 * whole.len();
                    assert!(kept(&read(&damaged)) < most, "{at} {byte}");
                }
            }
        }
        assert_eq!(read_any, 0, "a directory at the end was cut");
    }

    #[test]
    fn claims_and_circles_take_no_memory() {
        const OVER: &str = "it is larger than the limit";
        const DAMAGED: &str = "it is damaged";
        let text = |bytes: usize| (315, 2, bytes, vec![b'a'; bytes]);
        let why = |tags: &CarriedTags| match &tags.parts[..] {
            [Part::Other { why, .. }] => Some(*why),
            _ => None,
        };
        for is_big_tiff in [false, true] {
            let file = || File::new(false, is_big_tiff);
            let fits = file().finish(&[text(1000)]);
            assert_eq!(kept(&read_within(&fits, 1000)), 1000);
            let tags = read_within(&fits, 999);
            assert_eq!(why(&tags), Some(Omission::Unknown(OVER)));
            // More values than the file has bytes, or of no known type, or none.
            for (kind, count) in [(2, usize::MAX >> 1), (12, 500), (0, 4), (99, 4), (2, 0)] {
                let count = count
                    & if is_big_tiff {
                        usize::MAX
                    } else {
                        u32::MAX as usize
                    };
                let tags = read(&file().finish(&[(315, kind, count, vec![b'a'; 1000])]));
                let unknown_type = "its type is unknown";
                let expected = if matches!(kind, 0 | 99) {
                    unknown_type
                } else {
                    DAMAGED
                };
                assert_eq!(
                    why(&tags),
                    Some(Omission::Unknown(expected)),
                    "{kind} {count}"
                );
            }
            // Directories that are the first one, or nowhere.
            for place in [0, file().width() * 2, 1 << 20] {
                for code in [EXIF_DIRECTORY, GPS_DIRECTORY] {
                    let number = file().number(place, file().width());
                    let tags = read(&file().finish(&[(code, 4, 1, number)]));
                    assert_eq!((kept(&tags), tags.exif), (0, None), "{place} {code}");
                    assert!(!tags.parts.is_empty(), "{place} {code}");
                }
            }
            // The same bytes again and again.
            let mut shared = file();
            let place = shared.bytes.len();
            shared.bytes.extend([b'a'; 1000]);
            let place = shared.number(place, shared.width());
            let mut entries = Vec::new();
            for code in 0..3000_u16 {
                entries.push((40_000 + code, 2, 1000, place.clone()));
            }
            for entry in &mut entries[91..96] {
                entry.1 = 7;
            }
            let tags = read_within(&shared.finish(&entries), 3500);
            assert_eq!(kept(&tags), 3000);
            assert_eq!(tags.parts.len(), MAX_TAGS + 1);
            // GDAL_NODATA is read otherwise.
            assert_eq!(tags.parts.last().unwrap().to_string(), "1999 further tags");
        }
    }
}
