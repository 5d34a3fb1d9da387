//! The results themselves, within the page that was made from them.

use maud::{Markup, PreEscaped, html};
use protocol::results::{MANIFEST_FILE, RUNS_FILE};

use crate::{
    pages::csv,
    read::{Results, carried::element},
};

/// What the page was made from, and the files that it was.
pub(super) fn section(results: &Results) -> Markup {
    let text = results.text();
    let table = csv::runs(results);
    let files = [(MANIFEST_FILE, &text.manifest[..]), (RUNS_FILE, &text.runs), ("runs.csv", table.as_bytes())];
    // All or none: a page with one of them would pass for a page that was cut off.
    let elements: Option<Vec<String>> = files.iter().map(|(name, file)| element(name, file)).collect();
    html! {
        p {
            "pushbench " (results.manifest.version) ". Everything on this page was derived from "
            code { (MANIFEST_FILE) } " and " code { (RUNS_FILE) }
            @if elements.is_some() {
                ", which it carries: " code { "loadgen report" }
                @if results.manifest.scenario.search.is_some() { " takes" } @else { " and " code { "loadgen compare" } " take" }
                " the page for the folder, and " code { "loadgen report PAGE --out DIR" } " makes a folder of it."
            } @else { " beside it, which are too large for it to carry." }
        }
        @for element in elements.into_iter().flatten() { (PreEscaped(element)) }
    }
}

/// How much of it is there, unless all is.
pub(super) fn unfinished(results: &Results) -> Markup {
    let (made, planned) = (results.runs.len(), results.manifest.planned_runs);
    html! {
        @if made < planned as usize {
            p class="unfinished" { strong { "Unfinished" } ": " (made) " of " (planned) " planned runs are in this page." }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;
    use crate::{
        fixture::{Sweep, save},
        pages::{html::report, write_page},
        read::load::load,
    };

    /// A results folder, its files changed as asked, with its page.
    fn written(change: impl FnOnce(&mut Vec<u8>, &mut Vec<u8>)) -> TempDir {
        let dir = TempDir::new().unwrap();
        save(&Sweep { clients: vec![10], ..Sweep::quick() }.results_in(dir.path())).unwrap();
        let [manifest, runs] = [MANIFEST_FILE, RUNS_FILE].map(|name| dir.path().join(name));
        let mut texts = [&manifest, &runs].map(|file| fs::read(file).unwrap());
        let [one, other] = &mut texts;
        change(one, other);
        fs::write(&manifest, &texts[0]).unwrap();
        fs::write(&runs, &texts[1]).unwrap();
        write_page(&load(dir.path()).unwrap()).unwrap();
        dir
    }

    fn assert_comes_round(dir: &TempDir) {
        let page = dir.path().join("report.html");
        let read = load(&page).unwrap();
        assert_eq!(read.text().manifest, fs::read(dir.path().join(MANIFEST_FILE)).unwrap());
        assert_eq!(read.text().runs, fs::read(dir.path().join(RUNS_FILE)).unwrap());
        assert!(report(&read) == fs::read_to_string(page).unwrap(), "the page that is made of it is another");
    }

    #[test]
    fn page_to_results_to_page_is_the_same_to_the_byte() {
        assert_comes_round(&written(|_, _| ()));
        // As others would write it: what is not of ours stays, and so does a line that was cut off.
        assert_comes_round(&written(|manifest, runs| {
            manifest.splice(1..1, b"\"of_another\" : [ ],\r\n".iter().copied());
            runs.truncate(runs.len() - 9);
        }));
        assert_comes_round(&written(|_, runs| runs.clear()));
    }

    #[test]
    fn a_page_of_results_that_were_never_files_carries_what_a_sweep_would_have_written() {
        let results = Sweep::quick().results();
        let dir = TempDir::new().unwrap();
        let page = dir.path().join("page.html");
        fs::write(&page, report(&results)).unwrap();
        let read = load(&page).unwrap();
        assert!(read.manifest == results.manifest && read.runs == results.runs);
        assert!(report(&read) == report(&results));
    }

    #[test]
    fn a_page_says_how_much_of_a_sweep_is_in_it_unless_all_is() {
        let mut results = Sweep::quick().results();
        assert!(!report(&results).contains("Unfinished"));
        results.runs.truncate(4);
        assert!(report(&results).contains("</strong>: 4 of 18 planned runs are in this page."));
    }

    #[test]
    fn what_carries_nothing_or_another_version_or_is_damaged_is_refused_in_words() {
        let dir = written(|_, _| ());
        let page = fs::read_to_string(dir.path().join("report.html")).unwrap();
        let refused = |text: &str| {
            let file = dir.path().join("other.html");
            fs::write(&file, text).unwrap();
            load(&file).unwrap_err().to_string()
        };
        for none in ["", "<html></html>", &page[..2_000]] {
            let message = refused(none);
            assert!(message.contains("other.html carries no results") && message.contains("Name the"), "{message}");
        }
        let runs = page.find("data-file=\"runs.jsonl\"").unwrap();
        for (damaged, part, why) in [
            (page[..runs + 999].to_owned(), RUNS_FILE, "it is cut off"),
            (page[..runs].to_owned(), RUNS_FILE, "it is not there"),
            (page.replace("runs.jsonl\">H4sI", "runs.jsonl\">H5sI"), RUNS_FILE, "gzip: invalid gzip header"),
            (page.replace("manifest.json\">H4sI", "manifest.json\">H4s!"), MANIFEST_FILE, "base64: "),
        ] {
            let message = refused(&damaged);
            let expected = format!("other.html: the {part} that it carries is damaged: {why}");
            assert!(message.contains(&expected) && message.contains("Take the page again"), "{message}");
        }
        let of_manifest = |text: &str| {
            refused(&element(MANIFEST_FILE, text.as_bytes()).unwrap().repeat(2).replacen(
                "\"manifest.json\">",
                "\"runs.jsonl\">",
                1,
            ))
        };
        let message = of_manifest(r#"{"schema":99,"version":"7.0.0"}"#);
        assert!(message.contains("other.html/manifest.json") && message.contains("version 99"), "{message}");
        assert!(of_manifest("{").contains("other.html/manifest.json, line 1"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_page_that_was_changed_anywhere_is_read_as_it_was_or_refused(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..9),
            end in any::<prop::sample::Index>(),
        ) {
            let dir = written(|_, _| ());
            let page = dir.path().join("report.html");
            let whole = load(&page).unwrap();
            let mut text = fs::read(&page).unwrap();
            text.truncate(text.len() / 2 + end.index(text.len() / 2) + 1);
            let length = text.len();
            for (place, byte) in changes {
                text[place.index(length)] = byte;
            }
            fs::write(&page, text).unwrap();
            prop_assert!(load(&page).is_err() || load(&page).unwrap().text() == whole.text());
        }
    }
}
