"""Whatever an input does to the process that works on it is seen, counted and kept."""

from pathlib import Path

import pytest

from tests.fuzz import planted_target
from tests.fuzz.campaign import Campaign
from tests.fuzz.engine import CHANCE, available

DEATHS = {
    planted_target.CRASH: "SIGSEGV",
    planted_target.HANG: "hang over 0.5 s",
    planted_target.LEAVE: "exit 3",
}


def planted(folder: Path, engine: str = CHANCE) -> Campaign:
    return Campaign("planted", engine, folder, lambda _line: None)


@pytest.mark.parametrize("what", DEATHS)
def test_an_input_that_ends_the_process_is_found(
    what: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.fuzz.campaign.MOST_DEATHS", 1)
    monkeypatch.setattr("tests.fuzz.campaign.HANG_SECONDS", 0.5)
    monkeypatch.setenv("PLANTED", what.decode())

    campaign = planted(tmp_path)
    state = campaign.run(1000)

    assert state.deaths == {DEATHS[what]: 1}
    (kept,) = campaign.findings().values()
    assert [Path(path).read_bytes() for path in kept] == [what]


@pytest.mark.parametrize("engine", sorted({CHANCE, available()}))
def test_an_exception_is_found_and_the_rest_goes_on(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED", planted_target.RAISE.decode())

    campaign = planted(tmp_path, engine)
    state = campaign.run(500)

    assert state.deaths == {}
    assert state.executions == 500
    assert state.outcomes["finding"] >= 1
    ((kind, kept),) = campaign.findings().items()
    assert kind.startswith("KeyError-planted_target-run-")
    assert Path(kept[0]).read_bytes() == planted_target.RAISE
    assert "planted" in (tmp_path / "findings" / kind / "traceback.txt").read_text()


def test_a_campaign_that_is_stopped_keeps_its_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.fuzz.campaign.HANG_SECONDS", 60.0)
    monkeypatch.setenv("PLANTED", planted_target.HANG.decode())

    def stop(_line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Campaign("planted", CHANCE, tmp_path, stop).run(1000, report_seconds=2.0)

    kept = planted(tmp_path).state
    assert kept.children == 1
    assert 1 <= kept.executions < 1000
    assert kept.deaths == {}


def test_a_campaign_goes_on_where_it_stopped(tmp_path: Path) -> None:
    planted(tmp_path).run(100)

    state = planted(tmp_path).run(250)

    assert (state.executions, state.children, state.outcomes["fine"]) == (250, 2, 250)
