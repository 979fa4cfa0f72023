//! The kernel that is meant: a file, a name, a spec or weights, and what is given beside it.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use stridekern::{KernelBank, text::printable};

/// What is changed of every kernel.
#[derive(Debug, clap::Args)]
pub(super) struct KernelArgs {
    /// True convolution: turn the kernel by 180 degrees
    ///
    /// Without it the weights are laid on the window as written (correlation).
    /// A kernel whose file says `flip = true` is not turned twice.
    #[arg(long)]
    pub(super) flip: bool,

    /// Divide by the sum of the weights, so that flat areas keep their level
    ///
    /// Each kernel of several by its own, instead of its divisor. The sum of decimals is exact.
    /// Weights that sum to 0 are an error: choose a --divisor.
    #[arg(long, conflicts_with = "divisor")]
    normalize: bool,

    /// Divide sums by this, instead of the kernel's divisor
    #[arg(long, value_name = "N")]
    divisor: Option<String>,

    /// Add this share of full scale to responses, instead of the kernel's bias or offset
    ///
    /// 0.5 is mid-gray: 128 of 8 bits, 32768 of 16, 0.5 of floats.
    #[arg(long, value_name = "B")]
    bias: Option<String>,

    /// Row and column, from 0, of the weight that lies on the output pixel [default: the middle]
    ///
    /// Of the weights as they are written: with --flip it stays on its weight. 0,0 is the
    /// upper left one.
    #[arg(long, value_name = "R,C", allow_hyphen_values = true)]
    anchor: Option<String>,
}

impl KernelArgs {
    /// Whether anything is given.
    pub(super) const fn is_empty(&self) -> bool {
        let Self {
            flip,
            normalize,
            divisor,
            bias,
            anchor,
        } = self;
        !*flip && !*normalize && divisor.is_none() && bias.is_none() && anchor.is_none()
    }

    /// The bank that `argument` names, changed as it is asked.
    pub(super) fn bank(&self, argument: &Path) -> Result<KernelBank> {
        let bank = KernelBank::resolve(argument)?;
        let name = printable(bank.name());
        self.changed(bank).with_context(|| format!("kernel {name}"))
    }

    fn changed(&self, bank: KernelBank) -> Result<KernelBank> {
        let bank = match self.flip {
            true => bank.convolving(),
            false => bank,
        };
        let bank = match (&self.divisor, self.normalize) {
            (Some(text), _) => bank.with_divisor(number(text, "--divisor")?)?,
            (None, true) => bank.normalized()?,
            (None, false) => bank,
        };
        let bank = match &self.bias {
            Some(text) => bank.with_bias(number(text, "--bias")?)?,
            None => bank,
        };
        Ok(match &self.anchor {
            Some(text) => bank.with_anchor(place(text)?)?,
            None => bank,
        })
    }

    /// Refuses values that no kernel can have, before any is read.
    pub(super) fn check(&self) -> Result<()> {
        for (value, option) in [(&self.divisor, "--divisor"), (&self.bias, "--bias")] {
            if let Some(text) = value
                && (number(text, option)? == 0.0 && option == "--divisor")
            {
                bail!(
                    "--divisor {} divides by zero; give another number",
                    printable(text)
                );
            }
        }
        self.anchor.as_deref().map(place).transpose()?;
        Ok(())
    }
}

/// A finite number.
fn number(text: &str, option: &str) -> Result<f64> {
    let number = text.trim().parse::<f64>().ok();
    number.filter(|number| number.is_finite()).with_context(|| {
        let shown = printable(text);
        format!("`{shown}` is no {option}: give one number, such as 16 or 0.5")
    })
}

/// `R,C`, from 0.
fn place(text: &str) -> Result<[usize; 2]> {
    let number = |part: &str| part.trim().parse::<usize>().ok();
    let pair = text.split_once(',');
    let pair = pair.and_then(|(row, column)| Some([number(row)?, number(column)?]));
    pair.with_context(|| {
        let shown = printable(text);
        format!("`{shown}` is no --anchor: give ROW,COLUMN, counted from 0, such as 0,0")
    })
}

/// Where the bank comes from, and what was changed of it.
pub(super) fn origin(bank: &KernelBank) -> String {
    let (source, changes) = (bank.source(), bank.changes());
    match changes.is_empty() {
        true => source.to_string(),
        false => format!("{source}, {changes}"),
    }
}

/// What was changed of the bank, as a JSON field; none if nothing was.
pub(super) fn changes_json(bank: &KernelBank) -> Value {
    let changes = bank.changes();
    if changes.is_empty() {
        return json!({});
    }
    let mut object = json!({});
    if changes.normalized {
        object["normalized"] = json!(true);
    }
    for (name, value) in [("divisor", changes.divisor), ("bias", changes.bias)] {
        if let Some(value) = value {
            object[name] = json!(value);
        }
    }
    if let Some(anchor) = changes.anchor {
        object["anchor"] = json!(anchor);
    }
    json!({ "kernel_changes": object })
}
