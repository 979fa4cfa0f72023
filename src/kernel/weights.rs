//! The weights of a kernel, which are not made before they are needed if they are one column
//! times one row.

use std::{
    ops::Deref,
    sync::{Arc, OnceLock},
};

use super::Factor;
use crate::orientation::Orientation;

/// Weights in row-major order.
#[derive(Debug, Clone)]
pub(super) struct Weights {
    /// What they are the products of, each rounded once.
    factor: Option<Arc<Factor>>,
    dense: OnceLock<Arc<[f64]>>,
}

impl Weights {
    /// The products of a column and a row.
    pub(super) fn product(factor: Factor) -> Self {
        Self {
            factor: Some(Arc::new(factor)),
            dense: OnceLock::new(),
        }
    }

    /// The column and the row that they are the products of, if they are.
    pub(super) fn factor(&self) -> Option<&Factor> {
        self.factor.as_deref()
    }

    /// Each weight, which need not have been made.
    pub(super) fn each(&self) -> impl Iterator<Item = f64> + '_ {
        let products = self
            .factor()
            .into_iter()
            .flat_map(|Factor { column, row }| {
                column.iter().flat_map(|c| row.iter().map(move |r| c * r))
            });
        let dense = match self.factor {
            Some(_) => &[],
            None => &**self,
        };
        products.chain(dense.iter().copied())
    }

    /// In reverse order.
    pub(super) fn reversed(&self) -> Self {
        match self.factor() {
            Some(Factor { column, row }) => {
                let [column, row] = [column, row].map(|v| v.iter().rev().copied().collect());
                Self::product(Factor { column, row })
            }
            None => self.iter().rev().copied().collect(),
        }
    }

    /// Those of a column and a row turned as a picture is, if they are that.
    pub(super) fn turned(&self, orientation: Orientation) -> Option<Self> {
        let factor = self.factor()?;
        let mut vectors = orientation
            .of_axes([&factor.column, &factor.row])
            .map(Vec::clone);
        for (vector, flips) in vectors.iter_mut().zip(orientation.flips()) {
            if flips {
                vector.reverse();
            }
        }
        let [column, row] = vectors;
        Some(Self::product(Factor { column, row }))
    }

    /// All times a power of two.
    pub(super) fn times(&self, power: f64) -> Self {
        match self.factor() {
            Some(Factor { column, row }) => Self::product(Factor {
                column: column.clone(),
                row: row.iter().map(|w| w * power).collect(),
            }),
            None => self.iter().map(|w| w * power).collect(),
        }
    }
}

impl Deref for Weights {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        self.dense.get_or_init(|| match self.factor() {
            Some(Factor { column, row }) => {
                (column.iter().flat_map(|c| row.iter().map(move |r| c * r))).collect()
            }
            None => Arc::default(),
        })
    }
}

impl From<Vec<f64>> for Weights {
    fn from(weights: Vec<f64>) -> Self {
        Self {
            factor: None,
            dense: OnceLock::from(Arc::from(weights)),
        }
    }
}

impl FromIterator<f64> for Weights {
    fn from_iter<I: IntoIterator<Item = f64>>(weights: I) -> Self {
        Vec::from_iter(weights).into()
    }
}

impl PartialEq for Weights {
    fn eq(&self, other: &Self) -> bool {
        match (self.factor(), other.factor()) {
            (Some(a), Some(b)) if a == b => true,
            _ => **self == **other,
        }
    }
}
