//! What is said of engines.

use stridekern::Depth;

use crate::{Room, picture};

#[test]
fn explain_says_what_every_engine_answered() {
    let room = Room::new();
    room.write("g.png", &picture(40, 50, 1, Depth::U8));
    insta::assert_snapshot!(room.report("g.png -k box9 --explain"));
    let objects = room.run("g.png -k box9 --explain --json").silent().json();
    let engines = objects[0]["engines"].as_array().unwrap();
    assert_eq!(engines.len(), 8);
    assert_eq!(engines[0]["engine"], "running-sum");
    assert_eq!(engines[0]["taken"], true);
    for engine in engines {
        let (ms, refusal) = (&engine["ms"], &engine["refusal"]);
        assert!(ms.is_number() != refusal.is_string(), "{engine}");
    }
}
