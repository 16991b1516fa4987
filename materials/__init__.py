"""Material records with sources, and the microscopic models behind them."""
