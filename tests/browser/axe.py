"""axe-core, which finds what keeps people with a screen reader, or weak eyes, from using a page."""

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

SOURCE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
"""What `make check` has installed."""

RUN = """() => axe.run(document, {resultTypes: ["violations"]}).then(results =>
    results.violations.map(rule => ({
        id: rule.id, help: rule.help,
        nodes: rule.nodes.map(node => `${node.html}: ${node.failureSummary}`)})))"""


@cache
def _source() -> str:
    return SOURCE.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """Return what axe finds in the page as it is, by all of its rules; one text for each."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source())
    return [
        f"{rule['id']}: {rule['help']}: {node}"
        for rule in page.evaluate(RUN)
        for node in rule["nodes"]
    ]
