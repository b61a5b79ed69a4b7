"""Files that people bring: what is taken, what is refused with which sentence, how private files are served."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.migrations.writer import MigrationWriter
from PIL import Image
from reportlab.pdfgen import canvas

from core import uploads
from core.errors import DomainError

NOT_A_PICTURE = "This file is not a picture we can read. Choose a JPEG, PNG or WebP picture."
DAMAGED = "This picture is damaged or cut short. Save it again, or take a new photo."
TOO_MANY_PIXELS = "This picture has more than 25 megapixels. Make it smaller and try again."
ACTIVE = "This PDF has programs or other files in it. Print it to a new PDF and choose that."


def upload(
    content: bytes, name: str = "file.bin", content_type: str = "application/octet-stream"
) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type=content_type)


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (40, 20), mode: str = "RGB", **options: object
) -> bytes:
    target = BytesIO()
    Image.effect_noise(size, 90).convert(mode).save(target, kind, **options)
    return target.getvalue()


def pdf(pages: int = 2, **options: object) -> bytes:
    target = BytesIO()
    paper = canvas.Canvas(target, **options)
    for number in range(pages):
        paper.drawString(72, 720, f"Page {number + 1}")
        paper.showPage()
    paper.save()
    return target.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A small PNG that says it is huge."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 4_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def refusal(read: object, content: bytes, **options: object) -> str:
    with pytest.raises(uploads.UploadError) as caught:
        read(upload(content), **options)
    return str(caught.value)


def opened(content: ContentFile) -> Image.Image:
    return Image.open(BytesIO(content.read()))


def test_upload_error_is_a_domain_error():
    assert issubclass(uploads.UploadError, DomainError)
    assert uploads.UploadError("No.").code == "upload_refused"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_read_image_takes_the_three_kinds_and_shrinks(kind):
    result = uploads.read_image(upload(picture(kind, (400, 200))), max_side=100)
    image = opened(result)
    assert image.size == (100, 50)
    assert image.format in {"JPEG", "PNG"}


def test_read_image_never_enlarges():
    assert opened(uploads.read_image(upload(picture(size=(40, 20))), max_side=512)).size == (40, 20)


def test_read_image_goes_by_content_not_by_name():
    result = uploads.read_image(upload(picture("PNG"), "photo.html", "text/html"), max_side=100)
    assert Path(result.name).suffix in {".png", ".jpg"}
    assert "photo" not in result.name


def test_read_image_html_named_png_is_refused():
    page = upload(b"<!doctype html><script>alert(1)</script>", "photo.png", "image/png")
    with pytest.raises(uploads.UploadError, match=NOT_A_PICTURE):
        uploads.read_image(page, max_side=100)


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
        b'<?xml version="1.0"?><svg/>',
        b"GIF89a\x01\x00",
        b"BM",
    ],
)
def test_read_image_svg_and_other_kinds_are_refused(content):
    assert refusal(uploads.read_image, content, max_side=100) == NOT_A_PICTURE


def test_read_image_keeps_nothing_appended_to_a_picture():
    result = uploads.read_image(upload(picture() + b"<script>alert(1)</script>PK\x03\x04"), max_side=100)
    assert b"<script>" not in result.read()


def test_read_image_refuses_a_picture_of_another_kind_behind_a_known_start():
    assert refusal(uploads.read_image, b"\xff\xd8\xff" + picture("PNG"), max_side=100) == DAMAGED


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_read_image_cut_short_is_refused(kind):
    whole = picture(kind, (200, 200))
    assert refusal(uploads.read_image, whole[: len(whole) // 2], max_side=100) == DAMAGED


def test_read_image_pixel_bomb_is_refused_before_decoding():
    bomb = BytesIO()
    Image.new("1", (6_000, 5_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 20_000
    assert refusal(uploads.read_image, bomb.getvalue(), max_side=100) == TOO_MANY_PIXELS


@pytest.mark.parametrize("size", [(5_001, 5_000), (7_000, 7_000), (60_000, 60_000), (1, 2_000_000_000)])
def test_read_image_header_that_claims_too_many_pixels_is_refused(size):
    assert refusal(uploads.read_image, png_header(*size), max_side=100) == TOO_MANY_PIXELS


def test_read_image_of_25_megapixels_is_taken():
    exact = BytesIO()
    Image.new("L", (5_000, 5_000)).save(exact, "JPEG")
    assert opened(uploads.read_image(upload(exact.getvalue()), max_side=64)).size == (64, 64)


def test_read_image_removes_place_and_applies_orientation():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "Camera maker"
    exif.get_ifd(0x8825)[2] = (23.0, 46.0, 12.0)
    source = picture(size=(40, 20), exif=exif)
    assert b"Camera maker" in source
    result = opened(uploads.read_image(upload(source), max_side=100))
    assert result.size == (20, 40)
    assert dict(result.getexif()) == {}
    assert dict(result.getexif().get_ifd(0x8825)) == {}


def test_read_image_removes_comments():
    result = uploads.read_image(upload(picture(comment=b"taken at home")), max_side=100)
    assert b"taken at home" not in result.read()


def test_read_image_keeps_what_shines_through():
    clear = BytesIO()
    Image.new("RGBA", (30, 30), (10, 20, 30, 0)).save(clear, "PNG")
    image = opened(uploads.read_image(upload(clear.getvalue()), max_side=100))
    assert (image.format, image.mode) == ("PNG", "RGBA")


def test_read_image_photo_without_transparency_becomes_jpeg():
    target = BytesIO()
    Image.merge(
        "RGBA", [*(Image.effect_noise((60, 60), 90) for _ in "rgb"), Image.new("L", (60, 60), 255)]
    ).save(target, "PNG")
    assert opened(uploads.read_image(upload(target.getvalue()), max_side=100)).format == "JPEG"


@pytest.mark.parametrize("mode", ["1", "P", "LA", "I;16", "CMYK"])
def test_read_image_takes_unusual_colour_modes(mode):
    target = BytesIO()
    deep = mode == "I;16"
    image = Image.new(mode, (20, 10), 40_000) if deep else Image.new("RGB", (20, 10), "red").convert(mode)
    image.save(target, "JPEG" if mode == "CMYK" else "PNG")
    assert opened(uploads.read_image(upload(target.getvalue()), max_side=100)).size == (20, 10)


def test_read_image_keeps_the_first_frame_of_a_moving_picture():
    target = BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(target, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    image = opened(uploads.read_image(upload(target.getvalue()), max_side=100))
    assert getattr(image, "n_frames", 1) == 1
    red, _green, blue = image.convert("RGB").getpixel((5, 5))
    assert red > 200 > 50 > blue


def test_read_image_empty_and_too_large_are_refused():
    assert refusal(uploads.read_image, b"", max_side=100) == "This file is empty. Choose another one."
    large = picture() + b"\0" * uploads.IMAGE_BYTES
    sentence = "This file is larger than 5 MB. Choose a smaller one."
    assert refusal(uploads.read_image, large, max_side=100) == sentence


def test_read_document_takes_a_pdf_and_counts_its_pages():
    content = pdf(pages=3)
    result = uploads.read_document(upload(content, "licence.exe"))
    assert (result.content_type, result.extension, result.pages) == ("application/pdf", ".pdf", 3)
    assert result.content.read() == content
    assert result.content.name.endswith(".pdf")


def test_read_document_draws_a_photo_anew_on_white():
    clear = BytesIO()
    Image.new("RGBA", (30, 30), (10, 20, 30, 0)).save(clear, "PNG")
    result = uploads.read_document(upload(clear.getvalue()))
    assert (result.content_type, result.extension, result.pages) == ("image/png", ".png", None)
    assert opened(result.content).getpixel((3, 3)) == (255, 255, 255)


@pytest.mark.parametrize(
    "content", [b"MZ\x90\x00", b"PK\x03\x04", b"<html>", b"junk %PDF-1.4", b"\xd0\xcf\x11\xe0"]
)
def test_read_document_other_kinds_are_refused(content):
    sentence = "This file is not a document we can read. Choose a PDF, or a photo as JPEG or PNG."
    assert refusal(uploads.read_document, content) == sentence


def test_read_document_cut_short_is_refused():
    sentence = "This PDF is cut short. Save it again and choose the new file."
    assert refusal(uploads.read_document, pdf()[:900]) == sentence


def test_read_document_locked_is_refused():
    sentence = "This PDF is locked with a password. Save a copy without one and choose that."
    assert refusal(uploads.read_document, pdf(encrypt="secret")) == sentence


@pytest.mark.parametrize(
    "name", [b"/JavaScript", b"/Java#53cript", b"/Launch", b"/EmbeddedFile", b"/RichMedia"]
)
def test_read_document_active_content_is_refused(name):
    content = pdf().replace(b"/Type /Catalog", b"/Type /Catalog /OpenAction << /S " + name + b" >>")
    assert refusal(uploads.read_document, content) == ACTIVE


def test_read_document_active_content_in_packed_objects_is_refused():
    packed = zlib.compress(b"1 0 << /S /JavaScript /JS (app.alert) >>")
    stream = b"9 0 obj << /Type /ObjStm /N 1 /First 4 >>\nstream\n" + packed + b"\nendstream endobj\n"
    assert refusal(uploads.read_document, pdf().replace(b"xref", stream + b"xref", 1)) == ACTIVE


def test_read_document_words_in_a_page_are_not_programs():
    content = pdf().replace(b"stream\r\n", b"stream\r\n/JavaScript ", 1)
    assert uploads.read_document(upload(content)).pages == 2


def test_read_document_packed_bomb_is_refused():
    packed = zlib.compress(b" " * (uploads.UNPACKED_BYTES + 1))
    stream = b"9 0 obj << /Type /ObjStm >>\nstream\n" + packed + b"\nendstream endobj\n"
    sentence = "This PDF unpacks to more than we can check. Print it to a new PDF and choose that."
    assert refusal(uploads.read_document, pdf().replace(b"xref", stream + b"xref", 1)) == sentence


def test_read_document_too_many_pages_or_bytes_are_refused():
    pages = "This PDF has more than 100 pages. Choose only those that matter."
    assert refusal(uploads.read_document, pdf(pages=101)) == pages
    large = "This file is larger than 10 MB. Choose a smaller one."
    assert refusal(uploads.read_document, pdf() + b"\0" * uploads.DOCUMENT_BYTES) == large


def test_private_storage_lies_under_the_private_root_and_has_no_address(settings, tmp_path):
    settings.PRIVATE_ROOT = tmp_path / "private"
    name = uploads.private_storage.save("licences/a.pdf", ContentFile(b"%PDF"))
    assert (tmp_path / "private" / name).read_bytes() == b"%PDF"
    with pytest.raises(ValueError, match="not accessible via a URL"):
        uploads.private_storage.url(name)


def test_private_path_is_random_and_keeps_only_known_endings():
    path = uploads.private_path("licences")
    first, second = path(None, "My licence.PDF"), path(None, "My licence.PDF")
    assert first != second
    assert first.startswith("licences/") and first.endswith(".pdf")
    assert "licence." not in first.removeprefix("licences/")
    assert not path(None, "../../evil.html").endswith(".html")


def test_private_path_and_storage_can_be_written_into_migrations():
    assert (
        MigrationWriter.serialize(uploads.private_path("licences"))[0]
        == "core.uploads.private_path('licences')"
    )
    assert MigrationWriter.serialize(uploads.private_storage)[0] == "core.uploads.PrivateStorage()"


def test_serve_private_inline(settings):
    settings.X_ACCEL_PREFIX = ""
    response = uploads.serve_private(
        ContentFile(b"%PDF-1.4", name="a.pdf"), "application/pdf", "ডোরা.pdf", inline=True
    )
    assert response.content == b"%PDF-1.4"
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == (
        "inline; filename*=utf-8''%E0%A6%A1%E0%A7%8B%E0%A6%B0%E0%A6%BE.pdf"
    )
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert response["Cache-Control"] == "private, no-store"


def test_serve_private_other_types_are_only_downloaded(settings):
    settings.X_ACCEL_PREFIX = ""
    response = uploads.serve_private(ContentFile(b"<script>", name="a"), "text/html", "a.html", inline=True)
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == 'attachment; filename="a.html"'


def test_serve_private_name_brings_no_header_and_no_folder(settings):
    settings.X_ACCEL_PREFIX = ""
    response = uploads.serve_private(
        ContentFile(b"x", name="a"), "image/png", 'C:\\x\\a"\r\nSet-Cookie: b.png', inline=True
    )
    assert response["Content-Disposition"] == 'inline; filename="a\\"Set-Cookie: b.png"'


def test_serve_private_leaves_the_bytes_to_the_web_server(settings):
    settings.X_ACCEL_PREFIX = "/private-files/"
    response = uploads.serve_private(
        ContentFile(b"x", name="licences/ab/ab.pdf"), "application/pdf", "a.pdf", inline=False
    )
    assert response.content == b""
    assert response["X-Accel-Redirect"] == "/private-files/licences/ab/ab.pdf"
    assert response["Content-Disposition"] == 'attachment; filename="a.pdf"'
