"""Requests that nobody means well with, made from the URL resolver and the rendered forms."""
