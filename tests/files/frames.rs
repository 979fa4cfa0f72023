//! Animations: their frames are read as the canvases that are shown, and written as frames.

use std::{io::Cursor, path::PathBuf};

use serde_json::Value;
use stridekern::{
    Error,
    codec::{
        self, Delay, EncodeOptions, Format, Limits, LoopCount, Metadata, Output, Pages, RowReader,
    },
    error::{OutputError, RequestError},
    image::{Depth, Image},
};

use crate::{
    common::{Random, random_image},
    pages::all_pages,
};

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

/// An animation of these frames.
fn written(
    format: Format,
    frames: &[Image],
    delays: &[Delay],
    loops: Option<LoopCount>,
) -> Result<(Vec<u8>, Vec<String>), Error> {
    let mut file = Cursor::new(Vec::new());
    let options = EncodeOptions::default();
    let metadata = |number: usize| Metadata {
        delay: Some(delays[number % delays.len()]),
        loops: loops.filter(|_| number == 0),
        ..Metadata::default()
    };
    let (spec, count) = (frames[0].spec(), frames.len() as u64);
    let out = Output::seekable(&mut file);
    let mut writer = codec::create_animation(spec, format, &metadata(0), &options, count, out)?;
    for (number, frame) in frames.iter().enumerate() {
        if number > 0 {
            writer.next_page(&metadata(number - 1), frame.spec(), &metadata(number))?;
        }
        writer.write(frame.samples())?;
    }
    let warnings = writer.finish(&metadata(frames.len() - 1))?;
    let warnings = warnings.iter().map(ToString::to_string).collect();
    Ok((file.into_inner(), warnings))
}

#[test]
fn frames_are_read_as_they_were_written() {
    let (mut random, limits) = (Random(51), Limits::default());
    for (format, depths) in [
        (Format::Png, &[Depth::U8, Depth::U16][..]),
        (Format::Gif, &[Depth::U8]),
    ] {
        for (depth, channels) in depths
            .iter()
            .flat_map(|depth| (1..=4).map(move |n| (*depth, n)))
        {
            let mut frames =
                Vec::from_iter((0..4).map(|_| random_image(&mut random, [8, 9, channels], depth)));
            if format == Format::Gif {
                // With alpha on or off, first of all off.
                for frame in &mut frames {
                    let samples = frame.samples_mut().into_bytes();
                    for pixel in samples.chunks_exact_mut(channels) {
                        if let [_, alpha] | [_, _, _, alpha] = pixel {
                            *alpha = if *alpha > 127 { 255 } else { 0 };
                        }
                        if channels % 2 == 0 && pixel.ends_with(&[0]) {
                            pixel.fill(0);
                        }
                    }
                }
            }
            let delays = [[1, 4], [7, 100], [0, 100], [65_535, 100]];
            let delays = delays.map(|[n, d]| Delay::new(n, d).unwrap());
            for loops in [0, 1, 2, 65_536].map(LoopCount::or_forever) {
                let (file, warnings) = written(format, &frames, &delays, Some(loops)).unwrap();
                assert_eq!(warnings, [""; 0], "{format}");
                let open = || codec::pages_of_bytes(&file, None, Pages::All, &limits).unwrap();
                let read = all_pages(open(), 3);
                assert_eq!(read.len(), frames.len());
                for (read, frame) in read.iter().zip(&frames) {
                    assert_eq!(read.spec(), frame.spec(), "{format}");
                    assert!(shown(read) == shown(frame), "{format} {channels}");
                }
                let (found, found_loops) = timing(open());
                assert_eq!(found_loops, Some(loops), "{format}");
                let same = found
                    .iter()
                    .zip(delays)
                    .all(|(a, b)| a.seconds() == b.seconds());
                assert!(same, "{found:?}");
            }
        }
    }
}

#[test]
fn frames_that_do_not_fit_are_refused_or_told_of() {
    let mut random = Random(52);
    let mut image = |shape| random_image(&mut random, shape, Depth::U8);
    let frames = [image([8, 9, 3]), image([8, 9, 3])];
    let others = [frames[0].clone(), image([9, 8, 3])];
    let thirds = [Delay::new(1, 3).unwrap()];
    for format in [Format::Png, Format::Gif] {
        let refused = written(format, &others, &thirds, None).unwrap_err();
        assert!(matches!(
            refused,
            Error::Output(OutputError::UnequalFrames { .. })
        ));
        let many = Some(LoopCount::or_forever(100_000));
        let (_, warnings) = written(format, &frames, &thirds, many).unwrap();
        let told: &[&str] = match format {
            Format::Png => &[],
            _ => &[
                "gif holds delays in hundredths of a second: some were rounded",
                "gif shows frames 65536 times at most, not 100000 times",
            ],
        };
        assert_eq!(warnings, told, "{format}");
        // More frames than were announced.
        let mut file = Cursor::new(Vec::new());
        let (none, options) = (Metadata::default(), EncodeOptions::default());
        let (spec, out) = (frames[0].spec(), Output::seekable(&mut file));
        let mut writer = codec::create_rows(spec, format, &none, &options, out).unwrap();
        writer.write(frames[0].samples()).unwrap();
        let refused = writer.next_page(&none, spec, &none).unwrap_err();
        assert!(matches!(
            refused,
            Error::Request(RequestError::TooManyFrames { announced: 1 })
        ));
    }
    let refused = written(Format::Webp, &frames, &thirds, None).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a webp file is written with one picture, the result has 2 pages; choose png, tiff or gif"
    );
}
