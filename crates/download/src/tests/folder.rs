//! What is in the folder, before and after.

use cytolens_data::credits::Credits;
use cytolens_field::square;

use super::*;

#[test]
fn a_download_is_a_set() {
    let place = Place::new(TABLE);
    let server = Server::start(good);
    let summary = place.run(&server);
    assert!(summary.is_complete() && !summary.is_interrupted);
    assert_eq!((summary.before, summary.fetched, summary.left), (0, 4, 0));
    assert_eq!(
        summary.to_string().split(" (").next(),
        Some("4 fields fetched")
    );
    assert_eq!(
        place.files(""),
        ["download.toml", "images", "set.toml", "train.csv"]
    );
    assert_eq!(place.files("images"), all_names(&IDS, "jpg"));
    assert_eq!(place.read("train.csv"), TABLE);
    let set = place.check();
    assert_eq!(set.samples.len(), 4);
    let credits = set.credits;
    assert!(
        credits
            .attribution
            .is_some_and(|text| text.contains("Human Protein Atlas") && text.contains("Thul"))
    );
    // What was sent is what is kept, to the byte.
    let requests = server.requests();
    assert_eq!(requests.len(), 16);
    assert!(
        requests
            .iter()
            .any(|request| request.path == "/images/22/si3_H12_1_yellow.jpg")
    );
    let kept = fs::read(place.out().join("images/22_si3_H12_1_yellow.jpg")).expect("an image");
    assert_eq!(kept, jpeg("/images/22/si3_H12_1_yellow.jpg", 48, 40));
}

#[test]
fn a_second_run_fetches_what_lacks() {
    let place = Place::new(TABLE);
    let server = Server::start(good);
    place.run(&server);
    let summary = place.run(&server);
    assert_eq!((summary.before, summary.fetched), (4, 0));
    assert!(summary.is_complete());
    assert_eq!(server.requests().len(), 16);
    fs::remove_file(place.out().join("images/1_10_A1_1_blue.jpg")).expect("removed");
    let summary = place.run(&server);
    assert_eq!((summary.before, summary.fetched), (3, 1));
    let requests = server.requests();
    assert_eq!(requests.len(), 17);
    assert_eq!(requests[16].path, "/images/1/10_A1_1_blue.jpg");
    place.check();
}

#[test]
fn half_files_are_not_taken_for_whole_ones() {
    let place = Place::new(TABLE);
    let server = Server::start(good);
    Download::open(place.settings(&server)).expect("a folder");
    let incomplete = place.out().join("incomplete");
    let red = jpeg("/1/10_A1_1_red.jpg", 48, 40);
    // As a run that was killed leaves it, as a disk that lost the end, and as another program's.
    fs::write(incomplete.join("1_10_A1_1_red.jpg.partial"), &red[..100]).expect("written");
    fs::write(incomplete.join("1_10_A1_2_red.jpg"), &red[..300]).expect("written");
    fs::write(incomplete.join("22_si3_H12_1_red.jpg"), "").expect("written");
    let summary = place.run(&server);
    assert!(summary.is_complete());
    assert_eq!(server.requests().len(), 16);
    assert_eq!(place.files("incomplete"), [""; 0]);
    assert_eq!(place.files("images"), all_names(&IDS, "jpg"));
    place.check();
}

#[test]
fn a_run_that_ended_between_two_channels_is_gone_on_with() {
    let place = Place::new(TABLE);
    let server = Server::start(good);
    place.run(&server);
    let (images, incomplete) = (place.out().join("images"), place.out().join("incomplete"));
    fs::create_dir(&incomplete).expect("a folder");
    for name in ["1_10_A1_1_blue.jpg", "1_10_A1_1_yellow.jpg"] {
        fs::rename(images.join(name), incomplete.join(name)).expect("moved");
    }
    assert!(place.run(&server).is_complete());
    assert_eq!(server.requests().len(), 16);
    place.check();
}

#[test]
fn images_are_resized_as_the_network_would() {
    let place = Place::new(TABLE);
    let server = Server::start(good);
    let settings = Settings {
        size: Some(32),
        ..place.settings(&server)
    };
    assert!(run(settings.clone()).expect("a summary").is_complete());
    assert_eq!(place.files("images"), all_names(&IDS, "png"));
    assert_eq!(
        place.files(""),
        ["download.toml", "images", "set.toml", "train.csv"]
    );
    let set = place.check();
    let field = set.samples[0].field.read().expect("a field");
    assert_eq!((field.width(), field.height(), field.bits()), (32, 32, 8));

    // The same as an image that was kept as it is and resized later, but for the rounding to 8 bit.
    let whole = Place::new(TABLE);
    whole.run(&server);
    let original = whole.check().samples[0].field.read().expect("a field");
    for channel in Channel::ALL {
        let plane = |field: &cytolens_field::Field| field.plane(channel).cloned();
        let wanted = square(&plane(&original).expect("a plane"), 32);
        let kept = square(&plane(&field).expect("a plane"), 32);
        for (wanted, kept) in wanted.into_iter().zip(kept) {
            assert!(wanted.abs_diff(kept) <= 128, "{wanted} {kept}");
        }
    }

    // A channel that vanished needs its field again, as agreement is checked on what the host sends.
    fs::remove_file(place.out().join("images/1_10_A1_1_blue.png")).expect("removed");
    let before = server.requests().len();
    assert!(run(settings).expect("a summary").is_complete());
    assert_eq!(server.requests().len() - before, 4);
    place.check();
}

#[test]
fn a_folder_has_one_size_and_one_choice_of_channels() {
    let place = Place::new(TABLE);
    let server = Server::start(good);
    place.run(&server);
    let refusal = |settings| format!("{:#}", run(settings).expect_err("a refusal"));
    let error = refusal(Settings {
        size: Some(32),
        ..place.settings(&server)
    });
    assert!(
        error.contains("begun with images as they are") && error.contains("images of 32 px"),
        "{error}"
    );
    let error = refusal(Settings {
        channels: vec![Channel::Green],
        ..place.settings(&server)
    });
    assert!(
        error.contains("not with images as they are, green;"),
        "{error}"
    );
    // In another order they are the same.
    let mut settings = place.settings(&server);
    settings.channels.reverse();
    assert!(run(settings).expect("a summary").is_complete());
}

#[test]
fn some_channels_can_be_fetched_alone() {
    let place = Place::new(TABLE);
    let server = Server::start(good);
    let settings = Settings {
        channels: vec![Channel::Green, Channel::Blue],
        ..place.settings(&server)
    };
    assert!(run(settings).expect("a summary").is_complete());
    assert_eq!(server.requests().len(), 8);
    assert_eq!(place.listed(), IDS);
    assert_eq!(place.files("images").len(), 8);
}

#[test]
fn nothing_of_anybody_is_written_over() {
    let place = Place::new(TABLE);
    let server = Server::start(good);
    fs::create_dir(place.out()).expect("a folder");
    fs::write(place.out().join("train.csv"), "mine").expect("written");
    let error = format!("{:#}", run(place.settings(&server)).expect_err("a refusal"));
    assert!(error.contains("is not empty"), "{error}");
    assert_eq!(place.read("train.csv"), "mine");
    fs::remove_file(place.out().join("train.csv")).expect("removed");

    place.run(&server);
    let mine = "attribution = \"A. Nobody\"\nlicence = \"CC0-1.0\"\n";
    fs::write(place.out().join("set.toml"), mine).expect("written");
    place.run(&server);
    assert_eq!(place.read("set.toml"), mine);
    let credits = Credits::read(&place.out()).expect("credits");
    assert_eq!(credits.licence.as_deref(), Some("CC0-1.0"));
}

#[test]
fn two_downloads_into_one_folder_are_refused() {
    let place = Place::new(TABLE);
    let server = Server::start(good);
    let first = Download::open(place.settings(&server)).expect("a folder");
    let error = format!("{:#}", run(place.settings(&server)).expect_err("a refusal"));
    assert!(
        error.contains("another process downloads into it"),
        "{error}"
    );
    drop(first);
    assert!(place.run(&server).is_complete());
}

/// Linux has a device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_download_and_spoils_nothing() {
    let place = Place::new(TABLE);
    let server = Server::start(good);
    let settings = Settings {
        connections: 1,
        ..place.settings(&server)
    };
    Download::open(settings.clone()).expect("a folder");
    // The second field's third image finds no room.
    let partial = place.out().join("incomplete/1_10_A1_2_blue.jpg.partial");
    std::os::unix::fs::symlink("/dev/full", partial).expect("a link");
    let error = format!("{:#}", run(settings).expect_err("an early end"));
    assert!(
        error.contains("No space left")
            && error.contains("1_10_A1_2_blue.jpg")
            && error.contains("after 1 fields"),
        "{error}"
    );
    assert_eq!(place.listed(), ["1_10_A1_1"]);
    assert_eq!(place.files("images"), names("1_10_A1_1", "jpg"));
    let asked = server.requests().len();
    assert_eq!(asked, 7);
    // With room again, the rest is fetched.
    assert!(place.run(&server).is_complete());
    assert_eq!(server.requests().len(), 17);
    place.check();
}

/// Linux has a device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn a_list_or_a_table_that_finds_no_room_ends_the_download() {
    for name in ["failures.csv", "train.csv.partial"] {
        let place = Place::new(TABLE);
        let server = Server::start(good);
        Download::open(place.settings(&server)).expect("a folder");
        std::os::unix::fs::symlink("/dev/full", place.out().join(name)).expect("a link");
        let error = format!("{:#}", run(place.settings(&server)).expect_err("no room"));
        assert!(
            error.contains("No space left") && error.contains(name.trim_end_matches(".partial")),
            "{error}"
        );
    }
}
