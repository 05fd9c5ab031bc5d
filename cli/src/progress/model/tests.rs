use super::*;

fn day(text: &str, answers: i64) -> Day {
    Day { day: text.parse().unwrap(), answers }
}

fn account(is_active: bool, has_password: bool, last_answer: Option<&str>) -> Account {
    let at = |text: &str| text.parse().unwrap();
    let changed = Some(StoredTime(Some(at("2026-03-01T08:00:00"))));
    let last_answer = last_answer.map(at);
    Account { id: 1, email: "a@study.test".to_owned(), is_active, has_password, changed, last_answer }
}

#[test]
fn the_expected_end_follows_the_pace_of_the_last_seven_days() {
    let days = [day("2026-03-01", 99), day("2026-03-03", 10), day("2026-03-09", 4), day("2026-03-10", 50)];
    let today = "2026-03-10".parse().unwrap();

    assert_eq!(answers_of_last_week(&days, today), 14);
    assert_eq!(expected_end(5, 14, today), Some("2026-03-13".parse().unwrap()));
    assert_eq!(expected_end(5, 0, today), None);
    assert_eq!(expected_end(0, 14, today), None);
}

#[test]
fn the_week_before_new_year_and_a_leap_day_has_seven_days() {
    for (today, first, last) in [
        ("2027-01-01", "2026-12-25", "2026-12-31"),
        ("2028-03-01", "2028-02-23", "2028-02-29"),
        ("2028-02-29", "2028-02-22", "2028-02-28"),
        ("9999-12-31", "9999-12-24", "9999-12-30"),
    ] {
        let today: NaiveDate = today.parse().unwrap();
        let before = first.parse::<NaiveDate>().unwrap() - Days::new(1);
        let days = [(before, 1), (first.parse().unwrap(), 10), (last.parse().unwrap(), 100), (today, 1000)];
        let days = days.map(|(day, answers)| Day { day, answers });

        assert_eq!(answers_of_last_week(&days, today), 110, "{today}");
    }
}

#[test]
fn the_expected_end_may_be_after_new_year_and_a_leap_day() {
    for (today, end) in [("2026-12-31", "2027-01-02"), ("2028-02-28", "2028-03-01"), ("2027-02-27", "2027-03-01")] {
        assert_eq!(expected_end(2, 7, today.parse().unwrap()), Some(end.parse().unwrap()), "{today}");
    }
    assert_eq!(expected_end(i64::MAX, 1, "9999-12-31".parse().unwrap()), None, "beyond the range of dates");
}

#[test]
fn a_participant_with_an_answer_in_the_future_is_not_stuck() {
    let before = account(true, true, Some("2026-10-25T02:30:00"));
    let work = Work { assigned: 2, answered: 1, remaining: 1, ..Work::default() };

    let an_hour_back: DateTime<Utc> = "2026-10-25T01:30:00Z".parse().unwrap();

    assert_eq!(Participant::of(before, work, an_hour_back).state, State::Working);
}

#[test]
fn a_participant_who_could_continue_but_does_not_is_stuck() {
    let stuck_before = "2026-03-05T00:00:00Z".parse().unwrap();
    let work = |answered, remaining| Work { assigned: 5, answered, remaining, ..Work::default() };
    for (account, work, state) in [
        (account(true, true, Some("2026-03-04T23:59:59")), work(2, 3), State::Stuck),
        (account(true, true, Some("2026-03-05T00:00:01")), work(2, 3), State::Working),
        (account(true, true, None), work(0, 5), State::Stuck),
        (account(true, true, Some("2026-03-01T00:00:00")), work(5, 0), State::Done),
        (account(false, false, None), work(0, 5), State::Invited),
        (account(false, true, None), work(1, 4), State::Deactivated),
        (account(true, true, None), Work::default(), State::NothingAssigned),
    ] {
        assert_eq!(Participant::of(account, work, stuck_before).state, state);
    }
}
