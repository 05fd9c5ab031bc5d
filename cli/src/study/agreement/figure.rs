//! The figures of a study: names, definitions and calculations.

use serde::Serialize;

use super::scale::Scale;
use crate::study::statistics::{
    Case, Distance, auc, fleiss_kappa, icc_2_1, krippendorff_alpha, mean_auc, mean_cohen_kappa, percent_agreement,
    sensitivity, specificity,
};

/// A figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    PercentAgreement,
    CohenKappa,
    FleissKappa,
    AlphaNominal,
    AlphaOrdinal,
    AlphaInterval,
    #[serde(rename = "icc_2_1")]
    Icc,
    Sensitivity,
    Specificity,
    Auc,
    MeanAuc,
}

/// The figures that need no truth.
pub const OF_AGREEMENT: [Figure; 7] = [
    Figure::PercentAgreement,
    Figure::CohenKappa,
    Figure::FleissKappa,
    Figure::AlphaNominal,
    Figure::AlphaOrdinal,
    Figure::AlphaInterval,
    Figure::Icc,
];

/// The figures that compare answers with the truth.
pub const OF_ACCURACY: [Figure; 4] = [Figure::Sensitivity, Figure::Specificity, Figure::Auc, Figure::MeanAuc];

/// Inputs of a figure, apart from cases.
pub struct Setting<'a> {
    pub readers: usize,
    pub scale: &'a Scale,
    /// For each category, whether it is positive, if the command line says so.
    pub positive: Option<&'a [bool]>,
}

impl Figure {
    pub fn name(self) -> &'static str {
        match self {
            Self::PercentAgreement => "percent agreement",
            Self::CohenKappa => "Cohen's kappa",
            Self::FleissKappa => "Fleiss' kappa",
            Self::AlphaNominal => "alpha, nominal",
            Self::AlphaOrdinal => "alpha, ordinal",
            Self::AlphaInterval => "alpha, interval",
            Self::Icc => "ICC(2,1)",
            Self::Sensitivity => "sensitivity",
            Self::Specificity => "specificity",
            Self::Auc => "AUC, pooled",
            Self::MeanAuc => "AUC, mean",
        }
    }

    pub fn definition(self) -> &'static str {
        match self {
            Self::PercentAgreement => {
                "the share of pairs of answers to one case that are equal, as a mean over cases with two or more answers (1 = 100 %)"
            }
            Self::CohenKappa => {
                "Cohen 1960, unweighted; of more than two participants the mean over pairs with two or more cases in common (Light 1971)"
            }
            Self::FleissKappa => {
                "Fleiss 1971; where cases have different numbers of answers, Gwet's generalisation (Handbook of Inter-Rater Reliability, 2014)"
            }
            Self::AlphaNominal => "Krippendorff 2011, answers are equal or not; missing answers are allowed",
            Self::AlphaOrdinal => "Krippendorff 2011, by the order of the answers",
            Self::AlphaInterval => "Krippendorff 2011, by squared differences of the answers' numbers",
            Self::Icc => {
                "Shrout and Fleiss 1979 (McGraw and Wong's ICC(A,1)): two-way random effects, absolute agreement, one participant; over the cases that all participants have answered"
            }
            Self::Sensitivity => "the share of positive answers among all answers to cases with the condition",
            Self::Specificity => "the share of negative answers among all answers to cases without the condition",
            Self::Auc => {
                "the empirical area under the ROC curve of all answers together (Mann and Whitney; equal answers count half)"
            }
            Self::MeanAuc => {
                "the mean of the participants' empirical areas, as iMRMC has it; without those who have no case of both kinds"
            }
        }
    }

    /// Calculates the figure, or `None` if it is undefined.
    pub fn of(self, cases: &[&Case], setting: &Setting<'_>) -> Option<f64> {
        let Setting { readers, scale, positive } = *setting;
        let categories = scale.categories();
        let alpha = |distance| krippendorff_alpha(cases, categories, distance);
        match self {
            Self::PercentAgreement => percent_agreement(cases),
            Self::CohenKappa => mean_cohen_kappa(cases, readers, categories),
            Self::FleissKappa => fleiss_kappa(cases, categories),
            Self::AlphaNominal => alpha(Distance::Nominal),
            Self::AlphaOrdinal => scale.is_ordered().then(|| alpha(Distance::Ordinal))?,
            Self::AlphaInterval => alpha(Distance::Interval(scale.numbers()?)),
            Self::Icc => icc_2_1(cases, readers, scale.numbers()?),
            Self::Sensitivity => sensitivity(cases, positive?),
            Self::Specificity => specificity(cases, positive?),
            Self::Auc => scale.is_ordered().then(|| auc(cases, categories))?,
            Self::MeanAuc => scale.is_ordered().then(|| mean_auc(cases, readers, categories))?,
        }
    }

    /// Returns why it is undefined.
    pub fn why_not(self, setting: &Setting<'_>) -> &'static str {
        let Setting { scale, positive, .. } = setting;
        match self {
            Self::AlphaOrdinal | Self::Auc | Self::MeanAuc if !scale.is_ordered() => {
                "the options have no order: add --ordered if they are listed in order"
            }
            Self::AlphaInterval | Self::Icc if scale.numbers().is_none() => "the options are not numbers",
            Self::Sensitivity | Self::Specificity if positive.is_none() => {
                "no answers are positive: add --positive or --positive-from"
            }
            Self::Icc => "needs two participants, two cases that all of them have answered, and answers that differ",
            Self::Sensitivity => "no answer to a case with the condition",
            Self::Specificity => "no answer to a case without the condition",
            Self::Auc | Self::MeanAuc => "needs answers to cases with the condition and without",
            Self::PercentAgreement => "no case has two answers",
            _ => "needs two answers to a case, and answers that differ",
        }
    }
}

/// Returns the definitions for the help text.
pub fn help() -> String {
    let lines = OF_AGREEMENT.iter().chain(&OF_ACCURACY);
    let lines: Vec<String> = lines.map(|figure| format!("  {:<18} {}", figure.name(), figure.definition())).collect();
    format!(
        "\
Figures and their definitions:
{}

Intervals are percentiles of a bootstrap over cases: cases are drawn with replacement, with all their answers, and participants stay.
Of a participant's answers to one case in one arm the first counts.

Examples:
  augmed study agreement \"risk of colorectal cancer\"
  augmed study agreement risk --truth truth.csv --positive-from Moderate --imrmc study.imrmc
  augmed --json study agreement risk --resamples 10000 --seed protocol-7",
        lines.join("\n")
    )
}
