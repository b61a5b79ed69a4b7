"""What billing puts into the registries of lower rooms."""
