"""The inbox service: the desk, the house and the inbox put together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from quarantine.desk import Desk
from quarantine.durable import replace_file
from quarantine.errors import BadInput, GateError, NotFound
from quarantine.intake.inbox import Inbox
from quarantine.intake.opened import open_path
from quarantine.jail.protocol import Progress
from quarantine.pipeline import evaluate
from quarantine.printable import printable
from quarantine.records import Policy, Verdict, digest_of
from quarantine.report.table import load_report
from quarantine.scanning import open_house
from quarantine.stages import OnProgress, bytes_of
from quarantine.tables import SubmissionRow
from quarantine.vault.vault import storage_errors

REPORT_FILES = {"json": "verdict.json", "html": "report.html"}


def _nothing(*_: object) -> None:
    """Default for hooks."""


def open_inbox(
    directory: Path,
    desk: Desk,
    policy: Policy | None,
    *,
    say: Callable[[str], None],
    on_progress: OnProgress | None = None,
    checkpoint: Callable[[str], None] = _nothing,
) -> Inbox:
    """The service over one inbox. ``say`` is told each verdict and promotion in a line.

    ``checkpoint`` is called with a name between any two steps; the crash tests end the process there.

    Raises:
        BadInput: no such directory, or a configuration that cannot be used.
        JailUnavailable: nothing can be judged on this machine.
    """
    house = open_house(policy)

    def taking(untrusted_name: str, done: int, total: int) -> None:
        tell = bytes_of(f"taking {printable(untrusted_name, 40)}", on_progress)
        if tell:
            tell(done, total)

    def judge(row: SubmissionRow) -> Verdict:
        tell = partial(on_progress or _nothing, f"judging {row.id} {printable(row.untrusted_name, 40)}")
        tell(Progress(done=0, total=1))
        try:
            with open_path(desk.vault.open(row.digest), untrusted_name=row.untrusted_name) as opened:
                return evaluate(opened, house, tier=row.tier, card=row.card, on_progress=on_progress)
        finally:
            tell(Progress(done=1, total=1))

    def publish(row: SubmissionRow, verdict: Verdict) -> None:
        folder = desk.reports / row.id
        with storage_errors(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name, file in REPORT_FILES.items():
                replace_file(folder / file, load_report(name).render((verdict,)).encode())
        desk.checkpoint()
        say(f"{verdict.decision:<6}  {row.id}  {printable(row.untrusted_name, 80)}")

    def promote(row: SubmissionRow, verdict: Verdict) -> bool:
        registry = inbox.config.registry
        if registry is None or not house.policy.auto_promote:
            return False
        try:
            where = desk.promote_row(row, verdict, Path(registry))
        except (GateError, NotFound, BadInput) as error:
            say(f"held    {row.id}  {printable(str(error), 300)}")
            return False
        say(f"        {row.id}  promoted to {where}")
        return True

    def refused(untrusted_name: str, reason: str) -> None:
        say(f"refused {printable(untrusted_name, 80)}: {printable(reason, 300)}")

    context = digest_of([house.rules.digest, house.policy.digest])
    inbox = Inbox(
        directory,
        vault=desk.vault,
        state=desk.state,
        ledger=desk.ledger,
        judge=judge,
        context=context,
        publish=publish,
        promote=promote,
        checkpoint=checkpoint,
        on_taking=taking,
        on_refused=refused,
    )
    return inbox
