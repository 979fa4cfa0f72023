//! Every kind of samples that files store, and what is told where the result stores others: in the
//! same format, in another one, and in place.

use std::{collections::BTreeSet, fs};

use serde_json::Value;
use stridekern::Samples;

use crate::Room;

fn odd(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/odd");
    fs::read(format!("{folder}/{name}")).unwrap()
}

/// A bitmap of 9 x 8 pixels of so many bits: its header, masks or palette, and pixels.
fn bmp(bits: u32, compression: u32, table: &[u32], pixels: &[u8]) -> Vec<u8> {
    let colors = if bits <= 8 { table.len() as u32 } else { 0 };
    let start = 54 + 4 * table.len() as u32;
    let size = pixels.len() as u32;
    let head = [40, 9, 8, 1 | bits << 16, compression, size, 0, 0, colors, 0];
    let numbers = [start + size, 0, start].into_iter().chain(head);
    let numbers = numbers.chain(table.iter().copied());
    let mut file = b"BM".to_vec();
    file.extend(numbers.flat_map(u32::to_le_bytes));
    file.extend(pixels);
    file
}

/// Uncompressed rows, whose length is a multiple of four bytes.
fn rows(bits: usize) -> Vec<u8> {
    let length = (9 * bits).div_ceil(32) * 4;
    (0..8 * length).map(|at| (at * 37 % 100) as u8).collect()
}

const GRAYS: [u32; 4] = [0, 0x40_4040, 0x80_8080, 0xff_ffff];
const COLOURS: [u32; 4] = [0, 0xff_0000, 0x80_ff80, 0xff_ffff];

/// Rows of 9 equal indices, as runs.
fn runs() -> Vec<u8> {
    let rows = (0..8_u8).flat_map(|row| [9, (row % 4) * 0x11, 0, 0]);
    rows.chain([0, 1]).collect()
}

/// A TGA of 9 x 8 pixels.
fn tga(kind: u8, palette: &[u8], bits: u8, pixels: usize) -> Vec<u8> {
    let mapped = u8::from(!palette.is_empty());
    let count = (palette.len() / 3) as u8;
    let mut file = vec![0, mapped, kind, 0, 0, count, 0, 24 * mapped, 0, 0, 0, 0];
    file.extend([9, 0, 8, 0, bits, 0x20]);
    file.extend(palette);
    file.extend((0..pixels).map(|at| (at % 4) as u8));
    file
}

fn netpbm(header: &str, largest: u16, wide: bool) -> Vec<u8> {
    let mut file = header.as_bytes().to_vec();
    for at in 0..72_u16 {
        let sample = at * 7 % (largest + 1);
        match wide {
            true => file.extend(sample.to_be_bytes()),
            false => file.push(sample as u8),
        }
    }
    file
}

/// One colour, 16 x 12, by libwebp at quality 60.
const LOSSY: &[u8] = b"RIFF\x38\0\0\0WEBPVP8 \x2c\0\0\0\xb0\x01\x00\x9d\x01\x2a\x10\x00\x0c\x00\x02\x80\x42\x25\xa0\x02\x74\xba\x00\x04\x30\x00\x00\xfe\xd7\x95\xff\xe1\x5a\xcf\x5b\xa3\x50\x7f\xfc\xb3\xff\x3f\xbe\x2e\xf4\x60\x00\x00";

/// What becomes of a kind in place.
#[derive(Clone, Copy, PartialEq, Debug)]
enum InPlace {
    /// It is replaced, and the same is told.
    Told,
    /// It is refused, for what has these words.
    Refused(&'static str),
    /// It has no place: the format is not written.
    Unwritten,
}

/// Kinds by extension and bytes; the kinds of warnings that are told in the same format and in
/// another one.
type Case = (
    &'static str,
    &'static str,
    Vec<u8>,
    &'static [&'static str],
    &'static [&'static str],
    InPlace,
);

fn cases() -> Vec<Case> {
    use InPlace::{Refused, Told, Unwritten};
    let file = |name: &'static str, own, other, in_place| {
        let extension = name.rsplit('.').next().unwrap();
        (name, extension, odd(name), own, other, in_place)
    };
    let scaled: &[&str] = &["scaled"];
    let palette: &[&str] = &["palette"];
    let none: &[&str] = &[];
    let cmyk = "CMYK colours, which are read as RGB";
    vec![
        // PNG.
        file("gray1.png", scaled, scaled, Told),
        file("gray2.png", scaled, scaled, Told),
        file("gray4.png", scaled, scaled, Told),
        file("gray4_interlaced.png", scaled, scaled, Told),
        file("gray_alpha.png", none, none, Told),
        file("gray16.png", none, none, Told),
        file("interlaced.png", none, none, Told),
        file("rgb_trns.png", none, none, Told),
        file("rgba16.png", none, none, Told),
        file("palette.png", palette, none, Told),
        file("palette_4bit.png", palette, none, Told),
        file("palette_trns.png", palette, none, Told),
        // TIFF.
        file("fax4.tif", scaled, scaled, Told),
        file("gray3.tif", scaled, scaled, Told),
        file("gray12.tif", scaled, scaled, Told),
        file("rgb4.tif", scaled, scaled, Told),
        file("rgb10_planes.tif", scaled, scaled, Told),
        file(
            "gray8_white_is_zero.tif",
            &["inverted"],
            &["inverted"],
            Told,
        ),
        file(
            "white_is_zero_uint16.tif",
            &["inverted"],
            &["inverted"],
            Told,
        ),
        file(
            "white_is_zero_4.tif",
            &["scaled", "inverted"],
            &["scaled", "inverted"],
            Told,
        ),
        file(
            "white_is_zero_int16.tif",
            &["other"],
            &["other"],
            Refused("of which zero is white"),
        ),
        file("palette1.tif", palette, none, Told),
        file("palette8.tif", palette, none, Told),
        file("palette_deep.tif", palette, none, Told),
        file("cmyk.tif", &["other"], &["other"], Refused(cmyk)),
        file("rgb_jpeg.tif", &["lossless"], none, Told),
        file("ycbcr_jpeg.tif", &["lossless"], none, Told),
        file("rgb16.tif", none, none, Told),
        file("gray_f32.tif", none, none, Told),
        // JPEG, which stores YCbCr again.
        file("gray.jpg", none, none, Told),
        file("subsampled.jpg", none, none, Told),
        file("progressive.jpg", &["progressive"], none, Told),
        file("cmyk.jpg", &["other"], &["other"], Refused(cmyk)),
        // Bitmaps.
        (
            "1 bit",
            "bmp",
            bmp(1, 0, &GRAYS[..2], &rows(1)),
            palette,
            none,
            Told,
        ),
        (
            "4 bits",
            "bmp",
            bmp(4, 0, &COLOURS, &[0x12; 64]),
            palette,
            none,
            Told,
        ),
        (
            "4 bits in runs",
            "bmp",
            bmp(4, 2, &COLOURS, &runs()),
            palette,
            none,
            Told,
        ),
        (
            "8 bits in runs",
            "bmp",
            bmp(8, 1, &[COLOURS, GRAYS].concat().repeat(32), &runs()),
            palette,
            none,
            Told,
        ),
        (
            "gray of 8 bits",
            "bmp",
            bmp(
                8,
                0,
                &Vec::from_iter((0..=255).map(|gray| gray * 0x1_0101)),
                &rows(8),
            ),
            none,
            none,
            Told,
        ),
        (
            "555",
            "bmp",
            bmp(16, 0, &[], &rows(16)),
            scaled,
            scaled,
            Told,
        ),
        (
            "565",
            "bmp",
            bmp(16, 3, &[0xf800, 0x7e0, 0x1f], &rows(16)),
            scaled,
            scaled,
            Told,
        ),
        file("palette.bmp", palette, none, Told),
        file("rgb.bmp", none, none, Told),
        // TGA.
        file("rgb.tga", none, none, Told),
        file("rle.tga", none, none, Told),
        (
            "palette",
            "tga",
            tga(1, &[9, 8, 7, 6, 5, 4, 3, 2, 1, 250, 0, 90], 8, 72),
            palette,
            none,
            Told,
        ),
        ("555", "tga", tga(2, &[], 16, 144), scaled, scaled, Told),
        // Netpbm.
        file("gray16.pgm", none, none, Told),
        file("bits.pbm", scaled, scaled, Unwritten),
        (
            "maxval 31",
            "pgm",
            netpbm("P5 9 8 31\n", 31, false),
            scaled,
            scaled,
            Told,
        ),
        (
            "maxval 1000",
            "pgm",
            netpbm("P5 9 8 1000\n", 1000, true),
            scaled,
            scaled,
            Told,
        ),
        (
            "maxval 63",
            "ppm",
            netpbm("P6 6 4 63\n", 63, false),
            scaled,
            scaled,
            Told,
        ),
        (
            "bits",
            "pam",
            netpbm(
                "P7\nWIDTH 9\nHEIGHT 8\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n",
                1,
                false,
            ),
            scaled,
            scaled,
            Told,
        ),
        file("rgb.pam", none, none, Told),
        // Others.
        ("lossy", "webp", LOSSY.to_vec(), &["lossless"], none, Told),
        file("rgb.webp", none, none, Told),
        file("rgb.qoi", none, none, Told),
        file("rgb_half.exr", &["half_floats"], none, Told),
        file("rgb.exr", none, none, Told),
        file("rgb.hdr", none, none, Told),
        file("u8.npy", none, none, Told),
    ]
}

fn kinds(objects: &[Value]) -> BTreeSet<&str> {
    let warnings = objects[0]["warnings"].as_array().unwrap().iter();
    let kinds = warnings.map(|warning| warning["kind"].as_str().unwrap());
    // About types that the other format lacks, about metadata, and about values.
    let others = ["clipped", "levelled", "metadata", "unused_option", "axes"];
    kinds.filter(|kind| !others.contains(kind)).collect()
}

#[test]
fn what_is_stored_otherwise_is_told() {
    let room = Room::new();
    let filter = "-k identity --photo --metadata drop";
    for (name, extension, bytes, own, other, in_place) in cases() {
        let case = format!("{name} in {extension}");
        let file = format!("a.{extension}");
        fs::write(room.path(&file), &bytes).unwrap();
        let own_format = match extension {
            "pbm" => "pgm",
            extension => extension,
        };
        let to = |format: &str| {
            let ran = room.run(&format!(
                "{file} {filter} -o out.{format} --overwrite --json"
            ));
            assert_eq!(ran.code, Some(0), "{case}: {}", ran.text());
            ran.json()
        };
        assert_eq!(
            kinds(&to(own_format)),
            BTreeSet::from_iter(own.iter().copied()),
            "{case}"
        );
        let format = if extension == "npy" { "tif" } else { "npy" };
        assert_eq!(
            kinds(&to(format)),
            BTreeSet::from_iter(other.iter().copied()),
            "{case}"
        );
        if in_place == InPlace::Unwritten {
            continue;
        }
        let ran = room.run(&format!("{file} {filter} --in-place --json"));
        let objects = ran.json();
        match in_place {
            InPlace::Refused(why) => {
                let error = objects[0]["error"].as_str().unwrap();
                assert!(
                    error.contains("not replaced") && error.contains(why),
                    "{case}: {error}"
                );
                assert_eq!(room.bytes(&file), bytes, "{case}");
            }
            _ => {
                assert_eq!(ran.code, Some(0), "{case}: {}", ran.text());
                assert_eq!(
                    kinds(&objects),
                    BTreeSet::from_iter(own.iter().copied()),
                    "{case}"
                );
                assert!(own.is_empty() || room.bytes(&file) != bytes, "{case}");
                // What was told is no longer so.
                assert!(
                    own.is_empty() || kinds(&to(own_format)) != kinds(&objects),
                    "{case}"
                );
            }
        }
    }
}

#[test]
fn it_is_told_in_a_line_for_all_pictures() {
    let room = Room::new();
    for (to, from) in [
        ("a1.png", "gray1.png"),
        ("a2.png", "gray2.png"),
        ("b1.png", "palette.png"),
        ("b2.tif", "palette8.tif"),
        ("c1.tif", "white_is_zero_4.tif"),
        ("c2.tif", "gray8_white_is_zero.tif"),
        ("d1.exr", "rgb_half.exr"),
    ] {
        fs::write(room.path(to), odd(from)).unwrap();
    }
    let filter = "-k identity --photo --metadata drop -o out/ --overwrite";
    for (inputs, lines) in [
        (
            "a1.png",
            vec![
                "a1.png: warning: the png file has samples of 1 bit: they were read as 8-bit samples, from full scale to full scale",
            ],
        ),
        (
            "a1.png a2.png c1.tif c2.tif",
            vec![
                "3 pictures have samples of other ranges than 8 or 16 bits: they were scaled, from full scale to full scale",
                "2 pictures say that zero is white: their samples were inverted, so that zero is black",
            ],
        ),
        (
            "b1.png",
            vec!["b1.png: warning: the png file has a palette, the result has none"],
        ),
        (
            "b1.png b2.tif",
            vec!["2 pictures have a palette, their results have none"],
        ),
        (
            "c2.tif",
            vec![
                "c2.tif: warning: the tiff file says that zero is white: its samples were inverted, so that zero is black",
            ],
        ),
        (
            "d1.exr",
            vec!["d1.exr: warning: the exr file holds 16-bit floats, the result 32-bit floats"],
        ),
    ] {
        let line = format!("{inputs} {filter}");
        // In any order: pictures end as they do.
        let ran = room.run(&line);
        let told: BTreeSet<_> = ran.err.lines().map(str::to_owned).collect();
        let wanted = lines.iter().map(|line| format!("stridekern: {line}"));
        assert_eq!(told, wanted.collect(), "{inputs}");
        // No value is lost with it.
        room.run(&format!("{line} -q")).silent();
    }
}

/// A TIFF of pages of 8 x 2 pixels of one bit, of which zero is white.
fn bilevel(pages: u32) -> Vec<u8> {
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    for page in 0..pages {
        let start = file.len() as u32;
        let (data, next) = (start + 2 + 8 * 12 + 4, start + 2 + 8 * 12 + 4 + 2);
        file.extend(8_u16.to_le_bytes());
        for (tag, value) in [
            (256_u16, 8),
            (257, 2),
            (258, 1),
            (259, 1),
            (262, 0),
            (273, data),
            (278, 2),
            (279, 2),
        ] {
            file.extend([tag, 4].map(u16::to_le_bytes).as_flattened());
            file.extend([1, value].map(u32::to_le_bytes).as_flattened());
        }
        let next = if page + 1 < pages { next } else { 0 };
        file.extend(next.to_le_bytes());
        file.extend([0b1010_0110, page as u8]);
    }
    file
}

#[test]
fn a_file_of_many_such_pages_tells_of_them_once() {
    let room = Room::new();
    fs::write(room.path("pages.tif"), bilevel(5)).unwrap();
    let line = "pages.tif -k identity --photo -o out.tif --overwrite";
    let objects = room.run(&format!("{line} --json")).json();
    assert_eq!(objects[0]["pages"], 5);
    let warnings = objects[0]["warnings"].as_array().unwrap();
    let told = Vec::from_iter(warnings.iter().map(|warning| warning["kind"].as_str()));
    assert_eq!(told, [Some("scaled"), Some("inverted")]);
    room.run(line).says(
        0,
        &[
            "pages.tif: warning: the tiff file has samples of 1 bit: they were read as 8-bit samples, from full scale to full scale",
            "pages.tif: warning: the tiff file says that zero is white: its samples were inverted, so that zero is black",
        ],
    );
    let first = room.run(&format!("{line} --pages 1"));
    assert_eq!(first.code, Some(0));
    let samples = [0, 255, 0, 255, 255, 0, 0, 255];
    let Samples::U8(read) = room.read("out.tif").into_samples() else {
        panic!("8 bits");
    };
    assert_eq!(read[..8], samples);
}
