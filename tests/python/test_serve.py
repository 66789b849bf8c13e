"""The example that serves faces behind HTTP, and a server whose workers are forked after a prediction."""

import importlib.util
import json
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

import fer

SECONDS = 60


@pytest.fixture(scope="module")
def serve(examples):
    spec = importlib.util.spec_from_file_location("serve", examples / "serve.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def client(serve):
    return TestClient(serve.app)


def test_an_image_is_answered_with_its_faces_and_a_notice(client, photo):
    answer = client.post("/faces", content=photo.read_bytes())
    assert answer.status_code == 200
    assert answer.json()["faces"] == json.loads(json.dumps(fer.predict(photo).to_dict()["faces"]))
    assert "not stored" in answer.json()["notice"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"", "corrupt_image"), (b"no image", "unsupported_image"), (b"\xff\xd8\xff", "corrupt_image")],
)
def test_a_bad_image_is_refused_with_its_kind(client, content, kind):
    answer = client.post("/faces", content=content)
    assert (answer.status_code, answer.json()["error"]["kind"]) == (422, kind)


def test_an_image_that_is_too_long_is_refused_before_it_is_read_whole(client, serve):
    sent = []

    def parts():
        for number in range(100):
            sent.append(number)
            yield b"0" * (1 << 20)

    answer = client.post("/faces", content=parts())
    assert (answer.status_code, answer.json()["error"]["kind"]) == (413, "image_too_large")
    assert str(serve.LIMIT) in answer.json()["error"]["message"]


def test_requests_at_once_are_all_answered(client, photo, face):
    contents = [photo.read_bytes(), face.read_bytes(), b"no image"] * 4
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda content: client.post("/faces", content=content), contents))
    assert [answer.status_code for answer in answers] == [200, 200, 422] * 4
    assert all(answer.json() == answers[0].json() for answer in answers[::3])


PRELOADED = """
import json
import fer

FACE = {face!r}
HERE = fer.predict_batch([FACE] * 4, progress=False)[0].to_dict()


def app(environ, start_response):
    found = fer.predict_batch([FACE] * 4, progress=False)[0].to_dict()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"same" if found == HERE else b"different"]
"""


@pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs fork")
def test_workers_that_gunicorn_forks_from_a_process_that_predicted(tmp_path, face):
    (tmp_path / "preloaded.py").write_text(PRELOADED.format(face=str(face)), encoding="utf-8")
    address = tmp_path / "socket"
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--bind", f"unix:{address}"]
    server = subprocess.Popen([*command, "preloaded:app"], cwd=tmp_path)
    try:
        wait_for(address, server)
        for _ in range(4):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(SECONDS)
                connection.connect(str(address))
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                answer = b"".join(iter(lambda: connection.recv(4096), b""))
            assert answer.endswith(b"same"), answer
    finally:
        server.terminate()
        server.wait(SECONDS)


def wait_for(address, server):
    give_up = time.monotonic() + SECONDS
    while not address.exists():
        assert server.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.05)
