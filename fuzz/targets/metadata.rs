//! A sound picture whose metadata may be hostile, through whole runs.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use exif::{In, Tag};
use stridekern::{
    Channel, Extent, Filter, KernelBank, Orientation,
    codec::{
        self, Decoded, Fate, Format, Limits, MetadataPolicy, PageNumbers, Part, PartFate, PartKind,
        revised_metadata,
    },
    image::{Depth, ImageSpec},
    run::{self, Event, Existing, Job, Options, Outcome, Place, Report, Request},
};
use tempfile::TempDir;

use crate::{
    MEMORY,
    common::Random,
    hostile::{FACE, PORTRAIT},
};

/// More than small pictures take, and less than bombs.
const LIMITS: Limits = Limits {
    max_pixels: 1 << 16,
    max_bytes: 8 << 20,
    max_memory: 24 << 20,
};

/// What is taken beside the limit: names, plans, and what threads keep.
const BESIDE: usize = 2 << 20;

/// What no input may take; most take a thousandth.
const SECONDS: f64 = 10.0;

/// What results are made in.
const OTHERS: [Format; 6] = [
    Format::Jpeg,
    Format::Png,
    Format::Tiff,
    Format::Webp,
    Format::Gif,
    Format::Ppm,
];

static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// The results that were written.
pub(crate) fn written() -> u64 {
    WRITTEN.load(Ordering::Relaxed)
}

/// It is read as any other file; and what is made of it, in its own format and another one, is
/// readable, says what is true, and holds what is said to be kept.
pub(crate) fn target(data: &[u8]) -> String {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());
    let start = Instant::now();
    let mut told = super::readers::check(data, &LIMITS);
    let Ok(input) = codec::read_bytes(data, None, &LIMITS) else {
        return told;
    };
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    let mut random = Random(hasher.finish() | 1);
    let path = FOLDER.path().join("input");
    fs::write(&path, data).unwrap();
    let others = OTHERS.iter().filter(|format| **format != input.format);
    let others = Vec::from_iter(others);
    let other = others[random.below(others.len() as u64) as usize];
    for format in [input.format, *other] {
        let filter = filter(&mut random, format, &input);
        match filtered(&path, &FOLDER.path().join("output"), format, filter) {
            Err(message) => told += &format!("; {format}: {message}"),
            Ok(result) => {
                WRITTEN.fetch_add(1, Ordering::Relaxed);
                result.check(&input, format);
                let fates = result.fates.iter();
                let fates = Vec::from_iter(fates.map(ToString::to_string));
                told += &format!("; {format}: {}", fates.join(", "));
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    assert!(seconds < SECONDS, "{seconds} s");
    told
}

/// A filter by which a result has another size, or other channels, or the same.
fn filter(random: &mut Random, format: Format, input: &Decoded) -> Filter {
    let depth = match format {
        Format::Hdr | Format::Exr => Depth::F32,
        _ => Depth::U8,
    };
    let filter = Filter::new(KernelBank::resolve("box3").unwrap()).with_depth(Some(depth));
    let filter = match random.below(3) {
        0 => filter.with_extent(Extent::Valid),
        1 => filter.with_extent(Extent::Valid).with_step([2, 3]),
        _ => filter,
    };
    match random.below(3) {
        0 if input.image.channels() > 2 => filter.with_channel(Channel::Luma),
        _ => filter.with_channel(Channel::Each),
    }
}

/// A result.
struct Made {
    bytes: Vec<u8>,
    fates: Vec<PartFate>,
    warnings: Vec<String>,
}

#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);

impl Report for Warnings {
    fn event(&self, event: Event<'_>) {
        if let Event::Warning { message, .. } = event {
            self.0.lock().unwrap().push(message.to_string());
        }
    }
}

/// The result of a file, or why there is none.
fn filtered(input: &Path, output: &Path, format: Format, filter: Filter) -> Result<Made, String> {
    let job = Job {
        input: Place::File(input.to_owned()),
        results: vec![Request {
            filter,
            output: Place::File(output.to_owned()),
            format: Some(format),
        }],
    };
    let options = Options {
        limits: LIMITS,
        existing: Existing::Replace,
        ..Options::default()
    };
    let warnings = Warnings::default();
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let made = run::run(&job, &options, &warnings);
    let taken = MEMORY.peak_usage().saturating_sub(before);
    assert!(
        taken <= LIMITS.max_memory as usize + BESIDE,
        "{format}: {taken} bytes of memory"
    );
    let made = made.and_then(|mut made| made.remove(0));
    let warnings = warnings.0.into_inner().unwrap();
    for line in &warnings {
        assert!(!line.contains(['\n', '\x1b']), "{line:?}");
    }
    match made {
        Ok(Outcome::Done(done)) => Ok(Made {
            bytes: fs::read(output).unwrap(),
            fates: done.metadata,
            warnings,
        }),
        Ok(outcome) => panic!("{outcome:?}"),
        Err(error) => {
            let message = error.to_string();
            assert!(!message.contains(['\n', '\x1b']), "{message:?}");
            Err(message)
        }
    }
}

impl Made {
    /// Everything that must hold of the result of `input` in this format.
    fn check(&self, input: &Decoded, format: Format) {
        let read = codec::read_bytes(&self.bytes, Some(format), &LIMITS);
        let read = read.unwrap_or_else(|error| panic!("{format}: {error}"));
        assert_eq!(read.format, format);
        let mut warnings = read.warnings.iter();
        let of_pages = ["only the first was read", "only its first picture was read"];
        let is_of_pages = |line: &str| of_pages.iter().any(|text| line.ends_with(text));
        let other = warnings.find(|line| !is_of_pages(line));
        assert_eq!(other, None, "{format}");
        self.tells_losses(format);
        let spec = read.image.spec();
        // What it holds is true of it, and has a place in it.
        let fates = read.metadata.fates(MetadataPolicy::Keep, format, spec);
        for part in &fates {
            assert_eq!(part.fate, Fate::Kept, "{format}: {part}");
        }
        self.holds_what_is_kept(input.format == format, &fates, format);
        let expected = orientation(input, format);
        assert_eq!(read.metadata.named_orientation(), expected, "{format}");
        let metadata = &read.metadata;
        if let Some(icc) = &metadata.icc {
            let space = if spec.channels < 3 { b"GRAY" } else { b"RGB " };
            assert_eq!(&icc[16..20], space, "{format}");
        }
        let block = match format {
            Format::Tiff => Some(&self.bytes),
            _ => metadata.exif.as_ref(),
        };
        if let Some(block) = block {
            exif_is_true(block, spec, expected, format == Format::Tiff);
        }
        for (block, face) in [(&metadata.exif, FACE), (&metadata.xmp, PORTRAIT)] {
            let mut parts = block.as_deref().unwrap_or_default().windows(face.len());
            assert!(
                !parts.any(|part| part == face),
                "{format}: an old thumbnail"
            );
        }
        let is_true = |kind: &str, block: &[u8]| {
            let revised = revised_metadata(kind, block, &spec, None);
            let revised = revised.unwrap_or_else(|| panic!("{format}: {kind} is unreadable"));
            assert_eq!(revised.1, [""; 0], "{format}: {kind}");
        };
        if let Some(exif) = &metadata.exif {
            is_true("exif", exif);
        }
        if let Some(xmp) = &metadata.xmp {
            is_true("xmp", xmp);
            xmp_is_true(xmp, spec);
        }
        for part in &metadata.parts {
            match part {
                Part::Photoshop(data) => is_true("photoshop", data),
                Part::Iptc(data) => is_true("iptc", data),
                _ => {}
            }
        }
        match format {
            Format::Png => super::sound::png(&self.bytes),
            Format::Jpeg => super::sound::jpeg(&self.bytes),
            Format::Tiff => super::sound::tiff(&self.bytes),
            Format::Webp => super::sound::webp(&self.bytes),
            _ => {}
        }
    }

    /// What is lost is told of, and nothing else.
    fn tells_losses(&self, format: Format) {
        let lost = self
            .fates
            .iter()
            .filter(|part| matches!(part.fate, Fate::Lost(_)));
        let lines = self.warnings.iter();
        let lines = lines.filter_map(|line| line.strip_prefix("metadata left out: "));
        let text = Vec::from_iter(lines).join("; ");
        for part in lost {
            assert!(
                text.contains(&part.name),
                "{format}: {part} is not in {text}"
            );
        }
    }

    /// What is said to be kept or changed is among what was `read`.
    fn holds_what_is_kept(&self, is_same_format: bool, read: &[PartFate], format: Format) {
        for part in &self.fates {
            let is_kept = matches!(part.fate, Fate::Kept | Fate::Changed(_));
            let is_everywhere = ["EXIF data", "XMP data", "ICC profile", "pixel density"]
                .contains(&part.name.as_str());
            // What was read is the first page.
            let is_elsewhere = |pages: &PageNumbers| pages.ranges()[0][0] > 1;
            let is_elsewhere = part.pages.as_ref().is_some_and(is_elsewhere);
            if !is_kept || is_elsewhere || !(is_same_format || is_everywhere) {
                continue;
            }
            // EXIF data may become tags of a TIFF file.
            let is_tag = |found: &PartFate| {
                format == Format::Tiff && part.name == "EXIF data" && found.kind == PartKind::Tag
            };
            let is_it = |found: &PartFate| found.name == part.name || is_tag(found);
            let is_found = read.iter().any(is_it);
            assert!(is_found, "{format}: {part}, but it holds {read:?}");
        }
    }
}

/// The orientation that a result in this format must name.
fn orientation(input: &Decoded, format: Format) -> Orientation {
    let (from, named) = (input.format, input.metadata.named_orientation());
    match (from.is_shown_turned(), format.is_shown_turned()) {
        (true, true) => named,
        (false, _) if from == format => named,
        _ => Orientation::Normal,
    }
}

/// Another parser finds the size and the orientation of the result, and no thumbnail.
fn exif_is_true(block: &[u8], spec: ImageSpec, orientation: Orientation, has_pages: bool) {
    let block = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
    let mut reader = exif::Reader::new();
    reader.continue_on_error(true);
    let read = reader.read_raw(block.to_vec());
    let Ok(read) = read.or_else(|error| error.distill_partial_result(|_| {})) else {
        return;
    };
    for field in read.fields() {
        if field.ifd_num != In::PRIMARY {
            // The next pages of a TIFF file.
            assert!(has_pages, "{} of a thumbnail", field.tag);
            continue;
        }
        let wanted = match field.tag {
            Tag::ImageWidth | Tag::PixelXDimension => spec.columns,
            Tag::ImageLength | Tag::PixelYDimension => spec.rows,
            Tag::Orientation => match field.value.get_uint(0) {
                // Others are ignored.
                Some(1..=8) => orientation.exif().into(),
                _ => continue,
            },
            Tag::JPEGInterchangeFormat => panic!("a thumbnail"),
            _ => continue,
        };
        assert_eq!(
            field.value.get_uint(0),
            Some(wanted as u32),
            "{}",
            field.tag
        );
    }
}

/// The sizes in XMP data as the generator writes them are those of the result.
fn xmp_is_true(xmp: &[u8], spec: ImageSpec) {
    let text = String::from_utf8_lossy(xmp);
    for (start, size) in [
        ("tiff:ImageWidth=\"", spec.columns),
        ("exif:PixelXDimension=\"", spec.columns),
        ("<tiff:ImageLength>", spec.rows),
    ] {
        for (at, _) in text.match_indices(start) {
            let number = text[at + start.len()..].split(['"', '<']).next();
            // Digits may be escaped.
            let is_true = number.is_some_and(|number| number.starts_with("&#"));
            assert!(
                is_true || number == Some(&*size.to_string()),
                "{start} {number:?}"
            );
        }
    }
}
