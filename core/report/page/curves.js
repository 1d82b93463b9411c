// A training: a figure for each statistic, with training and validation in it.
const strokes = ["var(--accent)", "var(--best)", "var(--soft)", "var(--ink)"];

function drawCurves(curves) {
  const epoch = curves.columns.indexOf("epoch");
  const groups = new Map();
  curves.columns.forEach((name, c) => {
    if (c === epoch) return;
    const plain = name.replace(/^(train|validation|test)_/, "");
    if (!groups.has(plain)) groups.set(plain, []);
    groups.get(plain).push([name, c]);
  });
  for (const [plain, lines] of groups)
    if (curves.rows.some(row => lines.some(line => isNumber(row[line[1]])))) drawCurve(plain, lines, curves, epoch);
}

function drawCurve(plain, lines, curves, epoch) {
  const made = section(plain.replace(/_/g, " "));
  const legend = made.append("div").attr("class", "legend");
  lines.forEach((line, i) => {
    const item = legend.append("span");
    item.append("i").style("background", strokes[i % strokes.length]);
    item.append("span").text(line[0].replace(/_/g, " "));
  });
  const holder = made.append("div").attr("class", "curves");
  const at = (row, i) => epoch < 0 ? i : row[epoch];
  responsive(holder, width => {
    const size = {width, height: Math.max(220, Math.min(340, width * .6)), left: 56, right: 14, top: 16, bottom: 38};
    const svg = sheet(holder, width, size.height, `${plain} by epoch`);
    const x = scaleFor(curves.rows.map(at), [size.left, width - size.right]);
    const y = scaleFor([].concat(...lines.map(line => curves.rows.map(row => row[line[1]]))), [size.height - size.bottom, size.top]);
    axes(svg, x, y, size, {x: "epoch", y: ""});
    lines.forEach((line, i) => {
      const path = d3.line().defined(point => isNumber(point[1])).x(point => x(point[0])).y(point => y(point[1]));
      const points = curves.rows.map((row, r) => [at(row, r), row[line[1]]]);
      svg.append("path").attr("class", "curve").style("stroke", strokes[i % strokes.length]).attr("d", path(points));
      if (points.length < 60)
        svg.append("g").selectAll("circle").data(points.filter(point => isNumber(point[1]))).join("circle").attr("r", 3)
            .style("fill", strokes[i % strokes.length]).attr("cx", point => x(point[0])).attr("cy", point => y(point[1]));
    });
    const lead = svg.append("line").attr("class", "whisker").attr("y1", size.top).attr("y2", size.height - size.bottom).attr("visibility", "hidden");
    const show = row => {
      const index = curves.rows.indexOf(row), box = svg.node().getBoundingClientRect();
      lead.attr("visibility", null).attr("x1", x(at(row, index))).attr("x2", x(at(row, index)));
      showTip(box.left + x(at(row, index)), box.top + size.top, tip => {
        tip.append("p").append("b").text(`epoch ${numberText(at(row, index))}`);
        for (const line of lines) tip.append("p").text(`${line[0]}: ${numberText(row[line[1]])}`);
      });
    };
    const hide = () => { lead.attr("visibility", "hidden"); hideTip(); };
    let here = 0;
    svg.attr("tabindex", 0)
        .on("mousemove", () => {
          if (!curves.rows.length) return;
          const wanted = x.invert(d3.mouse(svg.node())[0]);
          here = d3.scan(curves.rows, (a, b) => Math.abs(at(a, curves.rows.indexOf(a)) - wanted) - Math.abs(at(b, curves.rows.indexOf(b)) - wanted));
          show(curves.rows[here]);
        })
        .on("mouseleave", hide).on("blur", hide)
        .on("keydown", () => {
          const step = {ArrowRight: 1, ArrowLeft: -1}[d3.event.key];
          if (!step) return;
          here = Math.max(0, Math.min(curves.rows.length - 1, here + step));
          show(curves.rows[here]);
          d3.event.preventDefault();
        });
  });
}
