//! Statistics of the samples of an image: range, mean and deviation, quantiles, histogram.
//!
//! Samples are counted in at most 65,536 bins for each channel, so memory does not depend on
//! the image. For types of up to 16 bits a bin is one value, and everything follows from the
//! counts, exactly. Wider types have bins of many values, and beside the counts their exact
//! range, and sums: of integers exact ones, of floats the moments of blocks.

mod accumulator;
mod bins;
mod exact;
mod float;
mod histogram;
mod integer;
mod moments;
mod quantile;
mod small;
mod summary;
mod tally;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use accumulator::{Accumulator, memory};
pub use histogram::Histogram;
pub use quantile::Quantile;
pub use summary::ChannelStatistics;
pub use value::Value;

use crate::{
    error::Result,
    image::{Channels, Depth, ImageView},
    simd::Simd,
};

/// Statistics of an image, channel by channel.
///
/// NaN is counted and takes part in nothing else. Infinities are counted too: they are
/// smallest or largest samples and have their place among the quantiles, but no part in mean,
/// deviation and histogram.
///
/// The same image has the same statistics to the last digit, whatever the processor and the
/// number of threads.
///
/// # Examples
///
/// ```
/// use stridekern::{Image, Samples, statistics::{Statistics, Value}};
///
/// let image = Image::new(2, 2, 1, Samples::U8(vec![1, 3, 5, 7].into()))?;
/// let statistics = Statistics::of(&image)?;
/// let gray = &statistics.channels()[0];
/// assert_eq!(gray.minimum, Some(Value::Integer(1)));
/// assert_eq!((gray.mean, gray.deviation), (Some(4.0), Some(5_f64.sqrt())));
/// # Ok::<(), stridekern::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    depth: Depth,
    channels: Vec<ChannelStatistics>,
    /// What the channels are.
    meaning: Channels,
}

impl Statistics {
    /// The statistics of every channel of `image`, computed on the threads of the current
    /// pool.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`](crate::Error::Limit) if memory cannot be allocated.
    pub fn of<'a>(image: impl Into<ImageView<'a>>) -> Result<Self> {
        let image = image.into();
        let threads = rayon::current_num_threads();
        let mut accumulator = Accumulator::new(image.spec(), threads, Simd::best())?;
        accumulator.add(image)?;
        Ok(accumulator.finish())
    }

    /// The type of the samples.
    pub const fn depth(&self) -> Depth {
        self.depth
    }

    /// One for each channel.
    pub fn channels(&self) -> &[ChannelStatistics] {
        &self.channels
    }

    /// The name of a channel: `gray`, `red`, `alpha`, ..., or its number, from 0,
    /// where channels have no meaning.
    pub fn channel_name(&self, channel: usize) -> String {
        let channels = self.meaning;
        match (channels.has_colors(), channel) {
            _ if channel == channels.colors() => "alpha".to_owned(),
            (true, _) => ["red", "green", "blue"][channel.min(2)].to_owned(),
            (false, 0) if channels.colors() == 1 => "gray".to_owned(),
            (false, _) => channel.to_string(),
        }
    }
}
