//! Colours by what they stand for, in light and in dark mode. Those of numbers are told apart by
//! people with any colour vision: blue and orange, the map `cividis`, and of series Okabe's and
//! Ito's, which dashes tell apart too.

/// What a shape is painted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ink {
    /// Behind everything.
    Paper,
    Text,
    /// Text of less weight.
    Faint,
    /// Lines behind curves.
    Grid,
    /// Axes and frames.
    Axis,
    /// A curve, of four.
    Series(u8),
    /// A number from `-STEPS` to `STEPS` around zero.
    Signed(i8),
    /// A number from 0 to `GAINS - 1`.
    Gain(u8),
    /// Text on a cell: whether it is light in light mode, and in dark mode.
    OnCell([bool; 2]),
}

/// The colours on each side of zero.
pub(super) const STEPS: i8 = 16;

/// The colours of gains.
pub(super) const GAINS: u8 = 32;

/// Red, green, blue.
pub(super) type Colour = [u8; 3];

const SERIES: [[Colour; 4]; 2] = [
    [[0, 99, 160], [200, 82, 0], [0, 130, 96], [170, 80, 135]],
    [
        [86, 180, 233],
        [240, 140, 60],
        [50, 195, 150],
        [214, 140, 184],
    ],
];

/// From the lowest number over zero to the highest.
const DIVERGING: [[Colour; 3]; 2] = [
    [[23, 88, 163], [247, 247, 247], [189, 88, 0]],
    [[98, 172, 245], [34, 39, 46], [245, 150, 70]],
];

/// Some colours of `cividis`, at equal distances.
const CIVIDIS: [Colour; 9] = [
    [0, 32, 77],
    [11, 52, 109],
    [59, 73, 108],
    [91, 95, 110],
    [121, 119, 119],
    [152, 144, 116],
    [188, 171, 105],
    [224, 201, 88],
    [254, 232, 69],
];

impl Ink {
    /// For a share from -1 to 1 of the largest absolute number: that of zero is for zero alone.
    pub(super) fn signed(share: f64) -> Self {
        let step = (share * f64::from(STEPS)).round() as i8;
        Self::Signed(match step.clamp(-STEPS, STEPS) {
            0 if share > 0.0 => 1,
            0 if share < 0.0 => -1,
            step => step,
        })
    }

    /// For a share from 0 to 1 of the largest gain.
    pub(super) fn gain(share: f64) -> Self {
        let step = (share * f64::from(GAINS)) as u8;
        Self::Gain(step.min(GAINS - 1))
    }

    /// For text on a cell of this ink.
    pub(super) fn on(cell: Self) -> Self {
        // Nearly the brightness of light, by the square of samples.
        let is_dark = |dark| {
            let [red, green, blue] = cell.colour(dark).map(|v| f64::from(v) / 255.0);
            0.2126 * red * red + 0.7152 * green * green + 0.0722 * blue * blue < 0.21
        };
        Self::OnCell([is_dark(false), is_dark(true)])
    }

    pub(super) fn colour(self, dark: bool) -> Colour {
        let mode = usize::from(dark);
        match self {
            Self::Paper => [[255, 255, 255], [13, 17, 23]][mode],
            Self::Text => [[31, 35, 40], [230, 237, 243]][mode],
            Self::Faint => [[89, 99, 110], [145, 152, 161]][mode],
            Self::Grid => [[225, 228, 232], [48, 54, 61]][mode],
            Self::Axis => [[140, 149, 159], [110, 118, 129]][mode],
            Self::Series(which) => SERIES[mode][usize::from(which % 4)],
            Self::Signed(step) => {
                let share = f64::from(step) / f64::from(STEPS);
                let [low, middle, high] = DIVERGING[mode];
                between(middle, if share < 0.0 { low } else { high }, share.abs())
            }
            Self::Gain(step) => {
                let parts = CIVIDIS.len() - 1;
                let at = f64::from(step) / f64::from(GAINS - 1) * parts as f64;
                let part = (at as usize).min(parts - 1);
                between(CIVIDIS[part], CIVIDIS[part + 1], at - part as f64)
            }
            Self::OnCell(light) => match light[mode] {
                true => [255, 255, 255],
                false => [0, 0, 0],
            },
        }
    }

    /// The name of its class in a style sheet.
    pub(super) fn class(self) -> String {
        match self {
            Self::Paper => "p".to_owned(),
            Self::Text => "t".to_owned(),
            Self::Faint => "f".to_owned(),
            Self::Grid => "g".to_owned(),
            Self::Axis => "a".to_owned(),
            Self::Series(which) => format!("s{which}"),
            Self::Signed(step) if step < 0 => format!("n{}", -step),
            Self::Signed(step) => format!("w{step}"),
            Self::Gain(step) => format!("h{step}"),
            Self::OnCell([light, dark]) => format!("o{}{}", u8::from(light), u8::from(dark)),
        }
    }
}

fn between(from: Colour, to: Colour, share: f64) -> Colour {
    [0, 1, 2].map(|at| {
        let [from, to] = [from[at], to[at]].map(f64::from);
        (from + (to - from) * share).round() as u8
    })
}
