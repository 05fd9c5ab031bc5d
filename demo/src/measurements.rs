//! Measurements and findings of a case's visit: rows of `measurement` (OMOP CDM 5.4).

use std::collections::HashMap;

use serde::Serialize;

use crate::case::Case;

/// A row; ids and date are those of the case.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Measurement {
    measurement_concept_id: i32,
    measurement_type_concept_id: i32,
    value_as_number: Option<String>,
    value_as_concept_id: Option<i32>,
    unit_concept_id: Option<i32>,
}

/// Returns all rows of a case.
pub(crate) fn of(case: &Case, concept_ids: &HashMap<&str, i32>) -> Vec<Measurement> {
    let ehr = concept_ids["EHR"];
    let finding = |concept: &str, found: &String| Measurement {
        measurement_concept_id: concept_ids[concept],
        measurement_type_concept_id: ehr,
        value_as_concept_id: Some(concept_ids[&**found]),
        ..Measurement::default()
    };
    let number = |concept: &str, value: &String, unit: Option<&str>| Measurement {
        measurement_concept_id: concept_ids[concept],
        measurement_type_concept_id: ehr,
        value_as_number: Some(value.clone()),
        unit_concept_id: unit.map(|name| concept_ids[name]),
        ..Measurement::default()
    };
    let signs = &case.vital_signs;
    let mut rows: Vec<_> = case.abdominal.iter().map(|found| finding("Abdominal", found)).collect();
    rows.extend(
        signs.blood_pressure.iter().map(|value| number("Blood pressure", value, Some("millimeter mercury column"))),
    );
    rows.extend([
        number("Heart rate", &signs.heart_rate, Some("per minute")),
        number("Body temperature", &signs.body_temperature, Some("degree Celsius")),
        number("Respiratory rate", &signs.respiratory_rate, Some("per minute")),
        number("Body weight", &case.weight, Some("kilogram")),
        number("Body height", &case.height, Some("centimeter")),
        number("BMI (body mass index) centile", &case.bmi, None),
    ]);
    rows
}

#[cfg(test)]
mod tests {
    use crate::study::Study;

    #[test]
    fn the_body_mass_index_fits_weight_and_height() {
        for case in Study::embedded().cases {
            let [weight, height]: [f64; 2] = [&case.weight, &case.height].map(|text| text.parse().unwrap());
            let category = match weight / (height / 100.0).powi(2) {
                ..18.5 => "18",
                ..25.0 => "22",
                ..30.0 => "27",
                _ => "30",
            };
            assert_eq!(case.bmi, category, "{weight} kg, {height} cm");
        }
    }
}
