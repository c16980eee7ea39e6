/** What each panel shows in a view, and what its caption says. */
import type { Layering } from "../messages.js";
import type { View } from "../ui/views.js";
import { formatShare } from "../ui/format.js";
import { columnTitle, networkTitle, strideOf } from "../variants.js";
import type { Divider } from "./divider.js";

export interface PanelContent {
  readonly layering: Layering;
  readonly title: string;
  readonly note: string;
  readonly isHidden: boolean;
}

export interface StageState {
  readonly view: View;
  readonly variants: readonly string[];
  readonly divider: Pick<Divider, "layering" | "titles">;
  /** The size of the picture, in words. */
  readonly size: string;
  /** As in Segmented; undefined before there are results. */
  readonly changes: Readonly<Record<string, number>> | undefined;
}

/** By slot: the picture, then a panel for each network. */
export function panelContents(state: StageState): PanelContent[] {
  const { view, variants, size, divider } = state;
  const picture: PanelContent = {
    layering: { variant: undefined },
    title: "Picture",
    note: size,
    isHidden: view === "divide",
  };
  if (view === "differ") return [picture, ...differences(state)];
  const networks = variants.map((variant) => ({
    layering: { variant },
    title: networkTitle(variant),
    note: `scores every ${strideOf(variant)} px`,
    isHidden: view === "divide",
  }));
  if (view === "grid") return [picture, ...networks];
  const last: PanelContent = {
    layering: divider.layering,
    title: `${divider.titles[0]}, divided from ${divider.titles[1]}`,
    note: "",
    isHidden: false,
  };
  return [picture, ...networks.slice(0, -1), last];
}

/** Each network against the next coarser one, and the finest against the coarsest. */
function differences({ variants, changes }: StageState): PanelContent[] {
  const steps = variants.slice(1).map((fine, i) => [variants[i] ?? fine, fine] as const);
  const [first, last] = [variants[0] ?? "", variants.at(-1) ?? ""];
  const pairs = [...steps, [first, last] as const].slice(0, variants.length);
  return variants.map((variant, i) => {
    const [coarse, fine] = pairs[i] ?? [variant, variant];
    const share = changes?.[`${coarse} ${fine}`];
    return {
      layering: { variant: fine, against: coarse },
      title: `${columnTitle(coarse)} → ${columnTitle(fine)}`,
      note: share === undefined ? "" : changeText(share),
      // Two networks differ in one way.
      isHidden: i > 0 && coarse === first && fine === last && steps.length < 2,
    };
  });
}

function changeText(share: number): string {
  return share === 0 ? "no pixel changes" : `${formatShare(share)} of pixels change`;
}
