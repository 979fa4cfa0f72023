//! `SampleSlice`: borrowed samples of any type, without a shape.

use super::{Depth, Samples};

/// Defines the enums of slices, and their conversions.
macro_rules! slices {
    (@ () $([$variant:ident $type:ty])*) => {
        /// A slice of samples of any type.
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[non_exhaustive]
        pub enum SampleSlice<'a> {
            $(
                #[doc = concat!("Samples of type `", stringify!($variant), "`; see [`Depth`].")]
                $variant(&'a [$type]),
            )*
        }

        /// A mutable slice of samples of any type.
        #[derive(Debug, PartialEq)]
        #[non_exhaustive]
        pub enum SampleSliceMut<'a> {
            $(
                #[doc = concat!("Samples of type `", stringify!($variant), "`; see [`Depth`].")]
                $variant(&'a mut [$type]),
            )*
        }

        $(
            impl<'a> From<&'a [$type]> for SampleSlice<'a> {
                fn from(samples: &'a [$type]) -> Self {
                    Self::$variant(samples)
                }
            }

            impl<'a> From<&'a mut [$type]> for SampleSliceMut<'a> {
                fn from(samples: &'a mut [$type]) -> Self {
                    Self::$variant(samples)
                }
            }
        )*
    };
}
sample_types! { slices () }

macro_rules! common {
    ($slice:ident) => {
        impl $slice<'_> {
            /// The type of the samples.
            pub const fn depth(&self) -> Depth {
                sample_types! { depth_of ($slice, self) }
            }

            /// How many samples there are.
            pub const fn len(&self) -> usize {
                each_sample!($slice(self), samples => samples.len())
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
        each_sample!(SampleSlice(self), samples => samples[start..end].into())
    }

    /// The samples as bytes, in this machine's byte order.
    pub fn as_bytes(self) -> &'a [u8] {
        each_sample!(SampleSlice(self), samples => bytemuck::cast_slice(samples))
    }
}

impl<'a> SampleSliceMut<'a> {
    /// The same samples, to be read.
    pub fn as_slice(&self) -> SampleSlice<'_> {
        each_sample!(SampleSliceMut(self), samples => (&**samples).into())
    }

    /// The same samples, borrowed for a shorter time.
    pub fn reborrow(&mut self) -> SampleSliceMut<'_> {
        each_sample!(SampleSliceMut(self), samples => (&mut **samples).into())
    }

    /// The samples from `start` up to `end`.
    ///
    /// # Panics
    ///
    /// If `start` is above `end`, or `end` above the number of samples.
    pub fn range(self, start: usize, end: usize) -> Self {
        each_sample!(SampleSliceMut(self), samples => (&mut samples[start..end]).into())
    }

    /// The samples as bytes, in this machine's byte order.
    pub fn into_bytes(self) -> &'a mut [u8] {
        each_sample!(SampleSliceMut(self), samples => bytemuck::cast_slice_mut(samples))
    }
}

impl Samples {
    /// All samples.
    pub fn as_slice(&self) -> SampleSlice<'_> {
        each_sample!(Samples(self), samples => (&**samples).into())
    }

    /// All samples, mutable.
    pub fn as_mut_slice(&mut self) -> SampleSliceMut<'_> {
        each_sample!(Samples(self), samples => (&mut **samples).into())
    }
}

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
