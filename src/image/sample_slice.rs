//! `SampleSlice`: borrowed samples of one of three types, without a shape.

use super::{Depth, Samples};

/// A slice of samples of any type.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum SampleSlice<'a> {
    /// 8-bit samples.
    U8(&'a [u8]),
    /// 16-bit samples.
    U16(&'a [u16]),
    /// Float samples.
    F32(&'a [f32]),
}

/// A mutable slice of samples of any type.
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub enum SampleSliceMut<'a> {
    /// 8-bit samples.
    U8(&'a mut [u8]),
    /// 16-bit samples.
    U16(&'a mut [u16]),
    /// Float samples.
    F32(&'a mut [f32]),
}

macro_rules! each {
    ($slice:expr, $samples:ident => $body:expr) => {
        match $slice {
            Self::U8($samples) => $body,
            Self::U16($samples) => $body,
            Self::F32($samples) => $body,
        }
    };
}

macro_rules! common {
    ($slice:ident) => {
        impl $slice<'_> {
            /// The type of the samples.
            pub const fn depth(&self) -> Depth {
                match self {
                    Self::U8(_) => Depth::U8,
                    Self::U16(_) => Depth::U16,
                    Self::F32(_) => Depth::F32,
                }
            }

            /// How many samples there are.
            pub const fn len(&self) -> usize {
                each!(self, samples => samples.len())
            }

            /// Whether there are none.
            pub const fn is_empty(&self) -> bool {
                self.len() == 0
            }
        }
    };
}
common!(SampleSlice);
common!(SampleSliceMut);

impl<'a> SampleSlice<'a> {
    /// The samples from `start` up to `end`.
    ///
    /// # Panics
    ///
    /// If `start` is above `end`, or `end` above the number of samples.
    pub fn range(self, start: usize, end: usize) -> Self {
        match self {
            Self::U8(samples) => Self::U8(&samples[start..end]),
            Self::U16(samples) => Self::U16(&samples[start..end]),
            Self::F32(samples) => Self::F32(&samples[start..end]),
        }
    }

    /// The samples as bytes, in this machine's byte order.
    pub fn as_bytes(self) -> &'a [u8] {
        each!(self, samples => bytemuck::cast_slice(samples))
    }
}

impl<'a> SampleSliceMut<'a> {
    /// The same samples, borrowed for a shorter time.
    pub const fn reborrow(&mut self) -> SampleSliceMut<'_> {
        match self {
            Self::U8(samples) => SampleSliceMut::U8(samples),
            Self::U16(samples) => SampleSliceMut::U16(samples),
            Self::F32(samples) => SampleSliceMut::F32(samples),
        }
    }

    /// The samples from `start` up to `end`.
    ///
    /// # Panics
    ///
    /// If `start` is above `end`, or `end` above the number of samples.
    pub fn range(self, start: usize, end: usize) -> Self {
        match self {
            Self::U8(samples) => Self::U8(&mut samples[start..end]),
            Self::U16(samples) => Self::U16(&mut samples[start..end]),
            Self::F32(samples) => Self::F32(&mut samples[start..end]),
        }
    }

    /// Sets one sample to a value that its type holds.
    pub(crate) fn set(self, at: usize, value: f64) {
        each!(self, samples => samples[at] = value as _);
    }

    /// Sets all samples to a value that their type holds.
    pub(crate) fn fill(self, value: f64) {
        each!(self, samples => samples.fill(value as _));
    }

    /// The samples as bytes, in this machine's byte order.
    pub fn into_bytes(self) -> &'a mut [u8] {
        each!(self, samples => bytemuck::cast_slice_mut(samples))
    }
}

impl Samples {
    /// All samples.
    pub fn as_slice(&self) -> SampleSlice<'_> {
        match self {
            Self::U8(samples) => SampleSlice::U8(samples),
            Self::U16(samples) => SampleSlice::U16(samples),
            Self::F32(samples) => SampleSlice::F32(samples),
        }
    }

    /// All samples, mutable.
    pub fn as_mut_slice(&mut self) -> SampleSliceMut<'_> {
        match self {
            Self::U8(samples) => SampleSliceMut::U8(samples),
            Self::U16(samples) => SampleSliceMut::U16(samples),
            Self::F32(samples) => SampleSliceMut::F32(samples),
        }
    }
}

macro_rules! from {
    ($sample:ty, $variant:ident) => {
        impl<'a> From<&'a [$sample]> for SampleSlice<'a> {
            fn from(samples: &'a [$sample]) -> Self {
                Self::$variant(samples)
            }
        }

        impl<'a> From<&'a mut [$sample]> for SampleSliceMut<'a> {
            fn from(samples: &'a mut [$sample]) -> Self {
                Self::$variant(samples)
            }
        }
    };
}
from!(u8, U8);
from!(u16, U16);
from!(f32, F32);

impl<'a> From<&'a Samples> for SampleSlice<'a> {
    fn from(samples: &'a Samples) -> Self {
        samples.as_slice()
    }
}

impl<'a> From<&'a mut Samples> for SampleSliceMut<'a> {
    fn from(samples: &'a mut Samples) -> Self {
        samples.as_mut_slice()
    }
}
