"""Root: `redraw`, and `python -m bot`, which is the same."""

from __future__ import annotations

import gc
import sys

_INTERRUPTED = 130
"""128 + SIGINT, as shells have it; a command that has begun has more to say."""


def main() -> None:
    """Carry out one command and leave with its exit code; no traceback is ever shown."""
    try:
        from bot.cli import app

        app(prog_name="redraw")
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    except Exception as exc:  # noqa: BLE001  # the last boundary: a person reads what comes out
        from bot import exits

        sys.exit(exits.report_any(exc))
    finally:
        gc.freeze()  # what is alive now goes with the process; looking through it takes 0.3 s


if __name__ == "__main__":
    main()
