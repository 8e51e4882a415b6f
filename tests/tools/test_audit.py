"""Looking up known holes: what the project does with what `pip-audit` says."""

import json
import subprocess

import pytest

from tools import audit

HOLE = {"id": "PYSEC-2026-1", "fix_versions": ["2.0"], "aliases": [], "description": "Bad."}


def judged(*packages: dict[str, object]) -> audit.Verdict:
    """Returns the verdict on a run that looked at some packages."""
    return audit.judge(json.dumps({"dependencies": packages, "fixes": []}), "")


def test_a_known_hole_fails_with_what_to_do() -> None:
    verdict = judged(
        {"name": "good", "version": "1.0", "vulns": []},
        {"name": "bad", "version": "1.0", "vulns": [HOLE]},
    )
    assert verdict.failed
    assert verdict.sentences == (
        "bad 1.0 has the known hole PYSEC-2026-1; take up 2.0 with 'make lock'.",
        "pip-audit: 2 of 2 packages were looked up.",
    )


def test_a_hole_without_a_cure_fails_too() -> None:
    verdict = judged({"name": "bad", "version": "1.0", "vulns": [HOLE | {"fix_versions": []}]})
    assert verdict.failed
    assert "take up another package" in verdict.sentences[0]


def test_no_hole_says_how_much_was_looked_up() -> None:
    verdict = judged(
        {"name": "good", "version": "1.0", "vulns": []},
        {"name": "ours", "skip_reason": "not found"},
    )
    assert verdict == (("pip-audit: 1 of 2 packages were looked up.",), False)


@pytest.mark.parametrize(
    ("output", "errors"),
    [
        ('{"dependencies": [{"name": "x", "skip_reason": "not found"}]}', ""),
        ("", "ERROR: Could not connect to the vulnerability feed"),
        ("", "Read timed out."),
        ("", "Failed to resolve the host"),
    ],
)
def test_offline_it_is_said_and_nothing_fails(output: str, errors: str) -> None:
    assert audit.judge(output, errors) == ((f"{audit.UNREACHED}.",), False)


def test_any_other_failure_is_one() -> None:
    verdict = audit.judge("", "requirement x has no hash\n")
    assert verdict == (("pip-audit failed: requirement x has no hash",), True)


def test_the_command_line_is_understood() -> None:
    """Whether or not its data can be reached, pip-audit takes our words and reads the lock."""
    done = subprocess.run(
        [*audit.COMMAND, "--dry-run"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "usage:" not in done.stderr, done.stderr
    assert "Dry run: would have audited" in done.stderr, done.stderr
