"use strict";
// What all figures share: the data of the page, elements, numbers as text, the trial that is
// looked at. Whatever comes from the data becomes text, never markup.
const data = JSON.parse(document.getElementById("data").textContent);
const main = d3.select("#main");
const watchers = [];  // told when a trial is chosen or the brushed trials change
const view = {chosen: null, brushed: null};

function changed() { for (const watch of watchers) watch(); }

function choose(index) {
  view.chosen = view.chosen === index ? null : index;
  changed();
}

function isNumber(value) { return typeof value === "number" && isFinite(value); }

function numberText(value) {
  if (!isNumber(value)) return value === null || value === undefined ? "–" : String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return String(Number(value.toPrecision(5)));
}

function cellText(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return numberText(value);
  if (Array.isArray(value)) return value.map(cellText).join(", ");
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

function section(title, wide) {
  const made = main.append("section").classed("wide", !!wide);
  made.append("h2").text(title);
  return made;
}

// Calls `draw` with the width there is, now and whenever that changes.
function responsive(holder, draw) {
  let width = 0;
  const look = () => {
    const now = Math.floor(holder.node().clientWidth);
    if (now < 50 || now === width) return;
    width = now;
    draw(now);
  };
  look();
  window.addEventListener("resize", look);
}

function showTip(x, y, fill) {
  const tip = d3.select("#tip");
  tip.html("").attr("hidden", null);
  fill(tip);
  const box = tip.node().getBoundingClientRect();
  const left = x + 14 + box.width > window.innerWidth ? Math.max(4, x - box.width - 14) : x + 14;
  const top = y + 14 + box.height > window.innerHeight ? Math.max(4, y - box.height - 14) : y + 14;
  tip.style("left", `${left}px`).style("top", `${top}px`);
}

function hideTip() { d3.select("#tip").attr("hidden", true); }

function scaleFor(values, range, logarithmic) {
  const finite = values.filter(isNumber);
  let [low, high] = finite.length ? d3.extent(finite) : [0, 1];
  if (logarithmic && low > 0) return d3.scaleLog([low, high === low ? low * 10 : high], range);
  if (low === high) { low -= Math.abs(low) * .05 || .5; high += Math.abs(high) * .05 || .5; }
  const margin = (high - low) * .04;
  return d3.scaleLinear([low - margin, high + margin], range);
}

// Ticks of large numbers are 20M, which fits beside an axis.
function tickFormat(scale) {
  return d3.max(scale.domain(), Math.abs) >= 1e5 ? d3.format("~s") : null;
}

function axes(svg, x, y, size, names) {
  const ticks = Math.max(3, Math.floor(size.width / 90));
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${size.height - size.bottom})`)
      .call(d3.axisBottom(x).ticks(ticks).tickFormat(tickFormat(x)));
  svg.append("g").attr("class", "axis").attr("transform", `translate(${size.left},0)`)
      .call(d3.axisLeft(y).ticks(5).tickFormat(tickFormat(y)));
  svg.append("text").attr("x", size.width - size.right).attr("y", size.height - 6)
      .attr("text-anchor", "end").text(names.x);
  svg.append("text").attr("x", 4).attr("y", 13).text(names.y);
}

function sheet(holder, width, height, label) {
  holder.selectAll("svg").remove();
  return holder.append("svg").attr("width", width).attr("height", height).attr("role", "group")
      .attr("aria-label", label);
}

// The choices of a <select>, by index.
function chooser(row, label, names, chosen, act) {
  const select = row.append("label").text(label).append("select");
  names.forEach((name, i) => select.append("option").attr("value", i)
      .property("selected", i === chosen).text(name));
  select.on("change", function() { act(Number(this.value)); });
  return select;
}

// Nodes are called NODE/config/OPTION by searches.
function plainName(name) { return name.replace("/config/", "/"); }

function shortName(name, most) { return name.length > most ? "…" + name.slice(-most + 1) : name; }
