//! Answers that contradict the pages that they were given to.

use serde::Serialize;
use sqlx::PgConnection;

/// The ids of contradictory answers.
#[derive(Debug, Default, Serialize)]
pub struct Contradictions {
    /// The browser and the page disagree on whether the AI score was shown.
    pub ai_score: Vec<i32>,
    /// No page was served before the answer. Answers that are older than the first page on record are not listed.
    pub without_page: Vec<i32>,
    /// The page changed between its first view and the answer.
    pub page_changed: Vec<i32>,
}

impl Contradictions {
    pub fn is_empty(&self) -> bool {
        self.of_each_kind().iter().all(|(_, answers)| answers.is_empty())
    }

    /// Returns the description of each kind, with its answers.
    pub fn of_each_kind(&self) -> [(&'static str, &[i32]); 3] {
        [
            ("contradict their page on whether the AI score was shown", &self.ai_score),
            ("were given before a page was sent", &self.without_page),
            ("were given to a page that changed in the meantime", &self.page_changed),
        ]
    }

    /// Returns a sentence for each kind that occurs: `2 answers were given before a page was sent: 7, 9`. Lists at most `most` answers.
    pub fn sentences(&self, most: usize) -> Vec<String> {
        let found = self.of_each_kind().into_iter().filter(|(_, answers)| !answers.is_empty());
        found.map(|(problem, answers)| sentence(problem, answers, most)).collect()
    }
}

fn sentence(problem: &str, answers: &[i32], most: usize) -> String {
    let named: Vec<String> = answers.iter().take(most).map(i32::to_string).collect();
    let others = match answers.len().saturating_sub(most) {
        0 => String::new(),
        others => format!(" and {others} others"),
    };
    format!("{} answers {problem}: {}{others}", answers.len(), named.join(", "))
}

/// Finds contradictory answers.
pub async fn find(snapshot: &mut PgConnection) -> Result<Contradictions, sqlx::Error> {
    let found = sqlx::query!(
        r#"WITH page AS (
               SELECT exposure.id, task_id, user_email, case_id, ai_score,
                      count(*) OVER (PARTITION BY task_id, user_email, case_id ORDER BY exposure.id) AS number
               FROM exposure JOIN shown_page USING (sha256))
           SELECT array_agg(answer.id ORDER BY answer.id)
                    FILTER (WHERE ai_score_shown IS DISTINCT FROM (ai_score IS NOT NULL) AND page.id IS NOT NULL) AS ai_score,
                  array_agg(answer.id ORDER BY answer.id)
                    FILTER (WHERE page.id IS NULL
                              AND created_timestamp >= (SELECT min(first_shown_at) AT TIME ZONE 'UTC' FROM exposure)) AS without_page,
                  array_agg(answer.id ORDER BY answer.id) FILTER (WHERE page.number > 1) AS page_changed
           FROM answer LEFT JOIN page ON page.id = exposure_id"#
    )
    .fetch_one(snapshot)
    .await?;
    Ok(Contradictions {
        ai_score: found.ai_score.unwrap_or_default(),
        without_page: found.without_page.unwrap_or_default(),
        page_changed: found.page_changed.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_lists_the_first_answers_and_counts_the_others() {
        let found = Contradictions { without_page: vec![7, 9, 11], ..Contradictions::default() };

        assert_eq!(found.sentences(3), ["3 answers were given before a page was sent: 7, 9, 11"]);
        assert_eq!(found.sentences(2), ["3 answers were given before a page was sent: 7, 9 and 1 others"]);
        assert!(Contradictions::default().sentences(2).is_empty());
    }
}
