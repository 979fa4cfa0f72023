//! The line of a finished result: what it is, what was left out, and what was clipped.

use stridekern::{
    Overflow,
    codec::Fate,
    run::{Done, MayLose, Request},
};

use super::{kernel_options::origin, messages};

/// The most parts that are named.
const MAX_LOST: usize = 24;

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
    line += &channels_text(channels, plan.alpha().is_some());
    let written = done.format.written_channels(channels);
    if written != channels {
        line += &format!(" as {}", channels_text(written, written == 4));
    }
    line += &format!(" {}", plan.output_depth());
    line += &quality_text(done);
    let less = Less::of(request, done);
    line += &match less.fewer {
        [0, 0] => String::new(),
        [rows, columns] if rows == columns => format!(", {rows} smaller each way"),
        [rows, columns] => format!(", {columns} fewer columns and {rows} fewer rows"),
    };
    let size = less.is_smaller() && !may.size;
    let lost = [
        less.colours.then_some("the colours"),
        less.alpha.then_some("alpha"),
    ];
    let lost = Vec::from_iter(lost.into_iter().flatten());
    let help = match (size, may.channels || lost.is_empty()) {
        (true, true) => Some("--pad edge keeps the size".to_owned()),
        (false, false) => Some(format!("--channel each keeps {}", lost.join(" and "))),
        // What both together are.
        (true, false) if lost.len() == 1 => Some(format!("--photo keeps the size and {}", lost[0])),
        (true, false) => Some(format!("--photo keeps the size, {}", lost.join(" and "))),
        (false, true) => None,
    };
    line.extend(help.map(|help| format!(" ({help})")));
    let parts = done.metadata.iter();
    let parts = parts.filter(|part| matches!(part.fate, Fate::Lost(_)));
    let mut parts = Vec::from_iter(parts.map(|part| part.name.as_str()));
    // Those of many pages may be as many.
    let further = parts.len().saturating_sub(MAX_LOST);
    parts.truncate(MAX_LOST);
    if !parts.is_empty() {
        line += &format!(", without {}", parts.join(", "));
    }
    if further > 0 {
        line += &format!(" and {further} further parts");
    }
    line.extend(plan.way().map(|way| format!(", {way}")));
    let clipped = done.clipped.below + done.clipped.above;
    if clipped > 0 {
        let share = clipped as f64 / done.clipped.of.max(1) as f64 * 100.0;
        let became = match request.filter.overflow() {
            Overflow::Wrap => "wrapped around",
            _ => "clipped",
        };
        line += &match share {
            ..0.05 => format!(", less than 0.1 % {became}"),
            _ => format!(", {} % {became}", (share * 10.0).round() / 10.0),
        };
    }
    if done.missing > 0 {
        line += &format!(", {} missing", done.missing);
    }
    let bank = request.filter.bank();
    line + &format!("; kernel {}, {}", bank.name(), origin(bank))
}

/// The quality of a JPEG, and that of its input.
fn quality_text(done: &Done) -> String {
    match (done.quality, done.input_quality) {
        (Some(quality), Some(input)) => format!(", quality {quality}, the input's {input}"),
        (Some(quality), None) => format!(", quality {quality}"),
        (None, _) => String::new(),
    }
}

/// What of its picture a result has not.
#[derive(Debug, Clone, Copy)]
struct Less {
    /// Rows and columns, where no step was asked for.
    fewer: [usize; 2],
    colours: bool,
    alpha: bool,
}

impl Less {
    fn of(request: &Request, done: &Done) -> Self {
        let plan = &done.plan;
        let [rows, columns, channels] = plan.picture_shape();
        let [from_rows, from_columns, from_channels] = plan.image_layout().shape();
        let [from_rows, from_columns] = match plan.is_transposed() {
            true => [from_columns, from_rows],
            false => [from_rows, from_columns],
        };
        Self {
            fewer: match request.filter.step() {
                [1, 1] => [
                    from_rows.saturating_sub(rows),
                    from_columns.saturating_sub(columns),
                ],
                _ => [0, 0],
            },
            colours: from_channels >= 3 && channels < 3,
            alpha: plan.has_alpha() && plan.alpha().is_none(),
        }
    }

    fn is_smaller(self) -> bool {
        self.fewer != [0, 0]
    }
}

/// How many results lost colours or size that nobody gave up.
#[derive(Debug, Default)]
pub(super) struct Losses {
    colours: usize,
    size: usize,
}

impl Losses {
    pub(super) fn add(&mut self, request: &Request, done: &Done, may: MayLose) {
        let less = Less::of(request, done);
        self.colours += usize::from(less.colours && !may.channels);
        self.size += usize::from(less.is_smaller() && !may.size);
    }

    /// One line, if there are any.
    pub(super) fn line(&self) -> Option<String> {
        let results = |count| match count {
            1 => "1 result".to_owned(),
            count => format!("{count} results"),
        };
        let gray = format!("{} of coloured pictures became gray", results(self.colours));
        let are = if self.size == 1 { "is" } else { "are" };
        let smaller = format!("{are} smaller by the reach of the kernel");
        Some(match (self.colours, self.size) {
            (0, 0) => return None,
            (0, size) => format!("{} {smaller}: --pad edge keeps the size", results(size)),
            (_, 0) => format!("{gray}: --channel each keeps the colours"),
            (_, size) => format!("{gray}, {size} {smaller}: --photo keeps both"),
        })
    }
}

fn channels_text(channels: usize, has_alpha: bool) -> String {
    match (channels, has_alpha) {
        (1, _) => "gray".to_owned(),
        (2, true) => "gray and alpha".to_owned(),
        (3, _) => "RGB".to_owned(),
        (4, true) => "RGBA".to_owned(),
        _ => format!("{channels} channels"),
    }
}
