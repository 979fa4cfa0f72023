//! What every writer writes, another decoder reads: each format with each of its
//! depths, channels and options, in heights around the edges of blocks and strips.
//!
//! The other decoder shares no code with the writer. WebP, OpenEXR and GIF have none in
//! Rust; the trial `readback` of tests/trust reads them with other programs.

use std::{collections::BTreeMap, io::Cursor};

use stridekern::{
    codec::{self, Compression, EncodeOptions, Format, Limits, Metadata, Output},
    image::{Depth, Image, ImageSpec, Samples},
};
use zune_core::{
    bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions, result::DecodingResult,
};

use crate::common::Random;

/// The edges of blocks of 8 rows and of strips of 64.
const HEIGHTS: [usize; 16] = [1, 2, 7, 8, 9, 15, 16, 17, 55, 57, 63, 64, 65, 127, 128, 129];

/// The bytes of a row of which 64 are a strip of TIFF, and of PNG what is compressed at once;
/// nearly 32 are a stripe of PNG at its fastest.
const LONG_ROW: usize = 1 << 13;

/// The pixels of a row that is longer than a stripe of PNG, and than two blocks of its samples.
const VERY_LONG_ROW: usize = 70_001;

/// Noise, slopes and areas of one value, side by side, over the whole range of the depth.
/// Not constant, not symmetric, and no row is another.
fn picture(spec: ImageSpec, format: Format) -> Image {
    let ImageSpec {
        rows,
        columns,
        channels,
        depth,
    } = spec;
    let mut random = Random((rows * 1_000_003 + columns * 101 + channels) as u64);
    let bits = (0..rows * columns * channels).map(|at| {
        let (row, column, channel) = (
            at / channels / columns,
            at / channels % columns,
            at % channels,
        );
        let noise = random.next() >> 32;
        match (row / 5 + column / 11) % 3 {
            0 => noise as u32,
            1 => ((row * 769 + column * 523 + channel * 40_000) as u32).wrapping_mul(65_537),
            _ => ((row / 5 * 7919 + column / 11 * 104_729 + channel) as u32).wrapping_mul(40_503),
        }
    });
    let samples = match (format, depth) {
        // At most 125 colours; a pixel that is not seen has none.
        (Format::Gif, _) if channels > 1 => {
            let mut samples: Vec<u8> = bits.map(|bits| (bits >> 16) as u8 / 52 * 51).collect();
            if matches!(channels, 2 | 4) {
                for pixel in samples.chunks_exact_mut(channels) {
                    let (alpha, colors) = pixel.split_last_mut().unwrap();
                    *alpha = if *alpha < 102 { 0 } else { 255 };
                    colors.iter_mut().for_each(|color| *color &= *alpha);
                }
            }
            Samples::U8(samples.into())
        }
        (_, Depth::U8) => Samples::U8(bits.map(|bits| (bits >> 16) as u8).collect()),
        (_, Depth::U16) => Samples::U16(bits.map(|bits| (bits >> 8) as u16).collect()),
        // What a shared exponent holds.
        (Format::Hdr, _) => Samples::F32(
            bits.map(|bits| ((bits >> 8) as f32 / 1000.0).powi(2) + 1e-3)
                .collect(),
        ),
        // Every finite value.
        _ => Samples::F32(
            bits.map(|bits| match f32::from_bits(bits) {
                value if value.is_finite() => value,
                _ => bits as f32,
            })
            .collect(),
        ),
    };
    Image::new(rows, columns, channels, samples).unwrap()
}

/// What is written when the rows come in bands of uneven heights, without a warning.
fn written(image: &Image, format: Format, options: &EncodeOptions) -> Vec<u8> {
    let (mut file, metadata) = (Cursor::new(Vec::new()), Metadata::default());
    let output = Output::seekable(&mut file);
    let spec = image.spec();
    let mut writer = codec::create_rows(spec, format, &metadata, options, output).unwrap();
    let mut next = 0;
    for height in [1, 62, 2, 40, usize::MAX] {
        let end = spec.rows.min(height.saturating_add(next));
        let range = next * spec.row_len()..end * spec.row_len();
        match image.samples() {
            Samples::U8(samples) => writer.write(&samples[range]),
            Samples::U16(samples) => writer.write(&samples[range]),
            Samples::F32(samples) => writer.write(&samples[range]),
            _ => panic!("the tests know no other"),
        }
        .unwrap();
        next = end;
    }
    assert_eq!(writer.finish(&metadata).unwrap(), [""; 0]);
    file.into_inner()
}

/// What another decoder than ours makes of a file; nothing of formats that have none.
fn read_by_another(bytes: &[u8], format: Format) -> Option<Image> {
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(1 << 17);
    let input = ZCursor::new(bytes);
    let image = |size: (usize, usize), space: ColorSpace, samples: Samples| {
        Image::new(size.1, size.0, space.num_components(), samples).unwrap()
    };
    let samples = |result: DecodingResult| match result {
        DecodingResult::U8(samples) => Samples::U8(samples.into()),
        DecodingResult::U16(samples) => Samples::U16(samples.into()),
        DecodingResult::F32(samples) => Samples::F32(samples.into()),
        _ => panic!("another type of samples"),
    };
    Some(match format {
        Format::Jpeg => {
            let mut decoder = jpeg_decoder::Decoder::new(bytes);
            let samples = Samples::U8(decoder.decode().unwrap().into());
            let info = decoder.info().unwrap();
            let (rows, columns) = (info.height.into(), info.width.into());
            let channels = info.pixel_format.pixel_bytes();
            Image::new(rows, columns, channels, samples).unwrap()
        }
        Format::Png => {
            let mut decoder = zune_png::PngDecoder::new_with_options(input, options);
            let read = samples(decoder.decode().unwrap());
            image(
                decoder.dimensions().unwrap(),
                decoder.colorspace().unwrap(),
                read,
            )
        }
        Format::Pgm | Format::Ppm | Format::Pnm | Format::Pam => {
            let mut decoder = zune_ppm::PPMDecoder::new_with_options(input, options);
            let read = samples(decoder.decode().unwrap());
            image(
                decoder.dimensions().unwrap(),
                decoder.colorspace().unwrap(),
                read,
            )
        }
        Format::Qoi => {
            let mut decoder = zune_qoi::QoiDecoder::new_with_options(input, options);
            let read = Samples::U8(decoder.decode().unwrap().into());
            image(
                decoder.dimensions().unwrap(),
                decoder.colorspace().unwrap(),
                read,
            )
        }
        // It takes the 12 bytes behind the header for masks, and fails if there are fewer.
        Format::Bmp if bytes.len() < 66 => return None,
        Format::Bmp => {
            let mut decoder = zune_bmp::BmpDecoder::new_with_options(input, options);
            let read = Samples::U8(decoder.decode().unwrap().into());
            image(
                decoder.dimensions().unwrap(),
                decoder.colorspace().unwrap(),
                read,
            )
        }
        Format::Hdr => {
            let mut decoder = zune_hdr::HdrDecoder::new_with_options(input, options);
            let read = Samples::F32(decoder.decode().unwrap().into());
            image(decoder.dimensions().unwrap(), ColorSpace::RGB, read)
        }
        Format::Tiff => {
            let file = tiff_reader::TiffFile::from_bytes(bytes.to_vec()).unwrap();
            assert_eq!(file.ifd_count(), 1);
            let directory = file.ifd(0).unwrap();
            let format = directory.sample_format().unwrap();
            assert!(format.windows(2).all(|pair| pair[0] == pair[1]));
            let (shape, samples) = match (directory.bits_per_sample().unwrap()[0], format[0]) {
                (8, 1) => {
                    let array = file.read_image::<u8>(0).unwrap();
                    (
                        array.shape().to_vec(),
                        Samples::U8(array.into_iter().collect()),
                    )
                }
                (16, 1) => {
                    let array = file.read_image::<u16>(0).unwrap();
                    (
                        array.shape().to_vec(),
                        Samples::U16(array.into_iter().collect()),
                    )
                }
                (32, 3) => {
                    let array = file.read_image::<f32>(0).unwrap();
                    (
                        array.shape().to_vec(),
                        Samples::F32(array.into_iter().collect()),
                    )
                }
                other => panic!("samples of {other:?}"),
            };
            let channels = shape.get(2).copied().unwrap_or(1);
            Image::new(shape[0], shape[1], channels, samples).unwrap()
        }
        Format::Tga => {
            // Rows from the top, one after the other: a run would not end with its row, as
            // TGA 2.0 wants it.
            let (header, samples) = bytes.split_first_chunk::<18>().unwrap();
            let [0, 0, kind @ (2 | 3), .., bits, origin] = *header else {
                panic!("a header of {header:?}");
            };
            let channels = usize::from(bits / 8);
            assert_eq!((kind == 2, origin & 0x30), (channels > 2, 0x20));
            let side = |at| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
            let mut samples = samples.to_vec();
            if channels > 2 {
                let pixels = samples.chunks_exact_mut(channels);
                pixels.for_each(|pixel| pixel.swap(0, 2));
            }
            Image::new(side(14), side(12), channels, Samples::U8(samples.into())).unwrap()
        }
        Format::Npy => {
            let file = npyz::NpyFile::new(bytes).unwrap();
            assert_eq!(file.order(), npyz::Order::C);
            let shape: Vec<usize> = file.shape().iter().map(|n| *n as usize).collect();
            let npyz::DType::Plain(kind) = file.dtype() else {
                panic!("no plain type")
            };
            let samples = match kind.to_string().as_str() {
                "|u1" => Samples::U8(file.into_vec().unwrap().into()),
                "<u2" => Samples::U16(file.into_vec().unwrap().into()),
                "<f4" => Samples::F32(file.into_vec().unwrap().into()),
                other => panic!("samples of {other}"),
            };
            let channels = shape.get(2).copied().unwrap_or(1);
            Image::new(shape[0], shape[1], channels, samples).unwrap()
        }
        _ => return None,
    })
}

fn read_by_ours(bytes: &[u8], format: Format) -> Image {
    let decoded = codec::read_bytes(bytes, Some(format), &Limits::default()).unwrap();
    assert_eq!(decoded.warnings, [""; 0]);
    decoded.image
}

/// `image` with its gray in three channels, if it was read as `channels`.
fn spread(image: &Image, channels: usize) -> Image {
    fn of<T: Copy>(samples: &[T], from: usize) -> Vec<T> {
        samples
            .chunks_exact(from)
            .flat_map(|pixel| [&[pixel[0]; 2], pixel].concat())
            .collect()
    }
    let [rows, columns, from] = image.shape();
    if channels != from + 2 || from > 2 {
        return image.clone();
    }
    let samples = match image.samples() {
        Samples::U8(samples) => Samples::U8(of(samples, from).into()),
        Samples::U16(samples) => Samples::U16(of(samples, from).into()),
        Samples::F32(samples) => Samples::F32(of(samples, from).into()),
        _ => panic!("the tests know no other"),
    };
    Image::new(rows, columns, channels, samples).unwrap()
}

/// Red, green, blue and alpha, whatever there is of them.
fn rgba(image: &Image) -> Vec<[u8; 4]> {
    let pixels = bytes_of(image).chunks_exact(image.channels());
    let pixels = pixels.map(|pixel| match *pixel {
        [gray] => [gray, gray, gray, 255],
        [gray, alpha] => [gray, gray, gray, alpha],
        [r, g, b] => [r, g, b, 255],
        [r, g, b, a] => [r, g, b, a],
        _ => panic!("{} channels", image.channels()),
    });
    pixels.collect()
}

/// The picture sample for sample, whether gray or gray repeated; of HDR, as near as eight
/// bits of the largest channel are; of GIF, whose palette does not tell its channels, the
/// colours.
fn assert_same(read: &Image, image: &Image, what: &str) {
    if what.starts_with("gif") {
        assert_eq!(read.shape()[..2], image.shape()[..2], "{what}");
        assert!(rgba(read) == rgba(image), "{what}: other colours");
        return;
    }
    let wanted = spread(image, read.channels());
    assert_eq!(read.shape(), wanted.shape(), "{what}");
    if what.starts_with("hdr") {
        let (Samples::F32(read), Samples::F32(wanted)) = (read.samples(), wanted.samples()) else {
            panic!("{what}: not of floats");
        };
        for (read, wanted) in read.chunks(3).zip(wanted.chunks(3)) {
            let most = wanted.iter().copied().fold(0.0, f32::max) / 128.0;
            for (a, b) in read.iter().zip(wanted) {
                assert!((a - b).abs() <= most, "{what}: {read:?} {wanted:?}");
            }
        }
        return;
    }
    assert!(*read == wanted, "{what}: other samples");
}

/// The sizes of a format: narrow ones, and long rows around the edges of strips where the
/// rows are written as they come.
fn sizes(format: Format, depth: Depth, channels: usize) -> Vec<[usize; 2]> {
    let narrow = |columns| HEIGHTS.map(|rows| [rows, columns]);
    let mut sizes = [1, 7, 33].map(narrow).concat();
    let columns = (LONG_ROW / channels / depth.bytes() - 1) | 1;
    match format {
        Format::Tiff => sizes.extend([64, 65, 129].map(|rows| [rows, columns])),
        Format::Png => {
            sizes.extend([31, 32, 64, 129].map(|rows| [rows, columns]));
            if (channels, depth) == (4, Depth::U16) {
                sizes.push([3, VERY_LONG_ROW]);
            }
        }
        Format::Npy | Format::Pam => sizes.push([129, columns]),
        _ => {}
    }
    sizes
}

fn options(format: Format) -> Vec<EncodeOptions> {
    let levels = match format {
        Format::Png | Format::Tiff => {
            &[Compression::Fast, Compression::Balanced, Compression::Best][..]
        }
        _ => &[Compression::Balanced],
    };
    let options = levels.iter().map(|level| EncodeOptions {
        compression: *level,
        ..EncodeOptions::default()
    });
    options.collect()
}

#[test]
fn what_is_written_without_loss_is_read_by_another_decoder() {
    // Files by format, and of these how many another decoder read.
    let mut read: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for format in Format::ALL {
        for (depth, channels) in [Depth::U8, Depth::U16, Depth::F32]
            .into_iter()
            .flat_map(|depth| (1..=4).map(move |channels| (depth, channels)))
            .filter(|(depth, channels)| format.can_hold(*depth, *channels))
            .filter(|_| format != Format::Jpeg)
        {
            for [rows, columns] in sizes(format, depth, channels) {
                let spec = ImageSpec {
                    rows,
                    columns,
                    channels,
                    depth,
                };
                let image = picture(spec, format);
                for options in options(format) {
                    let what = format!("{format} {spec:?} {:?}", options.compression);
                    let bytes = written(&image, format, &options);
                    let [files, others] = read.entry(format.name()).or_default();
                    *files += 1;
                    assert_same(&read_by_ours(&bytes, format), &image, &what);
                    if let Some(other) = read_by_another(&bytes, format) {
                        *others += 1;
                        assert_same(&other, &image, &what);
                    }
                }
            }
        }
    }
    let wanted = [
        ("bmp", [192, 190]),
        ("exr", [192, 0]),
        ("gif", [192, 0]),
        ("hdr", [96, 96]),
        ("npy", [588, 588]),
        ("pam", [392, 392]),
        ("pgm", [96, 96]),
        ("png", [1251, 1251]),
        ("pnm", [192, 192]),
        ("ppm", [192, 192]),
        ("qoi", [192, 192]),
        ("tga", [192, 192]),
        ("tiff", [1836, 1836]),
        ("webp", [192, 0]),
    ];
    assert_eq!(read, BTreeMap::from(wanted));
}

/// A slope that turns, down and across, with noise of a few values over it.
fn slope(rows: usize, columns: usize, channels: usize) -> Image {
    let mut random = Random(7);
    let samples = (0..rows * columns * channels).map(|at| {
        let (row, column) = (at / channels / columns, at / channels % columns);
        let slope = (row * 3 + column * 4 + 30 * (at % channels)) % 480;
        (slope.min(480 - slope) + random.below(9) as usize) as u8
    });
    Image::new(rows, columns, channels, Samples::U8(samples.collect())).unwrap()
}

fn bytes_of(image: &Image) -> &[u8] {
    match image.samples() {
        Samples::U8(samples) => samples,
        _ => panic!("not of 8 bits"),
    }
}

/// Whether a JPEG is of the kind that every reader knows: its frame is baseline and its
/// quantisation tables are of 8 bits (T.81, B.2.2 and B.2.4.1).
fn is_baseline(bytes: &[u8]) -> bool {
    let (mut at, mut frames, mut tables) = (2, 0, 0);
    while let [0xff, code, high, low, first, ..] = bytes[at..] {
        match code {
            0xc0 => frames += 1,
            0xdb if first >> 4 == 0 => tables += 1,
            0xc4 | 0xdd | 0xe0..=0xef => {}
            0xda => break,
            _ => return false,
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
    frames == 1 && tables > 0
}

/// The mean of the differences in a strip, the largest of all strips.
fn mean_error(read: &Image, image: &Image) -> f64 {
    let strip = 64 * image.columns() * image.channels();
    let strips = bytes_of(read)
        .chunks(strip)
        .zip(bytes_of(image).chunks(strip));
    let means = strips.map(|(read, image)| {
        let differences = read.iter().zip(image).map(|(a, b)| a.abs_diff(*b));
        differences.map(f64::from).sum::<f64>() / image.len() as f64
    });
    means.fold(0.0, f64::max)
}

#[test]
fn jpegs_of_every_quality_are_read_by_another_decoder() {
    let mut files = 0;
    let mut check = |image: &Image, quality: u8| {
        let options = EncodeOptions {
            quality: Some(quality),
            ..EncodeOptions::default()
        };
        let bytes = written(image, Format::Jpeg, &options);
        assert!(is_baseline(&bytes), "quality {quality}");
        let readers = [
            read_by_another(&bytes, Format::Jpeg).unwrap(),
            read_by_ours(&bytes, Format::Jpeg),
        ];
        for read in readers {
            let what = format!("{:?} quality {quality}", image.shape());
            assert_eq!(read.shape(), image.shape(), "{what}");
            // Measured: 21.5 at qualities 1 to 3, then falling from 13.9 through 5.7
            // at 10 to 2.1 at 90.
            let most = (2.5 + 60.0 / f64::from(quality)).min(25.0);
            let error = mean_error(&read, image);
            assert!(error <= most, "{what}: {error} of {most}");
            // A row of one value is a row that was not written.
            let (row_len, channels) = (image.columns() * image.channels(), image.channels());
            for (at, row) in bytes_of(&read).chunks(row_len).enumerate() {
                let first = &row[..channels];
                let varies = row.chunks(channels).any(|pixel| pixel != first);
                assert!(varies, "{what}: row {at} is constant");
            }
        }
        files += 1;
    };
    for quality in 1..=100 {
        for channels in [1, 3] {
            for rows in HEIGHTS {
                check(&slope(rows, 41, channels), quality);
            }
        }
    }
    // So wide that a strip has 56 rows.
    for quality in [1, 23, 24, 90, 100] {
        for rows in [55, 56, 57, 112, 113] {
            check(&slope(rows, 65_535, 1), quality);
        }
    }
    assert_eq!(files, 3225);
}
