//! How a host is asked.

use std::time::Instant;

use super::*;

fn many(count: usize) -> String {
    let rows = (0..count).map(|n| format!("1_10_A1_{n},0\n"));
    format!("Id,Target\n{}", rows.collect::<String>())
}

#[test]
fn there_are_never_more_connections_than_agreed() {
    let place = Place::new(&many(12));
    let server = Server::start(|request| good(request).late(Duration::from_millis(30)));
    let settings = Settings {
        connections: 3,
        ..place.settings(&server)
    };
    assert!(run(settings).expect("a summary").is_complete());
    assert!(server.most_open() <= 3, "{}", server.most_open());
    assert_eq!(server.requests().len(), 48);
}

#[test]
fn there_are_never_more_requests_a_second_than_agreed() {
    let place = Place::new(&many(3));
    // Also what is tried again counts.
    let server = Server::start(|request| match request.before {
        0 => Answer::status("500 Internal Server Error"),
        _ => good(request),
    });
    let settings = Settings {
        connections: 4,
        rate: 40.0,
        ..place.settings(&server)
    };
    let begin = Instant::now();
    assert!(run(settings).expect("a summary").is_complete());
    assert_eq!(server.requests().len(), 24);
    // The first of 24 requests waits for nothing.
    assert!(begin.elapsed() >= Duration::from_millis(23 * 25));
}

#[test]
fn the_host_learns_who_asks() {
    let place = Place::new(&many(1));
    let server = Server::start(good);
    place.run(&server);
    for request in server.requests() {
        let head = request.head.to_lowercase();
        assert!(
            head.contains("user-agent: cytolens/")
                && head.contains("(+https://github.com/cytolens/cytolens)"),
            "{head}"
        );
    }
}
