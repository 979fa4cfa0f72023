//! What comes from outside as names: patterns, lists, and names that no text or
//! terminal was made for.

use std::{fs, process::Stdio, time::Instant};

use crate::{PATIENCE, Ran, Room, names_in};

/// Folders too deep for the name of any file below them: even the superuser cannot
/// look there. Returns the first that cannot be looked into.
#[cfg(target_os = "linux")]
fn too_deep(room: &Room, root: &str) {
    let name = "n".repeat(250);
    let deep = [name.as_str(); 14].join("/");
    for root in [root, "more"] {
        fs::create_dir_all(room.path(root).join(&deep)).unwrap();
    }
    fs::rename(room.path("more"), room.path(root).join(&deep).join("more")).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_pattern_goes_on_behind_folders_that_cannot_be_seen() {
    let room = Room::new();
    too_deep(&room, "in");
    for name in ["in/a.png", "in/z/b.png"] {
        fs::create_dir_all(room.path(name).parent().unwrap()).unwrap();
        fs::copy(room.path("a.png"), room.path(name)).unwrap();
    }
    let failed = |run: &Ran| {
        let lost = run.err.strip_prefix("stridekern: in/nnn").unwrap();
        let (_, rest) = lost.split_once(": ").unwrap();
        rest.to_owned()
    };
    let run = room.run_words(["in/**/*.png", "-k", "identity", "-o", "out"]);
    assert_eq!(run.code, Some(1));
    let rest = failed(&run);
    let (why, rest) = rest.split_once('\n').unwrap();
    assert_eq!(
        why,
        "cannot look into the folder: File name too long (os error 36)"
    );
    assert!(
        rest.starts_with("stridekern: 2 done, 0 skipped, 1 failed\nstridekern: failed: in/nnn"),
        "{rest}"
    );
    assert_eq!(
        names_in(&room.path("out")),
        ["a.identity.png", "b.identity.png"]
    );
    // Where nothing matches, the folder is what failed: a match may be in it.
    let run = room.run_words(["in/**/*.nope", "-k", "identity", "-o", "out/"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(
        failed(&run),
        "cannot look into the folder: File name too long (os error 36)\n"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_pattern_over_folders_that_come_and_go() {
    // The processes of this machine, some of which end meanwhile.
    let room = Room::new();
    let run = room.run_words(["/proc/**/*.nope", "-k", "identity", "-o", "out/"]);
    assert_eq!(run.code, Some(1));
    let nothing = "stridekern: /proc/**/*.nope: there is no such file; check its name\n";
    let unseen = run.err.contains(": cannot look into the folder: ");
    assert!(unseen || run.err == nothing, "{}", run.err);
}

#[test]
fn patterns_find_what_a_shell_would() {
    let room = Room::new();
    for name in [
        "in/b.png",
        "in/a.png",
        "in/.h.png",
        "in/s/a.PNG",
        "in/s/t/c.png",
        "in/.g/d.png",
    ] {
        fs::create_dir_all(room.path(name).parent().unwrap()).unwrap();
        fs::copy(room.path("a.png"), room.path(name)).unwrap();
    }
    for (pattern, found) in [
        ("in/*.png", "in/a.png in/b.png"),
        ("in/?.png", "in/a.png in/b.png"),
        ("in/[b-z].png", "in/b.png"),
        ("in/[!b].png", "in/a.png"),
        ("in/.*.png", "in/.h.png"),
        ("in/*/*.PNG", "in/s/a.PNG"),
        ("in/*/t/*", "in/s/t/c.png"),
        ("i*/s/../a.png", "in/s/../a.png"),
        ("in/**/c.png", "in/s/t/c.png"),
        ("in/**/**/*.png", "in/a.png in/b.png in/s/t/c.png"),
        ("**/c.*", "in/s/t/c.png"),
        ("./in/a.p*", "./in/a.png"),
    ] {
        let run = room.run_words([pattern, "-k", "identity", "--dry-run", "-o", "out/"]);
        let text = run.text();
        let inputs: Vec<_> = text
            .lines()
            .map(|l| l.split(" -> ").next().unwrap())
            .collect();
        assert_eq!(inputs.join(" "), found, "{pattern}: {}", run.err);
        assert_eq!(run.code, Some(0), "{pattern}");
    }
    for no_pattern in ["in/[a.png", "in/a**.png", "none/*.png", "in/x*.png"] {
        room.run_words([no_pattern, "-k", "identity", "-o", "out/"])
            .says(
                1,
                &[&format!(
                    "{no_pattern}: there is no such file; check its name"
                )],
            );
    }
}

#[test]
fn lists_without_end_are_refused_at_once() {
    let room = Room::new();
    room.text("long", &format!("a.png\n{}\n", "x".repeat(40_000)));
    room.text("longest", &format!("{}\na.png\n", "x".repeat(32_768)));
    let long = "long: line 2 has more than 32768 bytes, and no file such a name; give one name a line, or --null where NUL ends each";
    let rest = " -k identity -o out/";
    room.run(&format!("--files-from long{rest}"))
        .says(2, &[long]);
    // The longest is a name, if one that no file has.
    let run = room.run(&format!("--files-from longest{rest}"));
    assert_eq!(run.code, Some(1));
    assert!(
        run.err
            .contains("stridekern: 1 done, 0 skipped, 1 failed\n"),
        "{}",
        run.err
    );
    #[cfg(unix)]
    for (line, said) in [
        (
            "--files-from /dev/zero --null",
            "/dev/zero: the list has more than 16777216 names; cut it into several",
        ),
        (
            "--files-from /dev/zero",
            "/dev/zero: line 1 has more than 32768 bytes, and no file such a name; give one name a line, or --null where NUL ends each",
        ),
    ] {
        let start = Instant::now();
        room.run(&format!("{line}{rest}")).says(2, &[said]);
        assert!(start.elapsed() < PATIENCE, "{line}");
    }
    // More than it can hold, by a pipe: it is read no further than to the error.
    let list = vec![b'x'; 1 << 20];
    for (null, said) in [
        (
            "",
            "-: line 1 has more than 32768 bytes, and no file such a name; give one name a line, or --null where NUL ends each",
        ),
        (
            " --null",
            "-: name 1 has more than 32768 bytes, and no file such a name; with --null, each name ends with NUL",
        ),
    ] {
        room.run_with(&format!("--files-from -{null}{rest}"), &list)
            .says(2, &[said]);
    }
}

#[cfg(unix)]
#[test]
fn names_that_are_not_text() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let room = Room::new();
    let name = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
    for bytes in [b"a \xff.png", b"a \xfe.png"] {
        fs::copy(room.path("a.png"), room.path(name(bytes))).unwrap();
    }
    // A pattern finds them, and --json tells them apart.
    let run = room.run_words(["a *.png", "-k", "identity", "-o", "out/", "--json"]);
    let of = |objects: &[serde_json::Value], key: &str| -> Vec<String> {
        objects
            .iter()
            .map(|o| o[key].as_str().unwrap_or("none").to_owned())
            .collect()
    };
    let objects = run.silent().json();
    assert_eq!(of(&objects, "input"), ["a \u{fffd}.png"; 2]);
    assert_eq!(of(&objects, "input_bytes"), ["a%20%FE.png", "a%20%FF.png"]);
    assert_eq!(
        of(&objects, "output_bytes"),
        ["out/a%20%FE.identity.png", "out/a%20%FF.identity.png"]
    );
    for how in ["--dry-run", "--explain", "--bench"] {
        let words = [
            "a.png", "a *.png", "-k", "identity", "-o", "out2/", "--json", how,
        ];
        let mut inputs = of(&room.run_words(words).silent().json(), "input_bytes");
        inputs.dedup();
        assert_eq!(inputs, ["none", "a%20%FE.png", "a%20%FF.png"], "{how}");
    }
    // Every byte that a name may have comes back.
    let all: Vec<u8> = (1..=255).filter(|&b| b != b'/').collect();
    for (at, part) in all.chunks(100).enumerate() {
        let bytes = [part, b"\xff.png"].concat();
        fs::copy(room.path("a.png"), room.path(name(&bytes))).unwrap();
        let run = room.run_words([
            &*name(b"-k"),
            &name(b"identity"),
            &name(b"-f"),
            &name(b"png"),
            &name(b"-o"),
            &name(format!("x{at}.png").as_bytes()),
            &name(b"--json"),
            &name(b"--"),
            &name(&bytes),
        ]);
        let encoded = run.silent().json()[0]["input_bytes"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(encoded.is_ascii());
        let mut decoded = Vec::new();
        let mut rest = encoded.bytes();
        while let Some(byte) = rest.next() {
            let digits = |rest: &mut std::str::Bytes<'_>| {
                let pair = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(str::from_utf8(&pair).unwrap(), 16).unwrap()
            };
            decoded.push(if byte == b'%' {
                digits(&mut rest)
            } else {
                byte
            });
        }
        assert_eq!(decoded, bytes);
    }
}

#[test]
fn what_is_printed_shows_what_it_is() {
    // The override that shows gnp.a as a.png, a line separator, a C1 control,
    // and characters without shape.
    let hidden = [
        "\u{202e}", "\u{2028}", "\u{9b}", "\u{200b}", "\u{feff}", "\u{2066}",
    ];
    let name = format!("x{}.png", hidden.concat());
    let shown = "x\\u{202e}\\u{2028}\\u{9b}\\u{200b}\\u{feff}\\u{2066}";
    let room = Room::new();
    room.text(&name, "no picture");
    room.text(&name.replace(".png", ".toml"), "weights = [[1, 2]]\n");
    room.text("wrong.toml", &format!("weights = \"{name}\"\n"));
    room.text(
        "unknown.toml",
        &format!("map = \"{name}\"\nweights = [[1]]\n"),
    );
    let kernel = name.replace(".png", ".toml");
    let mut told = 0;
    for words in [
        vec![&*name, "-k", "identity"],
        vec!["missing\u{202e}.png", "-k", "identity"],
        vec!["a.png", "-k", &name],
        vec!["a.png", "-k", "wrong.toml"],
        vec!["a.png", "-k", "unknown.toml"],
        vec!["a.png", "-k", &kernel, "--explain"],
        vec!["a.png", "-k", &kernel, "--bench"],
        vec!["a.png", "-k", &kernel, "--dry-run"],
        vec!["a.png", "-k", &kernel, "-v", "-o", "out/"],
        vec!["a.png", "-k", "identity", "--map", &name],
        vec!["a.png", "-k", "identity", "-o", &name, "-f", "jpg"],
        vec!["--files-from", "none\u{202e}", "-k", "identity"],
    ] {
        let run = room.run_words(&words);
        let text = run.text() + &run.err;
        for hidden in hidden {
            assert!(!text.contains(hidden), "{words:?}: {text:?}");
        }
        told += usize::from(text.contains(shown));
    }
    // The others have no such name in what they say, or fold the white space in it.
    assert_eq!(told, 8);
}

#[test]
fn more_threads_than_help_are_not_started() {
    let room = Room::new();
    let cores = std::thread::available_parallelism().unwrap().get();
    let most = (4 * cores).max(64);
    let over = (most + 1).min(1024);
    let note = |name: &str| {
        format!("{name} {over} is more than helps on {cores} cores: {most} are started")
    };
    if over > most {
        room.run(&format!("a.png -k sobel -o b.png -j {over}"))
            .says(0, &[&note("--threads")]);
        let explained = room
            .run(&format!("a.png -k sobel --explain -j {over}"))
            .text();
        assert!(
            explained.ends_with(&format!("threads   {}\n", note("--threads"))),
            "{explained}"
        );
        let run = room
            .command()
            .args("a.png -k sobel -o c.png".split(' '))
            .env("RAYON_NUM_THREADS", over.to_string())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        Ran::new(run).says(0, &[&note("RAYON_NUM_THREADS")]);
    }
    for few in [1, 2, 64] {
        room.run(&format!("a.png -k sobel -o d{few}.png -j {few}"))
            .silent();
        assert_eq!(room.read(format!("d{few}.png")), room.read("d1.png"));
    }
}
