//! Prefetch and non-temporal stores.

#![cfg_attr(
    target_arch = "x86_64",
    allow(
        unsafe_code,
        reason = "these instructions have no safe functions; every x86-64 has them"
    )
)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m128i, _MM_HINT_T0, _mm_prefetch, _mm_sfence, _mm_stream_si128};

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
            let (head, vectors, tail) = bytemuck::pod_align_to_mut::<u8, __m128i>(to);
            let (from_head, from) = from.split_at(head.len());
            head.copy_from_slice(from_head);
            let (from, from_tail) = from.split_at(size_of_val(vectors));
            for (to, from) in vectors.iter_mut().zip(from.as_chunks().0) {
                // SAFETY: every x86-64 has the instruction; the reference is to a vector
                // that may be written and is aligned, and dropping `self` orders the
                // store before what follows.
                unsafe { _mm_stream_si128(to, bytemuck::must_cast::<[u8; 16], _>(*from)) }
            }
            (from_tail, tail)
        };
        to.copy_from_slice(from);
    }

    /// Stores a vector in the same way, if `to` is aligned to 16 bytes.
    ///
    /// # Panics
    ///
    /// If `to` is shorter.
    #[inline(always)]
    pub(crate) fn store<const BYTES: usize>(&mut self, vector: [u8; BYTES], to: &mut [u8]) {
        let to = &mut to[..BYTES];
        #[cfg(target_arch = "x86_64")]
        if let ([], to, []) = bytemuck::pod_align_to_mut::<u8, __m128i>(to) {
            for (to, from) in to.iter_mut().zip(vector.as_chunks().0) {
                // SAFETY: every x86-64 has the instruction; the reference is to a vector
                // that may be written and is aligned, and dropping `self` orders the
                // store before what follows.
                unsafe { _mm_stream_si128(to, bytemuck::must_cast::<[u8; 16], _>(*from)) }
            }
            return;
        }
        to.copy_from_slice(&vector);
    }
}

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

    #[test]
    fn vectors_are_stored_at_every_place() {
        let vector: [u8; 64] = std::array::from_fn(|i| i as u8 + 1);
        for start in 0..40 {
            let mut to = [255; 120];
            streaming(|stream| stream.store(vector, &mut to[start..]));
            prefetch(&to);
            assert!(
                to[..start]
                    .iter()
                    .chain(&to[start + 64..])
                    .all(|&b| b == 255)
            );
            assert_eq!(to[start..start + 64], vector);
        }
    }
}
