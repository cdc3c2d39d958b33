//! The table.

use serde_json::{Value, json};

use crate::cases::Row;
use crate::measure::Cost;

const MIB: f64 = 1024.0 * 1024.0;

/// As a table of ratios: countersign's figure by the peer's, so that a half is "0.50".
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| case | CPU | wall | memory | requests (peer) | target | got | |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for row in rows {
        let Row { ours, peer, .. } = row;
        let requests = match ours.requests {
            0.0 => String::new(),
            requests => format!("{requests:.0} ({:.0})", peer.requests),
        };
        let mut head = format!(
            "| {} | {} | {} | {} | {requests} |",
            row.name,
            ratio(ours.cpu, peer.cpu),
            ratio(ours.wall, peer.wall),
            ratio(ours.memory, peer.memory)
        );
        if row.targets.is_empty() {
            text.push_str(&format!("{head} | | |\n"));
        }
        for target in &row.targets {
            let met = if target.is_met() { "met" } else { "**missed**" };
            let (what, bound, got) = (&target.what, number(target.bound), number(target.got));
            text.push_str(&format!("{head} {what} <= {bound} | {got} | {met} |\n"));
            head = "| | | | | |".into();
        }
    }
    text
}

fn ratio(ours: f64, peer: f64) -> String {
    if peer == 0.0 { String::new() } else { number(ours / peer) }
}

/// Two places, three for what is small; whole numbers without any.
fn number(value: f64) -> String {
    match value {
        value if value.fract() == 0.0 => format!("{value:.0}"),
        value if value < 0.1 => format!("{value:.3}"),
        value => format!("{value:.2}"),
    }
}

/// Everything, absolute figures included.
pub(crate) fn json(rows: &[Row]) -> Value {
    let cost = |cost: &Cost| {
        json!({
            "cpuSeconds": cost.cpu,
            "wallSeconds": cost.wall,
            "memoryMiB": cost.memory / MIB,
            "requests": cost.requests,
        })
    };
    let row = |row: &Row| {
        json!({
            "case": row.name,
            "countersign": cost(&row.ours),
            "peer": cost(&row.peer),
            "targets": row.targets.iter().map(|target| json!({
                "what": target.what,
                "bound": target.bound,
                "got": target.got,
                "met": target.is_met(),
            })).collect::<Vec<_>>(),
        })
    };
    rows.iter().map(row).collect()
}
