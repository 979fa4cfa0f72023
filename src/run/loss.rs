//! What an input would lose if its result took its place.

use super::{input::Input, job::MayLose};
use crate::{
    codec::{self, IgnoredContent, PartFate},
    error::{Error, Loss, Losses, Result, UnsupportedContent},
    plan::Plan,
};

/// Refuses to lose metadata.
pub(super) fn check_metadata(fates: &[PartFate]) -> Result<()> {
    match metadata(fates) {
        None => Ok(()),
        Some(loss) => Err(Error::Loss(Losses {
            unsupported: Vec::new(),
            lost: vec![loss],
        })),
    }
}

/// The loss of metadata, if any.
fn metadata(fates: &[PartFate]) -> Option<Loss> {
    let parts = codec::lost_names(fates);
    (!parts.is_empty()).then_some(Loss::Metadata { parts })
}

/// The losses if the result of `plan` replaced `input`, beyond what `may` be lost. Of the
/// metadata this is `fates`.
pub(super) fn losses(input: &Input, plan: &Plan, fates: &[PartFate], may: MayLose) -> Losses {
    let mut losses = Losses::default();
    for ignored in input.ignored() {
        match ignored.depth() {
            None if ignored.is_derived() => {}
            None => losses.unsupported.push(unsupported(ignored)),
            Some(_) if may.depth => {}
            Some((depth, read)) => losses.lost.push(Loss::Samples {
                stored: ignored.to_string(),
                read,
                depth,
            }),
        }
    }
    let [from, to] = [plan.image(), plan.output()].map(|spec| plan.as_picture(spec));
    let (stored, kept) = (plan.image_channels(), plan.selection().channels());
    let colours = !may.channels && stored.has_colors() && !kept.has_colors();
    let alpha = !may.alpha && stored.has_alpha && !kept.has_alpha;
    let planes = !may.channels && stored.colors() > kept.colors();
    if colours || alpha || planes {
        losses.lost.push(Loss::Channels {
            colours,
            alpha,
            from: from.channels,
            to: to.channels,
        });
    }
    let rows = from.rows.saturating_sub(to.rows);
    let columns = from.columns.saturating_sub(to.columns);
    if !may.size && (rows, columns) != (0, 0) {
        losses.lost.push(Loss::Size { rows, columns });
    }
    let (from, to) = (from.depth, to.depth);
    if !may.depth && !to.holds(from) {
        losses.lost.push(Loss::Depth { from, to });
    }
    losses.lost.extend(metadata(fates));
    losses
}

/// A part of the input that no result can hold.
fn unsupported(ignored: &IgnoredContent) -> UnsupportedContent {
    match *ignored {
        IgnoredContent::Frames(_) | IgnoredContent::Pages(_) | IgnoredContent::Layers(Some(_)) => {
            UnsupportedContent::Several(ignored.to_string())
        }
        IgnoredContent::Channels { stored, read } => UnsupportedContent::Channels { stored, read },
        IgnoredContent::Cmyk => UnsupportedContent::Cmyk,
        _ => UnsupportedContent::Ignored(ignored.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Existing, Job, Options, Outcome, Place, Request, Silent, run},
        *,
    };
    use crate::{
        Depth, Filter, KernelBank,
        codec::{self, EncodeOptions, Format, Metadata, Overwrite},
        error::Error,
        image::{Image, Samples},
        number::Output,
    };

    #[test]
    fn depth_is_lost_by_leave_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tif");
        let ramp = |depth| {
            let samples = each_depth!(depth, T => {
                Samples::from(Vec::<T>::from_iter((0..35).map(|n| T::from_real(f64::from(n)))))
            });
            Image::new(5, 7, 1, samples).unwrap()
        };
        let held = |depth: &Depth| Format::Tiff.can_hold(*depth, 1);
        let depths = Vec::from_iter(Depth::ALL.into_iter().filter(held));
        let pairs = depths
            .iter()
            .flat_map(|from| depths.iter().map(|to| (*from, *to)));
        for (from, to) in pairs {
            let (metadata, encode) = (Metadata::default(), EncodeOptions::default());
            let (format, replace) = (Format::Tiff, Overwrite::Replace);
            codec::write(&path, &ramp(from), format, &metadata, &encode, replace).unwrap();
            let old = std::fs::read(&path).unwrap();
            let bank = KernelBank::resolve("identity").unwrap();
            let filter = Filter::new(bank)
                .with_extent(crate::Border::Edge)
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
            let lossy = !to.holds(from);
            let made = run(&job, &options, &Silent).unwrap().remove(0);
            let Err(error) = made else {
                assert!(!lossy, "{from} {to}");
                continue;
            };
            assert!(
                lossy
                    && matches!(&error, Error::Loss(losses) if losses.lost == [Loss::Depth { from, to }]),
                "{from} {to}"
            );
            assert_eq!(
                error.to_string(),
                format!("not replaced: the result would lose the depth of its {from} samples")
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
