//! Animations: their frames are read as the canvases that are shown, and written as frames.

use std::path::PathBuf;

use serde_json::Value;
use stridekern::{
    codec::{self, Delay, Format, Limits, LoopCount, Pages, RowReader},
    image::Image,
};

use crate::pages::all_pages;

/// Files of testdata and how many frames they have.
const FILES: [(&str, u64); 13] = [
    ("disposal.gif", 7),
    ("opaque.gif", 4),
    ("gray.gif", 2),
    ("dispose.png", 5),
    ("blend.png", 4),
    ("blend16.png", 4),
    ("fallback.png", 2),
    ("interlaced.png", 3),
    ("gray16.png", 3),
    ("clear.webp", 4),
    ("colours.webp", 4),
    ("disposed.webp", 5),
    ("lossy.webp", 2),
];

fn testdata(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/frames")).join(name)
}

fn facts() -> Value {
    serde_json::from_slice(&std::fs::read(testdata("frames.json")).unwrap()).unwrap()
}

fn stem(file: &str) -> &str {
    file.split('.').next().unwrap()
}

/// The canvas that is shown, of this number of the file.
fn canvas(file: &str, number: u64) -> Image {
    let path = testdata(&format!("{}-{number}.npy", stem(file)));
    codec::read(&path, &Limits::default()).unwrap().image
}

/// With colours of 0 where alpha is 0.
fn shown(image: &Image) -> Vec<u8> {
    let (bytes, size) = (image.samples().as_slice().as_bytes(), image.depth().bytes());
    let mut bytes = bytes.to_vec();
    if matches!(image.channels(), 2 | 4) {
        for pixel in bytes.chunks_exact_mut(image.channels() * size) {
            if pixel.ends_with(&[0, 0][..size]) {
                pixel.fill(0);
            }
        }
    }
    bytes
}

/// The largest difference of two 8-bit canvases.
fn difference(one: &Image, other: &Image) -> u8 {
    let pairs = shown(one).into_iter().zip(shown(other));
    pairs.map(|(one, other)| one.abs_diff(other)).max().unwrap()
}

/// The delays of all pages, and how often they are shown.
fn timing(reader: RowReader<'_>) -> (Vec<Delay>, Option<LoopCount>) {
    let loops = reader.header().metadata.loops;
    let mut delays = Vec::new();
    let mut next = Some(reader);
    while let Some(reader) = next {
        delays.extend(reader.header().metadata.delay);
        next = reader.finish_page().unwrap().1;
    }
    (delays, loops)
}

#[test]
fn frames_are_read_as_they_are_shown() {
    let limits = Limits::default();
    for (file, count) in FILES {
        let wanted = Vec::from_iter((1..=count).map(|number| canvas(file, number)));
        let path = testdata(file);
        for rows in [1, 4, 100] {
            let reader = codec::open_pages(&path, Pages::All, &limits).unwrap();
            let header = reader.header();
            assert_eq!((header.page, header.pages), (1, count), "{file}");
            let read = all_pages(reader, rows);
            assert_eq!(read.len() as u64, count, "{file}");
            for (number, (read, wanted)) in read.iter().zip(&wanted).enumerate() {
                assert_eq!(read.spec(), wanted.spec(), "{file} {number}");
                let is_same = match file {
                    // Decoders interpolate colours differently.
                    "lossy.webp" => difference(read, wanted) <= 3,
                    _ => shown(read) == shown(wanted),
                };
                assert!(is_same, "{file} {number}");
            }
        }
    }
}

#[test]
fn some_frames_are_those_of_all() {
    let limits = Limits::default();
    for (file, count) in FILES {
        let bytes = std::fs::read(testdata(file)).unwrap();
        let read = |pages| {
            let reader = codec::pages_of_bytes(&bytes, None, pages, &limits).unwrap();
            all_pages(reader, 5)
        };
        let all = read(Pages::All);
        for first in 1..=count {
            for last in first..=count {
                let some = read(Pages::Range { first, last });
                assert_eq!(some.len() as u64, last - first + 1);
                for (number, image) in (first..).zip(&some) {
                    // Fewer frames may be opaque.
                    let wanted = &all[number as usize - 1];
                    if image.spec() == wanted.spec() {
                        assert!(shown(image) == shown(wanted), "{file} {first}-{last}");
                    } else {
                        assert_eq!(image.channels() + 1, wanted.channels(), "{file}");
                    }
                }
            }
        }
    }
}

#[test]
fn delays_and_loop_counts_are_read() {
    let (facts, limits) = (facts(), Limits::default());
    for (file, count) in FILES {
        let fact = &facts[stem(file)];
        let path = testdata(file);
        let (delays, loops) = timing(codec::open_pages(&path, Pages::All, &limits).unwrap());
        let delays = Vec::from_iter(delays.iter().map(|delay| delay.seconds()));
        let wanted = fact["delays"].as_array().unwrap();
        assert_eq!(delays.len() as u64, count, "{file}");
        for (delay, wanted) in delays.iter().zip(wanted) {
            assert!((delay - wanted.as_f64().unwrap()).abs() < 1e-9, "{file}");
        }
        let plays = fact["plays"].as_u64().unwrap() as u32;
        assert_eq!(loops, Some(LoopCount::or_forever(plays)), "{file}");
        // A single picture is not animated, and later pages say nothing of loops.
        let pages = |first, last| {
            let pages = Pages::Range { first, last };
            timing(codec::open_pages(&path, pages, &limits).unwrap())
        };
        assert_eq!(pages(2, 2), (vec![], None), "{file}");
        assert_eq!(pages(1, 2).1, loops, "{file}");
        let first = codec::open_rows(&path, &limits).unwrap();
        assert_eq!(first.header().metadata.delay, None);
        let told = format!(
            "the {} file is an animation: only its first picture was read",
            { first.header().format }
        );
        assert!(
            first.header().warnings.iter().any(|line| **line == *told),
            "{:?}",
            first.header().warnings
        );
    }
}

/// What a truncated file gives: the frames before, and an error.
#[test]
fn truncated_animations_are_errors() {
    let limits = Limits::default();
    for (file, count) in FILES {
        let bytes = std::fs::read(testdata(file)).unwrap();
        for length in 0..bytes.len() {
            let opened =
                codec::pages_of_bytes(&bytes[..length], Some(Format::Png), Pages::All, &limits);
            let mut next = opened.ok();
            let mut whole = 0;
            while let Some(reader) = next {
                let pages = reader.header().pages;
                next = match reader.finish_page() {
                    Ok((_, None)) => {
                        // GIF has no count: what is missing is not missed, but for the end.
                        panic!("{file} at {length}: {whole} of {pages} are all");
                    }
                    Ok((_, next)) => next,
                    Err(_) => None,
                };
                whole += 1;
            }
            assert!(whole <= count, "{file}");
        }
    }
}

#[test]
fn damage_never_panics() {
    let limits = Limits::default();
    for (file, _) in FILES {
        let whole = std::fs::read(testdata(file)).unwrap();
        for at in 0..whole.len() {
            for flip in [1, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= flip;
                let reader = codec::pages_of_bytes(&bytes, None, Pages::All, &limits);
                let mut next = reader.ok();
                while let Some(reader) = next {
                    if reader.header().spec.bytes() > 1 << 24 {
                        break;
                    }
                    next = reader.finish_page().ok().and_then(|(_, next)| next);
                }
            }
        }
    }
}
