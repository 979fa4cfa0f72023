use crate::{
    combine::{Combine, CombineScale},
    kernel::{Kernel, KernelBank},
};

#[track_caller]
fn bank(text: &str) -> KernelBank {
    KernelBank::parse("my", "my.toml", text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[track_caller]
fn one(text: &str) -> Kernel {
    let bank = bank(text);
    let [kernel] = bank.kernels() else {
        panic!("{text}")
    };
    kernel.clone()
}

#[test]
fn a_column_times_a_row_is_exact() {
    let same = |text: &str, weights: &str| assert_eq!(one(text), one(weights), "{text}");
    same(
        "column = [1, 2, 1]\nrow = [-1, 0, 1]",
        "weights = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]",
    );
    // In floats 0.1 x 0.1 is not 0.01.
    same(
        "row = [0.1, 0.9]\ncolumn = [0.1]",
        "weights = [[1, 9]]\ndivisor = 100",
    );
    same(
        "column = [1, 1]\nrow = [0.5, 0.5]\ndivisor = 0.3\nanchor = [0, 0]\nflip = true",
        "weights = [[10, 10], [10, 10]]\ndivisor = 6\nanchor = [0, 0]\nflip = true",
    );
    let thirds = one("column = [0.3333333333333333]\nrow = [3.141592653589793, 1]\nbias = 0.5");
    let third = 0.3333333333333333;
    assert_eq!(thirds.as_slice(), [third * std::f64::consts::PI, third]);
    assert_eq!((thirds.divisor(), thirds.bias()), (1.0, 0.5));
}

#[test]
fn kernels_are_normalized() {
    let kernel = one("weights = [[1, 2], [3, 0]]\nnormalize = true\nbias = 0.1");
    assert_eq!((kernel.divisor(), kernel.bias()), (6.0, 0.1));
    assert_eq!(
        one("weights = [[2]]\nnormalize = false\ndivisor = 4").divisor(),
        4.0
    );
    assert_eq!(
        one("column = [1, 2]\nrow = [0.5]\nnormalize = true").gain(),
        1.0
    );
    let two = "combine = 'sum'\n[[kernels]]\nweights = [[2]]\nnormalize = true\n\
               [[kernels]]\ngenerate = 'box:size=3'\ndivisor = 4";
    let divisors = bank(two)
        .kernels()
        .iter()
        .map(Kernel::divisor)
        .collect::<Vec<_>>();
    assert_eq!(divisors, [2.0, 4.0]);
}

#[test]
fn specs_make_kernels() {
    let spec = "gaussian:sigma=1.5";
    let made = bank(&format!("generate = '{spec}'\nmap = 'abs'"));
    let plain = KernelBank::from_spec(spec).unwrap();
    assert_eq!(made.kernels(), plain.kernels());
    assert_eq!(
        (made.name(), made.description()),
        ("my", plain.description())
    );
    assert_eq!(
        bank(&format!("generate = '{spec}'\ndescription = 'd'")).description(),
        "d"
    );
    let sobel = bank("generate = 'sobel:axis=magnitude'\ndivisor = 8");
    assert_eq!(sobel.combine(), Some(Combine::Magnitude));
    assert_eq!(
        (sobel.labels(), sobel.kernels()[1].divisor()),
        (&["x".to_owned(), "y".to_owned()][..], 8.0)
    );
    let sum = bank("generate = 'sobel:like=skimage'\ncombine = 'abs_sum'");
    assert_eq!(
        (sum.combine(), sum.scale()),
        (Some(Combine::AbsSum), CombineScale::ONE)
    );
    let both = bank(
        "combine = 'magnitude'\nscale = \"1/sqrt(2)\"\n[[kernels]]\ngenerate = 'sobel:axis=x'\n\
         divisor = 4\n[[kernels]]\ngenerate = 'sobel:axis=y'\nnormalize = false\ndivisor = 4",
    );
    let skimage = KernelBank::from_spec("sobel:like=skimage").unwrap();
    assert_eq!(both.kernels(), skimage.kernels());
    assert_eq!(both.scale(), skimage.scale());
    let turned = bank("generate = 'emboss:angle=90'\nrotations = 8\ncombine = 'argmax'");
    assert_eq!(
        (turned.kernels().len(), turned.combine()),
        (8, Some(Combine::ArgMax))
    );
}

#[test]
fn banks_are_read_as_they_are_written() {
    for (text, holds) in [
        (
            "generate = 'gaussian:sigma=2'",
            &["column = [", "row = ["][..],
        ),
        ("generate = 'gaussian:sigma_y=1,sigma_x=3'", &["column = ["]),
        ("generate = 'box:size=11'", &["column = ["]),
        (
            "generate = 'sobel:size=9'",
            &["[[kernels]]\nname = \"x\"\ncolumn = ["],
        ),
        ("generate = 'disk:radius=4'", &["weights = [\n"]),
        (
            "generate = 'sobel:like=skimage'",
            &["scale = \"sqrt(1/2)\"", "combine = \"magnitude\""],
        ),
        (
            "column = [1, 4, 6, 4, 1]\nrow = [1, 4, 6, 4, 1]\ndivisor = 256\nflip = true",
            &["column = [1, 4, 6, 4, 1]\nrow = [1, 4, 6, 4, 1]\ndivisor = 256\nflip = true\n"],
        ),
        (
            "column = [0.1, 0.2, 0.3, 0.4]\nrow = [1, 2, 3, 4, 5, 6, 7, 8]\nanchor = [0, 0]",
            &["column = [1, 2, 3, 4]\n", "divisor = 10\n"],
        ),
        // Short ones are plain.
        (
            "column = [1, 2, 1]\nrow = [1, 2, 1]",
            &["weights = [[1, 2, 1], [2, 4, 2], [1, 2, 1]]"],
        ),
        (
            "combine = 'mean'\nscale = 0.25\n[[kernels]]\nweights = [[1]]\n[[kernels]]\nweights = [[2]]",
            &["scale = \"1/4\""],
        ),
    ] {
        let read = bank(text);
        let written = read.to_toml();
        for held in holds {
            assert!(written.contains(held), "{held}: {written}");
        }
        assert_eq!(bank(&written), read, "{written}");
    }
    // Of thousands of weights, what makes them.
    let large = KernelBank::from_spec("disk:radius=40").unwrap();
    let written = large.to_toml();
    assert!(
        written.ends_with("generate = \"disk:radius=40\"\n"),
        "{written}"
    );
    assert_eq!(bank(&written).kernels(), large.kernels());
    let changed = large.with_divisor(2.0).unwrap().to_toml();
    assert!(changed.contains("weights"), "{changed}");
}

#[test]
fn errors_name_the_place() {
    for (text, said) in [
        (
            "column = [1, 2]",
            "1:1: a column needs a row: `column`; give row = [...] as well",
        ),
        (
            "row = [1, 2]",
            "1:1: a row needs a column: `row`; give column = [...] as well",
        ),
        (
            "column = []\nrow = [1]",
            "1:10: column has no numbers: `[]`; write column = [1, 2, 1]",
        ),
        (
            "column = 3\nrow = [1]",
            "1:10: column must be an array of numbers, not an integer: `3`; write column = [1, 2, 1]",
        ),
        (
            "column = [1, 'a']\nrow = [1]",
            "1:14: a number must be a number, not text",
        ),
        (
            "row = [[1]]\ncolumn = [1]",
            "1:8: a number must be a number, not an array",
        ),
        (
            "column = [1]\nrow = [1, nan]",
            "2:11: a number is not a finite number",
        ),
        (
            "weights = [[1]]\ncolumn = [1]\nrow = [1]",
            "2:1: weights and column exclude each other: `column`; give weights, or column and row, or generate",
        ),
        (
            "generate = 'box:size=3'\nweights = [[1]]",
            "2:1: weights and generate exclude each other: `weights`",
        ),
        (
            "generate = 'sobel:'\nrow = [1]",
            "2:1: generate and row exclude each other: `row`",
        ),
        (
            "weights = [[1]]\ndivisor = 2\nnormalize = true",
            "3:1: normalize and divisor exclude each other: `normalize`",
        ),
        (
            "column = [1]\nrow = [1]\ndivisor = 2\nnormalize = true",
            "4:1: normalize and divisor exclude each other",
        ),
        (
            "column = [1]\nrow = [1]\ndivisor = 0",
            "3:11: divisor 0 must be a finite number other than zero: `0`",
        ),
        (
            "weights = [[-1, 1]]\nnormalize = true",
            "2:1: the weights sum to 0, which no divisor makes 1: `normalize = true`; the positive ones sum to 1",
        ),
        (
            "weights = [[1]]\nnormalize = 1",
            "2:13: normalize must be true or false, not an integer",
        ),
        (
            "generate = 5",
            "1:12: generate must be text, not an integer",
        ),
        (
            "generate = 'gaussian:sigma=0'",
            "1:12: gaussian: sigma is `0`: `'gaussian:sigma=0'`; give a number above 0",
        ),
        (
            "generate = 'gausian:sigma=1'",
            "1:12: there is no generator `gausian`: `'gausian:sigma=1'`; did you mean `gaussian`?",
        ),
        (
            "generate = 'sobel:axis=magnitude'\nrotations = 4",
            "2:1: only a single kernel has rotations",
        ),
        (
            "combine = 'sum'\n[[kernels]]\ngenerate = 'sobel:axis=magnitude'",
            "3:12: this makes 2 kernels, and here is room for one",
        ),
        (
            "combine = 'sum'\n[[kernels]]\nname = 'a'",
            "2:1: the kernel has no weights",
        ),
        (
            "generate = 'sobel:axis=x'\n[[kernels]]\nweights = [[1]]",
            "1:1: this key and [[kernels]] exclude each other: `generate`; give one or the other",
        ),
        (
            "weights = [[1]]\nscale = 2",
            "2:1: scale multiplies combined responses, and there is one kernel: `scale = 2`; change its divisor",
        ),
        (
            "generate = 'sobel:axis=magnitude'\nscale = -1",
            "2:9: this is no scale: `-1`; give a number above 0",
        ),
        (
            "generate = 'sobel:axis=magnitude'\ncombine = 'sum'\nscale = 'sqrt(2)'",
            "3:1: sum has no root sqrt(2) for a scale, only magnitude has",
        ),
        (
            "generate = 'sobel:axis=magnitude'\ncombine = 'direction'\nscale = 2",
            "3:1: direction has no scale",
        ),
    ] {
        let error = KernelBank::parse("my", "my.toml", text).unwrap_err();
        let error = error.to_string();
        let said = format!("my.toml:{said}");
        assert!(error.starts_with(&said), "{text:?}: {error}\n{said}");
    }
}

#[test]
fn many_short_lines_make_no_more_weights_than_a_file_may_have() {
    let each = "[[kernels]]\ngenerate = 'disk:radius=400'\n";
    let error = KernelBank::parse(
        "my",
        "my.toml",
        &format!("combine = 'sum'\n{}", each.repeat(900)),
    );
    let error = error.unwrap_err().to_string();
    assert!(
        error.starts_with("my.toml:5:12: the file has more than 1048576 weights"),
        "{error}"
    );
    let ones = vec!["1"; 2000].join(",");
    let error = KernelBank::parse(
        "my",
        "my.toml",
        &format!("row = [{ones}]\ncolumn = [{ones}]"),
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("more than 1048576 weights")
    );
}
