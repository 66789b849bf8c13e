"""`fer` in the browser: the page on a disk and the npm package answer as the command, and ask no network.

`cargo xtask web` builds both.
"""

import hashlib
import json
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

import fer

ROOT = Path(__file__).parents[2]
WEB = ROOT / "target" / "web"
MODELS = ROOT / "crates" / "fer-core" / "models"
PAGE = WEB / "fer.html"

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="no page: cargo xtask web builds it")


@pytest.fixture
def opened(open_page):
    """The page on the disk, ready."""
    return ready(open_page(PAGE))


def ready(page):
    page.wait_for_selector("html[data-ready]")
    return page


def look_at(page, files, path):
    """Hands files to the page and returns what it saves as JSON."""
    page.set_input_files("#photos", files)
    # Playwright's functions that wait would be evaluated in the page, which its policy forbids.
    expect(page.locator("#status")).to_have_text(
        re.compile(r"\d photos?(, \d+ not readable)?\.$"), timeout=60_000
    )
    with page.expect_download() as download:
        page.click("#save-json")
    download.value.save_as(path)
    return json.loads(path.read_text())


def as_png(source, path, size=None):
    """Writes an image without loss, so that every decoder reads the same pixels."""
    image = Image.open(source).convert("RGB")
    (image.resize(size) if size else image).save(path, compress_level=1)
    return path


def assert_same(found, expected):
    """Compares the faces that the page found with those of the Python package."""
    assert len(found) == len(expected) > 0
    for face, other in zip(found, expected, strict=True):
        # The square of a face in a photo is found in floating point: a pixel at the edge of two gray levels
        # may be rounded the other way.
        tolerance = 2e-3 if other.box else 1e-6
        assert face["box"] == (list(other.box) if other.box else None)
        assert face["emotion"] == other.emotion
        assert face["probabilities"] == pytest.approx(dict(other.probabilities), abs=tolerance)
        assert face["uncertain"] == other.uncertain
        assert face["label_set"] == other.label_set()


@pytest.fixture
def small_and_large(photo, face, tmp_path):
    """A photo as it is and without loss, the same at 12 megapixels, and a face crop.

    The JPEG is decoded by Chromium's libjpeg, whose bits the package's decoder gives.
    """
    return [
        photo,
        as_png(photo, tmp_path / "group.png"),
        as_png(photo, tmp_path / "large.png", (4000, 3000)),
        as_png(face, tmp_path / "face.png"),
    ]


@pytest.mark.parametrize("model", ["crowd", "folder"])
def test_answers_are_those_of_the_package(opened, small_and_large, tmp_path, model):
    opened.select_option("#model", model)
    opened.wait_for_selector(f"html[data-ready={model}]")
    answers = look_at(opened, small_and_large, tmp_path / "answers.json")
    classifier = fer.Classifier(model)
    for answer, file in zip(answers, small_and_large, strict=True):
        assert answer["path"] == file.name
        assert_same(answer["faces"], classifier.predict(file).faces)


def test_sample_faces_are_named_right(opened, faces, tmp_path):
    files = [
        sorted((faces / "test" / label).iterdir())[0] for label in ("happy", "sad", "neutral", "surprise")
    ]
    answers = look_at(opened, files, tmp_path / "answers.json")
    named = [answer["faces"][0]["emotion"] for answer in answers]
    assert named == [fer.predict(file).faces[0].emotion for file in files]


def test_bad_files_are_told_and_the_others_unharmed(opened, photo, tmp_path):
    good = as_png(photo, tmp_path / "group.png")
    whole = good.read_bytes()
    bad = {
        "text.jpg": (b"no image at all", "unsupported_image"),
        "empty.png": (b"", "corrupt_image"),
        "cut.png": (whole[: len(whole) // 8], "corrupt_image"),
        "cut.jpg": (photo.read_bytes()[:20_000], "corrupt_image"),
        "phone.heic": (b"\0\0\0\x18ftypheic" + bytes(64), "unsupported_image"),
    }
    files = [{"name": name, "mimeType": "", "buffer": content} for name, (content, _) in bad.items()]
    files.append({"name": "group.png", "mimeType": "image/png", "buffer": whole})
    answers = look_at(opened, files, tmp_path / "answers.json")
    kinds = {answer["path"]: answer["error"] and answer["error"]["kind"] for answer in answers}
    assert kinds == {**{name: kind for name, (_, kind) in bad.items()}, "group.png": None}
    assert opened.locator(".card .error").count() == len(bad)
    assert "5 not readable" in opened.text_content("#status")


def test_table_is_saved_with_the_columns_of_the_command(opened, photo, tmp_path):
    look_at(opened, [photo], tmp_path / "answers.json")
    with opened.expect_download() as download:
        opened.click("#save-csv")
    lines = Path(download.value.path()).read_text().splitlines()
    columns = "path,face,x,y,width,height,score,emotion,confidence,"
    columns += "uncertain,label_set,happy,sad,neutral,surprise,other"
    assert lines[0] == columns
    assert len(lines) == 1 + opened.locator("#photo-panel .faces > li").count()


def test_page_cannot_ask_the_network(opened, open_page):
    refused = opened.evaluate("fetch('http://127.0.0.1:9/').then(() => 'answered', () => 'refused')")
    assert refused == "refused"
    assert all("Content Security Policy" in fault for fault in open_page.faults)
    assert open_page.faults
    open_page.faults.clear()


@pytest.fixture
def camera(launch, examples, tmp_path):
    """A browser whose camera shows the clip over and over."""
    clip = tmp_path / "clip.mjpeg"
    clip.write_bytes(b"".join(file.read_bytes() for file in sorted((examples / "clip").iterdir())))
    return launch(
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={clip}",
    )


def test_camera_is_off_until_asked_and_follows_people(open_page, camera):
    page = ready(open_page(PAGE, browser=camera, permissions=["camera"]))
    button = page.get_by_role("button", name="Switch the camera on")
    assert button.get_attribute("aria-pressed") == "false"
    assert page.locator("#video-panel").is_hidden()
    button.press("Enter")
    page.wait_for_selector("#screen .box")
    page.wait_for_selector("#timeline svg")
    expect(page.locator("#screen-faces .answer").first).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Switch the camera off").click()
    expect(page.locator("#status")).to_have_text("Camera off.", timeout=30_000)
    assert page.locator("#table tbody tr").count() > 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits_a_phone(open_page, phone, photo, tmp_path, scheme):
    page = ready(open_page(PAGE, **phone, color_scheme=scheme))
    look_at(page, [photo], tmp_path / "answers.json")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    heights = page.evaluate(
        """[...document.querySelectorAll("button, select")]
            .filter((control) => control.offsetParent)
            .map((control) => control.offsetHeight)"""
    )
    assert min(heights) >= 40


@pytest.fixture
def served(open_page, serve):
    """A page beside the files of the npm package."""
    title = "<!doctype html><link rel=icon href=data:,><title>test</title>"
    return open_page(serve({"/": title, "/package/": WEB / "package"}))


def test_package_analyzes_what_a_page_has(served, face):
    pixels = list(Image.open(face).convert("RGBA").resize((48, 48)).tobytes())
    answers = served.evaluate(
        """async (pixels) => {
            const { Analyzer, WorkerAnalyzer } = await import("/package/index.js");
            const image = new ImageData(new Uint8ClampedArray(pixels), 48, 48);
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [48, 48];
            canvas.getContext("2d").putImageData(image, 0, 0);
            const blob = await new Promise((resolve) => canvas.toBlob(resolve));
            const [near, far] = [await Analyzer.create(), await WorkerAnalyzer.create()];
            const answers = [];
            for (const analyzer of [near, far])
                for (const source of [image, canvas, blob]) answers.push(await analyzer.analyze(source));
            return answers;
        }""",
        pixels,
    )
    assert all(answer == answers[0] for answer in answers)
    image = Image.frombytes("RGBA", (48, 48), bytes(pixels)).convert("RGB")
    assert_same(answers[0]["faces"], fer.predict(image).faces)


@pytest.mark.parametrize("model", fer.MODELS)
def test_models_are_put_together_as_they_were(served, model):
    digest = served.evaluate(
        """async (model) => {
            const { modelBytes } = await import("/package/files.js");
            const digest = await crypto.subtle.digest("SHA-256", await modelBytes(model));
            return [...new Uint8Array(digest)];
        }""",
        model,
    )
    content = (MODELS / f"{model}.safetensors").read_bytes()
    assert bytes(digest) == hashlib.sha256(content).digest()
    assert (WEB / "package" / f"{model}.model").stat().st_size == len(content) + len("fer split model\n")


def test_package_throws_errors_with_kinds(served):
    kinds = served.evaluate(
        """async () => {
            const { Analyzer, FerError, WorkerAnalyzer } = await import("/package/index.js");
            const kindOf = (error) => (error instanceof FerError ? error.kind : String(error));
            const kind = (promise) => promise.then(() => "none", kindOf);
            const wide = Object.assign(document.createElement("canvas"), { width: 40000, height: 1 });
            const analyzer = await Analyzer.create();
            const stream = analyzer.stream();
            const image = new ImageData(100, 100);
            await stream.push(1, image);
            const kinds = {
                model: await kind(Analyzer.create({ model: "best" })),
                rubbish: await kind(Analyzer.create({ model: new Uint8Array(10) })),
                option: await kind(WorkerAnalyzer.create({ face: "auto" })),
                source: await kind(analyzer.analyze("photo.jpg")),
                text: await kind(analyzer.analyze(new Blob(["text"]))),
                time: await kind(stream.push(1, image)),
                large: await kind(analyzer.analyze(wide)),
            };
            analyzer.close();
            kinds.closed = await kind(analyzer.analyze(image));
            kinds.after = await kind(stream.push(2, image));
            return kinds;
        }"""
    )
    assert kinds == {
        "model": "unknown_model",
        "rubbish": "invalid_model",
        "option": "invalid_argument",
        "source": "invalid_argument",
        "text": "unsupported_image",
        "time": "invalid_argument",
        "large": "image_too_large",
        "closed": "invalid_argument",
        "after": "none",
    }


def test_memory_is_flat_over_many_frames(served, examples):
    frames = [list(file.read_bytes()) for file in sorted((examples / "clip").iterdir())[:4]]
    sizes = served.evaluate(
        """async (frames) => {
            const instantiate = WebAssembly.instantiate;
            let instance;
            WebAssembly.instantiate = async (...values) => (instance = await instantiate(...values));
            const { Analyzer } = await import("/package/index.js");
            const stream = (await Analyzer.create()).stream();
            const bitmaps = [];
            for (const bytes of frames)
                bitmaps.push(await createImageBitmap(new Blob([new Uint8Array(bytes)])));
            const sizes = [];
            for (let frame = 0; frame < 500; frame++) {
                await stream.push(frame / 25, bitmaps[frame % bitmaps.length]);
                if (frame % 100 === 99) sizes.push(instance.exports.memory.buffer.byteLength);
            }
            return sizes;
        }""",
        frames,
    )
    assert len(sizes) == 5
    assert len(set(sizes)) == 1, sizes


def test_policy_names_no_host():
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', PAGE.read_text()).group(1)
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    assert "*" not in policy
