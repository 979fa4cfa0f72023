//! What a file carries beside its samples, and what becomes of it in every format: the table
//! of docs/files.md is made here.

mod pages;

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Mutex,
};

use stridekern::{
    Border, Channel, Depth, Filter, KernelBank,
    codec::{Fate, Format, MetadataPolicy, PartFate},
    run::{self, Existing, Job, Options, Outcome, Place, Request},
};

/// The files that carry everything, and their formats.
fn inputs() -> Vec<PathBuf> {
    let folder = Path::new("testdata/carried");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

/// One format of each kind that is written.
const OUTPUTS: [Format; 12] = [
    Format::Png,
    Format::Jpeg,
    Format::Tiff,
    Format::Webp,
    Format::Gif,
    Format::Bmp,
    Format::Ppm,
    Format::Tga,
    Format::Qoi,
    Format::Hdr,
    Format::Exr,
    Format::Npy,
];

/// The type of samples that a format needs.
fn depth(format: Format) -> Option<Depth> {
    match format {
        Format::Exr | Format::Hdr => Some(Depth::F32),
        _ => Some(Depth::U8),
    }
}

/// Filters a file; gives what the result carries, the warnings, and the result.
fn filtered(
    input: &Path,
    format: Format,
    metadata: MetadataPolicy,
    folder: &Path,
) -> (Vec<PartFate>, Vec<String>, Vec<u8>) {
    struct Warnings(Mutex<Vec<String>>);
    impl run::Report for Warnings {
        fn event(&self, event: run::Event<'_>) {
            if let run::Event::Warning { message, .. } = event {
                self.0.lock().unwrap().push(message.to_string());
            }
        }
    }
    let output = folder.join(format!("out.{format}"));
    let filter = Filter::new(KernelBank::resolve("box3").unwrap())
        .with_extent(Border::Edge)
        .with_channel(Channel::Each)
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
        metadata,
        ..Options::default()
    };
    let warnings = Warnings(Mutex::default());
    let outcome = run::run(&job, &options, &warnings).unwrap().remove(0);
    let Ok(Outcome::Done(done)) = outcome else {
        panic!("{}, {format}: {outcome:?}", input.display());
    };
    let warnings = warnings.0.into_inner().unwrap();
    (done.metadata, warnings, fs::read(output).unwrap())
}

/// The bytes of a file, and what is compressed in the chunks of a PNG.
fn searchable(file: &[u8]) -> Vec<u8> {
    let mut all = file.to_vec();
    let mut rest = match file.strip_prefix(b"\x89PNG\r\n\x1a\n") {
        Some(chunks) => chunks,
        None => return all,
    };
    while let [a, b, c, d, e, f, g, h, data @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let (name, data) = ([*e, *f, *g, *h], &data[..length]);
        if matches!(&name, b"zTXt" | b"iCCP") {
            // After the keyword and the method.
            let start = data.iter().position(|byte| *byte == 0).unwrap() + 2;
            let mut text = Vec::new();
            let mut decoder = flate2::read::ZlibDecoder::new(&data[start..]);
            decoder.read_to_end(&mut text).unwrap();
            all.extend(text);
        }
        rest = &rest[12 + length..];
    }
    all
}

fn holds(file: &[u8], text: &[u8]) -> bool {
    file.windows(text.len()).any(|part| part == text)
}

/// The texts in the files, each in the part of this name. Those of no part are in what never
/// reaches a result: previews of the picture as it was.
const TEXTS: &[(&str, Option<&str>)] = &[
    ("needle-app", Some("segment APP4 (Camera)")),
    ("needle-artist", Some("tag Artist")),
    ("needle-cabx", Some("chunk caBX")),
    ("needle-comment", None),
    ("needle-copyright", Some("tag Copyright")),
    ("needle-description", Some("tag ImageDescription")),
    ("needle-document", Some("tag DocumentName")),
    ("needle-dsig", Some("chunk dSIG")),
    ("needle-exif", Some("EXIF data")),
    ("needle-exrcomments", Some("attribute comments")),
    ("needle-exrmatte", Some("attribute cryptomatte/1/name")),
    ("needle-exrown", Some("attribute own")),
    ("needle-exrowner", Some("attribute owner")),
    ("needle-exrstudio", Some("attribute studio")),
    ("needle-exrthumb", None),
    ("needle-exrview", Some("attribute view")),
    ("needle-exrviews", Some("attribute multiView")),
    ("needle-exifthumb", None),
    ("needle-extended", Some("extended XMP data")),
    ("needle-gdal", Some("tag GDAL_METADATA")),
    ("needle-geo", Some("tag GeoAsciiParams")),
    ("needle-gifx", Some("chunk gIFx")),
    ("needle-gps", Some("EXIF data")),
    ("needle-host", Some("tag HostComputer")),
    ("needle-iptc", Some("Photoshop and IPTC data")),
    ("needle-itxt", Some("chunk iTXt (Title)")),
    ("needle-jumbf", Some("JUMBF data")),
    ("needle-label", Some("ImageJ's overlays and labels")),
    ("needle-layers", Some("Photoshop's layers")),
    ("needle-late", Some("chunk tEXt (Source)")),
    ("needle-make", Some("tag Make")),
    ("needle-maker", Some("maker note")),
    ("needle-model", Some("tag Model")),
    ("needle-mpf", Some("index of further pictures")),
    ("needle-owner", Some("line OWNER")),
    ("needle-page", Some("tag PageName")),
    ("needle-pcal", Some("chunk pCAL")),
    ("needle-printer", Some("tag TargetPrinter")),
    ("needle-private", Some("tag 65000")),
    ("needle-ps", Some("Photoshop and IPTC data")),
    ("needle-psthumb", None),
    ("needle-remark", Some("line # needle-remark")),
    ("needle-safe", Some("chunk saFe")),
    ("needle-software", Some("tag Software")),
    ("needle-splt", Some("chunk sPLT")),
    ("needle-text", Some("chunk tEXt (Author)")),
    ("needle-tgaauthor", Some("tag Artist")),
    ("needle-tgabytes", Some("identification")),
    ("needle-tgacomment", Some("comment")),
    ("needle-tgadev", Some("developer area")),
    ("needle-tgaid", Some("tag DocumentName")),
    ("needle-tgajob", Some("job name and time")),
    ("needle-tgasoftware", Some("tag Software")),
    ("needle-unsafe", Some("chunk unSA")),
    ("needle-xmp", Some("XMP data")),
    ("needle-xmpthumb", None),
    ("needle-ztxt", Some("chunk zTXt (Description)")),
];

/// The words of a file that begin with `needle-`.
fn texts(file: &[u8]) -> Vec<String> {
    let starts = (0..file.len()).filter(|at| file[*at..].starts_with(b"needle-"));
    let mut words = Vec::from_iter(starts.map(|at| {
        let word = file[at..].iter();
        let word = word.take_while(|byte| byte.is_ascii_lowercase() || **byte == b'-');
        String::from_utf8(word.copied().collect()).unwrap()
    }));
    words.sort();
    words.dedup();
    words
}

/// The name of parts, of which there may be several: `3 x comment`.
fn without_count(name: &str) -> &str {
    match name.split_once(" x ") {
        Some((count, name)) if count.parse::<u32>().is_ok() => name,
        _ => name,
    }
}

#[test]
fn what_is_said_to_be_kept_is_there_and_what_is_lost_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    // Of the picture as it was.
    let previews = TEXTS.iter().filter(|(_, part)| part.is_none());
    let previews = Vec::from_iter(
        previews
            .map(|(text, _)| *text)
            .filter(|text| text.ends_with("thumb")),
    );
    for input in inputs() {
        let carried = searchable(&fs::read(&input).unwrap());
        for format in OUTPUTS {
            let case = format!("{} to {format}", input.display());
            let keep = MetadataPolicy::Keep;
            let (fates, warnings, file) = filtered(&input, format, keep, folder.path());
            let file = searchable(&file);
            for preview in &previews {
                assert!(!holds(&file, preview.as_bytes()), "{case}: {preview}");
            }
            for text in texts(&carried) {
                // A letter may follow by chance.
                let known = TEXTS.iter().filter(|(known, _)| text.starts_with(known));
                let known = known.max_by_key(|(known, _)| known.len());
                let (text, part) = known.unwrap_or_else(|| panic!("{case}: {text} is in no part"));
                let Some(name) = part else {
                    continue;
                };
                let fate = fates.iter().rfind(|fate| fate.name == *name);
                let fate = &fate.unwrap_or_else(|| panic!("{case}: no {name}")).fate;
                let kept = matches!(fate, Fate::Kept | Fate::Changed(_));
                assert_eq!(
                    holds(&file, text.as_bytes()),
                    kept,
                    "{case}: {text}, {fate:?}"
                );
            }
            for part in &fates {
                let lines = warnings
                    .iter()
                    .filter_map(|line| line.strip_prefix("metadata left out: "));
                let told = lines
                    .flat_map(|line| line.split(&[',', ';']))
                    .filter_map(|lost| without_count(lost.trim()).strip_prefix(&part.name))
                    .any(|after| after.is_empty() || after.starts_with(" ("));
                assert_eq!(
                    matches!(part.fate, Fate::Lost(_)),
                    told,
                    "{case}: {part}: {warnings:?}"
                );
            }
            let (dropped, _, file) = filtered(&input, format, MetadataPolicy::Drop, folder.path());
            assert_eq!(texts(&searchable(&file)), [""; 0], "{case}");
            for (kept, dropped) in fates.iter().zip(&dropped) {
                let same = kept == dropped || dropped.fate == Fate::Dropped;
                assert!(same, "{case}: {kept}, {dropped}");
            }
        }
    }
}

/// The first lines of docs/files.md.
const ABOUT: &str = "# What a file carries beside its samples

What becomes of each part of an input in a result of each format. This table is made, and checked
against the results themselves, by `tests/files/carried.rs`; the inputs are in
`testdata/carried`. `--explain` and `--dry-run` tell the same of any file, with the reasons.

- **kept**: it is in the result.
- **changed**: it is in the result, changed to be true of it.
- outdated: it is left out, since it would not be true of the result.
- *lost*: it is left out, as a warning says; `--in-place` refuses that.

A record of how the input was made (`--record`) is outdated in any result, whatever the form it has in the
input. In a result that is given a record itself its commands stay before the new one.
";

/// What is said before the tables of files of several pages.
const ABOUT_PAGES: &str = "
# Several pages

What becomes of animations and of stacks, whose pages or frames are read by default, and of what each
page carries; `--dry-run` and `--explain` name the pages of each part. The inputs are in
`testdata/frames` and `testdata/pages`.

- refused: the format holds one picture, so nothing is made and no file is begun; the error names the
  formats that hold all, and `--pages`. A page alone is a picture like any other, which has no delay.
- **kept** or **changed**: GIF holds delays in hundredths of a second, to which others are rounded.
- Pages that say nothing of time, as those of a TIFF, are shown for 0.1 s each, over and over, as
  a warning says.
- PNG holds what is no delay once, for all frames: parts that the first page lacks are *lost*, and
  kept if all pages have the same.
";

#[test]
fn the_documentation_lists_every_part() {
    let folder = tempfile::tempdir().unwrap();
    let mut page = ABOUT.to_owned();
    for input in inputs() {
        let columns = OUTPUTS.map(|format| {
            let keep = MetadataPolicy::Keep;
            filtered(&input, format, keep, folder.path()).0
        });
        let [extension, stem] =
            [input.extension(), input.file_stem()].map(|name| name.unwrap().to_str().unwrap());
        let title = match stem {
            "full" => extension.to_owned(),
            stem => format!("{extension}, further {stem}"),
        };
        let names = OUTPUTS.map(|format| format.to_string()).join(" | ");
        writeln!(page, "\n## From {title}\n\n| part | {names} |").unwrap();
        writeln!(page, "|---{}|", "|---".repeat(OUTPUTS.len())).unwrap();
        for (row, part) in columns[0].iter().enumerate() {
            let fates = columns.each_ref().map(|column| {
                assert_eq!(column[row].name, part.name);
                match &column[row].fate {
                    Fate::Kept => "**kept**",
                    Fate::Changed(_) => "**changed**",
                    Fate::Lost(_) => "*lost*",
                    _ => "outdated",
                }
            });
            writeln!(page, "| {} | {} |", part.name, fates.join(" | ")).unwrap();
        }
    }
    page += ABOUT_PAGES;
    page += &pages::tables(folder.path());
    let path = "docs/files.md";
    if std::env::var_os("STRIDEKERN_UPDATE_DOCS").is_some() {
        fs::write(path, &page).unwrap();
    }
    let written = fs::read_to_string(path).unwrap();
    assert!(
        written == page,
        "{path} is not what the formats do: run this test with STRIDEKERN_UPDATE_DOCS=1"
    );
}

/// The tags of TIFF 6.0, its supplements and technical notes, of GeoTIFF 1.1, and of programs, that
/// say more than how samples are stored; and what in the files is of a kind that no list has.
const TAGS: [u16; 58] = [
    269, 270, 271, 272, 280, 281, 282, 283, 285, 286, 287, 290, 291, 296, 297, 301, 305, 306, 315,
    316, 318, 319, 321, 336, 337, 340, 341, 342, 532, 700, 18246, 18249, 33432, 33550, 33723,
    33922, 34264, 34377, 34665, 34675, 34735, 34736, 34737, 34853, 37724, 40091, 40092, 40093,
    40094, 40095, 42112, 42113, 50838, 50839, 50844, 65000, 256, 257,
];

/// The ancillary chunks of the PNG specification and its extensions, but for those of transparency
/// and animation, and those of programs.
const CHUNKS: [&str; 27] = [
    "gAMA", "cHRM", "sRGB", "iCCP", "cICP", "mDCV", "cLLI", "sBIT", "bKGD", "hIST", "sPLT", "pHYs",
    "eXIf", "tIME", "tEXt", "zTXt", "iTXt", "oFFs", "pCAL", "sCAL", "sTER", "gIFg", "gIFx", "dSIG",
    "caBX", "iDOT", "saFe",
];

#[test]
fn every_tag_and_every_chunk_is_among_what_is_carried() {
    let (mut tags, mut chunks) = (BTreeSet::new(), BTreeSet::new());
    for input in inputs() {
        let file = fs::read(&input).unwrap();
        if let Some(rest) = file.strip_prefix(b"\x89PNG\r\n\x1a\n") {
            let mut rest = rest;
            while let Some((length, after)) = rest.split_first_chunk() {
                chunks.insert(String::from_utf8_lossy(&after[..4]).into_owned());
                rest = &after[8 + u32::from_be_bytes(*length) as usize..];
            }
        } else if file.starts_with(b"II*\0") {
            let number = |at: usize, width: usize| {
                let bytes = file[at..at + width].iter().rev();
                bytes.fold(0, |number, byte| number << 8 | usize::from(*byte))
            };
            let first = number(4, 4);
            tags.extend((0..number(first, 2)).map(|at| number(first + 2 + 12 * at, 2)));
        }
    }
    let missing = TAGS
        .iter()
        .filter(|tag| !tags.contains(&usize::from(**tag)));
    assert_eq!(Vec::from_iter(missing), [&0_u16; 0]);
    let missing = CHUNKS.iter().filter(|name| !chunks.contains(**name));
    assert_eq!(Vec::from_iter(missing), [&""; 0]);
}
