"""Where persistent disks come from: one file per provider."""
