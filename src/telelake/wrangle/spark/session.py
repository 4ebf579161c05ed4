"""The session of Spark: found or made, and set so that it means what the embedded engine means."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from telelake.errors import SettingsError
from telelake.settings import Wrangle

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_MEANING = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # what overflows or cannot be cast fails; it never becomes another value
    "spark.sql.caseSensitive": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",  # no Julian calendar, whatever year a message claims
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.parquet.fieldId.write.enabled": "true",
    "spark.sql.files.maxRecordsPerFile": "0",
    # What follows from what is worked out for each column of each step of a SELECT, which doubles with every step.
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "10000",
}


def open_session(settings: Wrangle) -> SparkSession:
    """Return a session of its own: settings of ours hold in it and touch no other.

    Raises:
        SettingsError: pyspark or Java is missing, or Spark does not start.
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise SettingsError("wrangle.engine is spark, which is not installed: pip install 'telelake[spark]'") from error
    if not _has_java():
        raise SettingsError(
            "wrangle.engine is spark, which needs Java 17 or later: no `java` was found. Install one (Debian: "
            "openjdk-17-jre-headless), or set JAVA_HOME."
        )
    active = SparkSession.getActiveSession()
    if active is None:
        builder = SparkSession.builder.appName("telelake")
        if settings.spark_master:
            builder = builder.master(settings.spark_master)
        elif "PYSPARK_GATEWAY_PORT" not in os.environ:  # spark-submit says itself where it runs
            builder = builder.master("local[*]")
        if (settings.spark_master or "local").startswith("local"):
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
            builder = builder.config("spark.ui.enabled", "false").config("spark.driver.bindAddress", "127.0.0.1")
            builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.ui.showConsoleProgress", "false")
            builder = builder.config("spark.driver.memory", "2g")
            # Else each file has one with its checksum beside it, and each of both costs a process for its rights.
            builder = builder.config("spark.hadoop.fs.file.impl", "org.apache.hadoop.fs.RawLocalFileSystem")
        for key, value in settings.spark_conf.items():
            builder = builder.config(key, value)
        try:
            active = builder.getOrCreate()
        except (PySparkException, RuntimeError) as error:
            raise SettingsError(
                f"Spark does not start: {error}. Look at wrangle.spark_master and wrangle.spark_conf."
            ) from error
        active.sparkContext.setLogLevel("ERROR")
    own = active.newSession()
    for key, value in _MEANING.items():
        own.conf.set(key, value)
    return own


def _has_java() -> bool:
    home = os.environ.get("JAVA_HOME")
    return (
        "PYSPARK_GATEWAY_PORT" in os.environ
        or shutil.which("java") is not None
        or (home is not None and Path(home, "bin", "java").is_file())
    )
