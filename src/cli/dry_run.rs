//! `--dry-run`: lists what would be read and written, and how.

use serde_json::json;
use stridekern::{
    Error,
    run::{self, Existing, Job, Preview, Prospect},
    text::printable,
};

use super::{
    advice,
    output::{self, Messages},
    settings::Settings,
};

/// Lists every result; returns how many would fail.
pub(super) fn run(settings: &Settings, messages: Messages) -> usize {
    let mut failed = 0;
    for job in &settings.batch.jobs {
        match run::preview(job, &settings.batch.options) {
            Ok(Preview {
                warnings,
                prospects,
            }) => {
                output::warn_all(job, &warnings, messages);
                for (index, prospect) in prospects.iter().enumerate() {
                    let prospect = prospect.as_ref();
                    let mut warnings: Vec<_> = warnings.iter().map(advice::warning).collect();
                    if let Ok(Prospect::Made(_, format)) = prospect {
                        let output = job.results[index].output.path();
                        warnings.extend(output::warn_idle(
                            &settings.idle,
                            *format,
                            output,
                            messages,
                        ));
                    }
                    tell(settings, (job, index), prospect, &warnings, messages);
                    failed += usize::from(prospect.is_err());
                }
            }
            Err(error) => {
                failed += job.results.len();
                for index in 0..job.results.len() {
                    tell(settings, (job, index), Err(&error), &[], messages);
                }
            }
        }
    }
    failed
}

fn tell(
    settings: &Settings,
    (job, index): (&Job, usize),
    prospect: Result<&Prospect, &Error>,
    warnings: &[String],
    messages: Messages,
) {
    let request = &job.results[index];
    let output = request.output.path().display();
    if let Err(error) = prospect {
        messages.error(format_args!(
            "{}: {}",
            output::at_fault(job, index, error),
            advice::line(error)
        ));
    }
    if settings.json {
        let mut object = output::names_json(job, index);
        let fields = match prospect {
            Ok(Prospect::Made(plan, format)) => output::plan_json("planned", plan, *format),
            Ok(Prospect::Skipped) => json!({ "status": "skipped" }),
            Ok(Prospect::Unknown(_)) => json!({ "status": "unknown" }),
            Err(error) => json!({ "status": "failed", "error": advice::line(error) }),
        };
        output::extend(&mut object, fields);
        output::extend(&mut object, output::warnings_json(warnings));
        output::data(object);
        return;
    }
    let input = job.input.path().display();
    let line = printable(&format!("{input} -> {output}"));
    match prospect {
        Ok(Prospect::Made(plan, format)) => {
            let [rows, columns, channels] = plan.output_shape();
            let existing = settings.batch.options.existing;
            let replaces = matches!(existing, Existing::Replace | Existing::ReplaceOnce)
                && request.output.path().exists();
            output::data(format_args!(
                "{line}: {}, {}, {columns} x {rows}, {channels} x {}, {format}, {plan}{}",
                printable(request.filter.bank().name()),
                request.filter.extent(),
                plan.output_depth(),
                if replaces { ", replaces" } else { "" },
            ));
        }
        Ok(Prospect::Unknown(kind)) => output::data(format_args!(
            "{line}: it is {kind}, of which only reading tells more: left to the run"
        )),
        Ok(Prospect::Skipped) => {
            let why = output::skipped(settings.batch.options.existing);
            output::data(format_args!("{line}: {why}"));
        }
        Err(_) => {}
    }
}
