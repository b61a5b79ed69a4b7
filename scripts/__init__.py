"""What `make` calls before the virtual environment exists: standard library only, Python 3.11 or newer."""
