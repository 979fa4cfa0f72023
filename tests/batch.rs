//! Many inputs at the same time: what each gives, in which order it is told, and
//! the memory that they share.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, Once},
};

use common::{Random, random_image};
use stridekern::{
    Border, Channel, Depth, Extent, Filter, KernelBank,
    batch::{self, Batch, Summary},
    codec::{self, Format, Limits, Overwrite},
    pipeline::{self, Existing, Job, Options, Place, Request},
    report::{Event, Report, Silent},
};

/// Every event that tells of an end, as a line.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Lines {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

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

    let jobs = (paths.iter()).map(|path| job(path.clone(), &together));
    let batch = Batch {
        jobs: jobs.collect(),
        ..Batch::default()
    };
    let lines = Arc::new(Lines::default());
    let summary = batch::run(batch, lines.clone());
    // 37 pictures of 50 columns and a large one; of each, one result loses the border.
    let (rows, lost): (u64, u64) = ((0..40).filter(|at| ![11, 17, 35].contains(at)))
        .fold((0, 0), |(rows, lost), at| {
            (rows + 30 + at, lost + 30 + at - 2)
        });
    let wanted = Summary {
        done: 76,
        skipped: 0,
        failed: 4,
        left: 0,
        pixels: rows * 50 + lost * 48 + 1500 * 2000 + 1498 * 1998,
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
    assert_eq!(lines.take(), expected);

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
    let jobs = (paths.iter()).map(|path| job(path.clone(), folder.path()));
    // Enough for each of the small ones, not for two, nor for the large one.
    let options = Options {
        limits: Limits {
            max_memory: 9 << 20,
            ..Limits::default()
        },
        existing: Existing::Replace,
        ..Options::default()
    };
    let lines = Arc::new(Lines::default());
    let batch = Batch {
        jobs: jobs.collect(),
        options,
        ..Batch::default()
    };
    let summary = batch::run(batch, lines.clone());
    let lines = lines.take();
    let large: Vec<_> = lines.iter().filter(|line| line.starts_with("17")).collect();
    assert_eq!(large.len(), 1, "{large:?}");
    let (start, end) = (
        "17.ppm this takes ",
        " MiB of memory, more than the limit of 9: raise --memory-limit, or convert it to what is read and written by rows: plain png or tiff, pgm, ppm or npy",
    );
    assert!(
        large[0].starts_with(start) && large[0].ends_with(end),
        "{large:?}"
    );
    assert_eq!((summary.done, summary.failed), (74, 6));
}

/// A reader of nothing, which never ends: a pipe that nobody writes to.
#[cfg(unix)]
fn endless(folder: &Path) -> (PathBuf, fs::File) {
    let path = folder.join("endless.png");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    // Open on both sides, so that nobody waits for the other one to open it.
    let held = fs::OpenOptions::new().read(true).write(true).open(&path);
    (path, held.unwrap())
}

#[cfg(unix)]
#[test]
fn one_that_takes_too_long_fails_alone() {
    use_four_threads();
    let folder = tempfile::tempdir().unwrap();
    let mut paths = pictures(folder.path())[..8].to_vec();
    let (stuck, _held) = endless(folder.path());
    paths.insert(3, stuck);
    let jobs = (paths.iter()).map(|path| job(path.clone(), folder.path()));
    let batch = Batch {
        jobs: jobs.collect(),
        timeout: Some(std::time::Duration::from_millis(300)),
        ..Batch::default()
    };
    let lines = Arc::new(Lines::default());
    let summary = batch::run(batch, lines.clone());
    assert_eq!((summary.done, summary.failed, summary.left), (16, 2, 0));
    assert_eq!(
        lines.take()[6],
        "endless.png it took longer than 0.3 s: check the file, or raise --timeout"
    );
}

#[cfg(unix)]
#[test]
fn a_batch_that_is_stopped_ends_though_a_job_does_not() {
    use_four_threads();
    let folder = tempfile::tempdir().unwrap();
    let (stuck, _held) = endless(folder.path());
    let mut paths = pictures(folder.path())[..4].to_vec();
    paths.insert(0, stuck);
    let jobs = (paths.iter()).map(|path| job(path.clone(), folder.path()));
    let batch = Batch {
        jobs: jobs.collect(),
        ..Batch::default()
    };
    let stop = batch.stop.clone();
    let outputs: Vec<_> = (batch.jobs[1..].iter())
        .flat_map(|job| &job.results)
        .map(|request| request.output.path().to_owned())
        .collect();
    let waits = std::thread::spawn(move || {
        while !outputs.iter().all(|path| path.exists()) {
            std::thread::yield_now();
        }
        stop.set();
    });
    let lines = Arc::new(Lines::default());
    let summary = batch::run(batch, lines.clone());
    waits.join().unwrap();
    assert_eq!((summary.done, summary.failed, summary.left), (8, 0, 2));
    // Those behind it are told of, too.
    assert_eq!(lines.take().len(), 8);
}

#[test]
fn after_a_failure_no_other_begins_if_so_wished() {
    // To write the pictures starts the pool, too.
    use_four_threads();
    let folder = tempfile::tempdir().unwrap();
    let paths = pictures(folder.path());
    let jobs = (paths.iter()).map(|path| job(path.clone(), folder.path()));
    let batch = Batch {
        jobs: jobs.collect(),
        fail_fast: true,
        ..Batch::default()
    };
    let lines = Arc::new(Lines::default());
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1);
    let summary = (alone.build().unwrap()).install(|| batch::run(batch, lines.clone()));
    assert_eq!((summary.done, summary.failed, summary.left), (22, 2, 56));
    assert_eq!(lines.take().len(), 23);
}

/// Panics over the picture of 30 rows, in the midst of the work on it.
#[derive(Default)]
struct Panicking(Lines);

impl Report for Panicking {
    fn event(&self, event: Event<'_>) {
        assert!(
            !matches!(event, Event::Rows { total: 58 }),
            "as if in a decoder"
        );
        self.0.event(event);
    }
}

#[test]
fn a_panic_fails_its_file_alone() {
    use_four_threads();
    let folder = tempfile::tempdir().unwrap();
    let paths = &pictures(folder.path())[..6];
    let jobs = (paths.iter()).map(|path| job(path.clone(), folder.path()));
    let batch = Batch {
        jobs: jobs.collect(),
        ..Batch::default()
    };
    let report = Arc::new(Panicking::default());
    let summary = batch::run(batch, report.clone());
    assert_eq!((summary.done, summary.failed), (10, 2));
    assert_eq!(
        report.0.take()[0],
        "00.png the program failed over this file (as if in a decoder): please report it, with the file"
    );
}
