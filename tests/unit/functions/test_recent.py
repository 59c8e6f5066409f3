from detector.manifest import ManifestEntry
from functions.intake.recent import Recent


def entry(key: str, sequencer: str | None = "01", etag: str = "e") -> ManifestEntry:
    return ManifestEntry(bucket="b", key=key, sequencer=sequencer, etag=etag)


def test_another_upload_of_a_key_is_not_seen() -> None:
    recent = Recent()
    recent.remember([entry("a")])
    assert recent.unseen([entry("a"), entry("a", "02"), entry("a", etag="f"), entry("b")]) == (
        entry("a", "02"),
        entry("a", etag="f"),
        entry("b"),
    )


def test_uploads_that_cannot_be_told_apart_are_never_left_out() -> None:
    recent = Recent()
    recent.remember([entry("a", None)])
    assert recent.unseen([entry("a", None)]) == (entry("a", None),)


def test_the_oldest_is_forgotten_first() -> None:
    recent = Recent(capacity=2)
    recent.remember([entry("a"), entry("b")])
    recent.remember([entry("c")])
    assert recent.unseen([entry("a"), entry("b"), entry("c")]) == (entry("a"),)
