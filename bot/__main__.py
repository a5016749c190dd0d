"""Root: `redraw`, and `python -m bot`, which is the same."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Carry out one command and leave with its exit code; no traceback is ever shown."""
    from bot.cli import app
    from core.errors import AppError

    try:
        app(prog_name="redraw")
    except AppError as exc:
        from bot import exits

        sys.exit(exits.report(exc))
    except Exception as exc:  # noqa: BLE001  # the last boundary: a person reads what comes out
        from bot import exits

        sys.exit(exits.report_unforeseen(exc))
    finally:
        gc.freeze()  # what is alive now goes with the process; looking through it takes 0.3 s


if __name__ == "__main__":
    main()
