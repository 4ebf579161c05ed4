"""A segment is read whole, or it is damaged: also one that was cut off, of which zstd's own reader says nothing."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import zstandard

from telelake import raw
from telelake.erase import segments
from telelake.errors import StoreError

LINES = b"".join(b'{"n":%d,"text":"%s"}\n' % (n, b"x" * (n % 97)) for n in range(4000))
WHOLE = zstandard.compress(LINES)


def test_a_whole_segment_and_one_of_many_frames(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson.zst"
    for data in (
        WHOLE,
        WHOLE + WHOLE,
        b"".join(zstandard.compress(LINES[at : at + 999]) for at in range(0, len(LINES), 999)),
    ):
        path.write_bytes(data)
        expected = LINES * (2 if data == WHOLE + WHOLE else 1)
        assert b"".join(raw.read_blocks(path, 1000)) == expected
        assert segments.lines_of("a", data) == expected.splitlines()


@pytest.mark.parametrize("cut", [1, 4, 20, len(WHOLE) // 2, len(WHOLE) - 1])
def test_a_segment_that_was_cut_off_is_damaged(tmp_path: Path, cut: int) -> None:
    """Alone, and behind a whole frame. The package's own reader returns what is there, as this shows."""
    path = tmp_path / "a.ndjson.zst"
    for before in (b"", WHOLE):
        data = before + WHOLE[:cut]
        path.write_bytes(data)
        with zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True) as reader:
            assert len(reader.read()) < len(LINES) * 2
        with pytest.raises(StoreError, match=r"a\.ndjson\.zst is damaged"):
            list(raw.lines_of(path))
        with pytest.raises(StoreError, match="The segment a is damaged"):
            segments.lines_of("a", data)


def test_a_segment_with_a_turned_bit_is_damaged() -> None:
    data = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(LINES))
    data[len(data) // 2] ^= 4

    with pytest.raises(zstandard.ZstdError):
        raw.ZstdFrames(io.BytesIO(bytes(data))).readall()
