//! Where alpha is dropped, the pixels whose hidden colours show are counted and told of.

use serde_json::{Value, json};
use stridekern::{Depth, Image, Samples};

use crate::Room;

/// A picture of noise whose alpha is 0 at every third pixel, and how many these are.
fn picture(rows: usize, columns: usize, channels: usize, depth: Depth) -> (Image, u64) {
    let mut hidden = 0;
    let mut values = Vec::new();
    for pixel in 0..rows * columns {
        for channel in 0..channels {
            let noise = (pixel * 7 + channel * 31) % 200;
            values.push(match (channel + 1 == channels, pixel % 3) {
                (false, _) => noise + 20,
                (true, 0) => {
                    hidden += 1;
                    0
                }
                (true, 1) => 1,
                _ => 255,
            });
        }
    }
    let samples = match depth {
        Depth::U16 => Samples::U16(values.iter().map(|value| *value as u16 * 257).collect()),
        Depth::F32 => Samples::F32(values.iter().map(|value| *value as f32 / 255.0).collect()),
        _ => Samples::U8(values.iter().map(|value| *value as u8).collect()),
    };
    (
        Image::new(rows, columns, channels, samples).unwrap(),
        hidden,
    )
}

fn hidden(object: &Value) -> Vec<&str> {
    let warnings = object["warnings"].as_array().unwrap().iter();
    let hidden = warnings.filter(|warning| warning["kind"] == "hidden");
    hidden
        .map(|warning| warning["text"].as_str().unwrap())
        .collect()
}

#[test]
fn every_pixel_is_counted_once() {
    let room = Room::new();
    for (name, rows, columns, channels, depth, flags) in [
        ("rgba.png", 9, 7, 4, Depth::U8, ""),
        ("la.png", 9, 7, 2, Depth::U8, ""),
        ("deep.png", 9, 7, 4, Depth::U16, ""),
        ("tall.png", 1500, 300, 4, Depth::U8, ""),
        ("tall.tif", 1500, 300, 2, Depth::U16, ""),
        ("rgba.webp", 30, 20, 4, Depth::U8, ""),
        ("f.npy", 40, 50, 4, Depth::F32, "--axes YXC --depth 8"),
    ] {
        let (image, count) = picture(rows, columns, channels, depth);
        room.write(name, &image);
        for channel in ["luma", "each"] {
            for more in ["", "--pad edge", "--pad wrap", "--step 7 --pad reflect"] {
                let line = format!(
                    "{name} -k box3 --alpha drop --channel {channel} {more} {flags} -o out.png --overwrite"
                );
                let text = format!(
                    "{count} fully transparent pixels show their hidden colours, since alpha was dropped"
                );
                let objects = room.run(&format!("{line} --json")).json();
                assert_eq!(hidden(&objects[0]), [&*text], "{line}");
                let told = room.run(&line).err;
                assert_eq!(told.matches(&text).count(), 1, "{told}");
            }
        }
        // Alpha that is kept hides them still.
        let line = format!("{name} -k box3 --alpha copy {flags} -o out.tif --overwrite --json");
        assert_eq!(hidden(&room.run(&line).json()[0]), [""; 0], "{name}");
    }
}

#[test]
fn so_are_those_of_formats_without_alpha() {
    let room = Room::new();
    let (image, count) = picture(9, 7, 4, Depth::U8);
    room.write("a.png", &image);
    let told = format!("{count} fully transparent pixels show their hidden colours");
    let object = &room.run("a.png -k box3 -o o.jpg --json").json()[0];
    assert!(hidden(object)[0].starts_with(&told), "{object}");
    // Opaque pictures show nothing.
    room.write("b.png", &crate::picture(9, 7, 3, Depth::U8));
    let object = &room
        .run("b.png -k box3 --alpha drop -o o.png --json")
        .json()[0];
    assert_eq!(object["warnings"], json!([]));
    let lines = room.run("a.png -k box3 --alpha drop -o o.png --overwrite");
    lines.says(
        0,
        &[&format!("a.png: warning: {told}, since alpha was dropped")],
    );
    let (other, more) = picture(20, 20, 4, Depth::U8);
    room.write("c.png", &other);
    let line = "a.png b.png c.png -k box3 -k box5 --channel each --alpha drop -o out/";
    let sum = count + more;
    room.run(line).says(
        0,
        &[&format!(
            "{sum} fully transparent pixels of 2 pictures show their hidden colours, since alpha was dropped"
        )],
    );
    // In place it is what was asked for.
    room.run("a.png -k box3 --photo --alpha drop --in-place")
        .says(
            0,
            &[&format!("a.png: warning: {told}, since alpha was dropped")],
        );
}
