//! The same work on many things, on several threads.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// More threads than this find nothing to do: one thread finds the rows for all of them.
const THREADS_MAX: usize = 16;

/// As many threads as the machine runs at once.
pub(crate) fn available() -> usize {
    thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(THREADS_MAX)
}

/// Does `work` on every item; the results in the items' order, or an error of one of them.
pub(crate) fn each<T: Sync, U: Send, E: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T) -> Result<U, E> + Sync,
) -> Result<Vec<U>, E> {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let run = || {
        let mut done = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { break };
            let result = work(item);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            done.push((at, result));
        }
        done
    };
    let mut all = thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(items.len()))
            .map(|_| scope.spawn(run))
            .collect();
        let mut all = run();
        for other in others {
            let done = other
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            all.extend(done);
        }
        all
    });
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_their_order_and_an_error_ends_it() {
        let items: Vec<u32> = (0..1_000).collect();
        for threads in [1, 3, 64] {
            let twice = each(threads, &items, |n| Ok::<_, ()>(n * 2)).unwrap();
            assert_eq!(twice, (0..1_000).map(|n| n * 2).collect::<Vec<_>>());
            let failed = each(threads, &items, |n| if *n == 7 { Err(*n) } else { Ok(()) });
            assert_eq!(failed, Err(7));
        }
        assert_eq!(each(4, &[] as &[u8], |n| Ok::<_, ()>(*n)), Ok(Vec::new()));
    }
}
