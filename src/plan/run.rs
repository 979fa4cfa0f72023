//! A plan that runs.

use super::Plan;
use crate::{
    error::{RequestError, Result},
    image::{Image, ImageSpec, ImageView},
    stage::{Chain, Progress, Rows, RowsMut, Scratch},
};

impl Plan {
    /// Fills `output`, which [`allocate`](Self::allocate) made, with what the filter
    /// gives of `image`, whose shape and depth are those that this plan was made for;
    /// `progress` is called with the number of output rows that were finished, from
    /// any thread.
    ///
    /// # Errors
    ///
    /// If the image is another one, or the output is another plan's; and if the
    /// memory cannot be had.
    pub fn apply_into<'a>(
        &self,
        image: impl Into<ImageView<'a>>,
        output: &mut Image,
        progress: &Progress<'_>,
    ) -> Result<()> {
        let image = image.into();
        if ImageSpec::new(image.shape(), image.depth()) != self.image() {
            return Err(RequestError::OtherPlan.into());
        }
        if output.shape() != self.output_shape() || output.depth() != self.output_depth() {
            return Err(RequestError::OtherOutput.into());
        }
        let chain = Chain::new(self)?;
        let source = Rows {
            view: image,
            first: 0,
        };
        let mut scratch = Scratch::default();
        chain.begin(source, &mut scratch, None)?;
        let rows = 0..output.rows();
        let out = RowsMut {
            stride: output.columns() * output.channels(),
            samples: output.samples_mut(),
        };
        chain.run(source, rows, out, &mut scratch, progress, None)
    }
}
