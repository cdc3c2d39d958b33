//! The three answers, and the fourth word for a question that was put wrongly.

/// How a command or a check ended. The exit code follows from it and from nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Every check asked for has passed.
    Proven,
    /// Decided, and the answer is no.
    Refused,
    /// Arguments or configuration are wrong; nothing was decided.
    Usage,
    /// Could not be decided: a store out of reach, throttled or unauthorised, something not found, input or output
    /// that failed.
    Undecided,
}

impl Outcome {
    /// The exit code: 0, 1, 2 or 3.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Proven => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Undecided => 3,
        }
    }
}
