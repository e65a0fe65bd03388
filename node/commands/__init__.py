"""Subcommands of `tongjie`, found by entry points and loaded when called."""
