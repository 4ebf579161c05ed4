"""What `telelake doctor` looks at: the bots at Telegram, this machine, the lake; and what it says of what it finds.

A look changes nothing but a file that it writes to time the disk, and takes away again. No look raises for what it finds:
that is a `Finding`, whose words, in two languages, are in `words`.
"""
