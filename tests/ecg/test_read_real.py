"""Real recordings: all open, and each has the scale that its source left it."""

import numpy as np
import pytest

from ecgclip_core import EcgclipError, read_ecg

# Folder, every n-th of its recordings, units after reading.
COLLECTIONS = [
    ("ptbxl/records100", 20, "mV"),
    ("ptbxl/records500", 5, "mV"),
    ("ptbxl/unscaled", 20, "unscaled"),
    ("ludb/data", 1, "unscaled"),
    ("challenge", 1, "mV"),
]


@pytest.mark.parametrize(("folder", "step", "units"), COLLECTIONS, ids=[folder for folder, _, _ in COLLECTIONS])
def test_real_recordings_open_with_their_scale(real_data, folder, step, units):
    headers = sorted((real_data / folder).rglob("*.hea"))[::step]
    assert headers
    for header in headers:
        ecg = read_ecg(header.with_suffix(""))
        assert ecg.units == units, header.name
        assert ecg.missing_leads == (), header.name
        assert np.isfinite(ecg.signal).all(), header.name
        assert not any("checksum" in note for note in ecg.notes), header.name


def test_ludb_is_unscaled_even_when_only_its_limb_leads_are_there(real_data):
    lost = 0
    headers = sorted((real_data / "ludb/data").glob("*.hea"))
    for header in headers:
        lines = header.read_text().splitlines()
        signal = header.with_suffix(".dat").read_bytes()
        frames = np.frombuffer(signal, "<i2").reshape(-1, 12)[:, :3]
        files = {"r.hea": "\n".join([lines[0].replace(" 12 ", " 3 "), *lines[1:4]]).replace(header.stem + ".", "r.")}
        ecg = read_ecg({"r.hea": files["r.hea"].encode(), "r.dat": frames.tobytes()})
        lost += ecg.units == "unscaled"
    assert lost == len(headers)


@pytest.mark.parametrize(("folder", "step"), [("ludb/data", 10), ("challenge", 1)])
def test_age_and_sex_are_found_in_real_headers(real_data, folder, step):
    for header in sorted((real_data / folder).glob("*.hea"))[::step]:
        patient = read_ecg(header).patient
        assert 0 < patient.age < 120
        assert patient.sex in ("female", "male")
        assert patient.identity["stated diagnosis"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("example.dcm", "DICOM"), ("example.scp", "SCP-ECG"), ("example_aecg.xml", "aECG"), ("empty.xml", "aECG")],
)
def test_formats_not_yet_read_are_named(real_data, name, kind):
    with pytest.raises(EcgclipError, match=kind):
        read_ecg(real_data / "formats" / name)
