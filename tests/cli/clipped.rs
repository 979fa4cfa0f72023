//! Responses beyond full scale, which an integer result of floats cannot hold, are told of.

use serde_json::json;
use stridekern::{Image, Samples};

use crate::Room;

/// One row of gray floats, as `.npy` and as TIFF.
fn floats(room: &Room, samples: &[f32]) {
    let image = Image::new(1, samples.len(), 1, Samples::F32(samples.to_vec().into())).unwrap();
    for name in ["f.npy", "f.tif"] {
        room.write(name, &image);
    }
}

fn said(out: &str, range: &str, share: &str) -> String {
    format!(
        "{out}: warning: responses from {range} were clipped to 0..1, full scale: \
         {share} % of the samples; --map stretch keeps them"
    )
}

#[test]
fn the_range_is_told_in_one_line() {
    let room = Room::new();
    floats(&room, &[-3.0, 0.5, 1.0, 812.25, f32::NAN, f32::INFINITY]);
    for input in ["f.npy", "f.tif"] {
        for pad in ["edge", "wrap"] {
            for (options, range, share, samples) in [
                ("", "-3 to 812.25", "50", [0, 128, 255, 255, 0, 255]),
                (
                    "--map abs",
                    "0.5 to 812.25",
                    "50",
                    [255, 128, 255, 255, 0, 255],
                ),
                (
                    "--map offset",
                    "-2.5 to 812.75",
                    "66.7",
                    [0, 255, 255, 255, 0, 255],
                ),
            ] {
                let line = format!("{input} -k identity1.toml --pad {pad} {options} -o o.png");
                let line = format!("{line} --depth 8 --overwrite");
                room.text("identity1.toml", "weights = [[1]]");
                let told = said("o.png", range, share);
                let nan = "1 response is not a number and became 0; --map float keeps them, \
                           --ignore nan leaves them out";
                let told_nan = format!("o.png: warning: {nan}");
                room.run(&line).says(0, &[&told, &told_nan]);
                let Samples::U8(found) = room.read("o.png").into_samples() else {
                    panic!("8 bits were asked for");
                };
                assert_eq!(found[..], samples, "{line}");
                let objects = room.run(&format!("{line} --json")).json();
                let text = said("", range, share).replace(": warning: ", "");
                let warnings = json!([
                    { "kind": "clipped", "text": text }, { "kind": "not_a_number", "text": nan },
                ]);
                assert_eq!(objects[0]["warnings"], warnings, "{line}");
                room.run(&format!("{line} -q")).silent();
            }
        }
    }
}

#[test]
fn what_is_only_rounded_or_kept_is_not_told() {
    let room = Room::new();
    room.text("two.toml", "weights = [[2]]\ndivisor = 2");
    // Within half a sample of full scale on 8 bits, not on 16.
    floats(&room, &[-0.001, 0.25, 1.001]);
    let line = "f.npy -k two.toml --overwrite";
    room.run(&format!("{line} --depth 8 -o o.png")).silent();
    room.run(&format!("{line} --depth 16 -o o.png"))
        .says(0, &[&said("o.png", "-0.001 to 1.001", "66.7")]);
    floats(&room, &[-3.0, 0.5, 812.0]);
    for options in [
        "--map stretch --depth 8 -o o.png",
        "--map symmetric --depth 16 -o o.png",
        "--depth f32 -o o.npy",
        "-o o.npy",
        "--map float -o o.npy",
    ] {
        room.run(&format!("{line} {options}")).silent();
    }
}

/// Of every result its own range, without the alpha that is copied.
#[test]
fn each_result_has_its_own() {
    let room = Room::new();
    let pixels = [[0.5, 0.25, 0.125, 7.0], [0.75, -2.0, 0.5, 1.0]].concat();
    let image = Image::new(1, 2, 4, Samples::F32(pixels.into())).unwrap();
    room.write("rgba.npy", &image);
    room.text("one.toml", "weights = [[1]]\ndivisor = 1.0");
    room.text("tenth.toml", "weights = [[0.1]]");
    room.text("huge.toml", "weights = [[1e9]]");
    let line =
        "rgba.npy -k one.toml -k tenth.toml -k huge.toml --channel each --pad edge --axes YXC";
    room.run(&format!("{line} --depth 8 -f png")).says(
        0,
        &[
            &said("rgba.one.edge.png", "-2 to 0.75", "16.7"),
            &said("rgba.tenth.edge.png", "-0.2 to 0.075", "16.7"),
            &said("rgba.huge.edge.png", "-2e9 to 7.5e8", "100"),
        ],
    );
}

#[test]
fn what_a_narrower_type_clips_of_integers_is_told() {
    let room = Room::new();
    room.text("id.toml", "weights = [[1]]");
    let samples = vec![-5_i32, 0, 255, 70_000];
    let image = Image::new(1, 4, 1, Samples::I32(samples.into())).unwrap();
    room.write("i.npy", &image);
    for (depth, limits, share) in [
        ("u8", "0..255", "50"),
        ("u16", "0..65535", "50"),
        ("i16", "-32768..32767", "25"),
        ("i32", "", ""),
        ("i64", "", ""),
        ("f32", "", ""),
    ] {
        let line = format!("i.npy -k id.toml --depth {depth} -o o.npy --overwrite");
        let told = format!(
            "o.npy: warning: responses from -5 to 70000 were clipped to {limits}: \
             {share} % of the samples; --map stretch keeps them"
        );
        match share {
            "" => room.run(&line).silent(),
            _ => room.run(&line).says(0, &[&told]),
        };
        room.run(&format!("{line} --map stretch")).silent();
    }
    // Between pictures of 8 and 16 bits full scale stays full scale.
    let words = Image::new(1, 2, 1, Samples::U16(vec![0, 65535].into())).unwrap();
    room.write("w.png", &words);
    room.run("w.png -k id.toml --depth 8 -o o.png").silent();
}

#[test]
fn small_floats_that_are_not_scaled_are_told() {
    let room = Room::new();
    room.text("id.toml", "weights = [[1]]");
    let doubles = |samples: &[f64]| {
        let samples = Samples::F64(samples.to_vec().into());
        Image::new(1, samples.len(), 1, samples).unwrap()
    };
    room.write("d.npy", &doubles(&[0.0, 0.25, 0.75]));
    let told = "o.npy: warning: responses from 0 to 0.75 were rounded to whole numbers, as samples \
                of these types are not scaled; --map stretch keeps them";
    for depth in ["8", "16", "u8", "i16", "i64"] {
        let line = format!("d.npy -k id.toml --depth {depth} -o o.npy --overwrite");
        room.run(&line).says(0, &[told]);
        room.run(&format!("{line} --map stretch")).silent();
    }
    room.run("d.npy -k id.toml --depth f32 -o o.npy --overwrite")
        .silent();
    // Floats of 32 bits are scaled, and 0 and 1 may be all there are.
    room.write("m.npy", &doubles(&[0.0, 1.0, 1.0]));
    room.run("m.npy -k id.toml --depth 8 -o o.npy --overwrite")
        .silent();
    floats(&room, &[0.0, 0.25, 0.75]);
    room.run("f.npy -k id.toml --depth 8 -o o.npy --overwrite")
        .silent();
}

/// The advice is that for the kernel.
#[test]
fn kernels_that_overshoot_and_large_biases_are_told_of() {
    let room = Room::new();
    // Stripes of black and white, and of two grays in which nothing but the bias clips.
    let stripes = |dark: u8, light: u8| {
        let samples = (0..64).map(|at| if at % 4 < 2 { dark } else { light });
        Image::new(4, 16, 1, Samples::U8(samples.collect::<Vec<u8>>().into())).unwrap()
    };
    room.write("s.png", &stripes(20, 230));
    room.write("g.png", &stripes(100, 110));
    room.text("bias.toml", "weights = [[1]]\nbias = 128");
    room.text("offset.toml", "weights = [[1]]\noffset = 128");
    let gentler =
        "; a gentler kernel, as sharpen_soft or unsharp5, clips less, and --map float nothing";
    for (line, told) in [
        (
            "s.png -k sharpen --pad wrap -o o.png",
            format!(
                "50 % of the samples were clipped to 0 and 50 % to 255: the kernel overshoots at \
                 edges, as sharpening does{gentler}"
            ),
        ),
        (
            "g.png -k bias.toml -o o.png",
            "100 % of the samples were clipped to 255, since `bias = 128` is 128 times full scale; to \
             add 128 samples, as 128 of 255, write `offset = 128`"
                .to_owned(),
        ),
        (
            "g.png -k identity --bias 128 -o o.png",
            "100 % of the samples were clipped to 255, since the bias 128 is 128 times full scale; as \
             samples of 255 it is 0.5"
                .to_owned(),
        ),
        (
            "s.png -k laplacian4 --pad wrap --map clamp -o o.png",
            "50 % of the samples were clipped to 0, since the responses are \
             negative: --map abs, offset or float keeps them"
                .to_owned(),
        ),
    ] {
        let told = format!("o.png: warning: {told}");
        room.run(&format!("{line} --overwrite")).says(0, &[&told]);
    }
    room.run("g.png -k offset.toml -o o.png --overwrite")
        .silent();
}
