-- The view every other one rests on, in DuckDB's own words; over `records` of duckdb_sealed.sql or duckdb_plain.sql.
CREATE OR REPLACE VIEW calls AS
SELECT
    source,
    CAST(day AS VARCHAR) AS day,
    source_call_id,
    COALESCE(root_id, source_call_id) AS contact,
    CASE WHEN caller_hash IS NULL THEN NULL ELSE hex(caller_hash) END AS caller,
    dnis,
    call_type,
    segment,
    language,
    caller_state,
    outcome,
    is_test,
    epoch_us(COALESCE(queued_at, arrived_at)) AS offered_us,
    CAST(hour(offered_local) AS INTEGER) AS local_hour,
    CAST(isodow(offered_local) AS INTEGER) AS local_weekday,
    CAST(hour(offered_local) * 4 + minute(offered_local) // 15 AS INTEGER) AS local_quarter,
    wait_ms,
    talk_ms + COALESCE(hold_ms, 0) + COALESCE(acw_ms, 0) AS handle_ms
FROM records;
