//! Receipts: what a build was, and what its image was searched for, as an in-toto statement.
//!
//! `client/RECEIPT.md` is the page on them, `client/receipt.schema.json` their schema. A receipt
//! holds no secret, no path of this machine and no comment of a key.

mod checked;
mod file;
mod predicate;
mod scan;
mod statement;
mod uses;

pub(crate) use checked::{Checked, Unreadable};
pub(crate) use file::{Destination, ReceiptError};
pub(crate) use predicate::{DockerfileUsed, EngineUsed};
pub(crate) use scan::Verdict;
pub(crate) use statement::{Build, Statement};
