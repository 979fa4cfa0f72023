//! `--record`: results tell how they were made, and `--skip-existing` tells which were made
//! otherwise.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};
use stridekern::{
    Depth,
    codec::{Limits, read_record},
};

use crate::{
    Room, picture,
    reports::{SCHEMA, conforms},
};

/// Options without a part in how a result is made, each as it may be given.
const OTHER: &[&str] = &[
    "recursive",
    "ext",
    "hidden",
    "follow",
    "files-from",
    "null",
    "shard",
    // Its names, and that of the format, are those of outputs.
    "output",
    "keep-names",
    "overwrite",
    "skip-existing",
    "record",
    "in-place",
    "backup",
    "verify",
    "preserve",
    "threads",
    "memory-limit",
    "pixel-limit",
    "timeout",
    "fail-fast",
    // How, not what: no promised sample depends on it.
    "engine",
    "dry-run",
    "explain",
    "bench",
    "bench-runs",
    "json",
    "stats",
    "quiet",
    "verbose",
    "no-progress",
    "list-kernels",
    "show-kernel",
    "plot",
    "completions",
    "man",
    "help",
    "version",
];

/// Options that change results, with a line that has none of them, and what is added to it. Each
/// must be in the record as it is given, or as the last says.
const CHANGING: &[(&str, &str, &str, &str)] = &[
    ("pages", "p.tif -k box3", "--pages 1", ""),
    ("axes", "n.npy -k box3", "--axes YX", ""),
    ("layer", "l.exr -k box3 -f tif", "--layer R", ""),
    ("kernel", "a.png", "-k my.toml", "--kernel my.toml"),
    ("kernel", "a.png", "-k folder/my.toml", "--kernel my.toml"),
    ("flip", "a.png -k emboss", "--flip", ""),
    (
        "like",
        "a.png -k box3",
        "--like scipy",
        "--like scipy --pad symmetric --channel each",
    ),
    (
        "like",
        "a.png -k emboss --pad edge",
        "--like imagemagick",
        "",
    ),
    ("orientation", "a.png -k box3", "--orientation stored", ""),
    ("normalize", "a.png -k my.toml", "--normalize", ""),
    ("divisor", "a.png -k box3", "--divisor 7.5", ""),
    ("bias", "a.png -k box3", "--bias -0.25", ""),
    ("anchor", "a.png -k sobel", "--anchor 0,2", ""),
    ("pad", "a.png -k box3", "--pad nearest", "--pad edge"),
    ("pad", "f.tif -k box3", "--pad constant:1.5", ""),
    (
        "pad",
        "a.png -k box3",
        "--pad x=wrap,y=zero",
        "--pad y=constant:0,x=wrap",
    ),
    ("step", "a.png -k box3", "--step 2", "--step 2,2"),
    ("dilate", "a.png -k box3", "--dilate 1,2", ""),
    ("channel", "a.png -k box3", "--channel red", ""),
    ("alpha", "a.png -k box3", "--alpha weight", ""),
    (
        "photo",
        "a.png -k box3",
        "--photo",
        "--pad edge --channel each --alpha weight --map clamp",
    ),
    ("ignore", "a.png -k box3", "--ignore 7", ""),
    ("ignore", "f.tif -k box3", "--ignore nan", ""),
    ("mask", "a.png -k box3", "--mask mask.png", ""),
    (
        "min-share",
        "a.png -k box3 --ignore 7",
        "--min-share 0.25",
        "",
    ),
    ("map", "a.png -k box3", "--map abs", ""),
    ("depth", "a.png -k box3", "--depth 16", ""),
    ("depth", "a.png -k box3", "--depth u16", ""),
    ("format", "a.png -k box3", "-f jpg", "--format jpg"),
    ("quality", "a.png -k box3 -f jpg", "--quality 40", ""),
    ("sampling", "a.png -k box3 -f jpg", "--sampling 4:2:0", ""),
    ("progressive", "a.png -k box3 -f jpg", "--progressive", ""),
    ("compression", "a.png -k box3", "--compression best", ""),
    ("metadata", "a.png -k box3", "--metadata drop", ""),
];

const MY_KERNEL: &str = "weights = [[1, 2, 3]]\ndivisor = 5\n";

fn room() -> Room {
    let room = Room::new();
    room.write("a.png", &picture(13, 20, 3, Depth::U8));
    room.write("p.tif", &picture(13, 20, 1, Depth::U8));
    room.write("f.tif", &picture(13, 20, 1, Depth::F32));
    room.write("n.npy", &picture(13, 20, 1, Depth::U8));
    room.write("l.exr", &picture(13, 20, 3, Depth::F32));
    room.write("mask.png", &picture(13, 20, 1, Depth::U8));
    fs::create_dir(room.path("folder")).unwrap();
    room.text("my.toml", MY_KERNEL);
    room.text("folder/my.toml", &MY_KERNEL.replace('3', "4"));
    room
}

/// The command that a run would record.
#[track_caller]
fn planned(room: &Room, line: &str) -> String {
    let ran = room.run(&format!("{line} --record --json --dry-run --overwrite"));
    let objects = ran.json();
    let recorded = objects
        .first()
        .and_then(|object| object["recorded"].as_str());
    recorded
        .unwrap_or_else(|| panic!("{line}: {objects:?} {}", ran.err))
        .to_owned()
}

/// A new option must be in one of the two lists.
#[test]
fn every_option_changes_results_or_not() {
    let room = Room::new();
    let help = room.run("--help").silent().text();
    let lines = help.lines().map(str::trim_start);
    let lines = lines
        .filter(|line| line.starts_with("--") || line.starts_with('-') && line.contains(", --"));
    let names = lines.filter_map(|line| line.split_once("--")?.1.split([' ', ',']).next());
    let all = BTreeSet::from_iter(names);
    let listed = OTHER.iter().chain(CHANGING.iter().map(|(name, ..)| name));
    let listed = BTreeSet::from_iter(listed.copied());
    assert!(all.len() > 50, "{all:?}");
    assert_eq!(all, listed);
}

#[test]
fn each_option_that_changes_results_is_in_the_record() {
    let room = room();
    for (name, line, option, recorded) in CHANGING {
        let base = match *name {
            "kernel" => "a.png -k box3",
            _ => line,
        };
        let with = format!("{line} {option}");
        // No record has a place in arrays.
        let format = if *name == "axes" { " -f tif" } else { "" };
        let [base, with] = [base.to_owned(), with].map(|line| line + format);
        let (before, after) = (planned(&room, &base), planned(&room, &with));
        assert_ne!(before, after, "{with}");
        let recorded = if recorded.is_empty() {
            option
        } else {
            recorded
        };
        assert!(after.contains(&format!(" {recorded} ")), "{with}: {after}");
        assert!(
            !before.contains(&format!(" {recorded} ")),
            "{base}: {before}"
        );
        // And it tells results apart, that were named alike.
        let run = |line: &str, flags: &str| {
            let ran = room.run(&format!("{line} --record --json {flags}"));
            ran.json()
                .pop()
                .unwrap_or_else(|| panic!("{line}: {}", ran.err))
        };
        let made = run(&base, "-o made/ --overwrite");
        assert_eq!(made["recorded"], json!(before), "{base}");
        assert_eq!(
            run(&base, "-o made/ --skip-existing")["compared"],
            "same",
            "{base}"
        );
        let output = made["output"].as_str().unwrap();
        let other = match *name {
            // Its name is that of its format.
            "format" => {
                let jpeg = output.replace(".png", ".jpg");
                fs::copy(room.path(output), room.path(&jpeg)).unwrap();
                jpeg
            }
            _ => output.to_owned(),
        };
        let other = run(&with, &format!("-o {other} --skip-existing"));
        assert_eq!(other["compared"], "otherwise", "{with}: {other}");
        fs::remove_dir_all(room.path("made")).unwrap();
    }
}

#[test]
fn other_options_leave_the_record_as_it_is() {
    let room = room();
    let plain = planned(&room, "a.png -k emboss");
    for options in [
        "-o b.png",
        "-o new/",
        "-f png",
        "-j 2",
        "--memory-limit 1G",
        "--pixel-limit 1G",
        "--timeout 60",
        "--fail-fast",
        "--engine direct",
        "--verify",
        "--preserve",
        "-q",
        "-v",
        "--no-progress",
        // What is meant without them.
        "--pad valid",
        "--step 1",
        "--dilate 1,1",
        "--channel luma",
        "--map clamp",
        "--depth same",
        "--orientation seen",
        "--pages all",
        "--metadata keep",
        "--divisor 1",
        "--bias 0",
        "--anchor 1,1",
        "--compression fast",
    ] {
        assert_eq!(
            planned(&room, &format!("a.png -k emboss {options}")),
            plain,
            "{options}"
        );
    }
    // Of a kernel that is the same turned.
    let symmetric = planned(&room, "a.png -k box3");
    assert_eq!(planned(&room, "a.png -k box3 --flip"), symmetric);
    fs::create_dir(room.path("elsewhere")).unwrap();
    fs::copy(room.path("a.png"), room.path("elsewhere/a.png")).unwrap();
    assert_eq!(planned(&room, "elsewhere/a.png -k box3"), symmetric);
    let root = room.path("a.png");
    assert!(!planned(&room, &format!("{} -k box3", root.display())).contains('/'));
}

/// The command line of a record, given again, makes the same file.
#[test]
fn a_recorded_command_makes_the_result_again() {
    let room = room();
    for (name, line, option, _) in CHANGING {
        if ["kernel", "axes"].contains(name) {
            continue;
        }
        let ran = room.run(&format!("{line} {option} -o first/ --record --json"));
        let made = ran.json();
        assert_eq!(made.len(), 1, "{line} {option}: {}", ran.err);
        let output = made[0]["output"].as_str().unwrap();
        let command = made[0]["recorded"].as_str().unwrap();
        let (command, _) = command.split_once(" # ").unwrap();
        let command = command.strip_prefix("stridekern ").unwrap();
        room.run(&format!("{command} -o second/ --record -q"));
        let again = output.replace("first", "second");
        assert_eq!(room.bytes(output), room.bytes(again), "{command}");
        fs::remove_dir_all(room.path("first")).unwrap();
        fs::remove_dir_all(room.path("second")).unwrap();
    }
}

/// Ten results: three of other options, two of another version, one without a record.
fn mixed() -> Room {
    let room = Room::new();
    for number in 0..10 {
        room.write(
            &format!("in/{number}.png"),
            &picture(13, 20 + number, 3, Depth::U8),
        );
    }
    room.run("in -r -k box3 --pad edge --channel each -o out --record")
        .silent();
    room.run("in/0.png in/1.png -k box3 --pad edge -o out --record --overwrite")
        .silent();
    room.run(
        "in/2.png -k box3 --pad edge --channel each --metadata drop -o out --record --overwrite",
    )
    .silent();
    for number in [3, 4] {
        let name = format!("out/{number}.box3.edge.png");
        let bytes = room.bytes(&name);
        let version = concat!("# stridekern ", env!("CARGO_PKG_VERSION"), ",");
        let at = bytes
            .windows(version.len())
            .position(|part| part == version.as_bytes());
        let mut other = bytes.clone();
        // The length stays, and the checksum is mended by writing the chunk anew.
        let at = at.unwrap() + "# stridekern ".len();
        other[at] = b'9';
        let chunk = other
            .windows(15)
            .position(|part| part == b"tEXtstridekern\0")
            .unwrap();
        let length = u32::from_be_bytes(other[chunk - 4..chunk].try_into().unwrap()) as usize;
        let anew = crate::common::png_chunk(&other[chunk..chunk + 4 + length]);
        other.splice(chunk - 4..chunk + 8 + length, anew);
        fs::write(room.path(&name), other).unwrap();
    }
    room.run("in/5.png -k box3 --pad edge --channel each -o out --overwrite")
        .silent();
    room
}

const LINE: &str = "in -r -k box3 --pad edge --channel each -o out --skip-existing";

#[test]
fn what_was_made_otherwise_is_told_in_the_summary() {
    let room = mixed();
    let before = fs::read(room.path("out/0.box3.edge.png")).unwrap();
    room.run(LINE)
        .says(0, &["0 done, 10 skipped uncompared, 0 failed"]);
    let other = env!("CARGO_PKG_VERSION").replacen(|_: char| true, "9", 1);
    let version = format!("2 of 10 skipped were made so by version {other}");
    let said = |names: &str| {
        format!(
            "3 of 10 skipped were made otherwise (--alpha, --channel, --metadata): remove them, or replace \
             --skip-existing by --overwrite{names}"
        )
        .replace("--alpha, ", "")
    };
    let unrecorded = "1 of 10 skipped holds no record and was not compared";
    room.run(&format!("{LINE} --record")).says(
        0,
        &[
            "0 done, 10 skipped, 0 failed",
            &said("; -v names them"),
            &version,
            unrecorded,
        ],
    );
    room.run(&format!("{LINE} --record -q")).silent();
    let told = room.run(&format!("{LINE} --record -v"));
    for line in [
        "out/0.box3.edge.png: exists, skipped; made otherwise: --channel luma, not each",
        "out/2.box3.edge.png: exists, skipped; made otherwise: with --metadata drop",
        &format!("out/3.box3.edge.png: exists, skipped; made so by version {other}"),
        "out/5.box3.edge.png: exists, skipped; it holds no record",
        "out/9.box3.edge.png: exists, skipped; made so",
        &said(""),
    ] {
        assert!(
            told.err.contains(&format!("stridekern: {line}\n")),
            "{line}: {}",
            told.err
        );
    }
    let text = room
        .run(&format!("{LINE} --record --dry-run"))
        .silent()
        .text();
    let line = "in/1.png -> out/1.box3.edge.png: exists, skipped; made otherwise: --channel luma, not each";
    assert!(text.contains(line), "{text}");
    // Nothing is changed, and what is removed is made anew.
    assert_eq!(fs::read(room.path("out/0.box3.edge.png")).unwrap(), before);
    for name in ["0", "1", "2", "3", "4", "5"] {
        fs::remove_file(room.path(format!("out/{name}.box3.edge.png"))).unwrap();
    }
    room.run(&format!("{LINE} --record")).silent();
    room.run(&format!("{LINE} --record")).silent();
}

#[test]
fn objects_have_how_results_compare() {
    let room = mixed();
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let wanted = [
        "otherwise",
        "otherwise",
        "otherwise",
        "other_version",
        "other_version",
        "",
        "same",
    ];
    for how in ["", "--dry-run"] {
        let objects = room.run(&format!("{LINE} --record --json {how}")).json();
        let compared = objects.iter().map(|object| {
            conforms(object, &schema).unwrap();
            object["compared"].as_str().unwrap_or_default()
        });
        let compared = Vec::from_iter(compared.take(wanted.len()));
        assert_eq!(compared, wanted, "{how}");
        let differences = json!([{ "setting": "channel", "recorded": "luma", "asked": "each" }]);
        assert_eq!(objects[0]["differences"], differences);
        let differences = json!([{ "setting": "metadata", "recorded": "drop" }]);
        assert_eq!(objects[2]["differences"], differences);
        assert!(objects[3]["recorded_version"].is_string());
        let plain = room.run(&format!("{LINE} --json {how}")).json();
        assert!(plain.iter().all(|object| object.get("compared").is_none()));
    }
    let made = room.run("a.png -k box3 --record --json").json();
    conforms(&made[0], &schema).unwrap();
    let record = read_record(&room.path("a.box3.png"), &Limits::default()).unwrap();
    assert_eq!(made[0]["recorded"], json!(record.unwrap().to_string()));
}

#[test]
fn explanations_and_dry_runs_show_the_record() {
    let room = Room::new();
    for (format, line) in [
        (
            "png",
            "stridekern a.png --kernel box3 --pad valid --channel luma",
        ),
        ("bmp", "none, as bmp holds none"),
    ] {
        let run = format!("a.png -k box3 -f {format} -o x.{format} --record");
        let ran = room.run(&format!("{run} --explain"));
        assert!(
            ran.text().contains(&format!("\nrecord    {line}")),
            "{}",
            ran.text()
        );
        let ran = room.run(&format!("{run} --dry-run"));
        assert!(
            ran.text().contains(&format!("\n  record: {line}")),
            "{}",
            ran.text()
        );
        let plain = run.replace(" --record", "");
        for how in ["--explain", "--dry-run"] {
            assert!(
                !room
                    .run(&format!("{plain} {how}"))
                    .text()
                    .contains("record")
            );
        }
        let object = room
            .run(&format!("{run} --explain --json"))
            .json()
            .remove(0);
        assert_eq!(object["record"].is_null(), format == "bmp");
    }
}

/// In place, results are known by their backups, and compared by their records.
#[test]
fn inputs_in_place_are_compared_too() {
    let room = Room::new();
    let line = "a.png -k box3 --photo --in-place --backup .orig --record";
    room.run(line).silent();
    room.run(&format!("{line} --skip-existing")).silent();
    room.run(&format!("{} --skip-existing", line.replace("box3", "sharpen"))).says(
        0,
        &[
            "0 done, 1 skipped, 0 failed",
            "1 of 1 skipped was made otherwise (--kernel): put its backup back to filter it anew; -v names it",
        ],
    );
}

#[test]
fn a_record_goes_on_from_file_to_file() {
    let room = Room::new();
    room.run("a.png -k box3 --record -o b.jpg").silent();
    room.run("b.jpg -k sharpen --record -o c.tif").silent();
    room.run("c.tif -k identity --record -o d.webp").silent();
    room.run("d.webp -k identity -o e.png").silent();
    let record = |name: &str| read_record(&room.path(name), &Limits::default()).unwrap();
    let d = record("d.webp").unwrap();
    let inputs = d.commands().iter().map(|command| command.input.as_str());
    assert_eq!(Vec::from_iter(inputs), ["a.png", "b.jpg", "c.tif"]);
    assert_eq!(record("e.png"), None);
    let fates = room
        .run("d.webp -k identity -o f.png --json")
        .json()
        .remove(0);
    let part = &fates["metadata"][0];
    assert_eq!(
        [&part["part"], &part["name"], &part["fate"], &part["note"]],
        [
            "record",
            "record",
            "outdated",
            "it tells how the input was made"
        ]
    );
}

/// The same on any machine and at any time.
#[test]
fn a_record_is_the_same_in_every_run() {
    let room = Room::new();
    room.run("a.png -k box3 --record -o b.png -j 1").silent();
    room.run_words([
        "a.png", "-k", "box3", "--record", "-o", "c.png", "--engine", "naive",
    ])
    .silent();
    assert_eq!(room.bytes("b.png"), room.bytes("c.png"));
    let record = read_record(&room.path("b.png"), &Limits::default())
        .unwrap()
        .unwrap();
    let expected = concat!(
        "stridekern a.png --kernel box3 --pad valid --channel luma --map clamp --format png --compression fast # stridekern ",
        env!("CARGO_PKG_VERSION"),
        ", kernel ",
    );
    let text = record.to_string();
    assert_eq!(
        text.strip_suffix(text.rsplit(' ').next().unwrap()),
        Some(expected)
    );
    let input = room.bytes("a.png");
    let piped = room.run_with("- -k box3 --record -o -", &input);
    fs::write(room.path("piped.png"), &piped.out).unwrap();
    let record = read_record(&room.path("piped.png"), &Limits::default())
        .unwrap()
        .unwrap();
    assert_eq!(record.last().input, "-");
}

/// As the README shows it: the hash of a kernel is the same on every machine.
#[test]
fn the_record_of_the_readme_is_that_of_its_command() {
    let room = Room::new();
    room.write("photo.jpg", &picture(13, 20, 3, Depth::U8));
    let made = room
        .run("photo.jpg -k sharpen --photo --record --json")
        .json();
    let recorded = made[0]["recorded"].as_str().unwrap();
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&format!("\n{recorded}\n")), "{recorded}");
}

/// A record that does not show as it is must not reach the terminal.
#[test]
fn hostile_records_are_not_printed() {
    let room = Room::new();
    room.run("a.png -k box3 --record -o plain.png").silent();
    let good = room.bytes("plain.png");
    let record = read_record(&room.path("plain.png"), &Limits::default())
        .unwrap()
        .unwrap();
    let text = record.to_string();
    let huge = "\u{1b}]0;x\u{7}".repeat(2 << 20);
    for hostile in [
        text.replace("luma", "'\u{1b}[31mluma'"),
        text.replace("luma", "\u{9b}31m"),
        text.replace("luma", "'\u{202e}amul'"),
        text.replace("--channel", "--\u{1b}[31m"),
        text.replace("--pad valid", &"--pad valid ".repeat(100_000)),
        huge,
    ] {
        let chunk = [b"iTXtstridekern\0\0\0\0\0", hostile.as_bytes()].concat();
        let chunk = crate::common::png_chunk(&chunk);
        let after_header = 8 + 25;
        let file = [&good[..after_header], &chunk, &good[after_header..]].concat();
        // Beside the good one, and without it.
        let alone = {
            let at = good
                .windows(15)
                .position(|part| part == b"tEXtstridekern\0")
                .unwrap();
            let length = u32::from_be_bytes(good[at - 4..at].try_into().unwrap()) as usize;
            [
                &good[..after_header],
                &chunk,
                &good[after_header..at - 4],
                &good[at + 8 + length..],
            ]
            .concat()
        };
        fs::write(room.path("a.box3.png"), alone).unwrap();
        let line = "a.png -k box3 --record --skip-existing";
        for flags in ["", "-v", "--json", "--dry-run", "--dry-run --json"] {
            let ran = room.run(&format!("{line} {flags}"));
            assert_eq!(ran.code, Some(0));
            let told = format!("{}{}", ran.text(), ran.err);
            assert!(
                !told.replace('\n', "").contains(char::is_control),
                "{told:?}"
            );
            assert!(told.len() < 2000 && !told.contains("made"), "{told}");
        }
        // As an input.
        fs::write(room.path("b.png"), file).unwrap();
        for flags in ["", "--record", "--dry-run", "--explain"] {
            let ran = room.run(&format!("b.png -k box3 -o c.png --overwrite -v {flags}"));
            assert_eq!(ran.code, Some(0), "{}", ran.err);
            let told = format!("{}{}", ran.text(), ran.err);
            assert!(
                !told.replace('\n', "").contains(char::is_control),
                "{told:?}"
            );
        }
    }
}
