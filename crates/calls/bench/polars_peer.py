"""Polars on the file and the store that `bench_calls --keep FOLDER generic ROWS` left: `polars_peer.py FOLDER THREADS`.

Prints JSON: seconds for the bare conversion to Parquet, for cleaning and deduplication (Polars has no SHA-256: nothing is hashed), and
for the baseline by hour over Segue's own Parquet, with the rows kept so that the runs can be compared.
"""

import json
import os
import pathlib
import resource
import sys
import time

folder, threads = pathlib.Path(sys.argv[1]), sys.argv[2]
os.environ["POLARS_MAX_THREADS"] = threads

import polars as pl  # noqa: E402  the number of threads is read when it is loaded

TIME = "%Y-%m-%d %H:%M:%S"


def timed(work):
    start = time.perf_counter()
    result = work()
    return round(time.perf_counter() - start, 3), result


def raw():
    return pl.scan_csv(folder / "bench.csv", infer_schema=False)


def bare():
    raw().sink_parquet(folder / "polars-bare.parquet", compression="zstd")


def clean():
    def local(name):
        return pl.col(name).str.to_datetime(TIME, strict=False)

    def utc(name):
        return local(name).dt.replace_time_zone("America/New_York", ambiguous="earliest", non_existent="null")

    rows = raw().with_columns(
        arrived_at=utc("arrived"), queued_at=utc("queued"), answered_at=utc("answered"), ended_at=utc("ended"),
        offered_local=local("arrived"),
    )
    rows = rows.filter(pl.col("offered_local").is_not_null()).with_columns(
        wait_ms=(pl.coalesce("answered_at", "ended_at") - pl.col("queued_at")).dt.total_milliseconds(),
        talk_ms=(pl.col("ended_at") - pl.col("answered_at")).dt.total_milliseconds(),
        day=pl.col("offered_local").dt.date(),
    )
    rows = rows.filter((pl.col("wait_ms").fill_null(0) >= 0) & (pl.col("talk_ms").fill_null(0) >= 0))
    kept = rows.unique("call_id", keep="first", maintain_order=True).collect()
    kept.write_parquet(folder / "polars-clean.parquet", compression="zstd")
    return kept.height


def baseline():
    answered = pl.col("outcome") == "answered"
    calls = pl.scan_parquet(str(folder / "bench-store" / "source=*" / "day=*" / "*.parquet"), hive_partitioning=False)
    table = (
        calls.filter(~pl.col("is_test") & pl.col("outcome").is_in(["answered", "abandoned"]))
        .group_by(pl.col("offered_local").dt.hour())
        .agg(
            answered.sum(), (answered & (pl.col("wait_ms") <= 20000)).sum().alias("within"),
            pl.col("wait_ms").filter(answered).sum().alias("wait"),
            pl.col("wait_ms").filter(answered).quantile(0.9).alias("p90"), pl.col("wait_ms").max().alias("longest"),
            pl.len(),
        )
        .collect()
    )
    return table["len"].sum()


bare_s, _ = timed(bare)
clean_s, kept = timed(clean)
baseline_s, calls = timed(baseline)
print(json.dumps({
    "peer": f"polars {pl.__version__}", "threads": int(threads), "bare_s": bare_s, "clean_s": clean_s, "kept": kept,
    "baseline_s": baseline_s, "baseline_calls": calls,
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
}))
