use std::{io, time::Duration};

use anyhow::Context;
use stridekern::error::{Losses, UnsupportedContent};

use super::*;

#[test]
fn a_cause_that_is_part_of_a_line_is_told_once() {
    let cause = || io::Error::from(io::ErrorKind::NotFound);
    let error: anyhow::Result<()> = Err(Error::io(IoAction::Read, cause())).context("a");
    assert_eq!(
        chain(&error.context("b").unwrap_err()),
        "b: a: cannot read the file: entity not found"
    );
    let error: anyhow::Result<()> = Err(cause()).context("a");
    assert_eq!(chain(&error.unwrap_err()), "a: entity not found");
}

/// Every kind that an option helps with.
#[test]
fn options_follow_what_the_library_says() {
    let depth = Depth::U16;
    let errors: [(Error, &str); 26] = [
        (
            Error::io(IoAction::Find, IsADirectory.into()),
            "it is a folder|: add -r, or name the images in it, for instance FOLDER/*.png",
        ),
        (
            Error::Exists,
            "the output exists already|; use --overwrite to replace it or --skip-existing to keep it",
        ),
        (
            Error::BackupExists {
                backup: "a.o".into(),
            },
            "its backup a.o exists already, so it may have been filtered before: move a.o back over it to filter the original again|, or choose another --backup to filter it as it is",
        ),
        (
            InputError::NoImages.into(),
            "there is no image in this folder; name another one|, or choose files with --ext",
        ),
        (
            LimitError::Pixels {
                columns: 5,
                rows: 3,
                limit: 7,
            }
            .into(),
            "the header claims 5 x 3 = 15 pixels, more than the limit of 7|: raise --pixel-limit if you trust the file, or cut the picture into parts",
        ),
        (
            LimitError::SampleBytes {
                columns: 5,
                rows: 3,
                channels: 2,
                depth,
                bytes: 60,
                limit: 7,
            }
            .into(),
            "the header claims 5 x 3 pixels of 2 channels, 60 bytes at 16-bit, more than the limit of 7|: raise --pixel-limit to an eighth of that if you trust the file, or cut the picture into parts",
        ),
        (
            LimitError::FileBytes { limit: 7 }.into(),
            "the file has more bytes than the limit of 7|: raise --pixel-limit to an eighth of its size if you trust it, or cut the picture into parts",
        ),
        (
            LimitError::WholeFile { limit: 7 << 20 }.into(),
            "to read the whole file takes more than the memory limit of 7 MiB|: raise --memory-limit, or cut the picture into parts",
        ),
        (
            LimitError::Decoding {
                format: "gif",
                limit: 7 << 20,
            }
            .into(),
            "reading the gif file takes more than the memory limit of 7 MiB|: raise --memory-limit, or cut the picture into parts",
        ),
        (
            LimitError::Memory {
                needed: (8 << 20) + 1,
                limit: 7 << 20,
                by_rows: true,
            }
            .into(),
            "this takes 9 MiB of memory, more than the limit of 7|: raise --memory-limit, or cut the picture into parts",
        ),
        (
            LimitError::Memory {
                needed: (8 << 20) + 1,
                limit: 7 << 20,
                by_rows: false,
            }
            .into(),
            "this takes 9 MiB of memory, more than the limit of 7|: raise --memory-limit, or convert it to what is read and written by rows: plain png or tiff, pgm, ppm or npy",
        ),
        (
            LimitError::Threads {
                cause: io::ErrorKind::WouldBlock.into(),
            }
            .into(),
            "cannot start a thread: operation would block; raise the limits of memory and processes (ulimit -v, -u)|, or use --threads 1",
        ),
        (
            LimitError::Time {
                limit: Duration::from_millis(1500),
            }
            .into(),
            "it took longer than 1.5 s|: check the file, or raise --timeout",
        ),
        (
            RequestError::Window {
                window: [3, 9],
                image: [2, 7],
            }
            .into(),
            "the kernel's window of 3 rows x 9 columns is larger than the image of 2 x 7|; choose a border (--pad edge, reflect, ...) or a smaller kernel",
        ),
        (
            RequestError::NoLuma { channels: 5 }.into(),
            "an image of 5 channels has no luma|; use --channel each",
        ),
        (
            RequestError::NoChannel {
                channels: 1,
                channel: "red",
            }
            .into(),
            "an image of 1 channel has no red channel|; use --channel luma or each",
        ),
        (
            RequestError::NoChannel {
                channels: 7,
                channel: "green",
            }
            .into(),
            "an image of 7 channels has no green channel|; use --channel each",
        ),
        (
            RequestError::NoName.into(),
            "standard input has no name to make an output's of|; give --output FILE, or --output - for standard output",
        ),
        (
            RequestError::OutputIsInput {
                output: "a".into(),
                input: "b".into(),
            }
            .into(),
            "a: this output is also an input, b|; choose another --output",
        ),
        (
            OutputError::Depth {
                format: "png",
                depth: Depth::F32,
                depths: vec![Depth::U8, Depth::U16],
                others: "tiff or npy".into(),
            }
            .into(),
            "png holds no 32-bit float samples; choose tiff or npy|, or --depth 8 or 16",
        ),
        (
            OutputError::Special { kind: "a device" }.into(),
            "it is a device, which cannot be replaced|: name an output with --output",
        ),
        (
            OutputError::BackupTaken {
                backup: "a.o".into(),
            }
            .into(),
            "the place of its backup a.o is taken by what is no backup: move a.o away|, or choose another --backup",
        ),
        (
            KernelBank::parse_imagemagick("k", "im", "convolve:bias=20%; Sobel")
                .unwrap_err()
                .into(),
            "im:1:1: a bias stands beside these kernels, not before them: `convolve:bias=20%`; leave it out, and give the kernel a bias of 0.2|, with --bias",
        ),
        (
            KernelError::Path {
                path: "k".into(),
                fault: PathFault::Missing,
            }
            .into(),
            "k: there is no such kernel file; check the path|, or choose a built-in kernel from --list-kernels",
        ),
        (
            KernelError::Unknown {
                name: "x".into(),
                suggestions: Vec::new(),
            }
            .into(),
            "there is no kernel file `x` and no built-in kernel of that name|; --list-kernels shows all",
        ),
        (
            KernelError::Unknown {
                name: "x".into(),
                suggestions: vec!["y".into()],
            }
            .into(),
            "there is no kernel file `x` and no built-in kernel of that name; did you mean `y`?| --list-kernels shows all",
        ),
    ];
    for (error, parts) in errors {
        let (says, after) = parts.split_once('|').unwrap();
        assert_eq!(error.to_string(), says);
        assert_eq!(line(&error), format!("{says}{after}"));
    }
}

#[test]
fn options_are_told_within_what_the_library_says() {
    for (error, says, told) in [
        (
            RequestError::OneOutput { results: 3 }.into(),
            "one output is named for 3 results; name a folder",
            "--output names one file for 3 results; name a folder (with a / at its end)",
        ),
        (
            RequestError::OnePlace { results: 3 }.into(),
            "an input's place has room for one result, not for 3; use one kernel and one border",
            "--in-place has room for one result, not for 3; use one kernel and one border",
        ),
        (
            KernelError::Syntax {
                file: "k".into(),
                line: 2,
                column: 1,
                message: "not TOML: no".into(),
                text: "x".into(),
            }
            .into(),
            "k:2:1: not TOML: no: `x`",
            "k:2:1: not TOML: no: `x`; --show-kernel sobel prints a file to start from",
        ),
    ] {
        let error: Error = error;
        assert_eq!(error.to_string(), says);
        assert_eq!(line(&error), told);
    }
    let mut losses = Losses::default();
    losses.unsupported = vec![
        UnsupportedContent::Several("3 frames".to_owned()),
        UnsupportedContent::Channels { stored: 5, read: 3 },
        UnsupportedContent::Cmyk,
    ];
    losses.lost = vec![
        Loss::Samples {
            stored: "32-bit integers".to_owned(),
            read: "32-bit floats",
            depth: Depth::F32,
        },
        Loss::Channels {
            colours: true,
            alpha: true,
            from: 4,
            to: 1,
        },
        Loss::Size {
            rows: 1,
            columns: 2,
        },
        Loss::Depth {
            from: Depth::F32,
            to: Depth::U8,
        },
    ];
    let error = Error::Loss(losses);
    assert_eq!(
        error.to_string(),
        "not replaced: it holds 3 frames, of which the result would have one, 5 channels, of which 3 are read and CMYK colours, which are read as RGB; the result would also lose its 32-bit integers (they are read as 32-bit floats), its colours and its alpha, 1 row and 2 columns and the depth of its 32-bit float samples"
    );
    assert_eq!(
        line(&error),
        "not replaced: it holds 3 frames, of which the result would have one, 5 channels, of which 3 are read and CMYK colours, which are read as RGB: name an output with --output; the result would also lose its 32-bit integers (they are read as 32-bit floats; --depth f32 allows it), its colours and its alpha (--channel each keeps them, --channel luma allows it), 1 row and 2 columns (--pad edge keeps the size, --pad valid allows it) and the depth of its 32-bit float samples (--depth same keeps it, --depth 8 allows it)"
    );
}

/// No kernel is advised to who uses it, nor one that clips as much.
#[test]
fn the_gentler_kernels_are_gentler() {
    let names = KernelBank::builtins().map(|builtin| builtin.name());
    let mut advised = 0;
    for name in names {
        for kernel in KernelBank::builtin(name).unwrap().kernels() {
            let advice = after_overshoot(kernel.strength());
            let words = advice.split([' ', ',']);
            for other in words.filter(|word| SHARPENING.contains(word)) {
                assert_ne!(other, name, "{advice}");
                let bank = KernelBank::builtin(other).unwrap();
                let other = &bank.kernels()[0];
                assert!(
                    other.abs_sum() / other.divisor() < kernel.abs_sum() / kernel.divisor().abs()
                );
                advised += 1;
            }
        }
    }
    assert!(advised > 10);
    for (strength, advice) in [
        (
            900,
            "; a gentler kernel, as sharpen_soft or unsharp5, clips less, and --map float nothing",
        ),
        (
            300,
            "; a gentler kernel, as unsharp5 or detail, clips less, and --map float nothing",
        ),
        (
            272,
            "; a gentler kernel, as detail, clips less, and --map float nothing",
        ),
        (234, "; --map float clips nothing"),
    ] {
        assert_eq!(after_overshoot(strength), advice);
    }
}

#[test]
fn advice_goes_with_the_program_that_is_followed() {
    let clipped = WarningKind::Clipped(ClipCause::Negative);
    for program in [Program::SciPy, Program::OpenCv, Program::Vips] {
        assert_eq!(
            after_like(clipped, program),
            Some(": --map float keeps them".into())
        );
    }
    for program in [Program::ImageMagick, Program::Pillow] {
        let after = after_like(clipped, program).unwrap();
        assert!(
            after.starts_with(", as that program does; without --like"),
            "{after}"
        );
    }
    assert_eq!(after_like(WarningKind::Profile, Program::SciPy), None);
}
