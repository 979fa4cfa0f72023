//! The kinds of errors that the functions of `codec` document.

use std::{
    error::Error as _,
    fs,
    io::{self, Cursor, Read, Seek, SeekFrom, Write},
    path::Path,
};

use stridekern::{
    Depth, Error, Image, ImageSpec, Samples,
    codec::{
        self, AtomicFile, EncodeOptions, Format, Limits, MappedFile, Metadata, NpyFile, Output,
        Overwrite, RowReader, RowWriter,
    },
    error::{InputError, IoAction, LimitError, NameOf, OutputError, RequestError},
};

type ReadPath = fn(&Path) -> Option<Error>;

/// What opens or reads a file by its path.
const READERS: [(&str, ReadPath); 5] = [
    ("open", |path| codec::open(path, &limits()).err()),
    ("read", |path| codec::read(path, &limits()).err()),
    ("open_rows", |path| codec::open_rows(path, &limits()).err()),
    ("MappedFile::open", |path| MappedFile::open(path).err()),
    ("NpyFile::open", |path| NpyFile::open(path).err()),
];

type ReadBytes = fn(&[u8], &Limits) -> Option<Error>;

/// What reads the bytes of an image to its end.
const DECODERS: [(&str, ReadBytes); 6] = [
    ("read_bytes", |bytes, limits| {
        codec::read_bytes(bytes, None, limits).err()
    }),
    ("rows_of_bytes", |bytes, limits| {
        let rows = codec::rows_of_bytes(bytes, None, limits);
        rows.and_then(RowReader::finish).err()
    }),
    ("read_from", |bytes, limits| {
        codec::read_from(bytes, None, limits).err()
    }),
    ("rows_from", |bytes, limits| {
        let rows = codec::rows_from(bytes, None, limits);
        rows.and_then(RowReader::finish).err()
    }),
    ("open", |bytes, limits| {
        let file = file_of(bytes);
        codec::open(file.path(), limits).err()
    }),
    ("read", |bytes, limits| {
        let file = file_of(bytes);
        codec::read(file.path(), limits).err()
    }),
];

fn limits() -> Limits {
    Limits::default()
}

fn file_of(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// Of 4 rows and 3 columns.
fn image(channels: usize) -> Image {
    let samples = (0..12 * channels).map(|n| (n * 19) as u8).collect();
    Image::new(4, 3, channels, Samples::U8(samples)).unwrap()
}

fn encoded(format: Format) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    encode(&image(1), format, &mut file).unwrap();
    file.into_inner()
}

fn encode(
    image: &Image,
    format: Format,
    out: &mut (impl Write + Seek + Send),
) -> Result<(), Error> {
    let (metadata, options) = (Metadata::default(), EncodeOptions::default());
    codec::encode(image, format, &metadata, &options, out).map(drop)
}

fn rows<'a>(spec: ImageSpec, format: Format, out: Output<'a>) -> Result<RowWriter<'a>, Error> {
    codec::create_rows(
        spec,
        format,
        &Metadata::default(),
        &EncodeOptions::default(),
        out,
    )
}

/// Something that the system refuses to read and to write.
struct Refused;

impl Read for Refused {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl Write for Refused {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }
}

impl Seek for Refused {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Ok(0)
    }
}

/// The kind of the system's answer, which is the source of the error.
fn source(error: &Error) -> Option<io::ErrorKind> {
    let source = error.source()?.downcast_ref::<io::Error>()?;
    Some(source.kind())
}

#[test]
fn a_file_that_is_not_there_is_an_error_of_the_system() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let (missing, below) = (folder.path().join("missing"), file.join("x"));
    let long = folder.path().join("x".repeat(300));
    for (path, kind, sentence) in [
        (
            &missing,
            io::ErrorKind::NotFound,
            "there is no such file; check its name",
        ),
        #[cfg(unix)]
        (
            &below,
            io::ErrorKind::NotADirectory,
            "there is no such file, a part of its path is no folder; check its name",
        ),
        #[cfg(unix)]
        (
            &long,
            io::ErrorKind::InvalidFilename,
            "its path is longer than the system allows; check it, or name it from a folder nearer to it",
        ),
        #[cfg(unix)]
        (
            &folder.path().to_owned(),
            io::ErrorKind::IsADirectory,
            "it is a folder",
        ),
    ] {
        for (name, read) in READERS {
            let error = read(path).unwrap();
            assert_eq!(error.to_string(), sentence, "{name}");
            assert_eq!(source(&error), Some(kind), "{name} {sentence}");
            assert!(
                matches!(&error, Error::Io { action: IoAction::Find, cause } if cause.kind() == kind),
                "{name} {sentence}"
            );
        }
    }
}

#[test]
fn inputs_are_refused_by_kind_however_they_are_read() {
    use InputError::{Damaged, Foreign, Misnamed, Truncated, Unknown, Unsupported};
    let png = encoded(Format::Png);
    let mut damaged = png.clone();
    // The checksum of the header.
    damaged[29] ^= 1;
    let npy = encoded(Format::Npy);
    let with = |old: &str, new: &str| {
        let at = npy
            .windows(old.len())
            .position(|part| part == old.as_bytes());
        let (start, rest) = npy.split_at(at.unwrap());
        [start, new.as_bytes(), &rest[old.len()..]].concat()
    };
    let mut newer = npy.clone();
    newer[6] = 9;
    let few = |pixels| Limits {
        max_pixels: pixels,
        ..limits()
    };
    let bytes = |bytes| Limits {
        max_bytes: bytes,
        ..limits()
    };
    type Is = fn(&Error) -> bool;
    let cases: [(&str, Vec<u8>, Limits, Is); 11] = [
        ("cut", png[..png.len() - 20].to_vec(), limits(), |e| {
            matches!(e, Error::Input(Truncated { format: "png" }))
        }),
        (
            "damaged",
            damaged,
            limits(),
            |e| matches!(e, Error::Input(Damaged { format: "png", what }) if what.contains("IHDR")),
        ),
        (
            "newer",
            newer,
            limits(),
            |e| matches!(e, Error::Input(Unsupported { format: "npy", what, .. }) if what == "version 9.0"),
        ),
        (
            "complex",
            with("|u1", "<c8"),
            limits(),
            |e| matches!(e, Error::Input(InputError::ArrayType { descr, .. }) if descr == "<c8"),
        ),
        ("axes", with("(4, 3)", "(12, )"), limits(), |e| {
            matches!(e, Error::Input(InputError::ArrayAxes { axes: 1 }))
        }),
        ("empty", with("(4, 3)", "(0, 3)"), limits(), |e| {
            matches!(
                e,
                Error::Input(InputError::EmptyPicture {
                    columns: 3,
                    rows: 0,
                    channels: 1
                })
            )
        }),
        ("no bytes", Vec::new(), limits(), |e| {
            matches!(e, Error::Input(InputError::Empty))
        }),
        ("text", b"hello, this is text\n".to_vec(), limits(), |e| {
            matches!(e, Error::Input(Foreign { kind: "text", .. }))
        }),
        ("noise", vec![0x91; 40], limits(), |e| {
            matches!(e, Error::Input(Unknown { .. } | Misnamed { .. }))
        }),
        ("large", png.clone(), few(11), |e| {
            matches!(
                e,
                Error::Limit(LimitError::Pixels {
                    columns: 3,
                    rows: 4,
                    limit: 11
                })
            )
        }),
        ("long", png, bytes(11), |e| {
            matches!(
                e,
                Error::Limit(
                    LimitError::FileBytes { limit: 11 } | LimitError::SampleBytes { limit: 11, .. }
                )
            )
        }),
    ];
    for (what, bytes, limits, is) in cases {
        for (name, read) in DECODERS {
            let error = read(&bytes, &limits).unwrap();
            assert!(is(&error), "{what} {name}: {error:?}");
        }
    }
}

#[test]
fn readers_that_fail_are_errors_of_the_system() {
    let (read, rows) = (
        codec::read_from(Refused, None, &limits()).unwrap_err(),
        codec::rows_from(Refused, None, &limits()).unwrap_err(),
    );
    for error in [read, rows] {
        assert_eq!(source(&error), Some(io::ErrorKind::ConnectionReset));
        assert!(matches!(
            error,
            Error::Io {
                action: IoAction::Read,
                ..
            }
        ));
    }
}

#[test]
fn limits_tell_what_was_claimed() {
    let limits = Limits {
        max_pixels: 10,
        max_bytes: 50,
        ..limits()
    };
    let check = |rows, columns| limits.check(rows, columns, 3, Depth::U16).unwrap_err();
    assert!(matches!(
        check(0, 7),
        Error::Input(InputError::EmptyPicture {
            columns: 7,
            rows: 0,
            channels: 3
        })
    ));
    assert!(matches!(
        check(2, 7),
        Error::Limit(LimitError::Pixels {
            columns: 7,
            rows: 2,
            limit: 10
        })
    ));
    assert!(matches!(
        check(2, 5),
        Error::Limit(LimitError::SampleBytes {
            bytes: 60,
            limit: 50,
            ..
        })
    ));
}

#[test]
fn formats_refuse_what_they_cannot_hold() {
    let refused = Format::Png.check(Depth::F32, 3).unwrap_err();
    let Error::Output(OutputError::Depth {
        format,
        depth,
        depths,
        ..
    }) = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!((format, depth), ("png", Depth::F32));
    assert_eq!(depths, [Depth::U8, Depth::U16]);
    assert!(matches!(
        Format::Jpeg.check_image(&image(4)).unwrap_err(),
        Error::Output(OutputError::Channels { format: "jpeg", lack, .. }) if lack == "alpha"
    ));
    assert!(matches!(
        Format::Gif.check_size(70_000, 3).unwrap_err(),
        Error::Output(OutputError::Side {
            format: "gif",
            limit: 65_535,
            columns: 3,
            rows: 70_000
        })
    ));
    assert!(matches!(
        "nix".parse::<Format>().unwrap_err(),
        Error::Request(RequestError::Name(unknown)) if unknown.of == NameOf::Format && unknown.name == "nix"
    ));
}

#[test]
fn encoders_refuse_before_anything_is_written() {
    let mut file = Cursor::new(Vec::new());
    let refused = encode(&image(4), Format::Jpeg, &mut file).unwrap_err();
    assert!(matches!(
        refused,
        Error::Output(OutputError::Channels { .. })
    ));
    let spec = ImageSpec {
        rows: 4,
        columns: 3,
        channels: 1,
        depth: Depth::U8,
    };
    let begin = |spec, format, file: &mut Cursor<Vec<u8>>| {
        rows(spec, format, Output::seekable(file)).unwrap_err()
    };
    assert!(matches!(
        begin(ImageSpec { rows: 0, ..spec }, Format::Png, &mut file),
        Error::Input(InputError::EmptyImage {
            shape: Some([0, 3, 1])
        })
    ));
    let vast = ImageSpec {
        rows: usize::MAX / 3,
        depth: Depth::U16,
        ..spec
    };
    assert!(matches!(
        begin(vast, Format::Npy, &mut file),
        Error::Limit(LimitError::Address {
            depth: Some(Depth::U16),
            ..
        })
    ));
    let floats = ImageSpec {
        depth: Depth::F32,
        ..spec
    };
    assert!(matches!(
        begin(floats, Format::Webp, &mut file),
        Error::Output(OutputError::Depth { format: "webp", .. })
    ));
    assert!(file.into_inner().is_empty());
}

#[test]
fn writers_that_fail_are_errors_of_the_system() {
    for format in Format::ALL {
        if format == Format::Pbm {
            continue;
        }
        let image = match format.can_hold(Depth::U8, 1) {
            true => image(1),
            false => {
                let samples = (0..12).map(|n| n as f32 / 12.0).collect();
                Image::new(4, 3, 1, Samples::F32(samples)).unwrap()
            }
        };
        let error = encode(&image, format, &mut Refused).unwrap_err();
        assert_eq!(
            source(&error),
            Some(io::ErrorKind::StorageFull),
            "{format} {error:?}"
        );
        assert!(
            matches!(
                error,
                Error::Io {
                    action: IoAction::Write,
                    ..
                }
            ),
            "{format}"
        );
    }
}

#[test]
fn outputs_are_refused_by_what_is_in_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let write = |path: &Path, overwrite| {
        let (metadata, options) = (Metadata::default(), EncodeOptions::default());
        codec::write(path, &image(1), Format::Png, &metadata, &options, overwrite).unwrap_err()
    };
    let begun = AtomicFile::create(&path, Overwrite::Refuse).unwrap();
    fs::write(&path, "taken").unwrap();
    // Another took its place meanwhile, or was there before.
    assert!(matches!(begun.commit().unwrap_err(), Error::Exists));
    assert!(matches!(write(&path, Overwrite::Refuse), Error::Exists));
    assert!(matches!(
        write(folder.path(), Overwrite::Replace),
        Error::Output(OutputError::Folder)
    ));
    let missing = write(&folder.path().join("missing/a.png"), Overwrite::Refuse);
    assert_eq!(source(&missing), Some(io::ErrorKind::NotFound));
    assert!(matches!(
        missing,
        Error::Io {
            action: IoAction::Create,
            ..
        }
    ));
    let mut read_only = fs::metadata(&path).unwrap().permissions();
    read_only.set_readonly(true);
    fs::set_permissions(&path, read_only).unwrap();
    assert!(matches!(
        write(&path, Overwrite::Replace),
        Error::Output(OutputError::Protected)
    ));
    #[cfg(unix)]
    {
        let link = folder.path().join("link.png");
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        assert!(matches!(
            write(&link, Overwrite::Replace),
            Error::Output(OutputError::DeadLink)
        ));
        let long = folder.path().join("x".repeat(300));
        let error = write(&long, Overwrite::Refuse);
        assert_eq!(source(&error), Some(io::ErrorKind::InvalidFilename));
    }
    assert_eq!(fs::read(&path).unwrap(), b"taken");
}

#[test]
fn mapped_files_are_refused_by_what_they_are() {
    let empty = file_of(b"");
    assert!(matches!(
        MappedFile::open(empty.path()).unwrap_err(),
        Error::Input(InputError::Empty)
    ));
    #[cfg(unix)]
    assert!(matches!(
        MappedFile::open(Path::new("/dev/null")).unwrap_err(),
        Error::Input(InputError::NotRegular)
    ));
    let file = file_of(&[7; 40]);
    let mapped = MappedFile::open(file.path()).unwrap();
    assert!(matches!(
        mapped.view::<u8, 2>([1, 1], 41).unwrap_err(),
        Error::Input(InputError::Outside {
            offset: 41,
            len: 40
        })
    ));
    assert!(matches!(
        mapped.view::<u16, 2>([1, 1], 3).unwrap_err(),
        Error::Input(InputError::Unaligned { offset: 3, size: 2 })
    ));
    assert!(matches!(
        mapped.view::<u16, 2>([5, 5], 2).unwrap_err(),
        Error::Layout(_)
    ));
}

#[test]
fn arrays_are_seen_as_what_they_are() {
    let file = file_of(&encoded(Format::Npy));
    let array = NpyFile::open(file.path()).unwrap();
    assert!(matches!(
        array.view::<u16, 2>().unwrap_err(),
        Error::Request(RequestError::ArrayType {
            array: "uint8",
            swapped: false,
            asked: "uint16"
        })
    ));
    assert!(matches!(
        array.view::<u8, 3>().unwrap_err(),
        Error::Request(RequestError::ArrayAxes { axes: 2, asked: 3 })
    ));
    let npy = encoded(Format::Npy);
    let cut = file_of(&npy[..npy.len() - 1]);
    assert!(matches!(
        NpyFile::open(cut.path()).unwrap_err(),
        Error::Input(InputError::Truncated { format: "npy" })
    ));
}

#[test]
fn bands_that_do_not_fit_are_requests() {
    let pgm = encoded(Format::Pgm);
    let mut reader = codec::rows_of_bytes(&pgm, None, &limits()).unwrap();
    assert!(matches!(
        reader.read(&mut [0_u16; 3][..]).unwrap_err(),
        Error::Request(RequestError::BandDepth {
            rows: Depth::U8,
            band: Depth::U16
        })
    ));
    assert!(matches!(
        reader.read(&mut [0_u8; 4][..]).unwrap_err(),
        Error::Request(RequestError::BandLength { samples: 4, row: 3 })
    ));
    let cut = &pgm[..pgm.len() - 2];
    let mut reader = codec::rows_of_bytes(cut, None, &limits()).unwrap();
    let read = |reader: &mut RowReader<'_>| {
        loop {
            match reader.read(&mut [0_u8; 3][..]) {
                Ok(0) => panic!("it ended well"),
                Ok(_) => {}
                Err(error) => return error,
            }
        }
    };
    assert!(matches!(
        read(&mut reader),
        Error::Input(InputError::Truncated { format: "pgm" })
    ));
    assert!(matches!(
        read(&mut reader),
        Error::Request(RequestError::FailedBefore)
    ));
    let spec = image(1).spec();
    let mut file = Cursor::new(Vec::new());
    let mut writer = rows(spec, Format::Png, Output::seekable(&mut file)).unwrap();
    writer.write(&[1_u8; 9][..]).unwrap();
    assert!(matches!(
        writer.write(&[1_u8; 6][..]).unwrap_err(),
        Error::Request(RequestError::TooManyRows {
            written: 3,
            more: 2,
            announced: 4
        })
    ));
    assert!(matches!(
        writer.finish(&Metadata::default()).unwrap_err(),
        Error::Request(RequestError::MissingRows {
            written: 3,
            announced: 4
        })
    ));
}
