"""The synchronous API layer: one module per resource, the only room that imports requests."""
