//! Data parallel training: one run in several processes, each on a device of its own.
//!
//! The leader is the run. Its followers, child processes with the same data and weights, compute gradients of
//! micro-batches and nothing else: before every step they get the values of the trained variables, so they keep no
//! optimizer and no checkpoint. The leader adds the gradients up in the order of the micro-batches, exactly as
//! one process would, so the result is the same bits as that of one process with as many threads.
//!
//! They speak through the follower's standard input and output, so no port is opened and a follower ends when
//! its leader does. Every step costs each follower one transfer of the trained variables, and every micro-batch one of
//! as many gradients back: little for adapters, much for full fine-tuning.

mod failure;
mod follower;
mod leader;
mod wire;

pub use failure::{Failure, tell};
pub use follower::serve;
pub use leader::{Followers, Starting, Turn};
