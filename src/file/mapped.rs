//! Memory-mapped files: only the pages that are read are loaded.

#![allow(
    unsafe_code,
    reason = "mapping a file is unsafe, since others can change it; see `MappedFile`"
)]

use std::{fs::File, path::Path};

use bytemuck::AnyBitPattern;
use memmap2::Mmap;

use super::open::open_file;
use crate::{
    error::{Error, InputError, IoAction, Result},
    view::StridedView,
};

/// A memory-mapped file: a slice of bytes that may be larger than memory.
///
/// Mapping is for files that nobody changes meanwhile. If another process
/// writes to the file, the bytes seen change, and a result mixes old and new.
/// If it cuts the file short, reading what is gone ends this process by a
/// signal (`SIGBUS`), as in every program that maps files; outputs under
/// construction are then left as temporary files, and outputs in their place
/// are not harmed. Replacing a file by renaming, as this program does, is safe:
/// the mapping keeps the old one.
#[derive(Debug)]
pub struct MappedFile {
    map: Mmap,
}

impl MappedFile {
    /// Maps the file at `path` for reading.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be opened or mapped, [`Error::Input`] if it
    /// is no regular file or empty.
    pub fn open(path: &Path) -> Result<Self> {
        let file = open_file(path)?;
        Self::of(&file)
    }

    pub(crate) fn of(file: &File) -> Result<Self> {
        let metadata = file.metadata().map_err(|e| Error::io(IoAction::Read, e))?;
        if !metadata.is_file() {
            return Err(InputError::NotRegular.into());
        }
        if metadata.len() == 0 {
            return Err(InputError::Empty.into());
        }
        // SAFETY: the map is read only and private to `self`, so nothing in
        // this process writes to it. Another process may: every type that the
        // bytes are read as is valid for any bit pattern (`AnyBitPattern`), no
        // length or offset that bounds an access is read from the map twice,
        // and a file cut short raises a signal, which no code runs past. What
        // is left is that a value may differ between two reads of it, on which
        // no memory access depends.
        let map = unsafe { Mmap::map(file) };
        let map = map.map_err(|e| Error::io(IoAction::Map, e))?;
        Ok(Self { map })
    }

    /// All bytes of the file.
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// Elements of type `T`, in this machine's byte order and in C order, from
    /// byte `offset` on: for raw files, whose shape and type only the caller knows.
    ///
    /// # Errors
    ///
    /// [`Error::Input`] if `offset` lies outside the file or is not aligned for
    /// `T`; [`Error::Layout`] if the file has too few elements.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::codec::MappedFile;
    ///
    /// let path = std::env::temp_dir().join(format!("stridekern-{}.raw", std::process::id()));
    /// std::fs::write(&path, [9, 0, 1, 2, 3, 4, 5])?;
    /// let file = MappedFile::open(&path)?;
    /// let view = file.view::<u8, 2>([2, 3], 1)?;
    /// assert_eq!(view[[1, 2]], 5);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn view<T: AnyBitPattern, const N: usize>(
        &self,
        shape: [usize; N],
        offset: usize,
    ) -> Result<StridedView<'_, T, N>> {
        Ok(StridedView::from_slice(self.elements(offset)?, shape)?)
    }

    /// The whole elements from byte `offset` on.
    pub(crate) fn elements<T: AnyBitPattern>(&self, offset: usize) -> Result<&[T]> {
        let bytes = self.bytes().get(offset..).ok_or_else(|| {
            let len = self.bytes().len();
            InputError::Outside { offset, len }
        })?;
        let size = size_of::<T>().max(1);
        bytemuck::try_cast_slice(&bytes[..bytes.len() - bytes.len() % size])
            .map_err(|_| InputError::Unaligned { offset, size }.into())
    }
}
