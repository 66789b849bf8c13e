"""Writes the corpus of odd PNG, GIF, WebP, TIFF and PNM files, and Pillow's pixels of them.

corpus.bin holds the files one after the other; corpus.json lists, per file, its name, its length in bytes,
the SHA-256 of Pillow's upright RGB pixels, or `null` for a file that is refused, and whether it has more
frames or pages.

python tests/data/kinds/generate.py  # Pillow 13
"""

import hashlib
import io
import json
import random
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageChops, ImageOps

HERE = Path(__file__).parent
SIZE = (21, 13)
ORIENTATIONS = (3, 6, 8)
TYPES = {1: "B", 3: "H", 4: "I", 16: "Q"}


def drawn() -> Image.Image:
    """Draw an image without symmetry and with every level."""
    numbers = random.Random(3)
    return Image.frombytes("RGB", SIZE, numbers.randbytes(3 * SIZE[0] * SIZE[1]))


RGB = drawn()
GRAY = RGB.convert("L")
PALETTE = RGB.quantize(64)
# Many pairs of chroma, so that rounding shows.
YCBCR = Image.frombytes("YCbCr", (64, 64), bytes(n * k % 256 for n in range(64 * 64) for k in (37, 113, 251)))
INDICES = PALETTE.tobytes()
COLORS = bytes(PALETTE.getpalette()).ljust(768, b"\0")


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def exif(orientation: int) -> bytes:
    return struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, 0x112, 3, 1, orientation, 0, 0)


def xmp(orientation: int) -> bytes:
    return f'<x:xmpmeta><rdf:Description tiff:Orientation="{orientation}"/></x:xmpmeta>'.encode()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_with(before: bytes, *chunks: bytes) -> bytes:
    png = saved(RGB, "PNG")
    at = png.index(before) - 4
    return png[:at] + b"".join(chunks) + png[at:]


def pngs() -> Iterator[tuple[str, bytes]]:
    for turn in ORIENTATIONS:
        block, packet = exif(turn), xmp(turn)
        text = b"XML:com.adobe.xmp\0%b\0\0\0%b"
        for before in (b"IDAT", b"IEND"):
            yield f"png exif {turn} before {before.decode()}", png_with(before, chunk(b"eXIf", block))
            plain = chunk(b"iTXt", text % (b"\0\0", packet))
            yield f"png xmp {turn} before {before.decode()}", png_with(before, plain)
        packed = chunk(b"iTXt", text % (b"\1\0", zlib.compress(packet)))
        yield f"png xmp {turn} compressed", png_with(b"IDAT", packed)
        both = [chunk(b"eXIf", exif(1)), chunk(b"iTXt", text % (b"\0\0", packet))]
        yield f"png exif 1 and xmp {turn}", png_with(b"IDAT", *both)
        block = b"Exif\0\0" + block
        profile = b"\nexif\n%8d\n%b\n" % (len(block), block.hex().encode())
        name = b"Raw profile type exif\0"
        yield f"png profile {turn}", png_with(b"IDAT", chunk(b"tEXt", name + profile))
        packed = chunk(b"zTXt", name + b"\0" + zlib.compress(profile))
        yield f"png profile {turn} compressed", png_with(b"IDAT", packed)
    yield "png exif twice", png_with(b"IDAT", chunk(b"eXIf", exif(6)), chunk(b"eXIf", exif(3)))
    yield "png exif empty", png_with(b"IDAT", chunk(b"eXIf", b""))
    yield "png xmp without its text", png_with(b"IDAT", chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0"))
    yield "png xmp of damaged zlib", png_with(b"IDAT", chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0junk"))


def webps() -> Iterator[tuple[str, bytes]]:
    for turn in ORIENTATIONS:
        yield f"webp exif {turn}", saved(RGB, "WEBP", lossless=True, exif=exif(turn))
        yield f"webp xmp {turn}", saved(RGB, "WEBP", lossless=True, xmp=xmp(turn))
        both = saved(RGB, "WEBP", lossless=True, exif=exif(1), xmp=xmp(turn))
        yield f"webp exif 1 and xmp {turn}", both


def gif(canvas: tuple[int, int], *parts: bytes, colors: bytes = COLORS, background: int = 0) -> bytes:
    flags = 0x87 if colors else 0
    return struct.pack("<6s2H3B", b"GIF89a", *canvas, flags, background, 0) + colors + b"".join(parts) + b";"


def control(transparent: int | None = None, disposal: int = 0) -> bytes:
    flags = disposal << 2 | (transparent is not None)
    return struct.pack("<3s4BB", b"!\xf9\x04", flags, 0, 0, transparent or 0, 0)


def frame(left: int, top: int, box: tuple[int, int, int, int], colors: bytes = b"") -> bytes:
    part = PALETTE.crop(box)
    part.putpalette(COLORS)
    whole = saved(part, "GIF", optimize=False, interlace=0)
    at = whole.index(struct.pack("<4H", 0, 0, *part.size), 13)
    flags = whole[at + 8]
    data = at + 9 + (3 << (flags & 7) + 1 if flags & 128 else 0)
    head = struct.pack("<4HB", left, top, *part.size, 0x87 if colors else 0)
    return b"," + head + colors + whole[data:-1]


def gifs() -> Iterator[tuple[str, bytes]]:
    part, all_of_it, other = (3, 2, 15, 11), (0, 0, *SIZE), COLORS[::-1]
    yield "gif frame inside", gif(SIZE, frame(4, 1, part))
    yield "gif frame inside, background", gif(SIZE, frame(4, 1, part), background=5)
    yield "gif frame inside, transparent", gif(SIZE, control(7), frame(4, 1, part), background=5)
    yield "gif frame inside, own palette", gif(SIZE, frame(4, 1, part, other))
    yield "gif frame inside, own palette alone", gif(SIZE, frame(4, 1, part, other), colors=b"")
    yield "gif frame inside, own palette, transparent", gif(SIZE, control(9), frame(4, 1, part, other))
    yield "gif frame beyond the canvas", gif((10, 7), frame(4, 1, part))
    yield "gif frame larger than the canvas", gif((5, 5), frame(0, 0, all_of_it))
    yield "gif canvas of no size", gif((0, 0), frame(0, 0, all_of_it))
    yield "gif without a palette", gif(SIZE, frame(0, 0, all_of_it), colors=b"")
    yield "gif small frame, then a whole one", gif(SIZE, frame(4, 1, part), frame(0, 0, all_of_it))
    yield "gif of grays", saved(GRAY, "GIF")
    yield "gif interlaced", saved(RGB, "GIF", interlace=1)


def tiff(
    tags: dict[int, tuple[int, list[int]]], *chunks: bytes, order: str = "<", big: bool = False
) -> bytes:
    """Write one image; `tags` gives type and values by number, without the places of the data."""
    offset, count = ("Q", "Q") if big else ("I", "H")
    data = 16 if big else 8
    places = [data + sum(map(len, chunks[:index])) for index in range(len(chunks))]
    kind = 16 if big else 4
    all_tags = tags | {273: (kind, places), 279: (kind, [len(part) for part in chunks])}
    content = b"".join(chunks)
    entries = b""
    start = data + len(content) + len(content) % 2
    inline = struct.calcsize(f"{order}{offset}")
    after = start + struct.calcsize(f"={count}") + len(all_tags) * (4 + 2 * inline) + inline
    extra = b""
    for number, (kind, values) in sorted(all_tags.items()):
        value = struct.pack(f"{order}{len(values)}{TYPES[kind]}", *values)
        entries += struct.pack(f"{order}HH{offset}", number, kind, len(values))
        if len(value) > inline:
            entries += struct.pack(f"{order}{offset}", after + len(extra))
            extra += value + bytes(len(value) % 2)
        else:
            entries += value.ljust(inline, b"\0")
    mark = b"II" if order == "<" else b"MM"
    head = struct.pack(f"{order}HHHQ", 43, 8, 0, start) if big else struct.pack(f"{order}HI", 42, start)
    directory = struct.pack(f"{order}{count}", len(all_tags)) + entries + bytes(inline)
    return mark + head + content + bytes(len(content) % 2) + directory + extra


def tags(bits: list[int], photometric: int, **more: list[int]) -> dict[int, tuple[int, list[int]]]:
    """Return the tags of an image in one strip; `more` adds short values as `t317=[2]`."""
    width, height = SIZE
    values = {256: [width], 257: [height], 258: bits, 259: [1], 262: [photometric], 277: [len(bits)]}
    values |= {278: [height]} | {int(name[1:]): value for name, value in more.items()}
    return {number: (3, value) for number, value in values.items()}


def packed(levels: bytes, bits: int) -> bytes:
    """Pack the upper bits of each row."""
    width = SIZE[0]
    rows = (levels[start : start + width] for start in range(0, len(levels), width))
    texts = ("".join(f"{level >> (8 - bits):0{bits}b}" for level in row) for row in rows)
    padded = (text.ljust(-(-len(text) // 8) * 8, "0") for text in texts)
    return b"".join(int(text, 2).to_bytes(len(text) // 8, "big") for text in padded)


def tiffs() -> Iterator[tuple[str, bytes]]:
    levels = GRAY.tobytes()
    wide = [level * 257 for channel in range(3) for level in COLORS[channel::3]]
    for name, compression in (("plain", None), ("lzw", "tiff_lzw"), ("deflate", "tiff_adobe_deflate")):
        yield f"tiff palette {name}", saved(PALETTE, "TIFF", compression=compression)
        yield f"tiff cmyk {name}", saved(RGB.convert("CMYK"), "TIFF", compression=compression)
        yield f"tiff ycbcr {name}", saved(YCBCR, "TIFF", compression=compression)
    for bits in (1, 2, 4):
        data = packed(levels, bits)
        yield f"tiff gray of {bits} bits", tiff(tags([bits], 1), data)
        yield f"tiff white is zero of {bits} bits", tiff(tags([bits], 0), data)
        few = [color for channel in range(3) for color in wide[256 * channel : 256 * channel + (1 << bits)]]
        yield f"tiff palette of {bits} bits", tiff(tags([bits], 3, t320=few), data)
    for order in "<>":
        for big in (False, True):
            name = f"{'big ' if big else ''}tiff {order}"
            # Pillow reads BigTIFF of the one byte order only.
            if big and order == ">":
                continue
            yield f"{name} palette", tiff(tags([8], 3, t320=wide), INDICES, order=order, big=big)
            yield f"{name} gray", tiff(tags([8], 1), levels, order=order, big=big)
            yield f"{name} rgb", tiff(tags([8] * 3, 2), RGB.tobytes(), order=order, big=big)
    channels = [channel.tobytes() for channel in RGB.split()]
    yield "tiff planes", tiff(tags([8] * 3, 2, t284=[2]), *channels)
    yield "tiff gray and alpha", saved(Image.merge("LA", [GRAY, ImageChops.invert(GRAY)]), "TIFF")
    with_alpha = Image.merge("RGBA", [*RGB.split(), ImageChops.invert(GRAY)])
    yield "tiff rgba", saved(with_alpha, "TIFF")
    yield "tiff multiplied by alpha", tiff(tags([8] * 4, 2, t338=[1]), with_alpha.tobytes())
    for kind, image in (("rgb", RGB), ("gray", GRAY), ("ycbcr", RGB.convert("YCbCr"))):
        large = image.resize((150, 70))
        yield f"tiff jpeg {kind}", saved(large, "TIFF", compression="jpeg", quality=80)
        yield (
            f"tiff jpeg {kind} in strips",
            saved(large, "TIFF", compression="jpeg", quality=80, strip_size=150 * 16 * 3),
        )
    for turn in ORIENTATIONS:
        yield f"tiff orientation {turn}", saved(RGB, "TIFF", tiffinfo={274: turn})
        yield f"tiff xmp {turn}", saved(RGB, "TIFF", tiffinfo={700: xmp(turn)})
    pages = {"save_all": True, "append_images": [RGB.rotate(90)]}
    yield "tiff pages", saved(RGB, "TIFF", **pages)
    yield "tiff fax", saved(RGB.convert("1"), "TIFF", compression="group4")


def pnms() -> Iterator[tuple[str, bytes]]:
    for kind, image, channels in (("5", GRAY, 1), ("6", RGB, 3)):
        for brightest in (1, 2, 7, 100, 254, 256, 1000, 4095, 65534):
            head = b"P%s\n# drawn\n%d %d\n%d\n" % (kind.encode(), *SIZE, brightest)
            levels = [level * brightest // 255 for level in image.tobytes()]
            size = "B" if brightest < 256 else "H"
            binary = struct.pack(f">{len(levels)}{size}", *levels)
            yield f"pnm {channels} channels to {brightest}", head + binary
            text = " ".join(map(str, levels)).encode()
            plain = head.replace(b"P" + kind.encode(), b"P%d" % (int(kind) - 3))
            yield f"pnm {channels} channels to {brightest}, plain", plain + text + b"\n"


def refused() -> Iterator[tuple[str, bytes]]:
    levels = GRAY.tobytes()
    yield "tiff lab", saved(Image.merge("LAB", RGB.split()), "TIFF")
    yield "tiff zstd", saved(RGB, "TIFF", compression="zstd")
    for name, values, code, bits, form in (
        ("whole numbers beyond 16 bits", (level << 20 for level in levels), "I", 32, 1),
        ("whole numbers below zero", (level - 128 for level in levels), "h", 16, 2),
        ("bytes in a wide type", levels, "I", 32, 1),
        ("floats to 255", levels, "f", 32, 3),
    ):
        data = struct.pack(f"<{len(levels)}{code}", *values)
        yield f"tiff {name}", tiff(tags([bits], 1, t339=[form]), data)


def measured() -> Iterator[tuple[str, bytes, bytes]]:
    """Give files of wide samples with the levels that are right."""
    levels = GRAY.tobytes()
    for name, values, code, bits, form in (
        ("signed 16 bits", (level * 128 for level in levels), "h", 16, 2),
        ("32 bits", (level * 257 for level in levels), "I", 32, 1),
        ("signed 32 bits", (level * 257 for level in levels), "i", 32, 2),
        ("half floats", (level / 255 for level in levels), "e", 16, 3),
        ("floats", (level / 255 for level in levels), "f", 32, 3),
        ("doubles", (level / 255 for level in levels), "d", 64, 3),
    ):
        right = bytes((level * 128 + 128) // 257 for level in levels) if name == "signed 16 bits" else levels
        data = struct.pack(f"<{len(levels)}{code}", *values)
        yield f"tiff {name}", tiff(tags([bits], 1, t339=[form]), data), right
    right = bytes(level for level in levels for _ in range(3))
    floats = struct.pack(f"<{len(right)}f", *(level / 255 for level in right))
    yield "tiff rgb floats", tiff(tags([32] * 3, 2, t339=[3] * 3), floats), right
    big = tiff(tags([8] * 3, 2), RGB.tobytes(), order=">", big=True)
    yield "big tiff > rgb", big, RGB.tobytes()


def pixels(content: bytes) -> bytes:
    """Return Pillow's upright RGB pixels, alpha dropped without blending, sixteen bits rounded to eight."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    if image.mode == "I":
        levels = bytes((level + 128) // 257 for level in image.getdata())
        image = Image.frombytes("L", image.size, levels)
    if image.mode == "RGBA":
        image = Image.merge("RGB", image.split()[:3])
    return (image.convert("L") if image.mode in ("1", "LA") else image).convert("RGB").tobytes()


def frames(content: bytes) -> int:
    return getattr(Image.open(io.BytesIO(content)), "n_frames", 1)


def main() -> None:
    files = [
        (name, file, pixels(file), frames(file) > 1)
        for make in (pngs, webps, gifs, tiffs, pnms)
        for name, file in make()
    ]
    for name, file, right in measured():
        is_gray = len(right) == SIZE[0] * SIZE[1]
        colored = bytes(level for level in right for _ in range(3)) if is_gray else right
        files.append((name, file, colored, False))
    files += [(name, file, None, False) for name, file in refused()]
    (HERE / "corpus.bin").write_bytes(b"".join(file for _, file, _, _ in files))
    lines = []
    for name, file, right, has_more in files:
        digest = None if right is None else hashlib.sha256(right).hexdigest()
        lines.append(json.dumps({"name": name, "bytes": len(file), "pixels": digest, "has_more": has_more}))
    (HERE / "corpus.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
