"""Every command line in the documentation names a command and options that exist."""

import pytest

from tests.unit.docs.command_line import Line, all_lines, lines_of, parse, words

LINES = all_lines()


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.page}: {line.text}")
def test_it_parses(line: Line) -> None:
    assert parse(line.text, named=line.named) is not None


def test_lines_are_found_in_blocks_and_in_text() -> None:
    text = (
        "Run `aidetect local\nup`, not `aidetect_other`:\n```bash\n"
        "$ A=b aidetect score x.jpg  # c\nmake x\naidetect train a \\\n  --wait\n```\n"
    )
    assert [line.text for line in lines_of("p", text)] == [
        "aidetect score x.jpg  # c",
        "aidetect train a    --wait",
        "aidetect local up",
    ]
    assert len(LINES) > 30


def test_placeholders_of_a_synopsis() -> None:
    assert words("aidetect dataset import S… [--label real|ai] [--limit N] | head  # x") == [
        *("aidetect", "dataset", "import", "S…", "--label", "real", "--limit", "1")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "aidetect scorr photo.jpg",
        "aidetect score photo.jpg --jsn",
        "aidetect score",
        "aidetect score photo.jpg --limit many",
        "aidetect dataset nothing",
        "aidetect local up extra",
    ],
)
def test_what_does_not_exist_is_found(text: str) -> None:
    with pytest.raises(Exception, match=r".") as found:
        parse(text)
    assert type(found.value).__name__ in {
        *("UsageError", "NoSuchOption", "MissingParameter", "BadParameter")
    }
