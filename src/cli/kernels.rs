//! The built-in kernels, listed and shown.

use std::io::{self, Write};

use anyhow::{Context, Result, bail};
use clap_complete::Shell;
use stridekern::{
    KernelBank,
    kernel::{KernelError, KernelSource, generate::generators},
};

use super::kernel_options::KernelArgs;

/// One line or one JSON object per built-in kernel.
pub(super) fn list(json: bool, out: &mut dyn Write) -> io::Result<()> {
    if json {
        for builtin in KernelBank::builtins() {
            writeln!(out, "{}", serde_json::to_string(&builtin.bank().summary())?)?;
        }
        return Ok(());
    }
    writeln!(
        out,
        "{:<17} {:>5}  {:>8}  {:<9}  description",
        "name", "size", "sum", "separable"
    )?;
    for builtin in KernelBank::builtins() {
        let kernel = builtin.bank().summary();
        let size = format!("{}x{}", kernel.rows, kernel.columns);
        let sum = kernel.sum.map_or("mixed".to_owned(), short);
        let separable = if kernel.separable { "yes" } else { "no" };
        writeln!(
            out,
            "{:<17} {size:>5}  {sum:>8}  {separable:<9}  {}",
            kernel.name, kernel.description
        )?;
    }
    writeln!(out, "\nOther names:")?;
    for (alias, name) in KernelBank::aliases() {
        writeln!(out, "{alias:<17} = {name}")?;
    }
    writeln!(out, "\nMade from parameters, as gaussian:sigma=2,radius=5:")?;
    for generator in generators() {
        writeln!(out, "{:<17} {}", generator.name(), generator.description())?;
        let parameters = generator.parameters().iter().map(|parameter| {
            let others = parameter.other_names().iter();
            let name = parameter.name().to_owned();
            let name = others.fold(name, |all, other| format!("{all} or {other}"));
            match parameter.usual() {
                "" => name,
                usual => format!("{name} ({usual})"),
            }
        });
        let parameters = parameters.collect::<Vec<_>>().join(", ");
        writeln!(out, "{:<17} {parameters}", "")?;
    }
    Ok(())
}

/// At most six decimals, without trailing zeros.
pub(super) fn short(number: f64) -> String {
    // Digits would not tell it, or be many.
    if number != 0.0 && !(1e-4..1e15).contains(&number.abs()) {
        return format!("{number:e}");
    }
    let text = format!("{number:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// The TOML file of a built-in kernel, or that of any other kernel written as one.
pub(super) fn show(argument: &str, changes: &KernelArgs) -> Result<String> {
    let bank = shown(argument, changes)?;
    let own = KernelBank::builtin_toml(stem(argument)).filter(|_| changes.is_empty());
    let own = own.filter(|_| matches!(bank.source(), KernelSource::BuiltIn));
    Ok(own.map_or_else(|| bank.to_toml(), str::to_owned))
}

/// The name of a built-in kernel may be that of a file.
fn stem(argument: &str) -> &str {
    argument.strip_suffix(".toml").unwrap_or(argument)
}

/// The kernel that is shown, changed as it is asked.
pub(super) fn shown(argument: &str, changes: &KernelArgs) -> Result<KernelBank> {
    changes.check()?;
    let name = stem(argument);
    match KernelBank::resolve(argument) {
        Ok(bank) if changes.is_empty() => return Ok(bank),
        Ok(_) => return changes.bank(argument.as_ref()),
        Err(KernelError::Unknown { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let error = KernelBank::builtin(name).err();
    let error = error.context("a built-in kernel has a file")?;
    let and = if error.to_string().ends_with('?') {
        ""
    } else {
        ";"
    };
    bail!("{error}{and} --list-kernels shows all")
}

/// Adds the names of kernels to a completion script, which knows only that a kernel may be a
/// file.
pub(super) fn complete(shell: Shell, script: Vec<u8>) -> Vec<u8> {
    let Ok(mut script) = String::from_utf8(script) else {
        unreachable!("scripts are text");
    };
    let names = KernelBank::builtins().map(|builtin| builtin.name());
    let names = names.chain(KernelBank::aliases().iter().map(|(alias, _)| *alias));
    let names = names.map(str::to_owned);
    let specs = generators().iter().map(|g| format!("{}:", g.name()));
    let names = Vec::from_iter(names.chain(specs));
    match shell {
        Shell::Bash => {
            let files = r#"$(compgen -f "${cur}")"#;
            // Lines, since the script splits at these.
            let lines = names.join("\\n");
            let names = format!(r#"$(compgen -W $'{lines}' -- "${{cur}}")"#);
            let both = format!("{names} {files}");
            for (option, words) in [
                ("--kernel)", &both),
                ("-k)", &both),
                ("--show-kernel)", &names),
            ] {
                if let Some(at) = script.find(&format!("                {option}"))
                    && let Some(length) = script[at..].find(files)
                {
                    let at = at + length;
                    script.replace_range(at..at + files.len(), words);
                }
            }
        }
        Shell::Fish => {
            let names = names.join(" ");
            script += &format!(
                "complete -c stridekern -s k -l kernel -r -a '{names}'\n\
                 complete -c stridekern -l show-kernel -x -a '{names}'\n"
            );
        }
        _ => {}
    }
    script.into_bytes()
}
