"""Subcommands of `tongjie` that stand on the kiosk's side: demo, kiosk, simulate."""
