//! The kinds of files that this crate reads and does not write: palettes, few
//! bits, interlacing, animations, transparent colours.

use std::{fs, io::Cursor, path::Path};

use stridekern::{
    Error,
    codec::{self, Decoded, EncodeOptions, Format, Limits, Metadata, Overwrite},
    image::{Image, Samples},
};

fn decoded(bytes: &[u8]) -> Decoded {
    codec::read_bytes(bytes, None, &Limits::default()).unwrap()
}

fn image(shape: [usize; 3], samples: Vec<u8>) -> Image {
    Image::new(shape[0], shape[1], shape[2], Samples::U8(samples.into())).unwrap()
}

/// A PNG of such rows, as they stand in the file before they are compressed.
fn png(
    [rows, columns]: [u32; 2],
    color: png::ColorType,
    bits: png::BitDepth,
    palette: Option<&[u8]>,
    transparent: Option<&[u8]>,
    data: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, columns, rows);
    encoder.set_color(color);
    encoder.set_depth(bits);
    if let Some(palette) = palette {
        encoder.set_palette(palette);
    }
    if let Some(transparent) = transparent {
        encoder.set_trns(transparent);
    }
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(data).unwrap();
    writer.finish().unwrap();
    bytes
}

#[test]
fn png_palettes_become_colours() {
    let palette = [10, 20, 30, 40, 50, 60, 70, 80, 90];
    let data = [0b0001_1000, 0b0100_0000];
    let (color, bits) = (png::ColorType::Indexed, png::BitDepth::Two);
    let plain = png([2, 3], color, bits, Some(&palette), None, &data);
    let wanted = [0, 1, 2, 1, 0, 0]
        .map(|i| &palette[3 * i..3 * i + 3])
        .concat();
    assert_eq!(decoded(&plain).image, image([2, 3, 3], wanted));
    // The second colour is half transparent; those without an entry are opaque.
    let clear = png([2, 3], color, bits, Some(&palette), Some(&[255, 7]), &data);
    let wanted = [0, 1, 2, 1, 0, 0]
        .map(|i| [&palette[3 * i..3 * i + 3], &[[255, 7, 255][i]]].concat())
        .concat();
    assert_eq!(decoded(&clear).image, image([2, 3, 4], wanted));
}

#[test]
fn png_grays_of_few_bits_are_spread() {
    use png::BitDepth::{Four, One, Two};
    for (bits, data, wanted) in [
        (One, [0b0101_1111], [0, 255, 0]),
        (Two, [0b0001_1011], [0, 85, 170]),
    ] {
        let bytes = png([1, 3], png::ColorType::Grayscale, bits, None, None, &data);
        assert_eq!(decoded(&bytes).image, image([1, 3, 1], wanted.to_vec()));
    }
    let bytes = png(
        [1, 3],
        png::ColorType::Grayscale,
        Four,
        None,
        None,
        &[0x1f, 0x70],
    );
    assert_eq!(decoded(&bytes).image, image([1, 3, 1], vec![17, 255, 119]));
}

#[test]
fn png_transparent_colours_become_alpha() {
    let bits = png::BitDepth::Sixteen;
    // Gray 0x0102 is transparent, 0x0103 is not.
    let data = [1, 2, 1, 3];
    let bytes = png(
        [1, 2],
        png::ColorType::Grayscale,
        bits,
        None,
        Some(&[1, 2]),
        &data,
    );
    let wanted = Samples::U16(vec![0x0102, 0, 0x0103, 0xffff].into());
    assert_eq!(decoded(&bytes).image, Image::new(1, 2, 2, wanted).unwrap());
}

/// Chunk by chunk, with the data stored instead of deflated.
fn raw_png(columns: u32, rows: u32, interlaced: bool, lines: &[u8]) -> Vec<u8> {
    fn crc(bytes: &[u8]) -> u32 {
        let step = |crc: u32, byte: &u8| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                (crc >> 1) ^ (0xedb8_8320 * (crc & 1))
            })
        };
        !bytes.iter().fold(u32::MAX, step)
    }
    let mut header = b"IHDR".to_vec();
    header.extend(columns.to_be_bytes());
    header.extend(rows.to_be_bytes());
    header.extend([8, 0, 0, 0, u8::from(interlaced)]);
    let mut data = b"IDAT\x78\x01\x01".to_vec();
    let length = lines.len() as u16;
    data.extend(length.to_le_bytes());
    data.extend((!length).to_le_bytes());
    data.extend(lines);
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in lines {
        a = (a + u32::from(*byte)) % 65521;
        b = (b + a) % 65521;
    }
    data.extend((b << 16 | a).to_be_bytes());
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for chunk in [header, data, b"IEND".to_vec()] {
        bytes.extend((chunk.len() as u32 - 4).to_be_bytes());
        bytes.extend(&chunk);
        bytes.extend(crc(&chunk).to_be_bytes());
    }
    bytes
}

#[test]
fn png_interlacing_is_undone() {
    // 3 x 3: the passes have (0,0); (0,2); (2,0) (2,2); (0,1) (2,1); row 1.
    let lines = [0, 1, 0, 3, 0, 7, 9, 0, 2, 0, 8, 0, 4, 5, 6];
    let wanted = image([3, 3, 1], (1..=9).collect());
    assert_eq!(decoded(&raw_png(3, 3, true, &lines)).image, wanted);
    let lines = [0, 1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9];
    assert_eq!(decoded(&raw_png(3, 3, false, &lines)).image, wanted);
}

#[test]
fn png_data_that_end_early_are_an_error() {
    // Every chunk is whole, with a right checksum; the last row is not there.
    let bytes = raw_png(3, 3, false, &[0, 1, 2, 3, 0, 4, 5, 6]);
    let error = codec::read_bytes(&bytes, None, &Limits::default()).unwrap_err();
    assert!(matches!(error, Error::Input(_)), "{error}");
}

#[test]
fn gif_frames_lie_on_a_screen() {
    let mut bytes = Vec::new();
    let palette = [0, 0, 0, 200, 10, 30];
    let mut encoder = gif::Encoder::new(&mut bytes, 3, 2, &palette).unwrap();
    let frame = |buffer: &'static [u8]| gif::Frame {
        left: 1,
        top: 1,
        width: 2,
        height: 1,
        buffer: buffer.into(),
        ..gif::Frame::default()
    };
    encoder.write_frame(&frame(&[1, 0])).unwrap();
    encoder.write_frame(&frame(&[0, 1])).unwrap();
    drop(encoder);
    let read = decoded(&bytes);
    let mut wanted = vec![0; 16];
    wanted.extend([200, 10, 30, 255, 0, 0, 0, 255]);
    assert_eq!(read.image, image([2, 3, 4], wanted));
    assert_eq!(
        read.warnings,
        ["the gif file is an animation: only its first picture was read"]
    );
}

/// A picture whose JPEG fills several rows of blocks.
fn waves() -> Image {
    let wave = |i: usize| ((i * i / 50) % 200 + i % 40) as u8;
    image([64, 48, 3], (0..64 * 48 * 3).map(wave).collect())
}

#[test]
fn a_jpeg_that_was_cut_and_closed_again_is_an_error() {
    let mut file = Cursor::new(Vec::new());
    let (metadata, options) = (Metadata::default(), EncodeOptions::default());
    codec::encode(&waves(), Format::Jpeg, &metadata, &options, &mut file).unwrap();
    let bytes = file.into_inner();
    let scan = bytes
        .windows(2)
        .position(|mark| mark == b"\xff\xda")
        .unwrap();
    // Two bytes of data may be no more than the last coefficient.
    for length in scan + 14..bytes.len() - 4 {
        let cut = [&bytes[..length], b"\xff\xd9"].concat();
        let error = codec::read_bytes(&cut, None, &Limits::default());
        assert!(matches!(error, Err(Error::Input(_))), "{length}");
    }
}

#[test]
fn files_are_read_by_their_paths() {
    let folder = tempfile::tempdir().unwrap();
    let (metadata, options) = (Metadata::default(), EncodeOptions::default());
    let path = folder.path().join("a.TGA");
    let picture = waves();
    let write =
        |overwrite| codec::write(&path, &picture, Format::Tga, &metadata, &options, overwrite);
    assert_eq!(write(Overwrite::Refuse).unwrap(), [""; 0]);
    let read = |path: &Path| codec::read(path, &Limits::default());
    assert_eq!(read(&path).unwrap().image, picture);
    assert_eq!(
        write(Overwrite::Refuse).unwrap_err().to_string(),
        "the output exists already"
    );
    assert_eq!(
        read(folder.path()).unwrap_err().to_string(),
        "it is a folder"
    );
    let missing = read(&folder.path().join("no.png")).unwrap_err();
    assert!(
        matches!(&missing, Error::Io { cause, .. } if cause.kind() == std::io::ErrorKind::NotFound)
    );
    let limits = Limits {
        max_bytes: 100,
        ..Limits::default()
    };
    assert_eq!(
        codec::read(&path, &limits).unwrap_err().to_string(),
        "the file has more bytes than the limit of 100"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_a_failure_in_every_format() {
    let full = Path::new("/dev/full");
    let (metadata, options) = (Metadata::default(), EncodeOptions::default());
    for format in Format::ALL {
        let picture = waves();
        if format.check_image(&picture).is_err() {
            continue;
        }
        let text = "cannot write the output: No space left on device (os error 28); free some space, or choose another place for the output";
        let error = codec::write(
            full,
            &picture,
            format,
            &metadata,
            &options,
            Overwrite::Refuse,
        )
        .unwrap_err();
        assert_eq!(error.to_string(), text, "{format}");
        // Straight to the device, as an encoder would meet a disk that fills up.
        let mut device = fs::OpenOptions::new().write(true).open(full).unwrap();
        let error = codec::encode(&picture, format, &metadata, &options, &mut device).unwrap_err();
        assert_eq!(error.to_string(), text, "{format}");
    }
}

#[test]
fn a_tga_of_odd_bits_is_refused_in_plain_words() {
    // True colour, 2 x 2, 71 bits of a pixel.
    let header = [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 71, 0];
    let error = codec::read_bytes(&header, Some(Format::Tga), &Limits::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a colour of 71 bits is not supported in a tga file: convert it with another program first"
    );
}

#[test]
fn a_tiff_of_an_unknown_compression_is_refused_in_plain_words() {
    // Little endian, one directory: 1 x 1, 8 bits, compression 34712 (JPEG 2000).
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    let entries: [[u16; 2]; 8] = [
        [256, 1],
        [257, 1],
        [258, 8],
        [259, 34712],
        [262, 1],
        [273, 8],
        [277, 1],
        [279, 1],
    ];
    file.extend((entries.len() as u16).to_le_bytes());
    for [tag, value] in entries {
        // A short, once.
        for part in [tag, 3, 1, 0, value, 0] {
            file.extend(part.to_le_bytes());
        }
    }
    file.extend([0; 4]);
    let text = codec::read_bytes(&file, None, &Limits::default())
        .unwrap_err()
        .to_string();
    assert_eq!(
        text,
        "JPEG 2000 compression is not supported in a tiff file: convert it with another program (gdal_translate, for example) first"
    );
}

/// Headers of maxval 255 or below and above it, and the bytes or digits of two
/// pixels: the first as large as it may be, the second this large.
fn netpbm_files(maxval: u32, sample: u32) -> Vec<(&'static str, Vec<u8>)> {
    let wide = maxval > 255;
    let raw = |channels: u32| -> Vec<u8> {
        let samples = [maxval, sample].map(|sample| vec![sample as u16; channels as usize]);
        let samples = samples.concat().into_iter();
        match wide {
            true => samples.flat_map(u16::to_be_bytes).collect(),
            false => samples.map(|sample| sample as u8).collect(),
        }
    };
    let digits = |channels: usize| {
        let samples = [maxval, sample].map(|sample| format!("{sample} ").repeat(channels));
        samples.concat().into_bytes()
    };
    let mut files = vec![
        (
            "pgm",
            [format!("P2 2 1 {maxval}\n").into_bytes(), digits(1)].concat(),
        ),
        (
            "ppm",
            [format!("P3 2 1 {maxval}\n").into_bytes(), digits(3)].concat(),
        ),
    ];
    if wide || sample <= 255 {
        files.push((
            "pgm",
            [format!("P5 2 1 {maxval}\n").into_bytes(), raw(1)].concat(),
        ));
        files.push((
            "ppm",
            [format!("P6 2 1 {maxval}\n").into_bytes(), raw(3)].concat(),
        ));
        let kinds = ["GRAYSCALE", "GRAYSCALE_ALPHA", "RGB", "RGB_ALPHA"];
        for (kind, depth) in kinds.into_iter().zip(1..) {
            let head = format!("P7\nWIDTH 2\nHEIGHT 1\nDEPTH {depth}\nMAXVAL {maxval}\n");
            let typed = format!("{head}TUPLTYPE {kind}\nENDHDR\n");
            files.push(("pam", [typed.into_bytes(), raw(depth)].concat()));
            // The type of a tuple is what its depth says.
            let bare = format!("{head}ENDHDR\n");
            files.push(("pam", [bare.into_bytes(), raw(depth)].concat()));
        }
    }
    files
}

#[test]
fn samples_above_their_maxval_are_refused() {
    let mut refused = 0;
    for maxval in [1, 7, 200, 254, 255, 256, 300, 1000, 65_534, 65_535] {
        // Without a sample that is too large, all of them are spread.
        for (format, bytes) in netpbm_files(maxval, maxval / 2) {
            let read = decoded(&bytes);
            let full = if maxval > 255 { 65_535 } else { 255 };
            let factor = full as f32 / maxval as f32;
            let half = ((maxval / 2) as f32 * factor).round();
            let [_, _, channels] = read.image.shape();
            let wanted = [vec![full as f32; channels], vec![half; channels]].concat();
            let samples: Vec<f32> = match read.image.samples() {
                Samples::U8(samples) if full == 255 => {
                    samples.iter().map(|s| f32::from(*s)).collect()
                }
                Samples::U16(samples) if full > 255 => {
                    samples.iter().map(|s| f32::from(*s)).collect()
                }
                samples => panic!("{format} {maxval}: {:?}", samples.depth()),
            };
            assert_eq!(samples, wanted, "{format} {maxval}");
        }
        for sample in [maxval + 1, 255, 300, 65_535] {
            if sample <= maxval || sample > 65_535 {
                continue;
            }
            for (format, bytes) in netpbm_files(maxval, sample) {
                let error = codec::read_bytes(&bytes, None, &Limits::default()).unwrap_err();
                assert!(matches!(error, Error::Input(_)));
                assert_eq!(
                    error.to_string(),
                    format!(
                        "the {format} file is damaged (a sample of {sample} is above its maxval of {maxval}): get a good copy of it"
                    )
                );
                refused += 1;
            }
        }
    }
    assert!(refused > 150, "{refused}");
}

/// A file that is cut and has a sample that is too large fails by what comes
/// first, in bands of any height.
#[test]
fn what_is_wrong_with_netpbm_does_not_depend_on_bands() {
    for (head, raw) in [
        (&b"P5 2 6 200\n"[..], true),
        (b"P2 2 6 200\n", false),
        (b"P2 2 6 255\n", false),
    ] {
        for bad in 0..6 {
            let mut bytes = head.to_vec();
            for row in 0..5 {
                let sample = if row == bad {
                    201 + 100 * u32::from(!raw)
                } else {
                    7
                };
                match raw {
                    true => bytes.extend([sample as u8, 8]),
                    false => bytes.extend(format!("{sample} 8 ").bytes()),
                }
            }
            let wanted = if bad < 5 {
                "above its maxval"
            } else {
                "ends before"
            };
            for rows in 1..=6 {
                let mut reader = codec::rows_of_bytes(&bytes, None, &Limits::default()).unwrap();
                let mut band = vec![0_u8; 2 * rows];
                let error = loop {
                    match reader.read(&mut band[..]) {
                        Ok(read) => assert!(read > 0),
                        Err(error) => break error.to_string(),
                    }
                };
                assert!(error.contains(wanted), "{bad} {rows}: {error}");
            }
        }
    }
}
