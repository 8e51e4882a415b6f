"""Prosody, which speaks XMPP and can store what is said in a room."""

import re

from benchmarks.servers.recipe import Launch, Place, Recipe, printed, program

_CONFIG = """\
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
s2s_ports = {{ }}
http_ports = {{ }}
https_ports = {{ }}
modules_enabled = {{ "saslauth" }}
modules_disabled = {{ "s2s", "tls", "offline", "limits" }}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
run_as_root = true
data_path = "{folder}"
pidfile = "{folder}/pid"
log = {{ error = "{folder}/log" }}
storage = "internal"
archive_expires_after = "never"
VirtualHost "localhost"
    authentication = "anonymous"
Component "rooms.localhost" "muc"
    modules_enabled = {{ "muc_mam" }}
    muc_log_by_default = true
    muc_room_locking = false
    max_history_messages = 0
"""


class Prosody(Recipe):
    """Prosody with the archive of its rooms on the disk, which it writes and does not sync."""

    name = "prosody"
    title = "Prosody, archive on"
    language = "xmpp"
    obtain = "apt-get install prosody"

    def version(self) -> str | None:
        """Return what it says of itself."""
        found = program("prosodyctl") if program("prosody") else None
        about = printed([found, "about"]) if found else ""
        version = re.search(r"^Prosody (\d\S*)", about, re.MULTILINE)
        return version[1] if version else None

    def prepare(self, place: Place) -> Launch:
        """Write its configuration; the module that limits bandwidth is off."""
        config = place.folder / "prosody.cfg.lua"
        config.write_text(_CONFIG.format(port=place.port, folder=place.folder))
        return Launch([program("prosody") or "prosody", "-F", "--config", str(config)])
