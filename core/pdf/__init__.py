"""Printed documents: HTML template in, bytes of a PDF out, Bangla shaped as a browser shapes it."""

from .letter import Letterhead
from .qr import qr_png_data_uri
from .render import PdfError, html_to_pdf, render_pdf

__all__ = ["Letterhead", "PdfError", "html_to_pdf", "qr_png_data_uri", "render_pdf"]
