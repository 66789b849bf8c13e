"""Feed the Python package data that nobody meant to give it, and see that it answers or says what is wrong.

Three kinds of input, drawn from a seed: Arrow streams of images and of anything else to
``Classifier.predict_arrow``, Arrow tables of faces to ``fer.insight``, and model files that were edited and
signed again, whose ONNX files ONNX Runtime must read and compute alike. An exception that is not documented,
a crash, more than 10 seconds or a result that contradicts its input is a fault; its number repeats it.

    cargo xtask fuzz python --minutes 1
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import math
import random
import struct
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa

import fer
from fer import insight

EXAMPLES = Path(__file__).parent.parent / "examples"
SLOW_SECONDS = 10.0
NAMES = ["path", "bytes", "happy", "sad", "neutral", "surprise", "face", "time", "person", "site", "error"]
TEXTS = ["", "a", "0", "1.5", "nan", "2026-01-02", "2026-13-45", "true", "\x00", "é" * 9, "1e400", 'a,b\n"c']
NUMBERS = [0.0, -0.0, 1.0, 0.25, 1e-300, 1e300, -1.0, math.nan, math.inf, -math.inf, 2.0**63, 0.9999999]
# Documented: fer's own, values and types that do not fit; what PyArrow says of contradictory data.
EXPECTED = (fer.FerError, ValueError, TypeError, pa.ArrowException)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="minutes for each kind of input")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first input, to repeat a fault")
    parser.add_argument("kinds", nargs="*", help="arrow, insight, models; default: all")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        kinds: dict[str, Callable[[random.Random], str]] = {
            "arrow": Images().feed,
            "insight": feed_insight,
            "models": Models(Path(folder)).feed,
        }
        for kind, feed in kinds.items():
            if kind in (arguments.kinds or kinds):
                faults += run(kind, feed, arguments)
    return 1 if faults else 0


def run(kind: str, feed: Callable[[random.Random], str], arguments: argparse.Namespace) -> int:
    """Feed inputs of one kind for a while, and count what became of them."""
    outcomes: Counter[str] = Counter()
    faults, number, begin = 0, arguments.first, time.monotonic()
    while time.monotonic() - begin < 60 * arguments.minutes and faults < 10:
        started = time.monotonic()
        try:
            outcomes[feed(random.Random(f"{arguments.seed} {kind} {number}"))] += 1
        except EXPECTED as error:
            outcomes[type(error).__name__] += 1
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # a panic of Rust is no Exception
            faults += 1
            print(f"fault: {kind} {number}", file=sys.stderr)
            traceback.print_exc(limit=-4)
        if time.monotonic() - started > SLOW_SECONDS:
            faults += 1
            print(f"fault: {kind} {number} took {time.monotonic() - started:.1f} s", file=sys.stderr)
        number += 1
    executions = number - arguments.first
    print(f"{kind}: {executions} executions in {time.monotonic() - begin:.0f} s, {faults} faults")
    print("  " + ", ".join(f"{name} {count}" for name, count in outcomes.most_common()), flush=True)
    return faults


class UnreadableError(ValueError):
    """Bytes that are no Arrow stream any more, which PyArrow tells before anybody else sees them."""


def draw_values(draw: random.Random, count: int) -> pa.Array:
    """Draw a column of any type, with missing values."""
    kinds: list[tuple[Callable[[], Any], pa.DataType]] = [
        (lambda: draw.choice(NUMBERS), pa.float64()),
        (lambda: draw.choice(NUMBERS[:6]), pa.float32()),
        (lambda: draw.random(), pa.float64()),
        (lambda: draw.randrange(-3, 4), pa.int8()),
        (lambda: draw.choice([0, 1, -(2**63), 2**63 - 1]), pa.int64()),
        (lambda: draw.randrange(2**64), pa.uint64()),
        (lambda: draw.choice(TEXTS), pa.string()),
        (lambda: draw.choice(TEXTS), pa.large_string()),
        (lambda: draw.choice(TEXTS), pa.string_view()),
        (lambda: draw.choice(TEXTS), pa.dictionary(pa.int8(), pa.string())),
        (lambda: draw.random() < 0.5, pa.bool_()),
        (lambda: draw.randbytes(3), pa.binary(3)),
        (lambda: draw.randrange(-(10**6), 10**6), pa.date32()),
        (lambda: draw.randrange(10**15), pa.timestamp("us", "UTC")),
        (lambda: [draw.randrange(3)] * draw.randrange(3), pa.list_(pa.int32())),
        (lambda: {"x": draw.random()}, pa.struct([("x", pa.float64())])),
        (lambda: draw.randrange(1000), pa.decimal128(5)),
        (lambda: None, pa.null()),
    ]
    value, kind = draw.choice(kinds)
    gaps = draw.choice([0.0, 0.0, 0.3, 1.0])
    return pa.array([None if draw.random() < gaps else value() for _ in range(count)], kind)


def damage(table: pa.Table, draw: random.Random) -> pa.Table:
    """Write the table as a stream, change some of its bytes, and read what is still a stream."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=draw.choice([1, 3, 1000]))
    stream = bytearray(sink.getvalue())
    for _ in range(draw.choice([0, 0, 1, 1, 4, 20])):
        stream[draw.randrange(len(stream))] = draw.randrange(256)
    try:
        read = pa.ipc.open_stream(bytes(stream)).read_all()
    except OSError as error:
        raise UnreadableError(str(error)) from error
    # Offsets beyond the end of a buffer break the contract of the interface: the producer must refuse them.
    read.validate(full=True)
    return read.slice(draw.randrange(3)) if draw.random() < 0.2 else read


class Images:
    """Arrow streams for ``predict_arrow``."""

    def __init__(self) -> None:
        self.classifier = fer.Classifier()
        files = sorted(EXAMPLES.glob("faces/test/*/*.jpg"))[:12]
        self.contents = [file.read_bytes() for file in files]

    def image(self, draw: random.Random) -> bytes | None:
        content = bytearray(draw.choice(self.contents))
        for _ in range(draw.choice([0, 0, 1, 5, 50])):
            content[draw.randrange(len(content))] = draw.randrange(256)
        cut = draw.randrange(len(content)) if draw.random() < 0.3 else len(content)
        return draw.choice([None, b"", bytes(content[:cut]), bytes(content[:cut]), draw.randbytes(40)])

    def feed(self, draw: random.Random) -> str:
        count = draw.randrange(4)
        names = draw.sample(NAMES, draw.randrange(1, 4))
        columns = {name: draw_values(draw, count) for name in names}
        kinds = [pa.binary(), pa.large_binary(), pa.binary_view()]
        if draw.random() < 0.8:
            images = [self.image(draw) for _ in range(count)]
            columns["bytes"] = pa.array(images, draw.choice(kinds))
        table = damage(pa.table(columns), draw)
        keep = [name for name in table.column_names if draw.random() < 0.3]
        modes: list[Literal["auto", "whole", "find"]] = ["auto", "whole", "find"]
        faces = draw.choice(modes)
        found = self.classifier.predict_arrow(
            table, keep=keep, largest=draw.random() < 0.5, faces=faces
        ).read_all()
        found.validate(full=True)
        assert found.num_rows >= table.num_rows, "an image without a row"
        assert found.column_names[: len(keep)] == keep
        return "rows" if found.num_rows else "no rows"


def feed_insight(draw: random.Random) -> str:
    """Give an analysis a table of which some columns are what it needs."""
    count = draw.choice([0, 1, 40, 200, 200, 200])
    columns: dict[str, pa.Array] = {}
    for name in NAMES:
        if draw.random() < 0.15:
            columns[name] = draw_values(draw, count)
    if draw.random() < 0.9:
        rows = [[draw.random() ** 4 + 1e-9 for _ in range(4)] for _ in range(count)]
        for place, name in enumerate(fer.EMOTIONS):
            columns[name] = pa.array([row[place] / sum(row) for row in rows], pa.float64())
    if draw.random() < 0.7:
        columns["site"] = pa.array([draw.choice("ab") for _ in range(count)])
        columns["person"] = pa.array([draw.randrange(1 + count // 3) for _ in range(count)])
        columns["time"] = pa.array([row / 10 for row in range(count)])
        columns["day"] = pa.array([f"2026-0{1 + row % 9}-1{row % 7}" for row in range(count)], pa.string())
    table = damage(pa.table(columns), draw) if draw.random() < 0.4 else pa.table(columns)
    options: dict[str, Any] = {"draws": 20, "seed": draw.randrange(5), "threads": 1}
    if draw.random() < 0.5:
        options["cluster"] = draw.choice(["person", *NAMES])
    if draw.random() < 0.3:
        options["min_people"] = draw.choice([1, 3, 20])
    options["purpose"] = draw.choice(["audience", "customers", "campaign", "clinical"])
    column = draw.choice(["site", "person", *NAMES])
    plain = {key: options[key] for key in ("threads", "purpose") if key in options}
    answers: list[Callable[[], Any]] = [
        lambda: insight.shares(table, by=column, **options),
        lambda: insight.compare(table, by=column, permutations=99, **options),
        lambda: insight.trend(table, time=draw.choice(["day", "time"]), every="week", **options),
        lambda: insight.timeline(table, **plain),
        lambda: insight.relate(table, cluster="person", outcome=column, **plain),
        lambda: insight.baseline(table, subject="person", session="day", phase="site", baseline="a", **plain),
    ]
    answer = draw.choice(answers)()
    json.dumps(answer.to_dict(), allow_nan=False)
    answer.to_arrow().validate(full=True)
    return "answer"


class Models:
    """Model files edited and signed again."""

    def __init__(self, folder: Path) -> None:
        self.edited, self.onnx = folder / "edited.safetensors", folder / "edited.onnx"
        seed = Path(__file__).parent.parent / "fuzz" / "seeds" / "model" / "tiny.safetensors"
        content = seed.read_bytes()
        length = struct.unpack("<Q", content[:8])[0]
        self.header = json.loads(content[8 : 8 + length])
        self.text = self.header.pop("__metadata__")["fer"]
        self.header.pop("sha256")
        data = content[8 + length :]
        self.tensors = {
            name: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])])
            for name, entry in self.header.items()
        }

    def feed(self, draw: random.Random) -> str:
        text, tensors = self.text, dict(self.tensors)
        for _ in range(draw.randrange(1, 4)):
            if draw.random() < 0.6:
                text = edit_text(text, draw)
            else:
                name = draw.choice(sorted(tensors))
                kind, shape, data = tensors.pop(name)
                tensors[name] = (kind, shape, edit_numbers(data, kind, draw))
        self.edited.write_bytes(signed(text, tensors))
        classifier = fer.Classifier(self.edited)
        size = classifier.info["preprocessing"]["input_size"]
        crops = np.random.default_rng(draw.randrange(99)).integers(0, 256, (3, size, size)).astype(np.uint8)
        found = classifier.predict_batch(list(crops), faces="whole", progress=False)
        if found.errors:
            return "no numbers"
        expected = np.stack([np.asarray(item)[0] for item in found])
        assert np.allclose(expected.sum(axis=1), 1, atol=1e-4)
        self.onnx.unlink(missing_ok=True)
        classifier.export(self.onnx)
        onnx.checker.check_model(str(self.onnx), full_check=True)
        session = onnxruntime.InferenceSession(self.onnx, providers=["CPUExecutionProvider"])
        (answers,) = session.run(["probabilities"], {"faces": crops})
        assert np.allclose(answers, expected, atol=1e-3), "ONNX Runtime computes something else"
        return "the same by ONNX Runtime"


def edit_text(text: str, draw: random.Random) -> str:
    """Change a number, drop or double a part, or change a character of the metadata."""
    value = json.loads(text)
    numbers = [path for path, inner in leaves(value) if isinstance(inner, int | float)]
    chance = draw.random()
    if chance < 0.7 and numbers:
        replace(value, draw.choice(numbers), draw.choice([0, 1, -1, 2, 1e-30, 1e30, 0.5, 2**40, 3, 7.5]))
        return json.dumps(value, separators=(",", ":"))
    place = draw.randrange(len(text))
    return text[:place] + draw.choice(["", "0", "9", "-", "null", '"', "[", "e9"]) + text[place + 1 :]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [leaf for key, inner in items for leaf in leaves(inner, (*path, key))]
    return [(path, value)]


def replace(value: Any, path: tuple[Any, ...], new: Any) -> None:
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = new


def edit_numbers(data: bytes, kind: str, draw: random.Random) -> bytes:
    changed = bytearray(data)
    width = {"F16": 2, "F32": 4}.get(kind, 1)
    for _ in range(draw.choice([1, 1, 4])):
        if len(changed) >= width:
            place = width * draw.randrange(len(changed) // width)
            changed[place : place + width] = draw.choice([draw.randbytes(width), bytes(width)])
    return bytes(changed[: len(changed) - width]) if draw.random() < 0.05 else bytes(changed)


def signed(text: str, tensors: dict[str, tuple[str, list[int], bytes]]) -> bytes:
    """Return a model file with the digest of its content, as crates/fer-core/src/model/digest.rs has it."""
    digest = hashlib.sha256()
    parts = [text.encode()]
    for name in sorted(tensors):
        parts += [name.encode(), tensors[name][2]]
    for part in parts:
        digest.update(struct.pack("<Q", len(part)) + part)
    header: dict[str, Any] = {"__metadata__": {"fer": text}}
    data = b""
    for name, (kind, shape, content) in {**tensors, "sha256": ("U8", [32], digest.digest())}.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    return struct.pack("<Q", len(encoded)) + encoded + data


if __name__ == "__main__":
    raise SystemExit(main())
