//! Whether memory is backed by pages already.

/// Whether the page in the middle of this memory is there; yes where the system does not tell.
///
/// Memory that was allocated and never written has no pages: the first store to each brings one,
/// which the system has just filled with zeros. These are in cache, where plain stores find them;
/// non-temporal stores would have them written to memory first (96 MB of f32 through 3x3: 43 ms,
/// and 32 by plain stores; of pages that were there 20 and 23).
pub(super) fn is_resident(memory: &[u8]) -> bool {
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    {
        linux::is_present(&memory[memory.len() / 2..]).unwrap_or(true)
    }
    #[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
    {
        _ = memory;
        true
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod linux {
    use std::{fs::File, io, os::unix::fs::FileExt};

    /// The bit of an entry of `/proc/self/pagemap` that says that the page is present, and the
    /// one that it is swapped out (see the kernel's documentation of pagemap).
    const IS_THERE: u64 = 1 << 63 | 1 << 62;

    /// Bytes of a page of a process on x86-64: huge ones have an entry for each of these.
    const PAGE: usize = 4 << 10;

    /// Whether the page that this memory begins in is there.
    pub(super) fn is_present(memory: &[u8]) -> io::Result<bool> {
        let page = memory.as_ptr().addr() / PAGE;
        const ENTRY: usize = size_of::<u64>();
        let mut entry = [0; ENTRY];
        let entries = File::open("/proc/self/pagemap")?;
        entries.read_exact_at(&mut entry, (page * ENTRY) as u64)?;
        Ok(u64::from_ne_bytes(entry) & IS_THERE != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_resident_once_it_is_written() {
        const BYTES: usize = 64 << 20;
        // The allocator maps as much as this, and zeros of a new map are nothing to write.
        let mut memory = vec![0_u8; BYTES];
        assert_eq!(
            is_resident(&memory),
            !cfg!(all(target_os = "linux", target_arch = "x86_64"))
        );
        memory[BYTES / 2] = 1;
        assert!(is_resident(&memory));
    }
}
