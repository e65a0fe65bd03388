"""This library as other libraries ask it."""
