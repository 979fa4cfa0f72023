//! Colours that are multiplied by their alpha ("associated"), as OpenEXR has them and a TIFF file
//! may have, and straight ones.

use super::weighing;
use crate::{
    border::Border,
    filter::{Alpha, Channel, Filter, Selection},
    image::{Channels, Depth},
    map::Map,
};

/// What is done where colours of the image or of the result are multiplied by alpha.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Association {
    /// Whether colours are divided by alpha before anything else.
    pub(crate) unpremultiplies: bool,
    /// Whether colours that count by their alpha are multiplied by it already.
    pub(crate) weighs_premultiplied: bool,
    /// What is done to the pixels of the result.
    pub(crate) after: Option<Premultiply>,
    /// Whether the colours of the result are multiplied by alpha.
    pub(crate) of_result: bool,
}

/// How colours of a result are made to be multiplied by alpha.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Premultiply {
    /// By a product.
    Multiply,
    /// They are so, but where negative weights let them exceed their alpha.
    Clip,
}

impl Association {
    /// For an image of these channels. `selection` changes where all channels are filtered alike.
    pub(super) fn new(
        filter: &Filter,
        channels: Channels,
        depth: Depth,
        selection: &mut Selection,
    ) -> Self {
        let [image, result] = filter.premultiplied;
        let keeps_alpha = selection.alpha.is_some();
        if !channels.has_alpha || filter.channel == Channel::Alpha {
            return Self::default();
        }
        let missing = filter.missing.as_ref();
        if missing.is_some_and(|missing| !missing.is_void_for(depth)) {
            // The missing value is one of the samples as they are stored.
            return Self {
                of_result: image && keeps_alpha,
                ..Self::default()
            };
        }
        let of_result = result && keeps_alpha;
        let is_weighted = selection.alpha == Some(Alpha::Weight);
        if is_weighted && image && of_result && is_plain_sum(filter) {
            selection.alpha = Some(Alpha::Filter);
            return Self {
                after: Some(Premultiply::Clip),
                of_result,
                ..Self::default()
            };
        }
        let is_made = of_result && (is_weighted || !image);
        Self {
            unpremultiplies: image && !of_result && !is_weighted,
            weighs_premultiplied: image && is_weighted,
            after: is_made.then_some(Premultiply::Multiply),
            of_result,
        }
    }
}

/// Whether sums of colours that are multiplied by alpha, and of alpha, are such colours and alpha.
fn is_plain_sum(filter: &Filter) -> bool {
    let [kernel] = filter.bank.kernels() else {
        return false;
    };
    let borders = filter.extent.borders();
    let is_constant = |border: &Border| matches!(border, Border::Constant(_));
    kernel.bias() == 0.0
        && kernel.offset() == 0.0
        && matches!(filter.map, Map::Clamp | Map::Float)
        // A constant is opaque.
        && !borders.iter().flatten().any(is_constant)
        && !weighing::sums_to_zero(kernel)
}
