"""Work on `fer` for a while as a busy service would, and watch what it holds on to.

Threads predict good and damaged images, arrays, batches and videos at once; processes beside them are
interrupted while they work. Resident memory, open files and threads must stay where they were after the
warm-up, every damaged input must be an error and nothing else, and interrupts must end processes.

    cargo xtask soak --minutes 60
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import fer

EXAMPLES = Path(__file__).parent.parent / "examples"
THREADS = 8
WARM_UP = 0.25  # Share of the time after which nothing may grow.
MORE_MEMORY = 32 << 20  # Bytes of the allocator's, of caches that fill late.
INTERRUPT_SECONDS = 2.0  # Of a process that has the processor to itself.
INTERRUPTED_WORK = """
import fer, numpy as np
image = np.zeros((480, 640, 3), np.uint8)
print("ready", flush=True)
while True:
    fer.predict_batch([image] * 8, faces="find")
"""


@dataclass(frozen=True)
class Sample:
    """What the process holds at one moment."""

    seconds: float
    resident: int
    files: int
    threads: int


@dataclass
class Soak:
    """Counts of what was done, and the first things that went wrong."""

    done: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, action: str) -> None:
        with self.lock:
            self.done[action] += 1

    def fault(self, text: str) -> None:
        with self.lock:
            self.faults.append(text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        inputs = Inputs(Path(folder), random.Random(arguments.seed))
        soak, samples = run(inputs, 60 * arguments.minutes, arguments.seed)
    for action, times in sorted(soak.done.items()):
        print(f"{action:20} {times:8}")
    soak.faults.extend(growth(samples))
    for fault in soak.faults[:20]:
        print("fault:", fault, file=sys.stderr)
    return 1 if soak.faults else 0


class Inputs:
    """Good inputs of the examples, and damaged ones made of them."""

    def __init__(self, folder: Path, draw: random.Random) -> None:
        self.images = sorted([*EXAMPLES.glob("photos/*.jpg"), *EXAMPLES.glob("faces/test/*/*.jpg")])
        self.damaged = [folder / name for name in ("empty.jpg", "text.png", "noise.jpg", "huge.png")]
        self.damaged[0].touch()
        self.damaged[1].write_text("no image at all")
        self.damaged[2].write_bytes(draw.randbytes(5000))
        self.damaged[3].write_bytes(
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\0\0\0\0"
        )
        for number, image in enumerate(self.images[:12]):
            path = folder / f"cut_{number}.jpg"
            whole = image.read_bytes()
            path.write_bytes(whole[: draw.randrange(2, len(whole) // 3)])
            self.damaged.append(path)
        self.video = folder / "clip.mp4"
        frames = EXAMPLES / "clip" / "frame_%02d.jpg"
        self.has_video = shutil.which("ffmpeg") is not None
        if self.has_video:
            encode = ["ffmpeg", "-v", "error", "-i", str(frames), "-pix_fmt", "yuv420p", str(self.video)]
            subprocess.run(encode, check=True)
            self.cut_video = folder / "cut.mp4"
            self.cut_video.write_bytes(self.video.read_bytes()[:2000])


def run(inputs: Inputs, seconds: float, seed: int) -> tuple[Soak, list[Sample]]:
    """Work with all threads, interrupt processes beside them, and sample what is held."""
    soak = Soak()
    end = time.monotonic() + seconds
    workers = [
        threading.Thread(target=work, args=(soak, inputs, random.Random(f"{seed} {number}"), end))
        for number in range(THREADS)
    ]
    for worker in workers:
        worker.start()
    start, samples, told = time.monotonic(), [], 0.0
    print(f"{'seconds':>8} {'resident MiB':>13} {'files':>6} {'threads':>8} {'calls':>8}", flush=True)
    while time.monotonic() < end:
        interrupt_a_process(soak)
        samples.append(sample(time.monotonic() - start))
        if samples[-1].seconds - told >= min(60.0, seconds / 5):
            told = samples[-1].seconds
            now = samples[-1]
            print(
                f"{now.seconds:8.0f} {now.resident / 2**20:13.1f} {now.files:6} {now.threads:8} "
                f"{sum(soak.done.values()):8}",
                flush=True,
            )
    for worker in workers:
        worker.join()
    return soak, samples


def work(soak: Soak, inputs: Inputs, draw: random.Random, end: float) -> None:
    """Call one function after the other, in an order drawn at random."""
    actions: list[Callable[[], str]] = [
        lambda: predict_good(inputs, draw),
        lambda: predict_damaged(inputs, draw),
        lambda: predict_bytes(inputs, draw),
        lambda: predict_mixed_batch(inputs, draw),
        lambda: predict_array(draw),
        lambda: explain(inputs, draw),
    ]
    if inputs.has_video:
        actions.append(lambda: predict_clip(inputs, draw))
    while time.monotonic() < end:
        try:
            soak.count(draw.choice(actions)())
        except Exception as error:
            soak.fault(f"{type(error).__name__}: {error}")


def predict_good(inputs: Inputs, draw: random.Random) -> str:
    prediction = fer.predict(draw.choice(inputs.images), model=draw.choice(fer.MODELS))
    prediction.to_dict()
    return "good image"


def predict_damaged(inputs: Inputs, draw: random.Random) -> str:
    path = draw.choice(inputs.damaged)
    try:
        fer.predict(path)
    except fer.ImageError:
        return "damaged image"
    raise AssertionError(f"{path.name} was read")


def predict_bytes(inputs: Inputs, draw: random.Random) -> str:
    damaged = bytearray(draw.choice(inputs.images).read_bytes())
    for _ in range(draw.randrange(1, 20)):
        damaged[draw.randrange(len(damaged))] = draw.randrange(256)
    try:
        fer.predict(bytes(damaged))
    except fer.ImageError:
        return "changed bytes, refused"
    return "changed bytes, read"


def predict_mixed_batch(inputs: Inputs, draw: random.Random) -> str:
    paths = draw.sample(inputs.images, 6) + draw.sample(inputs.damaged, 2)
    draw.shuffle(paths)
    batch = fer.predict_batch(paths)
    if len(batch.errors) != 2:
        raise AssertionError(f"{len(batch.errors)} errors in a batch with two damaged images")
    return "mixed batch"


def predict_array(draw: random.Random) -> str:
    shape = (draw.randrange(1, 200), draw.randrange(1, 200), 3)
    fer.predict(np.full(shape, draw.randrange(256), np.uint8), faces=draw.choice(["whole", "find", "auto"]))
    return "array"


def explain(inputs: Inputs, draw: random.Random) -> str:
    prediction = fer.predict(draw.choice(inputs.images))
    if len(prediction) == 0:
        return "no face to explain"
    prediction.explain(0)
    return "explanation"


def predict_clip(inputs: Inputs, draw: random.Random) -> str:
    if draw.random() < 0.5:
        fer.predict_video(inputs.video, frames_per_second=5)
        return "video"
    try:
        fer.predict_video(inputs.cut_video)
    except fer.VideoError:
        return "damaged video"
    raise AssertionError("a cut video was read")


def interrupt_a_process(soak: Soak) -> None:
    """Start a process that predicts, interrupt it, and see that it ends as interrupted programs do."""
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED_WORK], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    begin = time.monotonic()
    try:
        _, errors = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        soak.fault("an interrupted process went on for 30 seconds")
        return
    # The threads of this process compete with it.
    if time.monotonic() - begin > INTERRUPT_SECONDS * THREADS:
        soak.fault(f"an interrupted process went on for {time.monotonic() - begin:.1f} seconds")
    if "KeyboardInterrupt" not in errors or "panicked" in errors:
        soak.fault(f"an interrupted process said: {errors.strip()[-200:]}")
    soak.count("interrupt")


def sample(seconds: float) -> Sample:
    """Read what this process holds (Linux)."""
    status = Path("/proc/self/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines())
    return Sample(
        seconds,
        int(fields["VmRSS"].split()[0]) << 10,
        sum(1 for _ in Path("/proc/self/fd").iterdir()),
        int(fields["Threads"]),
    )


def growth(samples: list[Sample]) -> list[str]:
    """Compare the last quarter with the first one after the warm-up."""
    after = samples[int(WARM_UP * len(samples)) :]
    quarter = len(after) // 4
    if quarter == 0:
        return ["too short to tell whether anything grows"]
    early, late = after[:quarter], after[-quarter:]
    faults = []
    for name, slack in (("resident", MORE_MEMORY), ("files", THREADS), ("threads", THREADS)):
        before = max(getattr(s, name) for s in early)
        now = max(getattr(s, name) for s in late)
        print(f"{name}: at most {before} early, {now} late")
        if now > before + slack:
            faults.append(f"{name} grew from {before} to {now}")
    return faults


if __name__ == "__main__":
    sys.exit(main())
