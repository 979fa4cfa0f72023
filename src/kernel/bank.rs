//! One kernel or several, and how their responses are combined.

use super::kernel::Kernel;
use crate::tone::Map;

/// How the responses of several kernels become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combine {
    /// The square root of the sum of squares.
    Magnitude,
    /// The largest response.
    Max,
    /// The sum of the responses.
    Sum,
    /// The angle `atan2(y, x)` of two kernels, x first: 0 to the right, a
    /// quarter turn downward. A full turn is full scale; with [`Map::Float`] the
    /// angle is in radians, above -π up to π.
    Direction,
}

/// One or several named kernels with everything their file says.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelBank {
    name: String,
    description: String,
    kernels: Vec<Kernel>,
    combine: Option<Combine>,
    map: Option<Map>,
}
impl KernelBank {
    /// a
    pub fn kernels(&self)->&[Kernel]{&self.kernels}
    /// a
    pub fn combine(&self)->Option<Combine>{self.combine}
    /// a
    pub fn map(&self)->Option<Map>{self.map}
}
impl KernelBank {
    /// a
    pub fn from_kernel(name: &str, k: Kernel)->Self{ Self{name:name.into(),description:String::new(),kernels:vec![k],combine:None,map:None} }
    /// a
    pub fn new(name: &str, kernels: Vec<Kernel>, combine: Option<Combine>)->Result<Self,super::KernelError>{ Ok(Self{name:name.into(),description:String::new(),kernels,combine,map:None}) }
}
