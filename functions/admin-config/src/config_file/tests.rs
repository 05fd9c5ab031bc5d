use super::*;

const HEADER: &str = "User,Case No.,Path,Collapse,Highlight,Top";

fn parse(rows: &str) -> Result<ConfigFile, ConfigFileError> {
    ConfigFile::parse(format!("{HEADER}\n{rows}").as_bytes())
}

fn refusal(file: &[u8]) -> String {
    ConfigFile::parse(file).unwrap_err().to_string()
}

fn only(rows: &str) -> Assignment {
    let mut assignments = parse(rows).unwrap().assignments;
    assert_eq!(assignments.len(), 1);
    assignments.remove(0)
}

#[test]
fn groups_rows_by_user_and_case_in_order_of_first_appearance() {
    let file = parse("b@c.d,2,A.x,,,\na@b.c,1,A.x,,,\nb@c.d,2,A.y,,,\na@b.c,2,A.z,,,\n").unwrap();

    let keys: Vec<_> =
        file.assignments.iter().map(|one| (one.user_email.as_str(), one.case_id, one.paths.len())).collect();
    assert_eq!(keys, [("b@c.d", 2, 2), ("a@b.c", 1, 1), ("a@b.c", 2, 1)]);
}

#[test]
fn styles_contain_only_the_values_of_the_row() {
    let assignment = only("a@b.c,1,A.x,TRUE,fAlSe,1\na@b.c,1,A.y,,,\na@b.c,1,A.z,,true,-2.50\n");

    assert_eq!(
        assignment.path_config.get(),
        r#"[{"path": "A.x", "style": {"collapse": true, "highlight": false, "top": 1.0}}, {"path": "A.y"}, {"path": "A.z", "style": {"highlight": true, "top": -2.5}}]"#
    );
}

#[test]
fn ids_match_the_old_system() {
    let ids = ["alice@contract.test,1,A.B,,,", "ünï@contract.test,9,Ünï.糖尿病: 是 😀,,,"].map(|row| only(row).id);

    assert_eq!(ids, ["b6e4dfdd7b075dc2afc9f8bece7d8d1d", "e0156460e5c553888594eb5146f78fec"]);
}

#[test]
fn trims_cells() {
    let assignment = only("  alice@contract.test ,\t1 ,  A.B\u{a0},  ,, \n");

    assert_eq!(assignment.id, "b6e4dfdd7b075dc2afc9f8bece7d8d1d");
}

#[test]
fn accepts_a_byte_order_mark_and_windows_line_ends() {
    let file = format!("\u{feff}{HEADER}\r\n\"a@b.c\",1,\"A.x, y\",,,\r\n\r\na@b.c,2,A.z,,,");

    let file = ConfigFile::parse(file.as_bytes()).unwrap();

    assert_eq!(file.assignments[0].paths[0].path, "A.x, y");
    assert_eq!(file.assignments[1].case_id, 2);
    assert!(file.notes.is_empty());
}

#[test]
fn finds_columns_by_name() {
    let file = ConfigFile::parse(b"Path,Arm,Case No.,Note,User\nA.x, ai ,1,?,a@b.c\nA.y,control,1,,a@b.c\n").unwrap();

    let [assignment] = &file.assignments[..] else { panic!("{file:?}") };
    assert_eq!(assignment.labels.arm.as_deref(), Some("ai"));
    assert_eq!(assignment.path_config.get(), r#"[{"path": "A.x"}, {"path": "A.y"}]"#);
}

#[test]
fn errors_name_the_row() {
    for (rows, error) in [
        (",1,A.B,,,", "row 2: User is empty"),
        ("a@b.c,1,A.B,,,\n  ,1,A.B,,,", "row 3: User is empty"),
        ("a@b.c,1,A.B,,,\r\n\r\n\r\na@b.c,,A.B,,,", "row 5: Case No. is empty"),
        ("a@b.c,1,\"A.B\nand more\",,,\na@b.c,one,A.B,,,", "row 4: Case No. is not an integer, or out of range"),
        ("a@b.c,1.0,A.B,,,", "row 2: Case No. is not an integer, or out of range"),
        ("a@b.c,99999999999,A.B,,,", "row 2: Case No. is not an integer, or out of range"),
        ("a@b.c,1,A.B,,,first", "row 2: Top is not a number"),
        ("a@b.c,1,A.B,,,nan", "row 2: Top is not a number"),
        ("a@b.c,1,A.B,,,-inf", "row 2: Top is not a number"),
        ("a@b.c,1,A.B,,,1e999", "row 2: Top is not a number"),
        ("a@b.c,1,ROOT,,,1", "row 2: Top needs a Path of two segments at least"),
        ("a@b.c,1,,,,1", "row 2: Top needs a Path of two segments at least"),
        ("a@b.c,x,,,,", "row 2: Case No. is not an integer, or out of range"),
        ("a@b.c,1", "row 2: there are 2 cells where the header has 6; is a quote not closed?"),
        ("a@b.c,1,\"A.B,,,\na@b.c,2,A.B,,,", "row 2: there are 3 cells where the header has 6; is a quote not closed?"),
        ("", "row 1: the file assigns nothing: no row has a Path"),
        ("a@b.c,1,,,,", "row 1: the file assigns nothing: no row has a Path"),
    ] {
        assert_eq!(parse(rows).unwrap_err().to_string(), error, "{rows}");
    }
}

#[test]
fn explains_why_a_file_is_not_valid() {
    assert!(refusal(b"").starts_with("row 1: the header has no column User"));
    assert!(refusal(b"User;Case No.;Path\na@b.c;1;A.B\n").contains("semicolons"));
    assert!(refusal(b"User\tCase No.\tPath\na@b.c\t1\tA.B\n").contains("tabs"));
    assert!(refusal(b"user,case,path\na@b.c,1,A.B\n").contains("no column User"));
    assert!(refusal(b"User,Case No.\na@b.c,1\n").contains("no column Path"));
    assert!(refusal(b"\xff\xfeU\0s\0e\0r\0").starts_with("row 1: the file is not UTF-8"));
    assert!(refusal(b"User,Case No.,Path\na@b.c,1,A.B\n\xff@b.c,1,A.B\n").starts_with("row 3: the file is not UTF-8"));
    assert!(refusal(b"User,Case No.,Path\na\0@b.c,1,A.B\n").starts_with("row 2: the NUL character"));
}

#[test]
fn refuses_values_that_the_table_cannot_hold() {
    let (long_user, long_label) = ("x".repeat(255), "é".repeat(101));
    let labelled = format!("User,Case No.,Path,Policy\na@b.c,1,A.B,{long_label}\n");

    assert_eq!(parse(&format!("{long_user},1,A.B,,,")).unwrap_err().problem, Problem::LongUser);
    assert!(refusal(labelled.as_bytes()).ends_with("Policy is longer than 100 characters"));
}

#[test]
fn accepts_the_longest_values_that_the_table_can_hold() {
    let (user, label, id) = ("x".repeat(254), "é".repeat(100), "é".repeat(254));
    let file = format!("{HEADER},Experiment,Arm,Policy,Assignment\n{user},1,A.B,,,,{label},{label},{label},{id}");

    let file = ConfigFile::parse_for_command(file.as_bytes()).unwrap();

    let assignment = &file.assignments[0];
    assert_eq!((&assignment.user_email, &assignment.id), (&user, &id));
    assert_eq!(assignment.labels.policy_id.as_deref(), Some(label.as_str()));
}

#[test]
fn notes_ambiguous_values() {
    let file = parse("a@b.c,1,A.x,yes,FALSE,\na@b.c,1,,,,\na@b.c,1,A.Rash, itchy,,,\n").unwrap();

    assert_eq!(
        file.notes.iter().map(Note::to_string).collect::<Vec<_>>(),
        [
            "row 2: Collapse is neither TRUE nor FALSE and counts as FALSE",
            "row 3: has no Path and is left out",
            "row 4: Collapse is neither TRUE nor FALSE and counts as FALSE",
            "row 4: has more cells than the header; does a comma need quotes?",
        ]
    );
}

#[test]
fn skips_rows_of_empty_cells_and_accepts_carriage_returns() {
    assert_eq!(only("a@b.c,1,A.x,,,\n,,,,,\n\n").paths.len(), 1);

    let file = format!("{HEADER}\ra@b.c,1,A.x,,,\ra@b.c,x,A.y,,,\r");

    assert!(refusal(file.as_bytes()).contains("row 3"), "{}", refusal(file.as_bytes()));
}

#[test]
fn routes_ignore_run_and_assignment_and_find_columns_by_their_exact_names() {
    let file = b"User,Case No.,Path,Run,Assignment, Arm\na@b.c,1,A.x,seven,x,ai\na@b.c,1,A.y,8,y,ai\n";

    let file = ConfigFile::parse(file).unwrap();

    let [assignment] = &file.assignments[..] else { panic!("{file:?}") };
    assert_eq!((assignment.paths.len(), &assignment.labels), (2, &Labels::default()));
    assert!(file.notes.is_empty() && !assignment.is_named && assignment.id.len() == 32);
}

#[test]
fn the_command_line_groups_rows_by_the_id_that_they_name() {
    let file = b"User,case no.,Path, assignment,Run\na@b.c,1,A.x,x,7\na@b.c,1,A.y,y,\na@b.c,1,A.z,x,7\n";

    let file = ConfigFile::parse_for_command(file).unwrap();

    let read = file.assignments.iter().map(|one| (one.id.as_str(), one.labels.rl_run_id, one.paths.len()));
    assert_eq!(read.collect::<Vec<_>>(), [("x", Some(7), 2), ("y", None, 1)]);
    assert!(file.notes.is_empty(), "{:?}", file.notes);
}

#[test]
fn notes_labels_that_differ_from_the_first_row_but_no_missing_ones() {
    let file = b"User,Case No.,Path,Arm,Probability\na@b.c,1,A.x,ai,\na@b.c,1,A.y,,\na@b.c,1,A.z,control,0.5\n";

    let file = ConfigFile::parse(file).unwrap();

    let notes: Vec<_> = file.notes.iter().map(Note::to_string).collect();
    assert_eq!(notes, ["row 4: other Arm, Probability than in row 2, which counts"]);
}
