//! An image that is streamed and one that is whole in memory carry the same metadata.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

use stridekern::{
    Border, Channel, Depth, Filter, KernelBank, Tuning,
    codec::{self, Format, Limits, Metadata, PartFate},
    run::{self, Existing, Input, Job, Mode, Options, Outcome, Place, Request},
};

use crate::common::png_chunk;

/// More results than are made in one pass: the image is whole in memory, and nothing else differs.
const MANY: usize = 17;

/// A format of each kind that is written.
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

/// What became of a job's results: their metadata as they are read back, their fates and warnings;
/// and the warnings of the input.
#[derive(Debug, PartialEq)]
struct Carried {
    results: Vec<Result<Made, String>>,
    of_input: Vec<String>,
}

/// What a result carries, what became of each part of the input, and warnings.
type Made = (Metadata, Vec<PartFate>, Vec<String>);

#[derive(Default)]
struct Warnings(Mutex<BTreeMap<PathBuf, Vec<String>>>);

impl run::Report for Warnings {
    fn event(&self, event: run::Event<'_>) {
        if let run::Event::Warning { path, message } = event {
            let mut warnings = self.0.lock().unwrap();
            let lines = warnings.entry(path.to_owned()).or_default();
            lines.push(message.to_string());
            // Those known before the samples come before those known after them.
            lines.sort();
        }
    }
}

fn job(input: &Path, format: Format, count: usize, folder: &Path) -> Job {
    let depth = match format {
        Format::Exr | Format::Hdr => Depth::F32,
        _ => Depth::U8,
    };
    let filter = Filter::new(KernelBank::resolve("box3").unwrap())
        .with_extent(Border::Edge)
        .with_channel(Channel::Each)
        .with_depth(Some(depth));
    let request = |number| Request {
        filter: filter.clone(),
        output: Place::File(folder.join(format!("{number}.{format}"))),
        format: Some(format),
    };
    Job {
        input: Place::File(input.to_owned()),
        results: (0..count).map(request).collect(),
    }
}

fn options() -> Options {
    Options {
        existing: Existing::Replace,
        ..Options::default()
    }
}

/// How the job is run; `None` if it is refused.
fn mode(job: &Job) -> Option<Mode> {
    let input = Input::open(job, &options()).ok()?;
    let plan = |request| input.plan(request, &Tuning::default());
    let plans: Vec<_> = job
        .results
        .iter()
        .map(plan)
        .collect::<Result<_, _>>()
        .ok()?;
    Some(Mode::new(&input, &plans))
}

fn run(job: &Job) -> Result<Carried, String> {
    let warnings = Warnings::default();
    let outcomes = run::run(job, &options(), &warnings).map_err(|error| error.to_string())?;
    let mut warnings = warnings.0.into_inner().unwrap();
    let of_input = warnings.remove(job.input.path()).unwrap_or_default();
    let results = outcomes.into_iter().zip(&job.results);
    let results = results.map(|(outcome, request)| {
        let path = request.output.path();
        match outcome {
            Ok(Outcome::Done(done)) => {
                let read = codec::read(path, &Limits::default()).unwrap();
                fs::remove_file(path).unwrap();
                let lines = warnings.remove(path).unwrap_or_default();
                Ok((read.metadata, done.metadata, lines))
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    });
    Ok(Carried {
        results: results.collect(),
        of_input,
    })
}

/// The modes of one result of an input and of many, which carry the same.
fn compare(input: &Path, format: Format, folder: &Path) -> Option<[Mode; 2]> {
    let case = format!("{} to {format}", input.display());
    let [one, many] = [1, MANY].map(|count| job(input, format, count, folder));
    let modes = [mode(&one)?, mode(&many)?];
    let (alone, whole) = (run(&one), run(&many));
    let (Ok(alone), Ok(whole)) = (&alone, &whole) else {
        assert_eq!(alone.err(), whole.err(), "{case}");
        return None;
    };
    assert_eq!(alone.of_input, whole.of_input, "{case}");
    assert_eq!(whole.results.len(), MANY);
    for (number, result) in whole.results.iter().enumerate() {
        assert_eq!(&alone.results[0], result, "{case}, {number} of {MANY}");
    }
    // Reading, filtering and writing one after another.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    assert_eq!(pool.install(|| run(&one)).as_ref(), Ok(alone), "{case}");
    Some(modes)
}

/// The files of these folders that carry something.
fn files(folders: &[&str]) -> Vec<PathBuf> {
    let entries = folders
        .iter()
        .flat_map(|folder| fs::read_dir(Path::new("testdata").join(folder)).unwrap());
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| {
        let known = Format::from_path(path).is_some();
        let read = || codec::read(path, &Limits::default()).ok();
        let metadata = known.then(read).flatten().map(|read| read.metadata);
        metadata.is_some_and(|metadata| metadata != Metadata::default())
    });
    files.sort();
    files
}

/// A PNG whose chunks follow its samples but for those that must not.
fn late_png() -> Vec<u8> {
    const SIGNATURE: usize = 8;
    let file = fs::read("testdata/carried/full.png").unwrap();
    let (mut early, mut late) = (file[..SIGNATURE].to_vec(), Vec::new());
    let mut rest = &file[SIGNATURE..];
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = u32::from_be_bytes(*length) as usize;
        let (chunk, after) = (&after[..length + 4], &after[length + 8..]);
        let may_follow = [
            b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME", b"saFe", b"IEND",
        ];
        let is_late = may_follow.iter().any(|name| chunk.starts_with(*name));
        match is_late {
            true => late.extend(png_chunk(chunk)),
            false => early.extend(png_chunk(chunk)),
        }
        rest = after;
    }
    [early, late].concat()
}

/// A JPEG that is large enough to be read in strips, with all that a small one carries.
fn large_jpeg() -> Vec<u8> {
    const SIDES: [u16; 2] = [1300, 1600];
    let pixels: Vec<u8> = (0..u32::from(SIDES[0]) * u32::from(SIDES[1]))
        .map(|at| (at / 1600 / 8 + at % 1600 / 16) as u8)
        .collect();
    let mut picture = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut picture, 80);
    encoder.set_density(jpeg_encoder::PixelDensity::dpi(72));
    let luma = jpeg_encoder::ColorType::Luma;
    encoder.encode(&pixels, SIDES[1], SIDES[0], luma).unwrap();
    // The application segments and comments of the other, after SOI and JFIF.
    let full = fs::read("testdata/carried/full.jpg").unwrap();
    let jfif = |file: &[u8]| 4 + usize::from(u16::from_be_bytes([file[4], file[5]]));
    let (start, mut end) = (jfif(&full), jfif(&full));
    while matches!(full[end + 1], 0xe0..=0xef | 0xfe) {
        end += 2 + usize::from(u16::from_be_bytes([full[end + 2], full[end + 3]]));
    }
    let at = jfif(&picture);
    picture.splice(at..at, full[start..end].iter().copied());
    picture
}

#[test]
fn a_streamed_image_carries_what_a_whole_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let mut inputs = files(&["carried", "odd", "pages"]);
    assert!(inputs.len() > 25, "{}", inputs.len());
    for (name, bytes) in [("late.png", late_png()), ("large.jpg", large_jpeg())] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        inputs.push(path);
    }
    let mut streamed = BTreeMap::new();
    for input in &inputs {
        let is_large = input.ends_with("large.jpg");
        let formats = OUTPUTS
            .iter()
            .filter(|format| !is_large || **format != Format::Exr);
        for format in formats {
            let Some([one, many]) = compare(input, *format, folder.path()) else {
                continue;
            };
            let is_whole = matches!(many, Mode::WholeImage { .. } | Mode::Mapped);
            assert!(is_whole, "{}: {many}", input.display());
            if matches!(one, Mode::Streaming { .. }) {
                let from = Format::from_path(input).unwrap();
                *streamed.entry(from.to_string()).or_insert(0) += 1;
            }
        }
    }
    // Other formats are always whole.
    let names = Vec::from_iter(streamed.keys().map(String::as_str));
    assert_eq!(names, ["jpeg", "pgm", "png", "tiff"], "{streamed:?}");
    assert!(streamed.values().sum::<usize>() > 150, "{streamed:?}");
}
