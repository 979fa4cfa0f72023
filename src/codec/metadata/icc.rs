//! ICC profiles: the gray profile that belongs to an RGB profile.
//!
//! Elements are copied byte for byte, which no library does: moxcms would round the curves and
//! write version 4 always, and takes memory without bound for hostile texts. The tests compare
//! colours by it.

use std::ops::Range;

/// The bytes of the header and of the number of tags after it.
const HEADER: usize = 132;

/// D50, the white of the profile connection space, in units of 1/65536.
const WHITE: [i64; 3] = [63_190, 65_536, 54_061];

/// The gray profile with the tone curve and the white point of an RGB profile.
///
/// `None` if the profile is none of three colours and one curve: if it has tables, which would
/// count instead, if its channels have different curves, if equal amounts of red, green and blue
/// are not gray in it (beyond 0.002, which is rounding), or if it is damaged.
///
/// Curve, white point, adaptation and copyright are copied byte for byte, and so is the header
/// but for size, colour space and identifier: the same profile always gives the same bytes.
pub(crate) fn gray_of(rgb: &[u8]) -> Option<Vec<u8>> {
    let tags = Tags::of(rgb)?;
    let curves = [b"rTRC", b"gTRC", b"bTRC"].map(|name| curve(tags.get(name)?));
    let is_gray_axis = curves[0] == curves[1] && curves[0] == curves[2] && tags.is_neutral();
    // Input, display and output devices; other classes need tables.
    let has_class = [b"scnr", b"mntr", b"prtr"].contains(&rgb[12..16].first_chunk()?);
    let is_rgb = &rgb[16..24] == b"RGB XYZ " && &rgb[36..40] == b"acsp";
    if !(is_rgb && has_class && is_gray_axis && !tags.has_tables()) {
        return None;
    }
    let description = description(tags.get(b"desc").unwrap_or_default());
    let elements = [
        (b"desc", Some(&description[..])),
        (b"cprt", tags.get(b"cprt")),
        (b"wtpt", Some(tags.get(b"wtpt")?)),
        (b"chad", tags.get(b"chad")),
        (b"kTRC", Some(curves[0]?)),
    ];
    with_tags(rgb, &elements)
}

/// The elements of a profile.
struct Tags<'a> {
    profile: &'a [u8],
    places: Vec<([u8; 4], Range<usize>)>,
}

impl<'a> Tags<'a> {
    /// `None` if some are outside the profile.
    fn of(profile: &'a [u8]) -> Option<Self> {
        let number = |bytes: &[u8]| {
            let number = u32::from_be_bytes(*bytes.first_chunk()?);
            usize::try_from(number).ok()
        };
        let count = number(profile.get(HEADER - 4..)?)?;
        let entries = profile[HEADER..].get(..count.checked_mul(12)?)?;
        let place = |entry: &[u8]| {
            let (name, place) = entry.split_first_chunk()?;
            let start = number(place)?;
            let range = start..start.checked_add(number(&place[4..])?)?;
            profile.get(range.clone())?;
            Some((*name, range))
        };
        let places = entries.chunks_exact(12).map(place).collect::<Option<_>>()?;
        Some(Self { profile, places })
    }

    fn get(&self, name: &[u8; 4]) -> Option<&'a [u8]> {
        let found = self.places.iter().find(|(found, _)| found == name);
        found.map(|(_, range)| &self.profile[range.clone()])
    }

    fn has_tables(&self) -> bool {
        let mut names = self.places.iter().map(|(name, _)| &name[..3]);
        names.any(|name| matches!(name, b"A2B" | b"D2B"))
    }

    /// Whether the three colours together are white.
    fn is_neutral(&self) -> bool {
        const TOLERANCE: i64 = 131;
        let colours = [b"rXYZ", b"gXYZ", b"bXYZ"].map(|name| xyz(self.get(name)?));
        let [Some(red), Some(green), Some(blue)] = colours else {
            return false;
        };
        (0..3).all(|at| (red[at] + green[at] + blue[at] - WHITE[at]).abs() <= TOLERANCE)
    }
}

/// The numbers of an element of type XYZ.
fn xyz(element: &[u8]) -> Option<[i64; 3]> {
    let (b"XYZ ", rest) = element.split_first_chunk()? else {
        return None;
    };
    let (numbers, _) = rest.get(4..16)?.as_chunks::<4>();
    let number = |at: usize| i64::from(i32::from_be_bytes(numbers[at]));
    Some([number(0), number(1), number(2)])
}

/// An element with a tone curve, without what follows it.
fn curve(element: &[u8]) -> Option<&[u8]> {
    let numbers = match element.first_chunk()? {
        b"curv" => 2 * u32::from_be_bytes(*element.get(8..)?.first_chunk()?) as usize,
        b"para" => {
            let function = u16::from_be_bytes(*element.get(8..)?.first_chunk()?);
            4 * [1, 3, 4, 5, 7].get(usize::from(function))?
        }
        _ => return None,
    };
    element.get(..12 + numbers)
}

/// The element with a name for the gray profile, of the type that the name of the other
/// has: versions below 4 have another than later ones.
fn description(element: &[u8]) -> Vec<u8> {
    const PREFIX: &str = "Gray with the tone curve of ";
    const MAX_NAME: usize = 200;
    let number = |at: usize| {
        let number = u32::from_be_bytes(*element.get(at..)?.first_chunk()?);
        usize::try_from(number).ok()
    };
    let be = |number: usize| (number as u32).to_be_bytes();
    if element.starts_with(b"mluc") {
        let name = number(20).zip(number(24));
        let name = name.and_then(|(size, start)| element.get(start..)?.get(..size & !1));
        let name = name.unwrap_or_default();
        let mut text: Vec<u8> = PREFIX.encode_utf16().flat_map(u16::to_be_bytes).collect();
        text.extend(&name[..name.len().min(MAX_NAME)]);
        let head = [
            *b"mluc",
            be(0),
            be(1),
            be(12),
            *b"enUS",
            be(text.len()),
            be(28),
        ];
        return [head.as_flattened(), &text].concat();
    }
    let name = number(8).and_then(|size| element.get(12..)?.get(..size));
    let name = name.unwrap_or_default().split(|byte| *byte == 0).next();
    let name = name.unwrap_or_default();
    let text = [PREFIX.as_bytes(), &name[..name.len().min(MAX_NAME)], b"\0"].concat();
    let head = [*b"desc", be(0), be(text.len())];
    // No text in Unicode, none of Macintosh's script codes.
    [head.as_flattened(), &text, &[0; 4 + 4 + 2 + 1 + 67]].concat()
}

/// A gray profile with the header of `rgb` and these elements.
fn with_tags(rgb: &[u8], elements: &[(&[u8; 4], Option<&[u8]>)]) -> Option<Vec<u8>> {
    let elements: Vec<_> = (elements.iter())
        .filter_map(|(name, element)| Some((*name, (*element)?)))
        .collect();
    let number = |number: usize| Some(u32::try_from(number).ok()?.to_be_bytes());
    let mut profile = rgb[..HEADER - 4].to_vec();
    profile.extend(number(elements.len())?);
    let mut data = Vec::new();
    let start = HEADER + 12 * elements.len();
    for (name, element) in elements {
        profile.extend(name);
        profile.extend(number(start + data.len())?);
        profile.extend(number(element.len())?);
        data.extend(element);
        data.resize(data.len().next_multiple_of(4), 0);
    }
    profile.extend(data);
    let size = number(profile.len())?;
    profile[..4].copy_from_slice(&size);
    profile[16..20].copy_from_slice(b"GRAY");
    // The identifier, a hash of the profile, may be left out. Behind it all is reserved.
    profile[84..HEADER - 4].fill(0);
    Some(profile)
}

#[cfg(test)]
mod tests;
