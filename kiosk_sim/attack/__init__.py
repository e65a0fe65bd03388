"""Attacks on a node of one's own, on this machine, for a limited time: `python -m kiosk_sim.attack`."""
