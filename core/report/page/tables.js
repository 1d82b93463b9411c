// Tables that a click on a column's name sorts, and bars or points of what is measured.
function sortable(holder, table) {
  const numeric = table.columns.map((_, c) => table.rows.some(row => isNumber(row[c])) &&
      table.rows.every(row => row[c] === null || isNumber(row[c])));
  const made = holder.append("div").attr("class", "scroll").attr("tabindex", 0)
      .attr("role", "region").attr("aria-label", table.name || "table").append("table");
  const head = made.append("thead").append("tr");
  const body = made.append("tbody");
  const heads = head.selectAll("th").data(table.columns).join("th").attr("scope", "col")
      .classed("number", (_, c) => numeric[c]);
  const fill = rows => {
    const lines = body.selectAll("tr").data(rows).join("tr");
    lines.selectAll("td").data(row => row).join("td").classed("number", (_, c) => numeric[c]).text(cellText);
  };
  heads.append("button").attr("type", "button").text(name => name).on("click", (_, c) => {
    const th = heads.filter((_, i) => i === c);
    const up = th.attr("aria-sort") !== "ascending";
    heads.attr("aria-sort", null);
    th.attr("aria-sort", up ? "ascending" : "descending");
    const rows = [...table.rows].sort((a, b) => {
      const [x, y] = [a[c], b[c]];
      if (x === null || x === undefined) return y === null || y === undefined ? 0 : 1;
      if (y === null || y === undefined) return -1;
      const order = numeric[c] ? x - y : cellText(x).localeCompare(cellText(y), undefined, {numeric: true});
      return up ? order : -order;
    });
    fill(rows);
  });
  fill(table.rows);
}

function drawTable(table) {
  const made = section(table.name, table.columns.length > 4);
  if (table.left_out) made.append("p").attr("class", "hint").text(`The first ${table.rows.length} rows; ${table.left_out} more are in report.json.`);
  if (table.columns.includes("sensitivity")) drawSensitivity(made, table);
  sortable(made, table);
}

// The largest of each node and operand, in the table's order.
function drawSensitivity(made, table) {
  const at = name => table.columns.indexOf(name);
  const value = at("sensitivity"), node = at("node"), operand = at("operand");
  if (node < 0) return;
  const sites = new Map();
  for (const row of table.rows) {
    if (!isNumber(row[value])) continue;
    const name = operand < 0 ? cellText(row[node]) : `${cellText(row[node])} ${cellText(row[operand])}`;
    sites.set(name, Math.max(sites.has(name) ? sites.get(name) : -Infinity, row[value]));
  }
  const rows = [...sites];
  if (!rows.length) return;
  const holder = made.append("div").attr("class", "scroll");
  responsive(holder, width => {
    width -= 16;
    const left = Math.min(width * .45, 190), line = 18, most = Math.floor((left - 8) / 6.4);
    const svg = sheet(holder, width, rows.length * line + 26, "sensitivity of each site");
    const x = d3.scaleLinear([Math.min(0, d3.min(rows, row => row[1])), Math.max(0, d3.max(rows, row => row[1])) || 1], [left, width - 60]);
    const each = svg.selectAll("g.each").data(rows).join("g").attr("class", "each").attr("transform", (_, i) => `translate(0,${i * line})`);
    each.append("text").attr("x", left - 5).attr("y", 13).attr("text-anchor", "end").text(row => shortName(row[0], most));
    each.append("rect").attr("class", "bar").attr("y", 2).attr("height", line - 5)
        .attr("x", row => Math.min(x(0), x(row[1]))).attr("width", row => Math.max(1, Math.abs(x(row[1]) - x(0))));
    each.append("text").attr("x", row => Math.max(x(0), x(row[1])) + 4).attr("y", 13).text(row => numberText(row[1]));
    each.append("title").text(row => `${row[0]}: ${numberText(row[1])}`);
    svg.append("g").attr("class", "axis").attr("transform", `translate(0,${rows.length * line + 2})`).call(d3.axisBottom(x).ticks(4));
  });
  made.append("p").attr("class", "hint").text("The most of each site over the formats that were tried.");
}

// A sweep: any column over any other, a point for each training.
function drawSweep(table) {
  const numeric = d3.range(table.columns.length).filter(c => table.rows.some(row => isNumber(row[c])));
  if (numeric.length < 2) return;
  const made = section(`Plots of the ${table.name}`);
  const names = numeric.map(c => table.columns[c]);
  const accuracy = names.findIndex(name => name.startsWith("best_validation_"));
  let x = Math.min(1, names.length - 1), y = accuracy < 0 ? names.length - 1 : accuracy;
  const row = made.append("div").attr("class", "row screen");
  const holder = made.append("div").attr("id", "sweep");
  let redraw = () => {};
  chooser(row, "across", names, x, i => { x = i; redraw(); });
  chooser(row, "up", names, y, i => { y = i; redraw(); });
  responsive(holder, width => {
    redraw = () => {
      const size = {width, height: 320, left: 62, right: 14, top: 22, bottom: 38};
      const svg = sheet(holder, width, size.height, `${names[y]} over ${names[x]}`);
      const there = table.rows.filter(line => isNumber(line[numeric[x]]) && isNumber(line[numeric[y]]));
      const across = scaleFor(there.map(line => line[numeric[x]]), [size.left, width - size.right]);
      const up = scaleFor(there.map(line => line[numeric[y]]), [size.height - size.bottom, size.top]);
      axes(svg, across, up, size, {x: names[x], y: names[y]});
      const tip = line => box => table.columns.forEach((name, c) => box.append("p").text(`${name}: ${cellText(line[c])}`));
      svg.selectAll("circle").data(there).join("circle").attr("class", "dot best").attr("r", 5).attr("tabindex", 0)
          .attr("cx", line => across(line[numeric[x]])).attr("cy", line => up(line[numeric[y]]))
          .on("mousemove", line => showTip(d3.event.clientX, d3.event.clientY, tip(line))).on("mouseleave blur", hideTip)
          .on("focus", function(line) { const box = this.getBoundingClientRect(); showTip(box.right, box.bottom, tip(line)); });
    };
    redraw();
  });
}
