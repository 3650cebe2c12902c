//! Whole verifications of saved images.

mod accounting;
mod findings;
mod inside;
mod offsets;
mod rebuilt;
mod slow;
mod sources;
