//! `--stats`: what is told of the samples of a result, where, and that it is true.

use std::path::Path;

use serde_json::{Value, json};
use stridekern::{Depth, Image, Samples, image::f16};

use crate::{
    Room, common, gray, picture,
    reports::{SCHEMA, conforms},
};

/// A room with a kernel that changes nothing, `one`.
fn room() -> Room {
    let room = Room::new();
    room.text("one.toml", "weights = [[1]]");
    room
}

/// A table as it is printed.
fn lines(text: &str) -> String {
    format!("{}\n", text.trim_matches('\n'))
}

#[test]
fn a_table_tells_of_a_result() {
    let room = room();
    room.write("b.png", &gray(2, 3, vec![1, 3, 5, 7, 7, 255]));
    let ran = room.run("b.png -k one.toml --stats -o o.png").silent();
    let table = "
o.png:
  samples    6
  minimum    1
  maximum    255
  mean       46.3333333
  deviation  93.3428567
  0.1 %      1
  1 %        1
  5 %        1
  25 %       3
  50 %       5
  75 %       7
  95 %       255
  99 %       255
  99.9 %     255
  histogram  |█              ▂|
";
    assert_eq!(ran.text(), lines(table));
    // Data that was asked for, not a message.
    let ran = room.run("b.png -k one.toml --stats -o o.png --overwrite -q");
    assert_eq!(ran.silent().text(), lines(table));
}

#[test]
fn channels_have_a_column_each() {
    let room = room();
    let pixels = [[0, 10, 200, 255], [20, 10, 201, 128]].concat();
    let image = Image::new(1, 2, 4, Samples::U8(pixels.into())).unwrap();
    room.write("c.png", &image);
    let ran = room.run("c.png -k one.toml --channel each --stats -o o.png");
    let text = ran.silent().text();
    let found: Vec<Vec<&str>> = text
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(found[0], ["red", "green", "blue", "alpha"]);
    assert_eq!(found[1], ["samples", "2", "2", "2", "2"]);
    assert_eq!(found[2], ["minimum", "0", "10", "200", "128"]);
    assert_eq!(found[3], ["maximum", "20", "10", "201", "255"]);
    assert_eq!(found[4], ["mean", "10", "10", "200.5", "191.5"]);
    assert_eq!(found[5], ["deviation", "10", "0", "0.5", "63.5"]);
    assert_eq!(found[10], ["50", "%", "0", "10", "200", "128"]);
}

#[test]
fn what_is_no_number_is_counted_apart() {
    let room = room();
    let samples = [
        f32::NAN,
        f32::INFINITY,
        -1.5,
        0.1,
        f32::NEG_INFINITY,
        f32::NAN,
        0.1,
        1e-30,
    ];
    let image = Image::new(2, 4, 1, Samples::F32(samples.to_vec().into())).unwrap();
    room.write("f.npy", &image);
    let ran = room.run("f.npy -k one.toml --stats -o o.npy");
    let table = "
o.npy:
  samples    8
  nan        2
  -inf       1
  inf        1
  minimum    -inf
  maximum    inf
  mean       -0.324999999
  deviation  0.679613861
  0.1 %      -inf
  1 %        -inf
  5 %        -inf
  25 %       -1.5
  50 %       1.00148e-30 ± 3.1e-33
  75 %       0.1
  95 %       inf
  99 %       inf
  99.9 %     inf
  histogram  |▄             ▄█|
";
    assert_eq!(ran.silent().text(), lines(table));
    room.write(
        "n.npy",
        &Image::new(1, 1, 1, Samples::F64(vec![f64::NAN].into())).unwrap(),
    );
    let ran = room.run("n.npy -k one.toml --stats -o p.npy").silent();
    let text = ran.text();
    let last: Vec<_> = text
        .lines()
        .skip(5)
        .map(|line| line.split_whitespace().next_back())
        .collect();
    assert_eq!(last, [Some("-"); 14]);
    let ran = room
        .run("n.npy -k one.toml --stats --json -o p.npy --overwrite")
        .silent();
    assert_eq!(
        ran.json()[0]["statistics"],
        json!([{
            "channel": "gray", "count": 1, "nan": 1, "negative_infinity": 0,
            "positive_infinity": 0, "quantiles": [],
            "histogram": { "edges": [], "counts": [] },
        }])
    );
}

#[test]
fn json_has_every_figure() {
    let room = room();
    let image = Image::new(1, 4, 1, Samples::U16(vec![10, 400, 10, 300].into())).unwrap();
    room.write("w.npy", &image);
    let ran = room
        .run("w.npy -k one.toml --stats --json -o o.npy")
        .silent();
    let objects = ran.json();
    assert_eq!(objects.len(), 1);
    let channel = &objects[0]["statistics"][0];
    for (key, value) in [
        ("channel", json!("gray")),
        ("count", json!(4)),
        ("nan", json!(0)),
        ("minimum", json!(10)),
        ("maximum", json!(400)),
        ("mean", json!(180.0)),
        ("deviation", json!(173.637_553_541_853_38)),
    ] {
        assert_eq!(channel[key], value, "{key}");
    }
    let quantiles = [0.1, 1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0, 99.9];
    let values = [10, 10, 10, 10, 10, 300, 400, 400, 400];
    let quantiles = quantiles.iter().zip(values);
    let quantiles = quantiles
        .map(|(percent, value)| json!({ "percent": percent, "value": value, "error": 0.0 }));
    assert_eq!(channel["quantiles"], quantiles.collect::<Value>());
    // 391 values in 256 parts.
    let edges: Vec<u64> = (0..=256)
        .map(|part| 10 + (part * 391_u64).div_ceil(256))
        .collect();
    assert_eq!(channel["histogram"]["edges"], json!(edges));
    let count = |from: u64| match from {
        10 => 2,
        edge if (edge == 300) || edge == 299 && !edges.contains(&300) => 1,
        edge if edge == 400 || edge == 399 && !edges.contains(&400) => 1,
        _ => 0,
    };
    let counts: Vec<u64> = edges[..256].iter().map(|&from| count(from)).collect();
    assert_eq!(counts.iter().sum::<u64>(), 4);
    assert_eq!(channel["histogram"]["counts"], json!(counts));
}

#[test]
fn json_follows_the_schema_for_every_type() {
    let room = room();
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let floats = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.25];
    let whole: Vec<Samples> = vec![
        Samples::U8(vec![0, 255].into()),
        Samples::U16(vec![0, u16::MAX].into()),
        Samples::U32(vec![0, u32::MAX].into()),
        Samples::U64(vec![0, 1 << 52].into()),
        Samples::I8(vec![-128, 127].into()),
        Samples::I16(vec![i16::MIN, 7].into()),
        Samples::I32(vec![i32::MIN, 7].into()),
        Samples::I64(vec![-(1 << 52), 7].into()),
        Samples::Bool(vec![false.into(), true.into()].into()),
        Samples::F16(floats.map(f16::from_f64).to_vec().into()),
        Samples::F32(floats.map(|v| v as f32).to_vec().into()),
        Samples::F64(floats.to_vec().into()),
    ];
    assert_eq!(whole.len(), Depth::ALL.len());
    for samples in whole {
        let (depth, count) = (samples.depth(), samples.len());
        room.write("t.npy", &Image::new(1, count, 1, samples).unwrap());
        let ran = room
            .run("t.npy -k one.toml --stats --json -o o.npy --overwrite")
            .silent();
        let objects = ran.json();
        conforms(&objects[0], &schema).unwrap();
        let channel = &objects[0]["statistics"][0];
        let (low, high) = (&channel["minimum"], &channel["maximum"]);
        match depth {
            Depth::F16 | Depth::F32 | Depth::F64 => {
                assert_eq!([low, high], [&json!("-inf"), &json!("inf")], "{depth}");
                assert_eq!(channel["mean"], json!(0.25), "{depth}");
            }
            Depth::U64 => assert_eq!(*high, json!(1_u64 << 52)),
            Depth::I64 => assert_eq!(*low, json!(-(1_i64 << 52))),
            _ => assert!(low.is_i64() && high.is_i64(), "{depth}"),
        }
        let text = room
            .run("t.npy -k one.toml --stats -o o.npy --overwrite")
            .silent()
            .text();
        assert_eq!(
            text.lines().count(),
            if depth.is_float() { 19 } else { 16 },
            "{depth}"
        );
    }
}

/// The table is where the image is not, and nowhere beside JSON.
#[test]
fn tables_go_to_the_stream_that_is_free() {
    let room = room();
    let table = room.run("a.png -k sobel --stats -o o.png").silent().text();
    let table = table.replace("o.png:\n", "-:\n");
    for quiet in ["", " -q"] {
        let ran = room.run(&format!("a.png -k sobel --stats -o -{quiet}"));
        assert_eq!((ran.code, &ran.err), (Some(0), &table));
        assert_eq!(ran.out, room.bytes("o.png"));
    }
    let ran = room.run("a.png -k sobel --stats --json -o p.png").silent();
    assert_eq!(ran.text().lines().count(), 1);
    // Of what is not made there is no table.
    let ran = room
        .run("a.png -k sobel --stats --skip-existing -o p.png")
        .unskipped()
        .silent();
    assert_eq!(ran.text(), "");
    for option in ["--dry-run", "--explain", "--bench"] {
        let ran = room.run(&format!("a.png -k sobel --stats {option}"));
        let clash = format!("the argument '--stats' cannot be used with '{option}'");
        ran.says(2, &[&format!("{clash}; see stridekern --help")]);
    }
    for alone in ["--list-kernels", "--show-kernel sobel"] {
        assert_eq!(room.run(&format!("{alone} --stats")).code, Some(2));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_table_that_is_lost_is_an_error() {
    let room = room();
    let full = std::fs::File::create("/dev/full").unwrap();
    let mut command = room.command();
    command
        .args("a.png -k sobel --stats -o o.png".split(' '))
        .stdout(full);
    crate::Ran::new(command.output().unwrap()).says(
        1,
        &["cannot write to standard output: No space left on device (os error 28)"],
    );
}

/// Jobs that run at the same time print whole tables.
#[test]
fn tables_of_several_results_are_whole() {
    let room = room();
    let names: Vec<String> = (0..24).map(|at| format!("{at}.png")).collect();
    for (at, name) in names.iter().enumerate() {
        room.write(name, &gray(1, 2, vec![at as u8; 2]));
    }
    let line = format!("{} -k one.toml --stats -o out -j 4", names.join(" "));
    let text = room.run(&line).silent().text();
    let lines: Vec<_> = text.lines().collect();
    let mut headings: Vec<_> = lines.chunks(16).map(|table| table[0]).collect();
    for table in lines.chunks(16) {
        let number = table[0]
            .trim_start_matches("out/")
            .split('.')
            .next()
            .unwrap();
        assert_eq!(table[2], format!("  minimum    {number}"));
        assert!(table[15].starts_with("  histogram  |"), "{table:?}");
    }
    headings.sort_unstable();
    headings.dedup();
    assert_eq!((headings.len(), lines.len()), (24, 24 * 16));
}

/// The memory of counts is known before, and a limit is held.
#[test]
fn counts_of_many_channels_have_their_memory() {
    let room = room();
    room.write("stack.npy", &picture(20, 30, 80, Depth::F32));
    let line = "stack.npy --axes YXC -k sobel --channel each -o o.npy --overwrite -q";
    room.run(&format!("{line} --memory-limit 32MiB")).silent();
    let ran = room.run(&format!("{line} --memory-limit 32MiB --stats"));
    let limit = "MiB of memory, more than the limit of 32:";
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.err.contains(limit) && ran.err.lines().count() == 1,
        "{}",
        ran.err
    );
    let ran = room.run(&format!("{line} --memory-limit 96MiB --stats"));
    assert_eq!(ran.silent().text().lines().count(), 20);
}

/// The same digits for any number of threads and any limit of memory, on any processor.
#[test]
fn threads_and_memory_do_not_show() {
    let room = room();
    room.write("f.npy", &picture(700, 1500, 1, Depth::F32));
    room.write("c.png", &picture(300, 500, 3, Depth::U8));
    for line in [
        "f.npy -k gaussian5 --pad edge -f npy",
        "f.npy -k sobel_x --pad wrap --depth f64 -f npy",
        "c.png -k sobel_x --channel each --map float -f npy",
        "c.png -k emboss --channel each --depth i32 -f npy",
    ] {
        let line = format!("{line} --stats --json -o o.npy --overwrite");
        let found = |options: &str, level: &str| {
            let mut command = room.command();
            let words = format!("{line} {options}");
            let words: Vec<_> = words.split_whitespace().collect();
            let output = command.args(words).env("STRIDEKERN_SIMD", level).output();
            crate::Ran::new(output.unwrap()).silent().json()[0]["statistics"].clone()
        };
        let wanted = found("-j 1", "portable");
        assert!(wanted[0]["deviation"].as_f64().unwrap() > 0.0);
        for options in [
            "-j 2",
            "-j 7",
            "-j 1 --memory-limit 24M",
            "-j 2 --memory-limit 64M",
        ] {
            assert_eq!(found(options, "portable"), wanted, "{line} {options}");
        }
    }
}

/// A plain loop over the file that was written.
#[test]
fn the_numbers_are_those_of_the_file() {
    let room = room();
    let photograph = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/photos/coffee.png");
    for (options, depth) in [("", "8"), ("--depth 16", "16")] {
        let line = format!(
            "{} -k sobel --channel each --pad edge {options} --stats --json -o {depth}.png",
            photograph.display()
        );
        let ran = room.run(&line).silent();
        let (text, found) = (ran.text(), ran.json()[0]["statistics"].clone());
        let image = room.read(format!("{depth}.png"));
        assert_eq!(image.channels(), 3);
        for channel in 0..3 {
            let found = &found[channel];
            let mut samples = Vec::new();
            for row in 0..image.rows() {
                for column in 0..image.columns() {
                    samples.push(common::sample(&image, [row, column, channel]) as u64);
                }
            }
            samples.sort_unstable();
            let count = samples.len() as u64;
            let sum: u64 = samples.iter().sum();
            let squares: u64 = samples.iter().map(|s| s * s).sum();
            assert_eq!(found["count"], json!(count));
            assert_eq!(found["minimum"], json!(samples[0]));
            assert_eq!(found["maximum"], json!(samples[samples.len() - 1]));
            // As written: reading it as JSON may round it.
            let mean = json!(sum as f64 / count as f64);
            assert!(text.contains(&format!("\"mean\":{mean},")), "{mean}");
            let variance = u128::from(squares) * u128::from(count) - u128::from(sum).pow(2);
            let deviation = (variance as f64).sqrt() / count as f64;
            let of_it = found["deviation"].as_f64().unwrap();
            assert!(
                (of_it - deviation).abs() <= deviation * 1e-15,
                "{of_it} {deviation}"
            );
            for (quantile, share) in (found["quantiles"].as_array().unwrap().iter())
                .zip([1_u64, 10, 50, 250, 500, 750, 950, 990, 999])
            {
                let rank = (count * share).div_ceil(1000) as usize;
                assert_eq!(quantile["value"], json!(samples[rank - 1]), "{share}");
                assert_eq!(quantile["error"], json!(0.0), "{share}");
            }
            let histogram = &found["histogram"];
            let edges = histogram["edges"].as_array().unwrap();
            let counts = histogram["counts"].as_array().unwrap();
            assert_eq!((edges.len(), counts.len()), (257, 256));
            for (pair, counted) in edges.windows(2).zip(counts) {
                let [from, to] = [&pair[0], &pair[1]].map(|edge| edge.as_u64().unwrap());
                let between = samples.iter().filter(|sample| (from..to).contains(sample));
                assert_eq!(*counted, json!(between.count()), "{from} {to}");
            }
        }
    }
}
