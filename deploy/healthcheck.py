"""
Whether the process in this container answers: exit code 0 if it does, 1 if not.

    python healthcheck.py PORT [PATH]

`/healthz` is asked unless another path is named. No proxy is asked on the way: a container that
has one set would ask it for itself.
"""

from __future__ import annotations

import http.client
import sys

PATIENCE_S = 3.0
"""Less than Docker waits for the check itself."""


def main(port: str, path: str = "/healthz") -> int:
    """Ask the web server of this very machine; returns the exit code."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE_S)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as exc:
        sys.stderr.write(f"no answer at port {port}: {type(exc).__name__}\n")
        return 1
    finally:
        connection.close()
    if status != http.client.OK:
        sys.stderr.write(f"{path} answers {status}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
