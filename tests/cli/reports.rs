//! What the program prints: objects, explanations, measurements, help.

use std::fs;

use insta::assert_snapshot;
use serde_json::{Value, json};
use stridekern::Depth;

use crate::{Room, picture};

/// The keys of an object, sorted.
fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

#[test]
fn json_has_one_object_per_result() {
    let room = Room::new();
    room.text("a.emboss.png", "old");
    let ran = room.run("a.png missing.png -k sobel -k emboss --json --skip-existing --pad valid");
    assert_eq!(ran.code, Some(1));
    let objects = ran.json();
    assert_eq!(objects.len(), 4);
    let done = &objects[0];
    assert_eq!(
        keys(done),
        [
            "border",
            "bytes",
            "channels",
            "clipped",
            "depth",
            "filter_ms",
            "format",
            "height",
            "input",
            "kernel",
            "kernel_source",
            "output",
            "plan",
            "read_ms",
            "status",
            "warnings",
            "width",
            "write_ms"
        ]
    );
    for (key, value) in [
        ("status", json!("done")),
        ("input", json!("a.png")),
        ("output", json!("a.sobel.png")),
        ("kernel", json!("sobel")),
        ("border", json!("valid")),
        ("format", json!("png")),
        ("width", json!(18)),
        ("height", json!(11)),
        ("channels", json!(1)),
        ("depth", json!("u8")),
        ("bytes", json!(room.bytes("a.sobel.png").len())),
    ] {
        assert_eq!(done[key], value, "{key}");
    }
    for key in ["read_ms", "filter_ms", "write_ms"] {
        assert!(done[key].as_f64().unwrap() >= 0.0, "{key}");
    }
    assert_eq!(
        objects[1],
        json!({
            "status": "skipped", "input": "a.png", "output": "a.emboss.png",
            "kernel": "emboss", "kernel_source": "built_in", "border": "valid", "warnings": [],
        })
    );
    for (object, kernel) in objects[2..].iter().zip(["sobel", "emboss"]) {
        assert_eq!(
            *object,
            json!({
                "status": "failed", "input": "missing.png",
                "output": format!("missing.{kernel}.png"), "kernel": kernel, "border": "valid",
                "kernel_source": "built_in",
                "error": "there is no such file; check its name", "warnings": [],
            })
        );
    }
}

#[test]
fn verbose_tells_of_every_result_and_quiet_of_errors_only() {
    let room = Room::new();
    let ran = room.run("a.png -k sobel -v");
    assert_eq!(ran.code, Some(0));
    let line = ran
        .err
        .strip_prefix("stridekern: a.sobel.png: 18 x 11 gray 8-bit, 2 smaller each way (--pad edge keeps the size); kernel sobel, built in; direct in i16, ");
    assert!(line.unwrap().ends_with(" ms\n"), "{}", ran.err);
    assert_eq!(ran.err.lines().count(), 1);
    room.run("a.png -k sobel -v --skip-existing").says(
        0,
        &[
            "a.sobel.png: exists, skipped",
            "0 done, 1 skipped uncompared, 0 failed",
        ],
    );
    // A PNG that is called a JPEG is read, with a warning.
    fs::copy(room.path("a.png"), room.path("b.jpg")).unwrap();
    room.run("b.jpg -k sobel").says(
        0,
        &["b.jpg: warning: the name says jpeg, the content is png: it was read as png"],
    );
    assert_eq!(&room.bytes("b.sobel.jpg")[..2], [0xff, 0xd8]);
    room.run("b.jpg -k sobel --overwrite -q").silent();
    room.run("b.jpg missing.png -k sobel --overwrite -q")
        .says(1, &["missing.png: there is no such file; check its name"]);
}

#[test]
fn explain_shows_the_views() {
    let room = Room::new();
    room.write("g.png", &picture(400, 400, 1, Depth::U8));
    assert_snapshot!(room.report("g.png -k emboss --explain"));
    let objects = room.run("g.png -k emboss --explain --json").silent().json();
    assert_eq!(objects.len(), 1);
    assert_eq!(
        objects[0]["windows"],
        json!({
            "shape": [398, 398, 3, 3],
            "strides": [400, 1, 400, 1],
            "byte_strides": [400, 1, 400, 1],
            "bytes_seen": 1_425_636,
            "bytes_owned": 160_000,
        })
    );
    assert_eq!(
        keys(&objects[0]),
        [
            "band", "engines", "extent", "image", "input", "kernel", "lane", "memory", "method",
            "output", "pipeline", "simd", "warnings", "weights", "windows"
        ]
    );
    assert_eq!(objects[0]["input"], "g.png");
    assert_eq!(objects[0]["extent"], "valid");
    assert_eq!(
        objects[0]["pipeline"],
        json!({ "flow": "streamed", "rows": 400 })
    );
    assert_eq!(objects[0]["lane"]["lane"], "i16");
    let objects = room.run("g.png -k emboss --explain --json --pad edge,wrap");
    for object in objects.silent().json() {
        assert_eq!(
            object["pipeline"],
            json!({
                "flow": "whole", "bytes": 160_000,
                "reason": "the border wrap needs its far end",
            })
        );
    }
    assert_eq!(room.names(), ["a.png", "g.png"]);
    room.run("missing.png -k emboss --explain")
        .says(1, &["missing.png: there is no such file; check its name"]);
}

#[test]
fn bench_measures_and_checks_every_method() {
    let room = Room::new();
    let ran = room
        .run("a.png -k emboss --bench --bench-runs 2 --json")
        .silent();
    let objects = ran.json();
    let engines: Vec<_> = objects
        .iter()
        .map(|o| o["engine"].as_str().unwrap())
        .collect();
    assert_eq!(engines.first(), Some(&"naive"));
    assert!(engines.contains(&"direct"));
    assert_eq!(engines.last(), Some(&"auto"));
    for object in &objects {
        assert_eq!(object["runs"], 2);
        assert_eq!(object["max_abs_diff"], 0.0);
        for key in ["lane", "simd"] {
            assert!(object[key].is_string(), "{key}");
        }
        assert!(object["threads"].as_u64().unwrap() > 0);
        let number = |key: &str| object[key].as_f64().unwrap();
        for key in ["megapixels_per_s", "speedup", "min_ms"] {
            assert!(number(key) > 0.0, "{key}");
        }
        assert!(number("min_ms") <= number("median_ms"));
    }
    assert_eq!(objects[0]["speedup"], 1.0);
    let text = room
        .run("a.png -k emboss --bench --bench-runs 1")
        .silent()
        .text();
    assert!(text.starts_with("a.png: 20 x 13 pixels, 1 x 8-bit, kernel emboss, built in, valid, "));
    assert!(text.lines().next().unwrap().ends_with(", 1 run"), "{text}");
    // A method that does not take this kernel says so on a line of its own.
    let lines = text.lines().filter(|line| !line.contains(" left out: "));
    assert_eq!(lines.count(), 2 + objects.len());
    assert_eq!(room.names(), ["a.png"]);
}

#[test]
fn bench_with_an_engine_measures_it_and_the_naive_loop() {
    let room = Room::new();
    for (engine, lines) in [
        ("auto", vec!["naive", "auto"]),
        ("direct", vec!["naive", "direct"]),
        ("naive", vec!["naive"]),
    ] {
        let line = format!("a.png -k emboss --bench --bench-runs 2 --json --engine {engine}");
        let objects = room.run(&line).silent().json();
        let engines: Vec<_> = objects.iter().map(|o| o["engine"].clone()).collect();
        assert_eq!(engines, lines, "{engine}");
        for object in &objects {
            assert_eq!(object["timed_rows"], 11);
            assert_eq!(object["checked_rows"], 11);
        }
        assert_eq!(objects[0]["method"], "naive");
    }
}

#[test]
fn bench_spares_the_naive_loop_where_it_would_take_minutes() {
    let room = Room::new();
    // 48 thousand million products.
    room.write("large.npy", &picture(3000, 4000, 1, Depth::U8));
    let row = format!("[{}]", vec!["1"; 63].join(", "));
    room.text(
        "k.toml",
        &format!("weights = [{}]", vec![row; 63].join(", ")),
    );
    let ran = room.run("large.npy -k k.toml --bench --engine naive --json");
    let objects = ran.silent().json();
    assert_eq!(objects.len(), 1);
    let number = |key: &str| objects[0][key].as_u64().unwrap();
    assert_eq!(number("runs"), 1);
    assert!((8..2938).contains(&number("timed_rows")));
    assert_eq!(number("checked_rows"), number("timed_rows"));
    let text = room
        .run("large.npy -k k.toml --bench --engine naive")
        .silent()
        .text();
    let note = text.lines().last().unwrap();
    assert!(note.starts_with("naive ran 1 time on "), "{note}");
    assert!(
        note.contains(" of 2938 rows: its time is scaled to all of them"),
        "{note}"
    );
}

#[test]
fn kernels_are_listed_and_shown() {
    let room = Room::new();
    assert_snapshot!(room.report("--list-kernels"));
    let text = room.run("--list-kernels").silent().text();
    let mut lines = text.lines();
    lines.next();
    let listed: Vec<_> = lines
        .take_while(|line| !line.is_empty())
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .collect();
    assert!(listed.len() >= 45, "{}", listed.len());
    assert!(listed.is_sorted());
    let objects = room.run("--list-kernels --json").silent().json();
    let names: Vec<_> = objects
        .iter()
        .map(|o| o["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, listed);
    let sobel = objects.iter().find(|o| o["name"] == "sobel").unwrap();
    assert_eq!(sobel["kernels"], 2);
    assert_eq!(sobel["combine"], "magnitude");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/kernels");
    for name in names {
        let shown = room.run(&format!("--show-kernel {name}")).silent().out;
        assert_eq!(shown, fs::read(format!("{folder}/{name}.toml")).unwrap());
    }
    let with_ending = room.run("--show-kernel sobel.toml").silent().out;
    assert_eq!(with_ending, room.run("--show-kernel sobel").silent().out);
}

#[test]
fn help_completions_and_man_page_name_every_flag() {
    let room = Room::new();
    let short = room.run("-h").silent().text();
    let flags: Vec<_> = (short.lines().map(str::trim))
        .filter(|line| line.starts_with('-'))
        .filter_map(|line| line.split_once("--").map(|(_, rest)| rest))
        .map(|rest| rest.split([' ', ',']).next().unwrap())
        .collect();
    assert!(flags.len() >= 28, "{flags:?}");
    assert!(flags.contains(&"kernel") && flags.contains(&"skip-existing"));
    let long = room.run("--help").silent().text();
    assert_snapshot!(room.report("-h"));
    assert_snapshot!(room.report("--help"));
    assert!(short.len() < long.len());
    let man = room.run("--man").silent().text();
    assert!(man.contains(".TH stridekern"));
    let man = man.replace('\\', "");
    let pages = ["bash", "zsh", "fish"]
        .map(|shell| room.run(&format!("--completions {shell}")).silent().text());
    for flag in flags {
        let dashed = format!("--{flag}");
        assert!(long.contains(&dashed), "{flag}");
        assert!(man.contains(&dashed), "{flag}");
        assert!(pages[0].contains(&dashed), "{flag}");
        assert!(pages[1].contains(&dashed), "{flag}");
        assert!(pages[2].contains(&format!("-l {flag}")), "{flag}");
    }
    let version = room.run("--version").silent().text();
    assert_eq!(
        version,
        concat!("stridekern ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn help_fits_its_terminal() {
    let room = Room::new();
    for width in [80, 100] {
        for flag in ["-h", "--help"] {
            let mut command = room.command();
            let output = command.env("COLUMNS", width.to_string()).arg(flag).output();
            let text = crate::Ran::new(output.unwrap()).silent().text();
            let long = text.lines().find(|line| line.chars().count() > width);
            assert_eq!(long, None, "{flag} at {width}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn lines_that_cannot_be_printed_are_a_failure() {
    let room = Room::new();
    for line in [
        "a.png -k sobel --explain",
        "a.png -k sobel --json",
        "--list-kernels",
        "--completions bash",
        "--man",
    ] {
        let full = fs::File::create("/dev/full").unwrap();
        let output = room.command().args(line.split(' ')).stdout(full).output();
        crate::Ran::new(output.unwrap()).says(
            1,
            &["cannot write to standard output: No space left on device (os error 28)"],
        );
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_had_enough_is_no_failure() {
    let room = Room::new();
    for line in [
        "a.png -k sobel --explain",
        "--list-kernels",
        "--completions bash",
        "--help",
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = room.command().args(line.split(' ')).stdout(writer).output();
        crate::Ran::new(output.unwrap()).silent();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn errors_that_cannot_be_printed_still_have_their_exit_code() {
    let room = Room::new();
    for (line, code) in [("missing.png -k sobel", 1), ("a.png -k nothing", 2)] {
        let full = fs::File::create("/dev/full").unwrap();
        let mut command = room.command();
        let status = command.args(line.split(' ')).stderr(full).status();
        assert_eq!(status.unwrap().code(), Some(code));
    }
}

pub(super) const SCHEMA: &str = include_str!("../../src/cli/result.schema.json");

/// Checks the words that the schema uses, and that it uses no others.
pub(super) fn conforms(value: &Value, schema: &Value) -> Result<(), String> {
    for (word, wanted) in schema.as_object().unwrap() {
        let holds = match word.as_str() {
            "$schema" | "title" | "description" => true,
            "type" => match wanted.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "integer" => value.is_u64(),
                "number" => value.is_number(),
                other => panic!("type {other}"),
            },
            "items" => {
                for value in value.as_array().unwrap() {
                    conforms(value, wanted)?;
                }
                true
            }
            "enum" => wanted.as_array().unwrap().contains(value),
            "required" => (wanted.as_array().unwrap().iter())
                .all(|key| value.get(key.as_str().unwrap()).is_some()),
            "dependentRequired" => (wanted.as_object().unwrap().iter())
                .filter(|(key, _)| value.get(key).is_some())
                .flat_map(|(_, needed)| needed.as_array().unwrap())
                .all(|key| value.get(key.as_str().unwrap()).is_some()),
            "properties" => {
                for (key, schema) in wanted.as_object().unwrap() {
                    if let Some(value) = value.get(key) {
                        conforms(value, schema)?;
                    }
                }
                true
            }
            "additionalProperties" => (value.as_object().unwrap().keys())
                .all(|key| schema["properties"].get(key).is_some()),
            "oneOf" => {
                let others = wanted.as_array().unwrap().iter();
                others
                    .filter(|schema| conforms(value, schema).is_ok())
                    .count()
                    == 1
            }
            "minimum" => value.as_f64() >= wanted.as_f64(),
            "maximum" => value.as_f64() <= wanted.as_f64(),
            other => panic!("{other} is not checked"),
        };
        if !holds {
            return Err(format!("{value} has not {word} {wanted}"));
        }
    }
    Ok(())
}

#[test]
fn every_json_line_follows_the_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let room = Room::new();
    room.write("b.tif", &picture(12, 9, 3, Depth::U16));
    room.text("wrong.png", "no picture");
    let mut seen = Vec::new();
    for line in [
        "a.png b.tif wrong.png missing.png -k sobel -k emboss --pad valid,wrap --json",
        "a.png b.tif -k sobel --skip-existing --json",
        "a.png b.tif wrong.png -k sobel -k identity --skip-existing --dry-run --json",
        "b.tif -k sobel_x --channel luma --pad valid --map float --json --in-place",
    ] {
        for object in room.run(line).json() {
            conforms(&object, &schema).unwrap();
            seen.push(object["status"].as_str().unwrap().to_owned());
        }
    }
    let count = |status: &str| seen.iter().filter(|seen| *seen == status).count();
    assert_eq!(
        ["done", "failed", "skipped", "planned"].map(count),
        [9, 10, 4, 2]
    );
    // And the check does find faults.
    for wrong in [
        json!({ "warnings": [], "status": "skipped", "input": "a", "output": "b", "kernel": "c" }),
        json!({ "warnings": [], "status": "failed", "input": "a", "output": "b", "kernel": "c", "border": "d" }),
        json!({ "warnings": [], "status": "gone", "input": "a", "output": "b", "kernel": "c", "border": "d" }),
        json!({ "warnings": [], "status": "skipped", "input": 1, "output": "b", "kernel": "c", "border": "d" }),
        json!({ "warnings": [], "status": "skipped", "input": "a", "output": "b", "kernel": "c", "border": "d", "e": 1 }),
    ] {
        assert!(conforms(&wrong, &schema).is_err(), "{wrong}");
    }
}

#[test]
fn a_batch_is_summed_up() {
    let room = Room::new();
    room.write("b.png", &picture(1000, 1100, 1, Depth::U8));
    let said = room
        .command()
        .args("a.png b.png c.png -k emboss".split(' '))
        .output()
        .unwrap();
    let said = String::from_utf8(said.stderr).unwrap();
    let counts = "stridekern: 2 done, 0 skipped, 1 failed; 1.1 megapixels in ";
    let lines: Vec<_> = said.lines().collect();
    assert!(
        lines[1].starts_with(counts) && lines[1].ends_with(" s"),
        "{said}"
    );
    assert_eq!(lines[2], "stridekern: failed: c.png");
}
