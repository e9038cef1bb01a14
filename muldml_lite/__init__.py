"""See, train and question multi-threshold deep metric learning."""

__version__ = "0.1.0"
