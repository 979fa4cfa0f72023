//! Holds one image and one filter, and runs it as often as it is told, so that two
//! commits, or all engines, can take turns run by run.
//!
//! The first line of standard input is the case, every other a command, and each gets one line in
//! answer; `benches/common/worker.py` sends them.

use std::{
    collections::HashMap,
    error::Error,
    fs,
    io::{self, BufRead, Write},
    time::Instant,
};

use serde::Deserialize;
use serde_json::{Value, json};
use stridekern::{Border, Channel, Filter, Image, KernelBank, Plan, Samples, Tuning, simd::Simd};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What is computed, and on which image.
#[derive(Deserialize)]
struct Case {
    /// A `.npy` file, and the bytes before its samples.
    npy: String,
    header: usize,
    depth: String,
    width: usize,
    height: usize,
    channels: usize,
    /// A kernel file's text, a spec, or a name.
    kernel: String,
}

/// How to run: by default as the library chooses.
#[derive(Deserialize, Clone, PartialEq, Eq, Hash)]
struct How {
    engine: Option<String>,
    simd: Option<String>,
    threads: usize,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Command {
    /// What every engine answers.
    Plan {
        #[serde(flatten)]
        how: How,
    },
    /// Run again and again for about so many seconds, once at least; `fresh`: each time to a
    /// result that is made for it.
    Run {
        #[serde(flatten)]
        how: How,
        seconds: f64,
        fresh: bool,
    },
    /// A hash of the samples of the last run.
    Hash,
}

/// Samples of a type, from little-endian bytes.
macro_rules! samples {
    ($variant:ident, $type:ty, $bytes:expr) => {{
        let chunks = $bytes.chunks_exact(size_of::<$type>());
        let sample = |chunk: &[u8]| <$type>::from_le_bytes(chunk.try_into().expect("a sample"));
        Samples::$variant(chunks.map(sample).collect::<Vec<_>>().into())
    }};
}

fn image(case: &Case) -> Result<Image> {
    let bytes = fs::read(&case.npy)?;
    let bytes = &bytes[case.header..];
    let samples = match case.depth.as_str() {
        "u8" => samples!(U8, u8, bytes),
        "u16" => samples!(U16, u16, bytes),
        "f32" => samples!(F32, f32, bytes),
        other => return Err(format!("no sample type is called {other}").into()),
    };
    Ok(Image::new(case.height, case.width, case.channels, samples)?)
}

fn filter(case: &Case) -> Result<Filter> {
    let bank = match case.kernel.contains("weights") {
        true => KernelBank::parse("kernel", "kernel.toml", &case.kernel)?,
        false if case.kernel.contains(':') => KernelBank::from_spec(&case.kernel)?,
        false => KernelBank::resolve(&case.kernel)?,
    };
    let filter = Filter::new(bank).with_extent(Border::Reflect);
    Ok(match case.channels {
        1 => filter,
        _ => filter.with_channel(Channel::Each),
    })
}

fn tuning(how: &How) -> Result<Tuning> {
    let tuning = Tuning::default().with_threads(how.threads);
    let tuning = match &how.simd {
        Some(name) => {
            let simd = Simd::named(name).ok_or_else(|| format!("no SIMD level {name} here"))?;
            tuning.with_simd(simd)
        }
        None => tuning,
    };
    Ok(match &how.engine {
        None => tuning,
        Some(name) => with_engine(tuning, name),
    })
}

/// The names of engines live as long as the program does.
#[cfg(feature = "engines")]
fn with_engine(tuning: Tuning, name: &str) -> Tuning {
    tuning.with_engine(&*name.to_owned().leak())
}

#[cfg(not(feature = "engines"))]
fn with_engine(_: Tuning, _: &str) -> Tuning {
    panic!("built without the feature engines")
}

/// Everything that lasts from command to command.
struct Subject {
    image: Image,
    filter: Filter,
    plans: HashMap<How, Plan>,
    /// The result of the last run.
    output: Option<Image>,
}

impl Subject {
    /// The plan, warmed up by a first run when it is new.
    fn warm(&mut self, how: &How) -> Result<Plan> {
        if let Some(plan) = self.plans.get(how) {
            return Ok(plan.clone());
        }
        let plan = self.filter.plan(&self.image, &tuning(how)?)?;
        let mut output = match self.output.take() {
            Some(output) => output,
            None => plan.allocate()?,
        };
        plan.run(&self.image, &mut output)?;
        self.output = Some(output);
        self.plans.insert(how.clone(), plan.clone());
        Ok(plan)
    }

    /// Milliseconds of each run.
    fn run(&mut self, how: &How, seconds: f64, fresh: bool) -> Result<Vec<f64>> {
        let plan = self.warm(how)?;
        let mut times = Vec::new();
        let began = Instant::now();
        while times.is_empty() || began.elapsed().as_secs_f64() < seconds {
            let start = Instant::now();
            // Memory is given back outside of what is timed.
            let mut output = match self.output.take() {
                Some(output) if !fresh => output,
                before => {
                    drop(before);
                    plan.allocate()?
                }
            };
            plan.run(&self.image, &mut output)?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
            self.output = Some(output);
        }
        Ok(times)
    }

    fn answer(&mut self, command: Command) -> Result<Value> {
        Ok(match command {
            Command::Plan { how } => {
                let plan = self.filter.plan(&self.image, &tuning(&how)?)?;
                let engines = plan.answers().into_iter().map(|answer| {
                    json!({ "engine": answer.engine(), "ms": answer.milliseconds(), "runs": answer.refusal().is_none() })
                });
                json!({
                    "engines": engines.collect::<Value>(), "engine": plan.engine(),
                    "method": plan.method().name(), "lane": plan.lane().name(),
                    "simd": plan.simd().name(),
                })
            }
            Command::Run {
                how,
                seconds,
                fresh,
            } => json!({ "ms": self.run(&how, seconds, fresh)? }),
            Command::Hash => json!({ "hash": self.output.as_ref().map(hash) }),
        })
    }
}

/// FNV-1a of the bits of samples.
fn hash(image: &Image) -> String {
    let mix = |hash: u64, bits: u64| (hash ^ bits).wrapping_mul(0x100_0000_01b3);
    let start = 0xcbf2_9ce4_8422_2325;
    let hash = match image.samples() {
        Samples::U8(samples) => samples.iter().map(|&s| s.into()).fold(start, mix),
        Samples::U16(samples) => samples.iter().map(|&s| s.into()).fold(start, mix),
        Samples::F32(samples) => samples.iter().map(|s| s.to_bits().into()).fold(start, mix),
        _ => 0,
    };
    format!("{hash:016x}")
}

fn say(answer: Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{answer}")?;
    out.flush()
}

fn main() -> Result<()> {
    let mut lines = io::stdin().lock().lines();
    let first = lines.next().ok_or("the case is missing")??;
    let case: Case = serde_json::from_str(&first)?;
    let mut subject = Subject {
        image: image(&case)?,
        filter: filter(&case)?,
        plans: HashMap::new(),
        output: None,
    };
    let levels = Simd::available().into_iter();
    say(json!({ "levels": levels.map(|simd| simd.level().name()).collect::<Value>() }))?;
    for line in lines {
        let answer = subject.answer(serde_json::from_str(&line?)?);
        say(answer.unwrap_or_else(|error| json!({ "error": error.to_string() })))?;
    }
    Ok(())
}
