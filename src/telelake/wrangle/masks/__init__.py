"""Pseudonyms: what tables hold in place of persons, when the setting is on. Nothing else imports it then or otherwise.

`columns` is the one place that all tables pass; a column's declaration says what is done to it. `finders` knows what
identifies a person in a text, `trees` what does in JSON, `ids` the keyed hash.
"""
