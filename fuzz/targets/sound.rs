//! What the specifications of formats ask of files, looked at by code that shares nothing with the
//! writers.

use std::collections::BTreeMap;

/// Chunks that a file has once, and before its samples.
const COLOR: [&[u8; 4]; 6] = [b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV"];

/// The chunks of a PNG have the lengths, the places and the texts of the specification.
pub(super) fn png(file: &[u8]) {
    let mut rest = file.strip_prefix(b"\x89PNG\r\n\x1a\n").unwrap();
    let mut counts = BTreeMap::<[u8; 4], usize>::new();
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = u32::from_be_bytes(*length) as usize;
        let (name, after) = after.split_first_chunk().unwrap();
        let (data, after) = after.split_at(length);
        rest = &after[4..];
        let seen = counts.entry(*name).or_default();
        *seen += 1;
        let count = *seen;
        let what = format!("{} of {length} bytes, number {count}", name.escape_ascii());
        let is_text = matches!(name, b"tEXt" | b"zTXt" | b"iTXt");
        let is_single = !is_text && !matches!(name, b"IDAT" | b"sPLT") && is_known(name);
        assert!(!is_single || count == 1, "{what}");
        let is_early = COLOR.contains(&name) || matches!(name, b"pHYs" | b"bKGD" | b"sTER");
        assert!(
            !is_early || !counts.contains_key(b"IDAT"),
            "{what} follows the samples"
        );
        let wanted: &[usize] = match name {
            b"gAMA" | b"cICP" => &[4],
            b"cHRM" => &[32],
            b"sRGB" | b"sTER" => &[1],
            b"mDCV" => &[24],
            b"pHYs" | b"oFFs" => &[9],
            b"bKGD" => &[2, 6],
            b"tIME" => &[7],
            b"acTL" => &[8],
            b"fcTL" => &[26],
            b"hIST" | b"sBIT" | b"tRNS" => &[],
            _ => &[length],
        };
        assert!(wanted.contains(&length), "{what}");
        // A reserved letter.
        assert!(name[2].is_ascii_uppercase(), "{what}");
        if is_text || matches!(name, b"iCCP" | b"sPLT") {
            let end = data.iter().position(|byte| *byte == 0);
            let keyword = &data[..end.unwrap_or_else(|| panic!("{what}: no end of its name"))];
            text(name, keyword, &data[keyword.len() + 1..], &what);
        }
    }
    assert_eq!(counts[b"IEND"], 1);
}

/// Whether the specification, or an extension of it, defines this chunk.
fn is_known(name: &[u8; 4]) -> bool {
    let others: [&[u8; 4]; 12] = [
        b"IHDR", b"IEND", b"PLTE", b"pHYs", b"bKGD", b"tIME", b"eXIf", b"oFFs", b"sTER", b"pCAL",
        b"sCAL", b"cLLI",
    ];
    COLOR.contains(&name) || others.contains(&name)
}

/// A name of 1 to 79 printable letters of Latin-1, and text that is as it should be.
fn text(name: &[u8; 4], keyword: &[u8], rest: &[u8], what: &str) {
    assert!((1..=79).contains(&keyword.len()), "{what}: its name");
    let is_printable = |byte: &u8| matches!(byte, 32..=126 | 161..=255);
    assert!(
        keyword.iter().all(is_printable),
        "{what}: its name {}",
        keyword.escape_ascii()
    );
    match (name, rest) {
        (b"iTXt", [compressed @ (0 | 1), 0, data @ ..]) => {
            let fields = Vec::from_iter(data.splitn(3, |byte| *byte == 0));
            assert_eq!(fields.len(), 3, "{what}");
            assert!(
                *compressed == 1 || str::from_utf8(fields[2]).is_ok(),
                "{what}: no UTF-8"
            );
        }
        // What is compressed is copied as it is.
        (b"zTXt" | b"iCCP", [0, ..]) | (b"tEXt" | b"sPLT", _) => {}
        _ => panic!("{what}: its method"),
    }
}

/// A JPEG has one block of each kind, before its tables.
pub(super) fn jpeg(file: &[u8]) {
    let mut at = 2;
    let mut seen = BTreeMap::<&[u8], usize>::new();
    let mut decoder = jpeg_decoder::Decoder::new(file);
    decoder.decode().unwrap();
    loop {
        assert_eq!(file[at], 0xff);
        let code = file[at + 1];
        let length = usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        let content = &file[at + 4..at + 2 + length];
        for name in [
            &b"Exif\0\0"[..],
            b"http://ns.adobe.com/xap/1.0/\0",
            b"JFIF\0",
        ] {
            if content.starts_with(name) {
                let count = seen.entry(name).or_default();
                *count += 1;
                assert_eq!(*count, 1, "{}", name.escape_ascii());
            }
        }
        at += 2 + length;
        if code == 0xda {
            break;
        }
    }
}

/// The directories of a TIFF have each tag once, in ascending order, with values that lie in the
/// file; the first is the only one of a picture.
pub(super) fn tiff(file: &[u8]) {
    assert!(file.starts_with(b"II*\0"));
    let number = |at: usize, width: usize| {
        let bytes = &file[at..at + width];
        bytes
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    let mut directories = vec![(number(4, 4), true)];
    while let Some((start, is_chained)) = directories.pop() {
        let count = number(start, 2);
        let mut last = 0;
        for entry in 0..count {
            let at = start + 2 + 12 * entry;
            let [tag, kind] = [number(at, 2), number(at + 2, 2)];
            assert!(entry == 0 || tag > last, "tag {tag} follows {last}");
            last = tag;
            let size = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4][kind] * number(at + 4, 4);
            assert!(size > 0, "tag {tag} has no value");
            if size > 4 {
                assert!(number(at + 8, 4) + size <= file.len(), "tag {tag}");
            }
            match tag {
                0x8769 | 0x8825 | 0xa005 => directories.push((number(at + 8, 4), false)),
                0x14a | 0x201 => panic!("a preview"),
                0x112 => assert!((1..=8).contains(&number(at + 8, 2))),
                _ => {}
            }
        }
        let next = number(start + 2 + 12 * count, 4);
        if next != 0 && is_chained {
            directories.push((next, true));
        }
    }
}

/// The header of a WebP tells of the chunks that it has.
pub(super) fn webp(file: &[u8]) {
    let size = u32::from_le_bytes(*file[4..].first_chunk().unwrap()) as usize;
    assert_eq!(size + 8, file.len());
    let mut at = 12;
    let mut names = Vec::new();
    let mut flags = None;
    while at < file.len() {
        let name = &file[at..at + 4];
        let size = u32::from_le_bytes(*file[at + 4..].first_chunk().unwrap()) as usize;
        if name == b"VP8X" {
            flags = Some(file[at + 8]);
        }
        assert!(!names.contains(&name), "{}", name.escape_ascii());
        names.push(name);
        at += 8 + size.next_multiple_of(2);
    }
    for (name, flag) in [(b"ICCP", 0x20), (b"EXIF", 8), (b"XMP ", 4)] {
        let told = flags.unwrap_or_default() & flag != 0;
        assert_eq!(told, names.contains(&&name[..]), "{}", name.escape_ascii());
    }
}
