"""Training, evaluation and audit from Python."""

import _thread
import filecmp
import json
import shutil

import numpy as np
import pytest

import fer

TINY = {
    "epochs": 3,
    "batch_size": 8,
    "seed": 5,
    "model": {"channels": [16, 16]},
}


@pytest.fixture(scope="module")
def data(make_dataset, tmp_path_factory):
    return make_dataset(tmp_path_factory.mktemp("dataset") / "data")


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    return fer.train(data, tmp_path_factory.mktemp("runs") / "run", progress=False, **TINY)


def test_a_run_tells_its_history_and_its_model(run):
    assert len(run.history) == TINY["epochs"]
    assert run.history.column("epoch") == [1, 2, 3]
    assert {"train_loss", "validation_loss", "validation_accuracy"} <= set(run.history.columns)
    assert run.best.is_file()
    assert run.report.is_file()
    assert run == fer.TrainingRun(run.path)
    assert "epochs=3" in repr(run)
    assert "3 epochs" in run._repr_html_()
    assert run.validation.to_dict() == run.to_dict()["validation"]


def test_the_trained_model_predicts(run, face):
    assert run.classifier.predict(face) == fer.predict(face, model=run.best)


def test_the_same_seed_gives_the_same_bytes(run, data, tmp_path):
    again = fer.train(data, tmp_path / "again", progress=False, threads=1, **TINY)
    assert filecmp.cmp(run.best, again.best, shallow=False)


def test_progress_is_told(data, tmp_path):
    events = []
    fer.train(data, tmp_path / "run", progress=events.append, **{**TINY, "epochs": 2})
    kinds = [event["event"] for event in events]
    assert kinds[0] == "prepare"
    assert kinds.count("start") == 1
    assert kinds.count("epoch") == 2
    assert "step" in kinds
    assert all(event["epochs"] == 2 for event in events if event["event"] != "prepare")


def test_progress_bar_shows_itself(data, tmp_path, capsys):
    fer.train(data, tmp_path / "run", **{**TINY, "epochs": 1})
    assert "epoch 1/1" in capsys.readouterr().err


def test_an_interrupt_leaves_a_run_that_resumes_to_the_same_bytes(run, data, tmp_path):
    def interrupt(event):
        if event["event"] == "epoch" and event["epoch"] == 1:
            _thread.interrupt_main()

    with pytest.raises(KeyboardInterrupt):
        fer.train(data, tmp_path / "run", progress=interrupt, **TINY)
    stopped = fer.TrainingRun(tmp_path / "run")
    assert len(stopped.history) < TINY["epochs"]
    assert (stopped.validation, stopped.to_dict()) == (None, {})
    assert "epochs" in stopped._repr_html_()
    resumed = fer.train(data, tmp_path / "run", resume=True, progress=False)
    assert len(resumed.history) == TINY["epochs"]
    assert filecmp.cmp(run.best, resumed.best, shallow=False)


def test_an_observer_that_raises_stops_the_training(data, tmp_path):
    def refuse(event):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        fer.train(data, tmp_path / "run", progress=refuse, **TINY)


def test_defaults_are_those_of_the_trainer():
    defaults = fer.train_defaults()
    assert set(fer.TrainOptions.__annotations__) | {"votes", "extra"} == set(defaults)


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"epoch": 3}, "epochs"),
        ({"epochs": "many"}, "many"),
        ({"epochs": 0}, "at least 1"),
        ({"augmentation": {"rotate": 1}}, "rotate"),
        ({"device": "tpu"}, "cuda"),
    ],
)
def test_bad_options_are_named(options, hint, data, tmp_path):
    with pytest.raises(fer.ConfigError, match=hint):
        fer.train(data, tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_what_is_no_dataset_is_refused(data, tmp_path, run):
    with pytest.raises(fer.DatasetNotFoundError):
        fer.train(tmp_path / "nothing", tmp_path / "run")
    with pytest.raises(fer.DatasetError, match="train"):
        fer.train(data / "train", tmp_path / "run")
    with pytest.raises(fer.TrainingError, match="resume"):
        fer.train(data, run.path, **TINY)
    with pytest.raises(fer.TrainingError):
        fer.train(data, tmp_path / "run", resume=True)
    with pytest.raises(fer.RunNotFoundError):
        fer.TrainingRun(tmp_path / "nothing")


def test_evaluation_tells_its_figures(run, data, tmp_path):
    evaluation = run.evaluate(data / "test")
    assert evaluation == fer.evaluate(data / "test", model=run.classifier)
    assert evaluation.n == 24
    confusion = np.asarray(evaluation)
    assert confusion.sum() == evaluation.n
    assert np.trace(confusion) / evaluation.n == pytest.approx(evaluation.accuracy)
    low, high = evaluation.accuracy_ci95
    assert 0 <= low <= evaluation.accuracy <= high <= 1
    assert list(evaluation.per_class) == evaluation.classes
    assert len(evaluation.predictions) == evaluation.n
    assert (data / "test" / evaluation.predictions[0]["path"]).is_file()
    assert evaluation.consensus is None
    assert f"n={evaluation.n}" in repr(evaluation)
    assert "confusion" in evaluation._repr_html_()

    evaluation.save(tmp_path / "e.json")
    assert fer.Evaluation.load(tmp_path / "e.json") == evaluation
    assert json.loads((tmp_path / "e.json").read_text()) == evaluation.to_dict()


def test_groups_have_figures_and_a_largest_gap(run, data, tmp_path):
    paths = [f"test/{row['path']}" for row in run.evaluate(data / "test").predictions]
    table = tmp_path / "groups.csv"
    rows = [f"{path},{'odd' if number % 2 else 'even'}," for number, path in enumerate(paths)]
    table.write_text("\n".join(["path,parity,size", *rows[:-1], f"{paths[-1]},,large"]) + "\n")
    evaluation = run.evaluate(data / "test", groups=table, html=tmp_path / "e.html")
    parity = evaluation.groups["parity"]
    assert [row["group"] for row in parity] == ["even", "odd"]
    assert sum(parity["n"]) == evaluation.n - 1
    assert all(row["accuracy_low"] <= row["accuracy"] <= row["accuracy_high"] for row in parity)
    assert parity["is_small"] == [True, True]
    # Groups of fewer than 20 images are not compared.
    assert evaluation.largest_gaps == {"parity": None, "size": None}
    assert "By parity" in (tmp_path / "e.html").read_text(encoding="utf-8")
    assert fer.evaluate(data / "test", model=run.classifier).groups == {}
    table.write_text("path,parity\nhappy/other.jpg,odd\n")
    with pytest.raises(fer.DatasetError, match="groups file"):
        run.evaluate(data / "test", groups=table)


def test_two_models_are_compared_image_by_image(run, data):
    a = run.evaluate(data / "test")
    b = fer.evaluate(data / "test")
    comparison = fer.compare(a, b)
    assert (comparison.n, comparison.unpaired) == (24, 0)
    assert comparison.accuracies == pytest.approx((a.accuracy, b.accuracy))
    assert comparison.difference == pytest.approx(b.accuracy - a.accuracy)
    low, high = comparison.difference_ci95
    assert low <= comparison.difference <= high
    right = [{row["path"]: row["truth"] == row["emotion"] for row in e.predictions} for e in (a, b)]
    only_b = sorted(path for path in right[0] if right[1][path] and not right[0][path])
    assert sorted(r["path"] for r in comparison.decisive if r["b"] == r["truth"]) == only_b
    assert comparison.only_b == len(only_b)
    assert comparison.per_class["class"] == list(fer.EMOTIONS)
    assert sum(comparison.per_class["n"]) == 24
    assert "p_value" in repr(comparison)
    assert "McNemar" in comparison._repr_html_()
    assert fer.compare(a, a).p_value == 1


def test_evaluations_without_a_common_image_cannot_be_compared(run, data):
    a = run.evaluate(data / "test")
    with pytest.raises(fer.ConfigError, match="different folders"):
        fer.compare(a, run.evaluate(data / "validation"))
    nothing = fer.Evaluation(a.to_dict() | {"predictions": []})
    with pytest.raises(fer.DatasetError, match="no image was answered by both"):
        fer.compare(a, nothing)
    other = a.to_dict()
    truths = {"happy": "sad", "sad": "happy", "neutral": "surprise", "surprise": "neutral"}
    for row in other["predictions"]:
        row["truth"] = truths[row["truth"]]
    with pytest.raises(fer.ConfigError, match="the same labels"):
        fer.compare(a, fer.Evaluation(other))


def test_the_worst_mistakes_come_first(run, data):
    evaluation = run.evaluate(data / "test")
    mistakes = evaluation.worst_mistakes(5)
    assert len(mistakes) == min(5, round((1 - evaluation.accuracy) * evaluation.n))
    confidences = [row["confidence"] for row in mistakes]
    assert confidences == sorted(confidences, reverse=True)
    assert all(row["truth"] != row["emotion"] for row in mistakes)
    assert mistakes._repr_html_().count("data:image/jpeg") == len(mistakes)


def test_excluded_images_are_not_scored(run, data, tmp_path):
    left_out = ["happy/" + sorted((data / "test" / "happy").iterdir())[0].name]
    assert run.evaluate(data / "test", exclude=left_out).n == 23
    (tmp_path / "list.txt").write_text(left_out[0] + "\n")
    assert run.evaluate(data / "test", exclude=tmp_path / "list.txt").n == 23
    with pytest.raises(fer.DatasetNotFoundError, match="nowhere"):
        run.evaluate(data / "test", exclude=tmp_path / "nowhere.txt")


def test_pages_are_written(run, data, tmp_path):
    run.evaluate(data / "test", html=tmp_path / "e.html")
    fer.audit(data, html=tmp_path / "a.html")
    for page in ("e.html", "a.html"):
        assert "</html>" in (tmp_path / page).read_text()


def test_plots(run, data):
    evaluation = run.evaluate(data / "test")
    figures = (
        run.plot(),
        evaluation.plot_confusion(),
        evaluation.plot_reliability(),
        evaluation.worst_mistakes(6).plot(),
        run.classifier.predict(next((data / "test" / "sad").iterdir())).explain().plot(),
    )
    for figure in figures:
        assert figure.axes
        assert figure._repr_png_().startswith(b"\x89PNG")  # notebooks show it without pyplot


def test_an_audit_finds_a_copy(run, data, tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    copied = next((copy / "test" / "sad").iterdir())
    shutil.copy(copied, copy / "train" / "sad" / "copy.png")
    audit = fer.audit(copy)
    assert len(audit.exact) == 1
    assert "train/sad/copy.png" in (audit.exact[0]["a"], audit.exact[0]["b"])
    assert audit.counts["train"]["sad"] == 7
    assert f"sad/{copied.name}" in audit.leaked()
    assert run.evaluate(copy / "test", exclude=audit.leaked()).n == 24 - len(audit.leaked())
    assert "exact=1" in repr(audit)
    assert "exact copies" in audit._repr_html_()
    audit.save(tmp_path / "a.json")
    assert fer.Audit.load(tmp_path / "a.json") == audit


def test_a_misspelled_option_is_told_the_right_one(dataset, tmp_path):
    with pytest.raises(fer.ConfigError, match="did you mean epochs"):
        fer.train(dataset, tmp_path / "run", epoch=3, progress=False)
    assert not (tmp_path / "run").exists()


def test_defaults_are_short_decimals():
    assert fer.train_defaults()["weight_decay"] == float(f"{fer.train_defaults()['weight_decay']:.6g}")
    assert "0000000" not in repr(fer.train_defaults())


def test_options_may_be_scalars_of_numpy(dataset, tmp_path):
    small = {"input_size": np.int64(8), "channels": np.array([16])}
    options = {"epochs": np.int64(1), "learning_rate": np.float32(0.01), "remove_copies": np.bool_(False)}
    run = fer.train(dataset, tmp_path / "run", model=small, progress=False, **options)
    assert len(run.history) == 1
    with pytest.raises(fer.ConfigError, match="finite"):
        fer.train(dataset, tmp_path / "other", learning_rate=float("nan"), progress=False)
