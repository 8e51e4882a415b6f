"""What is installed is what the lock files say, to the byte."""

import base64
import hashlib
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt")

OUR_OWN = "install --quiet --no-deps --no-build-isolation -e ."
"""How the project itself is installed, with tools that are locked."""

LOCKING = "install --quiet 'uv>=0.8,<1'"
"""What makes new locks; nothing that is shipped or tested is installed by it."""


def _requirements(lock: str) -> dict[str, list[str]]:
    """Return the hashes of each requirement of a lock file, by what it requires."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return {row[0]: [word for word in row if word.startswith("--hash=")] for row in rows}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_has_one_version_and_its_hashes(lock: str) -> None:
    requirements = _requirements(lock)
    assert requirements
    for requirement, hashes in requirements.items():
        assert re.fullmatch(r"[a-z0-9.-]+(\[[a-z,]+\])?==[^=*]+", requirement), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", word) for word in hashes)


def test_the_locks_have_all_that_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    asked = {
        "requirements.txt": [*project["project"]["dependencies"], *groups["build"]],
        "requirements-dev.txt": [
            *project["project"]["dependencies"],
            *groups["dev"],
            *groups["fuzz"],
        ],
        "requirements-bench.txt": [*project["project"]["dependencies"], *groups["bench"]],
    }
    for lock, wanted in asked.items():
        names = {_name(requirement) for requirement in _requirements(lock)}
        assert {_name(text) for text in wanted if isinstance(text, str)} <= names, lock


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower().replace("_", "-")


def test_the_runtime_is_the_same_in_all_locks() -> None:
    runtime = _requirements("requirements.txt").items()
    for lock in LOCKS[1:]:
        assert runtime <= _requirements(lock).items(), lock


def test_nothing_is_installed_without_its_hash() -> None:
    for file in ("Makefile", ".ci/run", "CONTRIBUTING.md", "README.md"):
        text = (ROOT / file).read_text(encoding="utf-8")
        for words in re.findall(r"(?:\(PIP\)|pip3?) (install [^\n]*)", text):
            assert "--require-hashes -r requirements" in words or words in {OUR_OWN, LOCKING}, words


def test_the_lock_of_the_page_s_tools_has_each_digest_and_names_no_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert {f"node_modules/{name}" for name in wanted} <= packages.keys()
    for name, entry in packages.items():
        assert "resolved" not in entry, name
        assert entry["integrity"].startswith("sha512-"), name
        assert re.fullmatch(r"\d+\.\d+\.\d+", entry["version"]), name


def test_what_is_installed_for_the_page_runs_nothing_by_being_installed() -> None:
    assert "ignore-scripts=true" in (ROOT / ".npmrc").read_text("utf-8").splitlines()
    assert "$(NPM) ci" in (ROOT / "Makefile").read_text("utf-8")


def _wheel(folder: Path) -> Path:
    """Make a package that could be anybody's."""
    path = folder / "harmless-1.0-py3-none-any.whl"
    info = "harmless-1.0.dist-info"
    files = {
        "harmless.py": "",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: harmless\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{name},{_digest(text)},{len(text)}" for name, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"])
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return path


def _digest(text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return f"sha256={digest.decode().rstrip('=')}"


@pytest.mark.parametrize("tampered", [False, True])
def test_a_package_that_was_tampered_with_is_not_installed(
    tmp_path: Path, *, tampered: bool
) -> None:
    """By the words with which the Makefile installs a lock file."""
    wheel = _wheel(tmp_path)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if tampered:
        with zipfile.ZipFile(wheel, "a") as archive:
            archive.writestr("more.py", "")
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"harmless==1.0 --hash=sha256:{digest}\n", encoding="utf-8")
    words = "install --quiet --require-hashes -r requirements"
    assert f"$(PIP) {words}.txt" in (ROOT / "Makefile").read_text(encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    places = ["--no-index", "--find-links", str(tmp_path), "--target", str(tmp_path / "into")]
    done = subprocess.run(
        [*pip, *words.split()[:-1], str(lock), *places],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode != 0) is tampered, done.stderr
    assert ("DO NOT MATCH THE HASHES" in done.stderr) is tampered
    assert (tmp_path / "into/harmless.py").exists() is not tampered
