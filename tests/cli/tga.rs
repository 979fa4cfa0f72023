//! What a TGA file says of its place, its alpha and its origin is kept or told of.

use std::fs;

use serde_json::json;
use stridekern::{Image, Samples};

use crate::Room;

const SIDES: [usize; 2] = [3, 4];

/// A picture of one colour with this identification at this place on the screen.
fn file(pixel: &[u8], attribute_bits: u8, id: &[u8], [x, y]: [u16; 2]) -> Vec<u8> {
    let [rows, columns] = SIDES.map(|side| side as u16);
    let kind = if pixel.len() > 2 { 2 } else { 3 };
    let mut file = vec![id.len() as u8, 0, kind, 0, 0, 0, 0, 0];
    file.extend([x, y, columns, rows].map(u16::to_le_bytes).as_flattened());
    file.extend([8 * pixel.len() as u8, 0x20 | attribute_bits]);
    file.extend(id);
    file.extend(pixel.repeat(SIDES[0] * SIDES[1]));
    file
}

/// The same with an extension area that says this of alpha, and this software.
fn with_area(mut file: Vec<u8>, attributes: u8, name: &[u8], version: u16, letter: u8) -> Vec<u8> {
    let place = file.len() as u32;
    let mut area = vec![0; 495];
    area[..2].copy_from_slice(&495_u16.to_le_bytes());
    area[426..426 + name.len()].copy_from_slice(name);
    area[467..469].copy_from_slice(&version.to_le_bytes());
    area[469] = letter;
    area[494] = attributes;
    file.extend(area);
    file.extend(place.to_le_bytes());
    file.extend([0; 4]);
    file.extend(b"TRUEVISION-XFILE.\0");
    file
}

/// The extension area of a file that ends with a footer.
fn area_of(file: &[u8]) -> &[u8] {
    let footer = &file[file.len() - 26..];
    assert_eq!(&footer[8..], b"TRUEVISION-XFILE.\0");
    let place = u32::from_le_bytes(footer[..4].try_into().unwrap()) as usize;
    &file[place..place + 495]
}

#[test]
fn origin_and_identification_are_kept_or_told_of() {
    let room = Room::new();
    let id = b"\0\xff\x01\x02\x03\0ab";
    let bytes = file(&[30, 60, 90], 0, id, [11, 22]);
    fs::write(room.path("a.tga"), &bytes).unwrap();
    room.run("a.tga -k identity --photo -o out.tga").silent();
    assert_eq!(room.bytes("out.tga"), bytes);
    room.run("a.tga -k identity --photo -o out.png").says(
        0,
        &["out.png: warning: metadata left out: identification, place on the screen (no place in png)"],
    );
    // A smaller picture lies elsewhere.
    room.run("a.tga -k gaussian3 --channel each -o out.tga --overwrite").says(
        0,
        &["out.tga: warning: metadata left out: place on the screen (it is that of the whole picture)"],
    );
    let made = room.bytes("out.tga");
    assert_eq!((&made[8..12], &made[18..26]), (&[0; 4][..], &id[..]));
    room.run("a.tga -k gaussian3 --channel each --pad valid --in-place").says(
        1,
        &["a.tga: not replaced: the result would lose metadata: place on the screen (--metadata drop allows it)"],
    );
    room.run("a.tga -k gaussian3 --photo --in-place").silent();
    assert_eq!(room.bytes("a.tga"), bytes);
    // Text is one, padded or not.
    fs::write(
        room.path("b.tga"),
        file(&[1, 2, 3], 0, b"a title \0\0", [0, 0]),
    )
    .unwrap();
    let objects = room.run("b.tga -k identity --photo -o b.png --json").json();
    let title = json!([{ "part": "tag", "name": "tag DocumentName", "bytes": 8, "fate": "kept" }]);
    assert_eq!(objects[0]["metadata"], title);
}

#[test]
fn versions_are_kept_whatever_the_name() {
    let room = Room::new();
    for (name, version, letter, parts) in [
        (&b""[..], 123, b'b', &["version of the software"][..]),
        (b"", 0, b'c', &["version of the software"]),
        (b"paint", 123, b'b', &["tag Software"]),
        (b"paint", 123, b' ', &["tag Software"]),
        (
            b"paint",
            5,
            b'B',
            &["tag Software", "version of the software"],
        ),
        (
            b"paint",
            0,
            b'b',
            &["tag Software", "version of the software"],
        ),
        (b"paint", 0, b' ', &["tag Software"]),
        (b"", 0, 0, &[]),
    ] {
        let bytes = with_area(file(&[1, 2, 3], 0, b"", [0, 0]), 0, name, version, letter);
        fs::write(room.path("a.tga"), &bytes).unwrap();
        let ran = room.run("a.tga -k identity --photo -o out.tga --overwrite --json");
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let object = &ran.json()[0];
        let listed = object
            .get("metadata")
            .and_then(|list| list.as_array())
            .cloned();
        let names = listed.unwrap_or_default();
        let names = Vec::from_iter(names.iter().map(|part| part["name"].as_str().unwrap()));
        assert_eq!(names, parts, "{version} {letter}");
        if !parts.is_empty() {
            let made = room.bytes("out.tga");
            let made = &area_of(&made)[426..470];
            assert_eq!(&made[..name.len()], name);
            assert_eq!(&made[41..43], &version.to_le_bytes(), "{version} {letter}");
            assert_eq!(made[43], letter, "{version}");
        }
    }
}

/// One pixel of a result.
fn pixel(image: &Image) -> Vec<u8> {
    let Samples::U8(samples) = image.samples() else {
        panic!("8 bits stay 8 bits")
    };
    samples[..image.channels()].to_vec()
}

#[test]
fn alpha_is_what_the_file_says() {
    let room = Room::new();
    // Blue, green, red and alpha, and gray with alpha.
    for (stored, attributes, straight) in [
        (&[30_u8, 60, 90, 128][..], 3, &[90_u8, 60, 30, 128][..]),
        (&[30, 60, 90, 128], 4, &[179, 120, 60, 128]),
        (&[30, 60, 90, 128], 7, &[90, 60, 30, 128]),
        (&[30, 60, 90, 128], 0, &[90, 60, 30]),
        (&[30, 60, 90, 128], 1, &[90, 60, 30]),
        (&[30, 60, 90, 128], 2, &[90, 60, 30]),
        (&[64, 128], 3, &[64, 128]),
        (&[64, 128], 4, &[128, 128]),
        (&[64, 128], 2, &[64]),
    ] {
        let bytes = with_area(file(stored, 8, b"", [0, 0]), attributes, b"", 0, 0);
        fs::write(room.path("a.tga"), &bytes).unwrap();
        let case = format!("{stored:?} {attributes}");
        let is_undefined = attributes < 3;
        let line = "a.tga -k identity --pad edge --channel each --overwrite";
        let ran = room.run(&format!("{line} -o out.png --json"));
        assert_eq!(ran.code, Some(0), "{case}: {}", ran.err);
        assert_eq!(pixel(&room.read("out.png")), straight, "{case}");
        let object = &ran.json()[0];
        let text =
            "the tga file says that the last sample of its pixels is no alpha: it was left out";
        let wanted = match is_undefined {
            true => json!([{ "kind": "other", "text": text }]),
            false => json!([]),
        };
        assert_eq!(object["warnings"], wanted, "{case}");
        assert_eq!(ran.err.contains(text), is_undefined, "{case}");
        let mark = object["metadata"].as_array().map(|parts| parts[0].clone());
        let wanted = (attributes == 4).then(|| {
            json!({ "part": "premultiplied", "name": "mark of premultiplied alpha", "fate": "outdated", "note": "no place in png" })
        });
        assert_eq!(mark, wanted, "{case}");
        // A TIFF and a TGA have a mark of their own.
        for output in ["out.tif", "out.tga"] {
            let ran = room.run(&format!("{line} -o {output} --json"));
            assert_eq!(ran.code, Some(0), "{case}: {}", ran.err);
            let has_mark = ran.json()[0]["metadata"][0]["fate"] == json!("kept");
            assert_eq!(has_mark, attributes == 4, "{case}");
            if output == "out.tga" && straight.len() == 4 && attributes == 4 {
                let made = room.bytes(output);
                assert_eq!(&made[18..22], stored);
                assert_eq!(area_of(&made)[494], attributes, "{case}");
            }
            room.run(&format!(
                "{output} -k identity --pad edge --channel each -o again.png --overwrite"
            ));
            let again = pixel(&room.read("again.png"));
            let gray = |pixel: &[u8]| match *pixel {
                [r, g, b, a] if [r, g] == [g, b] => vec![r, a],
                _ => pixel.to_vec(),
            };
            assert_eq!(gray(&again), gray(straight), "{case} {output}");
        }
        let ran = room.run("a.tga -k identity --pad edge --channel each --in-place");
        let refusal = "stridekern: a.tga: not replaced: it holds samples that are no alpha by its own words, which the result would not have: name an output with --output\n";
        assert_eq!(
            (ran.code, &*ran.err),
            if is_undefined {
                (Some(1), refusal)
            } else {
                (Some(0), "")
            },
            "{case}"
        );
    }
    // A TIFF whose colours are multiplied becomes a TGA whose colours are not: few programs look.
    let bytes = with_area(file(&[30, 60, 90, 128], 8, b"", [0, 0]), 4, b"", 0, 0);
    fs::write(room.path("a.tga"), &bytes).unwrap();
    room.run("a.tga -k identity --pad edge --channel each -o a.tif");
    let object = room
        .run("a.tif -k identity --pad edge --channel each -o b.tga --json")
        .json()
        .remove(0);
    let made = room.bytes("b.tga");
    assert_eq!(&made[18..22], [60, 120, 179, 128]);
    assert_eq!(made.len(), 18 + 4 * 12);
    assert_eq!(
        object["metadata"],
        json!([{ "part": "premultiplied", "name": "mark of premultiplied alpha", "fate": "outdated", "note": "its colours are not multiplied by alpha" }])
    );
}
