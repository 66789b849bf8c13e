"""Measure `fer` in headless Chromium beside face-api.js, turn by turn in one page.

    cargo xtask web
    npm install --prefix peer @vladmandic/face-api@1.7.15 @tensorflow/tfjs-backend-wasm@4.22.0
    pip install playwright && python benches/web.py --peer peer/node_modules --document docs/web.md

Both sides run on the page's only thread, face-api.js with the SIMD kernels of TensorFlow.js for WebAssembly
(the page is not cross-origin isolated, as most are not). Times are of the processor, as Chromium counts them
for that thread, so that other programs on the machine do not show. Without ``--peer`` only this package is
measured.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import http.server
import io
import json
import shutil
import statistics
import threading
import time
from pathlib import Path
from typing import Any, ClassVar

from playwright.sync_api import Browser, Page, sync_playwright
from report import processor, write_between_marks

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "target" / "web"
GROUP = ROOT / "examples" / "photos" / "group.jpg"
CLIP = ROOT / "examples" / "clip"
FINDERS = sorted((ROOT / "crates" / "fer-vision" / "models").iterdir())

PREPARE = """async ({ photo, frames, peer }) => {
    const image = async (url) => createImageBitmap(await (await fetch(url)).blob());
    const pixels = (bitmap, width, height) => {
        const canvas = Object.assign(document.createElement("canvas"), { width, height });
        canvas.getContext("2d", { willReadFrequently: true }).drawImage(bitmap, 0, 0, width, height);
        return canvas;
    };
    const { Analyzer, WorkerAnalyzer } = await import("/ours/index.js");
    window.sides = {};
    const big = pixels(await image(photo), 640, 480);
    const first = await image(frames[0]);
    const crop = pixels(first, 48, 48);
    const data = crop.getContext("2d").getImageData(0, 0, 48, 48);
    for (const model of ["crowd", "folder"]) {
        const analyzer = await Analyzer.create({ model });
        const photos = await Analyzer.create({ model, faces: "find" });
        sides[`${model} crop`] = async () => (await analyzer.analyze(data)).faces.length;
        sides[`${model} photo`] = async () => (await photos.analyze(big)).faces.length;
    }
    const worker = await WorkerAnalyzer.create();
    const clip = [];
    for (const url of frames) clip.push(pixels(await image(url), 640, 480));
    window.frames_per_second = async (count) => {
        const stream = await worker.stream();
        const started = performance.now();
        let faces = 0;
        for (let n = 0; n < count; n++) {
            const found = await stream.push(n / 30, clip[n % clip.length]);
            faces += found.faces.length;
        }
        return { rate: (1000 * count) / (performance.now() - started), faces: faces / count };
    };
    if (!peer) return;
    const faceapi = await import("/peer/@vladmandic/face-api/dist/face-api.esm.js");
    faceapi.tf.setWasmPaths("/peer/@tensorflow/tfjs-backend-wasm/dist/");
    await faceapi.tf.setBackend("wasm");
    await faceapi.tf.ready();
    const models = "/peer/@vladmandic/face-api/model";
    await faceapi.nets.faceExpressionNet.loadFromUri(models);
    await faceapi.nets.tinyFaceDetector.loadFromUri(models);
    sides["face-api.js crop"] = async () => {
        await faceapi.nets.faceExpressionNet.predictExpressions(crop);
        return 1;
    };
    const options = new faceapi.TinyFaceDetectorOptions();
    sides["face-api.js photo"] = async () => {
        const found = await faceapi.detectAllFaces(big, options).withFaceExpressions();
        return found.length;
    };
    window.backend = faceapi.tf.getBackend();
}"""

ROUND = """async ({ name, count }) => {
    let faces = 0;
    for (let n = 0; n < count; n++) faces = await sides[name]();
    return faces;
}"""


class Files(http.server.SimpleHTTPRequestHandler):
    """Serves the package, the peer, the sample images and an empty page, and logs nothing."""

    folders: ClassVar[dict[str, Path]] = {}

    def translate_path(self, path: str) -> str:
        """Return the file of a path, whose first part names a folder."""
        first, _, rest = path.lstrip("/").partition("/")
        return str(self.folders.get(first, Path("/nonexistent")) / rest)

    def send_head(self) -> Any:
        """Answer with the empty page or a file."""
        if self.path != "/":
            return super().send_head()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        return io.BytesIO(b"<!doctype html><title>bench</title>")

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


def serve(peer: Path | None) -> http.server.ThreadingHTTPServer:
    """Start a server for everything that the page loads."""
    Files.folders = {"ours": WEB / "package", "examples": ROOT / "examples"} | (
        {"peer": peer} if peer else {}
    )
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def turn_by_turn(page: Page, rounds: int) -> dict[str, dict[str, float]]:
    """Return milliseconds of a call of each side, measured alternately."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def thread_seconds() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "ThreadTime")

    names = page.evaluate("Object.keys(sides)")
    times: dict[str, list[float]] = {name: [] for name in names}
    faces = {}
    for turn in range(rounds + 1):
        for name in names:
            count = 5 if name.endswith("photo") else 30
            before = thread_seconds()
            faces[name] = page.evaluate(ROUND, {"name": name, "count": count})
            if turn > 0:  # The first turn warms up the engine's compilers.
                times[name].append(1000 * (thread_seconds() - before) / count)
    return {
        name: {"median_ms": statistics.median(taken), "least_ms": min(taken), "faces": faces[name]}
        for name, taken in times.items()
    }


def first_answer(browser: Browser) -> float:
    """Return the seconds from opening the page on the disk to the answer for the sample photo."""
    page = browser.new_context().new_page()
    started = time.perf_counter()
    page.goto((WEB / "fer.html").as_uri())
    page.wait_for_selector("html[data-ready]")
    page.set_input_files("#photos", GROUP)
    page.wait_for_selector(".card")
    seconds = time.perf_counter() - started
    page.context.close()
    return seconds


def sizes() -> dict[str, float]:
    """Return compressed sizes in MB, as a server sends them with gzip."""

    def compressed(*files: Path) -> float:
        return sum(len(gzip.compress(file.read_bytes(), 9)) for file in files) / 1e6

    package = WEB / "package"
    scripts = sorted(package.glob("*.js"))
    whole = compressed(package / "fer.wasm", *scripts)
    return {
        "code_mb": whole - compressed(*FINDERS),
        "with_finder_and_crowd_mb": whole + compressed(package / "crowd.model"),
    }


# What the document calls a side's work, and how the names of our side and of the peer's begin.
ROWS = [
    ("one face crop, `crowd`", "crowd crop", "face-api.js crop"),
    ("one face crop, `folder`", "folder crop", "face-api.js crop"),
    ("photo of 640x480 with five faces, `crowd`", "crowd photo", "face-api.js photo"),
    ("photo of 640x480 with five faces, `folder`", "folder photo", "face-api.js photo"),
]


def described(figures: dict[str, Any]) -> str:
    """Return the figures as tables in Markdown."""
    sides = figures["sides"]

    def cell(name: str) -> str:
        side = sides.get(name)
        return f"{side['median_ms']:.1f} ({side['least_ms']:.1f})" if side else ""

    lines = ["| ms | `fer` | face-api.js |", "|---|---|---|"]
    lines += [f"| {what} | {cell(ours)} | {cell(theirs)} |" for what, ours, theirs in ROWS]
    lines += ["", f"Of the photo's five faces `fer` finds {sides['crowd photo']['faces']}"]
    peer = sides.get("face-api.js photo")
    lines[-1] += f", face-api.js's tiny detector {peer['faces']}." if peer else "."
    rate, first, sizes = figures["frames_per_second"]["rate"], figures["first_answer_s"], figures["sizes"]
    where = processor()
    lines += [
        "",
        "| | |",
        "|---|---|",
        f"| frames of 640x480 with one face per second, in a worker | {rate:.0f} |",
        f"| page opened from the disk to the sample photo's answer, median (least) of five"
        f" | {first['median']:.2f} s ({first['least']:.2f} s) |",
        f"| code, compressed (gzip) | {sizes['code_mb']:.2f} MB |",
        f"| code, face finder, framing network and `crowd`, compressed"
        f" | {sizes['with_finder_and_crowd_mb']:.2f} MB |",
        "",
        f"Chromium {figures['chromium']}; {where['cpu']}, {where['cores']} cores, "
        f"load {where['load']:.1f} at the end.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", type=Path, help="the node_modules with face-api.js")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--document", type=Path, help="write the figures between the marks of this file")
    arguments = parser.parse_args()
    server = serve(arguments.peer)
    frames = [f"/examples/clip/{file.name}" for file in sorted(CLIP.iterdir())]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium") or None)
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.evaluate(
            PREPARE, {"photo": "/examples/photos/group.jpg", "frames": frames, "peer": bool(arguments.peer)}
        )
        figures: dict[str, Any] = {"chromium": browser.version, "sizes": sizes()}
        figures["sides"] = turn_by_turn(page, arguments.rounds)
        figures["frames_per_second"] = max(
            (page.evaluate("frames_per_second(120)") for _ in range(3)), key=lambda answer: answer["rate"]
        )
        page.close()
        answers = [first_answer(browser) for _ in range(5)]
        figures["first_answer_s"] = {"median": statistics.median(answers), "least": min(answers)}
        browser.close()
    server.shutdown()
    print(json.dumps(figures, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    if arguments.document:
        write_between_marks(arguments.document, "web", described(figures))


if __name__ == "__main__":
    main()
