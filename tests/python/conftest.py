"""Images that the tests share: the drawn faces and photos that come with the repository."""

import http.server
import io
import shutil
import socket
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")

# Addresses that leave no machine: files, pages inside a page, and servers that a test starts itself.
LOCAL = ("file:", "data:", "blob:", "about:", "http://127.0.0.1:", "http://localhost:")


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


@pytest.fixture(scope="session")
def make_dataset(faces):
    """Makes a dataset of a few drawn faces per class in a new folder."""

    def make(root):
        for split in ("train", "validation", "test"):
            for emotion in ("happy", "sad", "neutral", "surprise"):
                folder = root / split / emotion
                folder.mkdir(parents=True)
                for file in sorted((faces / split / emotion).iterdir())[:6]:
                    shutil.copy(file, folder)
        return root

    return make


@pytest.fixture
def dataset(make_dataset, tmp_path):
    """A few drawn faces per class, as a dataset of its own."""
    return make_dataset(tmp_path / "data")


@pytest.fixture(scope="module")
def launch():
    """Starts a headless Chromium or Chrome with arguments of its own.

    The driver is started once for a module: while it runs, no test of the thread can run an event loop of
    its own.
    """
    from playwright.sync_api import Error, sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    found = {"executable_path": program} if program else {"channel": "chrome"}
    with sync_playwright() as driver:
        started = []

        def launch_one(*arguments):
            try:
                started.append(driver.chromium.launch(**found, args=list(arguments)))
            except Error as error:
                pytest.skip(f"chromium does not start: {str(error).splitlines()[0]}")
            return started[-1]

        yield launch_one
        for browser in started:
            browser.close()


@pytest.fixture(scope="module")
def browser(launch):
    """A headless Chromium or Chrome."""
    return launch()


@pytest.fixture
def open_page(browser):
    """Opens a file or an address in a window of its own; `options` are those of a Playwright context.

    With `browser`, it is one of `launch`.

    The test fails if one of its pages asks for something from the network, or reports an error; `faults`
    lists them.
    """
    contexts, faults = [], []

    def refuse(route):
        faults.append(f"asked for {route.request.url}")
        route.abort()

    def open_one(target, **options):
        context = options.pop("browser", browser).new_context(**options)
        contexts.append(context)
        context.route(lambda url: not url.startswith(LOCAL), refuse)
        context.on("weberror", lambda error: faults.append(f"failed: {error.error}"))
        context.on("console", lambda line: line.type == "error" and faults.append(f"said: {line.text}"))
        page = context.new_page()
        page.goto(target.resolve().as_uri() if isinstance(target, Path) else target)
        return page

    open_one.faults = faults
    yield open_one
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def serve():
    """Serves texts and folders by the beginnings of their addresses, and gives the first address."""
    servers = []

    def serve_one(places):
        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def send_head(self):
                if not isinstance(page := places.get(self.path), str):
                    return super().send_head()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                return io.BytesIO(page.encode())

            def translate_path(self, path):
                prefix = next(name for name in sorted(places, key=len, reverse=True) if path.startswith(name))
                self.directory = str(places[prefix])
                return super().translate_path(path.removeprefix(prefix))

        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}{next(iter(places))}"

    yield serve_one
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def phone():
    """Options of `open_page` for a small window that is touched."""
    window = {"width": 390, "height": 844}
    return {"viewport": window, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
