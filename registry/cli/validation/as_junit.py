"""JUnit XML: each file is a test case, which fails if one of its findings does."""

from xml.etree import ElementTree

from registry.cli.validation.finding import Checked, Report, visible


def as_junit(report: Report) -> str:
    """One suite. Findings that do not fail the call stand in the case's output."""
    suite = ElementTree.Element("testsuite", name="mcp-registry validate")
    failures = 0
    for checked in report.checked:
        failures += _case(suite, checked, report)
    for unreadable in report.unreadable:
        case = ElementTree.SubElement(suite, "testcase", name=visible(unreadable.file), classname="server.json")
        ElementTree.SubElement(case, "error", message=visible(unreadable.reason))
    suite.set("tests", str(len(report.checked) + len(report.unreadable)))
    suite.set("failures", str(failures))
    suite.set("errors", str(len(report.unreadable)))
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode")


def _case(suite: ElementTree.Element, checked: Checked, report: Report) -> bool:
    """Whether it failed."""
    case = ElementTree.SubElement(suite, "testcase", name=visible(checked.file), classname="server.json")
    failing = [finding for finding in checked.findings if report.fails(finding)]
    others = [finding for finding in checked.findings if not report.fails(finding)]
    if failing:
        # Readers of JUnit differ on several failures of one case; all of them know one.
        failure = ElementTree.SubElement(case, "failure", message=visible(failing[0].message), type=failing[0].rule)
        failure.text = "\n".join(visible(f"{checked.file}:{finding}") for finding in failing)
    if others:
        output = ElementTree.SubElement(case, "system-out")
        output.text = "\n".join(visible(f"{checked.file}:{finding}") for finding in others)
    return bool(failing)
