"""Pages of the tenants, by noun."""
