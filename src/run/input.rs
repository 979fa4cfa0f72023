//! The input of a job: opened, its header read.

use std::io::{self, BufRead};

use super::{
    job::{ActOn, Job, Options, Place, Request},
    planes::Planes,
};
use crate::{
    axes::{Axes, Stack},
    codec::{
        self, Coding, Delay, EncodeOptions, Format, Header, IgnoredContent, Manner, Metadata,
        Opened, OpenedInput, PageSet, RowReader, ScanDepth, Wanted,
    },
    error::{Error, IoAction, Result},
    filter::{Alpha, Channel, Filter, Missing},
    image::{Channels, ImageSpec},
    orientation::Orientation,
    plan::{Plan, Tuning},
    warning::Warning,
};

/// An open input whose header was read.
#[derive(Debug)]
pub enum Input {
    /// Its rows are to be read.
    Rows(RowReader<'static>),
    /// It is in memory, or mapped from its file.
    Whole(Opened),
}

impl Input {
    /// Opens the input of a job. If a result replaces it, the whole file is searched for
    /// content that is not read.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, or its header cannot be read.
    pub fn open(job: &Job, options: &Options) -> Result<Self> {
        let scan_depth = match job.results.iter().any(|request| job.replaces(request)) {
            true => ScanDepth::Thorough,
            false => ScanDepth::Quick,
        };
        let how = |hint| Manner {
            scan_depth,
            arrays: options.axes.as_ref().into(),
            layer: (options.layer.as_deref()).map_or(Wanted::Colours, Wanted::Layer),
            pages: Some(options.pages),
            ..Manner::quick(hint)
        };
        let opened = match &job.input {
            Place::File(path) => match codec::open_input(path, &options.limits, how(None))? {
                OpenedInput::Rows(reader) => Self::Rows(reader),
                OpenedInput::Mapped(opened) => Self::Whole(opened),
            },
            Place::Standard => {
                let failed = |e| Error::io(IoAction::ReadStandardInput, e);
                let start = io::stdin().lock().fill_buf().map_err(failed)?.to_vec();
                let detected = Format::from_content(&start).is_some();
                let hint = options.input_format.filter(|_| !detected);
                let reader = codec::rows_of_stream(io::stdin(), &options.limits, how(hint))?;
                Self::Rows(reader)
            }
        };
        Ok(match opened {
            Self::Rows(reader) => Self::page_of(reader, options),
            opened => opened,
        })
    }

    /// A page, seen as the options say.
    pub(super) fn page_of(reader: RowReader<'static>, options: &Options) -> Self {
        Self::Rows(match options.orientation {
            ActOn::Seen => reader,
            ActOn::Stored => reader.disregarding_orientation(),
        })
    }

    /// Opens the next page, if one is to be read, without reading the samples of this one.
    pub(super) fn skip_page(self, options: &Options) -> Result<Option<Self>> {
        match self {
            Self::Rows(reader) => {
                let next = reader.skip_page()?;
                Ok(next.map(|reader| Self::page_of(reader, options)))
            }
            Self::Whole(_) => Ok(None),
        }
    }

    /// How the stored pixels are turned to the picture that filters act on.
    pub const fn orientation(&self) -> Orientation {
        match self {
            Self::Rows(reader) => reader.orientation(),
            // Arrays name none.
            Self::Whole(_) => Orientation::Normal,
        }
    }

    /// The orientation that a result in this format names, by which its filter is turned, and
    /// the one by which the pixels are turned since it cannot.
    fn turns(&self, format: Format) -> [Orientation; 2] {
        match format.is_shown_turned() {
            true => [self.orientation(), Orientation::Normal],
            false => [Orientation::Normal, self.orientation()],
        }
    }

    /// The size of the image and the type of its samples; of an array of several planes, the
    /// size of each.
    pub fn spec(&self) -> ImageSpec {
        match self {
            Self::Rows(reader) => {
                let Header { spec, stack, .. } = reader.header();
                let shape = stack.as_ref().map_or(spec.shape(), Stack::picture);
                ImageSpec::new(shape, spec.depth)
            }
            Self::Whole(opened) => opened.image().spec(),
        }
    }

    /// The axes and the shape of an array, if its axes are others than rows, columns and
    /// channels.
    pub fn array(&self) -> Option<(&Axes, &[usize])> {
        let stack = self.stack().filter(|stack| !stack.is_picture())?;
        Some((stack.axes(), stack.shape()))
    }

    /// How many planes there are: one, but of an array with axes that count them.
    pub fn planes(&self) -> usize {
        self.stack().map_or(1, Stack::planes)
    }

    /// How many pages are read, each of which is filtered by itself. All else is told of this
    /// one.
    pub const fn pages(&self) -> u64 {
        self.page_set().count
    }

    pub(super) const fn page_set(&self) -> PageSet {
        match self {
            Self::Rows(reader) => PageSet {
                count: reader.header().pages,
                size: reader.header().pages_size,
            },
            Self::Whole(_) => PageSet::ONE,
        }
    }

    /// The number of this page in the file, counted from 1.
    pub(super) const fn page(&self) -> u64 {
        match self {
            Self::Rows(reader) => reader.header().page,
            Self::Whole(_) => 1,
        }
    }

    pub(super) fn stack(&self) -> Option<&Stack> {
        match self {
            Self::Rows(reader) => reader.header().stack.as_ref(),
            Self::Whole(opened) => opened.stack(),
        }
    }

    /// The planes for a result of these channels in this format.
    pub(super) fn planes_for(&self, request: &Request) -> Result<Planes> {
        let format = request.format.unwrap_or(self.format());
        let [_, turn] = self.turns(format);
        let channels = self.channels(&request.filter);
        Planes::new(
            self.stack(),
            (self.spec(), channels),
            turn,
            &request.filter,
            format,
        )
    }

    /// The channels of the image or of each plane. Those of an array have no meaning, unless its
    /// axes were named or the filter says what becomes of its alpha.
    pub(super) fn channels(&self, filter: &Filter) -> Channels {
        let count = self.spec().channels;
        let says_alpha = !matches!(filter.alpha(), None | Some(Alpha::Filter));
        match says_alpha || self.names_channels() {
            true => Channels::of_picture(count),
            false => Channels {
                count,
                has_alpha: false,
            },
        }
    }

    /// Whether it is a picture, or an array whose axes were named.
    const fn names_channels(&self) -> bool {
        match self {
            Self::Rows(reader) => reader.header().names_channels,
            Self::Whole(opened) => opened.names_channels,
        }
    }

    /// What the content is, whatever the name says.
    pub const fn format(&self) -> Format {
        match self {
            Self::Rows(reader) => reader.header().format,
            Self::Whole(opened) => opened.format,
        }
    }

    /// Whether the image is decoded whole.
    pub(super) fn holds_image(&self) -> bool {
        match self {
            Self::Rows(reader) => reader.holds_image(),
            Self::Whole(_) => false,
        }
    }

    /// The metadata that precede the samples.
    pub const fn metadata(&self) -> &Metadata {
        match self {
            Self::Rows(reader) => &reader.header().metadata,
            Self::Whole(opened) => &opened.metadata,
        }
    }

    /// The content of the file that is not read.
    pub fn ignored(&self) -> &[IgnoredContent] {
        match self {
            Self::Rows(reader) => &reader.header().ignored,
            // The file holds the array only.
            Self::Whole(_) => &[],
        }
    }

    /// Warnings so far, one line each.
    pub fn warnings(&self) -> &[Warning] {
        match self {
            Self::Rows(reader) => &reader.header().warnings,
            Self::Whole(opened) => &opened.warnings,
        }
    }

    /// The bytes of its samples, in memory or in its file.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Rows(reader) => reader.header().spec.bytes(),
            Self::Whole(opened) => opened.image().parent_bytes(),
        }
    }

    /// The plan of a result: of an array of several planes, for each of them. The file may have
    /// a no-data value. A mask lies on the pixels as they are stored.
    ///
    /// # Errors
    ///
    /// As [`Filter::plan`](crate::Filter::plan)'s, and if the format of the result cannot hold
    /// the planes.
    pub fn plan(&self, request: &Request, tuning: &Tuning) -> Result<Plan> {
        let [of_kernels, of_pixels] = self.turns(request.format.unwrap_or(self.format()));
        let mut filter = request.filter.clone();
        if of_kernels != Orientation::Normal || filter.missing().is_some() {
            let missing = request.filter.missing();
            let missing = missing.map(|missing| self.missing(missing)).transpose()?;
            let missing = missing.map(|missing| missing.turned(of_pixels));
            filter = filter.ignoring(None).turned(of_kernels).ignoring(missing);
        }
        let depth = self.spec().depth;
        let samples = self.bytes() / depth.bytes();
        let planes = self.planes_for(request)?;
        if self.drops_alpha(request)?.is_some() {
            filter = filter.with_alpha(Alpha::Drop);
        }
        let image = self.is_premultiplied();
        let result = match request.format.unwrap_or(self.format()) {
            Format::Exr => true,
            // These hold either; of arrays nobody knows.
            Format::Tiff | Format::Npy => image,
            // So do these, but few programs look.
            Format::Tga => image && self.format() == Format::Tga,
            _ => false,
        };
        let filter = filter.with_premultiplied(image, result);
        planes.plan(&filter, (samples, depth), tuning)
    }

    /// Whether the colours are multiplied by alpha, if there is one.
    fn is_premultiplied(&self) -> bool {
        self.format() == Format::Exr || self.metadata().premultiplied
    }

    /// Why alpha is dropped beside luma, if nobody asked for it and the result has no place for it.
    fn drops_alpha(&self, request: &Request) -> Result<Option<Warning>> {
        let filter = &request.filter;
        if filter.channel() != Channel::Luma || filter.alpha().is_some() {
            return Ok(None);
        }
        if self.planes_for(request)?.drops_alpha() {
            return Ok(Some(Warning::alpha("the channels precede the rows")));
        }
        let selection = filter.selection(self.channels(filter))?;
        let format = request.format.unwrap_or(self.format());
        let depth = filter.output_depth(self.spec().depth);
        let holds = |channels| format.can_hold(depth, channels);
        let is_dropped =
            selection.alpha.is_some() && !holds(selection.count) && holds(selection.count - 1);
        Ok(is_dropped.then(|| Warning::alpha(&format!("{format} holds no alpha"))))
    }

    /// What is said of an array of whose channels nobody knows what they are, where the format takes
    /// the last for alpha.
    fn guesses_alpha(&self, request: &Request) -> Result<Option<Warning>> {
        let format = request.format.unwrap_or(self.format());
        let is_known = self.names_channels() || self.metadata().bands;
        if is_known || request.filter.alpha().is_some() || format == Format::Npy {
            return Ok(None);
        }
        let channels = request
            .filter
            .selection(self.channels(&request.filter))?
            .channels();
        let is_guess = !channels.has_alpha && Channels::of_picture(channels.count).has_alpha;
        Ok(is_guess.then(|| Warning::guessed_alpha(format, channels.count)))
    }

    /// How the samples of the file are coded, if a result may be coded otherwise.
    pub const fn coding(&self) -> Option<Coding> {
        match self {
            Self::Rows(reader) => reader.header().coding,
            Self::Whole(_) => None,
        }
    }

    /// What the user should know of a result that is about to be made, and encoded so.
    pub(super) fn result_warnings(
        &self,
        request: &Request,
        encode: &EncodeOptions,
    ) -> Vec<Warning> {
        let dropped = self.drops_alpha(request);
        let format = request.format.unwrap_or(self.format());
        // Who names another format does not expect the coding of this one.
        let coding = self.coding().filter(|_| format == self.format());
        let coding = coding.and_then(|coding| coding.warning(format, encode.progressive));
        let lacks_delays =
            self.pages() > 1 && format.holds_frames() && self.metadata().delay.is_none();
        let untimed = lacks_delays.then(|| Warning::delays(Delay::default()));
        let guessed = self.guesses_alpha(request).unwrap_or(None);
        dropped
            .into_iter()
            .flatten()
            .chain(guessed)
            .chain(coding)
            .chain(untimed)
            .collect()
    }

    /// The missing samples of this file, on its pixels as they are stored.
    fn missing(&self, missing: &Missing) -> Result<Missing> {
        let no_data = self.metadata().no_data.as_deref();
        let missing = missing.clone().with_no_data(no_data)?;
        // Here, since it names the size of the mask.
        match self.orientation() {
            Orientation::Normal => {}
            _ => missing.check_image(self.spec())?,
        }
        Ok(missing)
    }

    /// Reads the rows of the page, if they are not read yet.
    ///
    /// # Errors
    ///
    /// As [`codec::read`]'s.
    pub fn into_opened(self) -> Result<Opened> {
        match self {
            Self::Rows(reader) => Opened::read(reader),
            Self::Whole(opened) => Ok(opened),
        }
    }

    /// As above; opens the next page, if one is to be read.
    pub(super) fn into_opened_page(self) -> Result<(Opened, Option<RowReader<'static>>)> {
        match self {
            Self::Rows(reader) => Opened::read_page(reader),
            Self::Whole(opened) => Ok((opened, None)),
        }
    }
}
