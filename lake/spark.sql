-- The view every other one rests on, in Spark's own words. {calls} is the folder of the call store.
CREATE OR REPLACE TEMPORARY VIEW call_files USING parquet OPTIONS (path '{calls}', pathGlobFilter '*.parquet');
CREATE OR REPLACE TEMPORARY VIEW calls AS
SELECT
    source,
    CAST(day AS STRING) AS day,
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
    unix_micros(COALESCE(queued_at, arrived_at)) AS offered_us,
    hour(offered_local) AS local_hour,
    weekday(offered_local) + 1 AS local_weekday,
    CAST(hour(offered_local) * 4 + floor(minute(offered_local) / 15) AS INT) AS local_quarter,
    wait_ms,
    talk_ms + COALESCE(hold_ms, 0) + COALESCE(acw_ms, 0) AS handle_ms
FROM call_files;
