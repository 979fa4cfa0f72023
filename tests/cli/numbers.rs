//! Numbers that other programs get wrong, or that are easily got wrong: each with its exact value.

use stridekern::{Depth, Image, KernelBank, Samples};

use crate::{
    Room,
    common::{float_bound, round_exactly},
    picture,
};

const ENGINES: [&str; 5] = ["auto", "naive", "direct", "separable", "fft"];

fn row(samples: impl Into<Samples>) -> Image {
    let samples = samples.into();
    Image::new(1, samples.len(), 1, samples).unwrap()
}

fn floats(room: &Room, name: &str) -> Vec<f32> {
    match room.read(name).into_samples() {
        Samples::F32(samples) => samples.to_vec(),
        other => panic!("{:?}", other.depth()),
    }
}

/// The file of a kernel, every weight as the shortest decimal that reads back as it.
fn kernel_file(room: &Room, name: &str, weights: &[f64], columns: usize) {
    let rows: Vec<String> = (weights.chunks(columns))
        .map(|row| format!("{row:?}"))
        .collect();
    room.text(name, &format!("weights = [{}]", rows.join(", ")));
}

/// Metres above the sea through a kernel whose weights add up to 0.
#[test]
fn floats_beyond_1_keep_the_bound_that_grows_with_them() {
    let room = Room::new();
    let everest = 8848.86_f32;
    let flat = Samples::F32(vec![everest; 64 * 64].into());
    room.write("flat.npy", &Image::new(64, 64, 1, flat).unwrap());
    let log9 = KernelBank::builtin("log9").unwrap();
    let promised = float_bound(81, everest.into(), log9.kernels()[0].abs_sum());
    for engine in ENGINES {
        let line = "flat.npy -k log9 -o r.npy --overwrite --engine";
        room.run(&format!("{line} {engine}")).silent();
        let found = floats(&room, "r.npy");
        assert_eq!(found.len(), 56 * 56);
        for response in found {
            // 0 is right; most roundings cancel.
            let error = f64::from(response.abs());
            assert!(error <= 1.0 && error <= promised, "{engine}: {response}");
        }
    }
}

/// 64 x 64 floats up to 255 through a kernel of 7 x 7 weights of both signs, beside sums in f64.
#[test]
fn floats_of_bytes_keep_the_bound_under_weights_of_both_signs() {
    let room = Room::new();
    let sample = |at: usize| ((at * at * 7919 + at * 104_729) % 255_001) as f32 / 1000.0;
    let samples: Vec<f32> = (0..64 * 64).map(sample).collect();
    room.write(
        "f.npy",
        &Image::new(64, 64, 1, Samples::F32(samples.clone().into())).unwrap(),
    );
    let weights: Vec<f64> = (0..49)
        .map(|i| (f64::from(i * i) * 0.7).sin() * 1.5)
        .collect();
    kernel_file(&room, "w.toml", &weights, 7);
    let promised = float_bound(49, 255.0, weights.iter().map(|w| w.abs()).sum());
    assert!(promised < 0.04, "{promised}");
    // No separable kernel.
    for engine in ["auto", "naive", "direct", "fft"] {
        let line = format!("f.npy -k w.toml -o r.npy --overwrite --engine {engine}");
        room.run(&line).silent();
        for (at, found) in floats(&room, "r.npy").into_iter().enumerate() {
            let (y, x) = (at / 58, at % 58);
            let taps = (0..49)
                .map(|tap| weights[tap] * f64::from(samples[(y + tap / 7) * 64 + x + tap % 7]));
            let error = (f64::from(found) - taps.sum::<f64>()).abs();
            assert!(error <= promised, "{engine} {at}: {error}");
        }
    }
}

#[test]
fn floats_of_any_magnitude_take_the_transform() {
    let room = Room::new();
    let weights: Vec<f64> = (0..31 * 31).map(|i| f64::from(i * i).sin()).collect();
    kernel_file(&room, "w.toml", &weights, 31);
    for largest in [1.0, 255.0, 1e4, 1e30] {
        let samples = (0..300 * 300).map(|at| (at as f32 * 0.7).sin().abs() * largest);
        let image = Image::new(300, 300, 1, Samples::F32(samples.collect())).unwrap();
        room.write("f.npy", &image);
        let explained = room.run("f.npy -k w.toml --explain --json").json();
        assert_eq!(explained[0]["method"], "fft", "{largest}");
    }
}

#[test]
fn small_differences_of_16_bit_samples_are_rounded_once() {
    let room = Room::new();
    room.write("w.npy", &row(vec![40000_u16, 40000, 39999]));
    room.text("w.toml", "weights = [[1000.3, -1000.3]]");
    for engine in ENGINES {
        let line = format!("w.npy -k w.toml -o r.npy --overwrite --engine {engine}");
        room.run(&line).silent();
        // 1000.3.
        assert_eq!(room.read("r.npy"), row(vec![0_u16, 1000]), "{engine}");
    }
}

/// A relief: the pixel less the one below it to the left, and mid-gray.
#[test]
fn emboss_pillow_has_every_gray_level_and_looks_down_to_the_left() {
    let room = Room::new();
    let image = picture(40, 50, 1, Depth::U8);
    room.write("b.png", &image);
    let Samples::U8(samples) = image.into_samples() else {
        panic!("bytes were asked for");
    };
    let differences = (1..39).flat_map(|y| (1..49).map(move |x| [y, x]));
    let differences: Vec<i32> = differences
        .map(|[y, x]| i32::from(samples[y * 50 + x]) - i32::from(samples[(y + 1) * 50 + x - 1]))
        .collect();
    // No separable kernel.
    for engine in ["auto", "naive", "direct", "fft"] {
        let line = format!("b.png -k emboss_pillow --overwrite --engine {engine}");
        room.run(&format!("{line} -o r.png")).silent();
        let wanted = differences.iter().map(|d| (128 + d).clamp(0, 255) as u8);
        let wanted = Image::new(38, 48, 1, Samples::U8(wanted.collect())).unwrap();
        assert_eq!(room.read("r.png"), wanted, "{engine}");
        room.run(&format!("{line} -o r.png --depth 16")).silent();
        let wanted = differences
            .iter()
            .map(|d| ((128 + d) * 257).clamp(0, 65535) as u16);
        let wanted = Image::new(38, 48, 1, Samples::U16(wanted.collect())).unwrap();
        assert_eq!(room.read("r.png"), wanted, "{engine}");
    }
    let shown = room.run("--show-kernel emboss_pillow").text();
    let rows: Vec<&str> = shown
        .lines()
        .filter(|line| line.starts_with("    ["))
        .collect();
    assert_eq!(
        rows,
        [
            "    [ 0,  0,  0],",
            "    [ 0,  1,  0],",
            "    [-1,  0,  0],"
        ]
    );
}

/// A bias of 0.5 is a whole number of samples: of the input's type, halves up.
#[test]
fn mid_gray_is_a_sample_of_every_integer_type() {
    let room = Room::new();
    room.text("half.toml", "weights = [[-1, 1]]\nbias = 0.5");
    for (image, wanted) in [
        (row(vec![7_u8, 7, 8]), row(vec![128_u8, 129])),
        (row(vec![7_u16, 7, 8]), row(vec![32768_u16, 32769])),
        (
            row(vec![7_u32, 7, 8]),
            row(vec![1_u32 << 31, (1 << 31) + 1]),
        ),
        (row(vec![7_i8, 7, 8]), row(vec![64_i8, 65])),
        (row(vec![7_i16, 7, 8]), row(vec![16384_i16, 16385])),
        (
            row(vec![7_i32, 7, 8]),
            row(vec![1_i32 << 30, (1 << 30) + 1]),
        ),
        (row(vec![7_f32, 7.0, 8.0]), row(vec![0.5_f32, 1.5])),
        (row(vec![7_f64, 7.0, 8.0]), row(vec![0.5_f64, 1.5])),
    ] {
        room.write("a.npy", &image);
        room.run("a.npy -k half.toml -o r.npy --overwrite").silent();
        assert_eq!(room.read("r.npy"), wanted, "{}", image.depth());
    }
}

/// A binomial over 256 whose weights are written as floats of up to eight digits: the sums are
/// quotients of integers, of which ties go to even.
#[test]
fn binomial_weights_written_as_floats_are_exact() {
    let room = Room::new();
    let binomial = [1, 4, 6, 4, 1];
    let weights: Vec<i128> = (0..25).map(|i| binomial[i / 5] * binomial[i % 5]).collect();
    let fractions: Vec<f64> = weights.iter().map(|&w| w as f64 / 256.0).collect();
    kernel_file(&room, "b.toml", &fractions, 5);
    for depth in [Depth::U8, Depth::U16] {
        let image = picture(40, 50, 1, depth);
        room.write("b.png", &image);
        let samples: Vec<i128> = match image.into_samples() {
            Samples::U8(samples) => samples.iter().map(|&s| s.into()).collect(),
            Samples::U16(samples) => samples.iter().map(|&s| s.into()).collect(),
            other => panic!("{:?}", other.depth()),
        };
        let sums = (0..36)
            .flat_map(|y| (0..46).map(move |x| [y, x]))
            .map(|[y, x]| {
                let taps = weights.iter().enumerate();
                let sum: i128 = taps
                    .map(|(tap, weight)| weight * samples[(y + tap / 5) * 50 + x + tap % 5])
                    .sum();
                sum
            });
        let sums: Vec<i128> = sums.collect();
        assert!(sums.iter().any(|sum| sum % 256 == 128), "there are ties");
        let rounded = sums.iter().map(|&sum| round_exactly(sum, 256, 65535));
        let wanted: Samples = match depth {
            Depth::U8 => rounded.map(|s| s as u8).collect::<Vec<_>>().into(),
            _ => rounded.map(|s| s as u16).collect::<Vec<_>>().into(),
        };
        let wanted = Image::new(36, 46, 1, wanted).unwrap();
        for engine in ENGINES {
            let line = format!("b.png -k b.toml -o r.png --overwrite --engine {engine}");
            room.run(&line).silent();
            assert_eq!(room.read("r.png"), wanted, "{engine}");
        }
    }
}

/// One step of red is 0.2126 of luma, which as a whole sample is none, and of 7 steps 1.4882 and not 1.
#[test]
fn luma_is_not_rounded_where_the_result_is_float() {
    let room = Room::new();
    let pixels = [[10_u8, 20, 30], [11, 20, 30], [18, 20, 30], [18, 20, 31]];
    let image = Image::new(1, 4, 3, Samples::U8(pixels.concat().into())).unwrap();
    room.write("c.png", &image);
    room.text("d.toml", "weights = [[-1, 1]]");
    for (engine, tolerance) in [
        ("naive", 0.0),
        ("direct", 0.0),
        ("separable", 0.0),
        ("fft", 1e-4),
    ] {
        let line = format!("c.png -k d.toml --map float -o r.npy --overwrite --engine {engine}");
        room.run(&line).silent();
        let found = floats(&room, "r.npy");
        assert_eq!(found.len(), 3);
        for (found, wanted) in found.iter().zip([0.2126, 1.4882, 0.0722]) {
            assert!(
                (found - wanted).abs() <= tolerance,
                "{engine}: {found}, not {wanted}"
            );
        }
    }
    // Luma of 18.596, 18.8086, 20.2968 and 20.369 as samples.
    room.run("c.png -k d.toml -o r.png --overwrite").silent();
    assert_eq!(room.read("r.png"), row(vec![0_u8, 1, 0]));
}

/// The range that is told, of every type: no digits that are none of its ends.
#[test]
fn what_floats_are_clipped_to_is_told_as_it_is() {
    let room = Room::new();
    room.write("f.npy", &row(vec![-1e30_f64, 2.0, 1e30]));
    room.text("one.toml", "weights = [[1]]");
    for (name, limits) in [
        ("u8", "0..255"),
        ("i8", "-128..127"),
        ("u16", "0..65535"),
        ("i16", "-32768..32767"),
        ("u32", "0..4294967295"),
        ("i32", "-2147483648..2147483647"),
        ("u64", "0..1.8446744073709552e19"),
        ("i64", "-9.223372036854776e18..9.223372036854776e18"),
    ] {
        let said = format!(
            "r.npy: warning: responses from -1e30 to 1e30 were clipped to {limits}: 66.7 % of the samples; \
             --map stretch keeps them"
        );
        room.run(&format!(
            "f.npy -k one.toml -o r.npy --overwrite --depth {name}"
        ))
        .says(0, &[&said]);
    }
}

/// (L + 3) u sum|w| / |divisor|, of 3 x 3 taps: 9 products and sums, and the last addition.
#[test]
fn explain_tells_the_largest_error_of_float_results() {
    let room = Room::new();
    room.text(
        "w.toml",
        "weights = [[0.3, 0.3, 0.3], [0.3, -0.7, 0.3], [0.3, 0.3, 0.1]]\ndivisor = 2",
    );
    for (name, samples, bound) in [
        (
            "f.npy",
            Samples::F32(vec![1.0; 90].into()),
            Some(13.0 * 2_f64.powi(-24) * 2.9 / 2.0),
        ),
        (
            "d.npy",
            Samples::F64(vec![1.0; 90].into()),
            Some(13.0 * 2_f64.powi(-53) * 2.9 / 2.0),
        ),
        ("u.npy", Samples::U8(vec![1; 90].into()), None),
    ] {
        room.write(name, &Image::new(9, 10, 1, samples).unwrap());
        let line = format!("{name} -k w.toml --engine direct --explain");
        let objects = room.run(&format!("{line} --json")).json();
        let told = objects[0]["error"]["bound"].as_f64();
        let is_near = |(told, bound): (f64, f64)| (told / bound - 1.0).abs() < 1e-12;
        assert_eq!(told.is_some(), bound.is_some(), "{objects:?}");
        assert!(told.zip(bound).is_none_or(is_near), "{told:?} {bound:?}");
        let text = room.run(&line).text();
        assert_eq!(
            text.contains("responses differ from exact ones by less than"),
            bound.is_some()
        );
    }
}
