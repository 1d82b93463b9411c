// Parallel coordinates: an axis for each parameter that has a choice and for each objective. A brush
// on an axis, or a filter by keyboard, keeps the trials within it.
const filters = new Map();  // column -> [low, high], as numbers of the column

function passes(index) {
  for (const [column, [low, high]] of filters) {
    const value = column.at(index);
    if (!isNumber(value) || value < low || value > high) return false;
  }
  return true;
}

function filtered() {
  view.brushed = filters.size === 0 ? null
      : new Set(d3.range(search.trials.numbers.length).filter(index => complete(index) && passes(index)));
  changed();
}

// The most important first, so that a few axes say most.
function parallelColumns(most) {
  const weight = new Map();
  for (const each of search.importance)
    for (const [name, mean] of each.rows) weight.set(name, Math.max(weight.get(name) || 0, mean));
  const varied = parameters.filter(column => {
    const seen = new Set(d3.range(search.trials.numbers.length).map(column.at).filter(isNumber));
    return seen.size > 1;
  });
  varied.sort((a, b) => (weight.get(b.name) || 0) - (weight.get(a.name) || 0));
  return {shown: varied.slice(0, most).concat(measures.filter(column => column.kind === "objective")), all: varied.length};
}

function axisScale(column, range) {
  const values = d3.range(search.trials.numbers.length).map(column.at);
  if (!column.choices) return scaleFor(values, range, column.log);
  const last = column.choices.length - 1;
  return d3.scaleLinear([-.3, last + .3], range);
}

function axisOf(column, scale) {
  const axis = d3.axisLeft(scale);
  if (!column.choices) return axis.ticks(5).tickFormat(tickFormat(scale));
  return axis.tickValues(d3.range(column.choices.length).slice(0, 24))
      .tickFormat(i => column.choices[i].length > 9 ? column.choices[i].slice(0, 8) + "…" : column.choices[i]);
}

function drawParallel() {
  let most = 10;
  const made = section("Parallel coordinates", true);
  const row = made.append("div").attr("class", "row screen");
  const count = made.append("p").attr("id", "brushed").attr("role", "status");
  const holder = made.append("div").attr("id", "parallel").attr("class", "scroll");
  const hint = made.append("p").attr("class", "hint");
  const lines = d3.range(search.trials.numbers.length).filter(complete);
  let marks = null, redraw = () => {};
  const draw = width => {
    const {shown, all} = parallelColumns(most);
    const gap = Math.max(86, (width - 70) / Math.max(1, shown.length));
    const full = Math.max(width - 4, 40 + gap * shown.length), height = 330, top = 46, bottom = 14;
    const svg = sheet(holder, full, height, "parallel coordinates");
    const scales = shown.map(column => axisScale(column, [height - bottom, top]));
    const x = i => 62 + i * gap;
    const path = index => {
      const points = shown.map((column, i) => [x(i), column.at(index)])
          .map((point, i) => isNumber(point[1]) ? [point[0], scales[i](point[1])] : null);
      return d3.line().defined(point => point !== null).x(p => p[0]).y(p => p[1])(points);
    };
    const order = lines.filter(index => !best.has(index)).concat(lines.filter(index => best.has(index)));
    marks = svg.append("g").selectAll("path").data(order).join("path").attr("class", "line")
        .classed("best", index => best.has(index)).attr("d", path);
    live(marks);
    const axis = svg.selectAll("g.column").data(shown).join("g").attr("class", "column axis")
        .attr("transform", (_, i) => `translate(${x(i)},0)`);
    axis.each(function(column, i) { d3.select(this).call(axisOf(column, scales[i])); });
    const letters = Math.floor(gap / 6.4);
    axis.append("text").attr("text-anchor", "middle").attr("y", i => 14)
        .text(column => { const cut = column.name.lastIndexOf("/"); return shortName(cut < 0 ? "" : column.name.slice(0, cut).replace(/\/config$/, ""), letters); });
    axis.append("text").attr("text-anchor", "middle").attr("y", 30).style("fill", "var(--ink)")
        .text(column => shortName(column.name.slice(column.name.lastIndexOf("/") + 1), letters));
    axis.append("title").text(column => column.name);
    axis.append("g").attr("class", "brush").each(function(column, i) {
      const scale = scales[i];
      const brush = d3.brushY().extent([[-14, top], [14, height - bottom]]).on("brush end", () => {
        const range = d3.event.selection;
        if (!d3.event.sourceEvent) return;
        if (range) filters.set(column, [scale.invert(range[1]), scale.invert(range[0])]);
        else filters.delete(column);
        filtered();
      });
      d3.select(this).call(brush);
      const kept = filters.get(column);
      if (kept) d3.select(this).call(brush.move, [scale(kept[1]), scale(kept[0])]);
    });
    marked(marks);
    hint.text("Drag along an axis to keep only the trials within; a click beside the brush takes it away. " +
        (all > most ? `${Math.min(most, all)} of ${all} parameters, the most important first.` : ""));
  };
  chooser(row, "parameters", ["5", "10", "20", "all"], 1, i => { most = [5, 10, 20, 1e9][i]; redraw(); });
  row.append("button").attr("type", "button").text("Keep all").on("click", () => { filters.clear(); filtered(); redraw(); });
  drawFilters(made, () => redraw());
  responsive(holder, width => { redraw = () => draw(width); redraw(); });
  watching(() => marks);
  const tell = () => count.text(view.brushed === null ? `${lines.length} complete trials`
      : `${view.brushed.size} of ${lines.length} complete trials are within, ` +
        `${lines.filter(index => best.has(index) && view.brushed.has(index)).length} of the best`);
  watchers.push(tell);
  tell();
}

// The same by keyboard: an axis, from, to.
function drawFilters(made, redraw) {
  const box = made.append("details").attr("class", "screen");
  box.append("summary").text("Filter by keyboard");
  const row = box.append("div").attr("class", "row");
  const {shown} = parallelColumns(1e9);
  let column = shown[0];
  const ends = [];
  const name = i => column.choices ? i : numberText(i);
  const apply = () => {
    const [low, high] = ends.map(end => Number(end.property("value")));
    if (isFinite(low) && isFinite(high)) filters.set(column, column.choices ? [low - .1, high + .1] : [low, high]);
    filtered();
    redraw();
  };
  const fields = box.append("div").attr("class", "row");
  const refill = () => {
    fields.html("");
    ends.length = 0;
    const values = d3.range(search.trials.numbers.length).map(column.at).filter(isNumber);
    const range = column.choices ? [0, column.choices.length - 1] : d3.extent(values);
    ["from", "to"].forEach((word, i) => {
      if (column.choices) ends.push(chooser(fields, word, column.choices, range[i], apply));
      else ends.push(fields.append("label").text(word).append("input").attr("type", "number").attr("step", "any")
          .property("value", name(range[i])).on("change", apply));
    });
  };
  if (!column) return;
  chooser(row, "axis", shown.map(each => each.name), 0, i => { column = shown[i]; refill(); });
  refill();
}
