//! Files of a few kilobytes that claim to be enormous.

use std::{fs, path::Path};

use crate::{Room, common::png_chunk};

/// 60000 x 60000 in every format that can say so.
fn plant(room: &Room) -> Vec<&'static str> {
    const SIDE: u32 = 60_000;
    let odd = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/odd");
        fs::read(folder.join(name)).unwrap()
    };
    let behind = |bytes: &[u8], mark: &[u8]| {
        let at = bytes.windows(mark.len()).position(|part| part == mark);
        at.unwrap() + mark.len()
    };
    let patch = |bytes: &mut Vec<u8>, at: usize, with: &[u8]| {
        bytes[at..at + with.len()].copy_from_slice(with);
    };
    let little = SIDE.to_le_bytes();
    let twice = |side: &[u8]| [side, side].concat();

    let size = twice(&SIDE.to_be_bytes());
    let header = [b"IHDR", &size[..], &[8, 0, 0, 0, 0]].concat();
    let chunks = [&header[..], b"IDAT", b"IEND"].map(png_chunk);
    let png = [b"\x89PNG\r\n\x1a\n", chunks.concat().as_slice()].concat();

    let mut gif = odd("animated.gif");
    patch(&mut gif, 6, &twice(&little[..2]));
    let mut bmp = odd("rgb.bmp");
    patch(&mut bmp, 18, &twice(&little));
    let mut tga = odd("rgb.tga");
    patch(&mut tga, 12, &twice(&little[..2]));
    let mut exr = odd("rgb.exr");
    let window = [[0; 8].to_vec(), twice(&(SIDE - 1).to_le_bytes())].concat();
    for name in ["dataWindow\0box2i\0", "displayWindow\0box2i\0"] {
        let at = behind(&exr, name.as_bytes()) + 4;
        patch(&mut exr, at, &window);
    }
    // The canvas of an extended file; its picture comes behind it.
    let canvas = twice(&(SIDE - 1).to_le_bytes()[..3]);
    let picture = [0x2f, 0, 0, 0, 0, 0];
    let mut webp = b"RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
    webp.extend(canvas);
    webp.extend(b"VP8L\x06\0\0\0");
    webp.extend(picture);

    let hdr = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 60000 +X 60000\n";
    let head = b"{'descr': '|u1', 'fortran_order': False, 'shape': (60000, 60000)}\n";
    let npy = [b"\x93NUMPY\x01\0", &[head.len() as u8, 0][..], head].concat();
    let files = [
        ("a.png", png),
        ("a.gif", gif),
        ("a.bmp", bmp),
        ("a.tga", tga),
        ("a.exr", exr),
        ("a.webp", webp),
        ("a.hdr", hdr.to_vec()),
        ("a.npy", npy),
        ("a.pgm", b"P5 60000 60000 255\n".to_vec()),
    ];
    for (name, bytes) in &files {
        assert!(bytes.len() < 4096, "{name}");
        fs::write(room.path(name), bytes).unwrap();
    }
    files.map(|(name, _)| name).to_vec()
}

#[test]
fn claims_are_refused_with_the_flag_that_raises_the_limit() {
    let room = Room::new();
    for name in plant(&room) {
        let message = format!(
            "{name}: the header claims 60000 x 60000 = 3600000000 pixels, more than the limit of 2147483648: raise --pixel-limit if you trust the file, or cut the picture into parts"
        );
        room.run(&format!("{name} -k sobel -f png -o x.png"))
            .says(1, &[&message]);
    }
    assert!(!room.path("x.png").exists());
}

#[test]
fn a_raised_limit_lets_a_claim_through_to_the_next() {
    let room = Room::new();
    let line = "-k sobel -o out/ -f npy -q --memory-limit 64MiB --pixel-limit 3600000000";
    for name in plant(&room) {
        let run = room.run(&format!("{name} {line}"));
        assert_eq!(run.code, Some(1));
        let message = match name {
            "a.png" | "a.npy" | "a.pgm" => format!(
                "the {} file ends before its picture does: get a complete copy of it",
                &name[2..]
            ),
            "a.exr" | "a.hdr" => "the header claims 60000 x 60000 pixels of 3 channels, 43200000000 bytes at 32-bit float, more than the limit of 28800000000: raise --pixel-limit to an eighth of that if you trust the file, or cut the picture into parts".to_owned(),
            _ => {
                let taken = run.err.split(' ').find_map(|word| word.parse().ok()).unwrap();
                // Samples, and what their decoder has beside them: indices of a
                // GIF, numbers of colours of a TGA, RGBA and more of a WebP.
                let pixels = match name {
                    "a.gif" => 4,
                    "a.bmp" => 3,
                    "a.tga" => 6,
                    _ => 11,
                };
                let bytes: usize = pixels * 60_000 * 60_000;
                let samples = bytes >> 20;
                assert!((samples..samples + 500).contains(&taken), "{}", run.err);
                format!("this takes {taken} MiB of memory, more than the limit of 64: raise --memory-limit, or convert it to what is read and written by rows: plain png or tiff, pgm, ppm or npy")
            }
        };
        assert_eq!(run.err, format!("stridekern: {name}: {message}\n"));
    }
    let run = room.run("a.exr -k sobel -f npy -q --memory-limit 8GiB --pixel-limit 6G");
    assert!(
        run.err
            .contains("MiB of memory, more than the limit of 8192: "),
        "{}",
        run.err
    );
    // Lower, too.
    room.run("a.pgm a.png -k sobel -o out/ --pixel-limit 259")
        .says(
            1,
            &[
                "a.pgm: the header claims 60000 x 60000 = 3600000000 pixels, more than the limit of 259: raise --pixel-limit if you trust the file, or cut the picture into parts",
                "a.png: the header claims 60000 x 60000 = 3600000000 pixels, more than the limit of 259: raise --pixel-limit if you trust the file, or cut the picture into parts",
                "0 done, 0 skipped, 2 failed",
                "failed: a.pgm",
                "failed: a.png",
            ],
        );
}
