//! What becomes of a table's errors once its file is known.

use super::*;

#[test]
fn faults_name_the_id_the_line_and_the_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("train.csv");
    std::fs::write(&path, "Id;Target\r\na;28\r\n;1\r\nb;1\r\n").expect("written");
    let table = read_table(&path).expect("a table");
    let path = path.display();
    assert_eq!(
        table.faults,
        [
            Fault::new(
                format!("a, line 2 of {path}"),
                "there is no class 28: class numbers go from 0 to 27"
            ),
            Fault::new(format!("line 3 of {path}"), "the row has no id"),
        ]
    );
    assert_eq!(table.rows.len(), 1);
    assert_eq!(table.left_out, ["a"]);
}

#[test]
fn other_tables_are_refused_with_the_columns_they_have() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("train.csv");
    std::fs::write(&path, "name,labels\na,1\n").expect("written");
    let error = format!("{:#}", read_table(&path).expect_err("a refusal"));
    assert!(
        error.contains("train.csv") && error.ends_with("it has name, labels"),
        "{error}"
    );
}

#[test]
fn a_table_that_is_not_there_is_named() {
    let error = read_table(Path::new("/nowhere/train.csv")).expect_err("a refusal");
    assert!(
        format!("{error:#}").starts_with("cannot read the table of labels /nowhere/train.csv: ")
    );
}
