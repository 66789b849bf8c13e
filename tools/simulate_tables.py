"""Write tables of simulated faces with known truth, for the guides of `fer insight`.

`python tools/simulate_tables.py` writes examples/insight.

No person and no image is behind them. Each simulated person has shares of their own around those of the
group; each face is answered as the model `crowd` answered a labeled face of that kind
(crates/fer-insight/references/crowd.json), and a person's faces repeat its errors. `truth.json` holds the
share of answers that a perfect count would find in each group.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EMOTIONS = ["happy", "sad", "neutral", "surprise"]
STRATA = [*EMOTIONS, "unclear"]
UNCLEAR = 0.1  # share of faces without a majority
CONCENTRATION = 4.0  # how much people resemble each other
LOOKS = 10  # ways in which a person looks, so that errors repeat


class World:
    """Faces of known kind, answered as the model answers them."""

    def __init__(self, seed: int) -> None:
        text = (ROOT / "crates/fer-insight/references/crowd.json").read_text(encoding="utf-8")
        self.strata = json.loads(text)["strata"]
        self.random = random.Random(seed)

    def mix(self, shares: list[float]) -> list[float]:
        return [*[(1 - UNCLEAR) * share for share in shares], UNCLEAR]

    def truth(self, shares: list[float]) -> dict[str, float]:
        mix = self.mix(shares)
        votes = [self.strata[name]["votes"] for name in STRATA]
        means = [sum(m * v[k] for m, v in zip(mix, votes, strict=True)) for k in range(len(EMOTIONS))]
        return {emotion: round(mean, 4) for emotion, mean in zip(EMOTIONS, means, strict=True)}

    def person(self, shares: list[float]) -> Person:
        draws = [self.random.gammavariate(CONCENTRATION * m, 1) if m > 0 else 0.0 for m in self.mix(shares)]
        own = [draw / sum(draws) for draw in draws]
        return Person(self, own)

    def answer(self, stratum: str) -> list[str]:
        counts = self.strata[stratum]["counts"]
        answer = self.random.choices(range(len(counts)), counts)[0]
        top, rest = divmod(answer, 4)
        p = [0.01] * 4 if rest == 0 else [0.05] * 4
        p[top] = 0.97 if rest == 0 else 0.60
        if rest > 0:
            p[rest if rest > top else rest - 1] = 0.30
        return [f"{x:.2f}" for x in p]


class Person:
    """One simulated person: shares and looks of their own."""

    def __init__(self, world: World, own: list[float]) -> None:
        self.world, self.own = world, own
        self.looks = {name: [world.answer(name) for _ in range(LOOKS)] for name in STRATA}

    def face(self) -> list[str]:
        name = self.world.random.choices(STRATA, self.own)[0]
        return self.world.random.choice(self.looks[name])


def satisfaction(world: World, truth: dict[str, Any]) -> Iterator[list[Any]]:
    """Visits to three sites over ten weeks; some visitors rate theirs from 1 to 5."""
    yield ["path", *EMOTIONS, "site", "visit", "date", "csat"]
    sites = {
        "harbor": [0.46, 0.05, 0.37, 0.12],
        "market": [0.38, 0.08, 0.42, 0.12],
        "station": [0.24, 0.12, 0.52, 0.12],
    }
    visit = 0
    for site, shares in sites.items():
        truth[site] = world.truth(shares)
        for week in range(10):
            for _ in range(14):
                visit += 1
                person = world.person(shares)
                day = datetime.date(2026, 3, 2) + datetime.timedelta(7 * week + world.random.randrange(6))
                rated = world.random.random() < 0.5
                score = 3 + 2.5 * (person.own[0] - person.own[1] - 0.25) + world.random.gauss(0, 0.8)
                csat = min(5, max(1, round(score))) if rated else ""
                for face in range(world.random.randint(2, 4)):
                    yield [f"{visit}-{face}.jpg", *person.face(), site, f"v{visit}", day.isoformat(), csat]


def town_hall(world: World, truth: dict[str, Any]) -> Iterator[list[Any]]:
    """Monthly meetings at two sites and of a team of nine; some people have not agreed."""
    yield ["path", *EMOTIONS, "site", "date", "badge", "agreed"]
    sites = {
        "lisbon": (34, [0.34, 0.05, 0.52, 0.09]),
        "oslo": (28, [0.26, 0.06, 0.60, 0.08]),
        "porto": (24, [0.31, 0.05, 0.54, 0.10]),
        "lab": (9, [0.40, 0.05, 0.45, 0.10]),
    }
    for site, (people, shares) in sites.items():
        truth[site] = world.truth(shares)
        for number in range(people):
            person, agreed = world.person(shares), world.random.random() < 0.9
            for month in range(1, 10):
                for face in range(2):
                    date = f"2026-{month:02}-15"
                    row = [*person.face(), site, date, f"{site}{number}", "yes" if agreed else "no"]
                    yield [f"{site}-{number}-{month}-{face}.jpg", *row]


def campaign(world: World, truth: dict[str, Any]) -> Iterator[list[Any]]:
    """Reactions of customers to two films and a control."""
    yield ["path", *EMOTIONS, "campaign", "segment", "customer_id", "marketing_consent"]
    films = {
        "control": [0.30, 0.05, 0.53, 0.12],
        "film A": [0.50, 0.04, 0.32, 0.14],
        "film B": [0.31, 0.05, 0.51, 0.13],
    }
    customer = 0
    for film, shares in films.items():
        truth[film] = world.truth(shares)
        for _ in range(120):
            customer += 1
            person = world.person(shares)
            consent = "true" if world.random.random() < 0.95 else "false"
            segment = "new" if customer % 3 == 0 else "regular"
            for face in range(5):
                yield [f"{customer}-{face}.jpg", *person.face(), film, segment, f"c{customer}", consent]


def sessions(world: World, truth: dict[str, Any]) -> Iterator[list[Any]]:
    """Sessions of three patients: a baseline A, and a phase B in which one of them changes."""
    yield ["path", *EMOTIONS, "patient", "visit", "phase", "agreed"]
    before, after = [0.20, 0.20, 0.50, 0.10], [0.40, 0.08, 0.42, 0.10]
    truth.update(before=world.truth(before), after=world.truth(after))
    for patient in ("P1", "P2", "P3"):
        for visit in range(1, 17):
            shares = after if patient == "P1" and visit > 8 else before
            for face in range(60):
                strata = world.random.choices(STRATA, world.mix(shares))[0]
                row = [*world.answer(strata), patient, visit, "A" if visit <= 8 else "B", "yes"]
                yield [f"{patient}-{visit}-{face}.jpg", *row]


def conversation(world: World, truth: dict[str, Any]) -> Iterator[list[Any]]:
    """A customer and a clerk for four minutes, five looks a second, errors lasting for 0.4 s."""
    yield ["path", "time", "person", *EMOTIONS]
    states = [
        (0, "neutral"),
        (38, "happy"),
        (44, "neutral"),
        (90, "surprise"),
        (93, "happy"),
        (104, "neutral"),
        (150, "sad"),
        (158, "neutral"),
        (200, "happy"),
        (222, "neutral"),
    ]
    truth["customer"] = [{"start": start, "emotion": emotion} for start, emotion in states]
    for person in (0, 1):
        answer, before = None, None
        for frame in range(1200):
            time = frame / 5
            state = [emotion for start, emotion in states if start <= time][-1] if person == 0 else "neutral"
            if answer is None or state != before or world.random.random() < 0.5:
                answer = world.answer(state)
            before = state
            yield ["visit.mp4", f"{time:.1f}", person, *answer]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "examples/insight", help="folder to write to")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    truth: dict[str, Any] = {}
    for seed, table in enumerate((satisfaction, town_hall, campaign, sessions, conversation), 1):
        truth[table.__name__] = {}
        with (out / f"{table.__name__}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(table(World(seed), truth[table.__name__]))
    with (out / "markers.csv").open("w", newline="", encoding="utf-8") as file:
        markers: list[list[Any]] = [
            ["time", "label"],
            [38, "greeting"],
            [90, "offer"],
            [150, "fee named"],
            [200, "goodbye"],
        ]
        csv.writer(file, lineterminator="\n").writerows(markers)
    (out / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
