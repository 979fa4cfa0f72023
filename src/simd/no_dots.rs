//! Dot products of bytes, where there are none.

/// Proves instructions that this processor does not have.
#[derive(Clone, Copy)]
pub(crate) enum Dots {}

/// The sums of 64 neighbours.
pub(crate) type Phases = Dots;

impl Dots {
    /// The sums that a block holds.
    pub(crate) const LANES: usize = 64;
    /// The samples that four neighbouring taps read for them.
    pub(crate) const READ: usize = Self::LANES + 3;

    pub(crate) fn zero(self) -> Phases {
        self
    }

    pub(crate) fn samples(self, _: &[u8; Self::READ]) -> Phases {
        self
    }

    pub(crate) fn weights(self, _: [i8; 4]) -> Self {
        self
    }

    pub(crate) fn add(self, _: Phases, _: Phases, _: Self) -> Phases {
        self
    }

    pub(crate) fn store_i16(self, _: Phases, _: &mut [i16; Self::LANES]) {}

    pub(crate) fn store_f32(self, _: Phases, _: &mut [f32; Self::LANES]) {}
}
