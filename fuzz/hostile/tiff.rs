//! Directories and tags of TIFF files.

use crate::{choice::some, common::Random};

use super::{
    directories::{
        Built, Data, Order, Value,
        kinds::{ASCII, BYTE, DOUBLE, LONG, SHORT, UNDEFINED},
    },
    exif, few, garbage, one_in, text,
};

const SIDES: [u16; 2] = [9, 7];

/// A file with damaged tags, at times of several pages.
pub(super) fn file(random: &mut Random) -> Vec<u8> {
    let order = Order {
        big_endian: one_in(random, 2),
        is_big: one_in(random, 6),
    };
    let mut chain = vec![page(order, random)];
    if one_in(random, 6) {
        for _ in 0..few(random, 20) {
            chain.push(page(order, random));
        }
    }
    if one_in(random, 6) {
        chain.insert(0, exif::preview(order));
    }
    let mut built = Built::new(order, &chain);
    if !one_in(random, 8) {
        built.damage(random);
    }
    built.bytes
}

/// The directory of a picture with all that it can carry.
fn page(order: Order, random: &mut Random) -> Vec<Value> {
    let [rows, columns] = SIDES;
    let channels = *some(random, &[1, 3, 3, 4]);
    let len = usize::from(rows * columns * channels);
    let photometric = if channels == 1 { 1 } else { 2 };
    let mut values = vec![
        Value::shorts(0x100, order, &[columns]),
        Value::shorts(0x101, order, &[rows]),
        Value::shorts(0x102, order, &vec![8; channels.into()]),
        Value::shorts(0x103, order, &[1]),
        Value::shorts(0x106, order, &[photometric]),
        Value::new(0x111, LONG, Data::Blob(vec![77; len])),
        Value::shorts(0x115, order, &[channels]),
        Value::shorts(0x116, order, &[rows]),
        Value::long(0x117, order, len as u32),
    ];
    if channels == 4 {
        let extra = random.below(4) as u16;
        values.push(Value::shorts(0x152, order, &[extra]));
    }
    values.iter_mut().for_each(|value| value.is_layout = true);
    values.extend(exif::picture(order, random));
    let all = others(order, random);
    values.extend(all.into_iter().filter(|_| !one_in(random, 2)));
    values.sort_by_key(|value| value.tag);
    // One that stands there twice comes from damage.
    values.dedup_by_key(|value| value.tag);
    values
}

/// Tags that are about the samples, the place, or the description of a picture.
fn others(order: Order, random: &mut Random) -> Vec<Value> {
    let doubles = |tag, numbers: &[f64]| {
        let numbers = numbers
            .iter()
            .map(|number| order.number(number.to_bits(), 8));
        Value::bytes(tag, DOUBLE, numbers.collect::<Vec<_>>().concat())
    };
    let description = match random.below(7) {
        0 => "ImageJ=1.53\nimages=4294967295\nslices=3\n".to_owned(),
        1 => format!("{{\"shape\": [{}, 9, 7, 3], \"axes\": \"YXC\"}}", random.below(3)),
        2 => "{\"shape\": [99999999999999999999, 9]}".to_owned(),
        3 => "<OME><Image><Pixels SizeX=\"7\" SizeY=\"9\" SizeZ=\"1\" SizeT=\"1\" SizeC=\"3\" Type=\"uint8\"/></Image></OME>".to_owned(),
        4 => "<OME><Pixels SizeX=\"7".to_owned(),
        5 => "\u{e9}\u{1b}[2J".to_owned(),
        _ => "a".repeat(few(random, 3000)),
    };
    let number = *some(random, &[1.0, 0.0, -1.0, f64::NAN, f64::INFINITY, 1e308]);
    let gdal = "<GDALMetadata><Item name=\"STATISTICS_MEAN\" sample=\"9\">1</Item></GDALMetadata>";
    let no_data = *some(random, &["0", "-9999", "nan", "1e999", "x", "255"]);
    vec![
        Value::text(0x10d, "document"),
        Value::text(0x10e, &description),
        Value::shorts(0x112, order, &[random.below(10) as u16]),
        Value::rationals(
            0x11a,
            order,
            &[[random.below(400) as u32, random.below(3) as u32]],
        ),
        Value::rationals(0x11b, order, &[[300, 1]]),
        Value::shorts(0x128, order, &[random.below(5) as u16]),
        Value::text(0x11d, "page"),
        Value::rationals(0x11e, order, &[[1, 2]]),
        Value::rationals(0x11f, order, &[[1, 2]]),
        Value::shorts(0x122, order, &[2]),
        Value::shorts(0x129, order, &[0, 9]),
        Value::bytes(0x12d, SHORT, vec![1; *some(random, &[512, 1536, 4])]),
        Value::rationals(0x13e, order, &[[3127, 10_000], [3290, 10_000]]),
        Value::rationals(0x13f, order, &[[1, 3]; 6]),
        Value::text(0x151, "printer"),
        Value::rationals(
            0x214,
            order,
            &[[0, 1], [255, 1], [0, 1], [255, 1], [0, 1], [255, 1]],
        ),
        Value::bytes(0x2bc, BYTE, text::xmp(random)),
        doubles(33550, &[number, 2.0, 0.0]),
        doubles(33922, &[0.0, 0.0, 0.0, number, 1.0, 1.0]),
        doubles(34264, &[number; 16]),
        Value::shorts(
            34735,
            order,
            &[1, 1, 0, random.below(9) as u16, 1025, 0, 1, 2],
        ),
        doubles(34736, &[number]),
        Value::text(34737, "WGS 84|"),
        doubles(50844, &[number; 92]),
        Value::text(42112, gdal),
        Value::text(42113, no_data),
        Value::bytes(33723, UNDEFINED, text::iptc(random)),
        Value::bytes(34377, BYTE, text::photoshop(random)),
        Value::bytes(34675, UNDEFINED, text::icc(random)),
        Value::directories(0x8769, vec![exif::exif(order, random)]),
        Value::directories(0x8825, vec![exif::gps(order)]),
        Value::bytes(37724, UNDEFINED, garbage(random, 90)),
        Value::bytes(50838, LONG, garbage(random, 3).repeat(4)),
        Value::bytes(65000, ASCII, garbage(random, 90)),
    ]
}
