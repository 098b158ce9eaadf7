//! Schemes of names from microscopes, people and cameras.

use super::*;
use cytolens_core::{Channel, PlatePosition};

/// The scheme of the most names, the first of several, as the page takes it.
fn find(paths: &[&str]) -> Option<Scheme> {
    let names: Vec<LotName> = paths
        .iter()
        .enumerate()
        .map(|(index, path)| LotName {
            index,
            path: without_identifier(path).to_owned(),
        })
        .collect();
    let mut best: Option<Scheme> = None;
    for scheme in places().filter_map(|place| at(place, &names)) {
        if best.as_ref().is_none_or(|best| scheme.is_likelier(best)) {
            best = Some(scheme);
        }
    }
    best
}

fn texts(paths: &[&str]) -> Vec<String> {
    let scheme = find(paths).unwrap_or_default();
    scheme.texts().into_iter().map(str::to_owned).collect()
}

fn ids(paths: &[&str]) -> Vec<String> {
    let scheme = find(paths).unwrap_or_default();
    scheme.members.into_iter().map(|member| member.id).collect()
}

fn guesses(paths: &[&str]) -> Vec<Guess> {
    let scheme = find(paths).unwrap_or_default();
    scheme.values.iter().map(|value| value.guess).collect()
}

#[test]
fn marks_and_their_numbers_are_channels_even_of_one_field() {
    assert_eq!(texts(&["A1_w1", "A1_w2", "A1_w3"]), ["w1", "w2", "w3"]);
    assert_eq!(ids(&["A1_w1", "A1_w2", "A1_w3"]), ["A1", "A1", "A1"]);
    assert_eq!(texts(&["img_C0", "img_C1", "img_C2", "img_C3"]).len(), 4);
    assert_eq!(texts(&["a-ch00", "a-ch01", "a-ch02"]).len(), 3);
    assert_eq!(guesses(&["a_w1", "a_w2"]), [Guess::Unknown; 2]);
}

#[test]
fn stains_and_wavelengths_are_guessed() {
    use Channel::{Blue, Green, Red, Yellow};
    let stains = ["x_DAPI", "x_ER", "x_protein", "x_MT"];
    assert_eq!(texts(&stains), ["DAPI", "ER", "MT", "protein"]);
    let channels = [Blue, Yellow, Red, Green].map(Guess::Channel);
    assert_eq!(guesses(&stains), channels);
    let lasers = ["s1_405", "s1_488", "s1_561", "s1_640"];
    assert_eq!(
        guesses(&lasers),
        [Blue, Green, Red, Yellow].map(Guess::Channel)
    );
    assert_eq!(guesses(&["s_Alexa488", "s_405nm"]).len(), 2);
}

#[test]
fn a_channel_is_guessed_once() {
    let guessed = guesses(&["x_DAPI", "x_GFP", "x_protein"]);
    assert_eq!(guessed[1], Guess::Channel(Channel::Green));
    assert_eq!(guessed[2], Guess::Unknown);
}

#[test]
fn the_protein_may_be_told_by_its_gene() {
    let names = ["x_DAPI", "x_HSP60", "x_tubulin", "x_merge"];
    assert_eq!(texts(&names), ["DAPI", "HSP60", "merge", "tubulin"]);
    assert_eq!(guesses(&names)[1], Guess::Unknown);
    assert_eq!(guesses(&names)[2], Guess::LeftOut);
}

#[test]
fn the_channel_may_stand_before_or_within() {
    assert_eq!(
        ids(&["DAPI_f1", "GFP_f1", "DAPI_f2", "GFP_f2"]),
        ["f1", "f1", "f2", "f2"]
    );
    assert_eq!(ids(&["i_C0_z1", "i_C1_z1", "i_C2_z1"]), ["i_z1"; 3]);
    let plate = [
        "P_A01_T0001F001L01A01Z01C01",
        "P_A01_T0001F001L01A01Z01C02",
        "P_A01_T0001F002L01A01Z01C01",
        "P_A01_T0001F002L01A01Z01C02",
    ];
    assert_eq!(texts(&plate), ["C01", "C02"]);
    assert_eq!(ids(&plate)[0], "P_A01_T0001F001L01Z01");
    let columns = [
        "r01c01f01p01-ch1sk1fk1fl1",
        "r01c01f01p01-ch2sk1fk1fl1",
        "r01c02f01p01-ch1sk1fk1fl1",
        "r01c02f01p01-ch2sk1fk1fl1",
    ];
    assert_eq!(texts(&columns), ["ch1", "ch2"]);
}

/// A name by the row's letter, the numbers of row and column, the site and the channel, all counted from 1.
type Named = fn(char, u32, u32, u32, u32) -> String;

#[test]
fn every_microscope_is_asked_for_the_channel_alone_and_keeps_well_and_site() {
    let microscopes: [(&str, [&str; 3], Named); 8] = [
        (
            "Yokogawa",
            ["C01", "C02", "C03"],
            |row, _, column, site, channel| {
                format!("Assay_{row}{column:02}_T0001F{site:03}L01A01Z01C{channel:02}")
            },
        ),
        (
            "Yokogawa, one action a channel",
            ["C01", "C02", "C03"],
            |row, _, column, site, channel| {
                format!("Assay_{row}{column:02}_T0001F{site:03}L01A{channel:02}Z01C{channel:02}")
            },
        ),
        (
            "Opera Phenix",
            ["ch1", "ch2", "ch3"],
            |_, row, column, site, channel| {
                format!("Images/r{row:02}c{column:02}f{site:02}p01-ch{channel}sk1fk1fl1")
            },
        ),
        (
            "ImageXpress",
            ["w1", "w2", "w3"],
            |row, _, column, site, channel| format!("Plate_{row}{column:02}_s{site}_w{channel}"),
        ),
        (
            "ImageXpress, with identifiers",
            ["w1", "w2", "w3"],
            |row, number, column, site, channel| {
                let own = 1000 * number + 100 * column + 10 * site + channel;
                format!(
                    "Week1_{row}{column:02}_s{site}_w{channel}0744{own:04}-AC92-4844-8008-CB30C5CAB88E"
                )
            },
        ),
        (
            "Leica",
            ["C01", "C02", "C03"],
            |_, row, column, site, channel| {
                let (row, column, site) = (row - 1, column - 1, site - 1);
                format!(
                    "image--L0000--S00--U{column:02}--V{row:02}--J20--E00--O00--X{site:02}--Y00--T0000--Z00--C{channel:02}"
                )
            },
        ),
        (
            "ZEISS ZEN",
            ["c1", "c2", "c3"],
            |row, _, column, site, channel| format!("Screen-P{site}-{row}{column}_c{channel}"),
        ),
        (
            "ZEISS ZEN, exported",
            ["c1", "c2", "c3"],
            |row, _, column, site, channel| format!("Screen_{row}{column}_s{site}c{channel}_ORG"),
        ),
    ];
    for (microscope, values, name) in microscopes {
        // Wells of row C have names like channels.
        for rows in [&[('B', 2)][..], &[('C', 3)], &[('B', 2), ('C', 3)]] {
            for sites in [1, 2] {
                let mut names = Vec::new();
                let mut places = Vec::new();
                for (letter, row) in rows {
                    for (column, site) in [(2, 1), (2, sites), (3, 1), (3, sites)] {
                        for channel in 1..=3 {
                            let name = name(*letter, *row, column, site, channel);
                            if !names.contains(&name) {
                                names.push(name);
                                places.push((format!("{letter}{column:02}"), site));
                            }
                        }
                    }
                }
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let scheme = find(&names).unwrap_or_default();
                assert_eq!(scheme.texts(), values, "{microscope}, {rows:?}");
                assert_eq!(scheme.members.len(), names.len(), "{microscope}");
                for (member, (well, site)) in scheme.members.iter().zip(places) {
                    let place = PlatePosition::of(&member.id).expect("a well");
                    let told = match microscope {
                        "Leica" => format!("X{:02} Y00", site - 1),
                        _ => site.to_string(),
                    };
                    assert_eq!(
                        (place.well.to_string(), place.site),
                        (well, told),
                        "{}",
                        member.id
                    );
                }
            }
        }
    }
}

#[test]
fn only_identifiers_behind_a_channel_are_left_out() {
    let own = "0DFA4D8E-AC92-4844-8008-CB30C5CAB88E";
    let name = format!("A01_s1_w2{own}");
    assert_eq!(without_identifier(&name), "A01_s1_w2");
    for other in [
        own.to_owned(),
        format!("x_{own}"),
        format!("A01_w{own}"),
        "A01_w2".to_owned(),
    ] {
        assert_eq!(without_identifier(&other), other);
    }
}

#[test]
fn a_folder_may_be_the_field() {
    let names = ["d/f1/DAPI", "d/f1/ER", "d/f2/DAPI", "d/f2/ER"];
    assert_eq!(ids(&names), ["d/f1/f1", "d/f1/f1", "d/f2/f2", "d/f2/f2"]);
    assert_eq!(ids(&["DAPI", "GFP"]), ["field", "field"]);
}

#[test]
fn the_same_few_values_in_several_fields_are_channels() {
    let names = ["a_1", "a_2", "a_3", "b_1", "b_2", "b_3"];
    assert_eq!(texts(&names), ["1", "2", "3"]);
    let names = ["a_KO", "a_p", "a_q", "b_KO", "b_p", "b_q"];
    assert_eq!(texts(&names), ["KO", "p", "q"]);
}

#[test]
fn a_field_that_lacks_files_belongs_to_the_others() {
    let names = ["a_w1", "a_w2", "b_w2"];
    assert_eq!(ids(&names), ["a", "a", "b"]);
    assert_eq!(
        find(&names).map(|scheme| scheme.values[1].files),
        Some(2),
        "w2 of both"
    );
}

#[test]
fn numbering_alone_is_no_channel() {
    for names in [
        &["photo1", "photo2"][..],
        &["photo_1", "photo_2", "photo_3", "photo_4"],
        &["IMG_0487", "IMG_0488", "IMG_0489", "IMG_0490"],
        &["IMG_487", "IMG_488", "IMG_489", "IMG_490"],
        &["img_401", "img_405", "img_488"],
        &["a1", "a2", "a3", "b1", "b2", "b3"],
        &["A1", "A2", "B1", "B2", "C1", "C2"],
        &["well_A1", "well_B1", "well_C1", "well_C2"],
        &["a_12", "a_17", "a_30", "b_12", "b_17", "b_30"],
    ] {
        assert_eq!(find(names), None, "{names:?}");
    }
    let many: Vec<String> = (1..51).map(|number| format!("img{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(find(&many), None);
}

#[test]
fn unrelated_pictures_are_no_channels() {
    for names in [
        &["cell", "mitochondria", "figure 3"][..],
        &["DAPI"],
        &["DAPI_composite", "GFP_overview"],
        &["left", "right"],
        &["mouse_left", "mouse_right", "rat_left", "rat_right"],
        &["a_x", "a_y", "a_z", "b_x", "b_y"],
        &[],
    ] {
        assert_eq!(find(names), None, "{names:?}");
    }
}

#[test]
fn pictures_beside_channels_stay_out() {
    let names = ["overview", "A1_w1", "A1_w2", "photo_3"];
    let scheme = find(&names).unwrap_or_default();
    let members: Vec<usize> = scheme.members.iter().map(|member| member.index).collect();
    assert_eq!(members, [1, 2]);
}

#[test]
fn letters_of_other_alphabets_do_no_harm() {
    assert_eq!(texts(&["Zellkern-ä_w1", "Zellkern-ä_w2"]), ["w1", "w2"]);
    assert_eq!(find(&["ä", "ö", "細胞"]), None);
}
