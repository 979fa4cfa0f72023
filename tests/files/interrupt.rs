//! What an interrupted program leaves behind: nothing.

use std::{env, fs, io::Write, process::Command};

use stridekern::codec::{AtomicFile, Overwrite, remove_temporaries};

#[test]
fn temporary_files_are_removed_and_no_more_are_made() {
    // In a process of its own, since it makes no temporary files afterwards.
    const ALONE: &str = "STRIDEKERN_ALONE";
    if env::var_os(ALONE).is_none() {
        let this = "interrupt::temporary_files_are_removed_and_no_more_are_made";
        let mut program = Command::new(env::current_exe().unwrap());
        let run = (program.args(["--exact", this]).env(ALONE, "1").output()).unwrap();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (whole, begun) = (folder.path().join("whole"), folder.path().join("begun"));
    let mut file = AtomicFile::create(&whole, Overwrite::Refuse).unwrap();
    file.write_all(b"all of it").unwrap();
    file.commit().unwrap();
    let mut file = AtomicFile::create(&begun, Overwrite::Refuse).unwrap();
    file.write_all(b"a part").unwrap();

    remove_temporaries();
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(left, [whole]);
    assert!(file.commit().is_err());
    assert!(!begun.exists());
    assert!(AtomicFile::create(&begun, Overwrite::Refuse).is_err());
}
