"""Measurements: each key page beside a bare page of the same server, run by `make bench`."""
