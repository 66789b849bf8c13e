"""One figure of an installed package as JSON; started by benches/package.py in a fresh process."""

from __future__ import annotations

import json
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any

#: Side of a cropped face, in pixels.
SIDE = 48

#: Python threads that share a classifier.
THREADS = 8

#: Rounds of repeated calls, of which the fastest counts.
ROUNDS = 3


def import_() -> dict[str, float]:
    """Time `import fer` where NumPy is imported already."""
    import numpy  # noqa: F401 - its time is not ours

    start = time.perf_counter()
    import fer  # noqa: F401 - only timed

    return {"import_s": time.perf_counter() - start}


def cold_start() -> dict[str, float]:
    """Time everything up to the first answer, NumPy included."""
    start = time.perf_counter()
    import fer

    fer.predict(crops(1)[0], faces="whole")
    return {"cold_start_s": time.perf_counter() - start}


def face() -> dict[str, float]:
    """Time a cropped face alone and in a batch, on one thread."""
    import fer

    classifier = fer.Classifier(threads=1)
    faces = crops(64)
    alone = typical_seconds(lambda: classifier.predict(faces[0], faces="whole"), 200)
    batch = typical_seconds(lambda: classifier.predict_batch(faces, faces="whole"), 5)
    return {"alone_s": alone, "in_batch_s": batch / len(faces)}


def photo(path: str) -> dict[str, float]:
    """Time a photo from the file to the answer, on one thread."""
    import fer

    classifier = fer.Classifier(threads=1)
    seconds = typical_seconds(lambda: classifier.predict(path, faces="find"), 5)
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"photo_s": seconds, "peak_mb": peak_kib * 1024 / 1e6}


def threads() -> dict[str, float]:
    """Compare the throughput of Python threads that share a classifier with that of one thread."""
    import fer

    classifier = fer.Classifier(threads=1)
    faces = crops(64)

    def work() -> None:
        for image in faces:
            classifier.predict(image, faces="whole")

    def together() -> None:
        workers = [threading.Thread(target=work) for _ in range(THREADS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    return {
        "one_thread_s": THREADS * typical_seconds(work, 2, time.perf_counter),
        "all_threads_s": typical_seconds(together, 2, time.perf_counter),
    }


def call(data: str) -> dict[str, float]:
    """Time a whole call whose network costs next to nothing: more than Python adds to the call from Rust."""
    import fer

    smallest = {"input_size": 8, "channels": [16]}
    with tempfile.TemporaryDirectory() as run:
        trained = fer.train(data, run, epochs=1, model=smallest, progress=False)
        classifier = fer.Classifier(trained.best, threads=1)
    image = crops(1)[0]
    return {"call_s": typical_seconds(lambda: classifier.predict(image, faces="whole"), 2000)}


def crops(count: int) -> list[Any]:
    """Give gray images of noise, of the size of a cropped face."""
    import numpy as np

    random = np.random.default_rng(0)
    return list(random.integers(0, 256, (count, SIDE, SIDE), np.uint8))


def typical_seconds(
    work: Callable[[], object], repeats: int, clock: Callable[[], float] = time.process_time
) -> float:
    """Return the median time of `repeats` runs, in the round that the rest of the machine disturbed least.

    The processor's time is that of the clock on the wall where one thread works and nothing else runs.
    """

    def timed() -> float:
        start = clock()
        work()
        return clock() - start

    work()
    return min(statistics.median(timed() for _ in range(repeats)) for _ in range(ROUNDS))


if __name__ == "__main__":
    figures = {"import": import_} | {f.__name__: f for f in (cold_start, face, photo, threads, call)}
    print(json.dumps(figures[sys.argv[1]](*sys.argv[2:])))
