"""The demonstration: real and hostile models through an inbox, with the installed command.

``python -m corpora.tour DIR`` makes the models, runs the service over the inbox, and says where to look.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from corpora import demo
from quarantine.provenance.keys import PUBLIC_NAME

INBOX_CONFIG = """\
tier = "standard"
owner = "platform team"
quiet_s = 0.0
auto_promote = true
registry = "{registry}"
"""


def run(folder: Path) -> None:
    """Make everything below ``folder`` anew and run the service once."""
    if folder.exists():
        shutil.rmtree(folder)
    inbox, registry, state = folder / "inbox", folder / "registry", folder / "state"
    inbox.mkdir(parents=True)
    print("Making models: scikit-learn, PyTorch, ONNX, safetensors; and hostile ones with inert payloads")
    demo.write(inbox)
    (inbox / ".quarantine-inbox.toml").write_text(INBOX_CONFIG.format(registry=registry.resolve()))
    command = str(Path(sys.executable).with_name("quarantine"))
    _quarantine(command, "keys", "init", "--state", str(state))
    print(
        "The inbox judges them: each is read in a jail, and run and attacked in another where its card says how"
    )
    _quarantine(command, "inbox", str(inbox), "--once", "--state", str(state))
    print("\nEvery release in the registry, verified offline with the public key alone:")
    for statement in sorted((registry / "models").rglob("verdict.dsse.json")):
        release = statement.parent
        print(f"{release.parent.name} {release.name}: ", end="", flush=True)
        _quarantine(command, "verify", str(release), "--key", str(state / "keys" / PUBLIC_NAME))
    _quarantine(command, "ledger", "verify", "--state", str(state))
    print(f"\nHTML reports: {state / 'reports'}")
    print(f"Registry:     {registry / 'models'}")


def _quarantine(*arguments: str) -> None:
    subprocess.run(arguments, check=True)


if __name__ == "__main__":
    run(Path(sys.argv[1]))
