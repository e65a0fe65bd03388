"""The authorities of this library (home, owner, incurring) and the desk."""
