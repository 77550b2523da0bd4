"""The folder of one fine-tuning."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgect.sources.about import About
from train.data.covid_ct import DataError
from train.data.sources import Source
from train.finetune.settings import FinetuneSettings
from train.finetune.tables import OwnTable, read_own_table
from train.multi_source.run import FINETUNE, MultiSourceRun
from train.run import versions, write_json


class FinetuneRun(MultiSourceRun):
    """recipe.json, weights.pt, losses.csv, validation.csv, validation.png and validation.json."""

    def begin_finetune(self, content: Mapping[str, Any]) -> None:
        """content: recipe, settings, mean, std, parent, tables, split and about of sources, as records."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self.path / "recipe.json", {"kind": FINETUNE, **content, "versions": versions()})

    def settings_of_finetune(self) -> FinetuneSettings:
        return FinetuneSettings(**self.record()["settings"])

    def about(self) -> dict[str, About]:
        """Of the parent's sources too, since its weights are what training began with."""
        return {name: About(**known) for name, known in self.record()["about"].items()}

    def own_tables(self) -> dict[str, OwnTable]:
        """The tables again.

        Raises DataError where one is not what it was, UsageError where it is missing."""
        tables = {}
        for name, record in self.record()["tables"].items():
            table = read_own_table(Path(record["path"]))
            if table.record()["sha256"] != record["sha256"] or table.record()["parts"] != record["parts"]:
                raise DataError(f"{table.path}: its slices are not those that {self.path} was trained with")
            tables[name] = table
        return tables

    def read_source(self, name: str, data: Path) -> Source:
        """One of its tables, or a released source."""
        if name in self.record()["tables"]:
            return self.own_tables()[name].source
        return super().read_source(name, data)
