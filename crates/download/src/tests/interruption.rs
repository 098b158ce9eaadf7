//! Runs that are stopped and processes that are killed.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use super::*;

/// Tells a process of these tests to download: the table, the folder and the base, by lines.
const CHILD: &str = "CYTOLENS_DOWNLOAD_TEST";

fn table() -> (String, Vec<String>) {
    let ids: Vec<String> = (0..12).map(|n| format!("1_10_A1_{n}")).collect();
    let rows: String = ids.iter().map(|id| format!("{id},3\n")).collect();
    (format!("Id,Target\n{rows}"), ids)
}

/// Checks what must hold at any moment: what the table lists is whole.
fn check_listed(place: &Place) {
    let images = place.files("images");
    for id in place.listed() {
        for name in names(&id, "jpg") {
            assert!(images.contains(&name), "{name} is listed and not there");
        }
    }
    for name in images {
        let bytes = fs::read(place.out().join("images").join(&name)).expect("a file");
        assert_eq!(
            bytes.len(),
            jpeg(&format!("/images/1/{}", &name[2..]), 48, 40).len()
        );
    }
}

#[test]
fn a_run_that_is_stopped_says_so_and_is_gone_on_with() {
    let (table, ids) = table();
    let place = Place::new(&table);
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    // In the middle of the fourth field.
    let server = good_but("A1_3_blue.jpg", move |request| {
        raised.store(true, Ordering::Relaxed);
        good(request)
    });
    let settings = Settings {
        connections: 1,
        ..place.settings(&server)
    };
    let summary = Download::open(settings)
        .and_then(|download| download.run(&stop, |_, _| {}, || {}))
        .expect("a summary");
    assert!(summary.is_interrupted && !summary.is_complete());
    assert_eq!((summary.fetched, summary.left), (3, 9));
    assert!(summary.failures.is_empty());
    assert!(summary.to_string().ends_with("9 not tried yet"));
    assert_eq!(place.listed(), &ids[..3]);
    check_listed(&place);

    let asked = server.requests().len();
    let summary = place.run(&server);
    assert!(summary.is_complete());
    assert_eq!((summary.before, summary.fetched), (3, 9));
    // Red and green of the fourth field were kept; its blue one came too late.
    assert_eq!(server.requests().len() - asked, 9 * 4 - 2);
    place.check();
}

/// No test but the child of the next one.
#[test]
fn child() {
    let Ok(text) = std::env::var(CHILD) else {
        return;
    };
    let [table, out, base] = text.lines().collect::<Vec<_>>()[..] else {
        panic!("three lines, not {text}");
    };
    let settings = Settings {
        base: base.parse().expect("a base"),
        rate: 100.0,
        ..Settings::new(table, out)
    };
    let stop = crate::stop_on_signals().expect("signals");
    let download = Download::open(settings).expect("a folder");
    let summary = download.run(&stop, |_, _| {}, || {}).expect("a summary");
    assert!(summary.is_interrupted || summary.is_complete());
    println!("interrupted: {}", summary.is_interrupted);
}

fn start_child(place: &Place, server: &Server) -> Child {
    let text = format!(
        "{}\n{}\n{}",
        place.table().display(),
        place.out().display(),
        server.base()
    );
    Command::new(std::env::current_exe().expect("this program"))
        .args(["tests::interruption::child", "--exact", "--nocapture"])
        .env(CHILD, text)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process")
}

#[test]
fn a_process_that_is_killed_at_any_moment_spoils_nothing() {
    let (table, ids) = table();
    let place = Place::new(&table);
    let server = Server::start(good);
    // A process asks for an image every 10 ms. One that dies before it has fetched anything is a moment, too.
    let mut kills = 0;
    for moment in 0..200 {
        let mut process = start_child(&place, &server);
        let asked = server.requests().len();
        let wanted = asked + 1 + moment % 6;
        while server.requests().len() < wanted && process.try_wait().expect("a state").is_none() {
            thread::sleep(Duration::from_micros(300 + 700 * (moment as u64 % 4)));
        }
        process.kill().ok();
        let status = process.wait().expect("an end");
        check_listed(&place);
        if status.success() {
            break;
        }
        kills += 1;
    }
    assert!(kills >= 3, "{kills} kills");
    let summary = place.run(&server);
    assert!(summary.is_complete());
    assert_eq!(place.listed(), ids);
    assert_eq!(place.files("incomplete"), [""; 0]);
    assert_eq!(place.check().samples.len(), 12);
}

/// As Ctrl-C and `kill` do.
#[cfg(unix)]
#[test]
fn a_signal_ends_a_run_in_order() {
    let (table, _) = table();
    for signal in ["INT", "TERM"] {
        let place = Place::new(&table);
        let server = Server::start(|request| good(request).late(Duration::from_millis(20)));
        let process = start_child(&place, &server);
        while server.requests().len() < 6 {
            thread::sleep(Duration::from_millis(2));
        }
        let told = Command::new("kill")
            .args(["-s", signal, &process.id().to_string()])
            .status()
            .expect("kill");
        assert!(told.success());
        let output = process.wait_with_output().expect("an end");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}");
        assert!(text.contains("interrupted: true"), "{text}");
        check_listed(&place);
        assert!(place.run(&server).is_complete());
        place.check();
    }
}
