use chrono::NaiveDate;
use serde::Deserialize;

/// A patient at one visit. `title` is only for readers of the file. Concepts are given by name. Numbers are text, so that 36.60 keeps its
/// zero.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub gender: String,
    pub year_of_birth: i32,
    pub visit_date: NaiveDate,
    /// Family history, from the list of [`crate::observations::family_history`].
    pub family_history: Vec<String>,
    pub smoke: Vec<String>,
    pub alcohol: Vec<String>,
    /// Patient history, from the list of [`crate::observations::medical_history`].
    pub medical_history: Vec<String>,
    /// Texts of the risk models.
    pub risk: Vec<String>,
    pub chief_complaints: Vec<Complaint>,
    pub patient_reported: Vec<Complaint>,
    /// Names of finding concepts.
    pub abdominal: Vec<String>,
    pub vital_signs: VitalSigns,
    /// In kilograms.
    pub weight: String,
    /// In centimeters.
    pub height: String,
    /// 18, 22, 27 or 30: the values that the case tree shows as a category.
    pub bmi: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Complaint {
    pub concept: String,
    pub qualifier: Option<String>,
    pub text: Option<String>,
    pub number: Option<String>,
    pub unit: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct VitalSigns {
    /// Systolic and diastolic, in mmHg.
    pub blood_pressure: [String; 2],
    /// Per minute.
    pub heart_rate: String,
    /// In degrees Celsius.
    pub body_temperature: String,
    /// Per minute.
    pub respiratory_rate: String,
}
