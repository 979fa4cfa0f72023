use super::*;
use crate::{combine::Combine, kernel::Kernel, map::Map};

fn bank(format: KernelFormat, text: &str) -> KernelBank {
    KernelBank::from_bytes(format, "k", "k", text.as_bytes()).unwrap()
}

fn refused(format: KernelFormat, text: &str) -> String {
    let result = KernelBank::from_bytes(format, "k", "k", text.as_bytes());
    result.unwrap_err().to_string()
}

fn rows(bank: &KernelBank) -> Vec<Vec<f64>> {
    let [kernel] = bank.kernels() else {
        panic!("{bank:?}")
    };
    let rows = kernel.as_slice().chunks(kernel.columns());
    rows.map(<[f64]>::to_vec).collect()
}

#[test]
fn weights_in_line() {
    let sharpen = vec![
        vec![0.0, -1.0, 0.0],
        vec![-1.0, 5.0, -1.0],
        vec![0.0, -1.0, 0.0],
    ];
    for text in [
        "[[0,-1,0],[-1,5,-1],[0,-1,0]]",
        "[[0 -1 0] [-1 5 -1] [0 -1 0]]",
        " [ [0, -1, 0],\n [-1, 5, -1],\n [0, -1, 0], ] ",
        "[0 -1 0; -1 5 -1; 0 -1 0]",
        "0 -1 0; -1 5 -1; 0 -1 0",
        "0,-1,0;-1,5,-1;0,-1,0;",
        "0, -1, 0;\n-1 ,5 , -1,\n0 -1 0,",
        "0 -1 0\n-1 5 -1\n0 -1 0\n",
    ] {
        assert!(is_in_line(text), "{text}");
        let bank = KernelBank::in_line(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(rows(&bank), sharpen, "{text}");
        assert_eq!(bank.name(), "kernel3x3");
    }
    assert_eq!(rows(&KernelBank::in_line("[2.5]").unwrap()), [[2.5]]);
    assert_eq!(
        rows(&KernelBank::in_line("-.5,1e1").unwrap()),
        [[-0.5, 10.0]]
    );
    for name in [
        "sobel",
        "sobel,emboss",
        "2 blur.toml",
        "3x3",
        "1.5",
        "a b",
        "",
        "my 1,2",
    ] {
        assert!(!is_in_line(name), "{name}");
    }
}

#[test]
fn a_column_times_a_row() {
    for text in [
        "1 2 x 3 4 5",
        "1;2 x 3;4;5",
        "[1, 2] x [3, 4, 5]",
        "[[1],[2]]*[[3,4,5]]",
    ] {
        let bank = KernelBank::in_line(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(rows(&bank), [[3.0, 4.0, 5.0], [6.0, 8.0, 10.0]], "{text}");
        assert_eq!(bank.name(), "kernel2x3");
    }
    // A float of 0.1 times one of 0.3 is not that of 0.03.
    let tenths = KernelBank::in_line("0.1 0.3 x 0.3 0.1").unwrap();
    let kernel = &tenths.kernels()[0];
    assert_eq!(kernel.as_slice(), [3.0, 1.0, 9.0, 3.0]);
    assert_eq!(kernel.divisor(), 100.0);
}

#[test]
fn errors_in_line_name_the_place() {
    let message = |text: &str| KernelBank::in_line(text).unwrap_err().to_string();
    for (text, start) in [
        ("1 2; 3 four", "in-line kernel:1:8: not a number: `four`; "),
        (
            "1 2;; 3 4",
            "in-line kernel:1:5: a row has no weights: `;`; ",
        ),
        (
            "[[1,2],[3]]",
            "in-line kernel:1:9: row 2 has 1 weight, the row above has 2: `3`; ",
        ),
        (
            "[[1,2],[3,4]",
            "in-line kernel:1:13: a bracket is not closed; ",
        ),
        (
            "[1,2]]",
            "in-line kernel:1:6: the text goes on after its brackets: `]`; ",
        ),
        ("[[[1]]]", "in-line kernel:1:3: a bracket too many: `[`; "),
        (
            "[[1,2],3]",
            "in-line kernel:1:8: a number stands between the brackets: `3`; ",
        ),
        ("[]", "in-line kernel:1:1: there are no weights: `[]`; "),
        ("1 2 x", "in-line kernel:1:6: there are no weights; "),
        (
            "1 x 2 x 3",
            "in-line kernel:1:7: there are more than two vectors: `x`; ",
        ),
        (
            "1 2; 3 4 x 1",
            "in-line kernel:1:1: x stands between two vectors: `1 2; 3 4`; ",
        ),
        (
            "0 1 0, 1 -4 1, 0 1 0",
            "in-line kernel:1:1: some of the weights of a row have commas between them, and some do not: \
             `0 1 0, 1 -4 1, 0 1 0`; end rows with semicolons, ",
        ),
        (
            "0,-1,0 -1,5,-1 0,-1,0",
            "in-line kernel:1:1: some of the weights of a row have commas between them, ",
        ),
        (
            "1 2; 1,5 2,5",
            "in-line kernel:1:6: some of the weights of a row have commas between them, and some do not: \
             `1,5 2,5`; ",
        ),
        (
            "[[1, 2 3]]",
            "in-line kernel:1:3: some of the weights of a row have commas between them, ",
        ),
        (
            "1 2 x 1, 2 3",
            "in-line kernel:1:7: some of the weights of a row have commas between them, ",
        ),
        (
            "1,,2",
            "in-line kernel:1:2: a weight is missing between commas: `,,`; ",
        ),
        (
            ",1,2",
            "in-line kernel:1:1: a weight is missing between commas: `,`; ",
        ),
        (
            "1 nan",
            "in-line kernel:1:3: a weight is not a finite number: `nan`; ",
        ),
        (
            "1\n9007199254740993",
            "in-line kernel:2:1: a weight is an integer beyond 2^53, ",
        ),
    ] {
        let message = message(text);
        assert!(message.starts_with(start), "{text}: {message}");
    }
    let long = "1 ".repeat(5 << 20);
    let message = message(&long);
    assert!(
        message.contains("the kernel has more than 1048576 weights"),
        "{message}"
    );
    assert!(message.len() < 200 && !message.contains('\n'));
}

#[test]
fn tables() {
    use KernelFormat::Table;
    let two = vec![vec![1.0, -2.5], vec![3.0, 1e-3]];
    for text in [
        "1,-2.5\n3,1e-3\n",
        "\u{feff}1;-2.5\r\n3;1e-3\r\n",
        "1\t-2.5\n3\t1e-3",
        "# a table\n1.0e+00 -2.5\n\n3 1e-3 # end\n",
        "\"1\", \"-2.5\",\n\"3\", \"1e-3\",\n",
    ] {
        assert_eq!(rows(&bank(Table, text)), two, "{text}");
    }
    for (text, start) in [
        ("a,b\n1,2\n", "k:1:1: not a number: `a`; "),
        ("1,2\n3,x y\n", "k:2:3: not a number: `x y`; "),
        ("1,2\n3,,4\n", "k:2:3: a field is empty; "),
        (
            "1,2\n3\n",
            "k:2:1: row 2 has 1 weight, the row above has 2: `3`; ",
        ),
        (
            "0,5;1\n",
            "k:1:1: not a number: `0,5`; write decimals with a point",
        ),
        ("# none\n", "k:1:1: the file has no weights; "),
        ("1,inf\n", "k:1:3: a weight is not a finite number: `inf`; "),
    ] {
        let message = refused(Table, text);
        assert!(message.starts_with(start), "{text}: {message}");
    }
}

#[test]
fn matrices_of_libvips() {
    use KernelFormat::Vips;
    for text in [
        "2 1 4 128\n1 3\n",
        "2,1,4,128\n1,3",
        "2\t1;4 128\r\n\"1\" \"3\"\r\n\r\n",
    ] {
        let bank = bank(Vips, text);
        assert_eq!(rows(&bank), [[1.0, 3.0]], "{text}");
        let kernel = &bank.kernels()[0];
        assert_eq!((kernel.divisor(), kernel.offset()), (4.0, 128.0));
    }
    assert_eq!(bank(Vips, "1 2\n3\n4\n").kernels()[0].divisor(), 1.0);
    for (text, start) in [
        ("", "k:1:1: the file has no weights; "),
        (
            "3\n1 2 3\n",
            "k:1:1: the first line is no width and height: `3`; ",
        ),
        (
            "3 1\n1 2\n",
            "k:2:1: row 1 has 2 weights, the width is 3: `1 2`; ",
        ),
        (
            "1 2\n3\n",
            "k:2:2: the file ends after 1 row, the height is 2; ",
        ),
        (
            "1 1\n3\n4\n",
            "k:3:1: there are more rows than the height of 1: `4`; ",
        ),
        ("1 1 0\n3\n", "k:1:5: the scale is zero: `0`; "),
        (
            "1.5 1\n3\n",
            "k:1:1: the width is no number of weights: `1.5`; ",
        ),
        (
            "99999 99999\n3\n",
            "k:1:1: the kernel has more than 1048576 weights: ",
        ),
        ("1 1 foo\n3\n", "k:1:5: not a number: `foo`; "),
        (
            "MATLAB 5.0 MAT-file",
            "k:1:1: this is a MAT-file of MATLAB (version 5 to 7), not text; ",
        ),
    ] {
        let message = refused(Vips, text);
        assert!(message.starts_with(start), "{text}: {message}");
    }
}

#[test]
fn formats_are_told_by_name_and_content() {
    use KernelFormat::*;
    for (path, bytes, format) in [
        ("k.toml", "1 2 3", Toml),
        ("k", "weights = [[1]]", Toml),
        ("k.mat", "3 1", Vips),
        ("k.CSV", "a", Table),
        ("k.txt", "1 2\n3 4", Table),
        ("k.txt", "3x1+0+0: 1 2 3", ImageMagick),
        ("k", "3: 1 2 3", ImageMagick),
        ("k.acf", "", Photoshop),
        ("k", "", Toml),
        ("k.txt", "Gaussian:0x2", ImageMagick),
        ("k.txt", "%YAML:1.0\n---\n", OpenCv),
        ("k.yaml", "a: 1", OpenCv),
        ("k", "{\n}", OpenCv),
        ("k.xml", "", OpenCv),
        ("k.npy", "", Npy),
    ] {
        assert_eq!(KernelFormat::of(path, bytes.as_bytes()), format, "{path}");
    }
}

#[test]
fn toml_makes_the_same_bank() {
    let again = |bank: &KernelBank| {
        let toml = bank.to_toml();
        let parsed = KernelBank::parse(bank.name(), "k.toml", &toml);
        assert_eq!(parsed.as_ref(), Ok(bank), "{toml}");
    };
    for builtin in KernelBank::builtins() {
        again(&builtin.bank());
    }
    let odd = Kernel::builder(1, 4, vec![-0.0, 1e300, 0.1 + 0.2, -9007199254740992.0])
        .divisor(1e-7)
        .offset(-3.5)
        .anchor([0, 0]);
    let odd = odd.build().unwrap();
    let single = KernelBank::from_kernel("k", odd.clone().convolving());
    again(
        &single
            .with_description("a \"b\" \\ \n\u{7f} é")
            .with_map(Map::Abs),
    );
    let two = KernelBank::new("k", vec![odd.clone(), odd.flipped()], Some(Combine::Max)).unwrap();
    again(&two.with_labels(["one".to_owned(), String::new()]));
}

#[test]
fn toml_makes_the_same_bank_of_every_format() {
    let texts = |name, format| {
        let blocks = golden(name).1.into_iter();
        blocks.map(move |(text, _)| (format, text.into_bytes()))
    };
    let header =
        b"\x93NUMPY\x01\0\x40\0{'descr':'>f4','fortran_order':True,'shape':(2,1,3),}          \n";
    let npy = [&header[..], &[0x3f, 0x8c, 0xcc, 0xcd].repeat(6)].concat();
    let acf = (0..54).map(|at| if at % 2 == 0 { 0 } else { at }).collect();
    let banks = texts("kernel_formats.txt", KernelFormat::Vips)
        .chain(texts("imagemagick.txt", KernelFormat::ImageMagick))
        .chain(texts("opencv4_storage.txt", KernelFormat::OpenCv))
        .chain(texts("opencv5_storage.txt", KernelFormat::OpenCv))
        .chain([
            (KernelFormat::Table, b"0.1,2\n-3e-5,4\n".to_vec()),
            (KernelFormat::Npy, npy),
            (KernelFormat::Photoshop, acf),
        ]);
    let mut formats = vec![KernelFormat::Toml];
    for (format, bytes) in banks {
        let bank = KernelBank::from_bytes(format, "k", "k", &bytes).unwrap();
        let toml = bank.to_toml();
        let again = KernelBank::parse("k", "k.toml", &toml);
        assert_eq!(again.as_ref(), Ok(&bank), "{toml}");
        formats.push(format);
    }
    assert!(
        KernelFormat::ALL
            .iter()
            .all(|format| formats.contains(format))
    );
}

/// What is written is read as a bank of the same kernels, or refused.
#[test]
fn every_format_is_written_and_read_again() {
    let kernel = |rows, columns, weights: &[f64]| Kernel::builder(rows, columns, weights.to_vec());
    let odd = kernel(2, 3, &[1.0, -0.25, 3e-7, 0.1, 5.0, -0.0])
        .anchor([1, 0])
        .divisor(0.5);
    let biased = kernel(1, 3, &[0.25, 0.5, 0.25]).bias(128.0 / 255.0);
    let offset = kernel(3, 1, &[1.0, 2.0, 4.0]).offset(-7.5).divisor(7.0);
    let [odd, biased, offset] = [odd, biased, offset].map(|kernel| kernel.build().unwrap());
    let two = |second: Kernel, rule| KernelBank::new("k", vec![odd.clone(), second], Some(rule));
    let mut banks = Vec::from_iter(KernelBank::builtins().map(|builtin| builtin.bank()));
    banks.extend([odd.clone(), biased, offset].map(KernelBank::from));
    banks.extend(
        ["gaussian:sigma=2", "disk:radius=1.5", "gabor:wavelength=4"]
            .map(|spec| KernelBank::from_spec(spec).unwrap()),
    );
    banks.push(two(odd.flipped(), Combine::Max).unwrap());
    banks.push(two(odd.transposed(), Combine::Sum).unwrap());
    banks.push(KernelBank::from(odd.convolving()).with_map(Map::Abs));
    let values = |bank: &KernelBank| {
        let values = bank.kernels().iter().map(|kernel| {
            let weights = kernel
                .as_slice()
                .iter()
                .map(|weight| weight / kernel.divisor());
            let size = [kernel.rows(), kernel.columns()];
            let added = [kernel.bias(), kernel.offset()];
            (size, kernel.anchor(), weights.collect::<Vec<_>>(), added)
        });
        (bank.combine(), values.collect::<Vec<_>>())
    };
    let mut written = [0; KernelFormat::ALL.len()];
    for bank in &banks {
        for (format, count) in KernelFormat::ALL.into_iter().zip(&mut written) {
            let bytes = match bank.to_bytes(format) {
                Ok(bytes) => bytes,
                Err(error) => {
                    let message = error.to_string();
                    assert!(message.contains(" cannot hold "), "{message}");
                    continue;
                }
            };
            *count += 1;
            let again = KernelBank::from_bytes(format, "k", "k", &bytes);
            let again = again.unwrap_or_else(|error| panic!("{format:?}: {error}"));
            if format == KernelFormat::Photoshop && again.size() != bank.size() {
                let sum = |bank: &KernelBank| bank.kernels()[0].gain();
                assert_eq!(sum(&again), sum(bank));
                continue;
            }
            assert_eq!(values(&again), values(bank), "{format:?} {}", bank.name());
        }
    }
    assert!(written.iter().all(|&count| count > 30), "{written:?}");
}

#[test]
fn what_a_format_cannot_hold_is_refused() {
    let refused = |bank: &KernelBank, format| bank.to_bytes(format).unwrap_err().to_string();
    let sobel = KernelBank::builtin("sobel").unwrap();
    let wide = KernelBank::in_line("1 0 0 0 0 0").unwrap();
    let tenth = KernelBank::in_line("[0.1000001]").unwrap();
    let third = Kernel::builder(1, 1, vec![1.0])
        .divisor(3.0)
        .bias(0.1)
        .build()
        .unwrap();
    for (message, wanted) in [
        (
            refused(&sobel, KernelFormat::Table),
            "a table cannot hold 2 kernels; TOML can",
        ),
        (
            refused(&sobel.clone().with_map(None), KernelFormat::ImageMagick),
            "a string of ImageMagick cannot hold 2 kernels combined by magnitude; TOML can",
        ),
        (
            refused(&sobel.with_map(Map::Abs), KernelFormat::Npy),
            "a .npy array cannot hold the map abs; TOML can",
        ),
        (
            refused(&wide, KernelFormat::Photoshop),
            "an .acf file cannot hold a kernel of 1x6 around [0, 3]; TOML can",
        ),
        (
            refused(&tenth, KernelFormat::Photoshop),
            "an .acf file cannot hold weights and a divisor that are not whole numbers up to 32767; TOML can",
        ),
        (
            refused(&third.clone().into(), KernelFormat::Vips),
            "a matrix of libvips cannot hold the bias 0.1; TOML can",
        ),
        (
            refused(&third.with_bias(0.0).unwrap().into(), KernelFormat::OpenCv),
            "OpenCV's FileStorage cannot hold the divisor 3; TOML can",
        ),
    ] {
        assert_eq!(message, wanted);
    }
}

#[test]
fn files_of_photoshop() {
    let mut numbers = [0_i16; 27];
    (numbers[11], numbers[12], numbers[18]) = (-1, 300, 2);
    (numbers[25], numbers[26]) = (4, 128);
    let bytes = Vec::from_iter(numbers.iter().flat_map(|number| number.to_be_bytes()));
    let parse = |bytes: &[u8]| KernelBank::from_bytes(KernelFormat::Photoshop, "k", "k.acf", bytes);
    let bank = parse(&bytes).unwrap();
    let kernel = &bank.kernels()[0];
    assert_eq!(rows(&bank)[2], [0.0, -1.0, 300.0, 0.0, 0.0]);
    assert_eq!(rows(&bank)[3], [0.0, 0.0, 0.0, 2.0, 0.0]);
    assert_eq!(kernel.divisor(), 4.0);
    assert_eq!(kernel.bias_in_samples(crate::depth::Depth::U8), 128.0);
    let message = |bytes: &[u8]| parse(bytes).unwrap_err().to_string();
    let short = "k.acf:1:1: an .acf file has 54 bytes, this one has 53; save the filter again";
    assert_eq!(message(&bytes[..53]), short);
    let mut zero = bytes.clone();
    zero[50..52].fill(0);
    assert_eq!(
        message(&zero),
        "k.acf:1:51: the scale is zero; give 1 or more"
    );
}

/// The inner pixels of the golden input as libvips and this kernel make them.
#[test]
fn matrices_mean_what_libvips_makes_of_them() {
    let (input, blocks) = golden("kernel_formats.txt");
    for (text, output) in &blocks {
        let bank = bank(KernelFormat::Vips, text);
        for (y, row) in output.iter().enumerate() {
            for (x, &wanted) in row.iter().enumerate() {
                let [response, _] = respond(&bank.kernels()[0], &input, [y + 4, x + 4]);
                assert_eq!(response, wanted, "{text} at {y}, {x}");
            }
        }
    }
    assert_eq!(blocks.len(), 4);
}

type Table = Vec<Vec<f64>>;

/// The input of a golden file, and its blocks: a text and what a program makes by it.
pub(super) fn golden(name: &str) -> (Table, Vec<(String, Table)>) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/golden/");
    let file = std::fs::read_to_string(format!("{folder}{name}")).unwrap();
    let numbers = |text: &str| {
        let lines = text.lines().filter(|line| !line.is_empty());
        let row = |line: &str| Vec::from_iter(line.split(' ').map(|x| x.parse::<f64>().unwrap()));
        Vec::from_iter(lines.map(row))
    };
    let mut blocks = file.split("== ").skip(1);
    let input = blocks.next().unwrap().strip_prefix("input\n").unwrap();
    let blocks = blocks.map(|block| {
        let (text, output) = block.split_once("\n--\n").unwrap();
        (text.to_owned(), numbers(output))
    });
    (numbers(input), blocks.collect())
}

/// The response at a pixel, and the sum of its absolute terms.
pub(super) fn respond(kernel: &Kernel, input: &[Vec<f64>], [y, x]: [usize; 2]) -> [f64; 2] {
    let [anchor_y, anchor_x] = kernel.anchor();
    let weights = kernel.as_slice().iter().enumerate();
    let terms = weights.map(|(at, weight)| {
        let (i, j) = (at / kernel.columns(), at % kernel.columns());
        weight * input[y + i - anchor_y][x + j - anchor_x]
    });
    let sums = terms.fold([0.0; 2], |[sum, size], term| {
        [sum + term, size + term.abs()]
    });
    let [sum, size] = sums.map(|sum| sum / kernel.divisor());
    [sum + kernel.offset(), size.abs()]
}
