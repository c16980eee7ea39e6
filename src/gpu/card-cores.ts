/** How many cores the GPUs of these names have (cores.ts). Only Node gets the names, so pages do not load the table. */
import { coresIn, coresOf } from "./cores.js";
import type { AdapterNames } from "./cores.js";

/**
 * By a part of the names, in which words are divided by spaces or dashes. Of several, the first counts: what is built
 * into a processor has the processor's name, which may hold a card's number.
 */
const CARDS: Readonly<Record<string, number>> = {
  "ryzen|processor": 4,
  "\\bg?b[12]00\\b": 148,
  "\\bg?h200\\b": 132,
  "\\bg?h100\\b": 132,
  "\\bh20\\b": 78,
  "\\ba100\\b": 108,
  "\\ba40\\b": 84,
  "\\ba30\\b": 56,
  "\\ba10g?\\b": 72,
  "\\bl40s?\\b": 142,
  "\\bl4\\b": 58,
  "\\bt4\\b": 40,
  "\\bv100\\b": 80,
  "\\brtx.a6000\\b": 84,
  "\\brtx.6000.ada": 142,
  "\\brtx.2000.ada": 22,
  "\\brtx.a1000\\b": 16,
  "\\brtx.5090\\b": 170,
  "\\brtx.5080\\b": 84,
  "\\brtx.5070\\b": 48,
  "\\brtx.5060\\b": 30,
  "\\brtx.4090\\b": 128,
  "\\brtx.4080\\b": 76,
  "\\brtx.4070\\b": 46,
  "\\brtx.4060\\b": 24,
  "\\brtx.3090\\b": 82,
  "\\brtx.3080\\b": 68,
  "\\brtx.3070\\b": 46,
  "\\brtx.3060\\b": 28,
  "\\brtx.3050\\b": 20,
  "\\brtx.2080\\b": 46,
  "\\bm\\d.ultra": 64,
  "\\bm\\d.max": 36,
  "\\bm\\d.pro": 18,
  "\\brx.9070": 32,
  "\\brx.7900": 48,
  "\\brx.7800": 30,
  "\\brx.6900": 40,
  "\\brx.6800": 36,
  "\\ba770": 32,
  "\\bb580": 20,
};

export const coresOfCard = (adapter: AdapterNames): number =>
  (adapter.software ? undefined : coresIn(CARDS, adapter)) ?? coresOf(adapter);
