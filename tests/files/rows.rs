//! Rows: what is read and written a band at a time is what is read and written
//! at once, sound or broken, from files and from streams.

use std::{
    fs,
    io::{Cursor, Read},
    path::{Path, PathBuf},
};

use stridekern::{
    Error, Warning,
    codec::{
        self, Compression, Decoded, EncodeOptions, Format, JpegQuality, Limits, Metadata, Output,
        RowReader,
    },
    image::{Depth, Image, ImageSpec, Samples},
};

const BANDS: [usize; 4] = [1, 7, 64, usize::MAX];

/// Every picture of testdata, sound and broken.
fn pictures() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for folder in [
        "photos",
        "odd",
        "broken",
        "unsupported",
        "golden/crops",
        "readme",
    ] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("testdata")
            .join(folder);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if Format::from_path(&path).is_some() {
                paths.push(path);
            }
        }
    }
    paths.sort();
    assert!(paths.len() > 100, "{}", paths.len());
    paths
}

/// The image that comes in bands of so many rows.
fn collected(reader: RowReader<'_>, band: usize) -> stridekern::Result<Decoded> {
    let mut reader = reader;
    let header = reader.header().clone();
    let ImageSpec {
        rows,
        columns,
        channels,
        depth,
    } = header.spec;
    let row_len = header.spec.row_len();
    let band = band.min(rows);
    let mut out = Samples::zeroed(depth, band * row_len)?;
    let mut samples = Samples::zeroed(depth, rows * row_len)?;
    let mut left = rows;
    loop {
        assert_eq!(reader.rows_left(), left);
        let count = reader.read(&mut out)?;
        assert_eq!(count, band.min(left));
        if count == 0 {
            break;
        }
        left -= count;
        let first = (rows - left - count) * row_len;
        let all = samples.as_mut_slice().range(first, first + count * row_len);
        let bytes = count * header.spec.row_bytes();
        all.into_bytes()
            .copy_from_slice(&out.as_slice().as_bytes()[..bytes]);
    }
    assert_eq!(left, 0);
    let trailer = reader.finish()?;
    Ok(Decoded {
        image: Image::new(rows, columns, channels, samples)?,
        format: header.format,
        metadata: trailer.metadata,
        warnings: [header.warnings, trailer.warnings].concat(),
    })
}

/// A picture, bit by bit, so that a NaN equals itself; or an error's text.
fn facts(result: stridekern::Result<Decoded>) -> Result<impl PartialEq + std::fmt::Debug, String> {
    result.map_err(|error| error.to_string()).map(|decoded| {
        let bytes = decoded.image.samples().as_slice().as_bytes().to_vec();
        (
            decoded.image.shape(),
            decoded.image.depth(),
            decoded.format,
            decoded.metadata,
            decoded.warnings,
            bytes,
        )
    })
}

/// A reader that gives a few bytes at a time, as pipes do.
struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.1 = self.1 * 7 % 1013 + 1;
        let count = self.1.min(buffer.len()).min(self.0.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

#[test]
fn bands_are_the_whole_picture_from_every_kind_of_input() {
    let limits = Limits::default();
    for path in pictures() {
        let name = path.display();
        let hint = Format::from_path(&path);
        let bytes = fs::read(&path).unwrap();
        let whole = facts(codec::read_bytes(&bytes, hint, &limits));
        assert_eq!(facts(codec::read(&path, &limits)), whole, "{name}");
        assert_eq!(
            facts(codec::read_from(&bytes[..], hint, &limits)),
            whole,
            "{name}"
        );
        for band in BANDS {
            let file = codec::open_rows(&path, &limits).and_then(|rows| collected(rows, band));
            assert_eq!(facts(file), whole, "{name} file {band}");
            let memory =
                codec::rows_of_bytes(&bytes, hint, &limits).and_then(|rows| collected(rows, band));
            assert_eq!(facts(memory), whole, "{name} memory {band}");
            let stream = codec::rows_from(Trickle(&bytes, 5), hint, &limits)
                .and_then(|rows| collected(rows, band));
            assert_eq!(facts(stream), whole, "{name} stream {band}");
        }
    }
}

#[test]
fn rows_that_were_not_asked_for_are_checked_all_the_same() {
    let limits = Limits::default();
    let folder = tempfile::tempdir().unwrap();
    for path in pictures() {
        let name = path.display();
        let hint = Format::from_path(&path);
        let mut bytes = fs::read(&path).unwrap();
        let Ok(whole) = codec::read_bytes(&bytes, hint, &limits) else {
            continue;
        };
        let skipped = codec::open_rows(&path, &limits).unwrap().finish().unwrap();
        assert_eq!(skipped.metadata, whole.metadata, "{name}");
        // Cut in its middle, and just before its end.
        for length in [bytes.len() - 1, bytes.len() / 2] {
            bytes.truncate(length);
            let cut = folder.path().join(path.file_name().unwrap());
            fs::write(&cut, &bytes).unwrap();
            let whole = facts(codec::read_bytes(&bytes, hint, &limits));
            assert_eq!(facts(codec::read(&cut, &limits)), whole, "{name} {length}");
            let stream = codec::rows_from(Trickle(&bytes, 5), hint, &limits);
            let stream = stream.and_then(|rows| collected(rows, 7));
            assert_eq!(facts(stream), whole, "{name} {length}");
            let skipped = codec::rows_of_bytes(&bytes, hint, &limits).and_then(RowReader::finish);
            assert_eq!(
                skipped.map_err(|error| error.to_string()).err(),
                whole.err(),
                "{name} {length}"
            );
        }
    }
}

/// Noise on a slope, the same in every run.
fn image(rows: usize, columns: usize, channels: usize, depth: Depth) -> Image {
    let mut state = (rows * 1000 + columns * 10 + channels) as u32;
    let len = rows * columns * channels;
    let values = (0..len).map(|at| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (at as u32 * 3).wrapping_add(state >> 28)
    });
    let samples = match depth {
        Depth::U8 => Samples::U8(values.map(|v| v as u8).collect()),
        Depth::U16 => Samples::U16(values.map(|v| (v * 11) as u16).collect()),
        Depth::F32 => Samples::F32(values.map(|v| v as f32 / 300.0 - 1.0).collect()),
        _ => panic!("the tests know no other"),
    };
    Image::new(rows, columns, channels, samples).unwrap()
}

/// What is written of `image` in bands of so many rows.
fn written(
    image: &Image,
    format: Format,
    metadata: &Metadata,
    options: &EncodeOptions,
    band: usize,
    seekable: bool,
) -> (Vec<u8>, Vec<Warning>) {
    let mut file = Cursor::new(Vec::new());
    let output = match seekable {
        true => Output::seekable(&mut file),
        false => Output::stream(&mut file),
    };
    let spec = image.spec();
    let mut writer = codec::create_rows(spec, format, metadata, options, output).unwrap();
    assert_eq!(writer.spec(), spec);
    let len = spec.row_len() * band.min(spec.rows);
    match image.samples() {
        Samples::U8(s) => s.chunks(len).for_each(|band| writer.write(band).unwrap()),
        Samples::U16(s) => s.chunks(len).for_each(|band| writer.write(band).unwrap()),
        Samples::F32(s) => s.chunks(len).for_each(|band| writer.write(band).unwrap()),
        _ => panic!("the tests know no other"),
    }
    let warnings = writer.finish(metadata).unwrap();
    (file.into_inner(), warnings)
}

#[test]
fn bands_write_the_file_that_the_whole_picture_does() {
    let mut icc = vec![7; 200];
    icc[16..20].copy_from_slice(b"RGB ");
    let metadata = Metadata {
        icc: Some(icc),
        exif: Some(b"II*\0\x08\0\0\0\0\0\0\0\0\0".to_vec()),
        ..Metadata::default()
    };
    let mut checked = 0;
    for format in Format::ALL {
        for depth in [Depth::U8, Depth::U16, Depth::F32] {
            for channels in 1..=4 {
                if !format.can_hold(depth, channels) {
                    continue;
                }
                let image = image(150, 37, channels, depth);
                for compression in [Compression::Fast, Compression::Balanced, Compression::Best] {
                    let options = EncodeOptions {
                        compression,
                        ..EncodeOptions::default()
                    };
                    let mut whole = Cursor::new(Vec::new());
                    let warnings =
                        codec::encode(&image, format, &metadata, &options, &mut whole).unwrap();
                    let whole = (whole.into_inner(), warnings);
                    for band in BANDS {
                        for seekable in [true, false] {
                            let rows = written(&image, format, &metadata, &options, band, seekable);
                            let what = format!("{format} {depth} {channels} {band} {seekable}");
                            if format == Format::Exr {
                                // Its blocks stand in the order they were ready in.
                                let [rows, whole] = [&rows, &whole].map(|(bytes, warnings)| {
                                    let read = codec::read_bytes(bytes, None, &Limits::default());
                                    (read.unwrap(), warnings.clone())
                                });
                                assert!(rows == whole, "{what}");
                            } else {
                                assert!(rows == whole, "{what}");
                            }
                            checked += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(checked, 78 * 3 * 4 * 2);
}

/// Large enough for several stretches of compressed rows, and of every kind
/// of content: slopes, flat parts, noise.
#[test]
fn a_large_picture_is_written_by_bands_as_at_once() {
    let (rows, columns) = (1500, 701);
    let mut state = 1_u32;
    let samples: Vec<u8> = (0..rows * columns)
        .map(|at| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            match at * 3 / (rows * columns) {
                0 => (at % columns / 4) as u8,
                1 => (state >> 24) as u8,
                _ => (at % columns / 3) as u8 ^ (state >> 29) as u8,
            }
        })
        .collect();
    let image = Image::new(rows, columns, 1, Samples::U8(samples.into())).unwrap();
    for format in [Format::Png, Format::Tiff, Format::Jpeg, Format::Pgm] {
        for compression in [Compression::Fast, Compression::Balanced, Compression::Best] {
            let options = EncodeOptions {
                compression,
                ..EncodeOptions::default()
            };
            let metadata = Metadata::default();
            let mut whole = Cursor::new(Vec::new());
            codec::encode(&image, format, &metadata, &options, &mut whole).unwrap();
            let whole = whole.into_inner();
            for band in [7, 64, 1000] {
                let (bytes, _) = written(&image, format, &metadata, &options, band, true);
                assert!(bytes == whole, "{format} {compression:?} {band}");
            }
            let back = codec::read_bytes(&whole, None, &Limits::default()).unwrap();
            assert!(format == Format::Jpeg || back.image == image, "{format}");
        }
    }
}

#[test]
fn metadata_that_come_late_go_behind_the_samples_or_are_told_of() {
    let exif = Metadata {
        exif: Some(b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec()),
        ..Metadata::default()
    };
    let image = image(3, 4, 1, Depth::U8);
    let options = EncodeOptions::default();
    let written = |format| {
        let mut file = Cursor::new(Vec::new());
        let output = Output::stream(&mut file);
        let known = Metadata::default();
        let mut writer =
            codec::create_rows(image.spec(), format, &known, &options, output).unwrap();
        writer.write(image.samples()).unwrap();
        let warnings = writer.finish(&exif).unwrap();
        let bytes = file.into_inner();
        let read = codec::read_bytes(&bytes, None, &Limits::default()).unwrap();
        let warnings = warnings.iter().map(ToString::to_string);
        (read.metadata, Vec::from_iter(warnings))
    };
    assert_eq!(written(Format::Png), (exif.clone(), vec![]));
    assert_eq!(written(Format::Tiff).0.orientation, Some(6));
    assert_eq!(
        written(Format::Pgm),
        (
            Metadata::default(),
            vec![
                "metadata left out: EXIF data (no place in pgm)".to_owned(),
                "pgm holds no orientation: viewers will show the picture turned".to_owned()
            ]
        )
    );
    assert_eq!(
        written(Format::Jpeg),
        (
            Metadata {
                quality: Some(JpegQuality::Standard(90)),
                ..Metadata::default()
            },
            vec!["metadata left out: EXIF data (after the samples, no place in jpeg)".to_owned()]
        )
    );
}

#[test]
fn late_exif_data_stand_between_the_samples_and_the_end_of_a_png() {
    let data = b"II*\0\x08\0\0\0\0\0\0\0\0\0".to_vec();
    let exif = Metadata {
        exif: Some(data.clone()),
        ..Metadata::default()
    };
    // Beyond one chunk of samples, and below.
    for image in [image(700, 900, 1, Depth::U16), image(2, 2, 4, Depth::U8)] {
        for compression in [Compression::Fast, Compression::Balanced, Compression::Best] {
            let options = EncodeOptions {
                compression,
                ..EncodeOptions::default()
            };
            let mut file = Cursor::new(Vec::new());
            let output = Output::stream(&mut file);
            let (spec, known) = (image.spec(), Metadata::default());
            let mut writer =
                codec::create_rows(spec, Format::Png, &known, &options, output).unwrap();
            writer.write(image.samples()).unwrap();
            assert_eq!(writer.finish(&exif).unwrap(), [""; 0]);
            let bytes = file.into_inner();
            let mut rest = &bytes[8..];
            let mut names = Vec::new();
            while let [a, b, c, d, tail @ ..] = rest {
                let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
                if tail.starts_with(b"eXIf") {
                    assert_eq!(tail[4..4 + length], data);
                }
                names.push(tail[..4].to_vec());
                rest = &tail[length + 8..];
            }
            names.dedup();
            assert_eq!(names, [b"IHDR", b"IDAT", b"eXIf", b"IEND"]);
            let read = codec::read_bytes(&bytes, None, &Limits::default()).unwrap();
            assert_eq!((&read.image, &read.metadata), (&image, &exif));
        }
    }
}

#[test]
fn misuse_is_told_of() {
    let image = image(5, 4, 3, Depth::U8);
    let mut file = Cursor::new(Vec::new());
    let (metadata, options) = (Metadata::default(), EncodeOptions::default());
    codec::encode(&image, Format::Png, &metadata, &options, &mut file).unwrap();
    let bytes = file.into_inner();
    let mut reader = codec::rows_of_bytes(&bytes, None, &Limits::default()).unwrap();
    let refusal = |error: Error| {
        assert!(matches!(error, Error::Request(_)));
        error.to_string()
    };
    assert_eq!(
        refusal(reader.read(&mut [0_u16; 12][..]).unwrap_err()),
        "the rows have 8-bit samples, the band has 16-bit ones; give it those of the rows"
    );
    assert_eq!(
        refusal(reader.read(&mut [0_u8; 13][..]).unwrap_err()),
        "a band of 13 samples is no whole number of rows of 12; give it whole rows"
    );
    let spec = image.spec();
    let create = |file| {
        let output = Output::seekable(file);
        codec::create_rows(spec, Format::Pgm, &metadata, &options, output)
    };
    let mut file = Cursor::new(Vec::new());
    assert_eq!(
        create(&mut file).unwrap_err().to_string(),
        "pgm holds no colour; choose png, jpeg, tiff, webp, bmp, ppm, pnm, pam, qoi, tga, gif or npy"
    );
    for (empty, claim) in [
        (ImageSpec { rows: 0, ..spec }, "0 rows x 4 columns"),
        (ImageSpec { columns: 0, ..spec }, "5 rows x 0 columns"),
    ] {
        let output = Output::seekable(&mut file);
        let refused = codec::create_rows(empty, Format::Npy, &metadata, &options, output);
        assert_eq!(
            refused.unwrap_err().to_string(),
            format!("the image is empty: {claim} x 3 channels; there is nothing to filter")
        );
    }
    let vast = ImageSpec {
        columns: usize::MAX / 3,
        depth: Depth::F32,
        rows: 1,
        ..spec
    };
    let output = Output::seekable(&mut file);
    let refused = codec::create_rows(vast, Format::Npy, &metadata, &options, output);
    assert!(matches!(refused.unwrap_err(), Error::Limit(_)));
    let output = Output::seekable(&mut file);
    let mut writer = codec::create_rows(spec, Format::Png, &metadata, &options, output).unwrap();
    writer.write(&[1_u8; 24][..]).unwrap();
    assert_eq!(
        refusal(writer.write(&[1_u8; 48][..]).unwrap_err()),
        "2 rows were written and 4 more come, but 5 were announced; announce them all"
    );
    assert_eq!(
        refusal(writer.finish(&metadata).unwrap_err()),
        "2 rows were written of 5 that were announced; write them all"
    );
}

#[test]
fn a_stream_beyond_the_limit_or_in_trouble_is_named() {
    let limits = Limits {
        max_bytes: 5000,
        ..Limits::default()
    };
    let text = "the file has more bytes than the limit of 5000";
    struct Trouble<'a>(&'a [u8]);
    impl Read for Trouble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(std::io::Error::from_raw_os_error(5)),
                count => Ok(count),
            }
        }
    }
    for format in [
        Format::Png,
        Format::Pgm,
        Format::Npy,
        Format::Tiff,
        Format::Bmp,
    ] {
        let mut file = Cursor::new(Vec::new());
        let picture = match format {
            // Within the limit in memory, and beyond it in the file.
            Format::Png | Format::Tiff => image(40, 100, 1, Depth::U8),
            _ => image(49, 102, 1, Depth::U8),
        };
        let (metadata, options) = (Metadata::default(), EncodeOptions::default());
        codec::encode(&picture, format, &metadata, &options, &mut file).unwrap();
        let mut bytes = file.into_inner();
        let half = bytes.len() / 2;
        let trouble = codec::rows_from(Trouble(&bytes[..half]), None, &Limits::default())
            .and_then(|rows| collected(rows, 3));
        assert_eq!(
            trouble.unwrap_err().to_string(),
            "cannot read the file: Input/output error (os error 5)",
            "{format}"
        );
        if format == Format::Png {
            // A chunk that is passed over, before the end.
            let end = bytes.split_off(bytes.len() - 12);
            let mut chunk = b"teSt".to_vec();
            chunk.resize(6004, 0);
            bytes.extend(6000_u32.to_be_bytes());
            bytes.extend(&chunk);
            bytes.extend(0_u32.to_be_bytes());
            bytes.extend(end);
        }
        if format == Format::Tiff {
            bytes.resize(6000, 0);
        }
        let large = codec::rows_from(&bytes[..], None, &limits).and_then(|rows| collected(rows, 3));
        assert_eq!(large.unwrap_err().to_string(), text, "{format}");
    }
}

#[test]
fn the_number_of_threads_is_not_in_the_file() {
    let image = image(700, 1100, 3, Depth::U8);
    for format in [Format::Png, Format::Tiff, Format::Jpeg] {
        let mut files = [1, 2, 3, 7].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build().unwrap();
            let metadata = Metadata::default();
            [Compression::Fast, Compression::Balanced].map(|compression| {
                let options = EncodeOptions {
                    compression,
                    ..EncodeOptions::default()
                };
                pool.install(|| written(&image, format, &metadata, &options, 90, true))
            })
        });
        let [first, others @ ..] = &mut files;
        assert!(others.iter().all(|other| other == first), "{format}");
    }
}

#[test]
fn a_place_that_is_full_is_told_of() {
    let image = image(200, 300, 3, Depth::U8);
    for format in [
        Format::Png,
        Format::Tiff,
        Format::Jpeg,
        Format::Ppm,
        Format::Npy,
        Format::Bmp,
    ] {
        for compression in [Compression::Fast, Compression::Balanced] {
            let options = EncodeOptions {
                compression,
                ..EncodeOptions::default()
            };
            let metadata = Metadata::default();
            let mut whole = Cursor::new(Vec::new());
            codec::encode(&image, format, &metadata, &options, &mut whole).unwrap();
            let length = whole.into_inner().len();
            for room in [0, 1, 40, length / 2, length - 12, length - 1] {
                let mut place = vec![0; room];
                let mut file = Cursor::new(&mut place[..]);
                let result = codec::encode(&image, format, &metadata, &options, &mut file);
                assert_eq!(
                    result.unwrap_err().to_string(),
                    "cannot write the output: write zero",
                    "{format} {room}"
                );
            }
        }
    }
}

#[test]
fn what_is_decoded_whole_says_so_before_it_takes_memory() {
    let (metadata, options) = (Metadata::default(), EncodeOptions::default());
    let file = |format, depth| {
        let mut file = Cursor::new(Vec::new());
        codec::encode(
            &image(500, 400, 3, depth),
            format,
            &metadata,
            &options,
            &mut file,
        )
        .unwrap();
        file.into_inner()
    };
    for (format, depth, whole) in [
        (Format::Png, Depth::U8, false),
        (Format::Ppm, Depth::U16, false),
        (Format::Npy, Depth::F32, false),
        (Format::Jpeg, Depth::U8, true),
        (Format::Webp, Depth::U8, true),
        (Format::Exr, Depth::F32, true),
        (Format::Gif, Depth::U8, true),
    ] {
        let bytes = file(format, depth);
        let reader = codec::rows_of_bytes(&bytes, None, &Limits::default()).unwrap();
        assert_eq!(reader.holds_image(), whole, "{format}");
        let samples = reader.header().spec.bytes();
        assert_eq!(reader.memory() >= samples, whole, "{format}");
        // What the decoder keeps beside them does not grow with the picture.
        let most = 4 * samples + 4 * bytes.len() + (4 << 20);
        assert!(reader.memory() <= most, "{format}");
    }
    // Damage behind the header is found when the rows are asked for.
    for format in [Format::Jpeg, Format::Gif] {
        let bytes = file(format, Depth::U8);
        let cut = &bytes[..bytes.len() - 3];
        let mut reader = codec::rows_of_bytes(cut, None, &Limits::default()).unwrap();
        let mut row = vec![0_u8; reader.header().spec.row_len()];
        let error = reader.read(&mut row[..]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the {format} file ends before its picture does: get a complete copy of it")
        );
    }
}
