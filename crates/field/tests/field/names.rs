//! Names and colours of channels that TIFF files have outside OME-XML.

use cytolens_field::{Field, FieldError, Notice, Samples};

use crate::files::{decode_composite, noise_8};
use crate::tiffs::{Page, Value, tiff};

const SIDE: usize = 20;
const PAGE_NAME: u16 = 285;
const DESCRIPTION: u16 = 270;

fn decode(bytes: &[u8]) -> Result<Field, FieldError> {
    decode_composite("x.tif", bytes)
}

fn image(number: usize) -> Vec<u8> {
    noise_8(number as u64, SIDE * SIDE)
}

fn page(number: usize) -> Page {
    Page::eight(SIDE, &[image(number)])
}

/// A page a name.
fn named(tag: u16, names: &[&'static str]) -> Vec<u8> {
    let pages = names.iter().enumerate();
    let pages: Vec<Page> = pages
        .map(|(number, name)| page(number).with(tag, Value::Text(name)))
        .collect();
    tiff(&pages)
}

/// Four pages, the first with more tags.
fn with_first(tags: &[(u16, Value)]) -> Vec<u8> {
    let mut pages: Vec<Page> = (0..4).map(page).collect();
    pages[0].tags = tags.to_vec();
    tiff(&pages)
}

/// The image of the file in each channel of the field, such as `red 0 green 2`.
fn sources(field: &Field) -> String {
    let parts = field.channels().map(|channel| {
        let plane = field.plane(channel).expect("its channel");
        let number = (0..9).find(|&number| *plane.samples() == Samples::Eight(image(number)));
        format!("{channel} {}", number.expect("an image of the file"))
    });
    parts.collect::<Vec<_>>().join(" ")
}

/// The file is read by its names, and nothing is said.
fn assert_told(bytes: &[u8], expected: &str) {
    let field = decode(bytes).expect("readable");
    assert_eq!(
        (sources(&field).as_str(), field.notices()),
        (expected, [].as_slice())
    );
}

/// The entries of ImageJ's own tag, and their lengths.
fn image_j(labels: &[&str], colours: &[[u8; 3]], is_big_endian: bool) -> [(u16, Value); 2] {
    let number = |number: u32| match is_big_endian {
        true => number.to_be_bytes(),
        false => number.to_le_bytes(),
    };
    let mut entries = Vec::new();
    let mut header = number(0x494a_494a).to_vec();
    for (kind, count) in [(0x6c61_626c, labels.len()), (0x6c75_7473, colours.len())] {
        if count > 0 {
            header.extend(number(kind));
            header.extend(number(count as u32));
        }
    }
    entries.push(header);
    for label in labels {
        let letters = label.encode_utf16();
        entries.push(
            letters
                .flat_map(|letter| match is_big_endian {
                    true => letter.to_be_bytes(),
                    false => letter.to_le_bytes(),
                })
                .collect(),
        );
    }
    for colour in colours {
        let ramp =
            |light: u8| (0..=255_u16).map(move |level| (level * u16::from(light) / 255) as u8);
        entries.push(colour.iter().flat_map(|&light| ramp(light)).collect());
    }
    let lengths = entries.iter().map(|entry| entry.len() as u32).collect();
    [
        (50_838, Value::Long(lengths)),
        (50_839, Value::Bytes(entries.concat())),
    ]
}

#[test]
fn names_of_pages_tell_the_channels() {
    for tag in [PAGE_NAME, DESCRIPTION] {
        let bytes = named(tag, &["DAPI", "protein", "ER", "tubulin"]);
        assert_told(&bytes, "red 3 green 1 blue 0 yellow 2");
        // What none of the four is called is left out.
        let bytes = named(
            tag,
            &["Brightfield", "GFP", "Hoechst 33342", "alpha-tubulin"],
        );
        assert_told(&bytes, "red 3 green 1 blue 2");
    }
}

#[test]
fn names_inside_the_descriptions_of_pages_tell_the_channels() {
    let meta_morph = [
        r#"<MetaData><PlaneInfo><prop id="image-name" type="string" value="DAPI"/></PlaneInfo></MetaData>"#,
        r#"<MetaData><PlaneInfo><prop id="image-name" type="string" value="GFP"/></PlaneInfo></MetaData>"#,
        r#"<MetaData><PlaneInfo><prop id="image-name" type="string" value="Tubulin"/></PlaneInfo></MetaData>"#,
    ];
    assert_told(&named(DESCRIPTION, &meta_morph), "red 2 green 1 blue 0");
    let others = [
        "<Description><Name>tubulin</Name></Description>",
        "<Description><Name>nucleus</Name></Description>",
        "<Description><Name>antibody</Name></Description>",
    ];
    assert_told(&named(DESCRIPTION, &others), "red 0 green 2 blue 1");
    let micro_manager = [
        r#"{"Channel": "DAPI"}"#,
        r#"{"Channel": "protein"}"#,
        r#"{"Channel": "tubulin"}"#,
    ];
    assert_told(&named(51_123, &micro_manager), "red 2 green 1 blue 0");
}

#[test]
fn lists_of_names_tell_the_channels() {
    for text in [
        r#"{"shape": [4, 20, 20], "axes": "CYX", "Channel": {"Name": ["DAPI", "GFP", "ER", "tubulin"]}}"#,
        r#"{"ChNames": ["DAPI", "GFP", "ER", "tubulin"], "Channels": 4}"#,
    ] {
        assert_told(
            &with_first(&[(DESCRIPTION, Value::Text(text))]),
            "red 3 green 1 blue 0 yellow 2",
        );
    }
    // A description of another kind says nothing.
    let shape = r#"{"shape": [4, 20, 20]}"#;
    assert_told(
        &with_first(&[(DESCRIPTION, Value::Text(shape))]),
        "red 0 green 1 blue 2 yellow 3",
    );
}

#[test]
fn labels_and_colours_of_image_j_tell_the_channels() {
    let text = (
        DESCRIPTION,
        Value::Text("ImageJ=1.54f\nimages=4\nchannels=4\nmode=composite\n"),
    );
    let labels = image_j(
        &["a_blue.tif", "a_red.tif", "a_green.tif", "a_yellow.tif"],
        &[],
        false,
    );
    let tags = [std::slice::from_ref(&text), labels.as_slice()].concat();
    assert_told(&with_first(&tags), "red 1 green 2 blue 0 yellow 3");

    let colours = image_j(
        &[],
        &[[0, 0, 255], [0, 255, 0], [255, 255, 255], [255, 0, 0]],
        false,
    );
    let tags = [std::slice::from_ref(&text), colours.as_slice()].concat();
    assert_told(&with_first(&tags), "red 3 green 1 blue 0");

    // The colours that ImageJ takes by itself say nothing.
    let usual = image_j(
        &[],
        &[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]],
        false,
    );
    let tags = [std::slice::from_ref(&text), usual.as_slice()].concat();
    assert_told(&with_first(&tags), "red 0 green 1 blue 2 yellow 3");

    // Others than those of the order contradict it.
    let other = image_j(
        &[],
        &[[255, 0, 255], [0, 255, 255], [0, 255, 0], [255, 255, 255]],
        false,
    );
    let error = decode(&with_first(&[&[text], other.as_slice()].concat()));
    assert_eq!(
        error.expect_err("a refusal").to_string(),
        "red, green and blue cannot be told, once each, from the names of the file's channels (another colour, another colour, green, another colour): x.tif"
    );

    let labels = image_j(&["dapi", "er", "gfp", "tubulin"], &[], true);
    let mut pages: Vec<Page> = (0..4).map(page).collect();
    pages[0].tags = labels.to_vec();
    for page in &mut pages {
        page.is_big_endian = true;
    }
    assert_told(&tiff(&pages), "red 3 green 2 blue 0 yellow 1");
}

#[test]
fn palettes_of_pages_tell_the_channels() {
    let ramp = |lights: [u16; 3]| {
        let levels = lights
            .into_iter()
            .flat_map(|light| (0..256).map(move |level| level * 257 * light));
        (320, Value::Short(levels.collect()))
    };
    let page = |number: usize, lights: [u16; 3]| Page {
        photometric: 3,
        tags: vec![ramp(lights)],
        ..page(number)
    };
    let pages = [
        page(0, [0, 0, 1]),
        page(1, [0, 1, 0]),
        page(2, [1, 1, 0]),
        page(3, [1, 0, 0]),
    ];
    assert_told(&tiff(&pages), "red 3 green 1 blue 0 yellow 2");
}

#[test]
fn names_that_leave_it_open_are_refused() {
    for names in [
        ["DAPI", "Alexa 488", "Cy5", "Cy3"],
        ["red", "red", "green", "blue"],
    ] {
        let error = decode(&named(PAGE_NAME, &names)).expect_err("a refusal");
        assert_eq!(
            error.to_string(),
            format!(
                "red, green and blue cannot be told, once each, from the names of the file's channels ({}): x.tif",
                names.join(", ")
            )
        );
    }
}

#[test]
fn names_that_tell_no_channel_are_passed_over_and_said() {
    let field = decode(&named(
        PAGE_NAME,
        &["Alexa 555", "Alexa 488", "Alexa 405", "Cy5"],
    ))
    .expect("readable");
    assert_eq!(sources(&field), "red 0 green 1 blue 2 yellow 3");
    let notice = Notice::NamesPassedOver {
        file: "x.tif".to_owned(),
        names: "Alexa 555, Alexa 488, Alexa 405, Cy5".to_owned(),
        taken: "red, green, blue, yellow".to_owned(),
    };
    assert_eq!(field.notices(), [notice]);
    assert_eq!(
        field.notices()[0].to_string(),
        "the names in the file (Alexa 555, Alexa 488, Alexa 405, Cy5) tell no channel, so its images are taken as red, green, blue, yellow, in that order: x.tif"
    );
    // Numbers alone are no names.
    for names in [
        ["c:1/3 - x", "c:2/3 - x", "c:3/3 - x"],
        ["Page 1", "Page 2", "Page 3"],
    ] {
        assert_told(&named(PAGE_NAME, &names), "red 0 green 1 blue 2");
    }
}
