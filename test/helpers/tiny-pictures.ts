/** Many small pictures, some with the same names in several folders. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seeded } from "../../src/base/random.js";
import { encodePng } from "../../src/image/png.js";

const [WIDTH, HEIGHT] = [32, 24];
const FOLDERS = 5;

/** Writes `count` pictures below `root`, each with other pixels. Gives their paths below `root`. */
export function writeTinyPictures(root: string, count: number): string[] {
  const random = seeded(1);
  return Array.from({ length: count }, (_, i) => {
    const folder = `${i % FOLDERS}`;
    mkdirSync(join(root, folder), { recursive: true });
    const base = Array.from({ length: 3 }, () => random() * 200);
    const data = Uint8Array.from({ length: 4 * WIDTH * HEIGHT }, (_value, k) => {
      if (k % 4 === 3) return 255;
      const isRight = (k >> 2) % WIDTH > WIDTH / 2;
      return ((base[k % 4] ?? 0) + random() * 40 + (isRight ? 90 : 0)) & 255;
    });
    const name = `${folder}/p${String(Math.floor(i / FOLDERS)).padStart(5, "0")}.png`;
    writeFileSync(join(root, name), encodePng({ width: WIDTH, height: HEIGHT, data }));
    return name;
  });
}
