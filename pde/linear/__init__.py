"""Linear solvers behind one small contract (see `contract.py`)."""
