"""Faces labeled on the page of `fer insight sample`, in a browser, by keys and by touch, over a reload."""

import csv
import io
import json
import shutil
import subprocess
import sys

import pytest

import fer
from fer import insight

FACES = 40
KEYS = {"happy": "1", "sad": "2", "neutral": "3", "surprise": "4", "other": "5", "cannot_tell": "6"}


def run_fer(*arguments, folder):
    return subprocess.run(
        [sys.executable, "-m", "fer", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def work(faces, tmp_path_factory):
    """A folder with a table of drawn faces, some of hostile names, a sheet of 40 of them and its page."""
    folder = tmp_path_factory.mktemp("label")
    for emotion in ("happy", "sad", "neutral", "surprise"):
        shutil.copytree(faces / "test" / emotion, folder / "images" / emotion)
    hostile = (
        "quoted, '\u00fcml'.jpg" if sys.platform == "win32" else '<img src=x onerror=alert(1)>, "\u00fc".jpg'
    )
    for emotion in ("happy", "sad"):
        folder_of_one = folder / "images" / emotion
        for file in sorted(folder_of_one.iterdir())[:10]:
            file.rename(folder_of_one / f"{file.stem} {hostile}")
    table = run_fer("predict", "images", "--format", "csv", folder=folder)
    assert table.returncode == 0, table.stderr
    (folder / "faces.csv").write_text(table.stdout, "utf-8")
    drawn = ("--count", FACES, "--out", "sheet.csv", "--html", "label.html")
    made = run_fer("insight", "sample", "faces.csv", *drawn, folder=folder)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="module")
def truths(work):
    """The label that each face of the sheet has by its folder."""
    return [
        row["path"].replace("\\", "/").split("/")[1] for row in rows((work / "sheet.csv").read_text("utf-8"))
    ]


def begin(page, rater):
    page.get_by_label("Your name or initials").fill(rater)
    page.get_by_role("button", name="Start").click()


def label(page, labels):
    for one in labels:
        page.keyboard.press(KEYS[one])


def save(page, work):
    with page.expect_download() as download:
        page.get_by_role("button", name="Save CSV").click()
    file = work / download.value.suggested_filename
    download.value.save_as(file)
    return file


def test_forty_faces_by_key_with_a_reload_and_a_second_person(open_page, work, truths):
    page = open_page(work / "label.html", accept_downloads=True)
    begin(page, "Anna B.")
    label(page, truths[:20])
    assert page.locator("#count").text_content() == "Face 21 of 40"
    page.reload()
    assert page.locator("#count").text_content() == "Face 21 of 40"
    assert page.get_by_role("progressbar").evaluate("bar => bar.value") == 20
    label(page, ["cannot_tell", *truths[21:], "happy"])
    assert page.get_by_role("heading", name="All faces are labeled").is_visible()
    anna = save(page, work)
    assert anna.name == "sheet-Anna-B.csv"
    saved = rows(anna.read_text("utf-8"))
    assert [row["label"] for row in saved] == [*truths[:20], "cannot_tell", *truths[21:]]
    empty = rows((work / "sheet.csv").read_text("utf-8"))
    assert [{**row, "label": ""} for row in saved] == empty, "every other cell is as it was"

    page.get_by_role("button", name="Another person").click()
    assert page.get_by_role("button", name="Anna B. (40 of 40)").is_visible()
    begin(page, "ben")
    assert page.locator("#count").text_content() == "Face 1 of 40", "nothing of the other's answers"
    wrong = ["other" if index % 8 == 0 else truth for index, truth in enumerate(truths)]
    label(page, wrong)
    ben = save(page, work)

    agreement = run_fer("insight", "agreement", anna, ben, "--json", folder=work)
    assert agreement.returncode == 0, agreement.stderr
    figures = json.loads(agreement.stdout)
    assert figures["raters"][0] == {"name": "sheet-Anna-B", "answered": 39, "cannot_tell": 1, "unlabeled": 0}
    same = sum(a == b for a, b in zip(saved, rows(ben.read_text("utf-8")), strict=True))
    assert figures["pairs"][0]["agreement"]["estimate"] == pytest.approx(same / 39)

    shares = run_fer("insight", "shares", "faces.csv", "--labels", anna, "--json", folder=work)
    assert shares.returncode == 0, shares.stderr
    result = json.loads(shares.stdout)
    assert result["estimator"] == "labels"
    assert result["labels"] == {"used": 39, "cannot_tell": 1, "unlabeled": 0, "left_out": 0, "pooled": False}
    for share in result["total"]["shares"].values():
        low, high = share["ci95"]
        assert low < 0.25 < high, "each class is a quarter of the faces"


def test_a_mistake_is_taken_back_and_a_key_held_down_is_one_answer(open_page, work):
    page = open_page(work / "label.html")
    begin(page, "careful")
    status = page.get_by_role("status")
    page.keyboard.press("2")
    assert status.text_content() == "Sad. Face 2 of 40."
    page.keyboard.press("Backspace")
    assert status.text_content() == "Sad taken back. Face 1 of 40."
    page.keyboard.press("Backspace")
    for key in ("7", "0", "x", "Control+1"):
        page.keyboard.press(key)
    assert page.locator("#count").text_content() == "Face 1 of 40"
    for _ in range(5):
        page.keyboard.down("1")
    page.keyboard.up("1")
    assert page.locator("#count").text_content() == "Face 2 of 40"
    assert page.get_by_role("button", name="Undo (Happy)").is_enabled()


def test_a_phone_labels_by_touch_without_scrolling_sideways(open_page, work, phone):
    page = open_page(work / "label.html", **phone)
    begin(page, "thumb")
    for index, name in enumerate(
        ("Happy", "Sad", "Neutral", "Surprised", "Another expression", "Cannot tell")
    ):
        button = page.get_by_role("button", name=name, exact=True)
        box = button.bounding_box()
        assert box["height"] >= 44
        assert box["y"] + box["height"] <= page.viewport_size["height"], "every answer is in sight"
        button.tap()
        assert page.locator("#count").text_content() == f"Face {index + 2} of 40"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_light_and_dark_follow_the_system(open_page, work):
    def ground(scheme):
        page = open_page(work / "label.html", color_scheme=scheme)
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert ground("light") == "rgb(255, 255, 255)"
    assert ground("dark") == "rgb(20, 24, 31)"


def test_names_of_files_are_text_and_the_network_is_forbidden(open_page, work):
    page = open_page(work / "label.html")
    begin(page, "guard")
    assert page.locator("img").count() == 1
    blocked = page.evaluate(
        """async () => {
            const script = document.createElement("script");
            script.textContent = "window.injected = true";
            document.body.append(script);
            const sent = await fetch("https://example.org/").then(() => true, () => false);
            return [window.injected ?? false, sent];
        }"""
    )
    assert blocked == [False, False]
    assert any("Content Security Policy" in fault for fault in open_page.faults)
    assert not any(fault.startswith("asked for") for fault in open_page.faults), "stopped before the network"
    open_page.faults.clear()


def test_a_browser_that_keeps_nothing_says_so_and_works(open_page, work, truths):
    page = open_page(work / "label.html", accept_downloads=True)
    page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        "Object.defineProperty(window, name, {get() { throw new Error('refused'); }});"
    )
    page.reload()
    assert page.get_by_text("This browser keeps nothing").is_visible()
    begin(page, "guest")
    label(page, truths[:3])
    page.get_by_role("button", name="Another person").click()
    page.get_by_role("button", name="guest (3 of 40)").click()
    saved = rows(save(page, work).read_text("utf-8"))
    assert [row["label"] for row in saved[:4]] == [*truths[:3], ""]


def test_a_notebook_shows_the_page_in_a_frame_of_its_own(open_page, work, truths, monkeypatch, tmp_path):
    monkeypatch.chdir(work)
    page_of_sheet = insight.label("sheet.csv")
    assert page_of_sheet.faces == FACES
    assert page_of_sheet.html == (work / "label.html").read_text("utf-8")
    notebook = tmp_path / "notebook.html"
    notebook.write_text(f"<!doctype html><meta charset=utf-8>{page_of_sheet._repr_html_()}", "utf-8")
    page = open_page(notebook, accept_downloads=True)
    frame = page.frame_locator("iframe")
    frame.get_by_label("Your name or initials").fill("cell")
    frame.get_by_role("button", name="Start").click()
    label(page, truths[:5])
    assert frame.locator("#count").text_content() == "Face 6 of 40"
    with page.expect_download() as download:
        frame.get_by_role("button", name="Save CSV").click()
    assert download.value.suggested_filename == "sheet-cell.csv"


def test_sheets_that_are_none_are_refused_by_name(work, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("path,label\na.jpg,cheerful\n", "utf-8")
    with pytest.raises(fer.DatasetError, match=r"bad\.csv is no sheet of labels.*row 1.*cheerful"):
        insight.label(bad)
    with pytest.raises(fer.DatasetNotFoundError, match=r"nowhere\.csv"):
        insight.label(tmp_path / "nowhere.csv")
    gone = tmp_path / "gone.csv"
    images = sorted((work / "images" / "neutral").iterdir())
    gone.write_text(f"path,label\n{images[0]},\nnowhere.png,\n", "utf-8")
    with pytest.warns(UserWarning, match=r"left out of the page: nowhere\.png"):
        assert insight.label(gone).faces == 1
