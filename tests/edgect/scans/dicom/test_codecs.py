"""Every transfer syntax gives back the Hounsfield units that went in."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread, uid
from pydicom.encaps import generate_frames
from pydicom.pixels.decoders.base import Decoder
from pydicom.uid import UID

from edgect.scans import Window, read_frames
from tests.edgect.scans.dicom_files import (
    ct,
    encoded,
    hounsfield,
    in_syntax,
    with_frames,
    write,
    write_extended,
)

NATIVE = [
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
]
LOSSLESS = [
    uid.RLELossless,
    uid.JPEGLossless,
    uid.JPEGLosslessSV1,
    uid.JPEG2000Lossless,
    uid.JPEGLSLossless,
]
LOSSY = [uid.JPEG2000, uid.JPEGLSNearLossless]
STORED = [(False, -1024, 16), (False, -1024, 12), (True, 0, 16), (True, 0, 13)]  # signed, intercept, bits


@pytest.mark.parametrize(("signed", "intercept", "bits"), STORED)
@pytest.mark.parametrize("syntax", NATIVE, ids=lambda syntax: syntax.keyword)
def test_uncompressed(syntax: UID, signed: bool, intercept: int, bits: int) -> None:
    values = hounsfield()
    dataset = ct(values, intercept, signed, BitsStored=bits, HighBit=bits - 1)
    if syntax == uid.ExplicitVRBigEndian:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
    (frame,) = read_frames(write(dataset, syntax))
    assert frame.error is None
    np.testing.assert_array_equal(frame.pixels, Window().grey(values))


@pytest.mark.parametrize("syntax", NATIVE[:3], ids=lambda syntax: syntax.keyword)
def test_without_preamble(syntax: UID) -> None:
    values = hounsfield()
    dataset = ct(values)
    if syntax == uid.ExplicitVRBigEndian:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
    (frame,) = read_frames(write(dataset, syntax, preamble=False))
    np.testing.assert_array_equal(frame.pixels, Window().grey(values))


@pytest.mark.parametrize(("signed", "intercept", "bits"), STORED)
@pytest.mark.parametrize("syntax", LOSSLESS, ids=lambda syntax: syntax.keyword)
def test_lossless(tmp_path: Path, syntax: UID, signed: bool, intercept: int, bits: int) -> None:
    values = hounsfield()
    dataset = ct(values, intercept, signed, BitsStored=bits, HighBit=bits - 1)
    (frame,) = read_frames(encoded(write(dataset), syntax))
    assert frame.error is None
    np.testing.assert_array_equal(frame.pixels, Window().grey(values))


@pytest.mark.parametrize("syntax", LOSSY, ids=lambda syntax: syntax.keyword)
def test_lossy_comes_close(tmp_path: Path, syntax: UID) -> None:
    values = hounsfield()
    (frame,) = read_frames(encoded(write(ct(values)), syntax))
    assert frame.pixels is not None
    assert np.abs(frame.pixels.astype(int) - Window().grey(values)).max() <= 2


@pytest.mark.parametrize("bits", [12, 13])
@pytest.mark.parametrize("syntax", [uid.JPEGLosslessSV1, uid.JPEGLSLossless, uid.JPEG2000Lossless])
def test_a_sign_that_a_codestream_does_not_know(syntax: UID, bits: int) -> None:
    """As dcmcjpls writes it: the bits stored, as unsigned numbers of as many bits."""
    values = hounsfield()
    stored = values.astype(int) % 2**bits
    unsigned = ct(values, BitsStored=bits, HighBit=bits - 1, PixelData=stored.astype(np.uint16).tobytes())
    frame = next(generate_frames(pixel_data(encoded(write(unsigned), syntax)), number_of_frames=1))
    signed = ct(values, 0, True, BitsStored=bits, HighBit=bits - 1)
    (decoded,) = read_frames(with_frames(signed, [frame], syntax))
    assert decoded.error is None
    np.testing.assert_array_equal(decoded.pixels, Window().grey(values))


def test_jpeg_extended_of_twelve_bits(capfd: pytest.CaptureFixture[str]) -> None:
    (frame,) = read_frames(write_extended())
    assert frame.pixels is not None
    assert np.abs(frame.pixels.astype(int) - Window().grey(hounsfield())).max() <= 2
    assert capfd.readouterr() == ("", "")


def test_jpeg_extended_of_twelve_bits_with_a_sign() -> None:
    """The highest of the bits stored is the sign, as it is of uncompressed values."""
    (signed,) = read_frames(write_extended(PixelRepresentation=1, RescaleIntercept=1400))
    (unsigned,) = read_frames(write_extended(RescaleIntercept=1400 - 4096))
    assert signed.pixels is not None
    assert unsigned.pixels is not None
    sign = int(Window().grey(2048 + 1400 - 4096))  # the first of these greys that stands for a negative value
    negative, positive = unsigned.pixels > sign + 1, unsigned.pixels < sign - 1
    assert 0.1 < negative.mean() < 0.9
    np.testing.assert_array_equal(signed.pixels[negative], unsigned.pixels[negative])
    assert (signed.pixels[positive] == 255).all()


def test_a_precision_that_its_process_does_not_have_is_an_error() -> None:
    """GDCM writes such files, and reads them with values gone wrong."""
    content = encoded(write(ct(BitsStored=12, HighBit=11)), uid.JPEGExtended12Bit)
    (frame,) = read_frames(content)
    assert frame.error is not None
    assert frame.error.status == "error"
    assert "16 bits a sample" in str(frame.error)


def test_jpeg_baseline_of_eight_bits(capfd: pytest.CaptureFixture[str]) -> None:
    stored = (hounsfield().astype(int) // 8 + 128).clip(0, 255).astype(np.uint8)
    changes = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "RescaleSlope": 8}
    plain = write(ct(PixelData=stored.tobytes(), **changes))
    (expected,), (frame,) = read_frames(plain), read_frames(encoded(plain, uid.JPEGBaseline8Bit))
    assert frame.pixels is not None
    assert expected.pixels is not None
    assert np.abs(frame.pixels.astype(int) - expected.pixels).mean() < 2
    assert capfd.readouterr() == ("", "")


def test_unused_bits_and_high_bit_are_heeded() -> None:
    """Values in the upper twelve of sixteen bits, and rubbish in those above or below."""
    values = hounsfield()
    stored = (values.astype(int) + 1024).astype(np.uint16)
    upper = (stored << 4) | 0b1010
    dataset = ct(values, BitsStored=12, HighBit=15, PixelData=upper.tobytes())
    np.testing.assert_array_equal(next(read_frames(write(dataset))).pixels, Window().grey(values))
    lower = stored | 0xA000
    dataset = ct(values, BitsStored=12, HighBit=11, PixelData=lower.tobytes())
    np.testing.assert_array_equal(next(read_frames(write(dataset))).pixels, Window().grey(values))


@pytest.mark.parametrize(
    ("syntax", "package"),
    [
        (uid.JPEGLosslessSV1, "python-gdcm"),
        (uid.JPEGLSLossless, "python-gdcm"),
        (uid.JPEG2000Lossless, "pylibjpeg-openjpeg"),
        (uid.HTJ2KLossless, "pylibjpeg-openjpeg"),
    ],
)
def test_a_missing_decoder_is_named(monkeypatch: pytest.MonkeyPatch, syntax: UID, package: str) -> None:
    monkeypatch.setattr(Decoder, "available_plugins", ())
    (frame,) = read_frames(with_frames(ct(), [b"\0\0"], syntax))
    assert frame.error is not None
    assert frame.error.status == "error"
    assert all(part in str(frame.error) for part in (str(syntax), syntax.name, f"pip install {package}"))


@pytest.mark.parametrize(
    ("syntax", "named"),
    [
        (uid.MPEG2MPML, f"transfer syntax {uid.MPEG2MPML} (MPEG2"),
        ("1.2.840.10008.1.2.4.110", "transfer syntax 1.2.840.10008.1.2.4.110 (JPEG XL Lossless)"),
        ("1.2.840.10008.1.2.4.112", "transfer syntax 1.2.840.10008.1.2.4.112 (JPEG XL)"),
        ("1.2.840.10008.1.2.8.1", "1.2.840.10008.1.2.8.1 (Deflated Image Frame Compression)"),
        ("1.2.840.10008.9.9", "transfer syntax 1.2.840.10008.9.9 is none that"),
        ("1.2.276.0.7230010", "transfer syntax 1.2.276.0.7230010 is none that"),
        ("Müller", "transfer syntax (not a UID) is none that"),
    ],
)
def test_a_transfer_syntax_that_nothing_decodes_is_named(syntax: str, named: str) -> None:
    (frame,) = read_frames(in_syntax(with_frames(ct(), [b"\0\0"], uid.RLELossless), syntax))
    assert frame.error is not None
    assert frame.error.status == "error"
    assert named in str(frame.error)


def test_a_private_transfer_syntax_may_be_written_without_vrs() -> None:
    content = in_syntax(write(ct(), uid.ImplicitVRLittleEndian), "1.2.840.113619.5.2")
    (frame,) = read_frames(content)
    assert "transfer syntax 1.2.840.113619.5.2 is none that" in str(frame.error)


def test_an_empty_transfer_syntax_is_as_none() -> None:
    values = hounsfield()
    (frame,) = read_frames(in_syntax(write(ct(values)), ""))
    np.testing.assert_array_equal(frame.pixels, Window().grey(values))


def test_openjpeg_missing_leaves_gdcm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    values = hounsfield()
    content = encoded(write(ct(values)), uid.JPEG2000Lossless)
    monkeypatch.setattr(Decoder, "available_plugins", ("gdcm",))
    np.testing.assert_array_equal(next(read_frames(content)).pixels, Window().grey(values))


@pytest.mark.parametrize("syntax", LOSSLESS, ids=lambda syntax: syntax.keyword)
@pytest.mark.parametrize("share", [0.01, 0.5, 0.98])
def test_a_frame_cut_short_is_an_error(tmp_path: Path, syntax: UID, share: float) -> None:
    whole = tmp_path / "whole"
    whole.write_bytes(encoded(write(ct()), syntax))
    frame = next(generate_frames(dcmread(whole).PixelData, number_of_frames=1))
    (decoded,) = read_frames(with_frames(ct(), [frame[: int(len(frame) * share)]], syntax))
    assert decoded.error is not None
    assert decoded.error.status == "error"


@pytest.mark.parametrize("syntax", [*NATIVE[1:2], NATIVE[3], *LOSSLESS], ids=lambda syntax: syntax.keyword)
def test_a_file_cut_anywhere_never_gives_pixels(tmp_path: Path, syntax: UID) -> None:
    content = write(ct(), syntax) if syntax in NATIVE else encoded(write(ct()), syntax)
    for share in np.linspace(200, len(content) - 12, 25).astype(int):
        (frame,) = read_frames(content[:share], "a.dcm")
        assert frame.pixels is None, f"{share} of {len(content)} bytes"
        assert frame.error is not None
        if str(frame.error) != "no pixel data":  # cut between two elements, which cannot be told
            assert frame.error.status == "error", str(frame.error)


def damaged() -> dict[str, bytes]:
    """A frame whose data were lost or changed within, up to an end that is whole."""
    frames = {
        syntax: next(generate_frames(pixel_data(encoded(write(ct()), syntax)), number_of_frames=1))
        for syntax in (uid.JPEGLosslessSV1, uid.JPEGLSLossless)
    }
    files = {}
    for syntax, frame in frames.items():
        half = len(frame) // 2
        changed = {
            "zeros": frame[:half] + bytes(len(frame) - half - 2) + frame[-2:],
            "cut": frame[:half] + frame[-2:],
            "a marker": frame[:half] + b"\xff\xd8" + frame[half + 2 :],
            "a table": frame[:30] + b"\xff\xff\xff\xff" + frame[34:],
        }
        files |= {
            f"{syntax.keyword}, {how}": with_frames(ct(), [encoded_frame], syntax)
            for how, encoded_frame in changed.items()
        }
    jpeg, jpeg_ls = frames.values()
    files["JPEG-LS as JPEG"] = with_frames(ct(), [jpeg_ls], uid.JPEGLosslessSV1)
    files["JPEG as JPEG-LS"] = with_frames(ct(), [jpeg], uid.JPEGLSLossless)
    return files


def pixel_data(content: bytes) -> bytes:
    data = dcmread(io.BytesIO(content)).PixelData
    assert isinstance(data, bytes)
    return data


@pytest.mark.parametrize("name", damaged())
def test_damage_within_a_jpeg_is_an_error_and_nothing_on_stderr(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (frame,) = read_frames(damaged()[name])
    assert frame.error is not None
    assert frame.error.status == "error"
    assert "NoneType" not in str(frame.error)
    assert capfd.readouterr() == ("", "")


def test_a_codestream_of_another_size_is_not_decoded(tmp_path: Path) -> None:
    for syntax in LOSSLESS[1:]:
        (tmp_path / "file").write_bytes(encoded(write(ct()), syntax))
        frame = next(generate_frames(dcmread(tmp_path / "file").PixelData, number_of_frames=1))
        changes: dict[str, Any] = {"Rows": 40, "Columns": 50}
        (decoded,) = read_frames(with_frames(ct(**changes), [frame], syntax))
        assert decoded.error is not None
        assert "where the header says 50x40" in str(decoded.error)
