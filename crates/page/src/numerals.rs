//! Numbers as the browser's language writes them, by the browser's own `Intl`.

/// The form of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    /// The fewest digits behind the decimal sign.
    pub(super) least: usize,
    /// The most digits behind the decimal sign.
    pub(super) most: usize,
    /// Whether 1 is written as a hundred percent.
    pub(super) is_percent: bool,
}

/// A number in this form, in the visitor's language.
#[cfg(target_arch = "wasm32")]
pub(super) fn written(number: f64, form: Form) -> String {
    use js_sys::Function;
    use std::cell::RefCell;
    use wasm_bindgen::JsValue;

    thread_local! {
        /// A formatter takes longer to make than a thousand numbers to write.
        static FORMATTERS: RefCell<Vec<(Form, Option<Function>)>> = const { RefCell::new(Vec::new()) };
    }
    let format = FORMATTERS.with_borrow_mut(|formatters| {
        let known = formatters.iter().find(|(known, _)| *known == form);
        if let Some((_, format)) = known {
            return format.clone();
        }
        let format = browser::formatter(form);
        formatters.push((form, format.clone()));
        format
    });
    let text = format.and_then(|format| {
        let text = format.call1(&JsValue::UNDEFINED, &number.into()).ok()?;
        text.as_string()
    });
    text.unwrap_or_else(|| english(number, form))
}

/// A number in this form, in English: without a browser there is no other language.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn written(number: f64, form: Form) -> String {
    english(number, form)
}

/// Whether the visitor's language has a comma as its decimal sign: there programs for tables part columns by semicolons.
pub(super) fn has_decimal_comma() -> bool {
    let form = Form {
        least: 1,
        most: 1,
        is_percent: false,
    };
    written(0.5, form).contains(',')
}

#[cfg(target_arch = "wasm32")]
mod browser {
    use js_sys::{Array, Function, Object, Reflect};
    use wasm_bindgen::{JsCast, JsValue};

    use super::Form;
    use crate::dom::{property, window};

    /// The browser's function that writes numbers in this form; none where it has none.
    pub(super) fn formatter(form: Form) -> Option<Function> {
        let formats = property(&property(&js_sys::global(), "Intl"), "NumberFormat");
        let formats: Function = formats.dyn_into().ok()?;
        let options = Object::new();
        let mut members = vec![
            ("minimumFractionDigits", JsValue::from(form.least as u32)),
            ("maximumFractionDigits", JsValue::from(form.most as u32)),
        ];
        if form.is_percent {
            members.push(("style", "percent".into()));
        }
        for (name, value) in members {
            Reflect::set(&options, &name.into(), &value).ok()?;
        }
        let languages = window().navigator().languages();
        let of = |languages: JsValue| {
            let formatter = Reflect::construct(&formats, &Array::of2(&languages, &options)).ok()?;
            // It belongs to its formatter already.
            property(&formatter, "format").dyn_into().ok()
        };
        // A browser may name a language that is none.
        of(languages.into()).or_else(|| of(JsValue::UNDEFINED))
    }
}

/// A number in this form, in English.
fn english(number: f64, form: Form) -> String {
    let number = if form.is_percent {
        number * 100.0
    } else {
        number
    };
    let mut digits = format!("{:.*}", form.most, number.abs());
    let point = digits.find('.').unwrap_or(digits.len());
    if form.most > 0 {
        let least = point + 1 + form.least;
        while digits.len() > least && digits.ends_with('0') {
            digits.pop();
        }
        if digits.ends_with('.') {
            digits.pop();
        }
    }
    let mut text = String::from(if number < 0.0 { "-" } else { "" });
    for (at, digit) in digits.char_indices() {
        if at > 0 && at < point && (point - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if form.is_percent {
        text.push('%');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_has_points_and_groups_of_three() {
        let form = |least, most| Form {
            least,
            most,
            is_percent: false,
        };
        for (number, least, most, expected) in [
            (0.0, 0, 0, "0"),
            (999.0, 0, 0, "999"),
            (1234.0, 0, 0, "1,234"),
            (-1_234_567.0, 0, 0, "-1,234,567"),
            (0.5, 2, 2, "0.50"),
            (1234.5, 0, 3, "1,234.5"),
            (2.0, 0, 3, "2"),
            (1e-9, 0, 10, "0.000000001"),
        ] {
            assert_eq!(written(number, form(least, most)), expected);
        }
        let percent = Form {
            least: 0,
            most: 0,
            is_percent: true,
        };
        assert_eq!(written(0.984, percent), "98%");
        assert!(!has_decimal_comma());
    }
}
