-- The files of a sealed store, for DuckDB. {calls} is the folder of the call store, {key} what `segue key lake` prints.
-- DuckDB 2.0.1 miscounts the pages of sealed files that it skips by a filter, and then refuses the next one.
SET disabled_optimizers = 'filter_pushdown';
PRAGMA add_parquet_key('segue', '{key}');
CREATE OR REPLACE VIEW records AS
SELECT * FROM read_parquet('{calls}/source=*/day=*/*.parquet', hive_partitioning = true, encryption_config = {footer_key: 'segue'});
