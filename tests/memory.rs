//! The memory that runs take beside what was estimated for them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{
    fmt::Write as _,
    fs,
    io::Cursor,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, Once, PoisonError},
};

use common::{Random, random_image};
use peak_alloc::PeakAlloc;
use stridekern::{
    Alpha, Border, Channel, Depth, Extent, Filter, Image, Kernel, KernelBank, Map, Mask, Method,
    Missing, Samples, Tuning, batch,
    codec::{self, Compression, EncodeOptions, Format, Metadata, Sampling},
    run::{self, Existing, Input, Job, Mode, Options, Place, Request, Silent},
};

/// Counts what everything in this program takes.
#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// One test at a time, and threads enough for stages to overlap.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    static POOL: Once = Once::new();
    POOL.call_once(|| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3);
        pool.build_global().unwrap();
        // What threads take once and for all is taken before anything is measured.
        rayon::broadcast(|_| ());
    });
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `act` gives, and the most bytes that it took at a time.
fn measured<T>(act: impl FnOnce() -> T) -> (T, usize) {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let value = act();
    (value, MEMORY.peak_usage() - before)
}

/// Rows and columns: 1.1 megapixels.
const SIDES: [usize; 2] = [907, 1171];

/// The same of JPEG files: 2.1 megapixels, enough for strips.
const JPEG_SIDES: [usize; 2] = [1283, 1657];

const MIB: f64 = (1 << 20) as f64;

/// The largest block that estimates add for what the C library keeps of pages.
const KEPT: usize = 32 << 20;

/// Beside the estimate: the names and the plan of a job, the buffers of files,
/// the queues of threads.
const SLACK: usize = 1 << 20;

fn options() -> Options {
    Options {
        existing: Existing::Replace,
        ..Options::default()
    }
}

/// Files of every format and every way to read it, about as large as it gets:
/// nothing compresses noise.
fn inputs(folder: &Path) -> Vec<PathBuf> {
    let mut random = Random(17);
    let [rows, columns] = SIDES;
    let mut image = |channels, depth| random_image(&mut random, [rows, columns, channels], depth);
    let large = random_image(
        &mut Random(29),
        [JPEG_SIDES[0], JPEG_SIDES[1], 3],
        Depth::U8,
    );
    let mut paths = Vec::new();
    let mut save = |name: &str, bytes: Vec<u8>| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        paths.push(path);
    };
    let (gray, rgb, rgba) = (
        image(1, Depth::U8),
        image(3, Depth::U8),
        image(4, Depth::U8),
    );
    let (deep, float) = (image(3, Depth::U16), image(3, Depth::F32));
    for (name, image) in [
        ("gray.png", &gray),
        ("rgb.png", &rgb),
        ("deep.png", &deep),
        ("rgb.jpg", &large),
        ("rgba.tif", &rgba),
        ("float.tif", &float),
        ("rgb.bmp", &rgb),
        ("rgba.tga", &rgba),
        ("rgb.qoi", &rgb),
        ("rgba.webp", &rgba),
        ("rgb.gif", &rgb),
        ("float.exr", &float),
        ("float.hdr", &float),
        ("deep.ppm", &deep),
        ("rgba.pam", &rgba),
        ("rgb.npy", &rgb),
    ] {
        let mut file = Cursor::new(Vec::new());
        let format = Format::from_path(Path::new(name)).unwrap();
        let (metadata, options) = (Metadata::default(), EncodeOptions::default());
        codec::encode(image, format, &metadata, &options, &mut file).unwrap();
        save(name, file.into_inner());
    }
    let (Samples::U8(bytes), Samples::U8(large)) = (rgb.samples(), large.samples()) else {
        panic!("8 bits")
    };
    for (name, progressive, sampling) in [
        ("blended.jpg", false, jpeg_encoder::SamplingFactor::R_4_2_0),
        (
            "progressive.jpg",
            true,
            jpeg_encoder::SamplingFactor::R_4_2_0,
        ),
    ] {
        let mut file = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut file, 90);
        encoder.set_sampling_factor(sampling);
        encoder.set_progressive(progressive);
        let color = jpeg_encoder::ColorType::Rgb;
        let [rows, columns] = JPEG_SIDES.map(|side| side as u16);
        encoder.encode(large, columns, rows, color).unwrap();
        if progressive {
            save("unclosed.jpg", file[..file.len() - 2].to_vec());
        } else {
            let strips = [file.clone()];
            save("jpeg.tif", tiff(JPEG_SIDES, [8, 3], [7, 6], &[], &strips));
        }
        save(name, file);
    }
    let mut digits = format!("P3\n{columns} {rows}\n255\n");
    for line in bytes.chunks(20) {
        line.iter().for_each(|b| write!(digits, "{b} ").unwrap());
        digits.push('\n');
    }
    save("digits.ppm", digits.into_bytes());
    save("interlaced.png", interlaced_png(rows, columns));
    save("planes.tif", planar_tiff(rows, columns, bytes));
    let mut noise = |bytes: usize| Vec::from_iter((0..bytes).map(|_| random.next() as u8));
    let twelve = noise(rows * (columns * 3 * 12).div_ceil(8));
    save("twelve.tif", tiff(SIDES, [12, 3], [1, 2], &[], &[twelve]));
    let deflated = |bytes: Vec<u8>| {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, &bytes).unwrap();
        encoder.finish().unwrap()
    };
    let strips = [0, 1].map(|_| deflated(noise(rows.div_ceil(2) * columns)));
    save("palette.tif", tiff(SIDES, [8, 1], [8, 3], &[], &strips));
    let strips = [deflated(noise(rows * columns * 4))];
    save("inks.tif", tiff(SIDES, [8, 4], [8, 5], &[], &strips));
    let doubles = |fortran: &str| {
        let mut header = format!(
            "{{'descr': '>f8', 'fortran_order': {fortran}, 'shape': ({rows}, {columns}, 2), }}"
        );
        header.extend(std::iter::repeat_n(
            ' ',
            (128 - 11 - header.len() % 64) % 64,
        ));
        header.push('\n');
        let mut file = b"\x93NUMPY\x01\0".to_vec();
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header.bytes());
        file.extend((0..rows * columns * 2).flat_map(|at| (at as f64 / 1e6).to_be_bytes()));
        file
    };
    save("doubles.npy", doubles("False"));
    save("columns.npy", doubles("True"));
    paths
}

/// RGB in seven passes, of noise that does not compress.
fn interlaced_png(rows: usize, columns: usize) -> Vec<u8> {
    let mut random = Random(23);
    let mut lines = Vec::new();
    for (top, left, down, across) in [
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    ] {
        for _ in (top..rows).step_by(down) {
            lines.push(0);
            let len = (columns - left).div_ceil(across) * 3;
            lines.extend((0..len).map(|_| random.next() as u8));
        }
    }
    let mut encoder =
        flate2::write::ZlibEncoder::new(b"IDAT".to_vec(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &lines).unwrap();
    let mut header = b"IHDR".to_vec();
    header.extend(
        [columns, rows]
            .map(|side| side as u32)
            .map(u32::to_be_bytes)
            .as_flattened(),
    );
    header.extend([8, 2, 0, 0, 1]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for chunk in [header, encoder.finish().unwrap(), b"IEND".to_vec()] {
        file.extend(common::png_chunk(&chunk));
    }
    file
}

/// RGB whose channels follow each other, without compression.
fn planar_tiff(rows: usize, columns: usize, pixels: &[u8]) -> Vec<u8> {
    let planes = [0, 1, 2].map(|channel| pixels.iter().skip(channel).step_by(3).copied());
    let planes = planes.map(Vec::from_iter);
    tiff([rows, columns], [8, 3], [1, 2], &[(284, 2)], &planes)
}

/// A TIFF of these sides, of samples of so many bits and so many of them in a pixel, of this
/// compression and photometric interpretation, with further tags of one number.
fn tiff(
    [rows, columns]: [usize; 2],
    [bits, samples]: [u32; 2],
    [compression, photometric]: [u32; 2],
    further: &[(u16, u32)],
    strips: &[Vec<u8>],
) -> Vec<u8> {
    let rows_of_strip = match further {
        [(284, _)] => rows,
        _ => rows.div_ceil(strips.len()),
    };
    let mut file = b"II*\0\0\0\0\0".to_vec();
    let [mut offsets, mut lengths] = [Vec::new(), Vec::new()];
    for strip in strips {
        offsets.push(file.len() as u32);
        lengths.push(strip.len() as u32);
        file.extend(strip);
    }
    let mut tags = vec![
        (256, vec![columns as u32]),
        (257, vec![rows as u32]),
        (258, vec![bits]),
        (259, vec![compression]),
        (262, vec![photometric]),
        (273, offsets),
        (277, vec![samples]),
        (278, vec![rows_of_strip as u32]),
        (279, lengths),
    ];
    tags.extend(further.iter().map(|(tag, value)| (*tag, vec![*value])));
    if photometric == 3 {
        tags.push((320, (0..3 << bits).map(|at| at * 37 % 65_521).collect()));
    }
    tags.sort();
    let mut entries = Vec::new();
    for (tag, values) in &tags {
        let mut value = Vec::from_iter(values.iter().flat_map(|value| value.to_le_bytes()));
        if value.len() > 4 {
            let place = file.len() as u32;
            file.extend(&value);
            value = place.to_le_bytes().to_vec();
        }
        entries.extend(tag.to_le_bytes());
        entries.extend([4, 0]);
        entries.extend((values.len() as u32).to_le_bytes());
        entries.extend(value);
    }
    let directory = file.len() as u32;
    file[4..8].copy_from_slice(&directory.to_le_bytes());
    file.extend((tags.len() as u16).to_le_bytes());
    file.extend(entries);
    file.extend([0; 4]);
    file
}

const OUTPUTS: [Format; 13] = [
    Format::Png,
    Format::Jpeg,
    Format::Tiff,
    Format::Webp,
    Format::Bmp,
    Format::Ppm,
    Format::Pam,
    Format::Qoi,
    Format::Tga,
    Format::Exr,
    Format::Hdr,
    Format::Gif,
    Format::Npy,
];

const BORDERS: [Extent; 3] = [
    Extent::Valid,
    Extent::Same(Border::Reflect),
    Extent::Same(Border::Wrap),
];

/// A filter whose results this format holds.
fn filter(map: Map, extent: Extent, channel: Channel, format: Format) -> Filter {
    let sharpen = "weights = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]";
    let bank = KernelBank::parse("sharpen", "sharpen.toml", sharpen).unwrap();
    let holds = |depth| format.check(depth, 3).is_ok();
    let (map, depth) = match map {
        _ if !holds(Depth::U8) => (map, Depth::F32),
        Map::Float if holds(Depth::F32) => (map, Depth::F32),
        Map::Float if holds(Depth::U16) => (Map::Abs, Depth::U16),
        Map::Float => (Map::Abs, Depth::U8),
        _ => (map, Depth::U8),
    };
    Filter::new(bank)
        .with_map(map)
        .with_extent(extent)
        .with_channel(channel)
        .with_depth(Some(depth))
}

/// Every input format x output format; maps, borders and channels by turns, so
/// that every format meets each of them. With MEMORY_ALL set, all of them.
#[test]
fn estimates_are_bounds_and_not_far_above() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let all = std::env::var_os("MEMORY_ALL").is_some();
    let (mut runs, mut wrong) = (0, String::new());
    for (i, path) in inputs(folder.path()).iter().enumerate() {
        for (o, format) in OUTPUTS.into_iter().enumerate() {
            for turn in 0..18 {
                let (m, b, c) = (turn % 3, turn / 3 % 3, turn / 9);
                let due = (m, b, c) == ((i + o) % 3, (i / 3 + o / 3) % 3, (i + o / 2) % 2);
                if !(due || all) {
                    continue;
                }
                let map = [Map::Clamp, Map::Stretch, Map::Float][m];
                let channel = match path.file_stem().unwrap().to_str() {
                    // Some formats hold no alpha.
                    Some("doubles" | "columns") => Channel::Luma,
                    Some("rgba") if format.check(Depth::U8, 4).is_err() => Channel::Luma,
                    _ => [Channel::Luma, Channel::Each][c],
                };
                let filter = filter(map, BORDERS[b], channel, format);
                let (estimate, peak) = run(path, format, &filter);
                let name = path.file_name().unwrap().display();
                let line = format!(
                    "{name} to {format}, {map}, {}, {channel}: estimate {:.1} MiB, peak {:.1} MiB",
                    BORDERS[b],
                    estimate as f64 / MIB,
                    peak as f64 / MIB
                );
                runs += 1;
                if all {
                    println!("{line}");
                }
                if peak > estimate + SLACK {
                    writeln!(wrong, "above: {line}").unwrap();
                }
                if estimate > 4 * peak + 4 * SLACK {
                    writeln!(wrong, "far below: {line}").unwrap();
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(runs >= 28 * 13, "{runs}");
}

/// A progressive JPEG is encoded whole, in several times the memory of its samples.
#[test]
fn estimates_hold_for_progressive_jpeg() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = String::new();
    for path in inputs(folder.path()).iter().step_by(3) {
        for (quality, sampling) in [(100, Sampling::S444), (90, Sampling::S420)] {
            for channel in [Channel::Luma, Channel::Each] {
                let encode = EncodeOptions {
                    quality: Some(quality),
                    sampling: Some(sampling),
                    progressive: true,
                    ..EncodeOptions::default()
                };
                let filter = filter(Map::Clamp, BORDERS[1], channel, Format::Jpeg)
                    .with_alpha(Some(Alpha::Drop));
                let (estimate, peak) = run_encoded(path, Format::Jpeg, &filter, encode);
                if peak > estimate + SLACK || estimate > 4 * peak + 4 * SLACK {
                    let name = path.file_name().unwrap().display();
                    writeln!(
                        wrong,
                        "{name}, {channel}, {quality}: estimate {estimate}, peak {peak}"
                    )
                    .unwrap();
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// PNG at its fastest is encoded in stripes, one for each thread.
#[test]
fn estimates_hold_for_png_at_its_fastest() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = String::new();
    let mut paths = inputs(folder.path());
    // Rows that are longer than a stripe, of noise.
    let wide = random_image(&mut Random(43), [40, 100_000, 3], Depth::U8);
    let path = folder.path().join("wide.npy");
    let (metadata, options) = (Metadata::default(), EncodeOptions::default());
    let mut file = Cursor::new(Vec::new());
    codec::encode(&wide, Format::Npy, &metadata, &options, &mut file).unwrap();
    fs::write(&path, file.into_inner()).unwrap();
    paths.push(path);
    for (path, channel) in (paths.iter()).zip([Channel::Luma, Channel::Each].iter().cycle()) {
        let encode = EncodeOptions {
            compression: Compression::Fast,
            ..EncodeOptions::default()
        };
        let filter = filter(Map::Clamp, BORDERS[1], *channel, Format::Png);
        let (estimate, peak) = run_encoded(path, Format::Png, &filter, encode);
        if peak > estimate + SLACK || estimate > 4 * peak + 4 * SLACK {
            let name = path.file_name().unwrap().display();
            writeln!(wrong, "{name}, {channel}: estimate {estimate}, peak {peak}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// An animated WebP of these frames, each a lossless picture.
fn animated_webp([rows, columns]: [usize; 2], frames: &[Image]) -> Vec<u8> {
    let chunk = |name: &[u8], data: &[u8]| {
        let padding = vec![0; data.len() % 2];
        [name, &(data.len() as u32).to_le_bytes(), data, &padding].concat()
    };
    let u24 = |number: usize| (number as u32).to_le_bytes()[..3].to_vec();
    let sides = [u24(columns - 1), u24(rows - 1)].concat();
    let mut chunks = chunk(b"VP8X", &[&[0x12, 0, 0, 0][..], &sides].concat());
    chunks.extend(chunk(b"ANIM", &[0; 6]));
    for frame in frames {
        let mut file = Cursor::new(Vec::new());
        let (metadata, options) = (Metadata::default(), EncodeOptions::default());
        codec::encode(frame, Format::Webp, &metadata, &options, &mut file).unwrap();
        let file = file.into_inner();
        let at = file.windows(4).position(|name| name == b"VP8L").unwrap();
        let place = [&[0; 6][..], &sides, &[100, 0, 0, 2]].concat();
        chunks.extend(chunk(b"ANMF", &[&place, &file[at..]].concat()));
    }
    chunk(b"RIFF", &[b"WEBP", &chunks[..]].concat())
}

/// Files of several pages of noise: all formats of frames, and TIFF.
fn animations(folder: &Path) -> Vec<PathBuf> {
    let mut random = Random(41);
    let mut paths = Vec::new();
    for (format, channels, depth) in [
        (Format::Tiff, 1, Depth::U8),
        (Format::Tiff, 2, Depth::U8),
        (Format::Tiff, 3, Depth::U8),
        (Format::Tiff, 4, Depth::U8),
        (Format::Tiff, 3, Depth::U16),
        (Format::Gif, 1, Depth::U8),
        (Format::Gif, 4, Depth::U8),
        (Format::Png, 2, Depth::U8),
        (Format::Png, 4, Depth::U16),
        (Format::Webp, 4, Depth::U8),
    ] {
        let shape = [SIDES[0], SIDES[1], channels];
        let frames = [0; 3].map(|_| random_image(&mut random, shape, depth));
        let path = folder.join(format!("{channels}-{depth}.{format}"));
        let file = match format {
            Format::Webp => animated_webp(SIDES, &frames),
            _ => {
                let metadata = Metadata::default();
                let mut file = Cursor::new(Vec::new());
                let mut writer = codec::create_animation(
                    frames[0].spec(),
                    format,
                    &metadata,
                    &EncodeOptions::default(),
                    3,
                    codec::Output::seekable(&mut file),
                )
                .unwrap();
                for (number, frame) in frames.iter().enumerate() {
                    if number > 0 {
                        writer
                            .next_page(&metadata, frame.spec(), &metadata)
                            .unwrap();
                    }
                    writer.write(frame.samples()).unwrap();
                }
                writer.finish(&metadata).unwrap();
                file.into_inner()
            }
        };
        fs::write(&path, file).unwrap();
        paths.push(path);
    }
    paths
}

/// Frames are encoded whole, one after another, and pages of TIFF by rows.
#[test]
fn estimates_hold_for_animations() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let (mut runs, mut wrong) = (0, String::new());
    for path in animations(folder.path()) {
        for format in [Format::Png, Format::Gif, Format::Tiff] {
            for (at, map) in [Map::Clamp, Map::Stretch, Map::Float]
                .into_iter()
                .enumerate()
            {
                for channel in [Channel::Luma, Channel::Each] {
                    let filter = filter(map, BORDERS[at], channel, format);
                    let (estimate, peak) = run(&path, format, &filter);
                    let name = path.file_name().unwrap().display();
                    let line = format!(
                        "{name} to {format}, {map}, {channel}: estimate {:.1} MiB, peak {:.1} MiB",
                        estimate as f64 / MIB,
                        peak as f64 / MIB
                    );
                    println!("{line}");
                    runs += 1;
                    if peak > estimate + SLACK {
                        writeln!(wrong, "above: {line}").unwrap();
                    }
                    // The system's allocator may keep a block of the page before, which is not counted as
                    // held.
                    if estimate > 4 * peak + 4 * SLACK + KEPT {
                        writeln!(wrong, "far below: {line}").unwrap();
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert_eq!(runs, 10 * 3 * 3 * 2);
}

/// The planes of numbers and of presence, and the sums over them, are counted.
#[test]
fn estimates_hold_where_samples_are_missing() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let (mut runs, mut wrong) = (0, String::new());
    for (i, path) in inputs(folder.path()).iter().enumerate() {
        let (map, format) = ([Map::Clamp, Map::Stretch][i % 2], Format::Npy);
        let border = BORDERS[i % 3];
        let filter = filter(map, border, Channel::Luma, format).ignoring(Missing::value(0.0));
        let (estimate, peak) = run(path, format, &filter);
        runs += 1;
        if peak > estimate + SLACK || estimate > 4 * peak + 4 * SLACK {
            let name = path.file_name().unwrap().display();
            writeln!(
                wrong,
                "{name}, {map}, {border}: estimate {estimate}, peak {peak}"
            )
            .unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert_eq!(runs, 28);
}

/// Transforms in f64 beside those in f32, and those of planes with missing samples, whose sums
/// are partly made again, are counted.
#[test]
fn estimates_hold_for_transforms_in_f64() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    // Bright points, so that most tiles are transformed in f64, and a gap.
    let bright = |at: usize| if at.is_multiple_of(5003) { 1e6 } else { 1e-3 };
    let contrast = (0..700 * 900).map(|at| bright(at) as f32).collect();
    let gap = |at: usize| at % 900 < 300 || at.is_multiple_of(21);
    let gaps = (0..700 * 900)
        .map(|at| if gap(at) { f32::NAN } else { at as f32 })
        .collect();
    let wide = (0..700 * 900).map(|at| at as f64).collect();
    let mut random = Random(7);
    let weights = (0..41 * 41).map(|_| random.below(1 << 20) as f64 / 1e6 - 0.4);
    let kernel = Kernel::new(41, 41, weights.collect()).unwrap();
    let filter = || Filter::new(kernel.clone()).with_channel(Channel::Each);
    for (name, samples, filter) in [
        ("contrast.npy", Samples::F32(contrast), filter()),
        (
            "gaps.npy",
            Samples::F32(gaps),
            filter().ignoring(Missing::nan()),
        ),
        ("wide.npy", Samples::F64(wide), filter()),
    ] {
        let image = Image::new(700, 900, 1, samples).unwrap();
        check_estimate_of_fft(&folder.path().join(name), &image, &filter);
    }
}

/// Writes the image, and runs the filter on it by a transform.
fn check_estimate_of_fft(path: &Path, image: &Image, filter: &Filter) {
    let mut file = Cursor::new(Vec::new());
    let (metadata, options) = (Metadata::default(), EncodeOptions::default());
    codec::encode(image, Format::Npy, &metadata, &options, &mut file).unwrap();
    fs::write(path, file.into_inner()).unwrap();
    let plan = filter.plan(image, &Tuning::default()).unwrap();
    assert_eq!(plan.engine(), "fft");
    let (estimate, peak) = run(path, Format::Npy, filter);
    assert!(
        peak <= estimate + SLACK && estimate <= 4 * peak + 4 * SLACK,
        "{}: estimate {estimate}, peak {peak}",
        path.display()
    );
}

/// Tiles for windows that fill those of usual size, in f64 of integers and in both lanes of floats.
#[test]
fn estimates_hold_for_large_tiles() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(11);
    let weights = (0..1000 * 1000).map(|_| random.below(1 << 20) as f64 / 1e6 - 0.4);
    let kernel = Kernel::new(1000, 1000, weights.collect()).unwrap();
    let bytes = (0..300 * 400_u64).map(|at| (at * at % 251) as u8).collect();
    let floats = (0..300 * 400).map(|at| at as f32).collect();
    for (name, samples) in [
        ("bytes.npy", Samples::U8(bytes)),
        ("floats.npy", Samples::F32(floats)),
    ] {
        let image = Image::new(300, 400, 1, samples).unwrap();
        let filter = Filter::new(kernel.clone()).with_extent(BORDERS[1]);
        check_estimate_of_fft(&folder.path().join(name), &image, &filter);
    }
}

/// Turned pixels are read where they lie, and mirrored ones are streamed.
#[test]
fn estimates_hold_where_pixels_are_turned() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let [rows, columns] = JPEG_SIDES;
    let image = random_image(&mut Random(31), [rows, columns, 3], Depth::U8);
    let marks = random_image(&mut Random(37), [rows, columns, 1], Depth::U8);
    let mask = Mask::new(&marks).unwrap();
    let mut wrong = String::new();
    for number in [2, 3, 6, 7] {
        for from in [Format::Tiff, Format::Jpeg] {
            let path = folder.path().join(format!("a.{from}"));
            let metadata = Metadata {
                orientation: Some(number),
                ..Metadata::default()
            };
            let mut file = Cursor::new(Vec::new());
            codec::encode(
                &image,
                from,
                &metadata,
                &EncodeOptions::default(),
                &mut file,
            )
            .unwrap();
            fs::write(&path, file.into_inner()).unwrap();
            for (map, is_masked) in [
                (Map::Clamp, false),
                (Map::Stretch, false),
                (Map::Clamp, true),
            ] {
                for format in [Format::Png, Format::Ppm, Format::Bmp, Format::Tiff] {
                    let mask = is_masked.then(|| Missing::mask(mask.clone()));
                    let filter = filter(map, BORDERS[0], Channel::Each, format).ignoring(mask);
                    let (estimate, peak) = run(&path, format, &filter);
                    if peak > estimate + SLACK || estimate > 4 * peak + 4 * SLACK {
                        writeln!(
                            wrong,
                            "{number}, {from} to {format}, {map}, mask {is_masked}: estimate {estimate}, peak {peak}"
                        )
                        .unwrap();
                    }
                    if (number, from, map, is_masked) == (2, Format::Tiff, Map::Clamp, false) {
                        let (mode, _) = planned(&path, format, &filter, &EncodeOptions::default());
                        assert!(matches!(mode, Mode::Streaming { .. }), "{mode}");
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The filter for this input: of the channels of an array, somebody has to say that the last is
/// alpha.
fn of_input(filter: &Filter, path: &Path) -> Filter {
    let is_array = path.extension().is_some_and(|extension| extension == "npy");
    match is_array && filter.channel() == Channel::Luma {
        true => filter.clone().with_alpha(Alpha::Drop),
        false => filter.clone(),
    }
}

/// What is estimated for a run.
fn estimate(path: &Path, format: Format, filter: &Filter) -> u64 {
    planned(path, format, filter, &EncodeOptions::default()).1
}

/// How a run goes, and what is estimated for it.
fn planned(path: &Path, format: Format, filter: &Filter, encode: &EncodeOptions) -> (Mode, u64) {
    let filter = &of_input(filter, path);
    let request = Request {
        filter: filter.clone(),
        output: Place::Standard,
        format: Some(format),
    };
    let job = Job {
        input: Place::File(path.to_owned()),
        results: vec![request],
    };
    let input = Input::open(&job, &options()).unwrap();
    let plan = input.plan(&job.results[0], &Tuning::default()).unwrap();
    let mode = Mode::new(&input, [&plan]);
    let results = [(&plan, &job.results[0], false)];
    let needed = run::memory_needed(&input, &mode, results, encode);
    (mode, needed)
}

/// The estimate and the peak of a run.
fn run(path: &Path, format: Format, filter: &Filter) -> (usize, usize) {
    run_encoded(path, format, filter, EncodeOptions::default())
}

/// The same of a run that encodes its result so.
fn run_encoded(
    path: &Path,
    format: Format,
    filter: &Filter,
    encode: EncodeOptions,
) -> (usize, usize) {
    let filter = &of_input(filter, path);
    let options = Options {
        encode,
        ..options()
    };
    let estimate = planned(path, format, filter, &encode).1;
    let place = Place::File(path.to_owned());
    let output = path.with_file_name("output");
    let job = Job {
        input: place,
        results: vec![Request {
            filter: filter.clone(),
            output: Place::File(output.clone()),
            format: Some(format),
        }],
    };
    let (outcomes, peak) = measured(|| run::run(&job, &options, &Silent));
    for outcome in outcomes.unwrap() {
        outcome.unwrap();
    }
    fs::remove_file(output).unwrap();
    (estimate as usize, peak)
}

/// The limit of memory of the files below.
const LIMIT: u64 = 64 << 20;

/// What is taken beside the limit: it is of a run, the file in memory comes
/// before that.
const BESIDE: usize = 2 << 20;

/// Files whose headers hold far more than a picture needs, each of so many bytes
/// of what a decoder keeps by count.
fn evil() -> Vec<(&'static str, Vec<u8>)> {
    let mut files = Vec::new();
    files.extend(evil_exr());
    files.extend(evil_hdr());
    files.extend(evil_jpeg());
    files.extend(evil_png());
    files.extend(evil_webp());
    files.extend(evil_gif());
    files.extend(evil_tiff());
    files.extend(evil_netpbm());
    files.extend(evil_others());
    files
}

fn exr_attribute(name: &str, kind: &str, value: &[u8]) -> Vec<u8> {
    let len = (value.len() as u32).to_le_bytes();
    [name.as_bytes(), b"\0", kind.as_bytes(), b"\0", &len, value].concat()
}

/// The attributes that a part must have, of this size and these tiles.
fn exr_part(right: i32, bottom: i32, tiles: Option<[u32; 2]>) -> Vec<u8> {
    let ints = |values: &[i32]| -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    };
    let channels: Vec<u8> = ["B", "G", "R"]
        .iter()
        .flat_map(|name| [name.as_bytes(), b"\0", &ints(&[2, 0, 1, 1])].concat())
        .chain([0])
        .collect();
    let mut part = [
        exr_attribute("channels", "chlist", &channels),
        exr_attribute("compression", "compression", &[3]),
        exr_attribute("dataWindow", "box2i", &ints(&[0, 0, right, bottom])),
        exr_attribute("displayWindow", "box2i", &ints(&[0, 0, 3, 3])),
        exr_attribute("lineOrder", "lineOrder", &[0]),
        exr_attribute("pixelAspectRatio", "float", &1_f32.to_le_bytes()),
        exr_attribute("screenWindowCenter", "v2f", &[0; 8]),
        exr_attribute("screenWindowWidth", "float", &1_f32.to_le_bytes()),
    ]
    .concat();
    if let Some(tile) = tiles {
        let value = [tile.map(u32::to_le_bytes).as_flattened(), &[0]].concat();
        part.extend(exr_attribute("tiles", "tiledesc", &value));
    }
    part
}

fn evil_exr() -> Vec<(&'static str, Vec<u8>)> {
    let file =
        |flags: u8, body: Vec<u8>| [&[0x76, 0x2f, 0x31, 0x01, 2, flags, 0, 0][..], &body].concat();
    let many = |count: usize, kind: &str, value: &[u8]| -> Vec<u8> {
        let each = |at: usize| exr_attribute(&format!("{at:x}"), kind, value);
        (0..count).flat_map(each).collect()
    };
    let plain = exr_part(3, 3, None);
    let texts = exr_attribute("texts", "stringvector", &vec![0; 30 << 20]);
    let channels: Vec<u8> = (0..1_000_000)
        .flat_map(|at: u32| {
            [
                format!("{at:x}").as_bytes(),
                b"\0",
                &[2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0],
            ]
            .concat()
        })
        .chain([0])
        .collect();
    let channels = exr_attribute("channels", "chlist", &channels);
    let parts: Vec<u8> = (0..40_000)
        .flat_map(|_| [&plain[..], &[0]].concat())
        .chain([0])
        .collect();
    // A block that claims two thousand million bytes.
    let block = |tile: bool| -> Vec<u8> {
        let place = if tile { 16 } else { 4 };
        [
            &8_u64.to_le_bytes()[..],
            &vec![0; place],
            &i32::MAX.to_le_bytes(),
            &[0; 100],
        ]
        .concat()
    };
    vec![
        (
            "attributes.exr",
            file(
                0,
                [&plain[..], &many(1_000_000, "int", &[0; 4]), &[0; 99]].concat(),
            ),
        ),
        (
            "nameless.exr",
            file(0, [&plain[..], &many(60_000, "x", &[]), &[0; 99]].concat()),
        ),
        (
            "long_value.exr",
            file(
                0,
                [
                    &plain[..],
                    &many(1, "string", &vec![b'x'; 40 << 20]),
                    &[0; 99],
                ]
                .concat(),
            ),
        ),
        (
            "texts.exr",
            file(0, [&plain[..], &texts, &[0; 99]].concat()),
        ),
        (
            "channels.exr",
            file(0, [&plain[..], &channels, &[0; 99]].concat()),
        ),
        ("parts.exr", file(0x10, [&parts[..], &[0; 99]].concat())),
        (
            "wide.exr",
            file(
                0,
                [&exr_part(1 << 28, 3, None)[..], &[0], &block(false)].concat(),
            ),
        ),
        (
            "tile.exr",
            file(
                2,
                [
                    &exr_part(3, 3, Some([30_000, 30_000]))[..],
                    &[0],
                    &block(true),
                ]
                .concat(),
            ),
        ),
        (
            "reversed.exr",
            file(
                0,
                [&exr_part(-(1 << 28), 3, None)[..], &[0], &block(false)].concat(),
            ),
        ),
        (
            "tall.exr",
            file(
                0,
                [&exr_part(3, i32::MAX - 8, None)[..], &vec![0; 40 << 20]].concat(),
            ),
        ),
    ]
}

fn evil_hdr() -> Vec<(&'static str, Vec<u8>)> {
    let size = "\n-Y 2 +X 2\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let with = |mark: &str, lines: String| format!("{mark}\n{lines}{size}").into_bytes();
    let (strict, old) = ("#?RADIANCE", "#?RGBE");
    vec![
        ("lines.hdr", with(old, "a=\n".repeat(13 << 20))),
        ("strict.hdr", with(strict, "EXPOSURE=1\n".repeat(4 << 20))),
        ("comments.hdr", with(strict, "# x\n".repeat(10 << 20))),
        ("line.hdr", with(old, "x".repeat(40 << 20) + "\n")),
        (
            "no_text.hdr",
            [b"#?RGBE\n", &vec![0xff; 40 << 20][..]].concat(),
        ),
        ("within.hdr", with(old, "a=\n".repeat(340_000))),
        (
            "size.hdr",
            format!("#?RGBE\n\n-Y 2 +X 2{}\n", " ".repeat(40 << 20)).into_bytes(),
        ),
    ]
}

/// A picture of so many pixels a side, with segments behind its first mark.
fn jpeg(side: u16, progressive: bool, segments: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 60);
    encoder.set_progressive(progressive);
    let pixels = vec![90; usize::from(side) * usize::from(side)];
    let color = jpeg_encoder::ColorType::Luma;
    encoder.encode(&pixels, side, side, color).unwrap();
    [&file[..2], segments, &file[2..]].concat()
}

fn segment(code: u8, content: &[u8]) -> Vec<u8> {
    [
        &[0xff, code][..],
        &(content.len() as u16 + 2).to_be_bytes(),
        content,
    ]
    .concat()
}

fn evil_jpeg() -> Vec<(&'static str, Vec<u8>)> {
    let app = |code, start: &[u8], len: usize, count: usize| {
        segment(code, &[start, &vec![7; len]].concat()).repeat(count)
    };
    let restarts = |side, count| {
        let mut file = jpeg(side, false, &segment(0xdd, &[0, 1]));
        let end = file.len() - 2;
        let marks = (0..count).flat_map(|at: usize| [0xff, 0xd0 + (at % 8) as u8]);
        file.splice(end..end, marks);
        file
    };
    // Scans of nothing: each says that all blocks of a band stay as they are.
    let side = 2000;
    let mut scans = jpeg(side, true, &[]);
    let first = scans
        .windows(2)
        .position(|mark| mark == [0xff, 0xda])
        .unwrap();
    scans.truncate(scans.len() - 2);
    let scan = scans[first..].to_vec();
    for _ in 0..300 {
        scans.extend(&scan[..scan.len().min(2000)]);
    }
    scans.extend([0xff, 0xd9]);
    vec![
        (
            "profiles.jpg",
            jpeg(16, false, &app(0xe2, b"ICC_PROFILE\0\x01\x01", 65_500, 400)),
        ),
        (
            "small_profiles.jpg",
            jpeg(
                16,
                false,
                &app(0xe2, b"ICC_PROFILE\0\x01\x01", 1, 1_500_000),
            ),
        ),
        (
            "exif.jpg",
            jpeg(16, false, &app(0xe1, b"Exif\0\0II*\0", 65_000, 400)),
        ),
        (
            "xmp.jpg",
            jpeg(
                16,
                false,
                &app(0xe1, b"http://ns.adobe.com/xap/1.0/\0", 65_000, 400),
            ),
        ),
        (
            "iptc.jpg",
            jpeg(16, false, &app(0xed, b"Photoshop 3.0\0", 65_000, 400)),
        ),
        (
            "comments.jpg",
            jpeg(16, false, &app(0xfe, b"", 1, 5_000_000)),
        ),
        ("restarts.jpg", restarts(16, 10 << 20)),
        ("cut_restarts.jpg", restarts(2048, 10 << 20)),
        ("scans.jpg", scans),
    ]
}

fn evil_png() -> Vec<(&'static str, Vec<u8>)> {
    let pixel = common::png_chunk(&[&b"IDAT"[..], &deflated(&[0, 1])].concat());
    let with = |chunks: Vec<u8>| {
        let header = common::png_chunk(b"IHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0");
        let end = common::png_chunk(b"IEND");
        [b"\x89PNG\r\n\x1a\n", &header[..], &chunks, &pixel, &end].concat()
    };
    let chunk = |name: &[u8], data: &[u8]| common::png_chunk(&[name, data].concat());
    let swelling = deflated(&vec![0; 512 << 20]);
    vec![
        ("text.png", with(chunk(b"tEXt", b"a\0b").repeat(2_000_000))),
        (
            "profile.png",
            with(chunk(b"iCCP", &[b"a\0\0", &swelling[..]].concat())),
        ),
        (
            "words.png",
            with(chunk(b"zTXt", &[b"a\0\0", &swelling[..]].concat())),
        ),
        ("exif.png", with(chunk(b"eXIf", &vec![0; 40 << 20]))),
        ("parts.png", with(chunk(b"sPLT", &vec![0; 40 << 20]))),
        ("unknown.png", with(chunk(b"abCd", &[]).repeat(3_000_000))),
    ]
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

fn encoded(name: &str, channels: usize) -> Vec<u8> {
    let image = random_image(&mut Random(5), [4, 4, channels], Depth::U8);
    let mut file = Cursor::new(Vec::new());
    let (metadata, options) = (Metadata::default(), EncodeOptions::default());
    let format = Format::from_path(Path::new(name)).unwrap();
    codec::encode(&image, format, &metadata, &options, &mut file).unwrap();
    file.into_inner()
}

fn evil_webp() -> Vec<(&'static str, Vec<u8>)> {
    let data = encoded("a.webp", 3)[12..].to_vec();
    let with = |flags: u8, chunks: Vec<u8>| {
        let mut body = b"WEBPVP8X\x0a\0\0\0".to_vec();
        body.extend([flags, 0, 0, 0, 3, 0, 0, 3, 0, 0]);
        body.extend(chunks);
        body.extend(&data);
        [b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body].concat()
    };
    let chunk =
        |name: &[u8], data: &[u8]| [name, &(data.len() as u32).to_le_bytes(), data].concat();
    vec![
        (
            "profile.webp",
            with(0x20, chunk(b"ICCP", &vec![0; 40 << 20])),
        ),
        ("exif.webp", with(0x08, chunk(b"EXIF", &vec![0; 40 << 20]))),
        (
            "chunks.webp",
            with(0, chunk(b"abcd", &[]).repeat(5_000_000)),
        ),
    ]
}

fn evil_gif() -> Vec<(&'static str, Vec<u8>)> {
    let file = encoded("a.gif", 1);
    // A comment, an application's block and a frame, over and over.
    let head = 13
        + if file[10] & 0x80 == 0 {
            0
        } else {
            6 << (file[10] & 7)
        };
    let (screen, rest) = file.split_at(head);
    let frames = rest[..rest.len() - 1].to_vec();
    let before = |blocks: Vec<u8>| [screen, &blocks, rest].concat();
    let blocks = |start: &[u8]| {
        [
            start,
            &[&[255][..], &[7; 255]].concat().repeat(150_000),
            &[0],
        ]
        .concat()
    };
    vec![
        ("comments.gif", before(b"\x21\xfe\x01a\0".repeat(8_000_000))),
        ("comment.gif", before(blocks(b"\x21\xfe"))),
        ("profile.gif", before(blocks(b"\x21\xff\x0bICCRGBG1012"))),
        ("xmp.gif", before(blocks(b"\x21\xff\x0bXMP DataXMP"))),
        (
            "frames.gif",
            [screen, &frames.repeat(40_000), b";"].concat(),
        ),
    ]
}

fn evil_tiff() -> Vec<(&'static str, Vec<u8>)> {
    // Offsets, lengths and a profile of so many entries, all in the file.
    let with = |count: u32, tags: &[(u16, u16, u32)]| {
        let mut entries: Vec<(u16, u16, u32, u32)> = vec![
            (256, 4, 1, 1),
            (257, 4, 1, 1),
            (258, 3, 1, 8),
            (259, 3, 1, 1),
            (262, 3, 1, 1),
            (277, 3, 1, 1),
            (278, 4, 1, 1),
        ];
        let start = 8 + 2 + 12 * (entries.len() + tags.len()) as u32 + 4;
        entries.extend(
            tags.iter()
                .map(|&(tag, kind, count)| (tag, kind, count, start)),
        );
        entries.sort_unstable();
        let mut file = b"II*\0\x08\0\0\0".to_vec();
        file.extend((entries.len() as u16).to_le_bytes());
        for (tag, kind, count, value) in entries {
            file.extend(tag.to_le_bytes());
            file.extend(kind.to_le_bytes());
            file.extend(count.to_le_bytes());
            file.extend(value.to_le_bytes());
        }
        file.extend([0; 4]);
        file.extend(vec![0; 4 * count as usize]);
        file
    };
    let million = 1 << 20;
    vec![
        (
            "strips.tif",
            with(9 * million, &[(273, 4, 9 * million), (279, 4, 9 * million)]),
        ),
        (
            "profile.tif",
            with(
                9 * million,
                &[(273, 4, 1), (279, 4, 1), (0x8773, 7, 36 * million)],
            ),
        ),
        (
            "several.tif",
            with(
                million,
                &[
                    (273, 4, million),
                    (279, 4, million),
                    (0x8773, 7, million),
                    (700, 1, million),
                ],
            ),
        ),
        (
            "two.tif",
            with(million, &[(273, 4, million - 1), (279, 4, million - 1)]),
        ),
        (
            "colors.tif",
            with(
                9 * million,
                &[(273, 4, 1), (279, 4, 1), (320, 3, 18 * million)],
            ),
        ),
        (
            "directories.tif",
            with(
                9 * million,
                &[(273, 4, 1), (279, 4, 1), (330, 4, 9 * million)],
            ),
        ),
    ]
}

fn evil_netpbm() -> Vec<(&'static str, Vec<u8>)> {
    let pam = |lines: String| {
        format!("P7\n{lines}WIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nTUPLTYPE GRAYSCALE\nENDHDR\nx")
            .into_bytes()
    };
    vec![
        (
            "comment.pgm",
            format!("P5\n#{}\n1 1\n255\nx", "x".repeat(40 << 20)).into_bytes(),
        ),
        (
            "comments.pgm",
            format!("P5\n{}1 1\n255\nx", "#\n".repeat(20 << 20)).into_bytes(),
        ),
        (
            "zeros.pgm",
            format!("P5\n{}1 1\n255\nx", "0".repeat(40 << 20)).into_bytes(),
        ),
        ("line.pam", pam(format!("#{}\n", "x".repeat(40 << 20)))),
        ("lines.pam", pam("#\n".repeat(20 << 20))),
        ("types.pam", pam("TUPLTYPE x\n".repeat(4 << 20))),
        ("keys.pam", pam("x".repeat(40 << 20))),
        (
            "digits.ppm",
            format!("P3 1 1 255 {}1 2 3", "0".repeat(40 << 20)).into_bytes(),
        ),
    ]
}

fn evil_others() -> Vec<(&'static str, Vec<u8>)> {
    let mut array = b"\x93NUMPY\x02\0".to_vec();
    array.extend((40_u32 << 20).to_le_bytes());
    array.extend(vec![b' '; 40 << 20]);
    // Palettes and names that claim more than there is.
    let mut bmp = encoded("a.bmp", 3);
    bmp[46..50].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut tga = encoded("a.tga", 3);
    tga[0] = 255;
    tga[1] = 1;
    tga[5..8].copy_from_slice(&[255, 255, 32]);
    vec![
        ("header.npy", array),
        ("palette.bmp", bmp),
        ("palette.tga", tga),
    ]
}

/// Far more than reading one of these files takes, which is less than 1, on a busy machine,
/// and far less than what a header could ask for.
const SECONDS: f64 = 30.0;

/// Whatever a header holds, reading its file keeps to the limit of memory, and
/// does not take for ever; what is refused says why.
#[test]
fn headers_keep_to_the_limit_of_memory() {
    let _turn = alone();
    let limits = codec::Limits {
        max_memory: LIMIT,
        ..codec::Limits::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let (mut wrong, mut files) = (String::new(), 0);
    for (name, bytes) in evil() {
        let path = folder.path().join(name);
        fs::write(&path, &bytes).unwrap();
        let len = bytes.len() as f64 / MIB;
        drop(bytes);
        let start = std::time::Instant::now();
        let (read, peak) = measured(|| codec::read(&path, &limits).map(drop));
        let seconds = start.elapsed().as_secs_f64();
        let said = read.map_or_else(|error| error.to_string(), |()| "read".to_owned());
        let line = format!(
            "{name}, {len:.1} MiB: {:.1} MiB, {seconds:.2} s: {said}",
            peak as f64 / MIB
        );
        println!("{line}");
        if peak > LIMIT as usize + BESIDE || seconds > SECONDS {
            writeln!(wrong, "{line}").unwrap();
        }
        assert!(!said.contains('\n') && said.len() < 300, "{line}");
        files += 1;
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(files > 50, "{files}");
}

/// Files that are read whole wait for memory without being held, however many
/// of them are worked on at a time.
#[test]
fn files_that_wait_are_within_the_limit() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    // Each is 6 MiB of file, as much of samples, and more of rows.
    let image = random_image(&mut Random(3), [1000, 2000, 3], Depth::U8);
    let filter = filter(Map::Clamp, Extent::Valid, Channel::Luma, Format::Png);
    let jobs = (0..12).map(|at| {
        let input = folder.path().join(format!("{at}.bmp"));
        common::write(&input, &image);
        Job {
            results: vec![Request {
                filter: filter.clone(),
                output: Place::File(input.with_extension("png")),
                format: Some(Format::Png),
            }],
            input: Place::File(input),
        }
    });
    let jobs: Vec<Job> = jobs.collect();
    drop(image);
    // Enough for one of them.
    let limit = estimate(&folder.path().join("0.bmp"), Format::Png, &filter) + (1 << 20);
    let batch = batch::Batch {
        jobs,
        options: Options {
            limits: codec::Limits {
                max_memory: limit,
                ..codec::Limits::default()
            },
            ..options()
        },
        ..batch::Batch::default()
    };
    let (summary, peak) = measured(|| batch::run(batch, std::sync::Arc::new(Silent)));
    assert_eq!((summary.done, summary.failed), (12, 0));
    assert!(
        peak <= limit as usize + 2 * SLACK,
        "{:.1} MiB",
        peak as f64 / MIB
    );
}

/// Whether a job is refused for its memory does not depend on how many threads are free: what
/// is too much for three threads is run on one.
#[test]
fn jobs_that_do_not_fit_on_all_threads_run_on_one() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let image = random_image(&mut Random(5), [400, 700, 3], Depth::U16);
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1);
    let one_thread = one_thread.build().unwrap();
    for (name, format) in [
        ("a.png", Format::Tiff),
        ("a.tif", Format::Jpeg),
        ("a.npy", Format::Npy),
    ] {
        let input = folder.path().join(name);
        common::write(&input, &image);
        let extent = Extent::Same(Border::Reflect);
        let filter = Filter::new(KernelBank::resolve("box9").unwrap())
            .with_channel(Channel::Each)
            .with_depth(Depth::U8)
            .with_extent(extent);
        let most = estimate(&input, format, &filter);
        let least = one_thread.install(|| estimate(&input, format, &filter));
        assert!(least < most, "{name}: {least} {most}");
        let job = Job {
            results: vec![Request {
                filter: filter.clone(),
                output: Place::File(folder.path().join("output")),
                format: Some(format),
            }],
            input: Place::File(input),
        };
        for (limit, threads) in [(most, 3), (most - 1, 1), (least, 1), (least - 1, 0)] {
            let mut options = options();
            options.limits.max_memory = limit;
            let planned = run::dry_run(&job, &options);
            let outcomes = run::run(&job, &options, &Silent);
            if threads == 0 {
                for error in [planned.unwrap_err(), outcomes.unwrap_err()] {
                    assert!(
                        error
                            .to_string()
                            .contains(" MiB of memory, more than the limit of "),
                        "{name}: {error}"
                    );
                }
                continue;
            }
            let Ok(run::PlannedOutcome::Made { plan, .. }) = &planned.unwrap().outcomes[0] else {
                panic!("{name} is made");
            };
            assert_eq!(plan.threads(), threads, "{name} within {limit}");
            let run::Outcome::Done(done) = outcomes.unwrap().remove(0).unwrap() else {
                panic!("{name} is made");
            };
            assert_eq!(done.plan.threads(), threads, "{name} within {limit}");
        }
    }
}

/// Every method, sample type, border and way of channels, on one thread: the first run takes
/// what the others use.
#[test]
fn runs_after_the_first_allocate_nothing() {
    let _alone = alone();
    let mut random = Random(0xa110c);
    let mut methods = [0; Method::ALL.len()];
    for name in ["sobel_x", "gaussian7", "box9", "identity", "sobel", "log9"] {
        for (at, method) in [None].into_iter().chain(Method::ALL.map(Some)).enumerate() {
            for depth in [Depth::U8, Depth::U16, Depth::F32] {
                for (channel, extent, map) in [
                    (Channel::Luma, Extent::Valid, Map::Clamp),
                    (Channel::Each, Extent::Same(Border::Reflect), Map::Clamp),
                    (Channel::Alpha, Extent::Same(Border::Edge), Map::Stretch),
                ] {
                    let filter = Filter::new(KernelBank::resolve(name).unwrap())
                        .with_channel(channel)
                        .with_extent(extent)
                        .with_map(map);
                    let tuning = Tuning::default().with_method(method).with_threads(1);
                    // Some methods take some kernels only.
                    let Ok(plan) = filter.plan_for([90, 200, 4], depth, &tuning) else {
                        continue;
                    };
                    methods[at.saturating_sub(1)] += 1;
                    let frames = [1, 2].map(|_| random_image(&mut random, [90, 200, 4], depth));
                    let mut runner = plan.runner().unwrap();
                    let mut output = plan.allocate().unwrap();
                    let [first, second] = &frames;
                    runner.run(first, &mut output).unwrap();
                    // The test harness may allocate meanwhile, for what it prints of another
                    // test; what a run allocates, every run does.
                    let mut run = || measured(|| runner.run(second, &mut output).unwrap()).1;
                    let bytes = (0..5).map(|_| run()).min();
                    assert_eq!(
                        bytes,
                        Some(0),
                        "{name} {depth} {channel} {extent} {map}: {plan}"
                    );
                }
            }
        }
    }
    assert!(
        methods.iter().all(|&n| n > 0),
        "every method ran: {methods:?}"
    );
}

#[test]
fn runs_with_missing_samples_allocate_nothing_after_the_first() {
    let _alone = alone();
    let mut random = Random(0xa110d);
    let shape = [90, 200, 4];
    let mut marks = random_image(&mut random, shape, Depth::U8);
    for name in ["gaussian7", "sobel_x"] {
        for depth in [Depth::U8, Depth::F32] {
            for channel in [Channel::Luma, Channel::Each] {
                let mask = Mask::new(&marks).unwrap();
                let filter = Filter::new(KernelBank::resolve(name).unwrap())
                    .with_channel(channel)
                    .with_extent(Border::Reflect)
                    .ignoring(Missing::value(1.0).and_mask(mask));
                let tuning = Tuning::default().with_threads(1);
                let plan = filter.plan_for(shape, depth, &tuning).unwrap();
                let [first, second] = [1, 2].map(|_| random_image(&mut random, shape, depth));
                let mut runner = plan.runner().unwrap();
                let mut output = plan.allocate().unwrap();
                runner.run(&first, &mut output).unwrap();
                let mut run = || measured(|| runner.run(&second, &mut output).unwrap()).1;
                let bytes = (0..5).map(|_| run()).min();
                assert_eq!(bytes, Some(0), "{name} {depth} {channel}: {plan}");
            }
        }
        // Few are missing, then.
        let Samples::U8(samples) = marks.samples() else {
            unreachable!()
        };
        let few = samples.iter().map(|&s| u8::from(s == 7)).collect();
        marks = Image::new(shape[0], shape[1], shape[2], Samples::U8(few)).unwrap();
    }
}

/// An array of 16-bit noise in C order.
fn noise_npy(shape: &[usize]) -> Vec<u8> {
    let lens: String = shape.iter().map(|len| format!("{len}, ")).collect();
    let header = format!("{{'descr': '<u2', 'fortran_order': False, 'shape': ({lens})}}");
    let header = format!("{header:<117}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    let mut random = Random(3);
    let count: usize = shape.iter().product();
    file.extend((0..count).flat_map(|_| (random.next() as u16).to_le_bytes()));
    file
}

/// A stack takes the memory of a single image of the same pixels, and no more than was
/// estimated, in every order of its axes.
#[test]
fn a_stack_takes_the_memory_of_an_image() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let estimate = |axes: &str, shape: &[usize], map: Map| {
        fs::write(&path, noise_npy(shape)).unwrap();
        let bank = KernelBank::resolve("gaussian5").unwrap();
        let request = Request {
            filter: Filter::new(bank)
                .with_extent(Border::Edge)
                .with_channel(Channel::Each)
                .with_map(map),
            output: Place::File(folder.path().join("b.npy")),
            format: Some(Format::Npy),
        };
        let job = Job {
            input: Place::File(path.clone()),
            results: vec![request],
        };
        let options = Options {
            axes: Some(axes.parse().unwrap()),
            ..options()
        };
        let input = Input::open(&job, &options).unwrap();
        let plan = input.plan(&job.results[0], &options.tuning).unwrap();
        let mode = Mode::new(&input, [&plan]);
        assert_eq!(mode, Mode::Mapped);
        let results = [(&plan, &job.results[0], false)];
        let estimate =
            run::memory_needed(&input, &mode, results, &EncodeOptions::default()) as usize;
        drop((input, plan));
        let (outcomes, peak) = measured(|| run::run(&job, &options, &Silent));
        for outcome in outcomes.unwrap() {
            outcome.unwrap();
        }
        assert!(
            peak <= estimate + SLACK,
            "{axes} {map}: estimate {estimate}, peak {peak}"
        );
        // The peak itself depends on how many chunks wait for their writer.
        estimate
    };
    for map in [Map::Clamp, Map::Stretch] {
        let image = estimate("YX", &[24 * 512, 512], map);
        for (axes, shape) in [
            ("TYX", [24, 512, 512]),
            ("TXY", [24, 512, 512]),
            ("CYX", [24, 512, 512]),
            ("YTX", [512, 24, 512]),
            ("YXT", [512, 512, 24]),
        ] {
            let stack = estimate(axes, &shape, map);
            let bound = image + image / 10;
            assert!(stack <= bound, "{axes} {map}: {stack}, image {image}");
        }
    }
}

/// A TIFF file of this many pages of gray noise.
fn pages_of(count: usize, [rows, columns]: [u32; 2]) -> Vec<u8> {
    let mut random = Random(37);
    let mut file = Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut file).unwrap();
    for _ in 0..count {
        let samples = (0..rows * columns).map(|_| random.next() as u8);
        let samples = Vec::from_iter(samples);
        encoder
            .write_image::<tiff::encoder::colortype::Gray8>(columns, rows, &samples)
            .unwrap();
    }
    file.into_inner()
}

/// Pages take memory one at a time: as many as there are, and as large as one was estimated.
#[test]
fn pages_take_the_memory_of_one() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    let run = |count: usize, sides: [u32; 2], map: Map| {
        fs::write(&path, pages_of(count, sides)).unwrap();
        let bank = KernelBank::resolve("gaussian5").unwrap();
        let request = Request {
            filter: Filter::new(bank).with_extent(Border::Edge).with_map(map),
            output: Place::File(folder.path().join("b.tif")),
            format: None,
        };
        let job = Job {
            input: Place::File(path.clone()),
            results: vec![request],
        };
        let options = options();
        let input = Input::open(&job, &options).unwrap();
        assert_eq!(input.pages(), count as u64);
        let plan = input.plan(&job.results[0], &options.tuning).unwrap();
        let mode = Mode::new(&input, [&plan]);
        let results = [(&plan, &job.results[0], false)];
        let estimate =
            run::memory_needed(&input, &mode, results, &EncodeOptions::default()) as usize;
        drop((input, plan));
        let (outcomes, peak) = measured(|| run::run(&job, &options, &Silent));
        for outcome in outcomes.unwrap() {
            outcome.unwrap();
        }
        assert!(
            peak <= estimate + SLACK,
            "{count} {sides:?} {map}: estimate {estimate}, peak {peak}"
        );
        peak
    };
    for map in [Map::Clamp, Map::Stretch] {
        run(4, [1024, 1171], map);
        let few = run(100, [8, 9], map);
        let many = run(10_000, [8, 9], map);
        assert!(many <= few + (64 << 10), "{map}: {few}, {many}");
    }
}
