"""Closed formulas of the field as pure functions; they share no code with the engines."""
