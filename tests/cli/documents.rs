//! ARCHITECTURE.md and CONTRIBUTING.md say what is so.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
};

use super::common;

const ARCHITECTURE: &str = include_str!("../../ARCHITECTURE.md");
const CONTRIBUTING: &str = include_str!("../../CONTRIBUTING.md");
const LIBRARY: &str = include_str!("../../docs/library.md");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What stands between backquotes on one line. Blocks of code have none.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.starts_with("```"))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// The quoted words that name a path of the repository.
fn paths(text: &str) -> BTreeSet<&str> {
    let tops: BTreeSet<String> = common::names_in(root()).into_iter().collect();
    quoted(text)
        .filter_map(|words| words.split_whitespace().next())
        .map(|path| path.trim_end_matches('/'))
        .filter(|path| match path.split_once('/') {
            Some((top, _)) => top != "target" && tops.contains(top),
            None => tops.contains(*path),
        })
        .collect()
}

/// The files that git knows, or nothing where this is no clone.
fn known_to_git() -> Vec<String> {
    let output = Command::new("git")
        .args(["-c", "core.quotePath=false", "ls-files"])
        .current_dir(root())
        .output();
    let Ok(output) = output.map(|output| output.stdout) else {
        return Vec::new();
    };
    let files = String::from_utf8(output).unwrap();
    files.lines().map(str::to_owned).collect()
}

#[test]
fn every_path_of_the_map_exists() {
    let paths = paths(ARCHITECTURE);
    assert!(paths.len() > 60, "{}", paths.len());
    let missing: Vec<_> = (paths.iter())
        .filter(|path| !root().join(path).exists())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_folder_is_on_the_map() {
    let (paths, files) = (paths(ARCHITECTURE), known_to_git());
    let mut wanted = BTreeSet::new();
    for file in &files {
        let parts: Vec<_> = file.split('/').collect();
        if parts.len() > 1 {
            wanted.insert(parts[0].to_owned());
        }
        if parts.len() > 2 && matches!(parts[0], "src" | "tests" | "benches" | "fuzz") {
            wanted.insert(parts[..2].join("/"));
        }
        if parts.len() == 2 && parts[0] == "src" {
            wanted.insert(file.clone());
        }
    }
    let missing: Vec<_> = (wanted.iter())
        .filter(|path| !paths.contains(path.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(files.is_empty() || wanted.len() > 40, "{wanted:?}");
}

/// The layer of each room, counted from the lowest.
fn layers() -> BTreeMap<&'static str, usize> {
    let list = ARCHITECTURE.split("<!-- layers -->").nth(1).unwrap();
    let list = list.split("<!-- /layers -->").next().unwrap();
    let lines = list.trim().lines().enumerate();
    lines
        .flat_map(|(layer, line)| quoted(line).map(move |room| (room, layer)))
        .collect()
}

/// The rooms that `source` imports, without its comments and unit tests.
fn imports(source: &str) -> BTreeSet<String> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let code: Vec<_> = (source.lines())
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let code = code.join("\n");
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let name = |text: &str| -> String {
        let text = text.trim_start();
        text.split(|c| !is_word(c)).next().unwrap().to_owned()
    };
    let mut rooms = BTreeSet::new();
    for (at, keyword) in code.match_indices("crate::") {
        // Not a module whose name ends like that.
        if code[..at].ends_with(is_word) {
            continue;
        }
        let after = &code[at + keyword.len()..];
        let Some(group) = after.strip_prefix('{') else {
            rooms.insert(name(after));
            continue;
        };
        let (mut depth, mut begins) = (0, true);
        for (at, c) in group.char_indices() {
            if begins {
                rooms.insert(name(&group[at..]));
                begins = false;
            }
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => begins = true,
                _ => {}
            }
        }
    }
    rooms.remove("");
    rooms
}

#[test]
fn imports_are_found() {
    let source = "use crate::{\n    a::{b, c::{d, e}},\n    f,\n};\n// crate::no\nlet x = crate::g::h + own_crate::no();";
    let found: Vec<_> = imports(source).into_iter().collect();
    assert_eq!(found, ["a", "f", "g"]);
}

/// The source files of a room: not those that are compiled for tests only.
fn sources(path: &Path, all: &mut Vec<String>) {
    let name = path.file_stem().unwrap();
    if name == "tests" || name == "shuttle_tests" {
        return;
    }
    if path.is_dir() {
        for name in common::names_in(path) {
            sources(&path.join(name), all);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        all.push(fs::read_to_string(path).unwrap());
    }
}

#[test]
fn rooms_import_lower_layers_only() {
    let layers = layers();
    let (mut rooms, mut upward, mut count) = (BTreeSet::new(), Vec::new(), 0);
    for entry in common::names_in(&root().join("src")) {
        let room = entry.trim_end_matches(".rs");
        if ["lib", "main", "cli"].contains(&room) {
            continue;
        }
        rooms.insert(room.to_owned());
        let mut files = Vec::new();
        sources(&root().join("src").join(&entry), &mut files);
        for import in files.iter().flat_map(|source| imports(source)) {
            // Public names at the top of the crate are nobody's room.
            let Some(layer) = layers.get(import.as_str()) else {
                upward.push(format!("{room} imports {import}, which has no layer"));
                continue;
            };
            count += 1;
            if import != room && layers.get(room).is_none_or(|own| layer >= own) {
                upward.push(format!("{room} imports {import}"));
            }
        }
    }
    assert!(upward.is_empty(), "{upward:#?}");
    assert!(count > 200, "{count}");
    let listed: BTreeSet<_> = layers.keys().map(|room| (*room).to_owned()).collect();
    assert_eq!(listed, rooms);
}

/// The commands of CONTRIBUTING.md: quoted, or lines of blocks marked `sh`.
fn commands() -> Vec<&'static str> {
    let blocks = CONTRIBUTING.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap().lines());
    lines.chain(quoted(CONTRIBUTING)).collect()
}

#[test]
fn every_command_for_contributors_is_there() {
    let is_program = |word: &str| {
        let name = word.rsplit('/').next().unwrap();
        word.contains('/') && ["run", "fast"].contains(&name)
    };
    let mut programs = BTreeSet::new();
    for command in commands() {
        let words: Vec<_> = command.split_whitespace().collect();
        match words.as_slice() {
            [program, ..] if is_program(program) => {
                programs.insert(*program);
            }
            ["python", script] => assert!(root().join(script).is_file(), "{script}"),
            ["pip", "install", "-r", list] => assert!(root().join(list).is_file(), "{list}"),
            _ => {}
        }
    }
    let is_missing = |program: &&&str| match fs::metadata(root().join(program)) {
        Ok(file) => !file.is_file() || file.permissions().mode() & 0o111 == 0,
        Err(_) => true,
    };
    let missing: Vec<_> = programs.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "{missing:?}");
    // Those that git knows are told of, every one.
    for file in known_to_git().iter().filter(|file| is_program(file)) {
        assert!(programs.contains(file.as_str()), "{file}");
    }
}

#[test]
fn every_path_for_contributors_exists() {
    let links = CONTRIBUTING.split("](").skip(1);
    let links: Vec<_> = links.map(|link| link.split(')').next().unwrap()).collect();
    assert!(links.len() > 4);
    for path in paths(CONTRIBUTING).into_iter().chain(links) {
        assert!(root().join(path).exists(), "{path}");
    }
}

/// The calls of `cargo test` and `cargo bench` name targets that there are.
#[test]
fn every_target_for_contributors_exists() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut count = 0;
    for command in commands() {
        let words: Vec<_> = command.split_whitespace().collect();
        for pair in words.windows(2) {
            let ["--test" | "--bench", name] = pair else {
                continue;
            };
            let is_there = root().join("tests").join(name).join("main.rs").is_file()
                || manifest.contains(&format!("name = \"{name}\""));
            assert!(is_there, "{command}");
            count += 1;
        }
    }
    assert!(count > 3, "{count}");
}

/// `docs/library.md` lists the programs in `examples`, which are short and say what they show.
#[test]
fn every_example_is_listed_and_short() {
    let table = LIBRARY.split("# Ten programs").nth(1).unwrap();
    let table = table.split("\n# ").next().unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let listed: BTreeSet<_> = rows.filter_map(|row| quoted(row).next()).collect();
    let names = common::names_in(&root().join("examples"));
    let there: BTreeSet<_> = (names.iter())
        .map(|name| name.trim_end_matches(".rs"))
        .collect();
    assert_eq!(listed, there);
    assert_eq!(listed.len(), 10);
    for name in &names {
        let program = fs::read_to_string(root().join("examples").join(name)).unwrap();
        assert!(program.starts_with("//! "), "{name}");
        let call = format!("`cargo run --example {}", name.trim_end_matches(".rs"));
        let release = call.replace("run", "run --release");
        assert!(
            program.contains(&call) || program.contains(&release),
            "{name}"
        );
        assert!(program.lines().count() < 50, "{name}");
    }
}
