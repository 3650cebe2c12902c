//! The search for keys, over files that real tools write and over random ones.

#[cfg(test)]
mod files;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod random;
