"""A search is planned by the request alone."""

import pytest

from detector.training_request import Recipe, Settings
from training.sweep import SPACES, trial_folder, trial_settings


@pytest.mark.parametrize("recipe", list(Recipe))
def test_trials_follow_from_the_request_alone(recipe: Recipe) -> None:
    asked = Settings(seed=3, batch_size=7)
    plan = trial_settings(asked, recipe, 8)
    assert plan == trial_settings(asked, recipe, 8)
    assert plan[:4] == trial_settings(asked, recipe, 4)
    assert plan[0] == asked
    assert len({trial.model_dump_json() for trial in plan}) == 8
    assert all(trial.batch_size == 7 and trial.seed == 3 for trial in plan)
    assert plan != trial_settings(asked.model_copy(update={"seed": 4}), recipe, 8)


def test_every_searched_name_is_a_setting() -> None:
    for space in SPACES.values():
        assert set(space) - {"strength"} <= set(Settings.model_fields)


def test_folders_sort_by_number() -> None:
    assert sorted(map(trial_folder, (10, 2))) == [trial_folder(2), trial_folder(10)]
