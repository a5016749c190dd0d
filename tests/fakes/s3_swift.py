"""
OpenStack Swift with its S3 interface: a real object store, all of it in one process.

    python -m tests.fakes.s3_swift --folder DIR

Proxy, account, container and object server listen on free ports of the loopback, over one disk
that is a folder. It prints the proxy's address once the bucket is there. It ends with its standard
input, a pipe or a terminal: so nothing is left behind when whoever started it is killed.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

ACCESS_KEY = "redraw:bot"
SECRET_KEY = "a-secret-that-only-the-bot-has"
BUCKET = "pictures"
REGION = "us-east-1"

_PREAMBLE = """\
[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
disable_fallocate = true
log_level = ERROR
conn_timeout = 30
node_timeout = 60
client_timeout = 60
container_update_timeout = 60
"""
_STORING = """
[pipeline:main]
pipeline = {kind}-server

[app:{kind}-server]
use = egg:swift#{kind}
conn_timeout = 30
node_timeout = 60
container_update_timeout = 60
"""
_PROXY = """
[pipeline:main]
pipeline = catch_errors {filters} proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
conn_timeout = 30
node_timeout = 60
recoverable_node_timeout = 60
error_suppression_limit = 1000000

[filter:catch_errors]
use = egg:swift#catch_errors

[filter:s3api]
use = egg:swift#s3api
location = {region}

[filter:tempauth]
use = egg:swift#tempauth
user_redraw_bot = {secret} .admin

[filter:slo]
use = egg:swift#slo
"""
# The timeouts are for a busy machine: Swift's own are half a second for a connection, and one for
# an object to get into its bucket's listing, after which only a further daemon would put it there.
_RING_POWER = 2
"""Four partitions are enough for one disk."""


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    folder: Path = parser.parse_args().folder
    import eventlet  # type: ignore[import-untyped]

    eventlet.monkey_patch()
    _settle_in(folder)
    for kind in ("account", "container", "object"):
        listening = eventlet.listen(("127.0.0.1", 0))
        _write_ring(folder, kind, listening.getsockname()[1])
        _serve(_application(folder, kind, _STORING.format(kind=kind)), listening)
    listening = eventlet.listen(("127.0.0.1", 0))
    _serve(_application(folder, "proxy", _proxy("s3api tempauth slo")), listening)
    _make_bucket(folder)
    sys.stdout.write(f"http://127.0.0.1:{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    _wait_for_end(sys.stdin.fileno())


def _wait_for_end(file: int) -> None:
    """Return when nobody can write to `file` any more; others are served meanwhile."""
    from eventlet.hubs import trampoline  # type: ignore[import-untyped]

    said = b"something"
    while said:
        trampoline(file, read=True)
        said = os.read(file, 64)


def _settle_in(folder: Path) -> None:
    """Give Swift its folder and its settings, instead of those of the machine."""
    from swift.common import utils  # type: ignore[import-untyped]
    from swift.common.storage_policy import (  # type: ignore[import-untyped]
        reload_storage_policies,
    )

    (folder / "devices" / "disk").mkdir(parents=True)
    (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = redraw\n")
    utils.set_swift_dir(str(folder))
    utils.validate_configuration()
    reload_storage_policies()


def _write_ring(folder: Path, kind: str, port: int) -> None:
    """Say where everything of a kind is: on the only disk, behind `port`."""
    from swift.common.ring import RingBuilder  # type: ignore[import-untyped]

    where = {"id": 0, "region": 1, "zone": 1, "weight": 1.0, "device": "disk"}
    ring = RingBuilder(_RING_POWER, 1, 0)
    ring.add_dev({**where, "ip": "127.0.0.1", "port": port})
    ring.rebalance()
    ring.get_ring().save(str(folder / f"{kind}.ring.gz"))


def _proxy(filters: str) -> str:
    return _PROXY.format(filters=filters, region=REGION, secret=SECRET_KEY)


def _application(folder: Path, name: str, settings: str) -> Any:
    from paste.deploy import loadapp  # type: ignore[import-untyped]

    path = _configured(folder, name, settings)
    return loadapp(f"config:{path}", global_conf={"log_name": name})


def _configured(folder: Path, name: str, settings: str) -> Path:
    path = folder / f"{name}.conf"
    path.write_text(_PREAMBLE.format(folder=folder) + settings)
    return path


def _serve(application: Any, listening: Any) -> Any:
    import eventlet
    from eventlet import wsgi
    from swift.common.utils import NullLogger  # type: ignore[import-untyped]

    return eventlet.spawn(wsgi.server, listening, application, NullLogger())


def _make_bucket(folder: Path) -> None:
    """Make the bucket past the signatures, as whoever runs the store."""
    from swift.common.internal_client import InternalClient  # type: ignore[import-untyped]

    path = _configured(folder, "internal", _proxy(""))
    InternalClient(str(path), "redraw tests", 1).create_container("AUTH_redraw", BUCKET)


if __name__ == "__main__":
    main()
