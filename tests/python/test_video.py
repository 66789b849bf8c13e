"""People followed through frames."""

import subprocess
import sys
import threading
import time

import av
import numpy as np
import pytest
from PIL import Image

import fer


@pytest.fixture(scope="module")
def frames(examples):
    return sorted((examples / "clip").glob("*.jpg"))


@pytest.fixture(scope="module")
def timeline(frames):
    return fer.predict_video(frames[0].parent, frames_per_second=12.5)


def test_rows_run_through_time_and_name_people(timeline, frames):
    assert len(timeline) > 0
    times = timeline.column("time")
    assert times == sorted(times)
    assert set(times) <= {number / 12.5 for number in range(len(frames))}
    assert set(timeline.column("person")) == set(range(1 + max(timeline.column("person"))))
    for row in timeline:
        assert sum(row[emotion] for emotion in fer.EMOTIONS) == pytest.approx(1, abs=1e-5)
        assert sum(row[f"smoothed_{emotion}"] for emotion in fer.EMOTIONS) == pytest.approx(1, abs=1e-5)


def test_a_folder_its_files_and_their_pixels_are_the_same_video(timeline, frames):
    assert fer.predict_video(frames, frames_per_second=12.5) == timeline
    # Pillow decodes JPEG by another library: a grey level apart at most.
    arrays = (np.asarray(Image.open(frame)) for frame in frames)
    assert len(fer.predict_video(arrays, frames_per_second=12.5)) == pytest.approx(len(timeline), rel=0.1)


def test_timelines_become_tables_and_plots(timeline):
    assert list(timeline.to_pandas().columns) == timeline.to_polars().columns == timeline.columns
    empty = fer.predict_video([np.zeros((64, 64, 3), np.uint8)])
    assert (len(empty), empty.columns) == (0, timeline.columns)
    assert empty.to_polars().schema == timeline.to_polars().schema
    figure = timeline.plot()
    figure.canvas.draw()
    assert len(figure.axes) == len(set(timeline.column("person")))


@pytest.fixture(scope="module")
def clip(frames, tmp_path_factory):
    """The drawn frames as a video file of 20 frames per second."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=20)
        images = [np.asarray(Image.open(file).convert("RGB")) for file in frames]
        stream.height, stream.width, _ = images[0].shape
        stream.pix_fmt = "yuv420p"
        for image in images:
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_a_video_file_is_sampled(clip):
    timeline = fer.predict_video(clip, frames_per_second=5)
    times = sorted(set(timeline.column("time")))
    assert len(times) > 1
    assert np.diff(times).min() == pytest.approx(0.2, abs=0.01)


def rows(stream):
    return [{"time": frame.time, **row} for frame in stream for row in frame]


def test_a_stream_has_the_rows_of_the_timeline_as_they_come(timeline, frames):
    read = []

    def arriving():
        for frame in frames:
            read.append(frame)
            yield frame

    stream = fer.stream(arriving(), frames_per_second=12.5)
    assert read == []
    first = next(stream)
    assert (len(read), first.time, first.image) == (1, 0.0, frames[0])
    assert first.draw().shape == np.asarray(Image.open(frames[0])).shape
    found = [*map(dict, first), *(dict(row) for frame in stream for row in frame)]
    assert [{name: row[name] for name in timeline.columns} for row in found] == list(timeline)


class Capture:
    """What ``cv2.VideoCapture`` offers, over images in RGB order."""

    def __init__(self, images, count):
        self._images = iter(images)
        self._properties = {5: 12.5, 7: count}
        self.released = False

    def isOpened(self):  # noqa: N802 - the name in OpenCV
        return True

    def get(self, number):
        return self._properties[number]

    def read(self):
        image = next(self._images, None)
        return image is not None, None if image is None else image[:, :, ::-1]

    def release(self):
        self.released = True


def test_captures_are_bgr_and_have_the_times_of_their_file_or_of_the_clock(frames):
    images = [np.asarray(Image.open(frame).convert("RGB")) for frame in frames[:6]]
    expected = rows(fer.stream(images, frames_per_second=12.5))
    file = Capture(images, len(images))
    assert rows(fer.stream(file)) == expected
    assert file.released
    camera = list(fer.stream(Capture(images, 0)))
    times = [frame.time for frame in camera]
    assert len(times) == len(images)
    assert times == sorted(set(times))
    assert [len(frame) for frame in camera] == [len(frame) for frame in fer.stream(images)]
    np.testing.assert_array_equal(camera[0].draw(), next(iter(fer.stream(images))).draw())


def test_a_folder_is_followed_while_it_is_written(frames, tmp_path):
    folder = tmp_path / "arriving"
    folder.mkdir()

    def write():
        for frame in frames[:8]:
            content = frame.read_bytes()
            with (folder / frame.name).open("wb") as file:
                file.write(content[: len(content) // 2])
                file.flush()
                time.sleep(0.02)
                file.write(content[len(content) // 2 :])

    writer = threading.Thread(target=write)
    writer.start()
    found = list(fer.stream(folder, frames_per_second=12.5, wait=1.5))
    writer.join()
    assert [frame.image.name for frame in found] == [frame.name for frame in frames[:8]]
    assert rows(found) == rows(fer.stream(frames[:8], frames_per_second=12.5))


def test_the_webcam_example_runs_on_a_file(examples, clip):
    done = subprocess.run(
        [sys.executable, examples / "webcam.py", clip], check=True, capture_output=True, text=True, timeout=60
    )
    lines = done.stdout.splitlines()
    assert len(lines) == len(list(fer.stream(clip)))
    assert "person 0" in lines[0]


def test_a_timeline_is_drawn_into_a_video(timeline, frames, clip, tmp_path):
    path = tmp_path / "drawn.mp4"
    timeline.save_video(path)
    drawn = [frame.image for frame in fer.stream(path, frames_per_second=12.5)]
    assert len(drawn) == len(frames)
    plain = np.asarray(Image.open(frames[0]).convert("RGB")).astype(int)
    changed = np.abs(drawn[0].astype(int) - plain[: drawn[0].shape[0], : drawn[0].shape[1]]).max(axis=2) > 60
    row = timeline[0]
    assert changed[row["y"] : row["y"] + row["height"], row["x"] : row["x"] + row["width"]].any()
    assert changed.mean() < 0.3
    with pytest.raises(fer.OutputError, match="exists already"):
        timeline.save_video(path)
    with pytest.raises(ValueError, match="frames are gone"):
        fer.predict_video(frames).save_video(tmp_path / "other.mp4")
    fer.predict_video(clip).save_video(tmp_path / "clip-drawn.mp4")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["clip-drawn.mp4", "drawn.mp4"]


def test_what_is_no_video_is_refused(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"no video")
    with pytest.raises(fer.VideoError, match=r"clip\.mp4"):
        fer.predict_video(path)
    with pytest.raises(fer.VideoNotFoundError):
        fer.predict_video(tmp_path / "missing.mp4")
    for call in (fer.predict_video, fer.stream):
        with pytest.raises(ValueError, match="frames_per_second"):
            call([], frames_per_second=0)
