/** Where the keys move the brush. */

/** Shares of the picture's width and height. */
export interface Position {
  readonly x: number;
  readonly y: number;
}

/** Shares of the longer side. */
const STEP = 0.01;
const LONG_STEP = 0.05;

const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** `ratio` is the picture's width over its height. Undefined for a key that moves nothing. */
export function nextPosition(
  { key, shiftKey }: Pick<KeyboardEvent, "key" | "shiftKey">,
  { x, y }: Position,
  ratio: number,
): Position | undefined {
  const move = MOVES[key];
  if (!move) return undefined;
  const step = shiftKey ? LONG_STEP : STEP;
  const within = (value: number): number => Math.min(1, Math.max(0, value));
  const longer = Math.max(ratio, 1);
  return {
    x: within(x + (move[0] * step * longer) / ratio),
    y: within(y + move[1] * step * longer),
  };
}
