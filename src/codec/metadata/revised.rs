//! What describes the pixels or samples of an input, as it is true of a result.

use super::{
    Density, Metadata, Omission, Part, ResultGrid, exif_resolution,
    tag::{DESCRIPTION, Tag, kinds},
};
use crate::{
    image::{Depth, ImageSpec},
    orientation::Orientation,
};

/// What becomes of a tag.
enum Revised {
    Same,
    Changed(Vec<u8>, &'static str),
    Outdated(&'static str),
    /// Why it is not carried over.
    Lost(&'static str),
}

impl Metadata {
    /// The metadata as they are true of a result that lies so on its input. What cannot be made
    /// true becomes a part that is not carried over.
    #[must_use]
    pub(crate) fn revised_for(&self, grid: &ResultGrid) -> Self {
        let geo_keys = self.parts.iter().find_map(|part| match part {
            Part::Tag(tag) if tag.code == GEO_KEYS => Some(tag),
            _ => None,
        });
        let are_areas = geo_keys.is_none_or(|keys| !are_points(keys));
        let revised = |part: &Part| match part {
            Part::Tag(tag) => revised(tag, grid, are_areas),
            Part::Attribute(attribute) => attribute.revised_for(grid),
            Part::Field(field) => field.revised_for(grid),
            Part::Chunk { name, .. } => match grid.why_lost(name) {
                Some(why) => Part::Other {
                    name: part.to_string(),
                    bytes: part.bytes(),
                    why: Omission::Unknown(why),
                },
                None => part.clone(),
            },
            _ => part.clone(),
        };
        let density = (self.density)
            .and_then(|density| turned(density, grid.turn))
            .and_then(|density| thinned(density, grid.step));
        let lost = (density.is_none() && self.density.is_some()).then(|| Part::Other {
            name: "pixel density".to_owned(),
            bytes: 0,
            why: Omission::Unknown("its numbers do not fit"),
        });
        Self {
            exif: (self.exif.as_deref()).map(|exif| exif_resolution::revised(exif, grid)),
            density,
            parts: self.parts.iter().map(revised).chain(lost).collect(),
            ..self.clone()
        }
    }
}

/// The density of pixels that are turned.
fn turned(density: Density, turn: Orientation) -> Option<Density> {
    let ([horizontal, vertical], unit) = density.parts();
    Density::new(turn.of_axes([horizontal, vertical]), unit)
}

/// The density of every so many pixels; `None` if its numbers do not fit.
fn thinned(density: Density, [rows, columns]: [usize; 2]) -> Option<Density> {
    let ([horizontal, vertical], unit) = density.parts();
    let divided = |[n, d]: [u32; 2], step: usize| {
        let step = u32::try_from(step).ok()?;
        match n % step {
            0 => Some([n / step, d]),
            _ => Some([n, d.checked_mul(step)?]),
        }
    };
    Density::new(
        [divided(horizontal, columns)?, divided(vertical, rows)?],
        unit,
    )
}

fn revised(tag: &Tag, grid: &ResultGrid, are_areas: bool) -> Part {
    let outcome = match tag.code {
        DESCRIPTION => description(tag, grid),
        GDAL => statistics(tag, grid),
        _ if grid.is_same() => Revised::Same,
        286 | 287 => Revised::Lost("it is the place of the whole picture on a page"),
        33550 | 33922 | 34264 | 50844 => placed(tag, grid, are_areas),
        37396 => Revised::Lost("it is in pixels of the whole picture"),
        _ => Revised::Same,
    };
    let why = match outcome {
        Revised::Same => return Part::Tag(tag.clone()),
        Revised::Changed(data, what) => return Part::Tag(tag.with(data, what)),
        Revised::Outdated(why) => Omission::Outdated(why),
        Revised::Lost(why) => Omission::Unknown(why),
    };
    let (name, bytes) = (tag.to_string(), tag.data.len());
    Part::Other { name, bytes, why }
}

/// `GeoKeyDirectoryTag` (GeoTIFF 1.1, 7.1.2).
const GEO_KEYS: u16 = 34735;
/// `GDAL_METADATA`, XML.
const GDAL: u16 = 42112;

/// Whether pixels are points by these keys: `GTRasterTypeGeoKey` is `RasterPixelIsPoint`.
fn are_points(keys: &Tag) -> bool {
    let keys = keys.shorts();
    let (keys, _) = keys.get(4..).unwrap_or_default().as_chunks();
    keys.contains(&[1025, 0, 1, 2])
}

/// Where pixels lie on the ground (GeoTIFF 1.1, 7.2.1, 8.3; RPC00B).
fn placed(tag: &Tag, grid: &ResultGrid, are_areas: bool) -> Revised {
    const LOST: Revised = Revised::Lost("it does not fit the changed picture");
    let Some(mut values) = tag.doubles() else {
        return LOST;
    };
    if grid.turn != Orientation::Normal {
        return LOST;
    }
    let axes = grid.coordinates(are_areas);
    match (tag.code, &mut values[..]) {
        // ModelPixelScale: units in x and y.
        (33550, [x, y, _]) => {
            *x *= axes[0].1;
            *y *= axes[1].1;
        }
        // ModelTiepoint: a point of the picture and of the ground, each of three coordinates.
        (33922, points) if points.len().is_multiple_of(6) => {
            for point in points.as_chunks_mut::<6>().0 {
                for (coordinate, (offset, factor)) in point.iter_mut().zip(axes) {
                    *coordinate = (*coordinate - offset) / factor;
                }
            }
        }
        // ModelTransformation: rows of a matrix.
        (34264, matrix) if matrix.len() == 16 => {
            for row in matrix.as_chunks_mut::<4>().0 {
                row[3] += row[0] * axes[0].0 + row[1] * axes[1].0;
                row[0] *= axes[0].1;
                row[1] *= axes[1].1;
            }
        }
        // RPCCoefficient: offset and scale of lines and samples, whose centres are whole.
        (
            50844,
            [
                _,
                _,
                line,
                sample,
                _,
                _,
                _,
                line_scale,
                sample_scale,
                rest @ ..,
            ],
        ) if rest.len() == 83 => {
            let [columns, rows] = grid.coordinates(false);
            for (offset, scale, axis) in [(line, line_scale, rows), (sample, sample_scale, columns)]
            {
                *offset = (*offset - axis.0) / axis.1;
                *scale /= axis.1;
            }
        }
        _ => return LOST,
    }
    if !values.iter().all(|value| value.is_finite()) {
        return LOST;
    }
    let data: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    match *data == *tag.data {
        true => Revised::Same,
        false => Revised::Changed(data, "place on the ground"),
    }
}

/// GDAL's metadata without the statistics of the samples as they were.
fn statistics(tag: &Tag, grid: &ResultGrid) -> Revised {
    const ITEM: &str = "<Item name=\"STATISTICS_";
    let text = match tag.text().map(str::from_utf8) {
        Some(Ok(text)) => text,
        _ => return Revised::Lost("it is no text"),
    };
    if text.contains("\"RPC\"") && !grid.is_same() {
        return Revised::Lost("it places the whole picture on the ground");
    }
    if !text.contains("STATISTICS_") {
        return Revised::Same;
    }
    let mut kept = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(ITEM) {
        kept.push_str(rest[..start].trim_end_matches(' '));
        let Some((_, after)) = rest[start..].split_once("</Item>") else {
            return Revised::Lost("it has statistics of the samples as they were");
        };
        rest = after.strip_prefix('\n').unwrap_or(after);
    }
    kept.push_str(rest);
    match kept.contains("STATISTICS_") {
        true => Revised::Lost("it has statistics of the samples as they were"),
        false => Revised::Changed(text_data(kept), "statistics left out"),
    }
}

fn text_data(mut text: String) -> Vec<u8> {
    text.push('\0');
    text.into_bytes()
}

/// A description, which some programs use for the size of the picture.
fn description(tag: &Tag, grid: &ResultGrid) -> Revised {
    let text = match tag.text().map(str::from_utf8) {
        Some(Ok(text)) if tag.kind == kinds::ASCII => text,
        _ => return Revised::Same,
    };
    let start = text.trim_start();
    if start.starts_with("{\"shape\": [") {
        array_shape(text, grid)
    } else if start.starts_with("ImageJ=") {
        imagej(text, grid)
    } else if start.starts_with('<') && text.contains("<Pixels") {
        ome(text, grid)
    } else {
        Revised::Same
    }
}

/// The JSON of tifffile.
fn array_shape(text: &str, grid: &ResultGrid) -> Revised {
    const LOST: Revised = Revised::Lost("it describes an array of another shape");
    let list = text
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    let Some((list, rest)) = list else {
        return LOST;
    };
    let numbers = list.split(',').map(|number| number.trim().parse::<usize>());
    let Ok(shape) = numbers.collect::<Result<Vec<_>, _>>() else {
        return LOST;
    };
    let of_page = |spec: ImageSpec| match spec.channels {
        1 => vec![spec.rows, spec.columns],
        channels => vec![spec.rows, spec.columns, channels],
    };
    let (before, after) = (of_page(grid.before), of_page(grid.after));
    let Some(pages) = shape.strip_suffix(&before[..]) else {
        return LOST;
    };
    let count = pages
        .iter()
        .try_fold(1_usize, |count, side| count.checked_mul(*side));
    if count.is_none_or(|count| count as u64 != grid.pages) {
        return LOST;
    }
    match rest {
        // Nothing else is in it.
        "}" => Revised::Outdated("it is the shape of the array as it was"),
        _ if before == after => Revised::Same,
        // Names of axes are as many as before.
        _ if before.len() == after.len() => {
            let shape = [pages, &after].concat();
            let text = format!("{{\"shape\": {shape:?}{rest}");
            Revised::Changed(text_data(text), "size")
        }
        _ => LOST,
    }
}

/// The lines of `ImageJ`.
fn imagej(text: &str, grid: &ResultGrid) -> Revised {
    let count = text.lines().find_map(|line| line.strip_prefix("images="));
    match count.map(|count| count.trim().parse::<u64>()) {
        None => Revised::Same,
        Some(Ok(count)) if count.max(1) == grid.pages => Revised::Same,
        Some(_) => Revised::Lost(OTHER_PAGES),
    }
}

const OTHER_PAGES: &str = "it describes other pages";

/// The XML of OME-TIFF.
fn ome(text: &str, grid: &ResultGrid) -> Revised {
    let mut pictures = text.match_indices("<Pixels");
    let (Some((start, _)), None) = (pictures.next(), pictures.next()) else {
        return Revised::Lost("it describes several pictures");
    };
    let Some(end) = text[start..].find('>') else {
        return Revised::Lost("it is damaged");
    };
    let (head, tail) = (&text[..start], &text[start + end..]);
    let pixels = &text[start..start + end];
    let number = |name| attribute(pixels, name).and_then(|value| value.parse::<usize>().ok());
    let ImageSpec {
        rows,
        columns,
        channels,
        ..
    } = grid.before;
    let [slices, times, all_channels] = ["SizeZ", "SizeT", "SizeC"].map(number);
    let planes = |channels: Option<usize>| {
        let planes = slices?.checked_mul(times?)?.checked_mul(channels?)?;
        u64::try_from(planes).ok()
    };
    // Channels are pages, or samples of a pixel.
    let is_whole = match all_channels == Some(channels) {
        true => [planes(Some(1)), planes(all_channels)].contains(&Some(grid.pages)),
        false => planes(all_channels) == Some(grid.pages),
    };
    if !is_whole {
        return Revised::Lost(OTHER_PAGES);
    }
    if [number("SizeX"), number("SizeY")] != [Some(columns), Some(rows)] {
        return Revised::Lost("it is not about this picture");
    }
    if channels != grid.after.channels {
        return Revised::Lost("it describes other channels");
    }
    if grid.step != [1, 1] && pixels.contains(" PhysicalSize") {
        return Revised::Lost("it is the size of other pixels");
    }
    let (before, after) = (grid.before, grid.after);
    let mut pixels = pixels.to_owned();
    if before.depth != after.depth {
        let name = match after.depth {
            Depth::U8 => "uint8",
            Depth::U16 => "uint16",
            Depth::U32 => "uint32",
            Depth::I8 => "int8",
            Depth::I16 => "int16",
            Depth::I32 => "int32",
            Depth::F32 => "float",
            Depth::F64 => "double",
            _ => return Revised::Lost("OME has no such type of samples"),
        };
        pixels = with_attribute(&pixels, "Type", name);
        // It is that of the samples as they were.
        if attribute(&pixels, "SignificantBits").is_some() {
            let bits = 8 * after.depth.bytes();
            pixels = with_attribute(&pixels, "SignificantBits", &bits.to_string());
        }
    }
    pixels = with_attribute(&pixels, "SizeX", &after.columns.to_string());
    pixels = with_attribute(&pixels, "SizeY", &after.rows.to_string());
    let revised = format!("{head}{pixels}{tail}");
    match revised == text {
        true => Revised::Same,
        false => Revised::Changed(text_data(revised), "size and type"),
    }
}

/// Where the value of an attribute is in the start tag of an element.
fn attribute_range(element: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let mark = format!(" {name}=\"");
    let start = element.find(&mark)? + mark.len();
    let len = element[start..].find('"')?;
    Some(start..start + len)
}

fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    attribute_range(element, name).map(|range| &element[range])
}

/// The element with another value of an attribute that it has.
fn with_attribute(element: &str, name: &str, value: &str) -> String {
    let mut element = element.to_owned();
    if let Some(range) = attribute_range(&element, name) {
        element.replace_range(range, value);
    }
    element
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::DensityUnit;

    const BEFORE: ImageSpec = ImageSpec::new([300, 400, 1], Depth::U8);

    fn grid(origin: [usize; 2], step: [usize; 2], after: [usize; 3], depth: Depth) -> ResultGrid {
        ResultGrid {
            before: BEFORE,
            after: ImageSpec::new(after, depth),
            origin,
            step,
            turn: Orientation::Normal,
            pages: 1,
        }
    }

    /// The rows and columns cut differ, and so do the steps.
    fn crop() -> ResultGrid {
        grid([3, 5], [2, 4], [147, 97, 1], Depth::U8)
    }

    fn revised_parts(parts: Vec<Part>, grid: &ResultGrid) -> Vec<Part> {
        let metadata = Metadata {
            parts,
            ..Metadata::default()
        };
        metadata.revised_for(grid).parts
    }

    fn doubles(code: u16, values: &[f64]) -> Tag {
        let data: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        Tag::new(code, kinds::DOUBLE, data)
    }

    fn values(parts: &[Part], code: u16) -> Option<Vec<f64>> {
        parts.iter().find_map(|part| match part {
            Part::Tag(tag) if tag.code == code => tag.doubles(),
            _ => None,
        })
    }

    /// The ground at a pixel's centre, by a matrix, or by a tie point and a scale.
    fn ground(parts: &[Part], [row, column]: [f64; 2], half: f64) -> [f64; 2] {
        let (i, j) = (column + half, row + half);
        if let Some(m) = values(parts, 34264) {
            return [m[0] * i + m[1] * j + m[3], m[4] * i + m[5] * j + m[7]];
        }
        let (scale, tie) = (values(parts, 33550).unwrap(), values(parts, 33922).unwrap());
        [
            tie[3] + (i - tie[0]) * scale[0],
            tie[4] - (j - tie[1]) * scale[1],
        ]
    }

    #[test]
    fn pixels_stay_on_their_ground() {
        let matrix = doubles(
            34264,
            &[
                2., 0.5, 0., 1000., -0.25, -3., 0., 2000., 0., 0., 0., 7., 0., 0., 0., 1.,
            ],
        );
        let scale = doubles(33550, &[2., 3., 0.]);
        let tie = doubles(33922, &[8., 16., 0., 1000., 2000., 0.]);
        for (raster_type, half) in [(1_u16, 0.5), (2, 0.0)] {
            let keys = [1, 1, 0, 1, 1025, 0, 1, raster_type];
            let keys: Vec<u8> = keys.iter().flat_map(|n| n.to_le_bytes()).collect();
            let keys = Tag::new(GEO_KEYS, kinds::SHORT, keys);
            for tags in [vec![&keys, &matrix], vec![&keys, &scale, &tie]] {
                let before = Vec::from_iter(tags.into_iter().map(|tag| Part::Tag(tag.clone())));
                let grid = crop();
                let after = revised_parts(before.clone(), &grid);
                for place in [[0, 0], [10, 20], [146, 96]] {
                    let source =
                        [0, 1].map(|axis| grid.origin[axis] + place[axis] * grid.step[axis]);
                    let [source, place] = [source, place].map(|at| at.map(|n| n as f64));
                    // Powers of two are exact.
                    assert_eq!(ground(&after, place, half), ground(&before, source, half));
                }
                let same = grid_of_same();
                assert_eq!(revised_parts(before.clone(), &same), before);
            }
        }
    }

    fn grid_of_same() -> ResultGrid {
        grid([0, 0], [1, 1], [300, 400, 1], Depth::U8)
    }

    #[test]
    fn rational_polynomials_follow_their_pixels() {
        let mut rpc: Vec<f64> = (0..92).map(f64::from).collect();
        [rpc[2], rpc[3], rpc[7], rpc[8]] = [150., 200., 160., 240.];
        let after = revised_parts(vec![Part::Tag(doubles(50844, &rpc))], &crop());
        [rpc[2], rpc[3], rpc[7], rpc[8]] = [73.5, 48.75, 80., 60.];
        assert_eq!(values(&after, 50844), Some(rpc));
    }

    #[test]
    fn damaged_places_are_lost_where_they_would_have_to_change() {
        for tag in [
            doubles(33550, &[1., 1.]),
            doubles(33922, &[1.; 7]),
            doubles(33922, &[f64::INFINITY; 6]),
            doubles(34264, &[1.; 15]),
            doubles(50844, &[1.; 91]),
            Tag::new(33550, kinds::SHORT, [0; 24]),
            Tag::new(286, kinds::RATIONAL, [1; 8]),
        ] {
            let part = Part::Tag(tag);
            let same = revised_parts(vec![part.clone()], &grid_of_same());
            assert_eq!(same, std::slice::from_ref(&part));
            let [Part::Other { why, .. }] = &revised_parts(vec![part], &crop())[..] else {
                panic!();
            };
            assert!(matches!(why, Omission::Unknown(_)));
        }
    }

    /// What becomes of a text.
    fn of_text(code: u16, text: &str, grid: &ResultGrid) -> String {
        let tag = Tag::new(code, kinds::ASCII, format!("{text}\0").into_bytes());
        match &revised_parts(vec![Part::Tag(tag)], grid)[..] {
            [Part::Tag(tag)] => {
                let now = str::from_utf8(tag.text().unwrap()).unwrap().to_owned();
                assert_eq!(now != text, tag.changed.is_some());
                now
            }
            [Part::Other { why, .. }] => match why {
                Omission::Outdated(why) => format!("outdated: {why}"),
                Omission::Unknown(why) => format!("lost: {why}"),
            },
            _ => panic!(),
        }
    }

    #[test]
    fn statistics_of_gdal_are_left_out() {
        let item = |name: &str| format!("  <Item name=\"{name}\" sample=\"0\">1</Item>\n");
        let [scale, least] = [item("SCALE"), item("STATISTICS_MINIMUM")];
        let all = |items: &str| format!("<GDALMetadata>\n{items}</GDALMetadata>");
        let same = grid_of_same();
        let text = all(&format!("{least}{scale}{least}"));
        assert_eq!(of_text(GDAL, &text, &same), all(&scale));
        assert_eq!(of_text(GDAL, &all(&scale), &same), all(&scale));
        for text in [all("<Item name=\"STATISTICS_MEAN\">"), all("STATISTICS_")] {
            let lost = "lost: it has statistics of the samples as they were";
            assert_eq!(of_text(GDAL, &text, &same), lost);
        }
        let tag = Tag::new(
            GDAL,
            kinds::ASCII,
            all(&item("SCALE\" sample=\"2")).into_bytes(),
        );
        for (channels, is_kept) in [(3, true), (2, false)] {
            let fate = tag.fate(ImageSpec::new([1, 1, channels], Depth::U8));
            assert_eq!(fate == super::super::Fate::Kept, is_kept);
        }
    }

    #[test]
    fn descriptions_tell_the_size_of_the_result() {
        let ome = |columns: usize, rows: usize, kind: &str, more: &str| {
            format!(
                "<?xml version=\"1.0\"?><OME><Image><Pixels ID=\"Pixels:0\" SizeX=\"{columns}\" SizeY=\"{rows}\" \
                 SizeZ=\"1\" SizeT=\"1\" SizeC=\"1\" Type=\"{kind}\"{more}><TiffData/></Pixels></Image></OME>"
            )
        };
        let whole = ome(400, 300, "uint8", "");
        let measured = ome(400, 300, "uint8", " PhysicalSizeX=\"0.1\"");
        let bits = |bits| format!(" SignificantBits=\"{bits}\"");
        let cut = grid([3, 5], [1, 1], [294, 390, 1], Depth::F32);
        let color = grid([0, 0], [1, 1], [300, 400, 3], Depth::U8);
        let (same, crop) = (grid_of_same(), crop());
        let several = "lost: it describes several pictures";
        let other_pages = &format!("lost: {OTHER_PAGES}")[..];
        let stack = ResultGrid { pages: 10, ..same };
        let thin_stack = ResultGrid { pages: 10, ..crop };
        let deep = whole.replace("SizeZ=\"1", "SizeZ=\"10");
        let other_shape = "lost: it describes an array of another shape";
        for (text, grid, expected) in [
            ("a picture", &crop, "a picture"),
            (
                "{\"shape\": [300, 400]}",
                &same,
                "outdated: it is the shape of the array as it was",
            ),
            (
                "{\"shape\": [300, 400], \"a\": 1}",
                &same,
                "{\"shape\": [300, 400], \"a\": 1}",
            ),
            (
                "{\"shape\": [300, 400], \"a\": 1}",
                &crop,
                "{\"shape\": [147, 97], \"a\": 1}",
            ),
            ("{\"shape\": [300, 400], \"a\": 1}", &color, other_shape),
            ("{\"shape\": [7, 300, 400]}", &same, other_shape),
            ("ImageJ=1.11a\nunit=cm\n", &crop, "ImageJ=1.11a\nunit=cm\n"),
            (
                "ImageJ=1.11a\nimages=1\n",
                &crop,
                "ImageJ=1.11a\nimages=1\n",
            ),
            ("ImageJ=1.11a\nimages=7\n", &same, other_pages),
            (
                "ImageJ=1.11a\nimages=10\n",
                &stack,
                "ImageJ=1.11a\nimages=10\n",
            ),
            ("ImageJ=1.11a\nimages=1\n", &stack, other_pages),
            (&whole, &same, &whole),
            (&whole, &crop, &ome(97, 147, "uint8", "")),
            (&whole, &color, "lost: it describes other channels"),
            (&measured, &crop, "lost: it is the size of other pixels"),
            (
                &measured,
                &cut,
                &ome(390, 294, "float", " PhysicalSizeX=\"0.1\""),
            ),
            (
                &ome(400, 300, "uint8", &bits(7)),
                &cut,
                &ome(390, 294, "float", &bits(32)),
            ),
            (
                &ome(40, 300, "uint8", ""),
                &same,
                "lost: it is not about this picture",
            ),
            (&deep, &same, other_pages),
            (&deep, &stack, &deep),
            (&whole, &stack, other_pages),
            (
                "{\"shape\": [2, 5, 300, 400], \"a\": 1}",
                &thin_stack,
                "{\"shape\": [2, 5, 147, 97], \"a\": 1}",
            ),
            ("{\"shape\": [3, 300, 400], \"a\": 1}", &stack, other_shape),
            ("{\"shape\": [300, 400], \"a\": 1}", &stack, other_shape),
            ("{\"shape\": [], \"a\": 1}", &same, other_shape),
            (
                &whole.replace("</Image>", "</Image><Pixels>"),
                &same,
                several,
            ),
            ("<OME><Pixels", &same, "lost: it is damaged"),
        ] {
            assert_eq!(of_text(DESCRIPTION, text, grid), expected, "{text}");
        }
    }

    #[test]
    fn a_step_thins_pixels() {
        let density = |pixels| Density::new(pixels, DensityUnit::Inch);
        for (before, after) in [
            ([[300, 1], [300, 1]], density([[75, 1], [150, 1]])),
            ([[75, 1], [75, 2]], density([[75, 4], [75, 4]])),
            ([[1, u32::MAX], [1, 1]], None),
        ] {
            let metadata = Metadata {
                density: density(before),
                ..Metadata::default()
            };
            assert_eq!(metadata.revised_for(&crop()).density, after);
            assert_eq!(metadata.revised_for(&grid_of_same()), metadata);
        }
    }
}
