//! Keystay.
