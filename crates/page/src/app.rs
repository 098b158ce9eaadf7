//! The page as a whole: carries events to the [session](crate::session) and its effects to the parts of
//! the page.

mod cell_files;
mod cells;
mod desk_panel;
mod diagnosis;
mod engine;
mod evidence;
mod fields;
mod hand_out;
mod overview;
mod painting;
mod questions;
mod rechannel;
mod records;
mod removals;
mod tools;

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, HtmlElement, KeyboardEvent};

use self::desk_panel::DeskPanel;
use self::engine::Supplies;
use self::painting::PagePainter;
use self::questions::Receivers;
use self::removals::Removals;
use self::tools::Tools;
use super::cells::{CellsDesk, Deed};
use super::detail::Detail;
use super::device::DevicePanel;
use super::diagnostics::Diagnostics;
use super::dom::{by_id, closest, focus, has_modifier, now_ms, on, target, window};
use super::engine::Engine;
use super::gallery::{self, Tile};
use super::listing::Listing;
use super::models::Models;
use super::offline::OfflineCopy;
use super::plate::Plate;
use super::session::{Effect, Session};
use super::sieve::Sieve;
use super::status::StatusPanel;
use super::store::Store;
use super::table::Table;
use super::viewer;
use super::{fonts, input, samples, text, theme};

/// The session and the parts of the page.
struct App {
    engine: Engine,
    supplies: RefCell<Supplies>,
    status: StatusPanel,
    device: DevicePanel,
    gallery: Rc<Listing<Tile>>,
    table: Table,
    plate: Plate,
    sieve: Sieve,
    detail: Detail,
    cells: CellsDesk,
    painter: PagePainter,
    store: Rc<Store>,
    desk: DeskPanel,
    models: Rc<Models>,
    diagnostics: Rc<Diagnostics>,
    receivers: Receivers,
    offline: Rc<OfflineCopy>,
    tools: Tools,
    removals: RefCell<Removals>,
    /// Changed by [`App::change`] alone.
    session: RefCell<Session>,
}

/// Starts the page.
pub fn start() {
    let app = Rc::new_cyclic(|app: &Weak<App>| App {
        engine: Engine::new(calling(app, App::hear)),
        supplies: RefCell::default(),
        status: StatusPanel::new(),
        device: DevicePanel::new(),
        gallery: gallery::new(calling(app, App::touch), calling(app, App::follow)),
        table: Table::new(
            calling(app, App::touch),
            calling(app, |app, column| {
                app.change(|session| session.sort_by(column))
            }),
            calling(app, App::follow),
        ),
        plate: Plate::new(
            calling(app, |app, choice| {
                app.change(|session| session.choose_plate(choice))
            }),
            calling(app, |app, well| {
                app.change(|session| session.toggle_well(well))
            }),
        ),
        sieve: Sieve::new(calling(app, App::wish)),
        detail: Detail::new(calling(app, App::show_evidence)),
        cells: CellsDesk::new(calling(app, |app, deed: Deed| app.do_with_cells(&deed))),
        painter: PagePainter::default(),
        store: Store::new({
            let notify = calling(app, |app, notice: String| app.desk.notify(&notice));
            move |notice| notify(notice.to_owned())
        }),
        desk: DeskPanel::new(),
        models: Models::new({
            let switch = calling(app, |app, ()| app.switch_model());
            move || switch(())
        }),
        diagnostics: Diagnostics::new({
            let diagnose = calling(app, |app, ()| app.diagnose());
            move || diagnose(())
        }),
        receivers: Receivers::default(),
        offline: OfflineCopy::new({
            let app = app.clone();
            move || {
                let app = app.upgrade();
                app.is_none_or(|app| app.session.borrow().entries().is_empty())
            }
        }),
        tools: Tools::new(app),
        removals: RefCell::default(),
        session: RefCell::default(),
    });
    theme::listen();
    listen(&app);
    app.open_export();
    app.open_cells();
    app.open_quiz();
    app.open_rechannel();
    spawn_local(app.clone().restore());
    let choice = app.device.asked();
    // A browser that reloads the page may have kept the visitor's choice.
    let sort = app.sieve.chosen_sort();
    app.change(|session| {
        session.choose_device(choice);
        session.set_sort(sort);
    });
    // The page lives as long as its window; its listeners hold it.
    app.reopen();
    spawn_local(fonts::look_up(by_id("desk")));
}

/// A handler that calls the page's method for as long as the page is there.
fn calling<T>(
    app: &Weak<App>,
    method: impl Fn(&Rc<App>, T) + Clone + 'static,
) -> impl Fn(T) + Clone + 'static {
    let app = app.clone();
    move |value| {
        if let Some(app) = app.upgrade() {
            method(&app, value);
        }
    }
}

/// Connects the page's controls.
fn listen(app: &Rc<App>) {
    let accept = |app: &Rc<App>| {
        let app = app.clone();
        move |lot| spawn_local(app.clone().accept(lot))
    };
    let look = {
        let app = app.clone();
        move |input, show| app.look(input, show)
    };
    input::listen(accept(app), Rc::new(look));
    let refuse = {
        let app = app.clone();
        move |id: &str, reason: &str| app.desk.notify(&text::said_refused(id, reason))
    };
    spawn_local(samples::show(accept(app), refuse));
    app.device.listen({
        let app = app.clone();
        move |choice| {
            app.change(|session| session.choose_device(choice));
            app.reopen();
        }
    });
    let click = |button: Element, handle: fn(&Rc<App>)| {
        let app = app.clone();
        on(&button, "click", move |_: Event| handle(&app));
    };
    click(by_id("retry"), App::reopen);
    click(by_id("rerun"), App::classify_again);
    click(by_id("dark-read"), App::read_dark);
    click(by_id("scale-read"), App::read_to_scale);
    click(by_id("paint-switch"), App::switch_paint);
    let click = |button: Element, transition: fn(&mut Session)| {
        let app = app.clone();
        on(&button, "click", move |_: Event| app.change(transition));
    };
    click(by_id("clear"), Session::clear);
    click(by_id("pause"), Session::toggle_pause);
    click(by_id("cancel"), Session::cancel);
    click(by_id("remove"), Session::remove_selected);
    click(by_id("chosen-remove"), Session::remove_chosen);
    click(by_id("chosen-none"), Session::choose_none);
    click(by_id("pin"), Session::toggle_pinned);
    click(by_id("previous"), |session| session.turn(-1));
    click(by_id("next"), |session| session.turn(1));
    click(by_id("passed-over-close"), Session::clear_passed_over);
    click(by_id("undo-take-back"), Session::undo);
    let close = {
        let app = app.clone();
        move |_: Event| {
            app.change(Session::forget_removed);
            focus(&by_id::<HtmlElement>("main"));
        }
    };
    on(&by_id::<Element>("undo-close"), "click", close);
    let app = app.clone();
    on(&window(), "keydown", move |event: KeyboardEvent| {
        if let Some(steps) = turned_by(&event) {
            event.prevent_default();
            app.change(|session| session.turn(steps));
        }
    });
}

/// The number of fields by which a key turns on, if it does. A pointer for talks sends the keys for pages.
fn turned_by(event: &KeyboardEvent) -> Option<isize> {
    let at: Element = target(event)?;
    let is_full = viewer::is_full();
    let is_inside = is_full || closest(&at, "#detail").is_some();
    if !is_inside || has_modifier(event) || closest(&at, "select, dialog").is_some() {
        return None;
    }
    match event.key().as_str() {
        "n" | "N" => Some(1),
        "p" | "P" => Some(-1),
        "PageDown" if is_full => Some(1),
        "PageUp" if is_full => Some(-1),
        _ => None,
    }
}

impl App {
    /// Changes the session by one transition and carries out its effects. The session is not borrowed
    /// while they are carried out, so that each may lead to further transitions.
    fn change<T>(self: &Rc<Self>, transition: impl FnOnce(&mut Session) -> T) -> T {
        let (result, effects) = {
            let mut session = self.session.borrow_mut();
            session.set_time(now_ms());
            (transition(&mut session), session.take_effects())
        };
        self.carry_out(effects);
        result
    }

    fn carry_out(self: &Rc<Self>, effects: Vec<Effect>) {
        self.refresh_tools(&effects);
        for effect in effects {
            match effect {
                Effect::Show(field) => self.show(field),
                Effect::ShowThumbnail(field) => self.show_thumbnail(field),
                Effect::Arrange => self.arrange(),
                Effect::ShowOrder => {
                    let session = self.session.borrow();
                    self.sieve.show_order(&session);
                    self.table.show_sort(session.sort());
                    self.show_plate(&session);
                }
                Effect::OfferLabels => self.sieve.offer_labels(&self.session.borrow()),
                Effect::ShowView => self.sieve.show_view(self.session.borrow().view()),
                Effect::Mark(field) => self.mark(field),
                Effect::ShowPlate => self.show_plate(&self.session.borrow()),
                Effect::Focus(field) => {
                    // One field alone has nothing beside it.
                    if !self.focus(field) {
                        focus(&by_id::<HtmlElement>("detail-title"));
                    }
                }
                Effect::ShowChosen => self.show_chosen(),
                Effect::ShowPinned => self.show_pinned(),
                Effect::Open(field) => {
                    self.mark(field);
                    // A copy, as in `show`.
                    let entry = self.session.borrow().entry(field).cloned();
                    if let Some(entry) = entry {
                        self.cells.close();
                        self.detail.open(field, &entry);
                        self.follow_cells();
                        self.offer_paint(&entry);
                    }
                    if self.session.borrow().pinned().is_some() {
                        self.show_pinned();
                    }
                }
                Effect::NoPicture(reason) => self.detail.viewer.clear(&reason),
                Effect::NoCells(field, reason) => self.cells.not_found(field, &reason),
                Effect::Close => {
                    self.cells.close();
                    self.detail.close();
                }
                Effect::Count => self.count(),
                Effect::Keep(field) => {
                    if let Some(entry) = self.session.borrow().entry(field) {
                        self.store.keep(field, &records::record_of(entry));
                    }
                }
                Effect::KeepInput(field) => self.keep_input(field),
                Effect::ListPassedOver => {
                    let session = self.session.borrow();
                    let files = session.entries().values();
                    let files = files.filter_map(|it| Some((&*it.id, it.passed_over()?)));
                    self.desk.list_passed_over(files);
                }
                Effect::OfferUndo(fields, said) => {
                    self.mark_removed(&fields);
                    self.drop_waiting_cells();
                    self.desk.offer_undo(&said);
                }
                Effect::FocusUndo => self.desk.focus_undo(),
                Effect::WithdrawUndo => {
                    self.mark_removed(&[]);
                    self.desk.offer_undo("");
                }
                Effect::Forget(fields) => self.forget(&fields),
                Effect::Send(job) => {
                    let worker = self.session.borrow().worker();
                    spawn_local(self.clone().send(job, worker));
                }
                Effect::RefuseQuestion(question, reason) => {
                    self.receivers.refuse(question, reason);
                }
                Effect::Announce(said) => self.desk.announce(&said),
            }
        }
    }

    /// Writes a field's state to its tile, and to the panel where it is selected.
    fn show(self: &Rc<Self>, field: u32) {
        // A copy: the panel calls back while it is written, and whoever hears it may change the session.
        let selected = {
            let session = self.session.borrow();
            let Some(entry) = session.entry(field) else {
                return;
            };
            self.gallery.show(field, entry);
            self.table.rows.show(field, entry);
            (session.selected() == Some(field)).then(|| entry.clone())
        };
        if let Some(entry) = selected {
            self.detail.show(&entry);
            self.follow_cells();
            self.offer_paint(&entry);
        }
    }
}
