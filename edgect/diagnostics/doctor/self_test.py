"""Self-test of an engine: its answers to the golden slice of every bundle, in both precisions."""

from __future__ import annotations

from collections.abc import Iterator

from edgect.diagnostics.doctor.report import Finding
from edgect.errors import EdgectError
from edgect.model import backends
from edgect.model.backends import DEFAULT_BACKEND, PRECISIONS
from edgect.model.bundles.bundle import Bundle
from edgect.model.conformance import golden

PART = "self-test"


def check_engine(backend: str, *paths: str) -> Iterator[Finding]:
    """A finding for each bundle, and for the engine with its first answer; none where it gives none.

    It tests the network itself: no gate stands between its outputs and the answer. paths: of bundles.
    """
    engine_works = False
    for path in paths:
        bundle = Bundle.load(path)
        if reason := bundle.manifest.refused_backends.get(backend):
            yield Finding(PART, f"{bundle.name}, {backend}", "note", f"not for this engine: {reason}")
            continue
        errors = []
        for precision in PRECISIONS:
            try:
                session = backends.load(backend, bundle, precision)
                answer = golden.answer(bundle, session)
                if golden.is_stored(bundle):
                    errors += [
                        f"{precision}: {difference}"
                        for difference in golden.differences(bundle, backend, precision, answer)
                    ]
            except EdgectError as error:
                errors.append(f"{precision}: {error}")
                continue
            if not engine_works:
                engine_works = True
                message = f"loads and answers{'; the default' if backend == DEFAULT_BACKEND else ''}"
                yield Finding("engines", f"{backend} {session.engine.version}", "ok", message)
        yield _finding(bundle, backend, errors)


def _finding(bundle: Bundle, backend: str, errors: list[str]) -> Finding:
    name = f"{bundle.name}, {backend}"
    if errors:
        advice = "do not trust its answers: use the other backend, or install edgect and its engines again"
        return Finding(PART, name, "fault", "; ".join(errors), advice)
    if not golden.is_stored(bundle):
        advice = "python -m deploy RUN --describe writes them"
        return Finding(
            PART, name, "note", "answers, but the bundle has no golden answers to compare with", advice
        )
    return Finding(PART, name, "ok", f"{' and '.join(PRECISIONS)} answer as stored")
