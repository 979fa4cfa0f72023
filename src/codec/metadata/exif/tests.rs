use super::*;
use crate::image::Depth;

const FACTS: ResultFacts = ResultFacts {
    rows: 300,
    columns: 400,
    channels: 3,
    depth: Depth::U8,
    orientation: Some(1),
    is_moved: false,
    is_rescaled: false,
};

const BYTE: u16 = 1;
const ASCII: u16 = 2;
const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;
const UNDEFINED: u16 = 7;

/// What no result may show.
const FACE: &[u8] = b"OLD FACE";

/// A JPEG file with a face in its scan.
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x0b\x08\0\x10\0\x10\x01\x01\x11\0\xff\xda\0\x08\x01\x01\0\0\x3f\0OLD FACE\xff\0OLD FACE!\xff\xd9";

fn shows_face(bytes: &[u8]) -> bool {
    bytes.windows(FACE.len()).any(|window| window == FACE)
}

fn at(bytes: &[u8], part: &[u8]) -> usize {
    bytes
        .windows(part.len())
        .position(|window| window == part)
        .unwrap()
}

/// Writes EXIF data from their parts.
struct Writer {
    big: bool,
    bytes: Vec<u8>,
}

type Entry = (u16, u16, Vec<u8>);

impl Writer {
    fn new(big: bool) -> Self {
        let head = if big {
            b"MM\0*\0\0\0\0"
        } else {
            b"II*\0\0\0\0\0"
        };
        Self {
            big,
            bytes: head.to_vec(),
        }
    }

    fn short(&self, number: u16) -> Vec<u8> {
        if self.big {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
        .to_vec()
    }

    fn long(&self, number: usize) -> Vec<u8> {
        let number = number as u32;
        if self.big {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
        .to_vec()
    }

    fn longs(&self, numbers: &[usize]) -> Vec<u8> {
        numbers
            .iter()
            .flat_map(|number| self.long(*number))
            .collect()
    }

    /// Appends bytes; returns where they are.
    fn data(&mut self, data: &[u8]) -> usize {
        let start = self.bytes.len();
        self.bytes.extend(data);
        self.bytes.resize(self.bytes.len().next_multiple_of(2), 0);
        start
    }

    /// Appends the values and then the directory; returns where it is.
    fn directory(&mut self, entries: &[Entry], next: usize) -> usize {
        let mut written = self.short(entries.len() as u16);
        for (tag, kind, data) in entries {
            let width = [1, 1, 1, 2, 4, 8, 1, 1][usize::from(*kind)];
            written.extend(self.short(*tag));
            written.extend(self.short(*kind));
            written.extend(self.long(data.len() / width));
            let mut value = data.clone();
            if value.len() > 4 {
                value = {
                    let start = self.data(data);
                    self.long(start)
                };
            }
            value.resize(4, 0);
            written.extend(value);
        }
        written.extend(self.long(next));
        self.data(&written)
    }

    /// Makes a directory the first.
    fn first(&mut self, start: usize) {
        let start = self.long(start);
        self.bytes[4..8].copy_from_slice(&start);
    }

    /// Sets the offset of the directory after the one at `start`.
    fn next(&mut self, start: usize, next: usize) {
        let count = self.bytes[start..start + 2].to_vec();
        let count = usize::from(count[usize::from(self.big)]);
        let (place, next) = (start + 2 + ENTRY * count, self.long(next));
        self.bytes[place..place + 4].copy_from_slice(&next);
    }
}

/// All values of a tag in the directories that stay, as their bytes.
fn values(exif: &[u8], tag: u16) -> Vec<Vec<u8>> {
    let mut block = Block::of(exif).unwrap();
    let (first, next) = block.first().unwrap();
    assert_eq!(next, 0);
    let mut all = vec![first];
    for pointer in [EXIF_POINTER, GPS_POINTER] {
        all.extend(sub_directories(&mut block, &all[0], pointer).unwrap());
    }
    for at in 0..all.len() {
        all.extend(sub_directories(&mut block, &all[at], INTEROPERABILITY_POINTER).unwrap());
    }
    let fields = all.iter().flat_map(|directory| &directory.fields);
    let fields = fields.filter(|field| field.tag == tag);
    fields
        .map(|field| exif[field.data.clone()].to_vec())
        .collect()
}

fn changed(exif: &[u8], facts: &ResultFacts) -> (Vec<u8>, Vec<&'static str>) {
    match revised(exif, facts) {
        Revised::Changed { bytes, what } => {
            assert_eq!(revised(&bytes, facts), Revised::Unchanged);
            (bytes, what)
        }
        other => panic!("{other:?}"),
    }
}

const GPS: &[u8] = b"51 degrees north, 0 degrees west";
const COMMENT: &[u8] = b"ASCII\0\0\0a comment";
const MAKE: &[u8] = b"Maker of Cameras\0";

fn maker_note() -> Vec<u8> {
    [b"MAKER\0\x01\x02", JPEG, b"after the preview"].concat()
}

/// Data as of a camera, false in every way, with a thumbnail at the end.
fn of_a_camera(big: bool) -> Writer {
    let mut writer = Writer::new(big);
    let (short, size) = (writer.short(1), writer.short(4000));
    let interoperability = [
        (1, ASCII, b"R98\0".to_vec()),
        (0x1001, SHORT, size.clone()),
        (0x1002, LONG, writer.long(3000)),
    ];
    let interoperability = writer.directory(&interoperability, 0);
    let gps = writer.directory(&[(2, RATIONAL, GPS.to_vec())], 0);
    let exif = [
        (0x9101, UNDEFINED, vec![1, 2, 3, 0]),
        (0x927c, UNDEFINED, maker_note()),
        (0x9286, UNDEFINED, COMMENT.to_vec()),
        (0xa001, SHORT, short),
        (0xa002, SHORT, size.clone()),
        (0xa003, LONG, writer.long(3000)),
        (
            INTEROPERABILITY_POINTER,
            LONG,
            writer.long(interoperability),
        ),
    ];
    let exif = writer.directory(&exif, 0);
    let first = [
        (0x100, SHORT, size.clone()),
        (0x101, SHORT, size),
        (0x10f, ASCII, MAKE.to_vec()),
        (ORIENTATION_TAG, SHORT, writer.short(6)),
        (EXIF_POINTER, LONG, writer.long(exif)),
        (GPS_POINTER, LONG, writer.long(gps)),
    ];
    let first = writer.directory(&first, 0);
    writer.first(first);
    let thumbnail = [
        (0x10f, ASCII, MAKE.to_vec()),
        (0x201, LONG, writer.long(0)),
        (0x202, LONG, writer.long(JPEG.len())),
    ];
    let second = writer.directory(&thumbnail, 0);
    writer.next(first, second);
    let start = writer.data(JPEG);
    let start = writer.long(start);
    writer.bytes[second + 2 + ENTRY + 8..][..4].copy_from_slice(&start);
    writer
}

#[test]
fn what_is_false_is_mended_and_all_else_stays() {
    for big in [false, true] {
        let writer = of_a_camera(big);
        let facts = ResultFacts {
            columns: 70_000,
            ..FACTS
        };
        let (bytes, what) = changed(&writer.bytes, &facts);
        let wanted = [THUMBNAIL, "size", "orientation", PREVIEW];
        assert_eq!(what, wanted);
        assert!(shows_face(&writer.bytes) && !shows_face(&bytes));
        // A SHORT that the number does not fit becomes a LONG.
        let (columns, short) = (writer.long(70_000), writer.short(300));
        assert_eq!(values(&bytes, 0x100), [&columns[..]]);
        assert_eq!(values(&bytes, 0x101), [short]);
        assert_eq!(values(&bytes, ORIENTATION_TAG), [writer.short(1)]);
        assert_eq!(values(&bytes, 0xa002), [&columns[..]]);
        assert_eq!(values(&bytes, 0xa003), [writer.long(300)]);
        assert_eq!(values(&bytes, 0x1001), [columns]);
        assert_eq!(values(&bytes, 0x1002), [writer.long(300)]);
        for (tag, value) in [(2, GPS), (0x9286, COMMENT), (0x10f, MAKE), (1, b"R98\0")] {
            assert_eq!(values(&bytes, tag), [value]);
            assert_eq!(at(&bytes, value), at(&writer.bytes, value));
        }
        assert_eq!(values(&bytes, 0xa001), [writer.short(1)]);
        let mut note = maker_note();
        note[8..8 + JPEG.len()].fill(0);
        assert_eq!(values(&bytes, 0x927c), [note]);
        // The thumbnail was the end.
        assert!(bytes.len() < writer.bytes.len() - JPEG.len());
        let with_prefix = [PREFIX, &writer.bytes].concat();
        let prefixed = Revised::Changed {
            bytes: [PREFIX, &bytes].concat(),
            what,
        };
        assert_eq!(revised(&with_prefix, &facts), prefixed);
    }
}

#[test]
fn gray_results_claim_no_colours() {
    for big in [false, true] {
        let exif = of_a_camera(big).bytes;
        let gray = ResultFacts {
            channels: 1,
            ..FACTS
        };
        let (bytes, what) = changed(&exif, &gray);
        assert!(what.contains(&"samples"));
        assert_eq!(values(&bytes, 0x9101), [[1, 0, 0, 0]]);
    }
}

/// The value of an entry of the first or of the EXIF directory, after revision; `None` if
/// the entry is gone.
fn after(of: Of, entry: &Entry, big: bool, facts: &ResultFacts) -> Option<Vec<u8>> {
    let mut writer = Writer::new(big);
    let neighbours = [
        (1, ASCII, b"before\0".to_vec()),
        entry.clone(),
        (0xfff0, ASCII, b"behind\0".to_vec()),
    ];
    let mut first = writer.directory(&neighbours, 0);
    if of == Of::Exif {
        let pointer = (EXIF_POINTER, LONG, writer.long(first));
        first = writer.directory(&[pointer], 0);
    }
    writer.first(first);
    let bytes = match revised(&writer.bytes, facts) {
        Revised::Unchanged => writer.bytes,
        Revised::Changed { bytes, .. } => {
            assert_eq!(revised(&bytes, facts), Revised::Unchanged, "{entry:?}");
            bytes
        }
        Revised::Unreadable => panic!("{entry:?}"),
    };
    assert_eq!(values(&bytes, 1), [b"before\0"]);
    assert_eq!(values(&bytes, 0xfff0), [b"behind\0"]);
    let mut found = values(&bytes, entry.0);
    assert!(found.len() < 2);
    found.pop()
}

#[test]
fn every_claim_is_true_or_gone() {
    let gray = ResultFacts {
        channels: 1,
        ..FACTS
    };
    let deep = ResultFacts {
        depth: Depth::U16,
        ..FACTS
    };
    let alpha = ResultFacts {
        channels: 4,
        ..FACTS
    };
    let any = ResultFacts {
        orientation: None,
        ..FACTS
    };
    let moved = ResultFacts {
        is_moved: true,
        ..FACTS
    };
    let thinned = ResultFacts {
        is_rescaled: true,
        ..moved
    };
    let xmp = br#"<a xmlns:t="http://ns.adobe.com/tiff/1.0/" t:Make="x"/>"#;
    let thumbnail = br#"<a xmlns:x="http://ns.adobe.com/xap/1.0/" x:Thumbnails="OLD FACE"/>"#;
    for big in [false, true] {
        let w = Writer::new(big);
        let short = |number| w.short(number);
        let shorts = |numbers: &[u16]| -> Vec<u8> {
            numbers.iter().flat_map(|number| w.short(*number)).collect()
        };
        use Of::{Exif, Picture};
        let table = [
            (Picture, 0x100, SHORT, short(9), FACTS, Some(short(400))),
            (Picture, 0x101, LONG, w.long(9), FACTS, Some(w.long(300))),
            // Of more than one number or another type, only one number is left.
            (Picture, 0x101, BYTE, vec![9], FACTS, Some(w.long(300))),
            (
                Picture,
                0x101,
                SHORT,
                shorts(&[300, 300, 300]),
                FACTS,
                Some(short(300)),
            ),
            (Picture, 0x100, SHORT, vec![], FACTS, Some(short(400))),
            (
                Picture,
                0x102,
                SHORT,
                shorts(&[8, 8, 8]),
                FACTS,
                Some(shorts(&[8, 8, 8])),
            ),
            (Picture, 0x102, SHORT, shorts(&[8, 8, 8]), deep, None),
            (Picture, 0x102, SHORT, shorts(&[8, 8, 8]), alpha, None),
            (
                Picture,
                0x102,
                SHORT,
                shorts(&[8, 8, 8]),
                gray,
                Some(short(8)),
            ),
            (Picture, 0x102, SHORT, short(8), gray, Some(short(8))),
            (Picture, 0x115, SHORT, short(3), FACTS, Some(short(3))),
            (Picture, 0x115, SHORT, short(3), gray, Some(short(1))),
            (Picture, 0x106, SHORT, short(6), FACTS, Some(short(6))),
            (Picture, 0x106, SHORT, short(5), FACTS, Some(short(2))),
            (Picture, 0x106, SHORT, short(2), gray, Some(short(1))),
            (Picture, 0x112, SHORT, short(6), FACTS, Some(short(1))),
            (Picture, 0x112, SHORT, short(6), any, Some(short(6))),
            (Picture, 0x213, SHORT, short(2), FACTS, Some(short(2))),
            (Picture, 0x213, SHORT, short(2), gray, None),
            (Picture, 0x103, SHORT, short(5), FACTS, None),
            (Picture, 0x11c, SHORT, short(2), FACTS, None),
            (Picture, 0x152, SHORT, short(2), FACTS, None),
            (
                Picture,
                0x8773,
                UNDEFINED,
                b"a profile".to_vec(),
                FACTS,
                None,
            ),
            (
                Picture,
                0x8649,
                BYTE,
                b"8BIM resources".to_vec(),
                FACTS,
                None,
            ),
            (Picture, 700, BYTE, xmp.to_vec(), FACTS, Some(xmp.to_vec())),
            (Picture, 700, BYTE, thumbnail.to_vec(), FACTS, None),
            (Picture, 700, BYTE, b"no XML".to_vec(), FACTS, None),
            (Picture, 0x83bb, UNDEFINED, b"no IPTC".to_vec(), FACTS, None),
            (
                Picture,
                0x83bb,
                BYTE,
                vec![0x1c, 2, 80, 0, 1, 65],
                FACTS,
                Some(vec![0x1c, 2, 80, 0, 1, 65]),
            ),
            (Picture, 0x128, SHORT, short(2), gray, Some(short(2))),
            (
                Picture,
                0x8298,
                ASCII,
                b"(c) someone\0".to_vec(),
                gray,
                Some(b"(c) someone\0".to_vec()),
            ),
            (
                Exif,
                0x9214,
                SHORT,
                shorts(&[9; 4]),
                FACTS,
                Some(shorts(&[9; 4])),
            ),
            (Exif, 0x9214, SHORT, shorts(&[9; 4]), moved, None),
            (Exif, 0xa214, SHORT, shorts(&[9; 2]), moved, None),
            (Picture, 0x9214, SHORT, shorts(&[9; 2]), moved, None),
            (Exif, 0xa20e, RATIONAL, w.longs(&[9, 1]), thinned, None),
            (
                Exif,
                0xa20e,
                RATIONAL,
                w.longs(&[9, 1]),
                moved,
                Some(w.longs(&[9, 1])),
            ),
            (Exif, 0xa002, SHORT, short(9), FACTS, Some(short(400))),
            (Exif, 0xa003, SHORT, short(9), FACTS, Some(short(300))),
            (
                Exif,
                0x9101,
                UNDEFINED,
                vec![1, 2, 3, 0],
                FACTS,
                Some(vec![1, 2, 3, 0]),
            ),
            (
                Exif,
                0x9101,
                UNDEFINED,
                vec![4, 5, 6, 0],
                gray,
                Some(vec![1, 0, 0, 0]),
            ),
            (
                Exif,
                0xa001,
                SHORT,
                short(0xffff),
                gray,
                Some(short(0xffff)),
            ),
            (
                Exif,
                0x9286,
                UNDEFINED,
                COMMENT.to_vec(),
                gray,
                Some(COMMENT.to_vec()),
            ),
            // In the EXIF directory these are no claims.
            (Exif, 0x100, SHORT, short(9), FACTS, Some(short(9))),
        ];
        for (of, tag, kind, value, facts, wanted) in table {
            let entry = (tag, kind, value);
            assert_eq!(
                after(of, &entry, big, &facts),
                wanted,
                "{of:?} {entry:x?} {big}"
            );
        }
    }
}

#[test]
fn pictures_are_removed_however_they_are_stored() {
    for big in [false, true] {
        let strip = b"OLD FACE in rows ";
        for (tags, in_sub_directory) in [
            ([0x111, 0x117], false),
            ([0x144, 0x145], false),
            ([0x201, 0x202], false),
            ([0x111, 0x117], true),
        ] {
            for sizes in [2, 1, 0] {
                let mut writer = Writer::new(big);
                let places = [writer.data(strip), writer.data(strip)];
                let sizes = vec![strip.len(); sizes];
                let mut pictures = vec![(tags[0], LONG, writer.longs(&places))];
                if !sizes.is_empty() {
                    pictures.push((tags[1], LONG, writer.longs(&sizes)));
                }
                if in_sub_directory {
                    // One of three, which follows another and has one of its own.
                    let own = writer.directory(&[(0xfe, LONG, writer.long(1))], 0);
                    pictures.push((SUB_DIRECTORIES, LONG, writer.long(own)));
                    pictures.sort_unstable();
                    let second = writer.directory(&pictures, 0);
                    let first = writer.directory(&[(0xfe, LONG, writer.long(1))], second);
                    pictures = vec![(SUB_DIRECTORIES, LONG, writer.long(first))];
                }
                pictures.push((0x10f, ASCII, MAKE.to_vec()));
                pictures.sort_unstable();
                let first = writer.directory(&pictures, 0);
                writer.first(first);
                let (bytes, what) = changed(&writer.bytes, &FACTS);
                assert!(!shows_face(&bytes), "{tags:?}");
                assert_eq!(what, [PREVIEW, "storage dropped"]);
                assert_eq!(values(&bytes, 0x10f), [MAKE]);
                assert_eq!(values(&bytes, tags[0]).len(), 0);
            }
        }
    }
}

#[test]
fn an_orientation_is_added_in_its_place() {
    for big in [false, true] {
        for tags in [&[][..], &[0x10f], &[0x10f, 0x110, 0x131], &[0x131, 0x132]] {
            let mut writer = Writer::new(big);
            let exif = writer.directory(&[(0x9286, UNDEFINED, COMMENT.to_vec())], 0);
            let mut entries: Vec<_> = (tags.iter())
                .map(|tag| (*tag, ASCII, MAKE.to_vec()))
                .collect();
            entries.push((0x103, SHORT, writer.short(1)));
            entries.push((EXIF_POINTER, LONG, writer.long(exif)));
            entries.sort_unstable();
            let first = writer.directory(&entries, 0);
            writer.first(first);
            writer.bytes.push(7);
            let turned = ResultFacts {
                orientation: Some(8),
                ..FACTS
            };
            let (bytes, what) = changed(&writer.bytes, &turned);
            assert_eq!(what, ["storage dropped", "orientation"]);
            assert_eq!(values(&bytes, ORIENTATION_TAG), [writer.short(8)]);
            assert_eq!(values(&bytes, 0x9286), [COMMENT]);
            for tag in tags {
                assert_eq!(values(&bytes, *tag), [MAKE]);
            }
            let mut block = Block::of(&bytes).unwrap();
            let (first, _) = block.first().unwrap();
            assert!(
                first.start.is_multiple_of(2) && first.fields.is_sorted_by_key(|field| field.tag)
            );
            assert!(bytes.len() <= writer.bytes.len() + 8 + ENTRY * (entries.len() + 1));
            // 1 is meant where there is none.
            let (_, what) = changed(&writer.bytes, &FACTS);
            assert_eq!(what, ["storage dropped"]);
        }
    }
}

#[test]
fn an_orientation_is_not_added_where_something_points_to() {
    for big in [false, true] {
        for outside in [1000, 0xffff_fff0] {
            for tag in [0x10f, GPS_POINTER] {
                let mut writer = Writer::new(big);
                let kind = if tag == GPS_POINTER { LONG } else { ASCII };
                let first = writer.directory(&[(tag, kind, writer.long(outside))], 0);
                writer.first(first);
                if kind == ASCII {
                    // More bytes than the entry holds.
                    let count = writer.long(9);
                    writer.bytes[first + 6..first + 10].copy_from_slice(&count);
                }
                let turned = ResultFacts {
                    orientation: Some(8),
                    ..FACTS
                };
                assert_eq!(revised(&writer.bytes, &turned), Revised::Unreadable);
                assert_eq!(revised(&writer.bytes, &FACTS), Revised::Unchanged);
            }
        }
    }
}

/// The ranges that are kept of the camera's data.
fn kept(writer: &Writer) -> Vec<bool> {
    let thumbnail = at(&writer.bytes, JPEG);
    let thumbnail = thumbnail + 1 + at(&writer.bytes[thumbnail + 1..], JPEG);
    let mut kept = vec![true; writer.bytes.len()];
    let directory = thumbnail - (2 + 3 * ENTRY + 4);
    let make = directory - MAKE.len().next_multiple_of(2);
    kept[make..].fill(false);
    // Nobody reads what follows other directories than the first, nor bytes of padding.
    let mut block = Block::of(&writer.bytes).unwrap();
    let (first, _) = block.first().unwrap();
    let mut others = sub_directories(&mut block, &first, EXIF_POINTER).unwrap();
    others.extend(sub_directories(&mut block, &first, GPS_POINTER).unwrap());
    let inner = sub_directories(&mut block, &others[0], INTEROPERABILITY_POINTER);
    others.extend(inner.unwrap());
    for other in others {
        kept[other.range().end..][..4].fill(false);
    }
    for value in [&maker_note()[..], COMMENT, GPS, MAKE] {
        if value.len() % 2 == 1 {
            kept[at(&writer.bytes, value) + value.len()] = false;
        }
    }
    kept
}

#[test]
fn samples_inside_what_is_kept_make_data_unreadable() {
    for big in [false, true] {
        let writer = of_a_camera(big);
        let kept = kept(&writer);
        let second = writer.bytes.len() - JPEG.len() - (2 + 3 * ENTRY + 4);
        assert_eq!(JPEG.len() % 2, 0);
        let mut readable = 0;
        for (start, is_kept) in kept.into_iter().enumerate().skip(1) {
            let mut writer = Writer {
                big,
                bytes: writer.bytes.clone(),
            };
            for (entry, number) in [(1, start), (2, 1)] {
                let number = writer.long(number);
                writer.bytes[second + 2 + entry * ENTRY + 8..][..4].copy_from_slice(&number);
            }
            let outcome = revised(&writer.bytes, &FACTS);
            assert_eq!(outcome == Revised::Unreadable, is_kept, "{start}");
            readable += usize::from(outcome != Revised::Unreadable);
        }
        assert!(readable > 50);
    }
}

#[test]
fn circles_are_unreadable() {
    for big in [false, true] {
        let writer = of_a_camera(big);
        let second = writer.bytes.len() - JPEG.len() - (2 + 3 * ENTRY + 4);
        let mut block = Block::of(&writer.bytes).unwrap();
        let (first, next) = block.first().unwrap();
        assert_eq!(next, second as u64);
        let pointer = |tag| {
            let field = first.fields.iter().find(|field| field.tag == tag).unwrap();
            (field.at + 8, field.value as usize)
        };
        let (exif_at, exif) = pointer(EXIF_POINTER);
        let (gps_at, gps) = pointer(GPS_POINTER);
        let starts = [first.start, second, exif, gps];
        let nexts = [first.range().end, second + 2 + 3 * ENTRY];
        for place in [&nexts[..], &[exif_at, gps_at]].concat() {
            for start in starts {
                let mut circle = Writer {
                    big,
                    bytes: writer.bytes.clone(),
                };
                let start = circle.long(start);
                if circle.bytes[place..place + 4] == start {
                    continue;
                }
                circle.bytes[place..place + 4].copy_from_slice(&start);
                assert_eq!(revised(&circle.bytes, &FACTS), Revised::Unreadable);
            }
        }
    }
}

#[test]
fn cut_or_damaged_data_show_no_face() {
    for big in [false, true] {
        let exif = of_a_camera(big).bytes;
        let mut readable = 0;
        for len in 0..exif.len() {
            if let Revised::Changed { bytes, .. } = revised(&exif[..len], &FACTS) {
                readable += 1;
                assert!(!shows_face(&bytes), "{len}");
                assert_eq!(revised(&bytes, &FACTS), Revised::Unchanged);
            }
        }
        // Whatever is cut off the thumbnail.
        assert!(readable >= JPEG.len());
        for at in 0..exif.len() {
            for byte in [0, 1, 2, 0x7f, 0x80, 0xff] {
                let mut damaged = exif.clone();
                damaged[at] = byte;
                if let Revised::Changed { bytes, .. } = revised(&damaged, &FACTS) {
                    assert_eq!(revised(&bytes, &FACTS), Revised::Unchanged, "{at} {byte}");
                    assert!(bytes.len() <= damaged.len() + 100);
                }
            }
        }
    }
}

#[test]
fn other_data_are_unreadable() {
    for data in [
        &b""[..],
        b"II*\0",
        b"II*\0\0\0\0\0",
        b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0",
        b"XX*\0\x08\0\0\0\0\0\0\0\0\0",
        b"II*\0\x02\0\0\0\0\0\0\0\0\0",
        b"II*\0\x08\0\0\0\xff\xff\0\0",
        b"Exif\0\0",
    ] {
        assert_eq!(revised(data, &FACTS), Revised::Unreadable, "{data:?}");
    }
    // Nothing is in it, so nothing is false; the offset of the next directory may be missing.
    assert_eq!(
        revised(b"II*\0\x08\0\0\0\0\0\0\0\0\0", &FACTS),
        Revised::Unchanged
    );
    assert_eq!(revised(b"MM\0*\0\0\0\x08\0\0", &FACTS), Revised::Unchanged);
}

/// EXIF data with these bytes as their maker note.
fn with_maker_note(note: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new(false);
    let exif = writer.directory(&[(0x927c, UNDEFINED, note.to_vec())], 0);
    let pointer = (EXIF_POINTER, LONG, writer.long(exif));
    let first = writer.directory(&[pointer], 0);
    writer.first(first);
    writer.bytes
}

#[test]
fn previews_are_found_by_their_structure() {
    let minolta = [&[2], &JPEG[1..]].concat();
    let endless = &JPEG[..JPEG.len() - 2];
    let with_thumbnail = [
        b"\xff\xd8\xff\xe1\0\x2f".as_slice(),
        &[&JPEG[..43], b"\xff\xd9"].concat(),
        &JPEG[2..],
    ]
    .concat();
    for jpeg in [JPEG, &minolta, endless, &with_thumbnail] {
        let note = [b"NOTE", jpeg].concat();
        let (bytes, what) = changed(&with_maker_note(&note), &FACTS);
        assert_eq!(what, [PREVIEW]);
        let blank = [b"NOTE".to_vec(), vec![0; jpeg.len()]].concat();
        assert_eq!(values(&bytes, 0x927c), [blank]);
    }
    // What only begins like a JPEG file is none.
    for note in [
        &[&JPEG[..10], &[0; 20]].concat()[..],
        b"\xff\xd8\xff\xe0\0\x01\xff\xc0\0\x0b\x08\0\x10\0\x10\x01\x01\x11\0",
        b"\xff\xd8\xff\xd8\xff\xd8\xff\xff\xff\xff",
        b"\xff\xd8\xff\xc0\0\x0b\x08\0\x10\0\x10\x02\x01\x11\0\xff\xd9",
    ] {
        assert_eq!(revised(&with_maker_note(note), &FACTS), Revised::Unchanged);
    }
    let many = |count| revised(&with_maker_note(&JPEG.repeat(count)), &FACTS);
    assert_ne!(many(MAX_PREVIEWS), Revised::Unreadable);
    assert_eq!(many(MAX_PREVIEWS + 1), Revised::Unreadable);
}

#[test]
fn hostile_data_take_no_quadratic_time() {
    let len = 4 << 20;
    // Beginnings of JPEG files, each with as many segments as there is room for.
    let starts = b"\xff\xd8\xff\xe0\0\x06".repeat(len / 6);
    assert_eq!(
        revised(&with_maker_note(&starts), &FACTS),
        Revised::Unchanged
    );
    // Strips that are each the whole of the data, listed as often as there is room for.
    for size in [0, 1 << 30] {
        let mut writer = Writer::new(true);
        let list = writer.longs(&vec![size; len / 8]);
        let pictures = [
            (0x111, LONG, writer.longs(&vec![8; len / 8])),
            (0x117, LONG, list),
        ];
        let second = writer.directory(&pictures, 0);
        let first = writer.directory(&[], second);
        writer.first(first);
        let outcome = revised(&writer.bytes, &FACTS);
        assert_eq!(outcome == Revised::Unreadable, size > 0);
    }
    // The same directory again and again.
    let mut writer = Writer::new(false);
    let entries = vec![(0xfff0, LONG, writer.long(7)); 1000];
    let one = writer.directory(&entries, 0);
    let all = [(SUB_DIRECTORIES, LONG, writer.longs(&vec![one; len / 4]))];
    let first = writer.directory(&all, 0);
    writer.first(first);
    assert_eq!(revised(&writer.bytes, &FACTS), Revised::Unreadable);
}
