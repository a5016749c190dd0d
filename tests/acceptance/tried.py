"""One `redraw try` that is killed and gone on with, and what it left in its folders."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.plans import JOBS_FILE
from tests.fakes.pictures import encoded, photo
from tests.integration.bot.processes import Done, end, redraw, start

PROMPT = "a woodcut of a harbour"
PATIENCE_S = 60.0


@dataclass
class Tried:
    """A folder in which `redraw try` is run; its photograph is small, so that it is quick."""

    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    kills: int = 0
    _process: asyncio.subprocess.Process | None = None

    def __post_init__(self) -> None:
        (self.folder / "photo.jpg").write_bytes(encoded(photo("astronaut", (240, 160))))

    async def start(self, *arguments: str) -> None:
        """Start `redraw try`, of the photograph unless told otherwise."""
        what = arguments or ("photo.jpg", PROMPT)
        self._process = await start(
            "try", *what, "--json", folder=self.folder, environ=self.environ
        )

    async def kill(self) -> bool:
        """Kill the process where it stands; False when it had ended by itself."""
        process, self._process = self._process, None
        assert process is not None
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        done = await end(process)
        self.kills += done.code < 0
        return done.code < 0

    async def kill_when(self, is_so: Callable[[], bool]) -> None:
        """Kill the process as soon as something is so."""
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():
                assert self._process is not None
                assert self._process.returncode is None, "it ended before"
                await asyncio.sleep(0.002)
        assert await self.kill()

    async def resume(self) -> Done:
        """Run `redraw try --resume` to its end."""
        return await redraw("try", "--resume", "--json", folder=self.folder, environ=self.environ)

    def jobs(self) -> dict[str, tuple[str, int]]:
        """Return the state and the attempts of each job that is in a ledger, by its id."""
        found: dict[str, tuple[str, int]] = {}
        for path in self.folder.glob(f"data/tries/*/{JOBS_FILE}"):
            with (
                contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database,
                contextlib.suppress(sqlite3.OperationalError),  # its tables are being made
            ):
                rows = database.execute("SELECT job_id, state, attempt FROM job").fetchall()
                found |= {job_id: (state, attempt) for job_id, state, attempt in rows}
        return found

    def is_in(self, state: str, *, attempts: int = 0) -> bool:
        """Whether there is a job, and it is in `state` after at least so many submits."""
        return any(job[0] == state and job[1] >= attempts for job in self.jobs().values())

    @property
    def out(self) -> Path:
        """The folder of results."""
        return self.folder / "redraw-out"

    def written(self) -> dict[str, int]:
        """Return the whole files in the folder of results, with the number of each on its disk."""
        files = [path for path in self.out.glob("*") if path.suffix != ".part"]
        return {path.name: path.stat().st_ino for path in files}

    def parts(self) -> list[Path]:
        """Return what is there of files that are not whole."""
        return list(self.out.glob("*.part"))


def said(done: Done) -> dict[str, object]:
    """Return the one object that a command printed."""
    found: dict[str, object] = json.loads(done.out)
    return found


def files_of(done: Done) -> list[str]:
    """Return the names of the files that a command says it made, which is to be all there are."""
    found = said(done)
    outputs = found["outputs"]
    assert isinstance(outputs, list)
    paths = [*outputs, found["sheet"], found["before_after"]]
    return sorted(Path(path).name for path in paths if path is not None)
