"""What goes wrong: weather, network, disks."""
