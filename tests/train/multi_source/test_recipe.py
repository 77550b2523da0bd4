from __future__ import annotations

from dataclasses import asdict

import pytest

from train.multi_source.recipe import Recipe
from train.run import RunError


def test_a_recipe_is_read_as_it_was_written() -> None:
    recipe = Recipe(seed=3, distortion=0.5, laid_in=("osic",))
    assert Recipe.from_json(asdict(recipe)) == recipe


def test_a_recipe_of_before_distortion_was_an_option_has_what_held_then() -> None:
    record = asdict(Recipe())
    del record["distortion"]
    assert Recipe().distortion == 1.5
    assert Recipe.from_json(record).distortion == 1.0


def test_an_option_that_no_longer_holds_is_named() -> None:
    with pytest.raises(RunError, match="has mixed_styles True, which edgect no longer trains with"):
        Recipe.from_json(asdict(Recipe()) | {"mixed_styles": True})
