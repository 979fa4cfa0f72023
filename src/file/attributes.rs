//! What a file is beside its content: its owner and group, its permissions, and
//! its extended attributes, of which access control lists are some.

#[cfg(unix)]
use std::ffi::OsString;
use std::{
    fs::{File, Metadata},
    io,
    path::Path,
};

use crate::warning::Warning;

/// The attributes of a file that another one gets.
#[derive(Debug, Clone)]
pub(crate) struct Attributes {
    file: Metadata,
    #[cfg(unix)]
    extended: Vec<(OsString, Vec<u8>)>,
    /// Why its extended attributes are not known.
    unread: Option<String>,
}

/// The list of who may do what, beyond owner, group and others.
#[cfg(unix)]
const ACCESS: &str = "system.posix_acl_access";

/// Of these, none may pass to another content: rights of a program, and
/// signatures.
#[cfg(unix)]
const NEVER: [&str; 3] = ["security.capability", "security.ima", "security.evm"];

impl Attributes {
    /// All of the file at `path`, of which this is known.
    #[cfg(unix)]
    pub(crate) fn of(path: &Path, file: &Metadata) -> Self {
        Self::of_those(path, file, |name| !NEVER.iter().any(|never| name == *never))
    }

    /// Only those that say who may do what with it.
    #[cfg(unix)]
    pub(super) fn access(path: &Path, file: &Metadata) -> Self {
        Self::of_those(path, file, |name| name == ACCESS)
    }

    #[cfg(unix)]
    fn of_those(path: &Path, file: &Metadata, wanted: impl Fn(&OsString) -> bool) -> Self {
        let read = || -> io::Result<Vec<_>> {
            let names = xattr::list_deref(path)?.filter(wanted);
            let mut extended = Vec::new();
            for name in names {
                if let Some(value) = xattr::get_deref(path, &name)? {
                    extended.push((name, value));
                }
            }
            Ok(extended)
        };
        let (extended, unread) = match read() {
            Ok(extended) => (extended, None),
            // A file system without any.
            Err(error) if error.kind() == io::ErrorKind::Unsupported => (Vec::new(), None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        Self {
            file: file.clone(),
            extended,
            unread,
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn of(_: &Path, file: &Metadata) -> Self {
        Self {
            file: file.clone(),
            unread: None,
        }
    }

    #[cfg(not(unix))]
    pub(super) fn access(path: &Path, file: &Metadata) -> Self {
        Self::of(path, file)
    }

    /// Gives them to `file`, as far as the system allows, and says in one line
    /// each what was not kept.
    ///
    /// The bits that run a file with the rights of its owner or group stay only
    /// where both are kept: of another owner, they would give away other rights.
    #[cfg(unix)]
    pub(super) fn give(&self, file: &File) -> io::Result<Vec<Warning>> {
        use std::{
            fs::Permissions,
            os::unix::fs::{MetadataExt, PermissionsExt},
        };
        let mut warnings = Vec::new();
        let (owner, group) = self.give_owner(file)?;
        let mode = self.file.mode() & 0o7777;
        let mut kept = if owner && group { mode } else { mode & 0o777 };
        let lost: Vec<_> = [
            (!owner, "its owner"),
            (!group, "its group"),
            (kept != mode, "its set-ID and sticky bits"),
        ]
        .into_iter()
        .filter_map(|(lost, what)| lost.then_some(what))
        .collect();
        if !lost.is_empty() {
            let now = file.metadata()?;
            warnings.push(
                format!(
                    "the system did not let it keep {}: it belongs to user {} and group {} now",
                    lost.join(" and "),
                    now.uid(),
                    now.gid()
                )
                .into(),
            );
        }
        let failed = self.give_extended(file);
        if failed.iter().any(|(name, _)| name == ACCESS) {
            // The bits of the group are then those of the most that the list
            // gives to anybody on it.
            kept &= !0o070;
        }
        // With an access list, this sets the same again.
        file.set_permissions(Permissions::from_mode(kept))?;
        if let Some((_, reason)) = failed.first() {
            let names: Vec<_> = failed
                .iter()
                .map(|(name, _)| name.to_string_lossy())
                .collect();
            warnings.push(
                format!(
                    "the system did not let it keep its extended attributes {} ({reason})",
                    names.join(", ")
                )
                .into(),
            );
        }
        if let Some(reason) = &self.unread {
            warnings.push(format!("its extended attributes were not kept: {reason}").into());
        }
        Ok(warnings)
    }

    /// Whether `file` has this owner and this group by now.
    #[cfg(unix)]
    fn give_owner(&self, file: &File) -> io::Result<(bool, bool)> {
        use std::os::unix::fs::{MetadataExt, fchown};
        let (uid, gid) = (self.file.uid(), self.file.gid());
        let now = file.metadata()?;
        if (now.uid(), now.gid()) != (uid, gid) && fchown(file, Some(uid), Some(gid)).is_err() {
            // Owners may pass a file on to a group of theirs; what became of
            // that is looked at.
            let _ = fchown(file, None, Some(gid));
        }
        let now = file.metadata()?;
        Ok((now.uid() == uid, now.gid() == gid))
    }

    /// Those that could not be given, and why.
    #[cfg(unix)]
    fn give_extended(&self, file: &File) -> Vec<(OsString, io::Error)> {
        use xattr::FileExt;
        if !self.extended.iter().any(|(name, _)| name == ACCESS) {
            // It may have one by its folder, which gives others rights. Where
            // there is none, or no such thing, there is none to remove.
            let _ = file.remove_xattr(ACCESS);
        }
        let mut failed = Vec::new();
        for (name, value) in &self.extended {
            // Labels of the system are often there already, and not ours to set.
            let there = file.get_xattr(name).ok().flatten();
            if there.as_ref() == Some(value) {
                continue;
            }
            if let Err(error) = file.set_xattr(name, value) {
                failed.push((name.clone(), error));
            }
        }
        failed
    }

    #[cfg(not(unix))]
    pub(super) fn give(&self, file: &File) -> io::Result<Vec<Warning>> {
        file.set_permissions(self.file.permissions())?;
        Ok(self.unread.iter().cloned().collect())
    }
}
