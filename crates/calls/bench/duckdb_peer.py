"""DuckDB on the file and the store that `bench_calls --keep FOLDER generic ROWS` left: `duckdb_peer.py FOLDER THREADS`.

Prints JSON: seconds for the bare conversion to Parquet, for the same cleaning, hashing and deduplication, and for the baseline by
hour over Segue's own Parquet, with the rows kept so that the runs can be compared.
"""

import json
import pathlib
import resource
import shutil
import sys
import time

import duckdb

CLEAN = """
COPY (
    SELECT * EXCLUDE (n) FROM (
        SELECT
            n, call_id, dialled, language, agent, disposition, queue,
            sha256('key' || caller) AS caller_hash, sha256('key' || call_id) AS id_hash, sha256('key' || line) AS row_hash,
            timezone('America/New_York', strptime(arrived, '%Y-%m-%d %H:%M:%S')) AS arrived_at,
            timezone('America/New_York', try_strptime(queued, '%Y-%m-%d %H:%M:%S')) AS queued_at,
            timezone('America/New_York', try_strptime(answered, '%Y-%m-%d %H:%M:%S')) AS answered_at,
            timezone('America/New_York', try_strptime(ended, '%Y-%m-%d %H:%M:%S')) AS ended_at,
            strptime(arrived, '%Y-%m-%d %H:%M:%S') AS offered_local,
            date_diff('millisecond', queued_at, COALESCE(answered_at, ended_at)) AS wait_ms,
            date_diff('millisecond', answered_at, ended_at) AS talk_ms,
            TRY_CAST(hold_s AS BIGINT) * 1000 AS hold_ms, TRY_CAST(wrap_s AS BIGINT) * 1000 AS acw_ms,
            CASE WHEN answered_at IS NOT NULL THEN 'answered' WHEN queued_at IS NOT NULL THEN 'abandoned' ELSE 'ivr_only' END AS outcome,
            CAST(offered_local AS DATE) AS day
        FROM (
            SELECT row_number() OVER () AS n, *, concat_ws(',', call_id, dialled, caller, arrived, queued, answered, ended) AS line
            FROM read_csv('{file}', all_varchar = true, header = true)
        )
        WHERE try_strptime(arrived, '%Y-%m-%d %H:%M:%S') IS NOT NULL
    )
    WHERE COALESCE(wait_ms, 0) >= 0 AND COALESCE(talk_ms, 0) >= 0
    QUALIFY row_number() OVER (PARTITION BY call_id ORDER BY n) = 1
) TO '{out}' (FORMAT parquet, PARTITION_BY (day), COMPRESSION zstd, OVERWRITE true)
"""

BASELINE = """
SELECT hour(offered_local) AS h, count(*) FILTER (outcome = 'answered'), count(*) FILTER (outcome = 'abandoned'),
    count(*) FILTER (outcome = 'answered' AND wait_ms <= 20000), count(*) FILTER (outcome = 'abandoned' AND wait_ms <= 20000),
    count(*) FILTER (outcome = 'abandoned' AND wait_ms < 5000), sum(wait_ms) FILTER (outcome = 'answered'),
    quantile_disc(wait_ms, 0.9) FILTER (outcome = 'answered'), max(wait_ms),
    sum(talk_ms + COALESCE(hold_ms, 0) + COALESCE(acw_ms, 0)) FILTER (outcome = 'answered')
FROM read_parquet('{store}/source=*/day=*/*.parquet', hive_partitioning = true)
WHERE NOT is_test AND outcome IN ('answered', 'abandoned')
GROUP BY h ORDER BY h
"""


def main():
    folder, threads = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}")
    connection.execute("SET temp_directory = ?", [str(folder / "spill")])
    names = {"file": folder / "bench.csv", "out": folder / "peer", "store": folder / "bench-store"}

    def timed(sql):
        start = time.monotonic()
        rows = connection.execute(sql.format(**names)).fetchall()
        return time.monotonic() - start, rows

    bare_s, _ = timed("COPY (SELECT * FROM read_csv('{file}', header = true)) TO '{out}.parquet' (FORMAT parquet, COMPRESSION zstd)")
    clean_s, _ = timed(CLEAN)
    kept = connection.execute(f"SELECT count(*) FROM read_parquet('{names['out']}/*/*.parquet')").fetchall()[0][0]
    baseline_s, rows = timed(BASELINE)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({
        "duckdb": duckdb.__version__, "threads": threads, "bare_s": bare_s, "clean_s": clean_s, "kept": kept,
        "baseline_s": baseline_s, "groups": len(rows), "peak_mb": peak_mb,
    }))
    shutil.rmtree(names["out"])
    (folder / "peer.parquet").unlink()


main()
