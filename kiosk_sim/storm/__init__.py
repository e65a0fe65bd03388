"""A storm over a city of real processes: kiosks work while nodes die, hang, lose their lines and their disks."""
