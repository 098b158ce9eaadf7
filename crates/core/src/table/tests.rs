//! Tables of labels as people have them, some with faults.

use super::*;

fn read(content: &[u8]) -> LabelTable {
    LabelTable::read(&utf8(content.to_vec())).expect("a table")
}

fn rows(content: impl AsRef<[u8]>) -> Vec<(String, String)> {
    let table = read(content.as_ref());
    assert_eq!(table.faults, []);
    let rows = table.rows.into_iter();
    rows.map(|(id, labels)| (id, labels.to_string())).collect()
}

/// The faults of a table, each its reason, id and line.
fn faults(content: &str) -> Vec<String> {
    let faults = read(content.as_bytes()).faults.into_iter();
    faults
        .map(|RowFault { line, id, reason }| format!("{reason}: {id} {line}"))
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
fn marks_line_ends_quotes_spaces_separators_and_blank_lines_do_no_harm() {
    let expected = pairs(&[("a", "0 16"), ("b", "7")]);
    for content in [
        "\u{feff}Id,Target\na,16 0\nb,7\n",
        "Id,Target\r\na,16 0\r\nb,7\r\n\r\n \r\n",
        "Id,Target\ra,16 0\rb,7\r",
        "\r\n\nId,Target\na,16 0\nb,7",
        "\"Id\",\"Target\"\n\"a\",\"16 0\"\n\"b\",\"7\"",
        " Id , Target \n a ,  16   0 \n\n b , 7\n\n\n",
        "Target,Notes,Id\n16 0,,a\n7,\"one, two\",b\n",
        "\u{feff}\"Id\",Target\r\na,16 0\r\nb,7",
        "id;TARGET\na;16 0\nb;7\n",
        "ID\ttarget\r\na\t16 0\r\nb\t7\r\n",
        "sep=;\r\nId;Target\r\na;16 0\r\nb;7\r\n",
        "SEP=|\nId|Target\na|16 0\nb|7",
        "Id,Predicted\na,16 0\nb,7\n",
        "Id,Predicted,Target\na,1,16 0\nb,2,7\n",
        "Id,Target\na,16|0\nb,7\n",
        "Id,Target\na,16;0\nb,7\n",
        "Id;Target\na;16,0\nb;7\n",
        "Id,Target\na,\"16, 0\"\nb,7\n",
        ",Id,Target\n0,a,16 0\n1,b,7\n",
        "Id,Target,,\na,16 0,,\nb,7,,\n,,,\n",
        "Id,Target\na,16 0,,\nb,7,\n",
    ] {
        assert_eq!(rows(content), expected, "{content:?}");
    }
}

#[test]
fn tables_of_spreadsheets_in_utf_16_are_read() {
    let text = "\u{feff}Id\tTarget\r\nZelle ä\t16 0\r\n😀\t7\r\n";
    let expected = pairs(&[("Zelle ä", "0 16"), ("😀", "7")]);
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(rows(little), expected);
    // An odd byte at the end, as after a break.
    assert_eq!(rows([&big[..], b"\0"].concat()), expected);
}

#[test]
fn quoted_cells_hold_anything() {
    let content = b"Id,Target,Notes\n\"a, \"\"b\"\"\nc\",3,\"x\n\n\"\nd,4,\n";
    assert_eq!(rows(content), pairs(&[("a, \"b\"\nc", "3"), ("d", "4")]));
    let content = [content, &b"x,x,\n"[..]].concat();
    assert_eq!(read(&content).faults[0].line, 7);
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
            "the class 17, Vesicles and punctate cytosolic patterns, is no single one of ours: b 3",
            "a label must be a class number of 2021, from 0 to 18, not \"\": c 4",
            "a label must be a class number of 2021, from 0 to 18, not \"19\": d 5",
        ]
    );
    assert_eq!(read(content.as_bytes()).rows.len(), 1);
}

#[test]
fn faulty_rows_are_faults_with_their_line() {
    // A blank line and a field of two lines come before: the line is the file's, not the row's number.
    let content = "Id,Target\n\na,1\n\"b\nb\",2\nc,28\nd,x\ne,-1\n,3\na,4\nf\ng,1,2\nh,99999999999999999999\ni,5\n";
    for end in ["\r\n", "\r"] {
        assert_eq!(faults(content), faults(&content.replace('\n', end)));
    }
    assert_eq!(
        faults(content),
        [
            "there is no class 28: class numbers go from 0 to 27: c 6",
            "a label must be a class number from 0 to 27, not \"x\": d 7",
            "a label must be a class number from 0 to 27, not \"-1\": e 8",
            "the row has no id:  9",
            "the table has the id twice: a, first on line 3 10",
            "the row has 1 columns where the header has 2: f 11",
            "the row has 3 columns where the header has 2: g 12",
            "a label must be a class number from 0 to 27, not \"99999999999999999999\": h 13",
        ]
    );
    let table = read(content.as_bytes());
    assert_eq!(table.left_out, ["c", "d", "e", "f", "g", "h"]);
    let ids: Vec<&str> = table.rows.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["a", "b\nb", "i"]);
}

#[test]
fn a_quote_that_nothing_closes_is_told() {
    let content = "Id,Target\na,1\n\"b,2\nc,3\n";
    assert_eq!(
        faults(content),
        ["a quotation mark opens in the row and none closes it: b,2 3"]
    );
    assert_eq!(read(content.as_bytes()).rows.len(), 1);
}

#[test]
fn a_row_that_is_no_text_is_left_out() {
    let table = read(b"Id,Target\na,1\n\xE9t\xE9,2\nb,3\n");
    assert_eq!(table.rows.len(), 2);
    assert_eq!(table.faults[0].reason, "the row is not UTF-8");
    assert_eq!(table.faults[0].line, 3);
}

#[test]
fn other_tables_are_refused_with_the_columns_they_have() {
    for (content, columns) in [
        ("Id|Target\na|1\n", "Id|Target"),
        ("name,labels\na,1\n", "name, labels"),
        ("name;labels\na;1\n", "name, labels"),
        ("Id,Labels\na,1\n", "Id, Labels"),
        ("", ""),
        ("\n \n", ""),
        (
            "PK\u{3}\u{4}\n\u{0}x",
            "the content of a workbook: save it as CSV",
        ),
        ("a\tb\n", "a, b"),
    ] {
        let error = LabelTable::read(content.as_bytes()).expect_err("a refusal");
        assert_eq!(error.found, columns, "{content:?}");
    }
}

#[test]
fn of_an_endless_header_the_beginning_is_shown() {
    let error = LabelTable::read(&[b'x'; 100_000]).expect_err("a refusal");
    assert_eq!(error.found, "x".repeat(MOST_SHOWN));
}

#[test]
fn texts_of_a_column_are_found_by_id() {
    let content = "\u{feff}Gene;Id;Target\r\nACTB;a;1\r\n;b;2\r\n\"TUBA1A; old\";c;x\r\nVIM;;4\r\nVIM;a;1\r\n";
    let text = utf8(content.as_bytes().to_vec());
    let texts = |name: &str| Rows::new(&text).expect("a table").texts(name);
    let expected = [("a", "ACTB"), ("c", "TUBA1A; old")];
    let expected = expected.map(|(id, text)| (id.to_owned(), text.to_owned()));
    assert_eq!(texts("gene"), Ok(expected.into()));
    let error = texts("Antibody").expect_err("a refusal");
    assert_eq!(
        error.to_string(),
        "the table has no column Antibody; it has Gene, Id, Target"
    );
}
