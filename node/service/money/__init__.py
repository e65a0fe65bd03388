"""The library where a late fee arises: fines and payments."""
