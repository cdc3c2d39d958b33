//! The protocol against a fake store, in many interleavings that a seed decides. Every request of every writer is a
//! step of its own, so that any two requests of any two writers come in any order, and a write takes effect between
//! two steps of its writer.

use std::cell::Cell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use fake::{Dice, Fake, step};

use super::*;
use crate::media_type;
use crate::oci::{Annotations, Descriptor, ImageManifest};
use crate::source::shared_tag::layered;

#[path = "merge_fake.rs"]
mod fake;

fn addition(kind: SharedTag, number: usize) -> RawManifest {
    let annotations = Annotations::from([("n".into(), number.to_string())]);
    match kind {
        SharedTag::LegacyLayers => {
            let mut layer = Descriptor::of(media_type::SIMPLE_SIGNING, b"payload");
            layer.annotations = Some(annotations);
            layered(vec![layer], None, media_type::OCI_MANIFEST).unwrap().0
        }
        SharedTag::ReferrersIndex => {
            let manifest = ImageManifest {
                schema_version: 2,
                media_type: Some(media_type::OCI_MANIFEST.into()),
                artifact_type: Some("application/x".into()),
                config: Descriptor::of(media_type::OCI_EMPTY, b"{}"),
                layers: vec![],
                subject: None,
                annotations: Some(annotations),
            };
            RawManifest::write(media_type::OCI_MANIFEST, &manifest).unwrap()
        }
    }
}

fn tag() -> Tag {
    Tag::attached(&Digest::sha256(b"image"), ".sig")
}

type Writing<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// Runs writers in the order that the dice decide; those whose number is in `crash` stop somewhere on the way. Returns
/// who has finished.
fn interleave(
    fake: &Fake,
    kind: SharedTag,
    additions: &[RawManifest],
    crash: &[usize],
    dice: &mut Dice,
) -> Vec<usize> {
    let shared = tag();
    let mut running: Vec<(usize, usize, Writing<'_>)> = Vec::new();
    for (number, addition) in additions.iter().enumerate() {
        let left = if crash.contains(&number) { 1 + dice.roll(40) } else { usize::MAX };
        running.push((number, left, Box::pin(add(fake, &shared, kind, addition))));
    }
    let mut finished = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    let (mut index, mut burst) = (0, 0);
    while !running.is_empty() {
        // Bursts, since what is dangerous is a writer that sleeps while others do all their work.
        if burst == 0 || index >= running.len() {
            (index, burst) = (dice.roll(running.len()), [1, 1, 5, 40][dice.roll(4)]);
        }
        burst -= 1;
        let (number, left, writing) = &mut running[index];
        *left = left.saturating_sub(1);
        if let Poll::Ready(result) = writing.as_mut().poll(&mut context) {
            result.unwrap();
            finished.push(*number);
            drop(running.swap_remove(index));
        } else if *left == 0 {
            drop(running.swap_remove(index));
        }
    }
    finished
}

/// Runs all of them to their end, in the order that the dice decide.
fn race(mut running: Vec<Writing<'_>>, dice: &mut Dice) {
    let mut context = Context::from_waker(Waker::noop());
    while !running.is_empty() {
        let index = dice.roll(running.len());
        for _ in 0..[1, 1, 5, 40][dice.roll(4)] {
            if let Poll::Ready(result) = running[index].as_mut().poll(&mut context) {
                result.unwrap();
                drop(running.swap_remove(index));
                break;
            }
        }
    }
}

fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
}

fn found(fake: &Fake, kind: SharedTag, additions: &[RawManifest]) -> Vec<usize> {
    let tags = fake.tags.borrow();
    let Some(shared) = tags.get(&tag()) else { return vec![] };
    let shown = shown(kind, shared).unwrap();
    let has = |n: &usize| {
        let stored = kind == SharedTag::LegacyLayers || fake.manifests.borrow().contains(&additions[*n]);
        stored && shown.contains(&fingerprint(kind, &additions[*n]))
    };
    (0..additions.len()).filter(has).collect()
}

fn markers(fake: &Fake) -> usize {
    fake.tags.borrow().len() - 1
}

/// threat model, rows 27 and 28: whoever has finished is found, in every interleaving that was tried.
#[test]
fn no_writer_that_finished_is_lost() {
    for seed in 1..250 {
        let mut dice = Dice::of(seed);
        let kind = [SharedTag::ReferrersIndex, SharedTag::LegacyLayers][dice.roll(2)];
        let fake = Fake {
            removes: dice.roll(3) > 0,
            removes_manifests: dice.roll(2) == 0,
            confirms: dice.roll(2) == 0,
            ..Fake::default()
        };
        let additions: Vec<_> = (0..2 + dice.roll(6)).map(|n| addition(kind, n)).collect();
        let finished = interleave(&fake, kind, &additions, &[], &mut dice);
        assert_eq!(finished.len(), additions.len());
        assert_eq!(found(&fake, kind, &additions).len(), additions.len(), "seed {seed}");
    }
}

/// threat model, row 29: what a crash leaves behind, the next writer merges; and nobody else is lost by it.
#[test]
fn a_crash_loses_nothing_of_others() {
    for seed in 1..250 {
        let mut dice = Dice::of(seed);
        let kind = [SharedTag::ReferrersIndex, SharedTag::LegacyLayers][dice.roll(2)];
        let fake = Fake { removes: dice.roll(3) > 0, confirms: dice.roll(2) == 0, ..Fake::default() };
        let additions: Vec<_> = (0..6).map(|n| addition(kind, n)).collect();
        let (now, later) = additions.split_at(5);
        let finished = interleave(&fake, kind, now, &[0, 1], &mut dice);
        finish(add(&fake, &tag(), kind, &later[0])).unwrap();
        let found = found(&fake, kind, &additions);
        let lost: Vec<_> = finished.iter().filter(|number| !found.contains(number)).collect();
        assert!(lost.is_empty() && found.contains(&5), "seed {seed}: {lost:?}");
    }
}

/// threat model, row 23: writes without an answer, some of which take effect, and some of those long after. The last of
/// all can still hide others' additions, whose markers are there: the next writer brings them back.
#[test]
fn a_write_without_an_answer_loses_nothing() {
    for seed in 1..250 {
        let mut dice = Dice::of(seed);
        let kind = SharedTag::ReferrersIndex;
        let (fails, delay) = (2 + dice.roll(8), 5 + dice.roll(40));
        let fails = Cell::new(u32::try_from(fails).ok());
        let delay = u32::try_from(delay).unwrap();
        let confirms = dice.roll(2) == 0;
        let fake = Fake { removes: true, fails, delay, confirms, ..Fake::default() };
        let additions: Vec<_> = (0..5).map(|n| addition(kind, n)).collect();
        interleave(&fake, kind, &additions[..4], &[], &mut dice);
        fake.land(u32::MAX - 1);
        fake.fails.set(None);
        finish(add(&fake, &tag(), kind, &additions[4])).unwrap();
        assert_eq!(found(&fake, kind, &additions).len(), 5, "seed {seed}");
    }
}

/// The fake can lose updates: the naive protocol does.
#[test]
fn reading_back_alone_is_not_enough() {
    async fn naive(fake: &Fake, addition: RawManifest) {
        let kind = SharedTag::ReferrersIndex;
        loop {
            let current = fake.read(&tag()).await.unwrap();
            let merged = kind.merge(current.as_ref(), std::slice::from_ref(&addition)).unwrap();
            if !merged.changed {
                return;
            }
            fake.replace(&tag(), &merged, limits::MERGE_TOTAL).await.unwrap();
        }
    }
    let lost = (1..200).any(|seed| {
        let (fake, mut dice) = (Fake::default(), Dice::of(seed));
        let additions: Vec<_> = (0..4).map(|n| addition(SharedTag::ReferrersIndex, n)).collect();
        let mut running: Vec<_> = additions.iter().map(|a| Box::pin(naive(&fake, a.clone()))).collect();
        let mut context = Context::from_waker(Waker::noop());
        while !running.is_empty() {
            let index = dice.roll(running.len());
            if running[index].as_mut().poll(&mut context).is_ready() {
                drop(running.swap_remove(index));
            }
        }
        additions.iter().for_each(|addition| fake.keep(addition));
        found(&fake, SharedTag::ReferrersIndex, &additions).len() < 4
    });
    assert!(lost);
}

#[test]
fn one_writer_alone_leaves_nothing_behind() {
    // Announce, read, write, list, read back, withdraw, look whether the manifest is still there.
    for (confirms, requests) in [(false, 7), (true, 6)] {
        let fake = Fake { removes: true, confirms, ..Fake::default() };
        let one = addition(SharedTag::ReferrersIndex, 0);
        finish(add(&fake, &tag(), SharedTag::ReferrersIndex, &one)).unwrap();
        assert_eq!((markers(&fake), fake.requests.get()), (0, requests));
        finish(add(&fake, &tag(), SharedTag::ReferrersIndex, &one)).unwrap();
        assert_eq!(markers(&fake), 0);
    }
}

/// While another is at work, only what is read afterwards counts.
#[test]
fn beside_another_writer_the_tag_is_read_back() {
    let kind = SharedTag::ReferrersIndex;
    // Announce, read, write, list, and then: read back; or try to remove our own marker.
    for (age, requests) in [(0, 5), (3600, 5)] {
        let fake = Fake { confirms: true, ..Fake::default() };
        fake.now.set(1_000_000);
        let other = addition(kind, 0);
        finish(add(&fake, &tag(), kind, &other)).unwrap();
        fake.now.set(1_000_000 + age);
        let before = fake.requests.get();
        finish(add(&fake, &tag(), kind, &addition(kind, 1))).unwrap();
        assert_eq!(fake.requests.get() - before, requests, "{age}");
    }
}

#[test]
fn what_is_taken_out_stays_out_and_takes_nothing_along() {
    for seed in 1..200 {
        let mut dice = Dice::of(seed);
        let kind = SharedTag::ReferrersIndex;
        let fake = Fake {
            removes: dice.roll(3) > 0,
            removes_manifests: dice.roll(2) == 0,
            confirms: dice.roll(2) == 0,
            ..Fake::default()
        };
        let additions: Vec<_> = (0..5).map(|n| addition(kind, n)).collect();
        finish(add(&fake, &tag(), kind, &additions[0])).unwrap();
        finish(add(&fake, &tag(), kind, &additions[1])).unwrap();
        // The manifest itself goes first, and with it, where tags cannot be deleted, the tags that name it.
        fake.manifests.borrow_mut().retain(|manifest| *manifest != additions[0]);
        fake.tags.borrow_mut().retain(|_, manifest| *manifest != additions[0]);
        let shared = tag();
        let mut running: Vec<Writing<'_>> = vec![Box::pin(remove(&fake, &shared, additions[0].digest))];
        running.extend(
            additions[2..].iter().map(|one| -> Writing<'_> { Box::pin(add(&fake, &shared, kind, one)) }),
        );
        race(running, &mut dice);
        let found = found(&fake, kind, &additions);
        assert_eq!(found, [1, 2, 3, 4], "seed {seed}");
    }
}

/// Taking out, and adding again at the same time: nobody who only adds is lost, whichever of the two comes last.
#[test]
fn taking_out_what_is_being_added_takes_nobody_else_along() {
    for seed in 1..2000 {
        let mut dice = Dice::of(seed);
        let kind = SharedTag::ReferrersIndex;
        let fake = Fake { removes: true, confirms: dice.roll(2) == 0, ..Fake::default() };
        let additions: Vec<_> = (0..3).map(|n| addition(kind, n)).collect();
        finish(add(&fake, &tag(), kind, &additions[0])).unwrap();
        let shared = tag();
        let running: Vec<Writing<'_>> = vec![
            Box::pin(remove(&fake, &shared, additions[0].digest)),
            Box::pin(add(&fake, &shared, kind, &additions[0])),
            Box::pin(add(&fake, &shared, kind, &additions[1])),
            Box::pin(add(&fake, &shared, kind, &additions[2])),
        ];
        race(running, &mut dice);
        let found = found(&fake, kind, &additions);
        assert!(found.contains(&1) && found.contains(&2), "seed {seed}: {found:?}");
    }
}

/// An entry that was gone is stored again while another writer leaves it out.
#[test]
fn what_is_stored_again_is_not_left_out() {
    for seed in 1..2000 {
        let mut dice = Dice::of(seed);
        let kind = SharedTag::ReferrersIndex;
        let fake = Fake { removes: true, strict: true, confirms: dice.roll(2) == 0, ..Fake::default() };
        let additions: Vec<_> = (0..3).map(|n| addition(kind, n)).collect();
        finish(add(&fake, &tag(), kind, &additions[0])).unwrap();
        fake.manifests.borrow_mut().clear();
        let shared = tag();
        let adding = additions.iter().map(|one| -> Writing<'_> { Box::pin(add(&fake, &shared, kind, one)) });
        race(adding.collect(), &mut dice);
        assert_eq!(found(&fake, kind, &additions), [0, 1, 2], "seed {seed}");
    }
}

/// Removing the tag altogether, while others write: whoever begins afterwards is found, and so is whoever writes last.
#[test]
fn a_writer_that_begins_after_the_tag_was_cleared_is_found() {
    for seed in 1..2000 {
        let mut dice = Dice::of(seed);
        let kind = [SharedTag::ReferrersIndex, SharedTag::LegacyLayers][dice.roll(2)];
        let fake = Fake { removes: true, confirms: dice.roll(2) == 0, ..Fake::default() };
        let additions: Vec<_> = (0..3).map(|n| addition(kind, n)).collect();
        finish(add(&fake, &tag(), kind, &additions[0])).unwrap();
        let shared = tag();
        let (cleared, one, other) = (Cell::new(false), &additions[1], &additions[2]);
        let clearing = async {
            clear(&fake, &shared).await?;
            cleared.set(true);
            Ok(())
        };
        let afterwards = async {
            while !cleared.get() {
                step().await;
            }
            add(&fake, &shared, kind, other).await
        };
        let before: Writing<'_> = Box::pin(add(&fake, &shared, kind, one));
        race(vec![Box::pin(clearing), before, Box::pin(afterwards)], &mut dice);
        assert!(found(&fake, kind, &additions).contains(&2), "seed {seed}");
    }
}

#[test]
fn a_cleared_tag_stays_cleared() {
    for (removes, kind) in [(true, SharedTag::LegacyLayers), (false, SharedTag::LegacyLayers)] {
        let fake = Fake { removes, ..Fake::default() };
        assert!(!finish(clear(&fake, &tag())).unwrap());
        let additions: Vec<_> = (0..3).map(|n| addition(kind, n)).collect();
        // One is announced and not merged: its writer has crashed.
        finish(add(&fake, &tag(), kind, &additions[0])).unwrap();
        let left = Marker::new(&tag(), 0, &fingerprint(kind, &additions[1])).unwrap();
        finish(Store::store(&fake, &left.tag.into(), &additions[1])).unwrap();
        assert!(finish(clear(&fake, &tag())).unwrap());
        assert!(!fake.tags.borrow().contains_key(&tag()));
        finish(add(&fake, &tag(), kind, &additions[2])).unwrap();
        assert_eq!(found(&fake, kind, &additions), [2], "removes: {removes}");
    }
}

/// A listing that does not show what was just written shows nothing of others either.
#[test]
fn a_registry_that_does_not_list_is_not_taken_for_a_lonely_one() {
    let kind = SharedTag::ReferrersIndex;
    let fake = Fake { removes: true, confirms: true, blind: Cell::new(u32::MAX), ..Fake::default() };
    let error = finish(add(&fake, &tag(), kind, &addition(kind, 0))).unwrap_err();
    assert_eq!(error.code(), "STORE_PROTOCOL");
    assert_eq!(markers(&fake), 1, "the marker stays");
    // One that lists a moment later.
    for seed in 1..500 {
        let mut dice = Dice::of(seed);
        let fake = Fake { removes: true, confirms: true, blind: Cell::new(3), ..Fake::default() };
        let additions: Vec<_> = (0..3).map(|n| addition(kind, n)).collect();
        let shared = tag();
        let adding = additions.iter().map(|one| -> Writing<'_> { Box::pin(add(&fake, &shared, kind, one)) });
        race(adding.collect(), &mut dice);
        assert_eq!(found(&fake, kind, &additions), [0, 1, 2], "seed {seed}");
    }
}

/// Its marker may be taken for nobody's soon.
#[test]
fn a_writer_that_is_late_gives_up() {
    let kind = SharedTag::ReferrersIndex;
    let total = i64::try_from(limits::MERGE_TOTAL.as_secs()).unwrap();
    for (slow, succeeds) in [(total - 1, true), (total + 1, false)] {
        // The first write gets no answer, so that there is a second one.
        let fake = Fake { slow, fails: Cell::new(Some(2)), delay: 1, ..Fake::default() };
        let result = finish(add(&fake, &tag(), kind, &addition(kind, 0)));
        assert_eq!(result.is_ok(), succeeds, "{slow}");
    }
}

/// The late write of the first try could hide whatever others add, and nobody would know.
#[test]
fn a_writer_whose_write_may_still_come_does_not_withdraw() {
    let kind = SharedTag::ReferrersIndex;
    let fake =
        Fake { removes: true, confirms: true, fails: Cell::new(Some(2)), delay: 100, ..Fake::default() };
    finish(add(&fake, &tag(), kind, &addition(kind, 0))).unwrap();
    assert_eq!(markers(&fake), 1);
}

#[test]
fn a_stale_marker_that_is_not_merged_stays() {
    let kind = SharedTag::ReferrersIndex;
    let fake = Fake { removes: true, ..Fake::default() };
    fake.now.set(1_000_000);
    // What it names cannot be merged, so the tag never shows it.
    let left = Marker::new(&tag(), 0, "0123456789abcdef").unwrap();
    let odd = RawManifest::of("application/x", b"{}".to_vec().into());
    finish(Store::store(&fake, &left.tag.clone().into(), &odd)).unwrap();
    finish(add(&fake, &tag(), kind, &addition(kind, 0))).unwrap();
    assert!(fake.tags.borrow().contains_key(&left.tag));
}

/// distribution takes no index that names a manifest which somebody has deleted.
#[test]
fn entries_that_are_gone_do_not_stop_a_writer() {
    let fake = Fake { removes: true, strict: true, ..Fake::default() };
    let kind = SharedTag::ReferrersIndex;
    let additions: Vec<_> = (0..3).map(|n| addition(kind, n)).collect();
    additions[..2].iter().for_each(|one| finish(add(&fake, &tag(), kind, one)).unwrap());
    fake.manifests.borrow_mut().retain(|manifest| *manifest != additions[0]);
    finish(add(&fake, &tag(), kind, &additions[2])).unwrap();
    assert_eq!(found(&fake, kind, &additions), [1, 2]);
}

#[test]
fn the_only_entry_can_be_taken_out() {
    let kind = SharedTag::ReferrersIndex;
    let one = addition(kind, 0);
    // The remover of a marker that may be somebody's leaves its own in that one's place.
    for (age, left) in [(0, 1), (3600, 0)] {
        let fake = Fake { removes: true, ..Fake::default() };
        fake.now.set(1_000_000);
        finish(remove(&fake, &tag(), one.digest)).unwrap();
        finish(add(&fake, &tag(), kind, &one)).unwrap();
        let other = Marker::new(&tag(), 1_000_000 - age, &fingerprint(kind, &one)).unwrap();
        finish(Store::store(&fake, &other.tag.into(), &one)).unwrap();
        finish(remove(&fake, &tag(), one.digest)).unwrap();
        let index = fake.tags.borrow()[&tag()].parse().unwrap();
        assert!(index.index().unwrap().manifests.is_empty());
        assert_eq!(markers(&fake), left);
    }
}

#[test]
fn markers_that_cannot_be_removed_cost_nothing() {
    let fake = Fake::default();
    let kind = SharedTag::LegacyLayers;
    for number in 0..20 {
        fake.requests.set(0);
        finish(add(&fake, &tag(), kind, &addition(kind, number))).unwrap();
        assert!(fake.requests.get() <= 6, "{}", fake.requests.get());
    }
    assert_eq!(markers(&fake), 20);
}

#[test]
fn stale_markers_are_removed_once_they_are_merged() {
    let kind = SharedTag::ReferrersIndex;
    // Where a manifest goes with its last tag, nobody but its writer could put it back.
    for (removes_manifests, left) in [(false, 0), (true, 2)] {
        let fake = Fake { removes: true, removes_manifests, ..Fake::default() };
        let additions: Vec<_> = (0..3).map(|n| addition(kind, n)).collect();
        for old in &additions[..2] {
            let marker = Marker::new(&tag(), 1_000_000, &fingerprint(kind, old)).unwrap();
            finish(Store::store(&fake, &marker.tag.into(), old)).unwrap();
        }
        fake.now.set(1_000_000 + 3600);
        finish(add(&fake, &tag(), kind, &additions[2])).unwrap();
        assert_eq!((markers(&fake), found(&fake, kind, &additions)), (left, vec![0, 1, 2]));
    }
}

#[test]
fn other_tags_are_no_markers() {
    let prefix = format!("{}.", tag());
    for suffix in
        ["", "x", "0123456789abcdef0123456789abcdeg", "0123456789ABCDEF0123456789abcdef", "0123456789abcdef"]
    {
        let other: Tag = format!("{prefix}{suffix}").parse().unwrap();
        assert_eq!(Marker::parse(other, &prefix), None, "{suffix}");
    }
    let marker = Marker::new(&tag(), 1_700_000_000, "0123456789abcdef").unwrap();
    assert_eq!(Marker::parse(marker.tag.clone(), &prefix), Some(marker));
}
