"""The reports by name; each is imported only when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from quarantine.errors import BadInput
from quarantine.report.interface import Report

REPORTS = {
    "text": "quarantine.report.text:TextReport",
    "json": "quarantine.report.json:JsonReport",
    "html": "quarantine.report.html:HtmlReport",
    "sarif": "quarantine.report.sarif:SarifReport",
    "junit": "quarantine.report.junit:JunitReport",
    "markdown": "quarantine.report.markdown:MarkdownReport",
}


def load_report(name: str) -> Report:
    """The report with that name.

    Raises:
        BadInput: there is none.
    """
    if name not in REPORTS:
        raise BadInput(f"there is no report format {name!r}", remedy=f"use one of {', '.join(REPORTS)}")
    module, kind = REPORTS[name].split(":")
    return cast(Report, getattr(import_module(module), kind)())
