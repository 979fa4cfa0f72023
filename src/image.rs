//! Images in memory: rows x columns x channels of one sample type, interleaved.

mod buffer;
#[cfg(feature = "image")]
mod interop;
mod large_memory;
mod sample_slice;
mod spec;
mod view;
mod view_mut;

use std::fmt;

pub use crate::depth::{Bool, Depth, f16};
pub use buffer::Buffer;
pub use sample_slice::{SampleSlice, SampleSliceMut};
pub use spec::ImageSpec;
pub use view::ImageView;
pub use view_mut::ImageViewMut;

pub(crate) use spec::Channels;

use crate::{
    error::{Error, InputError, LimitError, Result},
    view::{StridedView, StridedViewMut},
};

/// Defines the enum of owned samples.
macro_rules! samples_enum {
    (@ () $([$variant:ident $type:ty])*) => {
        /// The samples of an image, row by row, channels interleaved.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Samples {
            $(
                #[doc = concat!("Samples of type `", stringify!($variant), "`; see [`Depth`].")]
                $variant(Buffer<$type>),
            )*
        }
    };
}
sample_types! { samples_enum () }

impl Samples {
    /// `len` samples of value zero.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] if the memory cannot be allocated.
    pub fn zeroed(depth: Depth, len: usize) -> Result<Self> {
        Ok(each_depth!(depth, T => zeroed_vec::<T>(len)?.into()))
    }

    /// `len` samples to be overwritten, in huge pages if they are many.
    ///
    /// # Errors
    ///
    /// As [`zeroed`](Self::zeroed).
    pub(crate) fn with_any_values(depth: Depth, len: usize) -> Result<Self> {
        Ok(each_depth!(depth, T => Buffer::<T>::with_any_values(len)?.into()))
    }

    /// No samples of this type.
    pub(crate) fn empty(depth: Depth) -> Self {
        each_depth!(depth, T => Buffer::<T>::new().into())
    }

    /// Changes their number to `len`; new ones are zero.
    pub(crate) fn resize(&mut self, len: usize) -> Result<()> {
        each_sample!(Samples(self), samples => samples.resize(len))
    }

    /// The type of the samples.
    pub const fn depth(&self) -> Depth {
        sample_types! { depth_of (Samples, self) }
    }

    /// How many samples there are.
    pub const fn len(&self) -> usize {
        each_sample!(Samples(self), samples => samples.len())
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A vector of `len` zeros, or an error if the memory cannot be allocated.
pub(crate) fn zeroed_vec<T: bytemuck::Zeroable>(len: usize) -> Result<Vec<T>> {
    bytemuck::allocation::try_zeroed_vec(len).map_err(|()| no_memory::<T>(len))
}

/// Resizes `values`, or returns an error if the memory cannot be allocated.
pub(crate) fn try_resize<T: Clone>(values: &mut Vec<T>, len: usize, value: T) -> Result<()> {
    let more = len.saturating_sub(values.len());
    (values.try_reserve_exact(more)).map_err(|_| no_memory::<T>(len))?;
    values.resize(len, value);
    Ok(())
}

/// The error that memory for `len` values cannot be allocated.
pub(crate) fn no_memory<T>(len: usize) -> Error {
    let (elements, size) = (len, size_of::<T>());
    LimitError::Allocation { elements, size }.into()
}

/// A sample type: one of those of [`Depth`].
pub trait Sample: bytemuck::Pod + PartialOrd + Send + Sync + fmt::Debug + 'static {
    /// The depth of this type.
    const DEPTH: Depth;
    /// The samples of `image`, if they are of this type.
    fn of(image: &Image) -> Option<&[Self]>;
    /// The samples of `view`, if they are of this type.
    fn of_view<'a>(view: &ImageView<'a>) -> Option<StridedView<'a, Self, 3>>;
    /// The samples of `view`, mutable, if they are of this type.
    fn of_view_mut(view: ImageViewMut<'_>) -> Option<StridedViewMut<'_, Self, 3>>;
    /// The samples of `slice`, if they are of this type.
    fn of_slice(slice: SampleSlice<'_>) -> Option<&[Self]>;
    /// The samples of `slice`, mutable, if they are of this type.
    fn of_slice_mut(slice: SampleSliceMut<'_>) -> Option<&mut [Self]>;
    /// The samples of `image`, mutable, if they are of this type.
    fn of_mut(image: &mut Image) -> Option<&mut [Self]>;
    /// The samples of `image`, by value, if they are of this type.
    fn take(image: Image) -> Option<Vec<Self>>;
}

macro_rules! sample {
    (@ () $([$variant:ident $type:ty])*) => {$(
        impl Sample for $type {
            const DEPTH: Depth = Depth::$variant;

            fn of(image: &Image) -> Option<&[Self]> {
                match &image.samples {
                    Samples::$variant(samples) => Some(samples),
                    _ => None,
                }
            }

            fn of_view<'a>(view: &ImageView<'a>) -> Option<StridedView<'a, Self, 3>> {
                match view {
                    ImageView::$variant(view) => Some(*view),
                    _ => None,
                }
            }

            fn of_view_mut(view: ImageViewMut<'_>) -> Option<StridedViewMut<'_, Self, 3>> {
                match view {
                    ImageViewMut::$variant(view) => Some(view),
                    _ => None,
                }
            }

            fn of_slice(slice: SampleSlice<'_>) -> Option<&[Self]> {
                match slice {
                    SampleSlice::$variant(samples) => Some(samples),
                    _ => None,
                }
            }

            fn of_slice_mut(slice: SampleSliceMut<'_>) -> Option<&mut [Self]> {
                match slice {
                    SampleSliceMut::$variant(samples) => Some(samples),
                    _ => None,
                }
            }

            fn of_mut(image: &mut Image) -> Option<&mut [Self]> {
                match &mut image.samples {
                    Samples::$variant(samples) => Some(samples),
                    _ => None,
                }
            }

            fn take(image: Image) -> Option<Vec<Self>> {
                match image.samples {
                    Samples::$variant(samples) => Some(samples.into_vec()),
                    _ => None,
                }
            }
        }

        impl From<Vec<$type>> for Samples {
            fn from(samples: Vec<$type>) -> Self {
                Self::$variant(samples.into())
            }
        }

        impl From<Buffer<$type>> for Samples {
            fn from(samples: Buffer<$type>) -> Self {
                Self::$variant(samples)
            }
        }
    )*};
}
sample_types! { sample () }

/// An image: `rows x columns x channels` samples in C order.
///
/// One channel is gray, two are gray and alpha, three are red, green and blue,
/// four are red, green, blue and alpha. Any other number is a stack of planes
/// without colour or alpha, for example an array from NumPy.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    rows: usize,
    columns: usize,
    channels: usize,
    samples: Samples,
}

impl Image {
    /// An image of `samples`, which are `rows * columns * channels` long.
    ///
    /// # Errors
    ///
    /// [`Error::Input`] if a side or the number of channels is zero, or the
    /// number of samples does not match.
    pub fn new(rows: usize, columns: usize, channels: usize, samples: Samples) -> Result<Self> {
        let wanted = ImageSpec::new([rows, columns, channels], samples.depth()).sample_count()?;
        if wanted != samples.len() {
            return Err(InputError::Samples {
                shape: [rows, columns, channels],
                wanted,
                given: samples.len(),
            }
            .into());
        }
        Ok(Self {
            rows,
            columns,
            channels,
            samples,
        })
    }

    /// An image of zeros.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and [`Error::Limit`] if the memory cannot be allocated.
    pub fn zeroed(rows: usize, columns: usize, channels: usize, depth: Depth) -> Result<Self> {
        let len = ImageSpec::new([rows, columns, channels], depth).sample_count()?;
        Ok(Self {
            rows,
            columns,
            channels,
            samples: Samples::zeroed(depth, len)?,
        })
    }

    /// The number of rows, H.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns, W.
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// The number of samples in a pixel.
    pub const fn channels(&self) -> usize {
        self.channels
    }

    /// `[rows, columns, channels]`.
    pub const fn shape(&self) -> [usize; 3] {
        [self.rows, self.columns, self.channels]
    }

    /// The type of the samples.
    pub const fn depth(&self) -> Depth {
        self.samples.depth()
    }

    /// Its size and the type of its samples.
    pub const fn spec(&self) -> ImageSpec {
        ImageSpec::new(self.shape(), self.depth())
    }

    /// Whether the last channel is alpha: two or four channels.
    pub const fn has_alpha(&self) -> bool {
        Channels::of_picture(self.channels).has_alpha
    }

    /// The samples, row by row, channels interleaved.
    pub const fn samples(&self) -> &Samples {
        &self.samples
    }

    /// The samples, mutable.
    pub fn samples_mut(&mut self) -> SampleSliceMut<'_> {
        self.samples.as_mut_slice()
    }

    /// The samples, by value.
    pub fn into_samples(self) -> Samples {
        self.samples
    }

    /// The samples as a view of shape `(rows, columns, channels)`, or `None`
    /// if they are of another type.
    pub fn view<T: Sample>(&self) -> Option<StridedView<'_, T, 3>> {
        T::of_view(&self.into())
    }

    /// The samples as a mutable view of shape `(rows, columns, channels)`, or `None` if they are of another type.
    pub fn view_mut<T: Sample>(&mut self) -> Option<StridedViewMut<'_, T, 3>> {
        T::of_view_mut(self.into())
    }
}
