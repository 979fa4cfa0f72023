use super::*;
use crate::kernel::{
    KernelFormat,
    format::tests::{golden, respond},
};

fn parsed(text: &str) -> Result<KernelBank, KernelError> {
    KernelBank::from_bytes(KernelFormat::OpenCv, "k", "k", text.as_bytes())
}

fn refused(text: &str) -> String {
    parsed(text).unwrap_err().to_string()
}

const MATRIX: &str = "rows: 1\n   cols: 2\n   dt: i\n   data: [ 1, 2 ]";

/// Files of both versions, in each of the three dialects, and what filter2D makes by them.
#[test]
fn matrices_mean_what_opencv_makes_of_them() {
    let mut equal = 0;
    let mut kernels = 0;
    for name in ["opencv4_storage.txt", "opencv5_storage.txt"] {
        let (input, blocks) = golden(name);
        assert_eq!(blocks.len(), 33);
        for (text, output) in &blocks {
            let bank = parsed(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
            let one = output.len() / bank.kernels().len();
            assert_eq!(one, 4, "{text}");
            for (kernel, output) in bank.kernels().iter().zip(output.chunks(one)) {
                let mut same = true;
                kernels += 1;
                for (y, row) in output.iter().enumerate() {
                    for (x, &wanted) in row.iter().enumerate() {
                        let [sum, size] = respond(kernel, &input, [y + 4, x + 4]);
                        same &= sum == wanted;
                        assert!(
                            (sum - wanted).abs() <= size * 1e-15,
                            "{text}: {sum} {wanted}"
                        );
                    }
                }
                equal += usize::from(same);
            }
        }
    }
    assert_eq!((kernels, equal), (78, 78));
}

#[test]
fn several_matrices_are_a_bank() {
    let text = "%YAML:1.0\n---\na: !!opencv-matrix\n   ROWS\n\"b c\":\n   - 5\n   - !!opencv-matrix\n      \
                rows: 1\n      cols: 1\n      dt: d\n      data: [ .5 ]\n";
    let bank = parsed(&text.replace("ROWS", MATRIX)).unwrap();
    assert_eq!(bank.combine(), Some(Combine::Max));
    assert_eq!(bank.labels(), ["a", "b c"]);
    assert_eq!(bank.kernels()[1].as_slice(), [0.5]);
}

#[test]
fn other_layouts_are_read() {
    for text in [
        "%YAML 1.2\n---\nk: !!opencv-matrix\n   ROWS\n...\n",
        "%YAML:1.0\r\n---\r\n# a kernel\r\nk: !!opencv-matrix # one\r\n   ROWS\r\n",
        "%YAML:1.0\nk: !!opencv-matrix { rows: 1, cols: 2, dt: i, data: [1, 2] }",
        "\u{feff}%YAML:1.0\nk: !!opencv-nd-matrix\n   sizes: [ 2 ]\n   dt: u\n   data: [ 1,\n\n  2 ]\nempty:\nl: 1\n",
        "{\"k\":{\"type_id\":\"opencv-matrix\",\"rows\":1,\"cols\":2,\"dt\":\"1d\",\"data\":[1.,2.]}}",
        "<?xml version=\"1.0\"?><opencv_storage><k type_id='opencv-matrix'><rows>1</rows><cols>2</cols>\
         <dt>w</dt><data>1 2</data></k><e/></opencv_storage>",
    ] {
        let text = text.replace("ROWS", MATRIX);
        let bank = parsed(&text).unwrap_or_else(|error| panic!("{text}\n{error}"));
        assert_eq!(bank.kernels()[0].as_slice(), [1.0, 2.0], "{text}");
        assert!(is_storage(text.trim_start_matches('\u{feff}')));
    }
    let one = "%YAML:1.0\nk: !!opencv-matrix\n   rows: 1\n   cols: 1\n   dt: f\n   data: [ 0.1 ]\n";
    assert_eq!(
        parsed(one).unwrap().kernels()[0].as_slice(),
        [f64::from(0.1_f32)]
    );
}

#[test]
fn faults_have_a_place_and_a_reason() {
    let matrix = |from: &str, to: &str| {
        format!(
            "%YAML:1.0\nk: !!opencv-matrix\n   {}\n",
            MATRIX.replace(from, to)
        )
    };
    let json = |text: &str| format!("{{ \"k\": {text} }}");
    for (text, start) in [
        (
            "name: value\n".to_owned(),
            "k:1:1: this is no FileStorage of OpenCV: it begins with ",
        ),
        (
            "%YAML\nk: 1\n".to_owned(),
            "k:1:1: the first line is not %YAML:1.0, nor %YAML 1.2: `%YAML`; ",
        ),
        (
            "%YAML 1.2\n---\na: 1\nb: [ 1, 2 ]\n".to_owned(),
            "k:1:1: there is no opencv-matrix in it; ",
        ),
        (
            "%YAML:1.0\n".to_owned(),
            "k:1:1: there is no opencv-matrix in it; ",
        ),
        (
            matrix("rows: 1", "rows: 2"),
            "k:6:10: 2 rows of 2 need 4 weights, there are 2: `[ 1, 2 ]`; ",
        ),
        (
            matrix("rows: 1", "rows: x"),
            "k:3:10: not a number of weights: `x`; ",
        ),
        (matrix("rows: 1\n", "\n"), "k:4:4: a matrix without rows: "),
        (
            matrix("dt: i", "dt: \"3f\""),
            "k:5:8: a kernel has one channel, this one 3: ",
        ),
        (
            matrix("dt: i", "dt: q"),
            "k:5:8: not a type of weights: u, c, w, s, i, f, d or h: `q`; ",
        ),
        (
            matrix("dt: i", "dt: u").replace("1, 2", "1, 256"),
            "k:6:15: the number does not fit its dt: `256`; ",
        ),
        (
            matrix("dt: i", "dt: c").replace("1, 2", "1, 2.5"),
            "k:6:15: the number does not fit its dt: `2.5`; ",
        ),
        (
            matrix("dt: i", "dt: f").replace("1, 2", "1, 1e39"),
            "k:6:15: the number does not fit its dt: `1e39`; ",
        ),
        (
            matrix("1, 2", "1, .Nan"),
            "k:6:15: a weight is not a finite number: `.Nan`; ",
        ),
        (matrix("1, 2", "1, two"), "k:6:15: not a number: `two`; "),
        (matrix("1, 2", "1 2"), "k:6:14: a comma is missing: `2 ]`; "),
        (matrix("1, 2 ]", "1, 2"), "k:7:1: a bracket is not closed"),
        (
            matrix("[ 1, 2 ]", "[ 1, 2 ] 3"),
            "k:6:19: the line goes on after its value: `3`; ",
        ),
        (
            matrix("[ 1, 2 ]", "!!binary |\n     AAAA"),
            "k:6:19: its data end within their header: ",
        ),
        (
            matrix("   data", "     data"),
            "k:6:6: a line is indented otherwise than those above: ",
        ),
        (
            matrix("cols: 2", "- 2"),
            "k:4:4: a list and a map are mixed: `- 2`; ",
        ),
        (
            matrix("cols: 2", "cols"),
            "k:4:4: a line without a key and a colon: `cols`; ",
        ),
        (
            matrix("[ 1, 2 ]", "[ 1, 2 ]\n...\n---\nk: 1"),
            "k:8:1: there is more than one document: `---`; ",
        ),
        (json("1"), "k:1:1: there is no opencv-matrix in it; "),
        (json("{"), "k:1:11: a bracket is not closed"),
        (
            json("\"a"),
            "k:1:8: a text without a closing quote: `\"a }`; ",
        ),
        (
            json("1") + "2",
            "k:1:11: the text goes on after its last brace: `2`; ",
        ),
        (
            "<?xml?><svg/>".to_owned(),
            "k:1:8: the first element is not <opencv_storage>: `<svg/>`; ",
        ),
        (
            "<?xml?><opencv_storage><a></b>".to_owned(),
            "k:1:29: an element is closed that was not opened: `b>`; ",
        ),
        (
            "<?xml?>\n<opencv_storage><a>1".to_owned(),
            "k:2:21: an element is not closed",
        ),
        (
            "[".repeat(10 << 20).replacen('[', "{\"a\":", 1),
            "k:1:69: values are nested more than 64 deep: ",
        ),
        (
            format!("%YAML:1.0\na: [ {} ]\n", "1,".repeat(5 << 20)),
            "k:2:2228226: the file has more than 1114112 values: ",
        ),
    ] {
        let message = refused(&text);
        assert!(message.starts_with(start), "{start}\n{message}");
        assert!(message.len() < 200 && !message.contains('\n'));
    }
}

/// As OpenCV 5.0.0 wrote `[[1, -2], [3, 4]]` of `int16` with `FILE_STORAGE_WRITE_BASE64`.
#[test]
fn base64_is_read_in_each_dialect() {
    let data = "MXMgICAgICAgICAgICAgICAgICAgICAgAQD+/wMABAA=";
    let yaml = "%YAML 1.2\n---\nsmall: !!opencv-matrix\n   rows: 2\n   cols: 2\n   dt: s\n   data: !!binary |\n      DATA\nnext: 1\n";
    let json = r#"{ "small": { "type_id": "opencv-matrix", "rows": 2, "cols": 2, "dt": "s", "data": "$base64$DATA" } }"#;
    let xml = "<?xml version=\"1.0\"?>\n<opencv_storage>\n<small type_id=\"opencv-matrix\">\n  <rows>2</rows>\n  <cols>2</cols>\n  <dt>s</dt>\n  <data type_id=\"binary\">\n    DATA\n    </data></small>\n</opencv_storage>\n";
    let split = data.replace("ICAg", "ICAg\n      ");
    for (text, data) in [
        (yaml, data),
        (yaml, &split),
        (json, data),
        (xml, data),
        (xml, &split),
    ] {
        let bank = parsed(&text.replace("DATA", data)).unwrap_or_else(|e| panic!("{text}\n{e}"));
        assert_eq!(
            bank.kernels()[0].as_slice(),
            [1.0, -2.0, 3.0, 4.0],
            "{text}"
        );
    }
    for (data, why) in [
        ("MXM*", "its data are no Base64"),
        ("MXMg", "its data end within their header"),
        (
            &*data.replace("MXMg", "MWQg"),
            "its data are of another type than its dt",
        ),
        (
            &*data.replace("BAA=", "BA=="),
            "its data end within a number",
        ),
    ] {
        for text in [yaml, json, xml] {
            let told = refused(&text.replace("DATA", data));
            assert!(told.contains(why), "{told} {data}");
        }
    }
}
