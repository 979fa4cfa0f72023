//! `--dry-run` tells what the run will tell, as far as headers do.

use std::fs;

use serde_json::Value;

use crate::{
    Room, names_in,
    reports::{SCHEMA, conforms},
};

fn odd() -> std::path::PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/odd").into()
}

#[test]
fn a_preview_warns_of_what_a_run_warns_of() {
    let room = Room::new();
    let mut all = 0;
    for name in names_in(&odd()) {
        let input = odd().join(&name);
        if name == "expected.json" {
            continue;
        }
        let run = |flags: &str| {
            // Five channels might be planes of a stack.
            let axes = match &name[..] {
                name if name.starts_with("five_channels") => "--axes YXC",
                // An array has one page.
                "animated.gif" => "--pages 1",
                _ => "",
            };
            let line = format!(
                "{} -k box3 --photo -o out.npy --json {axes} {flags}",
                input.display()
            );
            room.run(&line)
        };
        let (plan, done) = (run("--dry-run --overwrite"), run("--overwrite"));
        assert_eq!(
            (plan.code, done.code),
            (Some(0), Some(0)),
            "{name} {}",
            plan.err
        );
        // What only the samples or the output tell comes later.
        let rest = done.err.strip_prefix(&plan.err);
        let rest = rest.unwrap_or_else(|| panic!("{}{}", plan.err, done.err));
        // Whether a scan without an end is whole, only decoding it tells.
        assert!(
            name.starts_with("no_end") || !rest.contains(&name),
            "{rest}"
        );
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        for run in [plan, done] {
            let object = &run.json()[0];
            conforms(object, &schema).unwrap();
            let warnings = object["warnings"].as_array().unwrap().iter();
            let warnings = Vec::from_iter(warnings.map(|warning| &warning["text"]));
            let told = run
                .err
                .lines()
                .map(|line| line.split_once(": warning: ").unwrap().1);
            assert_eq!(warnings, Vec::from_iter(told), "{name}");
            all += warnings.len();
        }
        let quiet = run("--dry-run --overwrite -q");
        assert_eq!(quiet.err, "", "{name}");
    }
    assert!(all >= 4, "{all}");
}

#[test]
fn every_result_of_an_input_has_its_warnings() {
    let room = Room::new();
    for name in ["mask.tif", "cmyk.jpg"] {
        fs::copy(odd().join(name), room.path(name)).unwrap();
        for flags in ["--dry-run", ""] {
            let line = format!(
                "{name} a.png -k gaussian3 -k box3 -f png -o out/ --overwrite --json {flags}"
            );
            let run = room.run(&line);
            let warning = run
                .err
                .strip_prefix(&format!("stridekern: {name}: warning: "));
            let warning = warning.unwrap().strip_suffix('\n').unwrap();
            assert_eq!(warning.lines().count(), 1, "{}", run.err);
            assert_eq!(run.json().len(), 4);
            for object in run.json() {
                match object["input"] == name {
                    true => assert_eq!(object["warnings"][0]["text"], Value::from(warning)),
                    false => assert_eq!(object["warnings"], Value::Array(Vec::new())),
                }
            }
        }
        // A refusal says it already.
        let line = format!("{name} -k box3 --photo --in-place");
        let refused = room.run(&line);
        let plan = room.run(&format!("{line} --dry-run"));
        assert_eq!((plan.code, plan.err), (refused.code, refused.err.clone()));
        assert!(
            refused
                .err
                .starts_with(&format!("stridekern: {name}: not replaced: "))
        );
    }
}

#[cfg(unix)]
#[test]
fn a_preview_tells_what_permissions_forbid() {
    use std::os::unix::fs::PermissionsExt;
    let room = Room::new();
    for folder in ["closed", "open"] {
        fs::create_dir(room.path(folder)).unwrap();
        fs::copy(room.path("a.png"), room.path(format!("{folder}/a.png"))).unwrap();
    }
    let allow = |name: &str, mode| {
        fs::set_permissions(room.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    allow("open/a.png", 0o444);
    allow("closed", 0o555);
    let protected = "open/a.png: the output exists already and is write-protected: change its permissions, or choose another place for the output";
    let closed = "cannot create the output: Permission denied (os error 13); change the permissions, or choose another place for the output";
    let superuser = fs::File::create(room.path("closed/probe")).is_ok();
    for (line, said) in [
        (
            "open/a.png -k box3 --photo --in-place",
            protected.to_owned(),
        ),
        (
            "closed/a.png -k box3 --photo --in-place",
            format!("closed/a.png: {closed}"),
        ),
        (
            "closed/a.png -k box3",
            format!("closed/a.box3.png: {closed}"),
        ),
        (
            "a.png -k box3 -o closed/",
            format!("closed/a.box3.png: {closed}"),
        ),
    ] {
        if superuser && !line.starts_with("open") {
            eprintln!("skipped: permissions do not bind the superuser");
            continue;
        }
        for flags in ["--dry-run", ""] {
            room.run(&format!("{line} {flags}")).says(1, &[&said]);
        }
    }
    allow("closed", 0o755);
}
