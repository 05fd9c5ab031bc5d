/// The table whose ids a column contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdsOf {
    Table(String),
    /// The table named by the concept in this cell.
    NamedBy(usize),
}
