use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::syntax::{Literal, Op};
use super::*;
use crate::schema::{GROUPS, USERS};

fn user() -> Map<String, Value> {
    let user = json!({
        "id": "0b4e0c63-3a4a-4d68-8e7c-0cf0d3dc8d11",
        "userName": "Alice",
        "active": true,
        "name": { "givenName": "Alice", "familyName": "Straße" },
        "emails": [
            { "value": "alice@work.example", "type": "work", "primary": true },
            { "value": "al@home.example", "type": "home", "primary": false },
        ],
        "meta": { "lastModified": "2026-05-01T10:00:00Z", "resourceType": "User" },
        "urn:indigo-dc:scim:schemas:IndigoUser": { "affiliation": "CNAF" },
    });
    user.as_object().unwrap().clone()
}

fn holds(filter: &str) -> Result<bool, FilterError> {
    Ok(Filter::resolve(&parse(filter)?, &USERS)?.matches(&user()))
}

#[test]
fn operators_mean_what_the_rfc_says() {
    for (filter, expected) in [
        (r#"userName eq "alice""#, true),
        (r#"USERNAME EQ "ＡＬＩＣＥ""#, true),
        (r#"userName ne "alice""#, false),
        (r#"nickName ne "al""#, true),
        (r#"nickName eq "al""#, false),
        (r#"name.familyName co "rass""#, true),
        (r#"name.familyName ew "SSE""#, true),
        (r#"userName sw "al""#, true),
        (r#"userName gt "ali""#, true),
        (r#"userName le "alice""#, true),
        (r#"userName lt "alice""#, false),
        ("userName pr", true),
        ("nickName pr", false),
        ("emails pr", true),
        ("name pr", true),
        ("nickName eq null", true),
        ("userName ne null", true),
        ("active eq true", true),
        ("active ne True", false),
        (r#"id eq "0B4E0C63-3A4A-4D68-8E7C-0CF0D3DC8D11""#, false),
        (r#"emails eq "al@home.example""#, true),
        (r#"emails.value eq "AL@home.example""#, true),
        (r#"emails co "work.example""#, true),
        (r#"emails.value ne "al@home.example""#, false),
        (r#"emails[type eq "work" and value co "@work"]"#, true),
        (r#"emails[type eq "home" and value co "@work"]"#, false),
        (r#"emails[primary eq true and type eq "work"] and active eq true"#, true),
        (r#"emails[not (type eq "work") and primary eq false]"#, true),
        (r#"meta.lastModified gt "2026-04-30T23:59:59Z""#, true),
        (r#"meta.lastModified ge "2026-05-01T12:00:00+02:00""#, true),
        (r#"meta.resourceType eq "User""#, true),
        (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "alice""#, true),
        (r#"urn:indigo-dc:scim:schemas:IndigoUser:affiliation eq "cnaf""#, true),
        (r#"userName eq "x" or userName eq "alice" and active eq true"#, true),
        (r#"(userName eq "x" or userName eq "alice") and active eq false"#, false),
        (r#"not (userName eq "x")"#, true),
        (r#"not(userName eq "x")and(active eq true)"#, true),
        (r#"displayName eq ".*" or title eq "(a+)+$""#, false),
    ] {
        assert_eq!(holds(filter), Ok(expected), "{filter}");
    }
}

#[test]
fn what_is_no_filter_is_refused() {
    let many = |n: usize| vec!["active eq true"; n].join(" and ");
    let nested = |n: usize| format!("{}active eq true{}", "(".repeat(n), ")".repeat(n));
    let long_name = format!("{} pr", "a".repeat(1024));
    let long = format!(r#"userName eq "{}""#, "x".repeat(8 * 1024));
    for (filter, error) in [
        ("", FilterError::Syntax(0)),
        (" ", FilterError::Syntax(1)),
        ("userName", FilterError::Syntax(8)),
        ("userName eq", FilterError::Syntax(11)),
        ("userName is \"a\"", FilterError::Syntax(9)),
        ("userName eq a", FilterError::Syntax(12)),
        ("userName eq \"a", FilterError::Syntax(12)),
        ("userName eq \"a\" userName", FilterError::Syntax(16)),
        (r#"userName eq "\u0000""#, FilterError::Syntax(12)),
        (r#"userName eq "\ud800""#, FilterError::Syntax(12)),
        ("pr pr", FilterError::UnknownAttribute),
        ("pr pr pr", FilterError::Syntax(6)),
        ("(userName pr", FilterError::Syntax(12)),
        ("userName pr)", FilterError::Syntax(11)),
        ("not userName pr", FilterError::Syntax(4)),
        ("userName pr and", FilterError::Syntax(15)),
        ("and userName pr", FilterError::Syntax(4)),
        ("emails[type eq \"work\"", FilterError::Syntax(21)),
        ("emails[]", FilterError::Syntax(7)),
        ("emails[type eq \"work\"].value eq \"a\"", FilterError::Syntax(22)),
        ("emails[emails.type pr]", FilterError::UnknownAttribute),
        ("emails[emails[type pr]]", FilterError::UnknownAttribute),
        ("name.x pr", FilterError::UnknownAttribute),
        ("members pr", FilterError::UnknownAttribute),
        ("urn:x:y pr", FilterError::UnknownAttribute),
        (&long_name, FilterError::UnknownAttribute),
        ("userName[value eq \"a\"]", FilterError::WrongType("userName")),
        ("userName eq 7", FilterError::WrongType("userName")),
        ("userName eq true", FilterError::WrongType("userName")),
        ("active gt true", FilterError::WrongType("active")),
        ("active eq \"true\"", FilterError::WrongType("active")),
        ("name eq \"a\"", FilterError::WrongType("name")),
        ("meta.created co \"2026\"", FilterError::WrongType("created")),
        ("meta.created gt \"yesterday\"", FilterError::WrongType("created")),
        ("userName gt null", FilterError::WrongType("userName")),
        ("password sw \"a\"", FilterError::Sensitive),
        ("PASSWORD pr", FilterError::Sensitive),
        ("urn:ietf:params:scim:schemas:core:2.0:User:password pr", FilterError::Sensitive),
        (&nested(33), FilterError::TooDeep),
        (&many(65), FilterError::TooManyTerms),
        (&long, FilterError::TooLong),
        (&"(".repeat(100_000), FilterError::TooLong),
        (&"(".repeat(8000), FilterError::TooDeep),
        (&"not(".repeat(2000), FilterError::TooDeep),
    ] {
        assert_eq!(holds(filter), Err(error), "{filter:.60}");
    }
    assert_eq!(holds(&nested(32)), Ok(true));
    assert_eq!(holds(&many(64)), Ok(true));
}

#[test]
fn the_deepest_filter_needs_little_stack() {
    let deep = format!("{}emails[type eq \"work\"]{}", "not (".repeat(31), ")".repeat(31));
    let run = move || holds(&deep);
    let thread = std::thread::Builder::new().stack_size(256 * 1024).spawn(run).unwrap();
    assert_eq!(thread.join().unwrap(), Ok(false));
}

#[test]
fn an_index_is_used_where_one_serves() {
    let found = |filter: &str| lookups(&Filter::resolve(&parse(filter).unwrap(), &USERS).unwrap());
    let name = || Lookup::UserName("alice".into());
    for (filter, expected) in [
        (r#"userName eq "Alice""#, Some(vec![name()])),
        (r#"active eq true and userName eq "alice""#, Some(vec![name()])),
        (r#"externalId eq "X1" or userName eq "alice""#, Some(vec![Lookup::ExternalId("X1".into()), name()])),
        (r#"externalId eq "X1" or active eq true"#, None),
        (r#"emails eq "A@b.example""#, Some(vec![Lookup::Email("a@b.example".into())])),
        (r#"emails[type eq "work" and value eq "a@b.example"]"#, Some(vec![Lookup::Email("a@b.example".into())])),
        (r#"emails[type eq "work" or value eq "a@b.example"]"#, None),
        (r#"groups.value eq "g""#, Some(vec![Lookup::InGroup("g".into())])),
        (r#"not (userName eq "alice")"#, None),
        (r#"userName co "alice""#, None),
    ] {
        assert_eq!(found(filter), expected, "{filter}");
    }
    let members = Filter::resolve(&parse(r#"members[value eq "u"]"#).unwrap(), &GROUPS).unwrap();
    assert_eq!(lookups(&members), Some(vec![Lookup::WithMember("u".into())]));
}

#[test]
fn a_search_over_all_types_takes_what_one_lacks_for_absent() {
    let syntax = parse(r#"members pr or userName eq "alice""#).unwrap();
    assert!(Filter::resolve_any(&syntax, &USERS).unwrap().matches(&user()));
    assert!(Filter::resolve(&syntax, &USERS).is_err());
}

#[test]
fn paths_of_a_patch() {
    let path =
        |text: &str| parse_value_path(text).map(|(name, filter, sub)| (name, filter.map(|f| f.to_string()), sub));
    let plain = |name: &str| Ok((name.to_owned(), None, None));
    assert_eq!(path("name.givenName"), plain("name.givenName"));
    let filter = Some("type eq \"work\"".to_owned());
    assert_eq!(path("emails[type eq \"work\"]"), Ok(("emails".into(), filter.clone(), None)));
    assert_eq!(path("emails[type eq \"work\"].value"), Ok(("emails".into(), filter, Some("value".into()))));
    for bad in
        ["", "[", "emails[type eq", "emails[]", "emails[type pr]value", "emails[type pr].a.b", "a b", "a[b pr][c pr]"]
    {
        assert!(path(bad).is_err(), "{bad}");
    }
}

fn literals() -> impl Strategy<Value = Literal> {
    prop_oneof![
        any::<String>().prop_map(|text| Literal::String(text.replace('\0', ""))),
        any::<bool>().prop_map(Literal::Boolean),
        Just(Literal::Null),
        any::<i32>().prop_map(|number| Literal::Number(number.into())),
    ]
}

fn syntaxes() -> impl Strategy<Value = Syntax> {
    let path = "[a-z$][a-zA-Z0-9_$-]{0,8}(\\.[a-z]{1,8})?".prop_filter("a word of the grammar", |word| word != "not");
    let op = prop_oneof![
        Just(Op::Eq),
        Just(Op::Ne),
        Just(Op::Co),
        Just(Op::Sw),
        Just(Op::Ew),
        Just(Op::Gt),
        Just(Op::Ge),
        Just(Op::Lt),
        Just(Op::Le),
    ];
    let leaf = prop_oneof![
        (path.clone(), op, literals()).prop_map(|(path, op, value)| Syntax::Compare(path, op, value)),
        path.clone().prop_map(Syntax::Present),
    ];
    leaf.prop_recursive(4, 24, 3, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Syntax::And),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Syntax::Or),
            inner.clone().prop_map(|one| Syntax::Not(Box::new(one))),
            (path.clone(), inner).prop_map(|(path, one)| Syntax::Within(path, Box::new(one))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(syntax in syntaxes()) {
        let text = syntax.to_string();
        if text.len() <= 8192 {
            prop_assert_eq!(parse(&text), Ok(syntax), "{}", text);
        }
    }

    #[test]
    fn no_text_panics(text in "(.|[() \\[\\]\"]|eq|pr|and|or|not|userName|emails){0,200}") {
        if let Ok(filter) = parse(&text).and_then(|syntax| Filter::resolve(&syntax, &USERS)) {
            filter.matches(&user());
            lookups(&filter);
        }
        let _ = parse_value_path(&text);
    }
}
