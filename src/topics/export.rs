//! A topic as a rule file.
//! In: a topic, from a file or from an admin. Out: YAML that reads back as the same topic.
//! Words of one weight that stand together share one entry.

use serde_yaml::{Mapping, Value};

use super::rule::{Group, Kind, Place, Rule, Topic};

/// The rule file of a topic.
pub fn to_yaml(topic: &Topic) -> String {
    let mut file = Mapping::new();
    file.insert("title".into(), topic.title.as_str().into());
    if let Some(description) = &topic.description {
        file.insert("description".into(), description.as_str().into());
    }
    if topic.hidden {
        file.insert("hidden".into(), true.into());
    }
    if topic.urgent {
        file.insert("urgent".into(), true.into());
    }
    if topic.has(Group::Any) {
        file.insert("threshold".into(), number(topic.threshold));
    }
    for group in Group::ALL {
        let mut places = Mapping::new();
        for place in Place::ALL {
            let rules = topic.rules.iter();
            let rules = rules.filter(|rule| rule.group == group && rule.place == place);
            let entries = entries(&rules.collect::<Vec<_>>());
            if !entries.is_empty() {
                places.insert(place.as_str().into(), Value::Sequence(entries));
            }
        }
        if !places.is_empty() {
            file.insert(group.as_str().into(), Value::Mapping(places));
        }
    }
    // Strings, numbers and lists of them always have a YAML form.
    serde_yaml::to_string(&file).unwrap_or_default()
}

fn entries(rules: &[&Rule]) -> Vec<Value> {
    let same =
        |a: &&Rule, b: &&Rule| a.kind == Kind::Word && b.kind == Kind::Word && a.weight == b.weight;
    let mut entries = Vec::new();
    for run in rules.chunk_by(same) {
        let words = || run.iter().map(|rule| Value::from(rule.word.as_str()));
        let [first, rest @ ..] = run else { continue };
        if first.kind == Kind::Word && first.weight.is_none() {
            entries.extend(words());
            continue;
        }
        let mut entry = Mapping::new();
        if first.kind == Kind::Regex {
            entry.insert("regex".into(), first.word.as_str().into());
        } else if rest.is_empty() {
            entry.insert("word".into(), first.word.as_str().into());
        } else {
            entry.insert("words".into(), Value::Sequence(words().collect()));
        }
        if let Some(weight) = first.weight {
            entry.insert("weight".into(), number(weight));
        }
        entries.push(Value::Mapping(entry));
    }
    entries
}

/// Whole numbers without a fraction, as people write them.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e9 {
        // In range, so nothing is cut.
        return Value::from(value as i64);
    }
    Value::from(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topics::{load_dir, parse};

    fn reads_back(topic: &Topic) {
        let yaml = to_yaml(topic);
        assert_eq!(&parse("t.yaml", &topic.id, &yaml).unwrap(), topic, "{yaml}");
    }

    #[test]
    fn what_we_ship_reads_back() {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/topics");
        for topic in load_dir(&dir).0 {
            reads_back(&topic);
        }
    }

    #[test]
    fn every_form_reads_back() {
        let yaml = "title: 'A: #1'\ndescription: b\nhidden: true\nurgent: true\nthreshold: 2.5\nany:\n  topic: [{word: b, weight: 2}, c]\n  \
                    text: [12315, 'yes', {words: [甲, 乙], weight: 0.5}, {word: 丙, weight: 0.5}, {regex: 'a+: \"b\"'}, 丁]\n\
                    all:\n  source: ['- x']\nnone:\n  title: [~x]\n  body: [{regex: '戊', weight: -1}]\n";
        reads_back(&parse("t.yaml", "t", yaml).unwrap());
        reads_back(&parse("t.yaml", "t", "title: A\nall: {category: [x]}").unwrap());
    }
}
