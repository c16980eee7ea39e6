/** Which format a picture's first bytes show, and why one of a known format cannot be read. It needs no Node. */

/** Formats that sharp reads, or may read where it was built for them. */
export type SharpFormat = "JPEG" | "WebP" | "GIF" | "TIFF" | "AVIF" | "HEIC";
/** Formats that are known by name only. */
type OtherFormat = "BMP" | "JPEG XL" | "JPEG 2000" | "Photoshop" | "MP4 video" | "camera raw";

export interface PictureFormat {
  readonly name: SharpFormat | OtherFormat;
  readonly isReadable: boolean;
}

const readable = (name: SharpFormat): PictureFormat => ({ name, isReadable: true });
const known = (name: OtherFormat): PictureFormat => ({ name, isReadable: false });

const HEVC_BRANDS: readonly string[] = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"];
/** Bytes at the start that decide. */
const HEAD = 64;
/** Lengths of the header that follows the 14 bytes of a BMP file's own. */
const BMP_HEADERS: readonly number[] = [12, 40, 52, 56, 64, 108, 124];

/** The first bytes as text, one character a byte. */
const textOf = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes.subarray(0, HEAD));

/** Undefined for PNG and for everything unknown. */
export function formatOf(bytes: Uint8Array): PictureFormat | undefined {
  const text = textOf(bytes);
  if (text.startsWith("\xff\xd8")) return readable("JPEG");
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return readable("WebP");
  if (/^GIF8[79]a/.test(text)) return readable("GIF");
  if (text.slice(4, 8) === "ftyp") return formatOfBrands(text);
  if (/^(II\*\0|MM\0\*|II\+\0|MM\0\+)/.test(text)) return readable("TIFF");
  if (text.startsWith("\xff\x0a") || text.slice(4, 8) === "JXL ") return known("JPEG XL");
  if (text.slice(4, 8) === "jP  " || text.startsWith("\xff\x4f\xff\x51")) return known("JPEG 2000");
  if (text.startsWith("8BPS")) return known("Photoshop");
  if (text.startsWith("BM") && BMP_HEADERS.includes(text.charCodeAt(14))) return known("BMP");
  return undefined;
}

/** A file of boxes says what it is in the brands of its first one: the main one, a version, and compatible ones. */
function formatOfBrands(text: string): PictureFormat {
  const length = [0, 1, 2, 3].reduce((sum, i) => sum * 256 + text.charCodeAt(i), 0);
  const box = text.slice(8, Math.max(12, length));
  const brands = box.match(/[^]{4}/g) ?? [];
  if (brands.some((brand) => brand === "avif" || brand === "avis")) return readable("AVIF");
  if (brands.some((brand) => HEVC_BRANDS.includes(brand))) return readable("HEIC");
  return known(brands[0] === "crx " ? "camera raw" : "MP4 video");
}

const CONVERT = "convert it to PNG or JPEG";

/** The sentence for a format that is known and cannot be read. */
export const cannotRead = (format: string): string => `${format} cannot be read; ${CONVERT}`;

/** What a decoder says of files that it does not take although they are whole. */
const NOT_BUILT_IN = /not been built in|decod\w+ plugin/i;
const UNSUPPORTED = /unsupported|not supported|not implemented|not configured/i;
const NO_MEMORY = /out of memory|memory allocation|malloc|insufficient memory/i;

interface Refused {
  readonly format: SharpFormat;
  /** Length of the file. */
  readonly bytes: number;
  /** All that sharp said. */
  readonly message: string;
}

/** Why sharp refused a file, without calling one damaged that is whole. */
export function refusalSentence({ format, bytes, message }: Refused): string {
  const said = message.split("\n").find((line) => !line.includes("bad seek")) ?? format;
  if (NOT_BUILT_IN.test(message)) {
    const codec = format === "HEIC" ? "HEVC" : format;
    return `${format} cannot be read here, because the installed sharp has no decoder of ${codec}; ${CONVERT}`;
  }
  if (NO_MEMORY.test(message)) return `there is no memory for the ${format} (${said}); make the picture smaller`;
  if (UNSUPPORTED.test(message)) {
    const what = `the ${format} is of a kind that sharp cannot read, or its header is damaged`;
    return `${what} (${bytes} bytes): ${said}; ${CONVERT}`;
  }
  return `the ${format} is damaged or cut off (${bytes} bytes): ${said}`;
}
