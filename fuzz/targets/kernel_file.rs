//! Any text as a kernel file.

use stridekern::{Border, Combine, Depth, Extent, Filter, KernelBank, Tuning, kernel::Kernel};

use crate::{
    common::{Random, random_image},
    driver::{Corpus, lines},
};

pub(crate) fn corpus() -> Corpus {
    let builtin = KernelBank::builtins().map(|builtin| builtin.toml().as_bytes().to_vec());
    let mut inputs: Vec<_> = builtin.collect();
    inputs.extend(super::files(&["broken"], |path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    }));
    Corpus {
        inputs,
        words: lines(
            "weights = [[1, 2], [3, 4]]\n|[[kernels]]\n|divisor = |bias = |offset = |anchor = [0, 1]\n\
             |rotations = 8\n|rotations = 4\n|flip = true\n|map = \"stretch\"\n|name = \"x\"\n\
             |combine = \"magnitude\"\n|combine = \"direction\"\n|description = \"\"\"\n|'''|[|]\
             |[[|]]|{|}|, |# |\"|inf|nan|1e400|0x7fffffffffffffff|0o7|0b1|1_000|1979-05-27\
             |\u{fffd}|\u{202e}|\r\n|\0|a.b = 1\n",
        ),
        mend: |_, _| {},
    }
}

/// It is refused with words, or it is a bank that keeps its promises and can be
/// run.
pub(crate) fn target(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data);
    let bank = match KernelBank::parse("fuzz", "fuzz.toml", &text) {
        Ok(bank) => bank,
        Err(error) => {
            let message = error.to_string();
            assert!(message.starts_with("fuzz.toml:"), "{message}");
            assert!(!message.contains(['\n', '\r', '\x1b']), "{message:?}");
            return message;
        }
    };
    let kernels = bank.kernels();
    assert!(!kernels.is_empty());
    assert_eq!(kernels.len() > 1, bank.combine().is_some());
    if bank.combine().is_some_and(Combine::is_direction) {
        assert_eq!(kernels.len(), 2);
        assert!(kernels.iter().all(|k| k.bias() == 0.0 && k.offset() == 0.0));
    }
    for kernel in kernels {
        check(kernel);
    }
    assert!(!bank.summary().name.is_empty());
    let [rows, columns] = bank.size();
    let what = format!(
        "{} {:?} {:?}",
        kernels.len().min(9),
        bank.combine(),
        bank.map()
    );
    if rows * columns * kernels.len() > 400 {
        return format!("large {what}");
    }
    let filter = Filter::new(bank).with_extent(Extent::Same(Border::Reflect));
    let image = random_image(&mut Random(7), [5, 6, 3], Depth::U8);
    match filter.plan(&image, &Tuning::default()) {
        Ok(plan) => {
            let output = filter.apply(&image).unwrap();
            assert_eq!(output.shape(), plan.output_shape());
            format!("{what} {:?} {:?}", plan.method(), plan.lane())
        }
        Err(error) => format!("{what} {error}"),
    }
}

fn check(kernel: &Kernel) {
    let (rows, columns) = (kernel.rows(), kernel.columns());
    assert!(rows > 0 && columns > 0);
    assert!(kernel.weights().iter().all(|weight| weight.is_finite()));
    assert!(kernel.divisor().is_finite() && kernel.divisor() != 0.0);
    assert!(kernel.bias().is_finite() && kernel.offset().is_finite());
    assert!(kernel.bias() == 0.0 || kernel.offset() == 0.0);
    let [row, column] = kernel.anchor();
    assert!(row < rows && column < columns);
    // What it says of itself makes it again.
    let weights = kernel.weights().to_vec();
    let again = Kernel::builder(rows, columns, weights)
        .divisor(kernel.divisor())
        .bias(kernel.bias())
        .offset(kernel.offset())
        .anchor(kernel.anchor())
        .build();
    // One that was turned in its file knows that it was.
    let turned = (again.as_ref()).map(|again| again.flipped().convolving());
    assert!(
        again.as_ref() == Ok(kernel) || turned.as_ref() == Ok(kernel),
        "{kernel:?}\n{again:?}\n{turned:?}"
    );
    assert_eq!(kernel.flipped().flipped(), *kernel);
    let _ = (kernel.is_separable(), kernel.is_integer(), kernel.gain());
}
