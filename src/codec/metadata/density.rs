//! Pixel density: pixels per unit of length.

/// The pixel density: pixels per unit of length, horizontal and vertical.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Density {
    horizontal: Fraction,
    vertical: Fraction,
    unit: DensityUnit,
}

type Fraction = [u32; 2];

/// The unit of length of a density.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DensityUnit {
    /// No unit: only the pixel aspect ratio is known.
    None,
    /// 2.54 cm.
    Inch,
    /// A hundredth of a metre.
    Centimetre,
}

impl Density {
    /// Numerator and denominator of the pixels per unit, horizontal and vertical; `None` if
    /// one of them is zero, or if they carry no information: square pixels without a unit.
    pub fn new([horizontal, vertical]: [Fraction; 2], unit: DensityUnit) -> Option<Self> {
        let zero = horizontal.contains(&0) || vertical.contains(&0);
        let is_trivial = unit == DensityUnit::None && value(horizontal) == value(vertical);
        (!zero && !is_trivial).then_some(Self {
            horizontal,
            vertical,
            unit,
        })
    }

    /// Pixels per metre.
    pub fn per_metre(pixels: [u32; 2]) -> Option<Self> {
        Self::new(pixels.map(|n| [n, 100]), DensityUnit::Centimetre)
    }

    /// Numerators and denominators, horizontal and vertical, and the unit.
    pub const fn parts(&self) -> ([Fraction; 2], DensityUnit) {
        ([self.horizontal, self.vertical], self.unit)
    }

    /// Rounded to whole pixels per metre, or the aspect ratio; `None` if a number exceeds 32
    /// bits or rounds to zero.
    pub(in crate::codec) fn per_metre_rounded(&self) -> Option<[u32; 2]> {
        match self.unit {
            DensityUnit::None => self.ratio(u32::MAX),
            DensityUnit::Inch => self.times(1.0 / 0.0254, u32::MAX),
            DensityUnit::Centimetre => self.times(100.0, u32::MAX),
        }
    }

    /// Whole 16-bit numbers in its own unit, else rounded to pixels per inch, as JFIF
    /// requires; `None` if out of range.
    pub(in crate::codec) fn as_u16_pair(&self) -> Option<(DensityUnit, [u32; 2])> {
        const MAX: u32 = u16::MAX as u32;
        let whole = [self.horizontal, self.vertical].map(|[n, d]| n.is_multiple_of(d));
        let pixels = match self.unit {
            DensityUnit::None => self.ratio(MAX),
            DensityUnit::Centimetre if whole != [true; 2] => {
                return Some((DensityUnit::Inch, self.times(2.54, MAX)?));
            }
            _ => self.times(1.0, MAX),
        };
        Some((self.unit, pixels?))
    }

    fn times(&self, factor: f64, max: u32) -> Option<[u32; 2]> {
        let pixels = [self.horizontal, self.vertical].map(|f| (value(f) * factor).round());
        let fit = pixels.iter().all(|n| (1.0..=f64::from(max)).contains(n));
        fit.then(|| pixels.map(|n| n as u32))
    }

    /// Whole numbers in the ratio of the two.
    fn ratio(&self, max: u32) -> Option<[u32; 2]> {
        let [[n, d], [m, e]] = [self.horizontal, self.vertical].map(|f| f.map(u64::from));
        let pixels = [n * e, m * d].map(|n| u32::try_from(n).ok().filter(|&n| n <= max));
        Some([pixels[0]?, pixels[1]?])
    }
}

fn value([n, d]: Fraction) -> f64 {
    f64::from(n) / f64::from(d)
}

#[cfg(test)]
mod tests {
    use super::{DensityUnit as Unit, *};

    #[test]
    fn a_density_is_the_same_in_other_units() {
        let density =
            |horizontal, vertical, unit| Density::new([horizontal, vertical], unit).unwrap();
        let inches = density([300, 1], [1500, 10], Unit::Inch);
        assert_eq!(inches.per_metre_rounded(), Some([11811, 5906]));
        assert_eq!(inches.as_u16_pair(), Some((Unit::Inch, [300, 150])));
        // From inches to metres and back.
        let metres = Density::per_metre([11811, 5906]).unwrap();
        assert_eq!(metres.per_metre_rounded(), Some([11811, 5906]));
        assert_eq!(metres.as_u16_pair(), Some((Unit::Inch, [300, 150])));
        let centimetres = density([118, 1], [236, 2], Unit::Centimetre);
        assert_eq!(
            centimetres.as_u16_pair(),
            Some((Unit::Centimetre, [118, 118]))
        );
        let ratio = density([3, 2], [1, 1], Unit::None);
        assert_eq!(ratio.per_metre_rounded(), Some([3, 2]));
        assert_eq!(ratio.as_u16_pair(), Some((Unit::None, [3, 2])));
        let vast = density([u32::MAX, 1], [1, u32::MAX], Unit::Inch);
        assert_eq!((vast.per_metre_rounded(), vast.as_u16_pair()), (None, None));
    }

    #[test]
    fn what_is_trivial_is_none() {
        for (horizontal, vertical, unit) in [
            ([0, 1], [1, 1], Unit::Inch),
            ([1, 1], [1, 0], Unit::Centimetre),
            ([1, 1], [2, 2], Unit::None),
        ] {
            assert_eq!(Density::new([horizontal, vertical], unit), None);
        }
    }
}
