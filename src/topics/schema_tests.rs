//! The schema for editors says what the reader of rule files says.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::*;

/// The few keywords that our schema uses. An own reader, since the crates for it bring features
/// that make half of our dependencies compile twice; an unknown keyword fails the test.
fn fits(value: &Value, rule: &Value, root: &Value) -> bool {
    let Some(rule) = rule.as_object() else {
        return rule.as_bool().unwrap_or_else(|| panic!("{rule}"));
    };
    rule.iter().all(|(keyword, want)| {
        let number = |ok: fn(f64, f64) -> bool| {
            value
                .as_f64()
                .is_none_or(|have| ok(have, want.as_f64().unwrap()))
        };
        let size = |ok: fn(u64, u64) -> bool| {
            let have = match value {
                Value::String(text) => text.chars().count() as u64,
                Value::Array(items) => items.len() as u64,
                _ => return true,
            };
            ok(have, want.as_u64().unwrap())
        };
        let fitting = || {
            let rules = want.as_array().unwrap().iter();
            rules.filter(|rule| fits(value, rule, root)).count()
        };
        match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" => true,
            "$ref" => {
                let pointer = want.as_str().unwrap().strip_prefix('#').unwrap();
                fits(value, root.pointer(pointer).unwrap(), root)
            }
            "anyOf" => fitting() > 0,
            "oneOf" => fitting() == 1,
            "not" => !fits(value, want, root),
            "type" => match want {
                Value::Array(kinds) => kinds.iter().any(|kind| is_a(value, kind)),
                kind => is_a(value, kind),
            },
            "required" => value.as_object().is_none_or(|object| {
                let keys = want.as_array().unwrap().iter();
                keys.into_iter()
                    .all(|key| object.contains_key(key.as_str().unwrap()))
            }),
            "properties" => value.as_object().is_none_or(|object| {
                let rules = want.as_object().unwrap().iter();
                rules
                    .into_iter()
                    .all(|(key, rule)| object.get(key).is_none_or(|value| fits(value, rule, root)))
            }),
            "additionalProperties" => value.as_object().is_none_or(|object| {
                assert_eq!(want, &Value::Bool(false));
                let known = rule["properties"].as_object().unwrap();
                object.keys().all(|key| known.contains_key(key))
            }),
            "items" => value
                .as_array()
                .is_none_or(|items| items.iter().all(|item| fits(item, want, root))),
            "minItems" if value.is_array() => size(|have, want| have >= want),
            "minItems" => true,
            "minLength" => size(|have, want| have >= want),
            "maxLength" => size(|have, want| have <= want),
            "minimum" => number(|have, want| have >= want),
            "maximum" => number(|have, want| have <= want),
            "exclusiveMinimum" => number(|have, want| have > want),
            other => panic!("the schema uses `{other}`: teach it to this test"),
        }
    })
}

fn is_a(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the schema uses the type `{other}`"),
    }
}

fn valid(yaml: &str) -> bool {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let file: Value = serde_yaml::from_str(yaml).unwrap();
    fits(&file, &schema, &schema)
}

#[test]
fn what_we_ship_is_valid_and_points_at_the_schema() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/topics");
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(valid(&text), "{}", path.display());
            assert!(text.starts_with("# yaml-language-server: $schema=topic.schema.json\n"));
        }
    }
}

#[test]
fn reader_and_schema_agree() {
    for yaml in [
        "title: A\nany: {text: [甲, 12315, {word: 乙, weight: 2}, {words: [丙, 1], weight: 0}]}",
        "title: A\ndescription: b\nthreshold: 0.5\nany: {title: [甲], body: [{regex: 'a+'}]}",
        "title: A\nall: {topic: [b], category: [c], tag: [t], source: [s]}",
        "title: A\nany: {text: [甲]}\nnone: {text: [乙, {word: 丙, weight: -1}]}",
        "title: ''\nany: {text: [甲]}",
        "title: A\nhidden: true\nany: {text: [甲]}",
        "title: A\nurgent: true\nany: {text: [甲]}",
        "title: A\nhidden: 1\nany: {text: [甲]}",
        "any: {text: [甲]}",
        "title: A",
        "title: A\nanny: {text: [甲]}",
        "title: A\nany: {txt: [甲]}",
        "title: A\nany: {text: ['']}",
        "title: A\nany: {text: 甲}",
        "title: A\nany: {text: [{weight: 1}]}",
        "title: A\nany: {text: [{word: 甲, weigth: 1}]}",
        "title: A\nany: {text: [{word: 甲, weight: -1}]}",
        "title: A\nany: {text: [{word: 甲, weight: 1001}]}",
        "title: A\nany: {text: [甲]}\nall: {text: [{word: 乙, weight: 1}]}",
        "title: A\nany: {text: [甲]}\nnone: {text: [{word: 乙, weight: 1}]}",
        "title: A\nthreshold: 0\nany: {text: [甲]}",
    ] {
        let read = parse("t.yaml", "t", yaml);
        assert_eq!(valid(yaml), read.is_ok(), "{yaml}: {read:?}");
    }
}

#[test]
fn the_schema_knows_every_key_and_no_other() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let keys = |pointer: &str| -> BTreeSet<String> {
        let object = schema.pointer(pointer).and_then(Value::as_object).unwrap();
        object.keys().cloned().collect()
    };
    let known = |yaml: &str| -> BTreeSet<String> {
        let error = parse("t.yaml", "t", yaml).unwrap_err().message;
        let list = error.split("expected one of").nth(1).unwrap();
        list.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(keys("/properties"), known("title: A\nx: 1"));
    for group in ["any", "all", "none"] {
        let yaml = format!("title: A\n{group}: {{x: [甲]}}");
        assert_eq!(keys(&format!("/$defs/{group}/properties")), known(&yaml));
    }
    let entry = known("title: A\nany: {text: [{x: 甲}]}");
    assert_eq!(keys("/$defs/weighted/properties"), entry);
}
