//! Slips are answered with the option, its range, or the next step.

use crate::Room;

#[test]
fn every_option_with_a_number_names_its_range() {
    let room = Room::new();
    for (option, said) in [
        (
            "--dilate",
            "`-1` is no --dilate: give one whole number from 1, or two as ROWS,COLUMNS",
        ),
        (
            "--step",
            "`-1` is no --step: give one whole number from 1, or two as ROWS,COLUMNS",
        ),
        (
            "-j",
            "invalid value '-1' for '--threads <N>': -1 is not from 0 to 1024",
        ),
        (
            "--quality",
            "invalid value '-1' for '--quality <1-100>': -1 is not from 1 to 100",
        ),
        (
            "--bench-runs",
            "invalid value '-1' for '--bench-runs <N>': -1 is not from 1 to 10000",
        ),
        (
            "--timeout",
            "invalid value '-1' for '--timeout <SECONDS>': give seconds above 0, such as 60 or 0.5",
        ),
        (
            "--memory-limit",
            "invalid value '-1' for '--memory-limit <SIZE>': give a size such as 512M or 4GiB",
        ),
        (
            "--pixel-limit",
            "invalid value '-1' for '--pixel-limit <N>': give a number of pixels such as 4000000000 or 4G",
        ),
        (
            "--min-share",
            "invalid value '-1' for '--min-share <SHARE>': give a number from 0 to 1, such as 0.5",
        ),
        (
            "--pad",
            "unknown border `-1`: choose valid, constant[:VALUE], edge, reflect, symmetric, wrap or all",
        ),
        (
            "--shard",
            "`-1` is no --shard: give I/N with I from 1 to N, such as 2/8",
        ),
        (
            "--map",
            "unknown map `-1`; choose clamp, abs, offset, stretch, symmetric, float",
        ),
    ] {
        let ran = room.run(&format!("a.png -k sobel {option} -1"));
        assert_eq!(ran.code, Some(2), "{option}");
        let line = ran.err.strip_prefix("stridekern: ").unwrap().trim_end();
        let line = line.strip_suffix("; see stridekern --help").unwrap_or(line);
        assert_eq!(line, said);
    }
    let ran = room.run("a.png -k sobel --dilate -1,2");
    assert!(
        ran.err.starts_with("stridekern: `-1,2` is no --dilate"),
        "{}",
        ran.err
    );
}

#[test]
fn the_next_step_is_told() {
    let room = Room::new();
    std::fs::copy(room.path("a.png"), room.path("-photo.png")).unwrap();
    room.text("k.csv", "1,2,1\na,b\n");
    room.text("ninth.toml", "weights = [[1/9, 1/9]]\n");
    room.text("list", "a.png\0b.png\0");
    for (line, said) in [
        (
            "-photo.png -k sobel",
            "unexpected argument '-p' found; to read a file of this name, write ./-photo.png; \
             see stridekern --help",
        ),
        (
            "a.png -k sobel --sigma 2",
            "unexpected argument '--sigma' found; parameters follow the name of a kernel: \
             -k gaussian:sigma=2, box:size=5, disk:radius=3; --list-kernels shows all; \
             see stridekern --help",
        ),
        (
            "a.png -k sobel --strip",
            "unexpected argument '--strip' found; --metadata drop leaves out EXIF with GPS, XMP, \
             text and comments; see stridekern --help",
        ),
        (
            "a.png -k sobel --no-gps",
            "unexpected argument '--no-gps' found; --metadata drop leaves out EXIF with GPS, XMP, \
             text and comments; see stridekern --help",
        ),
        (
            "a.png -k sobel --colour",
            "unexpected argument '--colour' found; --photo keeps colours, alpha and size, \
             --channel each the colours alone; see stridekern --help",
        ),
        (
            "a.png -k sobel --force",
            "unexpected argument '--force' found; --overwrite replaces outputs that exist; \
             see stridekern --help",
        ),
        (
            "a.png -k sharpen --amount 2",
            "unexpected argument '--amount' found; a kernel has its strength: -k sharpen_soft, \
             sharpen or sharpen8, or -k unsharp:sigma=1,amount=0.5; see stridekern --help",
        ),
        (
            "a.png -k box3 --resize 50%",
            "unexpected argument '--resize' found; nothing is scaled; --step N keeps every Nth \
             pixel, and rows and columns with --step R,C; see stridekern --help",
        ),
        (
            "a.png -k box3 --outdir x",
            "unexpected argument '--outdir' found; -o names an output, or a folder with a / at its \
             end; see stridekern --help",
        ),
        (
            "a.png -k box3 --name x",
            "unexpected argument '--name' found; -o names an output, or a folder with a / at its \
             end; see stridekern --help",
        ),
        (
            "a.png sobel",
            "the following required arguments were not provided: --kernel <FILE|NAME>; sobel is a \
             kernel: -k sobel; see stridekern --help",
        ),
        (
            "-k sobel",
            "the following required arguments were not provided: <INPUT>...; see stridekern --help",
        ),
        (
            "a.png -k ninth.toml",
            "ninth.toml:1:13: not TOML: string values must be quoted, expected literal string: \
             `1/9`; a fraction is no number in TOML: write 1 for 1/9, and `divisor = 9`",
        ),
        (
            "--files-from list -k sobel",
            "list: line 1 holds a NUL, which no file name does: where names end with one, add --null",
        ),
        (
            ". -r -k sobel --ext *.png",
            "`*.png` is no --ext: give extensions, such as jpg or png,tif",
        ),
        (
            "a.png -k sobel,emboss",
            "there is no kernel `sobel,emboss`; give each kernel its own option: \
             -k sobel -k emboss",
        ),
        (
            "a.png -k sobel --depth 32",
            "invalid value '32' for '--depth <DEPTH>'; choose same, 8, 16, f32, u8, u16, u32, \
             u64, i8, i16, i32, i64, bool, f16, f64; f32 is 32-bit floats, u32 and i32 are \
             integers; see stridekern --help",
        ),
        (
            "--show-kernel sobl",
            "there is no built-in kernel `sobl`; did you mean `sobel`? --list-kernels shows all",
        ),
        (
            "a.png -k sobel -o x.heic",
            "x.heic: `heic` is no format that is written: choose png, jpeg, tiff, webp, bmp, \
             pgm, ppm, pnm, pam, qoi, tga, exr, hdr, gif, npy, or add --format",
        ),
        (
            "a.png -k k.csv",
            "k.csv:2:1: not a number: `a`; weights are numbers such as -1 or 0.25",
        ),
        (
            "--list-kernels --show-kernel sobel",
            "the argument '--list-kernels' cannot be used with '--show-kernel <NAME>'; \
             see stridekern --help",
        ),
        (
            "a.png -k sobel --mask .",
            ".: it is a folder; name a mask of the size of the input",
        ),
    ] {
        room.run(line).says(2, &[said]);
    }
    room.run("./-photo.png -k box3 -o out.png").silent();
}

#[test]
#[cfg(unix)]
fn a_mask_is_no_pipe() {
    let room = Room::new();
    let made = room.command_of("mkfifo").arg("pipe").status().unwrap();
    assert!(made.success());
    room.run("a.png -k sobel --mask pipe").says(
        2,
        &["pipe: it is a named pipe (FIFO); a mask is read again for each input: give a file"],
    );
}

/// Bash asks the function of the script for what may follow.
#[test]
#[cfg(unix)]
fn bash_completes_names_of_kernels_and_files() {
    let room = Room::new();
    room.text("sober.toml", "");
    room.text("completions", &room.run("--completions bash").text());
    let complete = |option: &str, start: &str| {
        let script = format!(
            "source ./completions; COMP_WORDS=(stridekern {option} {start}); COMP_CWORD=2; \
             _stridekern stridekern '{start}' {option} 2>/dev/null; printf '%s ' \"${{COMPREPLY[@]}}\""
        );
        let output = room
            .command_of("bash")
            .args(["-c", &script])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    for option in ["-k", "--kernel"] {
        assert_eq!(
            complete(option, "sobel_"),
            "sobel_direction sobel_x sobel_y "
        );
        assert_eq!(
            complete(option, "sobe"),
            "sobel sobel5 sobel5_x sobel5_y sobel_direction sobel_x sobel_y sobel: sober.toml "
        );
    }
    assert_eq!(complete("--show-kernel", "robi"), "robinson ");
}
