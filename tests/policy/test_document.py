"""Policies are read strictly, and what is wrong with one is said with its line."""

from pathlib import Path

import pytest

from quarantine.errors import BadInput
from quarantine.policy.document import default_policy, parse_policy
from quarantine.resources import resource_dir

TEXT = (resource_dir("policies") / "default.yaml").read_text()


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(TEXT.splitlines(), 1) if text in line)


def test_the_default_policy_is_sound_whatever_file_it_comes_from(tmp_path: Path) -> None:
    assert parse_policy(TEXT.encode(), "copy.yaml") == default_policy()


@pytest.mark.parametrize(
    ("old", "new", "complaint", "line"),
    [
        ("auto_promote: true", "auto_promote: maybe", "bool", "auto_promote"),
        ("auto_promote: true", "auto_promotion: true", "auto_promotion", "auto_promote"),
        ("incomplete_coverage: review", "incomplete_coverage: pass", "never does", None),
        ("incomplete_coverage: review", "incomplete_coverage: perhaps", "perhaps", "incomplete_coverage"),
        ("high: reject, critical: reject}", "high: reject, critical: pass}", "better decision", None),
        ("{info: pass, low: pass,", "{info: reject, low: pass,", "better decision", None),
        ("{info: pass, low: pass, medium", "{info: pass, medium", "lacks low", None),
        ("  high:\n", "  highest:\n", "highest", None),
        ("memory_bytes: 2147483648", "memory_bytes: 1", "67108864", "memory_bytes: 2147483648"),
        ("memory_bytes: 2147483648", "memory_byte: 2147483648", "memory_byte", "memory_bytes: 2147483648"),
        ('schema: "1"', 'schema: "7"', "schema", None),
        ('schema: "1"', "schema: [", "", None),
        ("name: default", "name: [1]", "name", "name: default"),
        ("name: default", "name: default\njail_minimum: []", "line 6: jail_minimum is given twice", None),
        ("auto_promote: true", "auto_promote: !!timestamp x", "no YAML", None),
        ("auto_promote: true", "auto_promote: !!bool x", "no YAML", None),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, complaint: str, line: str | None) -> None:
    assert old in TEXT
    with pytest.raises(BadInput) as raised:
        parse_policy(TEXT.replace(old, new, 1).encode(), "policy.yaml")
    message = str(raised.value)
    assert message.startswith("policy.yaml")
    assert complaint in message
    if line is not None:
        assert f"line {line_of(line)}:" in message


def test_a_tier_given_again_does_not_replace_the_first() -> None:
    again = "  low: {severities: {info: pass, low: pass, medium: pass, high: pass, critical: review}}\n"
    with pytest.raises(BadInput, match="low is given twice"):
        parse_policy(TEXT.replace("  standard:", again + "  standard:", 1).encode(), "policy.yaml")


def test_a_waiver_until_no_day_of_the_calendar_is_refused() -> None:
    waiver = f'{{rule: a, submission: "sha256:{"0" * 64}", owner: o, reason: r, expires: "2026-99-99"}}'
    with pytest.raises(BadInput, match="2026-99-99 is no day"):
        parse_policy(f"{TEXT}waivers: [{waiver}]\n".encode(), "policy.yaml")


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\0", b"[]", b"a: &a [*a]", b"!!python/object:os.system {}", b"{" * 5000, b"x: 1\nx: 2"],
)
def test_garbage_is_one_sentence(content: bytes) -> None:
    with pytest.raises(BadInput) as raised:
        parse_policy(content, "policy.yaml")
    assert "\n" not in str(raised.value)
