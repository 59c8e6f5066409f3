"""The audit: what it counts, what it warns of, what it forbids, and its page."""

import re
from html.parser import HTMLParser

import pytest

from detector.evaluation import Label
from tests.unit.training.data.pictures import entry
from training.data.audit import Audit, audit
from training.data.audit_page import render, verdict
from training.data.catalog import TEST, TRAIN, CatalogEntry, DatasetRecord
from training.data.mislabelled import mislabelled
from training.data.shortcut import FEATURES, features, find_shortcut

REAL, AI = Label.REAL, Label.AI


def record(**more: object) -> DatasetRecord:
    fields: dict[str, object] = {
        "name": "set", "digest": "d" * 64, "created_at": "2026-01-02", "origin": "/somewhere",
        "images": 0, "bytes": 0, "shards": (), "licence": "CC0",
    }  # fmt: skip
    return DatasetRecord.model_validate(fields | more)


def balanced(count: int = 240) -> list[CatalogEntry]:
    return [
        entry(n, (REAL, AI)[n % 2], f"{('place', 'maker')[n % 2]}-{n // 2 % 4}")
        for n in range(count)
    ]


def audited(entries: list[CatalogEntry], **more: object) -> Audit:
    return audit(record(**more), entries, "s3://bucket/set")


def test_counts() -> None:
    mine = balanced()
    mine[0] = mine[0].model_copy(update={"format": "PNG", "generator": "x", "licence": "MIT"})
    mine[1] = mine[1].model_copy(update={"generator": "flux", "split": TEST})
    found = audited(mine, duplicates=3, reasons={"bomb": 1}, rejected=(("a", "bomb: b"),))
    assert (found.images, found.bytes) == (240, 240 * 50_000)
    assert found.classes == {"real": 120, "ai": 120}
    assert found.generators == {"not stated": 119, "flux": 1}
    assert found.formats == {"real": {"PNG": 1, "JPEG": 119}, "ai": {"JPEG": 120}}
    assert found.licences == {"MIT": 1, "CC0": 239}
    assert sum(g.images for g in found.groups) == 240
    assert found.sources == tuple(f"{k}-{n}" for k in ("maker", "place") for n in range(4))
    assert found.sizes[0].long_side == (640.0,) * 5
    assert (found.duplicates, found.rejected) == (3, {"bomb": 1})
    assert found.examples == (("a", "bomb: b"),)
    assert Audit.parse(found.dumps()) == found


def test_good_data_has_nothing_against_it() -> None:
    found = audited(balanced())
    assert found.warnings == ()
    assert found.errors == ()
    assert found.shortcut.auc == 0.5
    assert verdict(found).mood == "good"


def test_a_shortcut_is_measured_and_warned_of() -> None:
    mine = [
        e.model_copy(update={"format": "PNG" if e.label is AI else "JPEG", "width": 600 + n})
        for n, e in enumerate(balanced())
    ]
    found = audited(mine)
    assert found.shortcut.auc == 1.0
    assert found.shortcut.auc_by_source == 1.0
    assert next(iter(found.shortcut.separations.items())) == ("is JPEG", 1.0)
    (warning,) = found.warnings
    assert warning.startswith("format and size alone tell the classes apart with an AUC of 1.00")


def test_a_shortcut_of_single_sources_only_shows_at_random() -> None:
    # Every source has a size of its own: at random that is learnt, on unseen sources it is not.
    mine = [
        e.model_copy(update={"width": 600 + 10 * int(e.source[-1]) + (0, 5)[e.label is AI]})
        for e in balanced(400)
    ]
    found = find_shortcut(mine)
    assert found.auc == 1.0
    assert found.auc_by_source is not None
    assert found.auc_by_source < 0.95


def test_no_shortcut_can_be_measured_on_one_class() -> None:
    assert find_shortcut([entry(n, REAL, "a") for n in range(9)]).auc is None
    assert find_shortcut([]).auc is None
    one_source = [entry(n, (REAL, AI)[n % 2], "a") for n in range(40)]
    assert find_shortcut(one_source).auc_by_source is None
    assert features(one_source).shape == (40, len(FEATURES))


@pytest.mark.parametrize(
    ("label", "source", "generator", "wrong"),
    [
        (REAL, "midjourney", "", True),
        (REAL, "set/DALL-E-3", "", True),
        (REAL, "sdxl", "", True),
        (REAL, "StyleGAN2", "", True),
        (REAL, "stable_diffusion_v1.5", "", True),
        (REAL, "someone/midjourney-or-not", "", False),
        (REAL, "flickr", "", False),
        (REAL, "admiral", "", False),
        (REAL, "cats", "Midjourney v6", True),
        (REAL, "cats", "camera", False),
        (AI, "midjourney", "midjourney", False),
        (AI, "real", "", True),
        (AI, "set/Photos", "", True),
        (AI, "real-or-ai-game", "", False),
    ],
)
def test_obviously_mislabelled_folders(
    label: Label, source: str, generator: str, wrong: bool
) -> None:
    found = mislabelled([entry(1, label, source, generator=generator)])
    assert bool(found) is wrong
    assert audited([entry(1, label, source, generator=generator)]).errors == found


def test_contradictions_and_leaks_are_errors() -> None:
    mine = [*balanced(), entry(900, AI, "maker-0", TEST)]
    mine = [e.model_copy(update={"split": e.split or TRAIN}) for e in mine]
    found = audited(
        mine,
        reasons={"contradicting_labels": 2},
        rejected=(("a.png (ai) = b.png (real)", "contradicting_labels: same"),),
    )
    assert found.leaks == ("maker-0 (ai)",)
    assert "2 images are in both classes, byte for byte (a.png (ai) = b.png" in found.errors[0]
    assert "the split leaks: maker-0 (ai) has images" in found.errors[1]
    assert verdict(found).mood == "bad"


def test_near_duplicates_are_counted() -> None:
    mine = balanced()
    like = mine[0].phash
    for at in (1, 2):
        mine[at] = mine[at].model_copy(update={"phash": like, "split": TRAIN})
    mine[4] = mine[4].model_copy(update={"phash": like, "split": TEST})
    near = audited(mine).near
    assert (near.images, near.groups, near.between_splits) == (4, 1, 2)
    assert (near.between_classes, near.between_sources) == (1, 1)
    warnings = " ".join(audited(mine).warnings)
    assert "1 groups of near-duplicates hold images of both classes" in warnings
    assert "2 images of train are near-duplicates of test images" in warnings
    dropped = audit(record(), mine, "x", dropped=2).warnings
    assert any(w.startswith("2 images were left out of train") for w in dropped)


@pytest.mark.parametrize(
    ("entries", "more", "warning"),
    [
        ([entry(n, (REAL, AI)[n % 5 == 0], f"s{n % 7}") for n in range(300)], {},
         "the classes are unbalanced, 240 to 60"),
        ([entry(n, (REAL, AI)[n % 2], "big" if n % 20 else f"s{n}") for n in range(300)], {},
         "100% of the 'ai' images|95% of the|90% of the 'real' images are of one source, 'big'"),
        (balanced(20), {}, "20 images are few"),
        (balanced(), {"reasons": {"truncated": 9, "bomb": 1}},
         "10 files were rejected, most of them as truncated"),
        (balanced(), {"licence": ""}, "240 images have no licence stated"),
    ],
)  # fmt: skip
def test_warnings(entries: list[CatalogEntry], more: dict[str, object], warning: str) -> None:
    assert any(re.search(warning, found) for found in audited(entries, **more).warnings)


class Tags(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    return tags


def test_the_page_asks_nothing_of_the_network() -> None:
    page = render(audited(balanced()))
    tags = parsed(page)
    assert not {"script", "link", "iframe", "img", "object"} & set(tags.tags)
    for name, value in tags.attributes:
        assert not name.startswith("on"), name
        if name in {"src", "href"}:
            assert value is not None
            assert value.startswith("#"), value
    assert tags.tags.count("svg") == 5
    assert "240 images of 8 sources" in page
    assert page.count('id="') == len(set(re.findall(r'\bid="([^"]*)"', page)))


HOSTILE = "<img src=x onerror=alert(1)> 日本語 $x^2$ \x1b[31m'\"& {{ 7 * 7 }}"


def test_names_are_text_on_the_page() -> None:
    mine = [e.model_copy(update={"source": f"{e.source} {HOSTILE}", "generator": HOSTILE,
                                 "licence": HOSTILE}) for e in balanced()]  # fmt: skip
    found = audited(mine, name=HOSTILE, origin=HOSTILE, reasons={"bomb": 1},
                    rejected=((HOSTILE, HOSTILE),))  # fmt: skip
    tags = parsed(render(found))
    assert "img" not in tags.tags
    assert "{{ 7 * 7 }}" in "".join(tags.text)


def test_any_audit_has_a_page() -> None:
    for mine in ([], [entry(1, REAL, "a")], [entry(n, AI, f"s{n}") for n in range(40)]):
        found = audited(mine)
        assert verdict(found).mood == "bad"
        assert "one class only" in render(found)
    leaking = audited([*balanced(), entry(900, AI, "a", TEST), entry(901, AI, "a", TRAIN)])
    assert "Sources in train and in test" in render(leaking)
