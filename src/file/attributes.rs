//! Attributes of files: owner and group, permissions, and extended attributes, access control
//! lists (ACLs) among them.

#[cfg(unix)]
use std::ffi::OsString;
use std::{
    fs::{File, Metadata},
    io,
    path::Path,
};

use crate::warning::Warning;

/// The attributes of a file, to be copied to another.
#[derive(Debug, Clone)]
pub(crate) struct Attributes {
    file: Metadata,
    #[cfg(unix)]
    extended: Vec<(OsString, Vec<u8>)>,
    /// A warning if its extended attributes could not be read.
    #[cfg(unix)]
    unread: Option<String>,
}

/// The POSIX access control list.
#[cfg(unix)]
const ACCESS: &str = "system.posix_acl_access";

/// Extended attributes that hold for this content only and are never copied: capabilities and
/// signatures.
#[cfg(unix)]
const NEVER: [&str; 3] = ["security.capability", "security.ima", "security.evm"];

impl Attributes {
    /// All attributes of the file at `path`, which has this metadata.
    #[cfg(unix)]
    pub(crate) fn of(path: &Path, file: &Metadata) -> Self {
        Self::of_those(path, file, |name| !NEVER.iter().any(|never| name == *never))
    }

    /// Only the attributes that control access.
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
            // A file system without extended attributes.
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
        Self { file: file.clone() }
    }

    #[cfg(not(unix))]
    pub(super) fn access(path: &Path, file: &Metadata) -> Self {
        Self::of(path, file)
    }

    /// Sets the attributes on `file` as far as the system allows. Returns a warning, one line
    /// each, for what could not be set.
    ///
    /// The set-user-ID and set-group-ID bits are copied only if owner and group are: with
    /// another owner they would grant other rights.
    #[cfg(unix)]
    pub(super) fn apply_to(&self, file: &File) -> io::Result<Vec<Warning>> {
        use std::{
            fs::Permissions,
            os::unix::fs::{MetadataExt, PermissionsExt},
        };
        let mut warnings = Vec::new();
        let (owner, group) = self.apply_owner(file)?;
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
        let failed = self.apply_extended(file);
        if failed.iter().any(|(name, _)| name == ACCESS) {
            // With an ACL, the group bits are its mask: the most that it grants to anybody.
            kept &= !0o070;
        }
        // With an ACL, this sets the same mask again.
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

    /// Sets owner and group; returns whether `file` has each.
    #[cfg(unix)]
    fn apply_owner(&self, file: &File) -> io::Result<(bool, bool)> {
        use std::os::unix::fs::{MetadataExt, fchown};
        let (uid, gid) = (self.file.uid(), self.file.gid());
        let now = file.metadata()?;
        if (now.uid(), now.gid()) != (uid, gid) && fchown(file, Some(uid), Some(gid)).is_err() {
            // Without privileges, an owner may still change the group to one of their own.
            // Whether that worked is checked below.
            let _ = fchown(file, None, Some(gid));
        }
        let now = file.metadata()?;
        Ok((now.uid() == uid, now.gid() == gid))
    }

    /// Sets the extended attributes; returns those that could not be set, and why.
    #[cfg(unix)]
    fn apply_extended(&self, file: &File) -> Vec<(OsString, io::Error)> {
        use xattr::FileExt;
        if !self.extended.iter().any(|(name, _)| name == ACCESS) {
            // The file may have inherited an ACL from its folder, which would grant access that
            // the original did not. Fails if there is none.
            let _ = file.remove_xattr(ACCESS);
        }
        let mut failed = Vec::new();
        for (name, value) in &self.extended {
            // Security labels are often set by the system already, and only it may set them.
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
    pub(super) fn apply_to(&self, file: &File) -> io::Result<Vec<Warning>> {
        file.set_permissions(self.file.permissions())?;
        Ok(Vec::new())
    }
}
