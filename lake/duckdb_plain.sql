-- The files of a store in the clear, for DuckDB. {calls} is the folder of the call store.
CREATE OR REPLACE VIEW records AS
SELECT * FROM read_parquet('{calls}/source=*/day=*/*.parquet', hive_partitioning = true);
