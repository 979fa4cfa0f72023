//! Limits of kernel files, checked before parsing: parsed values take a hundred times
//! the memory of their text.

use toml_parser::{
    ErrorSink, Source as Text, Span,
    decoder::Encoding,
    parser::{EventReceiver, RecursionGuard, parse_document},
};

use super::{MAX_WEIGHTS, SourceText};
use crate::kernel::KernelError;

/// More kernels than any bank in use has; each is applied at every pixel.
const MAX_TABLES: usize = 1024;
/// Rows of weights: 128 for each of [`MAX_TABLES`] kernels. Each row is an
/// allocation.
const MAX_ARRAYS: usize = 1 << 17;
/// A weight such as `-0.25, ` has five tokens.
const MAX_TOKENS: usize = 6 * MAX_WEIGHTS;
/// Nested arrays. The TOML parser's own limit is lower.
const MAX_DEPTH: u32 = 100;

/// Counts of parser events, and the first limit that was exceeded.
#[derive(Default)]
struct Counts {
    tables: usize,
    arrays: usize,
    values: usize,
    /// The byte offset of the first excess, and the limit in words.
    excess: Option<(usize, String)>,
}

/// Refuses a text that would take too much memory or time to parse.
pub(super) fn check(source: SourceText<'_>) -> Result<(), KernelError> {
    let refuse = |at: usize, what: &str| {
        let message = format!("the file has more than {what}");
        Err(source.error(at..at, &message, "use a smaller kernel, or fewer"))
    };
    let text = Text::new(source.text);
    if let Some(token) = text.lex().nth(MAX_TOKENS) {
        return refuse(
            token.span().start(),
            &format!("{MAX_TOKENS} words and signs"),
        );
    }
    let mut counts = Counts::default();
    let mut guarded = RecursionGuard::new(&mut counts, MAX_DEPTH);
    // Syntax errors are ignored here: the parser proper reports them.
    parse_document(&text.lex().into_vec(), &mut guarded, &mut ());
    match counts.excess {
        Some((at, what)) => refuse(at, &what),
        None => Ok(()),
    }
}

impl Counts {
    fn limit(&mut self, span: Span, count: usize, max: usize, what: &str) {
        if count > max && self.excess.is_none() {
            self.excess = Some((span.start(), format!("{max} {what}")));
        }
    }

    fn table(&mut self, span: Span) {
        self.tables += 1;
        self.limit(span, self.tables, MAX_TABLES, "kernels");
    }
}

impl EventReceiver for Counts {
    fn std_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.table(span);
    }

    fn array_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.table(span);
    }

    fn inline_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.table(span);
        true
    }

    /// A dotted key such as `a.b` makes a table, too.
    fn key_sep(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.table(span);
    }

    fn array_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.arrays += 1;
        self.limit(span, self.arrays, MAX_ARRAYS, "rows of weights");
        true
    }

    fn scalar(&mut self, span: Span, _: Option<Encoding>, _: &mut dyn ErrorSink) {
        self.values += 1;
        // Each kernel has a few values that are not weights, such as its anchor.
        let max = MAX_WEIGHTS + 8 * MAX_TABLES;
        if self.values > max {
            self.limit(span, self.values, MAX_WEIGHTS, "weights");
        }
    }
}
