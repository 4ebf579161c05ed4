"""What is taken out of a record when a person or a chat is to be forgotten: who, where, and what stands in its place.

Pure functions over bytes, and the tombstones that keep what was forgotten from coming back. Where the records lie, and in
which order they are changed, is `operate.forget`'s matter.
"""
