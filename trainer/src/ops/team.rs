//! Threads that wait for the next short piece of work without sleeping: one token of an answer is
//! hundreds of products of a few microseconds each, and to wake a sleeping thread takes longer than one of them.
//!
//! The helpers belong to nobody else, so a region waits for nothing but its own work: whoever calls
//! takes tasks too, and a helper that the system has not scheduled is not waited for.
#![expect(unsafe_code, reason = "helpers run a closure that lives on the caller's stack, which waits for them")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

/// Looks at the next piece of work before a helper goes to sleep: about a tenth of a millisecond.
const PATIENCE: u32 = 4_000;

type Work<'a> = dyn Fn() + Sync + 'a;

/// Does `task` on every item, on all threads of the process' pool, and returns when all are done.
pub(super) fn for_each<T: Send>(items: Vec<T>, task: impl Fn(T) + Sync) {
    static TEAM: OnceLock<Team> = OnceLock::new();
    if items.len() < 2 {
        return items.into_iter().for_each(task);
    }
    let items = Mutex::new(items.into_iter());
    let take = || lock(&items).next();
    TEAM.get_or_init(|| Team::new(rayon::current_num_threads().saturating_sub(1))).run(&|| {
        while let Some(item) = take() {
            task(item);
        }
    });
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing in this file leaves a value half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Team {
    shared: &'static Shared,
    helpers: usize,
    /// Held by whoever has a region open: there is one at a time.
    turn: Mutex<()>,
}

/// What callers and helpers look at.
#[derive(Default)]
struct Shared {
    /// Number of the region, whether it is open, and how many helpers are inside.
    state: AtomicU64,
    work: Mutex<Option<&'static Work<'static>>>,
    sleepers: AtomicUsize,
    bed: Mutex<()>,
    alarm: Condvar,
    panicked: Mutex<Option<Box<dyn std::any::Any + Send>>>,
}

const OPEN: u64 = 1 << 16;
const NEXT: u64 = 1 << 17;
const INSIDE: u64 = OPEN - 1;

impl Team {
    fn new(helpers: usize) -> Self {
        let shared: &'static Shared = Box::leak(Box::default());
        let start = |_: &usize| std::thread::Builder::new().name("team".into()).spawn(|| shared.help()).is_ok();
        Self { shared, helpers: (0..helpers).take_while(start).count(), turn: Mutex::new(()) }
    }

    /// Runs `work` on the calling thread and on every helper that comes in time.
    fn run(&self, work: &Work<'_>) {
        if self.helpers == 0 {
            return work();
        }
        // Somebody else's region, or the one that this call stands in: then there is nobody to help.
        let Ok(turn) = self.turn.try_lock() else { return work() };
        let shared = self.shared;
        // SAFETY: only helpers that have counted themselves in use the reference, they can do so only
        // while the region is open, and this function returns (or unwinds) only after it has closed
        // the region and the last of them has counted itself out. So nobody uses it after `work` ends.
        let lasting: &'static Work = unsafe { std::mem::transmute::<&Work, &'static Work<'static>>(work) };
        *lock(&shared.work) = Some(lasting);
        shared.state.fetch_add(NEXT | OPEN, SeqCst);
        if shared.sleepers.load(SeqCst) > 0 {
            let _bed = lock(&shared.bed);
            shared.alarm.notify_all();
        }
        let own = catch_unwind(AssertUnwindSafe(work));
        shared.state.fetch_sub(OPEN, SeqCst);
        wait_until(|| shared.state.load(SeqCst) & INSIDE == 0);
        *lock(&shared.work) = None;
        let theirs = lock(&shared.panicked).take();
        if let Some(panic) = own.err().or(theirs) {
            // Without this the guard would find the panic and leave the turn poisoned, which nobody could take again.
            drop(turn);
            resume_unwind(panic);
        }
    }
}

impl Shared {
    /// The life of a helper.
    fn help(&self) {
        let mut seen = 0;
        loop {
            let state = self.await_region(seen);
            seen = state / NEXT;
            if self.state.compare_exchange(state, state + 1, SeqCst, SeqCst).is_err() {
                // Somebody came in or closed the region at the same moment: look again.
                seen -= 1;
                continue;
            }
            let work = *lock(&self.work);
            let done = work.map(|work| catch_unwind(AssertUnwindSafe(work)));
            if let Some(Err(panic)) = done {
                *lock(&self.panicked) = Some(panic);
            }
            self.state.fetch_sub(1, SeqCst);
        }
    }

    /// The state with an open region that is not `seen`.
    fn await_region(&self, seen: u64) -> u64 {
        let is_new = |state: u64| state & OPEN != 0 && state / NEXT != seen;
        loop {
            for _ in 0..PATIENCE {
                let state = self.state.load(SeqCst);
                if is_new(state) {
                    return state;
                }
                std::hint::spin_loop();
            }
            let bed = lock(&self.bed);
            self.sleepers.fetch_add(1, SeqCst);
            // A region that opens from here on sees the sleeper, and rings after this thread has let go of the bed.
            if !is_new(self.state.load(SeqCst)) {
                drop(self.alarm.wait(bed).unwrap_or_else(PoisonError::into_inner));
            }
            self.sleepers.fetch_sub(1, SeqCst);
        }
    }
}

/// Spins, and lets others run when it takes long.
fn wait_until(is_so: impl Fn() -> bool) {
    let mut looks = 0u32;
    while !is_so() {
        looks += 1;
        if looks.is_multiple_of(1_000) { std::thread::yield_now() } else { std::hint::spin_loop() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_done_once_from_many_callers() {
        std::thread::scope(|scope| {
            for caller in 0..3u64 {
                scope.spawn(move || {
                    for round in 0..2_000u64 {
                        let mut sums = [0u64; 9];
                        for_each(sums.iter_mut().collect(), |sum| *sum += caller + round);
                        assert!(sums.iter().all(|sum| *sum == caller + round));
                        if round % 500 == 0 {
                            std::thread::sleep(std::time::Duration::from_millis(2));
                        }
                    }
                });
            }
        });
    }

    #[test]
    fn helpers_work_beside_the_caller() {
        let team = Team::new(3);
        let together = std::sync::Barrier::new(4);
        for _ in 0..20 {
            // Nobody gets past the barrier unless all four are there at once.
            team.run(&|| {
                together.wait();
            });
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_team_goes_on() {
        let team = Team::new(1);
        for _ in 0..3 {
            let both = std::sync::Barrier::new(2);
            let is_caller = std::thread::current().id();
            let caught = catch_unwind(AssertUnwindSafe(|| {
                team.run(&|| {
                    both.wait();
                    assert_eq!(std::thread::current().id(), is_caller, "a helper panics");
                });
            }));
            assert!(caught.is_err());
        }
    }
}
