//! The command-line program; see the crate `stridekern` for the library.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
