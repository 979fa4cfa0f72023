//! Luma: its weights, and the samples in which it is convolved.

use crate::depth::Depth;

/// The weights of Rec. 709 (0.2126, 0.7152, 0.0722) times [`LUMA_WEIGHT_SUM`].
pub(crate) const LUMA_WEIGHTS: [u32; 3] = [1063, 3576, 361];
pub(crate) const LUMA_WEIGHT_SUM: u32 = 5000;

/// The samples of luma that is not rounded to those of the image: floats from -1 to 1,
/// `luma * divisor / weight`. To get the responses to luma itself, weights are multiplied
/// by `weight` and divisors by `divisor`.
///
/// If floats hold the whole number `5000 * luma`, as those of 32 bits do for 8-bit images, a
/// sample is that times a power of two, and so exact. Otherwise the luma itself is rounded to a
/// float.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct UnroundedLuma {
    pub(crate) depth: Depth,
    pub(crate) weight: f64,
    pub(crate) divisor: f64,
}

impl UnroundedLuma {
    /// For images and float results of these depths; `None` for images of floats that are as wide
    /// as those of the result, or wider, whose luma is of their type anyway.
    pub(crate) const fn of(image: Depth, result: Depth) -> Option<Self> {
        if image.is_float() {
            let depth = match (image, result) {
                (Depth::F16 | Depth::F32, Depth::F64) => Depth::F64,
                (Depth::F16, _) => Depth::F32,
                _ => return None,
            };
            return Some(Self {
                depth,
                weight: 1.0,
                divisor: 1.0,
            });
        }
        let (depth, exact) = match result {
            _ if image.needs_f64() => (Depth::F64, 1_u128 << 53),
            Depth::F64 => (Depth::F64, 1 << 53),
            _ => (Depth::F32, 1 << 24),
        };
        let largest = image.largest() as u128;
        let whole = LUMA_WEIGHT_SUM as u128;
        let divisor = if largest * whole <= exact { whole } else { 1 };
        Some(Self {
            depth,
            weight: (largest * divisor).next_power_of_two() as f64,
            divisor: divisor as f64,
        })
    }

    /// The sample of a luma, such as the constant of a border.
    pub(crate) fn sample(self, luma: f64) -> f64 {
        luma * self.divisor / self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_whole_numbers_where_floats_hold_them() {
        for (image, result, wanted) in [
            (Depth::U8, Depth::F32, (Depth::F32, 21, 5000.0)),
            (Depth::I8, Depth::F16, (Depth::F32, 20, 5000.0)),
            (Depth::Bool, Depth::F32, (Depth::F32, 13, 5000.0)),
            (Depth::U16, Depth::F32, (Depth::F32, 16, 1.0)),
            (Depth::I16, Depth::F32, (Depth::F32, 15, 1.0)),
            (Depth::U16, Depth::F64, (Depth::F64, 29, 5000.0)),
            (Depth::U32, Depth::F32, (Depth::F64, 45, 5000.0)),
            (Depth::I32, Depth::F64, (Depth::F64, 44, 5000.0)),
            (Depth::U64, Depth::F64, (Depth::F64, 64, 1.0)),
            (Depth::I64, Depth::F32, (Depth::F64, 63, 1.0)),
        ] {
            let luma = UnroundedLuma::of(image, result).unwrap();
            let made = (luma.depth, luma.weight.log2() as i32, luma.divisor);
            assert_eq!(made, wanted, "{image} {result}");
        }
        let half = UnroundedLuma::of(Depth::F16, Depth::F16).unwrap();
        assert_eq!(
            (half.depth, half.weight, half.divisor),
            (Depth::F32, 1.0, 1.0)
        );
        let wide = UnroundedLuma::of(Depth::F32, Depth::F64).unwrap();
        assert_eq!(
            (wide.depth, wide.weight, wide.divisor),
            (Depth::F64, 1.0, 1.0)
        );
        assert_eq!(UnroundedLuma::of(Depth::F64, Depth::F64), None);
    }
}
