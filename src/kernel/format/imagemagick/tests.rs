use super::*;
use crate::kernel::{
    Kernel,
    format::tests::{golden, respond},
};

fn bank(text: &str) -> KernelBank {
    let bank = KernelBank::parse_imagemagick("k", "k", text);
    bank.unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn one(text: &str) -> Kernel {
    let bank = bank(text);
    assert_eq!(bank.kernels().len(), 1, "{text}");
    bank.kernels()[0].clone()
}

fn refused(text: &str) -> String {
    let result = KernelBank::parse_imagemagick("k", "k", text);
    result.unwrap_err().to_string()
}

/// Samples of 32 bits, as the program makes them by every kind of kernel.
#[test]
fn kernels_mean_what_the_program_makes_of_them() {
    let (input, blocks) = golden("imagemagick.txt");
    let mut equal = 0;
    for (text, output) in &blocks {
        let bank = bank(text);
        let mut same = true;
        for (y, row) in output.iter().enumerate() {
            for (x, &wanted) in row.iter().enumerate() {
                let responses = bank.kernels().iter();
                let responses = responses.map(|kernel| respond(kernel, &input, [y + 8, x + 8]));
                let (sum, size) = match bank.combine() {
                    Some(Combine::Sum) => {
                        responses.fold((0.0, 0.0), |(sum, size), one| (sum + one[0], size + one[1]))
                    }
                    _ => responses
                        .fold((f64::NEG_INFINITY, 0.0), |(most, size): (f64, f64), one| {
                            (most.max(one[0]), size.max(one[1]))
                        }),
                };
                same &= sum as f32 == wanted as f32;
                // A float for each of eight kernels is rounded to 24 bits.
                assert!(
                    (sum - wanted).abs() <= size * 8.0 / f64::from(1 << 24),
                    "{text}: {sum} {wanted}"
                );
            }
        }
        equal += usize::from(same);
    }
    // Of four that are applied one after the other the program rounds what is between.
    assert_eq!((blocks.len(), equal), (133, 129));
}

#[test]
fn scales_keep_whole_weights() {
    let half = one("3x1!: 1 2 5");
    assert_eq!(
        (half.as_slice(), half.divisor()),
        (&[5.0, 2.0, 1.0][..], 8.0)
    );
    assert_eq!(one("3x1!: -1 0 1").divisor(), 1.0);
    let balanced = one("3x1^: -1 4 -2");
    assert_eq!(
        (balanced.as_slice(), balanced.divisor()),
        (&[-8.0, 12.0, -4.0][..], 12.0)
    );
    assert_eq!(one("Sobel:!").divisor(), 4.0);
    assert_eq!(one("convolve:scale=!; Disk:1").divisor(), 5.0);
}

#[test]
fn several_kernels_become_one_or_are_combined() {
    let blur = one("3x1: 1 2 1; 1x3: 1 2 1;");
    assert_eq!(
        blur.as_slice(),
        [1.0, 2.0, 1.0, 2.0, 4.0, 2.0, 1.0, 2.0, 1.0]
    );
    let most = bank("morphology:compose=Lighten; Kirsch:@");
    assert_eq!(
        (most.kernels().len(), most.combine()),
        (8, Some(Combine::Max))
    );
    assert_eq!(bank("compose=plus;Sobel").combine(), None);
}

#[test]
fn faults_have_a_place_and_a_reason() {
    for (text, start) in [
        ("", "k:1:1: there is no kernel; "),
        (
            "3x3: 1 2",
            "k:1:5: a size of 3x3 needs 9 weights, there are 2: `1 2`; ",
        ),
        ("3x1: 1 b 2", "k:1:8: not a number: `b`; "),
        (
            "3x1+3+0: 1 1 2",
            "k:1:1: the origin lies outside the kernel: `3x1+3+0`; ",
        ),
        ("0x0: ", "k:1:1: not a size: `0x0`; "),
        (
            "3+1+1: 1",
            "k:1:2: give both sides before an origin, as 3x3+1+1: `+1+1`; ",
        ),
        (
            "3y3: 1",
            "k:1:2: a size or argument is numbers such as 5x3+1+1: `y3`; ",
        ),
        (
            "1x1+0+0+0: 1",
            "k:1:8: there is more than four numbers: `+0`; ",
        ),
        ("2x1: nan -", "k:1:5: the kernel has holes only: `nan -`; "),
        (
            "1 2",
            "k:1:1: weights without a size must be a square of them: `1 2`; ",
        ),
        (
            "Sobol",
            "k:1:1: there is no such kernel of ImageMagick: `Sobol`; did you mean `sobel`?",
        ),
        (
            "Sobel;\n Edges:1",
            "k:2:2: this kernel of ImageMagick is made for shapes, not for convolution: `Edges`; ",
        ),
        (
            "Euclidean",
            "k:1:1: this kernel of ImageMagick is made for shapes, ",
        ),
        (
            "Disk:2.5",
            "k:1:6: ImageMagick makes no such shape of a radius that ends on .5 to .9: `2.5`; ",
        ),
        (
            "Diamond:2.7",
            "k:1:9: ImageMagick makes no such shape of a radius that ends on .5 to .9: `2.7`; ",
        ),
        (
            "Ring:2,3.5",
            "k:1:6: ImageMagick makes no such shape of a radius that ends on .5 to .9: `2,3.5`; ",
        ),
        ("Octagon:1.5", "k:1:9: ImageMagick makes no such shape "),
        ("Plus:1.5", "k:1:6: ImageMagick makes no such shape "),
        ("Cross:1.9", "k:1:7: ImageMagick makes no such shape "),
        (
            "Disk:9999999",
            "k:1:6: the kernel has more than 1048576 weights: `9999999`; ",
        ),
        (
            "Gaussian:0x1e300",
            "k:1:10: the kernel has more than 1048576 weights: ",
        ),
        ("Gaussian:0x1e400", "k:1:12: not a finite number: `1e400`; "),
        (
            "Gaussian:0xnan",
            "k:1:12: a size or argument is numbers such as ",
        ),
        (
            "Blur:0x1+45",
            "k:1:6: a line is turned by 90 degrees only: `0x1+45`; ",
        ),
        (
            "Binomial:9",
            "k:1:10: its numbers overflow in ImageMagick beyond a radius of 8: `9`; ",
        ),
        (
            "3x2>: 1 2 3 4 5 6",
            "k:1:1: only a square or a line is turned by 90 degrees: ",
        ),
        (
            "5x1@: 1 2 3 4 5",
            "k:1:1: only a kernel of 3x3 is turned by 45 degrees: ",
        ),
        ("3x1%: 1 2 3", "k:1:1: % is no flag of a kernel: "),
        (
            "99999999999x99999999999: 1",
            "k:1:25: a size of 99999999999x99999999999 needs ",
        ),
        (
            "compose=Over; Sobel",
            "k:1:9: kernels are not combined this way: `Over`; ",
        ),
        (
            "convolve:bias=1; Sobel",
            "k:1:1: a bias stands beside these kernels, not before them: `convolve:bias=1`; leave \
             it out, and give the kernel a bias in units of full scale, 0.2 for 20%",
        ),
        (
            "Convolve:Bias = 25 % ; Sobel",
            "k:1:1: a bias stands beside these kernels, not before them: `Convolve:Bias = 25 %`; \
             leave it out, and give the kernel a bias of 0.25",
        ),
        (
            "convolve:baas=1; Sobel",
            "k:1:1: there is no such setting of kernels: ",
        ),
        (
            "Square:300; Square:300",
            "k:1:1: the kernels, one after the other, have 1201x1201 weights, ",
        ),
    ] {
        let message = refused(text);
        assert!(message.starts_with(start), "{text}: {message}");
    }
    for long in [
        "3x3: 1 ".to_owned() + &"2,".repeat(5 << 20),
        "1;".repeat(5 << 20),
        "Gaussian:0x".to_owned() + &"1".repeat(10 << 20),
        "9".repeat(10 << 20),
        "(".repeat(10 << 20),
    ] {
        let message = refused(&long);
        assert!(message.len() < 250 && !message.contains('\n'), "{message}");
    }
}

#[test]
fn names_of_results() {
    assert_eq!(resolve("Disk:3").unwrap().name(), "disk-3");
    assert_eq!(resolve("3x1: 1 2 3").unwrap().name(), "kernel1x3");
    for text in [
        "3x3: 1",
        "Sobel",
        "Gaussian:0x2",
        "convolve:scale=!;Sobel",
        "3: 1",
        "Kirsch@",
    ] {
        assert!(is_kernel(text), "{text}");
    }
    for text in ["weights = [[1]]", "1 2 3", "name:\n", "", "a;b"] {
        assert!(!is_kernel(text), "{text}");
    }
}

/// The table of the README.
#[test]
fn names_that_are_here_too() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let (_, table) = readme
        .split_once("| ImageMagick | here | there it is |")
        .unwrap();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut count = 0;
    for row in rows {
        let [theirs, ours, times] = row.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        let bare = |cell: &str| cell.trim_matches(['|', ' ', '`']).to_owned();
        let times = match bare(times) {
            same if same == "the same" => 1.0,
            times => times.split_once(' ').unwrap().0.parse::<f64>().unwrap(),
        };
        let (theirs, ours) = (one(&bare(theirs)), KernelBank::resolve(bare(ours)).unwrap());
        let ours = &ours.kernels()[0];
        assert_eq!(
            [theirs.rows(), theirs.columns()],
            [ours.rows(), ours.columns()],
            "{row}"
        );
        for (their, our) in theirs.as_slice().iter().zip(ours.as_slice()) {
            let [their, our] = [their / theirs.divisor(), our / ours.divisor() * times];
            assert!(
                (their - our).abs() < 1e-15 * times.abs(),
                "{row}: {their} {our}"
            );
        }
        count += 1;
    }
    assert_eq!(count, 12);
}
