//! Classes of the visitor's own: given by click and by key, learnt at once, and answered beside the model's labels.

mod files;
mod keep;
mod learnt;
mod lesson;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Element, Event, HtmlButtonElement, HtmlDetailsElement, HtmlInputElement, KeyboardEvent,
};

use self::learnt::{Learnt, answer, learn};
use self::lesson::{Content, Lesson};
use super::answer::Answer;
use super::dom::{
    append, around, attribute, by_id, closest, create, emptied, find, find_all, from_template,
    has_modifier, on, set_attribute, set_flag, set_hidden, set_line, set_text, target, window,
    write,
};
use super::export::save::{CSV, JSON, save_text};
use super::similar::{ToolField, ToolHost};
use super::text::input::too_large_file;
use super::text::{number, overview, teach as text};

/// The most answers that are listed, the least sure first.
const LISTED: usize = 60;
/// The largest file of a head that is read, in bytes: several times that of one with the most classes.
const LARGEST: u64 = 16_000_000;
/// What takes digits itself.
const ELSEWHERE: &str = "input, select, textarea, dialog, [contenteditable], #viewer .stage";

pub(crate) use self::learnt::Trials;
pub(crate) use self::lesson::Refusal;

/// The panel in `index.html`.
pub(crate) struct Teach {
    root: HtmlDetailsElement,
    host: Rc<ToolHost>,
    lesson: RefCell<Lesson>,
    /// What was learnt, or why nothing was.
    learnt: RefCell<Result<Learnt, String>>,
    /// What it was learnt from: nothing is learnt twice.
    learnt_from: RefCell<Option<Lessons>>,
    /// The desk as it was when last looked at.
    fields: RefCell<Vec<ToolField>>,
    /// Whether the lesson is kept for the next visit. The fields of a page that keeps none have numbers of their own.
    is_kept: Cell<bool>,
}

/// The names of the classes, and the examples: field, class and answer.
type Lessons = (Vec<String>, Vec<(u32, usize, *const Answer)>);

impl Teach {
    /// The panel with the lesson of the last visit.
    pub(crate) fn new(host: Rc<ToolHost>) -> Rc<Self> {
        let teach = Rc::new(Self {
            root: by_id("teach"),
            host,
            lesson: RefCell::new(keep::read()),
            learnt: RefCell::new(Err(text::NOTHING_TAUGHT.to_owned())),
            learnt_from: RefCell::default(),
            fields: RefCell::default(),
            is_kept: Cell::default(),
        });
        teach.listen();
        teach
    }

    fn listen(self: &Rc<Self>) {
        let teach = self.clone();
        on(&self.root, "click", move |event: Event| {
            if let Some(button) = around(&event, "[data-teach]") {
                teach.clicked(
                    &attribute(&button, "data-teach"),
                    attribute(&button, "data-class").parse().ok(),
                );
            } else if let Some(row) = around(&event, "[data-go]")
                && let Ok(field) = attribute(&row, "data-go").parse()
            {
                (teach.host.select)(field);
            }
        });
        let teach = self.clone();
        on(
            &by_id::<Element>("teach-form"),
            "submit",
            move |event: Event| {
                event.prevent_default();
                teach.add_class();
            },
        );
        let teach = self.clone();
        on(&by_id::<Element>("teach-sure"), "input", move |_: Event| {
            let sure: HtmlInputElement = by_id("teach-sure");
            let sure = sure.value().parse().unwrap_or(0.0);
            teach.change(|lesson| lesson.set_sure(sure));
        });
        let teach = self.clone();
        on(
            &by_id::<Element>("teach-file"),
            "change",
            move |event: Event| {
                if let Some(input) = target::<HtmlInputElement>(&event)
                    && let Some(file) = input.files().and_then(|files| files.get(0))
                {
                    let teach = teach.clone();
                    spawn_local(async move {
                        if file.size() > LARGEST as f64 {
                            let said = text::not_opened(&too_large_file(LARGEST));
                            return set_text(&by_id("teach-said"), &said);
                        }
                        let text = JsFuture::from(file.text()).await.ok();
                        teach.open(&text.and_then(|text| text.as_string()).unwrap_or_default());
                    });
                    input.set_value("");
                }
            },
        );
        let teach = self.clone();
        on(
            &by_id::<Element>("teach-labels"),
            "change",
            move |_: Event| teach.corrected(),
        );
        let teach = self.clone();
        on(&self.root, "toggle", move |_: Event| teach.refresh());
        let teach = self.clone();
        on(&window(), "keydown", move |event: KeyboardEvent| {
            teach.pressed(&event)
        });
    }

    /// Whether the panel is open, so that it is to follow the desk.
    pub(crate) fn is_open(&self) -> bool {
        self.root.open()
    }

    /// Whether there is anything to say about a field of the desk.
    pub(crate) fn is_in_use(&self) -> bool {
        self.is_open()
            || !self.lesson.borrow().now().classes.is_empty()
            || self.learnt.borrow().is_ok()
    }

    /// The class that a field was given, or that the head is sure of.
    pub(crate) fn class_of(&self, field: &ToolField) -> Option<String> {
        let lesson = self.lesson.borrow();
        let content = lesson.now();
        if let Some(class) = content.class_of(field.field) {
            return Some(content.classes[class].clone());
        }
        let learnt = self.learnt.borrow();
        let head = &learnt.as_ref().ok()?.head;
        let said = answer(head, field).filter(|said| said.lead >= content.sure)?;
        head.classes.get(said.class).cloned()
    }

    /// The names of the classes.
    pub(crate) fn classes(&self) -> Vec<String> {
        self.lesson.borrow().now().classes.clone()
    }

    /// Gives fields a class, or takes theirs.
    pub(crate) fn give(self: &Rc<Self>, fields: &[u32], class: Option<usize>) {
        self.change(|lesson| lesson.give(fields, class));
    }

    /// A key of a digit gives the chosen fields, or the selected one, a class, wherever no other control takes it.
    fn pressed(self: &Rc<Self>, event: &KeyboardEvent) {
        let Some(at) = target::<Element>(event) else {
            return;
        };
        let is_elsewhere = closest(&at, ELSEWHERE).is_some();
        if !self.is_open() || is_elsewhere || has_modifier(event) {
            return;
        }
        let Ok(digit) = event.key().parse::<usize>() else {
            return;
        };
        let count = self.classes().len();
        if digit <= count && event.key().len() == 1 {
            event.prevent_default();
            self.give_selected(digit.checked_sub(1));
        }
    }

    fn give_selected(self: &Rc<Self>, class: Option<usize>) {
        let mut fields = (self.host.chosen)();
        let are_chosen = !fields.is_empty();
        if !are_chosen {
            fields.extend((self.host.selected)());
        }
        let Some(first) = fields.first().copied() else {
            return (self.host.say)(text::NOTHING_SELECTED);
        };
        self.give(&fields, class);
        let what = if are_chosen {
            number::fields(fields.len())
        } else {
            let fields = self.fields.borrow();
            let first = fields.iter().find(|it| it.field == first);
            first.map_or_else(String::new, |it| it.id.clone())
        };
        let name = class.and_then(|class| self.classes().get(class).cloned());
        (self.host.say)(&text::given(&what, name.as_deref()));
    }

    fn clicked(self: &Rc<Self>, what: &str, class: Option<usize>) {
        match what {
            "give" => self.give_selected(class),
            "remove" => self.change(|lesson| {
                class
                    .into_iter()
                    .for_each(|class| lesson.remove_class(class))
            }),
            "undo" => self.change(Lesson::undo),
            "model" => {
                if let Some(field) = (self.host.selected)() {
                    self.change(|lesson| lesson.correct(field, None));
                }
            }
            file => {
                let saved = self.save(file);
                (self.host.say)(&saved.unwrap_or_else(|reason| reason));
            }
        }
    }

    fn save(&self, file: &str) -> Result<String, String> {
        let lesson = self.lesson.borrow();
        let learnt = self.learnt.borrow();
        let fields = self.fields.borrow();
        let (name, content, kind) = match file {
            "head" => {
                let mut head = learnt.as_ref().map_err(Clone::clone)?.head.clone();
                head.sure = lesson.now().sure;
                let head = keep::text(&head.file())?;
                ("cytolens-head.json", head, JSON)
            }
            "train" => ("train.csv", files::train_csv(lesson.now(), &fields), CSV),
            _ => (
                "cytolens-classes.csv",
                files::classes_csv(lesson.now(), learnt.as_ref().ok(), &fields),
                CSV,
            ),
        };
        save_text(name, &content, kind)?;
        Ok(text::saved(name))
    }

    /// Opens a head that was saved: it answers until a class is taught.
    fn open(self: &Rc<Self>, file: &str) {
        let said = match keep::head(file) {
            Ok(head) => {
                let said = text::opened(&head.classes, &head.model);
                let sure = head.sure;
                *self.learnt.borrow_mut() = Ok(Learnt { head, trials: None });
                self.learnt_from.take();
                self.lesson.borrow_mut().set_sure(sure);
                self.show();
                said
            }
            Err(error) => text::not_opened(&error),
        };
        set_text(&by_id("teach-said"), &said);
    }

    fn add_class(self: &Rc<Self>) {
        let name: HtmlInputElement = by_id("teach-name");
        let added = self.change(|lesson| lesson.add_class(&name.value()));
        match added {
            Ok(()) => {
                name.set_value("");
                set_text(&by_id("teach-said"), "");
            }
            Err(refusal) => set_text(&by_id("teach-said"), text::refusal(refusal)),
        }
    }

    /// The labels of the selected field are those that are ticked.
    fn corrected(self: &Rc<Self>) {
        let Some(field) = (self.host.selected)() else {
            return;
        };
        let list: Element = by_id("teach-labels");
        let ticked: Vec<HtmlInputElement> = find_all(&list, "input");
        let labels = ticked.iter().enumerate().filter(|(_, tick)| tick.checked());
        let labels = labels.map(|(class, _)| class).collect();
        self.change(|lesson| lesson.correct(field, Some(labels)));
    }

    fn change<T>(self: &Rc<Self>, change: impl FnOnce(&mut Lesson) -> T) -> T {
        let result = change(&mut self.lesson.borrow_mut());
        self.keep();
        self.refresh();
        result
    }

    /// A field has another number from now on.
    pub(crate) fn renumber(&self, from: u32, to: u32) {
        self.lesson.borrow_mut().renumber(from, to);
        self.keep();
    }

    fn keep(&self) {
        if self.is_kept.get() {
            keep::write(&self.lesson.borrow());
        }
    }

    /// These fields of the last visit come back, and others will get the numbers of those that are gone: the lesson is of these alone.
    /// Where the page keeps no fields it begins without any, and what another page keeps stays as it is.
    pub(crate) fn begin(&self, fields: &BTreeSet<u32>, are_kept: bool) {
        self.is_kept.set(are_kept);
        if are_kept {
            self.lesson.borrow_mut().forget_others(fields);
            self.keep();
        } else {
            *self.lesson.borrow_mut() = Lesson::default();
        }
    }

    /// Learns anew from the desk as it is, and writes all.
    pub(crate) fn refresh(self: &Rc<Self>) {
        if !self.is_in_use() {
            return;
        }
        *self.fields.borrow_mut() = (self.host.fields)();
        {
            let lesson = self.lesson.borrow();
            let is_taught = !lesson.now().classes.is_empty();
            let was_opened = self
                .learnt
                .borrow()
                .as_ref()
                .is_ok_and(|learnt| learnt.trials.is_none());
            if is_taught || !was_opened {
                let fields = self.fields.borrow();
                let from = lessons(lesson.now(), &fields);
                if self.learnt_from.borrow().as_ref() != Some(&from) {
                    let learnt = learn(lesson.now(), &fields);
                    *self.learnt.borrow_mut() = learnt.map_err(|error| text::not_learnt(&error));
                    *self.learnt_from.borrow_mut() = Some(from);
                }
            }
        }
        self.show();
    }

    fn show(&self) {
        self.show_selected();
        if !self.is_open() {
            return;
        }
        let lesson = self.lesson.borrow();
        let content = lesson.now();
        let fields = self.fields.borrow();
        let list = emptied(by_id("teach-classes"));
        let counts = content.counts(fields.iter().map(|it| it.field));
        for (class, (name, count)) in content.classes.iter().zip(counts).enumerate() {
            let item = from_template("teach-class-template");
            write(&item, ".name", name);
            write(&item, ".count", &text::examples(count));
            write(
                &item,
                "kbd",
                &if class < 9 {
                    (class + 1).to_string()
                } else {
                    String::new()
                },
            );
            for button in find_all::<Element>(&item, "button") {
                set_attribute(&button, "data-class", &class.to_string());
            }
            set_attribute(
                &find(&item, "[data-teach='remove']"),
                "aria-label",
                &text::remove(name),
            );
            append(&list, &item);
        }
        by_id::<HtmlButtonElement>("teach-undo").set_disabled(!lesson.can_undo());
        let learnt = self.learnt.borrow();
        let trials = learnt
            .as_ref()
            .ok()
            .and_then(|learnt| learnt.trials.as_ref());
        let line = match &*learnt {
            Ok(_) => trials.map_or(text::OPENED_HEAD.to_owned(), text::trials),
            Err(reason) => reason.clone(),
        };
        set_text(&by_id("teach-trials"), &line);
        let each = emptied(by_id("teach-each"));
        if let Some(trials) = trials {
            for (name, (hits, count)) in content.classes.iter().zip(&trials.classes) {
                if *count > 0 {
                    append(&each, &line_of(&text::trial(name, *hits, *count), None));
                }
            }
            for (field, class, said) in &trials.wrong {
                let id = fields
                    .iter()
                    .find(|it| it.field == *field)
                    .map_or("", |it| &it.id);
                let line = text::wrong(id, &content.classes[*class], &content.classes[*said]);
                append(&each, &line_of(&line, Some(*field)));
            }
        }
        self.show_answers(learnt.as_ref().ok(), &fields, content.sure);
    }

    /// Lists what the head says of the other fields, and what the threshold decides.
    fn show_answers(&self, learnt: Option<&Learnt>, fields: &[ToolField], sure: f32) {
        let list = emptied(by_id("teach-answers"));
        let lesson = self.lesson.borrow();
        let mut answers: Vec<(&ToolField, usize, f32)> = Vec::new();
        if let Some(learnt) = learnt {
            let others = fields
                .iter()
                .filter(|it| lesson.now().class_of(it.field).is_none());
            answers.extend(
                others.filter_map(|it| {
                    answer(&learnt.head, it).map(|said| (it, said.class, said.lead))
                }),
            );
            answers.sort_by(|a, b| a.2.total_cmp(&b.2));
            let undecided = answers.iter().filter(|(.., lead)| *lead < sure).count();
            set_text(
                &by_id("teach-preview"),
                &text::preview(answers.len(), undecided, sure),
            );
            for (it, class, lead) in answers.iter().take(LISTED) {
                let name = learnt.head.classes.get(*class).map_or("", String::as_str);
                append(
                    &list,
                    &line_of(
                        &text::answer(&it.id, name, *lead, *lead >= sure),
                        Some(it.field),
                    ),
                );
            }
        }
        set_hidden(&by_id("teach-decide"), answers.is_empty());
        let slider: HtmlInputElement = by_id("teach-sure");
        slider.set_value(&sure.to_string());
    }

    /// Writes what the head says of the selected field beside the model's labels, and its labels to be corrected.
    fn show_selected(&self) {
        let selected = (self.host.selected)();
        let fields = self.fields.borrow();
        let field = selected.and_then(|selected| fields.iter().find(|it| it.field == selected));
        let lesson = self.lesson.borrow();
        let content = lesson.now();
        let learnt = self.learnt.borrow();
        let given = field.and_then(|it| content.class_of(it.field));
        let said = field.and_then(|it| {
            let head = &learnt.as_ref().ok()?.head;
            let said = answer(head, it)?;
            Some((
                head.classes.get(said.class)?.as_str(),
                said.lead >= content.sure,
            ))
        });
        let given = given.map(|class| content.classes[class].as_str());
        set_line(&by_id("own-answer"), &text::own(given, said));
        if !self.is_open() {
            return;
        }
        let line = match (self.host.chosen)().len() {
            0 => text::selected(field.map(|it| &*it.id), given),
            chosen => overview::chosen(chosen),
        };
        set_text(&by_id("teach-selected"), &line);
        let list = emptied(by_id("teach-labels"));
        let corrected = field.and_then(|it| content.corrected(it.field));
        let answer = field.and_then(|it| it.answer.as_ref());
        set_hidden(&by_id("teach-correct"), answer.is_none());
        if let Some(answer) = answer {
            let labels = corrected.unwrap_or(answer.present());
            for (class, name) in answer.model.labels.iter().enumerate() {
                let item = from_template("teach-label-template");
                let tick: HtmlInputElement = find(&item, "input");
                tick.set_checked(labels.contains(&class));
                write(&item, ".name", name);
                append(&list, &item);
            }
        }
        set_flag(
            &by_id::<Element>("teach-correct"),
            "data-corrected",
            corrected.is_some(),
        );
    }
}

/// What is learnt from.
fn lessons(content: &Content, fields: &[ToolField]) -> Lessons {
    let examples = fields.iter().filter_map(|it| {
        let class = content.class_of(it.field)?;
        Some((it.field, class, Rc::as_ptr(it.answer.as_ref()?)))
    });
    (content.classes.clone(), examples.collect())
}

/// A line, which brings a field's picture when it is clicked where a field is given.
fn line_of(line: &str, field: Option<u32>) -> Element {
    let Some(field) = field else {
        let item: Element = create("li");
        set_text(&item, line);
        return item;
    };
    let item = from_template("line-template");
    let button: Element = find(&item, "button");
    set_attribute(&button, "data-go", &field.to_string());
    set_text(&button, line);
    item
}
