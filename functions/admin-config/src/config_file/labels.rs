//! What an assignment belongs to, and why it was made.

/// The experiment and arm of an assignment, the policy that chose it, its probability, and its run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    /// `Experiment`.
    pub experiment_id: Option<String>,
    /// `Arm`.
    pub arm: Option<String>,
    /// `Policy`.
    pub policy_id: Option<String>,
    /// `Probability`: the probability with which the design drew this assignment, above 0 and at most 1.
    pub allocation_probability: Option<f64>,
    /// `Run`: the run of the experiment that made this assignment.
    pub rl_run_id: Option<i32>,
}

impl Labels {
    /// Returns the names of the columns in which `others` has other values. An empty cell is no other value.
    pub(super) fn other_names(&self, others: &Self) -> Vec<&'static str> {
        fn is_other<T: PartialEq>(mine: Option<&T>, other: Option<&T>) -> bool {
            other.is_some() && mine != other
        }
        let found = [
            ("Experiment", is_other(self.experiment_id.as_ref(), others.experiment_id.as_ref())),
            ("Arm", is_other(self.arm.as_ref(), others.arm.as_ref())),
            ("Policy", is_other(self.policy_id.as_ref(), others.policy_id.as_ref())),
            ("Probability", is_other(self.allocation_probability.as_ref(), others.allocation_probability.as_ref())),
            ("Run", is_other(self.rl_run_id.as_ref(), others.rl_run_id.as_ref())),
        ];
        found.into_iter().filter(|(_, is_other)| *is_other).map(|(name, _)| name).collect()
    }

    /// Returns these labels, with missing ones taken from `others`.
    #[must_use]
    pub fn or(&self, others: &Self) -> Self {
        let or = |mine: &Option<String>, other: &Option<String>| mine.as_ref().or(other.as_ref()).cloned();
        Self {
            experiment_id: or(&self.experiment_id, &others.experiment_id),
            arm: or(&self.arm, &others.arm),
            policy_id: or(&self.policy_id, &others.policy_id),
            allocation_probability: self.allocation_probability.or(others.allocation_probability),
            rl_run_id: self.rl_run_id.or(others.rl_run_id),
        }
    }
}
