"""SCP-ECG: codes, differences, reference beats, thinned samples, checksums and damage."""

import struct

import numpy as np
import pytest
from binary_files import (
    SCP_LEADS,
    default_code,
    packed,
    scp_bytes,
    scp_data,
    scp_file,
    scp_leads,
    scp_person,
)
from recorded_files import heart_beats

from ecgclip_core import read_ecg
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.readers.scp_codes import DEFAULT, decode, parse_tables
from ecgclip_core.errors import RecordingError

SHORT = heart_beats(4, 500)
DIGITAL = np.round(SHORT * 1000).astype(np.int64)  # microvolts
DEFAULT_TABLE = struct.pack("<H", 19999)


def read(sections):
    return read_ecg(scp_bytes({0: b"", 1: scp_person(), 3: scp_leads(LEADS, 2000)} | sections), name="r.scp")


@pytest.mark.parametrize("numbers", [[0], [1, -1, 8, -8], [9, -9, 127, -128], [128, -129, 32767, -32768], [0] * 50])
def test_the_default_codes_stand_for_their_numbers(numbers):
    content = packed("".join(default_code(number) for number in numbers))
    assert decode(content, len(numbers), (DEFAULT,)).tolist() == numbers


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("huffman", [True, False])
@pytest.mark.parametrize("nanovolts", [1000, 2500, 4880])
def test_samples_come_back_within_half_a_step(order, huffman, nanovolts):
    ecg = read_ecg(scp_file(SHORT, 500, order=order, huffman=huffman, nanovolts=nanovolts))
    assert np.abs(ecg.signal - SHORT).max() <= nanovolts / 2e6 + 1e-6


def custom_tables():
    """Two tables: in the first 0 and 1, an escape of 12 bits, and a code that goes over to the second, which has -1."""

    def table(*codes):
        return struct.pack("<H", len(codes)) + b"".join(struct.pack("<BBBhI", *code) for code in codes)

    first = table((1, 1, 1, 0, 0b0), (2, 2, 1, 1, 0b01), (3, 15, 1, 0, 0b011), (3, 3, 0, 2, 0b111))
    second = table((1, 1, 1, -1, 0b1), (2, 2, 0, 1, 0b00))
    return struct.pack("<H", 2) + first + second


def custom_code(number):
    simple = {0: "0", 1: "10", -1: "111" + "1" + "00"}
    return simple.get(number, "110" + format(number & 0xFFF, "012b"))


def test_custom_tables_and_the_switch_between_them_are_followed():
    content = packed("".join(custom_code(number) for number in (0, 1, -1, -1, 2047, -2048, 0)))
    assert decode(content, 7, parse_tables(custom_tables())).tolist() == [0, 1, -1, -1, 2047, -2048, 0]
    ecg = read({2: custom_tables(), 6: scp_data(DIGITAL, 1000, 2000, 2, code=custom_code)})
    assert np.abs(ecg.signal - SHORT).max() < 6e-4


def beats():
    """Where the complexes are (samples from 1), and the reference beat of 400 ms with its fiducial at sample 100."""
    fiducials = [150 + 400 * number for number in range(5)]  # the R peaks of `heart_beats` at 0.3 s, every 0.8 s
    return [f + 1 for f in fiducials if f + 1 + 100 <= 2000], DIGITAL[:, 150 - 99 : 150 + 101]


def section_4(fiducials, zones=True):
    content = struct.pack("<HHH", 400, 100, len(fiducials))
    content += b"".join(struct.pack("<HIII", 0, f - 99, f, f + 100) for f in fiducials)
    return content + (b"".join(struct.pack("<II", f - 24, f + 23) for f in fiducials) if zones else b"")


def residual(fiducials, beat):
    left = DIGITAL.copy()
    for f in fiducials:
        left[:, f - 100 : f + 100] -= beat
    return left


def test_a_subtracted_reference_beat_is_added_again():
    fiducials, beat = beats()
    left = residual(fiducials, beat)
    assert np.abs(left).max() < 0.7 * np.abs(DIGITAL).max() or np.abs(left).sum() < 0.7 * np.abs(DIGITAL).sum()
    sections = {2: DEFAULT_TABLE, 3: scp_leads(LEADS, 2000, flags=0x05), 4: section_4(fiducials)}
    sections |= {5: scp_data(beat, 1000, 2000, 2), 6: scp_data(left, 1000, 2000, 2)}
    ecg = read(sections)
    assert np.abs(ecg.signal - SHORT).max() < 6e-4
    for lacking in (4, 5):
        with pytest.raises(RecordingError, match="reference beat was subtracted"):
            read({number: content for number, content in sections.items() if number != lacking})


def test_reference_beat_and_rest_may_have_different_units():
    fiducials, beat = beats()
    beat = np.round(beat / 5).astype(np.int64)
    sections = {2: DEFAULT_TABLE, 3: scp_leads(LEADS, 2000, flags=0x05), 4: section_4(fiducials)}
    sections |= {5: scp_data(beat, 5000, 2000, 1), 6: scp_data(residual(fiducials, 5 * beat), 1000, 2000, 2)}
    assert np.abs(read(sections).signal - SHORT).max() < 6e-4


def test_samples_thinned_out_between_the_complexes_are_filled_in():
    fiducials, beat = beats()
    left = residual(fiducials, beat)
    zones = [(f - 24, f + 23) for f in fiducials]  # both ends such that what lies between is a multiple of 4
    stored = []
    for row in left:
        values, at = [], 1
        for begin, end in [*zones, (2001, 2000)]:
            while at < begin:
                block = row[at - 1 : min(at + 3, begin - 1)]
                values.append(round(block.mean()))
                at += len(block)
            values += row[begin - 1 : end].tolist()
            at = max(at, end + 1)
        stored.append(values)
    sections = {2: DEFAULT_TABLE, 3: scp_leads(LEADS, 2000, flags=0x05), 4: section_4(fiducials)}
    sections |= {5: scp_data(beat, 1000, 2000, 2), 6: scp_data(np.array(stored), 1000, 8000, 2, fewer=1)}
    ecg = read(sections)
    assert ecg.sampling_rate == 500
    inside = np.concatenate([np.arange(begin - 1, end) for begin, end in zones])
    assert np.abs(ecg.signal - SHORT)[:, inside].max() < 6e-4
    assert np.percentile(np.abs(ecg.signal - SHORT), 99) < 0.02
    assert np.abs(ecg.signal - SHORT).max() < 0.1


def test_leads_recorded_one_after_the_other_stand_where_they_were():
    leads = b"\x0c\x00" + b"".join(
        struct.pack("<IIB", 1 + 2000 * (row // 3), 2000 + 2000 * (row // 3), SCP_LEADS[name])
        for row, name in enumerate(LEADS)
    )
    ecg = read({2: DEFAULT_TABLE, 3: leads, 6: scp_data(DIGITAL, 1000, 2000, 2)})
    assert ecg.duration == 16
    np.testing.assert_allclose(ecg.lead("V6")[6000:], SHORT[11], atol=6e-4)
    assert np.isnan(ecg.lead("V6")[:6000]).all()
    assert any("not all recorded at the same time" in note for note in ecg.notes)


def test_two_limb_leads_give_the_other_four():
    names = ("I", "II", *LEADS[6:])
    ecg = read_ecg(scp_file(SHORT[[0, 1, 6, 7, 8, 9, 10, 11]], 500, names))
    np.testing.assert_allclose(ecg.signal, SHORT, atol=2e-3)
    assert any("calculated from I and II" in note for note in ecg.notes)


def test_person_device_and_filters_are_kept_apart():
    ecg = read_ecg(scp_file(SHORT, 500))
    assert (ecg.patient.age, ecg.patient.sex) == (56, "female")
    assert ecg.patient.identity["name"] == "Erika Mustermann"
    assert ecg.patient.identity["recorded"] == "2024-09-16 10:11:12"
    assert ecg.notes[-1] == (
        "Recorded with Mod7. Filters of the device: high pass 0.05 Hz, low pass 150 Hz, notch 50 Hz."
    )
    assert "Mustermann" not in repr(ecg) + "".join(ecg.notes)


def test_a_wrong_checksum_is_told():
    content = bytearray(scp_file(SHORT, 500)["r.scp"])
    assert not any("checksum" in note for note in read_ecg(bytes(content), name="r.scp").notes)
    content[-1] ^= 1
    content[-400] ^= 0
    ecg = read_ecg(bytes(content), name="r.scp")
    assert any("checksum" in note for note in ecg.notes)


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        ({3: struct.pack("<BB", 255, 4)}, "claims 255 leads"),
        ({3: struct.pack("<BB", 0, 4)}, "claims 0 leads"),
        ({3: struct.pack("<BBIIB", 1, 4, 1, 4_000_000_000, 1), 6: scp_data(DIGITAL[:1], 1000, 2000, 2)}, "minutes"),
        ({3: struct.pack("<BBIIB", 1, 4, 500, 1, 1), 6: scp_data(DIGITAL[:1], 1000, 2000, 2)}, "ends before it begins"),
        ({6: scp_data(DIGITAL[:, :100], 1000, 2000, 2)}, "of 2000 samples|no room for 2000"),
        ({6: struct.pack("<HHBB", 1000, 2000, 2, 0) + b"\xff\xff" * 12}, "cut off"),
        ({6: scp_data(DIGITAL, 0, 2000, 2)}, "without a scale"),
        ({6: scp_data(DIGITAL, 1000, 0, 2)}, "without a scale"),
        ({6: scp_data(DIGITAL, 1000, 60000, 2)}, "not one of an ECG"),
        ({2: struct.pack("<HH", 1, 0)}, "table of codes"),
        ({2: struct.pack("<HHBBBhI", 1, 1, 1, 1, 0, 9, 0)}, "table that is not there"),
        ({2: struct.pack("<HHBBBhI", 1, 1, 0, 0, 1, 0, 0)}, "without a length"),
    ],
)
def test_hostile_sections_get_a_sentence(sections, sentence):
    sections = {2: DEFAULT_TABLE, 6: scp_data(DIGITAL, 1000, 2000, 2)} | sections
    with pytest.raises(RecordingError, match=sentence):
        read(sections)


@pytest.mark.parametrize(("number", "what"), [(3, "definition of leads"), (6, "rhythm")])
def test_a_missing_section_is_named(number, what):
    sections = {
        0: b"",
        1: scp_person(),
        2: DEFAULT_TABLE,
        3: scp_leads(LEADS, 2000),
        6: scp_data(DIGITAL, 1000, 2000, 2),
    }
    del sections[number]
    with pytest.raises(RecordingError, match=what):
        read_ecg(scp_bytes(sections), name="r.scp")


def test_a_file_cut_off_says_how_much_is_missing():
    content = scp_file(SHORT, 500)["r.scp"]
    with pytest.raises(RecordingError, match=f"should have {len(content)} bytes but has 5000"):
        read_ecg(content[:5000], name="r.scp")
