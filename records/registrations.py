"""What records puts into the registries of lower rooms."""
