//! Tables as people have them.

use super::*;

#[test]
fn rows_at_fault_are_named_once_and_the_rest_is_fetched() {
    let table = "Id,Target\n\
                 1_10_A1_1,0 5\n\
                 000a9596-bbc4-11e8-b2bc-ac1f6b6435d0,5\n\
                 1_10_A1_2,28\n\
                 1_10_A1_1,7\n\
                 1_10_A1_1,7\n\
                 ../../1_10_A1_1,7\n\
                 ,7\n\
                 22_si3_H12_1,27\n";
    let place = Place::new(table);
    let server = Server::start(good);
    let summary = place.run(&server);
    assert!(!summary.is_complete());
    assert_eq!((summary.fetched, summary.left), (2, 0));
    assert_eq!(summary.failures.values().sum::<usize>(), 5);
    let failures = place.failures();
    let rows: Vec<&str> = failures.lines().skip(1).collect();
    assert_eq!(rows.len(), 5, "{failures}");
    for (row, id, line, reason) in [
        (0, "000a9596-", "line 3 of ", "not of the atlas's form"),
        (1, "1_10_A1_2", "line 4 of ", "28"),
        (
            2,
            "1_10_A1_1",
            "first on line 2, line 5 of ",
            "the id twice",
        ),
        (
            3,
            "../../1_10_A1_1",
            "line 7 of ",
            "not of the atlas's form",
        ),
        (4, "", "line 8 of ", "no id"),
    ] {
        let text = rows[row];
        assert!(
            text.starts_with(id) && text.contains(line) && text.contains(reason),
            "{text}"
        );
    }
    assert_eq!(place.listed(), ["1_10_A1_1", "22_si3_H12_1"]);
    assert_eq!(server.requests().len(), 8);
    place.check();
}

#[test]
fn a_table_of_another_set_is_refused_with_the_reason() {
    let place = Place::new("Id,Target\n000a9596-bbc4-11e8-b2bc-ac1f6b6435d0,5\n");
    let server = Server::start(good);
    let error = format!("{:#}", run(place.settings(&server)).expect_err("a refusal"));
    assert!(
        error.contains("table.csv can be fetched") && error.contains("not of the atlas's form"),
        "{error}"
    );
    assert_eq!(server.requests().len(), 0);

    let place = Place::new("Name,Class\na,5\n");
    let error = format!("{:#}", run(place.settings(&server)).expect_err("a refusal"));
    assert!(error.contains("columns Id and Target"), "{error}");
    let settings = Settings {
        table: place.folder.path().join("nowhere.csv"),
        out: place.folder.path().join("elsewhere"),
        ..place.settings(&server)
    };
    let out = settings.out.clone();
    let error = format!("{:#}", run(settings).expect_err("a refusal"));
    assert!(error.contains("nowhere.csv"), "{error}");
    assert!(!exists(&out));
}

#[test]
fn a_limit_can_be_raised() {
    let place = Place::new(TABLE);
    let server = Server::start(good);
    for (limit, fetched, before) in [
        (Some(1), 1, 0),
        (Some(3), 2, 1),
        (Some(1), 0, 1),
        (None, 1, 3),
    ] {
        let settings = Settings {
            limit,
            ..place.settings(&server)
        };
        let summary = run(settings).expect("a summary");
        assert_eq!((summary.fetched, summary.before), (fetched, before));
        assert!(summary.is_complete());
    }
    // A lower limit takes nothing away.
    assert_eq!(place.listed(), IDS);
    assert_eq!(server.requests().len(), 16);
    place.check();
}

#[test]
fn large_tables_are_taken_row_by_row() {
    let mut table = "Id,Target\n".to_owned();
    for number in 0..200_000 {
        table += &format!("{number}_10_A1_1,{}\n", number % 28);
    }
    let place = Place::new(&table);
    let server = Server::start(good);
    let settings = Settings {
        limit: Some(2),
        ..place.settings(&server)
    };
    let mut begun = None;
    let summary = Download::open(settings)
        .and_then(|download| {
            download.run(
                &AtomicBool::new(false),
                |total, before| begun = Some((total, before)),
                || {},
            )
        })
        .expect("a summary");
    assert_eq!(begun, Some((2, 0)));
    assert_eq!((summary.fetched, summary.left), (2, 0));
    assert!(summary.is_complete());
    assert_eq!(
        place.read("train.csv"),
        "Id,Target\n0_10_A1_1,0\n1_10_A1_1,1\n"
    );
}

#[test]
fn the_table_of_2021_is_turned_into_ours() {
    let place = Place::new("ID,Label\n1_10_A1_1,16|0\n");
    let server = Server::start(good);
    assert!(place.run(&server).is_complete());
    assert_eq!(place.read("train.csv"), "Id,Target\n1_10_A1_1,0 25\n");
}
