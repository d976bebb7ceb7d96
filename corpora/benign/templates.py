"""Chat templates in the manner of the well-known families: the same constructs and marks, in words of our own.

The templates themselves lie in ``chat_templates``, one file each.
"""

from __future__ import annotations

import json
from pathlib import Path

from corpora.case import Case, benign, one_file

TEMPLATES = {
    path.stem: path.read_text() for path in sorted(Path(__file__).with_name("chat_templates").glob("*.jinja"))
}


def cases() -> list[Case]:
    """Each as a file and in a tokenizer's configuration."""
    found = []
    for name, text in TEMPLATES.items():
        configuration = json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": text})
        for kind, file, content in (
            ("", "chat_template.jinja", text),
            ("-configured", "tokenizer_config.json", configuration),
        ):
            build = one_file(file, lambda _f, t=content: t.encode())  # type: ignore[misc]
            found.append(benign(f"benign-template-{name}{kind}", f"a template: {name}", build))
    return found
