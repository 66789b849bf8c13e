"""Writes the JPEG corpus: drawn images in each sampling, scan layout and size, and Pillow's pixels of them.

corpus.bin holds the files one after the other; corpus.json lists, per file, its name, its length in bytes,
and the SHA-256 of Pillow's pixels (gray or RGB), or `null` for a legal file that is refused as unsupported.

python tests/data/jpeg/generate.py  # Pillow 13 (libjpeg-turbo 3.2); cjpeg and jpegtran of libjpeg-turbo 2.1
"""

import hashlib
import io
import json
import random
import subprocess
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

HERE = Path(__file__).parent
SIZES = [(17, 11), (43, 35)]
SAMPLINGS = {
    "444": "1x1,1x1,1x1",
    "422": "2x1,1x1,1x1",
    "440": "1x2,1x1,1x1",
    "420": "2x2,1x1,1x1",
    "411": "4x1,1x1,1x1",
    "410": "4x2,1x1,1x1",
    "1x4": "1x4,1x1,1x1",
    "2x4": "2x4,1x1,1x1",
    "3x1": "3x1,1x1,1x1",
    "all-2x1": "2x1,2x1,2x1",
    "all-2x2": "2x2,2x2,2x2",
    "mixed": "2x2,2x1,1x2",
    "mixed-tall": "1x2,1x2,1x1",
    "cr-finer": "2x2,1x1,2x2",
    "finer-2x1": "1x1,2x1,2x1",
    "finer-1x2": "1x1,1x2,1x2",
    "finer-2x2": "1x1,2x2,2x2",
    "finer-crossed": "1x2,2x1,1x1",
    "finer-cb": "2x1,4x1,1x1",
}
SPECTRAL = "0: 1-5, 0, 2; 2: 1-63, 0, 1; 1: 1-63, 0, 1; 0: 6-63, 0, 2; 0: 1-63, 2, 1;"
REFINED = "2: 1-63, 1, 0; 1: 1-63, 1, 0; 0: 1-63, 1, 0;"
LAYOUTS = {
    "interleaved": "0 1 2;",
    "separate": "0;1;2;",
    "reversed": "2;0;1;",
    "luma-first": "0;1 2;",
    "luma-with-cb": "0 1;2;",
    "progressive": f"0 1 2: 0-0, 0, 1; {SPECTRAL} 0 1 2: 0-0, 1, 0; {REFINED}",
    "progressive-separate": f"0: 0-0, 0, 0; 2: 0-0, 0, 0; 1: 0-0, 0, 0; {SPECTRAL} {REFINED}",
}


def drawn(size: tuple[int, int], seed: int) -> Image.Image:
    """Draws overlapping disks of strong colors with some noise, so that chroma has edges everywhere."""
    rng = random.Random(seed)
    image = Image.new("RGB", size, (90, 140, 200))
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, radius = rng.uniform(0, size[0]), rng.uniform(0, size[1]), rng.uniform(2, max(size) / 3)
        draw.ellipse(
            (x - radius, y - radius, x + radius, y + radius), fill=tuple(rng.randrange(256) for _ in "rgb")
        )
    noise = Image.frombytes("RGB", size, bytes(rng.randrange(24) for _ in range(size[0] * size[1] * 3)))
    return Image.blend(image, noise, 0.25)


def cjpeg(image: Image.Image, *options: str, scans: str | None = None) -> bytes:
    ppm = io.BytesIO()
    image.save(ppm, "PPM")
    with tempfile.NamedTemporaryFile("w", suffix=".scans") as script:
        if scans:
            script.write(scans)
            script.flush()
            options = (*options, "-scans", script.name)
        return subprocess.run(
            ["cjpeg", *options], input=ppm.getvalue(), capture_output=True, check=True
        ).stdout


def pillow(image: Image.Image, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def fits(factors: str, scans: str) -> bool:
    """Tells whether no scan has more than the ten blocks per unit that the standard allows."""
    blocks = [int(factor[0]) * int(factor[2]) for factor in factors.split(",")]
    members = [scan.split(":")[0].split() for scan in scans.strip(";").split(";")]
    return all(len(scan) == 1 or sum(blocks[int(member)] for member in scan) <= 10 for scan in members)


def with_marker(jpeg: bytes, marker: int, edit) -> bytes:
    """Returns `jpeg` with its first segment of this marker edited, or without it if that gives None."""
    at = jpeg.index(bytes([0xFF, marker]), 2)
    end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    content = edit(jpeg[at + 4 : end])
    if content is None:
        return jpeg[:at] + jpeg[end:]
    return jpeg[: at + 2] + (len(content) + 2).to_bytes(2, "big") + content + jpeg[end:]


def cases():
    for seed, size in enumerate(SIZES):
        image = drawn(size, seed)
        width, height = size
        name = f"{width}x{height}"
        for sampling, factors in SAMPLINGS.items():
            for layout, scans in LAYOUTS.items():
                if fits(factors, scans):
                    options = ("-quality", "75", "-sample", factors)
                    yield f"{name} {sampling} {layout}", cjpeg(image, *options, scans=scans)
            options = ("-quality", "60", "-sample", factors, "-restart", "2B")
            yield f"{name} {sampling} restarts", cjpeg(image, *options, scans="0;1;2;")
        yield f"{name} gray", cjpeg(image, "-grayscale")
        yield f"{name} gray all-2x2", cjpeg(image, "-grayscale", "-sample", "2x2")
        yield f"{name} gray progressive", cjpeg(image, "-grayscale", "-progressive")
        yield f"{name} progressive of cjpeg", cjpeg(image, "-progressive", "-quality", "90", "-restart", "1")
        yield f"{name} quality 1", cjpeg(image, "-quality", "1")
        yield f"{name} quality 100 optimized", cjpeg(image, "-quality", "100", "-optimize")
        rgb = cjpeg(image, "-rgb", "-quality", "80")
        yield f"{name} RGB by its marker", rgb
        yield f"{name} RGB by its component names", with_marker(rgb, 0xEE, lambda _: None)
        plain = cjpeg(image, "-quality", "80")
        yield f"{name} neither JFIF nor Adobe", with_marker(plain, 0xE0, lambda _: None)
        yield f"{name} without an end marker", plain.removesuffix(b"\xff\xd9") + bytes(9)
        yield f"{name} bytes after the end", plain + b"\xff\xd8\xff\xc0 trailing"
        yield f"{name} fill bytes before markers", plain.replace(b"\xff\xc4", b"\xff\xff\xff\xc4")
        cmyk = pillow(image.convert("CMYK"), quality=80)
        yield f"{name} CMYK", cmyk
        yield f"{name} CMYK without an Adobe marker", with_marker(cmyk, 0xEE, lambda _: None)
        yield f"{name} YCCK", with_marker(cmyk, 0xEE, lambda content: content[:-1] + b"\2")
        yield (
            f"{name} YCCK progressive",
            with_marker(
                pillow(image.convert("CMYK"), quality=80, progressive=True),
                0xEE,
                lambda content: content[:-1] + b"\2",
            ),
        )
    for side in range(1, 10):
        image = drawn((side, 12 - side), side)
        for sampling in ("444", "422", "440", "420", "finer-2x2"):
            yield f"{side}x{12 - side} {sampling}", cjpeg(image, "-sample", SAMPLINGS[sampling])


def unsupported():
    image = drawn(SIZES[0], 0)
    yield "arithmetic", cjpeg(image, "-arithmetic")
    yield "arithmetic progressive", cjpeg(image, "-arithmetic", "-progressive")
    plain = cjpeg(image, "-sample", "3x1,1x1,1x1")
    yield (
        "chroma of two thirds",
        with_marker(plain, 0xC0, lambda content: content[:10] + b"\x21" + content[11:]),
    )
    yield (
        "12 bits",
        with_marker(plain, 0xC0, lambda content: b"\x0c" + content[1:]).replace(b"\xff\xc0", b"\xff\xc1"),
    )
    yield "lossless", plain.replace(b"\xff\xc0", b"\xff\xc3")
    yield "hierarchical", plain.replace(b"\xff\xc0", b"\xff\xc5")


def digest(jpeg: bytes) -> str:
    image = Image.open(io.BytesIO(jpeg))
    return hashlib.sha256((image if image.mode == "L" else image.convert("RGB")).tobytes()).hexdigest()


def main() -> None:
    files = [(name, jpeg, digest(jpeg)) for name, jpeg in cases()] + [
        (name, jpeg, None) for name, jpeg in unsupported()
    ]
    (HERE / "corpus.bin").write_bytes(b"".join(jpeg for _, jpeg, _ in files))
    entries = [{"name": name, "bytes": len(jpeg), "pixels": pixels} for name, jpeg, pixels in files]
    lines = ",\n".join(json.dumps(entry) for entry in entries)
    (HERE / "corpus.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
