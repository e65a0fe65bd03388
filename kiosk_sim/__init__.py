"""The other side of the wire: kiosks, gates, sorters, and a whole city to try them in.

The client speaks through `sip2` only, as a device on the library's floor does. The city (`kiosk_sim.city`)
starts real nodes as processes and knows of them what `world.json` says.
"""
