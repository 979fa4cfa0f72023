//! `--stats`: statistics of a result, as a table and as JSON.

use std::iter;

use serde_json::{Value as Json, json};
use stridekern::{
    Depth,
    statistics::{ChannelStatistics, Histogram, Quantile, Statistics, Value},
};

/// The significant digits of numbers that are rounded for the table.
const DIGITS: usize = 9;

/// The bars of a histogram in a table.
const BARS: usize = 16;

/// A table: a line for each figure, a column for each channel, named if there are several.
pub(super) fn table(statistics: &Statistics) -> String {
    let (channels, depth) = (statistics.channels(), statistics.depth());
    let mut columns = vec![names(depth)];
    for (index, channel) in channels.iter().enumerate() {
        let mut column = cells(depth, channel);
        if channels.len() > 1 {
            column.insert(0, statistics.channel_name(index));
        }
        columns.push(column);
    }
    if channels.len() > 1 {
        columns[0].insert(0, String::new());
    }
    let width = |column: &Vec<String>| column.iter().map(|cell| cell.chars().count()).max();
    let widths: Vec<_> = columns
        .iter()
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let line = |row: usize| {
        let cells = iter::zip(&columns, &widths);
        let cells: Vec<_> = cells
            .map(|(column, width)| format!("{:width$}", column[row]))
            .collect();
        format!("  {}", cells.join("  ")).trim_end().to_owned()
    };
    let lines: Vec<_> = (0..columns[0].len()).map(line).collect();
    lines.join("\n")
}

/// The names of the lines.
fn names(depth: Depth) -> Vec<String> {
    let mut names = vec!["samples"];
    if depth.is_float() {
        names.extend(["nan", "-inf", "inf"]);
    }
    names.extend(["minimum", "maximum", "mean", "deviation"]);
    let mut names: Vec<_> = names.into_iter().map(str::to_owned).collect();
    names.extend(Quantile::THOUSANDTHS.map(|share| format!("{} %", percent(share))));
    names.push("histogram".to_owned());
    names
}

fn cells(depth: Depth, channel: &ChannelStatistics) -> Vec<String> {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let [low, high] = [channel.minimum, channel.maximum].map(|v| v.map(|v| sample(v, depth)));
    let [mean, deviation] =
        [channel.mean, channel.deviation].map(|v| v.map(|v| number(rounded(v, DIGITS))));
    let mut cells = vec![channel.count.to_string()];
    if depth.is_float() {
        let [negative, positive] = channel.infinite;
        cells.extend([channel.nan, negative, positive].map(|count| count.to_string()));
    }
    cells.extend([low, high, mean, deviation].map(or_none));
    cells.extend((0..Quantile::THOUSANDTHS.len()).map(|at| {
        let found = channel.quantiles.get(at);
        or_none(found.map(|found| quantile(found, depth)))
    }));
    cells.push(or_none(bars(&channel.histogram)));
    cells
}

fn percent(thousandths: u32) -> f64 {
    f64::from(thousandths) / 10.0
}

/// As few digits as tell a sample from its neighbours.
fn sample(value: Value, depth: Depth) -> String {
    match value {
        Value::Float(value) if matches!(depth, Depth::F16 | Depth::F32) => {
            // The digits of the 32-bit float.
            number((value as f32).to_string().parse().unwrap_or(value))
        }
        Value::Float(value) => number(value),
        value => value.to_string(),
    }
}

/// A float, very large and very small ones with an exponent.
fn number(value: f64) -> String {
    match value.abs() {
        size if size == 0.0 || (1e-5..1e16).contains(&size) || !size.is_finite() => {
            value.to_string()
        }
        _ => format!("{value:e}"),
    }
}

/// A float rounded to significant digits.
fn rounded(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits - 1).parse().unwrap_or(value)
}

/// A quantile and, if its sample is not known, the largest possible error of what is shown.
fn quantile(quantile: &Quantile, depth: Depth) -> String {
    match quantile.value {
        _ if quantile.error == 0.0 => sample(quantile.value, depth),
        Value::Float(value) => {
            let shown = rounded(value, 6);
            let error = rounded_up(quantile.error + (value - shown).abs());
            format!("{} ± {}", number(shown), number(error))
        }
        value => format!("{value} ± {}", number(rounded_up(quantile.error))),
    }
}

/// A positive number rounded up to two significant digits.
fn rounded_up(value: f64) -> f64 {
    let nearest = rounded(value, 2);
    if nearest >= value {
        return nearest;
    }
    rounded(nearest + rounded(value, 1) / 20.0, 2)
}

/// A bar for each bin of a coarse histogram from the smallest to the largest sample; an empty
/// bin is a blank.
fn bars(histogram: &Histogram) -> Option<String> {
    const LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let counts = histogram.coarser(BARS).counts;
    let largest = *counts.iter().max()?;
    let level = |count: u64| (u128::from(count) * 8).div_ceil(largest.into()) as usize;
    let bars = counts.into_iter().map(|count| LEVELS[level(count)]);
    Some(iter::once('|').chain(bars).chain(iter::once('|')).collect())
}

/// An object for each channel.
pub(super) fn json(statistics: &Statistics) -> Json {
    let channels = statistics.channels().iter().enumerate();
    let objects = channels.map(|(index, channel)| {
        let mut object = json!({
            "channel": statistics.channel_name(index),
            "count": channel.count,
            "nan": channel.nan,
            "negative_infinity": channel.infinite[0],
            "positive_infinity": channel.infinite[1],
            "quantiles": channel.quantiles.iter().map(quantile_json).collect::<Vec<_>>(),
            "histogram": {
                "edges": channel.histogram.edges.iter().map(|&v| value_json(v)).collect::<Vec<_>>(),
                "counts": channel.histogram.counts,
            },
        });
        let figures = [
            ("minimum", channel.minimum.map(value_json)),
            ("maximum", channel.maximum.map(value_json)),
            ("mean", channel.mean.map(Json::from)),
            ("deviation", channel.deviation.map(Json::from)),
        ];
        for (key, value) in figures {
            if let Some(value) = value {
                object[key] = value;
            }
        }
        object
    });
    objects.collect()
}

fn quantile_json(quantile: &Quantile) -> Json {
    json!({
        "percent": percent(quantile.thousandths),
        "value": value_json(quantile.value),
        "error": quantile.error,
    })
}

/// A number; an infinity, which JSON has none of, as text.
fn value_json(value: Value) -> Json {
    match value {
        Value::Integer(value) => (u64::try_from(value).map(Json::from))
            .or_else(|_| i64::try_from(value).map(Json::from))
            .unwrap_or_else(|_| (value as f64).into()),
        Value::Float(value) if value.is_infinite() => value.to_string().into(),
        value => value.to_f64().into(),
    }
}
