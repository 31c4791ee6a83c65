//! The system's allocator, except that running out of memory during a run is reported as the
//! run's failure instead of ending the process without a word.
//!
//! Rust aborts when an allocation fails, and a worker could not tell that from a crash. Nothing
//! here allocates.
#![expect(
    unsafe_code,
    reason = "an allocator can only be written with unsafe code; it passes everything on to the system's"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::sync::atomic::{AtomicI32, Ordering};

/// Set with [`report_to`]; −1 is nobody.
static REPORT_TO: [AtomicI32; 2] = [AtomicI32::new(-1), AtomicI32::new(-1)];

/// From now on a failed allocation writes a `failed` event to these file descriptors and ends
/// the process with status 1. A descriptor of −1 is left out.
pub fn report_to(descriptors: [i32; 2]) {
    for (slot, descriptor) in REPORT_TO.iter().zip(descriptors) {
        slot.store(descriptor, Ordering::Relaxed);
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Reporting;

// SAFETY: every method passes its arguments on to `System` under the caller's own guarantees
// and returns what it returns; reporting happens only when there is no memory to return.
unsafe impl GlobalAlloc for Reporting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's guarantees are `System`'s.
        checked(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's guarantees are `System`'s.
        checked(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's guarantees are `System`'s.
        checked(unsafe { System.realloc(memory, layout, size) }, size)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's guarantees are `System`'s.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[inline]
fn checked(memory: *mut u8, size: usize) -> *mut u8 {
    if memory.is_null() {
        give_up(size);
    }
    memory
}

/// Reports and exits, if somebody wants the report.
#[cold]
fn give_up(size: usize) {
    let descriptors = REPORT_TO.each_ref().map(|slot| slot.load(Ordering::Relaxed));
    if descriptors == [-1, -1] {
        return;
    }
    let mut line = [0u8; 256];
    let mut rest = line.as_mut_slice();
    let mib = size >> 20;
    let written = writeln!(
        rest,
        r#"{{"event":"failed","kind":"out_of_memory","message":"failed to allocate {mib} MiB; lower batch.micro_batch or batch.max_length","problem":{{"code":"allocation_failed","mib":{mib}}}}}"#
    );
    let left = rest.len();
    if written.is_err() {
        return;
    }
    let line = &line[..line.len() - left];
    let also_here = if descriptors.contains(&2) { -1 } else { 2 };
    for descriptor in descriptors.into_iter().chain([also_here]).filter(|d| *d >= 0) {
        // SAFETY: the pointer and length are those of an initialised buffer; a closed
        // descriptor only makes the call fail.
        unsafe { libc::write(descriptor, line.as_ptr().cast(), line.len()) };
    }
    // SAFETY: ends the process at once, without running code that might allocate.
    unsafe { libc::_exit(1) }
}
