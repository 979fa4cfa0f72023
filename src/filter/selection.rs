//! The channels that a filter takes from an image, and those of its result.

use std::ops::Range;

use super::{Alpha, Channel, Filter};
use crate::{
    error::{RequestError, Result},
    image::Channels,
};

/// The channels that a filter takes from an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selection {
    /// The channels that are taken as they are stored; `None` for luma, which is computed.
    pub(crate) stored: Option<Range<usize>>,
    /// The channels of the result.
    pub(crate) count: usize,
    /// What becomes of alpha, the last channel of the result; `None` if that has none.
    pub(crate) alpha: Option<Alpha>,
}

impl Selection {
    /// The channels of the result.
    pub(crate) const fn channels(&self) -> Channels {
        Channels {
            count: self.count,
            has_alpha: self.alpha.is_some(),
        }
    }

    /// Whether the result has the alpha of the image unchanged.
    pub(crate) const fn copies_alpha(&self) -> bool {
        matches!(self.alpha, Some(Alpha::Copy))
    }
}

impl Filter {
    /// The channels that it takes from an image of these.
    ///
    /// # Errors
    ///
    /// If the image has no such channels.
    pub(crate) fn selection(&self, image: Channels) -> Result<Selection> {
        let Channels { count, has_alpha } = image;
        // Other programs know no alpha.
        let default = match self.program {
            Some(_) => Alpha::Filter,
            None => Alpha::Copy,
        };
        let alpha = match self.alpha.unwrap_or(default) {
            Alpha::Drop => None,
            alpha => has_alpha.then_some(alpha),
        };
        let stored = |channels: Range<usize>, alpha| {
            Ok(Selection {
                count: channels.len(),
                stored: Some(channels),
                alpha,
            })
        };
        let colors = 0..count - usize::from(has_alpha);
        let with_alpha = 0..colors.end + usize::from(alpha.is_some());
        match self.channel {
            Channel::Luma if image.has_colors() => Ok(Selection {
                stored: None,
                count: 1 + usize::from(alpha.is_some()),
                alpha,
            }),
            Channel::Luma if colors.end == 1 => stored(with_alpha, alpha),
            Channel::Luma if matches!(count, 2 | 4) => {
                Err(RequestError::LumaOfPlanes { channels: count }.into())
            }
            Channel::Luma => Err(RequestError::NoLuma { channels: count }.into()),
            Channel::Each => stored(with_alpha, alpha),
            one => {
                let at = one.position(count).ok_or(RequestError::NoChannel {
                    channels: count,
                    channel: one.name(),
                })?;
                stored(at..at + 1, None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kernel, error::Error};

    fn selected(channel: Channel, alpha: Alpha, image: Channels) -> Result<Selection, Error> {
        let kernel = Kernel::new(1, 1, vec![1.0]).unwrap();
        let filter = Filter::new(kernel).with_channel(channel).with_alpha(alpha);
        filter.selection(image)
    }

    #[test]
    fn every_choice_of_channel_and_alpha_gives_its_channels() {
        use Alpha::{Copy, Drop, Filter, Weight};
        use Channel::{Blue, Each, Green, Luma, Red};
        for count in 1..=4 {
            let image = Channels::of_picture(count);
            let colors = count - usize::from(image.has_alpha);
            for alpha in [Copy, Weight, Filter, Drop] {
                let kept = (image.has_alpha && alpha != Drop).then_some(alpha);
                let more = usize::from(kept.is_some());
                let each = selected(Each, alpha, image).unwrap();
                assert_eq!(each.stored, Some(0..colors + more), "{count} {alpha}");
                assert_eq!((each.count, each.alpha), (colors + more, kept));
                let luma = selected(Luma, alpha, image).unwrap();
                let stored = (colors == 1).then_some(0..1 + more);
                assert_eq!(luma.stored, stored, "{count} {alpha}");
                assert_eq!((luma.count, luma.alpha), (1 + more, kept));
                for (at, one) in [Red, Green, Blue].into_iter().enumerate() {
                    let one = selected(one, alpha, image);
                    match colors {
                        3 => {
                            let one = one.unwrap();
                            assert_eq!((one.stored, one.alpha), (Some(at..at + 1), None));
                        }
                        _ => assert!(one.is_err()),
                    }
                }
                match selected(Channel::Alpha, alpha, image) {
                    Ok(one) => assert_eq!(one.stored, Some(count - 1..count)),
                    Err(_) => assert!(!image.has_alpha),
                }
            }
        }
    }

    #[test]
    fn channels_that_an_image_lacks_are_refused() {
        let planes = |count| Channels {
            count,
            has_alpha: false,
        };
        for (channel, image, message) in [
            (
                Channel::Red,
                planes(1),
                "an image of 1 channel has no red channel",
            ),
            (
                Channel::Alpha,
                planes(3),
                "an image of 3 channels has no alpha channel",
            ),
            (
                Channel::Luma,
                planes(5),
                "an image of 5 channels has no luma",
            ),
            (
                Channel::Green,
                planes(7),
                "an image of 7 channels has no green channel",
            ),
            (
                Channel::Luma,
                planes(4),
                "an array of 4 channels has no luma: they may be red, green, blue and alpha, or planes; filter each of them, or say that the last is alpha",
            ),
            (
                Channel::Luma,
                planes(2),
                "an array of 2 channels has no luma: they may be gray and alpha, or planes; filter each of them, or say that the last is alpha",
            ),
        ] {
            let error = selected(channel, Alpha::Copy, image).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn planes_are_filtered_like_others() {
        for count in [2, 4] {
            let planes = Channels {
                count,
                has_alpha: false,
            };
            let each = selected(Channel::Each, Alpha::Copy, planes).unwrap();
            assert_eq!((each.stored, each.alpha), (Some(0..count), None));
        }
    }
}
