//! The functions of the module, as WebAssembly exports them.
//!
//! A request is made in three steps: `fer_input` makes room for its bytes, the caller writes them there, and one of the functions
//! below does the work and returns the length of its answer, JSON that begins at `fer_output`. No function takes a pointer.

// Without a fixed name nothing could be called; no other module shares these names.
#![allow(unsafe_code)]

use std::cell::RefCell;

use serde::Serialize;

use crate::answer::About;
use crate::error::Result;
use crate::session::{Handle, Session};

thread_local! {
    static SESSION: RefCell<Session> = RefCell::default();
}

fn with<T>(work: impl FnOnce(&mut Session) -> T) -> T {
    SESSION.with_borrow_mut(work)
}

fn answer<T: Serialize>(work: impl FnOnce(&mut Session) -> Result<T>) -> usize {
    with(|session| {
        let result = work(session);
        session.answer(result)
    })
}

/// Returns the address of a buffer for `length` bytes of input; it holds until the next call.
#[unsafe(no_mangle)]
extern "C" fn fer_input(length: usize) -> *mut u8 {
    with(|session| session.room(length).as_mut_ptr())
}

/// Returns the address of the last answer.
#[unsafe(no_mangle)]
extern "C" fn fer_output() -> *const u8 {
    with(|session| session.output().as_ptr())
}

/// Answers with names and limits.
#[unsafe(no_mangle)]
extern "C" fn fer_about() -> usize {
    answer(|_| Ok(About::THIS_BUILD))
}

/// Makes an analyzer and answers with its handle. Input: `options_length` bytes of JSON, then the content of a model file.
#[unsafe(no_mangle)]
extern "C" fn fer_open_analyzer(options_length: usize) -> usize {
    answer(|session| session.open_analyzer(options_length))
}

/// Answers with the faces of an image. Input: RGBA, `width * height * 4` bytes.
#[unsafe(no_mangle)]
extern "C" fn fer_analyze(analyzer: Handle, width: u32, height: u32) -> usize {
    answer(|session| session.analyze(analyzer, width, height))
}

/// Makes a stream for the frames of one video and answers with its handle. Input: options as JSON.
#[unsafe(no_mangle)]
extern "C" fn fer_open_stream(analyzer: Handle) -> usize {
    answer(|session| session.open_stream(analyzer))
}

/// Answers with the faces of the next frame, taken at `time` seconds, and whose they are. Input: as for `fer_analyze`.
#[unsafe(no_mangle)]
extern "C" fn fer_push_frame(stream: Handle, time: f64, width: u32, height: u32) -> usize {
    answer(|session| session.push_frame(stream, time, width, height))
}

/// Answers with an error if an image file is not to be decoded. Input: its content.
#[unsafe(no_mangle)]
extern "C" fn fer_check_file() -> usize {
    answer(|session| session.check_file())
}

/// Answers with the error of an image file that the browser does not decode. Input: its content.
#[unsafe(no_mangle)]
extern "C" fn fer_undecodable() -> usize {
    answer(|session| session.undecodable())
}

/// Lets an analyzer or a stream go.
#[unsafe(no_mangle)]
extern "C" fn fer_close(handle: Handle) {
    with(|session| session.close(handle));
}
