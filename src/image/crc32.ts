/** The checksum of PNG chunks without Node. https://www.w3.org/TR/png-3/#5CRC-algorithm */

/** CRC-32 of ISO 3309, bit by bit: fast enough, because label maps compress to a few kilobytes. */
export function crc32OfBytes(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}
