//! The text of observations and measurements (contract, section 4).

use std::borrow::Cow;

use crate::case::{Measurement, Observation, Vocabulary};
use crate::decimal;

/// Body mass index, measured in percentiles but shown as a category.
pub const BMI_CONCEPT_ID: i32 = 40_490_382;

impl Observation {
    /// Formats `qualifier : value unit`; `None` without a value, even if there is a unit.
    pub fn text(&self, vocabulary: &Vocabulary) -> Option<String> {
        let value = not_empty(self.value_as_string.as_deref())
            .or_else(|| not_zero(self.value_as_number.as_deref()).map(decimal::python_text))
            .or_else(|| vocabulary.name_if_any(self.value_as_concept_id).map(Cow::Borrowed))
            .or_else(|| not_empty(self.unit_source_value.as_deref()))?;
        let qualifier = vocabulary.name_if_any(self.qualifier_concept_id).map(|name| [name, " : "]);
        Some(with_unit(qualifier, &value, vocabulary.name_if_any(self.unit_concept_id)))
    }
}

impl Measurement {
    /// Formats `operator value unit`; `None` without a value, even if there is a unit.
    pub fn text(&self, vocabulary: &Vocabulary) -> Option<String> {
        let value = not_zero(self.value_as_number.as_deref())
            .map(|number| match self.measurement_concept_id {
                BMI_CONCEPT_ID => Cow::Borrowed(bmi_category(number)),
                _ => decimal::python_text(number),
            })
            .or_else(|| vocabulary.name_if_any(self.value_as_concept_id).map(Cow::Borrowed))
            .or_else(|| not_empty(self.unit_source_value.as_deref()))?;
        let operator = vocabulary.name_if_any(self.operator_concept_id).map(|name| [name, " "]);
        Some(with_unit(operator, &value, vocabulary.name_if_any(self.unit_concept_id)))
    }
}

fn not_empty(text: Option<&str>) -> Option<Cow<'_, str>> {
    text.filter(|text| !text.is_empty()).map(Cow::Borrowed)
}

fn not_zero(numeric: Option<&str>) -> Option<&str> {
    numeric.filter(|numeric| !decimal::is_zero(numeric))
}

fn bmi_category(numeric: &str) -> &str {
    match decimal::integer_part(numeric) {
        "18" => "Underweight",
        "22" => "Normal",
        "27" => "Overweight",
        "30" => "Obese",
        integer => integer,
    }
}

fn with_unit(prefix: Option<[&str; 2]>, value: &str, unit: Option<&str>) -> String {
    let [name, separator] = prefix.unwrap_or_default();
    match unit {
        Some(unit) => [name, separator, value, " ", unit].concat(),
        None => [name, separator, value].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KILOGRAM: Option<i32> = Some(1);
    const NORMAL: Option<i32> = Some(2);
    const SEVERE: Option<i32> = Some(3);
    const ABOVE: Option<i32> = Some(4);
    const NO_MATCHING_CONCEPT: Option<i32> = Some(0);
    const UNKNOWN: Option<i32> = Some(999);

    fn vocabulary() -> Vocabulary {
        [(0, "No matching concept"), (1, "kilogram"), (2, "Normal"), (3, "Severe"), (4, "above")].into_iter().collect()
    }

    fn observed(observation: &Observation) -> Option<String> {
        observation.text(&vocabulary())
    }

    fn measured(measurement: &Measurement) -> Option<String> {
        measurement.text(&vocabulary())
    }

    fn bmi(number: &str) -> Option<String> {
        measured(&Measurement {
            measurement_concept_id: BMI_CONCEPT_ID,
            value_as_number: Some(number.to_owned()),
            ..Measurement::default()
        })
    }

    #[test]
    fn an_observation_shows_its_first_value() {
        let mut row = Observation {
            value_as_string: Some("by the text".to_owned()),
            value_as_number: Some("36.60".to_owned()),
            value_as_concept_id: NORMAL,
            unit_source_value: Some("per visit".to_owned()),
            ..Observation::default()
        };

        assert_eq!(observed(&row).as_deref(), Some("by the text"));
        row.value_as_string = Some(String::new());
        assert_eq!(observed(&row).as_deref(), Some("36.60"));
        row.value_as_number = Some("0.00".to_owned());
        assert_eq!(observed(&row).as_deref(), Some("Normal"));
        row.value_as_concept_id = NO_MATCHING_CONCEPT;
        assert_eq!(observed(&row).as_deref(), Some("per visit"));
        row.unit_source_value = Some(String::new());
        assert_eq!(observed(&row), None);
    }

    #[test]
    fn an_observation_is_formatted_with_qualifier_and_unit() {
        let row = Observation {
            value_as_number: Some("12".to_owned()),
            unit_concept_id: KILOGRAM,
            qualifier_concept_id: SEVERE,
            ..Observation::default()
        };

        assert_eq!(observed(&row).as_deref(), Some("Severe : 12 kilogram"));
    }

    #[test]
    fn unit_and_qualifier_alone_are_not_a_value() {
        let row = Observation { unit_concept_id: KILOGRAM, qualifier_concept_id: SEVERE, ..Observation::default() };

        assert_eq!(observed(&row), None);
    }

    #[test]
    fn zero_or_missing_concepts_add_nothing() {
        for concept in [NO_MATCHING_CONCEPT, UNKNOWN] {
            let row = Observation {
                value_as_string: Some("text".to_owned()),
                unit_concept_id: concept,
                qualifier_concept_id: concept,
                ..Observation::default()
            };
            assert_eq!(observed(&row).as_deref(), Some("text"));
        }
    }

    #[test]
    fn a_measurement_is_formatted_with_operator_and_unit() {
        let row = Measurement {
            value_as_number: Some("81.50".to_owned()),
            unit_concept_id: KILOGRAM,
            operator_concept_id: ABOVE,
            ..Measurement::default()
        };

        assert_eq!(measured(&row).as_deref(), Some("above 81.50 kilogram"));
    }

    #[test]
    fn a_measurement_without_a_number_shows_its_concept_or_source() {
        let mut row = Measurement {
            value_as_concept_id: NORMAL,
            unit_source_value: Some("96 %".to_owned()),
            ..Measurement::default()
        };

        assert_eq!(measured(&row).as_deref(), Some("Normal"));
        row.value_as_concept_id = None;
        assert_eq!(measured(&row).as_deref(), Some("96 %"));
    }

    #[test]
    fn body_mass_index_is_shown_as_a_category_or_an_integer() {
        let shown = ["18.99", "22", "27.4", "30.9", "25.9", "0.4"].map(|number| bmi(number).unwrap());

        assert_eq!(shown, ["Underweight", "Normal", "Overweight", "Obese", "25", "0"]);
    }

    #[test]
    fn shows_nan_and_infinity_unchanged() {
        assert_eq!(bmi("NaN").as_deref(), Some("NaN"));
        assert_eq!(bmi("Infinity").as_deref(), Some("Infinity"));
    }
}
