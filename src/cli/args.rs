//! The command-line arguments.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use bytesize::ByteSize;
use clap::{
    ArgAction, CommandFactory, FromArgMatches, Parser, ValueEnum, ValueHint,
    builder::{OsStringValueParser, PossibleValue, TypedValueParser},
};
use clap_complete::Shell;
use stridekern::Depth;

use super::{
    kernel_options::KernelArgs,
    values::{pixels, seconds, share, size, suffix},
};

const EXAMPLES: &str = "\
Examples:
  stridekern photo.jpg -k sobel
      edges: photo.sobel.jpg beside the photograph
  stridekern photo.jpg -k sharpen --photo -o sharp.jpg
      sharpen in colour, at full size
  stridekern *.png -k gaussian5 --photo -o out/
      blur many, into a folder
  stridekern photos/ -r -k sharpen --photo -o sharp/ --skip-existing
      a whole tree; run again, it goes on where it stopped
  stridekern *.jpg -k sharpen_soft --photo --in-place --backup .orig
      photographs in their place, the originals beside them
  stridekern scan.tif -k my.toml --pad all
      every border, one file each
  stridekern scan.tif -k sobel_x --map float -f npy
      signed responses for NumPy
  cat in.png | stridekern - -k emboss -o - > out.png
      from standard input to standard output
  stridekern photo.jpg -k log9 --explain
      what would run, and why
  stridekern photo.jpg -k sobel_x --bench
      how fast each method is here

Exit codes: 0 all done; 1 some input failed, the others are done, or standard output
takes nothing; 2 usage or kernel error, nothing was touched; 128 + the signal's number
if one ended the run, or the search for inputs before it: 129 hung up, 130 interrupted,
143 terminated (also ALRM, USR1, USR2, XCPU). With --dry-run, --explain and --bench, which
write no file, a signal ends the program at once.

Environment:
  STRIDEKERN_SIMD=portable|avx2|avx512|avx512vnni|neon forces a SIMD level, for tests";

/// Filter images with convolution kernels, exactly and fast
///
/// Every window of the image is contracted with the kernel: weights x samples,
/// summed, divided by the kernel's divisor, rounded once to the nearest sample.
/// Nothing is flipped, normalised, padded or overwritten unless you say so.
#[derive(Debug, Parser)]
#[command(
    name = "stridekern",
    version,
    override_usage = "stridekern [OPTIONS] -k <KERNEL> <INPUT>...",
    after_help = "Examples and details: --help",
    after_long_help = EXAMPLES,
    max_term_width = 100
)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) input: InputArgs,
    #[command(flatten)]
    pub(super) filter: FilterArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
    #[command(flatten)]
    pub(super) report: ReportArgs,
}

/// The inputs.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Inputs")]
pub(super) struct InputArgs {
    /// Images to filter, folders with -r; - is standard input
    #[arg(
        value_name = "INPUT",
        required_unless_present_any = ["files_from", "list_kernels", "show_kernel", "completions", "man"],
        value_hint = ValueHint::FilePath
    )]
    pub(super) inputs: Vec<PathBuf>,

    /// Filter the images in folders and those below; the tree is mirrored under --output
    ///
    /// Images are told by their extension, those without one by their content.
    /// What is in the output folder is no input, nor are results of earlier runs: files that
    /// are named as results of a built-in kernel or one of this run and lie beside their input,
    /// such as a.sobel.png or a.sobel.edge.tif beside a.png. Name such a file to filter it.
    /// A line counts what is passed over, by extension; -v names it.
    #[arg(short, long)]
    pub(super) recursive: bool,

    /// With -r, only files with these extensions, such as png,jpg
    #[arg(
        long,
        value_name = "EXT,...",
        value_delimiter = ',',
        requires = "recursive"
    )]
    pub(super) ext: Vec<String>,

    /// With -r, also files and folders whose names begin with a dot
    #[arg(long, requires = "recursive")]
    pub(super) hidden: bool,

    /// With -r, also folders behind symbolic links, but for those that lead back up
    #[arg(long, requires = "recursive")]
    pub(super) follow: bool,

    /// More inputs, one per line of a file; - is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) files_from: Option<PathBuf>,

    /// The names of --files-from end with NUL, as find -print0 writes them
    #[arg(long, requires = "files_from")]
    pub(super) null: bool,

    /// Of all inputs only the I-th of N shares, so that N machines do each once
    ///
    /// The share of an input depends on its path as it is written, and on
    /// nothing else: give every machine the same list.
    #[arg(long, value_name = "I/N")]
    pub(super) shard: Option<String>,

    /// Pages or frames to filter, counted from 1: all, a number, or two such as 2-5 [default: all]
    ///
    /// Each page of a TIFF, and each frame of an animated GIF, PNG or WebP as it is
    /// shown, is filtered by itself and becomes a page or frame of the result, which
    /// must be TIFF, GIF or PNG if there are several. Reduced copies and masks are no
    /// pages; the planes of an ImageJ stack are. A page that an input lacks is an error.
    #[arg(long, value_name = "all|N|A-B")]
    pub(super) pages: Option<String>,

    /// Of an OpenEXR file the layer or channels to read, such as diffuse, Z or N.X,N.Y,N.Z [default: its colours]
    ///
    /// A layer goes by what stands before the dot of its channels (diffuse of
    /// diffuse.R), or by the name of its part: its R, G, B and A are read, or Y and A,
    /// else up to four channels. A channel goes by its whole name; up to four with commas
    /// become the channels of the picture in this order. A line names what is left out.
    #[arg(long, value_name = "NAME,...")]
    pub(super) layer: Option<String>,

    /// What the axes of .npy arrays are, a letter for each, such as TYX, ZCYX, YXC or XY
    ///
    /// Y are rows and X columns, C are channels; every other letter counts planes,
    /// each of which is filtered by itself. The result has the same axes in the
    /// same order, but for C where the channels become one; --map stretch and
    /// symmetric take one range for all planes. Without it, two axes are YX, three
    /// of which the last has 1 to 4 are YXC, and others are an error.
    #[arg(long, value_name = "LETTERS")]
    pub(super) axes: Option<String>,
}

/// The filter.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Filter")]
pub(super) struct FilterArgs {
    /// Kernel: a TOML file or a built-in name; repeatable, each gives its own output
    ///
    /// That file if it exists, else the built-in kernel of that name, with or
    /// without `.toml`. See --list-kernels. A `.mat` file is a matrix of libvips;
    /// rows of numbers are a table, as `.csv` and `.tsv` files are; `.acf` files are
    /// Photoshop's; `.yml`, `.json` and `.xml` files are OpenCV's FileStorage; `.npy` files
    /// are arrays of two axes, or of three for a bank; after `im:` stands a kernel of
    /// ImageMagick, such as im:Gaussian:0x2.
    ///
    /// A spec makes a kernel from parameters, such as gaussian:sigma=2.
    ///
    /// Or weights: '[[0, 1], [1, 0]]', '0 1; 1 0', or a column times a row,
    /// '1 2 1 x 1 2 1'. Rows end with semicolons; commas stand between all weights of a row or
    /// none.
    #[arg(
        short,
        long = "kernel",
        value_name = "FILE|NAME",
        required_unless_present_any = ["list_kernels", "show_kernel", "completions", "man"],
        value_hint = ValueHint::FilePath
    )]
    pub(super) kernels: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) changes: KernelArgs,

    /// Filter in the way of another program: scipy, opencv, vips, imagemagick or pillow
    ///
    /// Results equal those of scipy.ndimage.correlate, cv2.filter2D, vips conv --precision integer
    /// (of integers; without it vips makes floats, as --map float does here), convert
    /// -morphology Convolve and PIL.ImageFilter.Kernel: the kernel's turn and anchor, the
    /// border, divisor and bias, how sums are rounded, and what becomes of integers beyond
    /// their type. SciPy truncates and wraps around, Pillow leaves a frame as it is. Every
    /// channel is filtered, alpha too. --pad, --channel and --alpha take the place of what the
    /// program does; what it does not do, such as maps, is refused. The kernel's own map does
    /// not count.
    #[arg(long, value_name = "PROGRAM", conflicts_with = "photo")]
    pub(super) like: Option<String>,

    /// Of a picture that is shown turned, act on it as it is seen or as it is stored [default: seen]
    ///
    /// A JPEG, TIFF or WebP file can name an orientation, by which viewers turn its
    /// pixels. With `seen` a kernel acts on the picture as it is seen: the kernel is turned,
    /// with its anchor, steps, dilations and borders, and the pixels and the
    /// orientation stay as they are stored; other output formats get the pixels turned.
    /// With `stored` all of it goes by the pixels as they are stored, which stay so. A
    /// PNG file's orientation, which viewers ignore, turns nothing.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(super) orientation: Option<OrientationArg>,

    /// Borders: valid, constant[:VALUE], edge, reflect, symmetric, wrap, all, or y=MODE,x=MODE [default: valid]
    ///
    /// `valid` filters only where the window lies inside the image, so the
    /// result is smaller by the kernel's size less one. The others fill in
    /// what lies outside and keep the size; several modes write several
    /// files:
    ///
    ///   constant:V  vvv|abcd|vvv   V in sample units, default 0 (also: zero)
    ///                              or nan, inf, -inf for float samples
    ///   edge        aaa|abcd|ddd   (also: nearest, replicate, clamp)
    ///   reflect     dcb|abcd|cba   (also: reflect101)
    ///   symmetric   cba|abcd|dcb
    ///   wrap        bcd|abcd|abc   (also: tile)
    ///
    /// y=reflect,x=wrap is one mode: reflect above and below, wrap left and
    /// right. In corners between two constants stands that of x.
    #[arg(long, value_name = "MODE,...", verbatim_doc_comment)]
    pub(super) pad: Vec<String>,

    /// Window stride: rows and columns from one window to the next [default: 1]
    #[arg(long, value_name = "N|R,C", allow_hyphen_values = true)]
    pub(super) step: Option<String>,

    /// Distance between the taps of the kernel, in rows and columns
    #[arg(
        long,
        value_name = "N|R,C",
        default_value = "1",
        allow_hyphen_values = true
    )]
    pub(super) dilate: String,

    /// Channels: luma, each, red, green, blue or alpha [default: luma]
    ///
    /// `luma` makes a gray image by the Rec. 709 weights on the samples as
    /// stored, rounded to samples unless the result is float; alpha becomes its
    /// second channel, where the output holds that. `each` filters every colour
    /// channel. Both treat alpha as --alpha says.
    #[arg(long, value_name = "CHANNEL")]
    pub(super) channel: Option<String>,

    /// Alpha: copy, weight, filter or drop [default: copy]
    ///
    /// copy: from the pixel under the anchor; colours are filtered as if there were
    /// none, so that those of transparent pixels show. weight: colours count by their
    /// alpha, as if multiplied by it before and divided after: A = sum(w a) is the
    /// new alpha and sum(w a c) / A the colour, or where A is not positive 0 and the
    /// colour as it was; of weights that sum to 0, sum(w a c), and alpha is copied. filter:
    /// as one more channel. drop: the result has none. Channels of arrays have no
    /// meaning by themselves: that the last of 2 or 4 is alpha is said by copy, weight,
    /// drop or --axes.
    #[arg(long, value_name = "CHOICE")]
    pub(super) alpha: Option<String>,

    /// Short for --channel each --pad edge --alpha weight, which keep colours, alpha and size; each may be given too
    #[arg(long)]
    pub(super) photo: bool,

    /// Samples to leave out as missing: nan, a value such as -9999, or nodata, the file's own
    ///
    /// The file's own is GDAL_NODATA of a TIFF file.
    ///
    /// Windows are computed from the samples that are present (normalised
    /// convolution): a missing one counts as the mean of the others in its window,
    /// weighted by the absolute weights. A window without any gives the missing
    /// value itself, or 0 where the result holds no NaN; a line says how many did.
    /// A constant border of that value is missing too.
    #[arg(
        long,
        value_name = "VALUE",
        allow_hyphen_values = true,
        conflicts_with = "bench"
    )]
    pub(super) ignore: Option<String>,

    /// Samples to leave out as missing: nonzero in this image, which has the size of the input
    ///
    /// As NumPy's masked arrays and bad-pixel maps have it. One channel is for all, as
    /// many as the input has are one for each; of a stack it is for every plane. It lies on
    /// the pixels as they are stored, whatever orientation is named. With --ignore, what either says is
    /// missing. A window without a present sample gives NaN, or 0 in integers.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "bench")]
    pub(super) mask: Option<PathBuf>,

    /// Share of a window's absolute weight, 0 to 1, that must be present; others are missing [default: 0]
    ///
    /// With 0 any present sample is enough. Of several kernels each must have its share.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(super) min_share: Option<f64>,

    /// How responses become samples: clamp, abs, offset, stretch, symmetric or float
    ///
    /// clamp: as they are, saturated. abs: absolute values. offset: mid-gray
    /// (128 of 255; 0 of signed types) is added. stretch: smallest to the
    /// smallest sample, largest to full scale. symmetric: zero to mid-gray (0 of
    /// signed types), the largest to an end. float: the responses themselves, as
    /// 32-bit floats, or 64-bit ones of types that 32 do not hold. Default: the
    /// kernel's own, else clamp.
    #[arg(long)]
    pub(super) map: Option<String>,

    /// Samples of the output [default: same]
    ///
    /// 8, 16 and f32 scale pictures of 8 bits, 16 bits and 32-bit floats from full
    /// scale to full scale; samples of any other type, and the names of types
    /// such as i16, are not scaled: the response is rounded once and saturated.
    #[arg(long, value_enum)]
    pub(super) depth: Option<DepthArg>,
}

/// The outputs.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Outputs")]
pub(super) struct OutputArgs {
    /// Output file, folder (for several results, or with a / at its end), or - for standard output
    ///
    /// Default: beside the input, as <stem>.<kernel>.<ext>, or
    /// <stem>.<kernel>.<border>.<ext> for a padded result.
    #[arg(short, long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(super) output: Option<PathBuf>,

    /// With a folder as --output, give each result the name of its input
    ///
    /// Of one kernel and one border. An input is never replaced so: that folder has to be
    /// another one. With --format the extension is that of the format.
    #[arg(long, requires = "output")]
    pub(super) keep_names: bool,

    /// Output format, by its extension: png, jpg, tif, npy, ...; default: the input's
    ///
    /// It also tells what standard input is where its content does not: TGA.
    #[arg(short, long, value_name = "EXT")]
    pub(super) format: Option<String>,

    /// Quality of JPEG output [default: 90, or the input's if it is a JPEG of a higher one]
    ///
    /// That of an input follows from its quantization tables. The line of a result names both.
    #[arg(long, value_name = "1-100", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(super) quality: Option<u8>,

    /// Chroma sampling of JPEG output [default: the input's if it is a JPEG, else 4:4:4]
    #[arg(long, value_enum)]
    pub(super) sampling: Option<SamplingArg>,

    /// Make JPEG output progressive, which takes more memory
    ///
    /// A progressive file shows the whole picture before all of it has come, and is
    /// often smaller. Its picture is collected whole before it is written.
    /// Without it the result is not progressive, whatever the input is; a line says so.
    #[arg(long)]
    pub(super) progressive: bool,

    /// Compression of PNG and TIFF output [default: fast]
    #[arg(long, value_enum)]
    pub(super) compression: Option<CompressionArg>,

    /// What the input carries beside its samples: keep or drop [default: keep]
    ///
    /// keep: all that the output format has a place for and that is true of the result; one
    /// line names what is left out. drop: only what tells how samples are to be
    /// understood, such as colour profile, orientation and density; no EXIF, XMP, text or
    /// comment. --explain and --dry-run list every part and what becomes of it.
    #[arg(long, value_enum)]
    pub(super) metadata: Option<MetadataArg>,

    /// Replace outputs that exist
    #[arg(long, conflicts_with = "skip_existing")]
    pub(super) overwrite: bool,

    /// Keep outputs that exist and go on
    ///
    /// Also those that another run makes meanwhile: several may share a folder.
    /// They are not compared with what this run would make, which a line says, but with
    /// --record: by the records that they hold, and a line counts those made otherwise.
    /// With --in-place --backup, inputs that have their backup.
    #[arg(long)]
    pub(super) skip_existing: bool,

    /// Write into each result how it was made, by which --skip-existing compares those that exist
    ///
    /// The options that can change it, the name of the input without its folders, the
    /// version and a hash of the kernel's numbers; no folder, time or machine. The
    /// commands that made the input, if it has such a record, stay before this one. It is
    /// a text of PNG, in the XMP data of JPEG, TIFF and WebP, a comment of GIF, PGM,
    /// PPM and PAM, a line of HDR; others hold none. Without this option a result has no record,
    /// not even that of its input.
    #[arg(long)]
    pub(super) record: bool,

    /// Put each result in the place of its input, once it is whole and on the disk
    ///
    /// An input that another program changes meanwhile stays, and is an error. So
    /// does one that would lose something: colours, alpha, rows and columns, depth or
    /// metadata, unless --channel, --alpha drop, --pad or --step, --depth or --metadata drop is given, or --photo;
    /// further pictures, channels that are not read and CMYK in any case.
    #[arg(long, conflicts_with_all = ["output", "format"])]
    pub(super) in_place: bool,

    /// With --in-place, keep each input under its name and this, such as .orig
    ///
    /// A backup that exists is never replaced: its input stays, and is an error, or
    /// with --skip-existing none: a batch that was interrupted goes on so.
    /// Backups of this suffix are no inputs, however they are named: they are passed over,
    /// which a line says. So are, beside their originals, .bak, .backup, .old, .orig,
    /// .original and ~ of other runs. Of a symbolic link, the backup is beside the file that it leads to.
    #[arg(long, value_name = "SUFFIX", requires = "in_place", value_parser = OsStringValueParser::new().try_map(suffix))]
    pub(super) backup: Option<OsString>,

    /// Read every output back before it is in its place, and compare all samples
    ///
    /// Of jpeg, hdr and coloured gif, which are not exact, that they decode to
    /// their end, in the size that was meant.
    #[arg(long)]
    pub(super) verify: bool,

    /// Give outputs the time of modification and the permissions of their input
    ///
    /// Also its owner and group, its access list and its extended attributes, as far
    /// as the system allows; a line says what it did not. With --in-place, all
    /// but the time is kept in any case.
    #[arg(long)]
    pub(super) preserve: bool,
}

/// How filters are run.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Running")]
pub(super) struct RunArgs {
    /// Threads; 0 is one for every core
    ///
    /// More help where files come over a slow network: at most 64 are started, or 4
    /// for every core if that is more.
    #[arg(short = 'j', long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1024))]
    pub(super) threads: u16,

    /// Memory for the images in flight, such as 512M or 4GiB; default: a quarter of the machine's
    ///
    /// Images whose turn would pass it wait for others to end. One that cannot
    /// fit at all is an error that names the memory it needs; images that are
    /// read and written by rows need little, however large they are. Of each image
    /// the most that it can take is counted, so most take less; the program itself
    /// takes 10 to 15 MB beside them.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(super) memory_limit: Option<ByteSize>,

    /// Pixels that an input may claim to have, such as 4000000000 or 4G; default: 2147483648
    ///
    /// Beyond it an input is an error, before any memory is taken for it. A file and
    /// its samples may have 16 GiB, or 8 bytes for each of these pixels if that is more.
    #[arg(long, value_name = "N", value_parser = pixels)]
    pub(super) pixel_limit: Option<u64>,

    /// Seconds that one input may take, such as 60 or 0.5; default: as long as it takes
    ///
    /// Counted to a few hundredths of a second from the moment that its turn comes, the wait
    /// for memory included. What is in its place by then stays and counts as done.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(super) timeout: Option<Duration>,

    /// Begin no other input after a failure
    #[arg(long)]
    pub(super) fail_fast: bool,

    /// Method of the inner loop; default: auto, the fastest
    #[arg(long, value_enum, value_name = "METHOD")]
    pub(super) engine: Option<EngineArg>,
}

/// What is reported.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Reports")]
pub(super) struct ReportArgs {
    /// Say what would be read and written, and how; touch nothing
    ///
    /// As far as the headers of inputs tell, their warnings included. Of a pipe or a
    /// device that is named nothing is read, since the run would not find it again.
    #[arg(long, conflicts_with_all = ["explain", "bench"])]
    pub(super) dry_run: bool,

    /// Print the views, the plan and the reasons, instead of filtering
    #[arg(long, conflicts_with = "bench")]
    pub(super) explain: bool,

    /// Time every method on the inputs beside the naive loop, instead of filtering
    ///
    /// The filter alone is timed, from decoded samples to output samples; every
    /// answer is checked against the naive loop's. With --engine, only the naive
    /// loop and that method are timed. The naive loop is repeated for about a
    /// second at most; where one run of it would take longer, it runs once on
    /// some of the rows, its time is scaled to all of them, the check covers
    /// those rows, and the report says so.
    #[arg(long)]
    pub(super) bench: bool,

    /// Runs of every method with --bench
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) bench_runs: u32,

    /// One JSON object per result on standard output; also with --explain, --bench, --list-kernels
    ///
    /// And one, failed, per folder that cannot be looked into.
    #[arg(long)]
    pub(super) json: bool,

    /// Tell minimum, maximum, mean, deviation, quantiles and histogram of every result
    ///
    /// Of the samples as they are written, channel by channel; with --map float these
    /// are the responses themselves. A table on standard output, or on standard
    /// error where the image goes to standard output; with --json in the object of
    /// the result. NaN is counted, and infinities, which have no part in mean and
    /// deviation. The deviation is that of the population, as NumPy's. A quantile is
    /// the smallest sample that this share of the samples does not exceed (NumPy's
    /// inverted_cdf): exact for types of up to 16 bits; for others, which are
    /// counted in bins, with the largest possible error.
    #[arg(long, conflicts_with_all = ["dry_run", "explain", "bench", "list_kernels", "show_kernel"])]
    pub(super) stats: bool,

    /// Print errors only; with --in-place also what results lose
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,

    /// Print a line for every result, and name what is passed over
    ///
    /// What it is, what is smaller or left out, what was clipped, which kernel from which
    /// source, and how it was computed. On a terminal up to ten results have such a
    /// line, and more a summary, in any case.
    #[arg(short, long)]
    pub(super) verbose: bool,

    /// Show no progress bar
    #[arg(long)]
    pub(super) no_progress: bool,

    /// List the built-in kernels, and the generators
    #[arg(long, conflicts_with_all = ["inputs", "kernels", "show_kernel", "flip", "normalize", "divisor", "bias", "anchor"])]
    pub(super) list_kernels: bool,

    /// Print a kernel as TOML: built in, a file of any format, a spec, or weights
    ///
    /// As it would run: --normalize, --divisor, --bias, --anchor and --flip change it.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["inputs", "kernels", "json"])]
    pub(super) show_kernel: Option<String>,

    /// Draw the kernel of --show-kernel, or all of --list-kernels, into an .svg or .png file instead of printing
    ///
    /// Of a kernel its weights, the middle row and column, the gain of every frequency, its sum,
    /// symmetry and rank, and which engines would take it; of a bank each kernel, up
    /// to 24. An SVG file has colours for light and for dark mode, and - is one on
    /// standard output. A file that exists stays, unless --overwrite is given.
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with_all = ["inputs", "kernels", "output", "json", "dry_run", "explain", "bench", "completions", "man"]
    )]
    pub(super) plot: Option<PathBuf>,

    /// Print completions for a shell
    #[arg(long, value_name = "SHELL", value_enum, action = ArgAction::Set, conflicts_with_all = ["inputs", "kernels"])]
    pub(super) completions: Option<Shell>,

    /// Print the man page
    #[arg(long, conflicts_with_all = ["inputs", "kernels"])]
    pub(super) man: bool,
}

impl Args {
    /// The arguments of this process. A flag may be repeated, since aliases and scripts add
    /// flags of their own; an option with a value may not, since two values would
    /// contradict each other.
    pub(super) fn read() -> Result<Self, clap::Error> {
        let command = Self::command().mut_args(|arg| match arg.get_action() {
            ArgAction::SetTrue => {
                let id = arg.get_id().clone();
                arg.overrides_with(id)
            }
            // So that the message about -1 names the option and its range.
            action if action.takes_values() && !arg.is_positional() => {
                arg.allow_negative_numbers(true)
            }
            _ => arg,
        });
        Self::from_arg_matches(&command.try_get_matches()?)
    }
}

/// Samples of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DepthArg {
    /// Those of the input; floats with --map float
    Same,
    /// A type of pictures, which are scaled to each other.
    Picture(Depth),
    /// A type, without scaling.
    Type(Depth),
}

impl ValueEnum for DepthArg {
    fn value_variants<'a>() -> &'a [Self] {
        use Depth::{Bool, F16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        &[
            Self::Same,
            Self::Picture(U8),
            Self::Picture(U16),
            Self::Picture(F32),
            Self::Type(U8),
            Self::Type(U16),
            Self::Type(U32),
            Self::Type(U64),
            Self::Type(I8),
            Self::Type(I16),
            Self::Type(I32),
            Self::Type(I64),
            Self::Type(Bool),
            Self::Type(F16),
            Self::Type(F64),
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Same => {
                PossibleValue::new("same").help("Those of the input; floats with --map float")
            }
            Self::Picture(Depth::U8) => PossibleValue::new("8")
                .help("8-bit integers; pictures of 16 bits or floats are scaled"),
            Self::Picture(Depth::U16) => PossibleValue::new("16")
                .help("16-bit integers; pictures of 8 bits or floats are scaled"),
            Self::Picture(depth) => PossibleValue::new(depth.name())
                .help("32-bit floats; pictures of 8 and 16 bits are scaled to 0..1"),
            Self::Type(depth) => {
                PossibleValue::new(depth.name()).help(format!("{depth} samples, without scaling"))
            }
        })
    }
}

/// The compression level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CompressionArg {
    /// Quickly
    Fast,
    /// A compromise
    Balanced,
    /// Slowly: smaller for most pictures
    Best,
}

/// The chroma sampling of a JPEG.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SamplingArg {
    /// Colour as fine as brightness
    #[value(name = "4:4:4")]
    S444,
    /// Half as fine along rows
    #[value(name = "4:2:2")]
    S422,
    /// Half as fine both ways
    #[value(name = "4:2:0")]
    S420,
}

/// What becomes of metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum MetadataArg {
    /// All that the output can hold
    Keep,
    /// Only what tells how samples are to be understood
    Drop,
}

/// What filters act on where viewers turn pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OrientationArg {
    /// The picture as it is seen
    Seen,
    /// The pixels as they are stored
    Stored,
}

/// The method of the inner loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum EngineArg {
    /// The fastest
    Auto,
    /// Four loops over the window view
    Naive,
    /// Every tap on a block of output at once
    Direct,
    /// Columns of weights, then rows, where the kernel is made of such
    Separable,
    /// Tiles through a fast Fourier transform
    Fft,
}
