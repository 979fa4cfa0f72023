//! A worker of `benches/peers`: runs one case through libblur and imageproc.
//!
//! The first line of standard input is the case, every other a command, and each
//! gets one line in answer; `workers.py` sends them. Results are written as raw
//! little-endian samples.

mod imageproc_peer;
mod libblur_peer;

use std::{
    error::Error,
    fs,
    io::{self, BufRead, Write},
    time::{Duration, Instant},
};

use serde::Deserialize;
use serde_json::{Value, json};

/// What is computed, and on which image.
#[derive(Deserialize)]
pub struct Case {
    /// A `.npy` file, and the bytes before its samples.
    npy: String,
    header: usize,
    depth: String,
    pub width: usize,
    pub height: usize,
    pub channels: usize,
    /// `filter`, `separable`, `sobel` or `box`.
    pub work: String,
    pub size: usize,
    /// Rows of weights, divided by the divisor already.
    pub weights: Vec<Vec<f32>>,
    /// The row and the column that `separable` weights are the product of.
    pub line: Vec<f32>,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Command {
    /// Run for about so many seconds, on the first rows of the image.
    Run {
        peer: String,
        seconds: f64,
        rows: usize,
    },
    /// Write the samples of the last run.
    Write { path: String },
}

/// A sample type, and what the peers can do with it.
pub trait Sample: Sized {
    const BYTES: usize;
    fn read(bytes: &[u8]) -> Self;
    fn write(&self, to: &mut Vec<u8>);
    /// The peers that do this case.
    fn peers(case: &Case) -> Vec<&'static str>;
    /// Times a peer on an image of so many rows; its result.
    fn run(case: &Case, peer: &str, image: &[Self], rows: usize, timer: &mut Timer) -> Vec<Self>;
}

macro_rules! sample {
    ($sample:ident) => {
        impl Sample for $sample {
            const BYTES: usize = size_of::<$sample>();

            fn read(bytes: &[u8]) -> Self {
                Self::from_le_bytes(bytes.try_into().expect("a chunk is one sample"))
            }

            fn write(&self, to: &mut Vec<u8>) {
                to.extend(self.to_le_bytes());
            }

            fn peers(case: &Case) -> Vec<&'static str> {
                let mut peers = libblur_peer::$sample::peers(case);
                peers.extend(imageproc_peer::$sample::peers(case));
                peers
            }

            fn run(
                case: &Case,
                peer: &str,
                image: &[Self],
                rows: usize,
                timer: &mut Timer,
            ) -> Vec<Self> {
                match peer {
                    "imageproc" => imageproc_peer::$sample::run(case, image, rows, timer),
                    _ => libblur_peer::$sample::run(case, peer, image, rows, timer),
                }
            }
        }
    };
}
sample!(u8);
sample!(u16);
sample!(f32);

/// Times calls for about so long, the first left out.
pub struct Timer {
    until: Duration,
    pub times: Vec<f64>,
}

impl Timer {
    /// Calls `work` again and again.
    pub fn repeat(&mut self, mut work: impl FnMut()) {
        let began = Instant::now();
        work();
        let first = began.elapsed();
        // Where one call takes all the time there is, the first has to do.
        if first > self.until {
            self.times.push(first.as_secs_f64() * 1e3);
            return;
        }
        let began = Instant::now();
        while self.times.len() < 3 || began.elapsed() < self.until {
            let start = Instant::now();
            work();
            self.times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
}

fn serve<T: Sample>(
    case: &Case,
    lines: impl Iterator<Item = io::Result<String>>,
) -> Result<(), Box<dyn Error>> {
    let bytes = fs::read(&case.npy)?;
    let samples = bytes[case.header..].chunks_exact(T::BYTES);
    let image: Vec<T> = samples.map(T::read).collect();
    say(json!({ "peers": T::peers(case) }))?;
    let mut last = Vec::new();
    for line in lines {
        match serde_json::from_str(&line?)? {
            Command::Run {
                peer,
                seconds,
                rows,
            } => {
                let mut timer = Timer {
                    until: Duration::from_secs_f64(seconds),
                    times: Vec::new(),
                };
                let part = &image[..rows * case.width * case.channels];
                last = T::run(case, &peer, part, rows, &mut timer);
                say(json!({ "ms": timer.times }))?;
            }
            Command::Write { path } => {
                let mut bytes = Vec::with_capacity(last.len() * T::BYTES);
                last.iter().for_each(|sample| sample.write(&mut bytes));
                fs::write(path, bytes)?;
                say(json!({}))?;
            }
        }
    }
    Ok(())
}

fn say(answer: Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{answer}")?;
    out.flush()
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut lines = io::stdin().lock().lines();
    let first = lines.next().ok_or("the case is missing")??;
    let case: Case = serde_json::from_str(&first)?;
    match case.depth.as_str() {
        "u8" => serve::<u8>(&case, lines),
        "u16" => serve::<u16>(&case, lines),
        "f32" => serve::<f32>(&case, lines),
        other => Err(format!("no sample type is called {other}").into()),
    }
}
