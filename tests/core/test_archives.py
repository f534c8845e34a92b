"""Pictures in archives and folders: what is one is a row, what is none is named, and no archive costs much."""

import io
import json
import struct
import time
import tracemalloc
import zipfile

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from nade_core.cli import main
from nade_core.data.reading import read_rows, understand
from nade_core.messages import NadeError


def png(i=0):
    picture = np.zeros((40, 40), np.uint8)
    picture[8:30, 10 + i : 14 + i] = 255
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


TEN = {f"{i}.png": png(i) for i in range(10)}


def packed(members, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def with_flag(content, flag, first_only=False):
    """The archive with a flag set on its files, in the list at its end and before each of them."""
    content = bytearray(content)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            (flags,) = struct.unpack_from("<H", content, at + place)
            struct.pack_into("<H", content, at + place, flags | flag)
            at = -1 if first_only else content.find(mark, at + 4)
    return bytes(content)


@pytest.fixture
def archive(tmp_path):
    def write(content):
        path = tmp_path / "a.zip"
        path.write_bytes(packed(content) if isinstance(content, dict) else content)
        return path

    return write


@pytest.mark.parametrize(
    "hidden", ["._a.png", "__MACOSX/._a.png", "folder/._b.png", ".hidden/b.png", ".DS_Store", "Thumbs.db"]
)
def test_what_a_system_puts_beside_pictures_is_none(archive, hidden):
    about = understand(archive({**TEN, hidden: np.random.default_rng(0).bytes(4096)}))
    assert (about.kind, about.rows, about.skipped) == ("pictures", 10, ())


def test_what_phones_make_is_read_among_others(archive):
    picture, buffer = Image.open(io.BytesIO(png())).convert("RGB"), io.BytesIO()
    pillow_heif.from_pillow(picture).save(buffer, quality=95)
    rows = read_rows(archive({"a.HEIC": buffer.getvalue(), "b.png": png()}))
    assert len(rows) == 2 and np.count_nonzero(rows[0] != rows[1]) <= 4


def test_what_is_doubtful_of_a_picture_among_others_is_told(archive):
    assert understand(archive(TEN)).warnings == ()
    blank, frames = (io.BytesIO() for _ in range(2))
    Image.new("L", (40, 40), 255).save(blank, "PNG")
    digit = Image.open(io.BytesIO(png()))
    Image.new("L", (40, 40)).save(frames, "GIF", save_all=True, append_images=[digit])
    about = understand(archive({**TEN, "white.png": blank.getvalue(), "two.gif": frames.getvalue()}))
    assert (
        about.rows == 12
        and "Of 2 pictures" in str(about.warnings[0])
        and "white.png, two.gif" in str(about.warnings[0])
    )


BAD = {
    "esc\x1b[31m.png": b"no picture",
    "long" * 900 + ".png": b"no picture",
    "truncated.png": png()[:60],
    "none.png": b"no picture",
    "empty.png": b"",
    "huge.png": bytes(30 << 20),
    "notes.txt": b"words",
    "photo.heic": b"\x00\x00\x00\x18ftypheic" + bytes(40),
    "inner.zip": packed(TEN),
}


@pytest.mark.parametrize("name", BAD)
def test_one_bad_file_among_ten_is_left_out_and_named(archive, name):
    about = understand(archive({**TEN, name: BAD[name]}))
    shown = name[-200:].replace("\x1b", "?")
    assert about.rows == 10 and [one.name for one in about.skipped] == [shown] and str(about.skipped[0].why)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_damaged_stream_is_one_bad_picture(archive, method):
    content = bytearray(packed({**TEN}, method))
    start = content.find(b"3.png") + len("3.png")
    content[start + 4 : start + 30] = bytes(26)
    about = understand(archive(bytes(content)))
    assert about.rows == 9 and about.skipped[0].name == "3.png" and "unpacked" in str(about.skipped[0].why)


def test_locked_archives_say_so(archive):
    with pytest.raises(NadeError, match="password"):
        understand(archive(with_flag(packed(TEN), 1)))
    about = understand(archive(with_flag(packed(TEN), 1, first_only=True)))
    assert about.rows == 9 and "password" in str(about.skipped[0].why)


def test_names_lead_nowhere_and_are_kept_in_any_encoding(archive, tmp_path):
    slipping = {"../../out.png": png(), "/etc/out.png": png(), "c:\\out.png": png()}
    before = sorted(tmp_path.parent.rglob("out.png"))
    assert understand(archive(slipping)).rows == 3 and sorted(tmp_path.parent.rglob("out.png")) == before
    assert understand(archive({**TEN, "그림.png": b"none"})).skipped[0].name == "그림.png"
    for name, encoding in (
        ("그림첩들", "cp949"),
        ("그림", "utf-8"),
        ("手書き数字", "cp932"),
        ("数字图片", "gb18030"),
        ("größe naïve", "cp437"),
    ):
        size = len(name.encode(encoding))
        raw = packed({"A" * size + ".png": b"none", **TEN}).replace(b"A" * size, name.encode(encoding))
        assert understand(archive(raw)).skipped[0].name == f"{name}.png"


def test_lies_and_bombs_cost_little(archive):
    zeros = packed({"a.png": bytes(200 << 20)})
    lying = bytearray(zeros)
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", lying, lying.find(mark) + place, 1000)
    for content in (zeros, bytes(lying), packed({"a.png": bytes(40 << 20)}, zipfile.ZIP_LZMA)):
        path = archive(content)
        tracemalloc.start()
        began = time.process_time()
        with pytest.raises(NadeError):
            understand(path)
        assert time.process_time() - began < 2 and tracemalloc.get_traced_memory()[1] < 150 << 20
        tracemalloc.stop()


def test_nothing_to_read_is_a_sentence_without_a_folder(archive, tmp_path):
    with pytest.raises(NadeError, match="a.zip holds t.csv: take it out"):
        understand(archive({"t.csv": b"0,1\n1,0\n"}))
    for content in ({"a.txt": b"text"}, {}, {"a.png": b"none"}, b"PK\x03\x04 none", b""):
        with pytest.raises(NadeError) as refused:
            understand(archive(content))
        assert str(tmp_path) not in str(refused.value) and "a.zip" in str(refused.value)


def test_a_folder_is_read_as_an_archive_is(archive, tmp_path, capsys):
    folder = tmp_path / "folder"
    (folder / "그림").mkdir(parents=True)
    for name, content in {**TEN, "그림/bad.png": b"none", "._c.png": b"none"}.items():
        (folder / name).write_bytes(content)
    assert np.array_equal(read_rows(folder), read_rows(archive(TEN)))
    main(["read", str(folder), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert report["kind"] == "pictures" and report["rows"] == 10 and report["warnings"] == []
    assert [one["name"] for one in report["skipped"]] == ["그림/bad.png"] and report["skipped"][0]["why"]
