"""What tests of several rooms share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real recordings; tests that need it are skipped where it does not exist."""
    folder = Path(os.environ.get("ECGCLIP_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (folder / "ptbxl" / "records.csv").is_file():
        pytest.skip("needs the folder of real recordings, which is not part of the project (set ECGCLIP_DATA)")
    return folder
