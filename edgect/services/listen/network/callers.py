"""Who calls, and who is turned away and why: in the log by AE title and address, in metrics by reason."""

from __future__ import annotations

import logging
from typing import Any, cast

from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.pdu_primitives import A_ASSOCIATE

from edgect.rows.formats import printable
from edgect.services.listen.metrics import NodeMetrics
from edgect.services.listen.network.association_server import tls_failure

LOG = logging.getLogger("edgect.services.listen")
# A-ASSOCIATE-RJ by result, source and reason (DICOM PS3.8, 9.3.4), as pynetdicom sends it
REJECTIONS = {
    (1, 1, 3): "calling AE title not recognized",
    (1, 1, 7): "called AE title not recognized",
    (2, 3, 2): "too many associations",
}
NO_CONTEXT = "no acceptable presentation context"
NO_ASSOCIATION = "no association requested"
TOO_MANY_CONNECTIONS = "too many connections"
_SHOWN = 4  # classes that are named


class Callers:
    """Handles pynetdicom's events. title: of this node. titles: who may call; empty for all."""

    def __init__(self, title: str, titles: tuple[str, ...], metrics: NodeMetrics) -> None:
        self._title, self._titles, self._metrics = title, titles, metrics
        metrics.expect_refusals(*REJECTIONS.values(), NO_CONTEXT, NO_ASSOCIATION, TOO_MANY_CONNECTIONS)

    def handlers(self) -> list[Any]:
        return [
            (evt.EVT_ACSE_SENT, self._on_reply),
            (evt.EVT_ESTABLISHED, self._on_established),
            (evt.EVT_CONN_CLOSE, self._on_close),
            (evt.EVT_FSM_TRANSITION, self._on_transition),
        ]

    def refuse_connection(self, address: Any) -> None:
        """Of a caller that there is no room to hear."""
        self._turn_away(f"a caller at {_host(address[0])}", TOO_MANY_CONNECTIONS)

    def _on_reply(self, event: evt.Event) -> None:
        primitive = cast(Any, event).primitive
        if not isinstance(primitive, A_ASSOCIATE) or not primitive.result:
            return
        key: Any = primitive.result, primitive.result_source, primitive.diagnostic
        reason = REJECTIONS.get(key, f"rejected with {key}")
        request = cast(Any, event.assoc).requestor.primitive
        details = {
            REJECTIONS[1, 1, 3]: f"allowed are {', '.join(self._titles)}",
            REJECTIONS[1, 1, 7]: f"it called {printable(str(request.called_ae_title))!r}, "
            f"and this node is {self._title!r}",
        }
        self._turn_away(caller(event.assoc), reason, details.get(reason, ""))

    def _on_established(self, event: evt.Event) -> None:
        self._metrics.association()
        association = cast(Any, event.assoc)
        if not association.accepted_contexts:
            proposed = dict.fromkeys(_class_name(context) for context in association.rejected_contexts)
            more = len(proposed) - _SHOWN
            names = ", ".join(list(proposed)[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
            self._turn_away(caller(association), NO_CONTEXT, f"it proposed {names}")

    def _on_close(self, event: evt.Event) -> None:
        association = cast(Any, event.assoc)
        if association.requestor.primitive is None:
            failure = tls_failure(association)
            detail = f"TLS: {failure}" if failure else "it hung up, was silent, or spoke no DICOM"
            self._turn_away(caller(association), NO_ASSOCIATION, detail)

    def _on_transition(self, event: evt.Event) -> None:
        """The end of a connection before any request (DICOM PS3.8, 9.2.1) is no EVT_CONN_CLOSE."""
        if cast(Any, event).action == "AA-5":
            self._on_close(event)

    def _turn_away(self, who: str, reason: str, detail: str = "") -> None:
        self._metrics.refused_caller(reason)
        LOG.warning("%s was turned away: %s%s", who, reason, f" ({detail})" if detail else "")


def caller(association: Any) -> str:
    """AE title, as far as it has said it, and address."""
    requestor = association.requestor
    title = requestor.primitive.calling_ae_title if requestor.primitive is not None else ""
    who = printable(str(title)) if title else "a caller"
    return f"{who} at {_host(str(requestor.address))}"


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _class_name(context: Any) -> str:
    return printable(UID(str(context.abstract_syntax)).name)
