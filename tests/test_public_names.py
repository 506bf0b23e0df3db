import subprocess
import sys

import pytest

import ecgclip_core as ecgclip


@pytest.mark.parametrize("name", ecgclip.__all__)
def test_every_public_name_can_be_used_and_is_documented(name):
    assert getattr(ecgclip, name).__doc__


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = ecgclip.nothing_of_the_kind


def test_reading_a_file_does_not_wait_for_torch():
    code = "import sys, ecgclip_core; ecgclip_core.read_ecg; ecgclip_core.measure; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
