//! Every fuzz target, for a moment as a test, or for as long as FUZZ_SECONDS
//! says; see the README beside this.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a long run says what it did")]

mod choice;
mod corpora;
mod driver;
mod headers;
mod hostile;
mod mutate;
mod targets;

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/compute/view_any.rs"]
mod view_any;

use peak_alloc::PeakAlloc;

/// Counts what decoders take.
#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

#[test]
fn kernel_file() {
    use targets::kernel_file::{corpus, target};
    driver::run("kernel_file", 3000, corpus(), target);
}

#[test]
fn kernel_formats() {
    use targets::kernel_formats::{corpus, target};
    driver::run("kernel_formats", 3000, corpus(), target);
}

#[test]
fn views() {
    use targets::views::{corpus, target};
    driver::run("views", 3000, corpus(), target);
}

#[test]
fn readers() {
    use targets::readers::{corpus, target};
    driver::run("readers", 2000, corpus(), target);
}

#[test]
fn jpegs() {
    use targets::jpegs::{corpus, target};
    driver::run("jpegs", 4000, corpus(), target);
}

#[test]
fn pngs() {
    use targets::pngs::{corpus, target};
    driver::run("pngs", 1500, corpus(), target);
}

#[test]
fn blocks() {
    use targets::blocks::{corpus, target};
    driver::run("blocks", 4000, corpus(), target);
}

#[test]
fn filters() {
    use targets::filters::{corpus, target};
    driver::run("filters", 400, corpus(), target);
}

/// Of each format.
#[test]
fn metadata() {
    use targets::metadata::{target, written};
    const RUNS: u64 = 500;
    for format in hostile::FORMATS {
        let before = written();
        let name = format!("metadata.{format}");
        driver::run_made(&name, RUNS, |random| hostile::file(format, random), target);
        // Most files can be read, and each gives results in two formats.
        let results = written() - before;
        println!("{name}: {results} results");
        let is_one = std::env::var_os("FUZZ_INPUT").is_some();
        assert!(is_one || results >= RUNS / 4, "{format}: {results} results");
    }
}
