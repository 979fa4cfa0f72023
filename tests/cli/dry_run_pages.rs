//! `--dry-run` and `--explain` tell of all pages what the run does with them.

use std::{fs, io::Cursor, path::PathBuf};

use serde_json::Value;
use tiff::{
    encoder::{
        TiffEncoder,
        colortype::{Gray8, RGB8},
    },
    tags::Tag,
};

use crate::{
    Room, names_in,
    reports::{SCHEMA, conforms},
};

/// All files of several pages or frames in testdata.
fn inputs() -> Vec<PathBuf> {
    let testdata = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata"));
    let mut files = Vec::new();
    for folder in ["frames", "pages"] {
        let folder = testdata.join(folder);
        let names = names_in(&folder).into_iter();
        let names = names.filter(|name| !name.ends_with(".npy") && !name.ends_with(".json"));
        files.extend(names.map(|name| folder.join(name)));
    }
    assert!(files.len() >= 20, "{files:?}");
    files
}

const FIELDS: [&str; 8] = [
    "format",
    "width",
    "height",
    "channels",
    "depth",
    "pages",
    "page_kinds",
    "pages_of_other_kinds",
];

#[test]
fn a_preview_promises_what_the_run_does_with_all_pages() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let (mut made, mut refused, mut parts_of_some) = (0, 0, 0);
    for input in inputs() {
        let name = input.file_name().unwrap().to_str().unwrap();
        let room = Room::new();
        fs::copy(&input, room.path(name)).unwrap();
        for to in ["tif", "png", "gif", "jpg"] {
            for flags in [
                "",
                "--metadata drop",
                "--pages 2-3",
                "--pages 2",
                "--record",
            ] {
                let line = format!("{name} -k box3 --photo -o z.{to} --overwrite --json {flags}");
                let plan = room.run(&format!("{line} --dry-run"));
                let run = room.run(&line);
                assert_eq!(plan.code, run.code, "{line}: {}{}", plan.err, run.err);
                if run.code != Some(0) {
                    let error = |err: &str| err.lines().last().map(str::to_owned);
                    assert_eq!(error(&plan.err), error(&run.err), "{line}");
                    refused += 1;
                    continue;
                }
                made += 1;
                for warning in plan.err.lines() {
                    // A run names the result that a warning is about.
                    let warning = warning.split_once("warning: ").unwrap().1;
                    assert!(run.err.contains(warning), "{line}: {}{}", plan.err, run.err);
                }
                let (plan, run) = (&plan.json()[0], &run.json()[0]);
                for object in [plan, run] {
                    conforms(object, &schema).unwrap();
                }
                for field in FIELDS {
                    assert_eq!(plan[field], run[field], "{line}: {field}");
                }
                let parts = |object: &Value| object["metadata"].as_array().cloned();
                let mut after = parts(run).unwrap_or_default();
                for part in parts(plan).unwrap_or_default() {
                    let at = after.iter().position(|after| *after == part);
                    let at = at.unwrap_or_else(|| panic!("{line}: {part}: {after:?}"));
                    parts_of_some += usize::from(!part["pages"].is_null());
                    after.remove(at);
                }
                // Texts of a PNG may follow the samples.
                let is_late = |part: &Value| part["part"] == "chunk" && name.ends_with(".png");
                assert!(after.iter().all(is_late), "{line}: {after:?}");
            }
        }
    }
    assert!(
        made > 200 && refused > 50 && parts_of_some > 20,
        "{made} {refused} {parts_of_some}"
    );
}

/// What is lost of any page is refused in place, with the same words before and in the run.
#[test]
fn a_preview_refuses_what_the_run_refuses_of_a_page() {
    for input in inputs() {
        let name = input.file_name().unwrap().to_str().unwrap();
        for flags in [
            "",
            "--channel each",
            "--channel each --pad edge",
            "--photo --pages 2",
        ] {
            let room = Room::new();
            fs::copy(&input, room.path(name)).unwrap();
            let line = format!("{name} -k gaussian7 {flags} --in-place");
            let plan = room.run(&format!("{line} --dry-run"));
            assert!(room.bytes(name) == fs::read(&input).unwrap());
            let run = room.run(&line);
            assert_eq!(plan.code, run.code, "{line}: {}{}", plan.err, run.err);
            if run.code == Some(1) {
                let last = |err: &str| err.lines().last().map(str::to_owned);
                assert_eq!(last(&plan.err), last(&run.err), "{line}");
            }
        }
    }
}

fn tags_room() -> Room {
    let room = Room::new();
    for name in ["tags.tif", "mixed.tif"] {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/pages");
        fs::copy(format!("{folder}/{name}"), room.path(name)).unwrap();
    }
    room
}

#[test]
fn parts_are_listed_once_with_their_pages() {
    let room = tags_room();
    let lines = |line: &str| {
        let run = room.run(line);
        assert_eq!(run.code, Some(0), "{}", run.err);
        let text = run.text();
        let lines = text
            .lines()
            .map(|line| line.trim_start_matches("metadata").trim().to_owned());
        Vec::from_iter(lines.filter(|line| line.contains(": ") && !line.contains("->")))
    };
    let wanted = [
        "tag PageName of pages 1-2, 4, 12 bytes: lost (no place in png)",
        "XMP data of page 2, 210 bytes: kept",
        "tag 65000 of pages 4-5, 15 bytes: lost (no place in png)",
        "no-data value of page 5: outdated (its samples are filtered like others)",
    ];
    for how in ["--dry-run", "--explain"] {
        let found = lines(&format!("tags.tif -k box3 --photo -f png -o z.png {how}"));
        for line in wanted {
            let start = line.split(", ").next().unwrap();
            let has = found.iter().filter(|found| found.starts_with(start));
            assert_eq!(has.count(), 1, "{how}: {line}: {found:#?}");
        }
    }
    let found = lines("mixed.tif -k box3 --photo -o z.tif --dry-run");
    let kinds = "page 1: 20 x 12, 1 x 8-bit; page 2: 31 x 9, 3 x 16-bit; page 3: 7 x 6, 1 x 32-bit float; page 4: 20 x 12, 4 x 8-bit; page 5: 33 x 40, 1 x 8-bit";
    assert_eq!(found[0], kinds);
    let run = room.run("mixed.tif -k box3 --photo -o z.tif --explain");
    assert!(
        run.text().contains(&format!("of the result, {kinds}\n")),
        "{}",
        run.text()
    );
}

/// Samples that are missing by a later page only.
#[test]
fn missing_samples_of_a_later_page_are_told_of() {
    let room = tags_room();
    let told = "tags.tif: warning: page 5: the file says that samples of 7 are missing: they were filtered like others";
    for flags in ["--dry-run", "--explain", "-o z.tif"] {
        let run = room.run(&format!("tags.tif -k box3 --photo {flags}"));
        assert_eq!(run.err.matches(told).count(), 1, "{flags}: {}", run.err);
    }
}

/// Each page is of another size and carries a tag of its own: neither is listed without end.
#[test]
fn ten_thousand_pages_are_told_of_in_few_lines() {
    let room = Room::new();
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).unwrap();
    for page in 0..10_000_u32 {
        let (columns, rows) = (4 + page % 50, 4 + page / 50 % 50);
        let samples = vec![7; (columns * rows) as usize];
        let mut image = encoder.new_image::<Gray8>(columns, rows).unwrap();
        let code = 40_000 + page as u16;
        let text = &format!("text {page}")[..];
        image
            .encoder()
            .write_tag(Tag::from_u16_exhaustive(code), text)
            .unwrap();
        image.write_data(&samples).unwrap();
    }
    fs::write(room.path("many.tif"), file.into_inner()).unwrap();
    for how in ["--dry-run", "--explain"] {
        let run = room.run(&format!(
            "many.tif -k box3 -o z.tif --memory-limit 64M {how}"
        ));
        assert_eq!(run.code, Some(0), "{}", run.err);
        let (lines, bytes) = (run.text().lines().count(), run.text().len());
        assert!(
            lines < 160 && bytes < 20_000,
            "{how}: {lines} lines, {bytes} bytes"
        );
        assert!(
            run.text().contains(" further parts of pages "),
            "{}",
            run.text()
        );
        assert!(
            run.text().contains(" pages of other kinds"),
            "{}",
            run.text()
        );
        assert!(run.err.len() < 2000, "{}", run.err);
    }
    let plan = room
        .run("many.tif -k box3 -o z.tif --dry-run --json")
        .json()
        .remove(0);
    let run = room
        .run("many.tif -k box3 -o z.tif --json -q")
        .json()
        .remove(0);
    assert_eq!(plan["metadata"], run["metadata"]);
    assert_eq!(plan["page_kinds"], run["page_kinds"]);
}

/// What only a later page makes impossible is known before any work.
#[test]
fn a_later_page_that_cannot_be_made_is_found() {
    let room = Room::new();
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).unwrap();
    encoder.write_image::<Gray8>(9, 8, &[7; 72]).unwrap();
    encoder.write_image::<Gray8>(8, 9, &[9; 72]).unwrap();
    encoder.write_image::<RGB8>(4, 6, &[9; 72]).unwrap();
    fs::write(room.path("a.tif"), file.into_inner()).unwrap();
    for line in [
        "a.tif -k gaussian7 --channel each -o z.tif",
        "a.tif -k box3 --photo --pages 1-2 -o z.png",
        "a.tif -k box3 --photo --pages 1-2 -o z.gif",
        "a.tif -k box3 --pad edge --in-place",
        "a.tif -k box3 --photo -o z.tif --memory-limit 1K",
    ] {
        let plan = room.run(&format!("{line} --dry-run"));
        let run = room.run(line);
        let error = |err: &str| err.lines().last().map(str::to_owned);
        // A limit below what the program itself takes is a slip of the command line.
        let code = if line.contains("memory-limit") { 2 } else { 1 };
        assert_eq!((plan.code, run.code), (Some(code), Some(code)), "{line}");
        assert_eq!(error(&plan.err), error(&run.err), "{line}");
    }
}
