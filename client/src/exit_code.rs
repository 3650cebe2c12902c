//! The documented exit statuses.

use std::process;

use keystay_proto::control::ProblemCode;

/// What a `keystay` command ends with.
///
/// An engine's own status is passed on; the others are those of `sysexits.h`, each with one meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitCode {
    /// 0: done, and nothing to say against it.
    Success,
    /// The status the engine ended with.
    Engine(u8),
    /// 1: the receipt is of another image.
    Differs,
    /// 64: the command line is wrong.
    Usage,
    /// 65: key material was found in the image, or in what a build would be given, or a Dockerfile leaks it.
    Leak,
    /// 66: a key source, a saved image, a Dockerfile, the context of `lint` or a receipt cannot be read.
    Unreadable,
    /// 69: the engine or the agent is not available.
    Unavailable,
    /// 70: a defect of Keystay.
    Internal,
    /// 75: a part of the image could not be searched.
    Incomplete,
    /// 76: a host showed another key than the known one.
    HostKey,
    /// 77: the policy refused what the build asked for.
    Refused,
    /// 78: the configuration of this machine is wrong.
    Configuration,
    /// 128 and the number of the signal that ended the command: 130 after an interrupt.
    Signalled(u8),
}

impl ExitCode {
    /// The status as the shell sees it.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Engine(status) => status,
            Self::Differs => 1,
            Self::Usage => 64,
            Self::Leak => 65,
            Self::Unreadable => 66,
            Self::Unavailable => 69,
            Self::Internal => 70,
            Self::Incomplete => 75,
            Self::HostKey => 76,
            Self::Refused => 77,
            Self::Configuration => 78,
            Self::Signalled(signal) => 128 | signal,
        }
    }
}

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> Self {
        code.number().into()
    }
}

impl From<ProblemCode> for ExitCode {
    fn from(code: ProblemCode) -> Self {
        match code {
            ProblemCode::Usage => Self::Usage,
            ProblemCode::KeySource => Self::Unreadable,
            ProblemCode::Unavailable => Self::Unavailable,
            ProblemCode::Refused => Self::Refused,
            ProblemCode::Configuration => Self::Configuration,
            ProblemCode::Internal => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agents_problems_have_the_documented_statuses() {
        let statuses = [
            (ProblemCode::Usage, 64),
            (ProblemCode::KeySource, 66),
            (ProblemCode::Unavailable, 69),
            (ProblemCode::Internal, 70),
            (ProblemCode::Refused, 77),
            (ProblemCode::Configuration, 78),
        ];
        for (problem, status) in statuses {
            assert_eq!(ExitCode::from(problem).number(), status, "{problem:?}");
        }
    }

    #[test]
    fn a_signal_is_told_as_shells_do() {
        for (signal, status) in [(1, 129), (2, 130), (9, 137), (15, 143)] {
            assert_eq!(ExitCode::Signalled(signal).number(), status);
        }
    }
}
