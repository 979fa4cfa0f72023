//! ImageMagick's geometries: `5x3+1+1@`, which stand for sizes, arguments of names and scales.

use std::ops::Range;

use super::{HELP, KernelError, SourceText};

/// More bytes than any has; the program's own limit.
const MAX_BYTES: usize = 4096;

/// Up to four numbers and the signs among them.
#[derive(Debug, Default)]
pub(super) struct Geometry {
    pub(super) rho: Option<f64>,
    pub(super) sigma: Option<f64>,
    pub(super) xi: Option<f64>,
    pub(super) psi: Option<f64>,
    /// Those of `@<>!^%` that stand anywhere.
    flags: String,
}

impl Geometry {
    /// Blanks and the signs `@<>!^%` may stand anywhere, and count for the whole.
    pub(super) fn parse(source: SourceText<'_>, span: Range<usize>) -> Result<Self, KernelError> {
        if span.len() > MAX_BYTES {
            let message = format!("a size or argument has more than {MAX_BYTES} bytes");
            return Err(source.error(span, &message, HELP));
        }
        let mut geometry = Self::default();
        let mut characters = Vec::new();
        for (at, c) in source.text[span.clone()].char_indices() {
            let at = span.start + at;
            match c {
                '@' | '<' | '>' | '!' | '^' | '%' => geometry.flags.push(c),
                '0'..='9' | '.' | 'e' | 'E' | '+' | '-' | ',' | '/' => characters.push((at, c)),
                'x' | 'X' => characters.push((at, 'x')),
                c if c.is_whitespace() => {}
                _ => {
                    let message = "a size or argument is numbers such as 5x3+1+1";
                    return Err(source.error(at..span.end, message, HELP));
                }
            }
        }
        let mut reader = Reader {
            source,
            end: span.end,
            characters: &characters,
        };
        if reader.signed() {
            // +1+2 are the third and the fourth number.
            let alone = reader
                .clone()
                .number()?
                .is_some_and(|(_, rest)| !matches!(rest.peek(), Some('+' | '-')));
            if alone {
                geometry.rho = reader.take()?;
            }
        } else {
            geometry.rho = reader.take()?;
            if geometry.rho.is_some() && matches!(reader.peek(), Some('+' | '-')) {
                return Err(reader.wrong("give both sides before an origin, as 3x3+1+1"));
            }
        }
        if let Some(separator) = reader.skip(&['x', ',', '/'])
            && !(separator == 'x' && reader.signed())
        {
            geometry.sigma = reader.take()?;
        }
        geometry.xi = reader.signed_number()?;
        geometry.psi = reader.signed_number()?;
        if reader.peek().is_some() {
            return Err(reader.wrong("there is more than four numbers"));
        }
        // 30x-20: the second number, with its sign.
        if geometry.sigma.is_none()
            && geometry.rho.is_some()
            && geometry.xi.is_some_and(|x| x < 0.0)
        {
            geometry.sigma = geometry.xi.take();
            geometry.xi = geometry.psi.take();
        }
        Ok(geometry)
    }

    pub(super) fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }
}

/// The characters that are left.
#[derive(Clone)]
struct Reader<'a> {
    source: SourceText<'a>,
    end: usize,
    characters: &'a [(usize, char)],
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<char> {
        self.characters.first().map(|&(_, c)| c)
    }

    fn signed(&self) -> bool {
        matches!(self.peek(), Some('+' | '-'))
    }

    fn skip(&mut self, all: &[char]) -> Option<char> {
        let found = self.peek().filter(|c| all.contains(c))?;
        self.characters = &self.characters[1..];
        Some(found)
    }

    fn wrong(&self, message: &str) -> KernelError {
        let start = self.characters.first().map_or(self.end, |&(at, _)| at);
        self.source.error(start..self.end, message, HELP)
    }

    /// The number that begins here, if one does, and what follows.
    fn number(self) -> Result<Option<(f64, Self)>, KernelError> {
        let digits = |from: usize| {
            let rest = &self.characters[from.min(self.characters.len())..];
            rest.iter().take_while(|(_, c)| c.is_ascii_digit()).count()
        };
        let at = |index: usize| self.characters.get(index).map(|&(_, c)| c);
        let mut end = usize::from(self.signed());
        let whole = digits(end);
        end += whole;
        let mut fraction = 0;
        if at(end) == Some('.') {
            fraction = digits(end + 1);
            end += 1 + fraction;
        }
        if whole + fraction == 0 {
            return Ok(None);
        }
        if matches!(at(end), Some('e' | 'E')) {
            let sign = usize::from(matches!(at(end + 1), Some('+' | '-')));
            let exponent = digits(end + 1 + sign);
            if exponent > 0 {
                end += 1 + sign + exponent;
            }
        }
        let (taken, rest) = self.characters.split_at(end);
        let text = String::from_iter(taken.iter().map(|&(_, c)| c));
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => {
                let characters = rest;
                Ok(Some((number, Self { characters, ..self })))
            }
            _ => Err(self.wrong("not a finite number")),
        }
    }

    /// Takes the number that begins here, if one does.
    fn take(&mut self) -> Result<Option<f64>, KernelError> {
        let Some((number, rest)) = self.clone().number()? else {
            return Ok(None);
        };
        *self = rest;
        Ok(Some(number))
    }

    /// Takes a number after a comma or signs.
    fn signed_number(&mut self) -> Result<Option<f64>, KernelError> {
        if self.skip(&[',', '/']).is_none() && !self.signed() {
            return Ok(None);
        }
        let mut negative = false;
        while let Some(sign) = self.skip(&['+', '-']) {
            negative ^= sign == '-';
        }
        let number = self.take()?;
        Ok(number.map(|number| if negative { -number } else { number }))
    }
}
