use super::*;
use crate::answer::examples::{model, prediction};
use cytolens_protocol::DeviceKind;

fn input(id: &str) -> FieldInput {
    FieldInput {
        id: id.to_owned(),
        files: Vec::new(),
        order: "auto".to_owned(),
        orders_colours: false,
        bits: None,
        to_scale: false,
    }
}

fn report(kind: DeviceKind) -> DeviceReport {
    DeviceReport {
        kind,
        name: "a device".to_owned(),
        reason: String::new(),
        details: Vec::new(),
        open_ms: 0.0,
        check_ms: 0.0,
    }
}

/// Opens a model on a device.
fn open(session: &mut Session, name: &str, kind: DeviceKind) {
    session.worker_listens();
    let model = model(name, &["Nucleoli", "Cytosol"]);
    session.model_opened((*model).clone(), report(kind));
}

/// An empty session whose engine is ready.
fn ready(kind: DeviceKind) -> Session {
    let mut session = Session::default();
    session.restored(0);
    open(&mut session, "first", kind);
    session.take_effects();
    session
}

/// The jobs that the transitions so far send.
fn sent(session: &mut Session) -> Vec<Job> {
    let effects = session.take_effects().into_iter();
    effects
        .filter_map(|effect| match effect {
            Effect::Send(job) => Some(job),
            _ => None,
        })
        .collect()
}

fn announced(effects: &[Effect]) -> Vec<&str> {
    let announced = effects.iter().filter_map(|effect| match effect {
        Effect::Announce(said) => Some(said.as_str()),
        _ => None,
    });
    announced.collect()
}

fn states(session: &Session) -> Vec<&'static str> {
    let entries = session.entries().values();
    entries.map(|entry| entry.state.name()).collect()
}

fn answer(session: &mut Session, field: u32) {
    let answer = session.answer(prediction(&[0.9, 0.2])).expect("a model");
    assert!(session.classified(field, answer));
}

fn classify(field: u32) -> Job {
    Job::classify(Subject::Field(field))
}

fn view(field: u32) -> Job {
    Job::view(Subject::Field(field))
}

#[test]
fn a_field_goes_from_its_files_to_its_answer() {
    let mut session = ready(DeviceKind::Cpu);
    assert_eq!(session.add(input("a")), 0);
    assert_eq!(
        session.take_effects(),
        [
            Effect::Arrange,
            Effect::Open(0),
            Effect::Send(view(0)),
            Effect::KeepInput(0),
            Effect::Keep(0),
            Effect::Count,
            Effect::Send(classify(0)),
            Effect::Show(0),
        ]
    );
    assert_eq!(states(&session), ["working"]);
    assert!(session.answered(view(0)));
    assert!(session.take_effects().is_empty());
    answer(&mut session, 0);
    assert_eq!(
        session.take_effects(),
        [
            Effect::OfferLabels,
            Effect::Keep(0),
            Effect::Show(0),
            Effect::Arrange,
            Effect::Count,
            Effect::Announce("a: Nucleoli".to_owned()),
        ]
    );
    assert_eq!(states(&session), ["done"]);
}

#[test]
fn pictures_come_before_the_model_and_fields_wait_for_it() {
    let mut session = Session::default();
    session.restored(4);
    assert_eq!(session.add(input("a")), 4);
    session.add(input("b"));
    assert_eq!(sent(&mut session), []);
    session.worker_listens();
    assert_eq!(sent(&mut session), [view(4)]);
    open(&mut session, "first", DeviceKind::Cpu);
    assert_eq!(sent(&mut session), [classify(4), classify(5)]);
    assert_eq!(states(&session), ["working", "waiting"]);
}

#[test]
fn only_the_selected_field_is_asked_for_its_picture() {
    let mut session = Session::default();
    session.restored(0);
    for id in ["a", "b", "c"] {
        session.add(input(id));
    }
    session.turn(1);
    session.turn(1);
    session.worker_listens();
    assert_eq!(sent(&mut session), [view(2)]);
    // The picture of a field that is looked at no longer is nobody's.
    session.turn(-1);
    assert_eq!(sent(&mut session), [view(1)]);
    assert!(!session.answered(view(2)));
    assert!(session.answered(view(1)));
}

#[test]
fn another_worker_gets_the_jobs_of_the_one_before_but_not_its_messages() {
    let mut session = ready(DeviceKind::Cpu);
    session.add(input("a"));
    session.add(input("b"));
    assert_eq!(sent(&mut session), [view(0), classify(0), classify(1)]);
    let former = session.worker();
    assert!(session.is_wanted(classify(0), former));
    session.worker_stopped();
    assert_eq!(states(&session), ["waiting", "waiting"]);
    open(&mut session, "first", DeviceKind::Cpu);
    assert_eq!(sent(&mut session), [view(0), classify(0), classify(1)]);
    assert!(!session.is_wanted(classify(0), former));
    assert!(session.is_wanted(classify(0), session.worker()));
}

#[test]
fn a_question_is_not_blamed_for_lost_devices() {
    let mut session = ready(DeviceKind::Gpu);
    let picture = Job::view(Subject::Question(0));
    session.ask(picture, input("asked"));
    for _ in 0..4 {
        assert_eq!(sent(&mut session), [picture]);
        assert!(!session.crashed(Crash::DeviceLost, DeviceKind::Gpu));
        let refused = |effect: &Effect| matches!(effect, Effect::RefuseQuestion(..));
        assert!(!session.take_effects().iter().any(refused));
        open(&mut session, "first", DeviceKind::Gpu);
    }
    assert_eq!(sent(&mut session), [picture]);
    assert!(session.answered(picture));
}

#[test]
fn a_question_that_breaks_the_engine_twice_is_refused() {
    let mut session = ready(DeviceKind::Cpu);
    let asked = Job::classify(Subject::Question(3));
    session.ask(asked, input("asked"));
    session.crashed(Crash::Broken, DeviceKind::Cpu);
    open(&mut session, "first", DeviceKind::Cpu);
    session.take_effects();
    session.crashed(Crash::Broken, DeviceKind::Cpu);
    let effects = session.take_effects();
    assert!(
        matches!(&effects[..], [Effect::RefuseQuestion(3, reason)] if reason.contains("broke twice")),
        "{effects:?}"
    );
    assert!(session.input(Subject::Question(3)).is_none());
}

#[test]
fn a_field_that_breaks_the_engine_is_refused_with_picture_and_answer() {
    let mut session = Session::default();
    session.restored(0);
    session.choose_device(DeviceChoice::Cpu);
    session.add(input("breaks"));
    let mut effects = Vec::new();
    // Twice with its picture, twice with its planes.
    for _ in 0..4 {
        session.worker_listens();
        if !session.is_wanted(view(0), session.worker()) {
            open(&mut session, "first", DeviceKind::Cpu);
        }
        assert!(
            !session.crashed(Crash::Broken, DeviceKind::Cpu),
            "the engine goes on"
        );
        effects.append(&mut session.take_effects());
    }
    assert!(effects.contains(&Effect::NoPicture(text::PICTURE_BREAKS.to_owned())));
    assert_eq!(states(&session), ["error"]);
    assert!(!session.avoids_gpu());
    // Chosen again, it is not asked for again.
    session.add(input("later"));
    session.select(1);
    session.select(0);
    session.take_effects();
    open(&mut session, "first", DeviceKind::Cpu);
    assert_eq!(sent(&mut session), [classify(1)]);
}

#[test]
fn a_lost_gpu_gives_way_to_the_cpu_and_loses_no_field() {
    let mut session = ready(DeviceKind::Gpu);
    session.add(input("a"));
    for _ in 0..2 {
        session.answered(view(0));
        assert!(!session.crashed(Crash::DeviceLost, DeviceKind::Gpu));
        assert_eq!(states(&session), ["waiting"]);
        open(&mut session, "first", DeviceKind::Gpu);
    }
    assert!(session.avoids_gpu());
    answer(&mut session, 0);
    session.start_over();
    assert!(!session.avoids_gpu());
}

#[test]
fn a_queue_is_held_goes_on_and_is_given_up() {
    let mut session = ready(DeviceKind::Cpu);
    for id in ["a", "b", "c", "d", "e"] {
        session.add(input(id));
    }
    session.toggle_pause();
    session.answered(view(0));
    session.take_effects();
    answer(&mut session, 0);
    answer(&mut session, 1);
    assert_eq!(sent(&mut session), []);
    assert!(session.tally().is_paused);
    session.toggle_pause();
    assert_eq!(sent(&mut session), [classify(2), classify(3)]);
    session.cancel();
    assert_eq!(
        session.take_effects(),
        [
            Effect::Keep(4),
            Effect::Show(4),
            Effect::Arrange,
            Effect::Count,
            Effect::Announce(text::said_cancelled(1)),
        ]
    );
    answer(&mut session, 2);
    answer(&mut session, 3);
    let effects = session.take_effects();
    assert_eq!(
        announced(&effects).last(),
        Some(&"Finished: 4 of 5 fields classified.")
    );
    assert_eq!(session.stale(), [4]);
    session.classify_again(4);
    assert_eq!(sent(&mut session), [classify(4)]);
    session.classify_again(4);
    assert_eq!(sent(&mut session), [], "it is on its way already");
}

#[test]
fn answers_of_another_model_are_stale() {
    let mut session = ready(DeviceKind::Cpu);
    session.add(input("a"));
    answer(&mut session, 0);
    assert_eq!(session.tally().stale, 0);
    session.worker_stopped();
    assert_eq!(session.tally().stale, 0, "while none is open");
    open(&mut session, "second", DeviceKind::Cpu);
    assert_eq!(session.tally().stale, 1);
    session.worker_stopped();
    open(&mut session, "first", DeviceKind::Cpu);
    assert_eq!(session.tally().stale, 0, "it is the same model");
}

#[test]
fn a_cleared_desk_takes_no_late_answer_and_new_numbers() {
    let mut session = ready(DeviceKind::Cpu);
    session.add(input("a"));
    let late = session.answer(prediction(&[0.9, 0.2])).expect("a model");
    session.clear();
    session.take_effects();
    assert!(!session.classified(0, late));
    session.refused(view(0), "late".to_owned());
    assert!(session.take_effects().is_empty());
    assert_eq!(session.add(input("b")), 1);
    assert_eq!(session.clearings(), 1);
}

#[test]
fn a_removed_field_leaves_store_gallery_and_queue() {
    let mut session = ready(DeviceKind::Cpu);
    for id in ["a", "b"] {
        session.add(input(id));
    }
    session.take_effects();
    session.remove_selected();
    assert_eq!(
        session.take_effects(),
        [
            Effect::Arrange,
            Effect::Open(1),
            Effect::Send(view(1)),
            Effect::Show(1),
            Effect::Count,
            Effect::ShowChosen,
            Effect::OfferUndo(vec![0], "Removed: 1 field.".to_owned()),
            Effect::Focus(1),
        ]
    );
    session.remove_selected();
    let effects = session.take_effects();
    assert!(effects.contains(&Effect::Close) && effects.contains(&Effect::FocusUndo));
    assert!(
        effects.contains(&Effect::Forget(vec![0])),
        "only the last removal can be taken back"
    );
    assert_eq!(session.tally().open, 0);
}

#[test]
fn what_is_done_with_the_chosen_fields_is_done_with_them_alone() {
    let mut session = answered_fields(&["a", "b", "c", "d"]);
    session.select(1);
    assert!(session.is_meant()(3), "all, where none is chosen");
    session.choose_beside(2);
    assert_eq!(session.chosen(), [1, 2]);
    let effects = session.take_effects();
    assert!(effects.contains(&Effect::ShowChosen));
    assert_eq!(announced(&effects).last(), Some(&"2 fields chosen"));
    let is_meant = session.is_meant();
    assert_eq!([0, 1, 2, 3].map(is_meant), [false, true, true, false]);
    // Other channels give a field another number.
    let renewed = session.renew(2, input("c"));
    assert_eq!(session.chosen(), [1, renewed]);
    session.take_effects();
    session.remove_chosen();
    assert_eq!(session.selected(), Some(3));
    assert_eq!(states(&session), ["done", "done"]);
    let effects = session.take_effects();
    let offer = Effect::OfferUndo(vec![1, renewed], "Removed: 2 fields.".to_owned());
    assert!(effects.contains(&offer) && effects.contains(&Effect::Focus(3)));
    session.undo();
    assert_eq!(session.tally().all, 4);
    assert!(session.chosen().is_empty());
    session.remove_chosen();
    assert_eq!(session.tally().all, 4, "nothing is chosen");
}

#[test]
fn keys_choose_all_on_their_way() {
    let mut session = answered_fields(&["a", "b", "c", "d"]);
    session.select(1);
    session.go_choosing(None, |at, _| Some(at + 1));
    session.go_choosing(Some(2), |at, _| Some(at + 1));
    assert_eq!(session.chosen(), [1, 2, 3]);
    assert_eq!(session.selected(), Some(3));
    session.choose_all();
    assert_eq!(session.chosen().len(), 4);
    session.choose_all();
    assert!(session.chosen().is_empty());
}

#[test]
fn a_removal_is_taken_back_whole_and_goes_on() {
    let mut session = ready(DeviceKind::Cpu);
    for id in ["a", "b", "c"] {
        session.add(input(id));
    }
    answer(&mut session, 0);
    session.add_refused("list.txt", "it is no image");
    session.select(1);
    let before = session.tally();
    session.clear();
    assert_eq!(session.tally().all, 0);
    session.take_effects();
    session.undo();
    assert_eq!(states(&session), ["done", "working", "waiting", "error"]);
    assert_eq!(session.selected(), Some(1));
    assert_eq!(session.tally(), before);
    let effects = session.take_effects();
    assert!(effects.contains(&Effect::WithdrawUndo) && effects.contains(&Effect::Focus(1)));
    assert!(
        !effects.iter().any(|it| matches!(it, Effect::Forget(_))),
        "the store has it still"
    );
    session.undo();
    assert_eq!(session.take_effects(), [], "once");
    answer(&mut session, 1);
    // Given up, it is gone from the store, too.
    session.clear();
    session.take_effects();
    assert!(!session.has_nothing(), "it can still be taken back");
    session.forget_removed();
    assert!(session.has_nothing());
    assert_eq!(
        session.take_effects(),
        [Effect::Forget(vec![0, 1, 2, 3]), Effect::WithdrawUndo]
    );
    session.undo();
    assert!(session.entries().is_empty());
}

#[test]
fn a_file_of_no_field_is_listed_and_has_no_tile() {
    let mut session = ready(DeviceKind::Cpu);
    session.add_refused("list.txt", "it is no image");
    let effects = session.take_effects();
    assert!(effects.contains(&Effect::ListPassedOver) && effects.contains(&Effect::Keep(0)));
    assert!(!effects.contains(&Effect::Arrange));
    let tally = session.tally();
    assert_eq!((tally.all, tally.passed_over), (0, 1));
    session.select(0);
    assert_eq!(session.selected(), None);
    session.clear_passed_over();
    assert_eq!(session.tally().passed_over, 0);
    session.undo();
    assert_eq!(session.tally().passed_over, 1);
}

#[test]
fn what_was_kept_comes_back_and_goes_on() {
    let mut session = Session::default();
    open(&mut session, "first", DeviceKind::Cpu);
    assert!(!session.is_restored());
    session.restored(9);
    let mut done = DeskEntry::new("b".to_owned(), String::new(), None);
    done.state = FieldState::Cancelled;
    session.restore(3, done);
    session.restore(8, DeskEntry::new("a".to_owned(), String::new(), None));
    session.take_effects();
    session.resume();
    assert_eq!(sent(&mut session), [classify(8)]);
    assert_eq!(session.selected(), Some(3));
    assert_eq!(session.add(input("c")), 9);
}

#[test]
fn a_field_without_images_is_refused_once() {
    let mut session = ready(DeviceKind::Cpu);
    session.add(input("a"));
    session.take_effects();
    session.not_sent(view(0), text::IMAGES_GONE.to_owned());
    session.not_sent(classify(0), text::IMAGES_GONE.to_owned());
    let effects = session.take_effects();
    assert!(effects.contains(&Effect::NoPicture(text::IMAGES_GONE.to_owned())));
    assert_eq!(states(&session), ["error"]);
    session.not_sent(classify(0), text::IMAGES_GONE.to_owned());
    assert!(session.take_effects().is_empty());
}

#[test]
fn dark_fields_are_offered_once_they_are_answered_and_read_anew() {
    let mut session = Session::default();
    session.restored(0);
    open(&mut session, "first", DeviceKind::Cpu);
    for id in ["a", "b", "c"] {
        session.add(input(id));
    }
    // As their previews tell.
    for (field, bits) in [(0, 12), (1, 14), (2, 12)] {
        let entry = session.desk.get_mut(field).expect("on the desk");
        entry.camera_bits = Some(bits);
    }
    assert_eq!(session.tally().dark, None);
    for field in [0, 1] {
        let answer = session.answer(prediction(&[0.5, 0.5])).expect("a model");
        session.classified(field, answer);
    }
    assert_eq!(session.tally().dark, Some((2, 14)));
    assert_eq!(session.dark(), [0, 1]);
    session.take_effects();
    let bits = Some(14);
    session.read_as(0, FieldInput { bits, ..input("a") });
    session.classify_again(0);
    assert_eq!(session.tally().dark, Some((1, 14)));
    assert!(session.take_effects().contains(&Effect::KeepInput(0)));
    let entry = session.entry(0).expect("on the desk");
    assert_eq!(entry.input.as_ref().and_then(|input| input.bits), Some(14));
    assert!(entry.is_open());
    session.clear();
    assert_eq!(session.tally().dark, None);
}

fn answered_fields(ids: &[&str]) -> Session {
    let mut session = ready(DeviceKind::Cpu);
    for (field, id) in (0..).zip(ids) {
        session.add(input(id));
        answer(&mut session, field);
    }
    session.take_effects();
    session
}

#[test]
fn filters_hold_together_and_say_how_many_fields_are_left() {
    let mut session = answered_fields(&["x_B02", "y_B02", "x_B03"]);
    let nucleoli = Labelled::Label("Nucleoli".to_owned());
    session.toggle_label(nucleoli.clone());
    assert_eq!(session.shown().len(), 3);
    session.filter_text(" X_ ");
    assert_eq!(session.shown(), [0, 2]);
    let plate = session.entry(0).and_then(|entry| entry.position.clone());
    let position = plate.expect("a well");
    let well = PlateWell {
        plate: position.plate,
        well: position.well,
    };
    session.take_effects();
    session.toggle_well(well.clone());
    assert_eq!(session.shown(), [0]);
    let effects = session.take_effects();
    assert!(effects.contains(&Effect::Arrange) && effects.contains(&Effect::ShowOrder));
    assert_eq!(announced(&effects), ["1 of 3 fields shown."]);
    session.toggle_well(well);
    session.toggle_label(nucleoli);
    assert_eq!(session.filter().labelled, Labelled::Any);
    session.show_all();
    assert_eq!(session.shown().len(), 3);
}

#[test]
fn another_view_shows_the_selected_field() {
    let mut session = answered_fields(&["a", "b"]);
    session.select(1);
    session.take_effects();
    session.set_view(View::Table);
    assert_eq!(
        session.take_effects(),
        [
            Effect::ShowView,
            Effect::Arrange,
            Effect::Mark(1),
            Effect::Count,
        ]
    );
    assert_eq!(session.view(), View::Table);
}

#[test]
fn selection_moves_among_the_fields_that_are_shown() {
    let mut session = answered_fields(&["a", "b", "q3"]);
    session.sort_by(Column::Name);
    session.sort_by(Column::Name);
    assert_eq!(session.shown(), [2, 1, 0]);
    session.take_effects();
    session.go(None, |at, count| {
        assert_eq!((at, count), (2, 3));
        at.checked_sub(1)
    });
    assert_eq!(session.selected(), Some(1));
    let effects = session.take_effects();
    assert_eq!(effects.last(), Some(&Effect::Focus(1)));
    session.go(Some(2), |at, _| at.checked_sub(1));
    assert_eq!(session.selected(), Some(1), "beyond the end nothing moves");
    session.filter_text("q3");
    session.go(None, |_, _| unreachable!("the selected field is not shown"));
    assert_eq!(session.selected(), Some(2));
}

#[test]
fn labels_are_offered_once_and_go_with_the_fields() {
    let mut session = ready(DeviceKind::Cpu);
    let offers = |session: &mut Session| {
        let effects = session.take_effects().into_iter();
        effects.filter(|it| *it == Effect::OfferLabels).count()
    };
    for (field, id) in [(0, "a"), (1, "b")] {
        session.add(input(id));
        answer(&mut session, field);
    }
    assert_eq!(offers(&mut session), 1);
    assert_eq!(session.labels().len(), 1);
    session.clear();
    assert_eq!(offers(&mut session), 1);
    assert!(session.labels().is_empty());
    session.undo();
    assert_eq!(session.label_counts(), [("Nucleoli".to_owned(), 2)]);
    assert_eq!(session.labels().len(), 1);
}

#[test]
fn a_picture_is_kept_beside_others_until_its_field_goes() {
    let mut session = answered_fields(&["a", "b"]);
    session.toggle_pinned();
    session.select(1);
    assert_eq!((session.pinned(), session.selected()), (Some(0), Some(1)));
    session.toggle_pinned();
    assert_eq!(session.pinned(), None);
    session.toggle_pinned();
    session.remove_selected();
    assert_eq!(session.pinned(), None);
    session.toggle_pinned();
    session.take_effects();
    session.clear();
    assert!(session.take_effects().contains(&Effect::ShowPinned));
    assert_eq!(session.pinned(), None);
}

#[test]
fn a_field_with_other_files_is_looked_at_and_classified_anew() {
    let mut session = answered_fields(&["a", "b"]);
    assert_eq!(session.of_id("b"), Some(1));
    assert_eq!(session.of_id("c"), None);
    assert_eq!(session.renew(0, input("a")), 2);
    assert_eq!(states(&session), ["done", "working"]);
    assert_eq!(session.selected(), Some(2));
    let effects = session.take_effects();
    for effect in [
        Effect::KeepInput(2),
        Effect::Forget(vec![0]),
        Effect::Send(view(2)),
        Effect::Send(classify(2)),
    ] {
        assert!(effects.contains(&effect), "{effect:?}");
    }
    // What the engine still says of the files before is nobody's.
    assert_eq!(session.renew(2, input("a")), 3);
    let late = session.answer(prediction(&[0.9, 0.2])).expect("a model");
    assert!(!session.classified(2, late));
    answer(&mut session, 3);
    assert_eq!(states(&session), ["done", "done"]);
    // Of a field that is not selected no picture is asked for.
    session.take_effects();
    session.renew(1, input("b"));
    assert_eq!(sent(&mut session), [classify(4)]);
    assert_eq!(session.selected(), Some(3));
}

#[test]
fn fields_of_another_scale_are_offered_once_they_are_answered_and_shown_anew() {
    let mut session = ready(DeviceKind::Cpu);
    for id in ["a", "b"] {
        let field = session.add(input(id));
        let entry = session.desk.get_mut(field).expect("on the desk");
        entry.is_of_other_scale = true;
    }
    assert_eq!(session.tally().of_other_scale, 0);
    session.answered(view(0));
    answer(&mut session, 0);
    assert_eq!(session.tally().of_other_scale, 1);
    assert_eq!(session.of_other_scale(), [0]);
    session.take_effects();
    let to_scale = true;
    session.read_as(
        0,
        FieldInput {
            to_scale,
            ..input("a")
        },
    );
    session.classify_again(0);
    assert_eq!(session.tally().of_other_scale, 0);
    assert!(
        sent(&mut session).contains(&view(0)),
        "its picture changes, too"
    );
    let entry = session.entry(0).expect("on the desk");
    assert!(entry.input.as_ref().is_some_and(|input| input.to_scale));
}

#[test]
fn a_missing_channel_is_painted_by_choice_alone_and_the_paint_taken_away() {
    let mut session = answered_fields(&["a", "b"]);
    session.answered(view(0));
    for field in [0, 1] {
        let entry = session.desk.get_mut(field).expect("on the desk");
        entry.missing = Some(Channel::Yellow);
    }
    assert!(!session.paints(view(0)) && !session.paints(classify(0)));
    session.take_effects();
    for (is_on, said) in [
        (true, "a: Nucleoli (yellow painted)"),
        (false, "a: Nucleoli"),
    ] {
        session.switch_paint(0);
        assert_eq!(sent(&mut session), [view(0), classify(0)]);
        assert_eq!(
            [view(0), classify(0)].map(|job| session.paints(job)),
            [is_on; 2]
        );
        assert!(!session.paints(classify(1)), "nobody asked for it");
        let cells = Job::find_cells(Subject::Field(0));
        assert!(
            !session.paints(cells),
            "they are found in what was measured"
        );
        session.switch_paint(0);
        assert_eq!(sent(&mut session), [], "it is on its way already");
        session.answered(view(0));
        let prediction = TimedPrediction {
            painted: is_on.then_some(Channel::Yellow),
            ..prediction(&[0.9, 0.2])
        };
        let answer = session.answer(prediction).expect("a model");
        session.classified(0, answer);
        let effects = session.take_effects();
        assert!(effects.contains(&Effect::Keep(0)));
        assert_eq!(announced(&effects), [said]);
    }
}

#[test]
fn a_refused_field_can_be_painted_and_other_files_are_not() {
    let mut session = answered_fields(&["a", "b"]);
    session.classify_again(1);
    session.refused(classify(1), "it lacks yellow".to_owned());
    session.take_effects();
    session.switch_paint(1);
    assert_eq!(sent(&mut session), [classify(1)]);
    assert!(session.paints(classify(1)));
    let renewed = session.renew(1, input("b"));
    assert!(!session.paints(classify(renewed)));
}
