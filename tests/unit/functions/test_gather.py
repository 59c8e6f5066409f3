import random

from detector.manifest import read_lines
from functions.intake.gather import gather
from tests.unit.functions.uploads import body, record


def test_newest_upload_of_a_key_wins_whatever_the_order() -> None:
    # "0A" padded on its right is later than "09FF".
    messages = [
        ("m1", body(record("a.jpg", sequencer="09FF", eTag="old"))),
        ("m2", body(record("a.jpg", sequencer="0A", eTag="new"))),
    ]
    for order in (messages, messages[::-1]):
        gathered = gather(order)
        assert [entry.etag for entry in gathered.entries] == ["new"]
        assert gathered.duplicates == 1


def test_upload_without_sequencer_is_older_than_any() -> None:
    gathered = gather(
        [
            ("m1", body(record("a.jpg", eTag="known"))),
            ("m2", body(record("a.jpg", sequencer=None, eTag="unknown"))),
        ]
    )
    assert gathered.entries[0].etag == "known"


def test_same_key_in_two_buckets_is_two_images() -> None:
    gathered = gather([("m", body(record("a.jpg"), record("a.jpg", bucket="other")))])
    assert [entry.bucket for entry in gathered.entries] == ["intake-bucket", "other"]


def test_batch_does_not_depend_on_order_grouping_or_repetition() -> None:
    records = [record(f"intake/{i}.jpg") for i in range(50)]
    batch = gather([("m", body(*records))]).batch
    shuffled = [*records, *records[:20]]
    random.Random(1).shuffle(shuffled)
    again = gather((str(i), body(one)) for i, one in enumerate(shuffled))
    assert again.batch == batch
    assert len(batch) == 32
    assert again.duplicates == 20


def test_another_upload_of_the_same_key_is_another_batch() -> None:
    first = gather([("m", body(record("a.jpg", sequencer="01")))])
    second = gather([("m", body(record("a.jpg", sequencer="02")))])
    assert first.batch != second.batch


def test_manifest_reads_back() -> None:
    gathered = gather([("m", body(record("ü b.jpg"), record("a.txt")))])
    assert tuple(read_lines(gathered.manifest.splitlines())) == gathered.entries


def test_malformed_messages_are_named_and_the_others_kept() -> None:
    gathered = gather([("bad", "nonsense"), ("good", body(record("a.jpg")))])
    assert list(gathered.malformed) == ["bad"]
    assert len(gathered.entries) == 1
