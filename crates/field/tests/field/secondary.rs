//! Smaller images beside the full ones: thumbnails, pyramids and masks.

use cytolens_core::Channel;
use cytolens_field::{Field, FieldError, Samples};

use crate::files::{decode_composite, decode_green, noise_8};
use crate::tiffs::{LAST_PAGE_BELOW, Page, Value, tiff};

/// `NewSubfileType`: 1 for a smaller image, 4 for a mask.
const KIND: u16 = 254;
const OLD_KIND: u16 = 255;
const DESCRIPTION: u16 = 270;

fn image(number: u64) -> Vec<u8> {
    noise_8(number, 40 * 40)
}

fn full(number: u64) -> Page {
    Page::eight(40, &[image(number)])
}

fn small() -> Page {
    Page::eight(16, &[noise_8(99, 256)])
}

fn of_kind(page: Page, kind: u32) -> Page {
    page.with(KIND, Value::Long(vec![kind]))
}

fn decode(bytes: &[u8]) -> Result<Field, FieldError> {
    decode_composite("x.tif", bytes)
}

fn plane(field: &Field, channel: Channel) -> &Samples {
    field.plane(channel).expect("its channel").samples()
}

#[test]
fn the_full_image_is_taken_where_the_others_say_that_they_are_smaller() {
    let old = small().with(OLD_KIND, Value::Short(vec![2]));
    for pages in [
        vec![full(1), of_kind(small(), 1)],
        vec![of_kind(small(), 1), of_kind(full(1), 0)],
        vec![
            full(1),
            of_kind(small(), 1),
            of_kind(small(), 5),
            of_kind(small(), 4),
        ],
        vec![old, full(1)],
    ] {
        let field = decode_green("x_green.tif", &tiff(&pages)).expect("readable");
        assert!(*plane(&field, Channel::Green) == Samples::Eight(image(1)));
    }
    let error = decode_green("x_green.tif", &tiff(&[full(1), small()])).expect_err("a refusal");
    assert_eq!(
        error.to_string(),
        "the file holds several pages or frames, where one image is expected: x_green.tif"
    );
    // A file of nothing but a page that calls itself smaller is what it is.
    let alone = decode_green("x_green.tif", &tiff(&[of_kind(full(1), 1)])).expect("readable");
    assert!(*plane(&alone, Channel::Green) == Samples::Eight(image(1)));
}

#[test]
fn the_full_image_below_a_smaller_one_is_taken() {
    let (tag, value) = LAST_PAGE_BELOW;
    let pages = [
        of_kind(small(), 1).with(tag, value.clone()),
        of_kind(full(1), 0),
    ];
    let field = decode_green("x_green.tif", &tiff(&pages)).expect("readable");
    assert!(*plane(&field, Channel::Green) == Samples::Eight(image(1)));
    // Smaller ones below a full one are not looked at.
    let pages = [full(1).with(tag, value), of_kind(small(), 1)];
    let field = decode_green("x_green.tif", &tiff(&pages)).expect("readable");
    assert!(*plane(&field, Channel::Green) == Samples::Eight(image(1)));
}

#[test]
fn pyramids_of_composites_and_of_channels_are_read() {
    let composite = Page::eight(40, &[image(1), image(2), image(3)]);
    let smaller = Page::eight(20, &[noise_8(4, 400), noise_8(5, 400), noise_8(6, 400)]);
    let pages = [composite, of_kind(smaller, 1)];
    let field = decode_composite("x.tif", &tiff(&pages)).expect("readable");
    for (channel, number) in [(Channel::Red, 1), (Channel::Green, 2), (Channel::Blue, 3)] {
        assert!(*plane(&field, channel) == Samples::Eight(image(number)));
    }

    let channels = (1..=4).flat_map(|number| [full(number), of_kind(small(), 1)]);
    let field = decode(&tiff(&channels.collect::<Vec<_>>())).expect("readable");
    for (channel, number) in Channel::ALL.into_iter().zip(1..) {
        assert!(*plane(&field, channel) == Samples::Eight(image(number)));
    }
}

#[test]
fn smaller_images_count_as_pages_to_ome() {
    let text = r#"<OME><Image><Pixels SizeC="3" SizeZ="1" SizeT="1"><Channel Name="blue"/><Channel Name="green"/>
        <Channel Name="red"/><TiffData IFD="0" FirstC="0"/><TiffData IFD="2" FirstC="1"/><TiffData IFD="4" FirstC="2"/>
        </Pixels></Image></OME>"#;
    let mut pages: Vec<Page> = (1..=3)
        .flat_map(|number| [full(number), of_kind(small(), 1)])
        .collect();
    pages[0].tags.push((DESCRIPTION, Value::Text(text)));
    let field = decode(&tiff(&pages)).expect("readable");
    for (channel, number) in [(Channel::Blue, 1), (Channel::Green, 2), (Channel::Red, 3)] {
        assert!(*plane(&field, channel) == Samples::Eight(image(number)));
    }
}
