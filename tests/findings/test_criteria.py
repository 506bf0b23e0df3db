import dataclasses

import numpy as np
import pytest

import ecgclip_core as ecgclip
from ecgclip_core.ecg.facts import facts
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.recording import ECG, Patient
from ecgclip_core.errors import CatalogueError, EcgclipError
from ecgclip_core.findings import criteria
from ecgclip_core.findings.catalogue import Criterion, catalogue, find, read_catalogue
from ecgclip_core.findings.expressions import evaluate
from ecgclip_core.simulation.simulate import simulate

ENTRY = """
[a_finding]
name = "a finding"
group = "form"
prompts = ["one", "two", "three"]
contrast = ["not one", "not two"]
waves = ["QRS"]
source = "book: X"
shown_by = "criteria"
"""


def with_criteria(monkeypatch, *expressions: str) -> str:
    """Give one finding of the catalogue these criteria, for the length of a test."""
    entry = find("left bundle branch block")
    rows = tuple(Criterion(expression, expression, "book: of this test") for expression in expressions)
    monkeypatch.setitem(catalogue(), entry.id, dataclasses.replace(entry, criteria=rows))
    monkeypatch.setattr(criteria, "find", lambda text: catalogue()[find(text).id] if find(text) else None)
    return entry.id


def said(expression: str, ecg: ECG) -> str:
    return criteria.values(evaluate(expression, facts(ecg)).used)


def test_a_criterion_is_met_or_not_met_and_the_numbers_are_there(monkeypatch):
    finding = with_criteria(monkeypatch, "qrs >= 120", "pr > 200")
    rows = ecgclip.check_criteria(simulate("left bundle branch block", seed=1_000_001), finding)
    assert list(rows.columns) == ["criterion", "state", "values", "source"]
    assert list(rows.state) == ["met", "not met"]
    assert rows["values"][0].startswith("QRS 1") and rows["values"][0].endswith(" ms")
    assert set(rows.source) == {"book: of this test"}
    normal = ecgclip.check_criteria(simulate("sinus rhythm", seed=1_000_001), finding)
    assert list(normal.state) == ["not met", "not met"]


@pytest.mark.parametrize("name", ["LBBB", "left bundle-branch block", "Linksschenkelblock", "left_bundle_branch_block"])
def test_a_finding_goes_by_all_its_names(monkeypatch, name):
    with_criteria(monkeypatch, "qrs >= 120")
    assert list(ecgclip.check_criteria(simulate("LBBB", seed=1_000_001), name).state) == ["met"]


def test_a_finding_without_criteria_gives_a_table_without_rows():
    without = next(entry for entry in catalogue().values() if not entry.criteria)
    rows = ecgclip.check_criteria(simulate("sinus rhythm", seed=1_000_000), without.id)
    assert len(rows) == 0 and list(rows.columns) == list(criteria.COLUMNS)


@pytest.mark.parametrize("name", ["left bundle brnch block", "", "zebra stripes", 3, None])
def test_an_unknown_finding_says_what_could_be_meant(name):
    with pytest.raises(EcgclipError, match="in the catalogue"):
        ecgclip.check_criteria(simulate("sinus rhythm", seed=1_000_000), name)
    if name == "left bundle brnch block":
        with pytest.raises(EcgclipError, match="Did you mean left bundle branch block"):
            criteria.named(name)


def test_missing_leads_make_only_what_needs_them_unmeasurable(monkeypatch):
    finding = with_criteria(monkeypatch, "qrs >= 120", "any(qs(lead) for lead in SEPTAL)")
    ecg = simulate("left bundle branch block", seed=1_000_001)
    signal = ecg.signal.copy()
    signal[[LEADS.index("V1"), LEADS.index("V2")]] = np.nan
    rows = ecgclip.check_criteria(ECG(signal, ecg.sampling_rate), finding)
    assert list(rows.state) == ["met", "not measurable"]
    assert "V1" in rows["values"][1] and "missing" in rows["values"][1]


def test_voltages_are_not_measurable_without_calibration_but_times_are(monkeypatch):
    finding = with_criteria(monkeypatch, "qrs >= 120", "r_mv('V6') > 0.1", "r_s_ratio('V6') > 1", "r_ms('V6') > 60")
    ecg = dataclasses.replace(simulate("left bundle branch block", seed=1_000_001), units="unscaled")
    rows = ecgclip.check_criteria(ecg, finding)
    assert list(rows.state) == ["met", "not measurable", "met", "met"]
    assert "not calibrated" in rows["values"][1]


def test_notches_are_not_judged_at_100_hz(monkeypatch):
    finding = with_criteria(monkeypatch, "any(notched(lead) for lead in LATERAL)")
    rows = ecgclip.check_criteria(simulate("left bundle branch block", seed=1_000_001, sampling_rate=100), finding)
    assert list(rows.state) == ["not measurable"] and "250 Hz" in rows["values"][0]


def test_values_read_as_a_person_would_say_them():
    ecg = simulate("left bundle branch block", seed=1_000_001)
    assert said("s_mv('V1') + r_mv('V5') > 0", ecg).count(" mV") == 2
    assert said("max(r_mv(lead) for lead in ('V6', 'V5')) > 0", ecg).startswith("R in V5 ")
    assert said("p_waves", ecg) == "P waves before the QRS: yes"
    assert said("not qs('V6')", ecg) == "QS complex in V6: no"
    assert said("qrs_axis > -200", ecg).endswith("°")
    fibrillation = simulate("atrial fibrillation", seed=1_000_001)
    assert said("pr > 200", fibrillation).startswith("PR absent (No P waves")


def test_the_limit_of_st_elevation_follows_age_and_sex():
    ecg = simulate("sinus rhythm", seed=1_000_003)

    def limit(age, sex):
        fact = facts(dataclasses.replace(ecg, patient=Patient(age, sex))).leads["st_limit"]["V2"]
        return fact.value if fact.value is not None else fact.bounds

    assert [limit(30, "male"), limit(60, "male"), limit(30, "female")] == [0.25, 0.2, 0.15]
    assert [limit(None, "male"), limit(60, None), limit(None, None)] == [(0.2, 0.25), (0.15, 0.2), (0.15, 0.25)]
    assert facts(ecg).leads["st_limit"]["II"].value == 0.1


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ('criteria = [{ text = "x", expression = "qrz > 1" }]', "criteria.expression"),
        ('criteria = [{ text = "x", expression = "qrs" }]', "criteria.expression"),
        ('criteria = [{ text = "", expression = "qrs > 1" }]', "criteria.text"),
        ('criteria = [{ text = "x" }]', "criteria"),
        ('criteria = [{ text = "x", expression = "qrs > 1", sauce = "y" }]', "criteria"),
        (
            'criteria = [{ text = "x", expression = "qrs > 1" }, { text = "x", expression = "qrs > 2" }]',
            "criteria.text",
        ),
        ('features = [{ text = "x", waves = [], leads = [], measured = "r_mv > 1" }]', "features.measured"),
        ('features = [{ text = "x", waves = [], leads = [], measures = "qrs > 1" }]', "features"),
    ],
)
def test_a_fault_in_a_criterion_names_file_entry_and_field(tmp_path, line, field):
    (tmp_path / "some.toml").write_text(ENTRY + line, encoding="utf-8")
    with pytest.raises(CatalogueError, match=rf"some\.toml, entry a_finding, field {field}:"):
        read_catalogue(tmp_path)


def test_criteria_and_measured_features_are_read_with_their_source(tmp_path):
    lines = (
        'criteria = [{ text = "a", expression = "qrs >= 120" }, { text = "b", expression = "qrs > 1", source = "s" }]\n'
    )
    lines += 'features = [{ text = "broad QRS", waves = ["QRS"], leads = ["V1"], measured = "qrs >= 120" }]'
    (tmp_path / "some.toml").write_text(ENTRY + lines, encoding="utf-8")
    entry = read_catalogue(tmp_path)["a_finding"]
    assert [criterion.source for criterion in entry.criteria] == ["book: X", "s"]
    assert entry.features[0].measured == "qrs >= 120"
