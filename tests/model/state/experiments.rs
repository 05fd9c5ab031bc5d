//! Experiments and their runs.

use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub struct Experiment {
    pub id: Value,
    pub status: &'static str,
    /// Oldest first.
    pub runs: Vec<Run>,
}

#[derive(Clone, Debug)]
pub struct Run {
    pub id: Value,
    pub status: &'static str,
}

/// All experiments, oldest first.
#[derive(Clone, Debug)]
pub struct Experiments(pub Vec<Experiment>);

impl Default for Experiments {
    fn default() -> Self {
        let of = |id: &str, status, runs| Experiment { id: json!(id), status, runs };
        let run = |id: i32, status| Run { id: json!(id), status };
        Self(vec![
            of("exp-alpha", "active", vec![run(1, "completed"), run(2, "pending")]),
            of("exp-beta", "paused", Vec::new()),
            of("exp-gamma", "archived", Vec::new()),
        ])
    }
}

impl Run {
    pub fn shown(&self) -> Value {
        json!({"id": self.id, "status": self.status})
    }
}

impl Experiment {
    pub fn shown(&self) -> Value {
        json!({"experiment_id": self.id, "status": self.status})
    }

    pub fn shown_runs(&self) -> Vec<Value> {
        self.runs.iter().rev().map(Run::shown).collect()
    }
}

/// Returns whether a run may report `to` in status `from`: the same status, or the next one (pending, running, completed or failed).
pub fn may_become(from: &str, to: &str) -> bool {
    from == to || matches!((from, to), ("pending", "running") | ("running", "completed" | "failed"))
}
