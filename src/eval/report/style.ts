/** The stylesheet of report.html. Colours, and the rules of plots, are those of plot files (svg.ts). */
import { SERIES_COLOURS } from "../series.js";
import { PLOT_CSS, themeCss } from "../svg.js";

/** Joins indented lines, and closing braces, to the line above: the page needs no line for each rule. */
const compact = (css: string): string => css.trim().replace(/\n(?: +|(?=\}))/g, "");

const THEME = compact(`
:root{color-scheme:light dark;--page:#f5f6f8;--soft:#f0f2f5}
@media (prefers-color-scheme:dark){
  :root:not([data-theme=light]){--page:#0e1013;--soft:#1e222a}
}
:root[data-theme=dark]{color-scheme:dark;--page:#0e1013;--soft:#1e222a}
:root[data-theme=light]{color-scheme:light}
`);

const TEXT = compact(`
*{box-sizing:border-box}
body{
  margin:0;background:var(--page);color:var(--ink);
  font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;font-variant-numeric:tabular-nums
}
main{max-width:1240px;margin:0 auto;padding:40px 28px 80px}
header{display:flex;gap:24px;align-items:flex-start;justify-content:space-between}
h1{font-size:28px;line-height:1.2;margin:0 0 6px;letter-spacing:-.015em}
h2{font-size:18px;margin:44px 0 14px;letter-spacing:-.01em}
.answer{font-size:20px;line-height:1.4;font-weight:600;margin:18px 0 0;max-width:64ch}
p{margin:0 0 10px;max-width:110ch;overflow-wrap:anywhere}
  h1{overflow-wrap:anywhere}
  .quiet{color:var(--quiet)}
button,.tabs label{
  font:inherit;font-size:13px;color:var(--ink);background:var(--ground);border:1px solid var(--rule);
  border-radius:8px;padding:5px 12px;cursor:pointer;white-space:nowrap
}
button:hover,.tabs label:hover{border-color:var(--quiet)}
:focus-visible{outline:2px solid var(--s2);outline-offset:2px}
`);

const CARDS = compact(`
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(250px,1fr));gap:16px;margin-top:28px}
.card,.panel{background:var(--ground);border:1px solid var(--rule);border-radius:12px;padding:18px 20px}
.card{border-top:3px solid var(--c)}
.card h3{margin:0;font-size:14px;font-weight:600;overflow-wrap:anywhere}
.card .big{font-size:38px;line-height:1.15;font-weight:650;letter-spacing:-.02em;margin:4px 0 0}
.card .big small{font-size:14px;font-weight:500;color:var(--quiet);letter-spacing:0;margin-left:6px}
.card .gain{font-size:13px;font-weight:600;min-height:20px;overflow-wrap:anywhere}
svg.mark,.panel svg.mark{display:inline-block;width:16px;height:16px;vertical-align:-3px;margin-right:5px}
  td .net{white-space:nowrap}
  .card dl{display:grid;grid-template-columns:1fr auto;gap:3px 12px;margin:12px 0 0;font-size:13.5px}
.card dt{color:var(--quiet)}
  .card dd{margin:0;text-align:right}
.settings{--c:var(--rule)}
  .settings dl{grid-template-columns:repeat(auto-fit,minmax(230px,1fr));gap:3px 32px}
.settings dl div{display:flex;justify-content:space-between;gap:12px}
  .settings dd{overflow-wrap:anywhere}
@media (min-width:760px){
  .settings{grid-column:span 2}
  .settings.whole{grid-column:1/-1}
}
`);

const PLOTS = compact(`
.plots{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:16px;align-items:start}
.plot-box{overflow-x:auto}
  .matrix .plot-box svg{min-width:min(620px,var(--w))}
@media (max-width:900px){
  .plots{grid-template-columns:minmax(0,1fr)}
}
.panel h3{margin:0 0 10px;font-size:14px;font-weight:600}
  .panel svg{width:100%;height:auto;display:block;max-width:540px;margin:0 auto}
  .matrix svg{max-width:min(860px,var(--w));margin:0 auto}
.panel .scroll{border:0;margin:0 -14px}
.stack{display:grid;grid-template-columns:minmax(0,1fr);gap:16px}
`);

const TABLES = compact(`
.scroll{
  overflow-x:auto;border:1px solid var(--rule);border-radius:12px;
  background:linear-gradient(to left,var(--ground) 40%,transparent) right/48px 100% no-repeat local,
    linear-gradient(to left,color-mix(in srgb,var(--ink) 25%,transparent),transparent) right/20px 100% no-repeat,
    var(--ground)
}
.tall{max-height:520px;overflow-y:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px}
th,td{padding:7px 14px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--rule)}
td.wrap{white-space:normal;min-width:150px}
  td.wrap~td.wrap{text-align:left}
th{white-space:normal;min-width:52px;max-width:150px;overflow-wrap:break-word;vertical-align:bottom}
tbody tr:last-child td{border-bottom:0}
  tbody tr:hover td{background:var(--soft)}
th.text{text-align:left}
th:first-child,td:first-child{text-align:left;position:sticky;left:0;background:var(--ground)}
th{font-weight:600;color:var(--quiet);position:sticky;top:0;background:var(--ground);z-index:1}
  th:first-child{z-index:2}
th button{all:unset;cursor:pointer;color:inherit;font:inherit}
  th button:hover{color:var(--ink)}
  th button:focus-visible{outline:2px solid var(--s2)}
th[aria-sort] button{color:var(--ink)}
  th[aria-sort=ascending] button::after{content:" \\2191"}
  th[aria-sort=descending] button::after{content:" \\2193"}
td.best{font-weight:650}
  td.up{color:var(--s1)}
  td.down{color:var(--bad)}
.swatch{
  display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:8px;vertical-align:-1px;
  border:1px solid color-mix(in srgb,var(--ink) 25%,transparent)
}
`);

const TABS = compact(`
.tabs{display:flex;gap:8px;flex-wrap:wrap;margin-bottom:12px}
  .tabs input{position:absolute;opacity:0}
.tabs input:checked+label{background:var(--ink);color:var(--ground);border-color:var(--ink)}
  .tabs input:focus-visible+label{outline:2px solid var(--s2);outline-offset:2px}
[hidden]{display:none!important}
`);

const PICTURES = compact(`
.controls{display:flex;gap:18px;align-items:center;flex-wrap:wrap;font-size:13.5px;margin-bottom:14px}
  .controls input{accent-color:var(--s2);vertical-align:middle}
.row{background:var(--ground);border:1px solid var(--rule);border-radius:12px;padding:14px 18px 16px;margin-bottom:14px}
.row h3{
  margin:0 0 10px;font-size:14px;display:flex;justify-content:space-between;gap:16px;flex-wrap:wrap;
  overflow-wrap:anywhere
}
  .row h3 span{font-weight:400;color:var(--quiet)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;align-items:end}
figure{margin:0}
  figcaption{font-size:12.5px;display:flex;justify-content:space-between;margin-bottom:4px;gap:8px}
  figcaption b{font-weight:600}
  figcaption span{color:var(--quiet)}
.pic{position:relative;aspect-ratio:var(--a);border-radius:6px;overflow:hidden;background:#000}
.pic::before{content:"";position:absolute;inset:0;background:var(--p) center/100% 100%}
.pic.map::before{filter:grayscale(1) brightness(1.15) contrast(.75)}
.pic img{position:absolute;inset:0;width:100%;height:100%;opacity:var(--mix,.75);image-rendering:pixelated}
.bare .pic.map::before{opacity:0}
  .bare .pic img{opacity:1}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:12.5px;color:var(--quiet);margin-top:10px}
footer{margin-top:48px;font-size:13px;color:var(--quiet)}
`);

const NARROW_AND_PRINT = compact(`
@media (max-width:640px){
  main{padding:24px 12px 56px}
  header{flex-direction:column;gap:12px}
  h1{font-size:23px}
  h2{margin-top:36px}
  .panel{padding:12px 8px}
  .panel .scroll{margin:0 -8px}
  .panel .plot{font-size:13.5px}
  .answer{font-size:17px}
  .card{padding:14px 16px}
  .row{padding:12px}
  .tiles{grid-template-columns:repeat(2,minmax(0,1fr));gap:10px}
  th,td{padding:7px 10px}
  figcaption span{white-space:nowrap}
}
@media print{
  header button,.controls{display:none}
  body{background:#fff}
  .tall{max-height:none}
}
`);

const SERIES = SERIES_COLOURS.map((series) => `.${series}{--c:var(--${series})}`).join("");

const RULES = [THEME, SERIES, TEXT, CARDS, PLOTS, TABLES, TABS, PICTURES, NARROW_AND_PRINT];

export const PAGE_CSS = `${themeCss(":root")}${PLOT_CSS}
${RULES.join("\n")}
`;
