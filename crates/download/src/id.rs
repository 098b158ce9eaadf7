//! The atlas's ids of fields.

/// The reason to leave out a row whose id is another.
pub const NOT_OF_THE_ATLAS: &str =
    "the id is not of the atlas's form, <number>_<plate>_<well>_<n>, so its address is unknown";

/// The id of a field in the atlas: `<number>_<plate>_<well>_<n>`, as in `10580_1610_C1_1` or `6600_si23_E4_1`. Images that the
/// atlas cropped have a mark at the end: `539_1723_E2_22_cr57ea9956b129c`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtlasId<'a> {
    text: &'a str,
    number: &'a str,
    image: &'a str,
}

impl<'a> AtlasId<'a> {
    /// Reads an id; none for a text of another form. An id holds nothing that a path or an address could misread.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (number, image) = text.split_once('_')?;
        let parts: Vec<&str> = image.split('_').collect();
        let (plate, well, n, crop) = match parts[..] {
            [plate, well, n] => (plate, well, n, None),
            [plate, well, n, crop] => (plate, well, n, Some(crop)),
            _ => return None,
        };
        let is_known = is_number(number)
            && is_word(plate)
            && is_well(well)
            && is_number(n)
            && crop.is_none_or(|crop| crop.starts_with("cr") && is_word(crop));
        is_known.then_some(Self {
            text,
            number,
            image,
        })
    }

    /// The whole id.
    pub fn text(self) -> &'a str {
        self.text
    }

    /// The antibody's number, which is the folder on the host.
    pub fn number(self) -> &'a str {
        self.number
    }

    /// The rest: the begin of the file's name there.
    pub fn image(self) -> &'a str {
        self.image
    }
}

fn is_number(text: &str) -> bool {
    (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_word(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A row's letter and a column's number, as in `C1` or `H12`.
fn is_well(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|row| row.is_ascii_uppercase())
        && (1..=2).contains(&bytes.len())
        && bytes.all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use cytolens_data::table::read_table;

    use super::*;

    #[test]
    fn ids_are_parted() {
        for (text, number, image) in [
            ("10580_1610_C1_1", "10580", "1610_C1_1"),
            ("6600_si23_E4_1", "6600", "si23_E4_1"),
            (
                "539_1723_E2_22_cr57ea9956b129c",
                "539",
                "1723_E2_22_cr57ea9956b129c",
            ),
        ] {
            let id = AtlasId::parse(text).expect("an id");
            assert_eq!((id.text(), id.number(), id.image()), (text, number, image));
        }
    }

    #[test]
    fn other_texts_are_no_ids() {
        for text in [
            "",
            "_",
            "000a9596-bbc4-11e8-b2bc-ac1f6b6435d0",
            "10580_1610_C1",
            "10580_1610_C1_",
            "_1610_C1_1",
            "a_1610_C1_1",
            "10580_1610_11_1",
            "10580_1610_C_1",
            "10580_1610_C111_1",
            "10580_1610_C1_x",
            "10580_1610_C1_1_x",
            "10580_1610_C1_1_cr1_2",
            "10580_16/0_C1_1",
            "10580_.._C1_1",
            "10580_1610_C1_1\n",
            "10580_1610_Ç1_1",
        ] {
            assert_eq!(AtlasId::parse(text), None, "{text:?}");
        }
    }

    #[test]
    #[ignore = "needs the atlas's table"]
    fn every_row_of_the_real_table_has_an_id() {
        let path = cytolens_testing::third_party("hpa/hpa_v18_labels.csv");
        let table = read_table(&path).expect("a table");
        assert_eq!((table.rows.len(), table.faults.len()), (74_606, 0));
        for (id, _) in table.rows {
            assert!(AtlasId::parse(&id).is_some(), "{id}");
        }
    }
}
