"""Cards and configurations are strict, and errors name file, line and key."""

from __future__ import annotations

import pytest

from quarantine.errors import BadInput
from quarantine.intake.card import CONFIG_NAME, parse_card, read_inbox_config
from quarantine.records import Tier


def test_a_card_declares_model_and_evaluation():
    card = parse_card(
        b'name="m"\n[model]\ntask="image-classification"\ninput_shape=[3,8,8]\nclasses=10\n'
        b'[evaluation]\nset_name="digits"\n',
        "c.toml",
    )
    assert card.model.classes == 10
    assert card.evaluation.set_name == "digits"


@pytest.mark.parametrize("key", ["tier", "auto_promote", "registry"])
def test_a_card_cannot_set_what_the_organisation_decides(key):
    with pytest.raises(BadInput, match=rf"c\.toml, line 2.*{key}"):
        parse_card(f'name="m"\n{key}="low"\n'.encode(), "c.toml")


@pytest.mark.parametrize("content", [b"name=3", b"\xff", b"name=", b"#" * 70_000])
def test_a_card_that_cannot_be_used_names_the_file(content):
    with pytest.raises(BadInput, match=r"c\.toml"):
        parse_card(content, "c.toml")


def test_a_configuration_that_others_can_write_is_refused(tmp_path):
    assert read_inbox_config(tmp_path).tier is Tier.STANDARD
    (tmp_path / CONFIG_NAME).write_text('tier="high"\n')
    (tmp_path / CONFIG_NAME).chmod(0o644)
    assert read_inbox_config(tmp_path).tier is Tier.HIGH
    (tmp_path / CONFIG_NAME).chmod(0o666)
    with pytest.raises(BadInput, match="others"):
        read_inbox_config(tmp_path)
