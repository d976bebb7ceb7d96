"""A self-contained page for the reviewer: no script, no network, everything from the submission escaped."""

from __future__ import annotations

from quarantine.printable import printable
from quarantine.records import CONTEXT, SAID, Measurement, Verdict

ARTIFACTS_SHOWN = 2_000


class HtmlReport:
    """One page, a section for each submission. Jinja2 escapes every value (autoescape is on)."""

    name = "html"

    def render(self, verdicts: tuple[Verdict, ...]) -> str:
        """The page."""
        from jinja2 import Environment, PackageLoader, StrictUndefined

        environment = Environment(
            loader=PackageLoader("quarantine.report", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters["shown"] = lambda value: printable(str(value))
        environment.filters["reading"] = reading
        environment.tests["supplier"] = lambda name: str(name).startswith(SAID)
        template = environment.get_template("report.html")
        return template.render(verdicts=verdicts, limit=ARTIFACTS_SHOWN, context=CONTEXT, said=SAID)


def reading(number: Measurement) -> str:
    """A measurement in plain words."""
    interval = ""
    if number.low is not None and number.high is not None:
        interval = f" (95 % interval {number.low:.1%} to {number.high:.1%})"
    samples = f" on {number.samples} samples" if number.samples else ""
    if number.name == "clean_accuracy":
        return f"It is right in {number.value:.1%} of cases{interval}{samples}."
    if number.name == "robust_accuracy":
        eps = number.context.get("eps", "?")
        return (
            f"An attacker who may change each input by {printable(eps, 20)} of its range leaves it right in "
            f"{number.value:.1%} of cases{interval}{samples}."
        )
    return f"{number.value:g} {printable(number.unit, 32)}{interval}{samples}"
