"""The conformance statement, held against the code and against what the node really negotiates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import (
    AE,
    ALL_TRANSFER_SYNTAXES,
    AllStoragePresentationContexts,
    build_context,
    build_role,
    evt,
)
from pynetdicom.presentation import (
    BasicWorklistManagementPresentationContexts,
    QueryRetrievePresentationContexts,
    StorageCommitmentPresentationContexts,
    VerificationPresentationContexts,
)
from pynetdicom.sop_class import Verification

from docs.conformance import tables
from docs.conformance.statement import ACCEPTED, PROPOSED, page
from edgect.services.listen.config import NodeConfig, RemoteNode
from edgect.services.listen.destinations import StorageDestination
from edgect.services.listen.network.store_scp import StorageSCP
from edgect.services.listen.storage.spool import Spool
from tests.edgect.services.listen.listen_process import until

STATEMENT = Path(__file__).parents[2] / "docs/conformance.md"
CLASSES = {
    str(context.abstract_syntax)
    for context in (
        *AllStoragePresentationContexts,
        *QueryRetrievePresentationContexts,
        *BasicWorklistManagementPresentationContexts,
        *StorageCommitmentPresentationContexts,
        *VerificationPresentationContexts,
    )
}
MAX_CONTEXTS = 128  # of one association (DICOM PS3.8, 9.3.2.2)


@pytest.fixture
def statement() -> str:
    return STATEMENT.read_text(encoding="utf-8")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[StorageSCP]:
    config = NodeConfig(
        "EDGECT", "127.0.0.1", 0, tmp_path / "spool", ("SCANNER",), out=tmp_path, min_free=0, grace=1
    )
    spool = Spool(config)
    scp = StorageSCP(config, spool)
    yield scp
    scp.close()
    spool.close()


def associated(node: StorageSCP, contexts: list[Any], title: str = "SCANNER", called: str = "EDGECT") -> Any:
    entity = AE(title)
    entity.requested_contexts = contexts
    return entity.associate("127.0.0.1", node.port, ae_title=called)


def test_it_is_that_of_the_code(statement: str) -> None:
    assert statement == page(), "write it again: python -m docs.generate"


def test_of_everything_that_a_caller_can_propose_it_accepts_what_the_statement_says(
    node: StorageSCP, statement: str
) -> None:
    """Each transfer syntax by itself of the classes that it claims, all of them at once of the others."""
    claimed = tables.pairs(statement, ACCEPTED)
    assert len(claimed) > 20
    own = {sop_class for sop_class, _ in claimed}
    assert own < CLASSES
    contexts = [build_context(uid, [syntax]) for uid in sorted(own) for syntax in ALL_TRANSFER_SYNTAXES]
    contexts += [build_context(uid, ALL_TRANSFER_SYNTAXES) for uid in sorted(CLASSES - own)]
    accepted, rejected = set(), set()
    for start in range(0, len(contexts), MAX_CONTEXTS - 1):
        echo = build_context(Verification)  # without any that is accepted the caller itself would abort
        association = associated(node, [echo, *contexts[start : start + MAX_CONTEXTS - 1]])
        assert association.is_established
        for context in association.accepted_contexts:
            accepted.add((str(context.abstract_syntax), str(context.transfer_syntax[0])))
        rejected |= {str(context.abstract_syntax) for context in association.rejected_contexts}
        association.release()
    assert accepted == claimed
    assert rejected == CLASSES  # each in some transfer syntax, and all others altogether


def test_it_proposes_what_the_statement_says(statement: str) -> None:
    heard: list[Any] = []
    archive = AE("ARCHIVE")
    archive.supported_contexts = AllStoragePresentationContexts[:MAX_CONTEXTS]
    server = archive.start_server(
        ("127.0.0.1", 0),
        block=False,
        evt_handlers=[(evt.EVT_ACCEPTED, lambda event: heard.append(event.assoc))],
    )
    assert server is not None
    try:
        to = RemoteNode("ARCHIVE", "127.0.0.1", server.server_address[1])
        assert list(StorageDestination(to, "EDGECT", 30).deliver([])) == []
        until(lambda: heard)
    finally:
        server.shutdown()
    proposed = {
        (str(context.abstract_syntax), str(syntax))
        for context in heard[0].requestor.primitive.presentation_context_definition_list
        for syntax in context.transfer_syntax
    }
    assert proposed == tables.pairs(statement, PROPOSED)
    assert heard[0].requestor.implementation_version_name in statement


def test_parameters_and_rejections_are_those_of_the_statement(node: StorageSCP, statement: str) -> None:
    context = build_context(CTImageStorage, ExplicitVRLittleEndian)
    association = associated(node, [context])
    acceptor = association.acceptor
    for value in (
        acceptor.implementation_class_uid,
        acceptor.implementation_version_name,
        f"{acceptor.maximum_length} bytes",
        association.acceptor.primitive.application_context_name,
    ):
        assert f"| {value} |" in statement
    association.release()
    for title, called in (("SOMEBODY", "EDGECT"), ("SCANNER", "ANOTHER")):
        answer = associated(node, [context], title, called)
        assert answer.is_rejected
        primitive = answer.acceptor.primitive
        line = f"| {primitive.result} | {primitive.result_source} | {primitive.diagnostic} |"
        assert line in statement


def test_roles_and_windows_are_not_negotiated(node: StorageSCP, statement: str) -> None:
    assert "| SCP/SCU role selection | not negotiated: default roles |" in statement
    entity = AE("SCANNER")
    entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    association = entity.associate(
        "127.0.0.1",
        node.port,
        ae_title="EDGECT",
        ext_neg=[build_role(CTImageStorage, scp_role=True, scu_role=True)],
    )
    assert association.is_established
    assert association.acceptor.role_selection == {}
    assert association.acceptor.asynchronous_operations == (1, 1)
    association.release()
