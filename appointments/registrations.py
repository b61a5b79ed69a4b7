"""What appointments puts into the registries of lower rooms."""
