//! Mean opinion score by the E-model (ITU-T G.107 with its default values), for G.711 with loss concealment
//! (G.113 appendix I: Ie 0, Bpl 25.1), random loss, and delay without echo (the usual approximation of Id by
//! Cole and Rosenbluth, 2001).

/// The rating of a connection without loss or delay (G.107, defaults).
const R_DEFAULT: f64 = 93.2;
/// Robustness of G.711 with concealment against random loss (G.113 appendix I).
const BPL: f64 = 25.1;

/// Transmission rating R, 0–100, for a share of lost packets (0–1) and a one-way mouth-to-ear delay.
pub fn rating(lost: f64, delay_ms: f64) -> f64 {
    let lost_percent = lost.clamp(0.0, 1.0) * 100.0;
    let equipment = 95.0 * lost_percent / (lost_percent + BPL);
    let delay_ms = delay_ms.max(0.0);
    let delay = 0.024 * delay_ms + 0.11 * (delay_ms - 177.3).max(0.0);
    (R_DEFAULT - equipment - delay).clamp(0.0, 100.0)
}

/// Mean opinion score, 1–4.5, of a rating (G.107 annex B).
pub fn score(rating: f64) -> f64 {
    let r = rating.clamp(0.0, 100.0);
    (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scores_of_annex_b() {
        for (rating, mos) in [
            (90.0, 4.34),
            (80.0, 4.03),
            (70.0, 3.60),
            (60.0, 3.10),
            (50.0, 2.58),
        ] {
            assert!((score(rating) - mos).abs() < 0.01, "R {rating}");
        }
        assert!((score(0.0) - 1.0).abs() < 1e-9 && (score(100.0) - 4.5).abs() < 1e-9);
    }

    #[test]
    fn loss_and_delay_cost_what_the_model_says() {
        assert!((score(rating(0.0, 0.0)) - 4.41).abs() < 0.005);
        // 1 % of loss: Ie-eff = 95 · 1 / 26.1 = 3.64. 150 ms: Id = 3.6. 300 ms: Id = 7.2 + 13.497.
        assert!((rating(0.01, 0.0) - (93.2 - 3.6398)).abs() < 1e-3);
        assert!((rating(0.0, 150.0) - 89.6).abs() < 1e-9);
        assert!((rating(0.0, 300.0) - (93.2 - 20.697)).abs() < 1e-9);
        for lost in 0..20 {
            let at = |lost: i32| score(rating(f64::from(lost) / 100.0, 50.0));
            assert!(at(lost) > at(lost + 1));
        }
    }
}
