"""Shapes with names and the meshes made from them; no physics, no finite elements."""
