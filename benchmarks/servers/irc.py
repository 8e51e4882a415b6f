"""Servers that speak IRC."""

import importlib.util
import json
import os
import subprocess
import sys
from typing import ClassVar

from benchmarks.servers.recipe import Launch, Place, Recipe, first_line, program

_NGIRCD = """\
[Global]
    Name = bench.example
    AdminEMail = nobody@bench.example
    Info = bench
    Listen = 127.0.0.1
    Ports = {port}
    MotdPhrase = bench
    ServerUID = {uid}
    ServerGID = {gid}
[Limits]
    MaxConnections = 0
    MaxConnectionsIP = 0
    MaxJoins = 0
    MaxPenaltyTime = 0
    PingTimeout = 600
[Options]
    DNS = no
    Ident = no
    PAM = no
"""

_INSPIRCD = """\
<server name="bench.example" description="bench" network="bench" id="001">
<admin name="nobody" nick="nobody" email="nobody@bench.example">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect allow="*" timeout="600" pingfreq="600" hardsendq="1G" softsendq="1G" recvq="1M"
    threshold="1000000000" commandrate="1000000000" fakelag="no" localmax="1000000"
    globalmax="1000000" limit="1000000" maxconnwarn="no" resolvehostnames="no" useident="no">
<channels users="1000" opers="1000">
<performance softlimit="1000000" somaxconn="4096" netbuffersize="65534" clonesonconnect="no">
<limits maxnick="30">
<pid file="{folder}/pid">
<path configdir="{folder}" datadir="{folder}" logdir="{folder}" runtimedir="{folder}">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="{folder}/log">
"""


class NgIrcd(Recipe):
    """ngIRCd, in C."""

    name = "ngircd"
    title = "ngIRCd"
    language = "irc"
    logins_at_once = 4  # of more that wait to be accepted, the kernel makes some wait for a second
    obtain = "apt-get install ngircd"

    def version(self) -> str | None:
        """Return what it says of itself."""
        found = program("ngircd")
        line = first_line([found, "--version"]) if found else ""
        return line.removeprefix("ngIRCd ").partition("-")[0] or None

    def prepare(self, place: Place) -> Launch:
        """Write its configuration; penalties for much sending are off."""
        config = place.folder / "ngircd.conf"
        owner = place.folder.stat()
        config.write_text(_NGIRCD.format(port=place.port, uid=owner.st_uid, gid=owner.st_gid))
        return Launch([program("ngircd") or "ngircd", "--nodaemon", "--config", str(config)])


class InspIrcd(Recipe):
    """InspIRCd, in C++."""

    name = "inspircd"
    title = "InspIRCd"
    language = "irc"
    logins_at_once = 512  # once a second it lets in all that wait
    obtain = "apt-get install inspircd"

    def version(self) -> str | None:
        """Return what it says of itself."""
        found = program("inspircd")
        line = first_line([found, "--version"]) if found else ""
        return line.removeprefix("InspIRCd-").partition("-")[0] or None

    def prepare(self, place: Place) -> Launch:
        """Write its configuration; fake lag is off, and so are limits on what may wait."""
        config = place.folder / "inspircd.conf"
        config.write_text(_INSPIRCD.format(port=place.port, folder=place.folder))
        command = [program("inspircd") or "inspircd", "--nofork", "--runasroot"]
        return Launch([*command, "--config", str(config)])


class MiniIrcd(Recipe):
    """miniircd, in Python: one loop with `select`."""

    name = "miniircd"
    title = "miniircd"
    language = "irc"
    logins_at_once = 2  # its queue of those who wait to be accepted has five places
    most_clients = 1000  # `select` takes no descriptor above 1023
    obtain = "pipx install miniircd"

    def version(self) -> str | None:
        """Return what it says of itself; it is found on the path or as a module of this Python."""
        command = self._command()
        return (first_line([*command, "--version"]).split() or ["?"])[-1] if command else None

    def prepare(self, place: Place) -> Launch:
        """It needs no configuration, and limits nothing."""
        command = self._command() or ["miniircd"]
        user = ["--setuid", "nobody"] if os.geteuid() == 0 else []  # it refuses to run as root
        return Launch([*command, *user, "--listen", "127.0.0.1", "--ports", str(place.port)])

    @staticmethod
    def _command() -> list[str] | None:
        found = program("miniircd")
        if found:
            return [found]
        module = importlib.util.find_spec("miniircd")
        return [sys.executable, "-m", "miniircd"] if module else None


class Ergo(Recipe):
    """Ergo, in Go, with its default history in memory."""

    name = "ergo"
    title = "Ergo"
    language = "irc"
    obtain = "a release from https://ergo.chat/, with `ergo` on the path"
    _NO_LIMITS: ClassVar[dict[str, object]] = {"count": False, "throttle": False}

    def version(self) -> str | None:
        """Return what it says of itself; another program of the same name is not taken for it."""
        found = program("ergo")
        line = first_line([found, "--version"]) if found else ""
        return line.removeprefix("ergo-") if line.startswith("ergo-") else None

    def prepare(self, place: Place) -> Launch:
        """Write its configuration, of which JSON is a way to write YAML, and make its database."""
        folder = place.folder
        config = folder / "ircd.yaml"
        config.write_text(json.dumps(self._settings(place)))
        found = program("ergo") or "ergo"
        subprocess.run(
            [found, "initdb", "--conf", str(config), "--quiet"], check=True, cwd=folder, timeout=60
        )
        return Launch([found, "run", "--conf", str(config), "--quiet"])

    def _settings(self, place: Place) -> dict[str, object]:
        return {
            "network": {"name": "bench"},
            "server": {
                "name": "bench.example",
                "listeners": {f"127.0.0.1:{place.port}": {}},
                "casemapping": "ascii",
                "max-sendq": "1G",
                "ip-limits": self._NO_LIMITS,
                "ip-cloaking": {"enabled": False},
            },
            "accounts": {"registration": {"enabled": False}, "authentication-enabled": True},
            "channels": {"default-modes": "+n", "registration": {"enabled": False}},
            "datastore": {"path": str(place.folder / "ircd.db"), "autoupgrade": True},
            "lock-file": str(place.folder / "ircd.lock"),
            "logging": [{"method": "stderr", "type": "*", "level": "error"}],
            "limits": {
                "nicklen": 32,
                "identlen": 20,
                "channellen": 64,
                "awaylen": 390,
                "kicklen": 390,
                "topiclen": 390,
                "chan-list-modes": 100,
                "registration-messages": 1024,
            },
            "fakelag": {"enabled": False},
            "history": {"enabled": True, "channel-length": 2048, "client-length": 256},
        }
