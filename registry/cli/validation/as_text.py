"""For people: one line for each finding, which editors and terminals can jump to, and a sum."""

from registry.cli.validation.finding import Report, visible


def as_text(report: Report) -> str:
    """`server.json:3:14: error: packages[0].version: … [rule]`."""
    lines = [f"{file}:{finding}" for file, finding in report.findings()]
    lines += [f"{each.file}: cannot be read: {each.reason}" for each in report.unreadable]
    return "\n".join([*map(visible, lines), _sum(report)])


def _sum(report: Report) -> str:
    files = _counted(len(report.checked), "file")
    found = [
        _counted(count, severity.value) if severity.value != "info" else f"{count} for information"
        for severity, count in report.counts().items()
        if count
    ]
    unread = [f"{len(report.unreadable)} unreadable"] if report.unreadable else []
    return f"{files}: {', '.join([*found, *unread]) or 'ok'}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
