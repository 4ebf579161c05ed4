"""The engine for days that outgrow one machine: the same SQL on Apache Spark.

`translate` says the tables' SQL in Spark's words, `functions` computes with DuckDB what Spark lacks, `read` types raw
lines, `files` writes Parquet with Iceberg's field ids, `engine` does it all in order. Only `session` and `engine` import
pyspark, and only when there is something to build.
"""
