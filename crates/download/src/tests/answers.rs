//! What a host may answer.

use super::*;

/// The image that is at fault in these tests, and its field.
const BAD: &str = "10_A1_2_green.jpg";
const BAD_ID: &str = "1_10_A1_2";

/// The fields that are not at fault.
const OTHERS: [&str; 3] = ["1_10_A1_1", "22_si3_H12_1", "333_4_C3_1_cr5ab"];

fn asked(server: &Server, end: &str) -> usize {
    let counts = server.counts().into_iter();
    counts
        .filter(|(path, _)| path.ends_with(end))
        .map(|(_, count)| count)
        .sum()
}

/// Runs against a host with one bad image: the other fields are whole, the reason is listed, and when the host is right again
/// the next run fetches what lacks and nothing else.
fn fails(
    attempts: usize,
    reason: &str,
    patience: Patience,
    bad: impl Fn(&Request) -> Answer + Send + Sync + 'static,
) -> Server {
    let place = Place::new(TABLE);
    let server = good_but(BAD, bad);
    let settings = Settings {
        patience,
        ..place.settings(&server)
    };
    let summary = run(settings).expect("a summary");
    assert_eq!(asked(&server, BAD), attempts);
    assert!(!summary.is_complete());
    assert_eq!((summary.fetched, summary.left), (3, 0));
    let failures = place.failures();
    assert!(
        failures.contains(reason) && failures.contains(BAD_ID) && failures.contains(BAD),
        "{failures}"
    );
    assert_eq!(failures.lines().count(), 2, "{failures}");
    assert_eq!(place.listed(), OTHERS);
    assert_eq!(place.files("images"), all_names(&OTHERS, "jpg"));
    place.check();

    let right = Server::start(good);
    let summary = place.run(&right);
    assert!(summary.is_complete());
    assert_eq!((summary.fetched, summary.before), (1, 3));
    // The red image came before the bad one and was kept.
    assert_eq!(asked(&right, "_red.jpg"), 0);
    assert_eq!(right.requests().len(), 3);
    assert!(!exists(&place.out().join(FAILURES_FILE)));
    assert_eq!(place.listed(), IDS);
    place.check();
    server
}

fn quick() -> Patience {
    Patience {
        attempts: 3,
        first_wait: Duration::from_millis(1),
        ..Patience::default()
    }
}

fn impatient() -> Patience {
    Patience {
        // Longer than a busy machine needs to answer.
        read: Duration::from_millis(500),
        attempts: 2,
        ..quick()
    }
}

/// Runs against a host whose one image is bad at first: all fields are whole.
fn recovers(attempts: usize, bad: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Server {
    let place = Place::new(TABLE);
    let server = good_but(BAD, move |request| {
        if request.before + 1 < attempts {
            bad(request)
        } else {
            good(request)
        }
    });
    let summary = place.run(&server);
    assert!(summary.is_complete(), "{summary}");
    assert_eq!(asked(&server, BAD), attempts);
    assert_eq!(place.listed(), IDS);
    place.check();
    server
}

#[test]
fn what_passes_is_tried_again() {
    recovers(2, |request| good(request).cut());
    recovers(3, |_| Answer::status("500 Internal Server Error"));
    recovers(3, |_| Answer::status("502 Bad Gateway"));
    recovers(2, |_| Answer::status("503 Service Unavailable"));
    recovers(2, |_| Answer::status("429 Too Many Requests"));
    recovers(2, |_| Answer::status("408 Request Timeout"));
    recovers(2, |_| Answer::image(Vec::new()));
}

#[test]
fn what_does_not_pass_is_given_up_and_listed() {
    let broke_off = "the connection broke off";
    fails(3, broke_off, quick(), |request| good(request).cut());
    let error = "the host answers 500 Internal Server Error";
    fails(3, error, quick(), |_| {
        Answer::status("500 Internal Server Error")
    });
    let busy = "the host answers 429 Too Many Requests";
    fails(3, busy, quick(), |_| {
        Answer::status("429 Too Many Requests")
    });
}

#[test]
fn what_is_not_there_is_asked_for_once() {
    let missing = "the host answers 404 Not Found";
    fails(1, missing, quick(), |_| Answer::status("404 Not Found"));
    let gone = "the host answers 410 Gone";
    fails(1, gone, quick(), |_| Answer::status("410 Gone"));
    let empty = "the host answers 204 No Content";
    fails(1, empty, quick(), |_| Answer::status("204 No Content"));
}

#[test]
fn a_page_is_no_image_whatever_it_is_called() {
    let text = "the host answers with text";
    fails(1, text, quick(), |_| Answer::page("text/html"));
    let not_an_image = "the content is no PNG, JPEG or TIFF image";
    fails(1, not_an_image, quick(), |_| Answer::page("image/jpeg"));
}

#[test]
fn an_image_that_ends_early_is_not_taken_though_its_length_is_right() {
    let ends = "the file ends before its image does";
    fails(3, ends, quick(), |request| {
        let bytes = jpeg(&request.path, 48, 40);
        Answer::image(bytes[..bytes.len() * 2 / 3].to_vec())
    });
    recovers(2, |request| {
        let bytes = jpeg(&request.path, 48, 40);
        Answer::image(bytes[..bytes.len() - 2].to_vec())
    });
}

#[test]
fn an_image_in_another_channels_colour_is_not_taken() {
    fails(1, "green", quick(), |request| {
        Answer::image(jpeg(&request.path.replace("green", "blue"), 48, 40))
    });
}

#[test]
fn silence_ends() {
    let silent = "the host fell silent for 500ms";
    fails(2, silent, impatient(), |request| good(request).silent());
    fails(2, silent, impatient(), |request| good(request).mute());
}

#[test]
fn an_answer_without_end_ends() {
    let patience = Patience {
        total: Duration::from_secs(1),
        attempts: 2,
        ..quick()
    };
    let slow = "no whole answer within 1s";
    fails(2, slow, patience, |request| good(request).drip());
}

#[test]
fn redirects_are_followed_but_not_for_ever() {
    let server = good_but("10_A1_2_green.jpg", |_| {
        Answer::redirect("/elsewhere/x_green.jpg")
    });
    let place = Place::new(TABLE);
    assert!(place.run(&server).is_complete());
    place.check();
    let server = fails(1 + 5, "more than 5 redirects", quick(), |request| {
        Answer::redirect(&request.path)
    });
    assert_eq!(asked(&server, BAD), 6);
}

#[test]
fn a_host_is_left_alone_for_as_long_as_it_asks() {
    let server = recovers(2, |_| {
        Answer::status("429 Too Many Requests").with("Retry-After", "1")
    });
    let requests = server.requests();
    let refused = requests
        .iter()
        .position(|request| request.path.ends_with(BAD))
        .expect("a request");
    let again = requests.iter().rfind(|request| request.path.ends_with(BAD));
    let waited = again.expect("a request").at - requests[refused].at;
    assert!(waited >= Duration::from_millis(990), "{waited:?}");
}

#[test]
fn a_host_that_asks_for_too_long_a_wait_ends_the_download() {
    let place = Place::new(TABLE);
    let server = good_but(BAD, |_| {
        Answer::status("503 Service Unavailable").with("Retry-After", "86400")
    });
    let settings = Settings {
        connections: 1,
        ..place.settings(&server)
    };
    let error = format!("{:#}", run(settings).expect_err("an early end"));
    assert!(
        error.contains("ended early, after 1 fields") && error.contains("asks to wait for 86400s"),
        "{error}"
    );
    assert_eq!(asked(&server, BAD), 1);
    assert_eq!(place.listed(), ["1_10_A1_1"]);
}

#[test]
fn channels_of_different_sizes_are_no_field() {
    let place = Place::new(TABLE);
    let server = good_but(BAD, |request| Answer::image(jpeg(&request.path, 40, 40)));
    let summary = place.run(&server);
    assert_eq!(summary.fetched, 3);
    let failures = place.failures();
    let sizes = "1_10_A1_2,\"red 48 × 40 px, 8 bit; green 40 × 40 px, 8 bit; blue";
    assert!(failures.contains(sizes), "{failures}");
    assert!(failures.contains("must have the same size"), "{failures}");
    assert_eq!(place.files("incomplete"), [""; 0]);
    place.check();
    // Nobody knows which image was wrong, so all four are fetched again.
    let right = Server::start(good);
    assert!(place.run(&right).is_complete());
    assert_eq!(right.requests().len(), 4);
    place.check();
}

#[test]
fn a_host_that_answers_nobody_ends_the_download() {
    let table: String = (0..100).map(|n| format!("1_10_A1_{n},0\n")).collect();
    for (status, per_field) in [("500 Internal Server Error", 3), ("403 Forbidden", 1)] {
        let place = Place::new(&format!("Id,Target\n{table}"));
        let server = Server::start(move |_| Answer::status(status));
        let mut settings = place.settings(&server);
        settings.patience.fields = 5;
        let error = format!("{:#}", run(settings).expect_err("an early end"));
        assert!(
            error.contains(status) && error.contains("for 5 fields one after the other"),
            "{error}"
        );
        // When the fifth has failed, each connection may have a field behind it and one before it.
        let most = (5 + 4) * per_field;
        assert!(
            server.requests().len() <= most,
            "{}",
            server.requests().len()
        );
        assert_eq!(place.listed(), [""; 0]);
    }
}

#[test]
fn a_host_that_is_not_there_ends_the_download() {
    let place = Place::new(TABLE);
    let server = Server::start(good);
    let mut settings = place.settings(&server);
    // Port 1 has no host.
    settings.base = "http://127.0.0.1:1/images".parse().expect("a base");
    settings.patience.fields = 2;
    let error = format!("{:#}", run(settings).expect_err("an early end"));
    assert!(
        error.contains("the connection failed") && error.contains("the same command goes on"),
        "{error}"
    );
    assert!(place.run(&server).is_complete());
}
