"""The exceptions are one small tree."""

import pickle

import pytest

import fer
from fer import exceptions


@pytest.mark.parametrize("name", exceptions.__all__)
def test_all_are_fer_errors_and_survive_pickling(name):
    cls = getattr(exceptions, name)
    assert issubclass(cls, fer.FerError)
    assert getattr(fer, name) is cls
    error = pickle.loads(pickle.dumps(cls("what happened", "some_kind", "a/path")))
    assert (type(error), str(error), error.kind, error.path) == (cls, "what happened", "some_kind", "a/path")


def test_missing_things_are_file_not_found_too():
    for cls in (
        fer.ImageNotFoundError,
        fer.ModelNotFoundError,
        fer.DatasetNotFoundError,
        fer.RunNotFoundError,
        fer.VideoNotFoundError,
    ):
        assert issubclass(cls, FileNotFoundError)
    assert issubclass(fer.ConfigError, ValueError)
