"""Thermal magnons at a face between a metal and a magnetic insulator: spin and heat that they carry across."""
