//! An image larger than memory, a band of rows at a time: a motion blur along rows, whose windows
//! need no other row. (For any kernel from file to file, `stridekern::run` keeps the
//! neighbouring rows.)
//!
//! `cargo run --example rows_of_a_file -- testdata/photos/brick.png /tmp/moved.png`

use std::{env, error::Error, path::Path};

use stridekern::{
    Border, Filter, ImageView, KernelBank, Samples,
    codec::{self, AtomicFile, EncodeOptions, Format, Limits, Output, Overwrite},
    filter::Channel,
};

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<String> = env::args().skip(1).collect();
    let [input, output] = paths.as_slice() else {
        return Err("name an input and an output".into());
    };
    let filter = Filter::new(KernelBank::builtin("motion")?)
        .with_channel(Channel::Each)
        .with_extent(Border::Edge);

    let mut reader = codec::open_rows(Path::new(input), &Limits::default())?;
    let (spec, metadata) = (reader.header().spec, reader.header().metadata.clone());
    let mut file = AtomicFile::create(Path::new(output), Overwrite::Replace)?;
    let (out, options) = (Output::seekable(&mut file), EncodeOptions::default());
    let mut writer = codec::create_rows(spec, Format::Png, &metadata, &options, out)?;

    let row_len = spec.columns * spec.channels;
    let mut band = Samples::zeroed(spec.depth, 64 * row_len)?;
    loop {
        let rows = reader.read(&mut band)?;
        if rows == 0 {
            break;
        }
        let shape = [rows, spec.columns, spec.channels];
        let filtered = filter.apply(ImageView::from_samples(&band, shape)?)?;
        writer.write(filtered.samples())?;
    }
    writer.finish(&reader.finish()?.metadata)?;
    file.commit()?; // Only now there is a file of this name.
    Ok(())
}
