//! Sequences that stay valid however often one looks: e-processes, confidence sequences, cumulative sums.
