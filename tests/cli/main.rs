//! The program as a user runs it: real files, exit codes, exact messages.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod alpha;
mod attributes;
mod axis_borders;
mod batches;
mod circles;
mod clipped;
mod codings;
mod constants;
#[cfg(unix)]
mod documents;
mod dry_run_pages;
mod dry_runs;
mod engines;
mod exr_channels;
mod file_channels;
mod filters;
mod frames;
mod hidden;
mod hostile;
mod idle_options;
mod in_place;
mod interrupt;
mod kernel_files;
mod kernel_options;
mod kernel_sources;
mod layers;
mod like;
mod memory;
mod messages;
mod metadata;
mod missing;
mod names;
mod names_outside;
mod numbers;
mod old_backups;
mod orientation;
mod outputs;
mod pages;
mod passed_over;
mod plots;
#[cfg(unix)]
mod readme;
mod records;
mod reports;
mod resumed;
mod safety;
mod saturation;
mod signals;
mod slips;
mod special_files;
mod specs;
mod stacks;
mod standard_streams;
mod stats;
mod stopped_early;
mod stored_kinds;
mod streams;
mod surplus;
mod terminal;
mod tga;
mod types;
mod unrounded_luma;
mod unseen_folders;
mod warning_texts;
mod words;

use std::{
    ffi::OsStr,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use common::names_in;
use stridekern::{
    Depth, Filter, Image, KernelBank, Samples,
    codec::{self, Limits},
};

/// A folder of its own for every test, in which the program runs.
struct Room(tempfile::TempDir);

impl Room {
    /// With `a.png`, a gray picture of 20 x 13.
    fn new() -> Self {
        #[cfg(target_os = "linux")]
        signals::heed_ignored_signals();
        let room = Self(tempfile::tempdir().unwrap());
        room.write("a.png", &picture(13, 20, 1, Depth::U8));
        room
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes `image` in the format of the name.
    fn write(&self, name: &str, image: &Image) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        common::write(&path, image);
    }

    fn text(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: impl AsRef<Path>) -> Image {
        codec::read(&self.path(name), &Limits::default())
            .unwrap()
            .image
    }

    fn bytes(&self, name: impl AsRef<Path>) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Every name in the folder, sorted.
    fn names(&self) -> Vec<String> {
        names_in(self.0.path())
    }

    /// The names that are there and in `before` not.
    fn new_names(&self, before: &[String]) -> Vec<String> {
        let names = self.names().into_iter();
        names.filter(|name| !before.contains(name)).collect()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stridekern"));
        command
            .current_dir(self.0.path())
            .env_remove("STRIDEKERN_SIMD")
            .stdin(Stdio::null());
        command
    }

    /// Another program, in the folder.
    #[cfg(unix)]
    fn command_of(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    /// What is printed on a machine without SIMD, with two threads and 80 columns: for
    /// snapshots.
    fn report(&self, line: &str) -> String {
        let mut command = self.command();
        command
            .args(line.split_whitespace())
            .env("STRIDEKERN_SIMD", "portable")
            .env("RAYON_NUM_THREADS", "2")
            .env("COLUMNS", "80");
        Ran::new(command.output().unwrap()).silent().shown(line)
    }

    /// Runs the program with the words of `line`.
    fn run(&self, line: &str) -> Ran {
        self.run_words(line.split_whitespace())
    }

    fn run_words(&self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
        Ran::new(self.command().args(words).output().unwrap())
    }

    /// Runs the program with `input` as its standard input.
    fn run_with(&self, line: &str, input: &[u8]) -> Ran {
        let mut child = (self.command().args(line.split_whitespace()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        // The program may refuse before it reads.
        let writer = std::thread::spawn(move || stdin.write_all(&input).is_ok());
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Ran::new(output)
    }
}

/// How long to wait for what should take a moment, on a machine that is busy with other
/// things: what it tells apart would otherwise go on for ever.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until `done`, or fails after [`PATIENCE`].
#[track_caller]
fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(1));
    }
}

/// The files that a run has under construction in `folder`: those that have a name, and on
/// Linux those that it holds open without one.
#[cfg(unix)]
fn under_construction(child: &std::process::Child, folder: &Path) -> usize {
    let named = |name: &String| name.starts_with(".stridekern-");
    let named = match folder.exists() {
        true => names_in(folder).iter().filter(|name| named(name)).count(),
        false => 0,
    };
    let open = fs::read_dir(format!("/proc/{}/fd", child.id()));
    let open = open.into_iter().flatten().flatten();
    let unnamed = |file: &fs::DirEntry| {
        let target = fs::read_link(file.path()).unwrap_or_default();
        target.starts_with(folder) && target.to_string_lossy().ends_with(" (deleted)")
    };
    named + open.filter(unnamed).count()
}

/// What came of a run.
struct Ran {
    code: Option<i32>,
    out: Vec<u8>,
    err: String,
}

/// What is told, without how many pixels a batch had and how long it took.
fn without_figures(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let counted = line.split_once("; ").filter(|(_, figures)| {
            figures.contains(" megapixels in ") && figures.ends_with(" s\n")
        });
        counted.map_or(line.to_owned(), |(counts, _)| format!("{counts}\n"))
    });
    lines.collect()
}

impl Ran {
    fn new(output: Output) -> Self {
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(!err.contains("panicked"), "{err}");
        Self {
            code: output.status.code(),
            out: output.stdout,
            err: without_figures(&err),
        }
    }

    /// The same without what is told of clipped samples.
    fn unclipped(mut self) -> Self {
        let lines = self.err.split_inclusive('\n');
        let others = lines.filter(|line| !line.contains(" of the samples were clipped to "));
        self.err = others.collect();
        self
    }

    /// The same without lines of hidden colours that show.
    fn unhidden(mut self) -> Self {
        let lines = self.err.split_inclusive('\n');
        let others = lines.filter(|line| !line.contains(", since alpha was dropped"));
        self.err = others.collect();
        self
    }

    /// The same without the summary of a run that kept results uncompared.
    fn unskipped(mut self) -> Self {
        let lines = self.err.split_inclusive('\n');
        let others = lines.filter(|line| !line.contains(" skipped uncompared, 0 failed"));
        self.err = others.collect();
        self
    }

    /// The run went well and had nothing to say.
    #[track_caller]
    fn silent(self) -> Self {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""));
        self
    }

    /// The run ended with `code` and these lines, each after `stridekern: `.
    #[track_caller]
    fn says(self, code: i32, lines: &[&str]) -> Self {
        let wanted: String = lines.iter().map(|l| format!("stridekern: {l}\n")).collect();
        assert_eq!(self.err, wanted);
        assert_eq!(self.code, Some(code), "{}", self.err);
        self
    }

    /// As a terminal shows it after `line`, with the exit code of a failure.
    fn shown(&self, line: &str) -> String {
        let code = match self.code {
            Some(0) => String::new(),
            code => format!("[exit code {}]\n", code.unwrap()),
        };
        format!("$ stridekern {line}\n{}{}{code}\n", self.text(), self.err)
    }

    fn text(&self) -> String {
        String::from_utf8(self.out.clone()).unwrap()
    }

    /// The objects of `--json`.
    fn json(&self) -> Vec<serde_json::Value> {
        let text = self.text();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// An `.npy` file of an array in C order.
fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let header = format!("{header:<117}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(data);
    file
}

/// Noise, the same in every run: of integers around the middle, so that few responses are clipped.
fn picture(rows: usize, columns: usize, channels: usize, depth: Depth) -> Image {
    let seed = (rows * 100 + columns * 10 + channels) as u64;
    let shape = [rows, columns, channels];
    let image = common::random_image(&mut common::Random(seed), shape, depth);
    let samples = match image.into_samples() {
        Samples::U8(samples) => Samples::U8(samples.iter().map(|s| 112 + s / 8).collect()),
        Samples::U16(samples) => Samples::U16(samples.iter().map(|s| 28_672 + s / 8).collect()),
        floats => floats,
    };
    Image::new(rows, columns, channels, samples).unwrap()
}

fn filter(kernel: &str) -> Filter {
    Filter::new(KernelBank::resolve(kernel).unwrap())
}

/// Gray 8-bit samples.
fn gray(rows: usize, columns: usize, samples: Vec<u8>) -> Image {
    Image::new(rows, columns, 1, Samples::U8(samples.into())).unwrap()
}
