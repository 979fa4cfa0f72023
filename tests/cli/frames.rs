//! Animations, through the program: each frame is filtered as it is shown, and written as one.

use std::{fs, io::Cursor};

use serde_json::{Value, json};
use stridekern::{
    Image,
    codec::{self, Delay, Limits, LoopCount, Pages},
};

use crate::{
    Room,
    reports::{SCHEMA, conforms},
};

/// Files of testdata, how many frames they have, and the channels of their canvases.
const FILES: [(&str, u64, usize); 12] = [
    ("disposal.gif", 7, 4),
    ("opaque.gif", 4, 3),
    ("gray.gif", 2, 1),
    ("dispose.png", 5, 4),
    ("blend.png", 4, 4),
    ("blend16.png", 4, 4),
    ("interlaced.png", 3, 3),
    ("gray16.png", 3, 1),
    ("fallback.png", 2, 4),
    ("clear.webp", 4, 4),
    ("colours.webp", 4, 3),
    ("disposed.webp", 5, 4),
];

fn room() -> Room {
    let room = Room::new();
    for (file, ..) in FILES {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/frames");
        fs::copy(format!("{folder}/{file}"), room.path(file)).unwrap();
    }
    room
}

/// A page, and how long it is shown.
type Page = (Image, Option<Delay>);

/// The pages of a file, and how often they are shown.
fn pages(bytes: &[u8]) -> (Vec<Page>, Option<LoopCount>) {
    let limits = Limits::default();
    let count = codec::pages_of_bytes(bytes, None, Pages::All, &limits).unwrap();
    let (count, loops) = (count.header().pages, count.header().metadata.loops);
    let mut delays = Vec::new();
    let mut next = Some(codec::pages_of_bytes(bytes, None, Pages::All, &limits).unwrap());
    while let Some(reader) = next {
        delays.push(reader.header().metadata.delay);
        next = reader.finish_page().unwrap().1;
    }
    let page = |number: u64| {
        let pages = Pages::Range {
            first: number,
            last: number,
        };
        let mut reader = codec::pages_of_bytes(bytes, None, pages, &limits).unwrap();
        let spec = reader.header().spec;
        let mut samples =
            stridekern::image::Samples::zeroed(spec.depth, spec.rows * spec.row_len()).unwrap();
        assert_eq!(reader.read(&mut samples).unwrap(), spec.rows);
        Image::new(spec.rows, spec.columns, spec.channels, samples).unwrap()
    };
    let images = (1..=count).map(page);
    (images.zip(delays).collect(), loops)
}

/// The canvas as it is shown: with alpha, and colours of 0 where that is 0.
fn shown(image: &Image) -> Vec<[u32; 4]> {
    let samples = image.samples();
    let channels = image.channels();
    let (values, most): (Vec<u32>, u32) = match samples.as_slice().as_bytes() {
        bytes if image.depth().bytes() == 1 => (bytes.iter().map(|v| (*v).into()).collect(), 255),
        bytes => {
            let values = bytes.as_chunks().0.iter();
            let values = values.map(|pair| u16::from_ne_bytes(*pair).into());
            (values.collect(), 65535)
        }
    };
    let pixels = values.chunks_exact(channels).map(|pixel| match *pixel {
        [gray] => [gray, gray, gray, most],
        [r, g, b] => [r, g, b, most],
        [gray, a] => [gray, gray, gray, a],
        [r, g, b, a] => [r, g, b, a],
        _ => panic!("{channels} channels"),
    });
    pixels
        .map(|pixel| if pixel[3] == 0 { [0; 4] } else { pixel })
        .collect()
}

fn all_shown(pages: &[Page]) -> Vec<Vec<[u32; 4]>> {
    pages.iter().map(|(image, _)| shown(image)).collect()
}

fn seconds(pages: &[Page]) -> Vec<f64> {
    let delays = pages.iter().map(|(_, delay)| delay.unwrap().seconds());
    delays.collect()
}

#[test]
fn frames_are_replaced_by_what_is_shown() {
    let room = room();
    for (file, count, _) in FILES {
        let old = room.bytes(file);
        let run = room.run(&format!("{file} -k identity --photo --in-place --verify"));
        if file.ends_with(".webp") {
            run.says(1, &[&format!(
                "{file}: a webp file is written with one picture, the result has {count} pages; choose png, tiff or gif, or one page with --pages"
            )]);
            assert!(room.bytes(file) == old);
            continue;
        }
        if file == "fallback.png" {
            run.says(1, &["fallback.png: not replaced: it holds a picture for viewers without animation, which the result would not have: name an output with --output"]);
            assert!(room.bytes(file) == old);
            continue;
        }
        assert_eq!(run.code, Some(0), "{file}: {}", run.err);
        let (before, loops) = pages(&old);
        let (after, loops_after) = pages(&room.bytes(file));
        assert_eq!(after.len() as u64, count);
        assert!(all_shown(&before) == all_shown(&after), "{file}");
        assert_eq!(loops, loops_after, "{file}");
        let delays = |pages: &[Page]| Vec::from_iter(pages.iter().map(|(_, delay)| *delay));
        assert_eq!(delays(&before), delays(&after), "{file}");
    }
}

#[test]
fn frames_that_are_left_out_are_not_lost_in_place() {
    let room = room();
    for (file, count, _) in FILES {
        if count == 2 || file.ends_with(".webp") {
            continue;
        }
        let old = room.bytes(file);
        let told = format!(
            "{file}: not replaced: it holds {} other page{}, which the result would not have: name an output with --output",
            count - 2,
            if count == 3 { "" } else { "s" }
        );
        room.run(&format!("{file} -k box3 --photo --pages 2-3 --in-place"))
            .says(1, &[&told]);
        assert!(room.bytes(file) == old);
    }
}

#[test]
fn each_frame_is_filtered_by_itself() {
    let room = room();
    // Streamed, and of whole frames.
    for options in ["-k gaussian5 --pad edge", "-k box3 --pad wrap"] {
        for (file, count, _) in FILES {
            let line = format!("{file} {options} --channel each --alpha copy --verify --overwrite");
            let run = room.run(&format!("{line} -o all.png -q"));
            assert_eq!(run.code, Some(0), "{}", run.err);
            let (made, _) = pages(&room.bytes("all.png"));
            assert_eq!(made.len() as u64, count);
            for (number, (image, _)) in (1..).zip(&made) {
                let run = room.run(&format!("{line} --pages {number} -o one.png -q"));
                assert_eq!(run.code, Some(0), "{}", run.err);
                assert!(
                    shown(image) == shown(&room.read("one.png")),
                    "{file} {number}"
                );
            }
        }
    }
}

#[test]
fn frames_go_from_one_format_to_another() {
    let room = room();
    for (file, count, channels) in FILES {
        let (before, loops) = pages(&room.bytes(file));
        for to in ["gif", "png", "tif"] {
            let run = room.run(&format!(
                "{file} -k identity --photo -o z.{to} --overwrite --verify --json"
            ));
            if to == "gif" && file.contains("16") {
                assert_eq!(run.code, Some(1), "{}", run.err);
                assert!(
                    run.err.contains("gif holds no 16-bit samples"),
                    "{}",
                    run.err
                );
                continue;
            }
            assert_eq!(run.code, Some(0), "{}", run.err);
            let object = run.json().remove(0);
            conforms(&object, &serde_json::from_str(SCHEMA).unwrap()).unwrap();
            assert_eq!(object["pages"], json!(count));
            let part = |kind: &str| {
                let parts = object["metadata"].as_array().unwrap().iter();
                let mut parts = parts.filter(|part| part["part"] == kind);
                parts.next().unwrap_or_else(|| panic!("{object}")).clone()
            };
            let (after, loops_after) = pages(&room.bytes(format!("z.{to}")));
            assert_eq!(after.len() as u64, count, "{file} {to}");
            let is_half = file == "blend.png";
            if !(to == "gif" && is_half) {
                assert!(all_shown(&before) == all_shown(&after), "{file} {to}");
            }
            if to == "tif" {
                for kind in ["delay", "loops"] {
                    assert_eq!(part(kind)["fate"], "lost", "{file}");
                }
                let line = "metadata left out: delays of frames, loop count (no place in tiff)";
                assert!(run.err.contains(line), "{}", run.err);
                // Of all frames in one line.
                assert_eq!(run.err.matches("left out").count(), 1, "{}", run.err);
                assert!(after.iter().all(|(_, delay)| delay.is_none()));
                continue;
            }
            assert_eq!(loops, loops_after, "{file} {to}");
            assert_eq!(part("loops")["fate"], "kept");
            let limits = Limits::default();
            let path = room.path(format!("z.{to}"));
            let reader = codec::open_pages(&path, Pages::All, &limits).unwrap();
            assert_eq!(reader.header().spec.channels, channels, "{file} {to}");
            for (before, after) in seconds(&before).into_iter().zip(seconds(&after)) {
                let step = if to == "gif" { 0.005 } else { 1e-9 };
                assert!(
                    (before - after).abs() <= step,
                    "{file} {to}: {before} {after}"
                );
            }
            let rounded = "gif holds delays in hundredths of a second: some were rounded";
            let is_rounded =
                to == "gif" && ["dispose.png", "clear.webp", "colours.webp"].contains(&file);
            assert_eq!(
                run.err.contains(rounded),
                is_rounded,
                "{file} {to}: {}",
                run.err
            );
        }
    }
}

#[test]
fn stacks_become_animations() {
    let room = room();
    let stack = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/pages/");
    for name in ["stack.tif", "mixed.tif"] {
        fs::copy(format!("{stack}{name}"), room.path(name)).unwrap();
    }
    let told = "warning: the pages say nothing of time: each is shown for 0.1 s, over and over";
    for to in ["gif", "png"] {
        for flags in ["--dry-run", ""] {
            room.run(&format!(
                "stack.tif -k identity --photo -o z.{to} {flags} -v"
            ))
            .err
            .lines()
            .find(|line| line.ends_with(told))
            .unwrap();
        }
        let (frames, loops) = pages(&room.bytes(format!("z.{to}")));
        assert_eq!(seconds(&frames), [0.1; 5]);
        assert_eq!(loops, Some(LoopCount::Forever));
        room.run(&format!(
            "z.{to} -k identity --photo -o back.tif -q --overwrite"
        ));
        let (back, _) = pages(&room.bytes("back.tif"));
        let (stack, _) = pages(&room.bytes("stack.tif"));
        assert!(all_shown(&back) == all_shown(&stack));
        // Pages of several sizes, before any work.
        let before = room.names();
        for flags in ["", "--dry-run"] {
            room.run(&format!("mixed.tif -k identity --photo -o y.{to} -q {flags}"))
                .says(1, &[&format!("mixed.tif: the pages of the result differ in size or type, and the frames of a {to} file do not; choose tiff, or one page with --pages").replace("mixed.tif: ", &format!("y.{to}: "))]);
        }
        assert_eq!(room.names(), before);
    }
}

/// As many samples, in another shape: known only when the page is met.
#[test]
fn pages_of_another_shape_leave_no_file() {
    use tiff::encoder::{TiffEncoder, colortype::Gray8};
    let room = Room::new();
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).unwrap();
    encoder.write_image::<Gray8>(9, 8, &[7; 72]).unwrap();
    encoder.write_image::<Gray8>(8, 9, &[9; 72]).unwrap();
    fs::write(room.path("a.tif"), file.get_ref()).unwrap();
    for to in ["gif", "png"] {
        room.run(&format!("a.tif -k box3 --pad edge -o z.{to} -q")).says(
            1,
            &[&format!("a.tif: page 2: the pages of the result differ in size or type, and the frames of a {to} file do not; choose tiff, or one page with --pages").replace("a.tif: ", &format!("z.{to}: "))],
        );
    }
    assert_eq!(room.names(), ["a.png", "a.tif"]);
}

#[test]
fn some_frames_are_chosen() {
    let room = room();
    for (file, count, _) in FILES {
        let (all, loops) = pages(&room.bytes(file));
        if count > 2 {
            let run = room.run(&format!(
                "{file} -k identity --photo --pages 2-3 -o z.png --overwrite"
            ));
            assert_eq!(run.code, Some(0), "{}", run.err);
            let (some, loops_after) = pages(&room.bytes("z.png"));
            assert!(all_shown(&some) == all_shown(&all[1..3]), "{file}");
            assert_eq!(seconds(&some), seconds(&all[1..3]), "{file}");
            assert_eq!(loops_after, loops);
        }
        // One is a picture, of any format.
        let run = room.run(&format!(
            "{file} -k identity --photo --pages {count} -o z.webp --overwrite --depth 8 --json"
        ));
        if run.code == Some(0) {
            assert_eq!(run.json()[0]["pages"], Value::Null, "{file}");
        }
        room.run(&format!(
            "{file} -k identity --photo --pages {} -o y.png",
            count + 1
        ))
        .says(
            1,
            &[&format!(
                "{file}: there is no page {}: the file has {count}",
                count + 1
            )],
        );
        room.run(&format!("{file} -k identity --photo -o y.webp -q")).says(
            1,
            &[&format!(
                "y.webp: a webp file is written with one picture, the result has {count} pages; choose png, tiff or gif, or one page with --pages"
            )],
        );
    }
}

#[test]
fn what_becomes_of_time_is_explained() {
    let room = room();
    let run = room.run("dispose.png -k box3 --photo -f gif --explain");
    let text = run.text();
    for line in [
        "5, each filtered by itself",
        "delays of frames of pages 1-3, 5: kept",
        "delays of frames of page 4: changed (0.03 s for 0.033333 s)",
        "loop count: kept",
    ] {
        assert!(text.contains(line), "{text}");
    }
    // Time is of the picture, and stays.
    let run = room.run("disposal.gif -k box3 --photo --metadata drop -o z.png");
    assert_eq!(run.code, Some(0), "{}", run.err);
    let (frames, loops) = pages(&room.bytes("z.png"));
    assert_eq!(seconds(&frames)[..3], [0.07, 0.0, 1.0]);
    assert_eq!(loops, Some(LoopCount::or_forever(5)));
}

#[test]
fn alpha_is_kept_or_dropped_in_every_frame() {
    let room = room();
    for (alpha, channels) in [("drop", 3), ("copy", 4), ("weight", 4), ("filter", 4)] {
        let run = room.run(&format!(
            "dispose.png -k gaussian3 --pad edge --channel each --alpha {alpha} -o z.png --overwrite -q"
        ));
        assert_eq!(run.code, Some(0), "{}", run.err);
        let (frames, _) = pages(&room.bytes("z.png"));
        assert!(frames.iter().all(|(image, _)| image.channels() == channels));
        assert_eq!(frames.len(), 5);
    }
}

#[test]
fn animations_go_through_pipes() {
    let room = room();
    for (file, ..) in FILES {
        let run = room.run(&format!(
            "{file} -k gaussian3 --photo -f png -o z.png --overwrite -q"
        ));
        assert_eq!(run.code, Some(0), "{}", run.err);
        let run = room.run_with("- -k gaussian3 --photo -f png -o - -q", &room.bytes(file));
        assert_eq!(run.code, Some(0), "{}", run.err);
        let (one, other) = (pages(&room.bytes("z.png")), pages(&run.out));
        assert!(all_shown(&one.0) == all_shown(&other.0), "{file}");
        assert_eq!((seconds(&one.0), one.1), (seconds(&other.0), other.1));
    }
}

/// A cut animation is an error of the frame that is cut, and leaves no file.
#[test]
fn a_cut_animation_is_an_error() {
    let room = room();
    for (file, cut, line) in [
        ("disposal.gif", 10, "ends before its picture does"),
        ("disposal.gif", 1, "ends before its picture does"),
        ("dispose.png", 60, "ends before its picture does"),
        ("disposed.webp", 10, "ends before its picture does"),
    ] {
        let bytes = room.bytes(file);
        let name = format!("cut-{file}");
        fs::write(room.path(&name), &bytes[..bytes.len() - cut]).unwrap();
        let before = room.names();
        let run = room.run(&format!("{name} -k box3 -o z.tif -q"));
        assert_eq!(run.code, Some(1), "{file}");
        assert!(run.err.contains(line), "{}", run.err);
        assert_eq!(room.names(), before);
    }
}

/// More frames than fit into memory at once, and as many delays.
#[test]
fn ten_thousand_frames_take_the_memory_of_one() {
    let room = Room::new();
    let mut file = Vec::new();
    let mut encoder = gif::Encoder::new(&mut file, 400, 300, &[0, 0, 0, 255, 255, 255]).unwrap();
    for number in 0..10_000_u32 {
        let pixels = vec![(number % 2) as u8; 4];
        let frame = gif::Frame {
            width: if number == 0 { 400 } else { 2 },
            height: if number == 0 { 300 } else { 2 },
            left: (number % 300) as u16,
            delay: (number % 50) as u16,
            buffer: if number == 0 {
                vec![0; 120_000]
            } else {
                pixels
            }
            .into(),
            ..gif::Frame::default()
        };
        let frame = match number {
            0 => gif::Frame { left: 0, ..frame },
            _ => frame,
        };
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    fs::write(room.path("many.gif"), &file).unwrap();
    // All canvases are more than a gigabyte.
    let line = "many.gif -k identity --photo --pages 9001-10000 --memory-limit 64M -o z.png -q";
    let run = room.run(line);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let reader = codec::open_pages(&room.path("z.png"), Pages::All, &Limits::default()).unwrap();
    assert_eq!(reader.header().pages, 1000);
}
