"""How the node names its implementation when it negotiates (DICOM PS3.7, annex D.3.3.2)."""

from __future__ import annotations

from pynetdicom import AE

from edgect.machine.version import __version__

CLASS_UID = "2.25.173428552032281589633400110967926831332"
VERSION_NAME = f"EDGECT_{__version__}"[:16]


def application_entity(title: str, timeout: float) -> AE:
    """timeout: seconds of silence of another node, whatever is waited for."""
    entity = AE(ae_title=title)
    entity.implementation_class_uid = CLASS_UID
    entity.implementation_version_name = VERSION_NAME
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = timeout
    return entity
