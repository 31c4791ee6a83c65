//! Random secrets for links and tokens: shown once, stored as SHA-256. With 256 random bits
//! neither salt nor a slow hash adds anything.

use rand::RngCore;
use sha2::{Digest, Sha256};

/// A fresh secret of 256 random bits: what the user gets, and what we keep.
#[must_use]
pub fn generate(prefix: &str) -> (String, Vec<u8>) {
    let mut bytes = [0u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    let text = format!("{prefix}{}", hex::encode(bytes));
    let hash = hash(&text);
    (text, hash)
}

/// What is stored for a secret.
#[must_use]
pub fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}
