//! What is trained on top of a frozen base model: one file per method.

pub mod lora;
mod peft;

pub use lora::LoraAdapter;
