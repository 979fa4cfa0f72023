//! Which channels of a file are read.

use std::sync::Arc;

use ::exr::{
    math::Vec2,
    meta::{MetaData, header::Header},
};

use crate::{
    codec::errors,
    error::{InputError, RequestError, Result},
    warning::Warning,
};

/// What is read of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// Its colours if it has some, else up to four channels in its order.
    Colours,
    /// The layer or channels of this name.
    Layer(&'a str),
    /// The channels of these names, in this order.
    Channels(&'a [String]),
}

/// The part and its channels that are read.
pub(super) struct Chosen {
    pub(super) part: usize,
    /// Their places in the part's list, in the order of the result.
    pub(super) channels: Vec<usize>,
    /// Their names.
    names: Vec<String>,
    kind: Kind,
    /// Whether they were asked for.
    is_named: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// R, G and B, or Y; with A if that is there.
    Picture,
    /// The same of a layer, by names such as `diffuse.R`.
    Layer,
    /// Channels that are no colours by their names.
    Any,
}

impl Kind {
    /// What channels of these names are, in this order.
    fn of(names: &[&str]) -> Self {
        let layer = |name: &str| name.rfind('.').map_or(0, |end| end + 1);
        let start = names.first().map_or(0, |name| layer(name));
        let is_one_layer = |name: &&str| layer(name) == start && name[..start] == names[0][..start];
        let ends = Vec::from_iter(names.iter().map(|name| &name[layer(name)..]));
        match &ends[..] {
            ["R", "G", "B"] | ["R", "G", "B", "A"] | ["Y"] | ["Y", "A"]
                if names.iter().all(is_one_layer) =>
            {
                match start {
                    0 => Self::Picture,
                    _ => Self::Layer,
                }
            }
            _ => Self::Any,
        }
    }
}

/// The most channels of a picture.
const MAX_CHANNELS: usize = 4;

/// Part and channels of this name, or of these with commas between them; else what is wrong with it.
fn find(meta: &MetaData, text: &str) -> Result<(usize, Vec<usize>), String> {
    let parts = || (meta.headers.iter().enumerate()).filter(|(_, header)| !header.deep);
    let channel = |name: &str, only: Option<usize>| {
        parts()
            .filter(|(part, _)| only.is_none_or(|only| only == *part))
            .find_map(|(part, header)| {
                let of_part = name_of(header);
                let in_part = of_part
                    .as_deref()
                    .and_then(|of_part| name.strip_prefix(of_part)?.strip_prefix('.'));
                let is_it = |known: &String| known == name || Some(known.as_str()) == in_part;
                Some((part, names(header).iter().position(is_it)?))
            })
    };
    let missing = |name: &str| {
        let all = parts().flat_map(|(_, header)| {
            let of_part = name_of(header).filter(|_| meta.headers.len() > 1);
            let names = names(header).into_iter();
            names.map(move |name| match &of_part {
                Some(of_part) => format!("{of_part}.{name}"),
                None => name,
            })
        });
        let known = listed(&Vec::from_iter(all));
        match name == text {
            true => format!("is no layer or channel of the exr file, which has {known}"),
            false => format!(
                "names `{}`, which is no channel of the exr file: it has {known}",
                errors::one_line(name)
            ),
        }
    };
    if !text.contains(',') {
        let name = text.trim();
        if let Some((part, at)) = channel(name, None) {
            return Ok((part, vec![at]));
        }
        let found = parts().find_map(|(part, header)| {
            Some((part, of_layer(&names(header), name_of(header), name)?))
        });
        let (part, channels) = found.ok_or_else(|| missing(text))?;
        if channels.len() > MAX_CHANNELS {
            let all = names(&meta.headers[part]);
            let found = Vec::from_iter(channels.iter().map(|at| all[*at].clone()));
            let (count, names) = (found.len(), listed(&found));
            return Err(format!(
                "has {count} channels ({names}), and up to {MAX_CHANNELS} are read: name those"
            ));
        }
        return Ok((part, channels));
    }
    let mut channels = Vec::new();
    let mut part = None;
    for name in text.split(',').map(str::trim) {
        // All of the part of the first.
        let Some((found, at)) = channel(name, part) else {
            return Err(match channel(name, None) {
                Some(_) => "names channels of several parts, which are several pictures".to_owned(),
                None => missing(name),
            });
        };
        if channels.contains(&at) {
            return Err("names a channel twice".to_owned());
        }
        part = Some(found);
        channels.push(at);
    }
    match part {
        _ if channels.len() > MAX_CHANNELS => Err(format!(
            "names {} channels, and up to {MAX_CHANNELS} are read",
            channels.len()
        )),
        Some(part) => Ok((part, channels)),
        None => Err(missing(text)),
    }
}

/// The channels of a layer of this name: of these channels, of the part with its own name. Its colours
/// or its luminance, if it has them, else all.
fn of_layer(names: &[String], of_part: Option<String>, layer: &str) -> Option<Vec<usize>> {
    let in_part = of_part.as_deref().and_then(|of_part| {
        let rest = layer.strip_prefix(of_part)?;
        match rest {
            "" => Some(String::new()),
            _ => Some(format!("{}.", rest.strip_prefix('.')?)),
        }
    });
    let prefixes = [Some(format!("{layer}.")), in_part];
    prefixes.into_iter().flatten().find_map(|prefix| {
        let all = (0..names.len()).filter(|at| {
            let rest = names[*at].strip_prefix(&prefix);
            rest.is_some_and(|rest| !rest.is_empty())
        });
        let all = Vec::from_iter(all);
        let luminance = || gray(names, &prefix).filter(|found| found.len() == all.len());
        let found = rgb(names, &prefix).or_else(luminance);
        (!all.is_empty()).then(|| found.unwrap_or(all))
    })
}

/// The name of a part.
fn name_of(header: &Header) -> Option<String> {
    let name = header.own_attributes.layer_name.as_ref()?.to_string();
    (!name.is_empty()).then_some(name)
}

/// Finds channels to read among these names: what they are, and their places.
type Find = fn(&[String]) -> Option<(Kind, Vec<usize>)>;

impl Chosen {
    /// The colours of the first part that has some, else the channels of the first part.
    pub(super) fn of(meta: &MetaData) -> Result<Self> {
        let flat = || (meta.headers.iter().enumerate()).filter(|(_, header)| !header.deep);
        let named =
            |find: Find| flat().find_map(|(part, header)| Some((part, find(&names(header))?)));
        let (part, (kind, channels)) = named(|names| Some((Kind::Picture, rgb(names, "")?)))
            .or_else(|| named(|names| Some((Kind::Picture, gray(names, "")?))))
            .or_else(|| named(layer))
            .or_else(|| named(|names| Some((Kind::Any, (0..names.len()).collect()))))
            .ok_or_else(|| errors::unsupported("exr", "deep data"))?;
        let names = names(&meta.headers[part]);
        if kind == Kind::Any && channels.len() > MAX_CHANNELS {
            return Err(InputError::NoColours {
                channels: names.len(),
                names: listed(&names),
            }
            .into());
        }
        Self::new(meta, part, kind, channels)
    }

    /// The layer or channels of this name.
    pub(super) fn named(meta: &MetaData, text: &str) -> Result<Self> {
        let (part, channels) = find(meta, text).map_err(|problem| RequestError::Layer {
            layer: text.to_owned(),
            problem,
        })?;
        let all = names(&meta.headers[part]);
        let found = Vec::from_iter(channels.iter().map(|at| all[*at].as_str()));
        let kind = Kind::of(&found);
        let is_named = true;
        Ok(Self {
            is_named,
            ..Self::new(meta, part, kind, channels)?
        })
    }

    /// The channels of these names, in this order, of the first part that has them.
    pub(super) fn exactly(meta: &MetaData, wanted: &[String]) -> Result<Self> {
        let found = (meta.headers.iter().enumerate()).find_map(|(part, header)| {
            let known = names(header);
            let place = |name: &String| known.iter().position(|known| known == name);
            let channels = wanted.iter().map(place).collect::<Option<Vec<_>>>()?;
            (!header.deep).then_some((part, channels))
        });
        let (part, channels) =
            found.ok_or_else(|| errors::damaged("exr", "it lacks channels that it should have"))?;
        let known = Vec::from_iter(wanted.iter().map(String::as_str));
        Self::new(meta, part, Kind::of(&known), channels)
    }

    fn new(meta: &MetaData, part: usize, kind: Kind, channels: Vec<usize>) -> Result<Self> {
        let header = &meta.headers[part];
        let names = names(header);
        // The exr crate takes the blocks of these for larger than they are.
        let is_subsampled = header
            .channels
            .list
            .iter()
            .any(|channel| channel.sampling != Vec2(1, 1));
        if is_subsampled {
            let what = "a picture with channels of fewer samples (chroma subsampling)";
            return Err(errors::unsupported("exr", what));
        }
        Ok(Self {
            part,
            names: channels.iter().map(|at| names[*at].clone()).collect(),
            channels,
            kind,
            is_named: false,
        })
    }

    /// Whether the last of two or four is alpha.
    pub(super) fn has_colours(&self) -> bool {
        self.kind != Kind::Any
    }

    /// A warning that names the channels of the same part that are not read.
    pub(super) fn left_out(&self, header: &Header) -> Option<Warning> {
        let names = names(header).into_iter();
        let left = names.filter(|name| !self.names.contains(name));
        let left = Vec::from_iter(left);
        (!left.is_empty()).then(|| Warning::channels(&listed(&left)))
    }

    /// The names, if they are none of a picture.
    pub(super) fn names_of_others(&self) -> Option<Arc<[String]>> {
        (self.kind != Kind::Picture).then(|| self.names.as_slice().into())
    }

    /// A warning that names the part that is read, and those that are not.
    pub(super) fn other_parts(&self, meta: &MetaData) -> Option<Warning> {
        let title = |part: usize| match name_of(&meta.headers[part]) {
            Some(name) => format!("{} ({})", part + 1, errors::one_line(name)),
            None => (part + 1).to_string(),
        };
        let others = (0..meta.headers.len()).filter(|part| *part != self.part);
        let mut others = Vec::from_iter(others.take(MOST_NAMES + 1).map(title));
        if others.len() > MOST_NAMES {
            others[MOST_NAMES] = "...".to_owned();
        }
        (!others.is_empty())
            .then(|| Warning::parts(meta.headers.len(), &title(self.part), &others.join(", ")))
    }

    /// A warning if the file has no plain colours, and nobody said what to read.
    pub(super) fn warning(&self) -> Option<String> {
        let names = listed(&self.names);
        Some(match (self.kind, &self.names[..]) {
            _ if self.is_named => return None,
            (Kind::Picture, _) => return None,
            (Kind::Any, [_]) => {
                format!("the exr file has no colours: its channel {names} was read as gray")
            }
            (Kind::Any, _) => {
                format!("the exr file has no colours: its channels {names} were read in this order")
            }
            (Kind::Layer, _) => {
                format!("the exr file has its colours in layers: the channels {names} were read")
            }
        })
    }
}

/// The most names in a message.
const MOST_NAMES: usize = 40;

/// Names on one line: decoders quote bytes of the file.
fn listed(names: &[String]) -> String {
    let mut text = errors::one_line(names[..names.len().min(MOST_NAMES)].join(", "));
    if names.len() > MOST_NAMES {
        text.push_str(", ...");
    }
    text
}

fn names(header: &Header) -> Vec<String> {
    let names = header.channels.list.iter();
    names.map(|channel| channel.name.to_string()).collect()
}

/// The places of the channels with this prefix and these names, and of A if it is there.
fn places(names: &[String], prefix: &str, wanted: &[&str]) -> Option<Vec<usize>> {
    let place =
        |name: &&str| (names.iter()).position(|known| known.strip_prefix(prefix) == Some(*name));
    let mut places = wanted.iter().map(place).collect::<Option<Vec<_>>>()?;
    places.extend(place(&"A"));
    Some(places)
}

fn rgb(names: &[String], prefix: &str) -> Option<Vec<usize>> {
    places(names, prefix, &["R", "G", "B"])
}

/// Luminance; together with RY and BY it stands for colours, beside X for an axis.
fn gray(names: &[String], prefix: &str) -> Option<Vec<usize>> {
    let has = |others: &[&str]| places(names, prefix, others).is_some();
    let is_other = has(&["RY", "BY"]) || has(&["X"]);
    places(names, prefix, &["Y"]).filter(|_| !is_other)
}

/// The colours, or the luminance, of the first layer that has some.
fn layer(names: &[String]) -> Option<(Kind, Vec<usize>)> {
    let prefixes = || {
        let ends = names
            .iter()
            .filter_map(|name| Some((name, name.rfind('.')?)));
        ends.map(|(name, end)| &name[..=end])
    };
    let found = prefixes().find_map(|prefix| rgb(names, prefix));
    // Of X, Y and Z, Y is no luminance.
    let luminance = |prefix: &str| {
        let mut rest = names.iter().filter_map(|name| name.strip_prefix(prefix));
        let is_alone = rest.all(|name| matches!(name, "Y" | "A"));
        gray(names, prefix).filter(|_| is_alone)
    };
    let found = found.or_else(|| prefixes().find_map(luminance));
    Some((Kind::Layer, found?))
}
