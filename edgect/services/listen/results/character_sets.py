"""Text in the character sets of DICOM (PS3.3, C.12.1.1.2): as images hold it, and as results can.

pydicom decodes too, but leaves escape sequences of ISO 2022 IR 58, has no Latin-9, and does not tell what it
guessed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.charset import decode_bytes, python_encoding
from pydicom.datadict import dictionary_VR
from pydicom.filereader import read_dataset

DEFAULT, UTF_8, UNKNOWN = "", "ISO_IR 192", "?"
TEXT = ("LO", "PN", "SH")
_ALONE = (UTF_8, "GB18030", "GBK")  # which nothing can be added to
_MULTI_BYTE = tuple(f"ISO 2022 IR {number}" for number in (58, 87, 149, 159))
_SINGLE_BYTE = tuple(
    f"ISO 2022 IR {number}" for number in (6, 13, 100, 101, 109, 110, 126, 127, 138, 144, 148, 166, 203)
)
DEFINED_TERMS = (*_ALONE, *_SINGLE_BYTE, *_MULTI_BYTE)
"""That images may declare, spelled as in ISO 2022."""
_ENCODINGS = python_encoding | {"ISO 2022 IR 6": "ascii", "ISO 2022 IR 203": "iso8859_15"}
_SYNONYMS = {"UTF 8": UTF_8, "UTF8": UTF_8, "ISO IR 192": UTF_8, "ISO 2022 GBK": "GBK"}
_DELIMITERS = set(b"\\^=\t\n\f\r")  # after each of which the first set holds again (PS3.5, 6.1.2.5.3)


@dataclass(frozen=True)
class DecodedText:
    """values: by keyword. declared: SpecificCharacterSet value by value, spelled as in ISO 2022; `DEFAULT`
    for none, or `UNKNOWN`. certain: whether the declared set has all the bytes of the text.
    """

    values: Mapping[str, str]
    declared: Sequence[str]
    certain: bool


def decode_elements(dataset: Dataset, keywords: Iterable[str]) -> DecodedText:
    """The values of elements, several of them with backslashes between, whatever their VR claims to be.

    Bytes that the declared set does not have become U+FFFD; where none is declared, or none that is known,
    they are taken for UTF-8 if they can be that, else for Latin-1.
    """
    declared, values, certain = _terms(dataset), dict[str, str](), True
    encodings = _encodings(declared)
    for keyword in keywords:
        element = dataset.get_item(keyword)
        if element is None or not isinstance(element.value, bytes):  # or a sequence, in spite of its tag
            continue
        known = encodings if dictionary_VR(keyword) in TEXT else ["ascii"]
        values[keyword], fits = _text(element.value.rstrip(b" \0"), known)
        certain &= fits
    return DecodedText(values, declared, certain)


def character_set_for(result: Dataset, declared: Sequence[str]) -> str | list[str]:
    """The character set to write a result in: the image's, where it is valid and has all of the text.

    UTF-8 also where a character holds the byte of a backslash: simple readers part values there.
    """
    valid = _valid(declared)
    values = {element.keyword: str(element.value) for element in result if element.VR in TEXT}
    if valid is None or all(map(str.isascii, values.values())):
        return valid or UTF_8
    trial = Dataset()  # of its own, for names remember how they were encoded
    trial.SpecificCharacterSet = valid
    for keyword, text in values.items():
        setattr(trial, keyword, text)
    file = io.BytesIO()
    trial.save_as(file, implicit_vr=False, little_endian=True, enforce_file_format=False)
    file.seek(0)
    written = read_dataset(file, is_implicit_VR=False, is_little_endian=True)
    return valid if all(_is_plain(written, keyword, text) for keyword, text in values.items()) else UTF_8


def _is_plain(written: Dataset, keyword: str, text: str) -> bool:
    """Whether others read the same, even if they part values before they decode them."""
    encoded = written.get_item(keyword).value or b""
    return encoded.count(b"\\") == text.count("\\") and str(written[keyword].value) == text


def _terms(dataset: Dataset) -> list[str]:
    try:
        value = dataset.get("SpecificCharacterSet") or DEFAULT
        return [_term(term) for term in ([value] if isinstance(value, str) else map(str, value))]
    except Exception:  # of a parser
        return [UNKNOWN]


def _term(text: str) -> str:
    plain = " ".join(re.split(r"[\s_-]+", text.strip().upper()))
    plain = _SYNONYMS.get(plain, re.sub(r"^ISO (?=IR)", "ISO 2022 ", plain))
    if plain == "ISO 2022 58":
        return "ISO 2022 IR 58"
    return plain if plain in (DEFAULT, *_ALONE, *_MULTI_BYTE, *_SINGLE_BYTE) else UNKNOWN


def _encodings(declared: Sequence[str]) -> list[str]:
    """Python's names, in the order in which they are declared."""
    if declared[0] in _ALONE:
        return [_ENCODINGS[declared[0]]]
    named = [term for term in declared if term not in (DEFAULT, UNKNOWN, *_ALONE)]
    first = [] if declared[0] in named else ["ascii"]
    return [*first, *(_ENCODINGS[term] for term in named)]


def _text(value: bytes, encodings: list[str]) -> tuple[str, bool]:
    """And whether it is what these encodings make of it, all of it."""
    text = decode_bytes(value, encodings, _DELIMITERS)
    if "iso_ir_58" in encodings:
        text = text.replace("\x1b$)A", "")  # which is left there, to no purpose
    if "\N{REPLACEMENT CHARACTER}" not in text:
        return text, "\N{ESCAPE}" not in text  # which would begin a set that is not declared
    if encodings[0] != "ascii" or b"\x1b" in value:
        return text, False
    try:
        return value.decode(), False
    except UnicodeDecodeError:
        return value.decode("latin-1"), False


def _valid(declared: Sequence[str]) -> str | list[str] | None:
    """As the standard has it (PS3.3, C.12.1.1.2); None where it cannot be, or there is none."""
    first, *others = declared
    if not others and first not in _MULTI_BYTE:
        alone = {term: term.replace("ISO 2022 IR", "ISO_IR") for term in (*_ALONE, *_SINGLE_BYTE[1:])}
        return alone.get("GB18030" if first == "GBK" else first)  # which is the same, and known to more
    values = [DEFAULT, *declared] if first in _MULTI_BYTE else list(declared)
    known = values[0] in (DEFAULT, *_SINGLE_BYTE) and set(values[1:]) <= {*_MULTI_BYTE, *_SINGLE_BYTE}
    return values if known else None
