"""Results and models in other processes: pickled, copied, forked."""

import copy
import multiprocessing
import os
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest

import fer

SECONDS = 60


@pytest.fixture(scope="module")
def run(faces, tmp_path_factory):
    model = {"input_size": 8, "channels": [16]}
    out = tmp_path_factory.mktemp("processes") / "run"
    return fer.train(faces, out, epochs=1, model=model, progress=False)


@pytest.fixture(scope="module")
def results(run, face, photo, faces):
    batch = fer.predict_batch([photo, face, face.read_bytes(), face.with_name("missing.jpg")], ids=range(4))
    return [batch[0][0], batch[0], batch, run, fer.evaluate(faces / "test"), fer.audit(faces)]


@pytest.mark.parametrize("again", [copy.deepcopy, copy.copy, lambda value: pickle.loads(pickle.dumps(value))])
def test_results_survive_copies_and_pickling(results, again):
    for result in results:
        other = again(result)
        assert type(other) is type(result)
        assert other == result
    batch = again(results[2])
    assert batch[0].draw().shape == results[2][0].draw().shape
    assert batch[0][0].label_set(0.05) == results[2][0][0].label_set(0.05)


@pytest.mark.parametrize("priors", [None, "uniform", [1, 2, 3, 4]])
def test_a_built_in_model_is_pickled_by_name(face, priors):
    classifier = fer.Classifier(priors=priors, threads=1)
    content = pickle.dumps(classifier)
    assert len(content) < 200
    assert pickle.loads(content).predict(face) == classifier.predict(face)
    assert repr(pickle.loads(content)) == repr(classifier)


def test_results_of_one_model_share_it_when_they_are_unpickled(face):
    content = pickle.dumps(fer.predict_batch([face]))
    first, second = pickle.loads(content), pickle.loads(content)
    assert first[0]._analyzer is second[0]._analyzer


def test_a_model_file_is_pickled_by_content(run, face, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(run.best.read_bytes())
    classifier = fer.Classifier(path)
    content = pickle.dumps(classifier)
    path.unlink()
    assert pickle.loads(content).predict(face) == classifier.predict(face)


def test_a_face_cannot_be_made_of_what_is_no_probability():
    with pytest.raises(fer.FerError, match="probability"):
        fer.Face(None, None, None, [2.0, 0, 0, 0], [1.0] * 4)
    with pytest.raises(fer.FerError, match="framing"):
        fer.Face(None, None, [0.0, 0.0, float("inf"), 0.0], [1.0, 0, 0, 0], [1.0] * 4)


def probabilities(images):
    return [np.asarray(item).tolist() for item in fer.predict_batch(images, progress=False)]


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_other_processes_predict_after_this_one_did(method, face, photo):
    images = [str(face), face.read_bytes(), str(photo)]
    expected = probabilities(images)
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map_async(probabilities, [images] * 4).get(SECONDS) == [expected] * 4
        classifier = fer.Classifier(threads=1)
        assert pool.apply_async(classifier.predict, (photo,)).get(SECONDS) == classifier.predict(photo)


def test_joblib_gives_the_same_predictions_in_its_processes(face, photo):
    classifier = fer.Classifier(threads=1)
    images = [face, photo, face.read_bytes()] * 2
    expected = [classifier.predict(image) for image in images]
    pool = joblib.Parallel(n_jobs=2, timeout=SECONDS)
    assert pool(joblib.delayed(classifier.predict)(image) for image in images) == expected
    assert pool(joblib.delayed(fer.predict)(image) for image in images) == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_computes_with_the_classifier_of_its_parent(face, photo):
    code = f"""
import os, fer
images = [{str(face)!r}, open({str(face)!r}, "rb").read(), {str(photo)!r}]
for threads in (0, 1, 2):
    classifier = fer.Classifier(threads=threads)
    expected = classifier.predict_batch(images)
    child = os.fork()
    if child == 0:
        os._exit(0 if classifier.predict_batch(images) == expected else 3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert classifier.predict_batch(images) == expected
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=SECONDS)


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_one_thread_means_one(face, photo):
    code = f"""
# NumPy starts threads of its own when it is imported.
import os, fer, numpy
before = len(os.listdir("/proc/self/task"))
classifier = fer.Classifier(threads=1)
images = [{str(face)!r}, open({str(face)!r}, "rb").read(), {str(photo)!r}] * 4
classifier.predict_batch(images, progress=False)
print(len(os.listdir("/proc/self/task")) - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, timeout=SECONDS, capture_output=True, text=True
    )
    assert int(done.stdout) == 0
