//! Prefetch and non-temporal stores.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{_MM_HINT_T0, _mm_loadu_si128, _mm_prefetch, _mm_sfence, _mm_stream_si128};

use bytemuck::Pod;

/// Prefetches the cache line of the first element into L1.
#[inline(always)]
pub(crate) fn prefetch<T>(from: &[T]) {
    // SAFETY: every x86-64 has the instruction, and it is a hint: it reads
    // nothing and is valid with any address.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(from.as_ptr().cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = from;
}

/// Copies with non-temporal stores: see [`streaming`].
#[derive(Debug)]
pub(crate) struct Stream(());

/// Runs `body`, which may copy with non-temporal stores. A store fence at the end makes
/// its copies visible to all threads before this returns.
pub(crate) fn streaming<R>(body: impl FnOnce(&mut Stream) -> R) -> R {
    let mut stream = Stream(());
    body(&mut stream)
}

impl Drop for Stream {
    fn drop(&mut self) {
        // SAFETY: every x86-64 has the instruction.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            _mm_sfence();
        }
    }
}

impl Stream {
    /// Copies with non-temporal stores to memory that is not read again soon: its cache
    /// lines are not read first, and nothing is evicted for them.
    ///
    /// # Panics
    ///
    /// If the slices differ in length.
    pub(crate) fn copy<T: Pod>(&mut self, from: &[T], to: &mut [T]) {
        assert_eq!(
            from.len(),
            to.len(),
            "as many are copied as there is room for"
        );
        let from: &[u8] = bytemuck::cast_slice(from);
        let to: &mut [u8] = bytemuck::cast_slice_mut(to);
        #[cfg(target_arch = "x86_64")]
        let (from, to) = {
            let head = to.as_ptr().align_offset(VECTOR).min(to.len());
            to[..head].copy_from_slice(&from[..head]);
            let (from, to) = (&from[head..], &mut to[head..]);
            let (vectors, rest) = from.as_chunks::<VECTOR>();
            let (aligned, to) = to.as_chunks_mut::<VECTOR>();
            for (from, to) in vectors.iter().zip(aligned) {
                // SAFETY: every x86-64 has the instructions; both arrays are as
                // long as the vector, the second is aligned to it, and dropping
                // `self` orders the store before what follows.
                unsafe {
                    _mm_stream_si128(
                        to.as_mut_ptr().cast(),
                        _mm_loadu_si128(from.as_ptr().cast()),
                    );
                }
            }
            (rest, to)
        };
        to.copy_from_slice(from);
    }
}

/// The bytes of one store.
#[cfg(target_arch = "x86_64")]
const VECTOR: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_and_place_is_copied() {
        let from: Vec<u8> = (0..200).collect();
        for start in 0..40 {
            for len in 0..100 {
                let mut to = vec![255; 200];
                streaming(|stream| stream.copy(&from[7..7 + len], &mut to[start..start + len]));
                prefetch(&to);
                assert!(
                    to[..start]
                        .iter()
                        .chain(&to[start + len..])
                        .all(|&b| b == 255)
                );
                assert_eq!(to[start..start + len], from[7..7 + len]);
            }
        }
    }
}
