"""Kill `fer` at random moments and fill its disk, and see that what it writes is whole or absent.

Each job, a training, predictions into a file or an analysis, first runs undisturbed. Then it is killed at
moments drawn at random and started again until it ends: its files must have the same bytes, and after each
kill no file under its final name may be half written. Then it runs on disks too small for it: it must say so
and end with 1, and go on once there is room. Filling a disk needs Linux and the right to mount one.

    cargo xtask faults --kills 200
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
PAGE = 4096
ROOM = 64 << 20  # Bytes of a disk that is large enough.
AIMED = 0.6  # Share of the kills that wait for something to be written.
POLL_SECONDS = 0.0003
NO_SPACE = "No space left on device"
# Wall-clock times, which differ from run to run.
TIMES = ("seconds", "images_per_second")
SETTINGS = """
epochs = 4
batch_size = 16
[model]
channels = [4, 8]
blocks_per_stage = 1
"""


@dataclass(frozen=True)
class Job:
    """A command that writes `finals` into the folder that it works in."""

    name: str
    arguments: list[str]
    finals: tuple[str, ...]
    resume: list[str]  # Arguments of another try.
    code: int = 0
    folder: str = "."  # Folder of the finals in the one that the command works in.
    whole: bool = True  # A final has its last bytes as soon as it is there.


@dataclass
class Harness:
    """The command, a folder to work in, and what happened so far."""

    fer: Path
    base: Path
    draw: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def fault(self, text: str) -> None:
        self.faults.append(text)
        print("fault:", text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Undisturbed:
    """What a job does that nothing disturbs."""

    files: dict[str, object]
    bytes: int
    seconds: float
    changes: int  # Moments at which something was written.


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fer", type=Path, required=True, help="the command")
    parser.add_argument("--kills", type=int, default=200, help="kills in all")
    parser.add_argument("--disks", type=int, default=40, help="the most small disks of each job")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        harness = Harness(arguments.fer.resolve(), Path(folder), random.Random(arguments.seed))
        jobs = make_jobs(harness)
        for number, job in enumerate(jobs):
            undisturbed = run_undisturbed(harness, job)
            # The kills that are left are shared among the jobs that are left.
            kills = (arguments.kills - harness.counts["kill"]) // (len(jobs) - number)
            print(
                f"{job.name:17} {undisturbed.seconds:6.2f} s, {undisturbed.changes} changes of its folder, "
                f"killed {kills} times",
                flush=True,
            )
            kill_job(harness, job, undisturbed, kills)
            fill_disk(harness, job, undisturbed, arguments.disks)
        write_to_full_device(harness)
    for what, times in sorted(harness.counts.items()):
        print(f"{what:45} {times:6}")
    print(f"{len(harness.faults)} faults in {time.monotonic() - begin:.0f} s")
    return 1 if harness.faults else 0


def make_jobs(harness: Harness) -> list[Job]:
    """Write the inputs of the jobs, small ones, and describe the jobs."""
    fer, base = harness.fer, harness.base
    demo = base / "demo"
    subprocess.run([fer, "demo", demo], check=True, stdout=subprocess.DEVNULL)
    images = base / "images"
    images.mkdir()
    for number, image in enumerate(sorted(demo.glob("faces/test/*/*.jpg"))[:60]):
        damaged = number % 17 == 5
        (images / f"{number:02}.jpg").write_bytes(b"no image" if damaged else image.read_bytes())
    settings = base / "settings.toml"
    settings.write_text(SETTINGS)
    train = ["train", str(demo / "faces"), "--out", "run", "--config", str(settings)]
    runs = ["config.toml", "metrics.jsonl", "report.json", "report.html"]
    runs += ["last.safetensors", "best.safetensors"]
    jobs = [Job("train", train, tuple(runs), ["--resume"], folder="run", whole=False)]
    for ending in ("csv", "jsonl", "parquet"):
        predict = ["predict", str(images), "--faces", "whole", "--output", f"faces.{ending}"]
        jobs.append(Job(f"predict {ending}", predict, (f"faces.{ending}",), ["--resume"], code=1))
    shares = ["insight", "shares", str(EXAMPLES / "insight" / "campaign.csv"), "--by", "campaign"]
    shares += ["--cluster", "customer_id", "--consent", "marketing_consent", "--purpose", "campaign"]
    written = ["--units", "units.csv", "--html", "page.html"]
    jobs.append(Job("insight shares", [*shares, *written], ("units.csv", "page.html"), []))
    talk = ["insight", "timeline", str(EXAMPLES / "insight" / "conversation.csv"), "--where", "person=0"]
    written = ["--purpose", "customers", "--episodes", "episodes.csv", "--html", "page.html"]
    jobs.append(Job("insight timeline", [*talk, *written], ("episodes.csv", "page.html"), []))
    table = base / "table.csv"
    subprocess.run([fer, "-q", "predict", demo / "faces" / "test", "--output", table], check=True)
    sample = ["insight", "sample", str(table), "--count", "20", "--out", "sheet.csv", "--html", "label.html"]
    jobs.append(Job("insight sample", sample, ("sheet.csv", "label.html"), []))
    return jobs


def start(harness: Harness, job: Job, work: Path, again: bool) -> subprocess.Popen[str]:
    """Start the job in the folder `work`; another try asks to go on with what is there."""
    arguments = list(job.arguments)
    # A training that was killed before it wrote its settings has nothing to resume.
    if again and (job.name != "train" or (work / "run" / "config.toml").exists()):
        arguments += job.resume
    return subprocess.Popen(
        [harness.fer, "--quiet", *arguments],
        cwd=work,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_undisturbed(harness: Harness, job: Job) -> Undisturbed:
    """Run the job to its end, and count how often its folder changes."""
    work = harness.base / f"undisturbed-{job.name}"
    work.mkdir()
    begin = time.monotonic()
    process = start(harness, job, work, again=False)
    changes, seen = 0, listing(work / job.folder)
    while process.poll() is None:
        time.sleep(POLL_SECONDS)
        now = listing(work / job.folder)
        changes, seen = changes + (now != seen), now
    seconds = time.monotonic() - begin
    assert process.stderr is not None
    if process.returncode != job.code:
        raise SystemExit(f"{job.name} ended with {process.returncode}: {process.stderr.read()}")
    process.stderr.close()
    size = sum(size for _, size in listing(work / job.folder))
    return Undisturbed(read_finals(job, work), size, seconds, changes)


def kill_job(harness: Harness, job: Job, undisturbed: Undisturbed, kills: int) -> None:
    """Kill the job and start it again, until it was killed so often."""
    done, rounds = 0, 0
    while done < kills:
        rounds += 1
        work = harness.base / f"killed-{job.name}-{rounds}"
        work.mkdir()
        again = False
        # Later tries have less to do, so that some end before they are killed.
        while done < kills and kill_once(harness, job, undisturbed, work, again):
            done, again = done + 1, True
            look_for_halves(harness, job, undisturbed, work)
        finish(harness, job, undisturbed, work)
        harness.counts["run that was killed, to its end"] += 1


def kill_once(harness: Harness, job: Job, undisturbed: Undisturbed, work: Path, again: bool) -> bool:
    """Start the job and kill it at a moment drawn at random; `False` if it ended before."""
    aimed = harness.draw.random() < AIMED
    moment = harness.draw.uniform(0, undisturbed.seconds)
    wait_for = harness.draw.randint(1, max(1, undisturbed.changes))
    pause = harness.draw.choice([0, 0, 0.001, 0.005, 0.02])
    begin, changes, seen = time.monotonic(), 0, listing(work / job.folder)
    process = start(harness, job, work, again)
    while process.poll() is None:
        if aimed:
            now = listing(work / job.folder)
            changes, seen = changes + (now != seen), now
            if changes >= wait_for:
                time.sleep(pause)
                break
        elif time.monotonic() - begin >= moment:
            break
        time.sleep(POLL_SECONDS)
    process.send_signal(signal.SIGKILL)
    _, errors = process.communicate()
    if process.returncode == -signal.SIGKILL:
        harness.counts["kill"] += 1
        harness.counts["kill, after something was written" if aimed else "kill, at any time"] += 1
        if any(name.startswith(".fer-") for name, _ in listing(work / job.folder)):
            harness.counts["kill that left a temporary file"] += 1
        return True
    if not is_expected(job, process.returncode, again):
        harness.fault(f"{job.name}, started again, ended with {process.returncode}: {errors.strip()}")
    return False


def finish(harness: Harness, job: Job, undisturbed: Undisturbed, work: Path) -> None:
    """Run the job to its end, and compare what it wrote with what it writes undisturbed."""
    process = start(harness, job, work, again=True)
    _, errors = process.communicate()
    if not is_expected(job, process.returncode, again=True):
        harness.fault(f"{job.name}, resumed, ended with {process.returncode}: {errors.strip()}")
        return
    found = read_finals(job, work)
    for name, content in undisturbed.files.items():
        if found.get(name) != content:
            harness.fault(f"{job.name}, resumed: {name} is not what an undisturbed run writes")
    left = {name for name, _ in listing(work / job.folder)} - set(job.finals) - {".lock"}
    if left:
        harness.fault(f"{job.name}, resumed: left {', '.join(sorted(left))}")


def is_expected(job: Job, code: int, again: bool) -> bool:
    # A file of results that is complete is left alone, whatever could not be read when it was written.
    return code == job.code or (code == 0 and again and bool(job.resume))


def look_for_halves(harness: Harness, job: Job, undisturbed: Undisturbed, work: Path) -> None:
    """Look at what a kill or a full disk left: a file under its final name is whole."""
    for name, _ in listing(work / job.folder):
        if name in job.finals:
            path = work / job.folder / name
            content = read_final(path)
            if content is None or (job.whole and content != undisturbed.files[name]):
                harness.fault(f"{job.name}: {name} is half written ({path.stat().st_size} bytes)")
        elif (
            name != ".lock"
            and not name.startswith(".fer-")
            and name.removesuffix(".partial") not in job.finals
        ):
            harness.fault(f"{job.name}: a file {name}, which nobody asked for")


def listing(folder: Path) -> set[tuple[str, int]]:
    """Names and sizes of the files in `folder`."""
    found = set()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    if entry.is_file():
                        found.add((entry.name, entry.stat().st_size))
                except FileNotFoundError:
                    pass
    except FileNotFoundError:
        pass
    return found


def read_finals(job: Job, work: Path) -> dict[str, object]:
    paths = {name: work / job.folder / name for name in job.finals}
    return {name: read_final(path) for name, path in paths.items() if path.exists()}


def read_final(path: Path) -> object | None:
    """Read what must be the same in each run; `None` for a file that is not whole."""
    content = path.read_bytes()
    match path.suffix:
        case ".safetensors":
            header = int.from_bytes(content[:8], "little")
            ends = [
                tensor["data_offsets"][1]
                for name, tensor in json.loads(content[8 : 8 + header] or b"{}").items()
                if name != "__metadata__"
            ]
            return content if len(content) == 8 + header + max(ends, default=0) else None
        case ".json":
            return without_times(json.loads(content))
        case ".html":
            return content if content.rstrip().endswith(b"</html>") else None
        case ".parquet":
            return content if content[-4:] == b"PAR1" else None
    if not content.endswith(b"\n"):
        return None
    if path.name == "metrics.jsonl":
        return [without_times(json.loads(line)) for line in content.splitlines()]
    return content


def without_times(value: object) -> object:
    if isinstance(value, dict):
        return {name: without_times(inner) for name, inner in value.items() if name not in TIMES}
    return [without_times(inner) for inner in value] if isinstance(value, list) else value


def fill_disk(harness: Harness, job: Job, undisturbed: Undisturbed, most: int) -> None:
    """Run the job on larger and larger disks until one is large enough; after each, resume with room."""
    pages = 2 * undisturbed.bytes // PAGE + 2 * len(job.finals) + 2
    for size in sorted({PAGE * (1 + pages * number // most) for number in range(most)}):
        with mount(harness.base, size) as disk:
            if disk is None:
                harness.counts["disk left out: none can be mounted here"] += 1
                return
            process = start(harness, job, disk, again=False)
            _, errors = process.communicate()
            if process.returncode == job.code and NO_SPACE not in errors:
                return
            harness.counts["disk too small"] += 1
            if process.returncode != 1 or NO_SPACE not in errors or "panicked" in errors:
                harness.fault(f"{job.name} on {size} bytes ended with {process.returncode}: {errors.strip()}")
            look_for_halves(harness, job, undisturbed, disk)
            if any(name.startswith(".fer-") for name, _ in listing(disk / job.folder)):
                harness.fault(f"{job.name} on {size} bytes left a temporary file")
            subprocess.run(["mount", "-o", f"remount,size={ROOM}", str(disk)], check=True)
            finish(harness, job, undisturbed, disk)


@contextmanager
def mount(base: Path, size: int) -> Iterator[Path | None]:
    """Mount an empty disk of `size` bytes; `None` where that cannot be done."""
    disk = base / "disk"
    disk.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
    if sys.platform != "linux" or subprocess.run(command, stderr=subprocess.DEVNULL).returncode != 0:
        yield None
        return
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def write_to_full_device(harness: Harness) -> None:
    """Print results to a device that is always full."""
    if not Path("/dev/full").exists():
        return
    images = str(harness.base / "images")
    commands = [["predict", images, "--format", "csv"], ["predict", images], ["info"]]
    for arguments in commands:
        with Path("/dev/full").open("w") as full:
            process = subprocess.run(
                [str(harness.fer), "-q", *arguments], stdout=full, stderr=subprocess.PIPE, text=True
            )
        harness.counts["standard output that is full"] += 1
        if process.returncode != 1 or NO_SPACE not in process.stderr or "panicked" in process.stderr:
            harness.fault(f"fer {arguments[0]} > /dev/full ended with {process.returncode}: {process.stderr}")


if __name__ == "__main__":
    raise SystemExit(main())
