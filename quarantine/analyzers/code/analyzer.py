"""Source code beside a model: Python and notebooks are read as programs, other scripts are named as what they are.

Most texts are neither, so that what reads them is imported when one is met.
"""

from __future__ import annotations

import re

from quarantine.formats.interface import Node, TooLarge

SIZE_LIMIT_BYTES = 2 << 20
_PYTHON = (".py", ".pyw", ".pyi")
_PATH_LINE = re.compile(r"(?:^|[\r\n])(import[ \t][^\r\n]*)")  # a carriage return ends a line as well
_INTERPRETER = re.compile(rb"#![^\n]*\bpython")


class CodeAnalyzer:
    """Reads Python sources, path files and notebooks."""

    name = "code"

    def analyze(self, node: Node) -> None:
        """Report what the code is able to do, and when.

        Raises:
            Malformed: a notebook that cannot be read.
        """
        name = node.path.lower().replace("!", "/").rpartition("/")[2]
        head = node.source.read(0, 256)
        if name.endswith(_PYTHON) or _INTERPRETER.match(head):
            from quarantine.analyzers.code.sources import python

            python(node, _bytes(node), name)
        elif name.endswith(".ipynb"):
            from quarantine.analyzers.code.notebook import notebook

            notebook(node, _bytes(node))
        elif name.endswith(".pth"):
            self._path_file(node)
        else:
            from quarantine.analyzers.code.shell import shell

            shell(node, name, head)

    def _path_file(self, node: Node) -> None:
        for number, line in enumerate(_PATH_LINE.findall(_bytes(node).decode("utf-8", "replace"))):
            from quarantine.analyzers.code.sources import judge

            judge(node, line, place=f"import line {number + 1}: ", script=True)


def _bytes(node: Node) -> bytes:
    if node.source.size > SIZE_LIMIT_BYTES:
        raise TooLarge("source code is over its limit", offset=SIZE_LIMIT_BYTES)
    return node.source.read(0, node.source.size)
