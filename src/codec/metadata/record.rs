//! Records: the commands that made a picture.

mod carried;
#[cfg(test)]
mod tests;
mod words;

use std::fmt;

pub(crate) use carried::OUTDATED;
pub(super) use carried::{MAX_JPEG_XMP, NAME};
use words::Word;

/// The most commands of a record; of more, the newest stay.
const MAX_COMMANDS: usize = 64;
/// The most bytes of a command, and of the words in it.
const MAX_LINE: usize = 1 << 14;
const MAX_WORD: usize = 1 << 12;
/// The most settings of a command.
const MAX_SETTINGS: usize = 64;
/// The most bytes of the name of a setting, and of a version.
const MAX_NAME: usize = 32;

/// What a line begins with, and what names the version in it.
const PROGRAM: &str = "stridekern ";

/// How a picture was made: the command of each run that led to it, the newest last.
///
/// Results hold it if [`run::Options::record`](crate::run::Options::record) asks for that. Its
/// text has a line for each command, which a shell can run again: the name of the program and of the
/// input, the settings as its options, and as a comment the version and a hash of the kernels' numbers.
///
/// It names what can change the result and nothing else: no folder, no time, no machine. In a
/// file it is a text of PNG (`stridekern`), a property of the XMP data of JPEG, TIFF and WebP,
/// a comment of GIF and Netpbm's formats, a line of the header of Radiance HDR.
///
/// # Examples
///
/// ```
/// use stridekern::codec::Record;
///
/// let line = "stridekern 'my photo.png' # stridekern 0.1.0, kernel 0123456789abcdef";
/// let record = Record::parse(line).expect("it is a command");
/// assert_eq!(record.last().input, "my photo.png");
/// assert_eq!(record.last().setting("pad"), None);
/// assert_eq!(record.to_string(), line);
/// assert_eq!(Record::parse("sobel"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// At least one.
    commands: Vec<RecordedCommand>,
}

/// One command of a [`Record`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedCommand {
    /// The version of the program or library that ran.
    pub version: String,
    /// The name of the input's file without its folders, `-` for standard input.
    pub input: String,
    /// The settings that can change the result.
    pub settings: Vec<Setting>,
    /// A hash of the kernels' numbers.
    pub kernel: u64,
    /// A hash of the mask of missing samples, if there was one.
    pub mask: Option<u64>,
}

/// A setting of a [`RecordedCommand`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name: `channel`.
    pub name: String,
    /// Its value, if it has one: `each`.
    pub value: Option<String>,
}

/// A difference between two commands, such that their results may differ.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The name of the setting; `input`, `kernel` and `mask` are what was read.
    pub setting: String,
    /// What the record has, if it has anything.
    pub recorded: Option<String>,
    /// What is asked for, if anything is.
    pub asked: Option<String>,
}

impl Record {
    /// The commands of a record, if there is one, followed by another.
    pub(crate) fn after(earlier: Option<Self>, command: RecordedCommand) -> Self {
        let earlier = earlier.map(|record| record.commands);
        let mut commands = earlier.unwrap_or_default();
        commands.push(command);
        Self::of(commands).expect("there is one")
    }

    /// The newest of these commands; `None` if there are none.
    fn of(mut commands: Vec<RecordedCommand>) -> Option<Self> {
        commands.drain(..commands.len().saturating_sub(MAX_COMMANDS));
        (!commands.is_empty()).then_some(Self { commands })
    }

    /// The record of this text; `None` if it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut commands = Vec::new();
        for line in text.lines() {
            commands.push(RecordedCommand::parse(line)?);
            if commands.len() > MAX_COMMANDS {
                return None;
            }
        }
        Self::of(commands)
    }

    /// The bytes of memory that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        let settings = self.commands.iter().map(|command| command.settings.len());
        let words = settings.map(|count| 128 + 128 * count);
        words.sum()
    }

    /// The commands, the newest last.
    pub fn commands(&self) -> &[RecordedCommand] {
        &self.commands
    }

    /// The command that made the picture.
    pub fn last(&self) -> &RecordedCommand {
        self.commands.last().expect("a record has a command")
    }
}

/// A line for each command.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, command) in self.commands.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            command.fmt(f)?;
        }
        Ok(())
    }
}

impl RecordedCommand {
    /// A command of this version.
    pub(crate) fn new(
        input: &str,
        settings: Vec<(&str, Option<String>)>,
        kernel: u64,
        mask: Option<u64>,
    ) -> Self {
        let setting = |(name, value): (&str, Option<String>)| Setting {
            name: name.to_owned(),
            value: value.map(|value| words::writable(&value)),
        };
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            input: words::writable(input),
            settings: settings.into_iter().map(setting).collect(),
            kernel,
            mask,
        }
    }

    /// The value of a setting.
    pub fn setting(&self, name: &str) -> Option<&str> {
        let mut settings = self.settings.iter();
        let setting = settings.find(|setting| setting.name == name)?;
        setting.value.as_deref()
    }

    /// What differs in a command that is `asked` for, such that its result may be another. Names
    /// of kernels are no matter, their numbers are; nor is the version.
    pub fn differences(&self, asked: &Self) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut compare = |setting: &str, recorded: Option<String>, asked: Option<String>| {
            if recorded != asked {
                let setting = setting.to_owned();
                differences.push(Difference {
                    setting,
                    recorded,
                    asked,
                });
            }
        };
        let [recorded, wanted] = [self, asked];
        compare(
            "input",
            Some(recorded.input.clone()),
            Some(wanted.input.clone()),
        );
        let hashed = |command: &Self, name: &str, hash: u64| {
            format!(
                "{} ({hash:016x})",
                command.setting(name).unwrap_or_default()
            )
        };
        if recorded.kernel != wanted.kernel {
            let kernel = |command: &Self| Some(hashed(command, "kernel", command.kernel));
            compare("kernel", kernel(recorded), kernel(wanted));
        }
        if recorded.mask != wanted.mask {
            let mask = |command: &Self| Some(hashed(command, "mask", command.mask?));
            compare("mask", mask(recorded), mask(wanted));
        }
        let all = wanted.settings.iter().chain(&recorded.settings);
        let mut names = Vec::from_iter(all.map(|setting| setting.name.as_str()));
        names.sort_unstable();
        names.dedup();
        for name in names {
            if ["kernel", "mask"].contains(&name) {
                continue;
            }
            // One without a value is on.
            let value = |command: &Self| {
                let mut settings = command.settings.iter();
                let setting = settings.find(|setting| setting.name == name)?;
                Some(setting.value.clone().unwrap_or_else(|| "on".to_owned()))
            };
            compare(name, value(recorded), value(wanted));
        }
        differences
    }

    /// The command of a line.
    fn parse(line: &str) -> Option<Self> {
        if line.len() > MAX_LINE {
            return None;
        }
        let (words, made_by) = words::split(line.strip_prefix(PROGRAM)?)?;
        let mut words = words.into_iter().peekable();
        let input = words.next()?.text;
        let mut settings = Vec::new();
        while let Some(word) = words.next() {
            let name = word.option_name()?.to_owned();
            let is_value = |word: &Word| word.option_name().is_none();
            let value = words.next_if(is_value).map(|word| word.text);
            settings.push(Setting { name, value });
        }
        let mut fields = made_by.strip_prefix(PROGRAM)?.split(", ");
        let version = fields.next().filter(|version| is_version(version))?;
        let kernel = hash(fields.next()?, "kernel ")?;
        let mask = match fields.next() {
            Some(field) => Some(hash(field, "mask ")?),
            None => None,
        };
        (fields.next().is_none() && settings.len() <= MAX_SETTINGS).then(|| Self {
            version: version.to_owned(),
            input,
            settings,
            kernel,
            mask,
        })
    }
}

/// The line of the command.
impl fmt::Display for RecordedCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PROGRAM}{}", words::quoted(&self.input))?;
        for Setting { name, value } in &self.settings {
            write!(f, " --{name}")?;
            if let Some(value) = value {
                write!(f, " {}", words::quoted(value))?;
            }
        }
        let Self {
            version, kernel, ..
        } = self;
        write!(f, " # {PROGRAM}{version}, kernel {kernel:016x}")?;
        match self.mask {
            Some(mask) => write!(f, ", mask {mask:016x}"),
            None => Ok(()),
        }
    }
}

fn is_version(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
    !text.is_empty() && text.len() <= MAX_NAME && text.bytes().all(is_part)
}

/// The hash of 16 lower-case digits after this name.
fn hash(field: &str, name: &str) -> Option<u64> {
    let digits = field.strip_prefix(name)?;
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_hash = digits.len() == 16 && digits.bytes().all(is_digit);
    u64::from_str_radix(digits, 16).ok().filter(|_| is_hash)
}
