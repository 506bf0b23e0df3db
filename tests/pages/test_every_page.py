"""What holds for every page."""

import pytest

PAGES = ("reading", "criteria", "clusters", "cohort", "evidence")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_starts_without_an_exception(app, page):
    assert not app(page).exception


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_the_checkpoint_and_its_hash(app, said, page):
    from ecgclip_core.model.checkpoint import load_model

    words = said(app(page))
    assert "thin" in words
    assert load_model().hash in words


@pytest.mark.parametrize("page", PAGES)
def test_without_a_checkpoint_a_page_says_so_in_a_sentence(app, said, page, tmp_path, monkeypatch):
    from ecgclip_core.model import checkpoint

    monkeypatch.setattr(checkpoint, "CHECKPOINTS", tmp_path)
    test = app(page)
    assert not test.exception
    assert "No checkpoint" in said(test)
