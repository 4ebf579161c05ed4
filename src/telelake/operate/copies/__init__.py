"""A lake somewhere else as well, or instead: backups, what is made of them again, and a lake that moves to another home.

All three carry the same things (`parcel.py`): raw and quarantine, the data files of one release, and what a home knows besides.
Metadata of tables is never carried, because Iceberg writes whole addresses into it: it is made anew where the files arrive.
"""
