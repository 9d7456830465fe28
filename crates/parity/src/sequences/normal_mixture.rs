//! The two-sided normal-mixture boundary (Howard, Ramdas and others 2021).

/// |S| stays within this at intrinsic time `v` with chance 1 − `alpha` at all times at once; tightest near `v_tuned`.
pub fn bound(v: f64, alpha: f64, v_tuned: f64, alpha_tuned: f64) -> f64 {
    let log = -2.0 * alpha_tuned.ln();
    let rho = v_tuned / (log + log.ln_1p());
    ((v + rho) * ((v / rho).ln_1p() - 2.0 * alpha.ln())).sqrt()
}
