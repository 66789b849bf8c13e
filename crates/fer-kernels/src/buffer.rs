//! Aligned memory that is kept and used again.

use std::alloc::{self, Layout};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::slice;
use std::sync::{Mutex, PoisonError};

#[cfg(target_os = "linux")]
use memmap2::Advice;
use memmap2::MmapMut;

/// Bytes: a cache line, and an AVX-512 register.
const ALIGNMENT: usize = 64;

/// Bytes from which on a buffer gets pages of its own.
const MIN_PAGES_BYTES: usize = 1 << 20;

/// Bytes of a huge page on x86-64 and on most of AArch64; elsewhere, buffers are only rounded up more than need be.
const HUGE_PAGE: usize = 2 << 20;

/// A fixed number of `f32`, aligned to a cache line. Starts as zeros.
///
/// A large one lies in pages of its own, which Linux is asked to make huge: a network's first answer would otherwise wait for
/// thousands of page faults, and every later one for the address translations of as many pages.
#[derive(Debug)]
pub(crate) struct Buffer {
    start: NonNull<f32>,
    len: usize,
    /// The pages that `start` points into, unless it came from the allocator.
    pages: Option<MmapMut>,
}

// SAFETY: a buffer owns its memory, as a `Box<[f32]>` does.
unsafe impl Send for Buffer {}
// SAFETY: shared access only reads.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// `len` zeros.
    pub(crate) fn new(len: usize) -> Self {
        if len == 0 {
            return Self::default();
        }
        let layout = Self::layout(len);
        if let Some(mut pages) = pages(layout.size())
            && let Some(start) = NonNull::new(pages.as_mut_ptr().cast())
        {
            return Self {
                start,
                len,
                pages: Some(pages),
            };
        }
        // SAFETY: the layout is not empty.
        let start = unsafe { alloc::alloc_zeroed(layout) };
        match NonNull::new(start.cast()) {
            Some(start) => Self {
                start,
                len,
                pages: None,
            },
            None => alloc::handle_alloc_error(layout),
        }
    }

    fn layout(len: usize) -> Layout {
        match Layout::array::<f32>(len).and_then(|layout| layout.align_to(ALIGNMENT)) {
            Ok(layout) => layout,
            Err(_) => unreachable!("network sizes are checked long before they reach {len} values"),
        }
    }
}

/// Pages of zeros for a large buffer; `None` for a small one, and where the system has none to give.
fn pages(bytes: usize) -> Option<MmapMut> {
    if cfg!(miri) || bytes < MIN_PAGES_BYTES {
        return None;
    }
    let pages = MmapMut::map_anon(bytes.next_multiple_of(HUGE_PAGE)).ok()?;
    // Without huge pages all is as it would be, only slower.
    #[cfg(target_os = "linux")]
    let _ = pages.advise(Advice::HugePage);
    Some(pages)
}

impl Default for Buffer {
    fn default() -> Self {
        Self {
            start: NonNull::dangling(),
            len: 0,
            pages: None,
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.len > 0 && self.pages.is_none() {
            // SAFETY: without pages, `new` allocated `start` with this layout.
            unsafe { alloc::dealloc(self.start.as_ptr().cast(), Self::layout(self.len)) };
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: `start` holds `len` initialized values, or `len` is 0 and it is aligned.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `deref`, and the borrow is exclusive.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        let mut copy = Self::new(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

/// Buffers in waiting. Fresh memory costs a page fault every 4 KiB, so scratch memory is handed back here rather than freed.
#[derive(Debug, Default)]
pub(crate) struct ScratchPool {
    free: Mutex<Vec<Buffer>>,
}

impl ScratchPool {
    /// A buffer of at least `len` values, whatever they are. It comes back when dropped.
    pub(crate) fn take(&self, len: usize) -> Recycled<'_> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = free
            .iter()
            .enumerate()
            .filter(|(_, buffer)| buffer.len >= len)
            .min_by_key(|(_, buffer)| buffer.len)
            .map(|(index, _)| index);
        let buffer = match fitting {
            Some(index) => free.swap_remove(index),
            None => {
                // The largest one that is too small makes room, so that few large buffers remain rather than many small ones.
                let largest = free.iter().enumerate().max_by_key(|(_, buffer)| buffer.len);
                if let Some((index, _)) = largest {
                    free.swap_remove(index);
                }
                drop(free);
                Buffer::new(len)
            }
        };
        Recycled { buffer, pool: self }
    }
}

/// A buffer on loan from a [`ScratchPool`].
#[derive(Debug)]
pub(crate) struct Recycled<'a> {
    buffer: Buffer,
    pool: &'a ScratchPool,
}

impl Deref for Recycled<'_> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.buffer
    }
}

impl DerefMut for Recycled<'_> {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.buffer
    }
}

impl Drop for Recycled<'_> {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        let free = &self.pool.free;
        free.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(buffer);
    }
}

/// Borrowed values that several threads read and write, each in turn or at places of its own.
///
/// Copies share the values. Nothing here checks that threads keep apart: reading and writing is unsafe for that reason.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SharedMut<'a> {
    start: *mut f32,
    len: usize,
    values: PhantomData<&'a mut [f32]>,
}

// SAFETY: a borrow of `f32`, which may be used on any thread; readers and writers guarantee the absence of data races.
unsafe impl Send for SharedMut<'_> {}
// SAFETY: as above.
unsafe impl Sync for SharedMut<'_> {}

impl<'a> SharedMut<'a> {
    pub(crate) fn new(values: &'a mut [f32]) -> Self {
        Self {
            start: values.as_mut_ptr(),
            len: values.len(),
            values: PhantomData,
        }
    }

    pub(crate) fn len(self) -> usize {
        self.len
    }

    /// The values before `middle` and those from it on.
    pub(crate) fn split_at(self, middle: usize) -> (Self, Self) {
        assert!(middle <= self.len);
        let first = Self {
            len: middle,
            ..self
        };
        let rest = Self {
            // SAFETY: `middle` is at most the number of values.
            start: unsafe { self.start.add(middle) },
            len: self.len - middle,
            ..self
        };
        (first, rest)
    }

    /// A pointer to the value at `offset`.
    ///
    /// # Safety
    /// There are more than `offset` values. No other thread writes to what is read there meanwhile, nor uses what is written.
    #[inline(always)]
    pub(crate) unsafe fn at(self, offset: usize) -> *mut f32 {
        debug_assert!(offset < self.len);
        // SAFETY: the caller guarantees the offset.
        unsafe { self.start.add(offset) }
    }

    /// The values, to read.
    ///
    /// # Safety
    /// Nothing writes to the values while the slice is used.
    pub(crate) unsafe fn read(self) -> &'a [f32] {
        // SAFETY: `start` and `len` are those of a slice borrowed for `'a`; the caller guarantees the rest.
        unsafe { slice::from_raw_parts(self.start, self.len) }
    }

    /// The values, to write.
    ///
    /// # Safety
    /// Nothing else uses the values while the slice is used.
    pub(crate) unsafe fn write(self) -> &'a mut [f32] {
        // SAFETY: `start` and `len` are those of a slice borrowed for `'a`; the caller guarantees the rest.
        unsafe { slice::from_raw_parts_mut(self.start, self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_zeroed_and_aligned() {
        for len in [0, 1, 15, 1000, MIN_PAGES_BYTES / 4, 1_000_001] {
            let buffer = Buffer::new(len);
            assert_eq!(buffer.len(), len);
            assert!(buffer.iter().all(|&value| value == 0.0));
            assert!(len == 0 || (buffer.as_ptr() as usize).is_multiple_of(ALIGNMENT));
        }
    }

    #[test]
    fn memory_comes_back() {
        let pool = ScratchPool::default();
        let first = pool.take(100).as_ptr();
        let second = pool.take(80);
        assert_eq!(first, second.as_ptr());
        let third = pool.take(100);
        assert_ne!(second.as_ptr(), third.as_ptr());
    }

    #[test]
    fn the_smallest_fitting_buffer_is_taken() {
        let pool = ScratchPool::default();
        drop((pool.take(100), pool.take(10)));
        assert_eq!(pool.take(5).len(), 10);
        assert_eq!(pool.take(50).len(), 100);
    }
}
