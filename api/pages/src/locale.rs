//! Which language a request gets: what it asks for by `ui_locales` (OpenID Connect Core §3.1.2.1), else what its browser
//! prefers.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

use crate::text::Lang;

/// Ranges that are looked at: nobody speaks more languages.
const MAX_RANGES: usize = 16;

/// The language for a request.
pub(crate) fn choose(headers: &HeaderMap, ui_locales: Option<&str>) -> Lang {
    let asked = ui_locales.unwrap_or_default().split(' ').take(MAX_RANGES).find_map(by_range);
    let accepted = || headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).and_then(preferred);
    asked.or_else(accepted).unwrap_or(Lang::En)
}

/// RFC 9110 §12.5.4. Among ranges of one weight the first wins.
fn preferred(header: &str) -> Option<Lang> {
    let mut best: Option<(Lang, u16)> = None;
    for item in header.split(',').take(MAX_RANGES) {
        let mut parts = item.split(';').map(str::trim);
        let range = parts.next().unwrap_or_default();
        let lang = if range == "*" { Some(Lang::En) } else { by_range(range) };
        let weight = parts.next().map_or(Some(1000), weight).filter(|weight| *weight > 0);
        if let (Some(lang), Some(weight)) = (lang, weight)
            && best.is_none_or(|(_, known)| weight > known)
        {
            best = Some((lang, weight));
        }
    }
    best.map(|(lang, _)| lang)
}

/// `q=0.8` in thousandths.
fn weight(parameter: &str) -> Option<u16> {
    let value = parameter.strip_prefix("q=")?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let thousandths = format!("{fraction:0<3}").parse::<u16>().ok().filter(|_| fraction.len() <= 3)?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

fn by_range(range: &str) -> Option<Lang> {
    let primary = range.split('-').next().unwrap_or_default();
    Lang::ALL.into_iter().find(|lang| primary.eq_ignore_ascii_case(lang.tag()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn chosen(accept: Option<&str>, ui_locales: Option<&str>) -> Lang {
        let mut headers = HeaderMap::new();
        if let Some(accept) = accept {
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_str(accept).unwrap());
        }
        choose(&headers, ui_locales)
    }

    #[test]
    fn the_best_known_language_is_chosen() {
        let table = [
            (None, None, Lang::En),
            (Some("de"), None, Lang::De),
            (Some("de-AT,en;q=0.5"), None, Lang::De),
            (Some("fr, DE;q=0.8, en;q=0.9"), None, Lang::En),
            (Some("fr, de;q=0.9, en;q=0.8"), None, Lang::De),
            (Some("fr"), None, Lang::En),
            (Some("*;q=0.5, de;q=0.4"), None, Lang::En),
            (Some("de;q=0"), None, Lang::En),
            (Some("de;q=2, en;q=0.1"), None, Lang::En),
            (Some("en"), Some("fr de-CH"), Lang::De),
            (Some("de"), Some("fr"), Lang::De),
            (Some("de"), Some("en"), Lang::En),
        ];
        for (accept, ui_locales, lang) in table {
            assert_eq!(chosen(accept, ui_locales), lang, "{accept:?} {ui_locales:?}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(accept in "[ -~]{0,60}", ui_locales in "[ -~]{0,60}") {
            let _ = chosen(Some(&accept), Some(&ui_locales));
        }
    }
}
