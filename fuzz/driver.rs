//! What makes inputs and gives them to a target: seeded, so that a run can be
//! made again.

use std::{
    collections::HashSet,
    env, fs,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    process,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{choice::some, common::Random, mutate::Mutator};

/// Takes any bytes and says in a few words what became of them. It panics
/// where a promise is broken.
pub(crate) type Target = fn(&[u8]) -> String;

/// The inputs to begin with, and what they are made of.
pub(crate) struct Corpus {
    pub(crate) inputs: Vec<Vec<u8>>,
    /// What the format is full of: marks, keys, numbers.
    pub(crate) words: Vec<Vec<u8>>,
    /// The last touch, for checksums and the like.
    pub(crate) mend: fn(&mut Vec<u8>, &mut Random),
}

/// What gives a target its inputs.
trait Inputs {
    /// The next one, after so many that had so many outcomes.
    fn next(&mut self, count: u64, outcomes: usize, random: &mut Random) -> Vec<u8>;

    /// Notes one that had a new outcome.
    fn keep(&mut self, input: Vec<u8>);
}

impl Inputs for Corpus {
    fn next(&mut self, count: u64, outcomes: usize, random: &mut Random) -> Vec<u8> {
        let inputs = &self.inputs;
        match inputs.get(count as usize) {
            // As they are, at first.
            Some(input) if outcomes < inputs.len() && count < inputs.len() as u64 => input.clone(),
            _ => {
                let mut input = some(random, inputs).to_vec();
                let mutator = Mutator {
                    others: inputs,
                    words: &self.words,
                };
                mutator.mutate(&mut input, random);
                (self.mend)(&mut input, random);
                input
            }
        }
    }

    fn keep(&mut self, input: Vec<u8>) {
        if self.inputs.len() < MOST_KEPT && input.len() <= LONGEST_KEPT {
            self.inputs.push(input);
        }
    }
}

/// Inputs that are each made anew.
struct Made<F>(F);

impl<F: Fn(&mut Random) -> Vec<u8>> Inputs for Made<F> {
    fn next(&mut self, _: u64, _: usize, random: &mut Random) -> Vec<u8> {
        (self.0)(random)
    }

    fn keep(&mut self, _: Vec<u8>) {}
}

/// Inputs that say something new are kept, as many as these.
const MOST_KEPT: usize = 4096;
const LONGEST_KEPT: usize = 1 << 16;

/// One target at a time: some of them look at the memory of the program.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs so many inputs, or as the environment says:
///
/// - `FUZZ_SECONDS`: for so long instead, with a watch over every input;
/// - `FUZZ_SEED`: of the generator;
/// - `FUZZ_INPUT`: nothing but this file.
pub(crate) fn run(name: &str, runs: u64, corpus: Corpus, target: Target) {
    run_with(name, runs, corpus, target);
}

/// The same of inputs that are each made anew.
pub(crate) fn run_made(
    name: &str,
    runs: u64,
    make: impl Fn(&mut Random) -> Vec<u8>,
    target: Target,
) {
    run_with(name, runs, Made(make), target);
}

fn run_with(name: &str, runs: u64, mut inputs: impl Inputs, target: Target) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = env::var_os("FUZZ_INPUT") {
        let input = fs::read(&path).unwrap();
        println!("{name}: {}", target(&input));
        return;
    }
    let number = |key| env::var(key).ok().map(|text| text.parse::<u64>().unwrap());
    let seed = number("FUZZ_SEED").unwrap_or(0x5eed);
    let seconds = number("FUZZ_SECONDS").map(Duration::from_secs);
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.{seed}.input"));
    if seconds.is_some() {
        watch(name, kept.clone());
    }

    let begun = Instant::now();
    let mut random = Random(seed | 1);
    let mut seen = HashSet::new();
    let mut count = 0_u64;
    loop {
        let done = match seconds {
            Some(seconds) => begun.elapsed() >= seconds,
            None => count >= runs,
        };
        if done {
            break;
        }
        let input = inputs.next(count, seen.len(), &mut random);
        if seconds.is_some() {
            // It outlives an abort.
            fs::write(&kept, &input).unwrap();
        }
        RUNS.store(count, Ordering::Relaxed);
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| target(&input)));
        let Ok(outcome) = outcome else {
            fs::write(&kept, &input).unwrap();
            panic!(
                "{name}: run {count} of seed {seed}; again: FUZZ_INPUT={} cargo test --test fuzz {}",
                kept.display(),
                // Without the kind of its inputs.
                name.split('.').next().unwrap_or(name)
            );
        };
        count += 1;
        if seen.insert(gist(&outcome)) {
            inputs.keep(input);
        }
    }
    println!(
        "{name}: {count} runs of seed {seed} in {:.1?}, {} outcomes",
        begun.elapsed(),
        seen.len()
    );
}

/// What is said up to the first quotation, without numbers.
fn gist(outcome: &str) -> String {
    let unquoted = outcome.split(['`', '"', '\'']).next().unwrap_or_default();
    let letters = unquoted.chars().filter(|c| c.is_ascii_alphabetic());
    letters.take(120).collect()
}

static RUNS: AtomicU64 = AtomicU64::new(0);

/// Ends the program if one input takes a minute: counted in sleeps, so that a
/// program that is stopped meanwhile is not to blame.
fn watch(name: &str, kept: PathBuf) {
    let name = name.to_owned();
    thread::spawn(move || {
        let (mut last, mut same) = (0, 0);
        loop {
            thread::sleep(Duration::from_secs(1));
            let runs = RUNS.load(Ordering::Relaxed);
            same = if runs == last { same + 1 } else { 0 };
            last = runs;
            if same == 60 {
                println!("{name}: run {runs} takes too long: {}", kept.display());
                process::abort();
            }
        }
    });
}

/// The words between bars.
pub(crate) fn lines(words: &str) -> Vec<Vec<u8>> {
    let words = words.split('|').map(|word| word.as_bytes().to_vec());
    words.filter(|word| !word.is_empty()).collect()
}
