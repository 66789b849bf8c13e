"""The browser that the tests of pages use: it refuses the network, and sees what a page does."""

import pytest


@pytest.fixture
def page_file(tmp_path):
    def write(body):
        file = tmp_path / "page.html"
        file.write_text(f"<!doctype html><title>A page</title>{body}", "utf-8")
        return file

    return write


def test_a_page_of_a_file_opens_on_desktop_and_phone(open_page, page_file, phone):
    file = page_file("<script>document.title = innerWidth</script>")
    assert open_page(file, viewport={"width": 1280, "height": 800}).title() == "1280"
    assert int(open_page(file, **phone).evaluate("screen.width")) == 390


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<img src=https://example.org/seen.gif alt=spy>", "asked for https://example.org/seen.gif"),
        ("<script>fetch('https://example.org/').catch(() => 0)</script>", "asked for https://example.org/"),
        ("<script>throw new Error('broken')</script>", "failed: "),
        ("<script>console.error('a complaint')</script>", "said: a complaint"),
    ],
)
def test_network_and_errors_fail_a_test(body, fault, page_file, open_page):
    open_page(page_file(body)).wait_for_timeout(200)
    assert any(line.startswith(fault) for line in open_page.faults)
    open_page.faults.clear()
