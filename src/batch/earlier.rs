//! Results of earlier runs, told by their names: `a.sobel.png` or `a.sobel.edge.tif` beside `a.png`.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use super::{FRAME, Source};
use crate::{border::Border, kernel::is_made_name};

/// Moves the results of these kernels, and of generated and nameless ones, with any border, that
/// lie beside the image of which they are named as results, out of `images`.
pub(super) fn split_off(images: &mut Vec<Source>, kernels: &[String]) -> Vec<PathBuf> {
    if kernels.is_empty() {
        return Vec::new();
    }
    let stems = images
        .iter()
        .map(|image| without_extension(image.place.path()));
    let stems: HashSet<PathBuf> = stems.collect();
    let results = images.extract_if(.., |image| is_result(image.place.path(), &stems, kernels));
    results.map(|image| image.place.path().to_owned()).collect()
}

fn without_extension(path: &Path) -> PathBuf {
    path.with_file_name(path.file_stem().unwrap_or_default())
}

fn is_result(path: &Path, stems: &HashSet<PathBuf>, kernels: &[String]) -> bool {
    let mut suffix = String::new();
    let mut rest = without_extension(path);
    // A constant border has a dot of its own.
    while let Some(part) = rest.extension() {
        let Some(part) = part.to_str() else {
            return false;
        };
        suffix = match suffix.is_empty() {
            true => part.to_owned(),
            false => format!("{part}.{suffix}"),
        };
        rest = without_extension(&rest);
        if is_suffix(&suffix, kernels) && stems.contains(&rest) {
            return true;
        }
    }
    false
}

/// Whether it is `<kernel>` or `<kernel>.<border>`.
fn is_suffix(suffix: &str, kernels: &[String]) -> bool {
    let is_kernel = |name: &str| kernels.iter().any(|kernel| kernel == name) || is_made_name(name);
    let mut dots = suffix.match_indices('.');
    is_kernel(suffix)
        || dots.any(|(at, _)| is_kernel(&suffix[..at]) && is_extent(&suffix[at + 1..]))
}

/// Whether it is `reflect`, `constant-0.5`, `y-reflect_x-wrap`, `frame` or the like.
fn is_extent(text: &str) -> bool {
    if text == FRAME {
        return true;
    }
    match text
        .strip_prefix("y-")
        .and_then(|axes| axes.split_once("_x-"))
    {
        Some((rows, columns)) => is_border(rows) && is_border(columns),
        None => is_border(text),
    }
}

fn is_border(text: &str) -> bool {
    let name = text.split('-').next();
    let border = text.replacen('-', ":", 1).parse::<Border>();
    border.is_ok_and(|border| Some(border.name()) == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        batch::{self, Destination},
        filter::{Extent, Filter},
        kernel::KernelBank,
        run::{Place, Stop},
    };

    fn source(path: &str) -> Source {
        Source::named(Place::File(path.into()))
    }

    #[test]
    fn every_name_of_a_result_is_known() {
        let filters = ["sobel", "box3"].map(|name| Filter::new(KernelBank::builtin(name).unwrap()));
        let borders = [
            "valid",
            "constant:-1.5",
            "constant:nan",
            "edge",
            "reflect",
            "wrap",
            "symmetric",
            "y=constant:0.25,x=wrap",
            "y=constant:1,x=wrap",
            "x=reflect,y=edge",
        ];
        let extents = borders.map(|border| border.parse::<Extent>().unwrap());
        let variants = batch::variants(&filters, &extents);
        let names = ["in/a.b.png", "in/plain", "in/.dot.tif"].map(source);
        let jobs = batch::jobs(
            &names,
            &variants,
            &Destination::Beside,
            None,
            &[],
            &Stop::default(),
        );
        let outputs = jobs.unwrap().into_iter().flat_map(|job| job.results);
        let outputs = Vec::from_iter(outputs.map(|result| result.output.path().to_owned()));
        assert_eq!(outputs.len(), 60);
        let mut images = Vec::from(names.clone());
        images.extend(outputs.iter().map(|path| source(path.to_str().unwrap())));
        let kernels = ["box3", "sobel"].map(str::to_owned);
        assert_eq!(split_off(&mut images.clone(), &kernels), outputs);
        assert_eq!(split_off(&mut images.clone(), &kernels[..1]).len(), 30);
        assert_eq!(split_off(&mut images.clone(), &[]).len(), 0);
        split_off(&mut images, &kernels);
        assert_eq!(images, names);
    }

    #[test]
    fn results_of_kernels_without_a_file_are_known() {
        let kernels = ["sobel".to_owned()];
        for name in [
            "in/a.gaussian-sigma2.png",
            "in/a.gaussian-sigma2.5.edge.png",
            "in/a.gaussian-sigma1e-3-radius2.constant-0.5.png",
            "in/a.motion-length5-angle-30.5.edge.png",
            "in/a.sobel-size5-axisx.png",
            "in/a.gaussian-radius3-likeopencv.y-edge_x-wrap.png",
            "in/a.kernel1x3.png",
            "in/a.kernel13x3.reflect.png",
            "in/a.gaussian-0x2.5.edge.png",
            "in/a.disk-2.png",
            "in/a.sobel.frame.png",
        ] {
            let mut images = vec![source("in/a.png"), source(name)];
            assert_eq!(split_off(&mut images, &kernels), [PathBuf::from(name)]);
            assert_eq!(images, [source("in/a.png")]);
        }
        for name in [
            "in/a.gaussian-soft.png",
            "in/a.gaussian-sigma.png",
            "in/a.gaussian-sigma2.mine.png",
            "in/a.gaussian-sigma2-more.png",
            "in/a.kernel3.png",
            "in/a.kernelx3.png",
            "in/a.disk-two.png",
            "in/a.disk.png",
            "in/a.box-office.png",
            "in/b.disk-2.png",
        ] {
            let mut images = vec![source("in/a.png"), source(name)];
            split_off(&mut images, &kernels);
            assert_eq!(images.len(), 2, "{name}");
        }
    }

    #[test]
    fn others_are_not() {
        let kernels = ["sobel".to_owned()];
        for name in [
            "in/a.sobel.mirror.png",
            "in/a.sobel.zero.png",
            "in/a.sobel_x.png",
            "in/asobel.png",
            "in/a.mine.png",
            "in/b.sobel.png",
            "other/a.sobel.png",
            "in/a.edge.sobel.png",
            "in/a.sobel.y-edge.png",
            "in/sobel.png",
        ] {
            let mut images = vec![source("in/a.png"), source(name)];
            assert_eq!(
                split_off(&mut images, &kernels),
                [""; 0].map(PathBuf::from),
                "{name}"
            );
            assert_eq!(images.len(), 2);
        }
    }
}
