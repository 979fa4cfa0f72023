use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::{
    axes::Reading,
    codec::{Decoded, EncodeOptions, Format, Limits, encode, input::Input},
    image::{Bool, Depth, Image, Samples, f16},
    number::Output,
};

fn read(bytes: &[u8], limits: &Limits) -> Result<Decoded> {
    open(Input::Memory(bytes), limits, Reading::AsImage)?.into_decoded()
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

/// Every type in both byte orders, in C and in Fortran order, with its smallest and its largest
/// values.
#[test]
fn byte_orders_and_types() {
    fn check<T: Output>(name: &str, values: [T; 6])
    where
        Samples: From<Vec<T>>,
    {
        let wanted = Image::new(2, 3, 1, Vec::from(values).into()).unwrap();
        let fortran = [0, 3, 1, 4, 2, 5].map(|at| values[at]);
        for (order, values) in [("False", values), ("True", fortran)] {
            let bytes: &[u8] = bytemuck::cast_slice(&values);
            let little: Vec<u8> = match cfg!(target_endian = "little") {
                true => bytes.to_vec(),
                false => reversed(bytes, size_of::<T>()),
            };
            let big = reversed(&little, size_of::<T>());
            for (mark, data) in [("<", &little), (">", &big)] {
                let file = array(&format!("{mark}{name}"), order, "(2, 3)", data);
                let read = decoded(&file);
                assert_eq!(
                    (read.image, read.warnings),
                    (wanted.clone(), vec![]),
                    "{mark}{name}"
                );
            }
            if size_of::<T>() == 1 {
                for descr in [format!("|{name}"), name.to_owned()] {
                    assert_eq!(
                        decoded(&array(&descr, order, "(2, 3)", &little)).image,
                        wanted
                    );
                }
            }
        }
        assert_eq!(decoded(&written(&wanted)).image, wanted);
    }
    fn reversed(bytes: &[u8], size: usize) -> Vec<u8> {
        bytes
            .chunks(size)
            .flat_map(|b| b.iter().rev().copied())
            .collect()
    }
    check("u1", [0, 1, 2, 127, 128, u8::MAX]);
    check("u2", [0, 1, 2, 0xabcd, 256, u16::MAX]);
    check("u4", [0, 1, 2, 0xabcd_ef01, 1 << 24, u32::MAX]);
    check("u8", [0, 1, 2, 0xabcd_ef01_2345_6789, 1 << 53, u64::MAX]);
    check("i1", [0, 1, -1, 100, i8::MIN, i8::MAX]);
    check("i2", [0, 1, -1, 0x1234, i16::MIN, i16::MAX]);
    check("i4", [0, 1, -1, 0x1234_5678, i32::MIN, i32::MAX]);
    check("i8", [0, 1, -1, 0x1234_5678_9abc_def0, i64::MIN, i64::MAX]);
    check("b1", [0, 1, 1, 0, 0, 1].map(Bool));
    let half = [0.0, -1.5, 0.1, 65_504.0, -6e-8, f32::INFINITY].map(f16::from_f32);
    check("f2", half);
    check(
        "f4",
        [0.0, -1.5, 0.1, f32::MAX, f32::MIN_POSITIVE, f32::INFINITY],
    );
    check(
        "f8",
        [0.0, -1.5, 0.1, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY],
    );
}

#[test]
fn booleans_are_0_or_1() {
    for order in ["False", "True"] {
        assert_eq!(
            refusal(&array("|b1", order, "(1, 3)", &[0, 1, 2])),
            "the npy file is damaged (its booleans are not all 0 or 1): get a good copy of it"
        );
    }
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
    let supported = "are not supported: integers, booleans and floats of up to 64 bits are; save";
    for (descr, convert) in [
        ("<f16", "a.astype(np.float64)"),
        ("<c8", "np.abs(a), a.real or a.imag"),
        ("<c16", "np.abs(a), a.real or a.imag"),
        ("|O", "numbers, such as one field of it"),
        ("<U3", "numbers, such as one field of it"),
        ("|S4", "numbers, such as one field of it"),
        ("<M8[s]", "numbers, such as one field of it"),
        ("<i3", "numbers, such as one field of it"),
    ] {
        assert_eq!(
            refusal(&array(descr, "False", "(1, 1)", &[0; 16])),
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
    for (shape, axes) in [("()", "0 axes"), ("(4,)", "1 axis")] {
        assert_eq!(
            refusal(&array("|u1", "False", shape, &[0; 4])),
            format!(
                "the array has {axes}, and a picture has two or more: save a.reshape(rows, columns)"
            )
        );
    }
    assert_eq!(
        refusal(&array("|u1", "False", "(1, 1, 1, 4)", &[0; 4])),
        "an array of shape (1, 1, 1, 4) may be 1 plane of 1 x 1 with 4 channels (TYXC) or 1 plane of 1 x 4 (TZYX): say which"
    );
    assert_eq!(
        refusal(&array("|u1", "False", "(0, 4)", &[])),
        "the picture is empty: 4 columns x 0 rows x 1 channels; there is nothing to filter"
    );
}

/// An image is read with its channels; jobs ask where there are more than four.
#[test]
fn three_axes_tell_how_they_were_read() {
    let opened = |channels: usize, reading: Reading<'_>| {
        let shape = format!("(30, 4, {channels})");
        let bytes = array("|u1", "False", &shape, &vec![0; 30 * 4 * channels]);
        let reader = open(Input::Memory(&bytes), &Limits::default(), reading)?;
        let header = reader.header().clone();
        let (spec, warnings) = (header.spec, header.warnings);
        assert_eq!(spec.shape(), [30, 4, channels]);
        Ok::<_, Error>(Vec::from_iter(warnings.iter().map(ToString::to_string)))
    };
    let named = "YXC".parse().unwrap();
    for channels in 1..=7 {
        let plural = if channels == 1 { "" } else { "s" };
        let note = format!(
            "an array of shape (30, 4, {channels}) was read as 30 x 4 pixels of {channels} channel{plural} (YXC)"
        );
        assert_eq!(opened(channels, Reading::As(&named)).unwrap(), [""; 0]);
        let as_image = opened(channels, Reading::AsImage).unwrap();
        let by_shape = opened(channels, Reading::ByShape);
        if channels <= 4 {
            assert_eq!(as_image, [""; 0]);
            assert_eq!(by_shape.unwrap(), [note]);
        } else {
            assert_eq!(as_image, [note]);
            assert_eq!(
                by_shape.unwrap_err().to_string(),
                format!(
                    "an array of shape (30, 4, {channels}) may be 30 planes of 4 x {channels} (TYX) or {channels} channels (YXC): say which"
                )
            );
        }
    }
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
        seed in any::<u64>(), depth in proptest::sample::select(Depth::ALL.to_vec()),
    ) {
        let len = rows * columns * channels;
        let values = (1..=len as u64).map(|i| i.wrapping_mul(seed | 1));
        let values = values.map(|v| v as i64 as f64 / 1e9);
        let samples = each_depth!(depth, T => {
            Samples::from(Vec::<T>::from_iter(values.map(T::from_real)))
        });
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
