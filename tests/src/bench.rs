//! Benches: each measures against the real alternative, the two in turn, and prints a table.

mod agent_floor;
mod agent_load;
mod agent_memory;
mod agent_start;
mod cached_build;
mod fetch;
mod load;
mod pairs;
mod process;
mod sheet;
mod verify;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use self::sheet::Sheet;
use crate::lab::{Lab, LabError};

/// Runs the benches whose rows have one of these names in theirs, or all without a name, with
/// this client; `pass` builds the program that reads a file once.
///
/// Each row goes to standard error as soon as it is measured, and the table to standard output
/// at the end.
pub fn run(
    lab: &Lab,
    client: &Path,
    pass: &dyn Fn() -> Result<PathBuf, LabError>,
    names: &[String],
) -> Result<(), LabError> {
    let mut sheet = Sheet::of(names);
    for engine in lab.engines() {
        cached_build::measure(&mut sheet, lab, engine, client)?;
    }
    agent_start::measure(&mut sheet, lab, client)?;
    agent_load::measure(&mut sheet, lab, client)?;
    agent_floor::measure(&mut sheet, lab)?;
    agent_memory::measure(&mut sheet, lab, client)?;
    let [_, newer] = lab.engines();
    fetch::measure(&mut sheet, lab, newer, client)?;
    verify::measure(&mut sheet, lab, client, pass)?;
    // A closed standard output leaves nobody to show the table to.
    let _ = std::io::stdout().write_all(sheet.table()?.as_bytes());
    Ok(())
}
