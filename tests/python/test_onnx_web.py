"""The code for browsers in docs/onnx.md: ONNX Runtime in Chromium gives the probabilities of ``fer``.

``cargo xtask test`` installs the runtime's package of npm into target/engines.
"""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fer

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "target" / "engines" / "node_modules" / "onnxruntime-web" / "dist"

pytestmark = pytest.mark.skipif(
    not RUNTIME.exists(), reason="no onnxruntime-web: npm install --prefix target/engines onnxruntime-web"
)

PAGE = """<!doctype html><link rel=icon href=data:,><title>test</title>
<script type="importmap">{"imports": {"onnxruntime-web/wasm": "/runtime/ort.wasm.bundle.min.mjs"}}</script>
<script type="module">
CODE
window.probabilities = async (url) => {
  const image = await createImageBitmap(await (await fetch(url)).blob());
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d").drawImage(image, 0, 0);
  return predict(canvas);
};
</script>"""


@pytest.fixture(scope="module")
def code():
    """The page's code for browsers, as the document shows it."""
    (block,) = re.findall(r"```js\n(.*?)```", (ROOT / "docs" / "onnx.md").read_text(), re.DOTALL)
    return block


@pytest.fixture
def page(open_page, serve, code, tmp_path):
    """A page with the code of the document, beside the model and images in ``tmp_path``."""
    fer.export("crowd", tmp_path / "crowd.onnx")
    places = {"/page/": PAGE.replace("CODE", code), "/runtime/": RUNTIME, "/": tmp_path}
    page = open_page(serve(places))
    page.wait_for_function("() => 'probabilities' in window")
    return page


def probabilities(page, path):
    found = page.evaluate("(url) => probabilities(url)", f"/{path.name}")
    assert list(found) == list(fer.EMOTIONS)
    return list(found.values())


def test_crops_of_the_model_s_size_have_the_same_probabilities(page, faces, tmp_path):
    for emotion in fer.EMOTIONS:
        path = tmp_path / f"{emotion}.png"
        Image.open(faces / "test" / emotion / f"{emotion}_000.jpg").convert("L").resize((48, 48)).save(path)
        expected = np.asarray(fer.predict(path, faces="whole"))[0]
        np.testing.assert_allclose(probabilities(page, path), expected, atol=1e-4)


def test_larger_crops_differ_by_what_the_document_says(page, face, tmp_path):
    path = tmp_path / "large.png"
    Image.open(face).resize((200, 200), Image.Resampling.BICUBIC).save(path)
    expected = np.asarray(fer.predict(path, faces="whole"))[0]
    np.testing.assert_allclose(probabilities(page, path), expected, atol=0.05)
