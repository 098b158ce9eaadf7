//! Provenance and metrics of a package, whatever their shape, as facts, tables and parts of the model
//! card.

use super::node::Node;
use crate::text::models as text;

/// The most single values of a list that are written out.
const MOST_ITEMS: usize = 40;

/// The most members of a section, or rows of a table, that are shown.
const MOST_MEMBERS: usize = 2000;

/// A block of the model card.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    /// Terms and their values.
    Facts(Vec<(String, String)>),
    /// Figures beside each other.
    Table(FigureTable),
    /// More blocks under a title.
    Part(String, Vec<Block>),
}

/// Figures in rows under a head.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FigureTable {
    /// The columns' titles. The first is that of the rows' names.
    pub(super) head: Vec<String>,
    /// Each row's name and its cells.
    pub(super) rows: Vec<(String, Vec<FigureCell>)>,
}

/// A figure or a word.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct FigureCell {
    /// The figure or word as it is read.
    pub(super) text: String,
    /// The figure itself, where it is a score from 0 to 1.
    pub(super) share: Option<f64>,
}

impl FigureTable {
    /// Makes a table of rows that have names and no cells yet.
    pub(super) fn new(title: String, names: impl Iterator<Item = String>) -> Self {
        Self {
            head: vec![title],
            rows: names
                .take(MOST_MEMBERS)
                .map(|name| (name, Vec::new()))
                .collect(),
        }
    }

    /// Adds a column.
    pub(super) fn push(&mut self, title: String, column: &[Option<&Node>]) {
        self.head.push(title);
        for ((_, cells), cell) in self.rows.iter_mut().zip(cells(column)) {
            cells.push(cell);
        }
    }
}

/// The lists that hold a number for each of `classes`, at the top of a section or of a part of it.
pub(super) fn per_class(section: &Node, classes: usize) -> Vec<(String, &Node)> {
    let mut found = Vec::new();
    for (name, node) in section.members() {
        if is_per_class(node, classes) {
            found.push((text::words(name), node));
        }
        for (inner, node) in node.members() {
            if is_per_class(node, classes) {
                found.push((text::of_part(&text::words(inner), &text::words(name)), node));
            }
        }
    }
    found
}

/// Whether a node is a list of so many numbers. Of a few numbers it could be chance.
fn is_per_class(node: &Node, classes: usize) -> bool {
    let is_figure = |node: &Node| matches!(node, Node::Number(_) | Node::Nothing);
    classes > 2
        && node
            .items()
            .is_some_and(|items| items.len() == classes && items.iter().all(is_figure))
}

/// The blocks of a section: its facts, then figures that can be compared, then its parts. The lists that
/// [`per_class`] finds for so many classes are left out.
pub(super) fn blocks(section: &Node, classes: usize) -> Vec<Block> {
    let members = section.members().iter().take(MOST_MEMBERS);
    let members = members.filter(|(_, node)| !is_per_class(node, classes));
    let (lines, rest): (Vec<_>, Vec<_>) = members.partition(|(_, node)| line(node).is_some());
    let mut blocks = Vec::new();
    if !lines.is_empty() {
        let facts = lines.into_iter();
        let facts = facts.map(|(name, node)| (text::words(name), line(node).unwrap_or_default()));
        blocks.push(Block::Facts(facts.collect()));
    }
    let alike = alike(&rest);
    if let [(_, first), _, ..] = alike[..] {
        blocks.push(Block::Table(side_by_side(first, &alike, classes)));
    }
    for (name, node) in rest {
        if alike.len() > 1 && alike.iter().any(|(used, _)| used == name) {
            continue;
        }
        let inner = match node.items() {
            Some(items) => vec![listed(items)],
            None => self::blocks(node, classes),
        };
        if !inner.is_empty() {
            blocks.push(Block::Part(text::words(name), inner));
        }
    }
    blocks
}

/// A node on one line, if it fits: a single value, a list of such, or a value with its interval.
fn line(node: &Node) -> Option<String> {
    match node {
        Node::Section(members) => {
            let [value, low, high] = ["value", "low", "high"].map(|name| node.get(name)?.number());
            (members.len() == 3).then_some(())?;
            Some(text::interval(value?, low?, high?))
        }
        Node::List(items) if items.iter().all(Node::is_single) => {
            let mut line: Vec<String> = items.iter().take(MOST_ITEMS).map(single).collect();
            if items.len() > MOST_ITEMS {
                line.push(text::and_more(items.len() - MOST_ITEMS));
            }
            Some(line.join(", "))
        }
        Node::List(_) => None,
        _ => Some(single(node)),
    }
}

fn single(node: &Node) -> String {
    match node {
        Node::Number(number) => text::number(*number),
        Node::Text(text) if !text.trim().is_empty() => text.clone(),
        Node::Truth(true) => text::YES.to_owned(),
        Node::Truth(false) => text::NO.to_owned(),
        _ => text::NOT_STATED.to_owned(),
    }
}

/// A section or a list on one line, for a cell; deeper ones are left out.
fn brief(node: &Node) -> String {
    let inner = |node: &Node| line(node).unwrap_or_else(|| "…".to_owned());
    let named = |(name, node): &(String, Node)| format!("{}: {}", text::words(name), inner(node));
    match node {
        Node::Section(members) if line(node).is_none() => {
            members.iter().map(named).collect::<Vec<_>>().join("; ")
        }
        _ => inner(node),
    }
}

/// The sections of single values that have the names of the first such: figures of the same kind,
/// for example of several parts of the data.
fn alike<'a>(members: &[&'a (String, Node)]) -> Vec<&'a (String, Node)> {
    let names = |node: &'a Node| -> Option<Vec<&'a str>> {
        let members = node.members();
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let is_flat = !names.is_empty() && members.iter().all(|(_, node)| line(node).is_some());
        is_flat.then_some(names)
    };
    let first = members.iter().find_map(|(_, node)| names(node));
    let members = members.iter().copied();
    members
        .filter(|(_, node)| first.is_some() && names(node) == first)
        .collect()
}

/// Sections of the same names as the columns of a table, but for the lists that [`per_class`] finds in them.
fn side_by_side(first: &Node, sections: &[&(String, Node)], classes: usize) -> FigureTable {
    let titles = sections.iter().map(|(name, _)| text::words(name));
    let compared = first.members().iter();
    let compared = compared.filter(|(_, node)| !is_per_class(node, classes));
    let rows = compared.map(|(name, _)| {
        let row: Vec<_> = sections
            .iter()
            .map(|(_, section)| section.get(name))
            .collect();
        (text::words(name), cells(&row))
    });
    FigureTable {
        head: std::iter::once(String::new()).chain(titles).collect(),
        rows: rows.take(MOST_MEMBERS).collect(),
    }
}

/// A list of sections as a table with a row each; any other list as numbered facts.
fn listed(items: &[Node]) -> Block {
    let number = |at: usize| (at + 1).to_string();
    let sections = || items.iter().take(MOST_MEMBERS).enumerate();
    let Some(first) = items
        .first()
        .filter(|_| items.iter().all(|item| !item.members().is_empty()))
    else {
        return Block::Facts(
            sections()
                .map(|(at, item)| (number(at), brief(item)))
                .collect(),
        );
    };
    // The rows' name: the first member that is a word.
    let words = first
        .members()
        .iter()
        .find(|(_, node)| node.text().is_some());
    let key = words.map_or("", |(key, _)| key.as_str());
    let names = sections().map(|(at, item)| {
        let name = item.get(key).and_then(Node::text);
        name.map_or_else(|| number(at), str::to_owned)
    });
    let mut table = FigureTable::new(text::words(key), names);
    for (name, _) in first.members().iter().filter(|(name, _)| name != key) {
        let column: Vec<_> = items.iter().map(|item| item.get(name)).collect();
        table.push(text::words(name), &column);
    }
    Block::Table(table)
}

/// The cells of figures of one kind. They are scores where all lie from 0 to 1 and one between: counts do not.
fn cells(nodes: &[Option<&Node>]) -> Vec<FigureCell> {
    let numbers = || nodes.iter().filter_map(|node| node.as_ref()?.number());
    let are_shares = numbers().all(|number| (0.0..=1.0).contains(&number))
        && numbers().any(|number| number.fract() != 0.0);
    let cell = |node: &Option<&Node>| {
        let share = node.and_then(Node::number).filter(|_| are_shares);
        FigureCell {
            text: share.map_or_else(|| node.map(brief).unwrap_or_default(), text::share),
            share,
        }
    };
    nodes.iter().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(value: Value) -> Vec<Block> {
        blocks(&value.into(), 3)
    }

    fn texts(table: &FigureTable) -> Vec<Vec<&str>> {
        let rows = table.rows.iter().map(|(name, cells)| {
            let cells = cells.iter().map(|cell| cell.text.as_str());
            std::iter::once(name.as_str()).chain(cells).collect()
        });
        rows.collect()
    }

    #[test]
    fn nothing_gives_nothing() {
        for value in [Value::Null, json!({}), json!("words"), json!([])] {
            assert_eq!(of(value), []);
        }
    }

    #[test]
    fn parts_of_the_data_are_compared_and_only_scores_have_a_share() {
        let found = of(json!({
            "epoch": 4,
            "test": {"macro_f1": 0.25, "samples": 126},
            "validation": {"macro_f1": 0.5, "samples": 0},
        }));
        let [Block::Facts(facts), Block::Table(table)] = &found[..] else {
            panic!("{found:?}");
        };
        assert_eq!(facts, &[("Best epoch".to_owned(), "4".to_owned())]);
        assert_eq!(table.head, ["", "Test", "Validation"]);
        assert_eq!(
            texts(table),
            [["Macro F1", "0.250", "0.500"], ["Fields", "126", "0"]]
        );
        assert_eq!(table.rows[0].1[1].share, Some(0.5));
        assert_eq!(table.rows[1].1[1].share, None);
    }

    #[test]
    fn compared_parts_have_intervals_in_one_cell_and_leave_the_classes_theirs() {
        let part = |value: f64| {
            json!({
                "f1": [0.1, null, value],
                "label_ranking": {"high": 0.75, "low": 0.5, "value": value},
            })
        };
        let found = of(json!({"real": part(0.625), "simulated": part(0.7)}));
        let [Block::Table(table)] = &found[..] else {
            panic!("{found:?}");
        };
        assert_eq!(
            texts(table),
            [[
                "Label ranking average precision",
                "0.625 (0.5 to 0.75)",
                "0.7 (0.5 to 0.75)"
            ]]
        );
    }

    #[test]
    fn sections_that_differ_are_parts_however_deep() {
        let found = of(json!({"recipe": {
            "input": {"size": 512},
            "split": {"shares": [0.7, 0.3], "deeper": {"seed": null}},
        }}));
        let expected = Block::Part(
            "Recipe".to_owned(),
            vec![
                Block::Part("Input".to_owned(), vec![fact("Size", "512")]),
                Block::Part(
                    "Split".to_owned(),
                    vec![
                        fact("Shares", "0.7, 0.3"),
                        Block::Part("Deeper".to_owned(), vec![fact("Seed", text::NOT_STATED)]),
                    ],
                ),
            ],
        );
        assert_eq!(found, [expected]);
    }

    fn fact(term: &str, value: &str) -> Block {
        Block::Facts(vec![(term.to_owned(), value.to_owned())])
    }

    #[test]
    fn a_list_of_sections_is_a_table_with_the_first_word_as_the_name() {
        let found = of(json!({"classes": [
            {"f1": 0.25, "name": "Cytosol", "f1_estimate": {"value": 0.25, "low": 0.0, "high": 0.5}},
            {"f1": 1.0, "name": "Nucleoli", "f1_estimate": null, "more": 1},
        ]}));
        let [Block::Part(title, inner)] = &found[..] else {
            panic!("{found:?}");
        };
        let [Block::Table(table)] = &inner[..] else {
            panic!("{inner:?}");
        };
        assert_eq!(title, "Classes");
        assert_eq!(table.rows.len(), 2);
        assert_eq!(table.rows[1].0, "Nucleoli");
        assert!(table.rows[1].1.iter().any(|cell| cell.share == Some(1.0)));
        assert!(
            texts(table)[0]
                .iter()
                .any(|cell| cell.contains("0.25") && cell.contains("0.5"))
        );
    }

    #[test]
    fn numbers_of_every_class_go_to_the_classes() {
        let node: Node = json!({
            "f1": [0.1, null, 0.3],
            "test": {"precision": [1, 0, 1], "recall": [1, 0]},
        })
        .into();
        let names: Vec<String> = per_class(&node, 3)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["F1", "Precision (test)"]);
        assert_eq!(
            blocks(&node, 3),
            [Block::Part("Test".to_owned(), vec![fact("Recall", "1, 0")])]
        );
        // Nothing is left out where there is no such class.
        assert_eq!(per_class(&node, 2), []);
    }

    #[test]
    fn long_and_odd_lists_are_cut() {
        let long: Vec<u32> = (0..1000).collect();
        let found = of(json!({"long": long, "odd": [[1, [2]], {"a": 1}, "b"]}));
        let [Block::Facts(facts), Block::Part(_, odd)] = &found[..] else {
            panic!("{found:?}");
        };
        assert!(facts[0].1.ends_with("and 960 more"), "{}", facts[0].1);
        let expected = [("1", "…"), ("2", "A: 1"), ("3", "b")];
        let expected = expected.map(|(at, what)| (at.to_owned(), what.to_owned()));
        assert_eq!(odd, &[Block::Facts(expected.to_vec())]);
    }
}
