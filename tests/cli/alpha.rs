//! `--alpha`: what becomes of alpha, in every format and for every choice of channels.

use std::fs;

use serde_json::{Value, json};
use stridekern::{
    Alpha, Axes, Channel, Depth, Image, KernelBank, Samples,
    codec::{self, EncodeOptions, Format, Limits, Metadata, Overwrite},
};

use super::{Room, filter};

/// A red square on transparent black.
fn square() -> Image {
    let inside = |at: usize| (4..9).contains(&(at / 14)) && (5..10).contains(&(at % 14));
    let pixels = (0..12 * 14).flat_map(|at| match inside(at) {
        true => [255, 0, 0, 255],
        false => [0; 4],
    });
    Image::new(12, 14, 4, Samples::U8(pixels.collect())).unwrap()
}

/// A picture in which opaque pixels, transparent ones and others meet.
fn mixed(channels: usize) -> Image {
    let pixels = (0..15 * 17).flat_map(|at| {
        let color = move |c: usize| (at * (37 + 11 * c) % 251) as u8;
        let alpha = [0, 255, 128, 1, 255][at % 5];
        let has_alpha = channels.is_multiple_of(2);
        let colors = channels - usize::from(has_alpha);
        (0..colors).map(color).chain(has_alpha.then_some(alpha))
    });
    Image::new(15, 17, channels, Samples::U8(pixels.collect())).unwrap()
}

const TOLD: &str = "it has transparent pixels, whose colours were filtered like others; --alpha weight keeps them out, --alpha copy says that this is meant";

/// As it is told of one file.
fn told_of(name: &str) -> String {
    format!("{name}: warning: {TOLD}")
}

#[test]
fn a_red_square_stays_red() {
    let room = Room::new();
    room.write("a.png", &square());
    room.run("a.png -k gaussian5 --photo -o photo.png")
        .unclipped()
        .silent();
    room.run("a.png -k gaussian5 --channel each --alpha weight --pad edge -o weight.png")
        .unclipped()
        .silent();
    assert_eq!(room.bytes("photo.png"), room.bytes("weight.png"));
    let result = room.read("photo.png");
    let Samples::U8(samples) = result.samples() else {
        panic!("8 bits stay 8 bits")
    };
    let mut half = 0;
    for pixel in samples.chunks(4) {
        let wanted: &[u8] = if pixel[3] > 0 {
            &[255, 0, 0]
        } else {
            &[0, 0, 0]
        };
        // Alpha below half a sample is 0, and its colour red all the same.
        assert!(
            pixel[..3] == *wanted || pixel[..] == [255, 0, 0, 0],
            "{pixel:?}"
        );
        half += usize::from((1..255).contains(&pixel[3]));
    }
    assert!(half > 40, "{half}");
    // Without it, the colours of transparent pixels show, which is told.
    room.run("a.png -k gaussian5 --channel each --pad edge -o copy.png")
        .unclipped()
        .says(0, &[&told_of("a.png")]);
    let copied = room.read("copy.png");
    let Samples::U8(samples) = copied.samples() else {
        panic!("8 bits stay 8 bits")
    };
    assert!(samples.chunks(4).any(|pixel| pixel[0] == 121));
}

/// Every choice for every channel of gray and colour with and without alpha gives what the
/// library gives, in every format that holds it.
#[test]
fn every_choice_of_every_channel_in_every_format() {
    let room = Room::new();
    let formats = [
        "png", "tif", "pam", "tga", "webp", "bmp", "qoi", "npy", "jpg",
    ];
    for channels in 1..=4 {
        let input = format!("in{channels}.png");
        room.write(&input, &mixed(channels));
        let image = room.read(&input);
        for (at, alpha) in Alpha::ALL.into_iter().enumerate() {
            for channel in Channel::ALL {
                let format = formats[(at * 3 + channels + channel as usize * 2) % formats.len()];
                let flags = format!("--alpha {alpha} --channel {channel}");
                let output = format!("out.{format}");
                let run = room.run(&format!(
                    "{input} -k gaussian3 {flags} -o {output} --overwrite"
                ));
                let run = run.unhidden();
                let wanted = filter("gaussian3").with_channel(channel).with_alpha(alpha);
                let wanted = wanted.check().and_then(|()| wanted.apply(&image));
                let format: Format = format.parse().unwrap();
                match wanted {
                    Err(_) => assert!(matches!(run.code, Some(1 | 2)), "{flags} {}", run.err),
                    Ok(wanted) if !format.can_hold(Depth::U8, wanted.channels()) => {
                        assert_eq!(run.code, Some(1), "{flags} {output}");
                        assert!(run.err.contains("holds no alpha"), "{}", run.err);
                    }
                    Ok(wanted) => {
                        assert_eq!((run.code, &*run.err), (Some(0), ""), "{flags} {output}");
                        let result = room.read(&output);
                        let same = result == wanted
                            || format == Format::Jpeg
                            || result.channels() != wanted.channels();
                        assert!(same, "{input} {flags} {output}");
                    }
                }
            }
        }
    }
}

#[test]
fn luma_keeps_alpha_where_the_output_holds_it() {
    let room = Room::new();
    room.write("a.png", &mixed(4));
    room.write("b.png", &mixed(2));
    for name in ["a", "b"] {
        let line = format!("{name}.png -k gaussian3 --pad edge -o {name}.luma.png");
        room.run(&line)
            .unclipped()
            .says(0, &[&told_of(&format!("{name}.png"))]);
        let luma = room.read(format!("{name}.luma.png"));
        assert_eq!(luma.channels(), 2);
        let before = room.read(format!("{name}.png"));
        let alpha = |image: &Image| -> Vec<u8> {
            let Samples::U8(samples) = image.samples() else {
                panic!("8 bits stay 8 bits")
            };
            let channels = image.channels();
            samples
                .iter()
                .skip(channels - 1)
                .step_by(channels)
                .copied()
                .collect()
        };
        assert_eq!(alpha(&luma), alpha(&before));
        for output in ["jpg", "pgm", "ppm"] {
            let format: Format = output.parse().unwrap();
            room.run(&format!("{name}.png -k gaussian3 -o {name}.{output}")).unclipped().unhidden().says(
                0,
                &[&format!(
                    "{name}.{output}: warning: {format} holds no alpha: alpha was dropped; --alpha drop says that this is meant"
                )],
            );
            room.run(&format!(
                "{name}.png -k gaussian3 --alpha drop -o {name}.2.{output}"
            ))
            .unclipped()
            .unhidden()
            .silent();
            assert_eq!(
                room.bytes(format!("{name}.{output}")),
                room.bytes(format!("{name}.2.{output}"))
            );
        }
    }
    // What was asked for is not dropped.
    let run = room.run("a.png -k gaussian3 --alpha weight -o no.jpg");
    assert_eq!(run.code, Some(1));
    assert!(
        run.err.contains("no.jpg: jpeg holds no alpha; choose png"),
        "{}",
        run.err
    );
}

#[test]
fn transparent_pictures_are_told_of_once_a_run() {
    let room = Room::new();
    fs::create_dir(room.path("in")).unwrap();
    for (name, image) in [
        ("a", mixed(4)),
        ("b", mixed(2)),
        ("c", mixed(3)),
        ("d", opaque()),
    ] {
        room.write(&format!("in/{name}.png"), &image);
    }
    let line = "in -r -k gaussian3 -k sobel --channel each -o out --overwrite";
    let told = TOLD.replace("it has", "2 pictures have");
    room.run(line).unclipped().says(0, &[&told]);
    room.run(&format!("{line} --alpha copy"))
        .unclipped()
        .silent();
    room.run(&format!("{line} --alpha weight"))
        .unclipped()
        .silent();
    room.run(&format!("{line} -q")).unclipped().silent();
    // A kernel of one tap takes nothing from other pixels.
    room.run("in -r -k identity --channel each -o out")
        .unclipped()
        .silent();
    let run = room.run(&format!("{line} --json"));
    let run = run.unclipped();
    assert_eq!(run.err, format!("stridekern: {told}\n"));
    let objects = run.text();
    let objects: Vec<Value> = objects
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(objects.len(), 8);
    for object in objects {
        let input = object["input"].as_str().unwrap().to_owned();
        let is_transparent = input.ends_with("a.png") || input.ends_with("b.png");
        let told = object["warnings"].as_array().unwrap().iter();
        let told = Vec::from_iter(told.filter(|told| told["kind"] != "clipped"));
        let wanted = json!({ "kind": "transparent", "text": TOLD });
        let wanted = if is_transparent {
            vec![&wanted]
        } else {
            vec![]
        };
        assert_eq!(told, wanted, "{input}");
        let alpha = object.get("alpha").and_then(Value::as_str);
        assert_eq!(
            alpha,
            (!input.ends_with("c.png")).then_some("copy"),
            "{input}"
        );
    }
    // The last row and the last column are transparent, which no anchor lies on.
    let image = Image::new(9, 9, 2, Samples::U8(corner())).unwrap();
    room.write("corner.png", &image);
    room.run("corner.png -k gaussian3 --channel each -o corner2.png")
        .unclipped()
        .says(0, &[&told_of("corner.png")]);
}

fn corner() -> stridekern::image::Buffer<u8> {
    let pixels = (0..81).flat_map(|at| [9, if at / 9 == 8 || at % 9 == 8 { 254 } else { 255 }]);
    pixels.collect()
}

fn opaque() -> Image {
    let pixels = (0..15 * 17).flat_map(|at| [at as u8, 7, 9, 255]);
    Image::new(15, 17, 4, Samples::U8(pixels.collect())).unwrap()
}

#[test]
fn channels_of_arrays_have_no_meaning_by_themselves() {
    let room = Room::new();
    let note = |channels: usize| {
        format!(
            "a{channels}.npy: warning: an array of shape (15, 17, {channels}) was read as 15 x 17 pixels of {channels} channels (YXC); --axes names others"
        )
    };
    for channels in [2, 4] {
        let name = format!("a{channels}.npy");
        let image = mixed(channels);
        room.write(&name, &image);
        let what = if channels == 2 {
            "gray"
        } else {
            "red, green, blue"
        };
        room.run(&format!("{name} -k gaussian3 -o no.npy")).unclipped().says(
            1,
            &[
                &format!(
                    "{name}: an array of {channels} channels has no luma: they may be {what} and alpha, or planes; filter each of them, or say that the last is alpha: --channel each, or --axes YXC or --alpha"
                ),
            ],
        );
        let each = filter("gaussian3").with_channel(Channel::Each);
        let result = |flags: &str, lines: &[&str]| {
            let line = format!("{name} -k gaussian3 {flags} -o out.npy --overwrite");
            room.run(&line).unclipped().unhidden().says(0, lines);
            room.read("out.npy")
        };
        let told = note(channels);
        let of = |alpha| each.clone().with_alpha(alpha).apply(&image).unwrap();
        assert_eq!(result("--channel each", &[&told]), of(Alpha::Filter));
        for alpha in Alpha::ALL {
            let flags = format!("--channel each --alpha {alpha}");
            assert_eq!(result(&flags, &[&told]), of(alpha), "{alpha}");
        }
        // Named axes say that the last is alpha.
        let _: Axes = "YXC".parse().unwrap();
        let of_file = told_of(&name);
        let copied = result("--channel each --axes YXC", &[&of_file]);
        assert_eq!(copied, of(Alpha::Copy));
        let luma = result("--axes YXC", &[&of_file]);
        assert_eq!(luma, filter("gaussian3").apply(&image).unwrap());
        let weighted = result("--alpha weight", &[&told]);
        let wanted = filter("gaussian3").with_alpha(Alpha::Weight);
        assert_eq!(weighted, wanted.apply(&image).unwrap());
    }
    // Three are red, green and blue.
    room.write("a3.npy", &mixed(3));
    room.run("a3.npy -k gaussian3 -o out.npy --overwrite")
        .unclipped()
        .says(0, &[&note(3)]);
    assert_eq!(room.read("out.npy").channels(), 1);
    // Their statistics have numbers for names.
    let table = room.run("a4.npy -k gaussian3 --channel each --stats -o out.npy --overwrite");
    let names = table.text();
    let names: Vec<&str> = names.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(names, ["0", "1", "2", "3"]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let room = Room::new();
    room.write("a.png", &mixed(4));
    for (flags, code, line) in [
        (
            "--alpha weights",
            2,
            "unknown choice for alpha `weights`: choose copy, weight, filter or drop",
        ),
        (
            "--alpha weight --channel red",
            2,
            "a result of the red channel alone has no alpha to weight; filter luma or every channel, or copy or drop alpha, with --channel luma or each, or --alpha copy or drop",
        ),
        (
            "--alpha weight --ignore 7",
            1,
            "a.png: samples cannot be left out as missing and weighted by alpha at once; copy, filter or drop alpha, with --alpha copy, filter or drop",
        ),
        (
            "--alpha weight --engine fft",
            1,
            "a.png: the fft engine cannot run here: colours are weighted by alpha, which only direct and separable do; use another engine, or auto",
        ),
    ] {
        room.run(&format!("a.png -k gaussian3 {flags} -o no.png"))
            .unclipped()
            .says(code, &[line]);
        assert!(!room.path("no.png").exists());
    }
}

#[test]
fn explain_says_what_becomes_of_alpha() {
    let room = Room::new();
    room.write("a.png", &mixed(4));
    room.write("b.png", &mixed(3));
    for (flags, name, line) in [
        (
            "",
            "copy",
            "alpha     copy: from the pixel under the anchor; colours are filtered as if there were none",
        ),
        (
            "--photo",
            "weight",
            "alpha     weight: the sum of weights x alpha is the new alpha, and that of weights x alpha x colour is divided by it; bands of opaque pixels are filtered as they are, which gives the same",
        ),
        (
            "--photo -k sobel",
            "weight",
            "alpha     weight: the weights sum to 0, so that the alpha of the pixel under the anchor is copied; bands of opaque pixels are filtered as they are, which gives the same",
        ),
        (
            "--alpha filter",
            "filter",
            "alpha     filter: like the other channels",
        ),
        (
            "--alpha drop",
            "drop",
            "alpha     drop: the result has none",
        ),
    ] {
        let kernel = if flags.contains("-k") {
            ""
        } else {
            "-k gaussian3"
        };
        let run = room.run(&format!("a.png {kernel} {flags} --explain"));
        assert!(
            run.text().lines().any(|l| l == line),
            "{flags}: {}",
            run.text()
        );
        let run = room.run(&format!("a.png {kernel} {flags} --explain --json"));
        let object: Value = serde_json::from_str(run.text().trim()).unwrap();
        assert_eq!(object["alpha"]["alpha"], name);
    }
    let run = room.run("b.png -k gaussian3 --photo --explain");
    assert!(!run.text().contains("\nalpha"));
    let _ = KernelBank::builtin("sobel").unwrap();
}

/// Pictures that are read by rows, and whole, and several bands of opaque and transparent pixels.
#[test]
fn streamed_results_are_those_of_whole_images() {
    let room = Room::new();
    let (rows, columns) = (900, 300);
    let pixels = (0..rows * columns).flat_map(|at| {
        let alpha = match at / columns / 200 % 3 {
            0 => 255,
            1 => 0,
            _ => (at % 256) as u8,
        };
        [(at % 251) as u8, (at % 241) as u8, (at % 199) as u8, alpha]
    });
    let image = Image::new(rows, columns, 4, Samples::U8(pixels.collect())).unwrap();
    room.write("a.png", &image);
    for kernel in ["gaussian5", "sharpen", "sobel", "disk3"] {
        for (channel, pad) in [(Channel::Each, "reflect"), (Channel::Luma, "wrap")] {
            let wanted = filter(kernel)
                .with_channel(channel)
                .with_alpha(Alpha::Weight)
                .with_extent(pad.parse::<stridekern::Extent>().unwrap())
                .apply(&image)
                .unwrap();
            for threads in [1, 2] {
                room.run(&format!("a.png -k {kernel} --channel {channel} --alpha weight --pad {pad} -j {threads} -o b.png --overwrite")).unclipped().silent();
                assert!(
                    room.read("b.png") == wanted,
                    "{kernel} {channel} {pad} {threads}"
                );
            }
        }
    }
}

/// A TIFF file whose colours are multiplied by alpha.
fn write_premultiplied(room: &Room, name: &str, image: &Image) {
    let metadata = Metadata {
        premultiplied: true,
        ..Metadata::default()
    };
    let (encode, replace) = (EncodeOptions::default(), Overwrite::Replace);
    let path = room.path(name);
    codec::write(&path, image, Format::Tiff, &metadata, &encode, replace).unwrap();
}

fn is_premultiplied(room: &Room, name: &str) -> bool {
    let limits = Limits::default();
    let decoded = codec::read(&room.path(name), &limits).unwrap();
    decoded.metadata.premultiplied
}

fn pixels(image: &Image) -> Vec<[u8; 4]> {
    let Samples::U8(samples) = image.samples() else {
        panic!("8 bits stay 8 bits")
    };
    samples.as_chunks::<4>().0.to_vec()
}

#[test]
fn colours_are_multiplied_by_alpha_where_the_format_says_so() {
    let room = Room::new();
    let samples = [128_u8, 64, 0, 128, 255, 9, 0, 255, 0, 0, 0, 0, 3, 2, 1, 3].repeat(6);
    let stored = Image::new(4, 6, 4, Samples::U8(samples.into())).unwrap();
    let straight = [
        [255, 128, 0, 128],
        [255, 9, 0, 255],
        [0, 0, 0, 0],
        [255, 170, 85, 3],
    ];
    write_premultiplied(&room, "a.tif", &stored);
    let line = |input: &str, flags: &str, output: &str| {
        let line = format!(
            "{input} -k identity --channel each --pad edge {flags} -o {output} --overwrite"
        );
        room.run(&line).unclipped().unhidden().silent();
    };
    for format in ["png", "webp", "bmp", "qoi", "tga", "pam"] {
        for flags in ["", "--alpha copy", "--alpha weight", "--alpha filter"] {
            line("a.tif", flags, &format!("b.{format}"));
            let found = pixels(&room.read(format!("b.{format}")));
            assert_eq!(found[..4], straight, "{format} {flags}");
        }
    }
    line("a.tif", "--alpha drop", "rgb.png");
    let Samples::U8(rgb) = room.read("rgb.png").samples().clone() else {
        panic!("8 bits stay 8 bits")
    };
    assert_eq!(rgb[..6], [255, 128, 0, 255, 9, 0]);
    // A TIFF file says that they are multiplied, and stays so.
    for flags in ["", "--alpha weight", "--alpha filter"] {
        line("a.tif", flags, "b.tif");
        assert!(is_premultiplied(&room, "b.tif"), "{flags}");
        assert_eq!(pixels(&room.read("b.tif")), pixels(&stored), "{flags}");
    }
    line("b.png", "", "c.tif");
    assert!(!is_premultiplied(&room, "c.tif"));
    // Those of OpenEXR are.
    line("b.png", "--depth f32", "d.exr");
    let Samples::F32(floats) = room.read("d.exr").samples().clone() else {
        panic!("OpenEXR has floats")
    };
    let half = 128.0_f32 / 255.0;
    let wanted = [half, (f64::from(half) * f64::from(half)) as f32, 0.0, half];
    let far = floats.iter().zip(wanted).map(|(a, b)| (a - b).abs());
    assert!(far.fold(0.0, f32::max) < 1e-7, "{:?}", &floats[..4]);
    for flags in ["", "--alpha weight"] {
        line("d.exr", &format!("{flags} --depth 8"), "e.png");
        assert_eq!(pixels(&room.read("e.png")), pixels(&room.read("b.png")));
        line("d.exr", flags, "e.exr");
        assert!(room.read("e.exr") == room.read("d.exr"), "{flags}");
    }
    line("d.exr", "", "e.tif");
    assert!(is_premultiplied(&room, "e.tif"));
}

#[test]
fn weighted_colours_that_are_multiplied_by_alpha_already() {
    let room = Room::new();
    let half = pixels(&square()).into_iter();
    let half = half.flat_map(|[red, _, _, alpha]| [red / 2, 0, 0, alpha / 2]);
    let image = Image::new(12, 14, 4, Samples::U8(half.collect())).unwrap();
    write_premultiplied(&room, "a.tif", &image);
    for kernel in ["gaussian5", "sharpen", "disk3"] {
        for format in ["png", "tif"] {
            let output = format!("b.{format}");
            room.run(&format!(
                "a.tif -k {kernel} --photo -o {output} --overwrite"
            ))
            .unclipped()
            .silent();
            let [mut full, mut clear] = [0, 0];
            for [red, green, blue, alpha] in pixels(&room.read(&output)) {
                let wanted = if format == "png" { 255 } else { alpha };
                assert!(
                    red == wanted || alpha == 0,
                    "{kernel} {format}: {red} {alpha}"
                );
                assert_eq!([green, blue], [0, 0]);
                full += usize::from(alpha > 50);
                clear += usize::from(alpha == 0);
            }
            assert!(full >= 9 && clear > 9, "{kernel} {full} {clear}");
        }
    }
}

/// GIF has no half-transparent pixels.
#[test]
fn gif_cuts_alpha_at_half() {
    let room = Room::new();
    let alphas = [0, 1, 127, 128, 254, 255];
    let samples = alphas.iter().flat_map(|&alpha| [9, 80, 200, alpha]);
    let image = Image::new(1, 6, 4, Samples::U8(samples.collect())).unwrap();
    room.write("soft.png", &image);
    room.run("soft.png -k identity --photo -o o.gif").says(
        0,
        &["o.gif: warning: gif holds 256 colours, each opaque or not at all: the picture was reduced to that"],
    );
    let found = pixels(&room.read("o.gif"));
    let found = Vec::from_iter(found.iter().map(|pixel| pixel[3]));
    assert_eq!(found, [0, 0, 0, 255, 255, 255]);
}
