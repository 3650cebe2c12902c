//! End-to-end tests: real engines, git hosts and keys, one file for each promise.

#[cfg(test)]
mod agent_process;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod before_build;
#[cfg(test)]
mod build_options;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod command;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod daemon;
#[cfg(test)]
mod dockerfiles;
#[cfg(test)]
mod engine_git;
#[cfg(test)]
mod fetch;
#[cfg(test)]
mod gate;
#[cfg(test)]
mod host_certificates;
#[cfg(test)]
mod host_keys;
#[cfg(test)]
mod inside_step;
#[cfg(test)]
mod key;
#[cfg(test)]
mod key_file;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod leaks;
mod lint;
#[cfg(test)]
mod many_keys;
#[cfg(test)]
mod mid_build;
#[cfg(test)]
mod openssh_regress;
#[cfg(test)]
mod outputs;
#[cfg(test)]
mod plain_build;
#[cfg(test)]
mod private_dependencies;
#[cfg(test)]
mod process;
#[cfg(test)]
mod receipt;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod session_bind;
#[cfg(test)]
mod signals;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod ssh_agent;
#[cfg(test)]
mod strange_agent;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod two_builds;
#[cfg(test)]
mod verify;
