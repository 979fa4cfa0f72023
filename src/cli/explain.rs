//! `--explain`: prints the views, the plan, and the reasons for it.

use anyhow::Result;
use serde_json::{Value, json};
use stridekern::{
    Alpha, Channel, CombineScale, KernelBank, Orientation, Plan,
    filter::Program,
    run::{self, Input, Job, Mode, PageKinds, Request},
    text::printable,
    view::Layout,
};

use super::{
    advice,
    kernel_options::{changes_json, origin},
    kernels::short,
    messages::{self, Messages},
    recorded,
    settings::Settings,
    told,
};

/// Explains every result of every input; returns the number of failures.
pub(super) fn run(settings: &Settings, messages: Messages) -> usize {
    let mut failed = 0;
    for job in &settings.batch.jobs {
        if let Err(error) = explain(settings, job, messages) {
            let (input, why) = (job.input.path().display(), advice::chain(&error));
            messages.error(format_args!("{input}: {why}"));
            failed += 1;
        }
    }
    failed
}

fn explain(settings: &Settings, job: &Job, messages: Messages) -> Result<()> {
    let (input, told) = messages::open(job, &settings.batch.options, messages)?;
    let tuning = &settings.batch.options.tuning;
    let mask = run::read_mask(&settings.batch.options)?;
    let requests = job.results.iter();
    let plans = requests.map(|request| input.plan(&run::masked(request, mask.as_ref()), tuning));
    let plans = plans.collect::<Result<Vec<_>, _>>()?;
    let mode = Mode::new(&input, &plans);
    let results = plans.iter().zip(&job.results);
    let results = results.map(|(plan, request)| (plan, request, false));
    let memory = run::memory_needed(&input, &mode, results, &settings.batch.options.encode);
    let mut all_facts = Vec::new();
    for (request, plan) in job.results.iter().zip(&plans) {
        all_facts.push(facts(
            job,
            request,
            &input,
            plan,
            (&mode, memory),
            settings.threads_note.as_deref(),
        )?);
    }
    let format = input.format();
    let options = &settings.batch.options;
    let survey = run::survey_of_plans((job, options), input, plans, mask.as_ref())?;
    let mut told = told;
    told.extend(messages::warn_all(job, &survey.warnings, messages));
    for ((mut facts, surveyed), request) in
        all_facts.into_iter().zip(survey.results).zip(&job.results)
    {
        let surveyed = surveyed?;
        if surveyed.kinds.differ() {
            facts.detail_pages(&surveyed.kinds);
        }
        if let Some(reading) = &settings.output_reading {
            let mut object = json!({ "is_folder": reading.is_folder() });
            messages::extend(&mut object, messages::path_json("output", reading.path()));
            facts.add("path", reading.text(), object);
        }
        let fates = surveyed.metadata;
        if !fates.is_empty() {
            let lines = fates.iter().map(|part| printable(&part.to_string()));
            let object = messages::metadata_json(&fates)["metadata"].take();
            facts.add("metadata", Vec::from_iter(lines).join("\n"), object);
        }
        if options.record.is_some() {
            let format = request.format.unwrap_or(format);
            let recorded = run::recorded_command(job, request, options, format);
            let recorded = recorded.filter(|_| format.holds_record());
            let line = recorded::planned(recorded.as_ref(), format);
            let line = printable(&line);
            facts.add(
                "record",
                line,
                json!(recorded.map(|command| command.to_string())),
            );
        }
        if settings.json {
            let mut object = facts.json();
            messages::extend(&mut object, messages::path_json("input", job.input.path()));
            messages::extend(&mut object, told::json(&told));
            messages::print_line(object);
        } else {
            messages::print_line(facts.text());
        }
    }
    Ok(())
}

/// One line of the explanation.
struct Fact {
    topic: &'static str,
    text: String,
    json: Value,
}

struct Facts {
    lines: Vec<Fact>,
    /// What the object has beside them.
    further: Vec<(&'static str, Value)>,
}

impl Facts {
    fn add(&mut self, topic: &'static str, text: impl Into<String>, json: Value) {
        let text = text.into();
        self.lines.push(Fact { topic, text, json });
    }

    /// Adds the sizes and types of the results' pages, which differ.
    fn detail_pages(&mut self, kinds: &PageKinds) {
        if let Some(fact) = self.lines.iter_mut().find(|fact| fact.topic == "pages") {
            fact.text += &format!("\nof the result, {kinds}");
        }
        let mut object = messages::page_kinds_json(kinds);
        for topic in ["page_kinds", "pages_of_other_kinds"] {
            if !object[topic].is_null() {
                let json = object[topic].take();
                self.further.push((topic, json));
            }
        }
    }

    fn text(&self) -> String {
        let indent = format!("\n{:10}", "");
        let lines = self.lines.iter();
        let lines = lines.map(|f| format!("{:<9} {}", f.topic, f.text.replace('\n', &indent)));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn json(&self) -> Value {
        let lines = self.lines.iter().map(|f| (f.topic, &f.json));
        let further = self.further.iter().map(|(topic, json)| (*topic, json));
        (lines.chain(further))
            .map(|(topic, json)| (topic.to_owned(), json.clone()))
            .collect()
    }
}

fn facts(
    job: &Job,
    request: &Request,
    image: &Input,
    plan: &Plan,
    (mode, memory): (&Mode, u64),
    threads_note: Option<&str>,
) -> Result<Facts> {
    let filter = &request.filter;
    let bank = filter.bank();
    let spec = image.spec();
    let sample = spec.depth.bytes();
    let (source, windows) = (plan.image_layout(), plan.window_layout()?);
    let mut facts = Facts {
        lines: Vec::new(),
        further: Vec::new(),
    };

    let what = format!(
        "{}: {} x {} pixels, {} x {}",
        printable(&job.input.path().display().to_string()),
        spec.columns,
        spec.rows,
        spec.channels,
        spec.depth
    );
    facts.add("input", what, json!(job.input.path().to_string_lossy()));
    let owned = image.bytes();
    facts.add(
        "image",
        source.report(sample, owned),
        layout_json(source, sample),
    );

    if let Some((text, json)) = orientation(image, plan, request) {
        facts.add("orientation", text, json);
    }

    if image.pages() > 1 {
        let line = format!(
            "{}, each filtered by itself; this is the plan of the first",
            image.pages()
        );
        facts.add("pages", line, json!(image.pages()));
    }

    if let Some((axes, shape)) = image.array() {
        let lengths: Vec<_> = shape.iter().map(usize::to_string).collect();
        let planes = match image.planes() {
            1 => "one plane".to_owned(),
            planes => format!("{planes} planes, each filtered by itself by this plan"),
        };
        let transposed = match plan.is_transposed() {
            true => "; X precedes Y, so it is filtered as it lies, by the transposed kernel",
            false => "",
        };
        facts.add(
            "axes",
            format!(
                "{axes} of shape ({}): {planes}{transposed}",
                lengths.join(", ")
            ),
            json!({
                "axes": axes.to_string(), "shape": shape, "planes": image.planes(),
                "transposed": plan.is_transposed(),
            }),
        );
    }

    let [kh, kw] = bank.size();
    let combine = bank
        .combine()
        .map(|combine| match bank.scale() {
            CombineScale::ONE => format!(", combined by {combine}"),
            scale => format!(", combined by {combine}, times {scale}"),
        })
        .unwrap_or_default();
    let count = bank.kernels().len();
    let plural = if count == 1 { "" } else { "s" };
    facts.add(
        "kernel",
        format!(
            "{}, {}: {count} kernel{plural} of {kh} x {kw}{combine}",
            printable(bank.name()),
            printable(&origin(bank))
        ),
        {
            let mut kernel =
                json!({ "name": bank.name(), "kernels": count, "rows": kh, "columns": kw });
            if let Some(combine) = bank.combine() {
                kernel["combine"] = json!(combine.name());
                kernel["scale"] = json!(bank.scale().to_string());
            }
            messages::extend(&mut kernel, messages::source_json(bank.source()));
            messages::extend(&mut kernel, changes_json(bank));
            kernel
        },
    );
    let (text, objects) = weights(bank);
    facts.add("weights", text, objects);
    let luma = filter.channel() == Channel::Luma && spec.channels > 2;
    let window_sample = plan.window_depth().bytes();
    let (description, owned_bytes) = match filter.extent().borders() {
        None if luma => (
            "over the luma, which is computed first",
            spec.rows * spec.columns * window_sample,
        ),
        None => ("over the image, by strides alone", owned),
        Some(_) => (
            "over the image with its border, which is framed band by band",
            windows.span() * window_sample,
        ),
    };
    let unrounded = match luma && plan.window_depth() != spec.depth {
        true => "; the luma is not rounded to samples, since the result is float",
        false => "",
    };
    let mut windows_json = layout_json(&windows, window_sample);
    windows_json["bytes_owned"] = json!(owned_bytes);
    facts.add(
        "windows",
        format!(
            "{description}{unrounded}\n{}",
            windows.report(window_sample, owned_bytes)
        ),
        windows_json,
    );
    let extent = match filter.extent().borders() {
        None => "valid: only windows inside the image, so no border".to_owned(),
        Some(_) if filter.keeps_frame() => {
            "same: pixels whose windows extend beyond the image stay as they are".to_owned()
        }
        Some([rows, columns]) if rows == columns => {
            format!("same: {rows} outside, so the result keeps the size")
        }
        Some([rows, columns]) => format!(
            "same: {rows} above and below, {columns} left and right, so the result keeps the size"
        ),
    };
    facts.add("extent", extent, json!(filter.extent().to_string()));
    let [out_rows, out_columns, out_channels] = plan.picture_shape();
    facts.add(
        "output",
        format!(
            "{out_columns} x {out_rows} pixels, {out_channels} x {}, map {}",
            plan.output_depth(),
            filter.map()
        ),
        json!({
            "height": out_rows, "width": out_columns, "channels": out_channels,
            "depth": plan.output_depth().name(), "map": filter.map().name(),
        }),
    );
    if let Some(way) = plan.way_reason() {
        let like = filter.program().map(Program::name);
        let (rounding, overflow) = (filter.rounding().name(), filter.overflow().name());
        let object = json!({
            "program": like, "rounding": rounding, "overflow": overflow,
            "frame": filter.keeps_frame(),
        });
        facts.add("like", way, object);
    }
    if let Some(alpha) = plan.alpha_reason() {
        let name = plan.alpha().unwrap_or(Alpha::Drop).name();
        facts.add(
            "alpha",
            alpha.clone(),
            json!({ "alpha": name, "reason": alpha }),
        );
    }
    if let Some(missing) = plan.missing_reason() {
        facts.add("missing", missing.clone(), json!(missing));
    }
    facts.add("method", plan.method_reason(), json!(plan.method().name()));
    // One line for each engine.
    let answers = plan.answers();
    let lines: Vec<String> = answers.iter().map(ToString::to_string).collect();
    let objects = answers.iter().map(|answer| {
        json!({
            "engine": answer.engine(), "taken": answer.is_taken(),
            "ms": answer.milliseconds(), "refusal": answer.refusal(),
        })
    });
    facts.add("engines", lines.join("\n"), objects.collect());
    facts.add(
        "lane",
        format!("{}: {}", plan.lane(), plan.lane_reason()),
        json!({ "lane": plan.lane().name(), "reason": plan.lane_reason() }),
    );
    if let Some(bound) = plan.error_bound() {
        let line = format!(
            "responses differ from exact ones by less than {bound:.2e} x the largest sample nearby"
        );
        facts.add("error", line, json!({ "bound": bound }));
    }
    facts.add("simd", plan.simd_reason(), json!(plan.simd().name()));
    facts.add(
        "band",
        format!(
            "{} output rows at a time: {}",
            plan.band_rows(),
            plan.band_reason()
        ),
        json!({ "rows": plan.band_rows(), "zero_copy": plan.zero_copy() }),
    );
    let how = match mode {
        Mode::Streaming { rows } => json!({ "flow": "streamed", "rows": rows }),
        Mode::WholeImage { bytes, reason } => {
            json!({ "flow": "whole", "bytes": bytes, "reason": reason })
        }
        Mode::Mapped => json!({ "flow": "mapped" }),
    };
    facts.add("pipeline", mode.to_string(), how);
    let about = format!(
        "about {} MiB for this input and all its results",
        memory.div_ceil(1 << 20)
    );
    facts.add("memory", about, json!(memory));
    if let Some(note) = threads_note {
        facts.add("threads", note, json!(rayon::current_num_threads()));
    }
    Ok(facts)
}

/// The most kernels whose weights are told one by one.
const MAX_TOLD: usize = 8;

/// The numbers of every kernel beside its weights.
fn weights(bank: &KernelBank) -> (String, Value) {
    let lines = bank
        .kernels()
        .iter()
        .zip(bank.labels())
        .map(|(kernel, label)| {
            let [row, column] = kernel.anchor();
            let label = match label.as_str() {
                "" => String::new(),
                label => format!("{}: ", printable(label)),
            };
            let (bias, offset) = (kernel.bias(), kernel.offset());
            let added = match (bias != 0.0, offset != 0.0) {
                (true, _) => format!(", bias {bias}"),
                (_, true) => format!(", offset {offset}"),
                _ => String::new(),
            };
            format!(
                "{label}{} x {}, sum {}, divisor {}{added}, anchor {row},{column}",
                kernel.rows(),
                kernel.columns(),
                short(if kernel.gain() == 0.0 {
                    0.0
                } else {
                    kernel.sum() / kernel.scale()
                }),
                short(kernel.divisor() / kernel.scale()),
            )
        });
    let mut lines = Vec::from_iter(lines.take(MAX_TOLD));
    let count = bank.kernels().len();
    if count > MAX_TOLD {
        lines.push(format!("and {} more", count - MAX_TOLD));
    }
    let objects = bank
        .kernels()
        .iter()
        .zip(bank.labels())
        .map(|(kernel, label)| {
            json!({
                "name": label, "rows": kernel.rows(), "columns": kernel.columns(),
                "sum": kernel.sum() / kernel.scale(), "divisor": kernel.divisor() / kernel.scale(),
                "bias": kernel.bias(),
                "offset": kernel.offset(), "anchor": kernel.anchor(),
            })
        });
    (lines.join("\n"), objects.collect())
}

/// How the input is turned to be seen, and what is turned by that.
fn orientation(image: &Input, plan: &Plan, request: &Request) -> Option<(String, Value)> {
    let bank = request.filter.bank();
    let Some((orientation, turned)) = messages::turned(plan) else {
        // That of the file is disregarded, if it names one.
        let named = image.metadata().named_orientation();
        let is_disregarded = named != Orientation::Normal && image.format().is_shown_turned();
        return is_disregarded.then(|| {
            let text = format!("{named}, but the pixels are filtered as they are stored");
            (
                text,
                json!({ "orientation": named.exif(), "turned": "nothing" }),
            )
        });
    };
    let what = if plan.turned_pixels() != Orientation::Normal {
        let format = request.format.unwrap_or(image.format());
        format!("the pixels are turned, since viewers of {format} files do not turn them")
    } else if bank.turned(orientation.inverse()) == *bank {
        "the kernel is turned, which changes nothing of it".to_owned()
    } else {
        "the kernel is turned; the pixels and the orientation stay as they are stored".to_owned()
    };
    let json = json!({ "orientation": orientation.exif(), "turned": turned });
    Some((format!("{orientation}: {what}"), json))
}

fn layout_json<const N: usize>(layout: &Layout<N>, sample: usize) -> Value {
    json!({
        "shape": layout.shape().to_vec(),
        "strides": layout.strides().to_vec(),
        "byte_strides": layout.strides().map(|s| s.saturating_mul(sample as isize)).to_vec(),
        "bytes_seen": layout.len().saturating_mul(sample),
    })
}
