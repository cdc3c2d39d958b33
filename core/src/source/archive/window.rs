//! Reading a part of an open file without moving a shared position.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

/// Fills `buffer` from `offset` on.
pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset);
    #[cfg(not(unix))]
    {
        let mut window = Window { file: Arc::new(file.try_clone()?), offset, left: buffer.len() as u64 };
        window.read_exact(buffer)
    }
}

/// Some bytes of a file, as a reader.
pub(super) struct Window {
    pub(super) file: Arc<File>,
    pub(super) offset: u64,
    pub(super) left: u64,
}

impl Read for Window {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        #[cfg(unix)]
        let got = std::os::unix::fs::FileExt::read_at(&*self.file, &mut buffer[..most], self.offset)?;
        #[cfg(windows)]
        let got = std::os::windows::fs::FileExt::seek_read(&*self.file, &mut buffer[..most], self.offset)?;
        self.offset += got as u64;
        self.left -= got as u64;
        Ok(got)
    }
}
