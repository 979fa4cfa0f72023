//! What an input would lose if its result took its place.

use std::fmt;

use super::Input;
use crate::{
    codec::Unread,
    filter::Plan,
    image::{Depth, has_alpha, has_color},
};

/// What an input that is replaced by its result may lose. Default: nothing.
///
/// Pictures beyond the first, channels that are not read and CMYK are never lost: no result
/// holds them, and no flag asks for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MayLose {
    /// Channels: colours, alpha.
    pub channels: bool,
    /// Rows and columns.
    pub size: bool,
    /// The depth of samples.
    pub depth: bool,
}

/// What a result lacks that its input holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Losses {
    /// What is not read.
    unread: Vec<Unread>,
    /// Channels that the result has not, by what they mean.
    channels: Vec<String>,
    /// Rows and columns.
    size: [usize; 2],
    /// The depth of the input and that of the result, which is less.
    depth: Option<(Depth, Depth)>,
}

impl Losses {
    /// What would be lost beyond what may be, if anything.
    pub(super) fn of(input: &Input, plan: &Plan, may: MayLose) -> Option<Self> {
        let may_lose = |unread: &Unread| unread.depth().is_some() && may.depth;
        let unread = input.unread().iter().copied();
        let [rows, columns, channels] = input.shape();
        let [made_rows, made_columns, made] = plan.output_shape();
        let size = [
            rows.saturating_sub(made_rows),
            columns.saturating_sub(made_columns),
        ];
        let (depth, made_depth) = (input.depth(), plan.output_depth());
        let losses = Self {
            unread: unread.filter(|unread| !may_lose(unread)).collect(),
            channels: match may.channels {
                true => Vec::new(),
                false => lost_channels(channels, made),
            },
            size: if may.size { [0, 0] } else { size },
            depth: (!may.depth && rank(made_depth) < rank(depth)).then_some((depth, made_depth)),
        };
        (losses != Self::none()).then_some(losses)
    }

    /// No loss.
    const fn none() -> Self {
        Self {
            unread: Vec::new(),
            channels: Vec::new(),
            size: [0, 0],
            depth: None,
        }
    }

    /// What no flag allows to be lost.
    fn further(&self) -> Option<String> {
        let (mut one_of, mut none_of, mut partly) = (Vec::new(), Vec::new(), Vec::new());
        for unread in &self.unread {
            match unread {
                Unread::Frames(_) | Unread::Pages(_) | Unread::Layers(Some(_)) => {
                    one_of.push(unread.to_string());
                }
                Unread::Channels { stored, read } => {
                    partly.push(format!("{stored} channels, of which {read} are read"));
                }
                Unread::Cmyk => partly.push("CMYK colours, which are read as RGB".to_owned()),
                unread if unread.depth().is_some() => {}
                _ => none_of.push(unread.to_string()),
            }
        }
        let counted =
            listed(&one_of).map(|all| format!("{all}, of which the result would have one"));
        let others = listed(&none_of).map(|all| format!("{all}, which the result would not have"));
        let all = counted.into_iter().chain(others).chain(partly);
        let held = listed(&Vec::from_iter(all))?;
        Some(format!("it holds {held}: name an output with --output"))
    }

    /// What a flag allows to be lost, with that flag.
    fn allowable(&self) -> Option<String> {
        let mut lost = Vec::new();
        for unread in &self.unread {
            if let Some((depth, read)) = unread.depth() {
                lost.push(format!(
                    "its {unread} (they are read as {read}; --depth {} allows it)",
                    flag(depth)
                ));
            }
        }
        if let Some(channels) = listed(&self.channels) {
            lost.push(format!(
                "{channels} (--channel each keeps them, --channel luma allows it)"
            ));
        }
        let sides = [(self.size[0], "row"), (self.size[1], "column")];
        let sides = sides.into_iter().filter(|(count, _)| *count > 0);
        let sides = sides.map(|(count, side)| match count {
            1 => format!("1 {side}"),
            _ => format!("{count} {side}s"),
        });
        if let Some(sides) = listed(&Vec::from_iter(sides)) {
            lost.push(format!(
                "{sides} (--pad edge keeps the size, --pad valid allows it)"
            ));
        }
        if let Some((from, to)) = self.depth {
            lost.push(format!(
                "the depth of its {from} samples (--depth same keeps it, --depth {} allows it)",
                flag(to)
            ));
        }
        listed(&lost)
    }
}

/// What the channels mean that are lost.
fn lost_channels(from: usize, to: usize) -> Vec<String> {
    let mut lost = Vec::new();
    if has_color(from) && !has_color(to) {
        lost.push("its colours".to_owned());
    }
    if has_alpha(from) && !has_alpha(to) {
        lost.push("its alpha".to_owned());
    }
    if lost.is_empty() && to < from {
        lost.push(format!("{} of its {from} channels", from - to));
    }
    lost
}

/// What `--depth` calls it.
const fn flag(depth: Depth) -> &'static str {
    match depth {
        Depth::U8 => "8",
        Depth::U16 => "16",
        Depth::F32 => "f32",
    }
}

const fn rank(depth: Depth) -> u8 {
    match depth {
        Depth::U8 => 0,
        Depth::U16 => 1,
        Depth::F32 => 2,
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(parts: &[String]) -> Option<String> {
    match parts {
        [] => None,
        [one] => Some(one.clone()),
        [first @ .., last] => Some(format!("{} and {last}", first.join(", "))),
    }
}

/// One line: what is lost, and which flags keep it or allow that.
impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not replaced: ")?;
        match (self.further(), self.allowable()) {
            (Some(further), None) => f.write_str(&further),
            (None, allowable) => {
                write!(f, "the result would lose {}", allowable.unwrap_or_default())
            }
            (Some(further), Some(allowable)) => {
                write!(f, "{further}; the result would also lose {allowable}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Existing, Job, Options, Outcome, Place, Request, run};
    use super::*;
    use crate::{
        Filter, KernelBank,
        codec::{self, EncodeOptions, Format, Metadata, Overwrite},
        error::Error,
        image::{Image, Samples},
        report::Silent,
    };

    #[test]
    fn depth_is_lost_by_leave_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tif");
        let ramp = |depth| {
            let samples = match depth {
                Depth::U8 => Samples::U8((0..35).collect()),
                Depth::U16 => Samples::U16((0..35).collect()),
                Depth::F32 => Samples::F32((0..35).map(|n| n as f32 / 35.0).collect()),
            };
            Image::new(5, 7, 1, samples).unwrap()
        };
        let depths = [Depth::U8, Depth::U16, Depth::F32];
        let pairs = depths.map(|from| depths.map(|to| (from, to)));
        for (from, to) in pairs.into_iter().flatten() {
            let (metadata, encode) = (Metadata::default(), EncodeOptions::default());
            let (format, replace) = (Format::Tiff, Overwrite::Replace);
            codec::write(&path, &ramp(from), format, &metadata, &encode, replace).unwrap();
            let old = std::fs::read(&path).unwrap();
            let bank = KernelBank::resolve("identity").unwrap();
            let filter = Filter::new(bank)
                .with_extent("edge".parse().unwrap())
                .with_depth(Some(to));
            let job = Job {
                input: Place::File(path.clone()),
                results: vec![Request {
                    filter,
                    output: Place::File(path.clone()),
                    format: None,
                }],
            };
            let mut options = Options {
                existing: Existing::Replace,
                ..Options::default()
            };
            let lossy = rank(to) < rank(from);
            let made = run(&job, &options, &Silent).unwrap().remove(0);
            let Err(error) = made else {
                assert!(!lossy, "{from} {to}");
                continue;
            };
            assert!(lossy && matches!(error, Error::Loss(_)), "{from} {to}");
            let flag = if to == Depth::U8 { "8" } else { "16" };
            assert_eq!(
                error.to_string(),
                format!(
                    "not replaced: the result would lose the depth of its {from} samples (--depth same keeps it, --depth {flag} allows it)"
                )
            );
            assert_eq!(std::fs::read(&path).unwrap(), old);
            options.may_lose.depth = true;
            let made = run(&job, &options, &Silent).unwrap().remove(0);
            assert!(matches!(made, Ok(Outcome::Done(_))), "{from} {to}");
            assert_eq!(
                codec::read(&path, &options.limits).unwrap().image.depth(),
                to
            );
        }
    }
}
