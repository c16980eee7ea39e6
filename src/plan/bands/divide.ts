/** How a graph is divided for a device: along which axis, into which sections, in which order their bands run. */
import type { DeviceTraits, Precision } from "../../kernel/variant.js";
import type { Axis } from "../../kernel/window.js";
import type { Graph } from "../graph.js";
import { chooseSections, whyNot } from "./choose.js";
import type { ChosenSections, CutSection } from "./choose.js";
import { gridOfCalls } from "./grid.js";
import type { Grid } from "./grid.js";
import { scheduleOf } from "./schedule.js";
import type { Schedule } from "./schedule.js";

export interface BandDivision {
  readonly grid: Grid;
  readonly sections: readonly CutSection[];
  readonly schedule: Schedule;
}

/** Copies of columns go row by row. */
const ROWS_ARE_BETTER = 1.25;

export interface DivideOptions {
  readonly device: DeviceTraits;
  readonly precision: Precision;
  /** Pixels of the picture in a band, as the network sees it. Default: as many as fit. */
  readonly tile?: number | undefined;
}

/** @throws limit-too-small where no bands fit the device, with a map that does not */
export function divideGraph(graph: Graph, { device, precision, tile }: DivideOptions): BandDivision {
  const calls = graph.callsOn(device, precision);
  const inputs = [...graph.inputs.values()].map(({ value }) => value);
  const outputs = new Set([...graph.outputs.values()].map(({ value }) => value));
  const along = (axis: Axis) => {
    const grid = gridOfCalls(calls, inputs, axis);
    return { grid, chosen: chooseSections(grid, outputs, { device, precision, tile }) };
  };
  const rows = along(0);
  const isWide = inputs.some(({ shape: [, , height, width] }) => width > height);
  const columns = isWide || !rows.chosen ? along(1) : undefined;
  const areColumnsBetter = costOf(columns) * ROWS_ARE_BETTER < costOf(rows);
  const { grid, chosen } = columns && areColumnsBetter ? columns : rows;
  if (!chosen) throw whyNot(rows.grid, outputs, { device, precision, tile });
  return { grid, sections: chosen.sections, schedule: scheduleOf(grid, chosen.sections, outputs) };
}

const costOf = (along: { readonly chosen: ChosenSections | undefined } | undefined): number =>
  along?.chosen?.cost ?? Infinity;
