//! The built-in kernels, from the files in `kernels/`.

use super::{KernelBank, KernelError, KernelSource, nearest::nearest};
use crate::text::printable;

/// A built-in kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Builtin {
    name: &'static str,
    toml: &'static str,
}

macro_rules! builtins {
    ($($name:literal),+ $(,)?) => {
        &[$(Builtin {
            name: $name,
            toml: include_str!(concat!("../../kernels/", $name, ".toml")),
        }),+]
    };
}

/// All built-in kernels, sorted by name.
static BUILTINS: &[Builtin] = builtins![
    "bevel",
    "box3",
    "box5",
    "box7",
    "box9",
    "compass",
    "contour",
    "detail",
    "disk3",
    "disk5",
    "edge_enhance",
    "emboss",
    "emboss_pillow",
    "farid",
    "farid_x",
    "farid_y",
    "frei_chen",
    "frei_chen_x",
    "frei_chen_y",
    "gaussian3",
    "gaussian5",
    "gaussian7",
    "gaussian7_opencv",
    "high_pass",
    "identity",
    "kirsch",
    "laplacian4",
    "laplacian8",
    "laplacian_opencv",
    "line_135",
    "line_45",
    "line_h",
    "line_v",
    "lines",
    "log5",
    "log9",
    "motion",
    "motion_135",
    "motion_45",
    "motion_v",
    "outline",
    "prewitt",
    "prewitt_x",
    "prewitt_y",
    "roberts",
    "roberts_x",
    "roberts_y",
    "robinson",
    "scharr",
    "scharr_x",
    "scharr_y",
    "sharpen",
    "sharpen8",
    "sharpen_soft",
    "smooth",
    "smooth_more",
    "sobel",
    "sobel5",
    "sobel5_x",
    "sobel5_y",
    "sobel_direction",
    "sobel_x",
    "sobel_y",
    "unsharp5"
];

/// Aliases, sorted, each with its built-in kernel: of several sizes the most usual, such
/// as `gaussian5` for `gaussian`.
const ALIASES: &[(&str, &str)] = &[
    ("average", "box3"),
    ("blur", "gaussian5"),
    ("box", "box3"),
    ("disk", "disk5"),
    ("edges", "outline"),
    ("find_edges", "outline"),
    ("gaussian", "gaussian5"),
    ("laplacian", "laplacian4"),
    ("lens", "disk5"),
    ("log", "log9"),
    ("mean", "box3"),
    ("mexican_hat", "log9"),
    ("motion_h", "motion"),
    ("pillbox", "disk5"),
    ("unsharp", "unsharp5"),
];

impl Builtin {
    /// The name, which is the stem of its file.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The text of its file.
    pub const fn toml(&self) -> &'static str {
        self.toml
    }

    /// The bank that the file describes.
    pub fn bank(&self) -> KernelBank {
        let origin = format!("kernels/{}.toml", self.name);
        KernelBank::parse(self.name, &origin, self.toml)
            .expect("the tests parse every built-in kernel, and none can change after")
            .with_source(KernelSource::BuiltIn)
    }
}

impl KernelBank {
    /// The built-in kernels, sorted by name.
    pub fn builtins() -> impl ExactSizeIterator<Item = Builtin> + Clone {
        BUILTINS.iter().copied()
    }

    /// The aliases of built-in kernels, sorted, each with the name it stands for.
    pub const fn aliases() -> &'static [(&'static str, &'static str)] {
        ALIASES
    }

    /// The built-in kernel of that name or alias; no file is ever read. Its own
    /// name is the one in [`builtins`](Self::builtins), so that one name means
    /// one kernel.
    ///
    /// # Errors
    ///
    /// [`KernelError::NotBuiltin`] if there is none of that name, with similar names.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::KernelBank;
    ///
    /// assert_eq!(KernelBank::builtin("gaussian")?.name(), "gaussian5");
    /// assert_eq!(
    ///     KernelBank::builtin("gausian3").unwrap_err().to_string(),
    ///     "there is no built-in kernel `gausian3`; did you mean `gaussian3`?"
    /// );
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn builtin(name: &str) -> Result<Self, KernelError> {
        match find(name) {
            Some(builtin) => Ok(builtin.bank()),
            None => Err(KernelError::NotBuiltin {
                name: printable(name),
                suggestions: similar(name),
            }),
        }
    }

    /// The text of the file of the built-in kernel of that name or alias.
    pub fn builtin_toml(name: &str) -> Option<&'static str> {
        find(name).map(|builtin| builtin.toml)
    }
}

/// The names and aliases that `name` may be a misspelling of, nearest first.
pub(super) fn similar(name: &str) -> Vec<String> {
    let aliases = ALIASES.iter().map(|&(alias, _)| alias);
    let names = BUILTINS.iter().map(|builtin| builtin.name).chain(aliases);
    let found = nearest(name, names).into_iter();
    found.map(str::to_owned).collect()
}

fn find(name: &str) -> Option<&'static Builtin> {
    let alias = ALIASES.binary_search_by_key(&name, |&(alias, _)| alias);
    let name = alias.map_or(name, |at| ALIASES[at].1);
    let at = BUILTINS.binary_search_by_key(&name, |builtin| builtin.name);
    at.ok().map(|at| &BUILTINS[at])
}

#[cfg(test)]
mod tests;
