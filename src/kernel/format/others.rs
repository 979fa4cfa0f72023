//! Files of other kinds that are given for kernels, told by their first bytes.

/// What a file is, and what to do with it: how it begins, each.
const KINDS: &[(&[u8], &str, &str)] = &[
    (
        b"MATLAB 5.0 MAT-file",
        "this is a MAT-file of MATLAB (version 5 to 7), not text",
        MATLAB,
    ),
    (
        b"MATLAB 7.3 MAT-file",
        "this is a MAT-file of MATLAB (version 7.3, HDF5), not text",
        MATLAB,
    ),
    (
        b"\x89HDF\r\n\x1a\n",
        "this is an HDF5 file, not text",
        "write the array alone as .csv or .npy",
    ),
    (
        b"PK\x03\x04",
        "this is a ZIP archive, as NumPy's .npz is",
        "save one array alone as .npy, by numpy.save",
    ),
    (b"\x1f\x8b", "this is compressed by gzip", UNPACK),
    (b"BZh", "this is compressed by bzip2", UNPACK),
    (b"\xfd7zXZ\0", "this is compressed by xz", UNPACK),
    (
        b"\x28\xb5\x2f\xfd",
        "this is compressed by Zstandard",
        UNPACK,
    ),
    (b"\x89PNG\r\n\x1a\n", "this is a picture, PNG", PICTURE),
    (b"\xff\xd8\xff", "this is a picture, JPEG", PICTURE),
    (b"II*\0", "this is a picture, TIFF", PICTURE),
    (b"MM\0*", "this is a picture, TIFF", PICTURE),
];
const MATLAB: &str = "write the matrix as text, by writematrix(k, 'kernel.csv')";
const UNPACK: &str = "unpack it first";
const PICTURE: &str = "name a kernel, and the picture as the input";

/// What these bytes, which are no text, are: a message and a help.
pub(super) fn told(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let mut kinds = KINDS.iter();
    let kind = kinds.find(|(start, ..)| bytes.starts_with(start))?;
    Some((kind.1, kind.2))
}
