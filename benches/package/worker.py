"""One figure of an installed package as JSON; started by benches/package.py in a fresh process."""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

#: Side of a cropped face, in pixels.
SIDE = 48

#: Python threads that share a classifier.
THREADS = 8


def import_() -> dict[str, Any]:
    """Time `import fer` where NumPy is imported already."""
    import numpy  # noqa: F401 - its time is not ours

    start = time.perf_counter()
    import fer  # noqa: F401 - only timed

    return {"seconds": time.perf_counter() - start}


def cold_start() -> dict[str, Any]:
    """Time everything up to the first answer, NumPy included."""
    start = time.perf_counter()
    import fer

    fer.predict(crops(1)[0], faces="whole")
    return {"seconds": time.perf_counter() - start}


def face() -> dict[str, Any]:
    """Time a cropped face alone and in a batch, on one thread."""
    import fer

    classifier = fer.Classifier(threads=1)
    faces = crops(64)
    alone = median_seconds(lambda: classifier.predict(faces[0], faces="whole"), 200)
    batch = median_seconds(lambda: classifier.predict_batch(faces, faces="whole"), 10)
    return {"milliseconds": 1e3 * alone, "faces_per_second": len(faces) / batch}


def photo(path: str) -> dict[str, Any]:
    """Time a photo from the file to the answer, on one thread."""
    import fer

    classifier = fer.Classifier(threads=1)
    seconds = median_seconds(lambda: classifier.predict(path, faces="find"), 20)
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"milliseconds": 1e3 * seconds, "peak_mb": peak_kib * 1024 / 1e6}


def threads() -> dict[str, Any]:
    """Compare the throughput of Python threads that share a classifier with that of one thread."""
    import fer

    classifier = fer.Classifier(threads=1)
    faces = crops(64)

    def work() -> None:
        for picture in faces:
            classifier.predict(picture, faces="whole")

    def together() -> None:
        workers = [threading.Thread(target=work) for _ in range(THREADS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    return {
        "speedup": THREADS * median_seconds(work, 10) / median_seconds(together, 10),
        "cores": len(os.sched_getaffinity(0)),
    }


def call(data: str, run: str) -> dict[str, Any]:
    """Time a whole call whose network costs next to nothing: more than Python adds to the call from Rust."""
    import fer

    smallest = {"input_size": 8, "channels": [16]}
    trained = fer.train(data, run, epochs=1, model=smallest, progress=False)
    classifier = fer.Classifier(trained.best, threads=1)
    picture = crops(1)[0]
    return {"microseconds": 1e6 * median_seconds(lambda: classifier.predict(picture, faces="whole"), 2000)}


def crops(count: int) -> list[Any]:
    """Give grey pictures of noise, of the size of a cropped face."""
    import numpy as np

    random = np.random.default_rng(0)
    return list(random.integers(0, 256, (count, SIDE, SIDE), np.uint8))


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the median time of `repeats` runs after one that warms up."""
    work()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


if __name__ == "__main__":
    figures = {"import": import_} | {f.__name__: f for f in (cold_start, face, photo, threads, call)}
    print(json.dumps(figures[sys.argv[1]](*sys.argv[2:])))
