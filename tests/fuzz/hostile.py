# ruff: noqa: E501
"""What hostile or careless people send: texts, numbers, moments, ids, files, addresses, headers, bodies."""

from __future__ import annotations

import random
import re
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

SCRIPT = "<script>zqfuzz</script>"  # must never come back as it is in a page
MEGABYTE = 1024 * 1024

TEXTS = (
    "", " ", "\t\r\n", "'; DROP TABLE accounts_user; --", '" OR 1=1 --', "') UNION SELECT 1 --", SCRIPT, f'"><img {SCRIPT}',
    "javascript:alert(1)", "{{ 7|add:7 }}{% debug %}", "${7*7}", "%s%n%(x)s{0.__class__}", "\x00", "nul\x00byte", "\x1b[31mred\x07",
    "\u202egnp.exe\u202c", "مرحبا بالعالم", "শ্রী খ্রিস্টাব্দ", "\ufeff\u200b\u2060", "\uffff\ufffe", "😀" * 60, "👩‍👩‍👧‍👦🏳️‍🌈", "e\u0301" * 400,
    "a\u0489" * 100, "x" * 1_001, "y" * 70_000, "line\r\nBcc: evil@demo.test", "../../../../etc/passwd", "=cmd|' /C calc'!A0",
    "<b>bold", "&amp;&#0;&#x110000;", "a@b", "a@" + "b" * 300 + ".test", "\"very odd\"@demo.test", "paul@demo.test\x00", "//evil.test/x",
    "https://evil.test\\@demo.test/", "null", "undefined", "[]", "{}", "true", "-", "İıſK",
)  # fmt: skip
NUMBERS = (
    "-1", "0", "-0", "1e9", "1e400", "1e-400", "NaN", "sNaN", "Infinity", "-Infinity", "9" * 40, "0x10", "1_000", "１２", "১২", "1,5",
    "1.0000000001", "½", "99999999999.99", "-99999999.99", "2147483648", "9223372036854775808", "+5", " 7 ", "1e5000", "0.001",
)  # fmt: skip
MOMENTS = (
    "25:99", "24:00", "-1:00", "12:00:61", "31-02", "31-02-2026", "2026-02-31", "0000-00-00", "0001-01-01", "9999-12-31", "1899-12-31",
    "2020-01-01", "2026-11-21T25:99", "2026-11-21T10:00:00+99:99", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2026-11-21T10:00:00", "2026-11-24T10:00:00Z", "2020-01-01T10:00:00+00:00", "2026-W48-1", "20261121", "now", "১২-১১-২০২৬",
    "2026-11-21\x00", "999999999-01-01", "-2026-01-01", "2026-11-24T10:00:00.123456789+06:00", "12:00 AM", "3 5 1988",
)  # fmt: skip
IDS = (
    "zzzzzzzzzzzzzzzz", "0", "-1", "9" * 30, "%00", "%2e%2e%2f", "..%2f..%2fetc", "%ff%fe", "%F0%9F%98%80", "a%0d%0aX-Evil:1", "'%20OR%201=1--",
    "%3Cscript%3Ezqfuzz%3C%2Fscript%3E", "x" * 3_000, "%E2%80%AE", "%25s", "null", "admin", "%20", "a+b", "%ED%A0%80", "own", "other", "~",
)  # fmt: skip
QUERIES = (
    "page=-1", "page=0", "page=99999999999999999999999999", "page=abc", "page=1e9", "page=%00", "page[]=1", "page=1&page=2", "q=%00", "q=%ff%fe",
    "q=%ED%A0%80", "q=" + "a" * 5_000, "q=%3Cscript%3Ezqfuzz%3C%2Fscript%3E", "q=%27%20OR%201=1--", "q=%25%5F%5C", "q=***%22%22", "q=%E2%80%AE%F0%9F%98%80",
    "day=2026-99-99", "day=0001-01-01", "day=9999-12-31", "day=%00", "day[]=x", "start=25:99", "start=0001-01-01T00:00:00%2B14:00",
    "start=9999-12-31T23:59:59-14:00", "start=2026-11-24T10:00:00", "next=//evil.test/", "next=javascript:alert(1)", "next=%00", "when=" + "x" * 300,
    "at=..%2f", "max_fee=NaN", "max_fee=1e400", "max_fee=-1", "max_fee=sNaN", "sort=drop", "doctor=%00", "patient=%ff", "patient[]=1", "&&&===;;;", "%", "%%%",
    "=", "a" * 2_000, "speciality=%00", "hospital=%F0%9F%98%80", "city=%00", "to=%00", "way=x", "week=2026-W99", "month=13", "status=x", "role=%00",
    "email=%00", "token=x", "id=1%27", "area=%00", "department=%00", "kind=%00", "from=0001-01-01", "until=9999-12-31", "open=1&open=%00",
)  # fmt: skip
HEADERS: tuple[dict[str, str], ...] = (
    {"HTTP_HOST": "evil.test"}, {"HTTP_HOST": "127.0.0.1:99999"}, {"HTTP_HOST": "a b"}, {"HTTP_COOKIE": "sessionid=x\x00; ;=;csrftoken"},
    {"HTTP_COOKIE": "sessionid=" + "s" * 9_000}, {"HTTP_COOKIE": "csrftoken=\xff; messages=[[1]]"}, {"HTTP_ACCEPT_LANGUAGE": "x" * 5_000},
    {"HTTP_ACCEPT_LANGUAGE": "bn;q=nan,*;q=9,\x00"}, {"HTTP_HX_REQUEST": "true"}, {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": SCRIPT},
    {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": "http://[::1"}, {"HTTP_HX_CURRENT_URL": "%ff", "HTTP_HX_CURRENT_URL_URI_AUTOENCODED": "true"},
    {"HTTP_X_FORWARDED_FOR": "'; DROP TABLE x; --"}, {"HTTP_X_FORWARDED_FOR": ",,,"}, {"REMOTE_ADDR": ""}, {"REMOTE_ADDR": "fe80::1%eth0"},
    {"HTTP_REFERER": "http://[evil"}, {"HTTP_REFERER": "javascript:alert(1)"}, {"HTTP_REFERER": "\xff" * 3_000}, {"HTTP_USER_AGENT": "\x00\xff" * 2_000},
    {"HTTP_USER_AGENT": SCRIPT}, {"HTTP_ACCEPT": "application/json;q=x"}, {"HTTP_ACCEPT": "*/*;" * 900}, {"HTTP_RANGE": "bytes=99999999999-1"},
    {"HTTP_IF_MODIFIED_SINCE": "Sat, 31 Feb 99999 25:99:99 GMT"}, {"HTTP_IF_NONE_MATCH": '"' * 300}, {"CONTENT_LENGTH": "-1"}, {"CONTENT_LENGTH": "abc"},
    {"CONTENT_LENGTH": "999999999999"}, {"CONTENT_TYPE": "multipart/form-data"}, {"HTTP_ORIGIN": "null"}, {"HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE"},
)  # fmt: skip
BODIES: tuple[tuple[bytes, str], ...] = (
    (b"", "application/x-www-form-urlencoded"), (b"%ff=%fe&a=%ED%A0%80&%00=%00", "application/x-www-form-urlencoded"), (b"\xff\xfe\x00", "text/plain"),
    (b"a=b", "application/x-www-form-urlencoded; charset=bogus"), (b"a=b", "application/x-www-form-urlencoded; charset=utf-16"),
    (b"a=\xff", "application/x-www-form-urlencoded; charset=latin-1"), (b"&".join(b"a%d=1" % n for n in range(600)), "application/x-www-form-urlencoded"),
    (b'{"a": ' * 2_000, "application/json"), (b'{"email": [1], "password": {}}', "application/json"), (b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "text/xml"),
    (b"--x\r\n", "multipart/form-data; boundary=x"), (b"junk", "multipart/form-data"), (b"junk", "multipart/form-data; boundary="),
    (b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--", "multipart/form-data; boundary=x"), (b"junk", "multipart/form-data; boundary=" + "b" * 300),
    (b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\r\n--x--\r\n', "multipart/form-data; boundary=x"),
    (b'--x\r\nContent-Disposition: form-data; name="f"; filename="' + b"n" * 4_000 + b'"\r\n\r\n1\r\n--x--\r\n', "multipart/form-data; boundary=x"),
    (b"a=b", ""), (b"a=b", ";;;"), (b"a=b", "text/html\x00"),
)  # fmt: skip


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return one chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *, rows: bytes = b"") -> bytes:
    """Return a black-and-white PNG that claims that size."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    pixels = zlib.compress(rows or bytes((width + 7) // 8 + 1) * height, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


GOOD_PNG = png(40, 40)
GOOD_PDF = b"%PDF-1.4\n1 0 obj<</Type/Page>>endobj\n%%EOF\n"
FILES: tuple[Callable[[], tuple[str, bytes, str]], ...] = (
    lambda: ("page.png", f"<html>{SCRIPT}</html>".encode(), "image/png"),
    lambda: ("bomb.png", png(30_000, 30_000), "image/png"),
    lambda: ("lies.png", png(200_000, 200_000, rows=b"\x00"), "image/png"),
    lambda: ("empty.pdf", b"", "application/pdf"),
    lambda: ("eleven.pdf", b"%PDF-1.4\n" + bytes(11 * MEGABYTE), "application/pdf"),
    lambda: ("cut.png", GOOD_PNG[:60], "image/png"),
    lambda: ("cut.jpg", b"\xff\xd8\xff\xe0" + b"\x00" * 40, "image/jpeg"),
    lambda: ("drawing.svg", f"<svg xmlns='http://www.w3.org/2000/svg'>{SCRIPT}</svg>".encode(), "image/svg+xml"),
    lambda: ("active.pdf", b"%PDF-1.4\n<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>\n%%EOF", "application/pdf"),
    lambda: ("packed.pdf", b"%PDF-1.5\n1 0 obj<</Type/ObjStm/Filter/FlateDecode>>stream\nx\xff\nendstream\n%%EOF", "application/pdf"),
    lambda: ("../../../evil.png", GOOD_PNG, "image/png"),
    lambda: ("n" * 400 + ".png", GOOD_PNG, "image/png"),
    lambda: ("\u202egnp.exe", GOOD_PNG, "image/png"),
    lambda: (f"{SCRIPT}.pdf", GOOD_PDF, "text/html"),
    lambda: ("both.pdf", GOOD_PDF + GOOD_PNG, "image/png"),
    lambda: ("webp.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
    lambda: ("zip.pdf", b"PK\x03\x04" + bytes(100), "application/zip"),
)  # fmt: skip


def a_file(chance: random.Random) -> SimpleUploadedFile:
    """Return one of the hostile files."""
    return SimpleUploadedFile(*chance.choice(FILES)())


def _pool(kind: str, fits: Any) -> Sequence[str] | None:
    """Return what is nearly right for a field, judged by its kind or by a value that fits it."""
    text = fits if isinstance(fits, str) else ""
    if kind in {"date", "time", "datetime-local"} or re.match(r"\d{4}-\d\d|\d\d?:\d\d", text):
        return MOMENTS
    return NUMBERS if kind == "number" or re.fullmatch(r"[\d.,]+", text) else None


def a_value(kind: str, chance: random.Random, *, fits: Any = None) -> Any:
    """Return something hostile for a field of that kind (an input's type): a text, an array, a file, or ten megabytes."""
    if kind == "file" and chance.random() < 0.85:
        return a_file(chance)
    roll = chance.random()
    if roll < 0.005:
        return "m" * (10 * MEGABYTE)
    if roll < 0.04:
        return a_file(chance)
    if roll < 0.10:
        return [chance.choice(TEXTS), chance.choice(NUMBERS), chance.choice(TEXTS)]
    pool = _pool(kind, fits) if chance.random() < 0.7 else None
    return chance.choice(pool or chance.choice((TEXTS, TEXTS, NUMBERS, MOMENTS, IDS)))
