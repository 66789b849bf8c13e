//! Interruptions of long work: Python sees its progress and may stop it.

use std::ops::ControlFlow;

use pyo3::prelude::*;

/// Calls `progress(stage, done, total)`, if there is one, after a look whether the user has interrupted (Ctrl-C).
pub(crate) fn tell(
    py: Python<'_>,
    progress: Option<&Py<PyAny>>,
    stage: &str,
    done: usize,
    total: usize,
) -> PyResult<()> {
    py.check_signals()?;
    progress.map_or(Ok(()), |progress| {
        progress.call1(py, (stage, done, total)).map(|_| ())
    })
}

/// Watches work that does not hold the GIL, and keeps what Python raised.
pub(crate) struct Watch {
    progress: Option<Py<PyAny>>,
    raised: Option<PyErr>,
}

impl Watch {
    pub(crate) fn new(progress: Option<Py<PyAny>>) -> Self {
        Self {
            progress,
            raised: None,
        }
    }

    /// As [`tell`]; the work is to stop where Python raised something.
    pub(crate) fn look(&mut self, stage: &str, done: usize, total: usize) -> ControlFlow<()> {
        match Python::attach(|py| tell(py, self.progress.as_ref(), stage, done, total)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.raised = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    /// The exception that Python raised.
    pub(crate) fn into_result(self) -> PyResult<()> {
        self.raised.map_or(Ok(()), Err)
    }
}
