//! `--dry-run`: lists what would be read and written, and how.

use serde_json::json;
use stridekern::{
    Error,
    run::{self, DryRun, Existing, Job, PlannedOutcome},
    text::printable,
};

use super::{
    advice,
    kernel_options::origin,
    messages::{self, Messages},
    recorded,
    settings::Settings,
    told::{self, Told},
};

/// Lists every result; returns how many would fail.
pub(super) fn run(settings: &Settings, messages: Messages) -> usize {
    let mut failed = 0;
    for job in &settings.batch.jobs {
        match run::dry_run(job, &settings.batch.options) {
            Ok(DryRun { warnings, outcomes }) => {
                let told = messages::warn_all(job, &warnings, messages);
                for (index, outcome) in outcomes.iter().enumerate() {
                    let outcome = outcome.as_ref();
                    let mut told = told.clone();
                    if let Ok(PlannedOutcome::Made { format, .. }) = outcome {
                        let output = job.results[index].output.path();
                        told.extend(messages::warn_unused(
                            &settings.unused_options,
                            *format,
                            output,
                            messages,
                        ));
                    }
                    print_result(settings, (job, index), outcome, &told, messages);
                    failed += usize::from(outcome.is_err());
                }
            }
            Err(error) => {
                failed += job.results.len();
                for index in 0..job.results.len() {
                    print_result(settings, (job, index), Err(&error), &[], messages);
                }
            }
        }
    }
    failed
}

/// Prints the line or the JSON object of a result.
fn print_result(
    settings: &Settings,
    (job, index): (&Job, usize),
    outcome: Result<&PlannedOutcome, &Error>,
    warnings: &[Told],
    messages: Messages,
) {
    let request = &job.results[index];
    let output = request.output.path().display();
    if let Err(error) = outcome {
        messages.error(format_args!(
            "{}: {}",
            messages::at_fault(job, index, error),
            advice::line(error)
        ));
    }
    if settings.json {
        let mut object = messages::names_json(job, index);
        let fields = match outcome {
            Ok(PlannedOutcome::Made {
                plan,
                format,
                pages,
                page_kinds,
                array_shape,
                metadata,
                recorded,
            }) => {
                let array_shape = array_shape.as_deref();
                let mut fields = messages::plan_json("planned", plan, *format, *pages, array_shape);
                messages::extend(&mut fields, messages::page_kinds_json(page_kinds));
                messages::extend(&mut fields, messages::metadata_json(metadata));
                messages::extend(&mut fields, recorded::json(recorded.as_ref()));
                fields
            }
            Ok(PlannedOutcome::Skipped(comparison)) => messages::skipped_json(comparison),
            Ok(PlannedOutcome::Unknown(_)) => json!({ "status": "unknown" }),
            Err(error) => json!({ "status": "failed", "error": advice::line(error) }),
        };
        messages::extend(&mut object, fields);
        messages::extend(&mut object, told::json(warnings));
        messages::print_line(object);
        return;
    }
    let input = job.input.path().display();
    let line = printable(&format!("{input} -> {output}"));
    match outcome {
        Ok(PlannedOutcome::Made {
            plan,
            format,
            pages,
            page_kinds,
            array_shape,
            metadata,
            recorded,
        }) => {
            let [rows, columns, computed] = plan.picture_shape();
            let channels = format.written_channels(computed);
            let array = array_shape.as_deref().map(messages::array_text);
            let existing = settings.batch.options.existing;
            let replaces = matches!(existing, Existing::Replace | Existing::ReplaceOnce)
                && request.output.path().exists();
            messages::print_line(format_args!(
                "{line}: kernel {}, {}, {}, {columns} x {rows}, {channels} x {}, {}{}{format}, {plan}{}",
                printable(request.filter.bank().name()),
                printable(&origin(request.filter.bank())),
                request.filter.extent(),
                plan.output_depth(),
                messages::pages_text(*pages),
                array.unwrap_or_default(),
                if replaces { ", replaces" } else { "" },
            ));
            if page_kinds.differ() {
                messages::print_line(format_args!("  {page_kinds}"));
            }
            for part in metadata {
                messages::print_line(format_args!("  {}", printable(&part.to_string())));
            }
            if settings.batch.options.record.is_some() {
                let record = recorded::planned(recorded.as_ref(), *format);
                messages::print_line(format_args!("  record: {}", printable(&record)));
            }
        }
        Ok(PlannedOutcome::Unknown(kind)) => messages::print_line(format_args!(
            "{line}: it is {kind}, of which only reading tells more: left to the run"
        )),
        Ok(PlannedOutcome::Skipped(comparison)) => {
            let options = &settings.batch.options;
            let is_asked = options.record.is_some();
            let why = messages::skipped(options.existing, comparison, is_asked);
            messages::print_line(format_args!("{line}: {}", printable(&why)));
        }
        Err(_) => {}
    }
}
