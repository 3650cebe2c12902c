//! Benches: each measures against the real alternative, the two in turn, and prints a table.

mod agent_start;
mod cached_build;
mod fetch;
mod pairs;

use std::{io::Write as _, path::Path};

use self::pairs::Pairs;
use crate::lab::{Lab, LabError};

/// Runs every bench with this client, and prints the table to standard output.
pub fn run(lab: &Lab, client: &Path) -> Result<(), LabError> {
    let mut rows = Vec::new();
    for engine in lab.engines() {
        rows.push(cached_build::measure(lab, engine, client)?);
    }
    rows.push(agent_start::measure(lab, client)?);
    let [_, newer] = lab.engines();
    rows.extend(fetch::measure(lab, newer, client)?);
    // A closed standard output leaves nobody to show the table to.
    let _ = std::io::stdout().write_all(table(&rows).as_bytes());
    Ok(())
}

fn table(rows: &[Pairs]) -> String {
    let header = format!(
        "{:<44} {:>12} {:>12} {:>22}  {}\n",
        "what (medians of pairs run in turn)",
        "keystay",
        "alternative",
        "ratio (min … max)",
        "target"
    );
    rows.iter().fold(header, |table, row| table + &row.line())
}
