"""What people say to one another: who asked, who answered, how it ended. Tables made from tables, in Python."""
