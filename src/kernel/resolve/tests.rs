use super::*;

/// A folder with the files given, by name and bytes.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

/// The error's message without the folder's path.
fn message(folder: &tempfile::TempDir, result: Result<KernelBank, KernelError>) -> String {
    let text = result.unwrap_err().to_string();
    text.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn a_file_is_named_by_its_stem() {
    let folder = folder(&[
        ("my.soft.toml", b"weights = [[2]]"),
        ("plain", b"weights = [[3]]"),
    ]);
    let bank = KernelBank::read(folder.path().join("my.soft.toml")).unwrap();
    assert_eq!((bank.name(), bank.kernels()[0].sum()), ("my.soft", 2.0));
    assert_eq!(
        KernelBank::read(folder.path().join("plain"))
            .unwrap()
            .name(),
        "plain"
    );
}

#[test]
fn what_is_no_kernel_file_is_refused() {
    let large = vec![b'#'; (16 << 20) + 1];
    let folder = folder(&[
        ("photo.png", b"\x89PNG\r\n\x1a\n"),
        ("noise.toml", b"\x89noise"),
        (
            "k.mat",
            b"MATLAB 5.0 MAT-file, Platform: GLNXA64\0\0\x01\xff\0\x01IM",
        ),
        ("k73.mat", b"MATLAB 7.3 MAT-file, Platform: GLNXA64"),
        ("k.npz", b"PK\x03\x04\x14\0"),
        ("k.yml.gz", b"\x1f\x8b\x08\0"),
        ("latin.toml", b"weights = [[1]]\n# caf\xe9\n"),
        ("large.toml", &large),
        ("most.toml", &large[1..]),
        ("empty.toml", b""),
        ("wrong.toml", b"\n mop = 1"),
    ]);
    let refused = |name: &str| message(&folder, KernelBank::read(folder.path().join(name)));
    assert_eq!(
        refused("noise.toml"),
        "noise.toml:1:1: not UTF-8 text at byte 0: `\\x89\\x6e\\x6f\\x69`; \
         a kernel file is TOML, saved as UTF-8"
    );
    for (name, said) in [
        (
            "photo.png",
            "this is a picture, PNG; name a kernel, and the picture as the input",
        ),
        (
            "k.mat",
            "this is a MAT-file of MATLAB (version 5 to 7), not text; \
             write the matrix as text, by writematrix(k, 'kernel.csv')",
        ),
        (
            "k73.mat",
            "this is a MAT-file of MATLAB (version 7.3, HDF5), not text; \
             write the matrix as text, by writematrix(k, 'kernel.csv')",
        ),
        (
            "k.npz",
            "this is a ZIP archive, as NumPy's .npz is; save one array alone as .npy, by numpy.save",
        ),
        ("k.yml.gz", "this is compressed by gzip; unpack it first"),
    ] {
        assert_eq!(refused(name), format!("{name}:1:1: {said}"));
    }
    assert_eq!(
        refused("latin.toml"),
        "latin.toml:2:6: not UTF-8 text at byte 21: `\\xe9\\x0a`; \
         a kernel file is TOML, saved as UTF-8"
    );
    assert_eq!(
        refused("large.toml"),
        "large.toml: the file is larger than 16 MiB; name a kernel file, not an image"
    );
    assert!(refused("most.toml").starts_with("most.toml:1:1: the file has no weights;"));
    assert!(refused("empty.toml").starts_with("empty.toml:1:1: the file is empty;"));
    assert!(refused("wrong.toml").starts_with("wrong.toml:2:2: unknown key: `mop`;"));
    assert_eq!(
        refused("none.toml"),
        "none.toml: there is no such kernel file; check the path"
    );
    assert_eq!(
        message(&folder, KernelBank::read(folder.path())),
        format!(
            "{}: this is a directory, not a kernel file; name a file in it",
            folder.path().display()
        )
    );
}

#[test]
fn a_file_comes_before_the_built_in_kernel_of_its_name() {
    let folder = folder(&[
        ("sobel.toml", b"weights = [[7]]"),
        ("mine.toml", b"weights = [[8]]"),
    ]);
    let bank = KernelBank::resolve(folder.path().join("sobel.toml")).unwrap();
    assert_eq!((bank.name(), bank.kernels()[0].sum()), ("sobel", 7.0));
    for argument in ["sobel", "sobel.toml"] {
        assert_eq!(
            KernelBank::resolve(argument).unwrap(),
            KernelBank::builtin("sobel").unwrap()
        );
    }
    assert_eq!(KernelBank::resolve("edges").unwrap().name(), "outline");
    // A path that leads nowhere is a mistake, even if the program has such a kernel.
    assert_eq!(
        message(
            &folder,
            KernelBank::resolve(folder.path().join("prewitt.toml"))
        ),
        "there is no kernel file `prewitt.toml` and no built-in kernel of that name; \
         did you mean `prewitt`?"
    );
    let text = message(&folder, KernelBank::resolve(folder.path().join("mine")));
    assert!(text.contains("did you mean `mine.toml`"), "{text}");
}

#[test]
fn a_directory_does_not_hide_a_built_in_kernel() {
    // Tests run in the package's folder, which has these.
    let text = KernelBank::resolve("src").unwrap_err().to_string();
    assert_eq!(
        text,
        "src: this is a directory, not a kernel file; name a file in it"
    );
    let folder = folder(&[]);
    fs::create_dir(folder.path().join("sobel")).unwrap();
    assert!(KernelBank::resolve(folder.path().join("sobel")).is_err());
}

#[test]
fn a_slip_is_answered_with_the_nearest_names() {
    let text = |argument: &str| KernelBank::resolve(argument).unwrap_err().to_string();
    assert_eq!(
        text("sobell"),
        "there is no kernel file `sobell` and no built-in kernel of that name; \
         did you mean `sobel` or `sobel5`?"
    );
    assert_eq!(
        text("photograph.toml"),
        "there is no kernel file `photograph.toml` and no built-in kernel of that name"
    );
    assert!(text("Gaussian-5").contains("did you mean `gaussian5`"));
    assert!(text("").starts_with("there is no kernel file ``"));
    assert!(text("a\nb").starts_with("there is no kernel file `a\\nb`"));
}
