"""The command ``quarantine``: the table of commands, and what an error looks like.

Command modules parse, call one step and print. Heavy imports happen inside the commands, so that ``--help``
stays quick.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from quarantine.errors import QuarantineError

if TYPE_CHECKING:
    import typer

EXIT_NO_VERDICT = 2


def build() -> typer.Typer:
    """The application with all command groups."""
    import typer

    from quarantine.cli import custody, judging, records, reviewing, trust

    app = typer.Typer(
        name="quarantine",
        help="Judge models from outside before anything of yours runs them.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    judging.register(app)
    reviewing.register(app)
    custody.register(app)
    trust.register(app)
    records.register(app)
    return app


def run() -> None:
    """Entry point: exit 0 pass, 1 reject, 3 review, 2 no verdict, said in one sentence on stderr."""
    signal.signal(signal.SIGINT, _interrupted)
    if sys.argv[1:2] == ["scan"] and "--cache" not in sys.argv:
        # A jail takes as long to start as the rest of this command; the two go side by side.
        from quarantine.jail import spare

        spare.prepare()
    try:
        status = build()(standalone_mode=False)
    except QuarantineError as error:
        status = _say(str(error))
    except BrokenPipeError:
        status = EXIT_NO_VERDICT
    except Exception as error:
        usage = getattr(error, "format_message", None)
        status = _say(usage() if usage else _internal(error))
    sys.exit(status if isinstance(status, int) else 0)


def _interrupted(_signal: int, _frame: object) -> NoReturn:
    """Leave at once: jails end with this process, and whatever is written may be cut off anywhere."""
    os._exit(_say("interrupted; no verdict, nothing was lost; run the command again"))


def _say(sentence: str) -> int:
    from quarantine.printable import printable

    print(f"quarantine: {printable(' '.join(sentence.split()))}", file=sys.stderr, flush=True)
    return EXIT_NO_VERDICT


def _internal(error: Exception) -> str:
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    where = f" at {frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else ""
    return f"internal error, no verdict: {type(error).__name__}: {error}{where}; please report it"
