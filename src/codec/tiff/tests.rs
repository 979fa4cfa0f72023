use ::tiff::encoder::TiffKindBig;

use super::{extra_content, write::create_as, *};
use crate::{
    codec::{Decoded, EncodeOptions, Output, encode, rows::SharedOutput},
    error::{Error, Result},
    image::{Image, Sample, Samples, f16},
};

fn read(bytes: &[u8], limits: &Limits) -> Result<Decoded> {
    open(
        Box::new(std::io::Cursor::new(bytes)),
        0,
        limits,
        (ScanDepth::Quick, None),
    )?
    .into_decoded()
}

/// A JPEG with chroma subsampling.
const SUBSAMPLED: &[u8] = include_bytes!("../../../testdata/odd/subsampled.jpg");

const SHORT: u16 = 3;
const LONG: u16 = 4;

/// A little-endian TIFF of one directory: the strips or tiles, referenced by the tag
/// of their offsets, then the directory with `tags`.
fn tiff(parts_tag: u16, parts: &[&[u8]], tags: &[(u16, u16, &[u32])]) -> Vec<u8> {
    let mut bytes = b"II*\0\0\0\0\0".to_vec();
    let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
    for part in parts {
        offsets.push(bytes.len() as u32);
        lengths.push(part.len() as u32);
        bytes.extend(*part);
    }
    let lengths_tag = if parts_tag == 273 { 279 } else { 325 };
    let mut tags: Vec<(u16, u16, Vec<u32>)> = tags
        .iter()
        .map(|(tag, kind, values)| (*tag, *kind, values.to_vec()))
        .collect();
    tags.push((parts_tag, LONG, offsets));
    tags.push((lengths_tag, LONG, lengths));
    tags.sort();
    let mut entries = Vec::new();
    for (tag, kind, values) in &tags {
        let mut value: Vec<u8> = match *kind {
            SHORT => values
                .iter()
                .flat_map(|v| (*v as u16).to_le_bytes())
                .collect(),
            _ => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        };
        if value.len() > 4 {
            let offset = bytes.len() as u32;
            bytes.extend(&value);
            value = offset.to_le_bytes().to_vec();
        }
        value.resize(4, 0);
        entries.extend(tag.to_le_bytes());
        entries.extend(kind.to_le_bytes());
        entries.extend((values.len() as u32).to_le_bytes());
        entries.extend(value);
    }
    let directory = bytes.len() as u32;
    bytes[4..8].copy_from_slice(&directory.to_le_bytes());
    bytes.extend((tags.len() as u16).to_le_bytes());
    bytes.extend(entries);
    bytes.extend([0; 4]);
    bytes
}

/// The tags of an image of `columns` x `rows` with these samples.
fn strip(
    data: &[u8],
    size: [u32; 2],
    bits: u32,
    samples: u32,
    photometric: u32,
    more: &[(u16, u16, &[u32])],
) -> Vec<u8> {
    let bits = vec![bits; samples as usize];
    let mut tags: Vec<(u16, u16, &[u32])> = vec![
        (256, LONG, &size[..1]),
        (257, LONG, &size[1..]),
        (258, SHORT, &bits),
    ];
    let photometric = [photometric];
    tags.push((262, SHORT, &photometric));
    let samples = [samples];
    tags.push((277, SHORT, &samples));
    tags.extend(more);
    tiff(273, &[data], &tags)
}

fn decoded(bytes: &[u8]) -> Decoded {
    read(bytes, &Limits::default()).unwrap()
}

fn refusal(bytes: &[u8]) -> String {
    read(bytes, &Limits::default()).unwrap_err().to_string()
}

fn image(shape: [usize; 3], samples: Samples) -> Image {
    Image::new(shape[0], shape[1], shape[2], samples).unwrap()
}

#[test]
fn few_bits_are_spread_to_eight() {
    // 10 columns, so that a row ends within a byte.
    let bits = strip(
        &[0b1010_0000, 0x40, 0b0000_0001, 0x80],
        [10, 2],
        1,
        1,
        1,
        &[],
    );
    let set = [0, 2, 9, 17, 18];
    let wanted = (0..20)
        .map(|i| if set.contains(&i) { 255 } else { 0 })
        .collect();
    assert_eq!(decoded(&bits).image, image([2, 10, 1], Samples::U8(wanted)));
    let two = strip(&[0b0001_1011, 0b1100_0000], [5, 1], 2, 1, 1, &[]);
    let wanted = Samples::U8(vec![0, 85, 170, 255, 255].into());
    assert_eq!(decoded(&two).image, image([1, 5, 1], wanted));
    // White is zero.
    let four = strip(&[0x0f, 0x80], [3, 1], 4, 1, 0, &[]);
    let wanted = Samples::U8(vec![255, 0, 7 * 17].into());
    assert_eq!(decoded(&four).image, image([1, 3, 1], wanted));
}

#[test]
fn planes_apart_are_put_together() {
    let planes: [&[u8]; 3] = [&[1, 2, 3, 4], &[11, 12, 13, 14], &[21, 22, 23, 24]];
    let tags: &[(u16, u16, &[u32])] = &[
        (256, LONG, &[2]),
        (257, LONG, &[2]),
        (258, SHORT, &[8, 8, 8]),
        (262, SHORT, &[2]),
        (277, SHORT, &[3]),
        (284, SHORT, &[2]),
    ];
    let wanted = Samples::U8(vec![1, 11, 21, 2, 12, 22, 3, 13, 23, 4, 14, 24].into());
    let read = decoded(&tiff(273, &planes, tags));
    assert_eq!(read.image, image([2, 2, 3], wanted));
    assert!(read.warnings.is_empty());
}

#[test]
fn tiles_are_laid_out() {
    // A picture of 20 x 17 in tiles of 16 x 16, each filled with its number.
    let tiles: Vec<Vec<u8>> = (1..=4).map(|n| vec![n; 256]).collect();
    let tiles: Vec<&[u8]> = tiles.iter().map(Vec::as_slice).collect();
    let tags: &[(u16, u16, &[u32])] = &[
        (256, LONG, &[20]),
        (257, LONG, &[17]),
        (258, SHORT, &[8]),
        (262, SHORT, &[1]),
        (322, LONG, &[16]),
        (323, LONG, &[16]),
    ];
    let wanted = (0..17 * 20)
        .map(|i| 1 + u8::from(i % 20 >= 16) + 2 * u8::from(i / 20 >= 16))
        .collect();
    let read = decoded(&tiff(324, &tiles, tags));
    assert_eq!(read.image, image([17, 20, 1], Samples::U8(wanted)));
}

/// Tiles that extend beyond the image are decoded correctly, although the tiff crate's
/// LZW decoder loses its position in the padding.
#[test]
fn lzw_tiles_are_read_wherever_the_picture_ends() {
    const SIDE: usize = 32;
    let mut state = 9_u32;
    for (rows, columns) in [(32, 32), (61, 50), (33, 64), (64, 33), (100, 130)] {
        for (bits, predictor) in [(8, 1), (8, 2), (16, 1), (16, 2)] {
            // Slopes with some noise, as bytes of the whole tiles.
            let bytes = bits / 8;
            let [across, down] = [columns, rows].map(|side: usize| side.div_ceil(SIDE));
            let mut samples = vec![0_u16; rows * columns];
            let mut tiles = Vec::new();
            for tile in 0..across * down {
                let mut data = Vec::new();
                for at in 0..SIDE * SIDE {
                    let row = tile / across * SIDE + at / SIDE;
                    let column = tile % across * SIDE + at % SIDE;
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let value = (row * 3 + column * 2) as u16 % 251 + (state >> 30) as u16;
                    let value = if bits == 8 { value & 255 } else { value * 200 };
                    let is_inside = row < rows && column < columns;
                    if is_inside {
                        samples[row * columns + column] = value;
                    }
                    data.push(if is_inside { value } else { 0 });
                }
                if predictor == 2 {
                    for line in data.chunks_mut(SIDE) {
                        for at in (1..SIDE).rev() {
                            line[at] = line[at].wrapping_sub(line[at - 1]);
                        }
                    }
                }
                let data = data
                    .iter()
                    .flat_map(|v| v.to_le_bytes().into_iter().take(bytes));
                let mut lzw =
                    weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8);
                tiles.push(lzw.encode(&Vec::from_iter(data)).unwrap());
            }
            let file = |tiles: &[Vec<u8>]| {
                let tags: [(u16, u16, &[u32]); 8] = [
                    (256, LONG, &[columns as u32]),
                    (257, LONG, &[rows as u32]),
                    (258, SHORT, &[bits as u32]),
                    (259, SHORT, &[5]),
                    (262, SHORT, &[1]),
                    (317, SHORT, &[predictor]),
                    (322, LONG, &[SIDE as u32]),
                    (323, LONG, &[SIDE as u32]),
                ];
                tiff(324, &Vec::from_iter(tiles.iter().map(Vec::as_slice)), &tags)
            };
            let wanted = match bits {
                8 => Samples::U8(samples.iter().map(|v| *v as u8).collect()),
                _ => Samples::U16(samples.into()),
            };
            let what = format!("{rows} x {columns}, {bits} bits, predictor {predictor}");
            let read = decoded(&file(&tiles)).image;
            assert!(read == image([rows, columns, 1], wanted), "{what}");
            for tile in 0..tiles.len() {
                let mut cut = tiles.clone();
                cut[tile].truncate(4);
                assert_eq!(
                    refusal(&file(&cut)),
                    "the tiff file ends before its picture does: get a complete copy of it",
                    "{what}"
                );
            }
        }
    }
}

#[test]
fn planes_in_tiles_are_put_together() {
    let planes: Vec<Vec<u8>> = (1..=3)
        .map(|n| (0..=255).map(|i| i ^ n).collect())
        .collect();
    let tiles: Vec<&[u8]> = planes.iter().map(Vec::as_slice).collect();
    let file = |size: u32| {
        let tags: &[(u16, u16, &[u32])] = &[
            (256, LONG, &[size]),
            (257, LONG, &[size]),
            (258, SHORT, &[8, 8, 8]),
            (262, SHORT, &[2]),
            (277, SHORT, &[3]),
            (284, SHORT, &[2]),
            (322, LONG, &[16]),
            (323, LONG, &[16]),
        ];
        tiff(324, &tiles, tags)
    };
    let wanted = (0..=255).flat_map(|i| [i ^ 1, i ^ 2, i ^ 3]).collect();
    assert_eq!(
        decoded(&file(16)).image,
        image([16, 16, 3], Samples::U8(wanted))
    );
    // The last column and the last row of each tile lie outside.
    let inside = (0..=255_u8).filter(|i| i % 16 < 15 && i / 16 < 15);
    let wanted = inside.flat_map(|i| [i ^ 1, i ^ 2, i ^ 3]).collect();
    assert_eq!(
        decoded(&file(15)).image,
        image([15, 15, 3], Samples::U8(wanted))
    );
}

/// Every type that the format has, in both byte orders, plain and with the predictor, with its
/// smallest and its largest values.
#[test]
fn samples_of_any_type() {
    fn check<T: Sample>(format: u32, values: [T; 6])
    where
        Samples: From<Vec<T>>,
    {
        let wanted = image([2, 3, 1], values.to_vec().into());
        let size = size_of::<T>();
        let little: Vec<u8> = (bytemuck::cast_slice::<T, u8>(&values).chunks(size))
            .flat_map(|bytes| match cfg!(target_endian = "little") {
                true => bytes.to_vec(),
                false => bytes.iter().rev().copied().collect(),
            })
            .collect();
        let file = strip(
            &little,
            [3, 2],
            8 * size as u32,
            1,
            1,
            &[(339, SHORT, &[format])],
        );
        assert_eq!(decoded(&file).image, wanted, "{}", T::DEPTH);
        // The types of tags have as many bytes in the other order.
        let big = big_endian(&file, size);
        assert_eq!(decoded(&big).image, wanted, "{} big-endian", T::DEPTH);
        let (metadata, options) = (Metadata::default(), EncodeOptions::default());
        for channels in [1, 2, 3] {
            let shape = [6 / channels, 1, channels];
            let picture = image(shape, values.to_vec().into());
            let mut file = std::io::Cursor::new(Vec::new());
            encode(&picture, Format::Tiff, &metadata, &options, &mut file).unwrap();
            let read = decoded(&file.into_inner());
            assert_eq!(
                (read.image, read.warnings),
                (picture, vec![]),
                "{}",
                T::DEPTH
            );
        }
    }
    const UNSIGNED: u32 = 1;
    const SIGNED: u32 = 2;
    const FLOAT: u32 = 3;
    check(UNSIGNED, [0, 1, 2, 127, 128, u8::MAX]);
    check(UNSIGNED, [0, 1, 2, 0xabcd, 256, u16::MAX]);
    check(UNSIGNED, [0, 1, 2, 0xabcd_ef01, 1 << 24, u32::MAX]);
    check(
        UNSIGNED,
        [0, 1, 2, 0xabcd_ef01_2345_6789, 1 << 53, u64::MAX],
    );
    check(SIGNED, [0, 1, -1, 100, i8::MIN, i8::MAX]);
    check(SIGNED, [0, 1, -1, 0x1234, i16::MIN, i16::MAX]);
    check(SIGNED, [0, 1, -1, 0x1234_5678, i32::MIN, i32::MAX]);
    check(
        SIGNED,
        [0, 1, -1, 0x1234_5678_9abc_def0, i64::MIN, i64::MAX],
    );
    let half = [0.0, -1.5, 0.1, 65_504.0, -6e-8, f32::INFINITY].map(f16::from_f32);
    check(FLOAT, half);
    check(
        FLOAT,
        [0.0, -1.5, 0.1, f32::MAX, f32::MIN_POSITIVE, f32::INFINITY],
    );
    check(
        FLOAT,
        [0.0, -1.5, 0.1, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY],
    );
}

/// The same file of one strip in the other byte order; its samples have `size` bytes.
fn big_endian(file: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = file.to_vec();
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let short = |at: usize| u16::from_le_bytes(file[at..at + 2].try_into().unwrap());
    let directory = word(4);
    bytes[..2].copy_from_slice(b"MM");
    let mut reverse = |at: usize, len: usize| bytes[at..at + len].reverse();
    reverse(2, 2);
    reverse(4, 4);
    reverse(directory, 2);
    for entry in 0..usize::from(short(directory)) {
        let at = directory + 2 + 12 * entry;
        reverse(at, 2);
        reverse(at + 2, 2);
        reverse(at + 4, 4);
        // Every value of these files is one number, in its entry.
        reverse(at + 8, if short(at + 2) == SHORT { 2 } else { 4 });
        if short(at) == 273 {
            let data = word(at + 8);
            (data..data + 6 * size)
                .step_by(size)
                .for_each(|at| reverse(at, size));
        }
    }
    bytes
}

#[test]
fn what_is_not_supported_is_named() {
    let named = |what: &str| {
        format!("{what} is not supported in a tiff file: convert it with another program first")
    };
    for (bytes, what) in [
        (
            strip(&[0; 8], [2, 2], 8, 2, 3, &[]),
            "a palette of such samples",
        ),
        (
            strip(&[0; 16], [2, 2], 8, 4, 5, &[(332, SHORT, &[2])]),
            "colour of other inks than CMYK",
        ),
        (strip(&[0; 16], [2, 2], 24, 1, 1, &[]), "a 24-bit sample"),
        (
            strip(&[0; 8], [2, 2], 12, 1, 1, &[(339, SHORT, &[2])]),
            "a signed 12-bit sample",
        ),
        (
            strip(&[0; 16], [2, 2], 32, 1, 1, &[(339, SHORT, &[5])]),
            "a complex sample",
        ),
        (
            strip(&[0; 32], [2, 2], 64, 1, 1, &[(339, SHORT, &[6])]),
            "a complex sample",
        ),
        (
            strip(&[0; 16], [2, 2], 24, 1, 1, &[(339, SHORT, &[3])]),
            "a float 24-bit sample",
        ),
        (
            strip(&[0; 8], [2, 2], 12, 1, 1, &[(317, SHORT, &[2])]),
            "a predictor of 12-bit samples",
        ),
        // The tiff crate misinterprets these components.
        (
            strip(&[0; 8], [2, 2], 8, 2, 1, &[(259, SHORT, &[7])]),
            "gray with alpha in a JPEG",
        ),
        (
            strip(SUBSAMPLED, [2, 2], 8, 3, 2, &[(259, SHORT, &[7])]),
            "YCbCr colour under another name",
        ),
    ] {
        assert_eq!(refusal(&bytes), named(what));
    }
}

#[test]
fn samples_beyond_the_colour_are_told_of() {
    let data = [1, 2, 3, 99, 4, 5, 6, 98];
    let read = decoded(&strip(&data, [2, 1], 8, 4, 2, &[(338, SHORT, &[0])]));
    let wanted = Samples::U8(vec![1, 2, 3, 4, 5, 6].into());
    assert_eq!(read.image, image([1, 2, 3], wanted));
    assert_eq!(
        read.warnings,
        ["the tiff file has 4 samples in a pixel: only the 3 of its colour were read"]
    );
    let read = decoded(&strip(&[1, 2, 3, 4, 5], [1, 1], 8, 5, 1, &[]));
    let wanted = Samples::U8(vec![1, 2, 3, 4, 5].into());
    assert_eq!(read.image, image([1, 1, 5], wanted));
    assert_eq!(
        read.warnings,
        ["the tiff file has 5 samples of gray in a pixel: they were read as so many channels"]
    );
    let read = decoded(&strip(
        &[1, 2, 3, 4, 5],
        [1, 1],
        8,
        5,
        2,
        &[(338, SHORT, &[0, 0])],
    ));
    assert_eq!(read.image.shape(), [1, 1, 5]);
    assert_eq!(
        read.warnings,
        [
            "the tiff file has 5 samples in a pixel, the first three of them colours: they were read as so many channels of no colour"
        ]
    );
}

#[test]
fn bands_are_no_alpha() {
    for (samples, extras, names) in [
        (1, &[][..], true),
        (2, &[1], true),
        (2, &[2], true),
        (2, &[0], false),
        (4, &[0, 0, 0], false),
        (2, &[], true),
    ] {
        let extra = [(338, SHORT, extras)];
        let further = if extras.is_empty() { &[][..] } else { &extra };
        let file = strip(&[7; 8], [8 / samples, 1], 8, samples, 1, further);
        let input = Box::new(std::io::Cursor::new(file));
        let reader = open(input, 0, &Limits::default(), (ScanDepth::Quick, None)).unwrap();
        let header = reader.header();
        assert_eq!(header.names_channels, names, "{samples} {extras:?}");
        assert_eq!(header.metadata.bands, !names, "{samples} {extras:?}");
        let is_guess = samples == 2 && extras.is_empty();
        assert_eq!(
            !header.warnings.is_empty(),
            is_guess,
            "{samples} {extras:?}"
        );
    }
}

#[test]
fn a_claim_is_refused_and_no_memory_taken() {
    let text = refusal(&strip(&[0; 4], [100_000, 100_000], 8, 1, 1, &[]));
    assert!(
        text.starts_with("the header claims 100000 x 100000 = 10000000000 pixels"),
        "{text}"
    );
    assert_eq!(
        refusal(&strip(&[0; 4], [1000, 1000], 8, 1, 1, &[])),
        "the tiff file ends before its picture does: get a complete copy of it"
    );
}

#[test]
fn jpegs_inside_are_checked_to_their_end() {
    let gray = image([16, 16, 1], Samples::U8((0..=255).collect()));
    let mut jpeg = std::io::Cursor::new(Vec::new());
    let options = EncodeOptions {
        quality: Some(100),
        ..EncodeOptions::default()
    };
    encode(
        &gray,
        Format::Jpeg,
        &Metadata::default(),
        &options,
        &mut jpeg,
    )
    .unwrap();
    let jpeg = jpeg.into_inner();
    let whole = strip(&jpeg, [16, 16], 8, 1, 1, &[(259, SHORT, &[7])]);
    let read = decoded(&whole).image;
    let (Samples::U8(before), Samples::U8(after)) = (gray.samples(), read.samples()) else {
        panic!("not of 8 bits");
    };
    assert!(before.iter().zip(after).all(|(a, b)| a.abs_diff(*b) < 4));
    for length in [jpeg.len() - 1, jpeg.len() - 20] {
        let cut = strip(&jpeg[..length], [16, 16], 8, 1, 1, &[(259, SHORT, &[7])]);
        assert_eq!(
            refusal(&cut),
            "the tiff file ends before its picture does: get a complete copy of it"
        );
    }
}

/// The entry of a tag in a file of [`tiff`].
fn entry(bytes: &mut [u8], tag: u16) -> &mut [u8; 12] {
    let at = u32::from_le_bytes([4, 5, 6, 7].map(|i: usize| bytes[i])) as usize + 2;
    let mut entries = bytes[at..].as_chunks_mut().0.iter_mut();
    entries
        .find(|entry| entry[..2] == tag.to_le_bytes())
        .unwrap()
}

#[test]
fn overlapping_jpegs_are_not_read_again_and_again() {
    let tags: &[(u16, u16, &[u32])] = &[
        (256, LONG, &[16]),
        (257, LONG, &[16]),
        (258, SHORT, &[8]),
        (259, SHORT, &[7]),
        (262, SHORT, &[1]),
        (278, LONG, &[8]),
    ];
    let mut bytes = tiff(273, &[&[1; 64], &[2; 64]], tags);
    let long = bytes.len() as u32 - 2;
    for (tag, values) in [(273, [0, 1]), (279, [long, long])] {
        let entry = entry(&mut bytes, tag);
        let at = u32::from_le_bytes([8, 9, 10, 11].map(|i: usize| entry[i])) as usize;
        bytes[at..at + 8].copy_from_slice(values.map(u32::to_le_bytes).as_flattened());
    }
    assert_eq!(
        refusal(&bytes),
        "the tiff file is damaged (its parts overlap): get a good copy of it"
    );
}

#[test]
fn tags_take_no_memory_on_their_word() {
    let claims = |tag: u16, count: u32, size: usize| {
        let more = (tag != 258).then_some((tag, LONG, &[0_u32][..]));
        let mut bytes = strip(&[7; 16], [4, 4], 8, 1, 1, more.as_slice());
        let entry = entry(&mut bytes, tag);
        entry[4..8].copy_from_slice(&count.to_le_bytes());
        entry[8..].copy_from_slice(&8_u32.to_le_bytes());
        bytes.resize(bytes.len().max(size), 0);
        bytes
    };
    let limits = Limits {
        max_memory: 1 << 20,
        ..Limits::default()
    };
    // Bits, resolution, XMP, profile.
    for tag in [258, 282, 283, 296, 700, 34675] {
        assert_eq!(
            refusal(&claims(tag, u32::MAX, 0)),
            "the tiff file ends before its picture does: get a complete copy of it"
        );
        // 32 bytes each are 3 MB.
        let error = read(&claims(tag, 100_000, 400_000), &limits).unwrap_err();
        assert_eq!(
            error.to_string(),
            "reading the tiff file takes more than the memory limit of 1 MiB"
        );
        assert!(matches!(error, Error::Limit(_)));
    }
}

#[test]
fn metadata_that_are_damaged_cost_no_picture() {
    let more: &[(u16, u16, &[u32])] =
        &[(282, LONG, &[300]), (296, SHORT, &[9]), (700, SHORT, &[1])];
    let read = decoded(&strip(&[7; 16], [4, 4], 8, 1, 1, more));
    assert_eq!(
        read.image,
        image([4, 4, 1], Samples::U8(vec![7; 16].into()))
    );
    assert_eq!(read.metadata, Metadata::default());
    assert_eq!(
        read.warnings,
        ["the XMP data of the tiff file are damaged: they were dropped"]
    );
}

#[test]
fn bigtiff_comes_back() {
    for samples in [
        Samples::U8((0..48).map(|i| i * 5).collect()),
        Samples::U16((0..48).map(|i| i * 1301).collect()),
        Samples::F32((0..48).map(|i| i as f32 / -7.0).collect()),
    ] {
        let picture = image([4, 6, 2], samples);
        let mut file = std::io::Cursor::new(Vec::new());
        let metadata = Metadata::default();
        let (spec, out) = (picture.spec(), Output::seekable(&mut file));
        let fast = Compression::Fast;
        let out = SharedOutput::forward(out);
        let mut sink = create_as::<TiffKindBig>(spec, metadata, fast, out).unwrap();
        sink.write(picture.samples().as_slice()).unwrap();
        sink.finish(&Metadata::default()).unwrap();
        assert!(file.get_ref().starts_with(b"II+\0\x08\0\0\0"));
        assert_eq!(decoded(file.get_ref()).image, picture);
    }
}

#[test]
fn only_the_first_of_several_pictures_is_read() {
    let mut file = std::io::Cursor::new(Vec::new());
    let mut encoder = ::tiff::encoder::TiffEncoder::new(&mut file).unwrap();
    for value in [7, 8] {
        encoder
            .write_image::<::tiff::encoder::colortype::Gray8>(1, 1, &[value])
            .unwrap();
    }
    let read = decoded(file.get_ref());
    assert_eq!(read.image, image([1, 1, 1], Samples::U8(vec![7].into())));
    assert_eq!(
        read.warnings,
        ["the tiff file has several pictures: only the first was read"]
    );
}

/// Eight rows of 3 pixels of 16 bits, in strips of 3 rows, in either order.
#[test]
fn plain_strips_are_read_row_by_row() {
    let values: Vec<u16> = (0..8 * 3).map(|i| i * 2501 + 7).collect();
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let strips: Vec<&[u8]> = bytes.chunks(3 * 3 * 2).collect();
    let tags: &[(u16, u16, &[u32])] = &[
        (256, LONG, &[3]),
        (257, LONG, &[8]),
        (258, SHORT, &[16]),
        (262, SHORT, &[1]),
        (278, SHORT, &[3]),
    ];
    let file = tiff(273, &strips, tags);
    let wanted = image([8, 3, 1], Samples::U16(values.clone().into()));
    assert_eq!(decoded(&file).image, wanted);
    let mut reader = open(
        Box::new(std::io::Cursor::new(&file)),
        0,
        &Limits::default(),
        (ScanDepth::Quick, None),
    )
    .unwrap();
    let mut band = [0_u16; 2 * 3];
    for start in [0, 6, 12, 18] {
        assert_eq!(reader.read(&mut band[..]).unwrap(), 2);
        assert_eq!(band, values[start..start + 6]);
    }
    reader.finish().unwrap();
    // White is zero, so samples must be inverted.
    let inverted: Vec<_> = tags
        .iter()
        .map(|tag| {
            if tag.0 == 262 {
                (262, SHORT, &[0][..])
            } else {
                *tag
            }
        })
        .collect();
    let wanted = values.iter().map(|v| 65535 - v).collect();
    let read = decoded(&tiff(273, &strips, &inverted)).image;
    assert_eq!(read, image([8, 3, 1], Samples::U16(wanted)));
}

#[test]
fn directories_are_counted_and_a_circle_has_an_end() {
    // Empty directories, each at its place in a file that begins with its first.
    let file = |nexts: &[u32]| {
        let mut file = b"II*\0\x08\0\0\0".to_vec();
        for next in nexts {
            file.extend([0, 0]);
            file.extend(next.to_le_bytes());
        }
        std::io::Cursor::new(file)
    };
    let offset = |number: u32| 8 + 6 * number;
    let chain = |count: u32| -> Vec<u32> {
        (1..=count)
            .map(|next| if next == count { 0 } else { offset(next) })
            .collect()
    };
    let ignored = |nexts: &[u32]| {
        let mut file = file(nexts);
        let length = file.get_ref().len() as u64;
        let directories = Directories::of(&mut file, length, Pages::FIRST)
            .unwrap()
            .unwrap();
        extra_content::ignored(&mut file, length, &directories, 1, false).unwrap()
    };
    assert_eq!(ignored(&chain(1)), []);
    assert_eq!(ignored(&chain(2)), [IgnoredContent::Pages(2)]);
    assert_eq!(ignored(&chain(999)), [IgnoredContent::Pages(999)]);
    assert_eq!(ignored(&chain(1000)), [IgnoredContent::Pages(1000)]);
    assert_eq!(ignored(&chain(5000)), [IgnoredContent::Pages(1000)]);
    // The next directory is itself, the first, or outside the file.
    assert_eq!(ignored(&[offset(0)]), [IgnoredContent::Circle(1)]);
    for back in 0..3 {
        assert_eq!(
            ignored(&[offset(1), offset(2), offset(back)]),
            [IgnoredContent::Pages(3), IgnoredContent::Circle(3)]
        );
    }
    // Too long to remember all of it.
    let mut long = chain(2500);
    long[2499] = offset(3);
    let found = ignored(&long);
    assert!(
        matches!(
            found[..],
            [IgnoredContent::Pages(1000), IgnoredContent::Circle(2500..)]
        ),
        "{found:?}"
    );
    let cut = ignored(&[offset(1), 1 << 30]);
    assert_eq!(
        cut,
        [IgnoredContent::Pages(2), IgnoredContent::TruncatedDirectory]
    );
}
