"""PDFs say what their template says: in Bangla, on every page, and with nothing fetched from elsewhere."""

from __future__ import annotations

import base64
import logging
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path

import pypdf
import pypdfium2
import pytest
from django.template import engines

from core.pdf import Letterhead, PdfError, html_to_pdf, qr_png_data_uri, render_pdf
from core.pdf.checks import check_shaping_available, shaping_errors

SENTENCES = [
    "অন্তরে শান্তি ও দুরন্ত ক্ষত",
    "অর্থ, ক্ষমা এবং পার্থক্য",
    "শ্বাসকষ্ট হলে ২ চাপ, দিনে সর্বোচ্চ ৮ চাপ",
    "প্রতিদিন সন্ধ্যায় ১টি, খাবারের ১ ঘণ্টা আগে",
    "ব্যবস্থাপত্র: মোট ৳১,২০০.৫০ (১+০+১)",
    "কিন্তু পূর্ণিমা, স্ত্রী, উজ্জ্বল, লক্ষ্মী, দুঃখ, চাঁদ, উৎসব।",
    "র‍্যাম ও হৃদ্‌রোগ: joiners stay",
    "Paracetamol ৫০০ mg, HbA1c ≤ 5.7 % → ভালো",
]
HEAD = Letterhead(
    hospital="City General Hospital",
    hospital_bn="সিটি জেনারেল হাসপাতাল",
    address="House 12, Dhaka 1205",
    phone="02 961 0000",
    person="Dr Dora Sen",
    person_lines=("MBBS, FCPS", "Licence A-48213"),
)
LETTER = (
    "{% extends 'pdf/base.html' %}{% block title %}{{ title }}{% endblock %}"
    "{% block footer %}{{ footer }}{% endblock %}"
    "{% block content %}"
    "{% for text in paragraphs %}<p>{{ text }}</p>{% endfor %}"
    "{% if cells %}<table class='data'>"
    "{% for text in cells %}<tr><td>{{ text }}</td></tr>{% endfor %}</table>{% endif %}"
    "{% for text in bold %}<p><b>{{ text }}</b></p>{% endfor %}"
    "{% for uri in pictures %}<p><img class='qr' src='{{ uri }}'></p>{% endfor %}"
    "{% endblock %}"
)


def letter(letterhead: Letterhead = HEAD, **context: object) -> bytes:
    return html_to_pdf(engines["django"].from_string(LETTER).render({"letterhead": letterhead, **context}))


def poppler_lines(pdf: bytes) -> list[str]:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler) is not installed on this machine")
    done = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    return [line.strip() for line in done.stdout.decode().splitlines() if line.strip()]


def pdfium_lines(pdf: bytes) -> list[str]:
    pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf)]
    return [line.strip() for page in pages for line in page.splitlines() if line.strip()]


READERS = pytest.mark.parametrize("lines", [poppler_lines, pdfium_lines])


@READERS
@pytest.mark.parametrize("place", ["paragraphs", "cells", "bold"])
def test_bangla_read_back_from_the_body_is_the_source(lines, place: str) -> None:
    read = lines(letter(**{place: SENTENCES}))
    assert [line for line in read if line in SENTENCES] == SENTENCES


@READERS
def test_bangla_read_back_from_header_and_footer_is_the_source(lines) -> None:
    head = Letterhead(
        hospital="Demo",
        hospital_bn="সন্ধ্যা জেনারেল",
        address="ক্ষেত্র ৭, ঢাকা",
        phone="০২ ৯৬১",
        person="ডা. অর্ণব",
        person_lines=("শ্বাসকষ্ট বিশেষজ্ঞ",),
    )
    read = lines(letter(head, footer="ব্যবস্থাপত্র ঘণ্টা"))
    text = " ".join(read)
    for expected in ("Demo সন্ধ্যা জেনারেল", "ক্ষেত্র ৭, ঢাকা · ০২ ৯৬১", "ডা. অর্ণব", "শ্বাসকষ্ট বিশেষজ্ঞ", "ব্যবস্থাপত্র ঘণ্টা"):
        assert expected in text


def test_conjuncts_vowel_signs_and_reph_take_their_glyphs_and_places() -> None:
    from reportlab.pdfbase.pdfmetrics import getFont

    from core.pdf.fonts import register_fonts

    register_fonts()
    font = getFont("NotoSansBengali-Regular")
    assert len(font.shape("ক্ষ")) == 1
    assert font.stringWidth("ন্ত", 10) < font.stringWidth("নত", 10)
    assert font.shape("দি")[0] == "ি"
    reph = font.shape("র্থ").__shapeData__[1]
    assert (reph.x_advance, reph.x_offset < 0) == (0, True)
    words = SENTENCES[2].split(" ")
    apart = sum(font.stringWidth(word, 11) for word in words) + (len(words) - 1) * font.stringWidth(" ", 11)
    assert font.stringWidth(SENTENCES[2], 11) == pytest.approx(apart)


def test_text_after_raised_marks_stands_on_the_line_again() -> None:
    page = pypdfium2.PdfDocument(letter(paragraphs=["X কিঁকিঁ কিঁকিঁ X"]))[0].get_textpage()
    text = page.get_text_range()
    places = [index for index, char in enumerate(text) if char == "X"]
    bottoms = {round(page.get_charbox(place)[1], 1) for place in places}
    assert (len(places), len(bottoms)) == (2, 1)


@READERS
def test_every_page_has_the_letterhead_and_its_number_of_the_count(lines) -> None:
    pdf = letter(paragraphs=["Row"] * 50, footer="CG-004211")
    read = " ".join(lines(pdf))
    assert len(pypdf.PdfReader(BytesIO(pdf)).pages) == 2
    assert read.count("Page 1 of 2") == read.count("Page 2 of 2") == 1
    assert read.count("City General Hospital সিটি জেনারেল হাসপাতাল") == read.count("CG-004211") == 2


def test_page_size_title_and_language_are_the_documents() -> None:
    reader = pypdf.PdfReader(BytesIO(letter(title="ব্যবস্থাপত্র ২৫ নভেম্বর", paragraphs=["Text"])))
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("ব্যবস্থাপত্র ২৫ নভেম্বর", "City General Hospital")
    assert str(reader.trailer["/Root"]["/Lang"]).startswith("en")


def test_render_pdf_renders_a_template_by_name() -> None:
    pdf = render_pdf("pdf/base.html", {"letterhead": HEAD})
    assert "Dr Dora Sen" in " ".join(pdfium_lines(pdf))
    assert "Page 1 of 1" in " ".join(pdfium_lines(pdf))


@pytest.mark.parametrize(
    "text",
    [
        "a\x00b\x01\x0b\x1f\x7f\x9fc",
        "a\ud800b",
        "\ufffe\uffff\U0001fffe",
        "x" * 3000,
        "ক্ষ" * 2000,
        "ব্যবস্থাপত্র কথা " * 900,
        "שלום عربي \u202eabc\u202c \u2067ক\u2069",
        "😀👩‍⚕️🇧🇩",
        "\u200c\u200d\u25cc\u09cd\u09cd\u09be",
        "a" + "\u0301\u0316" * 300,
        "ক" + "\u0981\u09c1" * 300,
        "\ue000\uf8ff ক\ue000",
        "{{ x }} &#0; &#x1; &amp;",
        ") Tj ET (\\ <</ActualText ",
        " " * 5000,
        "",
    ],
    ids=lambda text: repr(text[:8]),
)
def test_hostile_text_still_makes_a_document(text: str) -> None:
    for pdf in (letter(title=text, paragraphs=[text]), letter(cells=[text], footer=text)):
        assert "City General Hospital" in " ".join(pdfium_lines(pdf))


def test_markup_in_text_is_printed_and_not_obeyed() -> None:
    read = pdfium_lines(letter(paragraphs=["<script>alert(1)</script>", "<pdf:nextpage>"]))
    assert {"<script>alert(1)</script>", "<pdf:nextpage>"} <= set(read)
    assert "Page 1 of 1" in " ".join(read)


def test_a_long_code_stays_on_the_page() -> None:
    pdf = letter(paragraphs=["0x" + "3a7bd3e2" * 40], cells=["৳" + "7" * 300])
    page = pypdfium2.PdfDocument(pdf)[0].get_textpage()
    right = max(page.get_charbox(index)[2] for index in range(page.count_chars()))
    assert right <= 595 - 14 / 25.4 * 72 + 1


PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def web() -> Iterator[tuple[str, list[str]]]:
    """A web server on this machine that would serve a picture, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(PIXEL)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def pictures_in(pdf: bytes) -> int:
    return sum(len(page.images) for page in pypdf.PdfReader(BytesIO(pdf)).pages)


def test_nothing_is_fetched_from_the_network(web: tuple[str, list[str]]) -> None:
    address, asked = web
    page = (
        f'<html><head><link rel="stylesheet" href="{address}/a.css"><style>@import url("{address}/b.css");'
        f'@font-face {{font-family: F; src: url("{address}/c.ttf")}}'
        f'p {{font-family: F; background-image: url("{address}/d.png")}}</style></head><body><p>Seen</p>'
        f'<img src="{address}/e.png"><object data="{address}/f.png"></object></body></html>'
    )
    pdf = html_to_pdf(page)
    assert (asked, pictures_in(pdf), pdfium_lines(pdf)) == ([], 0, ["Seen"])


def test_files_outside_static_are_refused(tmp_path: Path) -> None:
    picture = tmp_path / "secret.png"
    picture.write_bytes(PIXEL)
    style = tmp_path / "secret.css"
    style.write_text("p.x:before {content: 'leaked'}")
    page = (
        f'<html><head><link rel="stylesheet" href="file://{style}"></head><body><p class="x">Seen</p>'
        f'<img src="file://{picture}"><img src="{picture}"><img src="../{picture.name}"><img src="file:///etc/passwd">'
        '<img src="../manage.py"><pdf:include src="/etc/passwd"></pdf:include></body></html>'
    )
    pdf = html_to_pdf(page)
    assert (pictures_in(pdf), pdfium_lines(pdf)) == (0, ["Seen"])


def test_pictures_inside_the_page_are_printed() -> None:
    assert pictures_in(letter(pictures=[f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"])) == 1
    assert pictures_in(letter(pictures=[qr_png_data_uri("https://healthstack.example/rx/7KQ4-M2PD")])) == 1


def test_qr_differs_by_text_and_is_a_png() -> None:
    first, second = qr_png_data_uri("A"), qr_png_data_uri("B")
    assert base64.b64decode(first.removeprefix("data:image/png;base64,"))[:8] == b"\x89PNG\r\n\x1a\n"
    assert first != second


def test_a_document_beyond_the_limits_is_a_pdf_error() -> None:
    with pytest.raises(PdfError) as caught:
        html_to_pdf("<html><body>" + "<div>" * 400 + "deep" + "</div>" * 400 + "</body></html>")
    assert (
        str(caught.value)
        == "We couldn't make this document. Please try again, or tell the hospital's office."
    )


def test_the_log_repeats_no_text_of_the_document(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="xhtml2pdf"):
        letter(paragraphs=["Paul Rahman 😀 has asthma"])
    assert "U+1F600" in caplog.text
    assert "Rahman" not in caplog.text


def test_check_passes_here_and_names_what_is_missing(tmp_path: Path) -> None:
    assert check_shaping_available() == []
    errors = shaping_errors("uharfbuzz_is_not_installed", tmp_path)
    assert [error.id for error in errors] == ["core.E001", "core.E002"]
    assert all(error.is_serious() for error in errors)
