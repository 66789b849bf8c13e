"""How far long work has come, and how it is stopped."""

import sys

import pytest

import fer
from fer import _progress


def test_work_tells_what_is_being_done_and_how_much_of_it(faces):
    seen = []

    def note(*told):
        seen.append(told)

    images = len(fer.predict_batch(faces / "test", progress=note))
    assert seen[-1] == ("images", images, images)
    seen.clear()
    fer.evaluate(faces / "test", progress=note)
    assert (seen[0], seen[-1]) == (("images", 0, images), ("images", images, images))
    seen.clear()
    fer.audit(faces, progress=note)
    assert [stage for stage, _, _ in seen] == ["decoding images", "comparing images"]


@pytest.mark.parametrize("work", [fer.predict_batch, fer.evaluate, fer.audit])
def test_an_interrupt_ends_the_work(faces, work):
    def interrupt(*_told):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(faces if work is fer.audit else faces / "test", progress=interrupt)


def test_what_is_done_in_a_moment_shows_nothing(faces, capsys):
    fer.predict_batch(faces / "test")
    assert capsys.readouterr() == ("", "")


def test_a_bar_follows_the_stages(monkeypatch, capsys):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(_progress, "_WORTH_A_BAR", 0.0)
    with _progress.counter(True) as count:
        count("decoding", 0, 40)
        count("training", 3, 12)
        count("training", 12, 12)
    assert "training: 100%" in capsys.readouterr().err


def test_lines_without_tqdm(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    monkeypatch.setattr(_progress, "_WORTH_A_BAR", 0.0)
    monkeypatch.setattr(_progress, "_LINE_EVERY", 0.0)
    with _progress.counter(True) as count:
        count("training", 3, 12)
    assert capsys.readouterr().err == "training: 3/12\n"
