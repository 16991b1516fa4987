"""What discretises a problem: `multilayer` (exact, layered 1D) and `scikit` (finite elements)."""
