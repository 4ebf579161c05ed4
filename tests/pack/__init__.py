"""What people install: wheel, lock, container, unit."""
