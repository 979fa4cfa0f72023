//! Metadata that are true of a result: what an input carries, without what its result
//! contradicts.

use std::sync::Arc;

use super::{
    Fate, Metadata, Part, PartFate, PartKind, exif, icc, iptc, photoshop,
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
            let (revised, of_bytes): (_, OfBytes) = match part {
                Part::Photoshop(resources) => {
                    (photoshop::revised(resources, facts), Part::Photoshop)
                }
                Part::Iptc(data) => (iptc::revised(data), Part::Iptc),
                _ => return true,
            };
            let (revised, fate) = outcome(revised);
            if let Some(fate) = fate {
                revisions.push(PartFate::of(part, fate));
            }
            match revised {
                Kept::All => true,
                Kept::Some(bytes) => {
                    *part = of_bytes(Arc::from(bytes));
                    true
                }
                Kept::None => false,
            }
        });
        truth
    }
}

/// Makes a part of its bytes.
type OfBytes = fn(Arc<[u8]>) -> Part;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        codec::metadata::photoshop,
        image::{Depth, ImageSpec},
    };

    #[test]
    fn iptc_data_lose_their_preview_wherever_they_are() {
        let caption = b"\x1c\x02\x78\0\x04text";
        let with_preview = [caption, &b"\x1c\x02\xca\0\x08OLD FACE"[..]].concat();
        let facts = ResultFacts::new(ImageSpec::new([1, 1, 3], Depth::U8), None);
        let resource: fn(&[u8]) -> Part = |data| Part::Photoshop(photoshop::of_iptc(data));
        for part in [resource, |data| Part::Iptc(data.into())] {
            let parts = vec![part(&with_preview)];
            let metadata = Metadata {
                parts,
                ..Metadata::default()
            };
            let truth = metadata.true_of(&facts);
            assert_eq!(truth.metadata.parts, [part(caption)]);
            let [revision] = &truth.revisions[..] else {
                panic!("{:?}", truth.revisions);
            };
            let dropped = Fate::Changed("IPTC preview dropped".to_owned());
            assert_eq!(revision.fate, dropped);
            assert_eq!(revision.kind, part(caption).kind());
            let again = truth.metadata.true_of(&facts);
            assert_eq!((again.metadata, again.revisions.len()), (truth.metadata, 0));
        }
    }
}
