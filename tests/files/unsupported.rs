//! Sound files of kinds that are not read: none is called damaged, and each error says what it is
//! and what to do.

use std::{fs, path::Path};

use serde_json::Value;
use stridekern::{
    Error,
    codec::{self, Limits},
    error::InputError,
};

#[test]
fn sound_files_of_other_kinds_are_not_called_damaged() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/unsupported");
    let text = fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let (mut seen, mut wrong) = (0, Vec::new());
    for entry in expected["files"].as_array().unwrap() {
        let name = entry["file"].as_str().unwrap();
        let what = entry["what"].as_str().unwrap();
        match codec::read(&folder.join(name), &Limits::default()) {
            Err(Error::Input(error)) => {
                let text = error.to_string();
                let is_unsupported = matches!(
                    error,
                    InputError::Unsupported { .. }
                        | InputError::UnsupportedKind { .. }
                        | InputError::NoColours { .. }
                        | InputError::ArrayType { .. }
                        | InputError::ArrayOfRecords
                );
                let says_what_to_do = text.ends_with(" first")
                    || text.contains("; save ")
                    || text.ends_with(": name up to four of them");
                if !is_unsupported || !text.starts_with(what) || !says_what_to_do {
                    wrong.push(format!("{name}: {text}"));
                }
            }
            other => wrong.push(format!("{name}: {other:?}")),
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert_eq!(seen, 42);
    assert_eq!(fs::read_dir(folder).unwrap().count(), seen + 1);
}
