//! Call records: mapping, import, reconciliation, store, baseline, join.
