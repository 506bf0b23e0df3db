"""Normal ranges by age and sex."""

import pytest

from ecgclip_core.ecg.measure import measure
from ecgclip_core.ecg.normal_ranges import HIGH, LOW, WITHIN, _table, normal_range
from ecgclip_core.ecg.recording import Patient
from ecgclip_core.simulation.simulate import simulate

AGES = (0.0, 0.01, 0.05, 0.2, 0.4, 0.8, 2, 4, 7, 10, 15, 15.99, 16, 39, 40, 90)


@pytest.mark.parametrize("name", ["heart_rate", "pr", "qrs", "qrs_axis"])
def test_every_age_and_sex_has_one_range(name):
    for age in AGES:
        ranges = {str(normal_range(name, Patient(age, sex))) for sex in ("male", "female", None)}
        assert len(ranges) == 1
        assert "None" not in ranges


def test_every_range_has_a_source_and_is_not_turned_round():
    table = _table()
    for entry in table["range"]:
        assert table["sources"][entry["source"]]
        assert entry.get("low", -999) < entry.get("high", 999)


def test_every_named_measurement_exists():
    known = set(measure(simulate("sinus_rhythm", 1)).to_frame()["name"])
    assert {name for entry in _table()["range"] for name in entry["of"]} <= known


@pytest.mark.parametrize(
    ("name", "value", "patient", "place"),
    [
        ("qtc_bazett", 450, Patient(50, "male"), HIGH),
        ("qtc_bazett", 450, Patient(50, "female"), WITHIN),
        ("qtc_bazett", 450, Patient(50, None), WITHIN),
        ("qtc", 355, Patient(50, "female"), LOW),
        ("heart_rate", 130, Patient(0.5), WITHIN),
        ("heart_rate", 130, Patient(50), HIGH),
        ("heart_rate", 59, Patient(), LOW),
        ("pr", 200, Patient(30), WITHIN),
        ("pr", 190, Patient(4), HIGH),
        ("qrs_axis", 100, Patient(0.1), WITHIN),
        ("qrs_axis", 100, Patient(60), HIGH),
        ("st_V2", 0.2, Patient(30, "male"), WITHIN),
        ("st_V2", 0.2, Patient(60, "male"), HIGH),
        ("st_V2", 0.2, Patient(30, "female"), HIGH),
        ("st_V5", -0.05, Patient(60, "male"), LOW),
    ],
)
def test_the_same_number_is_normal_in_one_person_and_not_in_another(name, value, patient, place):
    assert normal_range(name, patient).place(value) == place


def test_what_has_no_range_of_its_own_gets_none():
    for name in ("qt", "t_axis", "rr_irregularity", "atrial_rate"):
        assert normal_range(name, Patient(50, "male")) is None
    assert normal_range("qtc_framingham", Patient(4, "male")) is None


def test_an_unknown_age_is_said():
    assert normal_range("pr", Patient()).group == "adults, age unknown"
