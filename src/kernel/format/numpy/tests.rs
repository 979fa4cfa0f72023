use super::*;
use crate::kernel::KernelFormat;

fn array(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header =
        format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\0".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn parsed(bytes: &[u8]) -> Result<KernelBank, KernelError> {
    KernelBank::from_bytes(KernelFormat::Npy, "k", "k.npy", bytes)
}

fn weights(bytes: &[u8]) -> Vec<Vec<f64>> {
    let bank = parsed(bytes).unwrap();
    bank.kernels()
        .iter()
        .map(|k| k.as_slice().to_vec())
        .collect()
}

/// Every type in both byte orders, with its smallest and its largest value.
#[test]
fn types_and_byte_orders() {
    macro_rules! check {
        ($($name:literal $type:ty: $values:expr;)*) => { $(
            let values: [$type; 2] = $values;
            let wanted = [values.map(|v| v as f64).to_vec()];
            let little = values.map(<$type>::to_le_bytes).concat();
            let big = values.map(<$type>::to_be_bytes).concat();
            for (order, data) in [("<", &little), ("|", &little), (">", &big)] {
                let descr = format!("{order}{}", $name);
                let bytes = array(&descr, "False", "(1, 2)", data);
                assert_eq!(weights(&bytes), wanted, "{descr}");
            }
        )* };
    }
    check! {
        "u1" u8: [1, 255];
        "i1" i8: [-128, 127];
        "u2" u16: [1, 65535];
        "i2" i16: [-32768, 32767];
        "u4" u32: [1, u32::MAX];
        "i4" i32: [i32::MIN, i32::MAX];
        "u8" u64: [1, 1 << 53];
        "i8" i64: [-(1 << 53), 1 << 53];
        "f4" f32: [0.1, f32::MAX];
        "f8" f64: [0.1, -1e300];
    }
    let halves = [0x3800_u16, 0xfbff];
    let wanted = [vec![0.5, -65504.0]];
    let bytes = array(
        "<f2",
        "False",
        "(1, 2)",
        &halves.map(u16::to_le_bytes).concat(),
    );
    assert_eq!(weights(&bytes), wanted);
    let bytes = array(
        ">f2",
        "False",
        "(1, 2)",
        &halves.map(u16::to_be_bytes).concat(),
    );
    assert_eq!(weights(&bytes), wanted);
    assert_eq!(
        weights(&array("|b1", "False", "(1, 2)", &[0, 1])),
        [vec![0.0, 1.0]]
    );
}

#[test]
fn orders_and_axes() {
    let data = Vec::from_iter(0..12);
    let flat = |range: std::ops::Range<u32>| Vec::from_iter(range.map(f64::from));
    assert_eq!(
        weights(&array("|u1", "False", "(3, 4)", &data)),
        [flat(0..12)]
    );
    let turned = [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]
        .map(f64::from)
        .to_vec();
    assert_eq!(weights(&array("|u1", "True", "(3, 4)", &data)), [turned]);
    let c = array("|u1", "False", "(2, 3, 2)", &data);
    assert_eq!(weights(&c), [flat(0..6), flat(6..12)]);
    assert_eq!(parsed(&c).unwrap().combine(), Some(Combine::Max));
    // a[k, r, c] lies at k + 2 r + 6 c.
    let first = [0, 6, 2, 8, 4, 10].map(f64::from).to_vec();
    let second = first.iter().map(|at| at + 1.0).collect();
    assert_eq!(
        weights(&array("|u1", "True", "(2, 3, 2)", &data)),
        [first, second]
    );
    let one = parsed(&array("|u1", "False", "(1, 3, 4)", &data)).unwrap();
    assert_eq!((one.kernels().len(), one.combine()), (1, None));
    assert_eq!(KernelFormat::of("k", &c), KernelFormat::Npy);
}

#[test]
fn what_is_no_kernel_is_refused() {
    let nan = [1.0, f64::NAN].map(f64::to_le_bytes).concat();
    let beyond = [1, (1 << 53) + 2].map(u64::to_le_bytes).concat();
    let long = "1".repeat(60_000);
    for (bytes, start) in [
        (Vec::new(), "it does not begin as a .npy file does; "),
        (b"\x93NUMPY\x01".to_vec(), "the file ends in its header; "),
        (
            b"\x93NUMPY\x09\0".to_vec(),
            "version 9.0 of .npy is not known; ",
        ),
        (
            array("<c16", "False", "(1, 1)", &[0; 16]),
            "an array of `<c16` is no kernel; save np.abs(a), ",
        ),
        (
            array("|O", "False", "(1, 1)", &[0; 16]),
            "an array of `|O` is no kernel; save numbers",
        ),
        (
            array("<U3", "False", "(1, 1)", &[0; 12]),
            "an array of `<U3` is no kernel; ",
        ),
        (
            array("<f8", "False", "(2,)", &[0; 16]),
            "a kernel has two axes and a bank three, this array has 1; ",
        ),
        (
            array("<f8", "False", "()", &[0; 8]),
            "a kernel has two axes and a bank three, this array has 0; ",
        ),
        (
            array("<f8", "False", "(1, 1, 1, 1)", &[0; 8]),
            "a kernel has two axes and a bank three, this array has 4; ",
        ),
        (
            array("<f8", "False", "(0, 3)", &[]),
            "the array has no weights; ",
        ),
        (
            array("<f8", "False", "(2, 3, 0)", &[]),
            "the array has no weights; ",
        ),
        (
            array("<f8", "False", "(1, 2)", &nan),
            "the weight at [0, 1] is not a finite number; ",
        ),
        (
            array("<u8", "False", "(2, 1, 1)", &beyond),
            "the weight at [1, 0, 0] is an integer beyond 2^53, ",
        ),
        (
            array("|b1", "False", "(1, 1)", &[2]),
            "the weight at [0, 0] is a boolean of neither 0 nor 1; ",
        ),
        (
            array("<f8", "False", "(1, 2)", &[0; 15]),
            "its array needs 16 bytes, there are 15; ",
        ),
        (
            array("<f8", "False", "(1, 2)", &[0; 17]),
            "its array needs 16 bytes, there are 17; ",
        ),
        (
            array("<f8", "False", "(2000, 2000)", &[]),
            "there are more than 1024 kernels or 1048576 weights; ",
        ),
        (
            array("|u1", "False", "(1025, 1, 1)", &[0; 1025]),
            "there are more than 1024 kernels or ",
        ),
        (
            array("|u1", "False", "(18446744073709551615, 9)", &[]),
            "there are more than 1024 kernels or ",
        ),
        (
            array("|u1", "Maybe", "(1, 1)", &[0]),
            "its header has `Maybe, 'shap` where True or False should be; ",
        ),
        (
            array(&long, "False", "(1, 1)", &[0]),
            "its header claims 60",
        ),
    ] {
        let message = parsed(&bytes).unwrap_err().to_string();
        let start = format!("k.npy:1:1: {start}");
        assert!(message.starts_with(&start), "{message}");
        assert!(message.len() < 200 && !message.contains('\n'));
    }
}
