//! KPI formulas of the trade.
