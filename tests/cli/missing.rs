//! Missing samples: by value, by the file's own no-data value, by a mask; what is told of them,
//! and what is refused.

use serde_json::json;
use stridekern::{
    Depth, Image, ImageView, Samples,
    codec::{self, Limits},
};

use crate::{Room, picture};

const NAN: f32 = f32::NAN;

/// A TIFF file of one row of 32-bit floats, with GDAL's no-data value if there is one.
fn tiff(samples: &[f32], no_data: Option<&str>) -> Vec<u8> {
    let text = no_data.map(|text| format!("{text}\0"));
    let text = text.unwrap_or_default().into_bytes();
    let count = samples.len() as u32;
    let strip = 8_u32;
    let place = strip + 4 * count;
    // Tag, type, count, value or place of it.
    let mut entries = vec![
        (256, 4, 1, count),
        (257, 4, 1, 1),
        (258, 3, 1, 32),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, strip),
        (277, 3, 1, 1),
        (278, 4, 1, 1),
        (279, 4, 1, 4 * count),
        (339, 3, 1, 3),
    ];
    if !text.is_empty() {
        assert!(text.len() > 4);
        entries.push((42_113, 2, text.len() as u32, place));
    }
    let directory = (place + text.len() as u32).next_multiple_of(2);
    let mut file = b"II*\0".to_vec();
    file.extend(directory.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    file.extend(text);
    file.resize(directory as usize, 0);
    file.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        file.extend(u16::to_le_bytes(tag));
        file.extend(u16::to_le_bytes(kind));
        file.extend(u32::to_le_bytes(count));
        file.extend(u32::to_le_bytes(value));
    }
    file.extend([0; 4]);
    file
}

fn row(room: &Room, name: &str, samples: &[f32]) {
    let samples = Samples::F32(samples.to_vec().into());
    room.write(name, &Image::new(1, samples.len(), 1, samples).unwrap());
}

fn numbers(room: &Room, name: &str) -> Vec<f64> {
    ImageView::from(&room.read(name)).numbers().collect()
}

/// Equal, NaN to NaN.
fn assert_same(made: &[f64], wanted: &[f64]) {
    let same = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
    let all = made.iter().zip(wanted).all(same);
    assert!(all && made.len() == wanted.len(), "{made:?} {wanted:?}");
}

/// A row, and its mean of three with NaN left out.
const ROW: [f32; 9] = [1.0, 4.0, NAN, 5.0, NAN, NAN, NAN, 2.0, 8.0];
const MEANS: [f64; 9] = [2.0, 2.5, 4.5, 5.0, 5.0, f64::NAN, 2.0, 5.0, 6.0];

fn room() -> Room {
    let room = Room::new();
    room.text("mean.toml", "weights = [[1, 1, 1]]\ndivisor = 3");
    room
}

#[test]
fn nan_values_and_no_data_are_left_out() {
    let room = room();
    let with = |missing: f32| ROW.map(|n| if n.is_nan() { missing } else { n });
    row(&room, "nan.npy", &ROW);
    row(&room, "value.npy", &with(-9999.0));
    std::fs::write(
        room.path("nodata.tif"),
        tiff(&with(-9999.0), Some("-9999 ")),
    )
    .unwrap();
    std::fs::write(room.path("nan.tif"), tiff(&ROW, Some("nan "))).unwrap();
    for (input, ignore, filled) in [
        ("nan.npy", "nan", f64::NAN),
        ("nan.npy", "NaN", f64::NAN),
        ("value.npy", "-9999", -9999.0),
        ("value.npy", "-9.999e3", -9999.0),
        ("nodata.tif", "-9999", -9999.0),
        ("nodata.tif", "nodata", -9999.0),
        ("nan.tif", "nodata", f64::NAN),
    ] {
        let line = format!("{input} -k mean.toml --pad edge --ignore {ignore} --overwrite");
        let shown = if filled.is_nan() { "nan" } else { "-9999" };
        let told = format!("1 sample of the result is {shown}: no weight lies on a present sample");
        let wanted = MEANS.map(|n| if n.is_nan() { filled } else { n });
        for output in ["o.npy", "o.tif"] {
            let line = format!("{line} -f {} -o {output}", &output[2..]);
            room.run(&line)
                .says(0, &[&format!("{output}: warning: {told}")]);
            assert_same(&numbers(&room, output), &wanted);
            let object = room.run(&format!("{line} --json")).json().remove(0);
            assert_eq!(
                (&object["missing"], &object["warnings"]),
                (&json!(1), &json!([{ "kind": "missing", "text": told }]))
            );
            room.run(&format!("{line} -q")).silent();
        }
        // The result has the no-data value that it was given.
        let read = codec::read(&room.path("o.tif"), &Limits::default()).unwrap();
        assert_eq!(read.metadata.no_data.as_deref(), Some(shown));
    }
    room.run("nan.npy -k mean.toml -o o.tif -f tif --pad edge --overwrite")
        .silent();
    let read = codec::read(&room.path("o.tif"), &Limits::default()).unwrap();
    assert_eq!(read.metadata.no_data, None);
}

#[test]
fn a_border_of_nan_is_missing() {
    let room = room();
    row(&room, "nan.npy", &[6.0, 3.0, 1.0]);
    room.run("nan.npy -k mean.toml --pad constant:nan --ignore nan -o o.npy")
        .silent();
    assert_eq!(
        numbers(&room, "o.npy"),
        [4.5, f64::from(10.0_f32 / 3.0), 2.0]
    );
    room.run("nan.npy -k mean.toml --pad constant:nan -o o.npy --overwrite")
        .silent();
    assert!(numbers(&room, "o.npy")[0].is_nan());
}

/// By rows, whole, and mapped; with masks of several formats and channels.
#[test]
fn masks_are_nonzero_where_samples_are_missing() {
    let room = room();
    let bytes = Samples::U8(vec![10, 20, 30, 40, 50, 60].into());
    room.write("b.png", &Image::new(2, 3, 1, bytes).unwrap());
    let marks = [0, 1, 0, 1, 1, 1];
    let mask = |samples: Samples| Image::new(2, 3, 1, samples).unwrap();
    room.write(
        "m.png",
        &mask(Samples::U8(marks.map(|m| m * 7).to_vec().into())),
    );
    room.write(
        "m.pgm",
        &mask(Samples::U8(marks.map(|m| m * 255).to_vec().into())),
    );
    let bools = marks.map(|m| stridekern::image::Bool::from(m != 0));
    room.write("m.npy", &mask(Samples::Bool(bools.to_vec().into())));
    let floats = marks.map(|m| if m == 0 { 0.0 } else { NAN });
    room.write("f.npy", &mask(Samples::F32(floats.to_vec().into())));
    let told = "o.png: warning: 3 samples of the result are 0: no weight lies on a present sample";
    for mask in ["m.png", "m.pgm", "m.npy", "f.npy"] {
        for pad in ["edge", "wrap"] {
            let line = format!("b.png -k mean.toml --pad y={pad},x=edge --mask {mask}");
            room.run(&format!("{line} -o o.png --overwrite"))
                .says(0, &[told]);
            assert_eq!(numbers(&room, "o.png"), [10.0, 20.0, 30.0, 0.0, 0.0, 0.0]);
            room.run(&format!("{line} --map float -f npy -o o.npy --overwrite"))
                .says(
                    0,
                    &[&told.replace("o.png", "o.npy").replace("are 0", "are nan")],
                );
            assert_same(
                &numbers(&room, "o.npy"),
                &[10.0, 20.0, 30.0, f64::NAN, f64::NAN, f64::NAN],
            );
        }
    }
    // Either says what is missing, and a value is what a missing window gives.
    room.run("b.png -k mean.toml --pad edge --mask m.png --ignore 10 -o o.png --overwrite -q")
        .silent();
    assert_eq!(
        numbers(&room, "o.png"),
        [10.0, 30.0, 30.0, 10.0, 10.0, 10.0]
    );
}

#[test]
fn a_share_may_be_asked_for() {
    let room = room();
    row(&room, "nan.npy", &ROW);
    room.run("nan.npy -k mean.toml --pad edge --ignore nan --min-share 0.5 -o o.npy").says(
        0,
        &["o.npy: warning: 4 samples of the result are nan: less than a share of 0.5 of the weight lies on present samples"],
    );
    let nan = f64::NAN;
    assert_same(
        &numbers(&room, "o.npy"),
        &[2.0, 2.5, 4.5, nan, nan, nan, nan, 5.0, 6.0],
    );
    room.run("nan.npy -k mean.toml --pad edge --ignore nan --depth 8 -o o.png").says(
        0,
        &[
            "o.png: warning: 1 sample of the result is 0: no weight lies on a present sample",
            "o.png: warning: responses from 2 to 6 were clipped to 0..1, full scale: 88.9 % of the samples; --map stretch keeps them",
        ],
    );
}

/// A picture of many chunks by rows is what the library makes of it whole.
#[test]
fn rows_and_masks_keep_step() {
    let room = Room::new();
    let image = picture(1500, 1600, 1, Depth::U8);
    let mask = picture(1500, 1600, 1, Depth::U8);
    let Samples::U8(marks) = mask.samples() else {
        unreachable!()
    };
    let marks: Vec<u8> = (0..)
        .zip(marks.iter())
        .map(|(at, m)| u8::from((u32::from(*m) + at) % 7 == 0))
        .collect();
    let mask = Image::new(1500, 1600, 1, Samples::U8(marks.into())).unwrap();
    room.write("a.pgm", &image);
    room.write("m.pgm", &mask);
    let missing = stridekern::Missing::mask(stridekern::Mask::new(&mask).unwrap());
    for (pad, flow) in [("reflect", "streamed"), ("wrap", "whole")] {
        let line = format!("a.pgm -k gaussian7 -k laplacian4 --pad {pad} --mask m.pgm --overwrite");
        let explained = room.run(&format!("{line} --explain --json")).json();
        assert_eq!(explained[0]["pipeline"]["flow"], flow);
        room.run(&format!("{line} -q")).silent();
        for kernel in ["gaussian7", "laplacian4"] {
            let wanted = crate::filter(kernel)
                .with_extent(pad.parse::<stridekern::Extent>().unwrap())
                .ignoring(missing.clone());
            let made = room.read(format!("a.{kernel}.{pad}.pgm"));
            assert!(made == wanted.apply(&image).unwrap(), "{kernel} {pad}");
        }
    }
}

#[test]
fn plans_tell_what_is_missing() {
    let room = room();
    row(&room, "nan.npy", &ROW);
    let line = "nan.npy -k mean.toml --pad edge --ignore nan";
    let text = room.run(&format!("{line} --explain")).text();
    let found = text.lines().find(|line| line.starts_with("missing"));
    let reason = "nan: each counts as the mean of the present samples in its window, weighted by the absolute weights; windows with no weight on present samples give nan";
    assert_eq!(found, Some(&*format!("missing   {reason}")));
    let object = room
        .run(&format!("{line} --explain --json"))
        .json()
        .remove(0);
    assert_eq!(object["missing"], json!(reason));
    assert_eq!(
        object["lane"]["reason"],
        "samples are missing, and the sums are divided"
    );
    let planned = room.run(&format!("{line} --dry-run")).text();
    assert!(planned.trim_end().ends_with(", ignoring nan"), "{planned}");
    let object = room
        .run(&format!("{line} --dry-run --json"))
        .json()
        .remove(0);
    let plan = object["plan"].as_str().unwrap();
    assert!(plan.ends_with(", ignoring nan"), "{plan}");
    // Integers are never NaN.
    for flag in ["-o o.png", "--dry-run"] {
        room.run(&format!("a.png -k box3 --ignore nan {flag} --overwrite"))
            .says(
                0,
                &["a.png: warning: 8-bit samples are never nan: none is missing"],
            );
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let room = room();
    row(&room, "nan.npy", &ROW);
    std::fs::write(room.path("plain.tif"), tiff(&ROW, None)).unwrap();
    std::fs::write(room.path("odd.tif"), tiff(&ROW, Some("none"))).unwrap();
    room.write("small.png", &picture(12, 20, 3, Depth::U8));
    room.text("broken.png", "no picture");
    let before = room.names();
    let no_data = "name the value that is missing, with --ignore VALUE";
    for (line, code, message) in [
        ("a.png -k box3 --ignore none", 2, "`none` is no --ignore: give nan, nodata or one number, such as -9999".to_owned()),
        ("a.png -k box3 --ignore 1e999", 2, "`1e999` is no --ignore: give nan, nodata or one number, such as -9999".to_owned()),
        ("a.png -k box3 --min-share 0.5", 2, "--min-share goes with --ignore or --mask; give one of them".to_owned()),
        ("a.png -k box3 --ignore 0 --min-share 2", 2, "invalid value '2' for '--min-share <SHARE>': give a number from 0 to 1, such as 0.5; see stridekern --help".to_owned()),
        ("a.png -k box3 --mask none.png", 2, "none.png: there is no such file; name a mask of the size of the input".to_owned()),
        ("a.png -k box3 --ignore 9007199254740993", 2, "--ignore 9007199254740993 is a number that 64-bit floats do not hold; use one that they do".to_owned()),
        ("a.png -k box3 --mask -", 2, "--mask names a file, and standard input is an input; give the path of the mask".to_owned()),
        ("a.png -k box3 --ignore 256", 1, "a.png: no 8-bit sample is 256, so none is missing by it; use a whole number from 0 to 255".to_owned()),
        ("a.png -k box3 --ignore nodata", 1, format!("a.png: it has no no-data value (GDAL_NODATA, the tag 42113 of a TIFF file); {no_data}")),
        ("plain.tif -k mean.toml --ignore nodata", 1, format!("plain.tif: it has no no-data value (GDAL_NODATA, the tag 42113 of a TIFF file); {no_data}")),
        ("odd.tif -k mean.toml --ignore nodata", 1, format!("odd.tif: its no-data value `none` is no number; {no_data}")),
        ("nan.npy -k mean.toml --ignore -1 --depth 8 -f png", 1, "nan.npy: where no sample of a window is present, the result is -1, which is no 8-bit sample; use a result of the type of the image, or of floats: --depth same or f32".to_owned()),
        ("a.png -k box3 --mask small.png", 1, "a.png: the mask has 20 x 12 pixels of 3 channels, the image 20 x 13 of 1; use a mask of the size of the image, with 1 channel or as many".to_owned()),
        ("a.png -k box3 --ignore 3 --engine fft", 1, "a.png: the fft engine cannot run here: samples are missing, and near ties of integers need sums tap by tap; use another engine, or auto".to_owned()),
        ("nan.npy -k mean.toml --ignore nan --engine naive", 1, "nan.npy: the naive engine cannot run here: samples are missing, which only direct, separable and fft leave out; use another engine, or auto".to_owned()),
    ] {
        room.run(line).says(code, &[&message]);
    }
    let broken = room.run("a.png -k box3 --mask broken.png");
    assert_eq!(broken.code, Some(1));
    assert!(
        broken
            .err
            .starts_with("stridekern: a.png: the mask broken.png: "),
        "{}",
        broken.err
    );
    assert_eq!(room.names(), before);
}

/// A room with a TIFF file of which GDAL's no-data value is -9999.
fn room_of_no_data() -> Room {
    let room = room();
    let samples = ROW.map(|n| if n.is_nan() { -9999.0 } else { n });
    std::fs::write(room.path("nodata.tif"), tiff(&samples, Some("-9999"))).unwrap();
    room
}

/// What is missing is counted with a value that may be one of the image, so this is told.
#[test]
fn statistics_tell_what_missing_samples_count_as() {
    let room = room_of_no_data();
    let line = "nodata.tif -k mean.toml --pad edge --ignore nodata --stats -q -o s.tif --overwrite";
    let text = room.run(line).text();
    let heading = text.lines().next().unwrap();
    let told = "s.tif: (1 of the samples are missing, and count as -9999)";
    assert_eq!(heading, told, "{text}");
    let objects = room.run(&format!("{line} --json")).json();
    assert_eq!(objects[0]["missing"], 1);
    assert_eq!(objects[0]["missing_value"], -9999.0);
}

#[test]
fn a_no_data_value_that_is_filtered_is_told() {
    let room = room_of_no_data();
    let told = "nodata.tif: warning: the file says that samples of -9999 are missing: they were \
                filtered like others; --ignore nodata leaves them out";
    for line in [
        "nodata.tif -k mean.toml -o t.tif",
        "nodata.tif -k mean.toml -o u.tif --dry-run",
    ] {
        let ran = room.run(line);
        assert!(ran.err.contains(told), "{}", ran.err);
    }
}

#[test]
fn values_that_are_none_say_what_to_give() {
    let room = room_of_no_data();
    for (options, told) in [
        (
            "--ignore -9999,-32768",
            "`-9999,-32768` is no --ignore: give nan, nodata or one number, such as -9999",
        ),
        (
            "--ignore nan --min-share 50%",
            "invalid value '50%' for '--min-share <SHARE>': give a number from 0 to 1, such as 0.5",
        ),
    ] {
        let ran = room.run(&format!("nodata.tif -k mean.toml {options} -o t.tif"));
        assert!(ran.err.contains(told), "{}", ran.err);
        assert_eq!(ran.code, Some(2));
    }
}

/// A mask is read for every input: none may replace it.
#[test]
fn no_result_replaces_the_mask() {
    let room = room();
    room.write("a.png", &picture(6, 7, 1, Depth::U8));
    room.write("mask.png", &picture(6, 7, 1, Depth::U8));
    let before = std::fs::read(room.path("mask.png")).unwrap();
    for options in [
        "a.png -o mask.png --overwrite",
        "a.png mask.png --in-place",
        "a.png mask.png -f png -o . --overwrite --in-place",
        "a.png --pad edge -o mask.png --overwrite --dry-run",
    ] {
        let ran = room.run(&format!("{options} -k box3 --mask mask.png"));
        assert_eq!(ran.code, Some(2), "{options}: {}", ran.err);
        assert_eq!(
            std::fs::read(room.path("mask.png")).unwrap(),
            before,
            "{options}"
        );
    }
    let ran = room.run("a.png -k box3 --pad edge --mask mask.png -o mask.png --overwrite");
    assert!(ran.err.contains("mask.png"), "{}", ran.err);
}

/// 64-bit samples that are all present are spread as far as they go.
#[test]
fn masks_that_leave_nothing_out_keep_stretched_64_bit_samples() {
    let room = room();
    room.text("id.toml", "weights = [[1]]");
    let samples = Samples::U64(vec![0, 1, 2, 3, 4].into());
    room.write("a.npy", &Image::new(1, 5, 1, samples).unwrap());
    room.write(
        "m.npy",
        &Image::new(1, 5, 1, Samples::U8(vec![0; 5].into())).unwrap(),
    );
    room.run("a.npy -k id.toml --map stretch --mask m.npy -o b.npy")
        .silent();
    let full = 2_f64.powi(64);
    let wanted = [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| share * full);
    for (found, wanted) in numbers(&room, "b.npy").iter().zip(wanted) {
        assert!((found - wanted).abs() <= 1e-15 * full, "{found} {wanted}");
    }
}
