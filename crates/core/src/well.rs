//! Wells of microtitre plates in the names of fields, as microscopes and their programs write them.

use std::fmt::{Display, Formatter, Result as Written};

/// A well of a plate of up to 384 wells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Well {
    /// The row, from 0 for A to 15 for P.
    pub row: u8,
    /// The column, from 0 to 23.
    pub column: u8,
}

impl Well {
    /// The rows of a plate of 384 wells.
    pub const ROWS: u8 = 16;
    /// The columns of a plate of 384 wells.
    pub const COLUMNS: u8 = 24;

    /// The well in this row and this column, both counted from 1; none beyond a plate of 384 wells.
    fn counted(row: u32, column: u32) -> Option<Self> {
        let within = |number: u32, most: u8| {
            let at = u8::try_from(number.checked_sub(1)?).ok()?;
            (at < most).then_some(at)
        };
        Some(Self {
            row: within(row, Self::ROWS)?,
            column: within(column, Self::COLUMNS)?,
        })
    }

    /// The well of a name such as `B02`, `B2` or `WellB02`. Only capitals are rows: `b2` stands for much else.
    fn named(word: &str) -> Option<Self> {
        let word = ["Well", "well"]
            .iter()
            .find_map(|mark| word.strip_prefix(mark))
            .unwrap_or(word);
        let mut letters = word.chars();
        let row = letters.next().filter(char::is_ascii_uppercase)?;
        let digits = letters.as_str();
        let column = number(digits).filter(|_| digits.len() <= 2)?;
        Self::counted(u32::from(row) - u32::from('A') + 1, column)
    }

    /// The letter of its row.
    pub fn row_letter(self) -> char {
        char::from(b'A' + self.row)
    }
}

impl Display for Well {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Written {
        write!(formatter, "{}{:02}", self.row_letter(), self.column + 1)
    }
}

/// The place of a field in a screen, by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlatePosition {
    /// What stands before the well, folders included; empty where nothing does.
    pub plate: String,
    /// The well.
    pub well: Well,
    /// The field within the well, as the name writes it; empty where the name does not tell.
    pub site: String,
}

impl PlatePosition {
    /// The position in the name of a field, with or without folders; none where no well is named.
    ///
    /// | microscope or program | name | well and site |
    /// |---|---|---|
    /// | Opera Phenix, Operetta | `r02c03f05p01` | B03, 5 |
    /// | Yokogawa CellVoyager | `Plate_B02_T0001F005L01A01Z01` | B02, 5 |
    /// | ImageXpress (MetaXpress) | `Plate_B02_s5` | B02, 5 |
    /// | Leica Matrix Screener | `image--L00--S00--U02--V01--X01--Y00` | B03, X01 Y00 |
    /// | ZEISS ZEN | `Plate-P5-B02`, `Plate_B2_S5` | B02, 5 |
    /// | Human Protein Atlas | `24_H11_5` | H11, 5 |
    pub fn of(id: &str) -> Option<Self> {
        let mut end = id.len();
        // The well may be a folder.
        loop {
            let start = id[..end].rfind('/').map_or(0, |at| at + 1);
            let found = opera(&id[start..end])
                .or_else(|| leica(&id[start..end]))
                .or_else(|| words(&id[start..end]));
            if let Some(Found { at, well, site }) = found {
                let sign = |letter: char| !letter.is_alphanumeric();
                let inside = id[end..].trim_matches('/');
                return Some(Self {
                    plate: id[..start + at].trim_end_matches(sign).to_owned(),
                    well,
                    site: if site.is_empty() {
                        inside.to_owned()
                    } else {
                        site
                    },
                });
            }
            end = start.checked_sub(1)?;
        }
    }
}

/// A well in a name, and the place where it begins.
struct Found {
    at: usize,
    well: Well,
    site: String,
}

/// A number of digits alone, as long as a name of a well or a site can be.
fn number(digits: &str) -> Option<u32> {
    let is_number = (1..=5).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

/// The number behind a mark at the beginning of a text, and the rest.
fn marked<'a>(text: &'a str, mark: &str) -> Option<(u32, &'a str)> {
    let head = text.get(..mark.len())?;
    let rest = &text[head.len()..];
    let digits = rest.len()
        - rest
            .trim_start_matches(|it: char| it.is_ascii_digit())
            .len();
    let value = number(&rest[..digits]).filter(|_| head.eq_ignore_ascii_case(mark))?;
    Some((value, &rest[digits..]))
}

/// The words of a name and where they begin.
fn parts(name: &str) -> Vec<(usize, &str)> {
    let mut parts = Vec::new();
    let mut start = None;
    for (at, letter) in name.char_indices().chain([(name.len(), '_')]) {
        match (letter.is_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(begun)) => {
                parts.push((begun, &name[begun..at]));
                start = None;
            }
            _ => {}
        }
    }
    parts
}

/// `r02c03f05p01`.
fn opera(name: &str) -> Option<Found> {
    parts(name).into_iter().find_map(|(at, part)| {
        let (row, rest) = marked(part, "r")?;
        let (column, rest) = marked(rest, "c")?;
        let (site, _) = marked(rest, "f")?;
        Some(Found {
            at,
            well: Well::counted(row, column)?,
            site: site.to_string(),
        })
    })
}

/// `--U02--V01--X01--Y00`: columns and rows of wells, then of fields, counted from 0.
fn leica(name: &str) -> Option<Found> {
    let parts = parts(name);
    let of = |mark: &str| {
        parts.iter().find_map(|(at, part)| {
            let (value, rest) = marked(part, mark)?;
            rest.is_empty().then_some((*at, *part, value))
        })
    };
    let ((at, _, column), (_, _, row)) = (of("U")?, of("V")?);
    let site = [of("X"), of("Y")].into_iter().flatten();
    let site: Vec<&str> = site.map(|(_, part, _)| part).collect();
    Some(Found {
        at,
        well: Well::counted(row + 1, column + 1)?,
        site: site.join(" "),
    })
}

/// A word such as `B02`, preferably beside a word for the site.
fn words(name: &str) -> Option<Found> {
    let parts = parts(name);
    let mut found: Option<Found> = None;
    for (at, (start, part)) in parts.iter().enumerate() {
        let Some(well) = Well::named(part) else {
            continue;
        };
        // ZEN writes the position first: `P5-B02`.
        let before = at.checked_sub(1).and_then(|at| {
            let (begun, part) = parts[at];
            let (site, rest) = marked(part.strip_prefix('P')?, "")?;
            // Of `P2_A01` it is a plate's number.
            let is_beside = &name[begun + part.len()..*start] == "-";
            (rest.is_empty() && is_beside).then_some((begun, site))
        });
        let behind = parts.get(at + 1).and_then(|(_, part)| site(part));
        let start = match (behind, before) {
            (None, Some((start, _))) => start,
            _ => *start,
        };
        let site = behind.or(before.map(|(_, site)| site));
        // Of several words the one beside a site is meant, else the last.
        let has_site = found.as_ref().is_some_and(|found| !found.site.is_empty());
        if site.is_some() || !has_site {
            found = Some(Found {
                at: start,
                well,
                site: site.map_or_else(String::new, |site| site.to_string()),
            });
        }
        if behind.is_some() {
            break;
        }
    }
    found
}

/// The site that a word behind a well names: `s5`, `f05`, `site5`, `T0001F005L01`, `5`.
fn site(word: &str) -> Option<u32> {
    let of_time = marked(word, "T").and_then(|(_, rest)| marked(rest, "F"));
    let marks = ["s", "f", "p", "site", "field", "fov", ""];
    let whole = marks.iter().find_map(|mark| marked(word, mark));
    of_time
        .or(whole.filter(|(_, rest)| rest.is_empty()))
        .map(|(site, _)| site)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(id: &str) -> Option<(String, String, String)> {
        let PlatePosition { plate, well, site } = PlatePosition::of(id)?;
        Some((plate, well.to_string(), site))
    }

    #[test]
    fn wells_and_sites_of_every_microscope_are_recognised() {
        for (id, plate, well, site) in [
            ("r02c03f05p01-sk1fk1fl1", "", "B03", "5"),
            ("Images/r16c24f12p01", "Images", "P24", "12"),
            ("Assay_B02_T0001F005L01A01Z01", "Assay", "B02", "5"),
            ("2019_run/Plate 1_C12_s3", "2019_run/Plate 1", "C12", "3"),
            ("Plate_H7", "Plate", "H07", ""),
            (
                "image--L0000--S00--U02--V01--X01--Y00",
                "image--L0000--S00",
                "B03",
                "X01 Y00",
            ),
            ("Screen-P5-B02", "Screen", "B02", "5"),
            ("Screen_B2_S5", "Screen", "B02", "5"),
            ("P2_A01", "P2", "A01", ""),
            ("24_H11_5", "24", "H11", "5"),
            ("WellA01_site2", "", "A01", "2"),
            ("A1", "", "A01", ""),
            ("plate/B02/01", "plate", "B02", "01"),
            ("C01_F02", "", "C01", "2"),
        ] {
            let expected = (plate.to_owned(), well.to_owned(), site.to_owned());
            assert_eq!(read(id), Some(expected), "{id}");
        }
    }

    #[test]
    fn other_names_have_no_well() {
        for id in [
            "000a6c98-bb9b-11e8-b2b9-ac1f6b6435d0",
            "field1",
            "b2",
            "Q01",
            "A00",
            "A25",
            "A001",
            "HEK293_CD4",
            "T0001F001",
            "r02c03",
            "r17c01f01",
            "U2OS",
            "細胞_Ä1",
            "",
            "/",
        ] {
            assert_eq!(read(id), None, "{id}");
        }
    }
}
