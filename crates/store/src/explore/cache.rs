//! What was read of indexes lately. An index never changes, one that is built anew (as when samples were erased) is another
//! one, and tags are kept under their revision, so nothing here is ever wrong; it is bounded in bytes and shared by all
//! requests of the process.

use domain::{
    explore::Field,
    id::{ScoringId, VersionId},
};
use roaring::RoaringBitmap;
use std::{
    any::Any,
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};
use uuid::Uuid;

/// Most bytes kept.
const MAX_BYTES: u64 = 256 << 20;

/// A complete index: whose, and which of its builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Index {
    pub(super) version: VersionId,
    pub(super) build: Uuid,
}

/// What is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Facets(Index),
    Facet(Index, Field, String),
    Word(Index, String),
    Prefix(Index, String),
    Phrase(Index, String),
    Order(Index, &'static str),
    Scores(Index, ScoringId),
    Tags(VersionId, i64),
}

/// The size of what is kept.
pub(super) trait Weight: Send + Sync + 'static {
    /// About how many bytes it takes.
    fn bytes(&self) -> u64;
}

impl Weight for Vec<u32> {
    fn bytes(&self) -> u64 {
        self.len() as u64 * 4
    }
}

impl Weight for RoaringBitmap {
    fn bytes(&self) -> u64 {
        self.serialized_size() as u64
    }
}

struct Kept {
    value: Arc<dyn Any + Send + Sync>,
    bytes: u64,
    used: u64,
}

#[derive(Default)]
struct Cache {
    kept: HashMap<Key, Kept>,
    /// The build of each version that was asked for last.
    newest: HashMap<VersionId, Uuid>,
    bytes: u64,
    clock: u64,
}

static CACHE: LazyLock<Mutex<Cache>> = LazyLock::new(Mutex::default);

/// What is kept under this key.
pub(super) fn get<T: Weight>(key: &Key) -> Option<Arc<T>> {
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    cache.clock += 1;
    let clock = cache.clock;
    let kept = cache.kept.get_mut(key)?;
    kept.used = clock;
    kept.value.clone().downcast().ok()
}

/// Keeps a value, and forgets what was not used for longest where there is too much.
pub(super) fn put<T: Weight>(key: Key, value: T) -> Arc<T> {
    let bytes = value.bytes() + 200;
    let value = Arc::new(value);
    if bytes <= MAX_BYTES / 4 {
        CACHE.lock().unwrap_or_else(PoisonError::into_inner).insert(key, value.clone(), bytes, MAX_BYTES);
    }
    value
}

/// Forgets what was read of other builds of a version than its newest, where there are some: another process may have had
/// samples erased and the index built anew.
pub(super) fn keep_newest(index: Index) {
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    if cache.newest.insert(index.version, index.build).is_some_and(|before| before != index.build) {
        cache.remove(|key| key.index().is_some_and(|kept| kept.version == index.version && kept != index));
    }
}

/// Forgets all of these versions, whose samples were erased.
pub(crate) fn forget(versions: &[VersionId]) {
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    cache.remove(|key| versions.contains(&key.version()));
}

impl Key {
    /// Of which index it was read; tags are of none.
    fn index(&self) -> Option<Index> {
        match self {
            Self::Facets(index)
            | Self::Facet(index, ..)
            | Self::Word(index, _)
            | Self::Prefix(index, _)
            | Self::Phrase(index, _)
            | Self::Order(index, _)
            | Self::Scores(index, _) => Some(*index),
            Self::Tags(..) => None,
        }
    }

    fn version(&self) -> VersionId {
        match self {
            Self::Facets(index)
            | Self::Facet(index, ..)
            | Self::Word(index, _)
            | Self::Prefix(index, _)
            | Self::Phrase(index, _)
            | Self::Order(index, _)
            | Self::Scores(index, _) => index.version,
            Self::Tags(version, _) => *version,
        }
    }
}

impl Cache {
    fn remove(&mut self, is_gone: impl Fn(&Key) -> bool) {
        let gone: Vec<Key> = self.kept.keys().filter(|key| is_gone(key)).cloned().collect();
        for key in gone {
            if let Some(kept) = self.kept.remove(&key) {
                self.bytes -= kept.bytes;
            }
        }
    }

    fn insert(&mut self, key: Key, value: Arc<dyn Any + Send + Sync>, bytes: u64, limit: u64) {
        self.clock += 1;
        self.bytes += bytes;
        if let Some(before) = self.kept.insert(key, Kept { value, bytes, used: self.clock }) {
            self.bytes -= before.bytes;
        }
        if self.bytes <= limit {
            return;
        }
        // Makes room for a while, so that not every insertion looks through all.
        let mut by_use: Vec<(u64, Key)> = self.kept.iter().map(|(key, kept)| (kept.used, key.clone())).collect();
        by_use.sort_unstable_by_key(|(used, _)| *used);
        for (_, key) in by_use {
            if self.bytes <= limit / 4 * 3 {
                break;
            }
            if let Some(gone) = self.kept.remove(&key) {
                self.bytes -= gone.bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let version = VersionId::new();
        let key = |i: i64| Key::Tags(version, i);
        let mut cache = Cache::default();
        for i in 0..4 {
            cache.insert(key(i), Arc::new(Vec::<u32>::new()), 10, 40);
        }
        cache.clock += 1;
        cache.kept.get_mut(&key(0)).into_iter().for_each(|kept| kept.used = cache.clock);
        cache.insert(key(4), Arc::new(Vec::<u32>::new()), 10, 40);
        let mut left: Vec<i64> = (0..5).filter(|i| cache.kept.contains_key(&key(*i))).collect();
        left.sort_unstable();
        assert_eq!((left, cache.bytes), (vec![0, 3, 4], 30));
    }

    #[test]
    fn what_was_read_of_an_older_build_goes() {
        let version = VersionId::new();
        let index = || Index { version, build: Uuid::new_v4() };
        let (old, new) = (index(), index());
        let word = |index| Key::Word(index, "ann".to_owned());
        keep_newest(old);
        put(word(old), vec![1u32]);
        keep_newest(old);
        assert!(get::<Vec<u32>>(&word(old)).is_some());
        keep_newest(new);
        assert!(get::<Vec<u32>>(&word(old)).is_none() && get::<Vec<u32>>(&word(new)).is_none());
    }
}
