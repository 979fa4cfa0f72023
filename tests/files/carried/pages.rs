//! What files of several pages carry: how long frames are shown and how often, and the parts of
//! each page.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

use serde_json::Value;
use stridekern::{
    Alpha, Border, Channel, Error, Filter, KernelBank,
    codec::{Fate, Format, Pages, PartFate, PartKind},
    error::OutputError,
    run::{self, Done, Existing, Job, Options, Outcome, Place, Request},
};

use super::{OUTPUTS, TEXTS, depth, holds, searchable, without_count};

/// Files of several pages, and their titles.
const INPUTS: [(&str, &str); 4] = [
    ("frames/disposal.gif", "gif, several frames"),
    ("frames/dispose.png", "png, several frames"),
    ("frames/clear.webp", "webp, several frames"),
    ("pages/tags.tif", "tif, several pages"),
];

const REFUSED: &str = "refused";

/// A result, the lines that were told of it, and its file.
struct Made {
    done: Box<Done>,
    warnings: Vec<String>,
    file: Vec<u8>,
}

/// Filters these pages of a file, or says why that is refused; nothing is left of it then.
fn filtered(input: &Path, format: Format, pages: Pages, folder: &Path) -> Result<Made, Error> {
    struct Warnings(Mutex<Vec<String>>);
    impl run::Report for Warnings {
        fn event(&self, event: run::Event<'_>) {
            if let run::Event::Warning { message, .. } = event {
                self.0.lock().unwrap().push(message.to_string());
            }
        }
    }
    let output = folder.join(format!("pages.{format}"));
    let filter = Filter::new(KernelBank::resolve("box3").unwrap())
        .with_extent(Border::Edge)
        .with_channel(Channel::Each)
        // Some formats hold none.
        .with_alpha(Some(Alpha::Drop))
        .with_depth(depth(format));
    let job = Job {
        input: Place::File(input.to_owned()),
        results: vec![Request {
            filter,
            output: Place::File(output.clone()),
            format: Some(format),
        }],
    };
    let options = Options {
        existing: Existing::Replace,
        pages,
        ..Options::default()
    };
    let warnings = Warnings(Mutex::default());
    let outcome = run::run(&job, &options, &warnings).unwrap().remove(0);
    let done = match outcome {
        Ok(Outcome::Done(done)) => done,
        Ok(other) => panic!("{}, {format}: {other:?}", input.display()),
        Err(error) => {
            assert!(!output.exists());
            return Err(error);
        }
    };
    let file = fs::read(&output).unwrap();
    fs::remove_file(output).unwrap();
    Ok(Made {
        done,
        warnings: warnings.0.into_inner().unwrap(),
        file,
    })
}

/// How long each frame of a GIF or PNG is shown, in seconds, and how often all are, 0 for ever:
/// by the bytes of the file.
fn timing(file: &[u8], format: Format) -> (Vec<f64>, u32) {
    if format == Format::Gif {
        let decoder = gif::DecodeOptions::new().read_info(file).unwrap();
        let again = decoder.repeat();
        let mut decoder = decoder;
        let mut delays = Vec::new();
        while let Some(frame) = decoder.next_frame_info().unwrap() {
            delays.push(f64::from(frame.delay) / 100.0);
        }
        // Without the block of an application a file is shown once, as with `Finite(0)`.
        let plays = match again {
            gif::Repeat::Infinite => 0,
            gif::Repeat::Finite(again) => u32::from(again) + 1,
        };
        return (delays, plays);
    }
    let (mut delays, mut plays) = (Vec::new(), 1);
    let mut rest = file.strip_prefix(b"\x89PNG\r\n\x1a\n").unwrap();
    while let Some((length, after)) = rest.split_first_chunk() {
        let data = &after[4..];
        let u16_at = |at: usize| f64::from(u16::from_be_bytes([data[at], data[at + 1]]));
        match &after[..4] {
            b"acTL" => plays = u32::from_be_bytes(data[4..8].try_into().unwrap()),
            b"fcTL" => delays.push(u16_at(20) / u16_at(22)),
            _ => {}
        }
        rest = &after[8 + u32::from_be_bytes(*length) as usize..];
    }
    (delays, plays)
}

/// The delays and plays of a file of testdata/frames, by its script.
fn facts(input: &Path) -> Option<(Vec<f64>, u32)> {
    let all = fs::read_to_string("testdata/frames/frames.json").unwrap();
    let all: Value = serde_json::from_str(&all).unwrap();
    let facts = all.get(input.file_stem()?.to_str()?)?;
    let delays = facts["delays"].as_array().unwrap().iter();
    let delays = delays.map(|delay| delay.as_f64().unwrap());
    Some((delays.collect(), facts["plays"].as_u64().unwrap() as u32))
}

/// Whether a part is said to be on this page.
fn is_on(part: &PartFate, page: u64) -> bool {
    part.pages.as_ref().is_none_or(|pages| {
        let mut ranges = pages.ranges().iter();
        ranges.any(|[first, last]| (*first..=*last).contains(&page))
    })
}

/// Checks what is said of delays and plays against the file.
fn check_timing(case: &str, made: &Made, format: Format, input: &Path) {
    let fate_of = |kind: PartKind, page: u64| {
        let mut parts = made.done.metadata.iter();
        let part = parts.find(|part| part.kind == kind && is_on(part, page));
        part.map(|part| &part.fate)
    };
    let Some((wanted, wanted_plays)) = facts(input) else {
        assert_eq!(fate_of(PartKind::Delay, 1), None, "{case}");
        assert_eq!(fate_of(PartKind::Loops, 1), None, "{case}");
        if format.holds_frames() {
            let (delays, plays) = timing(&made.file, format);
            assert_eq!((delays, plays), (vec![0.1; made.done.pages as usize], 0));
            let told = "the pages say nothing of time: each is shown for 0.1 s, over and over";
            assert!(made.warnings.iter().any(|line| line == told), "{case}");
        }
        return;
    };
    if !format.holds_frames() {
        for page in 1..=made.done.pages {
            assert!(
                matches!(fate_of(PartKind::Delay, page), Some(Fate::Lost(_))),
                "{case}"
            );
        }
        assert!(
            matches!(fate_of(PartKind::Loops, 1), Some(Fate::Lost(_))),
            "{case}"
        );
        return;
    }
    let (delays, plays) = timing(&made.file, format);
    assert_eq!(delays.len(), wanted.len(), "{case}");
    for ((delay, wanted), page) in delays.iter().zip(&wanted).zip(1..) {
        let fate = fate_of(PartKind::Delay, page).unwrap();
        let differs = (delay - wanted).abs();
        match fate {
            Fate::Kept => assert!(differs < 1e-9, "{case}, {page}: {delay}, {wanted}"),
            Fate::Changed(_) => {
                assert!(
                    (1e-9..=0.005 + 1e-9).contains(&differs),
                    "{case}, {page}: {delay}, {wanted}"
                );
            }
            fate => panic!("{case}, {page}: {fate:?}"),
        }
    }
    assert_eq!(fate_of(PartKind::Loops, 1), Some(&Fate::Kept), "{case}");
    assert_eq!(plays, wanted_plays, "{case}");
}

/// Checks which texts are in the file, and what is told to be lost.
fn check_parts(case: &str, made: &Made, input: &Path) {
    let carried = searchable(&fs::read(input).unwrap());
    let file = searchable(&made.file);
    for (text, part) in TEXTS {
        let Some(name) = part.filter(|_| holds(&carried, text.as_bytes())) else {
            continue;
        };
        let mut fates = made.done.metadata.iter().filter(|part| part.name == name);
        let is_kept = fates.any(|part| matches!(part.fate, Fate::Kept | Fate::Changed(_)));
        assert_eq!(holds(&file, text.as_bytes()), is_kept, "{case}: {text}");
    }
    let lines = made
        .warnings
        .iter()
        .filter_map(|line| line.strip_prefix("metadata left out: "));
    let lines = Vec::from_iter(lines);
    assert!(lines.len() <= 1, "{case}: {lines:?}");
    for part in &made.done.metadata {
        let told = lines
            .iter()
            .flat_map(|line| line.split(&[',', ';']))
            .filter_map(|lost| without_count(lost.trim()).strip_prefix(&part.name))
            .any(|after| after.is_empty() || after.starts_with(" ("));
        let mut same = made
            .done
            .metadata
            .iter()
            .filter(|other| other.name == part.name);
        let is_lost = same.any(|part| matches!(part.fate, Fate::Lost(_)));
        assert_eq!(is_lost, told, "{case}: {part}: {lines:?}");
    }
}

/// A word for what becomes of a part.
fn word(fate: &Fate) -> &'static str {
    match fate {
        Fate::Kept => "**kept**",
        Fate::Changed(_) => "**changed**",
        Fate::Lost(_) => "*lost*",
        _ => "outdated",
    }
}

/// The tables of all inputs.
pub(super) fn tables(folder: &Path) -> String {
    let mut text = String::new();
    for (input, title) in INPUTS {
        let input = PathBuf::from("testdata").join(input);
        let first = Pages::Range { first: 1, last: 1 };
        let (mut all, mut alone) = (Vec::new(), Vec::new());
        for format in OUTPUTS {
            let case = format!("{} to {format}", input.display());
            match filtered(&input, format, Pages::All, folder) {
                Ok(made) => {
                    assert!(format.holds_pages() && made.done.pages > 1, "{case}");
                    check_timing(&case, &made, format, &input);
                    check_parts(&case, &made, &input);
                    all.push(Some(made.done.metadata));
                }
                Err(Error::Output(OutputError::Pages { .. })) => {
                    assert!(!format.holds_pages(), "{case}");
                    all.push(None);
                }
                Err(error) => panic!("{case}: {error}"),
            }
            let made = filtered(&input, format, first, folder).unwrap();
            assert_eq!(made.done.pages, 1, "{case}");
            let is_timing =
                |part: &PartFate| matches!(part.kind, PartKind::Delay | PartKind::Loops);
            assert!(!made.done.metadata.iter().any(is_timing), "{case}");
            if format.holds_frames() {
                // A single picture is not animated, and not shown for some time.
                let (delays, plays) = timing(&made.file, format);
                assert!(
                    delays.iter().all(|delay| *delay == 0.0) && plays == 1,
                    "{case}"
                );
            }
            check_parts(&case, &made, &input);
            alone.push("**kept**");
        }
        let names = OUTPUTS.map(|format| format.to_string()).join(" | ");
        writeln!(text, "\n## From {title}\n\n| part | {names} |").unwrap();
        writeln!(text, "|---{}|", "|---".repeat(OUTPUTS.len())).unwrap();
        let mut row = |name: &str, cells: Vec<String>| {
            writeln!(text, "| {name} | {} |", cells.join(" | ")).unwrap();
        };
        let cells = all
            .iter()
            .map(|made| if made.is_some() { "**kept**" } else { REFUSED });
        row("all pages", cells.map(str::to_owned).collect());
        row(
            "one page, by `--pages 1`",
            alone.into_iter().map(str::to_owned).collect(),
        );
        // The parts of any result, each once.
        let mut parts: Vec<&PartFate> = Vec::new();
        for part in all.iter().flatten().flatten() {
            if !parts.iter().any(|known| known.name == part.name) {
                parts.push(part);
            }
        }
        for PartFate { name, .. } in parts {
            let cells = all.iter().map(|fates| {
                let Some(fates) = fates else {
                    return REFUSED.to_owned();
                };
                let mut words = Vec::new();
                for part in fates.iter().filter(|part| part.name == *name) {
                    if !words.contains(&word(&part.fate)) {
                        words.push(word(&part.fate));
                    }
                }
                assert!(!words.is_empty(), "{title}: {name}");
                words.join(" or ")
            });
            row(name, cells.collect());
        }
    }
    text
}
