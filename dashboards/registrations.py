"""What dashboards puts into the registries of lower rooms."""
