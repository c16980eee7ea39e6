/**
 * The script of report.html: sorts tables, switches tabs and theme, mixes overlays. It is written for any browser that
 * can show the page; values to sort by are in data-v, the direction of the first sort in data-first.
 */
export const PAGE_SCRIPT = `
document.querySelectorAll("table.sortable").forEach(function(table){
  var heads=[].slice.call(table.tHead.rows[0].cells);
  heads.forEach(function(th,i){
    th.querySelector("button").addEventListener("click",function(){
      var down=th.getAttribute("aria-sort")?th.getAttribute("aria-sort")==="ascending":th.dataset.first!=="up";
      heads.forEach(function(h){h.removeAttribute("aria-sort")});
      th.setAttribute("aria-sort",down?"descending":"ascending");
      var rows=[].slice.call(table.tBodies[0].rows).map(function(r,k){return{r:r,k:k,v:r.cells[i].dataset.v}});
      var text=rows.some(function(x){return x.v!==""&&isNaN(Number(x.v))});
      rows.sort(function(a,b){
        if(a.v===""||b.v==="")return(a.v==="")-(b.v==="")||a.k-b.k;
        var d=text?(a.v<b.v?-1:a.v>b.v?1:0):Number(a.v)-Number(b.v);
        return(down?-d:d)||a.k-b.k});
      rows.forEach(function(x){table.tBodies[0].appendChild(x.r)});
    });
  });
});
document.querySelectorAll(".tabs input").forEach(function(input){
  input.addEventListener("change",function(){
    document.querySelectorAll("[data-tab]").forEach(function(panel){panel.hidden=panel.dataset.tab!==input.value});
  });
});
var theme=document.getElementById("theme");
theme.addEventListener("click",function(){
  var root=document.documentElement;
  var dark=root.dataset.theme?root.dataset.theme==="dark":matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme=dark?"light":"dark";
});
var mix=document.getElementById("mix");
if(mix)mix.addEventListener("input",function(){document.documentElement.style.setProperty("--mix",mix.value)});
var bare=document.getElementById("bare");
if(bare)bare.addEventListener("change",function(){\
document.getElementById("pictures").classList.toggle("bare",bare.checked)});
`;
