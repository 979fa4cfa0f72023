//! What is told of lossy files: the quality of JPEG, progressive JPEG, lossy WebP.

use jpeg_encoder::{ColorType, Encoder, QuantizationTableType};
use serde_json::{Value, json};
use stridekern::Depth;

use crate::{Room, picture};

const SIDES: [u16; 2] = [40, 32];

/// A file of noise by another encoder.
fn jpeg(quality: u8, with: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let [columns, rows] = SIDES;
    let mut state = 9_u32;
    let samples: Vec<u8> = (0..usize::from(rows) * usize::from(columns) * 3)
        .map(|at| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (at / 8 % 160) as u8 + (state >> 27) as u8
        })
        .collect();
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, quality);
    with(&mut encoder);
    encoder
        .encode(&samples, columns, rows, ColorType::Rgb)
        .unwrap();
    file
}

fn room() -> Room {
    let room = Room::new();
    for (name, file) in [
        ("fine.jpg", jpeg(95, |_| ())),
        ("same.jpg", jpeg(90, |_| ())),
        ("coarse.jpg", jpeg(70, |_| ())),
        (
            "progressive.jpg",
            jpeg(80, |encoder| encoder.set_progressive(true)),
        ),
        (
            "flat.jpg",
            jpeg(50, |encoder| {
                let flat = QuantizationTableType::Flat;
                encoder.set_quantization_tables(flat.clone(), flat);
            }),
        ),
        ("lossy.webp", LOSSY.to_vec()),
    ] {
        std::fs::write(room.path(name), file).unwrap();
    }
    room.write("b.png", &picture(32, 40, 3, Depth::U8));
    room
}

/// One colour, 16 x 12, by libwebp at quality 60.
pub(crate) const LOSSY: &[u8] = b"RIFF\x38\0\0\0WEBPVP8 \x2c\0\0\0\xb0\x01\x00\x9d\x01\x2a\x10\x00\x0c\x00\x02\x80\x42\x25\xa0\x02\x74\xba\x00\x04\x30\x00\x00\xfe\xd7\x95\xff\xe1\x5a\xcf\x5b\xa3\x50\x7f\xfc\xb3\xff\x3f\xbe\x2e\xf4\x60\x00\x00";

#[test]
fn the_quality_of_a_jpeg_is_told() {
    let room = room();
    for (line, text, fields) in [
        (
            "fine.jpg",
            ", quality 95, the input's 95;",
            json!([95, 95, "standard"]),
        ),
        (
            "same.jpg",
            ", quality 90, the input's 90;",
            json!([90, 90, "standard"]),
        ),
        (
            "coarse.jpg",
            ", quality 90, the input's 70;",
            json!([90, 70, "standard"]),
        ),
        (
            "fine.jpg --quality 60",
            ", quality 60, the input's 95;",
            json!([60, 95, "standard"]),
        ),
        (
            "flat.jpg",
            ", quality 90, the input's about 89 by tables of its own;",
            json!([90, 89, "custom"]),
        ),
        ("b.png", ", quality 90;", json!([90, null, null])),
    ] {
        let line = format!("{line} -k box3 --photo -o out.jpg --overwrite");
        let told = room.run(&format!("{line} -v")).err;
        assert!(told.contains(text), "{line}: {told}");
        let object = room.run(&format!("{line} --json")).json().remove(0);
        let names = ["quality", "input_quality", "input_tables"];
        let found = names.map(|name| object.get(name).cloned().unwrap_or(Value::Null));
        assert_eq!(json!(found), fields, "{line}");
    }
    let object = room.run("fine.jpg -k box3 -f png --json").json().remove(0);
    assert_eq!(object.get("quality"), None);
}

#[test]
fn several_are_told_of_in_a_line() {
    let room = room();
    std::fs::copy(room.path("progressive.jpg"), room.path("other.jpg")).unwrap();
    let line = "-k box3 -k box5 --photo -o out/";
    room.run(&format!("progressive.jpg fine.jpg other.jpg {line}")).says(
        0,
        &["2 pictures are progressive JPEG, their results are not; --progressive makes them so"],
    );
    for flags in ["-q", "--progressive"] {
        let line = format!("progressive.jpg other.jpg {line} --overwrite {flags}");
        room.run(&line).silent();
    }
}

#[test]
fn progressive_jpeg_is_made_on_request() {
    let room = room();
    let is_progressive = |name: &str| {
        let bytes = room.bytes(name);
        bytes.windows(3).any(|part| part == [0xff, 0xc2, 0])
    };
    let told = "progressive.jpg: warning: the jpeg file is progressive, the result is not; \
                --progressive makes it so";
    let line = "-k box3 --photo --overwrite";
    room.run(&format!("progressive.jpg {line} -o plain.jpg"))
        .says(0, &[told]);
    assert!(is_progressive("progressive.jpg") && !is_progressive("plain.jpg"));
    for input in ["progressive.jpg", "same.jpg", "b.png"] {
        let line = format!("{input} {line}");
        room.run(&format!("{line} --progressive -o p.jpg")).silent();
        room.run(&format!("{line} -q -o q.jpg")).silent();
        assert!(is_progressive("p.jpg") && !is_progressive("q.jpg"));
        assert_eq!(room.read("p.jpg"), room.read("q.jpg"), "{input}");
        // Read back by rows and whole.
        room.run(&format!("{line} --progressive --verify -o p.jpg"))
            .silent();
    }
    // Nothing is lost by it.
    room.run(&format!("progressive.jpg {line} --in-place -q"))
        .silent();
    let object = room
        .run("b.png -k box3 --progressive -o j.jpg --json")
        .json()
        .remove(0);
    assert_eq!(object["warnings"], json!([]));
    // Its memory is told.
    room.write("large.png", &picture(900, 1300, 3, Depth::U8));
    let memory = |flags: &str| {
        let line = format!("large.png -k box3 -f jpg {flags} --explain --json");
        room.run(&line).json()[0]["memory"].as_u64().unwrap()
    };
    assert!(memory("--progressive") > memory(""));
}

#[test]
fn a_lossy_webp_becomes_a_lossless_one() {
    let room = room();
    let line = "lossy.webp -k box3 --photo --overwrite";
    room.run(&format!("{line} -o out.webp")).says(
        0,
        &["lossy.webp: warning: the webp file is lossy, the result is lossless, and may be several \
           times larger; --format jpg is lossy, too"],
    );
    room.run(&format!("{line} -o out.jpg")).silent();
    room.run("out.webp -k box3 --photo -o again.webp").silent();
    let objects = room.run(&format!("{line} -o out.webp --json")).json();
    assert_eq!(objects[0]["warnings"][0]["kind"], "lossless");
    room.run(&format!("{line} --in-place -q")).silent();
}
