//! How large a kernel file may be, told before it is taken apart: its values take
//! a hundred times the memory of their text.

use toml_parser::{
    ErrorSink, Source as Text, Span,
    decoder::Encoding,
    parser::{EventReceiver, RecursionGuard, parse_document},
};

use super::{MOST_WEIGHTS, Source};
use crate::kernel::KernelError;

/// Larger than any bank in use; every pixel costs each of them.
const MOST_TABLES: usize = 1024;
/// Rows of weights: 128 for each of so many kernels. Each is an allocation.
const MOST_ARRAYS: usize = 1 << 17;
/// A weight such as `-0.25, ` is five of them.
const MOST_TOKENS: usize = 6 * MOST_WEIGHTS;
/// Arrays in arrays. TOML's parser has a limit of its own, which is less.
const MOST_DEPTH: u32 = 100;

/// What is counted, and where there was too much of it.
#[derive(Default)]
struct Sizes {
    tables: usize,
    arrays: usize,
    values: usize,
    /// Where it began to be too much, and of what.
    excess: Option<(usize, String)>,
}

/// Refuses a text that would take much memory or time.
pub(super) fn check(source: Source<'_>) -> Result<(), KernelError> {
    let refuse = |at: usize, what: &str| {
        let message = format!("the file has more than {what}");
        Err(source.error(at..at, &message, "use a smaller kernel, or fewer"))
    };
    let text = Text::new(source.text);
    if let Some(token) = text.lex().nth(MOST_TOKENS) {
        return refuse(
            token.span().start(),
            &format!("{MOST_TOKENS} words and signs"),
        );
    }
    let mut sizes = Sizes::default();
    let mut guarded = RecursionGuard::new(&mut sizes, MOST_DEPTH);
    // What is no TOML is told by the one who reads it.
    parse_document(&text.lex().into_vec(), &mut guarded, &mut ());
    match sizes.excess {
        Some((at, what)) => refuse(at, &what),
        None => Ok(()),
    }
}

impl Sizes {
    fn limit(&mut self, span: Span, count: usize, most: usize, what: &str) {
        if count > most && self.excess.is_none() {
            self.excess = Some((span.start(), format!("{most} {what}")));
        }
    }

    fn table(&mut self, span: Span) {
        self.tables += 1;
        self.limit(span, self.tables, MOST_TABLES, "kernels");
    }
}

impl EventReceiver for Sizes {
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

    /// `a.b` is a table, too.
    fn key_sep(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.table(span);
    }

    fn array_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.arrays += 1;
        self.limit(span, self.arrays, MOST_ARRAYS, "rows of weights");
        true
    }

    fn scalar(&mut self, span: Span, _: Option<Encoding>, _: &mut dyn ErrorSink) {
        self.values += 1;
        // And a few for each kernel that are no weights.
        let most = MOST_WEIGHTS + 8 * MOST_TABLES;
        if self.values > most {
            self.limit(span, self.values, MOST_WEIGHTS, "weights");
        }
    }
}
