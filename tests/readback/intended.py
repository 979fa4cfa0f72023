"""The differences between ExifTool's dumps of a photograph and of its result that are intended.

Each is: the conversions that it is of, `from-to`; the tags, as ExifTool names them; what becomes of
them: gone, new or changed; the value that they must have then, which may be the width or the height of
the result (None is any); and the reason. The first two are regular expressions of whole names.

What a warning names as lost, and the JSON of the program too, need not be listed.
"""

ANY = r".*"
WIDTH = r".*:(Exif)?ImageWidth|InteropIFD:RelatedImageWidth"
HEIGHT = r".*:(Exif)?ImageHeight|InteropIFD:RelatedImageHeight"

INTENDED = [
    # What would be false of the result.
    (ANY, WIDTH, "changed", "width", "the size of the result"),
    (ANY, HEIGHT, "changed", "height", "the size of the result"),
    (ANY, r"IFD1:.*", "gone", None, "the thumbnail shows the picture as it was"),
    (ANY, r"ExifIFD:SubjectArea", "gone", None, "a place in the picture, which the kernel makes smaller at its edges"),
    (ANY, r"XMP-xmp:Thumbnails", "gone", None, "the thumbnail shows the picture as it was"),

    # Results are gray by default, as the finishing line says.
    (r".*-(jpg|png|tif)", r"XMP-photoshop:ColorMode", "changed", 1, "it is gray"),
    (r"tif-(jpg|png|tif)", r"ExifIFD:ComponentsConfiguration", "changed", "1 0 0 0", "it is gray"),
    (r".*-(jpg|png|tif)", r"ICC_Profile:(Red|Green|Blue)(MatrixColumn|TRC)", "gone", None, "the profile is gray"),
    (r".*-(jpg|png|tif)", r"ICC_Profile:GrayTRC", "new", None, "the profile is gray, of the same curve"),
    (r".*-(jpg|png|tif)", r"ICC-header:ColorSpaceData", "changed", "GRAY", "the profile is gray"),
    (r".*-(jpg|png|tif)", r"ICC_Profile:ProfileDescription", "changed", "Gray with the tone curve of KEPT colours",
     "the profile is gray"),
    (r".*-webp", r"XMP-tiff:BitsPerSample", "gone", None, "WebP stores three channels, whose list has another length"),

    # How the file stores the picture.
    (ANY, r"File:(FileType|FileTypeExtension|MIMEType)", "changed", None, "another format"),
    (ANY, r"File:(ImageWidth|ImageHeight|BitsPerSample|ColorComponents|EncodingProcess|YCbCrSubSampling)",
     "gone new changed", None, "the frame header of JPEG"),
    (ANY, r"PNG:(ImageWidth|ImageHeight|BitDepth|ColorType|Compression|Filter|Interlace)", "gone new changed", None,
     "the header of PNG"),
    (ANY, r"RIFF:(ImageWidth|ImageHeight|WebP_Flags)", "gone new", None, "the header of WebP"),
    (ANY, r"IFD0:(ImageWidth|ImageHeight|BitsPerSample|Compression|PhotometricInterpretation|StripOffsets|"
          r"SamplesPerPixel|RowsPerStrip|StripByteCounts|PlanarConfiguration|SampleFormat|Predictor)",
     "gone new changed", None, "how TIFF stores samples"),
    (ANY, r"PNG:ProfileName", "gone new changed", None, "the name of the chunk, not of the profile"),
    (r"jpg-.*", r"JFIF:.*", "gone", None, "a density of 1 without a unit, which says nothing"),
    (r".*-jpg", r"JFIF:.*", "new", None, "the header of JPEG"),

    # The same in the place that the other format has for it.
    (r"tif-jpg", r"IFD0:([XY]Resolution|ResolutionUnit)", "gone", None, "it is in the header of JPEG"),
    (r"tif-png", r"IFD0:([XY]Resolution|ResolutionUnit)", "gone", None, "it is the chunk pHYs"),
    (r"tif-png", r"PNG-pHYs:.*", "new", None, "it was the resolution"),
    (r"tif-webp", r"IFD0:([XY]Resolution|ResolutionUnit)", "gone", None, "a warning says: WebP has no place for it"),
    (r"tif-png", r"IFD0:(Software|ImageDescription|Copyright|Artist)", "gone", None, "it is a text"),
    (r"tif-png", r"PNG:(Software|Description|Copyright|Author)", "new", None, "it was a tag"),
    (r"jpg-png", r"File:Comment", "gone", None, "it is a text"),
    (r"jpg-png", r"PNG:Comment", "new", None, "it was a comment"),
    (r"png-jpg", r"PNG:Comment", "gone", None, "it is a comment"),
    (r"png-jpg", r"File:Comment", "new", None, "it was a text"),
    (r"png-(tif|webp)", r"PNG:Comment", "gone", None, "a warning says: no place, or that of another description"),
    (r"jpg-tif", r"IPTC2:.*", "new", None, "IPTC data are in Photoshop's data as well as in a tag of their own"),

    # What is told of as lost.
    (r"png-.*", r"IPTC:.*", "gone", None, "a chunk of text, Raw profile type iptc, that cannot be kept true"),
    (r"(jpg|tif)-(png|webp)", r"File:CurrentIPTCDigest", "gone", None, "ExifTool's sum of IPTC data, which are lost"),
]
