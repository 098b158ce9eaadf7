//! Tables of labels as people have them, some with faults.

use super::*;

fn read(content: &[u8]) -> Result<LabelTable> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("train.csv");
    std::fs::write(&path, content).expect("written");
    read_table(&path)
}

fn rows(content: &str) -> Vec<(String, String)> {
    let table = read(content.as_bytes()).expect("a table");
    assert_eq!(table.faults, []);
    let rows = table.rows.into_iter();
    rows.map(|(id, labels)| (id, labels.to_string())).collect()
}

/// The faults of a table, without the temporary folder's path.
fn faults(content: &str) -> Vec<String> {
    let table = read(content.as_bytes()).expect("a table");
    let faults = table.faults.iter().map(ToString::to_string);
    faults
        .map(
            |text| match (text.find(" of /"), text.ends_with("train.csv")) {
                (Some(end), true) => text[..end].to_owned(),
                _ => panic!("the table is not named: {text}"),
            },
        )
        .collect()
}

fn pairs(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |&(id, labels): &(&str, &str)| (id.to_owned(), labels.to_owned());
    rows.iter().map(owned).collect()
}

#[test]
fn the_table_of_2018() {
    let expected = pairs(&[("a", "0 16"), ("b", ""), ("c", "27")]);
    assert_eq!(rows("Id,Target\na,16 0\nb,\nc,27\n"), expected);
}

#[test]
fn byte_order_marks_line_ends_quotes_spaces_and_blank_lines_do_no_harm() {
    let expected = pairs(&[("a", "0 16"), ("b", "7")]);
    for content in [
        "\u{feff}Id,Target\na,16 0\nb,7\n",
        "Id,Target\r\na,16 0\r\nb,7\r\n\r\n \r\n",
        "\"Id\",\"Target\"\n\"a\",\"16 0\"\n\"b\",\"7\"",
        " Id , Target \n a ,  16   0 \n\n b , 7\n\n\n",
        "Target,Notes,Id\n16 0,,a\n7,\"one, two\",b\n",
        "\u{feff}\"Id\",Target\r\na,16 0\r\nb,7",
    ] {
        assert_eq!(rows(content), expected, "{content:?}");
    }
}

#[test]
fn the_table_of_2021_becomes_our_classes_by_name() {
    // The first eight are the same; then intermediate and actin filaments, microtubules, spindle,
    // centrosome, membrane, mitochondria, aggresome and cytosol; and none for negative.
    let expected = pairs(&[
        ("a", "0 1 2 3 4 5 6 7"),
        ("b", "11 12 14 17 19 21"),
        ("c", "23 24 25"),
        ("d", ""),
        ("e", "25"),
    ]);
    assert_eq!(
        rows("ID,Label\na,7|0|1|2|3|4|5|6\nb,8|9|10|11|12|13\nc,14|15| 16\nd,18\ne,16|18\n"),
        expected
    );
}

#[test]
fn every_class_of_2021_but_two_is_one_of_ours() {
    let strangers: Vec<_> = SINGLE_CELL_CLASSES
        .iter()
        .filter(|name| !LOCATIONS.contains(name))
        .collect();
    assert_eq!(
        strangers,
        [&"Vesicles and punctate cytosolic patterns", &"Negative"]
    );
}

#[test]
fn a_class_of_2021_without_counterpart_leaves_its_row_out() {
    let content = "ID,Label\na,0\nb,17|0\nc,\nd,19\n";
    assert_eq!(
        faults(content),
        [
            "the class 17, Vesicles and punctate cytosolic patterns, is no single one of ours: b, line 3",
            "a label must be a class number of 2021, from 0 to 18, not \"\": c, line 4",
            "a label must be a class number of 2021, from 0 to 18, not \"19\": d, line 5",
        ]
    );
    assert_eq!(read(content.as_bytes()).expect("a table").rows.len(), 1);
}

#[test]
fn faulty_rows_are_faults_with_their_line() {
    // A blank line and a field of two lines come before: the line is the file's, not the row's number.
    let content = "Id,Target\n\na,1\n\"b\nb\",2\nc,28\nd,x\ne,-1\n,3\na,4\nf\ng,1,2\nh,99999999999999999999\ni,5\n";
    assert_eq!(faults(content), faults(&content.replace('\n', "\r\n")));
    assert_eq!(
        faults(content),
        [
            "there is no class 28: class numbers go from 0 to 27: c, line 6",
            "a label must be a class number from 0 to 27, not \"x\": d, line 7",
            "a label must be a class number from 0 to 27, not \"-1\": e, line 8",
            "the row has no id: line 9",
            "the table has the id twice: a, first on line 3, line 10",
            "the row has 1 columns where the header has 2: f, line 11",
            "the row has 3 columns where the header has 2: g, line 12",
            "a label must be a class number from 0 to 27, not \"99999999999999999999\": h, line 13",
        ]
    );
    let kept = read(content.as_bytes()).expect("a table").rows;
    let ids: Vec<&str> = kept.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["a", "b\nb", "i"]);
}

#[test]
fn a_row_that_is_no_text_is_left_out() {
    let table = read(b"Id,Target\na,1\n\xE9t\xE9,2\nb,3\n").expect("a table");
    assert_eq!(table.rows.len(), 2);
    assert_eq!(table.faults[0].reason, "the row is not UTF-8");
    assert!(table.faults[0].subject.starts_with("line 3 of "));
}

#[test]
fn other_tables_are_refused_with_the_columns_they_have() {
    for (content, columns) in [
        ("Id;Target\na;1\n", "it has Id;Target"),
        ("name,labels\na,1\n", "it has name, labels"),
        ("Id,Labels\na,1\n", "it has Id, Labels"),
        ("", "it has "),
    ] {
        let error = read(content.as_bytes()).expect_err("a refusal").to_string();
        assert!(
            error.contains("train.csv") && error.ends_with(columns),
            "{error}"
        );
    }
}

#[test]
fn a_table_that_is_not_there_is_named() {
    let error = read_table(Path::new("/nowhere/train.csv")).expect_err("a refusal");
    assert!(
        format!("{error:#}").starts_with("cannot read the table of labels /nowhere/train.csv: ")
    );
}
