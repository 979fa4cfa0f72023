use super::*;

fn parse(text: &str) -> Result<KernelBank, KernelError> {
    KernelBank::parse("my", "my.toml", text)
}

fn bank(text: &str) -> KernelBank {
    parse(text).unwrap()
}

fn weights(kernel: &Kernel) -> Vec<f64> {
    kernel.weights().iter().copied().collect()
}

#[test]
fn one_kernel_with_everything() {
    let bank = bank(
        "description = 'd'\nmap = \"abs\"\nweights = [[1, 2.5], [-3e0, 0x10]]\n\
         divisor = 1_000\nbias = 0.5\nanchor = [0, 1]\n",
    );
    assert_eq!((bank.name(), bank.description()), ("my", "d"));
    assert_eq!((bank.map(), bank.combine()), (Some(Map::Abs), None));
    let [kernel] = bank.kernels() else { panic!() };
    assert_eq!(weights(kernel), [1.0, 2.5, -3.0, 16.0]);
    assert_eq!((kernel.divisor(), kernel.bias()), (1000.0, 0.5));
    assert_eq!(kernel.anchor(), [0, 1]);
}

#[test]
fn an_offset_is_a_bias_in_samples() {
    let bank = bank(
        "combine = 'sum'\n[[kernels]]\nweights = [[1]]\noffset = -2.5\n\
         [[kernels]]\nweights = [[1]]\nbias = 0.25",
    );
    let added = |k: &Kernel| [k.bias(), k.offset()];
    let [first, second] = bank.kernels() else {
        panic!()
    };
    assert_eq!([added(first), added(second)], [[0.0, -2.5], [0.25, 0.0]]);
}

#[test]
fn several_kernels_keep_their_order_and_names() {
    let bank = bank(
        "combine = \"sum\"\n[[kernels]]\nname = \"b\"\nweights = [[1]]\ndivisor = 2\n\
         [[kernels]]\nweights = [[1, 2, 3]]\nflip = true\nanchor = [0, 0]\n",
    );
    assert_eq!(bank.labels(), ["b", ""]);
    assert_eq!(bank.combine(), Some(Combine::Sum));
    assert_eq!(bank.kernels()[0].divisor(), 2.0);
    assert_eq!(weights(&bank.kernels()[1]), [3.0, 2.0, 1.0]);
    assert_eq!(bank.kernels()[1].anchor(), [0, 2]);
}

#[test]
fn inline_tables_and_a_single_kernel_in_the_list_are_fine() {
    let two = "combine = 'max'\nkernels = [{ weights = [[1]] }, { weights = [[2]] }]";
    assert_eq!(bank(two).kernels().len(), 2);
    assert_eq!(bank("[[kernels]]\nweights = [[1]]").combine(), None);
}

#[test]
fn rotations_make_a_bank_that_takes_the_largest() {
    let text = "weights = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]\n";
    let eight = bank(&format!("{text}rotations = 8"));
    assert_eq!(eight.combine(), Some(Combine::Max));
    assert_eq!(eight.kernels().len(), 8);
    let four = bank(&format!("{text}rotations = 4\ncombine = 'magnitude'"));
    assert_eq!(four.combine(), Some(Combine::Magnitude));
    assert_eq!(four.kernels()[2], four.kernels()[0].flipped());
}

#[test]
fn a_byte_order_mark_and_other_line_ends_change_nothing() {
    let text = "# a\nweights = [\n  [1, 2],\n  [3, 4],\n]\n";
    let plain = bank(text);
    assert_eq!(bank(&text.replace('\n', "\r\n")), plain);
    assert_eq!(bank(&format!("\u{feff}{text}")), plain);
    let error = parse("\u{feff}mop = 1").unwrap_err().to_string();
    assert!(
        error.starts_with("my.toml:1:1: unknown key: `mop`;"),
        "{error}"
    );
}

/// What is wrong, the file, and the exact message after `my.toml:`.
const REFUSED: &[(&str, &str, &str)] = &[
    (
        "empty",
        "",
        "1:1: the file is empty; give a kernel: weights = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]",
    ),
    (
        "no weights",
        "# nothing\nmap = 'abs'",
        "1:1: the file has no weights; \
         give a kernel: weights = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]",
    ),
    (
        "not TOML",
        "weights = [[1, 2]\ndivisor = 3",
        "2:1: not TOML: missing comma between array elements, expected `,`: `divisor = 3`",
    ),
    (
        "not closed",
        "weights = [[1, 2]",
        "1:18: not TOML: unclosed array, expected `]`",
    ),
    (
        "a key twice",
        "bias = 1\nbias = 2",
        "2:1: not TOML: duplicate key: `bias`",
    ),
    (
        "misspelt key",
        "# é\n wieghts = [[1]]",
        "2:2: unknown key: `wieghts`; did you mean `weights`?",
    ),
    (
        "strange key",
        "photograph = 1\nweights = [[1]]",
        "1:1: unknown key: `photograph`; the keys here are description, combine, scale, map, weights, column, row, generate, normalize, \
         divisor, bias, offset, anchor, flip, rotations, kernels",
    ),
    (
        "the first of two in the file",
        "weights = [[1]]\nzzz = 1\naaa = 2",
        "2:1: unknown key: `zzz`; the keys here are description, combine, scale, map, weights, column, row, generate, normalize, \
         divisor, bias, offset, anchor, flip, rotations, kernels",
    ),
    (
        "name at the top",
        "name = 'x'\nweights = [[1]]",
        "1:1: unknown key: `name`; \
         the file's name is the kernel's name; only [[kernels]] have a `name`",
    ),
    (
        "combine below the kernels",
        "[[kernels]]\nweights = [[1]]\ncombine = 'max'",
        "3:1: unknown key: `combine`; move it above the first [[kernels]]",
    ),
    (
        "ragged",
        "weights = [\n  [1, 2, 3],\n  [1, 2],\n]",
        "3:3: row 2 has 2 weights, the row above has 3: `[1, 2]`; \
         give every row as many; 0 where there is none",
    ),
    (
        "ragged further down",
        "weights = [[1, 2], [3, 4], [5]]",
        "1:28: row 3 has 1 weight, the rows above have 2: `[5]`; \
         give every row as many; 0 where there is none",
    ),
    (
        "no rows",
        "weights = []",
        "1:11: the kernel has no weights: `[]`; give at least one row with one number",
    ),
    (
        "empty rows",
        "weights = [[], []]",
        "1:11: the kernel has no weights: `[[], []]`; give at least one row with one number",
    ),
    (
        "one row without brackets",
        "weights = [1, 2, 1]",
        "1:12: a row of weights must be an array, not an integer: `1`; \
         put each row into brackets of its own: [[1, 2, 1], [2, 4, 2]]",
    ),
    (
        "weights as text",
        "weights = '1 2 1'",
        "1:11: weights must be rows of numbers, not text: `'1 2 1'`; \
         put each row into brackets of its own: [[1, 2, 1], [2, 4, 2]]",
    ),
    (
        "a weight as text",
        "weights = [[1, \"2\"]]",
        "1:16: a weight must be a number, not text: `\"2\"`; \
         write it in digits, without quotes or brackets",
    ),
    (
        "nan",
        "weights = [[1, nan]]",
        "1:16: a weight is not a finite number: `nan`; give a number below 1.8e308",
    ),
    (
        "infinity",
        "weights = [[-inf, 1]]",
        "1:13: a weight is not a finite number: `-inf`; give a number below 1.8e308",
    ),
    (
        "beyond f64",
        "weights = [[1e999]]",
        "1:13: a weight is not a finite number: `1e999`; give a number below 1.8e308",
    ),
    (
        "beyond 2^53",
        "weights = [[9007199254740993]]",
        "1:13: a weight is an integer beyond 2^53, which would be rounded: `9007199254740993`; \
         write it with a decimal point if that is meant",
    ),
    (
        "divisor zero",
        "weights = [[1]]\ndivisor = 0",
        "2:11: divisor 0 must be a finite number other than zero: `0`",
    ),
    (
        "divisor not a number",
        "weights = [[1]]\ndivisor = nan",
        "2:11: divisor is not a finite number: `nan`; give a number below 1.8e308",
    ),
    (
        "bias infinite",
        "weights = [[1]]\nbias = inf",
        "2:8: bias is not a finite number: `inf`; give a number below 1.8e308",
    ),
    (
        "offset not a number",
        "weights = [[1]]\noffset = nan",
        "2:10: offset is not a finite number: `nan`; give a number below 1.8e308",
    ),
    (
        "offset as text",
        "weights = [[1]]\noffset = '128'",
        "2:10: offset must be a number, not text: `'128'`; \
         write it in digits, without quotes or brackets",
    ),
    (
        "bias and offset",
        "weights = [[1]]\noffset = 0\nbias = 0",
        "2:1: bias and offset exclude each other: `offset`; \
         give bias in units of full scale, or offset in samples",
    ),
    (
        "bias and offset of one of several kernels",
        "combine = 'sum'\n[[kernels]]\nweights = [[1]]\nbias = 1\n[[kernels]]\n\
         weights = [[1]]\nbias = 0.5\n  offset = 128",
        "8:3: bias and offset exclude each other: `offset`; \
         give bias in units of full scale, or offset in samples",
    ),
    (
        "bias of a direction",
        "combine = 'direction'\n[[kernels]]\nweights = [[1]]\nbias = 0\n[[kernels]]\n\
         weights = [[1]]\n  bias = 0.25",
        "7:3: a bias would turn the direction of two responses: `bias = 0.25`; leave it out",
    ),
    (
        "offset of a direction",
        "combine = 'direction_degrees'\n[[kernels]]\nweights = [[1]]\noffset = -1\n[[kernels]]\n\
         weights = [[1]]",
        "4:1: a bias would turn the direction of two responses: `offset = -1`; leave it out",
    ),
    (
        "bias of a generated direction",
        "generate = 'sobel:size=5'\nbias = 0.5\ncombine = 'direction_radians'",
        "2:1: a bias would turn the direction of two responses: `bias = 0.5`; leave it out",
    ),
    (
        "offset beside kernels",
        "offset = 1\n[[kernels]]\nweights = [[1]]",
        "1:1: this key and [[kernels]] exclude each other: `offset`; \
         write it into each [[kernels]]",
    ),
    (
        "anchor outside",
        "weights = [[1, 2]]\nanchor = [1, 0]",
        "2:10: anchor [1, 0] lies outside the 1x2 kernel: `[1, 0]`; rows and columns count from 0",
    ),
    (
        "anchor negative",
        "weights = [[1, 2]]\nanchor = [0, -1]",
        "2:10: the anchor lies outside the 1x2 kernel: `[0, -1]`; \
         give [row, column], counted from 0",
    ),
    (
        "anchor of three",
        "weights = [[1, 2]]\nanchor = [0, 1, 2]",
        "2:10: anchor must be two integers: `[0, 1, 2]`; give [row, column], counted from 0",
    ),
    (
        "anchor as text",
        "weights = [[1, 2]]\nanchor = 'center'",
        "2:10: anchor must be two integers, not text: `'center'`; \
         give [row, column], counted from 0",
    ),
    (
        "flip as text",
        "weights = [[1]]\nflip = 'yes'",
        "2:8: flip must be true or false, not text: `'yes'`; write it without quotes",
    ),
    (
        "description as a number",
        "description = 5\nweights = [[1]]",
        "1:15: description must be text, not an integer: `5`; put it into quotes",
    ),
    (
        "unknown map",
        "map = 'clip'\nweights = [[1]]",
        "1:7: unknown map: `'clip'`; choose clamp, abs, offset, stretch, symmetric, float",
    ),
    (
        "unknown combine",
        "combine = 'Max'\nweights = [[1]]",
        "1:11: unknown combine: `'Max'`; choose magnitude, max, sum, mean, abs_sum, abs_max, argmax, direction, direction_degrees, direction_radians",
    ),
    (
        "combine as a number",
        "combine = 1\nweights = [[1]]",
        "1:11: combine must be text, not an integer: `1`; choose magnitude, max, sum, mean, abs_sum, abs_max, argmax, direction, direction_degrees, direction_radians",
    ),
    (
        "combine of one",
        "combine = 'max'\nweights = [[1]]",
        "1:11: max combines several kernels, and there is one: `'max'`; drop it or add a kernel",
    ),
    (
        "no combine",
        "[[kernels]]\nweights = [[1]]\n[[kernels]]\nweights = [[1]]",
        "1:3: 2 kernels need a rule that combines them: `kernels`; \
         choose magnitude, max, sum, mean, abs_sum, abs_max, argmax, direction, direction_degrees, direction_radians",
    ),
    (
        "direction of rotations",
        "combine = 'direction'\nrotations = 4\nweights = [[1, 0, 1], [1, 0, 1], [1, 0, 1]]",
        "1:11: direction needs exactly two kernels, x and then y, not 4: `'direction'`",
    ),
    (
        "rotations of 5",
        "rotations = 5\nweights = [[1, 0, 1], [1, 0, 1], [1, 0, 1]]",
        "1:13: that many rotations are not possible: `5`; \
         give 4 (by 90 degrees) or 8 (by 45 degrees)",
    ),
    (
        "rotations of a row",
        "rotations = 4\nweights = [[1, 0, 1]]",
        "1:13: a 1x3 kernel has no rotations: `4`; only a 3x3 kernel has",
    ),
    (
        "both ways",
        "weights = [[1]]\n[[kernels]]\nweights = [[1]]",
        "1:1: this key and [[kernels]] exclude each other: `weights`; give one or the other",
    ),
    (
        "divisor for all",
        "divisor = 2\n[[kernels]]\nweights = [[1]]",
        "1:1: this key and [[kernels]] exclude each other: `divisor`; write it into each [[kernels]]",
    ),
    (
        "rotations of several",
        "rotations = 8\n[[kernels]]\nweights = [[1]]",
        "1:1: this key and [[kernels]] exclude each other: `rotations`; \
         it turns the single kernel of `weights`",
    ),
    (
        "single brackets",
        "[kernels]\nweights = [[1]]",
        "1:2: kernels must be several tables, not a table: `kernels`; \
         begin each kernel with a line [[kernels]], in double brackets",
    ),
    (
        "kernels of numbers",
        "kernels = [1]",
        "1:12: a kernel must be a table, not an integer: `1`; \
         begin each kernel with a line [[kernels]], in double brackets",
    ),
    (
        "no kernels",
        "kernels = []",
        "1:1: there are no kernels: `kernels`; \
         begin each kernel with a line [[kernels]], in double brackets",
    ),
    (
        "a kernel without weights",
        "combine = 'max'\n[[kernels]]\nweights = [[1]]\n[[kernels]]\nname = 'y'",
        "4:1: the kernel has no weights: `[[kernels]]`; give weights = [[...], [...]]",
    ),
];

#[test]
fn every_mistake_is_shown_where_it_is() {
    for (what, text, expected) in REFUSED {
        let message = parse(text).expect_err(what).to_string();
        assert_eq!(message, format!("my.toml:{expected}"), "{what}");
    }
}

#[test]
fn an_error_has_its_parts() {
    let error = parse("weights = [[1]]\nmap = 'clip'").unwrap_err();
    let KernelError::File {
        file,
        line,
        column,
        message,
        text,
        help,
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!((file.as_str(), line, column), ("my.toml", 2, 7));
    assert_eq!((message.as_str(), text.as_str()), ("unknown map", "'clip'"));
    assert!(help.starts_with("choose clamp,"));
}

#[test]
fn what_is_shown_is_one_short_line() {
    let long = format!(
        "weights = [\n    [1, 2],\n    [\n{}    ],\n]",
        "  1,\n".repeat(99)
    );
    assert_eq!(
        parse(&long).unwrap_err().to_string(),
        "my.toml:3:5: row 2 has 99 weights, the row above has 2: \
         `[ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,…`; \
         give every row as many; 0 where there is none"
    );
    // Whatever bytes a file holds, a message stays one line without control characters.
    for text in [
        "\0\u{1}\u{1b}[31m",
        "= \r\n\u{7}",
        "\"a\nb\" = 1",
        "[\u{2028}",
        "a.b.c\t=\u{b}1",
    ] {
        let message = parse(text).unwrap_err().to_string();
        assert!(!message.chars().any(char::is_control), "{message:?}");
    }
}

#[test]
fn absurd_files_are_refused() {
    let row = format!("[{}],", "0,".repeat(1024));
    let most = format!("weights = [{}]", row.repeat(1024));
    assert_eq!(bank(&most).size(), [1024, 1024]);
    let more = format!("weights = [{}]", row.repeat(1025));
    let message = parse(&more).unwrap_err().to_string();
    let expected = ": the kernel has more than 1048576 weights: `[0,0,";
    assert!(message.contains(expected), "{message}");
    for deep in [
        "weights = ".to_owned() + &"[".repeat(1 << 20),
        "[".repeat(1 << 20),
    ] {
        assert!(parse(&deep).is_err());
    }
}

#[test]
fn a_file_cut_short_anywhere_is_a_bank_or_a_located_error() {
    for name in ["kirsch", "sobel", "bevel"] {
        let text = KernelBank::builtin_toml(name).unwrap();
        let mut refused = 0;
        for end in 0..text.len() {
            let Err(error) = parse(&text[..end]) else {
                continue;
            };
            refused += 1;
            let message = error.to_string();
            assert!(!message.contains('\n'), "{message}");
            let (KernelError::File { line, .. } | KernelError::Syntax { line, .. }) = error else {
                panic!("{error:?}");
            };
            assert!((1..=text.lines().count()).contains(&line), "{message}");
        }
        assert!(refused > text.len() / 2, "{name}");
    }
}

#[test]
fn files_of_too_much_are_refused_before_they_are_taken_apart() {
    let refused = |text: &str, what: &str| {
        let start = std::time::Instant::now();
        let error = KernelBank::parse("k", "k.toml", text)
            .unwrap_err()
            .to_string();
        let end = format!("the file has more than {what}; use a smaller kernel, or fewer");
        assert!(
            error.starts_with("k.toml:") && error.ends_with(&end),
            "{error}"
        );
        assert!(start.elapsed().as_secs() < 10, "{what}");
    };
    let weights = "1048576 weights";
    for (text, what) in [
        ("[[kernels]]\nweights=[[1]]\n".repeat(1025), "1024 kernels"),
        (
            format!("kernels=[{}]", "{weights=[[1]]},".repeat(1025)),
            "1024 kernels",
        ),
        (format!("x={{{}=1}}", ["a"; 1025].join(".")), "1024 kernels"),
        (format!("{}=1", ["a"; 1026].join(".")), "1024 kernels"),
        (
            (0..1025).map(|k| format!("[k{k}]\n")).collect(),
            "1024 kernels",
        ),
        (
            format!("weights=[{}]", "[1],".repeat(1 << 17)),
            "131072 rows of weights",
        ),
        (
            format!("x=[{}]", "[],".repeat(1 << 17)),
            "131072 rows of weights",
        ),
        (format!("weights=[[{}]]", "1,".repeat(1_060_000)), weights),
        ("k=1\n".repeat(1_060_000), weights),
        (
            format!(
                "{}combine='sum'",
                format!("[[kernels]]\nweights=[[{}]]\n", "1,".repeat(1 << 19)).repeat(3)
            ),
            weights,
        ),
        ("#\n".repeat(4_000_000), "6291456 words and signs"),
        ("[".repeat(7_000_000), "6291456 words and signs"),
        ("!\n".repeat(4_000_000), "6291456 words and signs"),
    ] {
        refused(&text, what);
    }
}

#[test]
fn files_at_the_limits_are_read() {
    let bank = |text: &str| KernelBank::parse("k", "k.toml", text).unwrap();
    let kernels = "combine='sum'\n".to_owned()
        + &"[[kernels]]\nname='n'\nweights=[[1]]\ndivisor=1\nbias=0\nanchor=[0,0]\nflip=false\n"
            .repeat(1024);
    assert_eq!(bank(&kernels).kernels().len(), 1024);
    // The longest way to write a weight that is not odd.
    let row = format!("  [{}],\n", "-1234.5678e-05, ".repeat(1024));
    let square = format!("weights = [\n{}]\n", row.repeat(1024));
    assert_eq!(bank(&square).size(), [1024, 1024]);
    let column = format!("weights = [{}]\n", "[1],".repeat((1 << 17) - 1));
    assert_eq!(bank(&column).size(), [(1 << 17) - 1, 1]);
}
