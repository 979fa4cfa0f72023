//! Metadata that are true of a result: what an input carries, without what its result
//! contradicts.

use std::sync::Arc;

use super::{
    Fate, Metadata, Part, PartFate, PartKind, exif, icc, photoshop,
    revision::{ResultFacts, Revised},
    xmp,
};

/// Metadata that are true of a result.
pub(super) struct Truth {
    pub(super) metadata: Metadata,
    /// What became of the parts that were changed or left out.
    pub(super) revisions: Vec<PartFate>,
}

impl Metadata {
    /// What is true of a result: thumbnails, sizes and the like of the input are changed or left
    /// out, and what cannot be read is left out, since it may be false.
    pub(super) fn true_of(&self, facts: &ResultFacts) -> Truth {
        let mut truth = Truth {
            metadata: self.clone(),
            revisions: Vec::new(),
        };
        let metadata = &mut truth.metadata;
        let revisions = &mut truth.revisions;
        let exif_data = metadata.exif.as_deref();
        if let Some(revised) = exif_data.map(|exif| exif::revised(exif, facts)) {
            revise(
                PartKind::Exif,
                "EXIF data",
                &mut metadata.exif,
                revised,
                revisions,
            );
        }
        let xmp_data = metadata.xmp.as_deref();
        if let Some(revised) = xmp_data.map(|xmp| xmp::revised(xmp, facts)) {
            revise(
                PartKind::Xmp,
                "XMP data",
                &mut metadata.xmp,
                revised,
                revisions,
            );
        }
        if let Some(icc) = metadata.icc.take_if(|icc| facts.is_gray() && is_rgb(icc)) {
            metadata.icc = icc::gray_of(&icc);
            let fate = match metadata.icc {
                Some(_) => Fate::Changed("its tone curve, for gray".to_owned()),
                None => Fate::Lost("it is for RGB, the result is gray".to_owned()),
            };
            revisions.push(PartFate::new(PartKind::Icc, "ICC profile", icc.len(), fate));
        }
        metadata.parts.retain_mut(|part| {
            let Part::Photoshop(resources) = part else {
                return true;
            };
            let revised = photoshop::revised(resources, facts);
            let (revised, fate) = outcome(revised);
            if let Some(fate) = fate {
                revisions.push(PartFate::of(part, fate));
            }
            match revised {
                Kept::All => true,
                Kept::Some(bytes) => {
                    *part = Part::Photoshop(Arc::from(bytes));
                    true
                }
                Kept::None => false,
            }
        });
        truth
    }
}

/// What is kept of a block.
enum Kept {
    All,
    Some(Vec<u8>),
    None,
}

fn outcome(revised: Revised) -> (Kept, Option<Fate>) {
    match revised {
        Revised::Unchanged => (Kept::All, None),
        Revised::Changed { bytes, what } => {
            (Kept::Some(bytes), Some(Fate::Changed(what.join(", "))))
        }
        Revised::Unreadable => {
            let why = "they cannot be read, so may be false".to_owned();
            (Kept::None, Some(Fate::Lost(why)))
        }
    }
}

fn revise(
    kind: PartKind,
    name: &str,
    block: &mut Option<Vec<u8>>,
    revised: Revised,
    revisions: &mut Vec<PartFate>,
) {
    let bytes = block.as_ref().map_or(0, Vec::len);
    let (kept, fate) = outcome(revised);
    match kept {
        Kept::All => {}
        Kept::Some(bytes) => *block = Some(bytes),
        Kept::None => *block = None,
    }
    revisions.extend(fate.map(|fate| PartFate::new(kind, name, bytes, fate)));
}

/// Whether a profile is for RGB, by its header.
fn is_rgb(icc: &[u8]) -> bool {
    icc.get(16..20) == Some(b"RGB ")
}
