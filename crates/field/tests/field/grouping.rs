//! Grouping of file names into fields.

use cytolens_core::{Channel, FaultKind, Grouping, group};

/// `folder/id: name name`, one line a field.
fn fields(grouping: &Grouping) -> Vec<String> {
    grouping
        .fields
        .iter()
        .map(|field| {
            let names: Vec<_> = field.files.iter().map(|file| file.name.as_str()).collect();
            format!("{}/{}: {}", field.folder, field.id, names.join(" "))
        })
        .collect()
}

#[test]
fn channels_of_an_id_become_one_field_in_channel_order() {
    let grouping = group(["a_yellow.png", "a_blue.png", "a_red.png", "a_green.png"]);
    assert_eq!(
        fields(&grouping),
        ["/a: a_red.png a_green.png a_blue.png a_yellow.png"]
    );
    let files = &grouping.fields[0].files;
    assert_eq!(
        files.iter().map(|file| file.index).collect::<Vec<_>>(),
        [2, 3, 1, 0]
    );
    assert_eq!(
        files.iter().map(|file| file.channel).collect::<Vec<_>>(),
        Channel::ALL.map(Some)
    );
    assert!(grouping.faults.is_empty() && grouping.ignored.is_empty());
}

#[test]
fn an_id_may_end_in_a_colour_where_a_file_says_so() {
    let grouping = group([
        "HEK_green_red.png",
        "HEK_green_green.png",
        "HEK_green_blue.png",
    ]);
    assert_eq!(
        fields(&grouping),
        ["/HEK_green: HEK_green_red.png HEK_green_green.png HEK_green_blue.png"]
    );
    assert!(grouping.faults.is_empty());
    // Nothing says it here.
    let grouping = group(["a_green_red.png", "a_blue.png"]);
    assert_eq!(fields(&grouping), ["/a: a_blue.png"]);
    assert_eq!(grouping.faults.len(), 1);
}

#[test]
fn names_may_be_in_capitals() {
    let grouping = group(["Cell_1_RED.PNG", "Cell_1_Green.Tiff", "Cell_1_blue.JPeG"]);
    assert_eq!(
        fields(&grouping),
        ["/Cell_1: Cell_1_RED.PNG Cell_1_Green.Tiff Cell_1_blue.JPeG"]
    );
}

#[test]
fn other_images_are_composites() {
    let grouping = group(["slide.v2.png", "red.jpg", "a_purple.tif"]);
    assert_eq!(
        fields(&grouping),
        [
            "/a_purple: a_purple.tif",
            "/red: red.jpg",
            "/slide.v2: slide.v2.png"
        ]
    );
    assert!(
        grouping
            .fields
            .iter()
            .all(|field| field.files[0].channel.is_none())
    );
}

#[test]
fn the_downloads_of_the_atlas_are_channels() {
    let id = "19661_221_G2_1";
    let grouping = group(Channel::ALL.map(|channel| format!("{id}_{channel}.jpg")));
    assert_eq!(
        fields(&grouping),
        [format!(
            "/{id}: {id}_red.jpg {id}_green.jpg {id}_blue.jpg {id}_yellow.jpg"
        )]
    );
}

#[test]
fn names_that_end_in_several_channels_are_composites() {
    let grouping = group(["x_blue_red_green.jpg", "y_RED_green_Blue.png"]);
    assert_eq!(
        fields(&grouping),
        ["/x: x_blue_red_green.jpg", "/y: y_RED_green_Blue.png"]
    );
    let mut files = grouping.fields.iter().flat_map(|field| &field.files);
    assert!(files.all(|file| file.channel.is_none()));
    assert!(grouping.faults.is_empty());
    // No composite has a channel twice, so this is a channel of a field whose id ends so.
    let grouping = group(["control_blue_blue.png"]);
    assert_eq!(fields(&grouping), ["/control_blue: control_blue_blue.png"]);
}

#[test]
fn composites_that_cannot_be_parted_are_faults() {
    let grouping = group([
        "x_blue_red_green_yellow.jpg",
        "y_green_yellow.jpg",
        "z_red_green.png",
    ]);
    assert!(grouping.fields.is_empty());
    let faults: Vec<_> = grouping.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "a composite of blue, red, green, yellow cannot be parted: yellow light is red and green light too: x_blue_red_green_yellow.jpg",
            "a composite of green, yellow cannot be parted: yellow light is red and green light too: y_green_yellow.jpg",
            "a composite must be of red, green and blue, not only of red, green: z_red_green.png",
        ]
    );
}

#[test]
fn composites_beside_the_channels_they_show_are_ignored() {
    let names = [
        "x_blue_red_green_yellow.jpg",
        "x_yellow.jpg",
        "x_red.jpg",
        "x_green.jpg",
        "x_blue_red_green.jpg",
        "x_blue.jpg",
        ".hidden",
    ];
    let grouping = group(names);
    assert_eq!(
        fields(&grouping),
        ["/x: x_red.jpg x_green.jpg x_blue.jpg x_yellow.jpg"]
    );
    assert!(grouping.faults.is_empty());
    assert_eq!(
        grouping.ignored,
        [
            "x_blue_red_green_yellow.jpg",
            "x_blue_red_green.jpg",
            ".hidden"
        ]
    );
    // A composite of more channels than there are files is reported.
    let grouping = group(["x_red.jpg", "x_blue_red_green.jpg"]);
    assert_eq!(
        grouping.faults[0].to_string(),
        "x_red.jpg is taken in its place: x_blue_red_green.jpg"
    );
}

#[test]
fn ome_is_no_part_of_an_id() {
    let grouping = group([
        "a.ome.tif",
        "b_Green.OME.TIFF",
        "c.ome.png",
        "d.ome_red.tif",
    ]);
    assert_eq!(
        fields(&grouping),
        [
            "/a: a.ome.tif",
            "/b: b_Green.OME.TIFF",
            "/c.ome: c.ome.png",
            "/d.ome: d.ome_red.tif"
        ]
    );
    assert_eq!(grouping.fields[1].files[0].channel, Some(Channel::Green));
}

#[test]
fn fields_of_different_folders_stay_apart() {
    let grouping = group([
        "p10/a_red.png",
        "p2\\a_red.png",
        "p2/a_green.png",
        "a_red.png",
    ]);
    assert_eq!(
        fields(&grouping),
        [
            "/a: a_red.png",
            "p2/a: p2\\a_red.png p2/a_green.png",
            "p10/a: p10/a_red.png"
        ]
    );
}

#[test]
fn the_order_of_names_does_not_matter() {
    let mut names = [
        "x10_red.png",
        "x2_red.png",
        "x2_green.png",
        "x2_red.jpg",
        "x2.png",
        "x1.png",
    ];
    let expected = fields(&group(names));
    assert_eq!(
        expected,
        [
            "/x1: x1.png",
            "/x2: x2_red.png x2_green.png",
            "/x10: x10_red.png"
        ]
    );
    for _ in 0..names.len() {
        names.rotate_left(1);
        assert_eq!(fields(&group(names)), expected);
    }
}

#[test]
fn repeated_channels_and_composites_beside_channels_are_faults() {
    // The lossless file is taken, though the other comes first in the list and by name.
    let grouping = group(["x_red.jpg", "x_red.png", "x.png", "y.jpg", "y.tif"]);
    assert_eq!(fields(&grouping), ["/x: x_red.png", "/y: y.tif"]);
    assert_eq!(
        grouping
            .faults
            .iter()
            .map(|fault| (fault.index, fault.to_string()))
            .collect::<Vec<_>>(),
        [
            (0, "x_red.png is taken in its place: x_red.jpg".to_owned()),
            (2, "x_red.png is taken in its place: x.png".to_owned()),
            (3, "y.tif is taken in its place: y.jpg".to_owned()),
        ]
    );
}

#[test]
fn what_is_no_image_is_a_fault() {
    let grouping = group(["notes.txt", "noextension", "_red.png", " _green.png", ""]);
    assert!(grouping.fields.is_empty());
    let kinds: Vec<_> = grouping
        .faults
        .into_iter()
        .map(|fault| fault.kind)
        .collect();
    use FaultKind::{EmptyId, UnknownExtension};
    assert_eq!(
        kinds,
        [
            UnknownExtension,
            UnknownExtension,
            EmptyId,
            EmptyId,
            UnknownExtension
        ]
    );
}

#[test]
fn formats_of_microscopes_are_named() {
    let grouping = group(["x.czi", "y.nd2", "z.webp"]);
    let texts: Vec<_> = grouping.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "Zeiss CZI: export it as OME-TIFF, from ZEN or with Fiji (Bio-Formats): x.czi",
            "Nikon ND2: export it as OME-TIFF, from NIS-Elements or with Fiji (Bio-Formats): y.nd2",
            "WebP: save it as PNG or TIFF: z.webp",
        ]
    );
}

#[test]
fn packed_files_have_the_ids_of_those_inside() {
    let grouping = group([
        "x_red.tif.gz",
        "x_blue.PNG.GZ",
        "y.ome.tiff.gz",
        "notes.txt.gz",
        "x_green.jpg.gz",
    ]);
    let ids: Vec<_> = grouping
        .fields
        .iter()
        .map(|field| (field.id.as_str(), field.files.len()))
        .collect();
    assert_eq!(ids, [("x", 2), ("y", 1)]);
    assert_eq!(grouping.faults.len(), 2);
}

#[test]
fn litter_and_tables_are_ignored() {
    let names = [
        ".DS_Store",
        "a/._x_red.png",
        "Thumbs.db",
        "desktop.ini",
        "train.csv",
        "simulation.json",
        "set.toml",
        "set/masks/x_cells.png",
        "masks/x_nuclei.png",
        ".png",
    ];
    let grouping = group(names);
    assert_eq!(grouping.ignored, names);
    assert!(grouping.fields.is_empty() && grouping.faults.is_empty());
}

#[test]
fn only_masks_in_a_folder_of_masks_are_ignored() {
    let grouping = group(["masks/x_red.png", "x_cells.png", "masks/deep/y_cells.png"]);
    assert!(grouping.ignored.is_empty());
    assert_eq!(grouping.fields.len(), 3);
}

#[test]
fn no_names_are_no_fields() {
    assert_eq!(group([""; 0]), Grouping::default());
}
