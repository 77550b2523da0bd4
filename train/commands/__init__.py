"""The commands of `python -m train`."""

from __future__ import annotations

import click

from train.commands.evaluation import evidence_command, probe_command, report_command, test_command
from train.commands.finetune import finetune_command
from train.commands.multi_source import multi_source
from train.commands.searches import pack_command, search_all_command
from train.commands.training import fit_command, search_command


@click.group()
def main() -> None:
    """Train and test the paper's light CNN, search its hyper-parameters, report the results."""


for command in (
    fit_command,
    search_command,
    pack_command,
    search_all_command,
    test_command,
    evidence_command,
    probe_command,
    report_command,
    multi_source,
    finetune_command,
):
    main.add_command(command)
