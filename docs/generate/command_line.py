"""The command line's reference, of what click knows."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from docs.generate.tables import MADE, table
from edgect.cli import main

HEAD = f"""\
{MADE.format(source="the options in edgect/cli/")}
# Command line

`edgect COMMAND --help` says the same. Rows and reports go to stdout, everything else to stderr. What the
program ends with is in [exit codes](exit-codes.md), what a row holds in [the columns of rows](../rows.md).
"""


def page() -> str:
    return HEAD + "".join(f"\n{part}" for part in _command(main, click.Context(main, info_name="edgect"), 2))


def _command(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    if level > 2 or not isinstance(command, click.Group):
        yield f"{'#' * (level - 1)} {context.command_path}\n"
    yield from _description(command)
    yield f"```\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```\n"
    options = [(_names(p, context), _meaning(p), _default(p, context)) for p in _options(command)]
    if options:
        yield table(("option", "meaning", "default"), options) + "\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _command(child, click.Context(child, info_name=name, parent=context), level + 1)


def _description(command: click.Command) -> Iterator[str]:
    """Paragraphs; one that click is told to leave as it is (`\\b`) is laid out by hand."""
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        if paragraph.startswith("\b"):
            yield "```text\n" + paragraph.lstrip("\b\n") + "\n```\n"
        else:
            yield " ".join(paragraph.split()).replace("<", "&lt;") + "\n"


def _options(command: click.Command) -> list[click.Option]:
    return [p for p in command.params if isinstance(p, click.Option) and not p.hidden]


def _names(option: click.Option, context: click.Context) -> str:
    value = "" if option.is_flag or option.count else f" {_metavar(option, context)}"
    return f"`{', '.join([*option.opts, *option.secondary_opts])}{value}`"


def _metavar(option: click.Option, context: click.Context) -> str:
    if not option.metavar and isinstance(option.type, click.IntRange | click.FloatRange):
        return "INTEGER" if isinstance(option.type, click.IntRange) else "NUMBER"
    return option.make_metavar(context)


def _meaning(option: click.Option) -> str:
    allowed = (
        option.type._describe_range() if isinstance(option.type, click.IntRange | click.FloatRange) else ""
    )
    need = " **Required.**" if option.required else ""
    return (option.help or "").strip().replace("<", "&lt;") + (f" `{allowed}`" if allowed else "") + need


def _default(option: click.Option, context: click.Context) -> str:
    if isinstance(option.show_default, str):
        return option.show_default
    value = option.get_default(context)
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    if option.is_flag or not isinstance(value, str | int | float) or value == "":
        return ""
    return f"`{value}`"
