"""Iceberg's file access for a directory, in which a written file is on disk before anything refers to it.

pyiceberg's own closes a manifest without syncing it; after a power loss a committed table could then lack its files.
"""

from __future__ import annotations

import os
from io import BufferedWriter
from pathlib import Path
from typing import Self

from pyiceberg.io import OutputFile, OutputStream
from pyiceberg.io.pyarrow import PyArrowFile, PyArrowFileIO
from typing_extensions import override

from telelake.stores.objects import make_folders, sync_folder


class DurableFileIO(PyArrowFileIO):
    """pyarrow's file access, with synced writes to local paths."""

    @override
    def new_output(self, location: str) -> OutputFile:  # type: ignore[override]
        """Return a file whose `close` syncs it and its folder."""
        return _DurableFile(location, super().new_output(location))


class _DurableFile(OutputFile):
    def __init__(self, location: str, plain: PyArrowFile) -> None:
        super().__init__(location)
        self._plain = plain

    def __len__(self) -> int:
        return len(self._plain)

    @override
    def exists(self) -> bool:
        return self._plain.exists()

    @override
    def to_input_file(self) -> PyArrowFile:
        return self._plain.to_input_file()

    @override
    def create(self, overwrite: bool = False) -> OutputStream:
        path = Path(self.location.removeprefix("file://"))
        make_folders(path.parent, Path("/"))
        return _DurableStream(path.open("wb" if overwrite else "xb"), path)


class _DurableStream:
    """An `OutputStream` that has its bytes on disk once it is closed."""

    def __init__(self, file: BufferedWriter, path: Path) -> None:
        self._file = file
        self._path = path

    def write(self, data: bytes) -> int:
        return self._file.write(data)

    def close(self) -> None:
        if self._file.closed:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        sync_folder(self._path.parent)

    def tell(self) -> int:
        return self._file.tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
