//! Channels that are no gray and no colours: their names, and whether one is alpha.

use std::{ops::Range, sync::Arc};

use super::{Fate, Fitted, Metadata, PartKind, no_place};
use crate::{
    codec::{Format, errors},
    image::Channels,
};

impl Metadata {
    /// The same for a result of these channels: those of the input in `stored`, or its luma.
    #[must_use]
    pub(crate) fn with_channels(mut self, stored: Option<&Range<usize>>, kept: Channels) -> Self {
        self.bands &= !kept.has_alpha && kept.count > 1;
        self.channel_names = self
            .channel_names
            .and_then(|names| match stored {
                Some(stored) => names.get(stored.clone()).map(Arc::from),
                None => Some(luma_names(&names)),
            })
            .map(|names: Arc<[String]>| match names.get(..kept.count) {
                Some(kept) if kept.len() < names.len() => kept.into(),
                _ => names,
            });
        self
    }

    /// What becomes of the names.
    pub(super) fn fit_channels(&self, format: Format, channels: usize, fitted: &mut Fitted) {
        fitted.metadata.bands = self.bands && channels > 1;
        let Some(names) = &self.channel_names else {
            return;
        };
        let fate = match format {
            Format::Exr if names.len() == channels => {
                fitted.metadata.channel_names = Some(names.clone());
                Fate::Kept
            }
            Format::Exr => Fate::Lost("the result has other channels".to_owned()),
            Format::Npy => Fate::Outdated("arrays have no mark for them".to_owned()),
            _ => no_place(format),
        };
        let text = match &names[..] {
            [one] => format!("name of the channel {}", errors::one_line(one)),
            // A list of parts has commas between them.
            all => format!("names of the channels {}", errors::one_line(all.join(" "))),
        };
        let bytes = names.iter().map(String::len).sum();
        fitted.add(PartKind::ChannelNames, &text, bytes, fate);
    }

    /// The names of so many channels in an OpenEXR file.
    pub(crate) fn exr_names(&self, channels: usize) -> Vec<String> {
        let own = self.channel_names.as_deref();
        if let Some(names) = own.filter(|names| names.len() == channels) {
            return names.to_vec();
        }
        if self.bands && channels > 1 {
            return (1..=channels).map(|at| format!("band{at}")).collect();
        }
        let names: &[&str] = match channels {
            1 => &["Y"],
            2 => &["Y", "A"],
            3 => &["R", "G", "B"],
            _ => &["R", "G", "B", "A"],
        };
        names.iter().map(|name| (*name).to_owned()).collect()
    }
}

/// The names of the luminance, and of the alpha if there is one, of the layer that channels of these
/// names are colours of: `diffuse.Y` of `diffuse.R`, `diffuse.G`, `diffuse.B`.
fn luma_names(names: &[String]) -> Arc<[String]> {
    let layer = names.first().and_then(|name| name.rfind('.'));
    let layer = layer.map_or("", |end| &names[0][..=end]);
    ["Y", "A"].map(|name| format!("{layer}{name}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str], bands: bool) -> Metadata {
        Metadata {
            bands,
            channel_names: Some(names.iter().map(|name| (*name).to_owned()).collect()),
            ..Metadata::default()
        }
    }

    #[test]
    fn names_follow_their_channels() {
        let kept = |count, has_alpha| Channels { count, has_alpha };
        for (names, stored, channels, wanted, is_bands) in [
            (
                &["u", "v"][..],
                Some(0..2),
                kept(2, false),
                &["u", "v"][..],
                true,
            ),
            (&["u", "v"], Some(1..2), kept(1, false), &["v"], false),
            (
                &["X", "Y", "Z", "W"],
                Some(0..4),
                kept(4, true),
                &["X", "Y", "Z", "W"],
                false,
            ),
            (
                &["a.R", "a.G", "a.B"],
                None,
                kept(1, false),
                &["a.Y"],
                false,
            ),
            (
                &["a.R", "a.G", "a.B", "a.A"],
                None,
                kept(2, true),
                &["a.Y", "a.A"],
                false,
            ),
            (
                &["a.R", "a.G", "a.B", "a.A"],
                None,
                kept(1, false),
                &["a.Y"],
                false,
            ),
        ] {
            let is_layer = names[0].contains('.');
            let made = named(names, !is_layer).with_channels(stored.as_ref(), channels);
            assert_eq!(made.channel_names.as_deref().unwrap(), wanted);
            assert_eq!(made.bands, is_bands, "{names:?}");
            assert_eq!(made.exr_names(wanted.len()), wanted);
        }
        let plain = Metadata::default();
        for (channels, wanted) in [(1, "Y"), (2, "Y A"), (3, "R G B"), (4, "R G B A")] {
            assert_eq!(plain.exr_names(channels).join(" "), wanted);
        }
        let bands = Metadata {
            bands: true,
            ..plain
        };
        assert_eq!(bands.exr_names(2), ["band1", "band2"]);
    }
}
