//! Storage of samples: a vector, or huge pages for large results.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    slice,
};

use bytemuck::Pod;

use super::{large_memory::LargeMemory, try_resize, zeroed_vec};
use crate::error::Result;

/// An owned slice of samples.
///
/// Usually a [`Vec`]. A large buffer from [`zeroed`](Self::zeroed), as used by
/// [`Plan::allocate`](crate::Plan::allocate), is an anonymous memory map in huge pages, if
/// the system has them: a page fault for every 4 KiB would cost more than a small kernel. The
/// memory of the last such buffer that was dropped is kept for the next, unless the system needs
/// it. Both dereference to a slice.
///
/// # Examples
///
/// ```
/// use stridekern::image::Buffer;
///
/// let mut buffer = Buffer::<f32>::zeroed(3)?;
/// buffer[1] = 0.5;
/// assert_eq!(buffer, Buffer::from(vec![0.0, 0.5, 0.0]));
/// assert_eq!(buffer.into_vec(), [0.0, 0.5, 0.0]);
/// # Ok::<(), stridekern::Error>(())
/// ```
pub struct Buffer<T>(Memory<T>);

enum Memory<T> {
    Vec(Vec<T>),
    /// Memory, with its number of elements. Pages are aligned for any sample type.
    Map(LargeMemory, usize),
}

impl<T> Buffer<T> {
    /// No elements.
    pub const fn new() -> Self {
        Self(Memory::Vec(Vec::new()))
    }

    /// How many elements there are.
    pub const fn len(&self) -> usize {
        match &self.0 {
            Memory::Vec(vec) => vec.len(),
            Memory::Map(_, len) => *len,
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: Pod> Buffer<T> {
    /// `len` zeros, in huge pages if the buffer is large.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`](crate::Error::Limit) if the memory cannot be allocated.
    pub fn zeroed(len: usize) -> Result<Self> {
        Self::of_memory(len, LargeMemory::zeroed)
    }

    /// `len` elements to be overwritten. They are zeros, or if the buffer is large what the last
    /// large one held that was dropped, whose memory is used again.
    ///
    /// # Errors
    ///
    /// As [`zeroed`](Self::zeroed).
    pub fn with_any_values(len: usize) -> Result<Self> {
        Self::of_memory(len, LargeMemory::with_any_values)
    }

    fn of_memory(len: usize, memory: fn(usize) -> Option<LargeMemory>) -> Result<Self> {
        match memory(len.saturating_mul(size_of::<T>())) {
            Some(memory) => Ok(Self(Memory::Map(memory, len))),
            None => Ok(zeroed_vec(len)?.into()),
        }
    }

    /// The elements as a vector: the one that the buffer was made from, or a copy of
    /// mapped memory.
    pub fn into_vec(self) -> Vec<T> {
        match self.0 {
            Memory::Vec(vec) => vec,
            Memory::Map(..) => self.to_vec(),
        }
    }

    /// Makes it `len` long; new elements are zero.
    pub(super) fn resize(&mut self, len: usize) -> Result<()> {
        if self.is_empty() {
            // The allocator's zeroed pages are committed only when they are written.
            *self = zeroed_vec(len)?.into();
            return Ok(());
        }
        try_resize(self.as_mut_vec(), len, T::zeroed())
    }

    /// The elements as a vector, which can grow; mapped elements are copied to one.
    pub(crate) fn as_mut_vec(&mut self) -> &mut Vec<T> {
        if let Memory::Map(..) = self.0 {
            self.0 = Memory::Vec(self.to_vec());
        }
        match &mut self.0 {
            Memory::Vec(vec) => vec,
            Memory::Map(..) => unreachable!("it was made a vector"),
        }
    }
}

impl<T: Pod> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Memory::Vec(vec) => vec,
            Memory::Map(map, _) => bytemuck::cast_slice(map),
        }
    }
}

impl<T: Pod> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.0 {
            Memory::Vec(vec) => vec,
            Memory::Map(map, _) => bytemuck::cast_slice_mut(map),
        }
    }
}

impl<T> Default for Buffer<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The clone is a vector.
impl<T: Pod> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        self.to_vec().into()
    }
}

impl<T: Pod + PartialEq> PartialEq for Buffer<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Pod + fmt::Debug> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T> From<Vec<T>> for Buffer<T> {
    fn from(vec: Vec<T>) -> Self {
        Self(Memory::Vec(vec))
    }
}

impl<T: Pod> From<Buffer<T>> for Vec<T> {
    fn from(buffer: Buffer<T>) -> Self {
        buffer.into_vec()
    }
}

impl<T> FromIterator<T> for Buffer<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Vec::from_iter(values).into()
    }
}

impl<'a, T: Pod> IntoIterator for &'a Buffer<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use memmap2::MmapMut;

    use super::{super::large_memory::HUGE_PAGES_FROM, *};
    use crate::{
        border::Border,
        filter::Filter,
        image::{Depth, Image, Sample, Samples},
        kernel::KernelBank,
        plan::Tuning,
    };

    impl<T> Buffer<T> {
        const fn is_mapped(&self) -> bool {
            matches!(self.0, Memory::Map(..))
        }
    }

    /// These elements in mapped memory.
    fn in_map<T: Pod>(elements: &[T]) -> Buffer<T> {
        let map = MmapMut::map_anon(size_of_val(elements)).expect("memory for a test");
        let mut buffer = Buffer(Memory::Map(map.into(), elements.len()));
        let zeros = vec![T::zeroed(); elements.len()];
        assert!(bytemuck::cast_slice::<T, u8>(&buffer) == bytemuck::cast_slice::<T, u8>(&zeros));
        buffer.copy_from_slice(elements);
        buffer
    }

    fn is_what_a_vector_is<T: Sample>(values: Vec<T>)
    where
        Samples: From<Buffer<T>> + From<Vec<T>>,
    {
        let vector = Buffer::from(values.clone());
        let mut map = in_map(&values);
        assert!(map.is_mapped() && !vector.is_mapped());
        assert_eq!(
            (map.len(), map.is_empty()),
            (values.len(), values.is_empty())
        );
        assert_eq!(map, vector);
        assert_eq!(map[..], values);
        assert!(map.into_iter().eq(&values));
        assert_eq!(format!("{map:?}"), format!("{values:?}"));
        assert_eq!(map.clone(), vector);
        assert_eq!(map.clone().into_vec(), values);
        assert_eq!(Samples::from(map.clone()), Samples::from(values.clone()));

        let moved = thread::spawn(move || {
            map.reverse();
            map
        });
        let mut map = moved.join().expect("a thread that reverses a slice");
        let mut reversed = values.clone();
        reversed.reverse();
        assert!(map.is_mapped());
        assert_eq!(map.clone().into_vec(), reversed);
        if values.len() > 1 {
            assert_ne!(map, vector);
            assert_ne!(map[..1], map[..]);
        }

        map.resize(values.len() + 2).expect("memory for a test");
        reversed.extend([T::zeroed(); 2]);
        assert_eq!(map[..], reversed);
    }

    #[test]
    fn a_map_is_what_a_vector_is() {
        for len in [0, 1, 2, 1000, 5000] {
            is_what_a_vector_is::<u8>((0..len).map(|i| (i * 7) as u8).collect());
            is_what_a_vector_is::<u16>((0..len).map(|i| i as u16 * 13).collect());
            is_what_a_vector_is::<f32>((0..len).map(|i| i as f32 - 0.5).collect());
        }
    }

    #[test]
    fn many_zeros_are_mapped() {
        const FLOATS: usize = HUGE_PAGES_FROM / size_of::<f32>();
        for len in [0, 1, FLOATS - 1, FLOATS, FLOATS + 1, 3 * FLOATS + 5] {
            let buffer = Buffer::<f32>::zeroed(len).expect("memory for a test");
            assert_eq!(buffer.len(), len);
            assert!(buffer.iter().all(|value| value.to_bits() == 0));
            let many = len >= FLOATS && cfg!(target_os = "linux");
            assert_eq!(buffer.is_mapped(), many, "{len}");
        }
        let error = Buffer::<u16>::zeroed(usize::MAX / 2).expect_err("more than there is");
        assert!(matches!(error, crate::Error::Limit(_)), "{error}");
    }

    #[test]
    fn results_are_mapped_if_they_are_large_and_nothing_else_is() {
        let is_mapped =
            |samples: &Samples| each_sample!(Samples(samples), samples => samples.is_mapped());
        let bank = KernelBank::builtin("gaussian3").expect("a builtin kernel");
        let filter = Filter::new(bank).with_extent(Border::Reflect);
        for (depth, large) in [
            (Depth::U8, HUGE_PAGES_FROM),
            (Depth::U16, HUGE_PAGES_FROM / 2),
            (Depth::F32, HUGE_PAGES_FROM / 4),
        ] {
            for (len, many) in [(large / 2, false), (large, true)] {
                let shape = [len / 1024, 1024, 1];
                let mut image =
                    Image::zeroed(shape[0], shape[1], 1, depth).expect("memory for a test");
                assert!(!is_mapped(image.samples()));
                // The upper byte of a float is no exponent of infinity.
                for (at, byte) in image.samples_mut().into_bytes().iter_mut().enumerate() {
                    *byte = (at % 61) as u8;
                }
                let plan = (filter.plan(&image, &Tuning::default())).expect("a plan");
                let mut result = plan.allocate().expect("memory for a test");
                assert_eq!(
                    is_mapped(result.samples()),
                    many && cfg!(target_os = "linux")
                );
                let mut vector =
                    Image::zeroed(shape[0], shape[1], 1, depth).expect("memory for a test");
                plan.run(&image, &mut result).expect("a result");
                plan.run(&image, &mut vector).expect("a result");
                assert!(result == vector, "{depth} {shape:?}");
                assert!(result.samples() != image.samples());
            }
        }
    }
}
