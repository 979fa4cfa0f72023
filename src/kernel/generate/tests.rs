use proptest::prelude::*;

use super::*;
use crate::kernel::KernelBank;

/// Values by SciPy, OpenCV, scikit-image, Pillow and MATLAB's formulas; see the script beside.
const GOLDEN: &str = include_str!("../../../testdata/generated/golden.txt");

fn made(spec: &str) -> KernelBank {
    KernelBank::from_spec(spec).unwrap()
}

fn one(spec: &str) -> Kernel {
    made(spec).kernels()[0].clone()
}

fn message(spec: &str) -> String {
    KernelBank::from_spec(spec).unwrap_err().to_string()
}

#[test]
fn weights_are_those_of_the_peers() {
    let mut cases = 0;
    for line in GOLDEN.lines().filter(|line| !line.starts_with('#')) {
        let fields = Vec::from_iter(line.split(' '));
        let [spec, tolerance, rows, columns, ref numbers @ ..] = fields[..] else {
            panic!("{line}");
        };
        let bank = made(spec);
        let kernel = &bank.kernels()[0];
        let size = [kernel.rows(), kernel.columns()].map(|side| side.to_string());
        assert_eq!(size, [rows, columns], "{spec}");
        let numbers: Vec<f64> = numbers.iter().map(|n| n.parse().unwrap()).collect();
        let largest = numbers.iter().fold(0.0, |m: f64, n| m.max(n.abs()));
        let allowed = tolerance.parse::<f64>().unwrap() * largest;
        for (at, (weight, expected)) in kernel.as_slice().iter().zip(numbers).enumerate() {
            let weight = weight / kernel.divisor();
            let difference = (weight - expected).abs();
            assert!(
                difference <= allowed,
                "{spec} at {at}: {weight}, not {expected}"
            );
        }
        cases += 1;
    }
    assert!(cases >= 20, "{cases}");
}

#[test]
fn a_separable_kernel_is_known_to_be() {
    for spec in [
        "gaussian:sigma=2",
        "box:radius=2.5",
        "binomial:size=7",
        "sobel:axis=x,size=9",
    ] {
        let kernel = &one(spec);
        for kernel in [kernel.clone(), kernel.flipped(), kernel.transposed()] {
            let factors = kernel.factors(1).unwrap();
            assert_eq!(factors.terms.len(), 1, "{spec}");
            assert!(kernel.is_separable(), "{spec}");
        }
    }
    for (spec, rank) in [
        ("log:sigma=2", 2),
        ("dog:sigma=1", 2),
        ("unsharp:sigma=1", 2),
    ] {
        assert_eq!(one(spec).factors(4).unwrap().terms.len(), rank);
    }
}

#[test]
fn whole_weights_are_exact() {
    let kernel = &one("box:size=4");
    assert_eq!(
        (kernel.sum(), kernel.divisor(), kernel.anchor()),
        (16.0, 16.0, [2, 2])
    );
    let pascal = &one("binomial:size=5");
    assert_eq!(pascal.as_slice()[..5], [1.0, 4.0, 6.0, 4.0, 1.0]);
    assert_eq!(pascal.divisor(), 256.0);
    let emboss = KernelBank::builtin("emboss").unwrap();
    assert_eq!(made("emboss:").kernels(), emboss.kernels());
    for name in ["sobel", "scharr", "prewitt"] {
        let builtin = KernelBank::builtin(name).unwrap();
        assert_eq!(
            made(&format!("{name}:")).kernels(),
            builtin.kernels(),
            "{name}"
        );
    }
}

#[test]
fn small_gaussians_of_opencv_are_its_tables() {
    let row = |spec: &str| {
        let kernel = one(spec);
        let row = kernel.as_slice()[..kernel.columns()].iter();
        Vec::from_iter(row.map(|weight| weight / kernel.as_slice()[0]))
    };
    assert_eq!(row("gaussian:radius=0,like=opencv"), [1.0]);
    assert_eq!(row("gaussian:radius=1,like=opencv"), [1.0, 2.0, 1.0]);
    assert_eq!(
        row("gaussian:radius=2,like=opencv"),
        [1.0, 4.0, 6.0, 4.0, 1.0]
    );
    let seven = one("gaussian:radius=3,like=opencv");
    let builtin = KernelBank::builtin("gaussian7_opencv").unwrap();
    assert_eq!(seven.in_integers(), builtin.kernels()[0].in_integers());
    // With a sigma, and of a derivative, weights are computed there as well.
    let computed = row("gaussian:radius=1,sigma=0.8,like=opencv")[1];
    assert!(
        (computed - libm::exp(1.0 / 1.28)).abs() < 1e-12,
        "{computed}"
    );
    assert_eq!(one("gaussian:radius=1,order_x=1,like=opencv").rows(), 3);
    // The size of types of more than 8 bits.
    assert_eq!(one("gaussian:sigma=2,like=opencv").rows(), 13);
    assert_eq!(one("gaussian:sigma=2,truncate=4,like=opencv").rows(), 17);
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    for spec in [
        "gaussian:sigma=1e-300,order=1",
        "gaussian:sigma=1e-160,order_x=2",
        "gaussian:sigma_y=2,sigma_x=1e-300,order_x=3",
        "log:sigma=1e-300",
        "log:sigma=1e-300,like=matlab",
        "unsharp:sigma=1,amount=1e308",
        "emboss:strength=1e308",
    ] {
        let Err(error) = KernelBank::from_spec(spec) else {
            let kernel = one(spec);
            assert!(kernel.as_slice().iter().all(|w| w.is_finite()), "{spec}");
            continue;
        };
        let error = error.to_string();
        assert!(
            error.starts_with(&format!("{spec}: weights are "))
                && error.ends_with(", which is no finite number; choose other parameters"),
            "{error}"
        );
    }
    let typed = Gaussian {
        order: [0, 1],
        ..Gaussian::new(1e-300)
    };
    assert!(matches!(typed.kernel(), Err(KernelError::Weight { .. })));
}

#[test]
fn means_keep_a_constant_image() {
    for spec in [
        "gaussian:sigma=0.01",
        "gaussian:sigma=1e-200",
        "gaussian:sigma_y=0,sigma_x=3",
        "disk:radius=0.2",
        "disk:radius=1",
        "disk:radius=6.3",
        "disk:radius=100",
        "motion:length=25,angle=30",
        "motion:length=1",
        "motion:length=9,angle=90",
        "unsharp:sigma=1.5,amount=0.7",
    ] {
        let gain = one(spec).gain();
        assert!((gain - 1.0).abs() < 1e-12, "{spec}: {gain}");
    }
    for spec in ["log:sigma=1.4,like=matlab", "dog:sigma=1"] {
        assert!(one(spec).sum().abs() < 1e-12, "{spec}");
    }
}

#[test]
fn a_line_turns_counterclockwise() {
    let kernel = &one("motion:length=9,angle=45");
    assert_eq!(kernel.rows(), kernel.columns());
    let weights = kernel.as_slice();
    let last = kernel.columns() - 1;
    assert!(weights[last] > weights[0]);
    let flat = &one("motion:length=9");
    assert_eq!((flat.rows(), flat.columns()), (1, 9));
}

#[test]
fn slips_are_told() {
    for (spec, expected) in [
        (
            "gaussian:",
            "gaussian needs sigma; give it as gaussian:sigma=2, or the radius alone with like=opencv",
        ),
        (
            "gaussian:sigma=nan",
            "gaussian: sigma is `nan`; give a finite number",
        ),
        (
            "gaussian:sigma=-1",
            "gaussian: sigma is `-1`; give a number above 0",
        ),
        (
            "gaussian:sgima=2",
            "gaussian has no parameter `sgima`; did you mean `sigma`? its parameters are \
             sigma, sigma_y, sigma_x, radius, truncate, order, order_y, order_x, like",
        ),
        (
            "motion:angle=steep",
            "motion: angle is `steep`; give a finite number",
        ),
        (
            "gaussian:sigma=1e9",
            "gaussian would have 8000000001x8000000001 weights, and a kernel has at most \
             4194304; make it smaller",
        ),
        (
            "gaussian:sigma=2,sigma=3",
            "gaussian: sigma is `3`; give it once",
        ),
        (
            "sobel:size=4",
            "sobel: size is `4`; give an odd number of 3 to 31",
        ),
    ] {
        assert_eq!(message(spec), expected);
    }
    assert!(message("gausian:sigma=2").contains("did you mean `gaussian`?"));
    assert!(message(&format!("gaussian:sigma={}1", "0".repeat(200))).contains("longer than"));
}

#[test]
fn the_text_of_a_bank_is_read_as_the_bank() {
    for spec in [
        "gaussian:sigma=2",
        "sobel:",
        "box:radius=1.5",
        "emboss:angle=20",
    ] {
        let bank = made(spec);
        let again = KernelBank::parse(bank.name(), "x.toml", &bank.to_toml()).unwrap();
        assert_eq!(again, bank, "{spec}");
    }
}

/// The table of parameters is what is read: none is listed and then without effect, and none is read
/// that is not listed, which is refused in debug builds.
#[test]
fn every_parameter_changes_what_is_made() {
    let mut count = 0;
    for generator in generators() {
        let needed = generator.parameters().iter().filter(|p| p.usual() == "");
        let needed: Vec<String> = needed.map(|p| format!("{}=2", p.name())).collect();
        let with = |change: &str| {
            let name = change.split('=').next().unwrap();
            let others = needed
                .iter()
                .filter(|given| !given.starts_with(&format!("{name}=")));
            let all = others.map(String::as_str).chain([change]);
            let all: Vec<&str> = all.filter(|given| !given.is_empty()).collect();
            format!("{}:{}", generator.name(), all.join(","))
        };
        let usual = made(&with(""));
        for parameter in generator.parameters() {
            let numbers = ["1.7", "2", "5", "45"];
            let texts = match parameter.choices() {
                [] => &numbers,
                choices => choices,
            };
            for name in [parameter.name()].iter().chain(parameter.other_names()) {
                let changes = texts.iter().map(|text| with(&format!("{name}={text}")));
                let mut banks = changes.filter_map(|spec| KernelBank::from_spec(&spec).ok());
                assert!(
                    banks
                        .any(|bank| bank.kernels() != usual.kernels()
                            || bank.scale() != usual.scale()),
                    "{} {name}",
                    generator.name()
                );
                count += 1;
            }
        }
    }
    assert!(count > 50, "{count}");
}

#[test]
fn sizes_end_at_the_limit() {
    assert_eq!(one("box:radius=512").as_slice().len(), 1025 * 1025);
    assert_eq!(one("box:size=2048").as_slice().len(), MAX_PRODUCT_WEIGHTS);
    for spec in ["box:size=2049", "disk:radius=512"] {
        assert!(message(spec).contains("and a kernel has at most"), "{spec}");
    }
}

proptest! {
    #[test]
    fn no_spec_panics(
        generator in 0..generators().len(),
        values in prop::collection::vec((0_usize..9, "[-+]?[0-9]{0,3}(\\.[0-9]{1,3})?(e[-+]?[0-9]{1,3})?|nan|inf|x|opencv|matlab"), 0..5),
    ) {
        let generator = generators()[generator];
        let parameters = generator.parameters();
        let values = values.iter().map(|(at, value)| {
            format!("{}={value}", parameters[at % parameters.len()].name())
        });
        let spec = format!("{}:{}", generator.name(), values.collect::<Vec<_>>().join(","));
        if let Ok(bank) = KernelBank::from_spec(&spec) {
            for kernel in bank.kernels() {
                let limit = match kernel.vectors() {
                    Some(_) => MAX_PRODUCT_WEIGHTS,
                    None => MAX_WEIGHTS,
                };
                prop_assert!(kernel.as_slice().len() <= limit, "{spec}");
            }
        }
    }

    #[test]
    fn no_text_panics(spec in ".{0,40}") {
        let _ = KernelBank::from_spec(&spec);
    }
}

#[test]
fn large_separable_kernels_are_made_when_their_weights_are_needed() {
    let kernel = Gaussian::new(200.0).kernel().unwrap();
    assert_eq!([kernel.rows(), kernel.columns()], [1601; 2]);
    let dense = Kernel::new(1601, 1601, kernel.as_slice().to_vec()).unwrap();
    assert_eq!(kernel, dense);
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs();
    assert!(near(kernel.sum(), dense.sum()) && near(kernel.abs_sum(), dense.abs_sum()));
    assert_eq!(kernel.taps(), dense.taps());
    assert!(near(kernel.smallest_weight(), dense.smallest_weight()));
    // All that a plan asks for, of weights that are lopsided and of both signs.
    let derivative = Gaussian {
        order: [1, 0],
        ..Gaussian::new(3.0)
    };
    let kernel = derivative.kernel().unwrap().with_anchor([2, 5]).unwrap();
    let dense = (Kernel::new(25, 25, kernel.as_slice().to_vec()).unwrap())
        .with_anchor([2, 5])
        .unwrap();
    for orientation in crate::Orientation::ALL {
        assert_eq!(kernel.turned(orientation), dense.turned(orientation));
    }
    assert_eq!(kernel.flipped(), dense.flipped());
    assert_eq!(kernel.convolving(), dense.convolving());
    let ends = [kernel.sum_range(255.0), dense.sum_range(255.0)];
    assert!((0..2).all(|end| near(ends[0][end], ends[1][end])));
    assert_eq!(kernel.is_integer(), dense.is_integer());
    assert_eq!(kernel.in_range(), dense.in_range());
    let scaled = [&kernel, &dense].map(|k| k.for_scaled_samples(0.25, 3.0));
    assert_eq!(scaled[0], scaled[1]);
    let error = Gaussian::new(300.0).kernel().unwrap_err();
    assert_eq!(
        error.to_string(),
        "gaussian would have 2401x2401 weights, and a kernel has at most 4194304; make it smaller"
    );
}
