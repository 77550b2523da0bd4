"""What the program ends with, of the errors that it raises."""

from __future__ import annotations

import inspect

from docs.generate.tables import MADE, table
from edgect import errors
from edgect.cli import INTERRUPTED, TERMINATED

PAGE = """\
{made}
# Exit codes

| code | meaning |
| --- | --- |
| 0 | every row is `ok` or `rejected`; the machine is fit; the trail is whole; nothing drifted |
| 1 | the command finished, and something in it is wrong: a row is `error`, a trail was altered, a bundle is not what it was |
| 2 | usage: what was asked for cannot be done as it was asked, or `inspect` finds errors in a table |
| 3 | the model or the engine cannot be used, an optional package is missing, there is no scheduler or fit worker, or `doctor` finds the machine unfit |
| 4 | `monitor` finds drift |
| {interrupted} | interrupted by Ctrl-C |
| {terminated} | terminated by SIGTERM (on `serve` and `listen` this is a regular end: 0) |

A signal ends the program within about six seconds, a second one at once. `serve` and `listen` first finish what is
in hand.

## Errors in Python
All are in `edgect`, and derive from `EdgectError`; the command line ends with the code of the error that reaches it.

{errors}
"""


def page() -> str:
    kinds = [
        kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__
    ]
    rows = [
        (f"`{kind.__name__}`", str(kind.exit_code), (kind.__doc__ or "").strip().splitlines()[0])
        for kind in sorted(kinds, key=lambda kind: (kind.exit_code, kind.__name__))
    ]
    return PAGE.format(
        made=MADE.format(source="edgect/errors.py or docs/generate/exit_codes.py"),
        interrupted=INTERRUPTED,
        terminated=TERMINATED,
        errors=table(("error", "exit code", "what it says"), rows),
    )
