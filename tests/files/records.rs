//! Records of how results were made: in every format, of one run after another.

use std::{
    fs,
    path::{Path, PathBuf},
};

use stridekern::{
    Border, Channel, Depth, Filter, KernelBank,
    codec::{self, Fate, Format, Limits, MetadataPolicy, PartKind, Record, read_record},
    run::{
        self, Comparison, Done, Existing, Job, Options, Outcome, Place, Recording, Request, Silent,
    },
};

use crate::common;

/// One result of a file.
fn job(input: &Path, output: &Path, format: Format) -> Job {
    let depth = match format {
        Format::Exr | Format::Hdr => Depth::F32,
        _ => Depth::U8,
    };
    let filter = Filter::new(KernelBank::resolve("box3").unwrap())
        .with_extent(Border::Edge)
        .with_channel(match format {
            Format::Pgm => Channel::Luma,
            _ => Channel::Each,
        })
        .with_depth(depth);
    let results = vec![Request {
        filter,
        output: Place::File(output.to_owned()),
        format: Some(format),
    }];
    let input = Place::File(input.to_owned());
    Job { input, results }
}

fn options(is_recorded: bool, existing: Existing) -> Options {
    Options {
        record: is_recorded.then(|| Recording::new(None).unwrap()),
        existing,
        ..Options::default()
    }
}

fn made(job: &Job, options: &Options) -> Box<Done> {
    match run::run(job, options, &Silent).unwrap().remove(0) {
        Ok(Outcome::Done(done)) => done,
        outcome => panic!("{job:?}: {outcome:?}"),
    }
}

fn compared(job: &Job) -> Comparison {
    let options = options(true, Existing::Skip);
    match run::run(job, &options, &Silent).unwrap().remove(0) {
        Ok(Outcome::Skipped(comparison)) => comparison,
        outcome => panic!("{job:?}: {outcome:?}"),
    }
}

/// The record as the decoder has it, to the end of the file, which is that of the short cut.
fn record(path: &Path) -> Option<Record> {
    let decoded = codec::read(path, &Limits::default()).unwrap();
    let read = read_record(path, &Limits::default()).unwrap();
    assert_eq!(read, decoded.metadata.record, "{}", path.display());
    read
}

fn holds(path: &Path, text: &str) -> bool {
    let file = fs::read(path).unwrap();
    file.windows(text.len()).any(|part| part == text.as_bytes())
}

fn written() -> impl Iterator<Item = Format> {
    Format::ALL
        .into_iter()
        .filter(|format| *format != Format::Pbm)
}

/// A picture of each format that holds one, in the folder.
fn pictures(folder: &Path) -> Vec<PathBuf> {
    let formats = [
        Format::Png,
        Format::Jpeg,
        Format::Tiff,
        Format::Webp,
        Format::Gif,
        Format::Pgm,
    ];
    let pictures = formats.map(|format| {
        let path = folder.join(format!("a.{}", format.extension()));
        let image = common::random_image(&mut common::Random(7), [9, 11, 1], Depth::U8);
        common::write(&path, &image);
        path
    });
    pictures.into()
}

#[test]
fn a_record_is_read_back_from_every_format_that_holds_one() {
    let folder = tempfile::tempdir().unwrap();
    let input = &pictures(folder.path())[0];
    for format in written() {
        let output = folder.path().join(format!("out.{}", format.extension()));
        // Of more channels than one.
        let job = job(input, &output, format);
        let done = made(&job, &options(true, Existing::Refuse));
        let found = record(&output);
        assert_eq!(
            done.recorded.as_ref(),
            found.as_ref().map(Record::last),
            "{format}"
        );
        assert_eq!(found.is_some(), format.holds_record(), "{format}");
        let Some(found) = found else {
            assert_eq!(compared(&job), Comparison::Uncompared, "{format}");
            continue;
        };
        assert_eq!(found.commands().len(), 1);
        let command = found.last();
        assert_eq!(command.input, "a.png");
        assert_eq!(command.setting("format"), Some(format.extension()));
        assert!(
            holds(&output, "stridekern a.png --kernel box3 --pad edge"),
            "{format}"
        );
        assert_eq!(compared(&job), Comparison::Same, "{format}");
        let mut other = job.clone();
        other.results[0].filter = other.results[0].filter.clone().with_step([2, 3]);
        let Comparison::Otherwise(differences) = compared(&other) else {
            panic!("{format}");
        };
        assert_eq!(differences.len(), 1);
        assert_eq!(differences[0].setting, "step");
        assert_eq!(differences[0].asked.as_deref(), Some("2,3"));
        // The folder of an input is no matter, its name is.
        let mut elsewhere = job.clone();
        elsewhere.input = Place::File("nowhere/a.png".into());
        assert_eq!(compared(&elsewhere), Comparison::Same, "{format}");
        elsewhere.input = Place::File("nowhere/b.png".into());
        assert!(
            matches!(compared(&elsewhere), Comparison::Otherwise(_)),
            "{format}"
        );
        let none = options(false, Existing::Skip);
        let skipped = run::run(&elsewhere, &none, &Silent).unwrap().remove(0);
        assert_eq!(skipped.unwrap(), Outcome::Skipped(Comparison::Uncompared));
    }
}

#[test]
fn the_record_of_an_input_becomes_history_or_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let name =
        |name: &str, format: Format| folder.path().join(format!("{name}.{}", format.extension()));
    let input = &pictures(folder.path())[0];
    for from in written().filter(|format| format.holds_record()) {
        let first = name("first", from);
        made(&job(input, &first, from), &options(true, Existing::Replace));
        for to in written() {
            let case = format!("{from} to {to}");
            let second = name("second", to);
            let job = job(&first, &second, to);
            let fate = |done: &Done| {
                let mut parts = done.metadata.iter();
                let part = parts.find(|part| part.kind == PartKind::Record);
                part.unwrap_or_else(|| panic!("{case}")).fate.clone()
            };
            // Without a record it would tell of another picture.
            let done = made(&job, &options(false, Existing::Replace));
            assert!(matches!(fate(&done), Fate::Outdated(_)), "{case}");
            assert_eq!(
                (done.recorded.as_ref(), record(&second)),
                (None, None),
                "{case}"
            );
            assert!(!holds(&second, "box3"), "{case}");
            assert!(!holds(&second, "stridekern:"), "{case}");

            let done = made(&job, &options(true, Existing::Replace));
            let Some(history) = record(&second) else {
                assert!(!to.holds_record(), "{case}");
                assert!(matches!(fate(&done), Fate::Outdated(_)), "{case}");
                continue;
            };
            let inputs = history
                .commands()
                .iter()
                .map(|command| command.input.as_str());
            let first_name = first.file_name().unwrap().to_str().unwrap();
            assert_eq!(Vec::from_iter(inputs), ["a.png", first_name], "{case}");
            assert!(matches!(fate(&done), Fate::Changed(_)), "{case}");
            assert_eq!(compared(&job), Comparison::Same, "{case}");

            // What describes the input is dropped, and this command is not of the input.
            let dropping = Options {
                metadata: MetadataPolicy::Drop,
                ..options(true, Existing::Replace)
            };
            let done = made(&job, &dropping);
            assert_eq!(fate(&done), Fate::Dropped, "{case}");
            let alone = record(&second).unwrap();
            assert_eq!(alone.commands().len(), 1, "{case}");
            assert_eq!(alone.last().setting("metadata"), Some("drop"), "{case}");
        }
    }
}

/// A record is put beside all else that a file carries, and changes nothing of that.
#[test]
fn a_record_leaves_other_metadata_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = fs::read_dir("testdata/carried").unwrap();
    let mut count = 0;
    for input in inputs.map(|entry| entry.unwrap().path()) {
        for format in written().filter(|format| format.holds_record()) {
            let case = format!("{} to {format}", input.display());
            let output = folder.path().join(format!("out.{}", format.extension()));
            let job = job(&input, &output, format);
            let plain = made(&job, &options(false, Existing::Replace));
            let plain_file = codec::read(&output, &Limits::default()).unwrap();
            let recorded = made(&job, &options(true, Existing::Replace));
            let mut file = codec::read(&output, &Limits::default()).unwrap();
            assert_eq!(plain.metadata, recorded.metadata, "{case}");
            assert_eq!(
                file.metadata.record.take().unwrap().last(),
                &recorded.recorded.unwrap()
            );
            assert_eq!(file.metadata, plain_file.metadata, "{case}");
            assert_eq!(file.image, plain_file.image, "{case}");
            count += 1;
        }
    }
    assert!(count >= 50, "{count}");
}

/// Files that are cut, or that have any byte changed, are read or refused.
#[test]
fn records_of_damaged_files_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let input = &pictures(folder.path())[0];
    for format in written().filter(|format| format.holds_record()) {
        let output = folder.path().join(format!("out.{}", format.extension()));
        made(
            &job(input, &output, format),
            &options(true, Existing::Replace),
        );
        let whole = fs::read(&output).unwrap();
        let step = (whole.len() / 150).max(1);
        for at in (0..whole.len()).step_by(step) {
            let mut changed = whole.clone();
            changed[at] ^= 0xff;
            for file in [&whole[..at], &changed] {
                fs::write(&output, file).unwrap();
                if let Ok(Some(record)) = read_record(&output, &Limits::default()) {
                    let text = record.to_string();
                    assert!(
                        text.len() < 4096 && !text.contains(char::is_control),
                        "{text:?}"
                    );
                }
            }
        }
    }
}

/// What is passed over on the way to a record is not read, however large it says that it is.
#[test]
fn files_that_lie_end_the_search() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let riff = [
        &b"RIFF\xff\xff\xff\xffWEBPXMP \xff\xff\xff\xff"[..],
        &[0; 99],
    ]
    .concat();
    let many = [
        b"RIFF\0\0\0\0WEBP".to_vec(),
        b"JUNK\0\0\0\0".repeat(200_000),
    ]
    .concat();
    let segments = [b"\xff\xd8\xff".to_vec(), b"\xe1\0\x02\xff".repeat(200_000)].concat();
    let fill = vec![0xff; 1 << 20];
    let comment = [
        &b"GIF89a\x01\0\x01\0\0\0\0\x21\xfe"[..],
        &b"\xffstridekern ".repeat(1 << 18),
    ]
    .concat();
    let lines = [&b"#?RADIANCE\n"[..], &b"stridekern \n".repeat(1 << 18)].concat();
    let jpeg_fill = [&b"\xff\xd8\xff"[..], &fill].concat();
    for file in [
        riff,
        many,
        segments,
        jpeg_fill,
        comment,
        lines,
        b"\xff\xd8\xff".to_vec(),
    ] {
        fs::write(&path, &file).unwrap();
        let found = read_record(&path, &Limits::default());
        assert!(
            matches!(found, Ok(None)),
            "{:?}: {found:?}",
            &file[..12.min(file.len())]
        );
    }
    for file in [
        &b"\x89PNG\r\n\x1a\n"[..],
        b"II*\0\x08\0\0\0\xff\xff",
        b"P5\n",
    ] {
        fs::write(&path, file).unwrap();
        assert!(read_record(&path, &Limits::default()).is_err());
    }
    for file in [&b""[..], b"text"] {
        fs::write(&path, file).unwrap();
        assert_eq!(read_record(&path, &Limits::default()).unwrap(), None);
    }
    assert!(read_record(&folder.path().join("none"), &Limits::default()).is_err());
}

/// Each page of a result has it.
#[test]
fn every_page_has_its_record() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (
        Path::new("testdata/pages/stack.tif"),
        folder.path().join("out.tif"),
    );
    let options = options(true, Existing::Replace);
    let done = made(&job(input, &output, Format::Tiff), &options);
    assert!(done.pages > 1);
    let mut page = Some(codec::open_pages(&output, codec::Pages::All, &Limits::default()).unwrap());
    let mut pages = 0;
    while let Some(reader) = page {
        let record = reader.header().metadata.record.clone().unwrap();
        assert_eq!(Some(record.last()), done.recorded.as_ref());
        pages += 1;
        page = reader.finish_page().unwrap().1;
    }
    assert_eq!(pages, done.pages);
}
