//! Detects CSV cells that spreadsheets misinterpret.

use export::value::Value;

/// Counts texts that a spreadsheet treats as formulas (OWASP, CSV injection). The file keeps them, because they are data.
#[derive(Debug, Default)]
pub struct Spreadsheet {
    pub formulas: u64,
}

impl Spreadsheet {
    pub fn count(&mut self, values: &[Value<'_>]) {
        let is_formula = |value: &&Value<'_>| match value {
            Value::Text(text) => is_formula(text),
            // lists and objects begin with a bracket
            Value::Json(json) => json.strip_prefix('"').is_some_and(is_formula),
            _ => false,
        };
        self.formulas += values.iter().filter(is_formula).map(|_| 1).sum::<u64>();
    }
}

fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::is_formula;

    #[test]
    fn a_number_is_not_a_formula() {
        for (cell, is_one) in
            [("=1+1", true), ("@SUM(A1)", true), ("- none", true), ("-5", false), ("+1.5", false), ("a=b", false)]
        {
            assert_eq!(is_formula(cell), is_one, "{cell}");
        }
    }
}
