import pytest

from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings import wordings as room
from ecgclip_core.findings.catalogue import catalogue, normalised
from ecgclip_core.findings.wordings import wordings


def test_every_finding_has_sentences_for_and_against_it():
    for finding in catalogue():
        holds, absent = wordings(finding)
        assert holds
        assert absent


def test_no_sentence_speaks_for_and_against_the_same_finding():
    for finding in catalogue():
        holds, absent = ({normalised(text) for text in side} for side in wordings(finding))
        assert not holds & absent, finding


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('[no_such_finding]\nholds = ["x"]', "no such finding"),
        ('[atrial_fibrillation]\nfor = ["x"]', "holds and absent"),
        ("[atrial_fibrillation]\nholds = [1]", "list of texts"),
        ("[atrial_fibrillation", "TOML"),
    ],
)
def test_a_fault_names_the_file_and_what_is_wrong(content, sentence, tmp_path, monkeypatch):
    (tmp_path / "wordings").mkdir()
    (tmp_path / "wordings" / "faulty.toml").write_text(content)
    monkeypatch.setattr(room, "ASSETS", tmp_path)
    room._more.cache_clear()
    try:
        with pytest.raises(CatalogueError, match=sentence) as raised:
            wordings("atrial_fibrillation")
    finally:
        room._more.cache_clear()
    assert "faulty.toml" in str(raised.value)
