"""The embedded broker's configuration: mosquitto 2.0, TLS 1.3, one identity one tree of topics.

EMQX or VerneMQ take its place with the same rules: mutual TLS, CN as user name and client id, and
the two ACL patterns below.
"""

from __future__ import annotations

import getpass
import os
import shutil
from pathlib import Path

from padpos.wire.messages import ROOT
from padpos_services.authority.founding import IDENTITY
from padpos_services.authority.home import Home

# The largest payload of formats §1 is a policy or another document; topic and head come on top.
PACKET_LIMIT = (256 << 10) + (4 << 10)

_ACL = f"""\
# A terminal writes under its own name and reads under its own name, nothing else.
pattern write {ROOT}/up/%u/#
pattern read {ROOT}/down/%u/#

user {IDENTITY}
topic read {ROOT}/up/#
topic write {ROOT}/down/#
"""


def write_configuration(home: Home, port: int, out: Path, user: str | None) -> Path:
    """Write all that mosquitto needs into `out`; the path of its configuration file.

    The broker drops root before it reads its key, so the folder is handed to `user`.
    """
    out = out.resolve()
    data = out / "data"
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    for source in (home.ca, home.broker / "server.pem", home.broker / "server-key.pem"):
        shutil.copy2(source, out / source.name)
    (out / "acl").write_text(_ACL)
    (out / "acl").chmod(0o600)
    configuration = out / "mosquitto.conf"
    configuration.write_text(_configuration(out, port, user or getpass.getuser()))
    if user is not None and os.geteuid() == 0:
        for path in (out, *out.rglob("*")):
            shutil.chown(path, user)
    return configuration


def _configuration(out: Path, port: int, user: str) -> str:
    return f"""\
# Written by `padpos-authority broker-config`. A PUBACK of this broker proves nothing: only the
# authority's signed receipt does.
user {user}
per_listener_settings false
allow_anonymous false
acl_file {out}/acl

listener {port} 127.0.0.1
protocol mqtt
cafile {out}/ca.pem
certfile {out}/server.pem
keyfile {out}/server-key.pem
tls_version tlsv1.3
require_certificate true
# The certificate's CN is user name and client id: nobody can write in another's name, and
# nobody can take over another's session.
use_identity_as_username true
use_username_as_clientid true

max_packet_size {PACKET_LIMIT}
set_tcp_nodelay true
max_inflight_messages 200
max_queued_messages 20000
max_queued_bytes 268435456
max_keepalive 300
persistent_client_expiration 14d
retain_available true
sys_interval 0

persistence true
persistence_location {out}/data
autosave_interval 300

log_dest file {out}/mosquitto.log
log_type error
log_type warning
log_type notice
log_timestamp_format %Y-%m-%dT%H:%M:%S
connection_messages true
"""
