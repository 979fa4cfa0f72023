//! The library does not speak of the program's options: `cli/advice.rs` adds them to what it says.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The files below `folder`, but for the program's own and those of tests.
fn sources(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("src/cli") || path.ends_with("tests.rs") {
            continue;
        }
        match path.is_dir() {
            true => sources(&path, all),
            false => all.push(path),
        }
    }
}

/// Whether an option is named: two hyphens, a letter, and no hyphen or letter before.
fn names_an_option(line: &str) -> bool {
    line.match_indices("--").any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + 2..].chars().next();
        let begins = before.is_none_or(|c| !c.is_alphanumeric() && c != '-');
        begins && after.is_some_and(|c| c.is_ascii_lowercase())
    })
}

#[test]
fn options_are_told_from_other_hyphens() {
    for (line, names) in [
        ("raise --memory-limit", true),
        ("--output", true),
        ("(--pad edge, ...)", true),
        ("`--depth`", true),
        ("// -----------", false),
        ("a -- b", false),
        ("i--j", false),
        ("<!--", false),
    ] {
        assert_eq!(names_an_option(line), names, "{line}");
    }
}

#[test]
fn only_the_program_names_its_options() {
    let mut files = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    sources(&root, &mut files);
    let (mut lines, mut found) = (0, Vec::new());
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let library = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for (number, line) in library.lines().enumerate() {
            lines += 1;
            if names_an_option(line) {
                let file = file.strip_prefix(&root).unwrap().display();
                found.push(format!("{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(lines > 10_000, "{lines} lines were looked at");
    assert_eq!(found, [""; 0]);
}
