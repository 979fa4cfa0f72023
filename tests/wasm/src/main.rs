//! Prints the checksum of every filter, as `sums.mjs` does in Node.

use stridekern_wasm::{count, sum};

fn main() {
    for case in 0..count() {
        println!("{case} {:016x}", sum(case));
    }
}
