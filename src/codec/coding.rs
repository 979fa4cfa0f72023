//! How the samples of a file are coded, where its result may be coded otherwise.

/// How the samples of a file are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Coding {
    /// As progressive JPEG: by scans that refine each other.
    ProgressiveJpeg,
    /// As lossy WebP.
    LossyWebp,
}
