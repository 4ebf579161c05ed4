"""From tables to people: SQL, insights, charts, the dashboard.

Reads releases through files that it is handed; does not know where they come from, and writes nothing.
Heavy packages are imported where they are used, so that importing this costs nothing.
"""
