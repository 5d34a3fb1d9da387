//! What a dialect may not say though each part of it can be read: names that nothing fills in, and what a transport cannot do.

use std::collections::BTreeSet;

use protocol::{Transport, results::Publish};

use super::{
    dialect::Dialect,
    said::{Heartbeat, Request, Said, Step, Take},
    template::{CLIENT, COUNT, DATA, GIVEN, RANDOM, Template, is_name},
};

/// What is wrong, and the text by which its line is found.
type Wrong = (String, String);
type Names<'a> = BTreeSet<&'a str>;

/// Refuses what cannot be spoken.
pub(super) fn check(dialect: &Dialect) -> Result<(), Wrong> {
    let Dialect { websocket, long_poll, publish, server, .. } = dialect;
    if websocket.is_none() && long_poll.is_none() {
        return Err(("why".to_owned(), "it speaks no transport: add [websocket] or [long_poll]".to_owned()));
    }
    if let Some(websocket) = websocket {
        let mut known: Names<'_> = [CLIENT, RANDOM, COUNT].into();
        all_known(&websocket.path, &known)?;
        said_in_order(Transport::WebSocket, &websocket.open, &websocket.heartbeats, &mut known)?;
        websocket.goodbye.iter().try_for_each(|goodbye| all_known(goodbye, &known))?;
        if let Some(say) = &websocket.say {
            known.insert(DATA);
            all_known(say, &known)?;
            has_data("say", say.names())?;
        }
    }
    if let Some(long_poll) = long_poll {
        let mut known: Names<'_> = [CLIENT, RANDOM, COUNT].into();
        said_in_order(Transport::LongPoll, &long_poll.open, &long_poll.heartbeats, &mut known)?;
        if long_poll.separator.is_some_and(|separator| !separator.is_ascii()) {
            return Err(("separator".to_owned(), "a separator is one ASCII character, as in \"\\u001e\"".to_owned()));
        }
        // What an answer brings, the first poll cannot say, unless in a header, which is then left out.
        request_is_known(&long_poll.poll, &known, &taken(&long_poll.take)?)?;
        long_poll.goodbye.iter().try_for_each(|goodbye| request_is_known(goodbye, &known, &Names::new()))?;
        if let Some(say) = &long_poll.say {
            known.insert(DATA);
            request_is_known(say, &known, &Names::new())?;
            has_data("say", names(say))?;
        }
    }
    if let Some(publish) = publish {
        request_is_known(publish, &[COUNT, RANDOM, DATA].into(), &Names::new())?;
        has_data("[publish]", names(publish))?;
    }
    match server {
        Some(server) if server.publish == Some(Publish::Http) && publish.is_none() => {
            Err(("[server]".to_owned(), "publish = \"http\" without [publish], which says how; add it".to_owned()))
        }
        _ => Ok(()),
    }
}

/// The line of a text, from 1, in which that stands first, comments aside.
pub(super) fn line_of(text: &str, what: &str) -> Option<usize> {
    let is_it = |line: &str| !line.trim_start().starts_with('#') && line.contains(what);
    text.lines().position(is_it).map(|index| index + 1)
}

fn said_in_order<'a>(
    transport: Transport,
    open: &'a [Step],
    heartbeats: &'a [Heartbeat],
    known: &mut Names<'a>,
) -> Result<(), Wrong> {
    for Step { said, take, .. } in open {
        said.iter().try_for_each(|said| sayable(transport, said, known))?;
        if said.is_none() && transport == Transport::LongPoll {
            let error = "nothing comes by itself where a client polls: a step has get or post".to_owned();
            return Err(("[long_poll]".to_owned(), error));
        }
        known.extend(taken(take)?);
    }
    heartbeats.iter().try_for_each(|heartbeat| sayable(transport, &heartbeat.said, known))
}

fn sayable(transport: Transport, said: &Said, known: &Names<'_>) -> Result<(), Wrong> {
    match (transport, said) {
        (Transport::WebSocket, Said::Message(message)) => all_known(message, known),
        (_, Said::Request(request)) if transport != Transport::WebSocket => {
            request_is_known(request, known, &Names::new())
        }
        (_, Said::Request(_)) => {
            Err(("[websocket]".to_owned(), "a WebSocket carries messages: use say, not get or post".to_owned()))
        }
        (_, Said::Message(_)) => {
            Err(("[long_poll]".to_owned(), "a poll carries no message: use post, not say".to_owned()))
        }
    }
}

fn request_is_known(request: &Request, known: &Names<'_>, in_headers: &Names<'_>) -> Result<(), Wrong> {
    all_known(&request.target, known)?;
    request.body.iter().try_for_each(|body| all_known(body, known))?;
    let in_headers = known | in_headers;
    request.headers.values().try_for_each(|value| all_known(value, &in_headers))
}

fn has_data<'a>(key: &str, mut names: impl Iterator<Item = &'a str>) -> Result<(), Wrong> {
    if names.any(|name| name == DATA) {
        return Ok(());
    }
    Err((key.to_owned(), "the update is nowhere in it: write {data} where it goes".to_owned()))
}

fn names(request: &Request) -> impl Iterator<Item = &str> {
    let templates = [&request.target].into_iter().chain(&request.body).chain(request.headers.values());
    templates.flat_map(Template::names)
}

fn all_known(template: &Template, known: &Names<'_>) -> Result<(), Wrong> {
    match template.names().find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(name) => {
            let known: Vec<_> = known.iter().copied().collect();
            let error = format!("{{{name}}} is not known there; known are {}; or take it before", known.join(", "));
            Err((format!("{{{name}}}"), error))
        }
    }
}

fn taken(take: &Take) -> Result<Names<'_>, Wrong> {
    match take.keys().find(|name| !is_name(name) || GIVEN.contains(&&***name)) {
        None => Ok(take.keys().map(|name| &**name).collect()),
        Some(name) => {
            let error = format!("take {name}: a name is of small letters and _, and none of {}", GIVEN.join(", "));
            Err((name.to_string(), error))
        }
    }
}
