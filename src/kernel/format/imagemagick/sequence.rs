//! Kernels that are applied one after the other, as one kernel: their convolution.

use super::grid::{Grid, Turns};
use crate::kernel::file::MAX_WEIGHTS;

/// Products that are summed at most: under a second.
const MAX_PRODUCTS: usize = 1 << 28;

/// The kernel that is the same as these, each applied to what the one before makes.
pub(super) fn composed(grids: Vec<Grid>) -> Result<Grid, String> {
    let mut grids = grids.into_iter();
    let Some(mut all) = grids.next() else {
        return Err("there is no kernel".to_owned());
    };
    let mut products = 0;
    for next in grids {
        let columns = all.columns + next.columns - 1;
        let rows = all.rows + next.rows - 1;
        let taps = |grid: &Grid| grid.values.iter().filter(|v| is_tap(**v)).count();
        // What is written counts, too.
        products += rows.saturating_mul(columns);
        products = products.saturating_add(taps(&all).saturating_mul(taps(&next)));
        if rows * columns > MAX_WEIGHTS {
            return Err(format!(
                "the kernels, one after the other, have {columns}x{rows} weights, more than {MAX_WEIGHTS}"
            ));
        }
        if products > MAX_PRODUCTS {
            return Err("the kernels, one after the other, take too many products".to_owned());
        }
        let mut values = vec![0.0; rows * columns];
        let second =
            Vec::from_iter((next.values.iter().enumerate()).filter(|(_, value)| is_tap(**value)));
        for (at, &a) in all.values.iter().enumerate().filter(|(_, v)| is_tap(**v)) {
            let start = at / all.columns * columns + at % all.columns;
            for &(at, &b) in &second {
                values[start + at / next.columns * columns + at % next.columns] += a * b;
            }
        }
        all = Grid {
            columns,
            rows,
            origin: [0, 1].map(|axis| all.origin[axis] + next.origin[axis]),
            values,
            divisor: all.divisor * next.divisor,
            turns: Turns::Any,
            sequence: true,
        };
    }
    Ok(all)
}

fn is_tap(value: f64) -> bool {
    value != 0.0 && !value.is_nan()
}
