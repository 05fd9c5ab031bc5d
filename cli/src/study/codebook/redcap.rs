//! Writes the codebook as a REDCap data dictionary: 18 columns, with an instrument for each export.

use std::collections::HashSet;

use csv::Writer;
use export::value::Kind;

use super::entry::Entry;
use super::spreadsheet::text;
use crate::failure::Failure;

const HEADER: [&str; 18] = [
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
];

/// REDCap's limit for names.
const MAX_NAME_LENGTH: usize = 100;

pub fn dictionary(entries: &[Entry]) -> Result<String, Failure> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    let first = entries.first().map_or("analysis", |entry| entry.export.name);
    // REDCap's first field is the record's number
    let record = Field { name: "record_id", form: first, kind: "text", label: "Record", ..Field::default() };
    writer.write_record(record.cells())?;
    let mut taken = HashSet::from(["record_id".to_owned()]);
    for entry in entries {
        let column = &entry.described.column;
        let name = unique(&name(entry.export.name, &column.name), &mut taken);
        let label = entry.described.question.as_deref().unwrap_or(&column.name);
        let unit = column.unit.map(|unit| format!(", in {unit}")).unwrap_or_default();
        let (kind, choices) = field(entry);
        let note = match entry.values() {
            values if choices.is_empty() && !values.is_empty() => format!("{}{unit}: {values}", column.about),
            _ => format!("{}{unit}", column.about),
        };
        let identifier = if ["user_email", "User"].contains(&&*column.name) { "y" } else { "" };
        let (form, validation) = (entry.export.name, validation(column.kind, kind));
        let field = Field { name: &name, form, kind, label, choices: &choices, note: &note, validation, identifier };
        writer.write_record(field.cells())?;
    }
    text(writer)
}

/// A row of the dictionary; unset cells are empty.
#[derive(Default)]
struct Field<'a> {
    name: &'a str,
    form: &'a str,
    kind: &'a str,
    label: &'a str,
    choices: &'a str,
    note: &'a str,
    validation: &'a str,
    identifier: &'a str,
}

impl<'a> Field<'a> {
    fn cells(&self) -> [&'a str; 18] {
        let mut cells = [""; 18];
        for (place, cell) in [
            (0, self.name),
            (1, self.form),
            (3, self.kind),
            (4, self.label),
            (5, self.choices),
            (6, self.note),
            (7, self.validation),
            (10, self.identifier),
        ] {
            cells[place] = cell;
        }
        cells
    }
}

/// Returns the type of a field, and its choices: `2, Low | 3, Moderate`. Text values are not codes, and have no choices.
fn field(entry: &Entry) -> (&'static str, String) {
    let choices = &entry.described.choices;
    let label = |label: &str| label.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "/");
    match entry.described.column.kind {
        Kind::Boolean => ("radio", "True, True | False, False".to_owned()),
        Kind::Integer if !choices.is_empty() => {
            let choices = choices.iter().map(|choice| format!("{}, {}", choice.value, label(&choice.label)));
            ("radio", choices.collect::<Vec<_>>().join(" | "))
        }
        Kind::Json => ("notes", String::new()),
        Kind::Text if entry.described.question.is_some() && choices.is_empty() => ("notes", String::new()),
        _ => ("text", String::new()),
    }
}

/// Returns the validation of a field. Times of exports are more precise than REDCap's, and have a zone, so they are text.
fn validation(of: Kind, field: &str) -> &'static str {
    match of {
        Kind::Integer | Kind::Unsigned if field == "text" => "integer",
        Kind::Float => "number",
        Kind::Date => "date_ymd",
        _ => "",
    }
}

/// Returns a name of lower-case letters, digits and underscores.
fn name(export: &str, column: &str) -> String {
    let all = format!("{export}_{}", column.to_lowercase());
    let parts = all.split(|character: char| !character.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("_")
}

fn unique(name: &str, taken: &mut HashSet<String>) -> String {
    let cut = |length: usize| name.chars().take(length).collect::<String>().trim_end_matches('_').to_owned();
    let numbered = (2..).map(|number: u32| {
        let end = format!("_{number}");
        cut(MAX_NAME_LENGTH - end.len()) + &end
    });
    let unique = [cut(MAX_NAME_LENGTH)].into_iter().chain(numbered).find(|name| taken.insert(name.clone()));
    unique.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_lower_case_letters_digits_and_underscores_and_is_unique() {
        let mut taken = HashSet::new();

        let names = ["Age (shown)", "age: shown?", &"x".repeat(120)]
            .map(|column| unique(&name("analysis", column), &mut taken));

        assert_eq!(names[..2], ["analysis_age_shown", "analysis_age_shown_2"]);
        assert_eq!(names[2].len(), MAX_NAME_LENGTH);
    }
}
