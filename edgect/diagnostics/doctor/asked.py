"""One engine asked about the golden slice of every bundle, in both precisions."""

from __future__ import annotations

from collections.abc import Iterator

from edgect.diagnostics.doctor.report import Finding
from edgect.errors import EdgectError
from edgect.model import backends
from edgect.model.backends import PRECISIONS
from edgect.model.bundles.bundle import Bundle
from edgect.model.conformance import golden

PART = "self-test"


def examine(backend: str, *paths: str) -> Iterator[Finding]:
    """A finding for each bundle, and for the engine with its first answer; none where it gives none.

    The network is asked, past whatever stands between its outputs and an answer. paths: of bundles.
    """
    answered = False
    for path in paths:
        bundle = Bundle.load(path)
        wrong = []
        for precision in PRECISIONS:
            try:
                session = backends.load(backend, bundle, precision)
                found = golden.answer(bundle, session)
                if golden.is_stored(bundle):
                    wrong += [
                        f"{precision}: {w}" for w in golden.differences(bundle, backend, precision, found)
                    ]
            except EdgectError as error:
                wrong.append(f"{precision}: {error}")
                continue
            if not answered:
                answered = True
                yield Finding("engines", f"{backend} {session.engine.version}", "ok", "loads and answers")
        yield _judged(bundle, backend, wrong)


def _judged(bundle: Bundle, backend: str, wrong: list[str]) -> Finding:
    name = f"{bundle.name}, {backend}"
    if wrong:
        advice = "do not trust its answers: use the other backend, or install edgect and its engines again"
        return Finding(PART, name, "fault", "; ".join(wrong), advice)
    if not golden.is_stored(bundle):
        advice = "python -m deploy RUN --describe writes them"
        return Finding(
            PART, name, "note", "answers, but the bundle has no golden answers to compare with", advice
        )
    return Finding(PART, name, "ok", f"{' and '.join(PRECISIONS)} answer as stored")
