use super::*;
use std::sync::Mutex;

fn request(limit: Option<&str>, cursor: Option<&str>) -> Result<PageRequest, String> {
    let parameters = PageParameters { limit: limit.map(str::to_owned), cursor: cursor.map(str::to_owned) };
    PageRequest::of(&parameters).map_err(|error| error.to_string())
}

fn page(request: PageRequest, rows: i32, answers: AnswerLimit) -> (usize, Option<Option<i32>>) {
    let rows: Vec<i32> = (1..=rows).collect();
    let fitting = answers.rows_that_fit(&rows).unwrap();
    let page = request.page(rows, fitting, |row| *row);
    (page.rows.len(), page.next_cursor)
}

#[test]
fn an_error_names_the_parameter() {
    for (limit, cursor, name) in
        [(Some("0"), None, "limit"), (Some("x"), None, "limit"), (Some(""), None, "limit"), (None, Some("x"), "cursor")]
    {
        let refusal = request(limit, cursor).unwrap_err();
        assert!(refusal.starts_with(&format!("400 Bad Request: {name}: ")), "{refusal}");
    }
}

#[test]
fn a_page_has_the_cursor_of_the_next_one() {
    let three = request(Some("3"), None).unwrap();

    assert_eq!(page(three, 4, AnswerLimit::default()), (3, Some(Some(3))));
    assert_eq!(page(three, 3, AnswerLimit::default()), (3, Some(None)));
}

#[test]
fn a_list_without_paging_is_complete_unless_it_is_too_large() {
    let all = request(None, None).unwrap();

    assert_eq!(page(all, 5000, AnswerLimit::default()), (5000, None));
    let (rows, next_cursor) = page(all, 5000, AnswerLimit::of(20_000));
    assert!((500..1500).contains(&rows), "16 KB are reserved, and each row has 2 to 5 bytes: {rows}");
    assert_eq!(next_cursor, Some(Some(i32::try_from(rows).unwrap())));
}

/// Reads a page of `list`. Returns the number of rows on it, its cursor, and how many rows each statement wanted.
async fn read(
    request: PageRequest,
    list: &[(i32, String)],
    answers: AnswerLimit,
) -> (usize, Option<Option<i32>>, Vec<Option<i64>>) {
    let wanted = Mutex::new(Vec::new());
    let read = async |after: Option<i32>, most: Option<i64>| {
        wanted.lock().unwrap().push(most);
        let behind = list.iter().filter(|(key, _)| after.is_none_or(|after| *key > after));
        Ok(behind.take(most.map_or(usize::MAX, |most| usize::try_from(most).unwrap())).cloned().collect())
    };
    let page = request.read(answers, |(key, _)| *key, read).await.unwrap();
    (page.rows.len(), page.next_cursor, wanted.into_inner().unwrap())
}

#[tokio::test]
async fn a_function_reads_only_a_few_large_rows() {
    let list: Vec<_> = (1..=300).map(|key| (key, "x".repeat(300_000))).collect();

    let (all, ten) = (request(None, None).unwrap(), request(Some("1000"), Some("10")).unwrap());

    assert_eq!(read(all, &list, AnswerLimit::of(1_000_000)).await, (3, Some(Some(3)), vec![Some(16)]));
    assert_eq!(read(ten, &list, AnswerLimit::of(1_000_000)).await, (3, Some(Some(13)), vec![Some(16)]));
    assert_eq!(read(all, &list, AnswerLimit::default()).await, (300, None, vec![None]));
}

#[tokio::test]
async fn a_page_of_small_rows_takes_few_statements() {
    let list: Vec<_> = (1..=200).map(|key| (key, "x".to_owned())).collect();
    let (all, page) = (request(None, None).unwrap(), request(Some("100"), None).unwrap());
    let answers = AnswerLimit::of(1_000_000);

    assert_eq!(read(all, &list, answers).await, (200, None, vec![Some(16), Some(48), Some(192)]));
    assert_eq!(read(page, &list, answers).await, (100, Some(Some(100)), vec![Some(16), Some(48), Some(37)]));
}

#[test]
fn rows_beside_a_large_answer_are_linked_if_none_fits() {
    let request = PageRequest::beside_the_rest();
    let (rows, next_cursor) = page(request, 3, AnswerLimit::of(16 * 1024));

    let response = request.linked((), "/runs", "", next_cursor);

    assert_eq!(rows, 0);
    assert_eq!(response.headers()[header::LINK], "</runs?limit=100>; rel=\"next\"");
    assert!(!request.linked((), "/runs", "", None).headers().contains_key(header::LINK));
}

#[test]
fn caps_the_limit() {
    assert_eq!(request(Some("1001"), None), request(Some("1000"), None));
    assert_eq!(request(None, Some("7")), Ok(PageRequest { limit: Some(100), after: Some(7), may_be_empty: false }));
}
