//! Strips are the picture that is decoded whole, byte by byte, or an error.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::{markers::Markers, strip_headers::Headers, *};

const WHOLE: SplitSettings = SplitSettings {
    pixels: usize::MAX,
    bytes: 1,
};

/// Strips of a row of MCUs, if restarts allow.
const THIN: SplitSettings = SplitSettings {
    pixels: 0,
    bytes: 1,
};

/// Those that the encoder writes in one scan.
const SAMPLINGS: [SamplingFactor; 4] = [
    SamplingFactor::F_1_1,
    SamplingFactor::F_2_1,
    SamplingFactor::F_1_2,
    SamplingFactor::F_2_2,
];

fn noise(seed: u32) -> impl FnMut() -> u32 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    }
}

/// Slopes, flat parts and noise.
fn samples(rows: usize, columns: usize, channels: usize) -> Vec<u8> {
    let mut noise = noise((rows * 1000 + columns) as u32);
    let sample = |at: usize| {
        let (row, column) = (at / channels / columns, at / channels % columns);
        let slope = 3 * row + 2 * column + 60 * (at % channels);
        match (row / 24 + column / 40) % 3 {
            0 => noise() as u8,
            1 => slope as u8,
            _ => 255 * (row / 24 % 2) as u8,
        }
    };
    (0..rows * columns * channels).map(sample).collect()
}

fn encoded(
    [rows, columns]: [usize; 2],
    color: ColorType,
    quality: u8,
    set: impl Fn(&mut Encoder<&mut Vec<u8>>),
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    set(&mut encoder);
    let channels = match color {
        ColorType::Luma => 1,
        ColorType::Rgb => 3,
        _ => 4,
    };
    let samples = samples(rows, columns, channels);
    encoder
        .encode(&samples, columns as u16, rows as u16, color)
        .unwrap();
    bytes
}

fn read(bytes: &[u8], settings: SplitSettings, band: usize) -> Result<(Header, Vec<u8>, Trailer)> {
    let mut reader = open_split(bytes.into(), &Limits::default(), settings)?;
    let header = reader.header().clone();
    let spec = header.spec;
    let mut samples = vec![0; spec.bytes()];
    for band in samples.chunks_mut(band * spec.row_len()) {
        reader.read(band)?;
    }
    Ok((header, samples, reader.finish()?))
}

/// Compares strips with the whole picture, and says whether there were any.
fn check(bytes: &[u8], what: &str) -> bool {
    let whole = read(bytes, WHOLE, 9999).unwrap();
    for (settings, band) in [
        (THIN, 1),
        (THIN, 7),
        (
            SplitSettings {
                pixels: 0,
                bytes: 20_000,
            },
            50,
        ),
    ] {
        let strips = read(bytes, settings, band).unwrap();
        assert!(strips == whole, "{what} {}", settings.bytes);
    }
    let reader = open_split(bytes.into(), &Limits::default(), THIN).unwrap();
    !reader.holds_image()
}

#[test]
fn strips_are_the_picture() {
    for sampling in SAMPLINGS {
        for size in [[1, 1], [9, 300], [100, 17], [161, 75], [65, 130], [128, 64]] {
            for interval in [0, 1, 2, 3, 7, 50, 1000] {
                let what = format!("{sampling:?} {size:?} {interval}");
                let bytes = encoded(size, ColorType::Rgb, 80, |encoder| {
                    encoder.set_sampling_factor(sampling);
                    encoder.set_restart_interval(interval);
                });
                assert!(check(&bytes, &what), "{what}");
            }
        }
    }
}

#[test]
fn of_every_quality() {
    for quality in 1..=100 {
        for (color, sampling) in [
            (ColorType::Luma, SamplingFactor::F_1_1),
            (ColorType::Rgb, SamplingFactor::F_1_1),
            (ColorType::Rgb, SamplingFactor::F_2_2),
        ] {
            let bytes = encoded([75, 61], color, quality, |encoder| {
                encoder.set_sampling_factor(sampling);
                // Of several components it makes several scans then.
                encoder.set_optimized_huffman_tables(color == ColorType::Luma);
            });
            assert!(check(&bytes, &format!("{quality}")), "{quality}");
        }
    }
}

#[test]
fn of_every_colour() {
    for sampling in SAMPLINGS {
        for color in [ColorType::Luma, ColorType::Cmyk, ColorType::CmykAsYcck] {
            let bytes = encoded([83, 90], color, 85, |encoder| {
                encoder.set_sampling_factor(sampling);
            });
            let what = format!("{sampling:?} {color:?}");
            let extent = Extent::of(&bytes);
            if color == ColorType::Cmyk && extent.factors[0] > 1 {
                // Black is finer across than the other inks.
                let error = read(&bytes, WHOLE, 9999).unwrap_err().to_string();
                assert!(error.contains("sampled finer than the first"), "{error}");
                continue;
            }
            // Ink whose first component is not the largest is left whole.
            let split = color != ColorType::Cmyk || sampling == SamplingFactor::F_1_1;
            assert_eq!(check(&bytes, &what), split, "{what}");
        }
    }
}

/// Where the content of the first segment of this code begins.
fn segment(bytes: &[u8], code: u8) -> usize {
    let mut markers = Markers::of(bytes);
    markers.find(|marker| marker.code == code).unwrap().end + 2
}

/// `bytes` with something behind its first mark.
fn with_segments(bytes: &[u8], segments: &[&[u8]]) -> Vec<u8> {
    [&bytes[..2], &segments.concat(), &bytes[2..]].concat()
}

#[test]
fn of_every_kind_of_head() {
    let [plain, gray] = [ColorType::Rgb, ColorType::Luma].map(|color| {
        encoded([60, 50], color, 90, |encoder| {
            encoder.set_sampling_factor(SamplingFactor::F_1_1);
        })
    });
    // Adobe's word that it is RGB, comments, fill bytes, a segment that is not read.
    let adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0";
    let comment = b"\xff\xff\xff\xfe\0\x08\xff\xd9\xff\xdaab";
    let other = b"\xff\xe9\0\x04\xff\xc0";
    for segments in [
        &[&adobe[..]][..],
        &[comment],
        &[other, comment, adobe, other],
    ] {
        let bytes = with_segments(&plain, segments);
        assert!(check(&bytes, &format!("{segments:?}")));
    }
    // The components are named R, G and B; the frame is of the extended kind.
    let mut named = plain.clone();
    for (at, name) in b"RGB".iter().enumerate() {
        for (code, place) in [(0xc0, 6 + 3 * at), (0xda, 1 + 2 * at)] {
            let place = segment(&plain, code) + place;
            named[place] = *name;
        }
    }
    assert!(check(&named, "named"));
    assert!(read(&named, THIN, 1).unwrap().1 != read(&plain, THIN, 1).unwrap().1);
    let frame = segment(&plain, 0xc0);
    named[frame - 3] = 0xc1;
    assert!(check(&named, "extended"));
    // A gray picture of larger MCUs has one block in each all the same.
    let mut gray = gray;
    let frame = segment(&gray, 0xc0);
    gray[frame + 7] = 0x22;
    assert!(check(&gray, "gray"));
    // Bytes behind the data, and behind the end.
    let end = plain.len() - 2;
    let mut more = [
        &plain[..end],
        b"\0\xff\0more",
        &plain[end..],
        b"\xff\xd8more",
    ]
    .concat();
    assert!(check(&more, "more"));
    // Marks among the data, that of a film, and one too many restarts: whole.
    more.truncate(end);
    more.extend(b"\xff\xd0\xff\xd9");
    assert!(!check(&more, "restart"));
    let film = with_segments(&plain, &[b"\xff\xe0\0\x0aAVI1\0\0\0\0"]);
    assert!(!check(&film, "film"));
    for progressive in [false, true] {
        let scans = encoded([60, 50], ColorType::Rgb, 90, |encoder| {
            encoder.set_progressive(progressive);
            encoder.set_optimized_huffman_tables(true);
        });
        assert!(!check(&scans, "scans"));
    }
}

/// Differences of few categories, from black to white, so that strips need
/// categories that no difference has.
#[test]
fn of_tables_without_the_categories_of_strips() {
    let mut bytes = Vec::new();
    let ramp: Vec<u8> = (0..200 * 40)
        .map(|at| (128 + at / 40 * 127 / 199) as u8)
        .collect();
    let mut encoder = Encoder::new(&mut bytes, 100);
    encoder.set_optimized_huffman_tables(true);
    encoder.encode(&ramp, 40, 200, ColorType::Luma).unwrap();
    let head = Headers::of(&bytes).unwrap();
    assert!(bytes[segment(&bytes, 0xc4) + 1..][..16].iter().sum::<u8>() < 8);
    assert_eq!(head.rows, 200);
    assert!(check(&bytes, "ramp"));
}

/// Strips have codes for categories that the file's table lacks: in its data these
/// are as wrong as when it is decoded whole.
#[test]
fn codes_of_strips_are_none_of_the_file() {
    for interval in [0, 5, 10] {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 90);
        encoder.set_optimized_huffman_tables(true);
        encoder.set_restart_interval(interval);
        encoder
            .encode(&[128; 200 * 40], 40, 200, ColorType::Luma)
            .unwrap();
        let data = segment(&bytes, 0xda) + 8;
        let mut refused = 0;
        for byte in 0..=254 {
            bytes[data] = byte;
            let [whole, strips] = [WHOLE, THIN]
                .map(|settings| read(&bytes, settings, 3).map_err(|error| error.to_string()));
            assert!(strips == whole, "{interval} {byte}: {whole:?}");
            refused += usize::from(whole.is_err());
        }
        assert!(refused > 100, "{interval} {refused}");
    }
}

#[test]
fn of_photographs() {
    let mut split = 0;
    for folder in ["photos", "odd"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("testdata")
            .join(folder);
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "jpg") {
                let bytes = std::fs::read(&path).unwrap();
                split += usize::from(check(&bytes, &path.display().to_string()));
            }
        }
    }
    // All but the progressive one.
    assert_eq!(split, 8);
}

/// Files that were damaged by chance: never other pixels, and never accepted
/// where the whole picture is not.
#[test]
fn of_damaged_files() {
    let sizes = [[40, 33], [64, 90]];
    let mut files = Vec::new();
    for (at, sampling) in SAMPLINGS.into_iter().enumerate() {
        for (color, interval) in [
            (ColorType::Rgb, 0),
            (ColorType::Rgb, 6),
            (ColorType::Luma, 0),
        ] {
            files.push(encoded(sizes[at % 2], color, 60, |encoder| {
                encoder.set_sampling_factor(sampling);
                encoder.set_restart_interval(interval);
            }));
        }
    }
    let mut noise = noise(1);
    let mut pick = |below: usize| noise() as usize % below;
    let (mut same, mut refused, mut stricter) = (0, 0, 0);
    for round in 0..6000 {
        let mut bytes = files[round % files.len()].clone();
        let data = segment(&bytes, 0xda);
        // Mostly in the data.
        let place = match pick(5) {
            0 => pick(bytes.len()),
            _ => data + pick(bytes.len() - data),
        };
        let end = bytes.split_off(bytes.len() - 2);
        let place = place.min(bytes.len() - 1);
        match pick(6) {
            0 => bytes.truncate(place),
            1 => bytes[place] = 0xff,
            2 => drop(bytes.drain(place..bytes.len().min(place + 1 + pick(9)))),
            3 => drop(bytes.splice(place..place, [0xff, pick(256) as u8])),
            4 => bytes[place] = pick(256) as u8,
            _ => bytes[place] ^= 1 << pick(8),
        }
        if pick(20) > 0 {
            bytes.extend(end);
        }
        match (read(&bytes, WHOLE, 9999), read(&bytes, THIN, 3)) {
            (Ok(whole), Ok(strips)) => {
                assert!(strips == whole, "{round}");
                same += 1;
            }
            (Err(whole), Err(strips)) => {
                assert_eq!(strips.to_string(), whole.to_string(), "{round}");
                refused += 1;
            }
            (Ok(_), Err(_)) => stricter += 1,
            (Err(whole), Ok(_)) => panic!("{round}: {whole}"),
        }
    }
    assert!(same > 1000 && refused > 1000, "{same} {refused}");
    assert!(stricter < 10, "{stricter}");
}

#[test]
fn codings_that_are_not_read_are_named() {
    let whole = include_bytes!("../../../testdata/odd/gray.jpg");
    let frame = whole
        .windows(2)
        .position(|mark| mark == b"\xff\xc0")
        .unwrap();
    let refusal = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.to_vec();
        change(&mut bytes);
        let error = open(bytes.into(), &Limits::default()).unwrap_err();
        assert!(matches!(
            error,
            Error::Input(crate::error::InputError::Unsupported { .. })
        ));
        error.to_string()
    };
    let mut seen = 0;
    for code in (0xc0..=0xcf_u8).chain([0xde, 0xf7]) {
        let what = match code {
            // These are read, or no frames.
            0xc0..=0xc2 | 0xc4 | 0xc8 | 0xcc => continue,
            0xc3 => "lossless coding",
            0xc9 | 0xca => "arithmetic coding",
            0xcb => "lossless arithmetic coding",
            0xf7 => "the coding of JPEG-LS",
            _ => "hierarchical coding",
        };
        let text = refusal(&|bytes| bytes[frame + 1] = code);
        let wanted = format!("{what} is not supported in a jpeg file: convert it with");
        assert!(text.starts_with(&wanted), "{code:x}: {text}");
        seen += 1;
    }
    assert_eq!(seen, 12);
    for code in [0xc0, 0xc1, 0xc2] {
        let text = refusal(&|bytes| (bytes[frame + 1], bytes[frame + 4]) = (code, 12));
        let wanted = "a sample of 12 bits is not supported in a jpeg file: convert it with";
        assert!(text.starts_with(wanted), "{code:x}: {text}");
    }
    let text = refusal(&|bytes| bytes[frame + 5..frame + 7].fill(0));
    assert!(
        text.starts_with("a height that follows the picture (DNL)"),
        "{text}"
    );
}

/// Files of one scan or of several, with restarts and without, that end before their end mark.
#[test]
fn a_file_without_its_end_mark_is_read_if_its_scans_are_whole() {
    use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
    let pixels: Vec<u8> = (0..56 * 40 * 3_u32)
        .map(|i| ((i * i / 90) % 200 + i % 40) as u8)
        .collect();
    let read = |bytes: &[u8]| open(bytes.into(), &Limits::default())?.into_decoded();
    let truncated = "the jpeg file ends before its picture does: get a complete copy of it";
    for (progressive, restarts, quality) in [
        (false, 0, 60),
        (false, 2, 90),
        (true, 0, 60),
        (true, 0, 95),
        (true, 3, 90),
    ] {
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, quality);
        encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
        encoder.set_progressive(progressive);
        encoder.set_restart_interval(restarts);
        encoder.encode(&pixels, 56, 40, ColorType::Rgb).unwrap();
        let name = format!("progressive {progressive}, restarts {restarts}");
        let whole = read(&file).unwrap();
        assert!(whole.warnings.is_empty());
        // Half of the mark, and what fills up blocks on a disk.
        let scans = &file[..file.len() - 2];
        for end in [&b""[..], b"\xff", b"\0\0\0\0"] {
            let decoded = read(&[scans, end].concat()).unwrap();
            assert!(decoded.image == whole.image, "{name}");
            assert_eq!(
                decoded.warnings,
                ["the jpeg file lacks its end mark: its picture is whole"]
            );
        }
        let mut same = 0;
        for length in 2..scans.len() {
            match read(&scans[..length]) {
                Err(error) => assert_eq!(error.to_string(), truncated, "{name}, {length}"),
                // The last byte may be no more than padding.
                Ok(decoded) => {
                    assert!(decoded.image == whole.image, "{name}, {length}");
                    same += 1;
                }
            }
        }
        assert!(same < 3, "{name}: {same}");
    }
}
