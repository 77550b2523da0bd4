"""Codes of reports and heat maps. Most are private: no standard has them."""

from __future__ import annotations

from highdicom.sr import CodedConcept

SCHEME = "99EDGECT"


def _private_code(value: str, meaning: str) -> CodedConcept:
    return CodedConcept(value, SCHEME, meaning)


CHEST = CodedConcept("24627-2", "LN", "CT Chest")
SOURCE = CodedConcept("260753009", "SCT", "Source")
SITE = CodedConcept("51185008", "SCT", "Chest")
ENGLISH = CodedConcept("en", "RFC5646", "English")
# not the finding itself, which a reader would take for found where the label says that it is not
FINDING = _private_code("F1", "Estimated likeness to COVID-19")
SLICE = _private_code("P1", "Probability of COVID-19 on a slice")
SERIES = _private_code("P2", "Highest mean probability of COVID-19 within 5 mm")
SHARE = _private_code("P3", "Share of the answered slices that reach the threshold")
MEAN = _private_code("P4", "Mean probability of COVID-19 within 5 mm of the slice")
LABEL = _private_code("S1", "Label by threshold")
REASON = _private_code("S2", "Why there is no answer")
THRESHOLD = _private_code("T1", "Threshold of the probability")
EVIDENCE = _private_code("E1", "Evidence for COVID-19 by place, as log-odds")
STRONGEST = _private_code("E2", "Strongest evidence for COVID-19 here, as log-odds")
DISTANCE = _private_code("D1", "Distance of the embedding to the training slices")
METHOD = _private_code("M1", "Estimated by a network, counted by edgect")
LABELS = {
    "COVID-19": _private_code("L1", "COVID-19"),
    "not COVID-19": _private_code("L2", "not COVID-19"),
    "indeterminate": _private_code("L3", "indeterminate"),
    "rejected": _private_code("L4", "no answer: not something to give an answer on"),
    "error": _private_code("L5", "no answer: error"),
    "": _private_code("L6", "no answer"),
}
COUNTS = {
    "answered": _private_code("N1", "Slices answered on"),
    "rejected": _private_code("N2", "Slices rejected"),
    "errors": _private_code("N3", "Slices with an error"),
    "positive": _private_code("N4", "Slices labelled COVID-19"),
}
REASONS = {
    "distance": _private_code("R1", "No answer: unlike the slices that the network learned from"),
    "view": _private_code("R2", "No answer: lungs do not look as on upright axial slices"),
    "no lungs": _private_code("R3", "No answer: no lungs found"),
    "blank": _private_code("R4", "No answer: blank or almost blank"),
    "colour": _private_code("R5", "No answer: a picture in colour, or not in grey"),
    "size": _private_code("R6", "No answer: too small or too large"),
    "orientation": _private_code("R7", "No answer: not axial, or nothing says that it is"),
    "not CT": _private_code("R8", "No answer: not a CT slice"),
    "other": _private_code("R9", "No answer: not fit for another reason"),
    "error": _private_code("R10", "No answer: cannot be read, or the engine failed"),
}
"""One fixed phrase, without numbers, for each of `edgect.rows.causes.CAUSES`; a code is never given anew."""
