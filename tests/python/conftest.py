"""Images that the tests share: the drawn faces and photos that come with the repository."""

import shutil
import socket
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """No test may open a connection: the package has no business on the network."""

    def refusing(connect):
        def guarded(self, address):
            # Processes of this machine talk through sockets of files.
            if self.family == getattr(socket, "AF_UNIX", None):
                return connect(self, address)
            raise AssertionError("a connection was opened")

        return guarded

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refusing(getattr(socket.socket, name)))


@pytest.fixture(scope="session")
def examples():
    return ROOT / "examples"


@pytest.fixture(scope="session")
def faces(examples):
    """The drawn dataset."""
    return examples / "faces"


@pytest.fixture(scope="session")
def face(faces):
    """Path of one drawn face."""
    return sorted((faces / "test" / "happy").iterdir())[0]


@pytest.fixture(scope="session")
def photo(examples):
    """Path of a drawn photo with several people."""
    return examples / "photos" / "group.jpg"


@pytest.fixture
def dataset(faces, tmp_path):
    """A few drawn faces per class, as a dataset of its own."""
    root = tmp_path / "data"
    for split in ("train", "validation", "test"):
        for emotion in ("happy", "sad", "neutral", "surprise"):
            folder = root / split / emotion
            folder.mkdir(parents=True)
            for file in sorted((faces / split / emotion).iterdir())[:6]:
                shutil.copy(file, folder)
    return root
