//! The map as a picture to be saved: SVG, by itself.

use super::chart::Spot;

/// The colours of groups, as in Okabe and Ito's set for every eye, then greys.
pub(super) const COLOURS: [&str; 8] = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#a8a100", "#7a5cc9",
];
/// The colour of the groups beyond.
pub(super) const OTHERS: &str = "#8a8f8d";

/// The colour of a group by its place among the groups.
pub(super) fn colour(place: Option<usize>) -> &'static str {
    place
        .and_then(|place| COLOURS.get(place))
        .copied()
        .unwrap_or(OTHERS)
}

/// The document. `groups` are those of the legend, in the order of their colours.
pub(super) fn svg(spots: &[Spot], groups: &[(String, usize)], title: &str) -> String {
    const SIDE: f32 = 800.0;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1120 800\" font-family=\"sans-serif\" font-size=\"14\">\n<title>{}</title>\n<rect width=\"1120\" height=\"800\" fill=\"#fff\"/>\n",
        escaped(title)
    );
    for spot in spots {
        let place = groups.iter().position(|(name, _)| *name == spot.group);
        text += &format!(
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"5\" fill=\"{}\" fill-opacity=\"0.8\"><title>{}</title></circle>\n",
            spot.place[0] * SIDE,
            spot.place[1] * SIDE,
            colour(place),
            escaped(&format!("{}: {}", spot.id, spot.group))
        );
    }
    for (place, (name, count)) in groups.iter().take(COLOURS.len()).enumerate() {
        let y = 40 + 26 * place;
        text += &format!(
            "<circle cx=\"830\" cy=\"{}\" r=\"6\" fill=\"{}\"/><text x=\"844\" y=\"{}\">{} ({count})</text>\n",
            y - 5,
            colour(Some(place)),
            y,
            escaped(name)
        );
    }
    text + "</svg>\n"
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter if letter.is_control() => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_the_picture_as_they_are_and_close_nothing() {
        let spot = Spot {
            field: 1,
            id: "a<b".to_owned(),
            place: [0.5, 0.25],
            group: "Rods & rings".to_owned(),
        };
        let text = svg(&[spot], &[("Rods & rings".to_owned(), 1)], "A \"map\"");
        assert!(text.contains("<circle cx=\"400.0\" cy=\"200.0\" r=\"5\" fill=\"#0072b2\""));
        assert!(text.contains("a&lt;b: Rods &amp; rings") && text.contains("A &quot;map&quot;"));
        assert_eq!(colour(Some(8)), OTHERS);
    }
}
