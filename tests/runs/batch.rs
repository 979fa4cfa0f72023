//! Many inputs at the same time: what each gives, in which order it is told, and
//! the memory that they share.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant, SystemTime},
};

use stridekern::{
    Border, Channel, Depth, Error, Extent, Filter, KernelBank,
    batch::{self, Batch, Summary},
    codec::{self, Format, Limits},
    run::{self, Event, Existing, Job, MayLose, Options, Outcome, Place, Report, Request, Silent},
};

use crate::common::{self, Random, names_in, random_image};
use crate::folder;

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
            } => match outcome {
                Err(Error::Stopped) => format!("{} {index} not made", name(job)),
                outcome => format!("{} {index} {}", name(job), outcome.is_ok()),
            },
            Event::InputFailed { job, error } => format!("{} {error}", name(job)),
            _ => return,
        };
        self.0.lock().unwrap().push(line);
    }
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
        common::write(&path, &image);
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
    let folder = folder();
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
        failed_inputs: [11, 35].map(|at| Place::File(paths[at].clone())).to_vec(),
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
        let made = run::run(&one, &options, &Silent);
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
    let folder = folder();
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
        " MiB of memory, more than the limit of 9",
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

/// A batch that ran until its timeout.
#[cfg(unix)]
struct TimedOut<T> {
    made: T,
    summary: Summary,
    lines: Vec<String>,
    /// The timeout, in seconds.
    limit: u64,
}

/// Runs a batch, which `make` makes anew with its files, with timeouts that double until all
/// `done` results that can be made are: how long these take is up to the machine.
#[cfg(unix)]
fn time_out<T>(done: usize, make: impl Fn() -> (T, Vec<Job>)) -> TimedOut<T> {
    let mut limit = 1;
    loop {
        let lines = Arc::new(Lines::default());
        let (made, jobs) = make();
        let batch = Batch {
            jobs,
            timeout: Some(Duration::from_secs(limit)),
            ..Batch::default()
        };
        let summary = batch::run(batch, lines.clone());
        if summary.done == done || limit > 60 {
            let lines = lines.take();
            return TimedOut {
                made,
                summary,
                lines,
                limit,
            };
        }
        limit *= 2;
    }
}

#[cfg(unix)]
#[test]
fn one_that_takes_too_long_fails_alone() {
    let ran = time_out(16, || {
        let folder = folder();
        let mut paths = pictures(folder.path())[..8].to_vec();
        let (stuck, held) = endless(folder.path());
        paths.insert(3, stuck);
        let jobs = (paths.into_iter()).map(|path| job(path, folder.path()));
        let jobs = jobs.collect();
        ((folder, held), jobs)
    });
    let summary = ran.summary;
    assert_eq!((summary.done, summary.failed, summary.left), (16, 2, 0));
    let late = format!("endless.png it took longer than {} s", ran.limit);
    assert_eq!(ran.lines[6], late);
}

/// What was in its place when a job was given up is told as done, the rest as failed, and
/// nothing is put in its place afterwards.
#[cfg(unix)]
#[test]
fn results_of_one_that_takes_too_long_are_told_as_they_are() {
    let ran = time_out(1, || {
        let folder = folder();
        // Read whole, so that its results are made one after the other.
        let input = folder.path().join("a.gif");
        common::write(
            &input,
            &random_image(&mut Random(1), [30, 50, 1], Depth::U8),
        );
        let mut slow = job(input, folder.path());
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let third = slow.results[1].clone();
        // Nobody reads what is written to it.
        slow.results[1].output = Place::File(pipe.clone());
        slow.results.push(third);
        ((folder, pipe, slow.results.clone()), vec![slow])
    });
    let summary = ran.summary;
    assert_eq!((summary.done, summary.failed, summary.left), (1, 2, 0));
    assert_eq!(
        ran.lines,
        ["a.gif 0 true", "a.gif 1 false", "a.gif 2 false"]
    );
    let (folder, pipe, results) = ran.made;
    // The one that was stuck goes on.
    let read = fs::read(&pipe).unwrap();
    thread::sleep(Duration::from_millis(100));
    assert!(read.len() < 2000, "{}", read.len());
    let exists = |at: usize| results[at].output.path().exists();
    assert!(exists(0) && !exists(2));
    assert_eq!(names_in(folder.path()), ["a.0.gif", "a.gif", "pipe"]);
}

#[cfg(unix)]
#[test]
fn a_batch_that_is_stopped_ends_though_a_job_does_not() {
    let folder = folder();
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
    let waits = thread::spawn(move || {
        // If they never come, the summary says so.
        let end = Instant::now() + Duration::from_secs(60);
        while !outputs.iter().all(|path| path.exists()) && Instant::now() < end {
            thread::sleep(Duration::from_millis(1));
        }
        stop.set();
    });
    let lines = Arc::new(Lines::default());
    let summary = batch::run(batch, lines.clone());
    waits.join().unwrap();
    assert_eq!((summary.done, summary.failed, summary.left), (8, 0, 2));
    let lines = lines.take();
    assert_eq!(
        lines[..2],
        ["endless.png 0 not made", "endless.png 1 not made"]
    );
    assert_eq!(lines.len(), 10);
}

#[test]
fn after_a_failure_no_other_begins_if_so_wished() {
    // To write the pictures starts the pool, too.
    let folder = folder();
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
    let lines = lines.take();
    let not_made = lines.iter().filter(|line| line.ends_with("not made"));
    assert_eq!((lines.len(), not_made.count()), (23 + 56, 56));
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
    let folder = folder();
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

/// Calls a function at the moment when an input is open and no output begun.
struct Meddling<F>(Lines, F);

impl<F: Fn(usize) + Sync> Report for Meddling<F> {
    fn event(&self, event: Event<'_>) {
        if let Event::Rows { total } = event {
            self.1(total);
        }
        self.0.event(event);
    }
}

/// A picture of noise.
fn write(path: &Path, rows: usize) {
    let image = random_image(&mut Random(rows as u64), [rows, 800, 3], Depth::U8);
    common::write(path, &image);
}

#[test]
fn an_output_that_appears_when_its_input_is_open_is_kept() {
    // Read and written by rows, and whole.
    for extension in ["ppm", "gif"] {
        let folder = folder();
        let input = folder.path().join(format!("a.{extension}"));
        write(&input, 30);
        let job = job(input, folder.path());
        let output = job.results[0].output.path();
        for existing in [Existing::Skip, Existing::Refuse] {
            let meddling = Meddling(Lines::default(), |_| {
                fs::write(output, "another's").unwrap();
            });
            let options = Options {
                existing,
                ..Options::default()
            };
            let made = run::run(&job, &options, &meddling).unwrap();
            match (existing, &made[0]) {
                (Existing::Skip, Ok(Outcome::Skipped(_)))
                | (Existing::Refuse, Err(Error::Exists)) => {}
                _ => panic!("{existing:?}: {:?}", made[0]),
            }
            assert!(matches!(made[1], Ok(Outcome::Done(_))));
            assert_eq!(fs::read(output).unwrap(), b"another's");
            assert_eq!(names_in(folder.path()).len(), 3);
            for request in &job.results {
                fs::remove_file(request.output.path()).unwrap();
            }
        }
    }
}

#[test]
fn inputs_that_change_while_they_are_read() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let paths = ["before.png", "large.png", "after.png"].map(path);
    // The one is larger than what is read of a file at once.
    for (path, rows) in std::iter::zip(&paths, [20, 900, 21]) {
        write(path, rows);
    }
    let wanted = {
        let image = codec::read(&paths[1], &Limits::default()).unwrap().image;
        filters().map(|filter| filter.apply(&image).unwrap())
    };
    let options = Options {
        existing: Existing::Replace,
        ..Options::default()
    };
    let [before, middle, after] = paths.clone().map(|path| job(path, folder.path()));
    let outputs: Vec<_> = (middle.results.iter())
        .map(|request| request.output.path().to_owned())
        .collect();
    // Another one in its place: what was opened is read to its end.
    let replace = Meddling(Lines::default(), |_| {
        write(&path("new.png"), 40);
        fs::rename(path("new.png"), &paths[1]).unwrap();
    });
    let made = run::run(&middle, &options, &replace).unwrap();
    assert!(made.iter().all(Result::is_ok));
    for (output, wanted) in std::iter::zip(&outputs, &wanted) {
        let image = codec::read(output, &Limits::default()).unwrap().image;
        assert!(image == *wanted);
    }
    write(&paths[1], 900);
    // Cut short: the old results stay, and the other images are filtered.
    let old: Vec<_> = outputs.iter().map(|path| fs::read(path).unwrap()).collect();
    let jobs = vec![before, middle, after];
    let batch = Batch {
        jobs,
        options,
        ..Batch::default()
    };
    let [_, path, _] = paths;
    let cut = Arc::new(Meddling(Lines::default(), move |total| {
        if total == 898 + 900 {
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_len(1_000_000).unwrap();
        }
    }));
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1);
    let summary = (alone.build().unwrap()).install(|| batch::run(batch, cut.clone()));
    assert_eq!((summary.done, summary.failed), (4, 2));
    assert_eq!(
        cut.0.take()[2],
        "large.png the png file ends before its picture does: get a complete copy of it"
    );
    for (output, old) in std::iter::zip(&outputs, &old) {
        assert!(fs::read(output).unwrap() == *old);
    }
    assert_eq!(names_in(folder.path()).len(), 3 + 6);
}

#[test]
fn an_input_that_is_saved_anew_is_not_replaced_by_a_result_of_the_old_one() {
    let folder = folder();
    let options = Options {
        existing: Existing::Replace,
        may_lose: MayLose {
            channels: true,
            alpha: true,
            size: true,
            depth: false,
        },
        ..Options::default()
    };
    for extension in ["ppm", "gif"] {
        let input = folder.path().join(format!("a.{extension}"));
        write(&input, 30);
        let mut job = job(input.clone(), folder.path());
        job.results.truncate(1);
        job.results[0].output = job.input.clone();
        let anew = folder.path().join("anew.ppm");
        write(&anew, 31);
        let bytes = fs::read(&anew).unwrap();
        let save = Meddling(Lines::default(), |_| fs::rename(&anew, &input).unwrap());
        let made = run::run(&job, &options, &save).unwrap();
        assert_eq!(
            made[0].as_ref().unwrap_err().to_string(),
            "it was changed while its result was made, and stays as it is now: run again for a result of that"
        );
        assert!(fs::read(&input).unwrap() == bytes);
        // A picture like any other.
        let made = run::run(&job, &options, &Silent).unwrap();
        assert!(matches!(made[0], Ok(Outcome::Done(_))));
        assert!(fs::read(&input).unwrap() != bytes);
        fs::remove_file(&input).unwrap();
    }
    assert_eq!(names_in(folder.path()), [""; 0]);
}

#[test]
fn an_input_that_vanishes_when_it_is_open_gives_its_results() {
    let folder = folder();
    let input = folder.path().join("a.png");
    write(&input, 30);
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = fs::File::options().write(true).open(&input).unwrap();
    file.set_modified(time).unwrap();
    drop(file);
    let job = job(input.clone(), folder.path());
    let options = Options {
        preserve: true,
        ..Options::default()
    };
    let vanish = Meddling(Lines::default(), |_| fs::remove_file(&input).unwrap());
    let made = run::run(&job, &options, &vanish).unwrap();
    assert!(made.iter().all(Result::is_ok));
    assert_eq!(names_in(folder.path()), ["a.0.png", "a.1.png"]);
    for request in &job.results {
        let known = fs::metadata(request.output.path()).unwrap();
        assert_eq!(known.modified().unwrap(), time);
    }
}
