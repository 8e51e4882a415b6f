"""The file of the servers that are trusted."""

import threading
from pathlib import Path

import pytest

from chatroom.client.address import Address
from chatroom.client.errors import NotTrusted
from chatroom.client.known import Known, KnownServers

HERE = Address("chat.example.org", 12345)
ONE, TWO = ("sha256:" + digit * 64 for digit in "12")


def test_nothing_is_known_before_something_is_kept(tmp_path: Path) -> None:
    assert KnownServers(tmp_path / "none" / "known_servers").find(HERE) == []


def test_what_is_kept_is_found_by_its_name_and_port(tmp_path: Path) -> None:
    servers = KnownServers(tmp_path / "new" / "known_servers")
    servers.add(HERE, ONE)
    servers.add(Address("::1", 4000), TWO)
    assert servers.find(HERE) == [Known(ONE, 1)]
    assert servers.find(Address("CHAT.example.ORG", 12345)) == [Known(ONE, 1)]
    assert servers.find(Address("::1", 4000)) == [Known(TWO, 2)]
    assert servers.find(Address("chat.example.org", 4000)) == []
    assert servers.find(Address("example.org", 12345)) == []
    assert servers.path.parent.stat().st_mode & 0o777 == 0o700


def test_the_file_can_be_edited_by_a_person(tmp_path: Path) -> None:
    """With remarks, empty lines, a fingerprint as OpenSSL writes it, and no newline at the end."""
    path = tmp_path / "known_servers"
    written = ":".join(["AB"] * 32)
    path.write_text(
        f"# ours\n\n  chat.example.org:12345  {written}\n#chat.example.org:12345 x\nx:1 y"
    )
    servers = KnownServers(path)
    assert servers.find(HERE) == [Known("sha256:" + "ab" * 32, 3)]
    servers.add(HERE, ONE)
    assert servers.find(HERE)[1:] == [Known(ONE, 6)]
    assert path.read_text().endswith(f"\nx:1 y\nchat.example.org:12345 {ONE}\n")


def test_a_damaged_line_is_not_passed_over(tmp_path: Path) -> None:
    """Else whoever can damage it could put a server of his own in its place."""
    path = tmp_path / "known_servers"
    path.write_text(f"chat.example.org:12345 {ONE[:-1]}\n")
    with pytest.raises(NotTrusted, match=r"Line 1 of .*known_servers has no fingerprint"):
        KnownServers(path).find(HERE)


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    servers = KnownServers(tmp_path)
    with pytest.raises(NotTrusted, match=r"cannot be read \(Is a directory\)"):
        servers.find(HERE)
    with pytest.raises(NotTrusted, match=r"cannot be written \(Is a directory\)"):
        servers.add(HERE, ONE)
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(NotTrusted, match=r"cannot be read \(it is not UTF-8 text\)"):
        KnownServers(tmp_path / "bytes").find(HERE)


def test_many_write_at_once_and_harm_nothing(tmp_path: Path) -> None:
    path = tmp_path / "known_servers"

    def add(number: int) -> None:
        for port in range(1, 26):
            KnownServers(path).add(Address(f"host{number}", port), ONE)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = path.read_text().splitlines()
    assert sorted(lines) == sorted(f"host{n}:{p} {ONE}" for n in range(8) for p in range(1, 26))
