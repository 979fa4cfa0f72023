//! Any bytes as a kernel of every format, and as weights in line.

use stridekern::kernel::{KernelBank, KernelFormat};

use crate::driver::{Corpus, lines};

pub(crate) fn corpus() -> Corpus {
    let inputs = [
        "[[0,-1,0],[-1,5,-1],[0,-1,0]]",
        "1 2 1 x [1;2;1]",
        "3x3@!+1+0: 1,2,3 4,5,nan - 8 9;Disk:3,2",
        "Sobel:@",
        "Gaussian:0x1.5;Blur:2x3+90;Comet:0x1>;LoG:0x1;DoG:1,2,3",
        "convolve:scale=50%!,25%;morphology:compose=Lighten;FreiChen:10;Ring:1,2,3",
        "3 2 4 128\n1 2 3\n4 5 6\n",
        "\u{feff}\"1\";2\t3#\r\n4;5\r\n",
        "twenty-seven numbers of two bytes make 54 bytes of acf",
        "%YAML:1.0\n---\nk: !!opencv-matrix\n   rows: 1\n   cols: 2\n   dt: f\n   data: [ 1., -.5 ]\n\
         l:\n   - !!opencv-nd-matrix\n      sizes: [ 1 ]\n      dt: \"1u\"\n      data: [ 7 ]\n",
        "{ \"k\": { \"type_id\": \"opencv-matrix\", \"rows\": 1, \"cols\": 2, \"dt\": \"d\",\
         \"data\": [ 1.0, 1e3 ] } }",
        "<?xml version=\"1.0\"?>\n<opencv_storage>\n<!-- k -->\n<k type_id=\"opencv-matrix\">\
         <rows>1</rows><cols>2</cols><dt>i</dt><data>\n 1 -2</data></k></opencv_storage>",
    ];
    let mut inputs = Vec::from_iter(inputs.map(|text| text.as_bytes().to_vec()));
    for (shape, order, descr) in [("(2, 3)", "False", "|u1"), ("(2, 1, 2)", "True", ">f2")] {
        let header =
            format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
        let length = (header.len() as u16).to_le_bytes();
        let bytes = [
            b"\x93NUMPY\x01\0",
            &length[..],
            header.as_bytes(),
            b"<8bytes>",
        ];
        inputs.push(bytes.concat());
    }
    Corpus {
        inputs,
        words: lines(
            "x|[|]|;|,|\u{d7}|nan|inf|99999999999999999999|1e400|+|:|@|<|>|!|-|\"|#|\n|\r\n|\t|\0\
             |\u{feff}|Disk:|Octagon:511|1 1 0\n|3x1+0+0:|^|%|compose=plus;\
             |scale=-1^;|Gaussian:|Rectangle:|1e9|0x0.1|{|}|%YAML 1.2\n|---\n|...\n|- |!!opencv-matrix|dt: |data: \
             |\"3f\"|.Nan|-.Inf|//|/*|<!--|<_>|</|type_id='|>f8|<c16|O|(1, 1, 1, 1)|'shape': ",
        ),
        mend: |_, _| {},
    }
}

/// It is refused with words, or its TOML makes it again.
pub(crate) fn target(data: &[u8]) -> String {
    let mut told = String::new();
    let mut check = |result: Result<KernelBank, _>| match result {
        Ok(bank) => {
            let toml = bank.to_toml();
            assert_eq!(
                KernelBank::parse("k", "k", &toml).as_ref(),
                Ok(&bank),
                "{toml}"
            );
            told += "bank ";
            for format in KernelFormat::ALL {
                if let Ok(bytes) = bank.to_bytes(format) {
                    let again = KernelBank::from_bytes(format, "k", "k", &bytes);
                    let kernels = again.map(|again| again.kernels().len());
                    assert_eq!(kernels, Ok(bank.kernels().len()), "{format:?} of {toml}");
                }
            }
        }
        Err(error) => {
            let message = stridekern::kernel::KernelError::to_string(&error);
            assert!(!message.contains(['\n', '\r', '\x1b']), "{message:?}");
            told += message.split(['`', ';']).next().unwrap_or_default();
        }
    };
    for format in KernelFormat::ALL {
        check(KernelBank::from_bytes(format, "k", "k", data));
    }
    let text = String::from_utf8_lossy(data);
    check(KernelBank::in_line(&text).map(|bank| bank.with_name("k")));
    let _ = KernelFormat::of("k", data);
    told
}
