use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::{
    codec::{Decoded, EncodeOptions, Format, Limits, encode, input::Input},
    image::{Depth, Image, Samples},
};

fn read(bytes: &[u8], limits: &Limits) -> Result<Decoded> {
    open(Input::Memory(bytes), limits)?.into_decoded()
}

fn written(image: &Image) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let (metadata, options) = (Metadata::default(), EncodeOptions::default());
    encode(image, Format::Npy, &metadata, &options, &mut file).unwrap();
    file.into_inner()
}

/// A file of this header and data, as NumPy writes them.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\0".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn array(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header =
        format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    npy(&header, data)
}

fn decoded(bytes: &[u8]) -> Decoded {
    read(bytes, &Limits::default()).unwrap()
}

fn refusal(bytes: &[u8]) -> String {
    read(bytes, &Limits::default()).unwrap_err().to_string()
}

fn image(shape: [usize; 3], samples: Samples) -> Image {
    Image::new(shape[0], shape[1], shape[2], samples).unwrap()
}

#[test]
fn the_header_is_numpys_to_the_byte() {
    // np.save of np.array([[1, 65535, 3]], np.uint16).
    let mut wanted =
        b"\x93NUMPY\x01\0v\0{'descr': '<u2', 'fortran_order': False, 'shape': (1, 3), }".to_vec();
    wanted.resize(127, b' ');
    wanted.extend(b"\n\x01\0\xff\xff\x03\0");
    let bytes = written(&image([1, 3, 1], Samples::U16(vec![1, 65535, 3].into())));
    assert_eq!(bytes, wanted);
}

#[test]
fn headers_are_whole_multiples_of_64() {
    for rows in [1, 10, 123_456_789_012, usize::MAX] {
        for channels in [1, 3, usize::MAX] {
            let header = header::of(&[rows, rows, channels], Depth::F32);
            assert_eq!(header.len() % 64, 0);
            assert_eq!(header.last(), Some(&b'\n'));
        }
    }
}

#[test]
fn byte_orders_and_types() {
    let u8s = image([1, 2, 1], Samples::U8(vec![1, 200].into()));
    for descr in ["|u1", "<u1", ">u1", "u1"] {
        let bytes = array(descr, "False", "(1, 2)", &[1, 200]);
        assert_eq!(decoded(&bytes).image, u8s, "{descr}");
    }
    let u16s = image([1, 2, 1], Samples::U16(vec![1, 0xabcd].into()));
    let little = array("<u2", "False", "(1, 2)", &[1, 0, 0xcd, 0xab]);
    assert_eq!(decoded(&little).image, u16s);
    let big = array(">u2", "False", "(1, 2)", &[0, 1, 0xab, 0xcd]);
    assert_eq!(decoded(&big).image, u16s);
    let floats = image([1, 1, 2], Samples::F32(vec![-1.5, 2.0].into()));
    let little = [(-1.5_f32).to_le_bytes(), 2_f32.to_le_bytes()].concat();
    assert_eq!(
        decoded(&array("<f4", "False", "(1,1,2)", &little)).image,
        floats
    );
    let big = [(-1.5_f64).to_be_bytes(), 2_f64.to_be_bytes()].concat();
    let read = decoded(&array(">f8", "False", "(1, 1, 2)", &big));
    assert_eq!((read.image, read.warnings), (floats, vec![]));
}

#[test]
fn doubles_that_do_not_fit_are_told_of() {
    let data = [0.1_f64.to_le_bytes(), f64::NAN.to_le_bytes()].concat();
    let read = decoded(&array("<f8", "False", "(1, 2)", &data));
    assert_eq!(
        read.warnings,
        ["the array's 64-bit floats were rounded to 32 bits: not all of them fit"]
    );
    let data = [0.5_f64.to_le_bytes(), f64::NAN.to_le_bytes()].concat();
    let read = decoded(&array("<f8", "False", "(1, 2)", &data));
    assert!(read.warnings.is_empty());
    assert!(matches!(read.image.samples(), Samples::F32(s) if s[0] == 0.5 && s[1].is_nan()));
}

#[test]
fn fortran_order_runs_down_the_columns() {
    // [[1, 2, 3], [4, 5, 6]]
    let bytes = array("|u1", "True", "(2, 3)", &[1, 4, 2, 5, 3, 6]);
    let wanted = image([2, 3, 1], Samples::U8(vec![1, 2, 3, 4, 5, 6].into()));
    assert_eq!(decoded(&bytes).image, wanted);
    // a[r, c, k] = 100 r + 10 c + k
    let mut data = Vec::new();
    for k in 0..4 {
        for c in 0..3 {
            for r in 0..2 {
                data.push(100 * r + 10 * c + k);
            }
        }
    }
    let wanted = [
        0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23, 100, 101, 102, 103, 110, 111, 112, 113, 120,
        121, 122, 123,
    ];
    let wanted = image([2, 3, 4], Samples::U8(wanted.to_vec().into()));
    assert_eq!(
        decoded(&array("|u1", "True", "(2, 3, 4)", &data)).image,
        wanted
    );
}

#[test]
fn later_versions_count_the_header_in_four_bytes() {
    let header = "{\"shape\": (1L, 1L), \"fortran_order\": False, \"descr\": \"|u1\"}";
    for version in [2, 3] {
        let mut bytes = b"\x93NUMPY".to_vec();
        bytes.extend([version, 0]);
        bytes.extend((header.len() as u32).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.push(9);
        assert_eq!(
            decoded(&bytes).image,
            image([1, 1, 1], Samples::U8(vec![9].into()))
        );
    }
}

#[test]
fn types_that_are_not_read_tell_how_to_convert() {
    let supported = "are not supported: uint8, uint16, float32 and float64 are; save";
    for (descr, convert) in [
        ("|b1", "a.astype(np.uint8) * 255"),
        ("<i4", "a.astype(np.float32)"),
        ("<u8", "a.astype(np.float32)"),
        ("<f2", "a.astype(np.float32)"),
        (
            "<c8",
            "a.astype(np.float32), one field or the magnitude of it",
        ),
        (
            "|O",
            "a.astype(np.float32), one field or the magnitude of it",
        ),
    ] {
        assert_eq!(
            refusal(&array(descr, "False", "(1, 1)", &[0; 8])),
            format!("arrays of `{descr}` {supported} {convert}")
        );
    }
    let records = "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1, 1)}";
    assert_eq!(
        refusal(&npy(records, &[0; 4])),
        format!("arrays of records {supported} one field, a['name']")
    );
}

#[test]
fn shapes_that_are_no_image() {
    for (shape, axes) in [
        ("()", "0 axes"),
        ("(4,)", "1 axis"),
        ("(1, 1, 1, 4)", "4 axes"),
    ] {
        assert_eq!(
            refusal(&array("|u1", "False", shape, &[0; 4])),
            format!(
                "the array has {axes}; an image has 2 (rows, columns) or 3 (rows, columns, channels): save a.reshape(rows, columns) or one picture of the stack"
            )
        );
    }
    assert_eq!(
        refusal(&array("|u1", "False", "(0, 4)", &[])),
        "the picture is empty: 4 columns x 0 rows x 1 channels; there is nothing to filter"
    );
    let planes = array("|u1", "False", "(3, 4, 17)", &[0; 204]);
    assert_eq!(
        decoded(&planes).warnings,
        [
            "the array was read as 3 rows, 4 columns and 17 channels: if its channels come first, save np.moveaxis(a, 0, -1)"
        ]
    );
}

#[test]
fn lies_are_told_apart() {
    let truncated = "the npy file ends before its picture does: get a complete copy of it";
    let damaged = |what: &str| format!("the npy file is damaged ({what}): get a good copy of it");
    let mut huge = b"\x93NUMPY\x02\0".to_vec();
    huge.extend(u32::MAX.to_le_bytes());
    let good = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1)}";
    for (bytes, text) in [
        (b"\x93NUMPY\x01".to_vec(), truncated.to_owned()),
        (
            array("|u1", "False", "(2, 2)", &[0; 3]),
            truncated.to_owned(),
        ),
        (
            array("|u1", "False", "(2, 2)", &[0; 6]),
            damaged("2 bytes follow its array, which has 4"),
        ),
        (
            huge,
            damaged("its header claims 4294967295 bytes, more than 10000"),
        ),
        (
            b"\x93NUMPY\x04\0\0\0".to_vec(),
            "version 4.0 is not supported in a npy file: convert it with another program first"
                .to_owned(),
        ),
        (
            array("|u1", "False", "(-1, 2)", &[]),
            damaged("its header has `-1, 2), }\\n` where a number of elements should be"),
        ),
        (
            array("|u1", "False", "(99999999999999999999, 2)", &[]),
            damaged("its header has a length of 99999999999999999999, which is no size"),
        ),
        (
            array("|u1", "0", "(1, 1)", &[0]),
            damaged("its header has `0, 'shape': ` where True or False should be"),
        ),
        (
            npy(&good.replace("descr", "dtype"), &[0]),
            damaged("its header has an unknown key `dtype`"),
        ),
        (
            npy(&good.replace("descr", "shape"), &[0]),
            damaged("its header has `'|u1', 'fort` where `(` should be"),
        ),
        (
            npy(&good.replace("'shape': (1, 1)", "'descr': '|u1'"), &[0]),
            damaged("its header has `descr` twice"),
        ),
        (
            npy("{'descr': '|u1'}", &[0]),
            damaged("its header lacks descr, fortran_order or shape"),
        ),
        (
            npy(&format!("{good} x"), &[0]),
            damaged("its header goes on after its dictionary"),
        ),
        (
            npy("{'descr: '|u1'}", &[0]),
            damaged("its header has `|u1'}` where `:` should be"),
        ),
        (
            npy("{'descr", &[0]),
            damaged("its header has a string without an end"),
        ),
    ] {
        assert_eq!(refusal(&bytes), text);
    }
    // Sizes whose product passes 64 bits.
    let text = refusal(&array(
        "<f8",
        "False",
        "(9223372036854775807, 9223372036854775807, 7)",
        &[],
    ));
    assert!(text.contains("more than the limit"), "{text}");
}

proptest! {
    #[test]
    fn everything_written_is_read(
        rows in 1_usize..20, columns in 1_usize..20, channels in 1_usize..7,
        seed in any::<u64>(), kind in 0..3,
    ) {
        let len = rows * columns * channels;
        let values = (1..=len as u64).map(|i| i.wrapping_mul(seed | 1));
        let samples = match kind {
            0 => Samples::U8(values.map(|v| (v >> 32) as u8).collect()),
            1 => Samples::U16(values.map(|v| (v >> 32) as u16).collect()),
            _ => Samples::F32(values.map(|v| v as i64 as f32 / 1e9).collect()),
        };
        let image = Image::new(rows, columns, channels, samples).unwrap();
        let bytes = written(&image);
        prop_assert_eq!(decoded(&bytes).image, image);
    }

    #[test]
    fn nothing_makes_the_reader_panic(header in "[{}(),:'\"a-z0-9<|u \\-]{0,80}", data in any::<Vec<u8>>()) {
        let _ = read(&npy(&header, &data), &Limits::default());
        let _ = read(&[b"\x93NUMPY", &data[..]].concat(), &Limits::default());
    }
}
