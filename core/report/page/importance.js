// How much of an objective's variance each parameter alone explains, with the spread over trees.
function drawImportance() {
  if (!search.importance.length) return;
  const made = section("Importance of parameters");
  const row = made.append("div").attr("class", "row screen");
  const holder = made.append("div").attr("id", "importance");
  const note = made.append("p").attr("class", "hint");
  let shown = 0;
  const draw = width => {
    const {rows, rest, trials} = search.importance[shown];
    const some = rows.slice(0, 20);
    const letters = d3.max(some, each => plainName(each[0]).length) || 1;
    // Names that leave no room beside the bars stand above them.
    const above = 14 + 6.6 * letters > width * .5;
    const left = above ? 4 : 14 + 6.6 * letters, line = above ? 38 : 22, down = above ? 16 : 0;
    const most = above ? Math.floor(width / 6.6) : letters;
    const svg = sheet(holder, width, some.length * line + 30, "importance of parameters");
    const x = d3.scaleLinear([0, Math.max(.05, d3.max(some, each => Math.min(1, each[1] + each[2])) || 0)], [left, width - 52]);
    svg.append("g").attr("class", "axis").attr("transform", `translate(0,${some.length * line + 4})`)
        .call(d3.axisBottom(x).ticks(4, "%"));
    const bars = svg.selectAll("g.each").data(some).join("g").attr("class", "each")
        .attr("transform", (_, i) => `translate(0,${i * line + 3})`);
    bars.append("title").text(each => `${each[0]}: ${(each[1] * 100).toFixed(2)}%, ± ${(each[2] * 100).toFixed(2)} over the trees`);
    bars.append("text").attr("x", above ? left : left - 6).attr("y", above ? 12 : 14)
        .attr("text-anchor", above ? "start" : "end").text(each => shortName(plainName(each[0]), most));
    bars.append("rect").attr("class", "bar").attr("x", left).attr("y", down).attr("height", 16)
        .attr("width", each => Math.max(1, x(each[1]) - left));
    bars.append("line").attr("class", "whisker").attr("y1", down + 8).attr("y2", down + 8)
        .attr("x1", each => x(Math.max(0, each[1] - each[2]))).attr("x2", each => x(Math.min(x.domain()[1], each[1] + each[2])));
    bars.append("text").attr("x", each => x(Math.min(x.domain()[1], each[1] + each[2])) + 4).attr("y", down + 13)
        .text(each => (each[1] * 100).toFixed(1) + "%");
    note.text(`Shares of the variance over the whole space that a parameter explains by itself (functional ANOVA of a ` +
        `random forest on ${trials} trials; the thin line is one standard deviation over its trees). ` +
        `${(rest * 100).toFixed(1)}% is due to parameters acting together.` +
        (rows.length > some.length ? ` ${rows.length - some.length} with less are left out.` : ""));
  };
  let redraw = () => {};
  if (search.importance.length > 1)
    chooser(row, "objective", search.importance.map(each => each.objective), 0, i => { shown = i; redraw(); });
  responsive(holder, width => { redraw = () => draw(width); redraw(); });
}
