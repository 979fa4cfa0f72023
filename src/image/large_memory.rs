//! Memory of large results: maps in huge pages, and that of the last that was dropped.

#![cfg_attr(
    target_os = "linux",
    allow(
        unsafe_code,
        reason = "memory that the system may take back is unsafe to hold; see `Kept`"
    )
)]

use std::{
    ops::{Deref, DerefMut},
    sync::{Mutex, TryLockError},
};

use memmap2::MmapMut;

/// A buffer of at least this many bytes is mapped. To zero and fill memory that is kept
/// took 8.8 ms in huge pages and 2.3 as a vector for 4 MiB, 0.8 and 4.8 for 8 MiB, 11.7
/// and 57.8 for 96 MiB (medians of one run, AMD EPYC). If it is freed each time, vectors
/// were faster up to 16 MiB: 0.42 ms in huge pages, 0.29 as a vector for 8 MiB (minima).
pub(super) const HUGE_PAGES_FROM: usize = 8 << 20;

/// The memory of the last buffer that was dropped. To have 96 MB of new pages filled with zeros
/// takes 11 ms, half as long as a 3x3 kernel on as many bytes.
static LAST: Mutex<Option<Kept>> = Mutex::new(None);

/// Bytes in a map of private memory.
pub(super) struct LargeMemory {
    /// Empty only while it is dropped.
    map: Option<MmapMut>,
    /// At most those of the map.
    bytes: usize,
}

impl LargeMemory {
    /// So many zeros; `None` if a vector is faster, or the system has no huge pages. If it ignores
    /// the advice, pages have the usual size.
    pub(super) fn zeroed(bytes: usize) -> Option<Self> {
        if cfg!(not(target_os = "linux")) || bytes < HUGE_PAGES_FROM {
            return None;
        }
        let map = MmapMut::map_anon(bytes).ok()?;
        #[cfg(target_os = "linux")]
        {
            _ = map.advise(memmap2::Advice::HugePage);
        }
        Some(map.into())
    }

    /// The same with any values: where that has the size, the memory of the last that was dropped.
    pub(super) fn with_any_values(bytes: usize) -> Option<Self> {
        if bytes < HUGE_PAGES_FROM {
            return None;
        }
        let fits = |kept: &mut Kept| (bytes..=bytes.saturating_mul(2)).contains(&kept.0.len());
        match if_free(|last| last.take_if(fits)).flatten() {
            Some(kept) => Some(Self {
                map: Some(kept.into_map()),
                bytes,
            }),
            None => Self::zeroed(bytes),
        }
    }
}

impl Deref for LargeMemory {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let map = self.map.as_deref();
        map.map_or(&[], |map| &map[..self.bytes])
    }
}

impl DerefMut for LargeMemory {
    fn deref_mut(&mut self) -> &mut [u8] {
        let map = self.map.as_deref_mut();
        map.map_or(&mut [], |map| &mut map[..self.bytes])
    }
}

impl From<MmapMut> for LargeMemory {
    fn from(map: MmapMut) -> Self {
        let bytes = map.len();
        Self {
            map: Some(map),
            bytes,
        }
    }
}

impl Drop for LargeMemory {
    fn drop(&mut self) {
        let large = self.map.take_if(|map| map.len() >= HUGE_PAGES_FROM);
        if let Some(kept) = large.and_then(Kept::new) {
            // What is replaced is unmapped when others may go on.
            drop(if_free(|last| last.replace(kept)));
        }
    }
}

/// What `act` returns, unless another thread is at it; nobody waits. In a process that was forked
/// meanwhile, that thread is gone.
fn if_free<R>(act: impl FnOnce(&mut Option<Kept>) -> R) -> Option<R> {
    match LAST.try_lock() {
        Ok(mut last) => Some(act(&mut last)),
        Err(TryLockError::Poisoned(last)) => Some(act(&mut last.into_inner())),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// A map whose pages the system takes when it needs memory; it is not read meanwhile.
struct Kept(MmapMut);

impl Kept {
    /// `None` if the system does not take the pages.
    #[cfg(target_os = "linux")]
    fn new(map: MmapMut) -> Option<Self> {
        // SAFETY: from here until `into_map` has written to every page, pages may be replaced by
        // zeros at any time. Nothing borrows the map, which is owned and private, and `Kept` does
        // not lend it.
        let lent = unsafe { map.unchecked_advise(memmap2::UncheckedAdvice::Free) };
        lent.is_ok().then_some(Self(map))
    }

    #[cfg(not(target_os = "linux"))]
    const fn new(_: MmapMut) -> Option<Self> {
        None
    }

    /// The map, no page of which is taken any more: each was written to.
    fn into_map(self) -> MmapMut {
        // No system has smaller ones.
        const PAGE: usize = 4 << 10;
        let mut map = self.0;
        for page in map.chunks_mut(PAGE) {
            page[0] = 0;
        }
        map
    }
}

// What is dropped is kept on Linux only.
#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::thread;

    use super::*;

    const LARGE: usize = 3 * HUGE_PAGES_FROM;

    /// Only what has the size is given again, and to one only; zeros are zeros.
    #[test]
    fn memory_that_was_dropped_is_given_to_one_that_needs_as_much() {
        let mut memory = LargeMemory::zeroed(LARGE).expect("memory for a test");
        memory.fill(7);
        let map = memory.map.take().expect("it is there until it is dropped");
        let map = Kept::new(map).expect("of Linux").into_map();
        // Of each page the first byte was overwritten; the system may have taken the page.
        for page in map.chunks(4096) {
            let (first, rest) = page.split_first().expect("pages have bytes");
            assert_eq!(*first, 0);
            assert!(rest.iter().all(|&byte| byte == 7) || rest.iter().all(|&byte| byte == 0));
        }
    }

    /// Threads that take and drop memory at once each have their own, and zeros are zeros.
    #[test]
    fn threads_share_no_memory() {
        thread::scope(|scope| {
            for value in 1..=4_u8 {
                scope.spawn(move || {
                    for round in 0..6 {
                        let bytes = HUGE_PAGES_FROM + round * 12_345;
                        let mut memory = LargeMemory::with_any_values(bytes).expect("memory");
                        assert_eq!(memory.len(), bytes);
                        memory.fill(value);
                        let zeros = LargeMemory::zeroed(bytes).expect("memory");
                        assert!(zeros.iter().all(|&byte| byte == 0));
                        drop(zeros);
                        assert!(memory.iter().all(|&byte| byte == value));
                    }
                });
            }
        });
    }
}
