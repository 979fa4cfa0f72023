//! The line of a finished result: what it is, what was left out, and what was clipped.

use stridekern::{
    codec::Fate,
    run::{Done, MayLose, Request},
};

use super::messages;

/// One line without the path. Of what `may` be lost, no option is named that keeps it: it was
/// chosen.
pub(super) fn line(request: &Request, done: &Done, may: MayLose) -> String {
    let plan = &done.plan;
    let [rows, columns, channels] = plan.picture_shape();
    let mut line = messages::pages_text(done.pages);
    line += &format!("{columns} x {rows} ");
    if let Some(shape) = &done.array_shape {
        line += &messages::array_text(shape);
    }
    line += &channels_text(channels);
    line += &format!(" {}", plan.output_depth());
    line += &quality_text(done);
    let [from_rows, from_columns, from_channels] = plan.image_layout().shape();
    let [from_rows, from_columns] = match plan.is_transposed() {
        true => [from_columns, from_rows],
        false => [from_rows, from_columns],
    };
    let mut helps = Vec::new();
    let fewer = [
        from_rows.saturating_sub(rows),
        from_columns.saturating_sub(columns),
    ];
    if request.filter.step() == [1, 1] && fewer != [0, 0] {
        line += &match fewer {
            [rows, columns] if rows == columns => format!(", {rows} smaller each way"),
            [rows, columns] => format!(", {columns} fewer columns and {rows} fewer rows"),
        };
        if !may.size {
            helps.push(["--pad edge", "keeps", "the size"]);
        }
    }
    let lost = [
        (from_channels >= 3 && channels < 3).then_some("the colours"),
        (has_alpha(from_channels) && !has_alpha(channels)).then_some("alpha"),
    ];
    let lost = Vec::from_iter(lost.into_iter().flatten()).join(" and ");
    if !lost.is_empty() && !may.channels {
        helps.push(["--channel each", "keeps", &lost]);
    }
    // The verb once.
    let helps = helps
        .iter()
        .enumerate()
        .map(|(at, [option, verb, what])| match at {
            0 => format!("{option} {verb} {what}"),
            _ => format!("{option} {what}"),
        });
    let helps = Vec::from_iter(helps);
    if !helps.is_empty() {
        line += &format!(" ({})", helps.join(", "));
    }
    let parts = done.metadata.iter();
    let parts = parts.filter(|part| matches!(part.fate, Fate::Lost(_)));
    let parts = Vec::from_iter(parts.map(|part| part.name.as_str()));
    if !parts.is_empty() {
        line += &format!(", without {}", parts.join(", "));
    }
    let clipped = done.clipped.below + done.clipped.above;
    if clipped > 0 {
        let share = clipped as f64 / done.clipped.of.max(1) as f64 * 100.0;
        line += &match share {
            ..0.05 => ", less than 0.1 % clipped".to_owned(),
            _ => format!(", {} % clipped", (share * 10.0).round() / 10.0),
        };
    }
    if done.missing > 0 {
        line += &format!(", {} missing", done.missing);
    }
    let bank = request.filter.bank();
    line + &format!("; kernel {}, {}", bank.name(), bank.source())
}

/// The quality of a JPEG, and that of its input.
fn quality_text(done: &Done) -> String {
    match (done.quality, done.input_quality) {
        (Some(quality), Some(input)) => format!(", quality {quality}, the input's {input}"),
        (Some(quality), None) => format!(", quality {quality}"),
        (None, _) => String::new(),
    }
}

const fn has_alpha(channels: usize) -> bool {
    matches!(channels, 2 | 4)
}

fn channels_text(channels: usize) -> String {
    match channels {
        1 => "gray".to_owned(),
        2 => "gray and alpha".to_owned(),
        3 => "RGB".to_owned(),
        4 => "RGBA".to_owned(),
        _ => format!("{channels} channels"),
    }
}
