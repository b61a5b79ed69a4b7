"""Files that people bring: judged by content, images drawn anew, kept privately, served by a permitted view."""

from __future__ import annotations

import os
import re
import secrets
import struct
import unicodedata
import warnings
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage
from django.http import HttpResponse
from django.utils.deconstruct import deconstructible
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from core.errors import DomainError

MEGABYTE = 1024 * 1024
IMAGE_BYTES = 5 * MEGABYTE
DOCUMENT_BYTES = 10 * MEGABYTE
MAX_PIXELS = 25_000_000
DOCUMENT_SIDE = 3_000  # pixels of a scanned page's longer side: A4 at 250 dots an inch
MAX_PAGES = 100
UNPACKED_BYTES = 20 * MEGABYTE  # what the packed objects of one PDF may come to
INLINE_TYPES = frozenset({"image/jpeg", "image/png", "image/webp", "application/pdf"})
EXTENSIONS = frozenset({".jpg", ".png", ".webp", ".pdf"})

# Pillow's own guard, for every image of this process: above this it warns, above twice this it refuses.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

_BOMBS = (Image.DecompressionBombWarning, Image.DecompressionBombError)
# What Pillow's readers raise on damaged files (UnidentifiedImageError is an OSError).
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, struct.error, zlib.error)
_IMAGE_TYPES = {"JPEG": ("image/jpeg", ".jpg"), "PNG": ("image/png", ".png"), "WEBP": ("image/webp", ".webp")}
_ACTIVE = re.compile(rb"/(JavaScript|Launch|EmbeddedFile|RichMedia|SubmitForm|ImportData)(?![A-Za-z0-9])")
_LOCKED = re.compile(rb"/Encrypt(?![A-Za-z0-9])")
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_PACKED = re.compile(rb"/Type\s*/ObjStm\b")
_STREAM = re.compile(rb"stream\r?\n")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")


class UploadError(DomainError):
    """A file can't be taken; the sentence says what to do instead."""

    code = "upload_refused"


@dataclass(frozen=True)
class StoredUpload:
    """A file that was read and found good: save `content`, keep the rest beside it; `pages` if known."""

    content: ContentFile
    content_type: str
    extension: str
    pages: int | None = None


def read_image(upload: File, *, max_side: int) -> ContentFile:
    """Return the picture drawn anew, its longer side at most `max_side` pixels, without place or camera.

    Takes JPEG, PNG and WebP, 5 MB and 25 megapixels at most; of a moving picture the first frame is kept.
    The name of the result is random. Raises UploadError.
    """
    data = _read(upload, IMAGE_BYTES)
    kind = _image_kind(data)
    if kind is None:
        raise UploadError(_("This file is not a picture we can read. Choose a JPEG, PNG or WebP picture."))
    return _redraw(data, kind, max_side, opaque=False).content


def read_document(upload: File) -> StoredUpload:
    """Return a certificate or letter ready to be stored: a PDF as it is, a JPEG or PNG drawn anew.

    Takes 10 MB and 100 pages at most. Raises UploadError.
    """
    data = _read(upload, DOCUMENT_BYTES)
    kind = _image_kind(data)
    if kind in {"JPEG", "PNG"}:
        return _redraw(data, kind, DOCUMENT_SIDE, opaque=True)
    if data.startswith(b"%PDF-"):
        pages = _check_pdf(data)
        return StoredUpload(ContentFile(data, name=_random_name(".pdf")), "application/pdf", ".pdf", pages)
    raise UploadError(_("This file is not a document we can read. Choose a PDF, or a photo as JPEG or PNG."))


def _read(upload: File, limit: int) -> bytes:
    """Return the content; never more than the limit is read, whatever size the upload claims."""
    upload.seek(0)
    data = upload.read(limit + 1)
    if not data:
        raise UploadError(_("This file is empty. Choose another one."))
    if len(data) > limit:
        megabytes = limit // MEGABYTE
        raise UploadError(
            _("This file is larger than %(size)s MB. Choose a smaller one.") % {"size": megabytes}
        )
    return data


def _image_kind(data: bytes) -> str | None:
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    return "WEBP" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def _redraw(data: bytes, kind: str, max_side: int, *, opaque: bool) -> StoredUpload:
    try:
        with Image.open(BytesIO(data), formats=[kind]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_many_pixels()
            small = _shrink(image, max_side)
            if kind == "JPEG" or opaque or _is_opaque(small):
                small = _on_white(small)
            few_colours = kind != "JPEG" and small.getcolors(256) is not None
            return _encode(small, drawing=small.mode == "RGBA" or few_colours)
    except _BOMBS as error:
        raise _too_many_pixels() from error
    except _BROKEN as error:
        raise UploadError(
            _("This picture is damaged or cut short. Save it again, or take a new photo.")
        ) from error


def _too_many_pixels() -> UploadError:
    return UploadError(_("This picture has more than 25 megapixels. Make it smaller and try again."))


def _shrink(image: Image.Image, max_side: int) -> Image.Image:
    """Return the picture upright, in plain colours and small; shrunk early to spare memory."""
    turned = image.getexif().get(0x0112)
    if image.mode.startswith("I;16"):
        image = image.convert("I").point(lambda value: value / 257).convert("L")
    elif image.mode not in {"RGB", "RGBA", "L"}:
        image = image.convert("RGBA" if "A" in image.mode or image.has_transparency_data else "RGB")
    image.thumbnail((max_side, max_side), reducing_gap=2.0)
    if turned:
        image.getexif()[0x0112] = turned
        image = ImageOps.exif_transpose(image)
    return image


def _is_opaque(image: Image.Image) -> bool:
    return image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def _encode(image: Image.Image, *, drawing: bool) -> StoredUpload:
    """Return the pixels alone in a new file: PNG for drawings and where something shines through, else JPEG."""
    pixels = Image.new(image.mode, image.size)
    pixels.paste(image)
    kind = "PNG" if drawing else "JPEG"
    target = BytesIO()
    pixels.save(target, kind, optimize=True, **({} if drawing else {"quality": 85}))
    content_type, extension = _IMAGE_TYPES[kind]
    return StoredUpload(ContentFile(target.getvalue(), name=_random_name(extension)), content_type, extension)


def _check_pdf(data: bytes) -> int | None:
    """Return the number of pages if it can be told; refuse what is cut short, locked, active or huge."""
    if b"%%EOF" not in data[-2048:]:
        raise UploadError(_("This PDF is cut short. Save it again and choose the new file."))
    # Behind #xx in a name a forbidden one could hide.
    text = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), _pdf_objects(data))
    if _LOCKED.search(text):
        raise UploadError(_("This PDF is locked with a password. Save a copy without one and choose that."))
    if _ACTIVE.search(text):
        raise UploadError(
            _("This PDF has programs or other files in it. Print it to a new PDF and choose that.")
        )
    pages = len(_PAGE.findall(text))
    if pages > MAX_PAGES:
        raise UploadError(
            _("This PDF has more than %(pages)s pages. Choose only those that matter.") % {"pages": MAX_PAGES}
        )
    return pages or None


def _pdf_objects(data: bytes) -> bytes:
    """Return the PDF without its streams but with its packed objects, unpacked to 20 MB in all; one pass."""
    parts: list[bytes] = []
    position, room = 0, UNPACKED_BYTES
    while start := _STREAM.search(data, position):
        end = data.find(b"endstream", start.end())
        if end < 0:
            break
        parts.append(data[position : start.start()])
        position = end + len(b"endstream")
        if _PACKED.search(parts[-1][-1_000:]):
            parts.append(_unpack(data[start.end() : end], room))
            room -= len(parts[-1])
        if room <= 0:
            raise UploadError(
                _("This PDF unpacks to more than we can check. Print it to a new PDF and choose that.")
            )
    parts.append(data[position:])
    return b"\n".join(parts)


def _unpack(body: bytes, room: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(body, room)
    except zlib.error:
        return b""


def _random_name(extension: str) -> str:
    return secrets.token_hex(16) + extension


@deconstructible
class PrivateStorage(FileSystemStorage):
    """Files under settings.PRIVATE_ROOT, which no web server shows; they have no address of their own."""

    base_url = None  # type: ignore[assignment]

    @property
    def base_location(self) -> str:
        return str(settings.PRIVATE_ROOT)

    @property
    def location(self) -> str:
        return os.path.abspath(self.base_location)


private_storage = PrivateStorage()


@deconstructible
class private_path:  # noqa: N801 - used like a function, a class so that migrations can write it down
    """For `upload_to`: a random name below the prefix; of the given name only a known ending is kept."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def __call__(self, instance: Any, filename: str) -> str:
        extension = Path(filename).suffix.lower()
        name = _random_name(extension if extension in EXTENSIONS else "")
        return f"{self.prefix}/{name[:2]}/{name}"


def serve_private(file: File, content_type: str, filename: str, inline: bool = False) -> HttpResponse:
    """Return the private file as a response that no cache keeps and no script of which can run.

    Who may see it is the calling view's question. Types other than pictures and PDF are only ever downloaded.
    """
    known = content_type in INLINE_TYPES
    if settings.X_ACCEL_PREFIX:
        response = HttpResponse()
        response["X-Accel-Redirect"] = settings.X_ACCEL_PREFIX.rstrip("/") + "/" + quote(file.name or "")
    else:
        with file.open("rb") as opened:
            response = HttpResponse(opened.read())
    response["Content-Type"] = content_type if known else "application/octet-stream"
    disposition = content_disposition_header(not (inline and known), _clean_name(filename))
    response["Content-Disposition"] = disposition or "inline"
    # Browsers' own PDF viewers do not start in a sandbox; a PDF runs no script of ours there either.
    sandbox = "" if content_type == "application/pdf" else "; sandbox"
    response["Content-Security-Policy"] = f"default-src 'none'; style-src 'unsafe-inline'{sandbox}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def _clean_name(filename: str) -> str:
    """Return the name without folders and without characters that can't be seen."""
    name = filename.replace("\\", "/").rsplit("/", 1)[-1]
    seen = "".join(character for character in name if unicodedata.category(character)[0] != "C")
    return seen[:150] or "file"
