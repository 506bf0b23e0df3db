import pytest

from ecgclip_core.cli import main


def test_help_names_every_verb(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    assert all(verb in said for verb in ("pretrain", "evaluate", "calibrate", "clusters", "cohort"))


def test_an_error_is_one_sentence_and_no_traceback(capsys, tmp_path):
    assert main(["cohort", "build", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert said.startswith("ecgclip: ")
    assert "Traceback" not in said


def test_a_checkpoint_that_is_not_there_is_named(capsys, tmp_path):
    assert main(["calibrate", "--data", str(tmp_path), "--checkpoint", "missing"]) == 1
    assert "missing" in capsys.readouterr().err


def test_a_recipe_that_is_not_there_is_named_with_those_that_are(capsys, tmp_path):
    assert main(["pretrain", "--data", str(tmp_path), "--recipe", "other", "--out", str(tmp_path)]) == 1
    assert "ecgclip-r18" in capsys.readouterr().err


def test_an_interrupted_command_says_that_it_can_go_on(capsys, tmp_path, monkeypatch):
    from ecgclip_core.training import build_checkpoint

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(build_checkpoint, "build_checkpoint", interrupted)
    assert main(["pretrain", "--data", str(tmp_path), "--out", str(tmp_path)]) == 130
    assert "goes on from here" in capsys.readouterr().err
