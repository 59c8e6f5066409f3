"""The page as a file: its policy, its data, and text that stays text."""

import base64
import hashlib
import json
from html.parser import HTMLParser
from typing import Any

import pytest

from batch_inference.report import assets
from batch_inference.report.columns import further, within_budget
from batch_inference.report.embed import json_text
from batch_inference.report.gather import Gathered
from batch_inference.report.histogram import Histogram
from batch_inference.report.limits import NOT_PROOF, UNKNOWN, limits_of
from batch_inference.report.page import render
from detector.reason import Reason
from tests.browser.batch import Batch, described, ordinary


class Elements(HTMLParser):
    """Every element, its attributes, and the text of scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._inside = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag if tag in {"script", "style"} else ""
        if self._inside:
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, _tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[self._inside][-1] += data

    def data(self, name: str) -> Any:
        """Return what a JSON element holds."""
        scripts = [attributes for tag, attributes in self.found if tag == "script"]
        place = next(i for i, attributes in enumerate(scripts) if attributes.get("id") == name)
        return json.loads(self.texts["script"][place])


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@pytest.fixture(scope="module")
def page() -> Elements:
    return Elements(ordinary(40).page())


def test_the_policy_lets_our_own_script_and_style_run_and_nothing_else(page: Elements) -> None:
    (policy,) = [a["content"] for _, a in page.found if "http-equiv" in a]
    parts = dict(part.strip().split(" ", 1) for part in str(policy).split(";"))
    code = [
        text
        for (_, attributes), text in zip(
            [e for e in page.found if e[0] == "script"], page.texts["script"], strict=True
        )
        if "type" not in attributes
    ]
    assert parts == {
        "default-src": "'none'",
        "script-src": digest(code[0]),
        "style-src": digest(page.texts["style"][0]),
        "img-src": "data: blob:",
        "connect-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert (len(code), len(page.texts["style"])) == (1, 1)


def test_nothing_is_loaded_and_no_markup_runs(page: Elements) -> None:
    for tag, attributes in page.found:
        assert not {"src", "style", "action"} & set(attributes), tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert attributes.get("href", "#").startswith("#"), tag  # type: ignore[union-attr]


def test_our_script_makes_no_markup_of_text() -> None:
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert word not in assets.script()
    # What would end the element, or begin the state in which that does not.
    for word in ("</script", "<!--", "<script"):
        assert word not in assets.script()


@pytest.mark.parametrize(
    "text",
    [
        "</script><script>",
        "<!--<script>",
        "&lt;",
        "\u2028\u2029",
        "\ud800",
        "\x00",
        "\u202e",
        "é漢🦊",
    ],
)
def test_embedded_text_comes_back_and_cannot_end_its_element(text: str) -> None:
    embedded = json_text({"key": text})
    assert not set("<>&\u2028\u2029") & set(embedded)
    expected = text.encode("utf-8", "replace").decode()
    assert json.loads(embedded) == {"key": expected}
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text(float("nan"))


def test_hostile_names_are_data_and_text_alone() -> None:
    batch = Batch()
    key = "</script><script>alert(1)</script>\ud800<img src=x onerror=alert(2)>"
    batch.add(key, member="<b>", probability=0.5, generator="<i>", provenance_detail="</title>")
    hostile = Elements(batch.page())
    ordinary_tags = {tag for tag, _ in Elements(Batch().page()).found}
    assert {tag for tag, _ in hostile.found} <= ordinary_tags
    assert not {"img", "i"} & ordinary_tags
    columns = hostile.data("data")["columns"]
    assert columns["key"] == [key.replace("\ud800", "?")]
    assert columns["member"] == ["<b>"]
    assert hostile.data("i0")[-1] == "</title>"


def test_rows_come_whole() -> None:
    batch = ordinary(40)
    page = Elements(batch.page())
    data = page.data("data")
    assert (data["shown"], data["rows"]) == (40, 40)
    columns = data["columns"]
    for place, image in enumerate(batch.images):
        row, rest = image.row, dict(zip(data["further"], page.data(f"i{place}"), strict=True))
        verdicts = columns["verdict"]
        assert verdicts["values"][verdicts["codes"][place]] == row["verdict"]
        assert columns["probability"][place] == pytest.approx(row["probability"], rel=1e-5)
        assert columns["scored_at"][place] == round(row["scored_at"].timestamp() * 1000)
        assert (rest["sha256"], rest["etag"]) == (row["sha256"], row["etag"])
        if image.evidence and image.evidence.heat:
            assert base64.b64decode(rest["thumbnail"]) == image.evidence.thumbnail
            assert base64.b64decode(rest["heat"]) == image.evidence.heat.values
            assert rest["crop"] == pytest.approx(image.evidence.crop, rel=1e-5)


def test_what_does_not_fit_is_left_out_least_telling_first() -> None:
    images = [image for image in ordinary(40).images if image.evidence]
    some = within_budget(images, 30_000)
    assert 3 < len(some) < len(images)
    assert some == {id(image) for image in images[: len(some)]}
    assert further(images[0], fits=True)[0]
    left_out = further(images[-1], fits=False)
    assert left_out[:5] == [None] * 5
    assert left_out[5] == images[-1].row["sha256"]


def test_the_page_says_how_many_did_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = ordinary(40)
    assert "too large" not in batch.page()
    monkeypatch.setattr("batch_inference.report.page.within_budget", lambda _: set())
    having = sum(image.evidence is not None for image in batch.images)
    assert f"{having} images are shown without thumbnail" in batch.page()


def test_limits_are_those_of_the_package() -> None:
    assert limits_of(None) == (UNKNOWN, NOT_PROOF)
    told = " ".join(limits_of(described()))
    assert "5% were called ai" in told
    assert "36% were found" in told
    assert "22% of the photographs" in told


def test_without_a_package_the_page_has_no_threshold() -> None:
    batch = ordinary(5)
    gathered = Gathered(batch.images, Histogram(), 5, 1, 1)
    page = Elements(render(batch.summary, gathered, None).decode())
    assert page.data("data")["decision"] is None


def test_cost_is_told_where_known() -> None:
    batch = ordinary(5)
    gathered = Gathered(batch.images, Histogram(), 5, 1, 1)
    assert b"dollars" not in render(batch.summary, gathered, described())
    assert b"<b>0.42</b> dollars" in render(batch.summary, gathered, described(), dollars=0.42)


def test_probabilities_fall_into_their_bars() -> None:
    histogram = Histogram()
    histogram.add(["real", "real", "ai", "error", "unsure"], [0.0, 0.0249, 1.0, None, 0.5])
    counts = histogram.counts()
    assert counts["real"][0] == 2
    assert counts["ai"][-1] == 1
    assert counts["unsure"][20] == 1
    assert histogram.rows == 4


def test_errors_are_told_by_reason() -> None:
    batch = Batch()
    batch.add("a.jpg", reason=Reason.BOMB)
    html = batch.page()
    assert "<b>1</b> bomb" in html
    assert "100.0%" in html
