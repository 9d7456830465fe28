"""Runs lake/*.sql over a call store in one engine and prints the KPI views as JSON: `lake.py duckdb|spark CALLS LAKE [KEY]`.

With the key of a sealed store; without it the store's files are plain.
"""

import json
import pathlib
import sys

VIEWS = {
    "kpi_service_level": "formula, call_type",
    "kpi_durations": "call_type",
    "kpi_attempts": "attempts",
    "kpi_first_call": "denominator",
}


def statements(lake, name, calls, key):
    text = (lake / name).read_text().replace("{calls}", calls).replace("{key}", key)
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [one for one in "\n".join(lines).split(";\n") if one.strip()]


def duckdb_runner():
    import duckdb

    connection = duckdb.connect()

    def run(sql):
        result = connection.execute(sql)
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, row)) for row in result.fetchall()]

    return run


def spark_runner():
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    return lambda sql: [row.asDict() for row in session.sql(sql).collect()]


def main():
    engine, calls, lake = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    key = sys.argv[4] if len(sys.argv) > 4 else ""
    files = {"duckdb": ["duckdb_sealed.sql" if key else "duckdb_plain.sql"], "spark": []}[engine]
    run = {"duckdb": duckdb_runner, "spark": spark_runner}[engine]()
    for name in (*files, f"{engine}.sql", "kpi.sql"):
        for sql in statements(lake, name, calls, key):
            run(sql.rstrip().rstrip(";"))
    found = {view: run(f"SELECT * FROM {view} ORDER BY {order}") for view, order in VIEWS.items()}
    print("\n" + json.dumps(found, default=int))


main()
