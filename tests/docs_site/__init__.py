"""What people read: the site, and the commands that it tells them to type."""
