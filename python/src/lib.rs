//! The native part of the Python package `stridekern`: NumPy's arrays as views of the crate.

mod arguments;
mod array;
mod errors;
mod files;
mod filter;
mod job;
mod lying;
mod memory;
mod pool;

/// What `stridekern/__init__.py` shows.
#[pyo3::pymodule(gil_used = true)]
mod _native {
    /// That of the crate.
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "as Python has it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_export]
    use crate::{
        arguments::kernel_names,
        array::as_numbers,
        files::{Metadata, PageReader, read, write},
        filter::Filter,
        pool::{get_num_threads, set_num_threads},
    };
}
