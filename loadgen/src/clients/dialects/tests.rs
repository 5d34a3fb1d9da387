use super::*;

fn refused(toml: &str) -> String {
    let error = Dialect::parse("mine", &format!("why = \"?\"\n{toml}")).expect_err(toml);
    format!("{error:#}")
}

#[test]
fn every_built_in_dialect_is_valid_and_says_why() {
    for (name, _) in BUILT_IN {
        let dialect = Dialect::find(name).unwrap().unwrap();
        assert!(!dialect.why.is_empty() && !dialect.transports().is_empty(), "{name}");
    }
    assert_eq!(Dialect::find(PUSHBENCH).unwrap(), None);
    let error = format!("{:#}", Dialect::find("nope").unwrap_err());
    assert!(error.contains("no dialect `nope`: built in are pushbench, faye, nchan"), "{error}");
}

#[test]
fn what_contradicts_itself_is_refused_with_its_line() {
    for (toml, line, reason) in [
        ("[websocket]\npath = \"/\"\npaht = \"/\"", 4, "unknown field `paht`"),
        ("[websocket]\npath = \"/{sid}\"", 3, "{sid} is not known there; known are client, count, random"),
        ("[websocket]\npath = \"/\"\nopen = [{ get = \"/x\" }]", 2, "use say, not get or post"),
        ("[websocket]\npath = \"/\"\nopen = [{ say = \"x\", body = \"y\" }]", 4, "belong to a request"),
        ("[websocket]\npath = \"/\"\nopen = [{ }]", 4, "a step says something"),
        (
            "[websocket]\npath = \"/\"\nopen = [{ say = \"a\", take.x.json = \"/a\" }]",
            4,
            "take beside say, without expect",
        ),
        ("[websocket]\npath = \"/\"\nheartbeats = [{ say = \"3\" }]", 4, "has on (the whole message) or on_part"),
        ("[websocket]\npath = \"/\"\nheartbeats = [{ on = \"2\" }]", 4, "answered by say or post"),
        ("[long_poll]\npoll = { get = \"/\", post = \"/\" }", 3, "one of get, post and say"),
        ("[long_poll]\npoll = { get = \"/\", body = \"x\" }", 3, "a get has no body: use post"),
        ("[long_poll]\npoll = { get = \"/\", on = \"x\" }", 3, "on means nothing in a request: leave it out"),
        ("[long_poll]\npoll = { get = \"/{e}\" }\ntake.e.header = \"E\"", 3, "{e} is not known there"),
        ("[long_poll]\npoll = { get = \"/\" }\ntake.data.header = \"E\"", 4, "take data: a name is of small letters"),
        ("[long_poll]\npoll = { get = \"/\" }\ntake.e.json = \"e\"", 4, "a pointer begins with `/`"),
        (
            "[long_poll]\npoll = { get = \"/\" }\ntake.e = { json = \"/e\", header = \"E\" }",
            4,
            "one of header, json and",
        ),
        ("[long_poll]\nopen = [{ expect = \"x\" }]\npoll = { get = \"/\" }", 2, "nothing comes by itself"),
        ("[websocket]\npath = \"/\"\nsay = \"x\"", 4, "the update is nowhere in it: write {data}"),
        ("[websocket]\npath = \"/\"\nsay = \"{sid}{data}\"", 4, "{sid} is not known there"),
        ("[long_poll]\npoll = { get = \"/\" }\nsay = { post = \"/\" }", 4, "the update is nowhere in it: write {data}"),
        ("[long_poll]\npoll = { get = \"/\" }\nsay = { say = \"{data}\" }", 4, "a request has get or post"),
        ("[websocket]\npath = \"/\"\ngoodbye = \"{sid}\"", 4, "{sid} is not known there"),
        ("[websocket]\npath = \"/\"\ngoodbye = \"{data}\"", 4, "{data} is not known there"),
        ("[long_poll]\npoll = { get = \"/\" }\ngoodbye = { post = \"/{sid}\" }", 4, "{sid} is not known there"),
        ("[long_poll]\npoll = { get = \"/\" }\ngoodbye = { say = \"1\" }", 4, "a request has get or post"),
        ("[publish]\npost = \"/\"\nbody = \"x\"", 1, "it speaks no transport"),
        ("[websocket]\npath = \"/\"\n[publish]\npost = \"/\"", 4, "write {data} where it goes"),
        ("[websocket]\npath = \"/\"\n[server]\ncommand = \"x\"\npublish = \"http\"", 4, "without [publish]"),
        (
            "[websocket]\npath = \"/\"\n[server]\ncommand = \"x\"\nneeds = [{ install = \"y\" }]",
            6,
            "one of file, program and check",
        ),
    ] {
        let error = refused(toml);
        assert!(error.contains(reason) && error.contains(&format!("line {line}")), "{toml}\n{error}");
    }
}

#[test]
fn what_an_answer_brings_may_be_in_a_header_of_the_first_poll() {
    let toml =
        "why = \"?\"\n[long_poll]\npoll = { get = \"/\", headers.If-None-Match = \"{e}\" }\ntake.e.header = \"Etag\"";
    let dialect = Dialect::parse("mine", toml).unwrap();
    assert_eq!(dialect.transports(), [Transport::LongPoll]);
}

#[test]
fn servers_of_one_protocol_share_a_dialect() {
    let server = "[server]\ncommand = \"x\"";
    let shared = Dialect::parse("mine", &format!("why = \"?\"\ndialect = \"socketio\"\n{server}")).unwrap();
    let socketio = Dialect::find("socketio").unwrap().unwrap();
    assert_eq!((&shared.websocket, &shared.long_poll), (&socketio.websocket, &socketio.long_poll));
    assert_eq!((&*shared.name, &*shared.server.unwrap().command), ("mine", "x"));
    for (toml, reason) in [
        ("dialect = \"mine\"", "no dialect `mine`: built in are faye"),
        ("dialect = \"ws\"\n[websocket]\npath = \"/\"", "leave the one or the other out"),
    ] {
        let error = refused(toml);
        assert!(error.contains(reason), "{toml}\n{error}");
    }
}
