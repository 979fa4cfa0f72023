//! Metadata that are true of a result: what an input carries, without what its result
//! contradicts.

use std::sync::Arc;

use super::{
    Fate, Metadata, Omission, Part, PartFate, PartKind, exif, icc, iptc, photoshop, record,
    revision::{ResultFacts, Revised},
    xmp,
};

/// Metadata that are true of a result.
pub(super) struct Truth {
    /// What cannot be made true is a part of them that is not carried over, so that whoever
    /// writes them tells of it.
    pub(super) metadata: Metadata,
    /// What became of the parts that were changed or left out.
    pub(super) revisions: Vec<PartFate>,
}

/// Why a block of metadata is left out.
const UNREADABLE: &str = "they cannot be read, so may be false";
/// Why a profile is left out of which no gray one can be made.
const NOT_GRAY: &str = "it is for RGB, the result is gray";

impl Metadata {
    /// What is true of a result: thumbnails, sizes and the like of the input are changed or left
    /// out, and what cannot be read is left out, since it may be false.
    pub(super) fn true_of(&self, facts: &ResultFacts) -> Truth {
        let mut revisions = Vec::new();
        let mut lost = Vec::new();
        let mut revise = |what: PartFate, revised: Revised| match revised {
            Revised::Unchanged => Kept::All,
            Revised::Changed {
                bytes,
                what: changes,
            } => {
                let fate = match bytes.is_empty() {
                    true => Fate::Outdated(changes.join(", ")),
                    false => Fate::Changed(changes.join(", ")),
                };
                revisions.push(PartFate { fate, ..what });
                Kept::Some(bytes)
            }
            Revised::Unreadable => {
                lost.push((what, UNREADABLE));
                Kept::None
            }
        };
        let mut metadata = self.clone();
        // Viewers heed it in data that are damaged elsewhere.
        let orientation = self.orientation.or_else(|| self.exif_orientation());
        for (kind, name, block, revised) in [
            (
                PartKind::Exif,
                "EXIF data",
                &mut metadata.exif,
                exif::revised as fn(&[u8], &ResultFacts) -> Revised,
            ),
            (PartKind::Xmp, "XMP data", &mut metadata.xmp, xmp::revised),
        ] {
            let Some(bytes) = block.as_deref() else {
                continue;
            };
            let what = PartFate::new(kind, name, bytes.len(), Fate::Kept);
            match revise(what, revised(bytes, facts)) {
                Kept::All => {}
                Kept::Some(bytes) => *block = Some(bytes),
                Kept::None => *block = None,
            }
        }
        if metadata.exif.is_none() {
            metadata.orientation = orientation;
        }
        metadata.parts.retain_mut(|part| {
            let (revised, of_bytes): (_, OfBytes) = match part {
                Part::Photoshop(resources) => {
                    (photoshop::revised(resources, facts), Part::Photoshop)
                }
                Part::Iptc(data) => (iptc::revised(data), Part::Iptc),
                _ => return true,
            };
            match revise(PartFate::of(part, Fate::Kept), revised) {
                Kept::All => true,
                // Nothing of it is true.
                Kept::Some(bytes) if bytes.is_empty() => {
                    *part = Part::Other {
                        name: part.to_string(),
                        bytes: part.bytes(),
                        why: Omission::Outdated("nothing of it is true of the result"),
                    };
                    true
                }
                Kept::Some(bytes) => {
                    *part = of_bytes(Arc::from(bytes));
                    true
                }
                Kept::None => false,
            }
        });
        if let Some(icc) = metadata.icc.take_if(|icc| facts.is_gray() && is_rgb(icc)) {
            metadata.icc = icc::gray_of(&icc);
            let fate = Fate::Changed("its tone curve, for gray".to_owned());
            let what = PartFate::new(PartKind::Icc, "ICC profile", icc.len(), fate);
            match metadata.icc {
                Some(_) => revisions.push(what),
                None => lost.push((what, NOT_GRAY)),
            }
        }
        if let Some(record) = metadata.record.take() {
            let (bytes, why) = (record.to_string().len(), record::OUTDATED);
            metadata.parts.push(Part::Other {
                name: record::NAME.to_owned(),
                bytes,
                why: Omission::Outdated(why),
            });
            let fate = Fate::Outdated(why.to_owned());
            revisions.push(PartFate::new(PartKind::Record, record::NAME, bytes, fate));
        }
        for (what, why) in lost {
            metadata.parts.push(Part::Other {
                name: what.name.clone(),
                bytes: what.bytes,
                why: Omission::Unknown(why),
            });
            let fate = Fate::Lost(why.to_owned());
            revisions.push(PartFate { fate, ..what });
        }
        Truth {
            metadata,
            revisions,
        }
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
