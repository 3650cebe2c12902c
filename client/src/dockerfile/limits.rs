//! Caps on what is read, with their sources.

/// The largest Dockerfile that is read, in bytes: buildx refuses to fetch a larger one
/// (`maxDockerfileSize` in its `build/url.go`), and real ones stay under 100 KB.
pub const MAX_DOCKERFILE: usize = 2 * 1024 * 1024;

/// The longest physical line in bytes, its line feed not counted: the token limit of the scanner
/// that `BuildKit` reads with (`bufio.MaxScanTokenSize - 1`).
pub const MAX_LINE: usize = 64 * 1024 - 1;

/// How deep `${name:-${…}}` may nest in a line that may hold a heredoc. `BuildKit` has no limit, but
/// its stack grows and ours does not; nobody writes more than two.
pub const MAX_SUBSTITUTION_DEPTH: usize = 64;
