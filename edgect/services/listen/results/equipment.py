"""What a result was made with: edgect and a bundle, named alike in every object.

IHE's AI Results profile asks for it in the Contributing Equipment Sequence, with the same values where a
report names its algorithm and its observer (RAD TF-3, 6.5.3.1).
"""

from __future__ import annotations

from dataclasses import dataclass

from highdicom import ContributingEquipment
from highdicom.sr import AlgorithmIdentification, DeviceObserverIdentifyingAttributes, ObserverContext
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import UID

from edgect.machine.version import __version__
from edgect.model.bundles.bundle import Bundle
from edgect.services.listen.results.series_names import plain
from edgect.services.listen.results.uids import uid

MANUFACTURER = "edgect"
_LONGEST = 64  # characters (DICOM PS3.5, 6.2: VR LO)


@dataclass(frozen=True)
class Equipment:
    """Of results made with this bundle."""

    bundle: Bundle

    @property
    def model_name(self) -> str:
        return plain(f"edgect {self.bundle.name}")[:_LONGEST]

    @property
    def version(self) -> str:
        return f"{__version__}, bundle {self.serial}"

    @property
    def serial(self) -> str:
        return self.bundle.digest[:12]

    @property
    def uid(self) -> UID:
        return uid("device", __version__, self.bundle.digest)

    @property
    def text(self) -> str:
        """All that identifies it, in words."""
        bundle = self.bundle
        version = f" {bundle.manifest.version}" if bundle.manifest.version else ""
        return (
            f"edgect {__version__} with the bundle {bundle.name}{version}, {bundle.digest}, {bundle.standing}"
        )

    def observer(self) -> ObserverContext:
        """DICOM PS3.16, TID 1002 and 1004."""
        attributes = DeviceObserverIdentifyingAttributes(
            uid=self.uid,
            name="edgect",
            manufacturer_name=MANUFACTURER,
            model_name=self.model_name,
            serial_number=self.serial,
        )
        return ObserverContext(codes.DCM.Device, attributes)

    def algorithm(self, parameters: list[str] | None = None) -> AlgorithmIdentification:
        """DICOM PS3.16, TID 4019."""
        return AlgorithmIdentification(name=self.model_name, version=self.version, parameters=parameters)

    def write(self, dataset: Dataset) -> None:
        """Into the modules General Equipment and SOP Common of a result."""
        dataset.Manufacturer, dataset.ManufacturerModelName = MANUFACTURER, self.model_name
        dataset.SoftwareVersions, dataset.DeviceSerialNumber = self.version, self.serial
        contribution = ContributingEquipment(
            MANUFACTURER,
            codes.DCM.ProcessingEquipment,
            manufacturer_model_name=self.model_name,
            software_versions=self.version,
            device_serial_number=self.serial,
            contribution_description=plain(self.text),
        )
        contribution.DeviceUID = self.uid
        dataset.ContributingEquipmentSequence = [contribution]
