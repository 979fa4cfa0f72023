//! Many inputs at the same time: what each gives, in which order it is told, and
//! the memory that they share.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, Once},
};

use common::{Random, random_image};
use stridekern::{
    Border, Channel, Depth, Extent, Filter, KernelBank,
    batch::{self, Summary},
    codec::{self, Format, Limits, Overwrite},
    pipeline::{self, Existing, Job, Options, Place, Request},
    report::{Event, Report, Silent},
};

/// Every event that tells of an end, as a line.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Report for Lines {
    fn event(&self, event: Event<'_>) {
        let name = |job: &Job| {
            let name = job.input.path().file_name().unwrap();
            name.to_string_lossy().into_owned()
        };
        let line = match event {
            Event::Result {
                job,
                index,
                outcome,
            } => {
                format!("{} {index} {}", name(job), outcome.is_ok())
            }
            Event::Unread { job, error } => format!("{} {error}", name(job)),
            _ => return,
        };
        self.0.lock().unwrap().push(line);
    }
}

fn use_four_threads() {
    static POOL: Once = Once::new();
    POOL.call_once(|| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4);
        pool.build_global().unwrap();
    });
}

fn filters() -> [Filter; 2] {
    let bank = |name: &str| KernelBank::resolve(Path::new(name)).unwrap();
    [
        Filter::new(bank("sobel")),
        Filter::new(bank("gaussian5"))
            .with_extent(Extent::Same(Border::Reflect))
            .with_channel(Channel::Each),
    ]
}

fn job(input: PathBuf, folder: &Path) -> Job {
    let stem = input.file_stem().unwrap().to_string_lossy().into_owned();
    let extension = input.extension().unwrap().to_string_lossy().into_owned();
    let results = filters().into_iter().enumerate().map(|(at, filter)| {
        let output = folder.join(format!("{stem}.{at}.{extension}"));
        Request {
            filter,
            format: Format::from_path(&output),
            output: Place::File(output),
        }
    });
    Job {
        results: results.collect(),
        input: Place::File(input),
    }
}

/// Small pictures of several formats, two damaged ones and a large one among
/// them; of each, the name.
fn pictures(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for at in 0..40 {
        let extension = ["png", "jpg", "ppm", "tif", "gif"][at % 5];
        let path = folder.join(format!("{at:02}.{extension}"));
        let shape = match at {
            17 => [1500, 2000, 3],
            _ => [30 + at, 50, 3],
        };
        let image = random_image(&mut Random(at as u64), shape, Depth::U8);
        let (metadata, options) = Default::default();
        let format = Format::from_path(&path).unwrap();
        let overwrite = Overwrite::Refuse;
        codec::write(&path, &image, format, &metadata, &options, overwrite).unwrap();
        if matches!(at, 11 | 35) {
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        }
        paths.push(path);
    }
    paths
}

#[test]
fn every_core_has_an_image_and_none_is_lost() {
    use_four_threads();
    let folder = tempfile::tempdir().unwrap();
    let (together, alone) = (folder.path().join("together"), folder.path().join("alone"));
    fs::create_dir(&together).unwrap();
    fs::create_dir(&alone).unwrap();
    let paths = pictures(folder.path());
    let options = Options::default();

    let jobs: Vec<_> = (paths.iter())
        .map(|path| job(path.clone(), &together))
        .collect();
    let lines = Lines::default();
    let summary = batch::run(&jobs, &options, &lines);
    let wanted = Summary {
        done: 76,
        skipped: 0,
        failed: 4,
    };
    assert_eq!(summary, wanted);
    let mut expected = Vec::new();
    for path in &paths {
        let name = path.file_name().unwrap().to_string_lossy();
        let cut = |format| {
            format!(
                "{name} the {format} file ends before its picture does: get a complete copy of it"
            )
        };
        match &*name {
            "11.jpg" => expected.push(cut("jpeg")),
            "35.png" => expected.push(cut("png")),
            _ => expected.extend([format!("{name} 0 true"), format!("{name} 1 true")]),
        }
    }
    assert_eq!(lines.0.into_inner().unwrap(), expected);

    for path in &paths {
        let one = job(path.clone(), &alone);
        let made = pipeline::run(&one, &options, &Silent);
        for request in &one.results {
            let path = request.output.path();
            let other = together.join(path.file_name().unwrap());
            match made {
                Ok(_) => assert!(fs::read(path).unwrap() == fs::read(other).unwrap()),
                Err(_) => assert!(!other.exists()),
            }
        }
    }
    // Nothing but results, no temporary file.
    assert_eq!(fs::read_dir(&together).unwrap().count(), 76);
}

#[test]
fn images_wait_for_memory_and_one_that_never_fits_is_an_error() {
    use_four_threads();
    let folder = tempfile::tempdir().unwrap();
    let paths = pictures(folder.path());
    let jobs: Vec<_> = (paths.iter())
        .map(|path| job(path.clone(), folder.path()))
        .collect();
    // Enough for each of the small ones, not for two, nor for the large one.
    let options = Options {
        limits: Limits {
            max_memory: 9 << 20,
            ..Limits::default()
        },
        existing: Existing::Replace,
        ..Options::default()
    };
    let lines = Lines::default();
    let summary = batch::run(&jobs, &options, &lines);
    let lines = lines.0.into_inner().unwrap();
    let large: Vec<_> = lines.iter().filter(|line| line.starts_with("17")).collect();
    assert_eq!(large.len(), 1, "{large:?}");
    let (start, end) = (
        "17.ppm this takes ",
        " MiB of memory, more than the limit of 9: raise --memory-limit, or use png, tiff, pgm, ppm or npy, which are read and written by rows",
    );
    assert!(
        large[0].starts_with(start) && large[0].ends_with(end),
        "{large:?}"
    );
    assert_eq!((summary.done, summary.failed), (74, 6));
}
