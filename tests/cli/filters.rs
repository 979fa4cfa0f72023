//! Flags that say what is computed, against the library.

use stridekern::{Border, Channel, Depth, Extent, Filter, Image, Map, simd::Simd};

use crate::{Room, filter, picture};

/// The npy result of `flags` is what `wanted` makes of the same input.
#[track_caller]
fn same(room: &Room, input: &str, kernel: &str, flags: &str, wanted: &Filter) -> Image {
    let line = format!("{input} -k {kernel} {flags} --overwrite -o result.npy");
    assert_eq!(room.run(&line).code, Some(0), "{line}");
    let result = room.read("result.npy");
    assert!(
        result == wanted.apply(&room.read(input)).unwrap(),
        "{input} {flags}"
    );
    result
}

#[test]
fn steps_and_dilations() {
    let room = Room::new();
    let edge = Extent::Same(Border::Edge);
    for (text, pair) in [("2", [2, 2]), ("3,1", [3, 1]), (" 1 , 2 ", [1, 2])] {
        let words = [
            "a.png",
            "-k",
            "emboss",
            "--step",
            text,
            "--overwrite",
            "-o",
            "s.png",
        ];
        room.run_words(words).silent();
        let image = room.read("a.png");
        let wanted = filter("emboss").with_step(pair).apply(&image).unwrap();
        assert_eq!(room.read("s.png"), wanted);
    }
    let wanted = filter("emboss").with_dilation([2, 3]).with_step([1, 2]);
    same(&room, "a.png", "emboss", "--dilate 2,3 --step 1,2", &wanted);
    let wanted = filter("emboss").with_dilation([2, 2]).with_extent(edge);
    same(&room, "a.png", "emboss", "--dilate 2 --pad edge", &wanted);
}

#[test]
fn channels() {
    let room = Room::new();
    room.write("c.png", &picture(9, 11, 4, Depth::U8));
    let mut results = Vec::new();
    for channel in Channel::ALL {
        let wanted = filter("emboss").with_channel(channel);
        let flag = format!("--channel {channel} --alpha copy");
        results.push(same(&room, "c.png", "emboss", &flag, &wanted));
    }
    assert_eq!(results[1].shape(), [7, 9, 4]);
    // Luma, red, green, blue and alpha are five different pictures.
    for (i, a) in results.iter().enumerate() {
        assert!(results[..i].iter().all(|b| a != b), "{}", Channel::ALL[i]);
    }
    let luma = same(&room, "c.png", "emboss", "--alpha copy", &filter("emboss"));
    assert_eq!(luma, results[0]);
}

#[test]
fn maps() {
    let room = Room::new();
    // With responses beyond both ends.
    let noise = crate::common::random_image(&mut crate::common::Random(7), [13, 20, 1], Depth::U8);
    room.write("a.png", &noise);
    let mut results = Vec::new();
    for map in Map::ALL {
        let wanted = filter("emboss").with_map(map);
        let flag = format!("--map {map}");
        results.push(same(&room, "a.png", "emboss", &flag, &wanted));
    }
    for (i, a) in results.iter().enumerate() {
        assert!(results[..i].iter().all(|b| a != b), "{}", Map::ALL[i]);
    }
    // The kernel file's own counts where the user says nothing.
    room.text("own.toml", "weights = [[-1, 1]]\nmap = \"abs\"");
    room.text("none.toml", "weights = [[-1, 1]]");
    let line = |kernel: &str, output: &str| format!("a.png -k {kernel}.toml {output}");
    room.run(&line("own", "-o own.png")).silent();
    room.run(&line("none", "--map abs -o abs.png")).silent();
    assert_eq!(
        room.run(&line("own", "--map clamp -o c1.png")).code,
        Some(0)
    );
    assert_eq!(room.run(&line("none", "-o c2.png")).code, Some(0));
    assert_eq!(room.read("own.png"), room.read("abs.png"));
    assert_eq!(room.read("c1.png"), room.read("c2.png"));
    assert_ne!(room.read("own.png"), room.read("c1.png"));
}

#[test]
fn depths() {
    let room = Room::new();
    room.write("w.png", &picture(9, 11, 3, Depth::U16));
    room.write("f.npy", &picture(9, 11, 1, Depth::F32));
    for (input, own) in [
        ("a.png", Depth::U8),
        ("w.png", Depth::U16),
        ("f.npy", Depth::F32),
    ] {
        for (text, depth) in [
            ("same", None),
            ("8", Some(Depth::U8)),
            ("16", Some(Depth::U16)),
            ("f32", Some(Depth::F32)),
        ] {
            let wanted = filter("gaussian5").with_depth(depth);
            let flag = format!("--depth {text}");
            let result = same(&room, input, "gaussian5", &flag, &wanted);
            assert_eq!(result.depth(), depth.unwrap_or(own), "{input} {text}");
        }
    }
    // 16 bits stay 16 bits through PNG and TIFF.
    room.run("w.png -k gaussian5").silent();
    room.run("w.png -k gaussian5 -f tif").silent();
    let wanted = filter("gaussian5").apply(&room.read("w.png")).unwrap();
    assert_eq!(wanted.depth(), Depth::U16);
    assert_eq!(room.read("w.gaussian5.png"), wanted);
    assert_eq!(room.read("w.gaussian5.tif"), wanted);
}

#[test]
fn flipping_twice_is_flipping_once() {
    let room = Room::new();
    let weights = "weights = [[1, 2, 3], [4, 5, 6]]\ndivisor = 21\nanchor = [0, 2]\n";
    let turned = "weights = [[6, 5, 4], [3, 2, 1]]\ndivisor = 21\nanchor = [1, 0]\n";
    room.text("k.toml", weights);
    room.text("f.toml", &format!("{weights}flip = true"));
    room.text("t.toml", turned);
    for pad in ["valid", "reflect"] {
        let run = |kernel: &str, flags: &str| {
            let line = format!("a.png -k {kernel}.toml {flags} --pad {pad} --overwrite -o out.png");
            room.run(&line).silent();
            room.read("out.png")
        };
        let flipped = run("f", "");
        assert_eq!(run("f", "--flip"), flipped);
        assert_eq!(run("k", "--flip"), flipped);
        assert_eq!(run("t", ""), flipped);
        assert_ne!(run("k", ""), flipped);
    }
}

#[test]
fn threads_methods_and_simd_levels_change_no_byte() {
    let room = Room::new();
    room.write("big.png", &picture(211, 157, 3, Depth::U8));
    let bytes = |flags: &str, simd: Option<&str>| {
        let line =
            format!("big.png -k gaussian5 -k sobel --channel each {flags} -o out/ --overwrite");
        let mut command = room.command();
        if let Some(simd) = simd {
            command.env("STRIDEKERN_SIMD", simd);
        }
        let output = command
            .args(line.split(' ').filter(|w| !w.is_empty()))
            .output();
        crate::Ran::new(output.unwrap()).silent();
        ["out/big.gaussian5.png", "out/big.sobel.png"].map(|name| room.bytes(name))
    };
    let one = bytes("-j 1", None);
    assert!(bytes("-j 2", None) == one);
    assert!(bytes("-j 7", None) == one);
    assert!(bytes("--engine naive", None) == one);
    assert!(bytes("--engine direct", None) == one);
    for simd in Simd::available() {
        assert!(bytes("", Some(simd.level().name())) == one);
    }
}

#[test]
fn a_simd_level_that_is_not_there_is_refused() {
    let room = Room::new();
    let mut command = room.command();
    command
        .env("STRIDEKERN_SIMD", "nonsense")
        .args(["a.png", "-k", "sobel"]);
    let levels: Vec<_> = Simd::available().iter().map(|s| s.level().name()).collect();
    crate::Ran::new(command.output().unwrap()).says(
        2,
        &[&format!(
            "STRIDEKERN_SIMD=nonsense is no SIMD level of this processor; choose one of {}, or unset it",
            levels.join(", ")
        )],
    );
    assert_eq!(room.names(), ["a.png"]);
}

#[test]
fn jpeg_quality_and_compression_are_obeyed() {
    let room = Room::new();
    room.write("p.png", &picture(64, 64, 3, Depth::U8));
    let size = |flags: &str, name: &str| {
        room.run(&format!("p.png -k gaussian5 --overwrite {flags} -o {name}"))
            .silent();
        room.bytes(name).len()
    };
    let low = size("--quality 5", "q.jpg");
    let high = size("--quality 95", "q.jpg");
    assert!(low < high, "{low} {high}");
    // Of a blurred photograph in colours: its filters make fast smaller elsewhere.
    std::fs::copy("testdata/photos/chelsea.png", room.path("p.png")).unwrap();
    let fast = size("--channel each --compression fast", "c.png");
    let image = room.read("c.png");
    let best = size("--channel each --compression best", "c.png");
    assert!(best <= fast, "{best} {fast}");
    assert_eq!(room.read("c.png"), image);
}
