/// The state of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// It has not asked for an event yet.
    Starting,
    /// It waits for an event.
    Waiting,
    /// SIGSTOP has stopped it while it waits for an event.
    Frozen,
    /// It has an event.
    Running,
    /// It has exited, with the reason.
    Ended(String),
}

impl Phase {
    pub(super) fn wait(&mut self) {
        self.unless_ended(Self::Waiting);
    }

    pub(super) fn run(&mut self) {
        self.unless_ended(Self::Running);
    }

    pub(super) fn end(&mut self, why: String) {
        self.unless_ended(Self::Ended(why));
    }

    fn unless_ended(&mut self, next: Self) {
        if !matches!(self, Self::Ended(_)) {
            *self = next;
        }
    }

    pub(super) fn why_ended(&self) -> Option<&str> {
        match self {
            Self::Ended(why) => Some(why),
            _ => None,
        }
    }
}
